"""541,909 real invoice lines, reshaped as a team would, then broken in ways that teams break them.

    shop.py online_retail.csv.xz      with TWOFOLD, TWOFOLD_TEST_URL and TWOFOLD_TEST_URL_2 in the environment

The intact pair must be consistent; then every planted fault must be found under its key, and nothing else; in one
database (join, stream) and across two (stream).
"""
import csv
import io
import json
import lzma
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Check, Tally, URL as ONE, URL_2 as TWO, psql

OLD = """create table invoice_lines (line int primary key, invoice text not null, stock_code text not null,
    description text, quantity int not null, sold_at timestamp not null, unit_price numeric(10,3) not null,
    customer_id int, country text not null)"""
NEW = """create table sales (line_no bigint primary key, invoice_no text not null, sku varchar(40) not null, title text,
    qty bigint not null, sold_at timestamptz not null, price_thousandths bigint not null, currency char(3),
    customer_ref text, cancelled boolean not null, land text not null)"""
MIGRATE = """select line::bigint, invoice, stock_code, description, quantity::bigint, sold_at at time zone 'UTC',
    (unit_price * 1000)::bigint, 'GBP', 'C-' || customer_id, invoice like 'C%%', country from invoice_lines"""

SPEC = {
    "check": "shop",
    "old": {"table": "invoice_lines", "columns": {"sold_at_utc": "sold_at at time zone 'UTC'"}},
    "new": {"table": "sales"},
    "equal": [
        {"old": "invoice", "new": "invoice_no"}, {"old": "stock_code", "new": "sku"},
        {"old": "description", "new": "title"}, {"old": "quantity", "new": "qty"},
        {"old": "sold_at_utc", "new": "sold_at"}, {"old": "country", "new": "land"},
    ],
    "invariants": [
        {"name": "price", "holds": "new.price_thousandths == old.unit_price * 1000"},
        {"name": "currency", "holds": "new.currency = 'GBP'", "null": "fails"},
        {"name": "customer",
         "holds": "new.customer_ref is not distinct from 'C-' || old.customer_id::text"},
        {"name": "cancelled", "holds": "new.cancelled == starts_with(old.invoice, 'C')"},
    ],
}

# (what a team did, SQL, {line: (kind, columns, invariants)}); each line is hit once
FAULTS = [
    ("a price rounded to pence", "update sales set price_thousandths = price_thousandths / 10 * 10 where line_no = {thousandths}",
     {"{thousandths}": ("different", [], ["price"])}),
    ("a price in pence", "update sales set price_thousandths = price_thousandths / 10 where line_no = 1001",
     {1001: ("different", [], ["price"])}),
    ("a currency forgotten", "update sales set currency = null where line_no = 2002",
     {2002: ("different", [], ["currency"])}),
    ("another currency", "update sales set currency = 'USD' where line_no = 3003",
     {3003: ("different", [], ["currency"])}),
    ("a customer lost", "update sales set customer_ref = null where line_no = {customer}",
     {"{customer}": ("different", [], ["customer"])}),
    ("a customer invented", "update sales set customer_ref = 'C-1' where line_no = {anonymous}",
     {"{anonymous}": ("different", [], ["customer"])}),
    ("a cancellation missed", "update sales set cancelled = false where line_no = {cancelled}",
     {"{cancelled}": ("different", [], ["cancelled"])}),
    ("a cancellation counted as a sale", "update sales set qty = -qty where line_no = {cancelled2}",
     {"{cancelled2}": ("different", ["qty"], [])}),
    ("a title cut", "update sales set title = left(title, 10) where line_no = 4004",
     {4004: ("different", ["title"], [])}),
    ("NULL became empty", "update sales set title = '' where line_no = {untitled}",
     {"{untitled}": ("different", ["title"], [])}),
    ("white space", "update sales set land = land || ' ' where line_no = 5005",
     {5005: ("different", ["land"], [])}),
    ("lower case", "update sales set sku = lower(sku) where line_no = {lettered}",
     {"{lettered}": ("different", ["sku"], [])}),
    ("one hour off", "update sales set sold_at = sold_at + interval '1 hour' where line_no = 6006",
     {6006: ("different", ["sold_at"], [])}),
    ("a line lost", "delete from sales where line_no = 270000", {270000: ("missing_in_new", [], [])}),
    ("the first line lost", "delete from sales where line_no = 1", {1: ("missing_in_new", [], [])}),
    ("the last line lost", "delete from sales where line_no = 541909", {541909: ("missing_in_new", [], [])}),
    ("a line too many, above", "insert into sales select 600000, invoice_no, sku, title, qty, sold_at,"
     " price_thousandths, currency, customer_ref, cancelled, land from sales where line_no = 9",
     {600000: ("missing_in_old", [], [])}),
    ("a line too many, below", "insert into sales select -5, invoice_no, sku, title, qty, sold_at,"
     " price_thousandths, currency, customer_ref, cancelled, land from sales where line_no = 9",
     {-5: ("missing_in_old", [], [])}),
    ("two amounts swapped", "update sales s set qty = o.qty from sales o where (s.line_no, o.line_no) in"
     " (({few}, {many}), ({many}, {few}))",
     {"{few}": ("different", ["qty"], []), "{many}": ("different", ["qty"], [])}),
    ("the same change in two rows", "update sales set qty = qty + 1 where line_no in (7007, 7008)",
     {7007: ("different", ["qty"], []), 7008: ("different", ["qty"], [])}),
    ("a negative price made positive", "update sales set price_thousandths = -price_thousandths where line_no = {negative}",
     {"{negative}": ("different", [], ["price"])}),
]

