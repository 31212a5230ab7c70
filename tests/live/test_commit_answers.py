#!/usr/bin/env python3
"""Repairs whose COMMIT is answered by an error: what may have been committed is never journaled as rolled back.

A socket stands in front of the server and gives its own answer to the COMMIT of a transaction that has written; what
the server really did is said to it, too: committed, as a server that panics may have, or rolled back.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Tally, psql, URL
from proxy import Between, Reader, error, message
from repairs import Pair, entries, wait_until_gone

COMMIT, ROLLBACK, INSERT = b"COMMIT\0", b"ROLLBACK\0", re.compile(rb"\bINSERT (/\*.*?\*/ )?INTO ")


READY = message(b"Z", b"I")


class Answerer(Between):
    """The first COMMIT after a write gets this answer, and then the connection is cut or stays."""

    def __init__(self, answer, stays, commits):
        self.answer, self.stays, self.commits, self.left = answer, stays, commits, 1
        super().__init__(URL)

    def questions(self, connection):
        reader, wrote = Reader(connection.client, first_is_bare=True), False
        while True:
            kind, body = reader.next()
            wrote = (wrote and body != ROLLBACK) or (kind == b"P" and INSERT.search(body) is not None)
            if kind == b"Q" and body == COMMIT and wrote and self.left:
                self.left = 0
                connection.told = True
                body = COMMIT if self.commits else ROLLBACK
            connection.server.sendall(message(kind, body))

    def answers(self, connection):
        reader = Reader(connection.server)
        while True:
            kind, body = reader.next()
            if not getattr(connection, "told", False):
                connection.client.sendall(message(kind, body))
            elif kind == b"Z":  # the server has done what it was told
                connection.client.sendall(self.answer + (READY if self.stays else b""))
                connection.told = False
                if not self.stays:
                    return


PANIC = error("PANIC", "53100", "could not write to log file: No space left on device")
# name, answer, does the connection stay, was it committed, how the journal says that it ended
ANSWERS = [
    ("a full disk, committed", PANIC, False, True, "unknown"),
    ("a full disk, not committed", PANIC, False, False, "unknown"),
    ("an unclean end", error("FATAL", "57P02", "terminating connection because of a crash"), False, True, "unknown"),
    ("a disk that fails", error("ERROR", "58030", "could not fsync file"), True, True, "unknown"),
    ("a damaged server", error("ERROR", "XX000", "unexpected"), True, True, "unknown"),
    ("out of memory", error("ERROR", "53200", "out of memory"), True, True, "unknown"),
    ("a pooler's word", error("FATAL", "08P01", "server conn crashed?"), True, True, "unknown"),
    ("nobody knows", error("ERROR", "40003", "statement completion unknown"), True, True, "unknown"),
    ("no answer", b"", False, True, "unknown"),
    ("another command's answer", message(b"C", b"SELECT 1\0"), True, True, "unknown"),
    ("rolled back", message(b"C", b"ROLLBACK\0"), True, False, "rolled-back"),
    ("a constraint", error("ERROR", "23505", "duplicate key"), True, False, "rolled-back"),
    ("a serialization failure", error("ERROR", "40001", "could not serialize access"), True, False, "rolled-back"),
]

TABLES = """drop table if exists p, q; create table p (id int primary key, v text); create table q (like p including all);
            insert into p values (1, 'one'), (2, 'two'); insert into q values (2, 'two');"""


def answered(tally, name, answer, stays, commits, end):
    psql(URL, TABLES)
    before = psql(URL, "select * from q order by id")
    with Answerer(answer, stays, commits) as between:
        pair = Pair({"check": "answers", "old": {"source": between.url, "table": "p"}, "new": {"table": "q"},
                     "equal": ["v"], "repair": {"trust": "old", "missing": "insert", "stop_above": 1}})
        journal, ran, result = pair.repair("--key", "1")
        ends = [entry["end"] for entry in entries(journal) if entry["twofold"] == "outcome"]
        wrong = [] if not between.left else ["no COMMIT was answered"]
        wrong += [] if ends[:1] == [end] else [f"the journal says {ends}"]
        there = psql(URL, "select count(*) from q where id = 1").strip() == "1"
        repaired = result["outcomes"]["repaired"] == 1
        wrong += [] if there == repaired else [f"the row is {'' if there else 'not '}there: {ran.said()}"]
        wait_until_gone(URL)
        _, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 else [ran.said()]
    wrong += [] if psql(URL, "select * from q order by id") == before else [f"the undo left the row: {ran.said()}"]
    tally.note(f"a commit answered by: {name}", wrong)


def main():
    tally = Tally()
    for case in ANSWERS:
        answered(tally, *case)
    tally.finish()


if __name__ == "__main__":
    main()
