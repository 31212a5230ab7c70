#!/usr/bin/env python3
"""twofold repair: pairs with one thing wrong, and what became of it. Every outcome is made to happen."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import PROGRAM, ROOT, URL, URL_2, Tally, psql

scratch = tempfile.TemporaryDirectory()
os.environ["XDG_STATE_HOME"] = scratch.name
tally = Tally()
numbered = iter(range(10000))


def path_of(name):
    return os.path.join(scratch.name, f"{next(numbered)}-{name}")


def spec_file(spec):
    path = path_of("spec.yaml")
    with open(path, "w") as file:
        json.dump(spec, file)
    return path


class Repair:
    """One run of the command."""

    def __init__(self, spec, *options, stdin=None):
        out = path_of("result.json")
        command = [PROGRAM, "repair", spec_file(spec), "--json", out, "--progress", "never", "--settle", "20 ms",
                   "--sample", "1000", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, input=stdin)
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.result = None
        if os.path.exists(out):
            with open(out) as file:
                self.result = json.load(file)

    def outcomes(self):
        return {} if self.result is None else {name: n for name, n in self.result["outcomes"].items() if n}

    def reason(self, key):
        for row in [] if self.result is None else self.result["rows"]:
            if row["key"] == [str(key)]:
                return row["reason"] or ""
        return None


def is_so(name, run, status, **outcomes):
    """Notes a run by its status and its outcomes."""
    wrong = []
    if run.status != status:
        wrong.append(f"wanted status {status}, got {run.status}")
    if run.outcomes() != outcomes:
        wrong.append(f"wanted {outcomes}, got {run.outcomes()}")
    tally.note(name, wrong + ([run.stdout.strip(), run.stderr.strip()] if wrong else []))


def says(name, text, *parts):
    wrong = [f"wanted {part!r} in {text!r}" for part in parts if not re.search(part, text or "")]
    tally.note(name, wrong)


def same(name, got, wanted):
    tally.note(name, [] if got == wanted else [f"wanted {wanted!r}", f"got    {got!r}"])


def spec_of(url_2=URL, **more):
    spec = {"check": "repair", "old": {"source": URL, "table": "o"}, "new": {"source": url_2, "table": "n"},
            "repair": {"trust": "old", "stop_above": "100%"}}
    for key, value in more.items():
        spec[key] = {**spec[key], **value} if isinstance(spec.get(key), dict) else value
    return spec


def pair(columns, rows, url_2=URL, extra=""):
    """Two equal tables; `extra` is SQL for the second one's database."""
    for url, table in ((URL, "o"), (url_2, "n")):
        psql(url, f"drop table if exists {table} cascade; create table {table} ({columns});"
                  f" insert into {table} {rows}")
    psql(url_2, extra)


def rows_of(url, sql):
    return psql(url, sql).strip()


HUNDRED = "select g, 'name ' || g, g * 1.5 from generate_series(1, 100) g"
COLUMNS = "id int primary key, name text, price numeric(10,2)"


# ---- the ordinary way


def shown_then_written(url_2, where):
    pair(COLUMNS, HUNDRED, url_2, "update n set name = 'x' where id = 3; update n set price = null where id = 4;"
                                  " delete from n where id = 5; insert into n values (500, 'only new')")
    before = rows_of(url_2, "select string_agg(xmin::text || ctid || n::text, ',' order by id) from n")
    shown = Repair(spec_of(url_2))
    is_so(f"{where}: shown", shown, 1, proposed=3, reported=1)
    after = rows_of(url_2, "select string_agg(xmin::text || ctid || n::text, ',' order by id) from n")
    same(f"{where}: showing writes nothing", before, after)
    says(f"{where}: as SQL", shown.stdout, r'UPDATE "public"."n" SET "name" = \'name 3\' WHERE "id" = 3 AND "name" = \'x\';',
         r'SET "price" = 6.00 WHERE "id" = 4 AND "price" IS NULL;', r'INSERT INTO .* \(5, \'name 5\', 7.50\);',
         r"-- 500: left to you")
    written = Repair(spec_of(url_2), "--write")
    is_so(f"{where}: written", written, 1, repaired=3, reported=1)
    same(f"{where}: only the broken rows", rows_of(url_2, f"select count(distinct xmin::text) from n where id < 101"), "4")
    again = Repair(spec_of(url_2), "--write")
    is_so(f"{where}: a second run repairs nothing", again, 1, reported=1)
    deleted = Repair(spec_of(url_2, repair={"extra": "delete"}), "--write")
    is_so(f"{where}: extra rows deleted where it is said", deleted, 0, repaired=1)
    is_so(f"{where}: nothing left", Repair(spec_of(url_2), "--write"), 0)
    same(f"{where}: equal", rows_of(URL, "select md5(string_agg(o::text, ',' order by id)) from o"),
         rows_of(url_2, "select md5(string_agg(n::text, ',' order by id)) from n"))


