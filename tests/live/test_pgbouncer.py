#!/usr/bin/env python3
"""Behind PgBouncer in transaction mode (trap 24): the check notices, answers right, leaves nothing behind in the pool's
sessions, and does not wait for itself where the pool is small.
"""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

URL, OTHER = harness.URL, harness.URL_2
PORT = 6432  # of a socket in a folder of its own: no other program's
TESTS = []

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t as select g::bigint id, g * 0.5::float8 ratio, timestamptz '2026-01-01' + g * interval '1 s' made,
    'note ' || g note from generate_series(1, 60000) g;
create table new_t as select * from old_t;
alter table old_t add primary key (id);
alter table new_t add primary key (id);
vacuum analyze old_t;
vacuum analyze new_t;
delete from new_t where id = 17;
update new_t set note = 'other' where id = 31337;
insert into new_t values (70000, 1, now(), 'more');
"""
FINDINGS = [("different", ["31337"]), ("missing_in_new", ["17"]), ("missing_in_old", ["70000"])]
SETTINGS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "DateStyle", "TimeZone",
            "IntervalStyle", "extra_float_digits", "bytea_output", "row_security", "enable_seqscan", "work_mem",
            "default_transaction_isolation", "transaction_read_only", "standard_conforming_strings", "search_path"]


def test(function):
    TESTS.append(function)
    return function


class Pooler:
    """pgbouncer in front of the server of `url`, with pools of `size` connections, in transaction mode."""

    def __init__(self, size, url=URL, **settings):
        self.folder = tempfile.mkdtemp(prefix="twofold-pgbouncer.")
        os.chmod(self.folder, 0o755)
        server = {name: values[0] for name, values in
                  urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).items() if name in ("host", "port")}
        place = " ".join(f"{name}={value}" for name, value in server.items())
        options = {"listen_addr": "", "unix_socket_dir": self.folder, "listen_port": PORT, "auth_type": "any",
                   "pool_mode": "transaction", "default_pool_size": size, "max_client_conn": 100,
                   "ignore_startup_parameters": "extra_float_digits", "query_wait_timeout": 120,
                   "logfile": self.folder + "/log", "stats_period": 3600, **settings}
        with open(self.folder + "/ini", "w") as file:
            file.write(f"[databases]\n* = {place} user=postgres\n[pgbouncer]\n")
            file.writelines(f"{name} = {value}\n" for name, value in options.items())
        self.process = subprocess.Popen([shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", self.folder + "/ini"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.account())
        for _ in range(200):
            asked = subprocess.run(["psql", "-X", "-q", "-d", self.url(url), "-c", "select 1"], capture_output=True)
            if asked.returncode == 0:
                return
            time.sleep(0.05)
        with open(self.folder + "/log") as file:
            raise RuntimeError("could not start pgbouncer: " + file.read())

    def account(self):
        """It refuses to run as root."""
        if os.getuid() != 0:
            return {}
        names = [name for name in ("postgres", "nobody") if name in {user.pw_name for user in pwd.getpwall()}]
        user = pwd.getpwnam(names[0])
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def url(self, url):
        return re.sub(r"host=.*", f"host={self.folder}&port={PORT}", url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


def spec(old, new, **more):
    return {"check": "pooled", "old": {"source": old, "table": "old_t"}, "new": {"source": new, "table": "new_t"},
            **more}


def findings_of(run):
    return sorted((finding["kind"], finding["key"]) for finding in run.result["findings"])


def right(run):
    """What is wrong with a run that should have found what TABLES planted."""
    wrong = run.is_verdict("inconsistent")
    if not wrong and (findings_of(run) != FINDINGS or run.result["ranges"]["failed"]):
        wrong.append(f"{findings_of(run)}, {run.result['ranges']}")
    return wrong


@test
def it_answers_right(tally):
    with Pooler(2) as pooler:
        one, two = pooler.url(URL), pooler.url(OTHER)
        for name, what, mode in [("join", spec(one, one), "join"), ("stream", spec(one, one), "stream"),
                                 ("two databases", spec(one, two), "stream"),
                                 ("one side pooled", spec(URL, two), "stream")]:
            for options in [(), ("--workers", "5")]:
                run = harness.Check(what, "--mode", mode, "--chunk-rows", "5000", "--settle", "1 s", *options)
                wrong = right(run)
                if run.result is not None and run.result["duration_seconds"] > 60:
                    wrong.append(f"it took {run.result['duration_seconds']} s")
                tally.note(f"pgbouncer: {name} {' '.join(options)}", wrong)


@test
def it_leaves_no_settings(tally):
    show = "; ".join(f"show {name}" for name in SETTINGS + ["application_name"])
    want = harness.psql(URL, show)
    with Pooler(1) as pooler:
        url = pooler.url(URL)
        before = harness.psql(url, show)
        backend = harness.psql(url, "select pg_backend_pid()")
        run = harness.Check(spec(url, url), "--mode", "join", "--chunk-rows", "5000")
        wrong = right(run)
        if harness.psql(url, "select pg_backend_pid()") != backend:
            wrong.append("it was another backend: nothing was tested")
        after = harness.psql(url, show)
        if not want == before == after:
            wrong.append(f"another client sees {after.split()}, without the check {want.split()}")
        left = harness.psql(url, "select count(*) from pg_prepared_statements") + \
            harness.psql(url, "select count(*) from pg_cursors") + \
            harness.psql(url, "select count(*) from pg_class where relpersistence = 't'")
        if left.split() != ["0", "0", "0"]:
            wrong.append(f"prepared statements, cursors, temporary tables left: {left.split()}")
    tally.note("pgbouncer: no setting is left for the next client", wrong)


@test
def a_pool_of_one_is_named(tally):
    """Both sides of a stream need a connection each: with one in the pool that cannot be."""
    with Pooler(1, query_wait_timeout=2) as pooler:
        url = pooler.url(URL)
        run = harness.Check(spec(url, url), "--mode", "stream")
    wrong = run.is_verdict("cannot-tell")
    if not wrong and ("pooler" not in run.result["reason"] or "default_pool_size" not in run.result.get("hint", "")):
        wrong.append(f"{run.result['reason']} / {run.result.get('hint')}")
    if run.result is not None and run.result["duration_seconds"] > 15:
        wrong.append(f"it took {run.result['duration_seconds']} s")
    tally.note("pgbouncer: a pool of one, by stream", wrong)


@test
def a_signal_ends_the_wait_for_a_connection(tally):
    with tempfile.TemporaryDirectory() as folder, Pooler(1) as pooler:
        path = os.path.join(folder, "spec.json")
        with open(path, "w") as file:
            json.dump(spec(pooler.url(URL), pooler.url(URL)), file)
        process = subprocess.Popen([harness.PROGRAM, "check", path, "--mode", "stream", "--progress", "never",
                                    "--ledger", "sqlite:" + os.path.join(folder, "ledger.db")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)  # it holds one connection and waits for the second
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=150)
        took = time.monotonic() - begun
    wrong = []
    if process.returncode != 2 or took > 2:
        wrong.append(f"it ended {took:.1f} s after SIGINT, with {process.returncode}")
    tally.note("pgbouncer: SIGINT while it waits for a connection", wrong)


@test
def a_signal_ends_a_statement(tally):
    """The cancel request goes through the pooler."""
    with tempfile.TemporaryDirectory() as folder, Pooler(2) as pooler:
        url = pooler.url(URL)
        path = os.path.join(folder, "spec.json")
        slow = {"columns": {"slow": "pg_sleep(30)::text"}, "table": "old_t", "where": "id = 5"}
        with open(path, "w") as file:
            json.dump({"check": "pooled", "old": {"source": url, **slow}, "new": {"source": url, **slow}}, file)
        process = subprocess.Popen([harness.PROGRAM, "check", path, "--progress", "never",
                                    "--ledger", "sqlite:" + os.path.join(folder, "ledger.db")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=150)
        took = time.monotonic() - begun
    wrong = []
    if process.returncode != 2 or took > 2:
        wrong.append(f"it ended {took:.1f} s after SIGINT, with {process.returncode}")
    tally.note("pgbouncer: SIGINT while a statement runs", wrong)


@test
def a_startup_option_is_named(tally):
    with Pooler(2) as pooler:
        url = pooler.url(URL)
        run = harness.Check(spec(url, url), environment={"PGOPTIONS": "-c geqo=off"})
    wrong = run.wrong()
    if run.status not in (2, 3) or "PGOPTIONS" not in run.stderr + run.stdout:
        wrong.append(f"status {run.status}: {run.stdout}{run.stderr}")
    tally.note("pgbouncer: PGOPTIONS is refused, and said so", wrong)


@test
def others_get_their_turn(tally):
    """An application of several clients shares the pool with a check; neither stops."""
    with Pooler(2) as pooler:
        url = pooler.url(URL)
        stop, done = threading.Event(), []

        def client():
            while not stop.is_set():
                harness.psql(url, "begin; select count(*) from pg_class; commit")
                done.append(1)
        clients = [threading.Thread(target=client) for _ in range(3)]
        for thread in clients:
            thread.start()
        run = harness.Check(spec(url, url), "--mode", "stream", "--workers", "4", "--chunk-rows", "2000")
        stop.set()
        for thread in clients:
            thread.join()
    wrong = right(run)
    if len(done) < 3:
        wrong.append(f"the application had {len(done)} turns")
    tally.note("pgbouncer: shared with an application", wrong)


def main():
    tally = harness.Tally()
    for url in (URL, OTHER):
        harness.psql(url, TABLES)
    wanted = sys.argv[1:]
    for function in TESTS:
        if not wanted or function.__name__ in wanted:
            begun = time.monotonic()
            function(tally)
            print(f"{time.monotonic() - begun:5.1f} s  {function.__name__}", flush=True)
    tally.finish()


if __name__ == "__main__":
    main()
