#!/usr/bin/env python3
"""What a DROP would do: each kind of dependent planted alone, and found under its heading, and nothing else found.

A private server, since statements are counted by a library that is loaded at start.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import harness
import private_postgres

SETTINGS = ["shared_preload_libraries = 'pg_stat_statements'", "wal_level = logical", "max_prepared_transactions = 5",
            "max_replication_slots = 5", "pg_stat_statements.max = 1000"]

BASE = """
drop schema if exists public cascade; create schema public; grant usage on schema public to public;
create schema if not exists stats; create extension if not exists pg_stat_statements schema stats;
create table customers (id int primary key, total_amount_limit int);
create table orders (id int primary key, total_amount numeric(12,2), total_amount_minor bigint, currency text,
                     note text, customer int);
insert into orders select i, i, i * 100, 'EUR', 'x', 1 from generate_series(1, 10) i;
"""

COLUMN = "public.orders.total_amount"
OF_TRIGGER = "create trigger t before insert or update on orders for each row execute function f()"


def function(body, returns="int", language="plpgsql", name="f()"):
    return f"create function {name} returns {returns} language {language} as $f$ {body} $f$;"


# name, SQL, what must be found: (group, name, subject, state), the rest being met.
INJURIES = [
    ("nothing", "", []),
    ("a view", "create view v as select id, total_amount from orders",
     [("refused by", "view", "public.v", "not met")]),
    ("a view of everything", "create view v as select * from orders", [("refused by", "view", "public.v", "not met")]),
    ("a view of other columns", "create view v as select id, count(*) over () from orders", []),
    ("a materialized view", "create materialized view m as select sum(total_amount) from orders",
     [("refused by", "materialized-view", "public.m", "not met")]),
    ("a rule", "create rule r as on update to orders where old.total_amount > 5 do also select 1",
     [("refused by", "rule", "r on public.orders", "not met")]),
    ("a foreign key of another table",
     "alter table orders add unique (total_amount); alter table orders add unique (total_amount_minor);"
     "create table other (t numeric(12,2) references orders (total_amount))",
     [("refused by", "foreign-key", "other_t_fkey on public.other", "not met")]),
    ("UPDATE OF", function("begin return new; end", "trigger")
     + "create trigger t before update of total_amount on orders for each row execute function f()",
     [("refused by", "trigger", "t on public.orders", "not met")]),
    ("WHEN", function("begin return new; end", "trigger")
     + "create trigger t before update on orders for each row when (old.total_amount > 1) execute function f()",
     [("refused by", "trigger", "t on public.orders", "not met")]),
    ("a policy", "create policy p on orders using (total_amount > 1)",
     [("refused by", "policy", "p on public.orders", "not met")]),
    ("a publication's columns", "create publication pub for table orders (id, total_amount)",
     [("refused by", "publication", "pub", "not met"), ("replication", "published", "pub", "unknown")]),
    ("a publication's condition", "alter table orders replica identity full;"
     "create publication pub for table orders where (total_amount > 1)",
     [("refused by", "publication", "pub", "not met"), ("replication", "published", "pub", "unknown")]),
    ("a generated column", "alter table orders add g numeric generated always as (total_amount * 2) stored",
     [("refused by", "generated-column", "public.orders.g", "not met")]),
    ("a virtual column", "alter table orders add g numeric generated always as (total_amount * 2) virtual",
     [("refused by", "generated-column", "public.orders.g", "not met")]),
    ("an SQL body", "create function f() returns numeric begin atomic select sum(total_amount) from orders; end",
     [("refused by", "sql-body-function", "public.f()", "not met")]),
    ("an inherited column", "drop table orders; create table base (total_amount numeric(12,2));"
     "create table orders (id int primary key, total_amount_minor bigint, currency text) inherits (base)",
     [("refused by", "inherited", "public.base", "not met")]),
    ("a partition key", "drop table orders; create table orders (id int, total_amount numeric(12,2),"
     "total_amount_minor bigint, primary key (id, total_amount)) partition by range (total_amount)",
     [("refused by", "partition-key", "public.orders", "not met"),
      ("silently lost", "index", "public.orders_pkey", "not met"), ("new column", "not-null", None, "not met")]),
    # silently lost
    ("a unique index", "create unique index i on orders (total_amount)",
     [("silently lost", "index", "public.i", "not met"), ("new column", "unique", None, "not met"),
      ("new column", "index", None, "not met")]),
    ("an expression index", "create index i on orders ((total_amount * 2))",
     [("silently lost", "index", "public.i", "not met")]),
    ("a partial index on another column", "create index i on orders (note) where total_amount is not null",
     [("silently lost", "index", "public.i", "not met")]),
    ("an index on two columns", "create index i on orders (note, total_amount)",
     [("silently lost", "index", "public.i", "not met")]),
    ("a plain index on both", "create index on orders (total_amount); create index on orders (total_amount_minor)",
     []),
    ("a unique index on both", "create unique index on orders (total_amount);"
     "create unique index on orders (total_amount_minor)", []),
    ("a CHECK", "alter table orders add constraint c check (total_amount >= 0)",
     [("silently lost", "check", "c on public.orders", "not met")]),
    ("a CHECK of two columns", "alter table orders add constraint c check (total_amount >= id)",
     [("silently lost", "check", "c on public.orders", "not met")]),
    ("extended statistics", "create statistics s on total_amount, note from orders",
     [("silently lost", "statistics", "public.s", "not met")]),
    ("a right on the column", "grant select (id, total_amount) on orders to shop_app",
     [("silently lost", "grant", "shop_app", "not met")]),
    ("a right on both columns", "grant select (total_amount, total_amount_minor) on orders to shop_app", []),
    ("a sequence", "create sequence s owned by orders.total_amount",
     [("silently lost", "sequence", "public.s", "not met")]),
    ("a generated column that goes with it",
     "alter table orders add g numeric generated always as (total_amount * 2) stored",
     [("silently lost", "generated-column", "public.orders.g", "not met")]),
    ("an exclusion constraint",
     "alter table orders add exclude using gist (numrange(total_amount, total_amount, '[]') with &&)",
     [("silently lost", "index", "public.orders_numrange_excl", "not met")]),
    ("a covering index", "create index i on orders (note) include (total_amount)",
     [("silently lost", "index", "public.i", "not met")]),
    ("a replica identity", "alter table orders alter total_amount set not null, alter total_amount_minor set not null;"
     "create unique index i on orders (total_amount); create unique index on orders (total_amount_minor);"
     "alter table orders replica identity using index i", [("silently lost", "index", "public.i", "not met")]),
    ("statistics of an expression", "create statistics s on (total_amount * 2), note from orders",
     [("silently lost", "statistics", "public.s", "not met")]),
    ("a comment", "comment on column orders.total_amount is 'euros'", []),
    # never noticed
    ("a PL/pgSQL body", function("begin return (select sum(total_amount) from orders); end"),
     [("never noticed", "function", "public.f()", "not met")]),
    ("an SQL string", function("select sum(total_amount) from orders", "numeric", "sql"),
     [("never noticed", "function", "public.f()", "not met")]),
    ("a body that names another table's", "create table bills (total_amount int);"
     + function("begin return (select sum(total_amount) from bills); end"), []),
    ("a variable of that name", function("declare total_amount int := 1; begin return total_amount; end"), []),
    ("NEW.column", function("begin new.total_amount_minor := new.total_amount * 100; return new; end", "trigger")
     + OF_TRIGGER, [("never noticed", "trigger-function", "public.f()", "not met")]),
    ("NEW as a whole", "create table audit (j json);"
     + function("begin insert into audit values (row_to_json(new)); return new; end", "trigger") + OF_TRIGGER,
     [("never noticed", "trigger-function", "public.f()", "unknown")]),
    ("a trigger that does something else",
     function("begin new.note := upper(new.note); return new; end", "trigger") + OF_TRIGGER, []),
    ("a trigger function that makes SQL",
     function("begin execute format('select $1.%I', tg_argv[0]) using new; return new; end", "trigger") + OF_TRIGGER,
     [("never noticed", "trigger-function", "public.f()", "unknown")]),
    ("SQL made at run time", function("begin execute format('select %I from orders', 'total' || '_amount'); end",
                                      "void"),
     [("never noticed", "function", "public.f()", "unknown")]),
    ("SQL made at run time, of nobody knows what", function("begin execute t; end", "void", name="f(t text)"),
     [("never noticed", "dynamic-sql", None, "unknown")]),
    ("EXECUTE of a literal that names it", function("begin execute 'update orders set total_amount = 1'; end", "void"),
     [("never noticed", "function", "public.f()", "not met")]),
    ("a text that is SQL", function("select 1 from query_to_xml('select total_amount from orders', true, true, '')",
                                     "int", "sql"), [("never noticed", "function", "public.f()", "unknown")]),
    ("a text that is run, and nobody knows which", function("select 1 from query_to_xml(t, true, true, '')", "int",
                                                            "sql", "f(t text)"),
     [("never noticed", "dynamic-sql", None, "unknown")]),
    ("a view of a text", "create view v as select query_to_xml('select total_amount from orders', true, true, '')",
     [("never noticed", "dynamic-sql", "public.v", "unknown")]),
    ("a view of another text", "create view v as select query_to_xml('select id from customers', true, true, '')", []),
    ("a body that cannot be read", function("begin perform total_amount from orders; end", "setof int")
     + "create or replace procedure q() language plpgsql as $f$ declare c refcursor; begin"
       " open c for select total_amount from orders; end $f$; drop function f()",
     [("never noticed", "function", "public.q()", "unknown")]),
    ("a whole-row view", "create view v as select row_to_json(o) from orders o",
     [("never noticed", "whole-row-view", "public.v", "not met")]),
    ("a whole-row view that names other columns", "create view v as select o.id, row_to_json(o) from orders o",
     [("never noticed", "whole-row-view", "public.v", "not met")]),
    ("an SQL body of whole rows",
     "create function f() returns json begin atomic select row_to_json(o) from orders o limit 1; end",
     [("never noticed", "function", "public.f()", "unknown")]),
    ("a rule of whole rows", "create table audit (j json);"
     "create rule r as on update to orders do also insert into audit values (row_to_json(new))",
     [("never noticed", "whole-row-condition", "rule r on public.orders", "unknown")]),
    ("a rule of whole rows on another table", "create table audit (j text);"
     "create rule r as on insert to audit do also update customers set id = 1"
     " where exists (select from orders o where o::text = new.j)",
     [("never noticed", "whole-row-condition", "rule r on public.audit", "unknown")]),
    ("a rule of another table's rows", "create table audit (total_amount int, id int);"
     "create rule r as on insert to audit do also insert into orders (id) select (row_to_json(new) ->> 'id')::int", []),
    ("a policy of whole rows", "create policy p on orders using (orders::text <> '')",
     [("never noticed", "whole-row-condition", "policy p on public.orders", "unknown")]),
    ("another table's policy", "create policy p on customers"
     " using (exists (select from orders o where row_to_json(o) is not null))",
     [("never noticed", "whole-row-condition", "policy p on public.customers", "unknown")]),
    ("a CHECK of whole rows", "alter table orders add constraint c check (orders is not null) not valid",
     [("never noticed", "whole-row-condition", "CHECK c on public.orders", "unknown")]),
    ("an index of whole rows", "create index i on orders (note) where orders is not null",
     [("never noticed", "whole-row-condition", "index public.i", "unknown")]),
    ("a WHEN of whole rows", function("begin return new; end", "trigger")
     + "create trigger t before update on orders for each row when (row_to_json(new) is not null) execute function f()",
     [("never noticed", "whole-row-condition", "trigger t on public.orders", "unknown")]),
    ("a WHEN of whatever changed", function("begin return new; end", "trigger")
     + "create trigger t before update on orders for each row when (old.* is distinct from new.*) execute function f()",
     []),
    ("a function of rows", function("select 1", "int", "sql", "f(o orders)"),
     [("never noticed", "row-type", "public.f(public.orders)", "unknown")]),
    ("a column of rows", "create table kept (o orders)",
     [("never noticed", "row-type", "column o of table public.kept", "not met")]),
    # new column
    ("NOT NULL", "alter table orders alter total_amount set not null",
     [("new column", "not-null", None, "not met")]),
    ("NOT NULL of both", "alter table orders alter total_amount set not null, alter total_amount_minor set not null",
     []),
    ("a default", "alter table orders alter total_amount set default 0", [("new column", "default", None, "not met")]),
    ("a foreign key of its own", "create table prices (p numeric(12,2) primary key);"
     "insert into prices select generate_series(1, 10);"
     "alter table orders add constraint k foreign key (total_amount) references prices",
     [("silently lost", "own-foreign-key", "k on public.orders", "not met"),
      ("new column", "foreign-key", None, "not met")]),
    ("an index", "create index on orders (total_amount)", [("new column", "index", None, "not met")]),
    ("a constraint that was not validated",
     "alter table orders add constraint c check (total_amount_minor >= 0) not valid",
     [("new column", "not-valid", "c on public.orders", "not met")]),
    ("a NOT NULL that was not validated", "alter table orders alter total_amount set not null,"
     " add constraint n not null total_amount_minor not valid",
     [("new column", "not-valid", "n on public.orders", "not met")]),
    ("an invalid index", "create index i on orders (total_amount_minor);"
     "update pg_index set indisvalid = false where indexrelid = 'i'::regclass",
     [("new column", "invalid-index", "public.i", "not met")]),
    ("a disabled trigger", function("begin return new; end", "trigger") + OF_TRIGGER
     + "; alter table orders disable trigger t", [("new column", "disabled-trigger", "t on public.orders", "not met")]),
    # traffic
    ("a reader", "--traffic\nselect id from orders where total_amount > 3",
     [("traffic", "statement", "select id from orders where total_amount > $1", "not met")]),
    ("a writer of the old column only", "--traffic\nupdate orders set total_amount = 1 where id = 1",
     [("traffic", "old-only-writer", "update orders set total_amount = $1 where id = $2", "not met")]),
    ("a writer of both", "--traffic\nupdate orders set total_amount = 1, total_amount_minor = 100 where id = 1",
     [("traffic", "statement", "update orders set total_amount = $1, total_amount_minor = $2 where id = $3",
       "not met")]),
    ("a writer of the new column", "--traffic\nupdate orders set total_amount_minor = 100 where id = 1", []),
    ("a reader of another table", "create table bills (total_amount int);\n--traffic\nselect total_amount from bills",
     []),
    ("SELECT *", "--traffic\nselect * from orders", [("traffic", "whole-row", "select * from orders", "unknown")]),
    ("a row", "--traffic\nselect o from orders o", [("traffic", "whole-row", "select o from orders o", "unknown")]),
    ("a text that is run", "--traffic\nselect query_to_xml('select total_amount from orders', true, true, '')",
     [("traffic", "statement", "select query_to_xml($1, $2, $3, $4)", "unknown")]),
    ("INSERT by position", "--traffic\ninsert into orders values (11, 1, 100)",
     [("traffic", "insert-by-position", "insert into orders values ($1, $2, $3)", "not met")]),
    ("COPY of named columns", "--traffic\ncopy orders (id, total_amount) to '/dev/null'",
     [("traffic", "statement", "copy orders (id, total_amount) to '/dev/null'", "not met")]),
    ("COPY of all columns", "--traffic\ncopy orders to '/dev/null'",
     [("traffic", "whole-row", "copy orders to '/dev/null'", "unknown")]),
    ("a table of that name elsewhere",
     "drop schema if exists archive cascade; create schema archive; create table archive.orders (total_amount int);"
     "\n--traffic\nselect total_amount from orders",
     [("traffic", "statement", "select total_amount from orders", "unknown")]),
    # replication
    ("a prepared transaction", "begin; update orders set note = 'p' where id = 1; prepare transaction 'limbo'",
     [("replication", "prepared-transaction", "limbo", "not met")]),
    ("a prepared transaction elsewhere", "begin; update customers set id = id; prepare transaction 'limbo'", []),
    ("a publication", "create publication pub for table orders", [("replication", "published", "pub", "unknown")]),
    ("a publication without the column", "create publication pub for table orders (id, note)", []),
    ("a slot", "select pg_create_logical_replication_slot('tap', 'test_decoding')",
     [("replication", "slot", "tap", "unknown")]),
    ("a slot of nothing published", "select pg_create_logical_replication_slot('tap', 'pgoutput')", []),
    ("a subscription", "create subscription sub connection 'dbname=nowhere' publication p"
     " with (connect = false, slot_name = none);"
     "insert into pg_subscription_rel values ((select oid from pg_subscription), 'orders'::regclass, 'i', null)",
     [("replication", "subscription", "sub", "not met")]),
]

# Of what a version brought, or took: the injury, from that version on (before a negative one).
VERSIONS = {"a publication's columns": 15, "a publication's condition": 15, "a publication without the column": 15,
            "a generated column": 15, "a generated column that goes with it": -15, "a virtual column": 18,
            "a NOT NULL that was not validated": 18}

# What outlives the schema: the word in an injury that makes it, and what takes it away.
LEFTOVERS = [("prepare transaction", "rollback prepared 'limbo'"), ("publication", "drop publication if exists pub"),
             ("subscription", "alter subscription sub disable; drop subscription sub"),
             ("replication_slot", "select pg_drop_replication_slot(slot_name) from pg_replication_slots"),
             ("archive", "drop schema archive cascade")]


class Contract:
    def __init__(self, server, scratch):
        self.url, self.scratch, self.planted = server.admin, scratch, ""

    def sql(self, text):
        return harness.psql(self.url, text)

    def prepare(self, plant=""):
        """A fresh table; then what is planted; then what is traffic, and counted."""
        for word, undo in LEFTOVERS:
            if word in self.planted:
                self.sql(undo)
        self.planted = plant
        before, _, traffic = plant.partition("--traffic\n")
        self.sql(BASE + "set allow_system_table_mods = on;" + before + ";\nselect stats.pg_stat_statements_reset();\n"
                 + traffic)

    def spec(self, **changes):
        spec = {"check": "orders-currency", "rows": {"source": self.url, "table": "orders"},
                "invariants": [{"holds": "total_amount_minor == total_amount * 100"}],
                "gate": {"consistent_runs": 1, "spanning": "0 s"},
                "contract": {"drop": ["orders.total_amount"]}}
        spec.update(changes)
        return {key: value for key, value in spec.items() if value is not None}

    def gate(self, **changes):
        """(status, conditions of the contract, standard error)"""
        path, out = os.path.join(self.scratch, "spec.yaml"), os.path.join(self.scratch, "gate.json")
        with open(path, "w") as file:
            json.dump(self.spec(**changes), file)
        if os.path.exists(out):
            os.unlink(out)
        done = subprocess.run([harness.PROGRAM, "gate", path, "--json", out, "--ledger",
                               "sqlite:" + os.path.join(self.scratch, "ledger.db")], capture_output=True, text=True,
                              timeout=60)
        conditions = []
        if os.path.exists(out):
            with open(out) as file:
                conditions = json.load(file)["conditions"]
        return done.returncode, [c for c in conditions if c["group"] not in ("runs", "newest run")], done.stderr


def found(conditions):
    return {(c["group"], c["name"], c["subject"], c["state"]) for c in conditions if c["state"] != "met"}


def compare(wanted, conditions):
    got, wanted = found(conditions), set(wanted)
    return ([f"missing: {c}" for c in sorted(wanted - got, key=str)]
            + [f"too much: {c}: " + next(x["seen"] for x in conditions if (x["group"], x["name"], x["subject"],
                                                                        x["state"]) == c)
               for c in sorted(got - wanted, key=str)])


def injuries(contract, tally, only):
    version = int(contract.sql("show server_version_num")) // 10000
    for name, plant, wanted in INJURIES:
        since = VERSIONS.get(name, 0)
        if (only and only not in name) or version < since or (since < 0 and version >= -since):
            continue
        contract.prepare(plant)
        status, conditions, stderr = contract.gate()
        wrong = compare(wanted, conditions)
        if len(conditions) < 40:
            wrong.append(f"only {len(conditions)} conditions, exit status {status}: {stderr}")
        tally.note(name, wrong)


def state(conditions, name, subject=None):
    """"not met: its query reads it", of the only condition of that name and subject."""
    found_ = [c for c in conditions if c["name"] == name and (subject is None or c["subject"] == subject)]
    return " | ".join(f"{c['state']}: {c['seen']}" for c in found_) or "no such condition"


def expect(tally, name, got, wanted):
    tally.note(name, [] if re.search(wanted, got) else [f"wanted {wanted}", f"got {got}"])


def refused(contract, tally):
    """Names that are not there: asked wrongly, with the nearest one, at the place in the spec."""
    contract.prepare()
    for drop, wanted in [
            ("orders.total_amuont", r'public\.orders has no column "total_amuont".*Did you mean "total_amount"'),
            ("order.total_amount", r'no table "order" in .*Did you mean "orders"'),
            ("shop.orders.total_amount", r'no table "shop\.orders"'),
            ("a.b.c.d", r'cannot read "a\.b\.c\.d"'),
            ("orders..x", r'cannot read "orders\.\.x"')]:
        status, conditions, stderr = contract.gate(contract={"drop": [drop]})
        tally.note(f"refused: {drop}", ([] if status == 3 and not conditions else [f"exit status {status}"])
                   + ([] if re.search(wanted, stderr, re.S) and "^~" in stderr else [stderr]))
    status, _, stderr = contract.gate(contract={"drop": ["orders.total_amount"],
                                                "replaced_by": {"orders.total_amount": "total_minor"}})
    expect(tally, "refused: what takes its place", f"{status} {stderr}", r'(?s)^3 .*no.*"total_minor".*Did you mean')
    status, _, stderr = contract.gate(contract={"drop": ["orders.total_amount"], "replaced_by": {"orders.total": "x"}})
    expect(tally, "refused: replaced and not dropped", f"{status} {stderr}", r'(?s)^3 .*not in "drop".*Did you mean')


def spec_says(contract, tally):
    """What the spec may say: what takes a column's place, and what somebody has looked at."""
    contract.prepare("create view v as select total_amount from orders")
    drop = {"drop": ["orders.total_amount"]}
    _, conditions, _ = contract.gate(contract={**drop, "accept": ["view public.v"]})
    expect(tally, "accepted", state(conditions, "view"), "^met: accepted by the spec: its query reads it$")
    _, conditions, _ = contract.gate(contract={"drop": ["orders.note"]})
    expect(tally, "nothing known to take its place", state(conditions, "replacement"), "^unknown: .*replaced_by")
    _, conditions, _ = contract.gate(contract={"drop": ["orders.note"], "replaced_by": {"orders.note": None}})
    tally.note("nothing takes its place", compare([], conditions))
    _, conditions, _ = contract.gate(contract={**drop, "replaced_by": {"orders.total_amount":
                                                                       ["total_amount_minor", "currency"]}})
    expect(tally, "two take its place", state(conditions, "replacement", "public.orders.currency"), "^met")
    _, conditions, _ = contract.gate(contract={"drop": ["orders.total_amount", "orders.note"]})
    expect(tally, "of two columns each says its name", state(conditions, "rule", "public.orders.note"), "^met")
    expect(tally, "and what is found is said once", state(conditions, "view", "public.v"), "^not met: [^|]*$")


