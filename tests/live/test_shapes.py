#!/usr/bin/env python3
"""Tables of every shape, sides of every form, and what comes out of a run: commands, files, exit statuses.

    tests/live/test_shapes.py [NAME...]
"""

import contextlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness

URL, OTHER = harness.URL, harness.URL_2
TESTS = []

FRESH = "set client_min_messages = warning; drop schema if exists t cascade; create schema t;\n"
# 1000 orders on each side, in different words.
ORDERS = FRESH + """
create table t.old_t (id int primary key, username text, total numeric(12,2), state text, note text);
create table t.new_t (id bigint primary key, handle text, total_minor bigint, currency text, state text, note text);
insert into t.old_t select g, 'user ' || g, g * 1.01, 'paid', nullif('n' || g % 3, 'n0') from generate_series(1, 1000) g;
insert into t.new_t select id, username, total * 100, 'EUR', state, note from t.old_t;
analyze t.old_t; analyze t.new_t;
"""
EQUAL = [{"old": "username", "new": "handle"}, "state", "note"]


def test(function):
    TESTS.append(function)
    return function


# --- running


def side(table, url=URL, **more):
    return {"source": url, "table": table, **more}


def orders(**more):
    return {"check": "orders", "old": side("t.old_t"), "new": side("t.new_t"), "equal": EQUAL, **more}


def differing(*keys, column="v", kind="different"):
    return sorted((kind, str(key), (column,) if kind == "different" else ()) for key in keys)


def found_in(result):
    return sorted((f["kind"], "/".join(part if part is not None else "null" for part in f["key"]),
                   tuple(f.get("columns", []))) for f in result["findings"])


def wrong_with(run, wanted, rows=None, name=""):
    """What is wrong with a run that should find exactly this."""
    wrong = run.is_verdict("inconsistent" if wanted else "consistent")
    if run.result is not None:
        if found_in(run.result) != sorted(wanted):
            wrong.append(f"found {found_in(run.result)[:8]}, wanted {sorted(wanted)[:8]}")
        if rows is not None and [run.result["rows"]["old"], run.result["rows"]["new"]] != list(rows):
            wrong.append(f"rows are {run.result['rows']}, wanted {rows}")
    return [f"{name}: {line}" if name else line for line in wrong]


def in_both_modes(spec, wanted, rows=None):
    wrong = []
    for mode in ("join", "stream"):
        wrong += wrong_with(harness.Check(spec, "--mode", mode, "--chunk-rows", "100"), wanted, rows, mode)
    return wrong


def plain(wanted, rows=(500, 500), **more):
    """t.old_t against t.new_t, both with id and v, in both modes."""
    spec = {"check": "shape", "old": side("t.old_t"), "new": side("t.new_t"), "equal": ["v"], **more}
    return in_both_modes(spec, wanted, rows)


class Command:
    """One run of the program: its folder holds the specs, named by number."""

    def __init__(self, *words, specs=(), environment=None, texts=()):
        self.folder = tempfile.TemporaryDirectory()
        for i, content in enumerate([json.dumps(spec) for spec in specs] + list(texts)):
            with open(self.path(f"{i}.yaml"), "w") as file:
                file.write(content)
        self.run(*words, environment=environment)

    def run(self, *words, environment=None):
        done = subprocess.run([harness.PROGRAM, *words], capture_output=True, text=True, timeout=120,
                              cwd=self.folder.name, env={**os.environ, "XDG_STATE_HOME": self.folder.name,
                                                         **(environment or {})})
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def read(self, name):
        with contextlib.suppress(OSError), open(self.path(name)) as file:
            return file.read()
        return ""

    def wrong(self, status, *says):
        """What is wrong unless it ended with this status and said these words."""
        wrong = [] if self.status == status else [f"exit status {self.status}, wanted {status}: {self.err.strip()}"]
        told = self.out + self.err
        return wrong + [f"\"{word}\" is not said: {told.strip()[:800]}" for word in says if word not in told]


# --- tables of every shape

BASE = FRESH + """
create table t.old_t (id int primary key, v text);
insert into t.old_t select g, 'v' || g from generate_series(1, 500) g;
"""


@test
def partitions_on_both_sides():
    """By range, by hash, partitions of partitions, and a default one."""
    harness.psql(URL, FRESH + """
create table t.old_t (id int primary key, v text) partition by hash (id);
create table t.old_0 partition of t.old_t for values with (modulus 2, remainder 0);
create table t.old_1 partition of t.old_t for values with (modulus 2, remainder 1);
create table t.new_t (id int, v text, primary key (id)) partition by range (id);
create table t.new_0 partition of t.new_t for values from (0) to (200);
create table t.new_1 partition of t.new_t for values from (200) to (400) partition by list (id);
create table t.new_1_0 partition of t.new_1 default;
create table t.new_2 partition of t.new_t default;
insert into t.old_t select g, 'v' || g from generate_series(1, 500) g; insert into t.new_t select * from t.old_t;
analyze t.old_t; analyze t.new_t;
update t.new_t set v = 'x' where id in (1, 199, 200, 500); delete from t.new_t where id = 333;
""")
    return plain(differing(1, 199, 200, 500) + differing(333, kind="missing_in_new"), (500, 499))


