#!/usr/bin/env python3
"""SIGINT at awkward moments: whatever a run waits for, it ends within two seconds, with what was found so far.

    test_stop.py [NAME...]      some of the tests

A server of its own, since one that is frozen answers nobody.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, Tally, psql, sibling
from private_postgres import PrivatePostgres
from test_pgbouncer import Pooler

ROWS, PLANTED = 2000, 7
TABLE = ("set client_min_messages = warning; drop table if exists {name}; create table {name} (id int primary key, v text);"
         f" insert into {{name}} select g, 'v' || g from generate_series(1, {ROWS}) g; analyze {{name}};")
MINE = "application_name like 'twofold/stop%'"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def wait_for(url, question, seconds=30):
    """Until a query gives a row."""
    for _ in range(seconds * 50):
        if psql(url, question):
            return
        time.sleep(0.02)
    raise RuntimeError(f"it never came: {question}")


class Run:
    """A check of two databases."""

    def __init__(self, old, new, *options, where=None, ledger=None):
        self.folder = tempfile.mkdtemp(prefix="twofold-stop.")
        self.ledger = ledger or f"sqlite:{self.folder}/ledger.db"
        old_side, new_side = {"source": old, "table": "old_t"}, {"source": new, "table": "new_t"}
        if where:
            old_side["where"] = where
        self.spec = os.path.join(self.folder, "spec.yaml")
        with open(self.spec, "w") as file:
            json.dump({"check": "stop", "old": old_side, "new": new_side}, file)
        self.process = subprocess.Popen(
            [PROGRAM, "check", self.spec, "--json", os.path.join(self.folder, "out.json"), "--progress", "never",
             "--ledger", self.ledger, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)

    def wait_until_it_settles(self, url):
        """The connections of planning are closed; those of the first pass are idle until the second look, which comes
        after a sixteenth of the settling."""
        history = [PROGRAM, "history", self.spec, "--ledger", self.ledger, "--json", "-"]
        while '"unfinished"' not in subprocess.run(history, capture_output=True, text=True).stdout:
            time.sleep(0.02)
        wait_for(url, f"select 1 from pg_stat_activity where {MINE} and datname = current_database()"
                      " and state = 'idle' and query = 'COMMIT' and clock_timestamp() - state_change > '100 ms'")

    def stop(self, *says):
        """What is wrong with how it ends: sentences."""
        self.process.send_signal(signal.SIGINT)
        start = time.monotonic()
        try:
            _, said = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, said = self.process.communicate()
            return ["it did not end"]
        took = time.monotonic() - start
        wrong = [f"it took {took:.1f} s to end"] if took > 2 else []
        try:
            with open(os.path.join(self.folder, "out.json")) as file:
                self.result = json.load(file)
        except (OSError, ValueError) as error:
            return wrong + [f"no result: {error}; exit status {self.process.returncode}: {said}"]
        if self.process.returncode != 2 or self.result["verdict"] != "cannot-tell":
            wrong.append(f"exit status {self.process.returncode}, {self.result['verdict']}")
        return wrong + [f"\"{word}\" is not in: {self.result['reason']}" for word in says
                        if word not in self.result["reason"]]

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class Locked:
    """with Locked(url, table): another session holds the table's lock."""

    def __init__(self, url, table):
        self.url, self.table = url, table

    def __enter__(self):
        self.holder = subprocess.Popen(["psql", "-X", "-q", "-d", self.url, "-c",
                                        f"begin; lock {self.table}; select pg_sleep(60)"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        psql(self.url, "select pg_terminate_backend(pid) from pg_stat_activity"
                       f" where query like '%lock {self.table}%' and pid <> pg_backend_pid()")
        self.holder.wait()


class Frozen:
    """with Frozen(server): its processes neither answer nor end."""

    def __init__(self, server):
        with open(server.path("postmaster.pid")) as file:
            self.postmaster = int(file.readline())

    def __enter__(self):
        os.kill(self.postmaster, signal.SIGSTOP)  # first, so that it starts no other
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.postmaster)], capture_output=True, text=True)
        self.pids = [self.postmaster, *map(int, listed.stdout.split())]
        self.signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        for pid in self.pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass


SLOW = "pg_sleep(0.002) is not null"
READS = f"select 1 from pg_stat_activity where {MINE} and state = 'active' and query like '%pg_sleep%'" \
        " and query not like '%EXPLAIN%' and clock_timestamp() - query_start > '50 ms'"


@test
def while_differences_wait_for_their_second_look(tally, server, one, two):
    run = Run(one, two, "--mode", "stream", "--settle", "60 s")
    run.wait_until_it_settles(two)
    wrong = run.stop("stopped while differences were looked at again")
    if not wrong and (run.result["in_flight"] != 1 or run.result["mismatched_rows"] or run.result["ranges"]["proved"]):
        wrong.append(f"in flight {run.result['in_flight']}, ranges {run.result['ranges']}")
    run.close()
    tally.note("while differences wait for their second look", wrong)


@test
def while_a_second_look_waits_for_a_lock(tally, server, one, two):
    run = Run(one, two, "--mode", "stream", "--settle", "16 s")
    run.wait_until_it_settles(two)
    with Locked(two, "new_t"):
        wait_for(two, f"select 1 from pg_stat_activity where {MINE} and wait_event_type = 'Lock'")
        wrong = run.stop("stopped while differences were looked at again")
    run.close()
    tally.note("while a second look waits for a lock", wrong)


