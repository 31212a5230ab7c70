#!/usr/bin/env python3
"""Runs that are killed and gone on with: trap 7, progress that is saved before its work, or not with it.

A run is killed at a random moment, resumed, killed again, and so on to the end. What the last one tells must be what
an uninterrupted run tells: the same findings, each once, and the same counts. In both kinds of ledger.

    TWOFOLD_TEST_KILLS   how many kills with an SQLite ledger; default 100, and a fifth of it with PostgreSQL
    TWOFOLD_TEST_SEED    default: of the clock
"""

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

KILLS = int(os.environ.get("TWOFOLD_TEST_KILLS", "100"))
ROLE = f"ledger_{os.getpid()}"  # roles belong to the server: another test may run beside this one
SEED = int(os.environ.get("TWOFOLD_TEST_SEED", str(int(time.time()))))

# Keys that are no numbers come second, so ranges are cut in the collation of the index; a NULL in a key has a range of
# its own. Findings of every kind, in every part of the table; every 2,500th row takes its time.
TABLES = """
set client_min_messages = warning;
drop table if exists old_t, new_t;
create table old_t (id int, part text, v text, w numeric);
create table new_t (id int, part text, v text, w numeric);
insert into old_t select g / 2, case when g % 2 = 0 then 'a' else 'B' end, 'v' || g, g from generate_series(2, 100001) g;
insert into old_t values (null, 'n', 'x', 1), (7, null, 'x', 1);
insert into new_t select * from old_t;
delete from new_t where w % 997 = 0;
delete from old_t where w % 1499 = 0;
update new_t set v = '"quoted" \\ and a
line' || w where w % 809 = 0;
update new_t set w = -w where w % 1013 = 0;
insert into new_t select id, part, v, w from new_t where w % 30011 = 0;
create index on old_t (id, part);
create index on new_t (id, part);
vacuum analyze old_t, new_t;
"""


# Findings that do not fit in memory until their range ends, so that they are kept in parts; between two databases, so
# that they are looked at again before they are kept.
WIDE_OLD = """
set client_min_messages = warning;
drop table if exists wide;
create table wide (id int primary key, v text);
insert into wide select g, repeat(md5(g::text), 150) from generate_series(1, 8000) g;
vacuum analyze wide;
"""
WIDE_NEW = WIDE_OLD.replace("md5(g::text)", "md5(g::text || 'x')")


def wide_spec():
    return {"check": "wide", "old": {"source": harness.URL, "table": "wide"},
            "new": {"source": harness.URL_2, "table": "wide"}, "equal": ["v"]}


def spec_of(**more):
    return {"check": "resume", "old": {"source": harness.URL, "table": "old_t", "key": ["id", "part"]},
            "new": {"table": "new_t", "key": ["id", "part"],
                    "columns": {"slow": "case when id % 2500 = 0 then pg_sleep(0.01)::text end"}},
            "equal": ["v", "w"],
            "invariants": [{"name": "positive", "holds": "new.w > 0"},
                           {"name": "slow", "holds": "new.slow is null or new.slow = ''"}], **more}


