#!/usr/bin/env python3
"""Repairs whose COMMIT is answered by an error: what may have been committed is never journaled as rolled back.

A socket stands in front of the server and gives its own answer to the COMMIT of a transaction that has written; what
the server really did is said to it, too: committed, as a server that panics may have, or rolled back.
"""

import os
import re
import socket
import struct
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Tally, psql, URL
from repairs import Pair, entries, wait_until_gone

COMMIT, ROLLBACK = b"COMMIT\0", b"ROLLBACK\0"


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def error(severity, sqlstate, text):
    fields = ((b"S", severity), (b"V", severity), (b"C", sqlstate), (b"M", text))
    return message(b"E", b"".join(name + value.encode() + b"\0" for name, value in fields) + b"\0")


READY = message(b"Z", b"I")


class Reader:
    """Messages of one direction; the client's first has no kind."""

    def __init__(self, end, first_is_bare):
        self.end, self.bare = end, first_is_bare

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.end.recv(count - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def next(self):
        kind = b"" if self.bare else self.exactly(1)
        self.bare = False
        body = self.exactly(struct.unpack("!i", self.exactly(4))[0] - 4)
        return kind, body


class Answerer:
    """with Answerer(answer, stays, commits): the first COMMIT after a write gets this answer, and then the connection
    is cut or stays."""

    def __init__(self, answer, stays, commits):
        self.answer, self.stays, self.commits, self.left = answer, stays, commits, 1
        self.folder = tempfile.mkdtemp(prefix="twofold-answer-", dir="/tmp")
        host, port = re.search(r"host=([^&]*)", URL).group(1), re.search(r"port=(\d+)", URL)
        name = "/.s.PGSQL." + (port.group(1) if port else "5432")
        self.target, self.path = host + name, self.folder + name
        self.url = URL.replace("host=" + host, "host=" + self.folder)

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        os.remove(self.path)
        os.rmdir(self.folder)

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            told = threading.Event()  # a COMMIT is under way whose answer is replaced
            for part in (self.questions, self.answers):
                threading.Thread(target=self.guarded, args=(part, client, server, told), daemon=True).start()

    @staticmethod
    def guarded(part, client, server, told):
        try:
            part(client, server, told)
        except (OSError, struct.error):
            pass
        for end in (client, server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def questions(self, client, server, told):
        reader, wrote = Reader(client, True), False
        while True:
            kind, body = reader.next()
            wrote = (wrote and body != ROLLBACK) or (kind == b"P" and b" INSERT INTO " in body)
            if kind == b"Q" and body == COMMIT and wrote and self.left:
                self.left = 0
                told.set()
                body = COMMIT if self.commits else ROLLBACK
            server.sendall(message(kind, body))

    def answers(self, client, server, told):
        reader = Reader(server, False)
        while True:
            kind, body = reader.next()
            if not told.is_set():
                client.sendall(message(kind, body))
            elif kind == b"Z":  # the server has done what it was told
                client.sendall(self.answer + (READY if self.stays else b""))
                told.clear()
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
