"""Pairs of tables that agree, each with a spec that finds them so: what injuries.py injures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    sql: str
    spec: dict  # without sources and tables


# 800 rows, ids -1990 to 6000 in steps of ten, so that there is room below, above and between.
WIDE = Pair("""
create type t.mood as enum ('sad', 'ok', 'happy');
create table t.old_t (
  id bigint primary key, username text, code text, note text, small smallint, n integer, big bigint,
  total numeric(12,2), num numeric, f8 double precision, f4 real, flag boolean, vc varchar(40), padded char(8),
  raw bytea, day date, at timestamptz, local timestamp, clock time, span interval, uid uuid, doc jsonb, doc_text json,
  mood t.mood, tags text[], price numeric, seen timestamptz, legacy_flag int, tail text);
insert into t.old_t
select g * 10 - 2000, 'user ' || g, 'c' || g % 7,
       case when g % 5 = 0 then null when g % 7 = 0 then '' else 'n' || g end, g % 100 - 50, g * 3 - 1000,
       g::bigint * 3000000019 - 7, g * 1.37 - 400, g / 7.0, sqrt(g), (g * 0.1)::real,
       nullif(g % 3, 2)::boolean, 'vc' || g, 'p' || g % 10, sha256(g::text::bytea), date '2000-02-28' + g,
       timestamptz '2020-01-01 00:00:00.000001Z' + g * interval '7 hours', timestamp '1999-12-31 23:59:59.999999' +
       g * interval '1 day', time '00:00:01.5' + g * interval '1 minute', g * interval '1 day 1 hour',
       md5(g::text)::uuid, jsonb_build_object('g', g, 'list', jsonb_build_array(g, null, 'x')),
       json_build_object('g', g), (array['sad', 'ok', 'happy'])[g % 3 + 1]::t.mood, array['a' || g, null, 'b'],
       g * 0.5, timestamptz '2021-01-01Z' + g * interval '1 second', g % 2, 'tail ' || g % 3
from generate_series(1, 800) g;
create table t.new_t (
  id bigint primary key, handle text, code text, note text, small integer, n bigint, big bigint,
  total_minor bigint, num numeric, f8 double precision, f4 real, flag boolean, vc text, padded char(12),
  raw bytea, day date, at timestamptz, local timestamp, clock time, span interval, uid uuid, doc jsonb, doc_text json,
  mood t.mood, tags text[], price numeric, seen timestamptz, currency text, status text, tail text);
insert into t.new_t
select id, username, code, note, small, n, big, (total * 100)::bigint, num, f8, f4, flag, vc, padded, raw, day, at,
       local, clock, span, uid, doc, doc_text, mood, tags, price, seen, 'USD', 'paid', tail
from t.old_t;
""", {"equal": [{"old": "username", "new": "handle"}, "code", "note", "small", "n", "big", "num", "f8", "f4", "flag",
                "vc", "padded", "raw", "day", "at", "local", "clock", "span", "uid", "doc", "doc_text", "mood", "tags",
                {"old": "price", "new": "price", "within": 0.01}, {"old": "seen", "new": "seen", "within": "1 us"},
                "tail"],
      "invariants": [
          {"name": "minor-is-total-times-100", "holds": "new.total_minor == old.total * 100"},
          {"name": "currency-present", "holds": "new.currency is not null"},
          {"name": "status-known", "holds": "new.status in ('new', 'paid', 'void')"}]})


def keyed(key_types, rows, collate_new=""):
    """Both sides with a key of these types and a text v. rows: SQL that gives the key columns and v."""
    names = [f"k{i}" for i in range(1, len(key_types) + 1)]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, key_types))
    other = ", ".join(f"{name} {kind} {collate_new}" for name, kind in zip(names, key_types))
    key = ", ".join(names)
    return Pair(f"""
create table t.old_t ({columns}, v text, primary key ({key}));
create table t.new_t ({other}, v text, primary key ({key}));
insert into t.old_t {rows};
insert into t.new_t select * from t.old_t;
""", {"equal": ["v"]})


WORDS = """
select distinct w || s, 'v ' || w || s
from unnest(array['a-b', 'ab', 'a_b', 'a b', 'A', 'a', 'Ab', 'aB', 'ä', 'Ä', 'z', 'Z', 'é', 'é', '', '1', '10', '2', '~',
                  '_', '中', '😀', 'ß', 'ss', 'i', 'I', 'ı']) w, unnest(array['', '-', '1', 'x y']) s"""

PAIRS = {
    "wide": WIDE,
    "no index": Pair("""
create table t.old_t (id int, v text);
create table t.new_t (id int, v text);
insert into t.old_t select g, 'v' || g from generate_series(1, 300) g;
insert into t.new_t select * from t.old_t;
""", {"old": {"key": ["id"]}, "new": {"key": ["id"]}, "equal": ["v"]}),
    "few": keyed(["int"], "select 1, 'one'"),
    "bigint": keyed(["bigint"], "select g, 'v' from unnest(array[-9223372036854775808, -9007199254740993, -4294967296, "
                    "-1, 0, 1, 4294967296, 9007199254740992, 9223372036854775806]) g"),
    "numeric": keyed(["numeric"], """
