#!/usr/bin/env python3
"""Ranges tile: for random keys of every type every row of both sides is read exactly once.

Random tables, injured at random below, above and between, are checked by `join`, `stream` and `digest` (in one database and
across two), in many small ranges and with several workers. What must be found is asked of PostgreSQL itself; rows must
add up to count(*). Then: keys without an index behind them are read in one pass.

    tests/live/test_ranges.py [SEED] [PATTERN...]     the seed is printed; patterns choose cases by name
"""

import fnmatch
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Context, Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

URL, OTHER = harness.URL, harness.URL_2
ROWS = 2500
SMALL = [(0, 0), (0, 300), (300, 0), (1, 1), (1, 300), (0, 1), (2, 2)] # rows of old and new

# --- values of one type, at random: functions of a random.Random that give PostgreSQL's text


def dense(rng):
    return str(rng.randint(-4000, 4000))


def sparse(rng):
    return str(rng.randint(-2**63, 2**63 - 1) if rng.random() < 0.7 else
               rng.choice([-2**63, 2**63 - 1, 0, -1, 2**53 + 1, 2**32, rng.randint(-50, 50)]))


def skewed(rng):
    """Nearly all keys lie close together, some very far away."""
    return str(int(rng.paretovariate(0.3)) % 2**62 * rng.choice([1, 1, 1, -1]))


def number(rng):
    if rng.random() < 0.01:
        return rng.choice(["NaN", "Infinity", "-Infinity", "0", "0.000", "-0.1"])
    digits = rng.choice([1, 5, 30])
    whole = rng.randint(-10**digits, 10**digits)
    return f"{whole}.{rng.randint(0, 10**rng.choice([1, 4, 20]) - 1)}" if rng.random() < 0.7 else f"{whole}e-3"


def whole_or_half(rng):
    """Between the integers of the other side."""
    if rng.random() < 0.01:
        return rng.choice(["NaN", "99999999999999999999999999999", "-0.5"])
    return f"{rng.randint(-4000, 4000)}{rng.choice(['', '', '', '.0', '.000', '.5', '.25'])}"


def whole_or_half_finite(rng):
    return f"{rng.choice(['', '9223372036854775', '-9223372036854775'])}{rng.randint(100, 999)}.{rng.randint(0, 2)}"


def floating(rng):
    if rng.random() < 0.02:
        return rng.choice(["NaN", "Infinity", "-Infinity", "0", "5e-324", "1e300", "-1e300"])
    return repr(rng.choice([rng.random(), rng.gauss(0, 1e6), rng.randint(-50, 50) / 10]))


WORDS = ["a-b", "ab", "a_b", "a b", "A", "a", "Ab", "aB", "AB", "ä", "Ä", "z", "Z", "é", "e\u0301", "1", "10", "2", "~",
         "_", "中", "😀", "ß", "ss", "i", "I", "ı", "co-op", "coop", "co op", "\ufffd", "\u00a0", "'", '"', "\\", "%"]


def word(rng):
    return "" if rng.random() < 0.001 else "".join(
        rng.choice(WORDS + ["-", " ", ".", str(rng.randint(0, 99))]) for _ in range(rng.randint(1, 5)))


def short_word(rng):
    return rng.choice(["a", "ab", "A", "z", "ä", "k"]) + str(rng.randint(0, 9999))


def uuid(rng):
    digits = f"{rng.getrandbits(128):032x}"
    return digits if rng.random() < 0.9 else rng.choice(["0" * 8, "f" * 8, "0190163d"]) + digits[8:]


def instant(rng):
    if rng.random() < 0.003:
        return rng.choice(["infinity", "-infinity"])
    seconds = rng.randint(0, 10**9) if rng.random() < 0.8 else rng.randint(0, 30)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{rng.randint(0, 999999):06}+00"


def day(rng):
    if rng.random() < 0.002:
        return rng.choice(["infinity", "-infinity", "0044-03-15 BC"])
    return f"{rng.randint(1900, 2100)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def raw(rng):
    return "\\x" + "".join(rng.choice(["00", "01", "5c", "7f", "80", "ff"]) for _ in range(rng.randint(0, 12)))


def truth(rng):
    return rng.choice(["t", "f"])


def region(rng):
    return rng.choice(["eu", "us", "ap", "EU", "e-u", ""])


# --- cases


@dataclass(frozen=True)
class Part:
    """A key column."""
    values: Callable
    old: str                  # its type
    new: str
    extra: Callable = None    # the values of rows that only the new side has, where they differ

    def text(self):
        return self.old.startswith(("text", "varchar", "char"))