@test
def inherited_rows_are_rows():
    """A parent's rows are those of its children, too; its key is not unique over them."""
    harness.psql(URL, BASE + """
create table t.new_t (id int primary key, v text);
create table t.child (more int) inherits (t.new_t);
insert into t.new_t select * from t.old_t where id <= 250;
insert into t.child select id, v, 1 from t.old_t where id > 250;
update t.child set v = 'x' where id = 400; insert into t.child values (7, 'v7', 1);
""")
    return plain(differing(400) + differing(7, kind="duplicate_key"), (500, 501))


@test
def materialized_view_is_what_it_was():
    harness.psql(URL, BASE + """
create materialized view t.new_t as select id, v from t.old_t;
update t.old_t set v = 'later' where id = 9;
""")
    return plain(differing(9), old=side("t.old_t"), new=side("t.new_t", key=["id"]))


@test
def view_over_a_join():
    harness.psql(URL, BASE + """
create table t.a (id int primary key, half text); create table t.b (id int primary key, half text);
insert into t.a select id, left(v, 1) from t.old_t; insert into t.b select id, substr(v, 2) from t.old_t;
create view t.new_t as select a.id, a.half || b.half as v from t.a join t.b using (id);
delete from t.b where id = 77; update t.a set half = 'w' where id = 78;
""")
    return plain(differing(78) + differing(77, kind="missing_in_new"), (500, 499), new=side("t.new_t", key=["id"]))


@test
def foreign_table():
    harness.psql(OTHER, BASE)
    harness.psql(URL, BASE + f"""
create extension if not exists postgres_fdw with schema public; drop server if exists far cascade;
do $$ begin
  execute format('create server far foreign data wrapper postgres_fdw options (host %L, port %L, dbname %L)',
                 current_setting('unix_socket_directories'), current_setting('port'),
                 '{harness.psql(OTHER, "select current_database()").strip()}');
end $$;
create user mapping for public server far options (user 'postgres');
create foreign table t.new_t (id int, v text) server far options (schema_name 't', table_name 'old_t');
update t.old_t set v = 'x' where id = 1; delete from t.old_t where id = 500;
""")
    return plain(differing(1) + differing(500, kind="missing_in_old"), (499, 500), new=side("t.new_t", key=["id"]))


@test
def generated_identity_domain_and_array():
    harness.psql(URL, FRESH + """
create domain t.code as text check (value <> ''); create domain t.short_code as t.code check (length(value) < 20);
create type t.pair as (a int, b text);
create table t.old_t (id int primary key, n numeric(9,2), code text, tags text[], many int[], p t.pair, r int4range);
create table t.new_t (id bigint generated always as identity primary key, n numeric(9,2),
  n_minor bigint generated always as ((n * 100)::bigint) stored, code t.short_code, tags varchar[], many bigint[],
  p t.pair, r int4range);
insert into t.old_t select g, g / 4.0, 'c' || g, array['a', null, g::text], array[g, null, -g],
  (g, 'x')::t.pair, int4range(1, g) from generate_series(1, 300) g;
insert into t.new_t (n, code, tags, many, p, r) select n, code, tags, many, p, r from t.old_t order by id;
update t.new_t set tags[2] = '' where id = 100; update t.new_t set code = 'C101' where id = 101;
update t.new_t set p = (102, 'y') where id = 102; update t.new_t set r = int4range(1, 103, '[]') where id = 103;
""")
    spec = {"check": "shape", "old": side("t.old_t", columns={"minor": "n * 100"}), "new": side("t.new_t"),
            "equal": ["n", "code", "tags", "p", "r", {"old": "minor", "new": "n_minor"}]}
    wanted = [("different", "100", ("tags",)), ("different", "101", ("code",)), ("different", "102", ("p",)),
              ("different", "103", ("r",))]
    return in_both_modes(spec, wanted, (300, 300))


@test
def enums_of_one_meaning():
    """Two enum types with the same words in another order; a domain over one; and a plain text."""
    harness.psql(URL, FRESH + """
create type t.mood as enum ('sad', 'ok', 'happy'); create type t.feeling as enum ('happy', 'ok', 'sad', 'Sad');
create domain t.any_mood as t.mood;
create table t.old_t (m t.mood, id int, v t.any_mood, primary key (m, id));
create table t.new_t (m t.feeling, id int, v text, primary key (m, id));
insert into t.old_t select (enum_range(null::t.mood))[1 + g % 3], g, 'ok' from generate_series(1, 300) g;
insert into t.new_t select m::text::t.feeling, id, v from t.old_t;
update t.new_t set m = 'Sad' where id = 3; update t.new_t set v = 'OK' where id = 7;
""")
    return plain(sorted(differing("ok/7") + differing("Sad/3", kind="missing_in_old") +
                        differing("sad/3", kind="missing_in_new")), (300, 300))