select g, 'v' from unnest(array['-Infinity', '-99999999999999999999999999999999999999', '-0.5', '0.0', '1.50',
                                '12345678901234567890123456789012345678', 'Infinity', 'NaN']::numeric[]) g"""),
    "float": keyed(["float8"], "select g, 'v' from unnest(array['-Infinity', '-1e300', '-5e-324', '0', '0.1', "
                   "'0.30000000000000004', '1e300', 'Infinity', 'NaN']::float8[]) g"),
    "text": keyed(["text"], WORDS),
    "collated": keyed(["text"], WORDS, 'collate "en-US-x-icu"'),
    "both collated": keyed(['text collate "en-US-x-icu"'], WORDS),
    "uuid": keyed(["uuid"], "select md5(g::text)::uuid, 'v' from generate_series(1, 200) g"),
    "date": keyed(["date"], "select d, 'v' from unnest(array['-infinity', '4713-01-01 BC', '0001-01-01', '1999-12-31', "
                  "'2000-02-29', 'infinity']::date[]) d"),
    "timestamptz": keyed(["timestamptz"], "select timestamptz '2020-01-01Z' + g * interval '1 us', 'v' "
                         "from generate_series(1, 500) g"),
    "bytea": keyed(["bytea"], "select decode(h, 'hex'), 'v' "
                   "from unnest(array['', '00', '0000', '7f', '80', 'ff', 'ff00']) h"),
    "char": Pair("""
create table t.old_t (k1 char(4) primary key, v text);
create table t.new_t (k1 char(9) primary key, v text);
insert into t.old_t select 'k' || g, 'v' from generate_series(1, 200) g;
insert into t.new_t select * from t.old_t;
""", {"equal": ["v"]}),
    "composite": keyed(["text", "int", "bigint"], "select (array['eu', 'us', 'ap'])[g % 3 + 1], g % 11 - 5, g, "
                       "'v' || g from generate_series(1, 600) g"),
    "descending": Pair("""
create table t.old_t (a int not null, b text not null, v text);
create table t.new_t (a int not null, b text not null, v text);
insert into t.old_t select g % 20, 'b' || g, 'v' from generate_series(1, 400) g;
insert into t.new_t select * from t.old_t;
create unique index on t.old_t (a desc, b);
create unique index on t.new_t (a desc, b);
""", {"old": {"key": ["a", "b"]}, "new": {"key": ["a", "b"]}, "equal": ["v"]}),
    "nulls in key": Pair("""
create table t.old_t (a int, b text, v text, unique (a, b));
create table t.new_t (a int, b text, v text, unique (a, b));
insert into t.old_t select g, 'b' || g, 'v' from generate_series(1, 100) g;
insert into t.old_t values (null, 'x', 'v'), (7, null, 'v'), (null, null, 'v');
insert into t.new_t select * from t.old_t;
""", {"old": {"key": ["a", "b"]}, "new": {"key": ["a", "b"]}, "equal": ["v"]}),
    "skewed": keyed(["bigint"], "select case when g < 3000 then g else g * 1000000000::bigint end, 'v' "
                    "from generate_series(1, 3010) g"),
    "partitioned": Pair("""
create table t.old_t (id int primary key, v text);
create table t.new_t (id int primary key, v text) partition by range (id);
create table t.new_1 partition of t.new_t for values from (minvalue) to (100);
create table t.new_2 partition of t.new_t for values from (100) to (maxvalue);
insert into t.old_t select g, 'v' from generate_series(1, 200) g;
insert into t.new_t select * from t.old_t;
""", {"equal": ["v"]}),
    "view": Pair("""
create table t.base (id int primary key, v text);
create table t.old_t (id int primary key, v text);
create view t.new_t as select id, v from t.base;
insert into t.old_t select g, 'v' || g from generate_series(1, 500) g;
insert into t.base select * from t.old_t;
""", {"new": {"key": ["id"]}, "equal": ["v"]}),
    "materialized view": Pair("""
create table t.base (id int primary key, v text);
create table t.old_t (id int primary key, v text);
insert into t.old_t select g, 'v' || g from generate_series(1, 500) g;
insert into t.base select * from t.old_t;
create materialized view t.new_t as select id, v from t.base;
create unique index on t.new_t (id);
""", {"new": {"key": ["id"]}, "equal": ["v"]}),
    "foreign table": Pair("""
create extension if not exists postgres_fdw with schema public;
create table t.old_t (id int primary key, v text, at timestamptz);
create table t.base (id int primary key, v text, at timestamptz);
insert into t.old_t select g, 'v' || g, timestamptz '2020-01-01Z' + g * interval '1 us' from generate_series(1, 500) g;
insert into t.base select * from t.old_t;
drop server if exists near cascade;
do $$ begin
  execute format('create server near foreign data wrapper postgres_fdw options (host %L, port %L, dbname %L)',
                 current_setting('unix_socket_directories'), current_setting('port'), current_database());
