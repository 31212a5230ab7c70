#!/usr/bin/env python3
"""A check is a guest: it keeps to a rate, holds no snapshot for long, stands back when told to, and needs no rights
beyond SELECT.
"""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from private_postgres import PrivatePostgres
from test_replica import Standby

SERVER = PrivatePostgres("shared_buffers = 128MB")  # nobody else's sessions count, nobody else's snapshots are held
atexit.register(SERVER.__exit__)
URL, OTHER = SERVER.admin, harness.sibling(SERVER.admin, "other")
RANGE_TARGET = 0.25  # seconds: RANGE_TARGET_US
TESTS = []

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t as select g::bigint id, g % 1000 customer, 'note ' || g note from generate_series(1, {rows}) g;
create table new_t as select * from old_t;
alter table old_t add primary key (id);
alter table new_t add primary key (id);
vacuum analyze old_t;
vacuum analyze new_t;
"""


def test(function):
    TESTS.append(function)
    return function


def tables(rows, *urls):
    for url in urls:
        harness.psql(url, TABLES.format(rows=rows))


def spec(old=URL, new=URL, **more):
    return {"check": "guest", "old": {"source": old, "table": "old_t"}, "new": {"source": new, "table": "new_t"},
            **more}


MODES = [("join", spec(), "join"), ("stream, one database", spec(), "stream"),
         ("stream, two databases", spec(new=OTHER), "stream"), ("digest", spec(new=OTHER), "digest")]


class Sampler:
    """What pg_stat_activity shows of this check while it runs: the oldest transaction, and every name."""

    SQL = """select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0),
        string_agg(application_name, ',') from pg_stat_activity where application_name like 'twofold/guest%' and xact_start is not null"""

    def __init__(self, url=URL):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-F", "|", "-d", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(self.SQL + "\n\\watch 0.01\n")
        self.process.stdin.flush()
        self.oldest, self.names, self.seen = 0.0, set(), 0
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            age, _, names = line.strip().partition("|")
            if re.fullmatch(r"[0-9.]+", age):
                self.seen += 1
                self.oldest = max(self.oldest, float(age))
                self.names.update(name for name in names.split(",") if name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.thread.join()


class Sessions:
    """Other sessions that do something for a while."""

    def __init__(self, count, sql, url=URL):
        self.url, self.count, self.sql = url, count, sql

    def __enter__(self):
        self.processes = [subprocess.Popen(["psql", "-X", "-q", "-d", self.url, "-c", self.sql],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                          for _ in range(self.count)]
        # they must be there before the check is
        mark = re.search(r"/\*(.*?)\*/", self.sql).group(1)
        for _ in range(500):
            seen = harness.psql(self.url, "select count(*) from pg_stat_activity where pid <> pg_backend_pid()"
                                          f" and state = 'active' and position('/*{mark}*/' in query) > 0"
                                          " and clock_timestamp() - xact_start > '200 ms'")
            if int(seen) == self.count:
                break
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        mark = re.search(r"/\*(.*?)\*/", self.sql).group(1)
        harness.psql(self.url, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                               f" and position('/*{mark}*/' in query) > 0")


def best_of_three(measure):
    """What is wrong in the best of three: a machine that is busy with something else may stretch a range or a pause,
    but not those of three runs."""
    for _ in range(3):
        wrong = measure()
        if not wrong:
            break
    return wrong


def rate_of(run):
    rows = run.result["rows"]
    return (rows["old"] + rows["new"]) / run.result["duration_seconds"]


@test
def a_rate_is_kept_within_a_tenth(tally):
    tables(100000, URL, OTHER)
    def measure():
        with Sampler() as sampler:
            run = harness.Check(what, "--mode", mode, "--workers", workers, "--max-rows-per-second", str(wanted))
        wrong = run.is_verdict("consistent")
        if not wrong and not 0.9 * wanted <= rate_of(run) <= 1.1 * wanted:
            wrong.append(f"{wanted} rows a second were allowed, {rate_of(run):.0f} were read")
        if sampler.oldest > 2 * RANGE_TARGET:
            wrong.append(f"a transaction was {sampler.oldest:.2f} s old: the rate must not hold a snapshot")
        return wrong

    wanted = 80000
    for name, what, mode in MODES:
        for workers in ("1", "3"):
            tally.note(f"rate: {name}, {workers} workers", best_of_three(measure))


@test
def a_rate_counts_each_row_about_once(tally):
    """Hashes that are read row by row count as rows; the few that are looked up then change little."""
    tables(100000, URL, OTHER)
    harness.psql(OTHER, "update new_t set note = 'x' where id % 100 = 3")

    def measure():
        run = harness.Check(spec(new=OTHER), "--mode", "digest", "--max-rows-per-second", "80000", "--settle", "20ms")
        wrong = run.is_verdict("inconsistent")
        if not wrong and not 60000 <= rate_of(run) <= 88000:
            wrong.append(f"80000 rows a second were allowed, {rate_of(run):.0f} were read")
        return wrong

    tally.note("rate: digest, one row in 100 differs", best_of_three(measure))


@test
def a_rest_is_not_taken_for_slow_reading(tally):
    """Many workers rest long for one rate: their ranges stay what was planned."""
    tables(100000, URL, OTHER)

    def measure():
        options = ("--mode", "stream", "--workers", "8", "--max-rows-per-second", "60000")
        run = harness.Check(spec(new=OTHER), *options)
        shown = subprocess.run([harness.PROGRAM, "plan", "-", *options], input=json.dumps(spec(new=OTHER)),
                               capture_output=True, text=True, check=True).stdout
        planned = int(re.search(r"^ranges +(\d+)", shown, re.MULTILINE).group(1))
        wrong = run.is_verdict("consistent")
        if not wrong and run.result["ranges"]["planned"] > 1.5 * planned:
            wrong.append(f"{planned} planned ranges became {run.result['ranges']['planned']}")
        return wrong

    tally.note("rate: ranges are not cut", best_of_three(measure))


@test
def a_low_rate_is_kept_where_ranges_cannot_be_cut(tally):
    harness.psql(URL, """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t (id int not null, note text);
