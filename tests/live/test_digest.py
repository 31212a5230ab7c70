#!/usr/bin/env python3
"""Digests find exactly what rows find.

Random tables of all kinds, injured at random, are checked by `stream` and by `digest` in two databases that differ in
locale and settings: findings and counts must be the same, whichever pairs can be digested. Then: values that careless
hashes fold; invariants that can be split and that cannot; pairs that have no digest, and what is said of them.

    tests/live/test_digest.py [SEED] [PATTERN...]     the seed is printed; patterns choose tests by name
"""

import fnmatch
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

TESTS = []
FRESH = "set client_min_messages = warning; set timezone = 'UTC'; drop schema if exists t cascade; create schema t;\n"


def test(function):
    TESTS.append(function)
    return function


def databases():
    """Two databases that print and sort most values differently."""
    urls = []
    for url, name, settings in (
            (harness.URL, "digest_old", {"timezone": "'Asia/Kathmandu'", "datestyle": "'German'", "bytea_output": "escape",
                                         "extra_float_digits": "0", "intervalstyle": "iso_8601", "search_path": "t"}),
            (harness.URL_2, "digest_new", {"timezone": "'America/St_Johns'", "datestyle": "'SQL, MDY'",
                                           "enable_hashagg": "off", "enable_indexscan": "off"})):
        urls.append(harness.sibling(url, name))
        harness.psql(url, f'drop database "{name}"')
        harness.psql(url, f"create database {name} template template0 encoding 'UTF8' " +
                     ("locale 'C'" if name == "digest_old" else "locale_provider icu icu_locale 'sv-SE' locale 'C.UTF-8'"))
        harness.psql(url, "".join(f"alter database {name} set {key} = {value};" for key, value in settings.items()))
    return urls


OLD, NEW = databases()


# --- running


def spec_of(**more):
    old, new = more.pop("old", {}), more.pop("new", {})
    return {"check": "digest", "old": {"source": OLD, "table": "t.old_t", **old},
            "new": {"source": NEW, "table": "t.new_t", **new}, **more}


def both(sql_old, sql_new):
    harness.psql(OLD, FRESH + sql_old)
    harness.psql(NEW, FRESH + sql_new)


def told(result):
    """What must not depend on the mode."""
    names = ("verdict", "rows", "mismatched_rows", "missing_in_new", "missing_in_old", "different", "duplicate_key",
             "undecided", "in_flight", "coverage", "columns", "causes", "invariants", "not_compared")
    findings = [{name: value for name, value in finding.items() if not name.startswith("written")}
                for finding in result["findings"]]
    return {**{name: result.get(name) for name in names}, "findings": findings}


def wrong_with(spec, mode="digest", reason="", options=()):
    """Runs the check by rows and by digests; sentences about what differs. Returns them and the digest's run."""
    rows = harness.Check(spec, "--mode", "stream", *options)
    digest = harness.Check(spec, "--mode", "digest", *options)
    wrong = rows.wrong() + digest.wrong()
    if rows.result is None or digest.result is None:
        return wrong + [f"no result: {rows.stderr.strip()} {digest.stderr.strip()}"], digest
    if digest.result["mode"] != mode or reason not in digest.result["mode_reason"]:
        wrong.append(f"was checked by {digest.result['mode']}: {digest.result['mode_reason']}")
    by_rows, by_digest = told(rows.result), told(digest.result)
    for name, wanted in by_rows.items():
        if by_digest[name] != wanted:
            wrong.append(f"{name}: {few(wanted)} by rows, {few(by_digest[name])} by digest")
    return wrong, digest


def miscounted(run, **expected):
    """Sentences about the counts that are not as expected; none without a result, which wrong_with tells."""
    told_counts = run.result or expected
    return [f"{name}: {told_counts[name]}, not {wanted}" for name, wanted in expected.items() if told_counts[name] != wanted]


def few(thing):
    return json.dumps(thing, ensure_ascii=False)[:1500]


# --- random tables