def the_shown_sql_runs():
    pair(COLUMNS + ", j json", "select g, 'n', 1, '{\"a\": 1}' from generate_series(1, 5) g",
         extra=r"update n set name = E'it''s \\ \n here' where id = 1; update n set j = '[]' where id = 2;"
               " delete from n where id = 3")
    psql(URL, Repair(spec_of()).stdout)
    is_so("what is shown can be run", Repair(spec_of()), 0)


def new_is_trusted():
    pair(COLUMNS, HUNDRED, extra="update n set name = 'right' where id = 7; insert into n values (101, 'new', 1);"
                                 " delete from n where id = 9")
    run = Repair(spec_of(), "--trust", "new", "--write")
    is_so("new is trusted", run, 1, repaired=2, reported=1)
    same("old is written", rows_of(URL, "select name from o where id in (7, 101) order by id"), "right\nnew")
    unsaid = spec_of()
    del unsaid["repair"]["trust"]
    run = Repair(unsaid)
    tally.note("nobody says which side is right", [] if run.status == 3 and "--trust" in run.stderr else [run.stderr])


def expressions():
    columns = "id int primary key, total numeric(10,2)"
    pair(columns, "select g, g * 1.25 from generate_series(1, 50) g", extra=
         "drop table n; create table n (id bigint primary key, minor bigint, currency text, note text default 'd');"
         " insert into n select g, g * 125, 'EUR' from generate_series(1, 50) g;"
         " update n set minor = 1 where id = 2; update n set currency = null where id = 3; delete from n where id = 4")
    spec = spec_of(equal=[], invariants=[{"name": "minor", "holds": "new.minor == old.total * 100"},
                                         {"name": "currency", "holds": "new.currency is not null"}])
    run = Repair(spec, "--write")
    is_so("nothing says what an invariant's columns must be", run, 1, refused=3)
    says("refused by name", run.reason(2), "minor")
    spec["repair"]["set"] = {"minor": "old.total * 100"}
    run = Repair(spec, "--write")
    is_so("what set explains is written", run, 1, repaired=1, refused=2)
    says("what it does not is not", run.reason(3), "currency")
    spec["repair"]["set"]["currency"] = "'EUR'"
    is_so("now it does", Repair(spec, "--write"), 0, repaired=2)
    same("exactly", rows_of(URL, "select minor, currency, note from n where id in (2, 3, 4) order by id"),
         "250|EUR|d\n375|EUR|d\n500|EUR|d")
    psql(URL, "update n set minor = 5 where id = 2; update o set total = 0.12 where id = 2")
    spec["repair"]["set"]["minor"] = "old.total * 100 / 7"
    is_so("a value that would still break it", Repair(spec, "--write"), 1, refused=1)
    for wrong, word in (({"minr": "1"}, "minor"), ({"minor": "new.minor"}, "trusted"), ({"minor": "old.totl"}, "total"),
                        ({"minor": "1 +"}, "spec.yaml:")):
        run = Repair(spec_of(equal=[], invariants=spec["invariants"], repair={"set": wrong}))
        tally.note(f"set: {wrong}", [] if run.status == 3 and word in run.stderr else [run.stderr])


