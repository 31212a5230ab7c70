#!/usr/bin/env python3
"""What repairs of other tools did harm with: traps 6, 20, 21 and 22, each on a pair with one thing wrong."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from harness import URL, URL_2, psql

ROLE = f"repairer_{os.getpid()}"  # roles belong to the server


class Pair:
    """Two tables of a hundred rows in two databases, a spec of them, and commands over it."""

    def __init__(self, folder, broken, **more):
        self.folder = folder
        for url in (URL, URL_2):
            psql(url, "set client_min_messages = warning; drop schema if exists decoy cascade;"
                      "drop table if exists t; create table t (id int primary key, v text, n numeric);"
                      "insert into t select g, 'v' || g, g / 7.0 from generate_series(1, 100) g")
        psql(URL_2, broken)
        self.spec = {"check": "traps", "old": {"source": URL, "table": "t"}, "new": {"source": URL_2, "table": "t"},
                     "repair": {"trust": "old", "stop_above": "100%"},
                     "gate": {"consistent_runs": 1, "spanning": "0 s"}, **more}

    def run(self, command, *options):
        """Status and JSON."""
        spec, out = os.path.join(self.folder, "spec.yaml"), os.path.join(self.folder, "out.json")
        with open(spec, "w") as file:
            json.dump(self.spec, file)
        if os.path.exists(out):
            os.remove(out)
        ledger = [] if command == "repair" else ["--ledger", "sqlite:" + os.path.join(self.folder, "ledger.db")]
        quiet = ["--progress", "never", "--settle", "20 ms"] if command in ("check", "repair") else []
        done = subprocess.run([harness.PROGRAM, command, spec, "--json", out, *ledger, *quiet, *options],
                              capture_output=True, text=True, timeout=120,
                              env={**os.environ, "XDG_STATE_HOME": self.folder})
        told = json.load(open(out)) if os.path.exists(out) else None
        return done.returncode, told, done.stderr


def wanted(what, got):
    return [] if what == got else [f"wanted {what}, got {got}"]


def outcomes(told):
    return None if told is None else {name: rows for name, rows in told["outcomes"].items() if rows}


def trap_06_a_repair_proves_nothing(folder):
    """Only a read after the write does: the gate stays closed and the ledger's verdict stands until a check has run."""
    pair = Pair(folder, "update t set v = 'x' where id = 7")
    wrong = wanted(1, pair.run("check")[0])
    status, told, errors = pair.run("repair", "--write")
    wrong += wanted((0, {"repaired": 1}), (status, outcomes(told))) + ([errors] if status else [])
    wrong += wanted(1, pair.run("gate")[0])
    wrong += wanted(["inconsistent"], [run["verdict"] for run in pair.run("history")[1]])
    wrong += wanted(0, pair.run("check")[0]) + wanted(0, pair.run("gate")[0])
    return wrong


def trap_06_a_write_that_did_not_last(folder):
    """A trigger that puts another value in place: the row is read again, and that it was repaired is not said."""
    pair = Pair(folder, """update t set v = 'x' where id = 7;
        create or replace function other() returns trigger language plpgsql as
            $$begin new.v := 'mine'; return new; end$$;
        create trigger other before update on t for each row execute function other()""")
    status, told, _ = pair.run("repair", "--write")
    return wanted(1, status) + wanted(None, (outcomes(told) or {}).get("repaired"))


def trap_20_stale_findings(folder):
    """The keys come from an old report; what is written are the values of now, and only where they still differ."""
    pair = Pair(folder, "update t set v = 'x' where id in (7, 8)")
    pair.run("check", "--findings", os.path.join(folder, "findings.ndjson"))
    psql(URL, "update t set v = 'newer' where id = 7")
    psql(URL_2, "update t set v = 'v8' where id = 8")
    status, told, _ = pair.run("repair", "--keys", os.path.join(folder, "findings.ndjson"), "--write")
    return (wanted((0, {"repaired": 1, "already_equal": 1}), (status, outcomes(told))) +
            wanted("newer|v8", psql(URL_2, "select string_agg(v, '|' order by id) from t where id in (7, 8)").strip()))


def trap_21_values_are_not_normalised(folder):
    """An equality within a tolerance is left alone, and a row that is written gets every digit of the trusted side."""
    pair = Pair(folder, "update t set n = n + 0.001 where id = 7; update t set n = 0 where id = 8; delete from t where id = 9",
                equal=["v", {"old": "n", "new": "n", "within": 0.01}])
    status, told, _ = pair.run("repair", "--write")
    digits = "select string_agg(n::text, '|' order by id) from t where id in (8, 9)"
    return (wanted((0, {"repaired": 2}), (status, outcomes(told))) + wanted(psql(URL, digits), psql(URL_2, digits)) +
            wanted("t", psql(URL_2, "select n = 7 / 7.0 + 0.001 from t where id = 7").strip()))


def trap_22_an_unqualified_name(folder):
    """The role's search_path leads to a table of the same name: it is not the one that was compared."""
    pair = Pair(folder, f"""update t set v = 'x' where id = 7;
        drop role if exists {ROLE}; create role {ROLE} login; alter role {ROLE} set search_path = decoy, public;
        create schema decoy; create table decoy.t (like public.t including all); insert into decoy.t select * from t;
        grant usage on schema decoy, public to {ROLE}; grant all on public.t, decoy.t to {ROLE}""")
    pair.spec["new"] = {"source": URL_2.replace("postgres@", ROLE + "@"), "table": "public.t"}
    status, told, errors = pair.run("repair", "--write")
    values = psql(URL_2, "select (select v from t where id = 7), (select v from decoy.t where id = 7)").strip()
    psql(URL_2, f"drop owned by {ROLE}; drop role {ROLE}")
    return wanted((0, {"repaired": 1}), (status, outcomes(told))) + wanted("v7|x", values) + ([errors] if status else [])


def trap_22_rows_that_were_not_read(folder):
    """Rows outside of `where`, below and above what the trusted side has, are not read and not deleted."""
    pair = Pair(folder, "insert into t select g, 'more', 0 from generate_series(-50, 0) g;"
                        "insert into t select g, 'more', 0 from generate_series(101, 300) g")
    pair.spec["new"]["where"] = "id between -10 and 110"
    pair.spec["repair"]["extra"] = "delete"
    status, told, _ = pair.run("repair", "--write")
    left = psql(URL_2, "select count(*) filter (where id < -10), count(*) filter (where id > 110), count(*) from t").strip()
    return wanted((0, {"repaired": 21}), (status, outcomes(told))) + wanted("40|190|330", left)


def main():
    tally = harness.Tally()
    for name, test in list(globals().items()):
        if name.startswith("trap_"):
            with tempfile.TemporaryDirectory() as folder:
                tally.note(name, test(folder))
    tally.finish()


if __name__ == "__main__":
    main()
