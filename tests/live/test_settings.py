#!/usr/bin/env python3
"""Settings of roles, databases and environments change nothing: the same findings, to the last byte of every value.

A table with every type has one fault a column, so that every text form is in the findings; computed columns mean what
only the settings can change. Each setting is given to the role of one side, by turns, and at the end all to both at
once.
"""

import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from outputs import Run
from private_postgres import PrivatePostgres

# type, a value, another value
COLUMNS = [
    ("bool", "true", "false"), ("int2", "1", "-2"), ("int8", "9007199254740993", "9007199254740992"),
    ("numeric", "1.10", "1.11"), ("numeric(12,2)", "0.10", "0.20"),
    ("float4", "0.1", "0.10000001"), ("float8", "0.1", "0.30000000000000004"),
    ("text", "O'Brien \\\\ \u00e9", "O'Brien"), ("varchar(20)", "a", "b"), ("char(5)", "ab", "abc"), ("name", "n", "m"),
    ("bytea", "\\\\x00ff27", "\\\\x00ff5c"), ("date", "2024-02-03", "2024-03-02"), ("time", "01:02:03.5", "01:02:03"),
    ("timetz", "01:02:03+02", "01:02:03+03"), ("timestamp", "2024-02-03 04:05:06.7", "2024-03-02 04:05:06.7"),
    ("timestamptz", "2024-02-03 04:05:06.7+00", "2024-03-02 04:05:06.7+00"),
    ("interval", "1 year 2 mons -3 days 04:05:06.7", "-1 days +02:03:00"),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"),
    ("json", '{"a": 1.0}', '{"a": 2}'), ("jsonb", '{"a": 1.0}', '{"a": "2024-02-03"}'), ("xml", "<a/>", "<b/>"),
    ("money", "1234.50", "1234.51"), ("inet", "10.0.0.1/8", "10.0.0.2"), ("cidr", "10.0.0.0/8", "10.0.0.0/9"),
    ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:04"), ("int[]", "{1,NULL,3}", "{1,2,3}"),
    ("text[]", '{a,"b,c",NULL}', '{a,"NULL"}'), ("float8[]", "{0.1,1e300}", "{0.30000000000000004}"),
    ("timestamptz[]", '{"2024-02-03 04:05:06+00"}', '{"2024-03-02 04:05:06+00"}'),
    ("interval[]", '{"1 day"}', '{"-1 day 02:00"}'), ("bytea[]", '{"\\\\\\\\x00ff"}', '{"\\\\\\\\x00fe"}'),
    ("int4range", "[1,5)", "[1,6)"), ("tstzrange", '["2024-02-03 04:05:06+00",)', '["2024-03-02 04:05:06+00",)'),
    ("daterange", "[2024-02-03,2024-02-05)", "[2024-02-03,2024-03-05)"), ("point", "(0.1,2)", "(0.30000000000000004,2)"),
    ("bit(4)", "1010", "1011"), ("varbit", "10", "11"), ("tsvector", "a b", "a c"), ("pg_lsn", "0/16B3748", "0/16B3749"),
    ("mood", "glad", "sad"), ("pair", "(1,2024-02-03)", "(1,2024-03-02)"), ("small", "7", "8"),
]
# What each says depends on the setting that is named; on both sides it must say the same.
COMPUTED = {
    "timezone_": "c16::text", "datestyle_": "c12::text", "intervalstyle_": "c17::text", "bytea_output_": "c11::text",
    "extra_float_digits_": "c6::text", "standard_conforming_strings_": r"'a\b' || c7", "backslash_quote_": r"E'a\'b'",
    "array_nulls_": "'{NULL,a}'::text[]", "xmloption_": "('x<b/>'::xml)::text",
    "xmlbinary_": "xmlelement(name b, c11)::text", "lc_numeric_": "to_char(c3, '9G999D99')", "money_": "c22::text",
    "abbreviations_": "('2024-07-01 12:00 IST'::timestamptz)::text", "quoted_": "quote_ident('x')",
}
TRANSFORMED = "(c7 = NULL) IS NULL"  # no row, with transform_null_equals
INVARIANTS = [{"name": "later", "holds": "new.c16 >= old.c16"}, {"name": "alike", "holds": "new.c7 like 'O''Brien%'"}]
ENABLE = """bitmapscan hashagg hashjoin incremental_sort indexonlyscan indexscan material memoize mergejoin nestloop
partition_pruning seqscan sort tidscan""".split()
SETTINGS = {
    "TimeZone": "'Asia/Kathmandu'", "DateStyle": "'SQL, DMY'", "IntervalStyle": "'sql_standard'",
    "bytea_output": "'escape'", "extra_float_digits": "-10", "xmlbinary": "'hex'", "xmloption": "'document'",
    "standard_conforming_strings": "off", "backslash_quote": "off", "escape_string_warning": "off",
    "array_nulls": "off", "transform_null_equals": "on", "quote_all_identifiers": "on", "row_security": "off",
    "timezone_abbreviations": "'India'", "client_encoding": "'LATIN1'", "client_min_messages": "'debug5'",
    "search_path": "evil, pg_catalog, public",
    "default_transaction_isolation": "'serializable'", "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on", "statement_timeout": "'50ms'", "lock_timeout": "'1ms'", "lc_monetary": "'C.UTF-8'", "lc_numeric": "'C.UTF-8'",
    "idle_in_transaction_session_timeout": "'20ms'", "work_mem": "'64kB'", "jit": "on", "jit_above_cost": "0",
    "force_parallel_mode": "on", "random_page_cost": "1000", "seq_page_cost": "1000", "join_collapse_limit": "1",
    "cursor_tuple_fraction": "0.001", "gin_fuzzy_search_limit": "1", "effective_cache_size": "'8kB'",
    "default_text_search_config": "'pg_catalog.german'", "exit_on_error": "on", "plan_cache_mode": "force_generic_plan",
    **{f"enable_{name}": "off" for name in ENABLE},
}
# These change how rows are found, not what they are: one mode each, by turns.
PLANNING = {name for name in SETTINGS if name.startswith(("enable_", "jit")) or name.endswith(("_cost", "_limit"))}
EVIL = """
create schema evil;
create function evil.never(int4, int4) returns bool language sql immutable as 'select false';
create function evil.never(text, text) returns bool language sql immutable as 'select false';
create operator evil.= (leftarg = int4, rightarg = int4, function = evil.never);
create operator evil.= (leftarg = text, rightarg = text, function = evil.never);
create operator evil.< (leftarg = int4, rightarg = int4, function = evil.never);
create function evil.count(int4) returns int8 language sql immutable as 'select 7::int8';
grant usage on schema evil to public;
"""