def one_table():
    psql(URL, "drop table if exists r; create table r (id int primary key, total numeric, minor int, a text, b text);"
              " insert into r select g, g, g * 100, 'x', 'x' from generate_series(1, 20) g;"
              " update r set minor = 7 where id = 3; update r set b = 'y' where id = 4")
    spec = {"check": "repair", "rows": {"source": URL, "table": "r"}, "equal": [{"old": "a", "new": "b"}],
            "invariants": [{"holds": "minor == total * 100"}],
            "repair": {"trust": "old", "set": {"minor": "total * 100"}, "stop_above": 1}}
    is_so("parallel columns", Repair(spec, "--write"), 0, repaired=2)
    same("the new columns were written", rows_of(URL, "select minor, b from r where id in (3, 4) order by id"),
         "300|x\n400|x")
    psql(URL, "update r set b = 'z' where id = 5")
    is_so("or the old", Repair(spec, "--write", "--trust", "new"), 0, repaired=1)
    same("the old column was written", rows_of(URL, "select a, b from r where id = 5"), "z|z")


# ---- what stands in the way


def constraints():
    for url, where in ((URL, "one database"), (URL_2, "two databases")):
        pair("id int primary key, name text, price numeric(10,2), email text", "select g, 'n', g, 'e' || g from"
             " generate_series(1, 20) g", url,
             "alter table n add check (price <> 3) not valid; create unique index on n (email);"
             " create table f (p numeric primary key); insert into f select g from generate_series(1, 20) g where g <> 5;"
             " update n set price = 1 where id in (3, 5); alter table n add foreign key (price) references f"
             " deferrable initially deferred not valid; update n set email = 'e7' || '' where false;"
             " update n set email = 'x' where id = 8; update n set email = 'e8' where id = 9; delete from n where id = 11;"
             " insert into n values (99, 'n', 1, 'e11')")
        run = Repair(spec_of(url), "--write")
        is_so(f"{where}: constraints", run, 1, refused=4, repaired=1, reported=1)
        says(f"{where}: check", run.reason(3), "check constraint")
        says(f"{where}: deferred foreign key", run.reason(5), "foreign key")
        says(f"{where}: unique", run.reason(8), "unique")
        says(f"{where}: unique on insert", run.reason(11), "unique")
        is_so(f"{where}: what was in the way is gone", Repair(spec_of(url), "--write"), 1, refused=3, repaired=1,
              reported=1)
        psql(url, "drop table f cascade")


def triggers():
    pair(COLUMNS, HUNDRED, extra="""
        update n set name = 'x' where id in (1, 2, 3, 4, 6); delete from n where id = 5;
        create function t() returns trigger language plpgsql as $$ begin
            if new.id = 1 then raise exception 'not this one'; end if;
            if new.id = 2 then new.name := upper(new.name); end if;
            if new.id = 3 then return null; end if;
            if new.id in (4, 5) then new.price := new.price + 1; end if;
            return new; end $$;
        create trigger t before insert or update on n for each row execute function t();""")
    run = Repair(spec_of(), "--write")
    is_so("triggers", run, 1, refused=5, repaired=1)
    says("one that raises", run.reason(1), "not this one")
    says("one that changes the value", run.reason(2), '"name".*trigger')
    says("one that skips the row", run.reason(3), "trigger")
    says("one that changes another column", run.reason(4), '"price".*trigger')
    says("one that changes a new row", run.reason(5), '"price".*trigger')
    same("nothing is left of them", rows_of(URL, "select count(*) from n where name = 'x'"), "4")
    pair(COLUMNS, HUNDRED, extra="""
        update n set name = 'x' where id = 1;
        create or replace function t() returns trigger language plpgsql as $$ begin
            update o set name = 'changed', price = new.price where id = new.id; new.name := 'changed'; return new; end $$;
        create trigger t before update on n for each row execute function t();""")
    run = Repair(spec_of(), "--write")
    is_so("a trigger that writes the trusted row", run, 1, refused=1)
    says("is found out", run.reason(1), "trusted row")
    same("and taken back", rows_of(URL, "select name from o where id = 1"), "name 1")
    psql(URL, "drop function t cascade")


def as_role(url, role):
    return re.sub(r"^(postgresql://)([^@/]*@)?", rf"\1{role}@", url)


