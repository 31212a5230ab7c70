#!/usr/bin/env python3
"""The gate on real runs in real ledgers, SQLite's and PostgreSQL's: one thing goes wrong, and it is said and counted.

What a policy wants takes a day; the ledger's times are set back instead of waiting for it.
"""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t, one_t;
create table old_t (id int primary key, v int not null);
create table new_t (id int primary key, v int not null, note int);
insert into old_t select g, g from generate_series(1, 2000) g;
insert into new_t select id, v, 1 from old_t;
create table one_t (id int primary key, total int, minor int);
insert into one_t select g, g, g * 100 from generate_series(1, 50) g;
vacuum analyze old_t, new_t, one_t;
"""
HOUR = 3600


class Machine:
    """A folder, a spec, and a ledger of one of the two kinds."""

    def __init__(self, folder, ledger):
        self.folder, self.ledger = folder, ledger
        self.spec = {"check": "orders", "old": {"source": harness.URL, "table": "old_t"},
                     "new": {"table": "new_t", "columns": {"whole": "10 / note"}}, "equal": ["v"],
                     "invariants": [{"name": "whole", "holds": "new.whole == 10"}]}
        harness.psql(harness.URL, TABLES)
        if ledger.startswith("sqlite:"):
            if os.path.exists(ledger[7:]):
                os.remove(ledger[7:])
        else:
            harness.psql(ledger, "set client_min_messages = warning; drop schema if exists twofold cascade;")

    def start(self, command, *options, **more):
        path = os.path.join(self.folder, "spec.yaml")
        with open(path, "w") as file:
            json.dump({**self.spec, **more}, file)
        return subprocess.Popen([harness.PROGRAM, command, path, "--ledger", self.ledger, *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check(self, *options, hours_ago=None, **more):
        """Runs a check; says that it began so many hours ago. Its exit status."""
        process = self.start("check", "--progress", "never", *options, **more)
        output, errors = process.communicate(timeout=60)
        self.talk = output + errors
        if hours_ago is not None:
            started = int((time.time() - hours_ago * HOUR) * 1e6)
            self.sql(f"update twofold_run set started_us = {started} where ordinal ="
                     " (select max(ordinal) from twofold_run)")
        return process.returncode

    def sql(self, statement):
        if self.ledger.startswith("sqlite:"):
            with sqlite3.connect(self.ledger[7:]) as connection:
                connection.execute(statement)
        else:
            harness.psql(self.ledger, "set search_path = twofold; " + statement)

    def ready(self, *hours):
        """Three good runs over 25 hours, unless others are named: the usual policy is met."""
        return [f"a run ended with {status}: {self.talk}"
                for status in (self.check(hours_ago=ago) for ago in hours or (26, 12, 1)) if status != 0]

    def gate(self, **more):
        return Gate(self, **more)


class Holder:
    """A session that holds what its statement took, until the end of the block."""

    def __init__(self, statement):
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", harness.URL], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(statement + ";\n\\echo held\n")
        self.psql.stdin.flush()
        while "held" not in self.psql.stdout.readline():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.psql.communicate()


class Gate:
    """An answer: exit status, what --json holds, and the conditions by name."""

    def __init__(self, machine, *options, **more):
        path = os.path.join(machine.folder, "gate.json")
        if os.path.exists(path):
            os.remove(path)
        process = machine.start("gate", "--json", path, *options, **more)
        self.output, self.errors = process.communicate(timeout=60)
        self.status = process.returncode
        self.result = None
        if os.path.exists(path):
            with open(path) as file:
                self.result = json.load(file)

    def wrong(self, status, sentence=None, **states):
        """states: by name, - as _. Those not named must be met where the gate is open."""
        if self.status != status or self.result is None:
            return [f"wanted {status}, got {self.status}: {self.output}{self.errors}"]
        wrong = []
        if self.result["gate"] != {0: "open", 1: "closed", 2: "cannot-tell"}[status]:
            wrong.append(f"{status} is said to be {self.result['gate']}")
        there = {condition["name"]: condition["state"] for condition in self.result["conditions"]}
        for name, state in states.items():
            if there.get(name.replace("_", "-")) != state:
                wrong.append(f"{name}: wanted {state}, got {there.get(name.replace('_', '-'))}")
        if status == 0 and set(there.values()) != {"met"}:
            wrong.append(f"it is open with {there}")
        seen = " | ".join(condition["seen"] for condition in self.result["conditions"])
        if sentence is not None and not re.search(sentence, seen):
            wrong.append(f"wanted {sentence!r} in {seen!r}")
        return wrong


# ---- runs one after another ---------------------------------------------------------------------------------------


def three_over_a_day(machine):
    wrong = machine.gate().wrong(2, ledger="unknown")
    wrong += [] if machine.check(hours_ago=26) == 0 else [machine.talk]
    wrong += machine.gate().wrong(1, consistent_runs="not met", spanning="not met", max_age="not met")
    machine.check(hours_ago=12)
    machine.check(hours_ago=3)
    wrong += machine.gate().wrong(1, consistent_runs="met", spanning="not met", max_age="met")
    machine.check(hours_ago=1)
    return wrong + machine.gate().wrong(0)


def a_mismatch_begins_it_anew(machine):
    wrong = machine.ready()
    harness.psql(harness.URL, "update new_t set v = -1 where id = 700")
    wrong += [] if machine.check() == 1 else [machine.talk]
    wrong += machine.gate().wrong(1, "was inconsistent: 1 row disagrees", consistent_runs="not met",
                                  mismatch_ratio="not met", coverage="met")
    wrong += machine.gate(gate={"max_mismatch_ratio": "0.0005"}).wrong(0)
    wrong += machine.gate(gate={"max_mismatch_ratio": 0.0004}).wrong(1, mismatch_ratio="not met")
    harness.psql(harness.URL, "update new_t set v = 700 where id = 700")
    machine.check()
    wrong += machine.gate().wrong(1, "1 in a row; before them the run of", consistent_runs="not met",
                                  mismatch_ratio="met")
    return wrong + machine.gate(gate={"consistent_runs": 1, "spanning": "0 s"}).wrong(0)


def a_failed_run_is_not_ignored(machine):
    """One range cannot be read: the run cannot tell, and the gate does not look past it."""
    wrong = machine.ready()
    harness.psql(harness.URL, "update new_t set note = 0 where id = 1900")
    wrong += [] if machine.check("--chunk-rows", "200") == 2 else [machine.talk]
    wrong += machine.gate().wrong(1, "was cannot-tell: .*division by zero", consistent_runs="not met",
                                  coverage="not met", mismatch_ratio="unknown")
    wrong += machine.gate(gate={"coverage": 0.5}).wrong(0)
    return wrong


def undecided_rows(machine):
    wrong = machine.ready()
    harness.psql(harness.URL, "update new_t set note = null where id = 5")
    wrong += [] if machine.check() == 2 else [machine.talk]
    return wrong + machine.gate(gate={"max_mismatch_ratio": 1, "coverage": 0}).wrong(
        1, "an invariant is unknown for 1 row", consistent_runs="not met", undecided="not met", coverage="met")


def a_run_that_has_not_ended(machine):
    """While it is at work, and where it was killed: cannot tell. Gone on with, it counts from when it began."""
    machine.spec["gate"] = {"max_age": "9 h"}
    machine.spec["new"]["columns"]["whole"] = ("case when id = 1500 then 10 + 0 * length("
                                               "pg_advisory_xact_lock_shared(4711)::text) else 10 / note end")
    wrong = machine.ready(33, 20, 8)
    with Holder("select pg_advisory_lock(4711)"):
        process = machine.start("check", "--progress", "never", "--chunk-rows", "200", "--workers", "1")
        answer = machine.gate()
        while process.poll() is None and answer.result["conditions"][0]["seen"] != "4 runs":
            answer = machine.gate()
        wrong += answer.wrong(2, "has not ended, or was killed; before it 3 in a row", consistent_runs="unknown",
                              spanning="met", max_age="met")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    wrong += machine.gate().wrong(2, consistent_runs="unknown")
    wrong += machine.gate(gate={"consistent_runs": 4, "max_age": "9 h"}).wrong(1, consistent_runs="not met")
    machine.sql(f"update twofold_run set started_us = {int((time.time() - 7 * HOUR) * 1e6)} where verdict ="
                " 'unfinished'")
    wrong += [] if machine.check("--resume") == 0 else [machine.talk]
    wrong += machine.gate().wrong(0)
    return wrong + machine.gate(gate={}).wrong(1, consistent_runs="met", spanning="met", max_age="not met")


def a_clock_that_steps_back(machine):
    """The last run counts as the last, though its time is earlier than the others'."""
    wrong = machine.ready()
    harness.psql(harness.URL, "update new_t set v = -1 where id = 700")
    machine.check(hours_ago=48)
    wrong += machine.gate().wrong(1, consistent_runs="not met", mismatch_ratio="not met")
    harness.psql(harness.URL, "update new_t set v = 700 where id = 700")
    for hours in (12, 26, -2):
        machine.check(hours_ago=hours)
    return wrong + machine.gate().wrong(2, "clock went back", consistent_runs="met", spanning="unknown",
                                        max_age="unknown")