@dataclass(frozen=True)
class Case:
    name: str
    key: tuple                 # a Part a column
    index: str = "primary"     # "primary", "unique ...", "index ...", or "" for none; {key} stands for the columns
    new_index: str = ""        # the new side's, where it differs
    nulls: float = 0.0         # how many key parts are NULL
    repeats: int = 0           # rows whose key stands twice
    ranges: bool = True        # whether there must be more than one


def same(values, kind):
    return Part(values, kind, kind)


EN, SV = 'text collate "en-US-x-icu"', 'text collate "sv-SE-x-icu"'
CASES = [
    Case("int", (same(dense, "int"),)),
    Case("bigint_sparse", (same(sparse, "bigint"),)),
    Case("bigint_skewed", (same(skewed, "bigint"),)),
    Case("smallint_and_bigint", (Part(dense, "smallint", "bigint"),)),
    Case("int_and_numeric", (Part(dense, "int", "numeric", whole_or_half),)),
    Case("numeric_and_int", (Part(dense, "numeric", "int"),)),
    Case("numeric_of_two_scales", (Part(whole_or_half, "numeric", "numeric(40,5)", dense),)),
    Case("bigint_and_numeric", (Part(sparse, "bigint", "numeric(25,3)", whole_or_half_finite),)),
    Case("numeric", (same(number, "numeric"),)),
    Case("float", (same(floating, "float8"),)),
    Case("text", (same(word, "text"),)),
    Case("text_c", (same(word, 'text collate "C"'),)),
    Case("text_icu", (same(word, EN),)),
    Case("text_two_collations", (Part(word, EN, SV),), ranges=False),
    Case("text_bytes_and_icu", (Part(word, 'text collate "C"', EN),), ranges=False),
    Case("text_and_varchar", (Part(short_word, "text", "varchar(40)"),)),
    Case("text_icu_with_a_c_index", (same(word, EN),), index='index (k1 collate "C")'),
    Case("uuid", (same(uuid, "uuid"),)),
    Case("timestamptz", (same(instant, "timestamptz"),)),
    Case("timestamp", (same(instant, "timestamp"),)),
    Case("date", (same(day, "date"),)),
    Case("bytea", (same(raw, "bytea"),)),
    Case("char", (same(short_word, "char(6)"),)),
    Case("char_of_two_lengths", (Part(short_word, "char(6)", "char(9)"),)),
    Case("region_and_int", (same(region, "text"), same(dense, "int"))),
    Case("bool_date_and_uuid", (same(truth, "bool"), same(day, "date"), same(uuid, "uuid"))),
    Case("icu_text_and_numeric", (same(region, EN), same(number, "numeric"))),
    Case("int_text_and_instant", (Part(dense, "int", "bigint"), same(region, "text"), same(instant, "timestamptz"))),
    Case("composite_of_two_collations", (same(dense, "int"), Part(word, 'text collate "C"', EN)), ranges=False),
    Case("descending", (same(dense, "int"), same(region, "text")), index="unique (k1 desc, k2 desc)"),
    Case("mixed_directions", (same(dense, "int"), same(region, "text")), index="unique (k1 desc, k2)", ranges=False),
    Case("key_in_another_order", (same(dense, "int"), same(uuid, "uuid")), index="unique (k2, k1)", ranges=False),
    Case("index_with_more_columns", (same(dense, "int"),), index="index (k1, v)", repeats=30),
    Case("nulls_int", (same(dense, "int"),), index="index ({key})", nulls=0.01, repeats=20),
    Case("nulls_text_icu", (same(word, EN),), index="index ({key})", nulls=0.01, repeats=5),
    Case("nulls_composite", (same(dense, "int"), same(region, "text"), same(uuid, "uuid")), index="unique ({key})",
         nulls=0.02),
    Case("nulls_first", (same(dense, "bigint"), same(day, "date")), index="unique (k1 nulls first, k2 nulls first)",
         nulls=0.02),
    Case("no_index", (same(dense, "int"),), index="", ranges=False, repeats=20),
    Case("index_on_one_side", (same(uuid, "uuid"),), index="unique ({key})", new_index="-", ranges=False),
    Case("nulls_without_index", (same(dense, "int"), same(word, "text")), index="", nulls=0.02, repeats=20,
         ranges=False),
]


# --- tables


def escaped(cell):
    if cell is None:
        return r"\N"
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        cell = cell.replace(plain, written)
    return cell


def copy(table, rows):
    lines = "".join("\t".join(escaped(cell) for cell in row) + "\n" for row in rows)
    return f"copy {table} from stdin;\n{lines}\\.\n"