ORDERS_V2 = """
create table orders_v2 (id int primary key, amount numeric(12,2), currency text, minor bigint);
insert into orders_v2 select id, total_amount, currency, total_amount_minor from orders;
alter table orders alter total_amount_minor set not null, add unique (total_amount_minor), drop customer;
"""


def two_sided(contract, drop, replaced_by=None, **changes):
    """The changes of a spec that compares orders with orders_v2, and what it is to drop."""
    spec = {"rows": None, "old": {"source": contract.url, "table": "orders"}, "new": {"table": "orders_v2"},
            "equal": [{"old": "total_amount", "new": "amount"}, "currency"],
            "invariants": [{"holds": "new.minor == old.total_amount_minor"}],
            "contract": {"drop": drop, **({} if replaced_by is None else {"replaced_by": replaced_by})}}
    return {**spec, **changes}


def whole_table(contract, tally):
    """Each column of it needs what takes its place, as one that is dropped alone; and so does each row."""
    contract.prepare(ORDERS_V2 + "create view v as select id from orders;"
                     "alter table customers add o int references orders;\n"
                     "--traffic\nselect id from orders; select id from customers")
    depends = [("refused by", "view", "public.v", "not met"),
               ("refused by", "foreign-key", "customers_o_fkey on public.customers", "not met"),
               ("traffic", "statement", "select id from orders", "not met")]
    worse = [("new column", name, "public.orders.total_amount_minor", "not met")
             for name in ("not-null", "unique", "index")]
    nowhere = [("new column", "replacement", "public.orders.note", "unknown")]
    _, conditions, stderr = contract.gate(**two_sided(contract, ["public.orders"]))
    tally.note("a whole table", compare(depends + worse + nowhere, conditions) + ([stderr] if stderr else []))
    for column, new in (("id", "id"), ("total_amount", "amount"), ("currency", "currency"),
                        ("total_amount_minor", "minor")):
        expect(tally, f"a whole table: what takes the place of {column}",
               state(conditions, "replacement", f"public.orders_v2.{new}"), rf"^met: .* of public\.orders\.{column}$")
    _, conditions, stderr = contract.gate(**two_sided(contract, ["orders"], {"orders.note": None}))
    tally.note("a whole table: nothing takes a column's place", compare(depends + worse, conditions)
               + ([stderr] if stderr else []))
    _, conditions, _ = contract.gate(**two_sided(contract, ["orders"], {"orders.note": None, "orders.currency":
                                                                        ["minor", "currency"]}))
    expect(tally, "a whole table: what the spec says of a column", state(conditions, "replacement",
           "public.orders_v2.minor"), r"^met: .* of public\.orders\.currency")
    old = {"source": contract.url, "table": "orders", "where": "id > 3"}
    _, conditions, _ = contract.gate(**two_sided(contract, ["orders"], {"orders.note": None}, old=old))
    expect(tally, "a whole table: rows that nobody compares", state(conditions, "rows"), "^unknown: .*id > 3")