def tables():
    names = ", ".join(f"c{i} {column[0]}" for i, column in enumerate(COLUMNS))
    good = ", ".join(f"E'{column[1]}'".replace("O'B", "O''B") for column in COLUMNS)
    faults = "".join(f"update public.new_t set c{i} = E'{column[2]}' where id = {i + 1};\n".replace("O'B", "O''B")
                     for i, column in enumerate(COLUMNS))
    return f"""
set client_min_messages = warning;
create type mood as enum ('sad', 'glad');
create type pair as (a int, b date);
create domain small as int check (value < 100);
create table public.old_t (id int primary key, {names});
create table public.new_t (id int primary key, {names});
insert into public.old_t select g, {good} from generate_series(1, 300) g;
insert into public.new_t select * from public.old_t;
{faults}
create table public.slow_old (id int primary key, v text);
create table public.slow_new (id int primary key, v text);
insert into public.slow_old select g, g from generate_series(1, 100) g;
insert into public.slow_new select * from public.slow_old;
analyze;
create role reader_old login;
create role reader_new login;
grant select on all tables in schema public to reader_old, reader_new;
{EVIL}"""


class Sides:
    """A spec over both roles, and what it finds."""

    def __init__(self, server):
        self.server = server

    def spec(self, table="_t", **more):
        side = lambda which, name: {"source": self.server.url(f"reader_{which}"), "table": f"public.{name}", **more}
        if table == "_t":
            more.update(columns=COMPUTED, where=TRANSFORMED)
            return {"check": "settings", "old": side("old", "old_t"), "new": side("new", "new_t"), "equal": "all",
                    "invariants": INVARIANTS}
        return {"check": "settings", "old": side("old", "slow_old"), "new": side("new", "slow_new")}

    def run(self, mode, spec=None, environment=None):
        """Everything a run says that is not a time or a place; as text, so that it can be shown."""
        run = Run(spec or self.spec(), "check", "--mode", mode, "--chunk-rows", "100", environment=environment)
        if "result.json" not in run.texts or not run.texts["result.json"]:
            return f"status {run.status}: {run.said()}"
        result = json.loads(run.texts["result.json"])
        kept = {name: result.get(name) for name in ("verdict", "reason", "findings", "columns", "invariants", "causes")}
        return json.dumps({"status": run.status, **kept}, indent=1, sort_keys=True)

    def give(self, settings, *sides):
        """These settings to the roles of these sides, none to the others."""
        harness.psql(self.server.admin, "alter role reader_old reset all; alter role reader_new reset all;\n" + "".join(
            f"alter role reader_{side} set {name} = {value};\n" for side in sides for name, value in settings.items()))


def difference(want, got):
    lines = [line for line in got.splitlines() if line not in want.splitlines()]
    return [] if want == got else [f"it now says: {line}" for line in lines[:5]] or ["it now says less"]