def whole(bits):
    def value(rng):
        near = [0, 1, -1, 2**(bits - 1) - 1, -2**(bits - 1), 2**(bits // 2), 42]
        return str(rng.choice(near) if rng.random() < 0.3 else rng.randint(-2**(bits - 1), 2**(bits - 1) - 1))
    return value


def number(rng):
    if rng.random() < 0.2:
        return rng.choice(["0", "-0", "0.00", "NaN", "Infinity", "-Infinity", "1", "10000", "100000000", "0.0001", "-1",
                           "1e100", "99999999999999999999999999999999999999"])
    return f"{rng.randint(-10**6, 10**6)}.{rng.choice(['0', '00', '5', '50', '12', '123456789012345678901234567890'])}"


def price(rng):
    return f"{rng.randint(-10**5, 10**5)}.{rng.randint(0, 99):02}"


def floating(rng):
    if rng.random() < 0.3:
        return rng.choice(["0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "1e-300", "16777217", "9007199254740993"])
    return repr(rng.choice([rng.random(), rng.gauss(0, 1e9)]))


def single(rng):
    return rng.choice(["0", "-0", "NaN", "Infinity", "0.5", "0.1", "16777216", str(rng.randint(0, 1000) / 8)])


WORDS = ["", "a", "b", "ab", "A", "ä", "中", "😀", "|", ",", "\\", "'", '"', "NULL", "<null>", "\t", "\n", " ", "x" * 40]


def word(rng):
    return "".join(rng.choice(WORDS) for _ in range(rng.randint(0, 3)))


def short(rng):
    return rng.choice(["a", "b", "ab", "AB", "c c"]) + " " * rng.randint(0, 2)


def moment(rng):
    if rng.random() < 0.2:
        return rng.choice(["infinity", "-infinity", "2000-01-01 01:11:34.967296", "2000-01-01 00:00:00",
                           "0044-03-15 00:00:00 BC", "2000-01-01 00:00:00.000001"])
    return (f"{rng.randint(1900, 2200)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} "
            f"{rng.randint(0, 23):02}:00:00.{rng.randint(0, 999999):06}")


def instant(rng):
    text = moment(rng)
    return text if "inf" in text else text.replace(" BC", "+00 BC") if "BC" in text else text + "+00"


def day(rng):
    return rng.choice(["infinity", "0044-03-15 BC", f"{rng.randint(1900, 2200)}-{rng.randint(1, 12):02}-01"])


def clock(rng):
    return rng.choice(["00:00:00", "24:00:00", "23:59:59.999999", f"{rng.randint(0, 23):02}:30:00.{rng.randint(0, 9)}"])


def span(rng):
    return rng.choice(["1 day", "24 hours", "1 mon", "30 days", "-1 mon 30 days", "00:00:00", "-00:00:00.000001",
                       f"{rng.randint(-100, 100)} days {rng.randint(0, 80000)} seconds"])


def raw(rng):
    return "\\x" + "".join(rng.choice(["00", "01", "5c", "ff"]) for _ in range(rng.randint(0, 5)))


def uuid(rng):
    return f"{rng.choice([0, 1, rng.getrandbits(128)]):032x}"


def document(rng):
    members = [f'"{name}": {rng.choice(["1", "1.0", "1.00", "-1", "null", "true", "[]", "[1, 2.50]", "{}"])}'
               for name in rng.sample(["a", "b", "c", "ä"], rng.randint(0, 4))]
    return "{" + ", ".join(members) + "}"


def numbers(rng):
    return "{" + ",".join(rng.choice(["1", "1.0", "NULL", "-5", "4294967296"]) for _ in range(rng.randint(0, 3))) + "}"


def texts(rng):
    return rng.choice(["{}", "{NULL}", '{"NULL"}', '{"a,b"}', "{a,b}", '{""}', "{{a},{b}}"])


def truth(rng):
    return rng.choice(["t", "f"])


def address(rng):
    return f"10.0.{rng.randint(0, 3)}.{rng.randint(0, 3)}"


@dataclass(frozen=True)
class Kind:
    values: object
    old: str
    new: str


KINDS = [
    Kind(whole(32), "int", "int"), Kind(whole(32), "int", "bigint"), Kind(whole(16), "smallint", "numeric"),
    Kind(whole(64), "bigint", "bigint"), Kind(whole(64), "bigint", "numeric"), Kind(whole(64), "numeric", "numeric(30,4)"),
    Kind(number, "numeric", "numeric"), Kind(price, "numeric(12,2)", "numeric(12,2)"),
    Kind(price, "numeric(12,2)", "numeric(14,4)"), Kind(floating, "float8", "float8"), Kind(single, "real", "float8"),
    Kind(word, "text", "text"), Kind(word, "text", 'text collate "C"'), Kind(word, "varchar(200)", "text"),
    Kind(short, "char(6)", "char(9)"), Kind(short, "char(6)", "char(6)"), Kind(instant, "timestamptz", "timestamptz"),
    Kind(moment, "timestamp", "timestamp"), Kind(day, "date", "date"), Kind(clock, "time", "time"),
    Kind(span, "interval", "interval"), Kind(raw, "bytea", "bytea"), Kind(uuid, "uuid", "uuid"),
    Kind(document, "jsonb", "jsonb"), Kind(numbers, "numeric[]", "numeric[]"), Kind(texts, "text[]", "text[]"),
    Kind(truth, "bool", "bool"), Kind(address, "inet", "inet"), Kind(document, "json", "json"),
]
KEYS = [
    Kind(whole(32), "int", "bigint"), Kind(whole(64), "bigint", "bigint"), Kind(whole(32), "int", "numeric"),
    Kind(word, "text", "text"), Kind(word, 'text collate "C"', "text"), Kind(instant, "timestamptz", "timestamptz"),
    Kind(uuid, "uuid", "uuid"), Kind(number, "numeric", "numeric"), Kind(raw, "bytea", "bytea"),
    Kind(day, "date", "date"), Kind(floating, "float8", "float8"),
]


def escaped(cell):
    if cell is None:
        return r"\N"
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        cell = cell.replace(plain, written)
    return cell


def table(side, keys, kinds, rows):
    key = ", ".join(f"k{i}" for i in range(len(keys)))
    columns = ", ".join([f"k{i} {getattr(kind, side)}" for i, kind in enumerate(keys)] +
                        [f"c{i} {getattr(kind, side)}" for i, kind in enumerate(kinds)])
    lines = "".join("\t".join(escaped(cell) for cell in row) + "\n" for row in rows)
    return (f"create table t.{side}_t ({columns}, primary key ({key}));\ncreate temp table loaded (like t.{side}_t);\n"
            f"copy loaded from stdin;\n{lines}\\.\n"
            f"insert into t.{side}_t select * from loaded on conflict do nothing;\nanalyze t.{side}_t;\n")


def row_of(rng, keys, kinds):
    return ([kind.values(rng) for kind in keys] +
            [None if rng.random() < 0.1 else kind.values(rng) for kind in kinds])


def injured(rng, keys, kinds, rows, share):
    kept = [list(row) for row in rows if rng.random() > share / 2]
    for row in kept:
        if rng.random() < share:
            at = rng.randrange(len(kinds))
            row[len(keys) + at] = rng.choice([None, kinds[at].values(rng)])
    for _ in range(int(len(kept) * share / 2)):
        a, b, at = rng.choice(kept), rng.choice(kept), len(keys) + rng.randrange(len(kinds))
        a[at], b[at] = b[at], a[at]
    return kept + [row_of(rng, keys, kinds) for _ in range(int(len(rows) * share / 2))]


def try_random(rng):
    keys = rng.sample(KEYS, rng.choice([1, 1, 1, 2]))
    kinds = rng.sample(KINDS, rng.randint(1, 8))
    rows = [row_of(rng, keys, kinds) for _ in range(rng.choice([3, 300, 2000]))]
    others = injured(rng, keys, kinds, rows, rng.choice([0, 0.003, 0.02, 0.5]))
    both(table("old", keys, kinds, rows), table("new", keys, kinds, others if rng.random() < 0.95 else []))
    equal = [f"c{i}" for i in range(len(kinds))]
    wrong, _ = wrong_with(spec_of(equal=equal), options=("--chunk-rows", str(rng.choice([40, 400, 5000])), "--workers",
                                                         str(rng.randint(1, 3))))
    shown = ", ".join(f"{kind.old} = {kind.new}" for kind in keys + kinds)
    return [f"{shown}: {line}" for line in wrong]


def random_tables(tally, seed, count):
    for i in range(count):
        tally.note(f"random tables {seed} {i}", try_random(random.Random(f"{seed} {i}")))


# --- values that careless hashes fold: (type, old values, new values), rows in order; all different rows must be found

FOLDED = {
    "int8 to 32 bits": ("bigint", ["1", "5000000000"], ["4294967296", "705032705"]),
    "timestamps to 32 bits": ("timestamptz", ["2000-01-01 00:00:00.000001+00"], ["2000-01-01 01:11:34.967296+00"]),
    "times to 32 bits": ("time", ["00:00:00.000001"], ["01:11:34.967296"]),
    "the sign of a number": ("numeric", ["5", "-7.5"], ["-5", "7.5"]),
    "special numbers": ("numeric", ["NaN", "Infinity", "-Infinity"], ["Infinity", "-Infinity", "NaN"]),
    "the weight of a number": ("numeric", ["1", "10000", "2", "20000"], ["10000", "1", "20000", "2"]),
    "an empty text and NULL": ("text", ["", None], [None, ""]),
    "a text that says NULL": ("text", ["NULL", "\\N", "<null>"], [None, None, None]),
    "the same change twice": ("text", ["USD", "USD"], ["EUR", "EUR"]),
    "values that change places": ("text", ["a", "b"], ["b", "a"]),
    "many that change places": ("int", [str(i) for i in range(60)], [str(i ^ 1) for i in range(60)]),
    "NULLs that change places": ("int", [None, "1", None, "0"], ["1", None, "0", None]),
    "zeros that change places": ("float8", ["0", "1"], ["1", "0"]),
    "white space": ("text", ["a ", " a"], ["a", "a"]),
    "case": ("text", ["abc"], ["ABC"]),
    "negative and positive": ("bigint", ["-1", "1"], ["1", "-1"]),
    "bytes and their length": ("bytea", ["\\x00", "\\x"], ["\\x0000", "\\x00"]),
    "signs in documents": ("jsonb", ['{"a": -5}', "[1]"], ['{"a": 5}', "[[1]]"]),
    "elements of arrays": ("text[]", ["{a,b}", "{NULL}"], ['{"a,b"}', '{"NULL"}']),
    "years before our era": ("date", ["0044-03-15 BC"], ["0044-03-15"]),
}


@test
def folded_values():
    wrong = []
    for name, (kind, old, new) in FOLDED.items():
        keys, kinds = [Kind(None, "int", "int")], [Kind(None, kind, kind)]
        both(table("old", keys, kinds, [[str(i), value] for i, value in enumerate(old)]),
             table("new", keys, kinds, [[str(i), value] for i, value in enumerate(new)]))
        for options in ((), ("--chunk-rows", "1")):
            found, run = wrong_with(spec_of(equal=["c0"]), options=options)
            found += miscounted(run, different=len(old))
            wrong += [f"{name}: {line}" for line in found]
    return wrong


@test
def values_that_move_between_columns():
    """('a', 'bc') and ('ab', 'c'); ('x', NULL) and (NULL, 'x'); (5, -5) and (-5, 5). Each row is a range of its own."""
    wrong = []
    for kind, old, new in (("text", [["a", "bc"], ["x", None], ["", "y"], ["p", "q"], ["", None]],
                            [["ab", "c"], [None, "x"], ["y", ""], ["q", "p"], [None, ""]]),
                           ("numeric", [["5", "-5"], ["0", None], ["1", "10000"], ["-1", "10000"]],
                            [["-5", "5"], [None, "0"], ["10000", "1"], ["1", "-10000"]])):
        columns, keys = [Kind(None, kind, kind)] * 2, [Kind(None, "int", "int")]
        both(table("old", keys, columns, [[str(i), *row] for i, row in enumerate(old)]),
             table("new", keys, columns, [[str(i), *row] for i, row in enumerate(new)]))
        found, run = wrong_with(spec_of(equal=["c0", "c1"]), options=("--chunk-rows", "1"))
        found += miscounted(run, different=len(old))
        wrong += [f"{kind}: {line}" for line in found]
    return wrong


@test
def values_whose_hash_is_the_seed():
    """PostgreSQL hashes a zero, or an infinity, to the seed or close to it: it stands in another column.
    Each row is a range of its own."""
    wrong = []
    for kind, value, other in (("float8", "0", "1.5"), ("numeric", "0", "Infinity"), ("numeric", "NaN", "Infinity"),
                               ("numeric(9,2)", "0", "NaN"), ("date", "2000-01-01", "2000-01-02"),
                               ("timestamptz", "2000-01-01 00:00:00+00", "infinity"),
                               ("timestamp", "2000-01-01", "2000-01-01 00:00:00.000001"), ("int", "0", "-1"),
                               ("uuid", "0" * 32, "0" * 31 + "1"), ("bytea", "", "\\x00"), ("bool", "f", "t")):
        columns, keys = [Kind(None, kind, kind)] * 2, [Kind(None, "int", "int")]
        both(table("old", keys, columns, [["1", value, other], ["2", None, value], ["3", other, None]]),
             table("new", keys, columns, [["1", other, value], ["2", value, None], ["3", None, other]]))
        found, run = wrong_with(spec_of(equal=["c0", "c1"]), options=("--chunk-rows", "1"))
        found += miscounted(run, different=3)
        wrong += [f"{kind} {value}: {line}" for line in found]
    return wrong


@test
def moments_far_away():
    """A double is no microsecond any more."""
    moments = ["1899-12-31 23:59:59.999999", "4713-01-01 00:00:00.000001 BC", "294276-12-31 23:59:59.999999",
               "2100-01-01 00:00:00.000001", "9999-12-31 23:59:59.999998", "infinity"]
    others = ["1899-12-31 23:59:59.999998", "4713-01-01 00:00:00.000002 BC", "294276-12-31 23:59:59.999998",
              "2100-01-01 00:00:00.000002", "9999-12-31 23:59:59.999999", "-infinity"]
    wrong = []
    for kind in ("timestamp", "timestamptz"):
        keys, columns = [Kind(None, "int", "int")], [Kind(None, kind, kind)]
        both(*(("set timezone = 'UTC';" + table(side, keys, columns, [[str(i), value] for i, value in enumerate(values)]))
               for side, values in (("old", moments), ("new", others))))
        found, run = wrong_with(spec_of(equal=["c0"]), options=("--chunk-rows", "1"))
        found += miscounted(run, different=len(moments))
        wrong += [f"{kind}: {line}" for line in found]
    return wrong


@test
def a_pattern_over_many_columns():
    """Where a row's hash is made as 31 times what came before plus the next, two values that follow each other as in the
    sequence of Thue and Morse change places in 256 columns and leave it the same, whatever the seed."""
    columns, keys = [Kind(None, "text", "text")] * 256, [Kind(None, "int", "int")]
    old = ["ab"[bin(i).count("1") % 2] for i in range(256)]
    new = ["ba"[bin(i).count("1") % 2] for i in range(256)]
    both(table("old", keys, columns, [["1", *old]]), table("new", keys, columns, [["1", *new]]))
    wrong, run = wrong_with(spec_of(equal=[f"c{i}" for i in range(256)]))
    wrong += miscounted(run, different=1)
    return wrong


@test
def a_null_that_moves_to_the_next_of_many_columns():
    """In each of 40 rows, which are ranges of their own, from another column."""
    count = 40
    columns, keys = [Kind(None, "int", "int")] * count, [Kind(None, "int", "int")]
    both(*(table(side, keys, columns, [[str(row), *(None if i == (row + moved) % count else "0" for i in range(count))]
                                       for row in range(count)]) for side, moved in (("old", 0), ("new", 1))))
    wrong, run = wrong_with(spec_of(equal=[f"c{i}" for i in range(count)]), options=("--chunk-rows", "1"))
    wrong += miscounted(run, different=count)
    return wrong


@test
def a_catalog_that_is_wrong():
    """NULL in a column that the catalog says is never NULL (NOT NULL ... NOT VALID, from 18 on): no row goes unhashed."""
    lie = "update pg_attribute set attnotnull = true where attrelid = 't.{0}_t'::regclass and attname in ('v', 'w');"
    both(*("create table t.%s_t (id int primary key, v text, w bytea, n int); insert into t.%s_t values (1, null, '', %d),"
           " (2, 'a', null, %d), (3, 'b', '', 7); analyze t.%s_t; " % (side, side, n, n, side) + lie.format(side)
           for side, n in (("old", 5), ("new", 6))))
    wrong, run = wrong_with(spec_of(equal=["v", "w", "n"]))
    wrong += miscounted(run, different=2)
    return wrong


@test
def fine_cuts():
    """Rows that differ lie in short stretches, between bounds of every kind that can be reckoned with; some are empty."""
    wrong = []
    for key, of in (("bigint", "g::bigint * g"), ("int", "g"), ("date", "date '1900-01-01' + g"),
                    ("uuid", "md5(g::text)::uuid"), ("timestamptz", "timestamptz '2000-01-01 00:00+00' + g * interval '1 s'"),
                    ("text", "'k' || g")):
        both(*(f"create table t.{side}_t (id {key} primary key, v int); insert into t.{side}_t select {of}, {value} from"
               f" generate_series(1, 20000) g; {gone} analyze t.{side}_t;"
               for side, value, gone in (("old", "g", ""), ("new", "case when g % 1900 = 7 then -g else g end",
                                                            "delete from t.new_t where v % 7919 = 5;"))))
        found, _ = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "4000"))
        wrong += [f"{key}: {line}" for line in found]
    return wrong


@test
def specials_of_neighbouring_keys():
    """PostgreSQL hashes a numeric's infinity and NaN to the seed, and zero to the one before: to those of another key."""
    wrong = []
    for kind, old, new in (("numeric", "(4, 'Infinity')", "(5, 0)"), ("numeric", "(4, 'NaN')", "(5, 0)"),
                           ("numeric(12,2)", "(4, 'NaN'), (5, 'NaN'), (9, 1)", "(5, 0), (6, 0), (9, 1)"),
                           ("float8", "(4, 0)", "(5, 'NaN')"), ("int", "(4, 5)", "(5, 4)")):
        both(small("old", kind, old), small("new", kind, new))
        wrong += [f"{kind}: {line}" for line in wrong_with(spec_of(equal=["v"]))[0]]
    return wrong


@test
def a_sign_bit_that_changes_places():
    """Keys for which the last step of PostgreSQL's hash makes the same difference of it."""
    wrong = []
    for one, other in ((16580258, 57672913), (9638965, 34551385)):
        both(small("old", "int not null", f"({one}, 0), ({other}, -2147483648)"),
             small("new", "int not null", f"({one}, -2147483648), ({other}, 0)"))
        wrong += wrong_with(spec_of(equal=["v"]))[0]
    return wrong


@test
def infinite_times_in_the_key():
    """Between them and others lies no time that could be a bound."""
    wrong = []
    for kind, infinite in (("date", "'infinity'"), ("timestamp", "'-infinity'"), ("timestamptz", "'infinity'")):
        both(*(f"create table t.{side}_t (k {kind}, id int, v int, primary key (k, id)); insert into t.{side}_t select case"
               f" when g % 2 = 0 then {infinite} else date '2000-01-01' + g end, g, {value} from generate_series(1, 20000) g;"
               f" analyze t.{side}_t;" for side, value in (("old", "g"), ("new", "case when g = 7777 then 0 else g end"))))
        found, run = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "4000"))
        wrong += [f"{kind}: {line}" for line in found]
        if run.result is not None and run.result["mismatched_rows"] != 1:
            wrong.append(f"{kind}: {run.result['reason']}")
    return wrong