def opened(contract, tally):
    """From the check to the answer: a table whose data is nowhere else does not open the gate."""
    contract.prepare("drop table orders; create table orders (id int primary key, name text, precious text);"
                     "insert into orders select i, i, i from generate_series(1, 9) i;"
                     "create table orders_v2 as select id, name from orders;"
                     "alter table orders_v2 add primary key (id)")
    for name, replaced_by, wanted in [("is not known to be elsewhere", {}, 2),
                                      ("may go", {"orders.precious": None}, 0)]:
        changes = two_sided(contract, ["orders"], equal=["name"], invariants=None)
        changes["contract"].update(replaced_by=replaced_by, accept=["counted"])
        path, ledger = os.path.join(contract.scratch, "open.yaml"), os.path.join(contract.scratch, "ledger.db")
        with open(path, "w") as file:
            json.dump(contract.spec(**changes), file)
        subprocess.run([harness.PROGRAM, "check", path, "--ledger", "sqlite:" + ledger], capture_output=True,
                       timeout=60)
        status, conditions, stderr = contract.gate(**changes)
        expect(tally, f"a table with a column that {name}", f"{status} {stderr}", f"^{wanted} $")


def not_the_old_side(contract, tally):
    """A gate answers for the old side: what is not of it, or is the new one, too, is refused."""
    contract.prepare(ORDERS_V2 + "create view old_orders as select id, total_amount as amount from orders;"
                     "create view new_orders as select id, total_amount_minor from orders;"
                     "create table other (id int)")
    neither, both = r'it is no part of the old side, "public"\."', "it holds the new representation, too"
    view = {"source": contract.url, "table": "old_orders", "key": ["id"]}
    views = {"old": view, "new": {"table": "new_orders", "key": ["id"]}, "equal": None,
             "invariants": [{"holds": "new.total_amount_minor == old.amount * 100"}]}
    pair = {"equal": [{"old": "total_amount", "new": "total_amount_minor"}], "invariants": None}
    repair = {"repair": {"trust": "old", "set": {"total_amount_minor": "total_amount * 100"}}}
    said = {"orders.total_amount_minor": None}
    same = two_sided(contract, [], new={"table": "orders"}, equal=["note"], invariants=None)
    for name, changes, drop, replaced_by, wanted in [
            ("the new side's table", two_sided(contract, []), ["orders_v2"], {}, neither),
            ("its column", two_sided(contract, []), ["orders_v2.minor"], {"orders_v2.minor": None}, neither),
            ("another table", two_sided(contract, []), ["other"], {}, neither),
            ("another table beside one", {}, ["customers"], {}, neither),
            ("another table's column", {}, ["orders.note", "customers.total_amount_limit"], {}, neither),
            ("the table of both", {}, ["orders"], {}, both),
            ("the table of both, with its schema", {}, ["public.orders"], {}, both),
            ("a table that is both sides", same, ["orders"], {}, both),
            ("a table that both sides are views of", two_sided(contract, [], **views), ["orders"], {}, both),
            ("the new column of a pair", pair, ["orders.total_amount_minor"], said, "the new representation"),
            ("what repair sets", repair, ["orders.total_amount_minor"], said, "the new representation"),
            ("each other's place", {}, ["orders.note", "orders.currency"],
             {"orders.note": "currency", "orders.currency": "note"}, 'by "currency": that is dropped, too'),
            ("a whole table's place", two_sided(contract, []), ["orders"], {"orders": None}, "it is a whole table"),
            ("a column that the table lacks", two_sided(contract, []), ["orders"], {"orders.nope": None},
             r'"nope" in public\.orders.*Did you mean "note"'),
            ("another table's column in its place", two_sided(contract, []), ["orders"], {"orders_v2.minor": None},
             'not in "drop"')]:
        changes = {**changes, "contract": {"drop": drop, "replaced_by": replaced_by}}
        status, conditions, stderr = contract.gate(**changes)
        tally.note(f"refused: {name}", ([] if status == 3 and not conditions else [f"exit status {status}"])
                   + ([] if re.search(wanted, stderr, re.S) and "^~" in stderr else [stderr]))


