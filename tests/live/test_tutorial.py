#!/usr/bin/env python3
"""The tutorial of README.md is true: its commands, from expand to contract, print what it says.

It has a server of its own, with the settings that a shop would have for it: pg_stat_statements, and times of commits.

    tests/live/test_tutorial.py --record      writes what the commands print into README.md, for `git diff` to judge
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness
import test_readme
from private_postgres import PrivatePostgres


def main():
    tally = harness.Tally()
    text = test_readme.file_text("README.md")
    with PrivatePostgres("shared_preload_libraries = 'pg_stat_statements'", "track_commit_timestamp = on") as server:
        harness.psql(server.admin, "create database shop")
        shop = server.admin.replace("/postgres?", "/shop?")
        test_readme.run_or_record(tally, text, test_readme.TUTORIAL.search(text).span(), SHOP_URL=shop)
    tally.finish()


if __name__ == "__main__":
    main()
