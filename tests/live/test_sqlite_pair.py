#!/usr/bin/env python3
"""PostgreSQL against SQLite, and SQLite against itself: equal values are equal in whatever way each engine keeps them,
and one fault of each type is found, by key and column, and nothing else.

    tests/live/test_sqlite_pair.py [SEED]
"""

import contextlib
import json
import os
import random
import sqlite3
import struct
import sys
import tempfile
import uuid
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

URL = harness.URL
ROWS = 20000
NULLS = 0.03

# --- one row: what PostgreSQL is given as text, and SQLite as it would keep it


def one_of(rng, usual, *odd):
    return rng.choice(odd) if rng.random() < 0.02 else usual


def text(rng):
    word = "".join(rng.choice(["a", "Ä", "中", "😀", " ", "'", '"', "\\", "\t", "e\u0301", "|", ","])
                   for _ in range(rng.randint(0, 12)))
    return one_of(rng, word, "", " ", "NULL", "\\N", "x" * 5000)


def moment(rng):
    return (f"{one_of(rng, rng.randint(1900, 2100), 1, 9999):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}", f"{rng.randint(0, 999999):06}")


def flag(rng):
    value = rng.random() < 0.5
    return value, int(value)


def integer(bits):
    low, high = -2**(bits - 1), 2**(bits - 1) - 1

    def make(rng):
        value = one_of(rng, rng.randint(low, high) if rng.random() < 0.5 else rng.randint(-99, 99), low, high, 0)
        return value, value
    return make


def amount(rng):
    value = Decimal(rng.randint(-10**38, 10**38) if rng.random() < 0.5 else rng.randint(-10**12, 10**12)).scaleb(-10)
    kept = format(value, "f")
    return kept, rng.choice([kept, kept.rstrip("0").rstrip(".") or "0"]) if "." in kept else kept


def real(rng):
    value = one_of(rng, struct.unpack("d", rng.randbytes(8))[0] if rng.random() < 0.3 else rng.gauss(0, 1000),
                   0.1 + 0.2, -0.0, 5e-324, 1e300, float("inf"), float("-inf"))
    return ("NaN", "NaN") if value != value else (repr(value), value)


def words(rng):
    value = text(rng)
    return value, value


def raw(rng):
    value = rng.randbytes(rng.randint(0, 20))
    return "\\x" + value.hex(), value


def local(rng):
    day_, clock_, micros = moment(rng)
    return f"{day_} {clock_}.{micros}", f"{day_}{rng.choice(' T')}{clock_}.{micros}"


def instant(rng):
    """SQLite keeps the text of some other zone, PostgreSQL the instant."""
    day_, clock_, micros = moment(rng)
    zone = rng.choice(["Z", "+00:00", "+05:30", "-08:00"])
    return f"{day_} {clock_}.{micros}{zone}", f"{day_}T{clock_}.{micros}{zone}"


def day(rng):
    value = moment(rng)[0]
    return value, value


def clock(rng):
    _, clock_, micros = moment(rng)
    return f"{clock_}.{micros}", f"{clock_}.{micros}"


def identity(rng):
    value = uuid.UUID(int=rng.getrandbits(128))
    return str(value), rng.choice([str(value), str(value).upper(), value.bytes])


def document(rng):
    value = {"b": rng.randint(0, 9), "a": [None, True, rng.choice(["x", "😀", "\u0001"])], "n": rng.randint(0, 99) / 8}
    turned = dict(reversed(value.items()))
    return json.dumps(value), json.dumps(turned, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))


# name, PostgreSQL's type, SQLite's, values
COLUMNS = [
    ("flag", "boolean", "BOOLEAN", flag),
    ("small", "smallint", "SMALLINT", integer(16)),
    ("n", "integer", "INTEGER", integer(32)),
    ("big", "bigint", "BIGINT", integer(64)),
    ("amount", "decimal(38,10)", "DECIMAL TEXT", amount),
    ("price", "double precision", "REAL", real),
    ("words", "text", "TEXT", words),
    ("code", "varchar(6000)", "VARCHAR(6000)", words),
    ("raw", "bytea", "BLOB", raw),
    ("local", "timestamp", "TIMESTAMP", local),
    ("at", "timestamptz", "TIMESTAMPTZ", instant),
    ("day", "date", "DATE", day),
    ("clock", "time", "TIME", clock),
    ("uid", "uuid", "UUID", identity),
    ("doc", "jsonb", "JSON", document),
]
NAMES = [column[0] for column in COLUMNS]


def random_row(rng, key):
    cells = [(None, None) if rng.random() < NULLS else make(rng) for *_, make in COLUMNS]
    return [key] + [cell[0] for cell in cells], [key] + [cell[1] for cell in cells]


# --- the two tables