# ---- another question ---------------------------------------------------------------------------------------------


def other_specs(machine):
    wrong = machine.ready()
    stricter = [*machine.spec["invariants"], {"name": "positive", "holds": "new.v > 0"}]
    wrong += machine.gate(invariants=stricter).wrong(1, "not counting 3 consistent runs of another spec",
                                                     consistent_runs="not met", coverage="unknown")
    machine.check(invariants=stricter)  # consistent: nothing against the runs of this spec
    wrong += machine.gate().wrong(0, "not counting 1 consistent run of another spec")
    stricter[-1]["holds"] = "new.v > 1"
    machine.check(invariants=stricter)
    wrong += machine.gate().wrong(1, "was of another spec, and inconsistent", consistent_runs="not met")
    return wrong


def what_is_not_of_the_question(machine):
    """Limits, the policy itself and the file's layout change no digest."""
    wrong = machine.ready()
    return wrong + machine.gate(limits={"pause_between": "1 s"}, gate={"max_age": "2 h"}).wrong(0)


def other_tables(machine):
    wrong = machine.ready()
    harness.psql(harness.URL, "alter table new_t add extra text")
    wrong += machine.gate().wrong(1, 'column "extra" of "public"."new_t" was added since', tables="not met",
                                  consistent_runs="not met")
    harness.psql(harness.URL, "alter table new_t drop extra")
    wrong += machine.gate().wrong(0)
    harness.psql(harness.URL, "drop table new_t")
    answer = machine.gate()
    return wrong + ([] if answer.status == 3 and answer.result is None else [f"{answer.status} {answer.errors}"])


