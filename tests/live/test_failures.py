#!/usr/bin/env python3
"""What fails while a check runs, or keeps changing under it. A difference is planted wherever something fails, so that
`consistent` would always be wrong; what failed must be told by name, in the JSON result, too.

    tests/live/test_failures.py [SEED] [NAME...]
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from proxy import Between, Reader, message
from test_traps import Cutter, as_role, role

URL, OTHER = harness.URL, harness.URL_2
ROWS, WRONG = 800, 600
TESTS = []

TABLES = f"""
set client_min_messages = warning;
drop schema if exists t cascade; create schema t; grant usage on schema t to public;
create table t.old_t (id int primary key, v text, w int);
create table t.new_t (id int primary key, v text, w int);
insert into t.old_t select g, 'v' || g, g from generate_series(1, {ROWS}) g;
insert into t.new_t select id, v, case when id = {WRONG} then -1 else w end from t.old_t;
grant select on all tables in schema t to public;
analyze t.old_t; analyze t.new_t;
"""


def test(function):
    TESTS.append(function)
    return function


def spec(old_url=URL, new_url=OTHER, where=None, **more):
    sides = {"old": {"source": old_url, "table": "t.old_t"}, "new": {"source": new_url, "table": "t.new_t"}}
    if where:
        for side in sides.values():
            side["where"] = where
    return {"check": "failures", **sides, "equal": ["v", "w"], **more}


SLOW = "pg_sleep(0.002) is not null"
MODES = (("join", URL), ("stream", URL), ("stream", OTHER))


def unearned(name, run, *says, found=True):
    """What is wrong with a run that could not read everything: it must not say consistent, and tell why. A difference
    that was read may be told; nothing else may be found."""
    wrong = run.wrong()
    if run.status not in (1, 2):
        wrong.append(f"exit status {run.status}: {run.stderr.strip()}")
    if run.result is not None:
        ranges = run.result["ranges"]
        keys = [f["key"] for f in run.result["findings"]]
        if keys not in ([], [[str(WRONG)]]) or (keys and not found):
            wrong.append(f"invented: {keys[:5]}")
        if (run.result["verdict"] == "inconsistent") != bool(keys):
            wrong.append(f"{run.result['verdict']} with findings {keys[:5]}")
        if run.result["verdict"] == "cannot-tell" and run.result["coverage"] >= 1:
            wrong.append(f"coverage is {run.result['coverage']}")
        if ranges["proved"] + ranges["failed"] > ranges["planned"]:
            wrong.append(f"ranges are {ranges}")
        told = f"{run.result['reason']} {run.result.get('error', '')}"
        wrong += [f"\"{word}\" is not in the result: {told}" for word in says if word not in told]
    return [f"{name}: {line}" for line in wrong]


# Returns when a check is reading rows, or after ten seconds.
UNTIL_IT_READS = """
do $$ begin
  for i in 1..1000 loop
    perform pg_stat_clear_snapshot();
    exit when exists (select from pg_stat_activity where application_name like 'twofold/failures%' and state = 'active'
                      and query like '%pg_sleep%' and query not like '%EXPLAIN%'
                      and clock_timestamp() - query_start > '5 ms');
    perform pg_sleep(0.01);
  end loop;