def copy_cell(cell):
    if cell is None:
        return r"\N"
    cell = {True: "t", False: "f"}[cell] if isinstance(cell, bool) else str(cell)
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        cell = cell.replace(plain, written)
    return cell


def load_postgres(table, columns, rows, key="id"):
    lines = "".join("\t".join(map(copy_cell, row)) + "\n" for row in rows)
    harness.psql(URL, f"set client_min_messages = warning; drop table if exists {table};\n"
                      f"create table {table} ({columns}, primary key ({key}));\ncopy {table} from stdin;\n{lines}\\.\n")


@contextlib.contextmanager
def opened(path):
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        yield base


def load_sqlite(path, table, columns, rows, tail=""):
    with opened(path) as base:
        base.execute(f"create table {table} ({columns}){tail}")
        marks = ", ".join("?" * len(rows[0]))
        base.executemany(f"insert into {table} values ({marks})", rows)


def load(rng, path):
    rows = [random_row(rng, key * 3 - 9000) for key in range(ROWS)]
    load_postgres("pair", "id bigint, " + ", ".join(f"{name} {kind}" for name, kind, *_ in COLUMNS),
                  [row[0] for row in rows])
    load_sqlite(path, "pair", "id INTEGER PRIMARY KEY, " + ", ".join(f"{name} {kind}" for name, _, kind, _ in COLUMNS),
                [row[1] for row in rows])


# --- faults: what SQLite is given in one row, whose cell PostgreSQL has as the first value (None: as it is)

FAULTS = [
    ("flag", "true", 0),
    ("small", "7", 8),
    ("n", "2147483647", -2147483648),
    ("big", "9007199254740993", 9007199254740992),
    ("amount", "'1234567890123456789012345678.0000000001'", "1234567890123456789012345678.0000000002"),
    ("price", "0.3", 0.1 + 0.2),
    ("words", "'ok ' || chr(128512)", "ok ?"),
    ("code", "'a'", "a "),
    ("raw", r"'\x00ff'", b"\x00\xfe"),
    ("local", "'2020-02-29 23:59:59.999999'", "2020-02-29 23:59:59.999998"),
    ("at", "'2020-01-01 00:00:00Z'", "2020-01-01 01:00:00Z"),
    ("day", "'2020-02-29'", "2020-03-01"),
    ("clock", "'00:00:00.000001'", "00:00:00.000002"),
    ("uid", "'00000000-0000-0000-0000-0000000000ff'", bytes(15) + b"\xfe"),
    ("doc", """'{"a": [1, 2]}'""", '{"a": [2, 1]}'),
    # loose cells: found, and no crash
    ("n", "5", "five"),
    ("n", "5", b"5"),
    ("n", "5", 5.5),
    ("big", "5", "9223372036854775808"),
    ("flag", "true", 2),
    ("flag", "true", "perhaps"),
    ("amount", "5", "5,00"),
    ("price", "5", "five"),
    ("day", "'2020-02-28'", "2020-02-30"),
    ("day", "'1970-01-01'", 0),
    ("at", "'1970-01-01Z'", 0),
    ("clock", "'12:00'", "25:00"),
    ("uid", "'00000000-0000-0000-0000-0000000000ff'", "ff"),
    ("doc", "'{}'", "{"),
    ("raw", r"'\x61'", "a"),
    ("words", "'a'", b"a"),
    # NULL equals only NULL
    ("words", "''", None),
    ("words", "null", ""),
    ("code", "null", "NULL"),
    ("raw", r"'\x'", None),
    ("flag", "false", None),
    ("n", "0", None),
    ("doc", "'null'", None),
]
# Not a fault: another spelling of the same value.
SPELLINGS = [
    ("amount", "5.5", "5.50000"), ("price", "5", 5), ("doc", "'1.0'", "1"), ("uid", "'" + "a" * 32 + "'", "A" * 32),
    ("at", "'2020-01-01 00:00:00Z'", "2020-01-01T02:00:00+02:00"), ("flag", "true", "true"), ("n", "5", "5"),
]


def injure(rng, path):
    """Plants every fault in a row of its own. Returns what must be found."""
    keys = [key * 3 - 9000 for key in rng.sample(range(10, ROWS - 10), len(FAULTS) + len(SPELLINGS) + 2)]
    found, sql = {}, []
    with opened(path) as base:
        for key, (column, theirs, ours) in zip(keys, FAULTS + SPELLINGS):
            sql.append(f"update pair set {column} = {theirs} where id = {key};")
            base.execute(f"update pair set {column} = ? where id = ?", (ours, key))
        for key, (column, *_) in zip(keys, FAULTS):
            found[str(key)] = ("different", (column,))
        base.execute("delete from pair where id = ?", (keys[-1],))
        base.execute("insert into pair (id) values (?)", (keys[-2] + 1,))
        base.execute("insert into pair (id) values (?)", (-10**15,))
    found[str(keys[-1])] = ("missing_in_new", ())
    found[str(keys[-2] + 1)] = found[str(-10**15)] = ("missing_in_old", ())
    harness.psql(URL, "set timezone = 'UTC';" + "\n".join(sql))
    return found