SETTINGS = [(ONE, "join"), (ONE, "stream"), (TWO, "stream"), (TWO, "auto")]  # where the new side is, mode

PICKS = """select
    (select min(line) from invoice_lines where unit_price * 100 <> trunc(unit_price * 100) and unit_price > 0),
    (select min(line) from invoice_lines where customer_id is not null and line > 9000),
    (select min(line) from invoice_lines where customer_id is null and line > 9000),
    (select min(line) from invoice_lines where invoice like 'C%' and line > 9000),
    (select max(line) from invoice_lines where invoice like 'C%' and line < 500000),
    (select min(line) from invoice_lines where description is null),
    (select min(line) from invoice_lines where stock_code <> lower(stock_code) and line > 11000),
    (select min(line) from invoice_lines where quantity = 1 and line > 10000),
    (select min(line) from invoice_lines where quantity = 77 and line > 10000),
    (select min(line) from invoice_lines where unit_price < 0)"""
PICK_NAMES = ["thousandths", "customer", "anonymous", "cancelled", "cancelled2", "untitled", "lettered", "few", "many",
              "negative"]


def load(path):
    """The file as COPY's CSV, numbered, into the old table."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    with lzma.open(path, "rt", newline="") as f:
        for number, row in enumerate(csv.DictReader(f), 1):
            writer.writerow([number, row["InvoiceNo"], row["StockCode"], row["Description"] or None, row["Quantity"],
                             row["InvoiceDate"], row["UnitPrice"], row["CustomerID"].split(".")[0] or None,
                             row["Country"]])
    psql(ONE, "drop table if exists invoice_lines, sales; " + OLD)
    psql(ONE, "copy invoice_lines from stdin (format csv);\n" + lines.getvalue() + "\\.\n")
    psql(ONE, NEW + "; insert into sales " + MIGRATE.replace("%%", "%") + "; analyze")
    psql(TWO, "drop table if exists sales; " + NEW)
    psql(TWO, "copy sales from stdin;\n" + psql(ONE, "copy sales to stdout") + "\\.\n")
    psql(TWO, "analyze")


def check(new_url, mode):
    spec = json.loads(json.dumps(SPEC))
    spec["old"]["source"], spec["new"]["source"] = ONE, new_url
    return Check(spec, "--mode", mode)


def findings_of(result):
    return {f["key"][0]: (f["kind"], sorted(f.get("columns", [])), sorted(f.get("invariants", [])))
            for f in result["findings"]}


def test_intact(tally):
    for url, mode in SETTINGS:
        run = check(url, mode)
        right = run.status == 0 and run.result["rows"]["compared"] == 541909
        tally.note(f"intact, {mode} in {'one database' if url == ONE else 'two'}", [] if right else [f"exit {run.status}: {run.stderr}"])


def plant():
    """Breaks the data; what must then be found, by key."""
    picks = dict(zip(PICK_NAMES, psql(ONE, PICKS).strip().split("|")))
    planted = []
    for name, sql, expected in FAULTS:
        for url in (ONE, TWO):
            psql(url, sql.format(**picks))
        planted.append((name, {str(key).format(**picks): what for key, what in expected.items()}))
    return planted


def test_faults(tally, planted):
    wanted = {key: what for _, expected in planted for key, what in expected.items()}
    for url, mode in SETTINGS:
        run = check(url, mode)
        found = findings_of(run.result)
        for name, expected in planted:
            tally.note(f"{name}, {mode} in {'one database' if url == ONE else 'two'}", [f"{key}: wanted {what}, found {found.get(key)}"
                                           for key, what in expected.items() if found.get(key) != what])
        extra = {key: what for key, what in found.items() if key not in wanted}
        tally.note(f"nothing else, {mode} in {'one database' if url == ONE else 'two'}", [f"found {extra}"] if extra else [])
        counted = run.status == 1 and run.result["mismatched_rows"] == len(wanted)
        tally.note(f"counts, {mode} in {'one database' if url == ONE else 'two'}", [] if counted else [f"exit {run.status}, {run.result['mismatched_rows']} rows, {run.result['in_flight']} in flight: {run.result['reason']}; {run.result.get('error')}"])


def main():
    tally = Tally()
    load(sys.argv[1])
    facts = psql(ONE, "select sum(quantity), sum(quantity * unit_price) from invoice_lines").strip()
    tally.note("the data is what it was", [] if facts == "5176450|9747747.934" else [facts])
    test_intact(tally)
    test_faults(tally, plant())
    tally.finish()


if __name__ == "__main__":
    main()