insert into old_t select g, 'note' from generate_series(1, 4000) g;
create table new_t as select * from old_t;
""")
    sides = {"old": {"source": URL, "table": "old_t", "key": ["id"]}, "new": {"source": URL, "table": "new_t",
                                                                              "key": ["id"]}}
    def measure():
        run = harness.Check({"check": "guest", **sides}, "--max-rows-per-second", "4000")
        wrong = run.is_verdict("consistent")
        if not wrong and not 3600 <= rate_of(run) <= 4400:
            wrong.append(f"4000 rows a second were allowed, {rate_of(run):.0f} were read")
        return wrong

    tally.note("rate: one pass", best_of_three(measure))
    run = harness.Check({"check": "guest", **sides}, "--max-rows-per-second", "4000", "--mode", "join")
    wrong = [] if run.status == 3 and "one pass" in run.stderr else [f"status {run.status}: {run.stderr}"]
    tally.note("rate: a join in one pass is refused", wrong)


@test
def transactions_are_short(tally):
    tables(2000000, URL)
    def measure():
        with Sampler() as sampler:
            run = harness.Check(what, "--mode", mode)
        wrong = run.is_verdict("consistent")
        print(f"{name}: the oldest transaction in {sampler.seen} samples was {sampler.oldest:.3f} s old")
        if sampler.oldest > 2 * RANGE_TARGET or sampler.seen < 10:
            wrong.append(f"{sampler.seen} samples, the oldest transaction was {sampler.oldest:.3f} s old")
        odd = [n for n in sampler.names if not re.fullmatch(r"twofold/guest( \d+(-\d+)?/\d+)?", n)]
        if odd or not any("/" in n[8:] for n in sampler.names):
            wrong.append(f"application_name: {sorted(sampler.names)[:5]}")
        return wrong

    for name, what, mode in MODES[:2]:
        tally.note(f"short transactions: {name}", best_of_three(measure))


class Updates:
    """A hot table: a hundred rows, written one by one, each write its own transaction."""

    SQL = """set client_min_messages = warning; drop table if exists hot;
