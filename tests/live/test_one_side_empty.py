#!/usr/bin/env python3
"""A side is empty: every row of the other is a finding, exactly once, under keys of every kind, in every mode.

Also where the run is killed in the middle and gone on with, and where its ledger is of the form that older versions
wrote (a line a finding). What changes before it is looked at again: test_dense.py.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

ROWS = 4000
SEPARATOR = "|"

# key columns, their types, and the values of row g
KEYS = {
    "int": (["a"], ["int primary key"], ["g"]),
    "sparse": (["a"], ["bigint primary key"], ["g::bigint * g * 1000003 - 3000000000"]),
    "far": (["a"], ["bigint primary key"], ["case g when 1 then -9223372036854775808 when 2 then 9223372036854775807 "
                                            "else g end"]),
    "numeric": (["a"], ["numeric primary key"], ["g * 0.5"]),
    "text": (["a"], ['text collate "C" primary key'], ["'a \"b\" ' || g"]),
    "uuid": (["a"], ["uuid primary key"], ["md5(g::text)::uuid"]),
    "composite": (["a", "b"], ["int", 'text collate "C"'], ["g / 7", "'x' || g % 7"]),
    "null": (["a"], ["int"], ["nullif(g, 3000)"]),
    "null in two": (["a", "b"], ["int", "int"], ["nullif(g % 100, 7)", "g"]),
}


def table_of(name):
    return name.replace(" ", "_") + "_t"


def make(name):
    columns, types, values = KEYS[name]
    table = table_of(name)
    create = ", ".join(f"{column} {kind}" for column, kind in zip(columns, types))
    unique = "" if "primary" in types[0] else f"; create index on {table} ({', '.join(columns)})"
    for url in (harness.URL, harness.URL_2):
        harness.psql(url, f"""set client_min_messages = warning; drop table if exists {table}, {table}_empty;
            create table {table} ({create}, v text); create table {table}_empty (like {table} including all)
            {unique}; {unique.removeprefix('; ').replace(table, table + '_empty')}""")
    harness.psql(harness.URL, f"insert into {table} select {', '.join(values)}, 'v' || g from "
                              f"generate_series(1, {ROWS}) g; vacuum analyze {table}")


def wanted(name):
    columns = KEYS[name][0]
    shown = ", ".join(f"coalesce({column}::text, 'NULL')" for column in columns)
    lines = harness.psql(harness.URL, f"select concat_ws('{SEPARATOR}', {shown}) from {table_of(name)}").splitlines()
    return sorted(lines)


class Place:
    """A spec, a ledger and what a run tells, in a folder."""

    def __init__(self, folder, name, mode, **more):
        self.name, self.mode = name, mode
        self.folder = os.path.join(folder, f"{table_of(name)}-{mode}-{len(os.listdir(folder))}")
        os.mkdir(self.folder)
        self.ledger = os.path.join(self.folder, "ledger.db")
        self.findings, self.result = (os.path.join(self.folder, file) for file in ("findings", "result"))
        self.spec = os.path.join(self.folder, "spec.yaml")
        key = KEYS[name][0]
        other = harness.URL if mode == "join" else harness.URL_2
        with open(self.spec, "w") as file:
            json.dump({"check": "empty", "old": {"source": harness.URL, "table": table_of(name), "key": key},
                       "new": {"source": other, "table": table_of(name) + "_empty", "key": key}, "equal": ["v"],
                       **more}, file)

    def start(self, *options):
        return subprocess.Popen(
            [harness.PROGRAM, "check", self.spec, "--mode", self.mode, "--ledger", "sqlite:" + self.ledger,
             "--findings", self.findings, "--json", self.result, "--progress", "never", "--workers", "2",
             "--chunk-rows", "500", "--settle", "20 ms", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)

    def keys(self):
        found = []
        with open(self.findings) as file:
            for line in file:
                finding = json.loads(line)
                found.append(SEPARATOR.join("NULL" if part is None else part for part in finding["key"]))
                if finding["kind"] != "missing_in_new":
                    found.append(finding["kind"])
        return sorted(found)

    def wrong(self, run, keys):
        _, errors = run.communicate(timeout=120)
        if run.returncode != 1:
            return [f"the exit status is {run.returncode}: {errors}"]
        with open(self.result) as file:
            result = json.load(file)
        counts = {name: result[name] for name in ("missing_in_new", "mismatched_rows", "missing_in_old", "different",
                                                  "duplicate_key", "in_flight")}
        found = self.keys()
        wrong = [] if list(counts.values()) == [len(keys), len(keys), 0, 0, 0, 0] else [f"it counts {counts}"]
        if found != keys:
            wrong.append(f"{len(set(keys) - set(found))} keys lost, {len(set(found) - set(keys))} new, {len(found)} lines"
                         f" for {len(keys)}")
        return wrong

    def sql(self, statement, *parameters):
        with sqlite3.connect(self.ledger) as ledger:
            return ledger.execute(statement, parameters).fetchall()

    def kept_findings(self):
        """How many findings the ledger has; nothing where it is not there yet."""
        try:
            return self.sql("select coalesce(sum(finding_count), 0) from twofold_range")[0][0]
        except sqlite3.Error:
            return 0

    def kill_in_the_middle(self):
        for _ in range(5):  # a busy machine may see it too late
            if os.path.exists(self.ledger):
                os.unlink(self.ledger)
            run = self.start("--max-rows-per-second", "4000")
            while run.poll() is None and self.kept_findings() == 0:
                time.sleep(0.01)
            run.send_signal(signal.SIGKILL)
            run.communicate()
            kept = self.kept_findings()
            if 0 < kept < ROWS:
                return []
        return [f"it was to die in the middle, and kept {kept} findings"]


def expand(text):
    """The lines of a range as older versions wrote them: one a finding."""
    lines = []
    for line in text.splitlines():
        finding = json.loads(line)
        if "integers" not in finding:
            lines.append(line)
            continue
        first, *steps = finding["integers"].split(" ")
        keys = [int(first)]
        for step in steps:
            size, _, times = step.partition("*")
            for _ in range(int(times or 1)):
                keys.append(keys[-1] + int(size))
        assert len(keys) == finding["count"]
        lines += [json.dumps({"kind": finding["kind"], "key": [["integer", str(key)]], "cause": finding["cause"],
                              "pairs": [], "invariants": [], "old": [], "new": []}) for key in keys]
    return "".join(line + "\n" for line in lines)


def test_whole(tally, folder):
    for name in KEYS:
        keys = wanted(name)
        for mode in ("join", "digest", "stream"):
            place = Place(folder, name, mode)
            tally.note(f"{name}, {mode}", place.wrong(place.start(), keys))


def test_killed(tally, folder):
    for name in KEYS:
        keys = wanted(name)
        for mode in ("join", "stream") if name in ("int", "null in two") else ("stream",):
            place = Place(folder, name, mode)
            wrong = place.kill_in_the_middle()
            tally.note(f"{name}, {mode}: killed", wrong or place.wrong(place.start("--resume"), keys))


def test_old_form(tally, folder):
    place = Place(folder, "int", "stream")
    wrong = place.kill_in_the_middle()
    rows = place.sql("select rowid, findings from twofold_range where findings is not null")
    if not any("integers" in findings for _, findings in rows):
        wrong.append("no row of the ledger has the new form")
    for rowid, findings in rows:
        place.sql("update twofold_range set findings = ? where rowid = ?", expand(findings), rowid)
    tally.note("lines of the old form", wrong or place.wrong(place.start("--resume"), wanted("int")))


def test_masked(tally, folder):
    """Masked keys are told apart, and stand nowhere in what is left."""
    harness.psql(harness.URL, "set client_min_messages = warning; drop table if exists secret_t; create table secret_t"
                              f"(a text primary key, v text); insert into secret_t select 'tell-' || g, 'v' from "
                              f"generate_series(1, {ROWS}) g; vacuum analyze secret_t")
    harness.psql(harness.URL_2, "set client_min_messages = warning; drop table if exists secret_t_empty; "
                                "create table secret_t_empty (a text primary key, v text)")
    KEYS["secret"] = (["a"], [], [])
    place = Place(folder, "secret", "stream", mask=["a"])
    run = place.start()
    _, errors = run.communicate(timeout=120)
    keys = place.keys()
    wrong = [] if run.returncode == 1 else [f"the exit status is {run.returncode}: {errors}"]
    if len(set(keys)) != ROWS or len(keys) != ROWS or not all(key.startswith("masked:") for key in keys):
        wrong.append(f"{len(keys)} keys, {len(set(keys))} different ones, such as {keys[:2]}")
    with open(place.ledger, "rb") as file:
        if b"tell-" in file.read():
            wrong.append("the ledger has a key of a masked column")
    del KEYS["secret"]
    tally.note("masked keys", wrong)


def main():
    tally = harness.Tally()
    for name in KEYS:
        make(name)
    with tempfile.TemporaryDirectory() as folder:
        test_whole(tally, folder)
        test_killed(tally, folder)
        test_old_form(tally, folder)
        test_masked(tally, folder)
    tally.finish()


if __name__ == "__main__":
    main()
