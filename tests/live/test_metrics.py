#!/usr/bin/env python3
"""--metrics as node_exporter would read it (trap 26): promtool accepts the file, and every verdict says the same names."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

PINNED = """twofold_check_consistent twofold_check_verdict twofold_check_last_run_timestamp_seconds
twofold_check_duration_seconds twofold_check_rows twofold_check_mismatched_rows twofold_check_mismatch_ratio
twofold_check_undecided_rows twofold_check_in_flight_rows twofold_check_coverage_ratio twofold_check_ranges
twofold_invariant_violations twofold_column_different_rows twofold_cause_rows twofold_build_info""".split()

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t (id int primary key, v text, w int);
create table new_t (id int primary key, v text, w int);
insert into old_t select g, 'v' || g, g from generate_series(1, 100) g;
insert into new_t select * from old_t;
"""

CASES = {
    "consistent": ("", 1),
    "inconsistent": ("delete from new_t where id = 7; update new_t set v = 'x', w = -1 where id = 8;", 0),
    "cannot-tell": ("update new_t set w = null where id = 9;", 0),
}


def sample(text, name, **labels):
    """The value of a sample, or None."""
    for line in text.splitlines():
        found = re.match(r"^(\w+)\{(.*)\} (\S+)$", line)
        if found and found[1] == name and labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', found[2])).items():
            return float(found[3])
    return None


def promtool(text):
    """What promtool has against the text: sentences."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    return [line for line in (done.stdout + done.stderr).splitlines() if line] if done.returncode or done.stderr else []


def wrong_with(verdict, text, consistent):
    wrong = [f"promtool: {line}" for line in promtool(text)] if shutil.which("promtool") else []
    wrong += [f"{name} is missing" for name in PINNED if f"\n{name}{{" not in "\n" + text]
    if not text.endswith("\n") or "\r" in text:
        wrong.append("the last line does not end, or there are carriage returns")
    wrong += [f"a timestamp, or no label: {line}" for line in text.splitlines()
              if not line.startswith("#") and not re.match(r'^twofold_\w+\{.*check="metrics".*\} \S+$', line)]
    if sample(text, "twofold_check_consistent") != consistent:
        wrong.append(f"twofold_check_consistent is {sample(text, 'twofold_check_consistent')}")
    for other in CASES:
        if sample(text, "twofold_check_verdict", verdict=other) != (1 if other == verdict else 0):
            wrong.append(f"twofold_check_verdict of {other} is {sample(text, 'twofold_check_verdict', verdict=other)}")
    return wrong


def main():
    tally = harness.Tally()
    if not shutil.which("promtool"):
        tally.skip("promtool", "it is not installed")
    spec = {"check": "metrics", "old": {"source": harness.URL, "table": "old_t"}, "new": {"table": "new_t"},
            "equal": ["v"], "invariants": [{"name": "w", "holds": "new.w == old.w"}]}
    headers = set()
    with tempfile.TemporaryDirectory() as folder:
        for verdict, (sql, consistent) in CASES.items():
            harness.psql(harness.URL, TABLES + sql)
            path = os.path.join(folder, "m.prom")
            run = harness.Check(spec, "--metrics", path)
            wrong = run.is_verdict(verdict)
            if os.path.exists(path):
                with open(path, encoding="utf-8", newline="") as file:
                    text = file.read()
                wrong += wrong_with(verdict, text, consistent)
                headers.add("\n".join(line for line in text.splitlines() if line.startswith("#")))
            else:
                wrong.append(f"no metrics: {run.stderr.strip()}")
            if os.listdir(folder) != ["m.prom"]:
                wrong.append(f"left behind: {os.listdir(folder)}")
            tally.note(f"metrics_{verdict}", wrong)
    tally.note("metrics_help_and_type_are_the_same_in_every_file", [] if len(headers) == 1 else ["they differ"])
    tally.finish()


if __name__ == "__main__":
    main()