end $$;
create user mapping for public server near options (user 'postgres');
create foreign table t.new_t (id int, v text, at timestamptz) server near options (schema_name 't', table_name 'base');
""", {"new": {"key": ["id"]}, "equal": ["v", "at"]}),
    "generated": Pair("""
create domain t.cents as bigint check (value > -1000000);
create domain t.positive_cents as t.cents check (value > 0);
create table t.old_t (id int primary key, total numeric(12,2), v text);
create table t.new_t (id int generated always as identity primary key, total numeric(12,2),
                      minor_copy t.positive_cents, minor t.cents generated always as ((total * 100)::bigint) stored,
                      v varchar(20));
insert into t.old_t select g, g * 0.99, 'v' || g from generate_series(1, 500) g;
insert into t.new_t (total, minor_copy, v) select total, total * 100, v from t.old_t order by id;
""", {"equal": ["total", "v", {"old": "cents", "new": "minor"}], "old": {"columns": {"cents": "(total * 100)::bigint"}},
      "invariants": [{"name": "copies", "holds": "new.minor_copy == new.minor"}]}),
    "hostile names": Pair(r"""
create schema if not exists "We""ird; --";
drop table if exists "We""ird; --"."old_t' $1 %s \", "We""ird; --"."select" cascade;
create table "We""ird; --"."old_t' $1 %s \" ("Id" int, "a""b" int, "käse 🧀" text, "%n" text, "$1" text, "it's" text,
  "null" text, "order" int, primary key ("Id", "a""b"));
insert into "We""ird; --"."old_t' $1 %s \"
  select g, -g, 'k' || g, 'n', 'd', 'q', 'null', g from generate_series(1, 300) g;
create table "We""ird; --"."select" (like "We""ird; --"."old_t' $1 %s \" including all);
insert into "We""ird; --"."select" select * from "We""ird; --"."old_t' $1 %s \";
create view t.old_t as select * from "We""ird; --"."old_t' $1 %s \";
create view t.new_t as select * from "We""ird; --"."select";
""", {"old": {"table": "We\"ird; --.old_t' $1 %s \\"}, "new": {"table": "We\"ird; --.select"}, "equal": "all"}),
    "dropped columns": Pair("""
create table t.old_t (gone_1 int, id int primary key, gone_2 text, v text, w int);
create table t.new_t (w int, id int primary key, gone_3 jsonb, v text);
alter table t.old_t drop gone_1; alter table t.old_t drop gone_2; alter table t.new_t drop gone_3;
alter table t.new_t add later text default 'd';
insert into t.old_t select g, 'v' || g, g from generate_series(1, 300) g;
insert into t.new_t select w, id, v from t.old_t;
""", {"equal": "all"}),
    "point": Pair("""
create table t.old_t (id int primary key, lon float8, lat float8);
create table t.new_t (id int primary key, place point);
insert into t.old_t select g, g * 0.1, -g * 0.01 from generate_series(1, 300) g;
insert into t.new_t select id, point(lon, lat) from t.old_t;
""", {"old": {"columns": {"place": "point(lon, lat)"}}, "equal": ["place"]}),
    "geometry": Pair("""
create extension if not exists postgis with schema public;
create table t.old_t (id int primary key, lon float8, lat float8);
create table t.new_t (id int primary key, place public.geometry(point, 4326));
insert into t.old_t select g, g * 0.1, -g * 0.01 from generate_series(1, 300) g;
insert into t.new_t select id, public.st_setsrid(public.st_makepoint(lon, lat), 4326) from t.old_t;
""", {"old": {"columns": {"wkb": "public.st_asewkb(public.st_setsrid(public.st_makepoint(lon, lat), 4326))"}},
      "new": {"columns": {"wkb": "public.st_asewkb(place)"}}, "equal": ["wkb"]}),
    "odd types": Pair("""
create table t.old_t (id int primary key, ip inet, net cidr, mac macaddr, bits bit(8), more_bits bit varying,
  span int4range, words tsvector, letter "char", name name, number oid, price money, matrix int[][], off_time timetz);
insert into t.old_t select g, ('10.0.0.' || g)::inet, '10.0.0.0/8', '08:00:2b:01:02:03', g::bit(8), g::bit(8)::varbit,
  int4range(g, g + 2), to_tsvector('simple', 'word ' || g), 'x', 'n' || g, g, g::money, array[[g, 2], [3, 4]],
  '12:00+02' from generate_series(1, 200) g;
create table t.new_t (like t.old_t including all);
insert into t.new_t select * from t.old_t;
""", {"equal": "all"}),
    "one row": Pair("""
create table t.old_t (id int primary key, total numeric(12,2), total_minor bigint, currency text);
insert into t.old_t select g, g * 0.01, g, 'GBP' from generate_series(1, 2000) g;
""", {"rows": {}, "invariants": [{"name": "minor", "holds": "total_minor == total * 100"}]}),
}
