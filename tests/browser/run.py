#!/usr/bin/env python3
"""The page of `twofold check --html`, made by real checks of real tables and opened in a real browser.

Makes the tables (setup.sql, damage.sql) and the pages, looks at what they are as files, then gives them to pages.mjs,
which drives Debian's chromium. Screenshots stay in TWOFOLD_ARTEFACTS (default: build-test/artefacts).

    pages: good, damage (every kind of fault, markup in the data), large (more findings than a page holds), failed (no
    connection, markup in its reason), rows (parallel columns), flight (rows that never rest)
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import harness

ARTEFACTS = os.environ.get("TWOFOLD_ARTEFACTS", os.path.join(harness.ROOT, "build-test/artefacts"))
# damage.sql
CAUSES = {"missing": 34, "null": 12, "scale": 50, "shift": 300, "truncation": 40, "white space": 20, "case": 10,
          "swapped columns": 15, "other": 3007}
FOUND = {"total": 3488, "missing_in_new": 30, "missing_in_old": 4, "state": 3000, "note": 73, "euro_only": 1,
         "currency_present": 5, "large": 120000, "held": 100000}

DAMAGE = {"check": "orders-moved", "old": {"source": harness.URL, "table": "orders"}, "new": {"table": "orders_v2"},
          "equal": ["given", "family", {"old": "status", "new": "state"}, "price", "placed_at", "no<b>te"],
          "invariants": [{"name": "currency-present", "holds": "new.currency is not null", "null": "fails"},
                         {"name": "euro-only", "holds": "new.currency = 'EUR'"}]}
LARGE = {"check": "orders-large", "old": {"source": harness.URL, "table": "orders"}, "new": {"table": "orders_v3"},
         "equal": [{"old": "status", "new": "state"}, {"old": "no<b>te", "new": "note"}]}
FAILED = {"check": "orders-unreachable", "equal": "all", "new": {"table": "orders_v2"},
          "old": {"source": "postgresql://postgres@/shop?host=/nowhere/<b>markup", "table": "orders"}}
ROWS = {"check": "orders-one-row", "rows": {"source": harness.URL, "table": "orders_v2"},
        "invariants": [{"name": "names-differ", "holds": "given != upper(given) and currency = 'EUR'"}]}


class Pages:
    def __init__(self, folder, tally):
        self.folder, self.tally = folder, tally
        self.ledger = "sqlite:" + os.path.join(folder, "ledger.db")

    def path(self, name, suffix=".html"):
        return os.path.join(self.folder, name + suffix)

    def make(self, name, spec, wanted, *options):
        """One page, and the JSON result of its check."""
        with open(self.path(name, ".yaml"), "w") as file:
            json.dump(spec, file)
        done = subprocess.run([harness.PROGRAM, "check", self.path(name, ".yaml"), "--html", self.path(name),
                               "--json", self.path(name, ".json"), "--ledger", self.ledger, "--progress", "never",
                               "--chunk-rows", "1000", *options], capture_output=True, text=True, timeout=300)
        verdict = harness.VERDICTS.get(done.returncode)
        self.tally.note(f"the verdict of {name}", [] if verdict == wanted else [f"{verdict}: {done.stderr}"])
        mode = oct(stat.S_IMODE(os.stat(self.path(name)).st_mode))
        self.tally.note(f"{name} is private", [] if mode == "0o600" else [mode])
        with open(self.path(name, ".json")) as file:
            return json.load(file)


def make_flight(pages):
    """Five rows between two databases that are written all the while."""
    rows = "create table restless (id int primary key, n int not null); insert into restless "
    harness.psql(harness.URL, rows + "select g, 0 from generate_series(1, 20000) g; analyze restless")
    harness.psql(harness.URL_2, rows + "select g, 0 from generate_series(1, 20000) g; analyze restless")
    spec = {"check": "orders-in-flight", "old": {"source": harness.URL, "table": "restless"},
            "new": {"source": harness.URL_2, "table": "restless"}}
    done = threading.Event()

    def write():
        with subprocess.Popen(["psql", "-X", "-q", "-d", harness.URL_2], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, text=True) as psql:
            while not done.is_set():
                psql.stdin.write("update restless set n = n + 1 where id between 5001 and 5005;\n"
                                 "select pg_sleep(0.005);\n")
                psql.stdin.flush()
                done.wait(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        pages.make("flight", spec, "cannot-tell", "--settle", "500 ms")
    finally:
        done.set()
        writer.join()


def make_pages(pages):
    with open(os.path.join(HERE, "setup.sql")) as setup, open(os.path.join(HERE, "damage.sql")) as damage:
        harness.psql(harness.URL, "drop schema public cascade; create schema public;" + setup.read())
        pages.make("good", DAMAGE, "consistent")
        harness.psql(harness.URL, "update orders_v2 set state = state || '?' where id between 5 and 7")
        pages.make("damage", DAMAGE, "inconsistent")
        harness.psql(harness.URL, "update orders_v2 set state = rtrim(state, '?') where id between 5 and 7")
        harness.psql(harness.URL, damage.read())
    causes = {cause["cause"]: cause["rows"] for cause in pages.make("damage", DAMAGE, "inconsistent")["causes"]}
    pages.tally.note("causes", [] if causes == CAUSES else [f"wanted {CAUSES}, got {causes}"])
    harness.psql(harness.URL, "create table orders_v3 as select id, status || '!' as state, \"no<b>te\" || '.' as note "
                              "from orders; alter table orders_v3 add primary key (id); analyze orders_v3")
    pages.make("large", LARGE, "inconsistent")
    pages.make("failed", FAILED, "cannot-tell")
    pages.make("rows", ROWS, "inconsistent")
    make_flight(pages)


def usage(tally, pages):
    """A folder has a page a check; standard output takes one page."""
    folder = os.path.join(pages.folder, "many")
    os.mkdir(folder)
    command = [harness.PROGRAM, "check", "--ledger", pages.ledger, "--progress", "never"]
    specs = [pages.path("damage", ".yaml"), pages.path("rows", ".yaml")]
    subprocess.run([*command, *specs, "--html", folder + "/"], capture_output=True, timeout=300)
    made = sorted(os.listdir(folder))
    tally.note("a page a check", [] if made == ["orders-moved.html", "orders-one-row.html"] else [str(made)])
    for words, wanted in ((specs, "of several specs"), (specs[:1], None)):
        done = subprocess.run([*command, *words, "--html", "-"], capture_output=True, text=True, timeout=300)
        good = wanted in done.stderr if wanted else done.stdout.startswith("<!doctype html>") and "INCONSISTENT" in done.stderr
        tally.note(f"{len(words)} on standard output", [] if good else [done.stdout[:200], done.stderr[:500]])


def main():
    tally = harness.Tally()
    os.makedirs(ARTEFACTS, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="twofold-pages.") as folder:
        pages = Pages(folder, tally)
        make_pages(pages)
        usage(tally, pages)
        with open(os.path.join(folder, "found.json"), "w") as file:
            json.dump({**FOUND, "causes": CAUSES}, file)
        browser = subprocess.run(["node", os.path.join(HERE, "pages.mjs"), folder, ARTEFACTS])
        tally.note("pages.mjs", [] if browser.returncode == 0 else [f"it ended with {browser.returncode}"])
    tally.finish()


if __name__ == "__main__":
    main()
