#!/usr/bin/env python3
"""A plan of a table with a thousand million rows, as its statistics say: its memory, and its time for whoever reads it.

The rows are not there; the catalog is what a table of that size has: so many rows a page, and a histogram of the
largest size. Once with the histogram, once with keys of two columns, whose bounds come from a sample.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, URL, Tally, psql

ROWS = 1_000_000_000
LIMIT_MIB = 100
SANITIZED = 4  # how much more memory a sanitizer's build may take


def create(name, key):
    psql(URL, f"""
        set client_min_messages = warning;
        drop table if exists {name};
        create table {name} (a bigint not null, b int not null, note text, primary key ({key}));
        alter table {name} alter a set statistics 10000;
        insert into {name} select g::bigint * 5000, g % 10, 'row ' || g from generate_series(1, 200000) g;
        analyze {name};
        update pg_class set reltuples = {ROWS}, relpages = pg_relation_size(oid) / 8192
            where oid = '{name}'::regclass;""")


def peak_mib(command):
    """Of this child alone: seconds, MiB, output."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - start, usage.ru_maxrss / 1024, output


def sanitized():
    done = subprocess.run(["nm", "-D", PROGRAM], capture_output=True, text=True)
    return "__asan_init" in done.stdout


def plan(tally, name, key):
    create(name, key)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spec.json")
        with open(path, "w") as file:
            json.dump({"check": "vast", "rows": {"source": URL, "table": name}, "invariants": [{"holds": "note is not null"}]},
                      file)
        seconds, mib, output = peak_mib([PROGRAM, "plan", path])
    ranges = re.search(r"([0-9,]+) ranges", output)
    count = int(ranges.group(1).replace(",", "")) if ranges else 0
    print(f"key ({key}): {count} ranges of {ROWS:,} rows planned in {seconds:.2f} s with {mib:.0f} MiB")
    limit = LIMIT_MIB * (SANITIZED if sanitized() else 1)
    tally.note(f"{key}: memory", [] if mib <= limit else [f"{mib:.0f} MiB"])
    tally.note(f"{key}: ranges", [] if count >= 5000 else [f"{count} ranges:\n{output[:2000]}"])


def main():
    tally = Tally()
    try:
        plan(tally, "vast_one", "a")
        plan(tally, "vast_two", "a, b")
    except RuntimeError as error:
        if "permission denied" not in str(error):
            raise
        tally.skip("statistics of a vast table", "this role may not write the catalog")
    tally.finish()


if __name__ == "__main__":
    main()