@test
def keys_that_change_places():
    """The same values under other keys are missing rows on both sides."""
    wrong = []
    for kind, old, new in (("bigint", ["1", "4"], ["2", "3"]), ("bigint", ["1"], ["4294967296"]),
                           ("numeric", ["1", "-2"], ["-1", "2"]), ("text", ["a", "bb"], ["b", "ba"]),
                           ("uuid", [f"{1:032x}"], [f"{1 << 64:032x}"])):
        keys, columns = [Kind(None, kind, kind)], [Kind(None, "text", "text")]
        both(table("old", keys, columns, [[key, None] for key in old]),
             table("new", keys, columns, [[key, None] for key in new]))
        found, run = wrong_with(spec_of(equal=["c0"]))
        found += miscounted(run, mismatched_rows=len(old) + len(new))
        wrong += [f"{kind}: {line}" for line in found]
    return wrong


# --- invariants

ORDERS_OLD = """
create table t.old_t (id int primary key, total numeric(12,2), state text, paid boolean, at timestamptz);
insert into t.old_t select g, g * 1.01, case when g % 3 = 0 then 'paid' else 'new' end, g % 3 = 0,
  timestamptz '2026-01-01 00:00+00' + g * interval '1 minute' from generate_series(1, 3000) g;
analyze t.old_t;
"""
ORDERS_NEW = """
create table t.new_t (id bigint primary key, minor bigint, currency text, state text, paid int, day date);
insert into t.new_t select g, g * 101, 'EUR', case when g % 3 = 0 then 'PAID' else 'NEW' end,
  case when g % 3 = 0 then 1 else 0 end, (timestamp '2026-01-01' + g * interval '1 minute')::date
  from generate_series(1, 3000) g;
analyze t.new_t;
"""
INVARIANTS = {
    "minor": "new.minor == old.total * 100",
    "turned": "old.total == new.minor / 100",
    "present": "new.currency is not null",
    "one of": "new.currency in ('EUR', 'USD')",
    "upper": "new.state == upper(old.state)",
    "flag": "new.paid == (case when old.paid then 1 else 0 end)",
    "day": "new.day = (old.at)::date and new.day >= '2026-01-01'",
    "null safe": "new.state is not distinct from upper(old.state)",
    "constant": "1 < 2",
    "both": "new.minor = old.total * 100 and old.state is not null and new.currency is not null",
}
INJURIES = [
    "update t.new_t set minor = minor + 1 where id = 5",
    "update t.new_t set minor = null where id in (6, 700)",
    "update t.new_t set minor = null, state = null where id in (6, 700)",
    "update t.new_t set minor = null, currency = null where id in (6, 700)",
    "update t.new_t set currency = null where id = 7",
    "update t.new_t set currency = 'XXX' where id = 8",
    "update t.new_t set state = null where id = 9",
    "update t.new_t set day = day + 1 where id = 10",
    "update t.new_t set paid = null where id = 12",
    "update t.new_t set minor = case id when 20 then 2121 else 2020 end where id in (20, 21)",
    "delete from t.new_t where id = 3000",
    "update t.new_t set minor = null",
]
OLD_INJURIES = ["update t.old_t set total = null, state = null where id = 99"] * 3
POLICIES = (None, "holds", "fails")


