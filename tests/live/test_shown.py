#!/usr/bin/env python3
"""Nothing that stands in a database moves the cursor, hides, or turns what is printed around it: every command's output
is read for characters that do, with such ones in names and values, keys and errors."""

import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from harness import Tally, psql, URL

# Escape, C1 controls (CSI, NEL), marks and embeddings of direction, separators of lines, no-width ones.
EVIL = "\x1b[2J\x7f\u0080\u0085\u009b2K\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029\u200b"
HIDDEN = set(EVIL) - set("[2JK")

TABLES = f"""
set client_min_messages = warning;
drop schema if exists evil cascade; create schema evil;
create table evil."a{EVIL}" (id text primary key, "v{EVIL}" text unique, n int);
create table evil."b{EVIL}" (id text primary key, "v{EVIL}" text unique, n int);
insert into evil."a{EVIL}" values ('k{EVIL}', 'x{EVIL}', 1), ('l', 'y{EVIL}', 2), ('m', 'm', 3);
insert into evil."b{EVIL}" values ('k{EVIL}', 'other', 1), ('o', 'y{EVIL}', 2), ('m', 'm', 3);
create view evil."w{EVIL}" as select "v{EVIL}" from evil."b{EVIL}";
"""


class Commands:
    def __init__(self, folder):
        self.folder = folder
        self.spec = self.path("spec.yaml")
        with open(self.spec, "w") as file:
            json.dump({"check": "shown", "old": {"source": URL, "table": f"evil.a{EVIL}"},
                       "new": {"table": f"evil.b{EVIL}"}, "equal": [f"v{EVIL}", "n"],
                       "repair": {"trust": "old", "stop_above": 1},
                       "invariants": [{"name": "n", "holds": "new.n is not null"}],
                       "contract": {"drop": [f"\"evil\".\"b{EVIL}\".\"v{EVIL}\""], "replaced_by": {}}}, file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words):
        ledger = [] if words[0] in ("init", "look", "plan", "repair", "undo") else ["--ledger", "sqlite:" + self.path("l.db")]
        return subprocess.run([harness.PROGRAM, *words, *ledger], capture_output=True, text=True, timeout=60)


def quiet(name, tally, ran, *says):
    """What is wrong with what a command printed: sentences."""
    said = ran.stdout + ran.stderr
    wrong = [f"{ord(c):x} is printed: {ascii(said)[:1500]}" for c in sorted(HIDDEN & set(said))]
    wrong += [f"it does not say {says_!r}: {said[:1500]}" for says_ in says if says_ not in said]
    tally.note(name, wrong[:2])


def main():
    tally = Tally()
    psql(URL, TABLES)
    with tempfile.TemporaryDirectory() as folder:
        commands = Commands(folder)
        spec, journal = commands.spec, commands.path("journal")
        quiet("check", tally, commands.run("check", spec), "v\\x1b[2J\\x7f\\u0080")
        quiet("check by stream", tally, commands.run("check", spec, "--mode", "stream"))
        quiet("plan", tally, commands.run("plan", spec), "\\u202e")
        quiet("look", tally, commands.run("look", spec, f"k{EVIL}", "l"), "DIFFERENT", "\\u202e")
        quiet("history", tally, commands.run("history", spec))
        quiet("gate", tally, commands.run("gate", spec), "\\u202e")
        ran = commands.run("repair", spec)
        quiet("repair", tally, ran, "would be written", "U&\"b\\001b[2J")
        wrote = commands.run("repair", spec, "--write", "--journal", journal)
        quiet("repair --write", tally, wrote, "repaired", "duplicate key")
        quiet("undo", tally, commands.run("undo", journal), "would be undone")
        quiet("undo --write", tally, commands.run("undo", journal, "--write", "--journal", journal + ".undo"), "1 row")
        quiet("an unknown table", tally, commands.run("init", URL, f"evil.c{EVIL}", URL, "x"), "cannot find table")
        quiet("init", tally, commands.run("init", URL, f"evil.a{EVIL}", URL, f"evil.b{EVIL}"), "equal")
        statements_mean_what_they_say(commands, tally)
    tally.finish()


def statements_mean_what_they_say(commands, tally):
    """Run by a person, the statements that are shown do what the repair would have done."""
    shown = commands.run("repair", commands.spec).stdout
    psql(URL, f"delete from evil.\"b{EVIL}\" where id = 'o'")
    psql(URL, shown)
    left = psql(URL, f"select count(*) from evil.\"a{EVIL}\" a join evil.\"b{EVIL}\" b using (id)"
                     f" where a.\"v{EVIL}\" = b.\"v{EVIL}\"").strip()
    tally.note("statements that are shown can be run", [] if left == "3" else [f"{left} rows agree: {shown}"])


if __name__ == "__main__":
    main()
