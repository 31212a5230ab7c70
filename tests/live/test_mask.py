#!/usr/bin/env python3
"""mask: no value of a masked column is in anything a run leaves, and equality can still be seen.

Every value of a masked column holds a word that stands nowhere else, so that a leak is a search for that word.
"""

import contextlib
import json
import os
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from outputs import Run

WORD = "Quetzal"
TABLES = f"""
set client_min_messages = warning;
drop table if exists people, people_v2;
create table people (id int primary key, email text unique, paid numeric, note text, plan text);
create table people_v2 (id int primary key, mail text unique, paid numeric, note text, plan text);
insert into people select g, format('{WORD}-%s@example.org', g), g + 70000.125, '{WORD} note ' || g, 'basic'
  from generate_series(1, 500) g;
insert into people_v2 select * from people;
update people_v2 set mail = '{WORD}-other@example.org' where id = 7;   -- different
update people_v2 set mail = null where id = 8;                         -- NULL stays NULL
update people_v2 set paid = 70009.1250 where id = 9;                   -- equal: 70009.125
update people_v2 set plan = 'gold', note = '{WORD} changed' where id in (10, 11);
delete from people_v2 where id = 12;
delete from people where id = 13;
"""
SPEC = {
    "check": "masked",
    "old": {"table": "people", "columns": {"shout": "upper(note)"}},
    "new": {"table": "people_v2"},
    "equal": [{"old": "email", "new": "mail"}, "paid", "note", "plan"],
    "invariants": [{"name": "paid-alike", "holds": "new.paid == old.paid + 1 - 1 and new.plan == old.plan"},
                   {"name": "loud", "holds": "upper(new.note) == old.shout"}],
    "mask": ["email", "paid", "note", "shout"],
}
MODES = {"join": [], "stream": ["--workers", "2"]}


def spec_of(mode, **changes):
    spec = json.loads(json.dumps({**SPEC, **changes}))
    spec["old"].setdefault("source", harness.URL)
    return spec


def is_mask(text):
    return isinstance(text, str) and text.startswith("masked:") and len(text) == len("masked:") + 16


def test_values(tally, mode):
    with tempfile.TemporaryDirectory() as state:
        run = Run(spec_of(mode), "check", "--mode", mode, state=state)
        again = Run(spec_of(mode), "check", "--mode", mode, state=state)
        key = os.path.join(state, "twofold", "mask.key")
        modes = oct(os.stat(key).st_mode & 0o777) if os.path.exists(key) else "missing"
    found = run.findings()
    wrong = run.leaks(WORD)
    if run.status != 1 or sorted(found, key=int) != ["7", "8", "10", "11", "12", "13"]:
        wrong.append(f"status {run.status}, findings {sorted(found)}: {run.texts['stderr'].decode()}")
    else:
        seven, eight, ten, eleven = (found[key] for key in ("7", "8", "10", "11"))
        if not is_mask(seven["old"]["email"]) or seven["old"]["email"] == seven["new"]["mail"]:
            wrong.append(f"a difference is not seen: {seven}")
        if eight["new"]["mail"] is not None or not is_mask(eight["old"]["email"]):
            wrong.append(f"NULL is not null: {eight}")
        if ten["new"]["note"] != eleven["new"]["note"] or ten["old"]["note"] == eleven["old"]["note"]:
            wrong.append(f"equal values mask differently, or different ones alike: {ten} {eleven}")
        if ten["old"]["plan"] != "basic" or ten["new"]["plan"] != "gold":
            wrong.append(f"what is not masked is not shown: {ten}")
        if ten["old"]["paid"] != ten["new"]["paid"] or not is_mask(ten["old"]["paid"]):
            wrong.append(f"an equal value does not mask alike on both sides: {ten}")
        if not is_mask(ten["old"]["shout"]):
            wrong.append(f"a computed column is not masked: {ten}")
    if again.findings() != found:
        wrong.append("two runs with one key file show different hashes")
    if modes != "0o600":
        wrong.append(f"the mode of the key file is {modes}")
    tally.note(f"values, {mode}", wrong)


def test_keys(tally, mode):
    spec = spec_of(mode, mask=["email", "note", "paid", "shout"])
    spec["old"]["key"], spec["new"]["key"] = ["email"], ["mail"]
    spec["new"]["where"] = "mail is not null"
    options = ["--mode", mode, "--chunk-rows", "50"]
    one = Run(spec, "check", *options, environment={"TWOFOLD_MASK_KEY": "a key of the environment"})
    other = Run(spec, "check", *options, environment={"TWOFOLD_MASK_KEY": "another key of it"})
    plan = Run(spec, "plan", *options)
    wrong = one.leaks(WORD) + one.leaks("a key of the environment") + plan.leaks(WORD)
    if plan.status != 0 or b"SELECT" not in plan.texts["stdout"]:
        wrong.append(f"plan: status {plan.status}: {plan.texts['stderr'].decode()}")
    keys = [row["key"][0] for row in one.sample()]
    if one.status != 1 or len(keys) < 6 or not all(map(is_mask, keys)):
        wrong.append(f"status {one.status}, keys {keys}: {one.texts['stderr'].decode()}")
    elif keys == sorted(keys):
        wrong.append("the sample is sorted by the hash, not by the key")
    if set(keys) & {row["key"][0] for row in other.sample()}:
        wrong.append("another key gives the same hash")
    if b"twofold look" in one.texts["stdout"]:
        wrong.append("a command is suggested that nobody can run")
    tally.note(f"keys, {mode}", wrong)