def parts_of_the_old_side(contract, tally):
    """What the old side is made of may go: one of its partitions, or, where it is a view, the table that it reads."""
    contract.prepare("drop table orders; create table orders (id int, amount int, note text, primary key (id))"
                     " partition by range (id); create table orders_low partition of orders for values from (0) to (9);"
                     "create table orders_v2 (id int primary key, amount int);"
                     "create table kept (id int primary key, total int, note text);"
                     "create view old_orders as select id, total as amount from kept")
    spec = {"equal": ["amount"], "invariants": None}
    _, conditions, stderr = contract.gate(**two_sided(contract, ["orders_low"], **spec))
    tally.note("a partition", compare([("new column", "replacement", "public.orders_low.note", "unknown")], conditions)
               + ([stderr] if stderr else []))
    contract.sql("create schema if not exists hidden; drop table if exists hidden.orders_v2;"
                 "alter table orders_v2 set schema hidden; grant select on orders to shop_app")
    low = {"source": re.sub("postgres@", "shop_app@", contract.url), "table": "orders"}
    new = {"source": contract.url, "table": "hidden.orders_v2"}
    _, conditions, stderr = contract.gate(**two_sided(contract, ["orders"], old=low, new=new, **spec))
    expect(tally, "a role that may not see the new side", state(conditions, "replacement", "hidden.orders_v2.amount")
           + stderr, r"^met: .* of public\.orders\.amount$")
    contract.sql("alter table hidden.orders_v2 set schema public; drop schema hidden")
    view = {"source": contract.url, "table": "old_orders", "key": ["id"]}
    _, conditions, stderr = contract.gate(**two_sided(contract, ["kept"], {"kept.total": "amount"}, old=view, **spec))
    wanted = [("refused by", "view", "public.old_orders", "not met"), ("new column", "rows", None, "unknown"),
              ("new column", "replacement", "public.kept.id", "unknown"),
              ("new column", "replacement", "public.kept.note", "unknown")]
    tally.note("a table that the old side is a view of", compare(wanted, conditions) + ([stderr] if stderr else []))


