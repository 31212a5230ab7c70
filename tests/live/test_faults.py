#!/usr/bin/env python3
"""Servers that fail while they are read: what may pass is waited for, what does not is said, and neither is agreement.

    test_faults.py

The server of its own is restarted and runs out of connections; everything is read while it happens.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, ROOT, Check, Tally, psql

POSTGRES = os.path.join(ROOT, "tests", "postgres.sh")
PLAIN = os.environ.get("TWOFOLD_PLAIN", os.path.join(ROOT, "build-package", "twofold"))  # without sanitizers
ROWS = 20000
SLOW = "n + 0 * length(pg_sleep(0.0002)::text)"  # four seconds for all rows of a side


def spec(old_url, new_url=None, slow=True):
    return {"check": "faults",
            "old": {"source": old_url, "table": "old_t", "columns": {"slow": SLOW if slow else "n"}},
            "new": {"source": new_url or old_url, "table": "new_t"},
            "equal": [{"old": "slow", "new": "n"}, "note"]}


def tables(url):
    for table in ("old_t", "new_t"):
        psql(url, f"drop table if exists {table} cascade; create table {table} (id int primary key, n int, note text);"
                  f" insert into {table} select g, g * 7, 'note ' || g from generate_series(1, {ROWS}) g; analyze {table}")


def wait_until_it_reads(url):
    """Until slow rows have been read for a while."""
    while not psql(url, "select 1 from pg_stat_activity where application_name like 'twofold/faults%' and state = 'active'"
                        " and query like '%pg_sleep%' and query not like '%EXPLAIN%'"
                        " and clock_timestamp() - query_start > '20 ms'"):
        time.sleep(0.02)


def run_while(url, action, sources, *options):
    """A slow check, with something happening once it reads rows at this URL."""
    def act():
        wait_until_it_reads(url)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    run = Check(sources, "--chunk-rows", "500", "--workers", "2", *options)
    thread.join()
    return run


def complete(run):
    wrong = run.is_verdict("consistent")
    if not wrong and run.result["rows"] != {"old": ROWS, "new": ROWS, "compared": ROWS}:
        wrong.append(f"rows: {run.result['rows']}")
    return wrong


def restarted(tally, server, one, two):
    for mode, new in (("join", one), ("stream", two)):
        run = run_while(one, lambda: subprocess.run([POSTGRES, "restart", server], check=True), spec(one, new), "--mode",
                        mode)
        tally.note(f"restarted while it is read, {mode}", complete(run))


def schema_changes(tally, one, two):
    for mode, new in (("join", one), ("stream", two)):
        run = run_while(one, lambda: psql(new, "alter table new_t add column more int default 1"), spec(one, new), "--mode",
                        mode)
        tally.note(f"column added while it is read, {mode}", complete(run))
        run = run_while(one, lambda: psql(new, "alter table new_t drop column note"), spec(one, new), "--mode", mode)
        wrong = run.is_verdict("cannot-tell")
        if not wrong and ("note" not in run.result["reason"] or run.result["ranges"]["failed"] == 0):
            wrong.append(f"the reason is {run.result['reason']}")
        tally.note(f"column dropped while it is read, {mode}", wrong)
        psql(new, "alter table new_t add column note text; update new_t set note = 'note ' || id;"
                  " alter table new_t drop column more")


def out_of_connections(tally, one):
    psql(one, "create role few login connection limit 2; grant select on old_t, new_t to few")
    few = one.replace("postgres@", "few@")
    run = Check(spec(few, slow=False), "--workers", "4", "--chunk-rows", "500", "--mode", "join")
    tally.note("two connections for four workers", complete(run))
    psql(one, "alter role few connection limit 0")
    run = Check(spec(few, slow=False))
    wrong = run.wrong() + ([] if run.status == 2 else [f"exit status was {run.status}"])
    tally.note("no connection at all", wrong + ([] if "too many connections" in run.stderr + str(run.result)
                                                else [run.stderr]))


def stopped(tally, one, two):
    psql(two, "update new_t set note = 'broken' where id = 1")
    for number in (signal.SIGINT, signal.SIGTERM):
        with tempfile.TemporaryDirectory() as scratch:
            path, out = os.path.join(scratch, "spec.yaml"), os.path.join(scratch, "out.json")
            with open(path, "w") as file:
                file.write(json.dumps(spec(one, two)))
            process = subprocess.Popen([PROGRAM, "check", path, "--json", out, "--chunk-rows", "500", "--settle", "10 ms",
                                        "--workers", "2", "--ledger", f"sqlite:{scratch}/ledger.db"],
                                       stdout=subprocess.PIPE, text=True)
            wait_until_it_reads(one)
            process.send_signal(number)
            start = time.monotonic()
            stdout, _ = process.communicate(timeout=30)
            took = time.monotonic() - start
            wrong = [] if took < 2 else [f"it took {took:.1f} s to end"]
            with open(out) as file:
                result = json.load(file)
            if process.returncode not in (1, 2) or result["ranges"]["proved"] >= result["ranges"]["planned"]:
                wrong.append(f"exit status {process.returncode}, {result['ranges']}")
            if result["missing_in_new"] or result["coverage"] == 1 or "stopped" not in str(result):
                wrong.append(f"{result['reason']}, coverage {result['coverage']}")
            tally.note(f"{signal.Signals(number).name} ends it within two seconds", wrong)
    psql(two, "update new_t set note = 'note 1' where id = 1")


def stopped_while_connecting(tally):
    """A server that takes a connection and says nothing."""
    with socket.socket() as silent, tempfile.TemporaryDirectory() as scratch:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        path = os.path.join(scratch, "spec.yaml")
        with open(path, "w") as file:
            file.write(json.dumps(spec(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none")))
        process = subprocess.Popen([PROGRAM, "check", path, "--ledger", f"sqlite:{scratch}/ledger.db"],
                                   stderr=subprocess.PIPE, text=True)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, stderr = process.communicate(timeout=30)
        connection.close()
    took = time.monotonic() - start
    good = process.returncode == 2 and "stopped before anything was read" in stderr and took < 2
    tally.note("stopped while connecting", [] if good else [f"{process.returncode} after {took:.1f} s: {stderr}"])


def out_of_memory(tally, one):
    """Under a limit of memory: the right answer, or "cannot tell"; never a crash."""
    if not os.path.exists(PLAIN):
        tally.skip("memory limits", f"{PLAIN} is not built")
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "spec.yaml")
        with open(path, "w") as file:
            file.write(json.dumps(spec(one, slow=False)))
        statuses = set()
        for mebibytes in range(20, 200, 6):
            limit = mebibytes << 20
            done = subprocess.run([PLAIN, "check", path, "--mode", "stream", "--workers", "1", "--ledger",
                                   f"sqlite:{scratch}/{mebibytes}.db"], capture_output=True, text=True,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            statuses.add(done.returncode)
            right = done.returncode in (0, 2, 127)  # 127: the libraries themselves did not fit
            tally.note(f"{mebibytes} MiB", [] if right else [f"exit status {done.returncode}: {done.stderr}"])
        tally.note("some fit", [] if 0 in statuses else [f"only {statuses}"])


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="twofold-faults.") as scratch:
        os.chmod(scratch, 0o755)
        server = os.path.join(scratch, "pg")
        url = subprocess.run([POSTGRES, "start", server], check=True, capture_output=True, text=True).stdout.strip()
        try:
            psql(url, "create database one; create database two")
            one, two = url.replace("/postgres?", "/one?"), url.replace("/postgres?", "/two?")
            tables(one)
            tables(two)
            restarted(tally, server, one, two)
            schema_changes(tally, one, two)
            tables(one)
            tables(two)
            out_of_connections(tally, one)
            stopped(tally, one, two)
            stopped_while_connecting(tally)
            out_of_memory(tally, one)
        finally:
            subprocess.run([POSTGRES, "stop", server], check=False)
    tally.finish()


if __name__ == "__main__":
    main()