@test
def point_and_geometry_by_computed_columns():
    harness.psql(URL, FRESH + """
create extension if not exists postgis with schema public;
create table t.old_t (id int primary key, lon float8, lat float8);
create table t.new_t (id int primary key, place point, shape public.geometry(point, 4326), g public.geography);
insert into t.old_t select g, g * 0.1, -g * 0.01 from generate_series(1, 300) g;
insert into t.new_t select id, point(lon, lat), public.st_setsrid(public.st_makepoint(lon, lat), 4326),
  public.st_setsrid(public.st_makepoint(lon, lat), 4326)::public.geography from t.old_t;
update t.new_t set place = point(place[1], place[0]) where id = 5;
update t.new_t set shape = public.st_setsrid(public.st_makepoint(1, 1), 4326) where id = 6;
update t.new_t set shape = null where id = 7; update t.new_t set place = null where id = 8;
""")
    made = "public.st_setsrid(public.st_makepoint(lon, lat), 4326)"
    wanted = [("different", "5", ("place",)), ("different", "6", ("shape",)), ("different", "7", ("shape",)),
              ("different", "8", ("place",))]
    spec = {"check": "shape", "old": side("t.old_t", columns={"place": "point(lon, lat)", "shape": made,
                                                                "g": made + "::public.geography"}),
            "new": side("t.new_t"), "equal": ["place", "shape", "g"]}
    wrong = in_both_modes(spec, wanted, (300, 300))
    numbers = {"check": "shape", "old": side("t.old_t"), "equal": ["lon", "lat"], "new": side("t.new_t", columns={
        "lon": "public.st_x(shape)", "lat": "public.st_y(shape)"})}
    return wrong + in_both_modes(numbers, [("different", key, ("lon", "lat")) for key in ("6", "7")], (300, 300))


HOSTILE_TABLE = "Weird \"Table\", 'x'; drop"


@test
def hostile_names():
    """Schema, table, columns, key, invariants and check: all taken literally."""
    quoted = '"We ""ird.S"."' + HOSTILE_TABLE.replace('"', '""') + '"'
    columns = ['Id', 'a"b', "it's", "käse 🧀", "select", "$1", "%s%n", "a.b", " ", "line\nbreak", "back\\slash"]
    named = [(name, '"' + name.replace('"', '""') + '"') for name in columns]
    defined = ", ".join(f"{name} {'int primary key' if i == 0 else 'text'}" for i, (_, name) in enumerate(named))
    filled = ", ".join("g" if i == 0 else f"'{i}-' || g" for i in range(len(named)))
    for url in (URL, OTHER):
        harness.psql(url, FRESH + f"""
drop schema if exists "We ""ird.S" cascade; create schema "We ""ird.S"; create table t.safe (id int);
create table {quoted} ({defined});
insert into {quoted} select {filled} from generate_series(1, 200) g;""")
    spelled = '"We ""ird.S"."' + HOSTILE_TABLE.replace('"', '""') + '"'
    harness.psql(OTHER, "".join(f"update {quoted} set {name} = 'x' where \"Id\" = {i};\n"
                                for i, (_, name) in enumerate(named) if i > 0))
    spec = {"check": "hostile", "old": side(spelled), "new": side(spelled, OTHER), "equal": "all"}
    run = harness.Check(spec, "--mode", "stream", "--chunk-rows", "20")
    wrong = wrong_with(run, [("different", str(i), (name,)) for i, name in enumerate(columns) if i > 0], (200, 200))
    run = harness.Check({**spec, "new": side(spelled)}, "--mode", "join", "--chunk-rows", "20")
    return wrong + wrong_with(run, [], (200, 200), "join")


@test
def primary_keys_in_another_order():
    """(id, part) is the key (part, id); named keys pair by position. init names them so that they pair."""
    harness.psql(URL, FRESH + """
create table t.old_t (id int, part int, v text, primary key (id, part));
create table t.new_t (id int, part int, v text, primary key (part, id));
insert into t.old_t select g, g % 7, 'v' || g from generate_series(1, 500) g; insert into t.new_t select * from t.old_t;
analyze t.old_t; analyze t.new_t;
update t.new_t set v = 'x' where id in (1, 400); delete from t.new_t where id = 333;
""")
    wanted = (differing("1/1", "400/1") + differing("333/4", kind="missing_in_new"), (500, 499))
    wrong = plain(*wanted) + plain(*wanted, new=side("t.new_t", key=["id", "part"]))
    draft = Command("init", URL, "t.old_t", URL, "t.new_t")
    return wrong + draft.wrong(0, "  table: t.new_t\n  key: [id, part]\n")


@test
def table_without_a_primary_key():
    harness.psql(URL, BASE + """
create table t.new_t (id int not null, v text);
insert into t.new_t select * from t.old_t;
create unique index "by Id" on t.new_t (id); create unique index partial_one on t.new_t (v) where id > 3;
create index plain_one on t.new_t (v);
""")
    run = Command("check", "0.yaml", specs=[{"check": "shape", "old": side("t.old_t"), "new": side("t.new_t")}])
    wrong = run.wrong(3, '"by Id" (id)', "primary key", "key:")
    if "partial_one" in run.err or "plain_one" in run.err:
        wrong.append(f"an index that identifies no row is offered: {run.err}")
    return wrong + plain([], new=side("t.new_t", key=["id"]))