def two_tables(contract, tally):
    """Old and new in tables of their own: the new one's traits are asked of the new one."""
    contract.prepare("create table orders_v2 (id int primary key, amount numeric(12,2));"
                     "insert into orders_v2 select id, total_amount from orders;"
                     "alter table orders alter total_amount set not null;"
                     "alter table orders_v2 add constraint c check (amount > 0) not valid;\n"
                     "--traffic\nupdate orders set total_amount = 2")
    _, conditions, stderr = contract.gate(rows=None, old={"source": contract.url, "table": "orders"},
                                          new={"table": "orders_v2"},
                                          equal=[{"old": "total_amount", "new": "amount"}], invariants=[])
    wanted = [("new column", "not-null", None, "not met"),
              ("new column", "not-valid", "c on public.orders_v2", "not met"),
              ("traffic", "statement", "update orders set total_amount = $1", "not met")]
    tally.note("two tables", compare(wanted, conditions) + ([stderr] if stderr else []))


def partitions(contract, tally):
    """A column goes from every partition, whatever hangs on one of them."""
    contract.prepare("drop table orders; create table orders (id int, total_amount numeric(12,2),"
                     " total_amount_minor bigint, primary key (id)) partition by range (id);"
                     "create table orders_low partition of orders for values from (0) to (100);"
                     "create view v as select total_amount from orders_low;"
                     "grant select (total_amount) on orders_low to shop_app;"
                     "create index i on orders_low (id, total_amount);\n"
                     "--traffic\nselect total_amount from orders_low")
    _, conditions, stderr = contract.gate()
    wanted = [("refused by", "view", "public.v", "not met"), ("silently lost", "index", "public.i", "not met"),
              ("silently lost", "grant", "shop_app on public.orders_low", "not met"),
              ("traffic", "statement", "select total_amount from orders_low", "not met")]
    tally.note("partitions", compare(wanted, conditions) + ([stderr] if stderr else []))