def names(case):
    return [f"k{i}" for i in range(1, len(case.key) + 1)]


def random_rows(case, rng, count, extra=False):
    rows = [[None if rng.random() < case.nulls else (extra and part.extra or part.values)(rng) for part in case.key] +
            [f"v{i % 10}"] for i in range(count)]
    return rows + [list(rng.choice(rows)) for _ in range(case.repeats if rows else 0)]


def injured(case, rng, rows):
    """The other side: rows gone, changed and new, anywhere."""
    kept = [list(row) for row in rows if rng.random() > 0.01]
    for row in rng.sample(kept, len(kept) // 100):
        row[-1] = rng.choice([None, "", "changed"])
    return kept + random_rows(case, rng, len(rows) // 100, True)


def table_sql(case, side, index):
    columns = ", ".join(f"{name} {getattr(part, side)}" for name, part in zip(names(case), case.key))
    sql = f"create table t.{side}_t ({columns}, v text);\n"
    key = ", ".join(names(case))
    if index == "primary":
        return sql + f"alter table t.{side}_t add primary key ({key});\n"
    if index.startswith(("unique", "index")):
        index = index.replace("{key}", key)
        word_, _, columns = index.partition(" ")
        sql += f"create {'unique index' if word_ == 'unique' else 'index'} on t.{side}_t {columns};\n"
        if not case.nulls:
            sql += "".join(f"alter table t.{side}_t alter {name} set not null;\n" for name in names(case))
    return sql


def fill_sql(case, side, rows):
    """Through a table without a key: what is equal as the column's type is left out where it must be unique."""
    return (f"create temp table loaded (like t.{side}_t);\nalter table loaded alter v drop not null;\n" +
            "".join(f"alter table loaded alter {name} drop not null;\n" for name in names(case)) +
            copy("loaded", rows) + f"insert into t.{side}_t select * from loaded on conflict do nothing;\n"
            "drop table loaded;\n")


# Rows that lie only below, or only above, what the other side has: the ends are cut off one side each.
CUT_ENDS = """
delete from t.{low}_t where ctid in (select ctid from t.{low}_t order by {key} limit {count});
delete from t.{high}_t where ctid in (select ctid from t.{high}_t order by {down} limit {count});
"""


def load(case, rng, count_old, count_new, analyzed):
    rows = random_rows(case, rng, max(count_old, count_new))
    sides = {"old": rows if count_old else [], "new": injured(case, rng, rows) if count_new else []}
    index = {"old": case.index, "new": case.new_index or case.index}
    sql = "set client_min_messages = warning; set timezone = 'UTC';\n"
    sql += "drop schema if exists t cascade; create schema t;\n"
    for side in ("old", "new"):
        sql += table_sql(case, side, index[side]) + fill_sql(case, side, sides[side])
    if count_old and count_new and count_old > 50:
        low, high = rng.sample(["old", "new"], 2)
        sql += CUT_ENDS.format(low=low, high=high, key=", ".join(names(case)), count=rng.randint(1, 70),
                               down=", ".join(f"{name} desc" for name in names(case)))
    if analyzed:
        sql += "analyze t.old_t; analyze t.new_t;\n"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda url: harness.psql(url, sql), (URL, OTHER)))


# --- what must be found


def plain(name, part):
    """A key part as the text that it has on both sides: texts by their bytes, char without its padding."""
    kinds = part.old + part.new
    if "numeric" in kinds:
        return f"trim_scale({name}::numeric)::text"
    if kinds == "boolbool":
        return f"left({name}::text, 1)"
    return f"rtrim({name}::text)" if "char(" in kinds and "varchar" not in kinds else f"{name}::text"


# Arrays are equal where their parts are not distinct, NULL and NULL included.
WANTED = """
set timezone = 'UTC';
with o as (select array[{key}] as key, count(*) as many, min(v) as v from t.old_t group by 1),
     n as (select array[{key}] as key, count(*) as many, min(v) as v from t.new_t group by 1)
select to_json(coalesce(o.key, n.key))::text, case when greatest(o.many, n.many) > 1 then 'duplicate_key'
       when n.many is null then 'missing_in_new' when o.many is null then 'missing_in_old' else 'different' end
from o full join n on o.key = n.key
where o.many is null or n.many is null or o.many > 1 or n.many > 1 or o.v is distinct from n.v;
select count(*) from t.old_t; select count(*) from t.new_t;"""


