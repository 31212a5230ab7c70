#!/usr/bin/env python3
"""Standbys: what is read there is as of a position of the primary, and nothing stale is ever called consistent.

    test_replica.py [NAME...]       some of the tests

A primary of this test's own, and standbys that stream from it. Trap 5 of other verifiers: a quiet second that was taken
for "caught up".
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, URL, Check, Tally, psql
from private_postgres import PrivatePostgres, SCRIPT

ROWS = 2000


class Standby:
    """with Standby(primary, "recovery_min_apply_delay = '3s'") as standby: streams from a PrivatePostgres."""

    def __init__(self, primary, *settings):
        self.folder = tempfile.mkdtemp(prefix="twofold-pg.")
        os.chmod(self.folder, 0o755)
        self.server = os.path.join(self.folder, "pg")
        self.port = primary.port
        done = subprocess.run([SCRIPT, "standby", self.server, primary.server, "listen_addresses = ''", *settings],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"could not start a standby: {done.stderr}{done.stdout}")
        self.admin = f"postgresql://postgres@/postgres?host={self.server}&port={self.port}"
        self.reader = self.admin.replace("postgres@", "reader@")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([SCRIPT, "stop", self.server], check=False)
        os.rmdir(self.folder)

    def catch_up(self, primary):
        """Until everything is replayed that is there now."""
        position = psql(primary.admin, "select pg_current_wal_insert_lsn()").strip()
        while psql(self.admin, f"select pg_last_wal_replay_lsn() >= '{position}'").strip() != "t":
            psql(primary.admin, "create table if not exists flush(); drop table flush")  # a commit flushes what is there
            time.sleep(0.05)

    def pause(self):
        psql(self.admin, "select pg_wal_replay_pause()")
        while psql(self.admin, "select pg_get_wal_replay_pause_state()").strip() != "paused":
            time.sleep(0.05)

    def resume(self):
        psql(self.admin, "select pg_wal_replay_resume()")

    def set(self, name, value):
        psql(self.admin, f"alter system set {name} = '{value}'")
        psql(self.admin, "select pg_reload_conf()")
        time.sleep(0.2)


def create(primary):
    psql(primary.admin, "create role reader login")
    for table in "old_t", "new_t":
        psql(primary.admin, f"create table {table} (id int primary key, v bigint not null);"
                            f" insert into {table} select g, 0 from generate_series(1, {ROWS}) g; analyze {table};"
                            f" grant select on {table} to reader")
    primary.reader = primary.admin.replace("postgres@", "reader@")


def write_both(primary, where="true"):
    psql(primary.admin, f"begin; update old_t set v = v + 1 where {where}; update new_t set v = v + 1 where {where};"
                        f" commit")


def spec(primary, standby, old_side=None, **new_side):
    old = {"source": primary.reader, "table": "old_t", **(old_side or {})}
    return {"check": "replica", "old": old, "new": {"source": standby.reader, "table": "new_t", **new_side}}


def said(run, *words):
    reason = run.result["reason"] if run.result else run.stderr
    return [f"\"{word}\" is not in: {reason}" for word in words if word not in reason]


def timed(run):
    start = time.monotonic()
    return run(), time.monotonic() - start


# ---- waiting -----------------------------------------------------------------------------------------------------

def test_a_late_standby_is_waited_for(tally, primary, standby):
    standby.set("recovery_min_apply_delay", "3s")
    write_both(primary)
    run, took = timed(lambda: Check(spec(primary, standby, as_of=primary.reader)))
    wrong = run.is_verdict("consistent") + said(run, "new as of 0/")
    if not 2 < took < 20:
        wrong.append(f"it took {took:.1f} s")
    as_of = run.result.get("as_of", {}) if run.result else {}
    if set(as_of) != {"new"} or set(as_of["new"]) != {"standby", "position", "at"}:
        wrong.append(f"as_of is {as_of}")
    tally.note("a late standby is waited for", wrong)

    psql(primary.admin, "update new_t set v = -1 where id = 77")
    run = Check(spec(primary, standby, as_of=primary.reader), "--chunk-rows", "100")
    found = [finding["key"] for finding in run.result["findings"]] if run.result else []
    tally.note("a late standby: a fault is found", run.is_verdict("inconsistent")
               + ([] if found == [["77"]] else [f"found {found}"]))
    psql(primary.admin, "update new_t set v = (select v from old_t where id = 77) where id = 77")
    standby.set("recovery_min_apply_delay", "0")
    standby.catch_up(primary)


class Watch:
    """Of the check's sessions on a server: the longest time that a transaction was open."""

    def __init__(self, url):
        self.url, self.oldest, self.stop = url, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.stop.is_set():
            age = psql(self.url, "select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)"
                                 " from pg_stat_activity where application_name like 'twofold%'")
            self.oldest = max(self.oldest, float(age))
            time.sleep(0.03)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def look(tally, name, spec_of, status, words):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(spec_of, file)
        file.flush()
        done = subprocess.run([PROGRAM, "look", file.name, "7"], capture_output=True, text=True, timeout=60)
    good = done.returncode == status and words in done.stdout + done.stderr
    tally.note(name, [] if good else [f"the exit status is {done.returncode}: {done.stdout}{done.stderr}"])