def doubts(contract, server, tally):
    """Where the server cannot know, or does not tell, the answer is unknown."""
    contract.prepare("--traffic\nselect total_amount from orders")
    _, conditions, _ = contract.gate(contract={"drop": ["orders.total_amount"], "window": "1 day"})
    expect(tally, "a short window", state(conditions, "window"), "^unknown: counted for")
    _, conditions, _ = contract.gate(gate={"spanning": "2 h"})
    expect(tally, "the gate's spanning is the window", state(conditions, "window"), "^unknown: counted for")
    contract.sql("grant select on orders to shop_app; grant usage on schema stats to public")
    url = re.sub("postgres@", "shop_app@", contract.url)
    _, conditions, stderr = contract.gate(rows={"source": url, "table": "orders"})
    expect(tally, "texts hidden from the role", state(conditions, "hidden") + stderr, "^unknown: [0-9,]+ hidden")
    contract.sql("create table filler (i int);" + "".join(f"create table filler_{i} (i int);" for i in range(1100)))
    _, conditions, _ = contract.gate()
    expect(tally, "statements forgotten", state(conditions, "forgotten"), "^unknown: .*dealloc")
    for setting in ("pg_stat_statements.track_utility = off", "pg_stat_statements.track = none",
                    "compute_query_id = off"):
        contract.sql(f"alter system set {setting}")
        server.reload()
        _, conditions, _ = contract.gate()
        expect(tally, setting, state(conditions, "counted"), "^unknown: .* counted$")
        contract.sql("alter system reset all")
        server.reload()
    uncounted_roles(contract, tally)
    contract.sql("drop extension pg_stat_statements")
    status, conditions, _ = contract.gate()
    expect(tally, "no pg_stat_statements", state(conditions, "counted"), "^unknown: the extension")
    tally.note("and no more than that", compare([("traffic", "counted", None, "unknown")], conditions))