def other_databases(machine):
    """The spec is the same, and leads elsewhere: a service file or the environment says where."""
    staging = harness.sibling(harness.URL, "twofold_gate_staging")
    harness.psql(staging, TABLES)
    name = re.search(r"/([^/?]+)\?", harness.URL).group(1)
    machine.spec["old"]["source"] = harness.URL.replace(f"/{name}?", "/?")
    os.environ["PGDATABASE"] = "twofold_gate_staging"
    wrong = machine.ready() + machine.gate().wrong(0)
    os.environ["PGDATABASE"] = name
    wrong += machine.gate().wrong(1, "not counting 3 consistent runs of another database", tables="unknown",
                                  consistent_runs="not met", coverage="unknown")
    wrong += machine.ready() + machine.gate().wrong(0)
    os.environ["PGDATABASE"] = "twofold_gate_staging"
    harness.psql(staging, "update new_t set v = 0 where id = 3")
    machine.check()
    os.environ["PGDATABASE"] = name
    wrong += machine.gate().wrong(1, "was of another database, and inconsistent", consistent_runs="not met")
    del os.environ["PGDATABASE"]
    return wrong


def other_files(machine):
    """A path may lead to another file, too."""
    for name in ("staging", "production"):
        folder = os.path.join(machine.folder, name)
        os.makedirs(folder, exist_ok=True)
        with sqlite3.connect(os.path.join(folder, "shop.db")) as connection:
            connection.executescript("drop table if exists o; create table o (id integer primary key, v int);"
                                     "drop table if exists n; create table n (id integer primary key, v int);"
                                     "insert into o values (1, 1); insert into n values (1, 1);")
    link = os.path.join(machine.folder, "current")
    machine.spec = {"check": "files", "old": {"source": f"sqlite:{link}/shop.db", "table": "o"}, "new": {"table": "n"}}
    wrong = []
    for name, status in (("staging", 0), ("production", 1)):
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(name, link)
        wrong += (machine.ready() if status == 0 else []) + machine.gate().wrong(status)
    return wrong


# ---- what cannot be reached -----------------------------------------------------------------------------------------


def no_source(machine):
    """The runs are still looked at: unknown alone keeps the gate from open, not met closes it."""
    link = os.path.join(machine.folder, "s")
    socket = re.search("host=([^&]+)", harness.URL).group(1)
    os.symlink(socket, link)
    machine.spec["old"]["source"] = harness.URL.replace(socket, link)
    wrong = machine.ready()
    wrong += machine.gate().wrong(0)
    os.remove(link)
    wrong += machine.gate().wrong(2, "could not connect", tables="unknown", consistent_runs="met", max_age="met")
    wrong += machine.gate(gate={"consistent_runs": 4}).wrong(1, tables="unknown", consistent_runs="not met")
    machine.check()  # and a check that could not begin is a run that could not tell
    return wrong + machine.gate().wrong(1, "was cannot-tell: could not connect", consistent_runs="not met")