def permissions():
    role = "twofold_repair_test"
    psql(URL, f"do $$ begin create role {role} login; exception when duplicate_object then null; end $$")
    for url, where in ((URL, "one database"), (URL_2, "two databases")):
        pair(COLUMNS, HUNDRED, url, f"update n set name = 'x' where id = 1; grant usage on schema public to {role}")
        psql(URL, f"grant usage on schema public to {role}; grant select on o to {role}")
        psql(url, f"grant select on n to {role}")
        spec = spec_of(as_role(url, role), old={"source": as_role(URL, role)})
        run = Repair(spec, "--write")
        is_so(f"{where}: a role that may not write", run, 2, failed=1)
        says(f"{where}: says so", run.reason(1), "permission denied")
        psql(url, f"grant select, update (price) on n to {role}")
        run = Repair(spec, "--write")
        is_so(f"{where}: a role that may write another column", run, 1, refused=1)
        psql(url, f"grant update on n to {role}")
        is_so(f"{where}: a role that cannot lock the trusted row", Repair(spec, "--write"), 0, repaired=1)
        psql(URL, f"drop owned by {role}")
        psql(url, f"drop owned by {role}")
    psql(URL, f"drop role {role}")


def duplicates_and_nulls():
    pair("id int, name text", "values (1, 'a'), (2, 'b'), (null, 'c')",
         extra="update n set name = 'x' where id is null; insert into n values (2, 'b')")
    spec = spec_of(old={"key": ["id"]}, new={"key": ["id"]})
    run = Repair(spec, "--write")
    is_so("a key that stands twice, and one that is NULL", run, 1, refused=1, repaired=1)
    says("twice", run.reason(2), "more than once")
    same("the row without a key", rows_of(URL, "select name from n where id is null"), "c")


# ---- values


def given_by_the_server():
    pair("id int primary key, a int", "select g, g from generate_series(1, 20) g", extra=
         "drop table n; create table n (id int generated always as identity primary key, a int,"
         " twice int generated always as (a * 2) stored); insert into n (a) select g from generate_series(1, 20) g;"
         " update n set a = 0 where id = 2; delete from n where id = 3")
    run = Repair(spec_of(), "--write")
    is_so("identity and generated columns", run, 0, repaired=2)
    says("the override is shown", run.stdout, r"OVERRIDING SYSTEM VALUE VALUES \(3, 3\)")
    same("given by the server", rows_of(URL, "select * from n where id in (2, 3) order by id"), "2|2|4\n3|3|6")


EXTREMES = {
    "float8": ["'-0'", "'nan'", "'-inf'", "'4.9406564584124654e-324'", "'1.7976931348623157e308'"],
    "float4": ["'-0'", "'1.4e-45'", "'0.1'"],
    "numeric": ["'nan'", "'-infinity'", "'1.500'", "('0.' || repeat('7', 900))", "repeat('9', 1000)"],
    "timestamptz": ["'infinity'", "'4713-01-01 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'"],
    "date": ["'-infinity'", "'5874897-12-31'"],
    "interval": ["'178000000 years'", "'1 mon -1 days +00:00:00.000001'"],
    "text": ["''", "'NULL'", r"E'\t\n\r\\\x01\x7f''\"$1'", "U&'\\+01F600\\0301'", "repeat('x', 300000)"],
    "char(5)": ["'ab'", "''"],
    "bytea": ["''", r"'\x00ff5c'"],
    "jsonb": ["'{\"a\": 1.00, \"b\": [null]}'", "'1e400'"],
    "uuid": ["'ffffffff-ffff-ffff-ffff-000000000000'"],
    "inet": ["'10.0.0.1/8'"],
    "point": ["'(-0,1e-300)'"],
    "int4range": ["'empty'", "'[1,5)'"],
    "text[]": ["array['NULL', null, '', 'a,b', '\"', E'\\\\']", "'{}'"],
    "bit(3)": ["'101'"],
    "mood": ["'so so'"],
    "positive": ["1.50"],
    "pair": ["row(null, 'a,\"b')"],
    "money": ["'-92233720368547758.08'"],
}