def rules_of(policy):
    return [{"name": name.replace(" ", "-"), "holds": text, **({"null": policy} if policy else {})}
            for name, text in INVARIANTS.items()]


@test
def invariants_that_split():
    wrong = []
    both(ORDERS_OLD, ORDERS_NEW)
    found, run = wrong_with(spec_of(invariants=rules_of(None)))
    wrong += found + run.is_verdict("consistent")
    for i, (url, injury) in enumerate([(NEW, sql) for sql in INJURIES] + [(OLD, sql) for sql in OLD_INJURIES]):
        policy = POLICIES[i % 3]
        both(ORDERS_OLD, ORDERS_NEW)
        harness.psql(url, injury)
        found, _ = wrong_with(spec_of(invariants=rules_of(policy)), options=("--chunk-rows", "1000"))
        wrong += [f"{injury}, null {policy}: {line}" for line in found]
    return wrong


@test
def invariants_that_do_not_split():
    wrong = []
    both(ORDERS_OLD, ORDERS_NEW + INJURIES[0])
    for text in ("new.minor >= old.total", "new.minor - old.total * 100 == 0", "old.paid or new.minor == old.total * 100",
                 "new.minor != old.total", "new.minor / old.total == 100"):
        rules = [{"name": "apart", "holds": text}]
        found, _ = wrong_with(spec_of(invariants=rules), "stream", 'invariant "apart" needs both sides of a row at once')
        wrong += [f"{text}: {line}" for line in found]
    return wrong