NOT_COUNTED = [
    ("alter role shop_app set pg_stat_statements.track = none", "track is none for role shop_app"),
    ("alter role shop_app in database postgres set pg_stat_statements.track = 'NONE'", "is none for role shop_app"),
    ("alter role shop_app set compute_query_id = off", "compute_query_id is off for role shop_app"),
    ("alter role shop_app set pg_stat_statements.track_utility = 0", "track_utility is 0 for role shop_app"),
    ("alter role all set pg_stat_statements.track = none", "track is none(, so| for every role)"),
    ("alter database postgres set pg_stat_statements.track = none; alter role postgres set pg_stat_statements.track = "
     "top", "is none for database postgres"),
    ("alter role postgres set pg_stat_statements.track = 'all'", "is set for this role"),
]


def uncounted_roles(contract, tally):
    """What is not counted for somebody is not clean; what was counted is told all the same."""
    contract.prepare("--traffic\nselect total_amount from orders")
    for setting, wanted in NOT_COUNTED:
        contract.sql(setting)
        _, conditions, _ = contract.gate()
        contract.sql("alter role shop_app reset all; alter role shop_app in database postgres reset all;"
                     "alter role postgres reset all; alter role all reset all; alter database postgres reset all")
        expect(tally, setting, state(conditions, "counted"), "^unknown: .*" + wanted)
        expect(tally, f"{setting}: old-only-writer", state(conditions, "old-only-writer"), "^unknown|no such")
        if "shop_app" in setting:
            expect(tally, f"{setting}: statement", state(conditions, "statement"), "^not met: it names it")
    contract.sql("create role nobody; alter role nobody set pg_stat_statements.track = none")
    _, conditions, _ = contract.gate()
    expect(tally, "a role that cannot log in", state(conditions, "counted"), "^met")
    contract.sql("drop role nobody")