def extremes():
    values = [(type_, f"{value}::{type_}") for type_, all_ in EXTREMES.items() for value in all_]
    columns = ", ".join(f"c{i} {type_}" for i, (type_, _) in enumerate(values))
    for url in (URL, URL_2):
        psql(url, "drop table if exists o, n; drop type if exists mood cascade; drop domain if exists positive cascade;"
                  " drop type if exists pair cascade; create type mood as enum ('so so', 'fine');"
                  " create domain positive as numeric(5,2) check (value > 0); create type pair as (n numeric, t text)")
    insert = f"values (1, {', '.join(value for _, value in values)})"
    for url, where in ((URL, "one database"), (URL_2, "two databases")):
        pair(f"id int primary key, {columns}", insert, url, "delete from n")
        run = Repair(spec_of(url), "--write")
        is_so(f"{where}: extremes inserted", run, 0, repaired=1)
        image = "select md5(encode(record_send({0}), 'hex')) from {0}"
        if url != URL:  # an image of bytes holds the numbers of types, which every database gives anew
            image = "set timezone = 'UTC'; select md5({0}::text) from {0}"
        same(f"{where}: bit for bit", rows_of(url, image.format("n")), rows_of(URL, image.format("o")))
        psql(url, "update n set " + ", ".join(f"c{i} = null" for i in range(len(values))))
        is_so(f"{where}: extremes updated", Repair(spec_of(url), "--write"), 0, repaired=1)
        same(f"{where}: bit for bit again", rows_of(url, image.format("n")), rows_of(URL, image.format("o")))


def other_types():
    """Equal pairs of types that differ: what comes is what the check takes for equal."""
    psql(URL, "drop table if exists o, n; create table o (id int primary key, a numeric, b char(5), c float4, d json,"
              " e money, f varchar(9), g int); create table n (id bigint primary key, a bigint, b text, c float8,"
              " d jsonb, e numeric, f text, g numeric(9,3));"
              " insert into o values (1, 5.00, 'ab', 0.1, '{\"b\": 1, \"b\": 2}', 12.34, 'x', 7),"
              " (2, 5.5, 'ab', 0, '1', 0, '', 0)")
    run = Repair(spec_of(), "--write")
    is_so("types that differ", run, 1, repaired=1, refused=1)
    same("as the check compares them", rows_of(URL, "select * from n"), '1|5|ab|0.10000000149011612|{"b": 2}|12.34|x|7.000')
    says("what does not fit", run.reason(2), "bigint")


def hostile_names():
    old, key, value = '"o""; --"', '"k""\'; --"', '"v""' + '"'
    psql(URL, f'drop table if exists {old}, "N x"; create table {old} ({key} text, "b;" int, {value} text,'
              f' primary key ({key}, "b;")); create table "N x" (like {old} including all);'
              f" insert into {old} values ($$'; drop table x; --$$, 1, 'a'), (E'two\\nlines', 2, 'b');"
              " insert into \"N x\" values ($$'; drop table x; --$$, 1, E'\\x1b[31m')")
    spec = spec_of(old={"table": old}, new={"table": '"N x"'})
    shown = Repair(spec)
    tally.note("no control character reaches the terminal", [shown.stdout] if "\x1b" in shown.stdout else [])
    is_so("hostile names and values", Repair(spec, "--write"), 0, repaired=2)
    same("are only names", rows_of(URL, f'select count(*) from "N x" natural join {old}'), "2")
    psql(URL, f"update \"N x\" set {value} = 'z'")
    key = json.dumps(["'; drop table x; --", 1])
    is_so("a key of two columns", Repair(spec, "--key", key, "--write"), 0, repaired=1)
    run = Repair(spec, "--key", "1")
    tally.note("half a key", [] if run.status == 3 and "JSON" in run.stderr else [run.stderr])


def masked():
    pair(COLUMNS, "select g, 'secret ' || g, 1 from generate_series(1, 9) g",
         extra="update n set name = 'hidden' where id in (4, 7); delete from n where id in (5, 6);"
               " create unique index on n (name) where name <> 'hidden'; insert into n values (99, 'secret 7')")
    run = Repair(spec_of(mask=["name"]), "--write", "--journal", path_of("journal"))
    is_so("masked columns", run, 1, repaired=3, refused=1, reported=1)
    text = run.stdout + run.stderr + json.dumps(run.result)
    tally.note("masked values are not shown", [text] if "secret" in text or "hidden" in text else [])
    same("and are written all the same", rows_of(URL, "select name from n where id in (4, 5) order by id"),
         "secret 4\nsecret 5")
    pair("id text primary key, v int", "values ('secret a', 1), ('secret b', 2)", extra="update n set v = 0")
    run = Repair(spec_of(mask=["id"]), "--write", "--journal", path_of("journal"))
    is_so("a masked key", run, 0, repaired=2)
    tally.note("is not shown", [run.stdout] if "secret" in run.stdout + json.dumps(run.result) else [])