def test_a_stalled_standby_is_given_up(tally, primary, standby):
    standby.pause()
    write_both(primary)
    with Watch(standby.admin) as there, Watch(primary.admin) as here:
        run, took = timed(lambda: Check(spec(primary, standby, as_of=primary.reader, max_wait="2 s"),
                                        "--chunk-rows", "100"))
    wrong = run.is_verdict("cannot-tell") + said(run, "bytes behind", "its replay is paused")
    if not 1.9 < took < 8:
        wrong.append(f"it took {took:.1f} s")
    if max(here.oldest, there.oldest) > 0.5:
        wrong.append(f"a transaction was open for {there.oldest:.2f} s there, {here.oldest:.2f} s here")
    tally.note("a stalled standby is given up", wrong)

    both = {"check": "replica", "old": {"source": standby.reader, "table": "old_t"}, "new": {"table": "new_t"}}
    run = Check(both)
    tally.note("both sides of a stalled standby: as of the standby",
               run.is_verdict("consistent") + said(run, "; as of the standby"))
    for mode in "join", "stream":
        asked = {**both, "old": {**both["old"], "as_of": primary.reader, "max_wait": "1 s"}}
        run = Check(asked, "--mode", mode)
        tally.note(f"both sides of a stalled standby, by {mode}: as of the primary",
                   run.is_verdict("cannot-tell") + said(run, "its replay is paused"))
    look(tally, "a row of a stalled standby is not looked at", spec(primary, standby, as_of=primary.reader,
                                                                    max_wait="1 s"), 2, "its replay is paused")
    look(tally, "a row of a stalled standby that is not waited for", spec(primary, standby), 1, "DIFFERENT")
    run = Check(spec(primary, standby))
    tally.note("a stalled standby that is not waited for", run.is_verdict("inconsistent")
               + said(run, "new as of the standby"))
    standby.resume()
    look(tally, "a row of a late standby", spec(primary, standby, as_of=primary.reader), 0, "equal")
    standby.catch_up(primary)


SLOW = {"where": "pg_sleep(0.001) is not null"}  # two seconds, row by row


def wait_for_a_range(primary):
    """Until SLOW rows are being read: the run has taken its position."""
    for _ in range(600):
        if psql(primary.admin, "select 1 from pg_stat_activity where application_name like 'twofold/replica %'"
                               " and state = 'active' and query ~* '(copy|hashint8extended).*pg_sleep'"
                               " and clock_timestamp() - query_start > '20 ms'") != "":
            return
        time.sleep(0.02)
    raise RuntimeError("no range is being read")


def written_while_read(primary, standby, meanwhile):
    """A transaction writes both tables while they are read, behind the position that the run took."""
    standby.catch_up(primary)

    def write():
        wait_for_a_range(primary)
        standby.pause()
        write_both(primary, f"id > {ROWS - 20}")
        meanwhile()

    writer = threading.Thread(target=write)
    writer.start()
    run = Check(spec(primary, standby, SLOW, as_of=primary.reader, max_wait="3 s"), "--chunk-rows", "100",
                "--workers", "1")
    writer.join()
    standby.resume()
    return run


def test_what_is_not_replayed_is_no_finding(tally, primary, standby):
    run = written_while_read(primary, standby, lambda: None)
    wrong = run.is_verdict("cannot-tell") + said(run, "its replay is paused")
    if run.result and (run.result["mismatched_rows"] != 0 or run.result["in_flight"] != 20):
        wrong.append(f"{run.result['mismatched_rows']} mismatched, {run.result['in_flight']} in flight")
    tally.note("what is not replayed is no finding", wrong)

    def go_on():
        time.sleep(2.5)
        standby.resume()

    run = written_while_read(primary, standby, go_on)
    tally.note("what is replayed in time is traffic", run.is_verdict("consistent"))