# --- checks


def spec(old, new, **more):
    return {"check": "pair", "old": old, "new": new, "equal": "all", **more}


def postgres(table="pair", **more):
    return {"source": URL, "table": table, **more}


def sqlite(path, table="pair", **more):
    return {"source": "sqlite:" + path, "table": table, **more}


def difference(wanted, run):
    found = {f["key"][0]: (f["kind"], tuple(f.get("columns", []))) for f in run.result["findings"]}
    wrong = [f"not found: {key} {wanted[key]}" for key in wanted if found.get(key) != wanted[key]]
    wrong += [f"found {key}: {found[key]}" for key in found if found[key] != wanted.get(key)]
    return wrong[:10]


def wrong_with(run, wanted, old_rows, new_rows):
    wrong = run.is_verdict("inconsistent" if wanted else "consistent")
    if run.result is None:
        return wrong
    if (run.result["rows"]["old"], run.result["rows"]["new"]) != (old_rows, new_rows):
        wrong.append(f"rows are {run.result['rows']}, wanted {old_rows} and {new_rows}")
    if run.result["mode"] != "stream" or run.result["coverage"] != 1:
        wrong.append(f"mode {run.result['mode']}, coverage {run.result['coverage']}")
    return wrong + difference(wanted, run)


def mirrored(wanted):
    swap = {"missing_in_new": "missing_in_old", "missing_in_old": "missing_in_new"}
    return {key: (swap.get(kind, kind), columns) for key, (kind, columns) in wanted.items()}


def pairs(tally, rng, folder):
    path, copy = os.path.join(folder, "pair.db"), os.path.join(folder, "copy.db")
    load(rng, path)
    with opened(path) as base, opened(copy) as other:
        base.backup(other)
    for options in ((), ("--chunk-rows", "700", "--workers", "3"), ("--mode", "stream")):
        tally.note(f"20,000 rows agree {' '.join(options)}",
                   wrong_with(harness.Check(spec(postgres(), sqlite(path)), *options), {}, ROWS, ROWS))
    tally.note("20,000 rows agree, SQLite first",
               wrong_with(harness.Check(spec(sqlite(path), postgres())), {}, ROWS, ROWS))
    tally.note("two SQLite files agree",
               wrong_with(harness.Check(spec(sqlite(path), sqlite(copy)), "--chunk-rows", "999"), {}, ROWS, ROWS))
    wanted = injure(rng, path)
    for options in ((), ("--chunk-rows", "500", "--workers", "3")):
        name = f"every fault is found {' '.join(options)}"
        tally.note(name, wrong_with(harness.Check(spec(postgres(), sqlite(path)), *options), wanted, ROWS, ROWS + 1))
    tally.note("every fault is found, SQLite first",
               wrong_with(harness.Check(spec(sqlite(path), postgres())), mirrored(wanted), ROWS + 1, ROWS))


def sqlite_pairs(tally, folder):
    """Two files with the same odd cells agree; a fault of each sort between them is found."""
    one, other = os.path.join(folder, "one.db"), os.path.join(folder, "other.db")
    rows = [[key, "five" if key % 7 == 0 else key, None if key % 5 == 0 else f"w{key}", key / 8] for key in range(3000)]
    for path in (one, other):
        load_sqlite(path, "pair", "id INTEGER PRIMARY KEY, n INTEGER, w TEXT, r REAL", rows)
    tally.note("odd cells agree with themselves",
               wrong_with(harness.Check(spec(sqlite(one), sqlite(other)), "--chunk-rows", "250"), {}, 3000, 3000))
    with opened(other) as base:
        base.execute("update pair set n = 'six' where id = 14")
        base.execute("update pair set n = 15.0 where id = 15")  # the integer, by the column's affinity
        base.execute("update pair set w = '' where id = 10")
        base.execute("update pair set r = r + 1e-9 where id = 2000")
        base.execute("update pair set n = 1, w = 'x' where id = 2999")
        base.execute("delete from pair where id = 0")
    wanted = {"14": ("different", ("n",)), "10": ("different", ("w",)), "2000": ("different", ("r",)),
              "2999": ("different", ("n", "w")), "0": ("missing_in_new", ())}
    tally.note("faults between two SQLite files",
               wrong_with(harness.Check(spec(sqlite(one), sqlite(other)), "--workers", "2"), wanted, 3000, 2999))
    run = harness.Check({"check": "pair", "old": sqlite(one, where="id < 10"), "new": sqlite(other, where="id < 10"),
                         "invariants": [{"name": "same-w", "holds": "new.w is not distinct from old.w"},
                                        {"name": "small", "holds": "new.id < 9"}]})
    wrong = run.is_verdict("inconsistent")
    if run.result is not None:
        found = [(f["kind"], f["key"], f.get("invariants", [])) for f in run.result["findings"]]
        if sorted(found) != [("different", ["9"], ["small"]), ("missing_in_new", ["0"], [])]:
            wrong.append(f"found {found}")
    tally.note("invariants and where on SQLite", wrong)


