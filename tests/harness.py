"""What the Python tests share: a tally, psql, and a run of `twofold check` as data.

Reads from the environment what tests/run.sh sets:
    TWOFOLD             the program
    TWOFOLD_TEST_URL    a database of this test's own
    TWOFOLD_TEST_URL_2  another one
"""

import json
import os
import re
import subprocess
import sys
import tempfile

if "TWOFOLD_TEST_URL" not in os.environ:
    sys.exit("tests/run.sh runs these tests; by hand, set TWOFOLD_TEST_URL and TWOFOLD_TEST_URL_2 to empty databases.")

PROGRAM = os.environ.get("TWOFOLD", "build/twofold")
URL = os.environ["TWOFOLD_TEST_URL"]
URL_2 = os.environ.get("TWOFOLD_TEST_URL_2", URL)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("LSAN_OPTIONS", f"suppressions={ROOT}/tests/lsan.suppressions:print_suppressions=0")
VERDICTS = {0: "consistent", 1: "inconsistent", 2: "cannot-tell"}


class Tally:
    """Counts what passed, tells what failed, and ends the program."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def note(self, name, wrong):
        """wrong: sentences; none where the test passed."""
        if not wrong:
            self.passed += 1
            return
        self.failed += 1
        print(f"failed: {name}")
        for line in wrong:
            print(f"    {line}")
        sys.stdout.flush()

    def skip(self, name, why):
        self.skipped += 1
        print(f"skipped: {name}: {why}")

    def finish(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        sys.exit(1 if self.failed or not self.passed + self.skipped else 0)


def psql(url, sql):
    """Runs SQL in one session, and stops at the first error. Returns the unaligned output."""
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url], input=sql,
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"could not run SQL: {done.stderr.strip()}\n{sql[:2000]}")
    return done.stdout


def sibling(url, name):
    """The same server's database of another name, empty."""
    other = re.sub(r"^(postgresql://[^/]*/)[^?]*", rf"\g<1>{name}", url)
    psql(url, f'drop database if exists "{name}" with (force)')  # a check that was killed may linger
    psql(url, f'create database "{name}" template template0 encoding \'UTF8\'')
    return other


class Check:
    """One run: status, the JSON result (None where there is none), standard output and standard error."""

    def __init__(self, spec, *options, environment=None, timeout=120):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "spec.yaml")
            with open(path, "w") as file:
                json.dump(spec, file)
            out = os.path.join(scratch, "result.json")
            command = [PROGRAM, "check", path, "--json", out, "--sample", "100000", "--progress", "never",
                       "--settle", "20 ms",  # nobody writes while these tests run
                       "--invariants", os.path.join(ROOT, "invariants"),
                       "--ledger", "sqlite:" + os.path.join(scratch, "ledger.db"), *options]
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                                  env={**os.environ, **(environment or {})})
            self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
            self.result = None
            if os.path.exists(out) and os.path.getsize(out):
                with open(out) as file:
                    self.result = json.load(file)

    def wrong(self):
        """What no run may do, whatever it found: sentences."""
        wrong = []
        if self.status not in (0, 1, 2, 3):
            wrong.append(f"the exit status is {self.status}: {self.stderr.strip()}")
        if self.result is not None and self.result["verdict"] != VERDICTS.get(self.status):
            wrong.append(f"the verdict is {self.result['verdict']}, the exit status {self.status}")
        return wrong

    def is_verdict(self, verdict):
        """What is wrong where the verdict should be this one: sentences."""
        wrong = self.wrong()
        if self.result is None:
            wrong.append(f"wanted {verdict}, the exit status is {self.status}: {self.stderr.strip()}")
        elif self.result["verdict"] != verdict:
            wrong.append(f"wanted {verdict}, got {self.result['verdict']}: {self.result.get('reason')}")
        return wrong
