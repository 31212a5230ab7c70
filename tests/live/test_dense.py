#!/usr/bin/env python3
"""Differences by the ten thousand between two databases: settled as stretches of keys, each exactly a finding.

One side empty, half of it missing, every row different, keys of two columns, keys of text; and rows that arrive while
they are looked at again, which are nobody's finding.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, URL, URL_2, Check, Tally, psql

ROWS = 12000
TABLE = "create table {name} (a {a} not null, b int not null, v bigint, note text, primary key (a, b));"
KEYS = {"bigint": "g::bigint", "text collate \"C\"": "lpad(g::text, 6, '0')", "uuid": "md5(g::text)::uuid"}


def create(url, name, a, rows):
    psql(url, f"drop table if exists {name};" + TABLE.format(name=name, a=a))
    if rows:
        psql(url, f"insert into {name} {rows}; analyze {name}")


def rows(a, value="g", where="true"):
    return f"select {KEYS[a]}, g % 7, {value}, 'row ' || g from generate_series(1, {ROWS}) g where {where}"


def spec():
    return {"check": "dense", "old": {"source": URL, "table": "dense_old"}, "new": {"source": URL_2, "table": "dense_new"}}


def kinds(path):
    found = {}
    with open(path) as file:
        for line in file:
            finding = json.loads(line)
            found.setdefault(tuple(finding["key"]), []).append(finding["kind"])
    return found


def expect(tally, name, wanted, *options):
    """`wanted`: kind -> number of findings; each key has one."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.ndjson")
        run = Check(spec(), "--mode", "stream", "--findings", path, *options)
        problems = run.wrong()
        found = kinds(path)
    counts = {}
    for of_key in found.values():
        problems += [f"{of_key} of one key"] if len(of_key) != 1 else []
        counts[of_key[0]] = counts.get(of_key[0], 0) + 1
    told = {kind: run.result[kind] for kind in ("missing_in_new", "missing_in_old", "different") if run.result[kind]}
    if counts != wanted or told != wanted:
        problems.append(f"wanted {wanted}, found {counts}, told {told}")
    if run.result["ranges"]["failed"]:
        problems.append(f"{run.result['ranges']}")
    tally.note(name, problems)


CASES = {
    "new is empty": ("g", "true", "g", "false", {"missing_in_new": ROWS}),
    "old is empty": ("g", "false", "g", "true", {"missing_in_old": ROWS}),
    "every row differs": ("g", "true", "g + 1", "true", {"different": ROWS}),
    "every second row differs": ("g", "true", "g + g % 2", "true", {"different": ROWS // 2}),
    "every second row is missing": ("g", "true", "g", "g % 2 = 0", {"missing_in_new": ROWS // 2}),
    "the second half is missing": ("g", "true", "g", f"g <= {ROWS // 2}", {"missing_in_new": ROWS // 2}),
    "some of all": ("g", "g % 3 <> 0", "g + 1", "g % 3 <> 1",
                    {"missing_in_new": ROWS // 3, "missing_in_old": ROWS // 3, "different": ROWS // 3}),
}


def test_cases(tally):
    for a in KEYS:
        for name, (old, old_where, new, new_where, wanted) in CASES.items():
            if a != "bigint" and name not in ("new is empty", "some of all"):
                continue
            create(URL, "dense_old", a, rows(a, old, old_where))
            create(URL_2, "dense_new", a, rows(a, new, new_where))
            expect(tally, f"{a}: {name}", wanted)
            if a == "bigint":
                expect(tally, f"{a}: {name}, ranges of 1000", wanted, "--chunk-rows", "1000")


def test_undecided(tally):
    """Rows in doubt among rows that stand alone, under one integer key: counted once, however often they are read."""
    for url, name, where in ((URL, "dense_old", "true"), (URL_2, "dense_new", "g % 2 = 0")):
        psql(url, f"drop table if exists {name}; create table {name} (a bigint primary key, v int); insert into {name}"
                  f" select g, case when g % 120 <> 0 then g end from generate_series(1, {ROWS}) g where {where};"
                  f" analyze {name}")
    run = Check({**spec(), "invariants": [{"name": "positive", "holds": "new.v > 0"}]}, "--mode", "stream", "--settle",
                "200 ms")
    told = {name: run.result[name] for name in ("missing_in_new", "different", "undecided", "in_flight")}
    wanted = {"missing_in_new": ROWS // 2, "different": 0, "undecided": ROWS // 120, "in_flight": 0}
    tally.note("undecided rows are counted once", run.wrong() + ([] if told == wanted else [f"wanted {wanted}, told {told}"]))


def wait_for_read(process):
    """Until the check has read the tables once and waits to look again."""
    while process.poll() is None:
        seen = psql(URL, "select count(*) from pg_stat_activity where application_name like 'twofold/dense%'"
                         " and state = 'idle' and query = 'COMMIT'")
        if int(seen.strip() or 0) > 0:
            return
        time.sleep(0.01)


def moving(tally, name, change, wanted, one_key=False):
    """`change` on the new side happens between the first read and the first look again."""
    create(URL, "dense_old", "bigint", rows("bigint"))
    if one_key:  # rows that stand alone are then kept as packed keys (finding_list.h)
        for url, table in ((URL, "dense_old"), (URL_2, "dense_new")):
            psql(url, f"alter table {table} drop constraint {table}_pkey, add primary key (a)")
    with tempfile.TemporaryDirectory() as folder:
        path, findings, result = (os.path.join(folder, file) for file in ("spec.json", "all.ndjson", "result.json"))
        with open(path, "w") as file:
            json.dump(spec(), file)
        process = subprocess.Popen([PROGRAM, "check", path, "--mode", "stream", "--settle", "16s", "--workers", "1",
                                    "--chunk-rows", "1000000", "--findings", findings, "--json", result, "--progress",
                                    "never", "--ledger", "sqlite:" + os.path.join(folder, "ledger.db")],
                                   stdout=subprocess.DEVNULL)
        wait_for_read(process)
        psql(URL_2, change)
        process.wait()
        counts = {}
        for of_key in kinds(findings).values():
            counts[of_key[0]] = counts.get(of_key[0], 0) + len(of_key)
        with open(result) as file:
            told = json.load(file)
    problems = [] if counts == wanted else [f"wanted {wanted}, found {counts}"]
    if told["in_flight"] or told["missing_in_new"] + told["different"] != sum(wanted.values()):
        problems.append(f"{told}")
    tally.note(name, problems)


def test_moving(tally):
    create(URL_2, "dense_new", "bigint", None)
    moving(tally, "all arrive late", f"insert into dense_new {rows('bigint')}", {})
    create(URL_2, "dense_new", "bigint", None)
    moving(tally, "some arrive late, one of them wrong",
           f"insert into dense_new {rows('bigint', 'case g when 5000 then 0 else g end', 'g between 2000 and 9999')}",
           {"missing_in_new": ROWS - 8000, "different": 1})
    create(URL_2, "dense_new", "bigint", None)
    moving(tally, "some arrive late under one key, one of them wrong",
           f"insert into dense_new {rows('bigint', 'case g when 5000 then 0 else g end', 'g between 2000 and 9999')}",
           {"missing_in_new": ROWS - 8000, "different": 1}, one_key=True)
    create(URL_2, "dense_new", "bigint", rows("bigint", "g + 1"))
    moving(tally, "a backfill goes over half of the wrong rows", f"update dense_new set v = v - 1 where a <= {ROWS // 2}",
           {"different": ROWS // 2})


def main():
    tally = Tally()
    test_cases(tally)
    test_undecided(tally)
    test_moving(tally)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
