#!/usr/bin/env python3
"""What `twofold repair` wrote, taken back by `twofold undo`: bit for bit, or left alone."""

import json
import os
import re
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from harness import Tally, psql, URL, URL_2
from repairs import Pair, Ran, entries

# A type, and values whose texts or bits are easily lost on the way.
EXTREMES = [
    ("float8", "-0", "nan", "4.9406564584124654e-324", "1.7976931348623157e308", "0.1"),
    ("float4", "-0", "inf", "1.4e-45", "3.4028235e38", "0.1"),
    ("numeric", "nan", "1.500", "0.000", "9" * 300, "-0." + "7" * 300),
    ("numeric(10,2)", "1.50", "-99999999.99", "nan", "0.00", "0.01"),
    ("int8", "-9223372036854775808", "9223372036854775807", "0", "1", "4294967296"),
    ("timestamptz", "infinity", "-infinity", "4713-01-01 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "epoch"),
    ("timestamp", "infinity", "4713-11-24 00:00:00 BC", "2026-01-02 03:04:05.000001", "epoch", "2000-01-01"),
    ("date", "infinity", "4713-01-01 BC", "5874897-12-31", "2000-01-01", "-infinity"),
    ("time", "24:00:00", "00:00:00", "23:59:59.999999", "12:00", "00:00:00.000001"),
    ("interval", "178000000 years", "-178000000 years", "1 mon -1 days +00:00:00.000001", "-1 mon 1 day", "0"),
    ("text", "", " ", "NULL", "a\n\t'\"\\$1 \u00e9 \U0001f600", "x" * 5000),
    ("varchar(3)", "ab ", "", "abc", "\u00e9", "'"),
    ("char(5)", "a", "", "ab", "abcde", "'"),
    ("bytea", "", r"\x00ff5c27", r"\x00", r"\xff", r"\x5c78"),
    ("jsonb", '{"a": 1.00, "b": [null, "\u00e9"]}', "1e40", "null", '""', "[]"),
    ("json", '{"b" :1,  "b":2}', " null ", "[]", "1.0", '"x"'),
    ("bool", "t", "f", "t", "f", "t"),
    ("varbit", "", "10101", "0", "1", "11"),
    ("uuid", "ffffffff-ffff-ffff-ffff-000000000000", *[f"00000000-0000-0000-0000-00000000000{i}" for i in range(4)]),
    ("inet", "10.0.0.1/8", "::ffff:1.2.3.4/128", "0.0.0.0/0", "::/0", "127.0.0.1"),
    ("int4range", "empty", "[1,5)", "(,)", "[5,)", "(,0)"),
    ("int[]", "{}", "{1,NULL,3}", "[0:1][2:3]={{1,2},{3,4}}", "{NULL}", "{0}"),
    ("text[]", '{"NULL",NULL,"","a,b","\\"","\\\\","{}"}', "{}", '{""}', "{x}", '{" "}'),
    ("mood", "so so", "fine", "so so", "fine", "so so"),
]
ROWS = 5


def literal(text):
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def table_of_extremes(name, value_of):
    columns = ", ".join(f"c{i} {column[0]}" for i, column in enumerate(EXTREMES))
    psql(URL, f"drop table if exists {name}; create table {name} (id int generated always as identity primary key,"
              f" {columns}, "
              "twice int generated always as (id * 2) stored)")
    names = ", ".join(f"c{i}" for i in range(len(EXTREMES)))
    for row in range(ROWS):
        values = ", ".join(literal(value_of(row, i)) for i in range(len(EXTREMES)))
        psql(URL, f"insert into {name} (id, {names}) overriding system value values ({row}, {values})")


def extreme_tables():
    """Row 0 has a NULL wherever old has a value, row 4 the other way; the others have another value."""
    def value(shift):
        return lambda row, i: EXTREMES[i][1 + (row + shift) % ROWS]
    psql(URL, "drop type if exists mood cascade; create type mood as enum ('so so', 'fine')")
    table_of_extremes("a", lambda row, i: None if row == 4 else value(0)(row, i))
    table_of_extremes("b", lambda row, i: None if row == 0 else value(1)(row, i))
    names = ", ".join(f"c{i}" for i in range(len(EXTREMES)))
    for name, new, row in (("a", 10, 1), ("b", 11, 2)):
        psql(URL, f"insert into {name} (id, {names}) overriding system value select {new}, {names} from {name}"
                  f" where id = {row}")


def image(table):
    """Every bit of a table, by the records' own binary comparison."""
    psql(URL, f"drop table if exists kept_{table}; create table kept_{table} as select * from {table}")


def same_as_image(table):
    wrong = psql(URL, f"select coalesce(k.id, t.id) from kept_{table} k full join {table} t using (id)"
                      f" where k.id is null or t.id is null or not k *= t").split()
    return [f"{table}: row {id} is not what it was" for id in wrong]


def extremes_come_back(tally):
    extreme_tables()
    pair = Pair({"check": "extremes", "old": {"source": URL, "table": "a"}, "new": {"table": "b"}, "equal": "all",
                 "repair": {"trust": "old", "stop_above": 1, "missing": "insert", "extra": "delete"}})
    image("a"), image("b")
    journal, ran, result = pair.repair()
    wrong = [] if ran.status == 0 else [ran.said()]
    wrong += [] if result["outcomes"]["repaired"] == ROWS + 2 else [json.dumps(result["outcomes"])]
    wrong += same_as_image("a")
    again, ran, result = pair.repair()
    wrong += [] if ran.status == 0 and result["disagreed"] == 0 else [f"a second run: {ran.said()}"]
    wrong += [] if not os.path.exists(again) or len(entries(again)) == 1 else ["a second run wrote something"]
    psql(URL, "drop table if exists repaired; create table repaired as select * from b")
    own, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 and f"{ROWS + 2} rows undone" in ran.stdout else [ran.said()]
    wrong += same_as_image("a") + same_as_image("b")
    tally.note("extremes of types come back bit for bit", wrong)
    _, ran = pair.undo(own)
    wrong = [] if ran.status == 0 else [ran.said()]
    psql(URL, "drop table kept_b; alter table repaired rename to kept_b")
    tally.note("an undo that is undone is the repair", wrong + same_as_image("b"))


# ---- small pairs --------------------------------------------------------------------------------------------

def small(rows=8, **more):
    psql(URL, f"drop table if exists p, q; create table p (id int primary key, status text, secret text);"
              f"create table q (like p including all); insert into p select i, 'paid', 's' || i"
              f" from generate_series(1, {rows}) i; insert into q select id, 'new', secret from p")
    return Pair({"check": "small", "old": {"source": URL, "table": "p"}, "new": {"table": "q"},
                 "equal": ["status", "secret"], **more})


def state(table="q"):
    return psql(URL, f"select * from {table} order by id")


def a_dry_run_writes_nothing(tally):
    pair = small()
    journal, _, _ = pair.repair()
    before = state()
    ran = Ran("undo", journal)
    lines = [line for line in ran.stdout.splitlines() if not line.startswith("--")]
    good = len(lines) == 8 and lines[0].startswith('UPDATE "public"."q" SET')
    wrong = [] if ran.status == 0 and good else [ran.said()]
    wrong += [] if state() == before else ["something was written"]
    wrong += [] if "nothing was written: --write makes these writes" in ran.stdout else [ran.said()]
    psql(URL, "\n".join(lines))
    _, undone = pair.undo(journal)
    wrong += [] if "0 rows undone, 8 with nothing to do" in undone.stdout else ["the statements do something else"]
    tally.note("a dry run shows statements, and they are the right ones", wrong)


def what_came_later_stays(tally):
    pair = small()
    journal, _, _ = pair.repair()
    psql(URL, "update q set status = 'sent' where id = 3; delete from q where id = 5; update q set status = 'new'"
              " where id = 6; update q set secret = 'other' where id = 7")
    _, ran = pair.undo(journal)
    wrong = [] if ran.status == 1 else [ran.said()]
    wrong += [] if "5 rows undone, 1 with nothing to do, 2 changed meanwhile" in ran.stdout else [ran.said()]
    wrong += [] if "-- 3: changed meanwhile: \"status\" is not what was written" in ran.stdout else [ran.said()]
    wrong += [] if "-- 5: changed meanwhile: the row is gone" in ran.stdout else [ran.said()]
    got = psql(URL, "select string_agg(id || status, ' ' order by id) from q").strip()
    wrong += [] if got == "1new 2new 3sent 4new 6new 7new 8new" else [got]
    tally.note("what was written after the repair stays", wrong)


def refusals_are_counted(tally):
    pair = small()
    journal, _, _ = pair.repair()
    psql(URL, "alter table q add check (status <> 'new' or id > 3)")
    _, ran = pair.undo(journal)
    wrong = [] if ran.status == 1 and "5 rows undone, 3 refused" in ran.stdout else [ran.said()]
    wrong += [] if "violates check constraint" in ran.stdout else [ran.said()]
    tally.note("what a constraint refuses is counted and told", wrong)


def a_torn_journal(tally):
    pair = small()
    journal, _, _ = pair.repair()
    before = os.path.getsize(journal)
    os.truncate(journal, before - 10)  # of the last outcome: its intent stands
    _, ran = pair.undo(journal)
    wrong = [] if ran.status == 0 and "8 rows undone" in ran.stdout else [ran.said()]
    wrong += [] if "are no whole entry" in ran.stderr else [ran.stderr]
    tally.note("a torn end is left out, and its row decided by itself", wrong)


def a_damaged_journal(tally):
    pair = small()
    journal, _, _ = pair.repair()
    before = state()
    with open(journal, "r+b") as file:
        file.seek(700)
        byte = file.read(1)
        file.seek(700)
        file.write(bytes([byte[0] ^ 4]))
    _, ran = pair.undo(journal)
    wrong = [] if ran.status == 2 and "at byte " in ran.stderr else [ran.said()]
    wrong += [] if state() == before else ["something was written all the same"]
    tally.note("a damaged journal is refused as a whole", wrong)


def what_does_not_fit(tally):
    pair = small()
    journal, _, _ = pair.repair()
    before = state()
    with open(pair.path, "a") as file:
        file.write(" ")
    wrong = [] if Ran("undo", journal).status == 0 else ["layout of the spec counts"]
    kept = pair.path + ".kept"
    os.rename(pair.path, kept)
    ran = Ran("undo", journal, "--write")
    wrong += [] if ran.status == 3 and "--spec FILE" in ran.stderr else [ran.said()]
    wrong += [] if Ran("undo", journal, "--spec", kept).status == 0 else ["--spec does not help"]
    with open(kept) as file, open(pair.path, "w") as other:
        other.write(file.read().replace('"status", ', ""))
    ran = Ran("undo", journal, "--write")
    wrong += [] if ran.status == 3 and "is not the spec" in ran.stderr else [ran.said()]
    os.rename(kept, pair.path)
    psql(URL, "alter table q alter status type varchar(20)")
    ran = Ran("undo", journal, "--write")
    wrong += [] if ran.status == 3 and "character varying(20) now" in ran.stderr else [ran.said()]
    wrong += [] if state() == before else ["something was written all the same"]
    tally.note("a journal of another spec or schema is refused", wrong)


def another_place(tally):
    """A spec whose source leads elsewhere by the time of the undo: as by a service file, or the environment."""
    small(rows=2)
    wrong, names = [], [psql(url, "select current_database()").strip() for url in (URL, URL_2)]
    anywhere = re.sub("^(postgresql://[^/]*/)[^?]*", r"\1", URL)
    os.environ["PGDATABASE"] = names[0]
    pair = Pair({"check": "small", "old": {"source": anywhere, "table": "p"}, "new": {"table": "q"},
                 "equal": ["status", "secret"]})
    journal, _, _ = pair.repair()
    psql(URL_2, "drop table if exists p, q; create table p (id int primary key, status text, secret text);"
                "create table q (like p including all); insert into q values (1, 'paid', 's1'), (2, 'paid', 's2')")
    os.environ["PGDATABASE"] = names[1]
    for words in ((), ("--write",)):
        ran = Ran("undo", journal, *words)
        refused = ran.status == 3 and "the repair wrote to" in ran.stderr and "another database" in ran.stderr
        wrong += [] if refused else [ran.said()]
    wrong += [] if psql(URL_2, "select count(*) from q where status = 'paid'").strip() == "2" else ["it was written to"]
    os.environ["PGDATABASE"] = names[0]
    own, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 and "2 rows undone" in ran.stdout else [ran.said()]
    os.environ["PGDATABASE"] = names[1]
    ran = Ran("undo", own)
    wrong += [] if ran.status == 3 and "another database" in ran.stderr else [ran.said()]
    del os.environ["PGDATABASE"]
    tally.note("a journal of another database is refused", wrong)


def journals_are_private(tally):
    pair = small()
    journal, _, _ = pair.repair()
    wrong = [] if stat.S_IMODE(os.stat(journal).st_mode) == 0o600 else ["the journal can be read by others"]
    before = open(journal, "rb").read()
    psql(URL, "update q set status = 'new' where id = 1")
    ran = Ran(*pair.repair_words(journal))
    wrong += [] if ran.status == 2 and "File exists" in ran.stderr else [ran.said()]
    ran = Ran("undo", journal, "--write", "--journal", journal)
    wrong += [] if ran.status == 2 and "File exists" in ran.stderr else [ran.said()]
    wrong += [] if open(journal, "rb").read() == before else ["a journal was written over"]
    tally.note("a journal has mode 0600 and is never written over", wrong)


def masks_hold(tally):
    """The partner of a masked column is masked with it, whatever its name."""
    small(rows=3)
    psql(URL, "alter table q rename status to state")
    pair = Pair({"check": "small", "old": {"source": URL, "table": "p"}, "new": {"table": "q"},
                 "equal": [{"old": "status", "new": "state"}, "secret"], "mask": ["status"]})
    journal, ran, _ = pair.repair()
    wrong = [] if "paid" not in ran.stdout else ["the repair shows what is masked"]
    psql(URL, "update q set state = 'other' where id = 3")
    ran = Ran("undo", journal)
    said = ran.stdout + ran.stderr
    wrong += [] if ran.status == 1 and ran.stdout.count("'masked:") == 4 else [ran.said()]
    wrong += [] if not any(word in said for word in ("paid", "new", "other")) else [said]
    wrong += [] if "paid" in Ran("show", journal).stdout else ["the journal holds no real values"]
    _, ran = pair.undo(journal)
    wrong += [] if ran.status == 1 and state() == "1|new|s1\n2|new|s2\n3|other|s3\n" else [ran.said()]
    wrong += [] if "paid" not in ran.stdout + ran.stderr else ["the undo shows what is masked"]
    tally.note("masked columns come back, and are not shown", wrong)


def there_and_back(name, tally, url, table, spec):
    """Repaired until nothing disagrees, and undone: the table is what it was."""
    read = f"select * from {table} t order by t::text"
    pair, before = Pair(spec), psql(url, read)
    journal, ran, _ = pair.repair()
    wrong = [] if ran.status == 0 else [ran.said()]
    wrong += [] if psql(url, read) != before else ["nothing was repaired"]
    _, ran = pair.undo(journal)
    wrong += [] if ran.status == 0 and psql(url, read) == before else [ran.said()]
    tally.note(name, wrong)


def shapes(tally):
    psql(URL, """drop table if exists one, k, l; create table one (id int primary key, total numeric, minor bigint);
                 insert into one values (1, 1.50, 150), (2, 2.25, 225), (3, 3, 3), (4, -0.01, null)""")
    there_and_back("two columns of one row", tally, URL, "one", {
        "check": "one", "rows": {"source": URL, "table": "one"},
        "invariants": [{"holds": "minor == total * 100", "null": "fails"}],
        "repair": {"trust": "old", "stop_above": 1, "set": {"minor": "(total * 100)::bigint"}}})
    keys = """drop table if exists k, l; create table k (a text, "B c" timestamptz, v text, primary key (a, "B c"));
              create table l (like k including all);
              insert into k select t, d, 'k' from unnest(array['', 'it''s', 'a\b', 'A', 'a', 'é']) t,
              unnest(array['2026-03-29 01:30:00.000001+00', 'infinity']::timestamptz[]) d"""
    fill = "; insert into l select a, \"B c\", 'l' from k where a <> 'A'; insert into l values ('x', 'now', 'l')"
    psql(URL, keys + fill)
    both = {"missing": "insert", "extra": "delete", "stop_above": 1}
    one_database = {"old": {"source": URL, "table": "k"}, "new": {"table": "l"}, "equal": ["v"]}
    there_and_back("keys of two columns", tally, URL, "l",
                   {"check": "keys", **one_database, "repair": {"trust": "old", **both}})
    there_and_back("the old side is written", tally, URL, "k",
                   {"check": "keys", **one_database, "repair": {"trust": "new", **both}})
    psql(URL, """drop table if exists r, s; create table r (k real primary key, v text); create table s (like r including all);
                 insert into r values (0.1, 'r'), (0.3, 'r'), (2, 'r'); insert into s values (0.1, 's'), (3.3, 's')""")
    there_and_back("keys of 32 bits", tally, URL, "s", {
        "check": "reals", "old": {"source": URL, "table": "r"}, "new": {"table": "s"}, "equal": ["v"],
        "repair": {"trust": "old", **both}})
    psql(URL_2, keys + fill)
    there_and_back("two databases", tally, URL_2, "l",
                   {"check": "keys", "old": {"source": URL, "table": "k"}, "new": {"source": URL_2, "table": "l"},
                    "equal": ["v"], "repair": {"trust": "old", **both}})


def no_passwords(tally):
    pair = small(rows=1)
    journal, _, _ = pair.repair()
    text = json.dumps(entries(journal)[0])
    tally.note("a journal names places, no URLs", [] if "postgresql://" not in text and "host=" not in text else [text])


def main():
    os.environ["TWOFOLD_MASK_KEY"] = "0123456789abcdef"
    tally = Tally()
    for test in (extremes_come_back, a_dry_run_writes_nothing, what_came_later_stays, refusals_are_counted,
                 a_torn_journal, a_damaged_journal, what_does_not_fit, another_place, journals_are_private, masks_hold, shapes,
                 no_passwords):
        test(tally)
    tally.finish()


if __name__ == "__main__":
    main()