create table hot (id int primary key, n int not null) with (autovacuum_enabled = off, fillfactor = 50);
insert into hot select g, 0 from generate_series(1, 100) g;"""
    LOOP = "do $$ begin loop update hot set n = n + 1 where id = 1 + (random() * 99)::int; commit; end loop; end $$"

    def __enter__(self):
        harness.psql(URL, self.SQL)
        self.process = subprocess.Popen(["psql", "-X", "-q", "-d", URL, "-c", self.LOOP],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        harness.psql(URL, "select pg_terminate_backend(pid) from pg_stat_activity"
                          " where pid <> pg_backend_pid() and query like 'do $$ begin loop%'")

    @staticmethod
    def size():
        return int(harness.psql(URL, "select pg_relation_size('hot')"))


@test
def dead_rows_do_not_grow_with_the_run(tally):
    """Trap 23: a snapshot that is held keeps every dead version of a hot row; ranges let them go."""
    tables(200000, URL)
    def measure():
        sizes = []
        with Updates() as updates:
            check = threading.Thread(target=harness.Check,
                                     args=(spec(), "--mode", "join", "--max-rows-per-second", "40000"))
            check.start()  # 10 s
            for pause in 4, 5:
                time.sleep(pause)
                sizes.append(updates.size())
            check.join()
        snapshot = "begin isolation level repeatable read; select 1; select pg_sleep(60) /*held*/"
        with Updates() as updates, Sessions(1, snapshot):
            time.sleep(4)
            held = updates.size()
        print(f"hot table beside a check: {sizes[0] // 1024} KiB after 4 s, {sizes[1] // 1024} KiB after 9 s;"
              f" beside a held snapshot {held // 1024} KiB after 4 s")
        wrong = []
        if sizes[1] > 1.5 * sizes[0] + 65536:
            wrong.append(f"it grows with the run: {sizes}")
        if held < 2 * sizes[0]:
            wrong.append("a held snapshot does no harm: nothing was tested")
        return wrong

    tally.note("dead rows do not grow with the run", best_of_three(measure))


@test
def a_long_name_leaves_room_for_the_range(tally):
    tables(50000, URL)
    what = {**spec(), "check": "guest-" + "x" * 90}
    with Sampler() as sampler:
        run = harness.Check(what, "--max-rows-per-second", "200000")
    names = sampler.names
    wrong = run.is_verdict("consistent")
    if not any(re.fullmatch(r"twofold/guest-x{30} \d+(-\d+)?/\d+", n) for n in names):
        wrong.append(f"application_name: {sorted(names)[:5]}")
    tally.note("application_name of a long name", wrong)


def limited(**limits):
    return spec(limits=limits)


@test
def a_limit_pauses_the_run(tally):
    tables(20000, URL, OTHER)
    def let_go():
        """When a worker has been waiting: the connections of planning do not live as long."""
        while not harness.psql(URL, "select 1 from pg_stat_activity where application_name like 'twofold/guest%'"
                                    " and backend_start < clock_timestamp() - interval '2.5 s'"):
            time.sleep(0.05)
        harness.psql(URL, "select pg_cancel_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                          " and query like '%/*busy*/%'")

    with Sessions(3, "select pg_sleep(60) /*busy*/"):
        thread = threading.Thread(target=let_go)
        thread.start()
        run = harness.Check(limited(max_active_sessions=2), "--progress", "always")
        thread.join()
    wrong = run.is_verdict("consistent")
    if not wrong and run.result.get("paused_seconds", 0) < 1:
        wrong.append(f"paused_seconds is {run.result.get('paused_seconds')}")
    if not re.search(r"guest  paused: 3 sessions are active on .*, over max_active_sessions \(2\)", run.stderr) or \
            "guest  goes on after" not in run.stderr:
        wrong.append(f"it does not say so: {run.stderr}")
    tally.note("limits: the run pauses and goes on", wrong)

    with Sessions(2, "select pg_sleep(30) /*busy*/"):
        run = harness.Check(limited(max_active_sessions=2))
    wrong = run.is_verdict("consistent")
    if not wrong and "paused_seconds" in run.result:
        wrong.append("it paused")
    tally.note("limits: held is not over", wrong)


@test
def a_limit_gives_up(tally):
    tables(20000, URL, OTHER)
    for name, what, count, sql, limit in [
            ("sessions", {"max_active_sessions": 0}, 1, "select pg_sleep(30) /*busy*/", "max_active_sessions"),
            ("transactions", {"max_transaction_age": "100 ms"}, 1, "begin; select 1; select pg_sleep(30) /*busy*/",
             "max_transaction_age")]:
        with Sessions(count, sql):
            run = harness.Check(limited(give_up_after="2 s", **what))
        wrong = run.is_verdict("cannot-tell")
        if not wrong and (limit not in run.result["reason"] or "give_up_after" not in run.result["reason"] or
                          run.result["coverage"] != 0 or not 1.5 < run.result["paused_seconds"] < 10):
            wrong.append(f"{run.result['reason']}; paused {run.result.get('paused_seconds')} s")
        tally.note(f"limits: gives up by {name}", wrong)


@test
def a_replica_that_lags_pauses_the_run(tally):
    """It reports the lag of what it replayed last; one that has stopped is seen by its position."""
    with PrivatePostgres() as primary, Standby(primary) as standby:
        harness.psql(primary.admin, TABLES.format(rows=40000))
        standby.catch_up(primary)
        on = primary.admin
        limits = {"max_replica_lag": "1 s", "give_up_after": "3 s"}
        slow = ("--mode", "stream", "--max-rows-per-second", "20000")  # 4 s
        run = harness.Check(spec(on, on, limits=limits), *slow)
        wrong = run.is_verdict("consistent")
        if not wrong and "paused_seconds" in run.result:
            wrong.append("it paused")
        tally.note("limits: a replica that keeps up", wrong)

        standby.pause()
        harness.psql(on, "update new_t set note = note where id = 1")
        run = harness.Check(spec(on, on, limits=limits), *slow)
        wrong = run.is_verdict("cannot-tell")
        if not wrong and ("max_replica_lag" not in run.result["reason"] or run.result["coverage"] == 0):
            wrong.append(f"{run.result['reason']}; coverage {run.result['coverage']}")
        tally.note("limits: a replica that has stopped", wrong)

        harness.psql(standby.admin, "select 1")
        run = harness.Check(spec(standby.admin, standby.admin, limits=limits), *slow)
        wrong = run.is_verdict("cannot-tell")
        if not wrong and "max_replica_lag" not in run.result["reason"]:
            wrong.append(run.result["reason"])
        tally.note("limits: a side that is a replica and has stopped", wrong)

        timer = threading.Timer(3, standby.resume)
        timer.start()
        run = harness.Check(spec(on, on, limits={**limits, "give_up_after": "60 s"}), *slow)
        timer.join()
        wrong = run.is_verdict("consistent")
        if not wrong and not 0 < run.result.get("paused_seconds", 0) < 30:
            wrong.append(f"paused_seconds is {run.result.get('paused_seconds')}")
        tally.note("limits: a replica that catches up", wrong)


@test
def limits_that_are_not_told_are_not_held(tally):
    harness.psql(URL, GUEST_ROLE)
    tables(20000, URL)
    harness.psql(URL, "grant usage on schema public to twofold_guest; grant select on old_t, new_t to twofold_guest")
    as_guest = URL.replace("postgres@", "twofold_guest@")
    run = harness.Check(spec(old=as_guest, new=as_guest, limits={"max_active_sessions": 100}))
    wrong = run.is_verdict("cannot-tell")
    if not wrong and "may not see other sessions" not in run.result["reason"]:
        wrong.append(run.result["reason"])
    if "pg_read_all_stats" not in (run.result or {}).get("hint", ""):
        wrong.append("no hint says what to grant")
    tally.note("limits: what the role may not see is no quiet server", wrong)


@test
def a_pause_between_ranges(tally):
    tables(40000, URL)
    run = harness.Check(limited(pause_between="300 ms"), "--workers", "1", "--chunk-rows", "10000")
    wrong = run.is_verdict("consistent")
    if not wrong and run.result["duration_seconds"] < 0.3 * 2:
        wrong.append(f"it took {run.result['duration_seconds']} s")
    tally.note("limits: pause_between", wrong)


@test
def a_signal_ends_a_pause(tally):
    tables(20000, URL)
    with tempfile.TemporaryDirectory() as folder, Sessions(1, "select pg_sleep(60) /*busy*/"):
        path = os.path.join(folder, "spec.json")
        with open(path, "w") as file:
            json.dump(limited(max_active_sessions=0), file)
        process = subprocess.Popen([harness.PROGRAM, "check", path, "--progress", "always", "--ledger",
                                    "sqlite:" + os.path.join(folder, "ledger.db")], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        said = process.stderr.readline()
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        took = time.monotonic() - begun
    wrong = [] if "paused: " in said else [f"it said: {said}"]
    if process.returncode != 2 or took > 2:
        wrong.append(f"it ended {took:.1f} s after SIGINT, with {process.returncode}")
    tally.note("limits: SIGINT ends a pause", wrong)


GUEST_ROLE = """do $$ begin if not exists (select from pg_roles where rolname = 'twofold_guest')
    then create role twofold_guest login; end if; end $$;"""


@test
def select_on_two_tables_is_enough(tally):
    for url in (URL, OTHER):
        harness.psql(url, GUEST_ROLE + TABLES.format(rows=60000) + """
