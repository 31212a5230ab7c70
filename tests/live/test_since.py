#!/usr/bin/env python3
"""Since when: findings say when their rows were last written, on servers that know it, and nothing is said elsewhere."""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import URL, Check, Tally, psql
from private_postgres import PrivatePostgres

KEYS = "id int primary key, v int, note text"


def create(url):
    psql(url, f"create table old_t ({KEYS}); create table new_t ({KEYS});"
              " insert into old_t select g, g, 'note' from generate_series(1, 1500) g;"
              " insert into new_t select * from old_t;"
              " create view new_v as select * from new_t;"
              " create table pairs (id int primary key, a int, b int);"
              " insert into pairs select g, g, g from generate_series(1, 20) g")
    psql(url, "update old_t set note = 'backfill' where id = 1")
    time.sleep(2.1)
    psql(url, "update new_t set v = 0 where id = 1; delete from new_t where id = 2; insert into new_t values (0, 0, '');"
              " update pairs set b = 0 where id = 7")


def times_of(run):
    members = ("old_changed_at", "new_changed_at")
    return {finding["key"][0]: tuple(finding.get(member) for member in members) for finding in run.result["findings"]}


def seconds(text):
    """Of a day: these rows were written within a minute."""
    hours, minutes, rest = (int(part) for part in re.fullmatch(r".*T(\d\d):(\d\d):(\d\d)Z", text).groups())
    return hours * 3600 + minutes * 60 + rest


def check_times(tally, name, run, with_new=True):
    wrong = run.is_verdict("inconsistent")
    times = times_of(run)
    if set(times) != {"0", "1", "2"}:
        tally.note(name, wrong + [f"found {times}"])
        return
    (old_1, new_1), (old_2, new_2), (old_0, new_0) = times["1"], times["2"], times["0"]
    if old_1 is None or old_2 is None or old_0 is not None or new_2 is not None:
        wrong.append(f"{times}")
    elif not with_new and (new_1 or new_0):
        wrong.append(f"a view's rows were written: {times}")
    elif with_new and not (new_1 and new_0 and 2 <= (seconds(new_1) - seconds(old_1)) % 86400 <= 30):
        wrong.append(f"{times}")
    tally.note(name, wrong)


def main():
    tally = Tally()
    with PrivatePostgres("track_commit_timestamp = on") as server:
        url = server.admin
        create(url)
        spec = {"check": "since", "old": {"source": url, "table": "old_t"}, "new": {"table": "new_t"}}
        for mode in "join", "stream":
            run = Check(spec, "--mode", mode)
            check_times(tally, f"by {mode}", run)
        tally.note("the console says it", [] if re.search(r"written: old \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, new \d\.\d s later",
                                                          run.stdout) and "the rows shown: from" in run.stdout
                   else [run.stdout])
        run = Check({**spec, "new": {"table": "new_v", "key": ["id"]}}, "--mode", "stream")
        check_times(tally, "a view has no writer", run, with_new=False)

        run = Check({**spec, "mask": ["id", "v"]})
        found = run.result["findings"]
        tally.note("masked keys", run.is_verdict("inconsistent") + [
            f"{finding}" for finding in found
            if not finding["key"][0].startswith("masked:") or not ("old_changed_at" in finding or "new_changed_at" in finding)])

        run = Check({"check": "since", "rows": {"source": url, "table": "pairs"}, "invariants": [{"holds": "a == b"}]})
        tally.note("parallel columns", run.is_verdict("inconsistent")
                   + ([] if times_of(run)["7"][0] and not times_of(run)["7"][1] else [f"{times_of(run)}"]))

        psql(url, "create role reader login; grant select (id, v, note) on old_t, new_t to reader")
        reader = url.replace("postgres@", "reader@")
        run = Check({**spec, "old": {"source": reader, "table": "old_t"}})
        tally.note("a role that may not know", run.is_verdict("inconsistent")
                   + ([] if set(times_of(run).values()) == {(None, None)} else [f"{times_of(run)}"]))

        psql(url, "update new_t set v = -v")
        run = Check(spec)
        missing = [key for key, (old, new) in times_of(run).items() if key not in ("0", "2") and not (old and new)]
        tally.note("more findings than one lookup takes", run.is_verdict("inconsistent")
                   + ([] if len(times_of(run)) > 1400 and not missing else [f"not known: {missing[:10]}"]))

    psql(URL, "drop table if exists old_t, new_t cascade")
    psql(URL, f"create table old_t ({KEYS}); create table new_t ({KEYS}); insert into old_t values (1, 1, '')")
    run = Check({"check": "since", "old": {"source": URL, "table": "old_t"}, "new": {"table": "new_t"}})
    tally.note("a server that does not know", run.is_verdict("inconsistent")
               + ([] if times_of(run) == {"1": (None, None)} and "written" not in run.stdout else [f"{times_of(run)}"]))
    tally.finish()


if __name__ == "__main__":
    main()