# Keys of other types: PostgreSQL's, SQLite's, the n-th value in PostgreSQL's and in SQLite's words.
KEYS = [
    ("text", 'text collate "C"', "TEXT", lambda n: (f"k{n * 7919 % 1000}-{'äÄ_aA'[n % 5]}",) * 2),
    ("text in ICU order", 'text collate "en-US-x-icu"', "TEXT", lambda n: (f"{'äÄ_aA-'[n % 6]}{n}",) * 2),
    ("text without case in SQLite", "text", "TEXT COLLATE NOCASE", lambda n: (f"{'äÄzaA'[n % 5]}{n}",) * 2),
    ("uuid", "uuid", "UUID", lambda n: (str(uuid.UUID(int=n * 0x9e3779b97f4a7c15f39cc0605cedc834 % 2**128)),) * 2),
    ("numeric", "numeric", "NUMERIC", lambda n: (f"{n - 250}.5",) * 2),
    ("timestamptz", "timestamptz", "TIMESTAMPTZ", lambda n: (f"2020-01-01 00:{n // 60:02}:{n % 60:02}Z",
                                                             f"2020-01-01T02:{n // 60:02}:{n % 60:02}+02:00")),
    ("date", "date", "DATE", lambda n: (f"{1700 + n:04}-01-01",) * 2),
    ("bytea", "bytea", "BLOB", lambda n: ("\\x" + n.to_bytes(2, "little").hex(), n.to_bytes(2, "little"))),
]


def keys(tally, folder):
    for name, theirs, ours, value in KEYS:
        path = os.path.join(folder, name.replace(" ", "_") + ".db")
        values = [value(n) for n in range(500)]
        load_postgres("keyed", f"id {theirs}, v int", [[pair[0], n] for n, pair in enumerate(values)])
        load_sqlite(path, "keyed", f"id {ours} PRIMARY KEY, v INT", [[pair[1], n] for n, pair in enumerate(values)],
                    " WITHOUT ROWID" if len(name) % 2 else "")
        old, new = postgres("keyed"), sqlite(path, "keyed")
        run = harness.Check(spec(old, new), "--chunk-rows", "40")
        wrong = wrong_with(run, {}, 500, 500)
        with opened(path) as base:
            base.execute("delete from keyed where v in (0, 499)")
            base.execute("update keyed set v = -1 where v = 250")
        run = harness.Check(spec(old, new), "--chunk-rows", "40")
        wrong += run.is_verdict("inconsistent")
        if run.result is not None:
            kinds = sorted(f["kind"] for f in run.result["findings"])
            if kinds != ["different", "missing_in_new", "missing_in_new"]:
                wrong.append(f"found {run.result['findings'][:5]}")
        tally.note(f"key of {name}", wrong)


def refusals(tally, folder):
    path = os.path.join(folder, "plain.db")
    load_sqlite(path, "pair", "id INTEGER PRIMARY KEY, v TEXT", [[1, "a"]])
    load_postgres("plain", "id int, v int", [[1, 1]])
    wrong = []
    for what, old, new, status, says in (
            ("no such file", postgres("plain"), sqlite(path + "x"), (2, 3), path + "x"),
            ("no such table", postgres("plain"), sqlite(path, "pears"), (3,), "pears"),
            ("text against integer", postgres("plain"), sqlite(path), (3,), "old.v")):
        run = harness.Check(spec(old, new))
        if run.status not in status or says not in run.stderr + run.stdout:
            wrong.append(f"{what}: exit status {run.status}: {run.stderr.strip()}")
    if os.path.exists(path + "x"):
        wrong.append("a file was made that nobody asked for")
    tally.note("what cannot be compared is refused", wrong)
    run = harness.Check(spec(sqlite(path), sqlite(path)), "--mode", "join")
    tally.note("join is not offered by SQLite", [] if run.status == 3 else [f"exit status {run.status}"])


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randint(1, 10**9)
    print(f"seed {seed}")
    tally = harness.Tally()
    with tempfile.TemporaryDirectory() as folder:
        pairs(tally, random.Random(seed), folder)
        sqlite_pairs(tally, folder)
        keys(tally, folder)
        refusals(tally, folder)
    tally.finish()


if __name__ == "__main__":
    main()