def wanted(case):
    """{key: kind} of every finding, from one full join in the server; and the rows of both tables."""
    key = ", ".join(f'{plain(name, part)} collate "C"' for name, part in zip(names(case), case.key))
    *lines, old_rows, new_rows = harness.psql(URL, WANTED.format(key=key)).splitlines()
    found = {}
    for line in lines:
        key, _, kind = line.rpartition("|")
        found[shown_key(case, json.loads(key))] = kind
    return found, [int(old_rows), int(new_rows)]


def shown_key(case, key):
    """Numbers without regard to their spelling: 1.50 and 1.5 are one key."""
    spelled = []
    for part, text in zip(case.key, key):
        if text is not None and "numeric" in part.old + part.new and text[-1].isdigit():
            text = str(Decimal(text).normalize(Context(prec=200)))
        elif text is not None and part.old.startswith("char("):
            text = text.rstrip(" ")
        spelled.append(text)
    return tuple(spelled)


# --- one run


def spec_of(case, old_url, new_url):
    spec = {"check": "ranges", "old": {"source": old_url, "table": "t.old_t"},
            "new": {"source": new_url, "table": "t.new_t"}, "equal": ["v"]}
    if case.index != "primary":
        for side in ("old", "new"):
            spec[side]["key"] = names(case)
    return spec


def few(things):
    things = sorted(things, key=repr)
    return f"{things[:5]}{f' and {len(things) - 5} more' if len(things) > 5 else ''}"


def wrong_with(case, run, expected, rows, want_ranges):
    wrong = run.is_verdict("inconsistent" if expected else "consistent")
    if run.result is None:
        return wrong
    found = {}
    for finding in run.result["findings"]:
        key = shown_key(case, finding["key"])
        if key in found:
            wrong.append(f"found twice: {key}")
        found[key] = finding["kind"]
    for text, things in (("not found", expected.items() - found.items()),
                         ("invented", found.items() - expected.items())):
        if things:
            wrong.append(f"{text}: {few(things)}")
    if [run.result["rows"]["old"], run.result["rows"]["new"]] != rows:
        wrong.append(f"rows are {run.result['rows']}, the tables have {rows}")
    ranges = run.result["ranges"]
    if ranges["failed"] or ranges["proved"] != ranges["planned"] or run.result["coverage"] != 1:
        wrong.append(f"ranges are {ranges}, coverage is {run.result['coverage']}")
    if want_ranges and ranges["planned"] < 10:
        wrong.append(f"only {ranges['planned']} ranges were planned")
    return wrong


RUNS = (("join", URL, URL), ("stream", URL, URL), ("stream", URL, OTHER), ("digest", URL, OTHER))


def many_ranges(case, two_databases):
    """Text keys in two databases are cut into ranges only where both lie in byte order."""
    bytes_ = all("\"C\"" in part.old + case.index for part in case.key if part.text())
    return case.ranges and (bytes_ or not two_databases)


def try_case(tally, case, rng, sizes, runs):
    analyzed = rng.random() < 0.6
    title = case.name + ("" if sizes == (ROWS, ROWS) else " %d and %d rows" % sizes)
    title += "" if analyzed else ", not analyzed"
    try:
        load(case, rng, *sizes, analyzed)
        expected, rows = wanted(case)
    except RuntimeError as problem:
        tally.note(title, [str(problem)[:300]])
        return
    for mode, old_url, new_url in runs:
        workers = str(rng.randint(1, 4))
        two = old_url != new_url
        name = f"{title} [{mode}{', two databases' if two else ''}, {workers} workers]"
        try:
            run = harness.Check(spec_of(case, old_url, new_url), "--mode", mode, "--chunk-rows", "50", "--workers",
                                workers)
            wrong = wrong_with(case, run, expected, rows, sizes == (ROWS, ROWS) and many_ranges(case, two))
        except (subprocess.SubprocessError, ValueError, KeyError) as problem:
            wrong = [f"{type(problem).__name__}: {problem}"]
        tally.note(name, wrong)


# --- one pass where no index cuts ranges

ONE_PASS = """
set client_min_messages = warning; drop schema if exists t cascade; create schema t;
create table t.old_base (id int primary key, v text);
create table t.new_base (id int primary key, v text);
insert into t.old_base select g, 'v' || g from generate_series(1, 4000) g;
insert into t.new_base select id, case when id % 1000 = 0 then 'x' else v end from t.old_base;
create view t.old_view as select id, v from t.old_base;
create view t.new_view as select id, v, id * 2 as twice from t.new_base;
analyze;
"""
COMPUTED = {"columns": {"half": "twice / 2"}, "key": ["half"]}
PASSES = [
    ("a view on one side", {"table": "t.old_base"}, {"table": "t.new_view", "key": ["id"]}, "no index"),
    ("views on both sides", {"table": "t.old_view", "key": ["id"]}, {"table": "t.new_view", "key": ["id"]}, "no index"),
    ("a computed key", {"table": "t.old_base"}, {"table": "t.new_view", **COMPUTED}, "no index"),
    ("a computed key of a table", {"table": "t.old_base", "columns": {"k": "id + 0"}, "key": ["k"]},
     {"table": "t.new_base"}, "no index"),
]


