#!/usr/bin/env python3
"""Repairs and undos killed at every step of a write: the journal always takes back what was done, and no more."""

import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from harness import Tally, psql, URL
from private_postgres import PrivatePostgres
from repairs import (Pair, Ran, Running, Session, both_tables, entries, unconcluded, wait_for, wait_until_blocked,
                     wait_until_gone)


def table_text(url, table):
    return psql(url, f"select * from {table} order by id")


def agrees_after_undo(pair, journal, url, before):
    """However a repair ended: its journal takes back what it did, all of it. Sentences."""
    wait_until_gone(url)
    if not os.path.exists(journal):
        return [] if table_text(url, "q") == before else ["rows were written without a journal"]
    wrong = [] if unconcluded(journal) in (0, 1) else ["more than one intent is open"]
    _, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 else [ran.said()]
    return wrong + ([] if table_text(url, "q") == before else [f"the table is not what it was: {ran.said()}"])


def repaired_rows(url=URL):
    return int(psql(url, "select count(*) from p join q using (id) where p.v = q.v"))


def killed_anywhere(tally):
    rows, kills, parts = 100, 12, 0
    pair = both_tables(rows)
    before, wrong = table_text(URL, "q"), []
    begun = time.monotonic()
    journal, _, _ = pair.repair("--sample", "0")
    whole = time.monotonic() - begun
    wrong += agrees_after_undo(pair, journal, URL, before)
    rng = random.Random(7)
    for _ in range(kills):
        journal = pair.new_path("repair")
        running = Running(*pair.repair_words(journal))
        time.sleep(rng.uniform(0, whole))
        running.kill()
        parts += 0 < repaired_rows() < rows
        wrong += agrees_after_undo(pair, journal, URL, before)
    wrong += [] if parts else ["no repair was killed in its middle"]
    tally.note(f"{kills} repairs killed at any moment are taken back whole", wrong[:5])


def killed_undo(tally):
    """An undo that was killed is run again; its own journals tell the rest."""
    rows, kills = 150, 8
    pair = both_tables(rows)
    before, wrong = table_text(URL, "q"), []
    journal, _, _ = pair.repair("--sample", "0")
    rng = random.Random(11)
    for _ in range(kills):
        running = Running("undo", journal, "--write", "--journal", pair.new_path("undo"))
        time.sleep(rng.uniform(0, 0.2))
        running.kill()
        wait_until_gone(URL)
    _, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 else [ran.said()]
    wrong += [] if table_text(URL, "q") == before else ["the table is not what it was"]
    tally.note(f"an undo killed {kills} times is finished by the next", wrong)


# Where a write can be held: how, and what has then happened.
HELD = [
    ("before the trusted row is read", "begin; update p set v = v where id = 2", None),
    ("before the written row is read", "begin; update q set v = v where id = 2", None),
    ("inside the statement", "begin; select pg_advisory_xact_lock(77)", "before update on q"),
    ("after the statement", "begin; select pg_advisory_xact_lock(77)",
     "after update on q deferrable initially deferred"),
]

HOLD_FUNCTION = """
create or replace function hold() returns trigger language plpgsql as
    $$ begin if new.id = 2 then perform pg_advisory_xact_lock(77); end if; return new; end $$;
"""


def killed_where_held(tally):
    for where, sql, trigger in HELD:
        pair = both_tables(3)
        before, journal = table_text(URL, "q"), pair.new_path("repair")
        holder = Session()
        if trigger:
            kind = "constraint trigger" if trigger.startswith("after") else "trigger"
            psql(URL, HOLD_FUNCTION + f"create {kind} hold {trigger} for each row execute function hold()")
        holder.ask(sql)
        running = Running(*pair.repair_words(journal))
        wait_until_blocked()
        running.kill()
        holder.ask("rollback")
        wrong = agrees_after_undo(pair, journal, URL, before)
        committed = [entry for entry in entries(journal) if entry.get("end") == "committed"]
        wrong += [] if len(committed) == 1 else [f"{len(committed)} rows were committed before the one that was held"]
        holder.close()
        psql(URL, "drop trigger if exists hold on q")
        tally.note(f"killed {where}", wrong)


def wait_for_sync(server, name):
    wait_for("a commit to wait for its standby", server.admin,
             f"select exists (select from pg_stat_activity where wait_event = 'SyncRep'"
             f" and application_name like 'twofold/{name}%')")