# --- pairs without a digest

SMALL = "create table t.{side}_t (id int primary key, v {kind}); insert into t.{side}_t values {rows};"


def small(side, kind="text", rows="(1, 'a'), (2, 'b')"):
    return SMALL.format(side=side, kind=kind, rows=rows)


@test
def pairs_without_a_digest():
    """They are read by rows, and it is said why."""
    wrong = []
    sides = (small("old"), small("new", rows="(1, 'a'), (2, 'c')"))
    no_key = "create table t.{}_t (id int not null, v text); insert into t.{}_t values (1, 'a'), (2, 'b');"
    tries = (
        ("within a tolerance", (small("old", "numeric", "(1, 1), (2, 2)"), small("new", "numeric", "(1, 1.001), (2, 3)")),
         {"equal": [{"old": "v", "new": "v", "within": 0.01}]}),
        ("compares a float with an exact number",
         (small("old", "float8", "(1, 0.1), (2, 1)"), small("new", "numeric", "(1, 0.1), (2, 2)")), {"equal": ["v"]}),
        ("no unique index proves", (no_key.format("old", "old"), no_key.format("new", "new")),
         {"equal": ["v"], "old": {"key": ["id"]}, "new": {"key": ["id"]}}),
        ("one row", sides, None),
    )
    for reason, (old, new), more in tries:
        both(old, new)
        if more is None:
            spec = {"check": "digest", "rows": {"source": OLD, "table": "t.old_t"},
                    "invariants": [{"name": "there", "holds": "v is not null"}]}
        else:
            spec = spec_of(**more)
        found, _ = wrong_with(spec, "stream", reason)
        wrong += [f"{reason}: {line}" for line in found]
    return wrong


