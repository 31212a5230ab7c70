#!/usr/bin/env python3
"""What a row has become when it is looked at again: two databases, one row in flight, one answer."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import URL, URL_2, Check, Tally, psql

SPEC = {"check": "settling", "old": {"source": URL, "table": "old_t"}, "new": {"source": URL_2, "table": "new_t"},
        "equal": ["note"], "invariants": [{"name": "minor", "holds": "new.minor == old.total * 100"}]}
TABLE = ("set client_min_messages = warning; drop table if exists {name};"
         " create table {name} (id int primary key, total numeric, minor bigint, note text);"
         " insert into {name} select g, g, g * 100, 'n' || g from generate_series(1, 500) g; analyze {name};")

# name; before the check on the old and the new side; meanwhile; the verdict; what the counts are
CASES = [
    ("equal, and still unknown", "update old_t set total = null where id = 7",
     "update new_t set minor = null, note = 'early' where id = 7", "update new_t set note = 'n7' where id = 7",
     "cannot-tell", {"undecided": 1, "in_flight": 0, "mismatched_rows": 0}),
    ("different and unknown, then neither", "", "update new_t set minor = null, note = 'early' where id = 7",
     "update new_t set minor = 700, note = 'n7' where id = 7", "consistent", {"undecided": 0, "mismatched_rows": 0}),
    ("broken, then unknown", "", "update new_t set minor = 1 where id = 7", "update new_t set minor = null where id = 7",
     "cannot-tell", {"undecided": 1, "in_flight": 0, "mismatched_rows": 0}),
    ("missing, then unknown", "", "delete from new_t where id = 7", "insert into new_t values (7, 7, null, 'n7')",
     "cannot-tell", {"undecided": 1, "in_flight": 0, "mismatched_rows": 0}),
    ("missing, then there", "", "delete from new_t where id = 7", "insert into new_t values (7, 7, 700, 'n7')",
     "consistent", {"undecided": 0, "in_flight": 0, "mismatched_rows": 0}),
    ("missing, then different, then equal", "", "delete from new_t where id = 7",
     "insert into new_t values (7, 7, 700, 'soon'); select pg_sleep(2); update new_t set note = 'n7' where id = 7",
     "consistent", {"undecided": 0, "in_flight": 0, "mismatched_rows": 0}),
    ("different, then gone on both", "", "update new_t set note = 'late' where id = 7", "delete from new_t where id = 7",
     "inconsistent", {"missing_in_new": 1, "different": 0}),
    ("nothing moves", "", "update new_t set note = 'late' where id = 7", "", "inconsistent", {"different": 1}),
]


def wait_for_the_first_pass():
    """The sessions are idle between the pass and the first look: a sixteenth of the settling."""
    for _ in range(400):
        if psql(URL_2, "select 1 from pg_stat_activity where application_name like 'twofold/settling%'"
                       " and datname = current_database() and state = 'idle' and query = 'COMMIT'") != "":
            time.sleep(0.4)
            return
        time.sleep(0.02)


def main():
    tally = Tally()
    for mode in "stream", "digest":
        for name, old, new, meanwhile, verdict, counts in CASES:
            psql(URL, TABLE.format(name="old_t") + old)
            psql(URL_2, TABLE.format(name="new_t") + new)
            runs = []
            thread = threading.Thread(target=lambda: runs.append(Check(SPEC, "--mode", mode, "--settle", "16 s")))
            thread.start()
            wait_for_the_first_pass()
            psql(URL_2, meanwhile or "select 1")
            thread.join()
            wrong = runs[0].is_verdict(verdict)
            for count, wanted in counts.items():
                got = runs[0].result[count] if runs[0].result else None
                wrong += [] if got == wanted else [f"{count} is {got}, wanted {wanted}"]
            of_invariant = runs[0].result["invariants"][0]["undecided"] if runs[0].result else None
            if of_invariant != counts.get("undecided", 0):
                wrong.append(f"the invariant is undecided for {of_invariant} rows")
            tally.note(f"{name}, {mode}", wrong)
    tally.finish()


if __name__ == "__main__":
    main()
