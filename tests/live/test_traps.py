#!/usr/bin/env python3
"""Traps of ../faults/injuries.py's kind that need more than rows: failures, scope, session settings, threads.

An answer that was not earned is the worst thing this program could give, so every failure here must end in
`cannot-tell` (or `inconsistent`, where a difference was read before), never in `consistent`.
"""

import os
import subprocess
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults")]
import harness
from pairs import PAIRS
from proxy import Between

URL, OTHER = harness.URL, harness.URL_2
TESTS = []

TABLES = """
set client_min_messages = warning;
drop schema if exists t cascade; create schema t; grant usage on schema t to public;
create table t.old_t (id int primary key, v text, w int);
create table t.new_t (id int primary key, v text, w int);
insert into t.old_t select g, 'v' || g, g from generate_series(1, 2000) g;
insert into t.new_t select * from t.old_t;
grant select on all tables in schema t to public;
analyze t.old_t; analyze t.new_t;
"""


def test(function):
    TESTS.append(function)
    return function


def as_role(url, role):
    return url.replace("postgres@", f"{role}@")


def role(name, *settings):
    """A role of this cluster with these settings."""
    harness.psql(URL, f"""
do $$ begin if not exists (select from pg_roles where rolname = '{name}') then create role {name} login; end if; end $$;
alter role {name} reset all;""" + "".join(f"alter role {name} set {setting};\n" for setting in settings))
    return name


def spec(old_url=URL, new_url=OTHER, old=None, new=None):
    return {"check": "trap", "old": {"source": old_url, "table": "t.old_t", **(old or {})},
            "new": {"source": new_url, "table": "t.new_t", **(new or {})}, "equal": ["v", "w"]}


def tables():
    for url in (URL, OTHER):
        harness.psql(url, TABLES)


def all_modes(**sides):
    """The same check by join in one database, by stream and by digest across two."""
    yield "join", spec(new_url=URL, **sides), ("--mode", "join")
    yield "stream", spec(**sides), ("--mode", "stream")
    yield "digest", spec(**sides), ("--mode", "digest")


def unearned(name, run, failed=True):
    """What is wrong with a run that could not read everything."""
    wrong = run.is_verdict("cannot-tell")
    if run.result is not None:
        if failed and run.result["ranges"]["planned"] and not run.result["ranges"]["failed"]:
            wrong.append(f"no range failed: {run.result['ranges']}")
        if run.result["coverage"] >= 1:
            wrong.append(f"coverage is {run.result['coverage']}")
        if not run.result["reason"]:
            wrong.append("no reason is given")
    return [f"{name}: {line}" for line in wrong]


@test
def trap_01_error_in_one_row():
    """One range fails, the others are proved."""
    wrong = []
    bad = {"where": "case when id = 500 then 1 / (w - w) else 1 end = 1"}
    for mode, what, options in all_modes(new=bad):
        run = harness.Check(what, *options, "--chunk-rows", "100")
        wrong += unearned(mode, run)
        if run.result is not None and run.result["ranges"]["proved"] == 0:
            wrong.append(f"{mode}: the other ranges were not proved: {run.result['ranges']}")
    return wrong


@test
def trap_01_error_on_both_sides():
    bad = {"where": "1 / (w - w) = 1"}
    wrong = []
    for mode, what, options in all_modes(old=bad, new=bad):
        wrong += unearned(mode, harness.Check(what, *options))
    return wrong


@test
def trap_01_difference_found_before_the_error():
    """A difference that was read stays a difference: inconsistent, and the failed range is told."""
    for url in (URL, OTHER):
        harness.psql(url, "delete from t.new_t where id = 1900")
    wrong = []
    for mode, what, options in all_modes(new={"where": "case when id = 500 then 1 / (w - w) else 1 end = 1"}):
        run = harness.Check(what, *options, "--chunk-rows", "100")
        wrong += run.is_verdict("inconsistent")
        if run.result is not None and not run.result["ranges"]["failed"]:
            wrong.append(f"{mode}: no range failed: {run.result['ranges']}")
    return wrong