@test
def unique_on_one_side():
    """Then a key that stands twice on the other side cannot hide."""
    both(small("old"), "create table t.new_t (id int not null, v text); create index on t.new_t (id);"
                       "insert into t.new_t values (1, 'a'), (1, 'a'), (2, 'b');")
    wrong, run = wrong_with(spec_of(equal=["v"], new={"key": ["id"]}))
    wrong += miscounted(run, duplicate_key=1)
    return wrong


@test
def shards():
    """The digest of a side in shards is the sum of theirs; a key that stands in two of them cannot hide."""
    rows = "create table t.old_t (id int primary key, v text); insert into t.old_t select g, 'v' || g from" \
           " generate_series(1, 3000) g where g % 2 = {}; analyze t.old_t;"
    wrong = []
    for injury, mismatched in (("", 0), ("update t.new_t set v = 'x' where id in (7, 8)", 2),
                               ("insert into t.old_t values (8, 'v8')", 1), ("delete from t.new_t where id > 2000", 1000),
                               ("update t.new_t set v = 'x' where id % 50 < 2", 120),
                               ("insert into t.old_t select id, v from t.new_t where id % 40 = 4", 75)):
        both(rows.format(0), rows.format(1) + """
create table t.new_t (id bigint primary key, v varchar(20)); insert into t.new_t select g, 'v' || g
  from generate_series(1, 3000) g; analyze t.new_t;""" + injury)
        old = {"sources": [OLD, NEW], "table": "t.old_t"}
        spec = {"check": "shards", "old": old, "new": {"source": NEW, "table": "t.new_t"}, "equal": ["v"]}
        found, run = wrong_with(spec, options=("--chunk-rows", "100", "--workers", "1"))
        found += miscounted(run, mismatched_rows=mismatched)
        wrong += [f"{injury}: {line}" for line in found]
    return wrong


@test
def chosen_by_itself():
    """Two databases: digests where there are any. One database: a join."""
    wrong = []
    both(small("old") + small("new"), small("new"))
    for url, mode, says in ((NEW, "digest", "both servers compute the same digests"), (OLD, "join", "in one database")):
        run = harness.Check(spec_of(equal=["v"], new={"source": url}))
        if run.result is None or run.result["mode"] != mode or says not in run.result["mode_reason"]:
            wrong.append(f"{run.result} {run.stderr}")
    run = harness.Check(spec_of(equal=["v"], invariants=[{"name": "apart", "holds": "new.id >= old.id"}]))
    if run.result is None or run.result["mode"] != "stream" or "apart" not in run.result["mode_reason"]:
        wrong.append(f"{run.result} {run.stderr}")
    return wrong


@test
def errors():
    """A statement that fails leaves its range without an answer, and the others with theirs."""
    wrong = []
    both("create table t.old_t (id int primary key, v text); insert into t.old_t select g, 'v' || g from"
         " generate_series(1, 3000) g; analyze t.old_t;",
         "create table t.new_t (id int primary key, v text); insert into t.new_t select g, 'v' || g from"
         " generate_series(1, 3000) g; analyze t.new_t;")
    bad = {"where": "case when id = 500 then 1 / (id - id) else 1 end = 1"}
    for sides in ({"new": bad}, {"old": bad}):
        run = harness.Check(spec_of(equal=["v"], **sides), "--mode", "digest", "--chunk-rows", "100")
        wrong += run.is_verdict("cannot-tell")
        if run.result is not None and not (run.result["ranges"]["failed"] and run.result["ranges"]["proved"]):
            wrong.append(f"{sides}: {run.result['ranges']}")
    return wrong


@test
def null_keys_are_read_by_rows():
    both(small("old"), "create table t.new_t (id int, v text); create index on t.new_t (id);"
                       "insert into t.new_t values (1, 'a'), (2, 'b'), (null, 'b'), (null, 'b'), (3, 'c');")
    wrong, run = wrong_with(spec_of(equal=["v"], new={"key": ["id"]}))
    wrong += miscounted(run, duplicate_key=1, missing_in_old=1)
    return wrong


@test
def servers_that_hash_otherwise():
    """Where the probe is answered in two ways there is no digest; nor where texts are not UTF-8."""
    both(small("old"), small("new", rows="(1, 'a'), (2, 'c')"))
    strange = harness.sibling(harness.URL, "digest_strange")
    harness.psql(strange, FRESH + small("new", rows="(1, 'a'), (2, 'c')") + """
alter function pg_catalog.hashint8(bigint) rename to other_hash;
create function pg_catalog.hashint8(bigint) returns integer language sql immutable as 'select 7';""")
    wrong, _ = wrong_with(spec_of(equal=["v"], new={"source": strange}), "stream", "different hashes")
    latin = harness.sibling(harness.URL, "digest_latin")
    harness.psql(harness.URL, 'drop database "digest_latin"')
    harness.psql(harness.URL, "create database digest_latin template template0 encoding 'LATIN1' locale 'C'")
    harness.psql(latin, FRESH + small("new", rows="(1, 'a'), (2, 'c')"))
    found, _ = wrong_with(spec_of(equal=["v"], new={"source": latin}), "stream", "UTF-8")
    for url in (strange, latin):
        harness.psql(harness.URL, f"drop database {url.split('/')[3].split('?')[0]}")
    return wrong + found


