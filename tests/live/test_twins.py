#!/usr/bin/env python3
"""Rows whose bytes are the same on both sides are not looked at closely: what differs, and what stands twice, is found
all the same, wherever it stands, and what is only spelled otherwise is not.

An intact pair of tables over several batches of one range, one injury, exactly that finding.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import URL, URL_2, Check, Tally, psql

BATCH = 1024
ROWS = 3 * BATCH + 1
TABLE = f"""
    drop table if exists twins;
    create table twins (id bigint not null, customer int, amount numeric(12, 2), status text, at timestamptz,
                        first text, last text, note text);
    insert into twins select g, g % 100, g::numeric / 100, (array['new', 'paid'])[g % 2 + 1],
        timestamptz '2025-01-01' + g * interval '1 second', 'first ' || g, 'last ' || g,
        case when g % 10 = 0 then null else 'note ' || g end from generate_series(1, {ROWS}) g;
    create index on twins (id);
"""
COLUMNS = ["customer", "amount", "status", "at", "first", "last", "note"]


def spec(equal=None, **more):
    return {"check": "twins", "old": {"source": URL, "table": "twins", "key": ["id"]},
            "new": {"source": URL_2, "table": "twins", "key": ["id"]}, "equal": equal or COLUMNS, **more}


def finding(kind, *columns, invariants=()):
    return kind, sorted(columns), sorted(invariants)


def different(*columns, **more):
    return finding("different", *columns, **more)


def expect(tally, name, wanted, *injuries, checked=None):
    """injuries: (URL, SQL); wanted: {id: finding}. Both tables are whole again afterwards."""
    for url, sql in injuries:
        psql(url, sql)
    run = Check(checked or spec(), "--mode", "stream", "--chunk-rows", "100000", "--settle", "0")
    problems = []
    if run.result is None:
        problems.append(f"no result: {run.stderr}")
    else:
        found = {int(one["key"][0]): finding(one["kind"], *one.get("columns", []),
                                             invariants=one.get("invariants", [])) for one in run.result["findings"]}
        verdict = "inconsistent" if wanted else "consistent"
        if found != wanted or run.result["verdict"] != verdict:
            problems.append(f"wanted {wanted}, found {found}, {run.result['verdict']}: {run.result['reason']}")
    for url in {url for url, _ in injuries}:
        psql(url, TABLE)
    tally.note(name, problems)


def values(tally):
    """One value of one row: in the middle, and where batches end and begin."""
    for row in (1, BATCH - 1, BATCH, BATCH + 1, ROWS):
        expect(tally, f"a byte of row {row}", {row: different("status")},
               (URL_2, f"update twins set status = 'Paid' where id = {row}"))
    expect(tally, "a NULL", {701: different("note")}, (URL_2, "update twins set note = null where id = 701"))
    expect(tally, "NULL and ''", {700: different("note")}, (URL_2, "update twins set note = '' where id = 700"))
    expect(tally, "two columns changed places", {1500: different("first", "last")},
           (URL_2, "update twins set first = last, last = first where id = 1500"))
    expect(tally, "two rows changed values", {5: different("first"), 6: different("first")},
           (URL_2, "update twins set first = 'first ' || 11 - id where id in (5, 6)"))


def rows(tally):
    """Rows that are gone, or too many: all that follow lie elsewhere in their batches."""
    expect(tally, "a row is gone early", {5: finding("missing_in_new"), 3000: different("amount")},
           (URL_2, "delete from twins where id = 5; update twins set amount = 0 where id = 3000"))
    expect(tally, "a row too many", {0: finding("missing_in_old")}, (URL_2, "insert into twins values (0)"))
    expect(tally, "a row behind the others", {1024: finding("missing_in_new"), 9999: finding("missing_in_old")},
           (URL_2, "update twins set id = 9999 where id = 1024"))
    for count in (1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH):
        cut = f"delete from twins where id > {count};"
        expect(tally, f"{count} rows", {}, (URL, cut), (URL_2, cut))
        expect(tally, f"{count} rows, the last changed", {count: different("note")}, (URL, cut),
               (URL_2, cut + f"update twins set note = 'other' where id = {count}"))


def keys(tally):
    """A key that stands twice is one finding, even where both sides have the same rows."""
    for row in (7, BATCH, BATCH + 1):
        twice = f"insert into twins select * from twins where id = {row}"
        wanted = {row: finding("duplicate_key")}
        expect(tally, f"row {row} twice on both sides", wanted, (URL, twice), (URL_2, twice))
        expect(tally, f"row {row} twice on one side", wanted, (URL_2, twice))


def spellings(tally):
    """The same values in other bytes, and other forms of the same bytes."""
    for column, type_ in (("amount", "numeric(14, 4)"), ("customer", "bigint"), ("status", "varchar(10)"),
                          ("status", "char(10)"), ("customer", "numeric")):
        alter = f"alter table twins alter {column} type {type_}"
        expect(tally, f"{column} as {type_}", {}, (URL_2, alter))
        expect(tally, f"{column} as {type_}, a row changed", {1500: different("note", column)},
               (URL_2, alter + f"; update twins set note = 'other', {column} = '1' where id = 1500"))


def others(tally):
    """What is not decided by equality alone."""
    crossed = spec([{"old": "first", "new": "last"}, {"old": "last", "new": "first"}])
    expect(tally, "columns compared crosswise", {}, (URL_2, "update twins set first = last, last = first"),
           checked=crossed)
    again = spec(["note", {"old": "note", "new": "last"}])
    expect(tally, "a column compared twice", {8: different("last"), 9: different("note")},
           (URL_2, "update twins set last = note; update twins set last = 'x' where id = 8;"
                   "update twins set note = 'x' where id = 9"), checked=again)
    near = spec([{"old": "amount", "new": "amount", "within": 0.01}, "note"])
    expect(tally, "a tolerance", {9: different("amount"), 11: different("note")},
           (URL_2, "update twins set amount = amount + 0.01 where id < 9; update twins set note = 'x' where id = 11;"
                   "update twins set amount = amount + 0.02 where id = 9"), checked=near)
    broken = "update twins set customer = -1 where id = 1024"
    held = spec(invariants=[{"name": "known", "holds": "new.customer >= 0"}])
    expect(tally, "an invariant that twins break", {1024: different(invariants=["known"])}, (URL, broken),
           (URL_2, broken), checked=held)


def main():
    tally = Tally()
    psql(URL, TABLE)
    psql(URL_2, TABLE)
    expect(tally, "intact", {})
    values(tally)
    rows(tally)
    keys(tally)
    spellings(tally)
    others(tally)
    tally.finish()


if __name__ == "__main__":
    main()
