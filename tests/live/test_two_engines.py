#!/usr/bin/env python3
"""PostgreSQL against SQLite, every type that both can hold: equal rows are consistent, and one fault a type is found.

The rows are made by PostgreSQL and carried over as a program would write them: numbers as numbers, the rest as text.
"""

import json
import os
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

ROWS = 20000

# name, PostgreSQL's type, an expression over g, SQLite's type, a faulty value (as SQL of SQLite)
COLUMNS = [
    ("bool_", "boolean", "g % 3 = 0", "BOOLEAN", "NOT bool_"),
    ("small_", "smallint", "g % 32768", "SMALLINT", "small_ + 1"),
    ("int_", "integer", "g * 7919 - 70000000", "INTEGER", "int_ + 1"),
    ("big_", "bigint", "case g % 3 when 0 then 9223372036854775807 - g when 1 then -9223372036854775808 + g else g end",
     "BIGINT", "big_ / 2"),
    ("loose_", "integer", "g", "INTEGER", "'abc'"),
    ("numeric_", "numeric(12,2)", "g * 1.01 - 5000", "NUMERIC(12,2)", "numeric_ + 0.01"),
    ("digits_", "numeric", "g * 1234567890123456789012345678.000000001", "DECIMAL TEXT", "digits_ || '1'"),
    ("float_", "double precision", "case when g % 100 = 0 then 'Infinity' else g * 0.1 + 1e-300 * g end", "REAL",
     "float_ + 0.0001"),
    ("text_", "text", "case g % 4 when 0 then '' when 1 then 'ä' || g when 2 then ' x ' else repeat(chr(128512), 3) end",
     "TEXT", "text_ || ' '"),
    ("char_", "char(7)", "'c' || g % 100", "CHAR(7)", "upper(char_)"),
    ("bytes_", "bytea", "decode(lpad(to_hex(g), 8, '0'), 'hex')", "BLOB", "x'00'"),
    ("tz_", "timestamptz", "timestamptz '1969-12-31 23:00:00.000001+00' + g * interval '7 hours 0.25 seconds'",
     "TIMESTAMPTZ", "replace(tz_, '+00', '+01')"),
    ("stamp_", "timestamp", "timestamp '0044-03-15 12:00:00 BC' + g * interval '37 days'", "TIMESTAMP",
     "'2026-01-01 00:00:00'"),
    ("date_", "date", "case when g = 5 then 'infinity' else date '2000-02-29' + g end", "DATE", "date(date_, '+1 day')"),
    ("time_", "time", "time '00:00:00.5' + g * interval '4 seconds'", "TIME", "'24:00:00'"),
    ("span_", "interval", "g * interval '1 mon -1 day 00:00:00.5'", "INTERVAL", "'1 us'"),
    ("uuid_", "uuid", "md5(g::text)::uuid", "UUID", "lower(hex(randomblob(16)))"),
    ("json_", "jsonb", "jsonb_build_object('n', g * 1.5, 'a', jsonb_build_array(null, true, 'x'))", "JSON",
     "json_set(json_, '$.n', -1)"),
    ("null_", "text", "case when g % 2 = 0 then 'n' end", "TEXT", "''"),
]
NUMBERS = {"bool_": int, "small_": int, "int_": int, "big_": int, "loose_": int, "numeric_": float, "float_": float}


def postgres_table():
    names = ", ".join(f"{name} {kind}" for name, kind, *_ in COLUMNS)
    values = ", ".join(f"({value})::{kind}" for _, kind, value, *_ in COLUMNS)
    harness.psql(harness.URL, f"""
        drop table if exists two_engines; create table two_engines (id bigint primary key, {names});
        insert into two_engines select g, {values} from generate_series(1, {ROWS}) g; analyze two_engines""")


def carried(name, text):
    if text is None:
        return None
    if name == "bytes_":
        return bytes.fromhex(text[2:])
    if name == "bool_":
        return int(text == "true")
    return NUMBERS.get(name, str)(text.rstrip() if name == "char_" else text)


def sqlite_table(path):
    texts = ", ".join(f"'{name}', {name}::text" for name, *_ in COLUMNS)
    rows = harness.psql(harness.URL, f"set timezone = 'UTC'; set extra_float_digits = 3;"
                                     f"select json_build_object('id', id, {texts}) from two_engines")
    db = sqlite3.connect(path)
    db.execute("create table two_engines (id integer primary key, "
               + ", ".join(f"{name} {kind}" for name, _, _, kind, _ in COLUMNS) + ")")
    db.executemany(f"insert into two_engines values ({', '.join('?' * (len(COLUMNS) + 1))})",
                   ([row["id"], *(carried(name, row[name]) for name, *_ in COLUMNS)]
                    for row in map(json.loads, rows.splitlines())))
    db.commit()
    return db


def check(path, *options):
    spec = {"check": "two-engines", "old": {"source": harness.URL, "table": "two_engines"},
            "new": {"source": f"sqlite:{path}", "table": "two_engines"}, "equal": "all"}
    return harness.Check(spec, *options)


def wrong(run, verdict, rows):
    said = run.is_verdict(verdict)
    if run.result is None:
        said.append(f"no result: {run.stderr.strip()}")
    else:
        if run.result["rows"]["compared"] != ROWS:
            said.append(f"compared {run.result['rows']}")
        found = sorted((int(f["key"][0]), tuple(f["columns"])) for f in run.result["findings"])
        if found != rows:
            said.append(f"found {[f for f in found if f not in rows]}, missed {[r for r in rows if r not in found]}")
    return said


def main():
    tally = harness.Tally()
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "copy.db")
        postgres_table()
        db = sqlite_table(path)
        tally.note("equal rows are consistent", wrong(check(path), "consistent", []))
        tally.note("in small ranges too", wrong(check(path, "--chunk-rows", "500"), "consistent", []))
        planted = []
        for i, (name, *_, fault) in enumerate(COLUMNS):
            key = 1 + i * 1001
            db.execute(f"update two_engines set {name} = {fault} where id = ?", (key,))
            planted.append((key, (name,)))
        db.commit()
        tally.note("one fault a type is found", wrong(check(path), "inconsistent", planted))
    tally.finish()


main()
