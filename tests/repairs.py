"""What the tests of repair and undo share: runs of both, a journal as data, a repair that can be killed."""

import json
import os
import subprocess
import tempfile
import time

import harness
from harness import psql, URL


class Ran:
    """One ended command: status, stdout, stderr."""

    def __init__(self, *words, timeout=300):
        done = subprocess.run([harness.PROGRAM, *words], capture_output=True, text=True, timeout=timeout)
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    def said(self):
        return f"status {self.status}: ... {self.stdout[-600:]}{self.stderr[-600:]}"


class Pair:
    """A spec in a folder of its own, what repairs it, and what takes that back."""

    def __init__(self, spec):
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a sync of a journal costs nothing there
        self.place = tempfile.TemporaryDirectory(prefix="twofold-repairs.", dir=memory)
        self.folder = self.place.name
        self.path = os.path.join(self.folder, "spec.yaml")
        self.numbers = 0
        with open(self.path, "w") as file:
            json.dump({"repair": {"trust": "old", "max_rows": 1000000, "stop_above": 1}, **spec}, file)

    def new_path(self, kind):
        self.numbers += 1
        return os.path.join(self.folder, f"{self.numbers}.{kind}")

    def repair_words(self, journal, *options):
        return ["repair", self.path, "--write", "--journal", journal, "--progress", "never", "--settle", "20 ms",
                *options]

    def repair(self, *options):
        """Writes; the journal's path, the run, and its JSON."""
        journal, out = self.new_path("repair"), self.new_path("json")
        ran = Ran(*self.repair_words(journal, "--json", out, *options))
        if not os.path.exists(out):
            raise RuntimeError(f"could not repair: {ran.said()}")
        with open(out) as file:
            return journal, ran, json.load(file)

    def undo(self, journal, *options):
        """Writes; the journal of the undo, and the run."""
        own = self.new_path("undo")
        return own, Ran("undo", journal, "--write", "--journal", own, *options)


def entries(journal):
    """A journal as `twofold show` prints it."""
    return [json.loads(line) for line in Ran("show", journal).stdout.splitlines()]


def unconcluded(journal):
    """How many intents have no outcome: 0 or 1."""
    kinds = [entry["twofold"] for entry in entries(journal)]
    return kinds.count("intent") - kinds.count("outcome")


class Running:
    """A command that is still running, to be killed."""

    def __init__(self, *words):
        self.process = subprocess.Popen([harness.PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        return self.process.wait()

    def ended(self):
        return self.process.poll() is not None


def wait_for(what, url, sql, seconds=60):
    """Until a query gives 't'."""
    give_up = time.monotonic() + seconds
    while psql(url, sql).strip() != "t":
        if time.monotonic() > give_up:
            raise RuntimeError(f"waited for {what} in vain")
        time.sleep(0.02)


def wait_until_gone(url):
    """Until no server process of a killed command is left: a row may be committed until then."""
    wait_for("sessions of twofold to end", url,
             "select count(*) = 0 from pg_stat_activity where application_name like 'twofold/%'"
             " and datname = current_database()")


# ---- counters on both sides ---------------------------------------------------------------------------------

DRIFT = 1000000

TABLES = """
drop table if exists p, q, added, control;
create table p (id int primary key, v bigint not null);
create table q (id int primary key, v bigint not null);
"""


def fill(url, table, rows, drift=0):
    psql(url, f"insert into {table} select i, 1000 - {drift} from generate_series(1, {rows}) i")


def both_tables(rows, url=URL):
    psql(url, TABLES)
    fill(url, "p", rows)
    fill(url, "q", rows, DRIFT)
    return Pair({"check": "races", "old": {"source": url, "table": "p"}, "new": {"table": "q"}, "equal": ["v"]})


def drift(url=URL, where="true"):
    psql(url, f"update q set v = q.v - {DRIFT} from p where p.id = q.id and p.v = q.v and {where}")


# ---- locks --------------------------------------------------------------------------------------------------

class Session:
    """A psql that stays, for locks that others wait for."""

    def __init__(self, url=URL):
        self.url = url
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=0", "-d", url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, bufsize=1)
        self.pid = self.ask("select pg_backend_pid()")[0]

    def tell(self, sql):
        self.process.stdin.write(sql + ";\n\\echo done\n")
        self.process.stdin.flush()

    def answer(self):
        lines = []
        for line in self.process.stdout:
            if line.strip() == "done":
                return lines
            lines.append(line.strip())
        return lines

    def ask(self, sql):
        self.tell(sql)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def wait_until_blocked(url=URL):
    """Until a repair waits for somebody's lock."""
    wait_for("the repair to be blocked", url,
             "select exists (select from pg_stat_activity where application_name like 'twofold/%'"
             " and datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)")
