#!/usr/bin/env python3
"""Golden cases of the command line: a folder a case.

    cmd         shell lines, run in a copy of the case's folder with $TWOFOLD, $DB and $DB_2
    setup.sql   run in $DB before (optional)
    stdout, stderr, status      what must come of it; an absent file stands for empty text or 0

    tests/cli/run.py [--record] [CASE...]      --record writes down what came, for `git diff` to judge

The databases are called cli and cli_2, as tests/run.sh makes them: plans and errors name them.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import harness

# What changes from run to run, and what it is written as. In this order.
CHANGING = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( UTC|\+00)?", "TIME"),
    (r'("duration_seconds": ?)[0-9.e+-]+', r"\1SECONDS"),
    (r"(_seconds(\{[^}]*\})? )[0-9.e+-]+", r"\1SECONDS"),
    (r"\b\d+(\.\d+)? ?(ms|us|s|min)\b", "DURATION"),
    (r"\b[0-9.]+[kM]? rows/s", "RATE rows/s"),
    (r"\b0\.1\.0\b", "VERSION"),
    (r"\b(PostgreSQL|SQLite) \d+(\.\d+)*", r"\1 VERSION"),
]


def normalised(text, replacements):
    for found, name in replacements:
        text = text.replace(found, name)
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return text


def read(folder, name, default):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(folder, name, text, default):
    path = os.path.join(folder, name)
    if text == default:
        if os.path.exists(path):
            os.remove(path)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def linked(link):
    """Both URLs by way of a short link: paths of one length, since what is printed may be cut or wrapped."""
    socket = harness.URL.split("host=")[-1]
    os.symlink(socket, link)
    return harness.URL.replace(socket, link), harness.URL_2.replace(socket, link)


def run(folder, url, url_2):
    """What the case's command printed and ended with."""
    if os.path.exists(os.path.join(folder, "setup.sql")):
        harness.psql(url, "drop schema public cascade; create schema public;\n" + read(folder, "setup.sql", ""))
    with tempfile.TemporaryDirectory() as scratch:
        place = os.path.join(scratch, "case")
        shutil.copytree(folder, place)
        environment = {**os.environ, "TWOFOLD": os.path.abspath(harness.PROGRAM), "DB": url, "DB_2": url_2,
                       "ROOT": harness.ROOT, "TZ": "UTC", "LC_ALL": "C.UTF-8",
                       "HOME": scratch, "XDG_STATE_HOME": scratch, "XDG_DATA_HOME": scratch}
        done = subprocess.run(["bash", "-c", read(folder, "cmd", "")], cwd=place, env=environment,
                              capture_output=True, text=True, timeout=60)
    replacements = [(place, "CASE"), (scratch, "SCRATCH"), (environment["TWOFOLD"], "twofold"), (harness.ROOT, "ROOT")]
    replacements += [(url_2, "DB_2"), (url, "DB"), (url.split("host=")[-1], "SOCKET")]
    return {"stdout": normalised(done.stdout, replacements), "stderr": normalised(done.stderr, replacements),
            "status": f"{done.returncode}\n"}


DEFAULTS = {"stdout": "", "stderr": "", "status": "0\n"}


def difference(name, want, got):
    lines = difflib.unified_diff(want.splitlines(), got.splitlines(), f"{name} wanted", f"{name} got", lineterm="")
    return list(lines) or [f"{name} differs at its end"]


def tried(folder, urls, record):
    """Runs a case; what differs from its golden files, as lines, or nothing where it was recorded."""
    try:
        got = run(folder, *urls)
    except (RuntimeError, subprocess.SubprocessError, UnicodeDecodeError) as problem:
        return [f"{type(problem).__name__}: {problem}"]
    wrong = []
    for part, default in DEFAULTS.items():
        if record:
            write(folder, part, got[part], default)
        elif got[part] != read(folder, part, default):
            wrong += difference(part, read(folder, part, default), got[part])
    return wrong


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--record", action="store_true")
    options.add_argument("cases", nargs="*")
    args = options.parse_args()
    tally = harness.Tally()
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as place:
        urls = linked(os.path.join(place, "s"))
        for name in sorted(args.cases or os.listdir(HERE)):
            if os.path.exists(os.path.join(HERE, name, "cmd")):
                tally.note(name, tried(os.path.join(HERE, name), urls, args.record))
    tally.finish()


if __name__ == "__main__":
    main()