# ---- how much


def limits():
    pair(COLUMNS, HUNDRED, extra="update n set name = 'x' where id < 4")
    run = Repair(spec_of(repair={"max_rows": 2}), "--write")
    is_so("more rows than max_rows", run, 1)
    says("says so", run.stdout, "nothing was written: 3 rows disagree, and max_rows is 2")
    run = Repair(spec_of(repair={"stop_above": "2%"}), "--write")
    is_so("more than stop_above", run, 1)
    says("says so, too", run.stdout, "nothing was written: 3 % of all rows disagree, and stop_above is 2 %")
    usual = spec_of()
    del usual["repair"]["stop_above"]
    is_so("1 % unless it is said", Repair(usual, "--write"), 1)
    same("nothing was written", rows_of(URL, "select count(*) from n where name = 'x'"), "3")
    started = time.monotonic()
    run = Repair(spec_of(repair={"max_rows": 3, "rate": 2, "stop_above": 0.03}), "--write")
    is_so("as many as are allowed", run, 0, repaired=3)
    tally.note("no faster than the rate", [] if time.monotonic() - started >= 1 else ["three rows came within a second"])
    for key, value in (("stop_above", "101%"), ("stop_above", "x"), ("max_rows", -1), ("missing", "delete"),
                       ("extra", "insert"), ("trust", "both"), ("rat", 1)):
        run = Repair(spec_of(repair={key: value}))
        tally.note(f"{key}: {value}", [] if run.status == 3 and key in run.stderr else [run.stderr])


def keys():
    pair(COLUMNS, HUNDRED, URL_2, "update n set name = 'x' where id < 4")
    is_so("a key that is equal", Repair(spec_of(URL_2), "--key", "9", "--write"), 0, already_equal=1)
    is_so("a key", Repair(spec_of(URL_2), "--key", "1", "--write"), 0, repaired=1)
    nobody = Repair(spec_of(URL_2), "--key", "-5")
    is_so("a key that nobody has", nobody, 0, already_equal=1)
    says("and it is said so", nobody.stdout, "-- -5: already equal: there is no such row")
    found = path_of("findings")
    subprocess.run([PROGRAM, "check", spec_file(spec_of(URL_2)), "--findings", found, "--settle", "20 ms", "--progress",
                    "never"], capture_output=True, check=False)
    is_so("the findings of a check", Repair(spec_of(URL_2), "--keys", found), 1, proposed=2)
    is_so("a list of keys", Repair(spec_of(URL_2), "--keys", "-", "--write", stdin='2\n[3]\n\n["7"]\n'), 0, repaired=2,
          already_equal=1)
    run = Repair(spec_of(URL_2), "--keys", "-", stdin="2\nx\n")
    tally.note("a line that is no key", [] if run.status == 3 and "line 2" in run.stderr else [run.stderr])


# ---- others at work


class Session:
    """psql with a transaction that stays open."""

    def __init__(self, sql):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", URL],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.send(f"begin; {sql}; select 'ready';")
        self.process.stdout.readline()

    def send(self, sql):
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()

    def end(self, sql):
        self.process.communicate(sql + "\n")


def wait_for_waiting():
    waiting = ("select count(*) from pg_stat_activity where application_name like 'twofold%' and wait_event_type = 'Lock'"
               " and datname = current_database()")
    for _ in range(600):
        if rows_of(URL, waiting) != "0":
            return
        time.sleep(0.05)