def test_a_dual_writer(tally, primary, standby):
    """Settling is on for a standby, whatever is said."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set id random(1, {ROWS})\nbegin;\nupdate old_t set v = v + 1 where id = :id;\n"
                     "update new_t set v = v + 1 where id = :id;\ncommit;\n")
        script.flush()
        bench = subprocess.Popen(["pgbench", "-n", "-c", "4", "-T", "8", "-f", script.name, primary.admin],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs = 0
        while bench.poll() is None:
            as_of = {"as_of": primary.reader} if runs % 2 == 0 else {}
            run = Check(spec(primary, standby, **as_of), "--chunk-rows", "200", "--settle", ["0 s", "1 s"][runs // 2 % 2])
            stale = not as_of and "new as of the standby" in run.result["reason"]  # nobody said how far it must be
            wrong = run.wrong() + ([] if run.status in (0, 2) or stale else [f"the verdict is {run.result['reason']}"])
            tally.note(f"a dual writer, run {runs}", wrong)
            runs += 1
    tally.note("a dual writer: several runs", [] if runs > 3 else [f"{runs} runs"])
    standby.catch_up(primary)
    tally.note("a dual writer: quiet again", Check(spec(primary, standby, as_of=primary.reader)).is_verdict("consistent"))


# ---- conflicts -----------------------------------------------------------------------------------------------------

def test_a_recovery_conflict_is_tried_again(tally, primary, standby):
    standby.set("max_standby_streaming_delay", "0")
    psql(standby.admin, "select pg_stat_reset()")

    def clean():
        for _ in range(4):
            time.sleep(0.6)
            psql(primary.admin, "update new_t set v = v where id % 7 = 0")
            psql(primary.admin, "vacuum new_t")

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    # Both sides are read there: a snapshot on the primary would keep vacuum from cleaning.
    run = Check({"check": "replica", "old": {"source": standby.reader, "as_of": primary.reader, "table": "old_t", **SLOW},
                 "new": {"table": "new_t"}}, "--mode", "stream", "--chunk-rows", "300", "--workers", "1")
    cleaner.join()
    time.sleep(1)
    conflicts = int(psql(standby.admin, "select sum(confl_snapshot) from pg_stat_database_conflicts"))
    tally.note("a recovery conflict is tried again", run.is_verdict("consistent")
               + ([] if conflicts > 0 else ["there was no conflict"]))
    standby.set("max_standby_streaming_delay", "30s")


# ---- the wrong server ------------------------------------------------------------------------------------------------

def refused(tally, name, spec_of, *words):
    run = Check(spec_of)
    wrong = [] if run.status == 3 else [f"the exit status is {run.status}: {run.result and run.result['reason']}"]
    tally.note(name, wrong + said(run, *words))


def test_other_servers(tally, primary, standby):
    refused(tally, "as_of names another cluster", spec(primary, standby, as_of=URL), "it is no copy", "as_of")
    refused(tally, "as_of names a standby", spec(primary, standby, as_of=standby.admin), "is a standby itself")
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        refused(tally, "as_of names SQLite", spec(primary, standby, as_of="sqlite:" + file.name), "has no positions")
    nobody = "postgresql:///postgres?host=/nowhere&password=hunter2"
    run = Check(spec(primary, standby, as_of=nobody))
    tally.note("as_of names a server that is down", ([] if run.status == 2 else [f"the exit status is {run.status}"])
               + (["the password is shown"] if "hunter2" in run.stdout + run.stderr else []))
    run = Check({"check": "replica", "old": {"source": primary.reader, "table": "old_t"},
                 "new": {"source": primary.reader, "as_of": primary.reader, "table": "new_t"}})
    tally.note("a side that is the primary itself", run.is_verdict("consistent") + said(run, "new as of 0/"))


def test_other_timelines(tally, primary, standby):
    """After a promotion positions of the two lines have no order."""
    with Standby(primary) as promoted:
        promoted.catch_up(primary)
        psql(promoted.admin, "select pg_promote()")
        psql(promoted.admin, "update new_t set v = -5 where id = 5; update old_t set v = -5 where id = 5")
        psql(primary.admin, "create table filler as select g from generate_series(1, 50000) g")
        standby.catch_up(primary)
        run = Check({"check": "replica", "old": {"source": promoted.reader, "table": "old_t"},
                     "new": {"source": standby.reader, "as_of": promoted.reader, "max_wait": "1 s", "table": "new_t"}})
        tally.note("a standby that did not follow the promotion", run.is_verdict("cannot-tell")
                   + said(run, "of timeline 1, the primary is on timeline 2"))
        refused(tally, "a standby that was promoted", spec(primary, promoted, as_of=primary.reader),
                "it is not in recovery")
        with Standby(promoted) as follower:
            run = Check(spec(primary, follower, as_of=primary.reader))
            tally.note("a standby of the promoted one", ([] if run.status == 2 else [f"the status is {run.status}"])
                       + said(run, "it follows timeline 2", "timeline 1"))
            run = Check({"check": "replica", "old": {"source": promoted.reader, "table": "old_t"},
                         "new": {"source": follower.reader, "as_of": promoted.reader, "table": "new_t"}})
            tally.note("a standby that follows the new primary", run.is_verdict("consistent"))


def main():
    tests = [test for name, test in globals().items()
             if name.startswith("test_") and (len(sys.argv) == 1 or name in sys.argv[1:])]
    tally = Tally()
    with PrivatePostgres("track_commit_timestamp = on") as primary:
        create(primary)
        with Standby(primary) as standby:
            for test in tests:
                test(tally, primary, standby)
    tally.finish()


if __name__ == "__main__":
    main()