LIARS = """
create function t.no(numeric, int) returns boolean language sql immutable as 'select false';
create function t.no(numeric, numeric) returns boolean language sql immutable as 'select false';
create function t.nought(int, int) returns int language sql immutable as 'select 0';
create operator t.< (leftarg = numeric, rightarg = int, function = t.no);
create operator t.< (leftarg = numeric, rightarg = numeric, function = t.no);
create operator t.& (leftarg = int, rightarg = int, function = t.nought);
"""


@test
def functions_of_other_schemas():
    """A role's search_path may hold functions that fit the arguments better than PostgreSQL's own."""
    both(small("old") + """
create function t.hashtextextended(varchar, bigint) returns bigint language sql as 'select 1::bigint';
create function t.get_bit(bytea, int) returns int language sql as 'select 0';
create function t.textsend(text) returns bytea language sql as $$ select ''::bytea $$;
""", small("new", rows="(1, 'a'), (2, 'c')"))
    return wrong_with(spec_of(equal=["v"]))[0]


@test
def operators_of_other_schemas():
    """The same of operators; and where PostgreSQL's own schema comes last."""
    wrong = []
    for path in ("t", "t, pg_catalog"):
        for url in (OLD, NEW):
            harness.psql(url, "do $$ begin execute format('alter database %I set search_path = " + path +
                              "', current_database()); end $$")
        both(small("old", "numeric", "(1, 5), (2, 7)") + LIARS, small("new", "numeric", "(1, -5), (2, 7)") + LIARS)
        wrong += [f"{path}: {line}" for line in wrong_with(spec_of(equal=["v"]))[0]]
    for url in (OLD, NEW):
        harness.psql(url, "do $$ begin execute format('alter database %I reset search_path', current_database()); end $$")
    return wrong


@test
def most_rows_differ():
    """Ranges that follow are read by rows at once; the counts are the same."""
    both("create table t.old_t (id int primary key, v text); insert into t.old_t select g, 'v' || g from"
         " generate_series(1, 20000) g; analyze t.old_t;",
         "create table t.new_t (id int primary key, v text); insert into t.new_t select g, case when g < 9000 then 'x'"
         " else '' end || 'v' || g from generate_series(1, 20000) g; analyze t.new_t;")
    return wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "500"))[0]


@test
def digests_in_vain():
    """One row in ten differs, too many to look up: ranges are read by rows, but for one now and then."""
    both("create table t.old_t (id int primary key, v int); insert into t.old_t select g, g from"
         " generate_series(1, 400000) g; analyze t.old_t;",
         "create table t.new_t (id int primary key, v int); insert into t.new_t select g, case when g % 10 = 7 then -g else g"
         " end from generate_series(1, 400000) g; analyze t.new_t;")
    wrong, run = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "200", "--workers", "1"))
    wrong += miscounted(run, different=40000)
    return wrong


@test
def hashes_of_rows():
    """One row in a hundred differs: ranges are asked for their rows' hashes. Also with holes, with rows of one side at
    both ends, and with keys at the ends of their types."""
    wrong = []
    for name, key, of in (("int and numeric", ("int", "numeric"), "g"), ("dense", "bigint", "g"),
                          ("small", "smallint", "g - 32768"), ("int", "int", "2147483647 - 25000 + g"),
                          ("low", "bigint", "-9223372036854775808 + g"), ("high", "bigint", "9223372036854775807 - 25000 + g"),
                          ("every third", "bigint", "g::bigint * 3"), ("sparse", "bigint", "g::bigint * 1000003")):
        value, hole = "case when g % 100 = 7 then -g else g end", "g between 9000 and 9900"
        old, new = key if isinstance(key, tuple) else (key, key)
        both(*(f"create table t.{side}_t (id {key} primary key, v int); insert into t.{side}_t select {of}, {v} from"
               f" generate_series({first}, {last}) g where not ({hole}) or {more}; analyze t.{side}_t;"
               for side, key, v, first, last, more in (("old", old, "g", 3, 25000, "g = 9007"),
                                                       ("new", new, value, 1, 24998, "g = 9008"))))
        found, run = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "5000", "--workers", "1"))
        found += miscounted(run, different=241)
        wrong += [f"{name}: {line}" for line in found]
    return wrong


HASHED_KEYS = {
    "text": (("text", "text"), "'k' || g * 7919 % 10007"),
    "text of one locale": (('text collate "C"', "text"), "chr(64 + g % 60) || '-' || g"),
    "uuid": (("uuid", "uuid"), "pg_catalog.md5(g::text)::uuid"),
    "numeric": (("numeric", "numeric(20, 6)"), "g / 8.0 - 500"),
    "float8": (("float8", "float8"), "g / 8.0 - 500"),
    "bytea": (("bytea", "bytea"), "decode(pg_catalog.md5(g::text), 'hex')"),
    "timestamptz": (("timestamptz", "timestamptz"), "'2020-01-01'::timestamptz + g * interval '1 second'"),
    "date": (("date", "date"), "'0044-03-15 BC'::date + g"),
    "int and text": (("int", "bigint", "text", "text"), "g / 100, 'k' || g % 100"),
    "uuid, numeric and date": (("uuid", "uuid", "numeric", "numeric", "date", "date"),
                               "pg_catalog.md5((g / 50)::text)::uuid, g % 50 / 4.0, '2020-01-01'::date + g % 7"),
}