class Place:
    """A folder with a spec and a ledger, and runs in it."""

    def __init__(self, folder, ledger, spec=None, name="spec", options=("--chunk-rows", "1000", "--workers", "3")):
        self.folder, self.ledger, self.options = folder, ledger, options
        self.spec = os.path.join(folder, name + ".yaml")
        with open(self.spec, "w") as file:
            json.dump(spec or spec_of(), file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *options):
        """A run in the background; its outputs are taken away first."""
        for name in ("result.json", "findings.ndjson"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        return subprocess.Popen(
            [harness.PROGRAM, "check", self.spec, "--ledger", self.ledger, "--json", self.path("result.json"),
             "--findings", self.path("findings.ndjson"), "--sample", "50", "--progress", "never", *self.options, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *options):
        """To the end: status, what was told, standard error."""
        run = self.start(*options)
        _, errors = run.communicate(timeout=300)
        return run.returncode, self.told(), errors

    def told(self):
        """What must not depend on interruptions: counts, the sample, all findings. None where there is no result."""
        if not os.path.exists(self.path("result.json")):
            return None
        with open(self.path("result.json")) as file:
            result = json.load(file)
        lines = []
        if os.path.exists(self.path("findings.ndjson")):  # not where another run of the check may be writing it
            with open(self.path("findings.ndjson")) as file:
                lines = file.read().splitlines()
        for name in ("duration_seconds", "started_at", "resumed_from", "mode_reason", "ranges"):
            result.pop(name, None)
        return {"result": result, "findings": sorted(lines)}

    def history(self):
        done = subprocess.run([harness.PROGRAM, "history", self.spec, "--ledger", self.ledger, "--json", "-"],
                              capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else []


def difference(wanted, got):
    """What is wrong with what a resumed run told: sentences."""
    if got is None:
        return ["there is no result"]
    wrong = []
    for name, value in wanted["result"].items():
        other = got["result"].get(name)
        if name == "reason":
            other = other.replace("; resumed, not one snapshot", "")
        if other != value:
            wrong.append(f"{name}: wanted {str(value)[:200]}, got {str(other)[:200]}")
    lost = set(wanted["findings"]) - set(got["findings"])
    more = set(got["findings"]) - set(wanted["findings"])
    if lost or more or len(wanted["findings"]) != len(got["findings"]):
        wrong.append(f"{len(lost)} findings lost, {len(more)} new, {len(got['findings'])} lines for "
                     f"{len(wanted['findings'])}")
    return wrong


def killed_and_resumed(place, wanted, duration, kills, chance):
    """Kills runs until `kills` died in their middle; each chain of resumed runs goes to its end. Sentences."""
    wrong, died, chains = [], 0, 0
    while died < kills and not wrong:
        chains += 1
        options = []
        for _ in range(chance.randint(1, 4)):
            run = place.start(*options)
            time.sleep(chance.uniform(0.01, duration))
            run.send_signal(signal.SIGKILL)
            run.communicate()
            died += run.returncode == -signal.SIGKILL
            options = ["--resume"]
        before = place.history()
        status, told, errors = place.run("--resume")
        wrong += [f"chain {chains}: {line}" for line in difference(wanted, told)]
        if status != 1:
            wrong.append(f"chain {chains}: the exit status is {status}: {errors}")
        after = place.history()
        resumed = before and before[0]["verdict"] == "unfinished" # else it was killed before it had begun, or after
        if resumed and (len(after) != len(before) or after[0]["resumed"] < 1 or after[0]["id"] != before[0]["id"]):
            wrong.append(f"chain {chains}: the run that was gone on with is not one run in the history")
        if told and resumed and not re.search("; resumed, not one snapshot$", told["result"]["reason"]):
            wrong.append(f"chain {chains}: the reason does not say that it was resumed: {told['result']['reason']}")
        if after and after[0]["ranges"]["proved"] != after[0]["ranges"]["planned"]:
            wrong.append(f"chain {chains}: the ledger says {after[0]['ranges']}")
    print(f"{died} kills in {chains} chains, {place.ledger.split(':')[0]} ledger")
    return wrong


def interrupted(place, wanted, number):
    """A signal ends the run within two seconds, with what was found so far; the rest is read later."""
    run = place.start("--max-rows-per-second", "100000")  # four seconds
    wait_for_ranges(place, 1)
    begun = time.time()
    run.send_signal(number)
    _, errors = run.communicate(timeout=60)
    took = time.time() - begun
    told = place.told()
    wrong = [f"it took {took:.1f} s to end"] if took > 2 else []
    if run.returncode not in (1, 2) or told is None:
        return wrong + [f"the exit status is {run.returncode}, there is {'a' if told else 'no'} result: {errors}"]
    if told["result"]["coverage"] == 1 or not set(told["findings"]) < set(wanted["findings"]):
        wrong.append(f"it was not interrupted: coverage {told['result']['coverage']}")
    if place.history()[0]["verdict"] not in ("inconsistent", "cannot-tell"):
        wrong.append("the ledger does not know how it ended")
    return wrong + difference(wanted, place.run("--resume")[1])


def refused(place, status, sentence, *options):
    got, told, errors = place.run(*options)
    wrong = []
    if got != status or told is not None:
        wrong.append(f"wanted exit status {status} and no result, got {got}: {told and told['result']}")
    if not re.search(sentence, errors):
        wrong.append(f"wanted {sentence!r}, got {errors.strip()!r}")
    return wrong


def wait_for_ranges(place, least):
    """Until the run that is at work has proved as many."""
    for _ in range(3000):
        time.sleep(0.02)
        history = place.history()
        if history and history[0]["verdict"] == "unfinished" and history[0]["ranges"]["proved"] >= least:
            return
    raise AssertionError(f"no run proved {least} ranges: {history[:1]}")


def kill_early(place):
    """Leaves an unfinished run with some proved ranges."""
    run = place.start()
    wait_for_ranges(place, 4)
    run.send_signal(signal.SIGKILL)
    run.communicate()


def changes(folder, ledger):
    """What is no longer the same question is not answered with old ranges: name, sentences."""
    place = Place(folder, ledger)
    kill_early(place)
    other = Place(folder, ledger, spec_of(equal=["v"]), "other")
    yield "spec", refused(other, 3, "cannot resume the run of .*: the spec has changed since", "--resume")
    yield "mode", refused(place, 3, 'it was of mode "join", and this one is of mode "stream"', "--resume", "--mode",
                          "stream")
    harness.psql(harness.URL, "alter table new_t add column note text")
    yield "added", refused(place, 3, 'column "note" of "public"."new_t" was added since', "--resume")
    harness.psql(harness.URL, "alter table new_t drop column note; alter table old_t alter w type numeric(20, 2)")
    yield "type", refused(place, 3, r'column "w" of "public"."old_t" is numeric\(20,2\), and was numeric', "--resume")
    harness.psql(harness.URL, TABLES)


def locked(place):
    """One run of a check at a time; the lock goes with its holder."""
    run = place.start("--max-rows-per-second", "20000")
    wait_for_ranges(place, 1)
    second = Place(os.path.join(place.folder, "second"), place.ledger)
    status, told, errors = second.run()
    wrong = []
    if status != 2 or not told or 'another run of check "resume" is going on' not in told["result"]["reason"]:
        wrong.append(f"another run began, or did not say why not: {status}, {told}: {errors}")
    other = Place(second.folder, place.ledger, spec_of(check="other"), "other")
    status, told, errors = other.run()
    if status != 1 or told is None:
        wrong.append(f"another check was not let in: {errors}")
    run.send_signal(signal.SIGKILL)
    run.communicate()
    for _ in range(50): # the server notices a little later
        status, told, errors = second.run()
        if status == 1:
            break
        time.sleep(0.1)
    return wrong + ([] if status == 1 else [f"the lock outlived its holder: {errors}"])


def ended_unsaved(place, wanted):
    """A run that read everything and could not save its end: gone on with, it reads nothing and tells all."""
    with sqlite3.connect(place.ledger.removeprefix("sqlite:")) as ledger:
        ledger.execute("create trigger no_end before update of verdict on twofold_run when new.verdict <> 'unfinished' "
                       "begin select raise(abort, 'not now'); end")
        ledger.commit()
        place.run()
        ledger.execute("drop trigger no_end")
    status, told, errors = place.run("--resume")
    return difference(wanted, told) + ([] if status == 1 else [f"the exit status is {status}: {errors}"])


def nothing_to_resume(place):
    place.run()
    status, told, errors = place.run("--resume")
    wrong = [] if status == 1 and "nothing to resume" in errors else [f"exit status {status}: {errors}"]
    return wrong + (["it says that it was resumed"] if "resumed" in told["result"]["reason"] else [])


def uninterrupted(place, least):
    """What a run tells, and how long it takes; with sentences where that is not what it should be."""
    begun = time.time()
    status, wanted, errors = place.run()
    wrong = []
    if status != 1 or wanted is None or len(wanted["findings"]) < least:
        wrong.append(f"exit status {status}: {errors} {str(wanted)[:500]}")
    return wanted, time.time() - begun, wrong


def ledgers(folder):
    """Names and URLs; the second is PostgreSQL, used by a role that owns the schema and nothing else."""
    harness.psql(harness.URL_2, f"""set client_min_messages = warning; drop schema if exists twofold cascade;
        create role {ROLE} login; create schema twofold authorization {ROLE};""")
    return {"sqlite": "sqlite:" + os.path.join(folder, "ledger.db"),
            "postgresql": re.sub(r"^postgresql://([^@/]*@)?", f"postgresql://{ROLE}@", harness.URL_2)}


def others(tally, folder, chance):
    """The other ways to read, a few kills each."""
    harness.psql(harness.URL, WIDE_OLD)
    harness.psql(harness.URL_2, WIDE_NEW)
    ledger = "sqlite:" + os.path.join(folder, "others.db")
    places = {"stream": Place(folder, ledger, spec_of(check="stream"), "stream",
                              ("--chunk-rows", "1000", "--workers", "3", "--mode", "stream")),
              "wide": Place(folder, ledger, wide_spec(), "wide", ("--chunk-rows", "2000", "--workers", "2", "--settle",
                                                                  "200 ms"))}
    for name, place in places.items():
        wanted, duration, wrong = uninterrupted(place, 300)
        tally.note(f"{name}: uninterrupted", wrong)
        if not wrong:
            tally.note(f"{name}: ended unsaved", ended_unsaved(place, wanted))
            tally.note(f"{name}: killed", killed_and_resumed(place, wanted, duration, max(1, KILLS // 10), chance))


def main():
    tally = harness.Tally()
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    harness.psql(harness.URL, TABLES)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "second"))
        for name, ledger in ledgers(folder).items():
            place = Place(folder, ledger)
            wanted, duration, wrong = uninterrupted(place, 300)
            tally.note(f"{name}: uninterrupted", wrong)
            if wrong:
                continue
            tally.note(f"{name}: nothing to resume", nothing_to_resume(place))
            kills = KILLS if name == "sqlite" else max(1, KILLS // 5)
            tally.note(f"{name}: killed", killed_and_resumed(place, wanted, duration, kills, chance))
            for number in (signal.SIGINT, signal.SIGTERM):
                tally.note(f"{name}: {number.name}", interrupted(place, wanted, number))
            tally.note(f"{name}: locked", locked(place))
            for change, wrong in changes(folder, ledger):
                tally.note(f"{name}: changed: {change}", wrong)
        others(tally, folder, chance)
    harness.psql(harness.URL_2, f"drop schema twofold cascade; drop role {ROLE}")
    tally.finish()


if __name__ == "__main__":
    main()