def test_look(tally):
    run = Run(spec_of("join"), "look", "7", "9")
    text = run.texts["stdout"].decode()
    wrong = run.leaks(WORD)
    if run.status != 1 or text.count("masked:") < 10:
        wrong.append(f"status {run.status}: {text}{run.texts['stderr'].decode()}")
    paid = [line.split("=")[-1].strip() for line in text.splitlines() if line.strip().startswith(("old.paid", "new.paid"))]
    if len(paid) != 4 or paid[0] != paid[1] or paid[2] != paid[3]:
        wrong.append(f"70009.125 and 70009.1250 do not mask alike: {text}")
    spec = spec_of("join")
    spec["old"]["key"], spec["new"]["key"] = ["email"], ["mail"]
    keyed = Run(spec, "look", f"{WORD}-10@example.org")
    wrong += keyed.leaks(WORD)
    if keyed.status != 1:
        wrong.append(f"by a masked key: status {keyed.status}: {keyed.texts['stderr'].decode()}")
    spec["old"]["key"], spec["new"]["key"] = ["paid"], ["paid"]
    odd = Run(spec, "look", f"{WORD}-10@example.org")
    wrong += odd.leaks(WORD)
    if odd.status != 3:
        wrong.append(f"by a key that is none: status {odd.status}")
    tally.note("look", wrong)


def test_errors(tally, mode):
    """The server quotes the value that it could not cast."""
    spec = spec_of(mode)
    spec["old"]["columns"] = {"number": f"CASE WHEN id = 400 THEN replace(email, '@', '')::int ELSE id END"}
    spec.update(equal=[{"old": "number", "new": "id"}], mask=["email"], invariants=[])
    run = Run(spec, "check", "--mode", mode)
    wrong = run.leaks(WORD)
    if run.status != 2 or b"(masked)" not in run.texts["stdout"] + run.texts["stderr"]:
        wrong.append(f"status {run.status}: {run.texts['stdout'].decode()}{run.texts['stderr'].decode()}")
    tally.note(f"errors, {mode}", wrong)


RAISES = f"""
create or replace function checked(said text, code text) returns text language plpgsql as $$ begin
if said = '{WORD}-400@example.org' then raise exception 'no address: %', said using errcode = code, detail = 'it is ' || said;
end if; return said; end $$"""


def test_raised(tally, mode):
    """A function of the database's own says what it likes, with any SQLSTATE, and without quotes."""
    harness.psql(harness.URL, RAISES)
    for code in ("P0001", "42P01", "42501", "57014", "22012", "ZZ001", *(["40001"] if mode == "join" else [])):
        spec = spec_of(mode)
        spec["old"]["columns"] = {"said": f"checked(email, '{code}')"}
        spec.update(equal=[{"old": "said", "new": "mail"}], mask=["email"], invariants=[])
        wrong = []
        for run in Run(spec, "check", "--mode", mode), Run(spec, "look", "400"):
            wrong += run.leaks(WORD)
            if run.status != 2 or "a function says (masked)" not in " ".join(run.said().split()):
                wrong.append(f"status {run.status}: {run.said()}")
        tally.note(f"raised as {code}, {mode}", wrong)


def kept_findings(ledger):
    """Whether some range with a finding is in the ledger."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as kept:
            return kept.execute("select 1 from twofold_range where finding_count > 0").fetchone() is not None
    except sqlite3.Error:
        return False


def test_resume(tally):
    """A run that was killed goes on with hashes: those it kept are not hashed again."""
    spec = spec_of("stream")
    spec["old"]["columns"]["late"] = "pg_sleep(0.002) IS NULL"
    spec["invariants"].append({"name": "late", "holds": "not old.late"})
    options = ["--mode", "stream", "--workers", "1", "--chunk-rows", "10"]
    with tempfile.TemporaryDirectory() as state:
        whole = Run(spec, "check", *options, state=state)
        wrong = whole.leaks(WORD)
        ledger = os.path.join(state, "resumed.db")
        killed = Run(spec, "check", *options, state=state, ledger=ledger, kill_when=lambda: kept_findings(ledger))
        run = Run(spec, "check", *options, "--resume", state=state, ledger=ledger)
    wrong += killed.leaks(WORD) + run.leaks(WORD)
    if killed.status != -9 or run.status != 1:
        wrong.append(f"killed: status {killed.status}; resumed: {run.status}: {run.said()}")
    elif run.findings() != whole.findings():
        wrong.append(f"it finds {sorted(run.findings().items())} in place of {sorted(whole.findings().items())}")
    kept = [text for name, text in killed.texts.items() if name.startswith("resumed.db")]  # the log beside it, too
    if not any(b"masked:" in text for text in kept):
        wrong.append("the killed run kept no finding: this proves nothing")
    tally.note("resumed", wrong)


def test_refusals(tally):
    run = Run(spec_of("join", mask=["emial"]), "check")
    said = run.texts["stderr"].decode()
    wrong = []
    if run.status != 3 or 'cannot mask "emial"' not in said or 'Did you mean "email"?' not in said:
        wrong.append(f"status {run.status}: {said}")
    tally.note("an unknown name", wrong)


def main():
    harness.psql(harness.URL, TABLES)
    tally = harness.Tally()
    for mode in MODES:
        test_values(tally, mode)
        test_keys(tally, mode)
        test_errors(tally, mode)
        test_raised(tally, mode)
    test_look(tally)
    test_resume(tally)
    test_refusals(tally)
    tally.finish()


main()