@test
def columns_that_are_gone():
    harness.psql(URL, BASE + """
create table t.new_t (gone int, v text, id int primary key, gone_too text); alter table t.new_t drop gone, drop gone_too;
alter table t.new_t add later text default 'x';
insert into t.new_t (id, v) select id, v from t.old_t; update t.new_t set v = null where id = 3;
""")
    return plain(differing(3), equal="all")


@test
def nothing_on_either_side():
    harness.psql(URL, FRESH + "create table t.old_t (id int primary key, v text); create table t.new_t (like t.old_t "
                              "including all);")
    return plain([], (0, 0))


@test
def only_the_key():
    """Nothing to compare but that the row is there."""
    harness.psql(URL, FRESH + """
create table t.old_t (a int, b text, primary key (a, b)); create table t.new_t (a int, b text, primary key (a, b));
insert into t.old_t select g, 'b' || g from generate_series(1, 300) g; insert into t.new_t select * from t.old_t;
delete from t.old_t where a = 5; delete from t.new_t where a = 300;
""")
    spec = {"check": "shape", "old": side("t.old_t"), "new": side("t.new_t")}
    return in_both_modes(spec, differing("5/b5", kind="missing_in_old") + differing("300/b300", kind="missing_in_new"),
                         (299, 299))


# --- sides of every form


@test
def shards():
    """One side spread over two databases; a key that both have stands twice."""
    harness.psql(URL, ORDERS)
    harness.psql(OTHER, ORDERS + "delete from t.new_t where id % 2 = 0;")
    harness.psql(URL, "create table t.part (like t.new_t including all); insert into t.part select * from t.new_t "
                      "where id % 2 = 0; alter table t.new_t rename to whole; alter table t.part rename to new_t")
    new = {"sources": [URL, OTHER], "table": "t.new_t"}
    wrong = []
    for options in ((), ("--chunk-rows", "70", "--workers", "3")):
        wrong += wrong_with(harness.Check(orders(new=new), *options), [], (1000, 1000), f"intact {options}")
    harness.psql(OTHER, "insert into t.new_t select 500, handle, total_minor, currency, state, note from t.new_t where "
                        "id = 499; delete from t.new_t where id = 501; update t.new_t set handle = 'x' where id = 503;")
    harness.psql(URL, "delete from t.new_t where id = 2; insert into t.new_t values (2000)")
    wanted = [("duplicate_key", "500", ()), ("missing_in_new", "501", ()), ("different", "503", ("handle",)),
              ("missing_in_new", "2", ()), ("missing_in_old", "2000", ())]
    for options in ((), ("--chunk-rows", "70", "--workers", "3")):
        wrong += wrong_with(harness.Check(orders(new=new), *options), wanted, (1000, 1000), f"injured {options}")
    both = orders(old={"sources": [URL, OTHER], "table": "t.new_t"}, new=new, equal=["handle"])
    wrong += wrong_with(harness.Check(both), [("duplicate_key", "500", ())], (1000, 1000), "shards on both sides")
    empty = "postgresql://postgres@/nowhere?host=/nonexistent"
    run = harness.Check(orders(new={"sources": [URL, empty], "table": "t.new_t"}))
    return wrong + ([] if run.status == 2 else [f"a shard that is not there: exit status {run.status}: {run.stderr}"])


@test
def parallel_columns_of_one_table():
    harness.psql(URL, FRESH + """
create table t.rows_t (id int primary key, total_amount numeric(12,2), total_amount_minor bigint, currency text);
insert into t.rows_t select g, g * 0.01, g, 'EUR' from generate_series(1, 2500) g; analyze t.rows_t;
""")
    spec = {"check": "one-row", "rows": side("t.rows_t"), "invariants": [
        {"name": "minor", "holds": "total_amount_minor == total_amount * 100"},
        {"name": "currency", "holds": "currency in ('EUR', 'USD')"}]}
    wrong = []
    for mode in ("join", "stream", "auto"):
        wrong += wrong_with(harness.Check(spec, "--mode", mode, "--chunk-rows", "99"), [], (2500, 2500), mode)
    harness.psql(URL, "update t.rows_t set total_amount_minor = 1 where id = 2500; update t.rows_t set currency = 'x' "
                      "where id in (1, 2500); update t.rows_t set currency = null where id = 7;")
    for mode in ("join", "stream"):
        run = harness.Check(spec, "--mode", mode, "--chunk-rows", "99", "--workers", "2")
        wrong += run.is_verdict("inconsistent")
        broken = sorted((f["key"][0], tuple(f["invariants"])) for f in run.result["findings"]) if run.result else None
        if broken != [("1", ("currency",)), ("2500", ("minor", "currency"))]:
            wrong.append(f"{mode}: broken are {broken}")
        if run.result and run.result["undecided"] != 1:
            wrong.append(f"{mode}: {run.result['undecided']} undecided")
    return wrong