def meanwhile(name, change, status, **outcomes):
    """The row is changed by a transaction that commits while the repair waits for it."""
    pair(COLUMNS, HUNDRED, extra="update n set name = 'x' where id = 1")
    other = Session(change)
    out = path_of("result.json")
    running = subprocess.Popen([PROGRAM, "repair", spec_file(spec_of()), "--write", "--json", out, "--progress", "never"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for_waiting()
    other.end("commit;")
    run = Repair.__new__(Repair)
    _, run.stderr = running.communicate(timeout=120)
    run.status, run.stdout, run.result = running.returncode, "", None
    with open(out) as file:
        run.result = json.load(file)
    is_so(name, run, status, **outcomes)


def others():
    meanwhile("made equal by somebody else", "update n set name = 'name 1' where id = 1", 0, already_equal=1)
    meanwhile("changed by somebody else", "update n set name = 'y' where id = 1", 2, changed_meanwhile=1)
    same("and left alone", rows_of(URL, "select name from n where id = 1"), "y")
    meanwhile("deleted by somebody else", "delete from n where id = 1", 2, changed_meanwhile=1)
    meanwhile("the trusted row changed", "update o set name = 'z' where id = 1", 2, changed_meanwhile=1)
    meanwhile("touched, but as it was", "update n set price = price where id = 1", 0, repaired=1)
    pair(COLUMNS, HUNDRED, extra="update n set name = 'x' where id = 1")
    other = Session("update n set name = 'y' where id = 1")
    run = Repair(spec_of(), "--write")
    other.end("rollback;")
    is_so("a lock that is not given", run, 2, failed=1)
    says("says so", run.reason(1), "lock timeout")


def stopped():
    pair(COLUMNS, HUNDRED, extra="update n set name = 'x' where id < 6")
    journal = path_of("journal")
    running = subprocess.Popen([PROGRAM, "repair", spec_file(spec_of(repair={"rate": 1})), "--write", "--journal", journal,
                                "--progress", "never"], stdout=subprocess.PIPE, text=True)
    for line in running.stdout:
        if "-- repaired" in line:
            break
    running.send_signal(signal.SIGINT)
    rest = running.stdout.read()
    same("stopped: cannot tell", running.wait(), 2)
    says("stopped: says so", rest, "stopped before the last row")
    shown = subprocess.run([PROGRAM, "show", journal], capture_output=True, text=True)
    left = int(rows_of(URL, "select count(*) from n where name = 'x'"))
    entries = [json.loads(line)["twofold"] for line in shown.stdout.splitlines()]
    same("the journal is whole", entries, ["header"] + ["intent", "outcome"] * (5 - left))


def reports():
    pair(COLUMNS, HUNDRED, extra="update n set name = 'x' where id = 1")
    metrics = path_of("metrics.prom")
    subprocess.run([PROGRAM, "check", spec_file(spec_of()), "--metrics", metrics, "--progress", "never"],
                   capture_output=True, check=False)
    run = Repair(spec_of(), "--write", "--metrics", metrics)
    with open(metrics) as file:
        text = file.read()
    says("metrics", text, r'twofold_repaired_rows{check="repair",outcome="repaired"} 1\n',
         r'twofold_check_verdict{check="repair",verdict="inconsistent"} 1\n')
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    tally.note("no series stands twice", [str(series)] if len(series) != len(set(series)) else [])
    members = ["check", "verdict", "written", "trust", "disagreed", "mismatch_ratio", "stopped", "unknown", "interrupted",
               "journal", "outcomes", "rows"]
    same("the JSON's members", list(run.result), members)
    tally.note("the journal is private", [] if os.stat(run.result["journal"]).st_mode & 0o777 == 0o600 else ["it is not"])


def library():
    """examples/read_repair.c, linked with the library that stands beside the program."""
    folder = os.path.dirname(os.path.abspath(PROGRAM))
    program = path_of("read_repair")
    with open(PROGRAM, "rb") as file:
        flags = ["-fsanitize=address,undefined"] if b"__asan_init" in file.read() else []
    subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *flags, "-I", f"{ROOT}/include",
                    f"{ROOT}/examples/read_repair.c", "-o", program, "-L", folder, "-ltwofold", f"-Wl,-rpath,{folder}"],
                   check=True)
    for url, where in ((URL, "one database"), (URL_2, "two databases")):
        pair(COLUMNS, HUNDRED, url, "update n set name = 'x' where id in (1, 2); alter table n add check (id <> 2) not valid")
        spec = spec_file(spec_of(url, settle="20 ms"))
        for key, status, wanted in (("1", 0, "repaired\n"), ("1", 0, "already_equal\n"), ("2", 1, "refused: .*check"),
                                    ("x", 2, ""), ("700", 0, "already_equal: there is no such row\n")):
            done = subprocess.run([program, spec, key], capture_output=True, text=True)
            good = done.returncode == status and re.match(wanted, done.stdout)
            tally.note(f"{where}: the library, key {key}", [] if good else [str(done)])
        same(f"{where}: written by the library", rows_of(url, "select name from n where id = 1"), "name 1")