end $$"""


def while_running(spec_, options, action):
    """A run, with something done to it as soon as it reads rows."""
    def act():
        harness.psql(URL, UNTIL_IT_READS)
        time.sleep(0.1)
        action()
    thread = threading.Thread(target=act)
    thread.start()
    try:
        return harness.Check(spec_, *options)
    finally:
        thread.join()


# --- what is taken away


@test
def trap_01_select_revoked_while_it_runs():
    wrong = []
    reader = role("reader_fail")
    for mode, new in MODES:
        for side in ("new", "old"):
            harness.psql(URL, TABLES)
            url = URL if side == "old" else new
            run = while_running(spec(as_role(URL, reader), as_role(new, reader), SLOW),
                                ("--mode", mode, "--chunk-rows", "50", "--workers", "2"),
                                lambda url=url, side=side: harness.psql(url, f"revoke select on t.{side}_t "
                                                                             "from public"))
            wrong += unearned(f"{mode}, {side}", run, "permission denied", f"{side}_t")
            harness.psql(url, f"grant select on t.{side}_t to public")
    return wrong


@test
def trap_01_table_dropped_while_it_runs():
    wrong = []
    for mode, new in MODES[:2]:
        for sql, says in (("drop table t.new_t", "new_t"), ("alter table t.new_t rename w to ww", "w"),
                          ("alter table t.new_t alter w type text", ""), ("alter table t.new_t drop w", "w")):
            harness.psql(URL, TABLES)
            run = while_running(spec(URL, new, SLOW), ("--mode", mode, "--chunk-rows", "40", "--workers", "1"),
                                lambda sql=sql: harness.psql(URL, sql))
            wrong += unearned(f"{mode}, {sql}", run, says)
    harness.psql(URL, TABLES)
    return wrong


@test
def trap_01_rows_emptied_while_it_runs():
    """To a snapshot that is older a truncated table is empty, which is not what it would see."""
    wrong = []
    for mode, new in MODES[:2]:
        harness.psql(URL, TABLES)
        run = while_running(spec(URL, new, SLOW), ("--mode", mode, "--chunk-rows", "40", "--workers", "1"),
                            lambda: harness.psql(URL, "truncate t.new_t"))
        if run.status == 0 or run.wrong():
            wrong.append(f"{mode}: exit status {run.status}: {run.stderr.strip()} {run.wrong()}")
    harness.psql(URL, TABLES)
    return wrong


@test
def trap_01_server_goes_away():
    """The new side's own server ends for good."""
    script = os.path.join(harness.ROOT, "tests", "postgres.sh")
    with tempfile.TemporaryDirectory(prefix="twofold-gone-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        place = os.path.join(folder, "pg")
        url = subprocess.run([script, "start", place], capture_output=True, text=True, check=True).stdout.strip()
        try:
            harness.psql(url, TABLES)
            run = while_running(spec(URL, url, SLOW), ("--mode", "stream", "--chunk-rows", "40", "--workers", "2"),
                                lambda: subprocess.run([script, "stop", place], check=False))
        finally:
            subprocess.run([script, "stop", place], check=False)
    return unearned("server gone", run, place)


@test
def trap_01_connections_cut_anywhere(rng):
    """After any number of bytes, on one side or both, again after every reconnect. Never consistent."""
    wrong = []
    for mode, new in MODES:
        for _ in range(4):
            limit = rng.choice([rng.randint(1, 3000), rng.randint(3000, 30000), rng.randint(30000, 100000)])
            sides = rng.choice(["new", "old", "both"])
            cutters = {side: Cutter(URL if side == "old" else new, limit)
                       for side in ("old", "new") if sides in (side, "both")}
            if mode == "join":  # both sides must be one place
                cutters["new"] = cutters.get("new") or cutters["old"]
                cutters["old"] = cutters["new"]
            urls = {side: cutters[side].url if side in cutters else {"old": URL, "new": new}[side]
                    for side in ("old", "new")}
            run = harness.Check(spec(urls["old"], urls["new"]), "--mode", mode, "--chunk-rows",
                                rng.choice(["100", "3000"]), "--workers", str(rng.randint(1, 3)))
            wrong += unearned(f"{mode}, cut after {limit} bytes on {sides}", run)
            for cutter in {id(cutter): cutter for cutter in cutters.values()}.values():
                cutter.close()
    return wrong


CONFLICT = b"do $$ begin raise 'canceled' using errcode = '40001'; end $$\0"
REFUSED = b"select 'the transaction has failed'\0"
LATE = b"begin; set local statement_timeout = 1; select pg_sleep(10)\0"
ENDED = b"rollback; select pg_terminate_backend(pg_backend_pid())\0"


class Spoiler(Between):
    """Puts other statements in the place of some: (what one begins with, what is sent), ..., in turn."""

    def __init__(self, url, *spoil):
        self.spoil = list(spoil)
        super().__init__(url)

    def questions(self, connection):
        reader = Reader(connection.client, first_is_bare=True)
        while True:
            kind, body = reader.next()
            if self.spoil and kind == b"Q" and body.startswith(self.spoil[0][0]):
                body = self.spoil.pop(0)[1]
            connection.server.sendall(message(kind, body))


def spoilt(*spoil):
    """Either side's statements are spoilt; everything is read all the same."""
    wrong = []
    for side in ("old", "new"):
        with Spoiler(URL if side == "old" else OTHER, *spoil) as between:
            urls = {"old": URL, "new": OTHER, side: between.url}
            run = harness.Check(spec(urls["old"], urls["new"]), "--mode", "stream", "--workers", "1")
            keys = [f["key"] for f in run.result["findings"]] if run.result else run.stderr
        wrong += run.is_verdict("inconsistent") + ([] if keys == [[str(WRONG)]] else [f"{side}: found {keys}"])
        wrong += [] if not between.spoil else [f"{side}: nothing was spoilt"]
        wrong += [] if run.result and run.result["coverage"] == 1 else [f"{side}: {run.result and run.result['reason']}"]
    return wrong


@test
def trap_01_rollback_that_fails():
    """As where a late request to cancel hits it. The transaction does not stay open: its range is read again on another
    connection."""
    return spoilt((b"COPY ", CONFLICT), (b"ROLLBACK\0", REFUSED))


@test
def trap_15_a_session_that_ends_before_its_rollback():
    """A role's statement_timeout hits the message that lifts it, and its limit on idling the failed transaction."""
    return spoilt((b"BEGIN ", LATE), (b"ROLLBACK\0", ENDED))


@test
def trap_01_no_place_to_connect_to():
    """The result is written, and names who was not there."""
    nobody = "postgresql://postgres@/x?host=/nonexistent"
    wrong = []
    for old, new in ((URL, nobody), (nobody, URL), (nobody, nobody)):
        wrong += unearned("nobody there", harness.Check(spec(old, new)), "/nonexistent", found=False)
    gone = re.sub(r"^(postgresql://[^/]*/)[^?]*", r"\g<1>gone", URL)
    for old, new in ((URL, gone), (gone, URL), (gone, gone)):
        wrong += unearned("no such database", harness.Check(spec(old, new)), '"gone" does not exist', found=False)
    return wrong


@test
def trap_01_too_few_connections():
    """A role that may hold two connections, asked for by eight workers: every row is read, or the verdict says not."""
    few = role("few_fail")
    harness.psql(URL, "alter role few_fail connection limit 2")
    wrong = []
    for mode, new in MODES:
        run = harness.Check(spec(as_role(URL, few), as_role(new, few)), "--mode", mode, "--chunk-rows", "50",
                            "--workers", "8")
        if run.status == 1:
            wrong += run.is_verdict("inconsistent")
            if run.result and not run.result["ranges"]["failed"] and run.result["rows"]["old"] != ROWS:
                wrong.append(f"{mode}: {run.result['rows']}")
        else:
            wrong += unearned(mode, run)
    return wrong


@test
def trap_01_rows_hidden_by_a_policy():
    """A policy that hides the difference must not make it agree."""
    harness.psql(URL, "alter table t.new_t enable row level security;"
                      f"create policy few on t.new_t using (id <> {WRONG})")
    hidden = role("hidden_fail")
    wrong = []
    for mode in ("join", "stream"):
        run = harness.Check(spec(as_role(URL, hidden), as_role(URL, hidden)), "--mode", mode)
        if run.status not in (2, 3) or "row-level security" not in run.stderr + run.stdout:
            wrong.append(f"{mode}: exit status {run.status}: {run.stderr.strip()}")
    harness.psql(URL, TABLES)
    return wrong


@test
def trap_01_stopped_by_a_signal():
    wrong = []
    for mode, new in MODES:
        for number in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryDirectory() as folder:
                path, out = os.path.join(folder, "spec.yaml"), os.path.join(folder, "out.json")
                with open(path, "w") as file:
                    json.dump(spec(URL, new, "pg_sleep(0.02) is not null"), file)
                run = subprocess.Popen([harness.PROGRAM, "check", path, "--mode", mode, "--json", out, "--chunk-rows",
                                        "100", "--ledger", f"sqlite:{folder}/ledger.db"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
                harness.psql(URL, UNTIL_IT_READS)
                start = time.monotonic()
                run.send_signal(number)
                said = run.communicate(timeout=30)[1]
                seconds = time.monotonic() - start
                result = {}
                if os.path.exists(out):
                    with open(out) as file:
                        result = json.load(file)
            name = f"{mode}, signal {number.value}"
            if run.returncode != 2 or result.get("verdict") != "cannot-tell" or not result.get("reason"):
                wrong.append(f"{name}: exit status {run.returncode}, result {str(result)[:300]}: {said.strip()}")
            if seconds > 5:
                wrong.append(f"{name}: it took {seconds:.1f} s to stop")
    left = harness.psql(URL, "select count(*) from pg_stat_activity"
                             " where application_name like 'twofold/failures%'").strip()
    return wrong + ([f"{left} connections are left"] if left != "0" else [])


# --- settings of the session


@test
def trap_15_small_timeouts_and_odd_plans_change_nothing():
    """Roles whose settings would end, slow down or change what is read."""
    settings = {
        "hasty_fail": ("statement_timeout = '1ms'", "lock_timeout = '1ms'", "work_mem = '64kB'",
                       "idle_in_transaction_session_timeout = '1ms'", "enable_hashjoin = off", "enable_sort = off"),
        "elsewhere_fail": ("search_path = 'decoy, t'", "enable_mergejoin = off", "enable_indexscan = off",
                           "enable_seqscan = off", "default_transaction_deferrable = on", "jit_above_cost = 0",
                           "max_parallel_workers_per_gather = 4", "parallel_setup_cost = 0",
                           "synchronize_seqscans = off", "default_transaction_isolation = 'serializable'"),
    }
    roles = [role(name, *some) for name, some in settings.items()]
    for url in (URL, OTHER):
        harness.psql(url, "drop schema if exists decoy cascade; create schema decoy; create table decoy.old_t (id int "
                          "primary key, v text, w int); create table decoy.new_t (like decoy.old_t including all); "
                          "grant usage on schema decoy to public; grant select on all tables in schema decoy to public")
    wrong = []
    for one, other in ((roles[0], roles[0]), (roles[1], roles[1]), (roles[0], roles[1])):
        for mode, new in MODES:
            run = harness.Check(spec(as_role(URL, one), as_role(new, other)), "--mode",
                                mode if one == other else "stream", "--chunk-rows", "100")
            wrong += [f"{mode}, {one}: {line}" for line in run.is_verdict("inconsistent")]
            if run.result and (run.result["rows"] != {"old": ROWS, "new": ROWS, "compared": ROWS} or
                               [f["key"] for f in run.result["findings"]] != [[str(WRONG)]]):
                wrong.append(f"{mode}, {one}: {run.result['rows']}, {run.result['findings'][:3]}")
    return wrong


# --- what changes under it


class Writer:
    """Writes both tables for as long as it is open."""

    def __init__(self, *loops):
        """loops: (url, SQL of one round, run again and again)"""
        self.processes = [subprocess.Popen(
            ["psql", "-X", "-q", "-d", url, "-v", "ON_ERROR_STOP=1", "-c", f"""
do $writer$ begin for i in 1..1000000 loop {sql} commit; end loop; end $writer$"""],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PGAPPNAME": "writer"})
            for url, sql in loops]

    def __enter__(self):
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        harness.psql(URL, "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                          " where application_name = 'writer'")
        for process in self.processes:
            process.wait()


# Rows come, change, go and move to other ranges, in both tables at once.
BOTH_AT_ONCE = f"""
insert into t.old_t values (-i, 'n', i); insert into t.new_t values (-i, 'n', i);
update t.old_t set w = i where id = i % {ROWS} and id <> {WRONG};
update t.new_t set w = i where id = i % {ROWS} and id <> {WRONG};
update t.old_t set id = {ROWS} + i where id = 1 - i; update t.new_t set id = {ROWS} + i where id = 1 - i;
delete from t.old_t where id = {ROWS} - 10 + i; delete from t.new_t where id = {ROWS} - 10 + i;"""


@test
def trap_25_written_while_it_runs():
    """Both sides in one transaction: each range is read in one snapshot; only the difference is found."""
    wrong = []
    with Writer((URL, BOTH_AT_ONCE)):
        for repeat in range(3):
            for mode in ("join", "stream"):
                run = harness.Check(spec(URL, URL), "--mode", mode, "--chunk-rows", "60", "--workers", "3")
                wrong += [f"{mode}: {line}" for line in run.is_verdict("inconsistent")]
                if run.result is None:
                    continue
                rows, keys = run.result["rows"], [f["key"] for f in run.result["findings"]]
                if keys != [[str(WRONG)]] or not rows["old"] == rows["new"] == rows["compared"]:
                    wrong.append(f"{mode}, run {repeat}: {rows}, found {keys[:5]}")
    harness.psql(URL, TABLES)
    return wrong


@test
def trap_25_written_a_moment_later_elsewhere():
    """The new side lies in another database and is written a little later: traffic is not a finding, the planted
    difference is."""
    harness.psql(URL, "create extension if not exists dblink with schema public")
    far = harness.psql(URL, "select format('host=%s port=%s user=postgres', current_setting('unix_socket_directories'),"
                            " current_setting('port'))").strip()
    far += f" dbname={harness.psql(OTHER, 'select current_database()').strip()}"
    write = f"""
update t.old_t set w = i where id = 1 + i % 500; commit; perform pg_sleep(0.005);
perform public.dblink_exec('{far}', format('update t.new_t set w = %s where id = %s', i, 1 + i % 500));"""
    wrong = []
    with Writer((URL, write)):
        for _ in range(3):
            run = harness.Check(spec(), "--chunk-rows", "100", "--workers", "2", "--settle", "2 s")
            wrong += run.is_verdict("inconsistent")
            keys = [f["key"] for f in run.result["findings"]] if run.result else None
            if keys != [[str(WRONG)]]:
                wrong.append(f"found {keys and keys[:5]}")
    return wrong


# --- buffers


@test
def trap_18_rows_at_the_edge_of_a_batch():
    """k batches of rows, one more and one less, narrow and so wide that a batch ends early; the last row differs."""
    wrong = []
    for rows, width in ((1023, 1), (1024, 1), (1025, 9), (2048, 1), (40, 300000)):
        for url in (URL, OTHER):
            harness.psql(url, f"""
set client_min_messages = warning; truncate t.old_t, t.new_t;
insert into t.old_t select g, repeat('x', {width}) || g, g from generate_series(1, {rows}) g;
insert into t.new_t select id, case when id in ({rows}, 1) then v || '!' else v end, w from t.old_t;""")
        for mode, new in MODES:
            run = harness.Check(spec(URL, new), "--mode", mode)
            wrong += run.is_verdict("inconsistent")
            keys = [f["key"][0] for f in run.result["findings"]] if run.result else None
            if keys != ["1", str(rows)] or run.result["rows"] != {"old": rows, "new": rows, "compared": rows}:
                wrong.append(f"{rows} rows of {width}, {mode}: found {keys and keys[:5]}, {run.result['rows']}")
    return wrong


def main():
    words = sys.argv[1:]
    seed = int(words.pop(0)) if words and words[0].isdigit() else random.SystemRandom().randint(1, 10**9)
    print(f"seed {seed}")
    tally = harness.Tally()
    for function in TESTS:
        if words and function.__name__ not in words:
            continue
        start = time.monotonic()
        for url in (URL, OTHER):
            harness.psql(url, TABLES)
        try:
            arguments = [random.Random(f"{seed} {function.__name__}")] if function.__code__.co_argcount else []
            wrong = function(*arguments)
        except (RuntimeError, subprocess.SubprocessError, KeyError, TypeError, ValueError) as problem:
            wrong = [f"{type(problem).__name__}: {problem}"[:1000]]
        if os.environ.get("TWOFOLD_TEST_TIMES"):
            print(f"{time.monotonic() - start:6.1f} s  {function.__name__}")
        tally.note(function.__name__, wrong)
    tally.finish()


if __name__ == "__main__":
    main()