@test
def computed_columns_of_several_rows():
    """A running sum over the rows of one range is another sum with other ranges; of a view it is what it says."""
    harness.psql(URL, BASE + """
create view t.new_t as select id, v, sum(id) over (order by id) as so_far from t.old_t;
""")
    wrong = []
    for sql in ("sum(id) over (order by id)", "row_number() over ()", "max(id)", "string_agg(v, ',')"):
        for computed in ({"columns": {"so_far": sql}}, {"where": f"{sql} is not null"}):
            spec = {"check": "shape", "old": side("t.old_t", **computed), "new": side("t.new_t", key=["id"]),
                    "equal": ["v"]}
            wrong += Command("check", "0.yaml", specs=[spec]).wrong(3, "0.yaml:1:", "window function", "view")
    inside = {"columns": {"so_far": "(select sum(i.id) from t.old_t i where i.id <= old_t.id)"}}
    return wrong + plain([], old=side("t.old_t", **inside), new=side("t.new_t", key=["id"]), equal=["so_far"])


@test
def within_renames_and_computed_columns():
    harness.psql(URL, FRESH + """
create table t.old_t (id int primary key, price float8, seen timestamptz, first text, last text);
create table t.new_t (id int primary key, cost numeric, seen timestamptz, name text);
insert into t.old_t select g, g / 3.0, timestamptz '2020-01-01Z' + g * interval '1 s', 'F' || g, 'L' || g
  from generate_series(1, 500) g;
insert into t.new_t select id, round(price::numeric, 2), date_trunc('ms', seen) + interval '900 us', first || ' ' || last
  from t.old_t;
update t.new_t set cost = cost + 0.02 where id = 10; update t.new_t set cost = null where id = 11;
update t.new_t set seen = seen + interval '101 us' where id = 12; update t.new_t set seen = seen + interval '100 us'
  where id = 13; update t.new_t set name = lower(name) where id = 14;
update t.new_t set cost = 'NaN' where id = 15; update t.old_t set price = 'NaN' where id = 16;
update t.new_t set cost = 'NaN' where id in (16, 17); update t.old_t set price = 'Infinity' where id = 17;
""")
    spec = {"check": "shape", "old": side("t.old_t", columns={"name": "first || ' ' || last"}), "new": side("t.new_t"),
            "equal": [{"old": "price", "new": "cost", "within": 0.01}, "name",
                      {"old": "seen", "new": "seen", "within": "1 ms"}]}
    wanted = [("different", key, ("cost",)) for key in ("10", "11", "15", "17")]
    return in_both_modes(spec, wanted + [("different", "12", ("seen",)), ("different", "14", ("name",))], (500, 500))


@test
def elements_are_what_their_columns_are():
    """Padding, a currency, an address's own width, the beginning of an xml: as outside of an array."""
    harness.psql(URL, FRESH + r"""
create table t.old_t (id int primary key, c char(6)[], m money[], a inet[], x xml[], r numrange[]);
create table t.new_t (id int primary key, c text[], m numeric[], a cidr[], x xml[], r numrange[]);
insert into t.old_t values (1, '{a,NULL}', '{1.00}', '{10.0.0.1}', array['<a/>'::xml], '{"[1,2)"}'),
  (2, '{a}', '{1.00}', '{10.0.0.1}', array[E'\na'::xml], null),
  (3, '[0:0]={a}', '{1.00}', '{10.0.0.1}', array['<?xml version="1.0"?><a/>'::xml], null);
insert into t.new_t values (1, '{a,NULL}', '{1.0}', '{10.0.0.1}', array['<a/>'::xml], '{"[1,2)"}'),
  (2, '{b}', '{1.01}', '{10.0.0.2}', array['a'::xml], null),
  (3, '{a}', '{1}', '{10.0.0.1/32}', array['<a/>'::xml], null);
""")
    spec = {"check": "shape", "old": side("t.old_t"), "new": side("t.new_t"), "equal": ["c", "m", "a", "x", "r"]}
    return in_both_modes(spec, [("different", "2", ("c", "m", "a", "x")), ("different", "3", ("c", "x"))], (3, 3))


@test
def floats_within():
    """As far apart as their doubles, not as their shortest texts."""
    harness.psql(URL, FRESH + """
create table t.old_t (id int primary key, a real, b float8, c timestamptz);
create table t.new_t (id int primary key, a float8, b float8, c timestamptz);
insert into t.old_t values (1, 1234.56, 1, 'now'), (2, 0.1, 1000000000000000.125, 'now'), (3, 0, 70368744177664.015625, 'now'),
  (4, 'NaN', 1e308, 'now'), (5, 'Infinity', '-Infinity', 'now'), (6, null, 0, 'now'), (7, 1, 1, '294276-12-31');
insert into t.new_t values (1, 1234.56, 1, 'now'), (2, 0.1, 1000000000000000.25, 'now'), (3, 0, 70368744177664.125, 'now'),
  (4, 'NaN', -1e308, 'now'), (5, 'Infinity', 'Infinity', 'now'), (6, null, null, 'now'), (7, 1, 1, '4713-01-01 BC');
""")
    spec = {"check": "shape", "old": side("t.old_t"), "new": side("t.new_t"),
            "equal": [{"old": "a", "new": "a", "within": 0.00001}, {"old": "b", "new": "b", "within": 0.11},
                      {"old": "c", "new": "c", "within": "300000 years"}]}
    wanted = [("different", "1", ("a",))] + [("different", key, ("b",)) for key in ("2", "4", "5", "6")]
    return in_both_modes(spec, wanted + [("different", "7", ("c",))], (7, 7))


