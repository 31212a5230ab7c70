#!/usr/bin/env python3
"""Rows in flight: a dual writer at work is never a finding, and a permanent fault is always one.

    test_in_flight.py [SECONDS=60] [SEED]

One database: eight pgbench clients write both tables in one transaction. Two databases: threads write one side, wait
up to half a second, write the other; updates, deletes and re-inserts; one row flaps all the time.
"""

import ctypes
import ctypes.util
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import URL, URL_2, Check, Tally, psql

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**9
ROWS, WRITERS, FLAPPING = 20000, 16, 7
FAULTS = {str(1000 * i): kind for i, kind in enumerate(
    ["different", "missing_in_new", "missing_in_old", "different", "different", "missing_in_new", "different",
     "missing_in_old", "different", "different"], 1)}


class Session:
    """One libpq connection: what a service would hold."""

    pq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pq.PQconnectdb.restype = pq.PQexec.restype = ctypes.c_void_p
    pq.PQerrorMessage.restype = ctypes.c_char_p
    pq.PQerrorMessage.argtypes = pq.PQfinish.argtypes = pq.PQclear.argtypes = pq.PQresultStatus.argtypes = [
        ctypes.c_void_p]
    pq.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

    def __init__(self, url):
        self.connection = self.pq.PQconnectdb(url.encode())

    def run(self, sql):
        result = self.pq.PQexec(self.connection, sql.encode())
        status = self.pq.PQresultStatus(result)
        self.pq.PQclear(result)
        if status not in (1, 2):
            raise RuntimeError(self.pq.PQerrorMessage(self.connection).decode())

    def close(self):
        self.pq.PQfinish(self.connection)


def create(url, *tables):
    for table in tables:
        psql(url, f"drop table if exists {table}; create table {table} (id int primary key, v bigint not null,"
                  f" note text); insert into {table} select g, 0, 'row ' || g from generate_series(1, {ROWS}) g;"
                  f" analyze {table}")


def plant(old_url, new_url, new_table):
    """Ten faults on rows that no writer touches: their numbers are multiples of 1000."""
    for key, kind in FAULTS.items():
        if kind == "different":
            psql(new_url, f"update {new_table} set note = 'broken' where id = {key}")
        else:
            url, table = (new_url, new_table) if kind == "missing_in_new" else (old_url, "old_t")
            psql(url, f"delete from {table} where id = {key}")


def spec(new_url, new_table):
    return {"check": "in-flight", "old": {"source": URL, "table": "old_t"},
            "new": {"source": new_url, "table": new_table}}


def wrong_findings(run, wanted):
    found = {f["key"][0]: f["kind"] for f in run.result["findings"]} if run.result else {}
    return run.wrong() + ([] if found == wanted else [f"wanted {wanted}, found {found}"])


# One database: the writer's transaction holds both sides, and so does the check's snapshot.

PGBENCH = """\\set id random(1, 19999)
begin;
update old_t set v = v + 1 where id = :id and id % 1000 <> 0;
update new_t set v = v + 1 where id = :id and id % 1000 <> 0;
commit;
"""


def test_one_database(tally):
    create(URL, "old_t", "new_t")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(PGBENCH)
        script.flush()
        bench = subprocess.Popen(["pgbench", "-n", "-c", "8", "-j", "1", "-T", str(int(SECONDS)), "-f", script.name, URL],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        runs, planted, end = 0, {}, time.monotonic() + SECONDS - 3
        while time.monotonic() < end:
            if not planted and time.monotonic() > end - SECONDS / 2:
                plant(URL, URL, "new_t")
                planted = FAULTS
            mode = ["join", "stream"][runs % 2]
            tally.note(f"one database, {mode}, {len(planted)} faults",
                       wrong_findings(Check(spec(URL, "new_t"), "--mode", mode, "--chunk-rows", "1000"), planted))
            runs += 1
        tally.note("pgbench wrote to the end", [] if bench.wait() == 0 else ["it did not"])
    tally.note("several runs", [] if runs >= 4 and planted else [f"{runs} runs"])


# Two databases: between the two commits there is a gap.

def operation(chance, key, alive):
    """SQL for one row on both sides."""
    if not alive:
        return f"insert into {{table}} values ({key}, {chance.randrange(10**9)}, 'again')", True
    if chance.random() < 0.2:
        return f"delete from {{table}} where id = {key}", False
    return f"update {{table}} set v = {chance.randrange(10**9)} where id = {key}", True


def dual_writer(number, stop, problems):
    chance = random.Random(SEED + number)
    try:
        old, new = Session(URL), Session(URL_2)
        gone = set()
        while not stop.is_set():
            key = chance.randrange(number + 1, ROWS, WRITERS)
            if key % 1000 == 0 or key == FLAPPING:
                continue
            sql, alive = operation(chance, key, key not in gone)
            (gone.discard if alive else gone.add)(key)
            first, second = ((old, "old_t"), (new, "new_t"))[::chance.choice([1, -1])]
            first[0].run(sql.format(table=first[1]))
            time.sleep(chance.random() * 0.5)
            second[0].run(sql.format(table=second[1]))
        old.close()
        new.close()
    except RuntimeError as error:
        problems.append(str(error))


def flapper(stop, problems):
    """One row whose new side changes all the time: never a finding, never forgotten."""
    try:
        new, v = Session(URL_2), 0
        while not stop.is_set():
            v += 1
            new.run(f"update new_t set v = {v} where id = {FLAPPING}")
            time.sleep(0.02)
        new.close()
    except RuntimeError as error:
        problems.append(str(error))


def test_two_databases(tally):
    create(URL, "old_t")
    create(URL_2, "new_t")
    stop, problems = threading.Event(), []
    threads = [threading.Thread(target=dual_writer, args=(number, stop, problems)) for number in range(WRITERS)]
    threads.append(threading.Thread(target=flapper, args=(stop, problems)))
    for thread in threads:
        thread.start()
    runs, planted, end = 0, {}, time.monotonic() + SECONDS - 3
    while time.monotonic() < end:
        if not planted and time.monotonic() > end - SECONDS / 2:
            plant(URL, URL_2, "new_t")
            planted = FAULTS
        run = Check(spec(URL_2, "new_t"), "--settle", "10 s", "--chunk-rows", "1000")
        wrong = wrong_findings(run, planted)
        if run.result and run.result["in_flight"] < 1:
            wrong.append("the flapping row was forgotten")
        if not planted and run.status != 2:
            wrong.append(f"exit status was {run.status}")
        tally.note(f"two databases, {len(planted)} faults", wrong)
        runs += 1
    stop.set()
    for thread in threads:
        thread.join()
    tally.note("the writers wrote to the end", problems)
    tally.note("several runs", [] if runs >= 3 and planted else [f"{runs} runs"])
    psql(URL_2, f"update new_t set v = 0 where id = {FLAPPING}")
    tally.note("quiet again", wrong_findings(Check(spec(URL_2, "new_t")), planted))


def main():
    print(f"seed {SEED}")
    tally = Tally()
    test_one_database(tally)
    test_two_databases(tally)
    tally.finish()


if __name__ == "__main__":
    main()