def scans():
    """How often each base table was scanned from end to end, or through its index."""
    while harness.psql(URL, "select 1 from pg_stat_activity where datname = current_database()"
                            " and backend_type = 'client backend' and pid <> pg_backend_pid()"):
        time.sleep(0.02)  # a session adds what it scanned to the statistics before it is gone
    text = harness.psql(URL, "select relname, seq_scan, coalesce(idx_scan, 0) from pg_stat_user_tables"
                             " where schemaname = 't'")
    return {row[0]: (int(row[1]), int(row[2])) for row in (line.split("|") for line in text.split())}


def try_pass(name, old, new, reason):
    spec = {"check": "pass", "old": {"source": URL, **old}, "new": {"source": URL, **new}, "equal": ["v"]}
    wrong = []
    for mode in ("join", "stream"):
        before = scans()
        run = harness.Check(spec, "--mode", mode, "--chunk-rows", "50", "--workers", "4")
        after = scans()
        wrong += run.is_verdict("inconsistent")
        if run.result is None:
            continue
        if run.result["rows"] != {"old": 4000, "new": 4000, "compared": 4000} or run.result["different"] != 4:
            wrong.append(f"{mode}: {run.result['rows']}, {run.result['different']} differ")
        for table in ("old_base", "new_base"):
            sequential, indexed = (after[table][i] - before[table][i] for i in (0, 1))
            if sequential + indexed > 3:
                wrong.append(f"{mode}: {table} was read {sequential} times from end to end, {indexed} by its index")
    told = plan(spec)
    if reason not in told or "one pass" not in told:
        wrong.append(f"plan does not say what it costs: {told}")
    return wrong


def plan(spec):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spec.yaml")
        with open(path, "w") as file:
            json.dump(spec, file)
        done = subprocess.run([harness.PROGRAM, "plan", path, "--chunk-rows", "50"], capture_output=True, text=True,
                              timeout=60)
    return done.stdout + done.stderr if done.returncode == 0 else f"exit status {done.returncode}: {done.stderr}"


def passes(tally, chosen):
    harness.psql(URL, ONE_PASS)
    for name, old, new, reason in PASSES:
        if chosen(name):
            tally.note(name, try_pass(name, old, new, reason))


def planned_ranges(told):
    found = re.search(r"^ranges +(\d+)", told, re.M)
    return int(found.group(1)) if found else None


def plan_counts(tally, rng):
    """`plan` says how many ranges there will be, and why not more where text keys lie in two orders."""
    for case_name, new_url, many, says in (("int", URL, True, "ranges of the key"), ("no_index", URL, False, "no index"),
                                           ("text_icu", OTHER, True, "in the collation of its index"),
                                           ("text_two_collations", URL, False, "ranges of one order")):
        case = next(case for case in CASES if case.name == case_name)
        load(case, rng, ROWS, ROWS, True)
        told = plan(spec_of(case, URL, new_url))
        count = planned_ranges(told)
        wrong = []
        if count is None or (count >= 10) != many:
            wrong.append(f"{count} ranges: {told}")
        if says not in told:
            wrong.append(f"\"{says}\" is not said: {told}")
        tally.note(f"plan of {case_name}", wrong)


# --- main


def main():
    words = sys.argv[1:]
    seed = int(words.pop(0)) if words and words[0].isdigit() else random.SystemRandom().randint(1, 10**9)
    print(f"seed {seed}")

    def chosen(name):
        return not words or any(fnmatch.fnmatch(name, pattern) for pattern in words)

    tally = harness.Tally()
    for case in CASES:
        if not chosen(case.name):
            continue
        rng = random.Random(f"{seed} {case.name}")
        try_case(tally, case, rng, (ROWS, ROWS), RUNS)
        try_case(tally, case, rng, rng.choice(SMALL), rng.sample(RUNS, 1))
    passes(tally, chosen)
    if chosen("plan"):
        plan_counts(tally, random.Random(f"{seed} plan"))
    tally.finish()


if __name__ == "__main__":
    main()