@test
def ready_invariants():
    harness.psql(URL, ORDERS + "update t.new_t set total_minor = total_minor * 10 where id = 4; "
                               "update t.new_t set currency = 'EURO' where id = 5")
    wrong = []
    for mode in ("join", "stream"):
        run = harness.Check(orders(invariants=[
            {"use": "money/minor-units", "with": {"legacy": "old.total", "minor": "new.total_minor"}},
            {"name": "currency", "holds": "new.currency in ('EUR')"}]), "--mode", mode)
        wrong += run.is_verdict("inconsistent")
        broken = sorted((f["key"][0], tuple(f["invariants"])) for f in run.result["findings"]) if run.result else None
        if broken is None or [key for key, _ in broken] != ["4", "5"] or "minor-units" not in broken[0][1][0]:
            wrong.append(f"{mode}: broken are {broken}")
    run = Command("check", "0.yaml", "--invariants", os.path.join(harness.ROOT, "invariants"),
                  specs=[orders(invariants=[{"use": "money/minor-unit", "with": {}}])])
    return wrong + run.wrong(3, "minor-units")


@test
def environment_in_sources():
    harness.psql(URL, ORDERS)
    spec = orders(old=side("t.old_t", "${PLACE_OF_ORDERS}"), new=side("t.new_t", "${PLACE_OF_ORDERS}"))
    run = harness.Check(spec, environment={"PLACE_OF_ORDERS": URL})
    wrong = wrong_with(run, [], (1000, 1000))
    without = Command("check", "0.yaml", specs=[spec])
    return wrong + without.wrong(3, "PLACE_OF_ORDERS")


@test
def libpq_words_and_default_source():
    """A conninfo string, and `new` without a source: the other side's."""
    harness.psql(URL, ORDERS)
    words = " ".join(f"{name}={harness.psql(URL, f'select {sql}').strip()}" for name, sql in (
        ("host", "current_setting('unix_socket_directories')"), ("dbname", "current_database()"),
        ("port", "current_setting('port')"), ("user", "current_user")))
    run = harness.Check(orders(old=side("t.old_t", words), new={"table": "t.new_t"}))
    wrong = wrong_with(run, [], (1000, 1000))
    if run.result and run.result["mode"] != "join":
        wrong.append(f"mode {run.result['mode']} in one database")
    return wrong


@test
def search_path_is_not_trusted():
    """A table of the same name in a schema of the role's own is not taken for the one that was named."""
    harness.psql(URL, ORDERS + "create table public.old_t (id int primary key, username text, state text, note text)")
    try:
        return in_both_modes(orders(), [], (1000, 1000))
    finally:
        harness.psql(URL, "drop table public.old_t")


# --- commands and what they write


@test
def look_at_single_rows():
    harness.psql(URL, ORDERS + "update t.new_t set handle = 'x', total_minor = 1 where id = 17;"
                               "delete from t.new_t where id = 18; delete from t.old_t where id = 19;"
                               "update t.new_t set total_minor = null where id = 21")
    spec = orders(invariants=[{"name": "minor", "holds": "new.total_minor == old.total * 100"}])
    look = Command("look", "0.yaml", "1", specs=[spec])
    wrong = look.wrong(0, "user 1", "minor", "holds", "consistent")
    for keys, status, says in ((("17",), 1, ("user 17", "DIFFERENT", "broken", "17.17")),
                               (("18",), 1, ("missing in new",)), (("19",), 1, ("missing in old",)),
                               (("21",), 2, ("unknown", "cannot-tell")), (("1", "17", "2"), 1, ("user 2", "user 17")),
                               (("1", "21"), 2, ()), (("5000",), (0, 1, 2), ("no such row",)),
                               (("seventeen",), 3, ("seventeen",))):
        look.run("look", "0.yaml", *keys)
        statuses = status if isinstance(status, tuple) else (status,)
        wrong += [f"look {keys}: {line}" for line in look.wrong(look.status if look.status in statuses else statuses[0],
                                                                *says)]
    return wrong


