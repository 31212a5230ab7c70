#!/usr/bin/env python3
"""Rows of a megabyte that all differ: every one is found, and memory is bounded by bytes, not by rows."""

import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, URL, URL_2, Tally, psql
from test_instructions import BUILDS, is_optimised
from test_vast import peak_mib

ROWS, MOST_MIB = 40, 64
MAKE = """drop table if exists wide; create table wide (id bigint primary key, t text);
    insert into wide select g, repeat(md5(g::text), 32768) || '{end}' from generate_series(1, {rows}) g; analyze wide;"""


def check(program, folder, mode):
    """What is wrong with a run."""
    spec, result, ledger = (os.path.join(folder, f"{mode}.{end}") for end in ("json", "result", "db"))
    with open(spec, "w") as file:
        json.dump({"check": "wide", "old": {"source": URL, "table": "wide"}, "new": {"source": URL_2, "table": "wide"}}, file)
    _, mib, _ = peak_mib(["sh", "-c", '"$0" "$@" || [ $? = 1 ]', program, "check", spec, "--mode", mode, "--workers", "2",
                          "--settle", "50 ms", "--progress", "never", "--json", result, "--ledger", f"sqlite:{ledger}"])
    with open(result) as file:
        found = json.load(file)
    wrong = [] if found["different"] == ROWS and found["verdict"] == "inconsistent" else [f"{found}"[:500]]
    if is_optimised(program):
        print(f"{mode}: {mib:.0f} MiB")
        wrong += [] if mib <= MOST_MIB else [f"{mib:.0f} MiB"]
    return wrong


def main():
    tally = Tally()
    program = next((build for build in BUILDS if is_optimised(build)), PROGRAM)
    for url, end in ((URL, ""), (URL_2, "x")):
        psql(url, MAKE.format(rows=ROWS, end=end))
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("stream", "digest"):
            tally.note(mode, check(program, folder, mode))
    tally.finish()


if __name__ == "__main__":
    main()
