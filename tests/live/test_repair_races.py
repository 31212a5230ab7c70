#!/usr/bin/env python3
"""Repairs beside writers, against locks and constraints.

Writers count: each change adds 1 to a row's counter on both sides, in one transaction. Drift is a million on the new
side. So the difference of a row's counters is 0 or a million whatever happens; anything else is an update that a repair
has lost.
"""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from harness import Tally, psql, URL, URL_2
from repairs import DRIFT, TABLES, Pair, Running, Session, both_tables, drift, entries, fill, wait_until_blocked

RACED = 10000  # repairs beside writers

# ---- writers ------------------------------------------------------------------------------------------------

WRITERS = """
create table control (go boolean); insert into control values (true);
create table added (n bigint);
create or replace procedure writer(rows int, backwards boolean) language plpgsql as $$
declare n bigint := 0; k int;
begin
    while (select go from control) loop
        k := 1 + floor(random() * rows);
        if backwards then
            update q set v = v + 1 where id = k; update p set v = v + 1 where id = k;
        else
            update p set v = v + 1 where id = k; update q set v = v + 1 where id = k;
        end if;
        n := n + 1;
        commit;
        perform pg_sleep(0.006);
    end loop;
    insert into added values (n);
end $$;
"""


class Writers:
    """with Writers(rows, count): they write until the end of the block."""

    def __init__(self, rows, count, url=URL, backwards=False):
        self.url = url
        psql(url, "drop table if exists added, control;" + WRITERS)
        self.call = f"call writer({rows}, {backwards})"
        self.count = count

    def __enter__(self):
        self.processes = [subprocess.Popen(["psql", "-X", "-q", "-d", self.url, "-c", self.call],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                          for _ in range(self.count)]
        return self

    def __exit__(self, *_):
        psql(self.url, "update control set go = false")
        self.failures = [process.communicate()[1] for process in self.processes]
        self.added = int(psql(self.url, "select coalesce(sum(n), 0) from added"))


def lost(url=URL):
    """Rows whose counters are not apart by nothing or the drift; as sentences."""
    rows = psql(url, f"select id, p.v - q.v from p join q using (id) where p.v - q.v not in (0, {DRIFT})").split()
    return [f"row {row}: an update was lost" for row in rows[:10]]


def raced(tally):
    """Few rows and quick writers, so that most rows change between the look and the write."""
    rows, repaired, changed, rounds, wrong = 400, 0, 0, 0, []
    pair = both_tables(rows)
    with Writers(rows, 3) as writers:
        while repaired + changed < RACED and rounds < 60 and not wrong:
            rounds += 1
            _, ran, result = pair.repair("--sample", "0")
            repaired += result["outcomes"]["repaired"]
            changed += result["outcomes"]["changed_meanwhile"]
            wrong = lost() + ([] if ran.status in (0, 1, 2) else [ran.said()])
            drift()
    wrong += [failure for failure in writers.failures if failure]
    total = int(psql(URL, "select sum(v) from p")) - 1000 * rows
    wrong += [] if total == writers.added else [f"{writers.added} writes were made, {total} stand in old"]
    wrong += [] if repaired + changed >= RACED else [f"only {repaired} repaired and {changed} changed meanwhile"]
    wrong += [] if repaired and changed else [f"no race: {repaired} repaired, {changed} changed meanwhile"]
    print(f"    {repaired} repaired, {changed} changed meanwhile, {writers.added} writes beside them")
    tally.note(f"no update is lost over {RACED} raced repairs", wrong)


def raced_undo(tally):
    """An undo beside writers: a row is as it was, or as it is, never in between."""
    rows = 400
    pair = both_tables(rows)
    journal, _, _ = pair.repair("--sample", "0")
    with Writers(rows, 2) as writers:
        time.sleep(0.2)
        _, ran = pair.undo(journal)
    undone = int(psql(URL, f"select count(*) from p join q using (id) where p.v - q.v = {DRIFT}"))
    wrong = lost() + [failure for failure in writers.failures if failure]
    wrong += [] if 0 < undone < rows and ran.status == 1 else [f"{undone} undone: {ran.said()}"]
    wrong += [] if f"{undone} row" in ran.stdout.splitlines()[-2] else [ran.stdout.splitlines()[-2]]
    tally.note("no update is lost by an undo beside writers", wrong)


def two_databases(tally):
    """Only the old side is written, as a service does that was forgotten: the repair never takes it back there, and
    what it writes on the new side is never older than what stood there."""
    rows = 120
    psql(URL, TABLES), psql(URL_2, TABLES)
    fill(URL, "p", rows), fill(URL, "q", rows), fill(URL_2, "q", rows, DRIFT)
    psql(URL_2, "create or replace function younger() returns trigger language plpgsql as $$ begin"
                " if new.v < old.v then raise 'written back from % to %', old.v, new.v; end if; return new; end $$;"
                "create trigger younger before update on q for each row execute function younger()")
    pair = Pair({"check": "races", "old": {"source": URL, "table": "p"}, "new": {"source": URL_2, "table": "q"},
                 "equal": ["v"]})
    wrong, outcomes = [], {}
    with Writers(rows, 2) as writers:
        for _ in range(3):
            _, ran, result = pair.repair("--sample", "0")
            for name, count in result["outcomes"].items():
                outcomes[name] = outcomes.get(name, 0) + count
            wrong += [ran.said()] if "written back" in ran.stdout + ran.stderr else []
    _, ran, _ = pair.repair("--sample", "0")
    wrong += [] if ran.status == 0 else [ran.said()]
    old, new = psql(URL, "select * from p order by id"), psql(URL_2, "select * from q order by id")
    wrong += [] if old == new else ["a quiet repair leaves differences"]
    total = int(psql(URL, "select sum(v) from p")) - 1000 * rows
    wrong += [] if total == writers.added else [f"{writers.added} writes were made, {total} stand in old"]
    wrong += [] if outcomes["repaired"] > 0 else [str(outcomes)]
    tally.note("two databases: nothing is written back", wrong)


# ---- locks --------------------------------------------------------------------------------------------------

def deadlocks(tally):
    """The application locks new, then old; the repair holds old and wants new: one of them is turned down, and the
    repair comes again."""
    pair = both_tables(3)
    application = Session()
    application.ask("begin; update q set v = v + 1 where id = 2")
    running = Running(*pair.repair_words(pair.new_path("repair")))
    wait_until_blocked()
    answer = " ".join(application.ask("update p set v = v + 1 where id = 2; commit"))
    status = running.process.wait(timeout=60)
    application.close()
    wrong = lost()
    wrong += [] if "deadlock detected" in answer or not answer else [answer]
    old = psql(URL, "select v from p where id = 2").strip()
    wrong += [] if old == ("1000" if answer else "1001") else [f"old is {old} after \"{answer}\""]
    left = int(psql(URL, "select count(*) from p join q using (id) where p.v <> q.v"))
    wrong += [] if (status == 0) == (left == 0) else [f"status {status}, and {left} rows differ"]
    _, ran, _ = pair.repair()
    wrong += [] if ran.status == 0 else [ran.said()]
    tally.note("a deadlock loses nothing and is got over", wrong)


def deadlocking_writers(tally):
    """Writers that take the two rows in the other order than the repair."""
    rows = 40
    pair = both_tables(rows)
    wrong, repaired = [], 0
    with Writers(rows, 1, backwards=True) as writers:
        for _ in range(4):
            _, ran, result = pair.repair("--sample", "0")
            repaired += result["outcomes"]["repaired"]
            wrong += lost() + ([] if ran.status in (0, 1, 2) else [ran.said()])
            if any(process.poll() is not None for process in writers.processes):
                break  # it was the victim: its procedure has ended
            drift()
    wrong += [failure for failure in writers.failures if failure and "deadlock detected" not in failure]
    wrong += [] if repaired > 0 else ["nothing was repaired"]
    tally.note("writers in the other order lose nothing", wrong)


def constraints(tally):
    """One row for each way in which a table says no; the others are repaired."""
    psql(URL, TABLES + """
        drop table if exists r, s, parent;
        create table r (id int primary key, n int, code text, ref int, must text);
        create table parent (id int primary key);
        create table s (id int primary key, n int check (n <> 2), code text unique deferrable initially deferred,
                        ref int references parent, must text not null);
        insert into parent values (1);
        insert into r select i, i, 'c' || i, 1, 'm' from generate_series(1, 8) i;
        insert into s select id, 0, code, 1, 'x' from r;
        update r set code = 'c1' where id = 3; update r set ref = 7 where id = 4; update r set must = null where id = 5;
        delete from s where id = 8; update r set must = null where id = 8;
        create or replace function no() returns trigger language plpgsql as
            $$ begin if new.id = 6 then raise 'not this one'; elsif new.id = 7 then return null; end if;
               return new; end $$;
        create trigger no before update on s for each row execute function no()""")
    pair = Pair({"check": "refused", "old": {"source": URL, "table": "r"}, "new": {"table": "s"}, "equal": "all"})
    before = psql(URL, "select * from s where id <> 1 order by id")
    journal, ran, result = pair.repair()
    outcomes = result["outcomes"]
    wrong = [] if ran.status == 1 else [ran.said()]
    wrong += [] if outcomes["repaired"] == 1 and outcomes["refused"] == 7 else [str(outcomes), ran.said()]
    wrong += [] if psql(URL, "select * from s where id <> 1 order by id") == before else ["a refused row has changed"]
    for said in ("check constraint", "unique constraint", "foreign key constraint", "not-null constraint",
                 "not this one"):
        wrong += [] if said in ran.stdout + ran.stderr else [f"\"{said}\" is not told"]
    committed = [entry for entry in entries(journal) if entry.get("end") == "committed"]
    wrong += [] if len(committed) == 1 else [f"{len(committed)} rows are committed in the journal"]
    _, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 and psql(URL, "select n from s where id = 1").strip() == "0" else [ran.said()]
    tally.note("what the table refuses is counted, and the others are repaired", wrong)


# What stands over the key of the written table, and whether an insert into it is safe from another's.
GUARDS = [
    ("nothing", "", False),
    ("a plain index", "create index on q (id)", False),
    ("a partial unique index", "create unique index on q (id) where v > 0", False),
    ("an unique index of more", "create unique index on q (id, v)", False),
    ("a deferrable constraint", "alter table q add unique (id) deferrable initially deferred", False),
    ("a unique index that lets NULLs in", "create unique index on q (id)", True),
    ("a primary key", "alter table q add primary key (id)", True),
]


def inserts_need_a_guard(tally):
    """Where no row is, none can be locked: without a unique index two repairs, or a faster writer, would make two."""
    for name, sql, safe in GUARDS:
        psql(URL, TABLES + "drop table q; create table q (id int, v bigint);" + sql)
        fill(URL, "p", 3)
        psql(URL, "insert into q select * from p where id <> 2; update q set v = 7 where id = 3")
        pair = Pair({"check": "races", "old": {"source": URL, "table": "p", "key": ["id"]},
                     "new": {"table": "q", "key": ["id"]}, "equal": ["v"]})
        _, ran, result = pair.repair()
        rows = psql(URL, "select string_agg(id || ':' || v, ' ' order by id) from q").strip()
        wrong = [] if rows == ("1:1000 2:1000 3:1000" if safe else "1:1000 3:1000") else [rows]
        wrong += [] if result["outcomes"]["refused"] == (0 if safe else 1) else [json.dumps(result["outcomes"])]
        wrong += [] if safe == ("has no unique index over (id); create one" not in ran.stdout) else [ran.said()]
        tally.note(f"a missing row, where the key has {name}", wrong)


def main():
    tally = Tally()
    for test in TESTS:
        if len(sys.argv) == 1 or test.__name__ in sys.argv:
            begun = time.monotonic()
            test(tally)
            print(f"    {test.__name__}: {time.monotonic() - begun:.1f} s")
            sys.stdout.flush()
    tally.finish()


TESTS = (constraints, inserts_need_a_guard, deadlocks, deadlocking_writers, two_databases, raced_undo, raced)

if __name__ == "__main__":
    main()