@test
def while_the_server_is_frozen(tally, server, one, two):
    """It takes the request to cancel, and does nothing about it."""
    for mode in "stream", "digest":
        run = Run(one, two, "--mode", mode, "--chunk-rows", "200", "--workers", "2", where=SLOW)
        wait_for(one, READS)
        with Frozen(server):
            wrong = run.stop("stopped")
        run.close()
        psql(one, f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {MINE}")
        tally.note(f"while the server is frozen, {mode}", wrong)


@test
def while_a_frozen_server_is_looked_at_again(tally, server, one, two):
    run = Run(one, two, "--mode", "stream", "--settle", "16 s")
    run.wait_until_it_settles(two)
    with Frozen(server):
        time.sleep(2)  # the look is due after one second, and connects in vain
        wrong = run.stop("stopped while differences were looked at again")
    run.close()
    tally.note("while a frozen server is looked at again", wrong)


@test
def while_a_second_look_waits_for_a_pooled_connection(tally, server, one, two):
    """The pool's only connection is somebody else's when the look is due, and connects."""
    with Pooler(1, url=two) as pooler:
        run = Run(one, pooler.url(two), "--mode", "stream", "--settle", "16 s")
        run.wait_until_it_settles(one)
        other = subprocess.Popen(["psql", "-X", "-q", "-d", pooler.url(two), "-c", "begin; select pg_sleep(60)"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(two, "select 1 from pg_stat_activity where query like 'begin; select pg_sleep(60)'")
        time.sleep(2)  # the look is due after one, and the pooler does not tell who waits
        wrong = run.stop("stopped while differences were looked at again")
        run.close()
    other.wait()
    tally.note("while a second look waits for a pooled connection", wrong)


@test
def while_a_postgresql_ledger_is_locked(tally, server, one, two):
    ledger = sibling(server.admin, "ledger")
    run = Run(one, two, "--mode", "stream", "--chunk-rows", "100", "--workers", "2", where=SLOW, ledger=ledger)
    wait_for(one, READS)
    with Locked(ledger, "twofold.twofold_range"):
        wait_for(ledger, "select 1 from pg_stat_activity where application_name = 'twofold/ledger'"
                         " and wait_event_type = 'Lock'")
        wrong = run.stop("stopped")
    run.close()
    tally.note("while a PostgreSQL ledger is locked", wrong)


@test
def while_a_postgresql_ledger_is_frozen(tally, server, one, two):
    with PrivatePostgres() as other:
        run = Run(one, two, "--mode", "stream", "--chunk-rows", "100", "--workers", "2", where=SLOW, ledger=other.admin)
        wait_for(one, READS)
        with Frozen(other):
            time.sleep(1)  # a range ends, and is to be kept
            wrong = run.stop("stopped")
    run.close()
    tally.note("while a PostgreSQL ledger is frozen", wrong)


@test
def while_an_sqlite_ledger_is_locked(tally, server, one, two):
    run = Run(one, two, "--mode", "stream", "--chunk-rows", "100", "--workers", "2", where=SLOW)
    wait_for(one, READS)
    with contextlib.closing(sqlite3.connect(os.path.join(run.folder, "ledger.db"), isolation_level=None, timeout=30)) as other:
        other.execute("begin immediate")
        time.sleep(1)  # a range ends, and is to be kept
        wrong = run.stop("stopped")
        other.execute("rollback")
    run.close()
    tally.note("while an SQLite ledger is locked", wrong)


@test
def while_the_next_spec_connects(tally, server, one, two):
    """The first check has been read; the second's server takes the connection and says nothing."""
    with socket.socket() as silent, tempfile.TemporaryDirectory() as folder:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        paths = []
        mute = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        for name, new in (("first", one), ("second", mute), ("third", one)):
            paths.append(os.path.join(folder, name + ".yaml"))
            with open(paths[-1], "w") as file:
                json.dump({"check": name, "old": {"source": one, "table": "old_t"},
                           "new": {"source": new, "table": "old_t"}}, file)
        process = subprocess.Popen([PROGRAM, "check", *paths, "--json", os.path.join(folder, "out.json"),
                                    "--ledger", f"sqlite:{folder}/ledger.db", "--progress", "never"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, said = process.communicate(timeout=60)
        took = time.monotonic() - start
        connection.close()
        with open(os.path.join(folder, "out.json")) as file:
            told = [(result["check"], result["verdict"]) for result in json.load(file)]
    wrong = [f"it took {took:.1f} s to end"] if took > 2 else []
    if process.returncode != 2 or told != [("first", "consistent"), ("second", "cannot-tell"), ("third", "cannot-tell")]:
        wrong.append(f"exit status {process.returncode}, {told}: {said}")
    tally.note("while the next spec connects", wrong)


def main():
    tally = Tally()
    with PrivatePostgres() as server:
        one, two = sibling(server.admin, "one"), sibling(server.admin, "two")
        psql(one, TABLE.format(name="old_t") + TABLE.format(name="new_t"))
        psql(two, TABLE.format(name="new_t") + f"update new_t set v = 'x' where id = {PLANTED};")
        for function in TESTS:
            if len(sys.argv) == 1 or function.__name__ in sys.argv[1:]:
                function(tally, server, one, two)
                psql(one, f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {MINE}")
    tally.finish()


if __name__ == "__main__":
    main()
