#!/usr/bin/env python3
"""Client instructions a row in `stream`, counted by callgrind: a regression by far is seen, on a busy machine, too."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import PROGRAM, ROOT, URL, Tally

A_ROW = 600  # what tests/bench/instructions.sh printed last: lower it with the program
SLACK = 1.25  # other compilers and libraries


# What the tests run has sanitizers in it; the package's build is what people run.
BUILDS = [PROGRAM, os.path.join(ROOT, "build-package", "twofold"), os.path.join(ROOT, "build-bench", "twofold")]


def is_optimised(program):
    cache = os.path.join(os.path.dirname(os.path.abspath(program)), "CMakeCache.txt")
    if not os.path.exists(program) or not os.path.exists(cache):
        return False
    with open(cache) as file:
        text = file.read()
    optimised = any(f"CMAKE_BUILD_TYPE:STRING={kind}\n" in text for kind in ("RelWithDebInfo", "Release"))
    return optimised and "TWOFOLD_SANITIZE:STRING=\n" in text


def main():
    tally = Tally()
    builds = [program for program in BUILDS if is_optimised(program)]
    if shutil.which("valgrind") is None or not builds:
        tally.skip("instructions a row", "there is no valgrind, or no optimised build")
    else:
        done = subprocess.run([os.path.join(ROOT, "tests", "bench", "instructions.sh"), builds[0]], capture_output=True,
                              text=True, env={**os.environ, "TWOFOLD_TEST_URL": URL})
        found = int(done.stdout) if done.returncode == 0 else -1
        print(f"{found} instructions a row")
        wrong = [] if 0 < found <= A_ROW * SLACK else [f"{found} instructions a row; it was {A_ROW}", done.stderr]
        tally.note("instructions a row", wrong)
    tally.finish()


if __name__ == "__main__":
    main()
