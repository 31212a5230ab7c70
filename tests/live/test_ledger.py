#!/usr/bin/env python3
"""Ledgers that are not as they should be: each is a clear error, and none costs a verdict that was reached."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t (id int primary key, v text);
create table new_t (id int primary key, v text);
insert into old_t select g, 'v' || g from generate_series(1, 20000) g;
insert into new_t select * from old_t;
vacuum analyze old_t, new_t;
"""
SLOW = "case when id % 500 = 0 then pg_sleep(0.05)::text end"
ROLE = f"stranger_{os.getpid()}"  # roles belong to the server: another test may run beside this one
EMPTY = "set client_min_messages = warning; drop schema if exists twofold cascade;"


def start(folder, ledger, *options, **more):
    spec = {"check": "ledger", "old": {"source": harness.URL, "table": "old_t"},
            "new": {"table": "new_t", "columns": {"slow": SLOW}}, "equal": ["v"],
            "invariants": [{"holds": "new.slow is null or new.slow = ''"}]}
    with open(os.path.join(folder, "spec.yaml"), "w") as file:
        json.dump(spec, file)
    return subprocess.Popen([harness.PROGRAM, "check", os.path.join(folder, "spec.yaml"), "--ledger", ledger, "--json",
                             os.path.join(folder, "result.json"), "--metrics", os.path.join(folder, "m.prom"),
                             "--chunk-rows", "500", "--workers", "2", *options],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def run(folder, ledger, *options, **more):
    """Exit status, verdict (None where there is no result), what was said."""
    return finish(folder, start(folder, ledger, *options, **more))


def finish(folder, process):
    told, errors = process.communicate(timeout=120)
    verdict = None
    path = os.path.join(folder, "result.json")
    if os.path.exists(path):
        with open(path) as file:
            verdict = json.load(file)["verdict"]
        os.remove(path)
    return process.returncode, verdict, errors + re.sub(r"\s+", " ", told)


def wrong_unless(got, status, verdict, sentence=None):
    wrong = []
    if (got[0], got[1]) != (status, verdict):
        wrong.append(f"wanted {status} and {verdict}, got {got[0]} and {got[1]}: {got[2].strip()}")
    if sentence is not None and not re.search(sentence, got[2]):
        wrong.append(f"wanted {sentence!r}, got {got[2].strip()!r}")
    if "secret" in got[2]:
        wrong.append(f"a password is shown: {got[2]}")
    return wrong


def metrics_whole(folder):
    with open(os.path.join(folder, "m.prom")) as file:
        text = file.read()
    good = text.endswith("\n") and "twofold_check_consistent{" in text and "twofold_build_info{" in text
    return [] if good else [f"the metrics are cut: {text[-200:]!r}"]


def last_verdict(folder):
    with open(os.path.join(folder, "m.prom")) as file:
        return re.search(r'twofold_check_verdict\{.*verdict="([a-z-]*)"\} 1', file.read())[1]


def made_where_it_is_not(folder):
    harness.psql(harness.URL_2, EMPTY)
    history = [harness.PROGRAM, "history", os.path.join(folder, "spec.yaml"), "--ledger", harness.URL_2]
    wrong = wrong_unless(run(folder, harness.URL_2), 0, "consistent")
    done = subprocess.run([*history, "--json", "-"], capture_output=True, text=True)
    runs = json.loads(done.stdout)
    if len(runs) != 1 or runs[0]["verdict"] != "consistent" or runs[0]["coverage"] != 1 or runs[0]["resumed"] != 0:
        wrong.append(f"the history is {runs}")
    harness.psql(harness.URL_2, EMPTY)
    done = subprocess.run(history, capture_output=True, text=True)
    if done.returncode != 2 or "there is no ledger in it" not in done.stderr:
        wrong.append(f"a ledger that is not there: {done.returncode} {done.stderr}")
    return wrong


def newer(folder):
    harness.psql(harness.URL_2, EMPTY)
    run(folder, harness.URL_2)
    harness.psql(harness.URL_2, "update twofold.ledger_version set version = 4000")
    wrong = wrong_unless(run(folder, harness.URL_2), 2, "cannot-tell",
                         "it is of version 4000, and this twofold knows versions up")
    harness.psql(harness.URL_2, EMPTY)
    return wrong


def something_else(folder):
    harness.psql(harness.URL_2, EMPTY + "create schema twofold; create table twofold.songs (name text)")
    wrong = wrong_unless(run(folder, harness.URL_2), 2, "cannot-tell", 'its schema "twofold" holds something else')
    harness.psql(harness.URL_2, EMPTY)
    return wrong


def without_rights(folder):
    harness.psql(harness.URL_2, EMPTY + f"""create role {ROLE} login;
        do $$ begin execute format('revoke create on database %I from public', current_database()); end $$""")
    url = re.sub(r"^postgresql://([^@/]*@)?", f"postgresql://{ROLE}:secret@", harness.URL_2)
    wrong = wrong_unless(run(folder, url), 2, "cannot-tell", r"permission denied(.|\n)*CREATE SCHEMA twofold")
    harness.psql(harness.URL_2, f"drop role {ROLE}")
    return wrong


def unreachable(folder):
    wrong = wrong_unless(run(folder, "postgresql://me:secret@127.0.0.1:1/none"), 2, "cannot-tell", "ledger: could not connect")
    wrong += metrics_whole(folder) + ([] if last_verdict(folder) == "cannot-tell" else ["the metrics say something else"])
    return wrong + wrong_unless(run(folder, "postgresql://me:sec%ret@[::1"), 3, None, "ledger: cannot read the connect")


def cut(folder):
    """The ledger's server goes in the middle of a run; the verdict is worth more."""
    harness.psql(harness.URL_2, EMPTY)
    process = start(folder, harness.URL_2)
    while "t" not in harness.psql(harness.URL_2, "select to_regclass('twofold.twofold_range') is not null") or \
            int(harness.psql(harness.URL_2, "select count(*) from twofold.twofold_range")) == 0:
        time.sleep(0.02)
    harness.psql(harness.URL_2, "select pg_terminate_backend(pid) from pg_stat_activity"
                                " where application_name = 'twofold/ledger' and datname = current_database()")
    got = finish(folder, process)
    return wrong_unless(got, 2, "consistent", "ledger") + metrics_whole(folder)


def held(folder, ledger):
    """A second run while the first is at it: cannot tell, in all outputs; the first one's findings are left alone."""
    harness.psql(harness.URL, "update new_t set v = 'x' where id = 1")
    other, array, metrics, lines = (os.path.join(folder, name) for name in ("other.yaml", "array.json", "held", "lines"))
    with open(other, "w") as file:
        json.dump({"check": "other", "old": {"source": harness.URL, "table": "old_t"}, "new": {"table": "old_t"}}, file)
    os.makedirs(metrics, exist_ok=True)
    os.makedirs(lines, exist_ok=True)
    findings = os.path.join(lines, "ledger.ndjson")
    if os.path.exists(findings):
        os.remove(findings)
    first = start(folder, ledger, "--mode", "stream", "--findings", findings)
    while not os.path.exists(findings) or os.path.getsize(findings) == 0:
        time.sleep(0.02)
    second = subprocess.run([harness.PROGRAM, "check", os.path.join(folder, "spec.yaml"), other, "--ledger", ledger,
                             "--json", array, "--metrics", metrics + "/", "--findings", lines + "/"],
                            capture_output=True, text=True, timeout=60)
    wrong = [] if first.poll() is None else ["the first run was not held"]
    if second.returncode != 2 or "another run" not in re.sub(r"\s+", " ", second.stdout):
        wrong.append(f"the second run: {second}")
    told = []
    if os.path.exists(array):
        with open(array) as file:
            told = [(result["check"], result["verdict"]) for result in json.load(file)]
    if told != [("ledger", "cannot-tell"), ("other", "consistent")]:
        wrong.append(f"the array tells {told}")
    path = os.path.join(metrics, "twofold-ledger.prom")
    if not os.path.exists(path) or "cannot-tell\"} 1" not in open(path).read():
        wrong.append("the metrics do not tell")
    wrong += wrong_unless(finish(folder, first), 1, "inconsistent")
    with open(findings, "rb") as file:
        text = file.read()
    if text.count(b"\n") != 1 or b"\0" in text:
        wrong.append(f"the first one's findings: {text}")
    runs = json.loads(subprocess.run([harness.PROGRAM, "history", os.path.join(folder, "spec.yaml"), "--ledger", ledger,
                                      "--json", "-", "--limit", "1"], capture_output=True, text=True).stdout)
    if [run["verdict"] for run in runs] != ["inconsistent"]:
        wrong.append(f"the newest run is {runs}")
    harness.psql(harness.URL, "update new_t set v = 'v1' where id = 1")
    return wrong


def held_sqlite(folder):
    return held(folder, "sqlite:" + os.path.join(folder, "held.db"))


def held_postgres(folder):
    harness.psql(harness.URL_2, EMPTY)
    return held(folder, harness.URL_2)


def hasty(folder):
    """A role whose sessions are ended when they are idle: while a range is read the ledger's has nothing to do."""
    harness.psql(harness.URL_2, EMPTY + f"create role {ROLE} login; create schema twofold authorization {ROLE};")
    if int(harness.psql(harness.URL_2, "show server_version_num")) >= 140000:
        harness.psql(harness.URL_2, f"alter role {ROLE} set idle_session_timeout = '50ms'")
    url = re.sub(r"^postgresql://([^@/]*@)?", f"postgresql://{ROLE}@", harness.URL_2)
    wrong = wrong_unless(run(folder, url), 0, "consistent")
    harness.psql(harness.URL_2, EMPTY + f"drop role {ROLE}")
    return wrong


def full(folder):
    """A limit on the size of files stands in for the end of the disk."""
    path = os.path.join(folder, "full.db")
    run(folder, "sqlite:" + path)
    size = os.path.getsize(path)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    got = run(folder, "sqlite:" + path, preexec_fn=limit)
    wrong = wrong_unless(got, 2, "consistent", 'could not write ledger ".*": ') + metrics_whole(folder)
    return wrong + wrong_unless(run(folder, "sqlite:" + path), 0, "consistent")


def main():
    tally = harness.Tally()
    harness.psql(harness.URL, TABLES)
    with tempfile.TemporaryDirectory() as folder:
        for test in (made_where_it_is_not, newer, something_else, without_rights, unreachable, cut, held_sqlite, held_postgres,
                     hasty, full):
            tally.note(test.__name__, test(folder))
    tally.finish()


if __name__ == "__main__":
    main()
