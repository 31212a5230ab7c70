"""What a check costs the application beside it: guest.py TWOFOLD URL [SECONDS=15] [ROUNDS=3]

pgbench's own transactions run on their own tables, and a check of two larger tables runs again and again beside them:
not at all, at a modest rate, and as fast as it can. Last, for comparison, one snapshot is held as long: what a reader
of one transaction does. The hot table's dead rows and size say whether VACUUM could do its work.

    tests/bench/guest.sh [SECONDS=15] [ROUNDS=3]
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TABLES = """
set client_min_messages = warning;
drop table if exists bench_old, bench_new;
create table bench_old as select g::bigint id, g % 1000 customer, 'note ' || g note from generate_series(1, {rows}) g;
create table bench_new as select * from bench_old;
alter table bench_old add primary key (id);
alter table bench_new add primary key (id);
vacuum (analyze, freeze) bench_old;
vacuum (analyze, freeze) bench_new;
"""
CLIENTS = 2
HOT = "pgbench_branches"  # one row, written by every transaction: a dead row each until somebody prunes
ROWS = 1000000


def psql(url, sql):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url], input=sql, check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


class Beside:
    """Something that goes on while pgbench runs."""

    def __init__(self, *step):
        self.stop, self.runs, self.failed = threading.Event(), 0, None
        self.step = step
        self.thread = threading.Thread(target=self.repeat)

    def repeat(self):
        while self.step and not self.stop.is_set():
            process = subprocess.Popen(self.step, stdout=subprocess.DEVNULL)
            while process.poll() is None and not self.stop.is_set():
                time.sleep(0.02)
            if process.poll() is None:
                process.terminate()
                process.wait()
            elif process.returncode:
                self.failed = process.returncode
                return
            else:
                self.runs += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        if self.failed:
            sys.exit(f"{self.step[0]} ended with {self.failed}")


def pgbench(url, seconds):
    done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(seconds), url],
                          check=True, capture_output=True, text=True)
    return float(re.search(r"tps = ([0-9.]+)", done.stdout).group(1))


def measure(url, seconds, step):
    """Transactions a second, and what the hot table looks like after them."""
    psql(url, f"vacuum full {HOT}; select pg_stat_reset_single_table_counters('{HOT}'::regclass)")
    with Beside(*step):
        time.sleep(0.3)
        rate = pgbench(url, seconds)
        size = int(psql(url, f"select pg_relation_size('{HOT}')"))
        dead = int(psql(url, f"select pg_stat_force_next_flush(); select n_dead_tup from pg_stat_user_tables"
                             f" where relname = '{HOT}'").split()[-1])
    # the server does not notice that its client went while it sleeps
    psql(url, "select pg_terminate_backend(pid) from pg_stat_activity where query like '%held by the bench%'"
              " and pid <> pg_backend_pid()")
    return rate, size, dead


def main():
    twofold, url = sys.argv[1], sys.argv[2]
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    subprocess.run(["pgbench", "-q", "-i", "-s", "1", url], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    psql(url, TABLES.format(rows=ROWS))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spec.json")
        with open(path, "w") as file:
            json.dump({"check": "bench", "old": {"source": url, "table": "bench_old"},
                       "new": {"source": url, "table": "bench_new"}}, file)
        check = [twofold, "check", path, "--progress", "never", "--ledger", "sqlite:" + os.path.join(folder, "l.db")]
        hold = f"begin isolation level repeatable read; select 1; select pg_sleep({seconds + 60}) /* held by the bench */"
        beside = {
            "nothing": [],
            "check, 100,000 rows/s": check + ["--max-rows-per-second", "100000"],
            "check, one worker": check + ["--workers", "1"],
            "check, all it can": check,
            "one held snapshot": ["psql", "-X", "-q", "-d", url, "-c", hold],
        }
        found = {name: [] for name in beside}
        for _ in range(rounds):
            for name, step in beside.items():
                found[name].append(measure(url, seconds, step))
    alone = statistics.median(rate for rate, _, _ in found["nothing"])
    print(f"pgbench, {CLIENTS} clients, {seconds} s a run, median of {rounds}; the check reads 2 x {ROWS:,} rows again "
          f"and again; {os.cpu_count()} cores\n")
    print("| beside pgbench | transactions/s | of alone | hot table | dead rows |")
    print("|---|--:|--:|--:|--:|")
    for name, runs in found.items():
        rate, size, dead = (statistics.median(column) for column in zip(*runs))
        print(f"| {name} | {rate:,.0f} | {rate / alone:.0%} | {size / 1024:,.0f} KiB | {dead:,.0f} |")


if __name__ == "__main__":
    main()
