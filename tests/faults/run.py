#!/usr/bin/env python3
"""Injures intact tables, one injury at a time, and wants exactly the findings that injuries.py names for it.

Each injury is checked in one database by `join` and `stream`, and with the sides in two databases by `stream` and by
`digest`, which runs as `stream` where the pair has no digest.

    tests/faults/run.py [-v] [PATTERN...]      only injuries whose name matches; -v shows each and the slowest
"""

import argparse
import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness
from injuries import INJURIES
from pairs import PAIRS

FINDING_COUNTS = ("missing_in_new", "missing_in_old", "different", "duplicate_key")


def prepare(url, injury):
    """A fresh schema with the injured pair. Returns the rows of old and of new."""
    return harness.psql(url, f"""
set client_min_messages = warning; set timezone = 'UTC';
begin;
drop schema if exists t cascade; create schema t;
{PAIRS[injury.pair].sql}
{injury.sql}
commit;
select (select count(*) from t.old_t), {"0" if is_one_row(injury) else "(select count(*) from t.new_t)"};
""").split("|")


def is_one_row(injury):
    return "rows" in PAIRS[injury.pair].spec


def spec_of(injury, old_url, new_url):
    spec = {"check": injury.name.replace("_", "-"), **PAIRS[injury.pair].spec, **injury.spec}
    if is_one_row(injury):
        return {**spec, "rows": {"source": old_url, "table": "t.old_t", **spec["rows"]}}
    for side, url in (("old", old_url), ("new", new_url)):
        spec[side] = {"source": url, "table": f"t.{side}_t", **spec.get(side, {})}
    return spec


def found_in(result):
    """The findings in the words of injuries.py."""
    return sorted(((f["kind"], tuple(f["key"]), tuple(sorted(f.get("columns", []))),
                    tuple(sorted(f.get("invariants", [])))) for f in result["findings"]), key=repr)


def difference(wanted, found):
    wrong = [f"not found: {finding}" for finding in wanted if finding not in found]
    wrong += [f"found, but not injured: {finding}" for finding in found if finding not in wanted]
    if not wrong and len(wanted) != len(found):
        wrong = [f"{len(found)} findings, wanted {len(wanted)}"]
    return wrong[:6] + ([f"... and {len(wrong) - 6} more"] if len(wrong) > 6 else [])


def counts_wrong(injury, result, old_rows, new_rows):
    """The counts must tell the same story as the findings and as the tables themselves."""
    wanted = {kind: sum(f[0] == kind for f in injury.findings) for kind in FINDING_COUNTS}
    wanted["mismatched_rows"] = len(injury.findings)
    wanted["undecided"] = injury.undecided
    wanted["in_flight"] = 0
    wrong = [f"{name} is {result[name]}, wanted {count}" for name, count in wanted.items() if result[name] != count]
    rows = result["rows"]
    if rows["old"] != int(old_rows) or (not is_one_row(injury) and rows["new"] != int(new_rows)):
        wrong.append(f"rows are {rows}, the tables have {old_rows} and {new_rows}")
    ranges = result["ranges"]
    if result["coverage"] != 1 or ranges["failed"] or ranges["proved"] != ranges["planned"] or not ranges["planned"]:
        wrong.append(f"coverage is {result['coverage']}, ranges are {ranges}")
    return wrong


def verdict_of(injury):
    return "inconsistent" if injury.findings else "cannot-tell" if injury.undecided else "consistent"


def wrong_with(injury, mode, old_url, new_url, rows):
    """What is wrong with one run: sentences."""
    run = harness.Check(spec_of(injury, old_url, new_url), "--mode", mode, "--chunk-rows", "150", *injury.options)
    wrong = run.is_verdict(verdict_of(injury))
    if run.result is None:
        return wrong
    wrong += difference(sorted(injury.findings, key=repr), found_in(run.result))
    return wrong + counts_wrong(injury, run.result, *rows)


def runs_of(injury, one, other):
    if "join" in injury.modes:
        yield "join", one, one
    if "stream" in injury.modes:
        yield "stream", one, one
        if not is_one_row(injury):
            yield "stream", one, other
            yield "digest", one, other


def try_injury(injury, one, other):
    """(name, sentences, seconds) of each of the injury's runs."""
    outcomes = []
    try:
        rows = prepare(one, injury)
        prepare(other, injury)
    except RuntimeError as problem:
        return [(injury.name, [str(problem)], 0.0)]
    for mode, old_url, new_url in runs_of(injury, one, other):
        name = f"{injury.name} [{mode}{', two databases' if old_url != new_url else ''}]"
        start = time.monotonic()
        try:
            wrong = wrong_with(injury, mode, old_url, new_url, [count.strip() for count in rows])
        except (subprocess.SubprocessError, ValueError, KeyError) as problem:
            wrong = [f"{type(problem).__name__}: {problem}"]
        outcomes.append((name, wrong, time.monotonic() - start))
    return outcomes


def work(injuries, databases, lane, lanes):
    one, other = databases[lane]
    return [outcome for injury in injuries[lane::lanes] for outcome in try_injury(injury, one, other)]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("-v", "--verbose", action="store_true")
    options.add_argument("patterns", nargs="*")
    args = options.parse_args()
    injuries = [i for i in INJURIES
                if not args.patterns or any(fnmatch.fnmatch(i.name, pattern) for pattern in args.patterns)]
    lanes = 2
    own = harness.psql(harness.URL, "select current_database()").strip()  # another run may be at work beside this one
    databases = [(harness.sibling(harness.URL, f"{own}_{i}_one"), harness.sibling(harness.URL, f"{own}_{i}_other"))
                 for i in range(lanes)]
    tally = harness.Tally()
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        outcomes = [o for done in pool.map(lambda i: work(injuries, databases, i, lanes), range(lanes)) for o in done]
    for name, wrong, seconds in outcomes:
        if args.verbose:
            print(f"{seconds:6.2f} s  {name}")
        tally.note(name, wrong)
    tally.finish()


if __name__ == "__main__":
    main()