def own_statements(contract, tally):
    """What twofold sends itself is no traffic, in any mode, whatever it writes."""
    contract.prepare()
    for mode in ("auto", "stream"):
        check = harness.Check(contract.spec(), "--mode", mode)
        tally.note(f"a check by {mode}", check.is_verdict("consistent"))
    contract.sql("set pg_stat_statements.track = none; create table copied as select * from orders;"
                 "alter table copied add primary key (id); update orders set total_amount = 0 where id = 3;"
                 "delete from orders where id = 4")
    pair = contract.spec(rows=None, new={"source": contract.url, "table": "orders"}, old={"source": contract.url,
                         "table": "copied"}, equal=["total_amount"], invariants=None, contract=None,
                         repair={"trust": "old", "stop_above": "100%"})
    tally.note("a check by digest", harness.Check(pair, "--mode", "digest").is_verdict("inconsistent"))
    path, journal = os.path.join(contract.scratch, "pair.yaml"), os.path.join(contract.scratch, "own.repair")
    with open(path, "w") as file:
        json.dump(pair, file)
    for words in (["look", path, "3"], ["repair", path], ["repair", path, "--write", "--journal", journal],
                  ["undo", journal, "--write", "--journal", journal + "-undo"]):
        done = subprocess.run([harness.PROGRAM, *words], capture_output=True, text=True, timeout=60)
        good = "2 rows" in done.stdout or words[0] == "look"
        tally.note(" ".join(words), [] if good else [done.stdout + done.stderr])
    _, conditions, _ = contract.gate()
    tally.note("its own statements are no traffic", compare([], conditions))
    expect(tally, "and are counted", state(conditions, "counted"), "of them twofold's own")


def other_engine(contract, scratch, tally):
    path = os.path.join(scratch, "shop.db")
    subprocess.run(["sqlite3", path, "create table orders (id integer primary key, total_amount int, minor int)"],
                   check=True)
    status, conditions, stderr = contract.gate(rows={"source": "sqlite:" + path, "table": "orders"},
                                               invariants=[{"holds": "minor == total_amount * 100"}])
    expect(tally, "another engine", f"{status} " + state(conditions, "catalog") + stderr, "^[12] unknown: SQLite .* tells")


def main():
    tally = harness.Tally()
    only = sys.argv[1] if len(sys.argv) > 1 else None
    with private_postgres.PrivatePostgres(*SETTINGS) as server, tempfile.TemporaryDirectory() as scratch:
        contract = Contract(server, scratch)
        contract.sql("create role shop_app login")
        if only != "--rest":
            injuries(contract, tally, None if only == "--injuries" else only)
        if only in (None, "--rest"):  # what hardly goes by the server's version
            refused(contract, tally)
            spec_says(contract, tally)
            whole_table(contract, tally)
            opened(contract, tally)
            not_the_old_side(contract, tally)
            parts_of_the_old_side(contract, tally)
            two_tables(contract, tally)
            partitions(contract, tally)
            own_statements(contract, tally)
            other_engine(contract, scratch, tally)
            doubts(contract, server, tally)
    tally.finish()


if __name__ == "__main__":
    main()