@test
def trap_01_select_revoked():
    reader = role("reader")
    for url in (URL, OTHER):
        harness.psql(url, "revoke select on t.new_t from public")
    wrong = []
    for mode, old, new in (("join", URL, URL), ("stream", URL, OTHER), ("digest", URL, OTHER)):
        run = harness.Check(spec(as_role(old, reader), as_role(new, reader)), "--mode", mode)
        if run.status != 2:
            wrong.append(f"{mode}: exit status {run.status}: {run.stderr.strip()}")
        if "new_t" not in run.stderr + run.stdout:
            wrong.append(f"{mode}: the table is not named: {run.stderr.strip()}")
    return wrong


@test
def trap_01_table_stays_locked():
    """The lock is never given, and waiting for it ends."""
    holder = subprocess.Popen(["psql", "-X", "-q", "-d", OTHER, "-c", "begin", "-c", "lock t.new_t", "-c",
                               "select pg_sleep(60)"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while harness.psql(OTHER, "select count(*) from pg_locks where relation = 't.new_t'::regclass").strip() == "0":
            time.sleep(0.02)
        run = harness.Check(spec(), "--mode", "stream")
        wrong = [] if run.status == 2 else [f"exit status {run.status}: {run.stderr.strip()}"]
        if "new_t" not in run.stderr + run.stdout:
            wrong.append(f"the table is not named: {run.stderr.strip()}")
        return wrong
    finally:
        holder.terminate()
        holder.wait()
        harness.psql(URL, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(60)'")


def ended_from_outside(function):
    """What is wrong where a server function ends every statement of ours that runs for a while, again and again."""
    victim = role("victim")
    slow = {"where": "pg_sleep(0.002) is not null"}
    wrong = []
    for mode, old, new in (("join", URL, URL), ("stream", URL, OTHER), ("digest", URL, OTHER)):
        done = threading.Event()

        def end():
            while not done.is_set():
                harness.psql(URL, f"select {function}(pid) from pg_stat_activity where usename = 'victim'"
                                  " and state = 'active' and now() - query_start > interval '150 ms'")
                time.sleep(0.05)

        thread = threading.Thread(target=end)
        thread.start()
        try:
            what = spec(as_role(old, victim), as_role(new, victim), old=slow, new=slow)
            run = harness.Check(what, "--mode", mode, "--chunk-rows", "1000")
        finally:
            done.set()
            thread.join()
        wrong += unearned(mode, run)
    return wrong


@test
def trap_01_backend_killed_again_and_again():
    return ended_from_outside("pg_terminate_backend")


@test
def trap_01_statement_cancelled_again_and_again():
    """What a statement timeout does."""
    return ended_from_outside("pg_cancel_backend")


class Cutter(Between):
    """Cuts every connection after so many bytes of answers."""

    def __init__(self, url, limit):
        self.limit = limit
        super().__init__(url)

    def answers(self, connection):
        left = self.limit
        while left > 0 and (data := connection.server.recv(4096)):
            connection.client.sendall(data[:left])
            left -= len(data)


@test
def trap_01_connection_cut_mid_range():
    """At several places, on the new side alone and on both sides at once."""
    wrong = []
    for limit in (500, 3000, 12000, 16000, 20000):
        for both in (False, True):
            new = Cutter(OTHER, limit)
            old = Cutter(URL, limit) if both else None
            try:
                run = harness.Check(spec(old.url if both else URL, new.url), "--mode", "stream", "--chunk-rows", "5000",
                                    "--workers", "1")
                name = f"cut after {limit} bytes on {'both sides' if both else 'the new side'}"
                if run.status != 2:
                    wrong.append(f"{name}: exit status {run.status}: {run.stderr.strip()}")
                elif run.result is not None:
                    wrong += unearned(name, run, failed=False)
            finally:
                new.close()
                if old:
                    old.close()
    return wrong


@test
def trap_01_no_server():
    wrong = []
    nobody = "postgresql://postgres@/x?host=/nonexistent"
    for old, new in ((URL, nobody), (nobody, URL), (nobody, nobody)):
        run = harness.Check(spec(old, new), timeout=60)
        if run.status != 2:
            wrong.append(f"exit status {run.status}: {run.stderr.strip()}")
    return wrong


@test
def trap_02_where_is_counted_as_it_reads():
    wrong = []
    for mode, what, options in all_modes(old={"where": "id % 3 = 0"}, new={"where": "id % 3 = 0"}):
        run = harness.Check(what, *options, "--chunk-rows", "100")
        wrong += run.is_verdict("consistent")
        if run.result is not None and run.result["rows"] != {"old": 666, "new": 666, "compared": 666}:
            wrong.append(f"{mode}: {run.result['rows']}")
    return wrong


@test
def trap_03_not_compared_is_told():
    harness.psql(URL, "alter table t.old_t add legacy int; alter table t.new_t add extra text, add other int")
    wrong = []
    for mode in ("join", "stream"):
        what = spec(new_url=URL)
        what["equal"] = "all"
        run = harness.Check(what, "--mode", mode)
        wrong += run.is_verdict("consistent")
        if run.result is not None:
            told = {side: sorted(names) for side, names in run.result["not_compared"].items()}
            if told != {"old": ["legacy"], "new": ["extra", "other"]}:
                wrong.append(f"{mode}: not_compared is {told}")
    return wrong


@test
def trap_03_column_left_out_of_equal_is_told():
    wrong = []
    for mode, what, options in all_modes():
        run = harness.Check({**what, "equal": ["v"]}, *options)
        wrong += run.is_verdict("consistent")
        if run.result is not None and run.result["not_compared"] != {"old": ["w"], "new": ["w"]}:
            wrong.append(f"{mode}: not_compared is {run.result['not_compared']}")
    return wrong


@test
def trap_03_types_without_a_common_meaning_are_refused():
    harness.psql(URL, "alter table t.new_t alter w type text")
    wrong = []
    for equal in ("all", ["v", "w"]):
        what = spec(new_url=URL)
        what["equal"] = equal
        run = harness.Check(what)
        if run.status != 3:
            wrong.append(f"equal {equal}: exit status {run.status}: {run.stderr.strip()}")
        if "new.w" not in run.stderr:
            wrong.append(f"equal {equal}: the column is not named: {run.stderr.strip()}")
    return wrong


@test
def trap_03_table_without_a_key_is_refused():
    harness.psql(URL, "alter table t.new_t drop constraint new_t_pkey; alter table t.old_t drop constraint old_t_pkey;"
                      "create unique index handy on t.old_t (w)")
    run = harness.Check(spec(new_url=URL))
    wrong = [] if run.status == 3 else [f"exit status {run.status}"]
    if "handy" not in run.stderr and "w" not in run.stderr:
        wrong.append(f"the unique index is not named: {run.stderr.strip()}")
    return wrong


@test
def trap_03_one_table_of_two_is_missing():
    harness.psql(URL, "drop table t.new_t")
    run = harness.Check(spec(new_url=URL))
    wrong = [] if run.status in (2, 3) else [f"exit status {run.status}"]
    if "new_t" not in run.stderr:
        wrong.append(f"the table is not named: {run.stderr.strip()}")
    return wrong


ODD = [
    ("timezone = 'Asia/Kathmandu'", "datestyle = 'German, DMY'", "intervalstyle = 'sql_standard'",
     "bytea_output = 'escape'", "extra_float_digits = 0", "standard_conforming_strings = off", 
     "default_transaction_isolation = 'serializable'", "search_path = ''", "xmloption = 'document'",
     "quote_all_identifiers = on"),
    ("timezone = 'America/St_Johns'", "datestyle = 'SQL, MDY'", "intervalstyle = 'iso_8601'", "bytea_output = 'hex'",
     "extra_float_digits = -5", "default_transaction_read_only = on", "enable_mergejoin = off",
     "enable_indexscan = off", "client_encoding = 'LATIN1'", "transform_null_equals = on"),
]


@test
def trap_15_session_settings_change_nothing():
    """Roles with odd settings on each side; then the smallest change of a float, a time and a bytea is still found."""
    one, other = role("odd_one", *ODD[0]), role("odd_other", *ODD[1])
    for url in (URL, OTHER):
        harness.psql(url, f"""
set timezone = 'UTC'; set client_min_messages = warning;
drop schema t cascade; create schema t;
{PAIRS["wide"].sql}
grant usage on schema t to public; grant select on all tables in schema t to public;""")
    what = {"check": "odd", **PAIRS["wide"].spec}
    wrong = []
    for injured in (False, True):
        if injured:
            for url in (URL, OTHER):
                harness.psql(url, """
update t.old_t set f8 = 0.3 where id = 100; update t.new_t set f8 = 0.1::float8 + 0.2::float8 where id = 100;
update t.new_t set at = at + interval '1 us' where id = 200;
update t.old_t set raw = '\\x5c' where id = 300; update t.new_t set raw = '\\x5c5c' where id = 300;
update t.new_t set handle = chr(128512) where id = 400; update t.old_t set username = chr(128512) where id = 400;""")
        for mode, old, new in (("join", as_role(URL, one), as_role(URL, one)),
                               ("join", as_role(URL, other), as_role(URL, other)),
                               ("stream", as_role(URL, one), as_role(URL, other)),
                               ("stream", as_role(URL, one), as_role(OTHER, other)),
                               ("digest", as_role(URL, one), as_role(OTHER, other))):
            sides = {"old": {"source": old, "table": "t.old_t"}, "new": {"source": new, "table": "t.new_t"}}
            run = harness.Check({**what, **sides}, "--mode", mode,
                                environment={"PGTZ": "Pacific/Apia", "PGDATESTYLE": "Postgres, YMD"})
            wrong += [f"{mode}: {line}" for line in run.is_verdict("inconsistent" if injured else "consistent")]
            found = sorted((f["key"][0], *f["columns"]) for f in run.result["findings"]) if run.result else None
            if found is not None and found != ([("100", "f8"), ("200", "at"), ("300", "raw")] if injured else []):
                wrong.append(f"{mode}: found {found}")
    return wrong


@test
def trap_18_many_workers_many_repeats():
    """Small ranges, many workers, again and again: the same rows, each once."""
    for url in (URL, OTHER):
        harness.psql(url, "delete from t.new_t where id % 100 = 7")
    wanted = [[str(i)] for i in range(7, 2001, 100)]
    wrong = []
    for repeat in range(6):
        for mode, what, options in all_modes():
            run = harness.Check(what, *options, "--workers", str(1 + 3 * (repeat % 3)),
                                "--chunk-rows", str(13 + 61 * repeat))
            if run.result is None:
                wrong.append(f"{mode}, repeat {repeat}: no result: {run.stderr.strip()}")
                continue
            rows, found = run.result["rows"], [f["key"] for f in run.result["findings"]]
            if sorted(found) != sorted(wanted) or rows != {"old": 2000, "new": 1980, "compared": 1980}:
                wrong.append(f"{mode}, repeat {repeat}: {rows}, found {found}")
    return wrong


def main():
    tally = harness.Tally()
    for function in TESTS:
        if len(sys.argv) > 1 and function.__name__ not in sys.argv[1:]:
            continue
        tables()
        try:
            wrong = function()
        except (RuntimeError, subprocess.SubprocessError, KeyError, TypeError) as problem:
            wrong = [f"{type(problem).__name__}: {problem}"]
        tally.note(function.__name__, wrong)
    tally.finish()


if __name__ == "__main__":
    main()