def refused_sources():
    path = path_of("x.db")
    with sqlite3.connect(path) as db:
        db.execute("create table if not exists o (id integer primary key, v text)")
    pair("id int primary key, v text", "values (1, 'a')")
    run = Repair(spec_of(old={"source": "sqlite:" + path}))
    tally.note("an engine that is not offered", [] if run.status == 3 and "SQLite" in run.stderr else [run.stderr])


def rows_that_go_along():
    pair(COLUMNS, HUNDRED, extra="insert into n values (500, 'only new'); drop table if exists child;"
                                 " create table child (n_id int references n on delete cascade);"
                                 " insert into child values (500)")
    run = Repair(spec_of(repair={"extra": "delete"}), "--write")
    is_so("a delete that others would go with", run, 1, refused=1)
    same("they stand", rows_of(URL, "select count(*) from child"), "1")
    psql(URL, "alter table child drop constraint child_n_id_fkey")
    is_so("a delete of one row alone", Repair(spec_of(repair={"extra": "delete"}), "--write"), 0, repaired=1)
    for kind, tables in (("partition", "create table n (id int primary key) partition by range (id);"
                                       "create table leaf partition of n default"),
                         ("child", "create table n (id int primary key); create table leaf (primary key (id)) inherits (n)")):
        psql(URL, f"drop table if exists o, n, leaf, child cascade; create table o (id int primary key); {tables};"
                  "create table child (n_id int references leaf on delete cascade);"
                  "insert into leaf values (2); insert into child values (2)")
        run = Repair(spec_of(repair={"extra": "delete"}), "--write")
        is_so(f"a delete that others would go with, by a {kind}", run, 1, refused=1)
        same(f"they stand, by a {kind}", rows_of(URL, "select count(*) from child"), "1")
    psql(URL, "drop table if exists o, n, child cascade; create table o (id int primary key, region text);"
              "create table n (id int, region text, primary key (id, region)) partition by list (region);"
              "create table n_a partition of n for values in ('a'); create table n_b partition of n for values in ('b');"
              "create table child (id int, region text, foreign key (id, region) references n on delete cascade);"
              "insert into o values (1, 'a'); insert into n values (1, 'b'); insert into child values (1, 'b')")
    run = Repair(spec_of(new={"source": URL, "table": "n", "key": ["id"]}), "--write")
    is_so("an update that moves the row to another partition", run, 1, refused=1)
    same("what refers to it stands", rows_of(URL, "select count(*) from child"), "1")
    for action in "cascade", "set null", "set default":
        psql(URL, "drop table if exists o, n, child cascade; create table o (id int primary key, code text, v int);"
                  "create table n (id int primary key, code text unique, v int);"
                  f"create table child (code text references n (code) on update {action});"
                  "insert into o values (1, 'a', 1), (2, 'b', 2); insert into n values (1, 'x', 1), (2, 'b', 0);"
                  "insert into child values ('x')")
        run = Repair(spec_of(), "--write")
        is_so(f"an update that others would change with: {action}", run, 1, refused=1, repaired=1)
        says(f"which key is in the way: {action}", run.reason(1), 'foreign key "child_code_fkey" would change other rows')
        same(f"they are what they were: {action}", rows_of(URL, "select code from child"), "x")


def ordinary():
    shown_then_written(URL, "one database")
    shown_then_written(URL_2, "two databases")


for test in (ordinary, rows_that_go_along, the_shown_sql_runs, new_is_trusted, expressions, one_table, constraints, triggers, permissions,
             duplicates_and_nulls, given_by_the_server, extremes, other_types, hostile_names, masked, limits, keys, others,
             stopped, reports, library, refused_sources):
    if len(sys.argv) < 2 or test.__name__ in sys.argv:
        test()
tally.finish()