@test
def reals_are_shown_as_the_server_prints_them():
    """Random bits of 32-bit floats, as key and as value: what is shown, and what `look` takes for a key."""
    seed = random.SystemRandom().randint(1, 10**9)
    rng = random.Random(seed)
    floats = {0.1, 1e6, 999999.0, 1e-4, 16777216.0, 1.0}
    floats |= {struct.unpack("f", struct.pack("I", rng.getrandbits(32)))[0] for _ in range(500)}
    rows = ", ".join(f"('{number:.9g}')" for number in floats if number == number)
    harness.psql(URL, FRESH + f"create table t.old_t (k real primary key, v real); create table t.new_t (like t.old_t);"
                              f" insert into t.old_t select distinct v::real, v::real from (values {rows}) r (v);"
                              f" alter table t.new_t add primary key (k); insert into t.new_t select k, null from t.old_t")
    printed = [key for key in harness.psql(URL, "select k from t.old_t").split()]
    spec = {"check": "reals", "old": side("t.old_t"), "new": side("t.new_t")}
    wrong = []
    for mode in "join", "stream":
        found = harness.Check(spec, "--mode", mode).result["findings"]
        shown = [(finding["key"][0], finding["old"]["v"]) for finding in found]
        odd = sorted(set(shown) ^ {(text, text) for text in printed})
        wrong += [f"{mode}, seed {seed}: {odd[:5]}"] if odd else []
    look = Command("look", "0.yaml", "--", *printed[:50], specs=[spec])
    return wrong + look.wrong(1) + (["a key that was shown was not found"] if "no such row" in look.out else [])


@test
def look_at_a_key_of_several_parts():
    harness.psql(URL, FRESH + """
create table t.old_t (a text, b timestamptz, v text, primary key (a, b)); create table t.new_t (like t.old_t including all);
insert into t.old_t select 'k ' || g, timestamptz '2020-01-01Z' + g * interval '1 h', 'v' from generate_series(1, 50) g;
insert into t.new_t select * from t.old_t; update t.new_t set v = 'w' where a = 'k 7';
""")
    spec = {"check": "parts", "old": side("t.old_t"), "new": side("t.new_t")}
    look = Command("look", "0.yaml", "k 7", "2020-01-01 08:00:00+01", specs=[spec])
    wrong = look.wrong(1, "DIFFERENT")
    look.run("look", "0.yaml", "k 8", "2020-01-01 08:00:00+00")
    wrong += look.wrong(0)
    look.run("look", "0.yaml", "k 8")
    return wrong + look.wrong(3, "cannot make keys of 1 word")


@test
def draft_is_accepted_by_plan():
    harness.psql(URL, ORDERS)
    draft = Command("init", URL, "t.old_t", URL, "t.new_t")
    wrong = draft.wrong(0, "username", "handle")
    with open(draft.path("draft.yaml"), "w") as file:
        file.write(draft.out)
    text = draft.out
    draft.run("plan", "draft.yaml")
    wrong += [f"{line}\n{text}" for line in draft.wrong(0, "join", "handle")]
    draft.run("check", "draft.yaml", "--json", "out.json")
    if draft.status not in (0, 1):
        wrong.append(f"check of the draft: exit status {draft.status}: {draft.err}")
    return wrong


@test
def plan_says_everything():
    harness.psql(URL, ORDERS)
    plan = Command("plan", "0.yaml", "--chunk-rows", "100", specs=[orders(invariants=[
        {"name": "minor", "holds": "new.total_minor == old.total * 100"}])])
    wrong = plan.wrong(0, "join", "\"t\".\"old_t\"", "handle", "not compared", "total", "minor", "SELECT", "range")
    plan.run("plan", "0.yaml", "--mode", "stream")
    return wrong + plan.wrong(0, "stream", "ORDER BY", "by twofold")


@test
def history_of_runs():
    harness.psql(URL, ORDERS)
    run = Command("check", "0.yaml", specs=[orders()])
    wrong = run.wrong(0)
    harness.psql(URL, "delete from t.new_t where id = 5")
    run.run("check", "0.yaml")
    wrong += run.wrong(1)
    run.run("history", "0.yaml")
    wrong += run.wrong(0, "consistent", "inconsistent")
    lines = [line for line in run.out.splitlines() if "consistent" in line]
    if len(lines) < 2 or "inconsistent" not in lines[0] or "inconsistent" in lines[1]:
        wrong.append(f"not newest first: {run.out}")
    run.run("history", "0.yaml", "--json", "-")
    runs = json.loads(run.out or "[]")
    if [past.get("verdict") for past in runs] != ["inconsistent", "consistent"]:
        wrong.append(f"history as JSON: {run.out}")
    return wrong


@test
def several_specs_in_one_command():
    """1 where any is inconsistent, else 2 where any cannot be told; one JSON array, one metrics file a check."""
    harness.psql(URL, ORDERS)
    good = orders()
    bad = {**orders(equal=[{"old": "note", "new": "handle"}]), "check": "bad"}
    unknown = {**orders(invariants=["new.note = 'n1'"]), "check": "unknown"}
    unknown["invariants"] = [{"holds": "new.note = new.note"}]
    gone = {**orders(new=side("t.new_t", "postgresql://postgres@/x?host=/nonexistent")), "check": "gone"}
    wrong = []
    for specs, status, verdicts in (([good], 0, ["consistent"]), ([good, bad], 1, ["consistent", "inconsistent"]),
                                    ([good, unknown], 2, ["consistent", "cannot-tell"]),
                                    ([unknown, bad, good], 1, ["cannot-tell", "inconsistent", "consistent"]),
                                    ([gone, good], 2, ["cannot-tell", "consistent"]),
                                    ([gone, bad], 1, ["cannot-tell", "inconsistent"])):
        names = [f"{i}.yaml" for i in range(len(specs))]
        run = Command("check", *names, "--json", "out.json", "--metrics", "./", specs=specs)
        checks = [spec["check"] for spec in specs]
        wrong += [f"{checks}: {line}" for line in run.wrong(status)]
        result = json.loads(run.read("out.json") or "[]")
        result = result if isinstance(result, list) else [result]
        if [r["verdict"] for r in result] != verdicts or [r["check"] for r in result] != checks:
            wrong.append(f"{checks}: {[(r['check'], r['verdict']) for r in result]}")
        for check, verdict in zip(checks, verdicts):
            metrics = run.read(f"twofold-{check}.prom")
            if f'verdict="{verdict}"}} 1\n' not in metrics:
                wrong.append(f"{check}: no metrics that say {verdict}: {metrics[:200]}")
    one = Command("check", "0.yaml", "--json", "out.json", specs=[good])
    if not one.read("out.json").lstrip().startswith("{"):
        wrong.append("one spec gives an array")
    asked = Command("check", "0.yaml", "1.yaml", specs=[good, {**bad, "equal": ["nothing"]}])
    return wrong + asked.wrong(3, "nothing")


