#!/usr/bin/env python3
"""What a check costs the application beside it, measured: the bench's table, from runs of two seconds.

Rates depend on the machine and are only printed. What must hold on any: every kind of check ran to its end beside
pgbench, and the hot table stayed smaller than beside a snapshot that is held.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import ROOT, URL, Tally

PLAIN = os.path.join(ROOT, "build-package", "twofold")  # without sanitizers, which would be measured, too
BENCH = os.path.join(ROOT, "tests", "bench", "guest.py")
BESIDE = ["nothing", "check, 100,000 rows/s", "check, one worker", "check, all it can", "one held snapshot"]
ROW = re.compile(r"^\| ([^|]+) \| ([\d,]+) \| (\d+)% \| ([\d,]+) KiB \| ([\d,]+) \|$", re.MULTILINE)


def measured():
    bin_folder = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {**os.environ, "PATH": os.environ["PATH"] + ":" + bin_folder}
    done = subprocess.run([sys.executable, BENCH, PLAIN, URL, "2", "1"], capture_output=True, text=True, env=environment)
    print(done.stdout + done.stderr)
    if done.returncode:
        return [f"the bench ended with {done.returncode}"]
    rows = {row[0]: [int(word.replace(",", "")) for word in row[1:]] for row in ROW.findall(done.stdout)}
    if list(rows) != BESIDE:
        return [f"it measured {list(rows)}"]
    wrong = [f"{name}: no transaction" for name, row in rows.items() if row[0] == 0]
    held = rows["one held snapshot"][2]
    return wrong + [f"{name}: the hot table has {row[2]} KiB, beside a held snapshot {held}"
                    for name, row in rows.items() if name.startswith("check") and row[2] >= held]


def main():
    tally = Tally()
    if os.path.exists(PLAIN):
        tally.note("beside pgbench", measured())
    else:
        tally.skip("beside pgbench", f"{PLAIN} is not built")
    tally.finish()


if __name__ == "__main__":
    main()