@test
def hashes_of_rows_with_other_keys():
    """The same with keys of all kinds; with computed columns, and with invariants of one side that are unknown here and
    there: such rows are in doubt."""
    wrong = []
    rules = [{"name": "positive", "holds": "new.w > 0"}, {"name": "was positive", "holds": "old.w > 0"},
             {"name": "cents", "holds": "new.cents == old.v * 100"}]
    for name, (types, keys) in HASHED_KEYS.items():
        columns = [f"k{i}" for i in range(len(types) // 2)]
        made = [", ".join(f"{column} {types[2 * i + side]}" for i, column in enumerate(columns)) for side in (0, 1)]
        key, extra = ", ".join(columns), "select {}, {}, {} from generate_series(1, 10000) g where g % 400 <> {};"
        both(f"create table t.old_t ({made[0]}, v int, w int, primary key ({key})); insert into t.old_t " +
             extra.format(keys, "g", "nullif(g % 100, 11)", 3) + "analyze t.old_t;",
             f"create table t.new_t ({made[1]}, cents bigint, w int, primary key ({key})); insert into t.new_t " +
             extra.format(keys, "g * 100 + (g % 50 = 7)::int", "nullif(nullif(g % 100, 9), 11)", 5) +
             "analyze t.new_t;")
        new = {"columns": {"cents_again": "cents + 0"}}
        for equal, more in ((["w"], rules), ([], rules + [{"name": "again", "holds": "new.cents_again == old.v * 100"}])):
            found, run = wrong_with(spec_of(equal=equal, invariants=more, new=new), options=("--chunk-rows", "500",
                                                                                             "--workers", "1"))
            found += miscounted(run, missing_in_old=25, missing_in_new=25)
            wrong += [f"{name}: {line}" for line in found]
    return wrong


@test
def a_side_without_an_index():
    """Everything is one pass: its hashes are sorted, and few keys are looked up in one statement, many not at all."""
    wrong = []
    for part, different in ((5000, 8), (5, 8000)):
        both("create table t.old_t (id int primary key, v text); insert into t.old_t select g, 'value ' || g from"
             " generate_series(1, 40000) g; analyze t.old_t;",
             "create table t.new_t (id int not null, v text); insert into t.new_t select g, case when g % "
             f"{part} = 3 then 'x' else 'value ' || g end from generate_series(1, 40000) g; analyze t.new_t;")
        found, run = wrong_with(spec_of(equal=["v"], new={"key": ["id"]}))
        found += miscounted(run, different=different)
        wrong += [f"one in {part}: {line}" for line in found]
    return wrong


NEAR_KEYS = {
    "a space more beside char(n)": ('char(12) collate "C"', 'text collate "C"', "'k' || g", "new", ["'k500 '", "'k4300 '"]),
    "a space more before char(n)": ("varchar(30)", "char(30)", "'k' || g", "old", ["'k500 '", "'k4300 '"]),
    "no integer": ("bigint", "numeric", "9007199254740992 + g", "new", ["'NaN'", "9007199254740999.5"]),
    "infinity": ("numeric", "bigint", "9007199254740992 + g", "old", ["'Infinity'", "'-Infinity'"]),
}


@test
def keys_that_nearly_equal_others():
    """A lookup finds the rows whose keys were asked for, and no others, also of a list with keys that the column cannot
    hold; in keys of one column and of two."""
    wrong = []
    for name, (old, new, key, odd_side, odd) in NEAR_KEYS.items():
        for first, columns in (("", "id {}"), ("1, ", "a int, id {}")):
            key_of = "a, id" if first else "id"
            both(*(f"create table t.{side}_t ({columns.format(kind)}, v text, primary key ({key_of}));"
                   f"insert into t.{side}_t select {first}{key}, {value} from generate_series(1, 20000) g;" +
                   "".join(f"insert into t.{side}_t values ({first}{one}, 'z');" for one in odd if side == odd_side) +
                   f"analyze t.{side}_t;"
                   for side, kind, value in (("old", old, "repeat('x', 60)"),
                                             ("new", new, "repeat('x', 60) || case when g % 100 = 7 then 'd' else '' end"))))
            found, run = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "500", "--workers", "1"))
            found += miscounted(run, different=200, mismatched_rows=202)
            wrong += [f"{name}, {key_of}: {line}" for line in found]
    return wrong


@test
def more_differing_keys_than_are_held():
    """All of 20000 rows differ, whose keys have 600 bytes: the range is read by rows."""
    both(*(f"create table t.{side}_t (id text primary key, v text); insert into t.{side}_t select pg_catalog.rpad(g::text,"
           f" 600, 'k'), {v} from generate_series(1, 20000) g; analyze t.{side}_t;" for side, v in (("old", "g"), ("new", "-g"))))
    wrong, run = wrong_with(spec_of(equal=["v"]), options=("--chunk-rows", "20000", "--workers", "1"))
    wrong += miscounted(run, different=20000)
    return wrong


@test
def plans():
    """`plan` shows the mode, the reason and the digest's statements."""
    both(small("old"), small("new"))
    spec = spec_of(equal=["v"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spec.yaml")
        with open(path, "w") as file:
            json.dump(spec, file)
        done = subprocess.run([harness.PROGRAM, "plan", "--mode", "digest", path], capture_output=True, text=True)
    return [f"not said: {word}: {done.stdout} {done.stderr}"
            for word in ("mode       digest", "hashtextextended", '"t"."new_t"') if word not in done.stdout]


def main():
    words = sys.argv[1:]
    seed = int(words.pop(0)) if words and words[0].isdigit() else random.SystemRandom().randint(1, 10**9)
    print(f"seed {seed}")
    tally = harness.Tally()
    for function in TESTS:
        if not words or any(fnmatch.fnmatch(function.__name__, pattern) for pattern in words):
            tally.note(function.__name__, function())
    if not words or "random" in words:
        random_tables(tally, seed, 15)
    tally.finish()


if __name__ == "__main__":
    main()