@test
def every_finding_and_the_result_on_standard_output():
    harness.psql(URL, ORDERS + "update t.new_t set handle = handle || '!' where id % 2 = 0;"
                               "delete from t.new_t where id % 5 = 1; insert into t.new_t values (0), (-5);")
    wanted = sorted({g for g in range(1, 1001) if g % 2 == 0 or g % 5 == 1} | {0, -5})
    wrong = []
    for options in ((), ("--mode", "stream", "--chunk-rows", "33", "--workers", "3")):
        run = Command("check", "0.yaml", "--json", "-", "--findings", "all.ndjson", "--sample", "7", *options,
                      specs=[orders()])
        wrong += run.wrong(1)
        try:
            result = json.loads(run.out)
            findings = [json.loads(line) for line in run.read("all.ndjson").splitlines()]
        except ValueError as problem:
            wrong.append(f"{options}: {problem}: {run.out[:300]}")
            continue
        keys = sorted(int(f["key"][0]) for f in findings)
        if keys != wanted:
            wrong.append(f"{options}: {len(keys)} findings, wanted {len(wanted)}")
        if result["mismatched_rows"] != len(wanted) or len(result["findings"]) != 7:
            wrong.append(f"{options}: {result['mismatched_rows']} mismatched, {len(result['findings'])} shown")
        kinds = {kind: sum(f["kind"] == kind for f in findings)
                 for kind in ("missing_in_new", "missing_in_old", "different")}
        if any(result[kind] != count for kind, count in kinds.items()):
            wrong.append(f"{options}: {kinds}, the result says otherwise")
    lines = Command("check", "0.yaml", "--findings", "-", specs=[orders()])
    if sum(line.startswith("{") for line in lines.out.splitlines()) != len(wanted):
        wrong.append(f"--findings -: {lines.out[:300]}")
    return wrong


@test
def samples_are_the_same_each_time():
    harness.psql(URL, ORDERS + "update t.new_t set handle = handle || '!'")
    samples = set()
    for options in (("--workers", "1"), ("--workers", "4", "--chunk-rows", "20"), ("--mode", "stream")):
        run = Command("check", "0.yaml", "--json", "out.json", "--sample", "10", *options, specs=[orders()])
        samples.add(tuple(f["key"][0] for f in json.loads(run.read("out.json") or "{\"findings\": []}")["findings"]))
    wrong = [] if len(samples) == 1 else [f"samples differ: {samples}"]
    keys = [int(key) for key in next(iter(samples))]
    if len(keys) != 10 or max(keys) - min(keys) < 300:
        wrong.append(f"the sample is not drawn over all keys: {keys}")
    return wrong


@test
def spec_from_standard_input():
    harness.psql(URL, ORDERS)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([harness.PROGRAM, "check", "-", "--ledger", f"sqlite:{folder}/ledger.db"], text=True,
                              input=json.dumps(orders()), capture_output=True, timeout=60)
    return [] if done.returncode == 0 else [f"exit status {done.returncode}: {done.stderr}"]


NEEDS = {"point_and_geometry_by_computed_columns": "postgis", "foreign_table": "postgres_fdw"}


def lacks(function):
    """The extension that this test needs and the server does not have."""
    extension = NEEDS.get(function.__name__)
    if extension is None:
        return None
    there = harness.psql(URL, f"select count(*) from pg_available_extensions where name = '{extension}'").strip()
    return None if there == "1" else extension


def main():
    tally = harness.Tally()
    for function in TESTS:
        if len(sys.argv) > 1 and function.__name__ not in sys.argv[1:]:
            continue
        missing = lacks(function)
        if missing:
            tally.skip(function.__name__, f"the server has no extension {missing}")
            continue
        try:
            wrong = function()
        except (RuntimeError, subprocess.SubprocessError, KeyError, TypeError, ValueError) as problem:
            wrong = [f"{type(problem).__name__}: {problem}"[:1000]]
        tally.note(function.__name__, wrong)
    tally.finish()


if __name__ == "__main__":
    main()