drop schema if exists apart cascade;
create schema apart;
alter table old_t set schema apart;
alter table new_t set schema apart;
grant usage on schema apart to twofold_guest;
grant select on apart.old_t, apart.new_t to twofold_guest;
update apart.new_t set note = 'other' where id = 31337;
""")
    def guest(url):
        return url.replace("postgres@", "twofold_guest@")
    for name, new, mode in [("join", URL, "join"), ("stream", URL, "stream"),
                            ("stream, two databases", OTHER, "stream"), ("digest", OTHER, "digest")]:
        what = {"check": "guest", "old": {"source": guest(URL), "table": "apart.old_t"},
                "new": {"source": guest(new), "table": "apart.new_t"}}
        run = harness.Check(what, "--mode", mode, "--settle", "1 s", "--chunk-rows", "5000")
        wrong = run.is_verdict("inconsistent")
        if not wrong and (run.result["mismatched_rows"] != 1 or run.result["ranges"]["planned"] < 8 or
                          run.result["mode"] != mode):
            wrong.append(f"{run.result['mismatched_rows']} rows, {run.result['ranges']} ranges by {run.result['mode']}")
        tally.note(f"rights: SELECT alone, {name}", wrong)
    harness.psql(URL, "revoke select on apart.new_t from twofold_guest")
    run = harness.Check({"check": "guest", "old": {"source": guest(URL), "table": "apart.old_t"},
                         "new": {"source": guest(URL), "table": "apart.new_t"}})
    wrong = run.wrong()
    if run.status not in (2, 3) or "GRANT SELECT" not in run.stderr + run.stdout:
        wrong.append(f"status {run.status}: {run.stderr}")
    tally.note("rights: without them", wrong)


def main():
    tally = harness.Tally()
    wanted = sys.argv[1:]
    for function in TESTS:
        if not wanted or function.__name__ in wanted:
            begun = time.monotonic()
            function(tally)
            print(f"{time.monotonic() - begun:5.1f} s  {function.__name__}")
    tally.finish()


if __name__ == "__main__":
    main()