def undone_too_early(tally, server):
    """A row whose insert nobody sees yet, since its commit waits: there is something to do, only not yet."""
    url = server.admin
    both_tables(3, url)
    psql(url, "update q set v = 1000; delete from q where id = 2")
    pair = Pair({"check": "races", "old": {"source": url, "table": "p"}, "new": {"table": "q"}, "equal": ["v"],
                 "repair": {"trust": "old", "missing": "insert", "stop_above": 1}})
    before, journal, wrong = table_text(url, "q"), pair.new_path("repair"), []
    psql(url, "alter system set synchronous_standby_names = 'nobody'"), server.reload()
    running = Running(*pair.repair_words(journal))
    wait_for_sync(server, "races")
    running.kill()
    for ran in (Ran("undo", journal), pair.undo(journal)[1]):
        early = ran.status == 2 and "transaction is still open" in ran.stdout and "nothing to do" not in ran.stdout
        wrong += [] if early else [f"asked while the commit waits: {ran.said()}"]
    psql(url, "alter system reset synchronous_standby_names"), server.reload()
    wait_until_gone(url)
    wrong += [] if table_text(url, "q") != before else ["nothing was committed"]
    wrong += agrees_after_undo(pair, journal, url, before)
    tally.note("an undo while the commit still waits", wrong)


def killed_while_it_commits(tally):
    """The commit waits for a standby that is not there: it is done on the disk, and nobody was told. This is the gap
    between intent and outcome."""
    with PrivatePostgres("synchronous_commit = on") as server:
        url = server.admin
        pair = both_tables(3, url)
        before, journal = table_text(url, "q"), pair.new_path("repair")
        psql(url, "alter system set synchronous_standby_names = 'nobody'"), server.reload()
        running = Running(*pair.repair_words(journal))
        wait_for_sync(server, "races")
        running.kill()
        psql(url, "alter system reset synchronous_standby_names"), server.reload()
        wait_until_gone(url)
        ends = [entry.get("end") for entry in entries(journal) if entry["twofold"] == "outcome"]
        wrong = [] if not ends and unconcluded(journal) == 1 else [f"it was not in the gap: {ends}"]
        wrong += [] if table_text(url, "q") != before else ["nothing was committed"]
        wrong += agrees_after_undo(pair, journal, url, before)
        tally.note("killed between commit and outcome", wrong)
        undone_too_early(tally, server)
        pair = both_tables(3, url)

        psql(url, "alter system set synchronous_standby_names = 'nobody'"), server.reload()
        journal = pair.new_path("repair")
        running = Running(*pair.repair_words(journal))
        wait_for_sync(server, "races")
        psql(url, "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
        psql(url, "alter system reset synchronous_standby_names"), server.reload()
        status = running.process.wait(timeout=60)
        ends = [entry.get("end") for entry in entries(journal) if entry["twofold"] == "outcome"]
        wrong = [] if "unknown" in ends else [f"the answer to a commit was lost, and the journal says {ends}"]
        wrong += agrees_after_undo(pair, journal, url, before)
        tally.note(f"a lost answer to a commit (status {status})", wrong)


def journal_cannot_be_written(tally):
    """A disk that fills up while rows are repaired: nothing is committed that is not in the journal."""
    pair = both_tables(60)
    before, journal = table_text(URL, "q"), pair.new_path("repair")
    words = " ".join(f"'{word}'" for word in [harness.PROGRAM, *pair.repair_words(journal)])
    done = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 8; {words}"], capture_output=True, text=True)
    told = "could not write the journal" in done.stderr + done.stdout
    wrong = [] if done.returncode == 2 and told else [f"status {done.returncode}: {done.stderr[-500:]}"]
    written = repaired_rows()
    committed = [entry for entry in entries(journal) if entry.get("end") == "committed"]
    wrong += [] if len(committed) == written > 0 else [f"{written} written, {len(committed)} in the journal"]
    tally.note("a full disk ends the repair before the commit", wrong + agrees_after_undo(pair, journal, URL, before))


def main():
    tally = Tally()
    for test in TESTS:
        if len(sys.argv) == 1 or test.__name__ in sys.argv:
            begun = time.monotonic()
            test(tally)
            print(f"    {test.__name__}: {time.monotonic() - begun:.1f} s")
            sys.stdout.flush()
    tally.finish()


TESTS = (killed_anywhere, killed_where_held, killed_undo, journal_cannot_be_written, killed_while_it_commits)

if __name__ == "__main__":
    main()