def no_ledger(machine):
    """Cannot tell, and nothing is made."""
    wrong = machine.gate().wrong(2, ledger="unknown", consistent_runs="unknown", coverage="unknown")
    if machine.ledger.startswith("sqlite:"):
        wrong += ["the gate made a ledger"] if os.path.exists(machine.ledger[7:]) else []
        with open(machine.ledger[7:], "w") as file:
            file.write("not a ledger at all" * 100)
    else:
        made = harness.psql(machine.ledger, "select count(*) from pg_namespace where nspname = 'twofold'").strip()
        wrong += ["the gate made a ledger"] if made != "0" else []
        harness.psql(machine.ledger, "create schema twofold create table something_else (i int)")
    return wrong + machine.gate().wrong(2, ledger="unknown")


def damaged_runs(machine):
    """Figures that no run has: it does not count, and nothing overflows."""
    wrong = machine.ready()
    for column, value in (("started_us", 2 ** 63 - 1), ("duration_us", -2 ** 63), ("mismatched_rows", 2 ** 62),
                          ("old_rows", -5), ("coverage", 2.0), ("undecided", -1)):
        before = "(select max(ordinal) from twofold_run)"
        machine.sql(f"update twofold_run set {column} = {value} where ordinal = {before}")
        wrong += machine.gate().wrong(1, "was damaged: what the ledger holds of it cannot be",
                                      consistent_runs="not met")
        machine.check()
        machine.sql(f"delete from twofold_run where ordinal < {before}")
        machine.sql("update twofold_run set ordinal = 1")
    return wrong


def wrong_questions(machine):
    wrong = []
    for policy in ({"consistent_runs": 0}, {"consistent_runs": 10001}, {"consistent_runs": "many"}, {"coverage": 1.5},
                   {"coverage": "nan"}, {"max_mismatch_ratio": -0.1}, {"max_mismatch_ratio": "1 %"},
                   {"max_age": "soon"}, {"spanning": "2 years"}, {"runs": 3}, []):
        answer = machine.gate(gate=policy)
        if answer.status != 3 or answer.result is not None:
            wrong.append(f"{policy}: {answer.status} {answer.errors}")
    answer = Gate(machine, "--ledger", "mysql://user:secret@host/ledger")
    if answer.status != 3 or "secret" in answer.errors:
        wrong.append(f"a ledger of no known kind: {answer.status} {answer.errors}")
    return wrong


# ---- other shapes -------------------------------------------------------------------------------------------------


def one_table(machine):
    machine.spec = {"check": "currency", "rows": {"source": harness.URL, "table": "one_t"},
                    "invariants": [{"holds": "minor == total * 100"}]}
    wrong = machine.ready() + machine.gate().wrong(0)
    harness.psql(harness.URL, "alter table one_t alter minor type bigint")
    return wrong + machine.gate().wrong(1, 'column "minor" of "public"."one_t" is bigint, and was integer')


def shards(machine):
    harness.psql(harness.URL_2, TABLES + "update old_t set id = id + 10000, v = v + 10000;"
                                         "update new_t set id = id + 10000, v = v + 10000")
    machine.spec["old"] = {"sources": [harness.URL, harness.URL_2], "table": "old_t"}
    machine.spec["new"].pop("source", None)
    wrong = machine.ready() + machine.gate().wrong(0)
    harness.psql(harness.URL_2, "alter table old_t alter v drop not null")
    return wrong + machine.gate().wrong(1, tables="not met")


def masked(machine):
    machine.spec["mask"] = ["v", "id"]
    harness.psql(harness.URL, "update new_t set v = 987654321 where id = 700")
    wrong = [] if machine.check() == 1 else [machine.talk]
    answer = machine.gate()
    wrong += answer.wrong(1, mismatch_ratio="not met")
    return wrong + (["a masked value is shown"] if "987654321" in answer.output + json.dumps(answer.result) else [])


TESTS = (three_over_a_day, a_mismatch_begins_it_anew, a_failed_run_is_not_ignored, undecided_rows,
         a_run_that_has_not_ended, a_clock_that_steps_back, other_specs, what_is_not_of_the_question, other_tables,
         other_databases, other_files, no_source, no_ledger, damaged_runs, wrong_questions, one_table, shards, masked)
BOTH_KINDS = (three_over_a_day, a_mismatch_begins_it_anew, a_run_that_has_not_ended, a_clock_that_steps_back, no_source,
              no_ledger)  # where the kind of ledger could matter


def main():
    tally = harness.Tally()
    for test in TESTS:
        for kind in ("sqlite", "postgresql") if test in BOTH_KINDS else ("sqlite",):
            with tempfile.TemporaryDirectory() as folder:
                ledger = "sqlite:" + os.path.join(folder, "ledger.db") if kind == "sqlite" else harness.URL_2
                tally.note(f"{test.__name__} ({kind})", test(Machine(folder, ledger)))
    tally.finish()


if __name__ == "__main__":
    main()