def plausible(baseline):
    """The table must find every fault, or the rest proves nothing."""
    found = json.loads(baseline)
    columns = {name for finding in found["findings"] for name in finding["columns"]}
    missing = [f"c{i}" for i in range(len(COLUMNS)) if f"c{i}" not in columns]
    wrong = [f"no finding in {', '.join(missing)}"] if missing else []
    if len(found["findings"]) != len(COLUMNS):
        wrong.append(f"{len(found['findings'])} findings for {len(COLUMNS)} faults")
    return wrong


def test_each(tally, sides, baselines):
    for i, (name, value) in enumerate(SETTINGS.items()):
        wrong = []
        runs = [("old", "join"), (("old", "new")[i % 2], "stream")]
        for side, mode in runs[i % 2:][:1] if name in PLANNING else runs:
            sides.give({name: value}, side)
            wrong += [f"{side}, {mode}: {line}" for line in difference(baselines[mode], sides.run(mode))]
        tally.note(name, wrong)


def test_all(tally, sides, baselines):
    sides.give(SETTINGS, "old", "new")
    for mode, baseline in baselines.items():
        tally.note(f"all at once, {mode}", difference(baseline, sides.run(mode)))
    sides.give({})


def test_database(tally, sides, baselines):
    harness.psql(sides.server.admin, "".join(f"alter database postgres set {name} = {value};\n"
                                             for name, value in SETTINGS.items()))
    for mode, baseline in baselines.items():
        tally.note(f"of the database, {mode}", difference(baseline, sides.run(mode)))
    harness.psql(sides.server.admin, "set statement_timeout = 0; set default_transaction_read_only = off;"
                                     "alter database postgres reset all")


def test_environment(tally, sides, baselines):
    environment = {"PGTZ": "Asia/Kathmandu", "PGDATESTYLE": "SQL, DMY", "PGCLIENTENCODING": "LATIN1", "TZ": "Asia/Tokyo",
                   "PGOPTIONS": "-c enable_hashjoin=off -c bytea_output=escape -c intervalstyle=iso_8601 -c geqo=off",
                   "LC_ALL": "C", "LANG": "de_DE.UTF-8"}
    for mode, baseline in baselines.items():
        tally.note(f"of the environment, {mode}", difference(baseline, sides.run(mode, environment=environment)))


def test_time(tally, sides):
    """Statements that take longer than the role's timeout, and a lock that is held longer than it may wait."""
    slow = sides.spec("slow", columns={"late": "v || (pg_sleep(0.002) IS NULL)::text"})
    want = {mode: sides.run(mode, slow) for mode in ("join", "stream")}
    sides.give({"statement_timeout": "'50ms'", "lock_timeout": "'50ms'"}, "old", "new")
    for mode, baseline in want.items():
        wrong = [] if '"status": 0' in baseline else [baseline]
        tally.note(f"a slow statement, {mode}", wrong + difference(baseline, sides.run(mode, slow)))
    locker = threading.Thread(target=harness.psql, args=(
        sides.server.admin, "begin; lock table public.slow_old; select pg_sleep(1); commit;"))
    locker.start()
    while not harness.psql(sides.server.admin, "select 1 from pg_locks where relation = 'public.slow_old'::regclass"
                                               " and mode = 'AccessExclusiveLock' and granted"):
        time.sleep(0.02)
    tally.note("a lock held for a second", difference(want["stream"], sides.run("stream", slow)))
    locker.join()


def test_idle(tally, sides):
    """A side that is read may wait for the other: for an hour where everything is one pass, else for a minute."""
    shown = {"idle": "current_setting('idle_in_transaction_session_timeout')"}
    for name, key, limit in (("one pass", ["v"], "1h"), ("ranges", ["id"], "1min")):
        spec = sides.spec("slow", columns=shown, key=key)
        spec["invariants"] = [{"name": "idle", "holds": f"new.idle == '{limit}' and old.idle == '{limit}'"}]
        run = sides.run("stream", spec)
        tally.note(f"how long a side may wait, {name}", [] if '"status": 0' in run else [run])


def main():
    tally = harness.Tally()
    with PrivatePostgres() as server:
        harness.psql(server.admin, tables())
        server.allow("host all all 127.0.0.1/32 trust")
        sides = Sides(server)
        baselines = {mode: sides.run(mode) for mode in ("join", "stream")}
        if any(baseline.startswith("status") for baseline in baselines.values()):
            tally.note("baseline", list(baselines.values()))
            tally.finish()
        for mode, baseline in baselines.items():
            tally.note(f"baseline, {mode}", plausible(baseline))
        tally.note("join and stream", difference(baselines["join"], baselines["stream"]))
        test_each(tally, sides, baselines)
        test_all(tally, sides, baselines)
        test_database(tally, sides, baselines)
        test_environment(tally, sides, baselines)
        test_time(tally, sides)
        test_idle(tally, sides)
    tally.finish()


main()
