#!/usr/bin/env python3
"""What `auto` makes of the link and of the width of rows, between two databases.

The link is the tests' own socket, or a proxy before it that takes its time with every byte. Machines differ, so that
what is asserted is what was measured: the figures of the link, and a choice that follows from the figures shown.

    tests/live/test_link.py
"""

import os
import re
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness
from proxy import Between

BYTES_A_SECOND = 400_000
DELAY_S = 0.01
MINE = "create table {name} (id bigint primary key, {columns}); insert into {name} select {values}" \
       " from generate_series(1, {rows}) g; vacuum analyze {name};"
UNITS = {"bytes/s": 1, "kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9}
LINK = re.compile(r"rows of (\d+) bytes over ([\d.]+) ([kMG]?B/s|bytes/s) \(([\d.e+-]+) ms\)")
DIGESTS = re.compile(r"digests (?:would )?take (?:about )?([\d.]+) us")
ROWS = re.compile(r"ms\) (?:would take|take about) ([\d.]+) us")


class SlowLink(Between):
    """A link that carries few bytes, late."""

    def listen(self):
        listener = socket.create_server(("127.0.0.1", 0))  # a link, so that it may be asked for its speed
        parts = urllib.parse.urlsplit(self.url)
        self.url = f"{parts.scheme}://{parts.username}@127.0.0.1:{listener.getsockname()[1]}{parts.path}?sslmode=disable"
        return listener

    def questions(self, connection):
        while piece := connection.client.recv(4096):
            time.sleep(DELAY_S / 2)
            connection.server.sendall(piece)

    def answers(self, connection):
        while piece := connection.server.recv(4096):
            time.sleep(DELAY_S / 2 + len(piece) / BYTES_A_SECOND)
            connection.client.sendall(piece)


def make(name, columns, values, rows):
    for url in (harness.URL, harness.URL_2):
        harness.psql(url, MINE.format(name=name, columns=columns, values=values, rows=rows))


def planned(name, new_url=harness.URL_2, **more):
    """The mode and the reason that a check of an empty difference gives."""
    spec = {"check": "link", "old": {"source": harness.URL, "table": name}, "new": {"source": new_url, "table": name}, **more}
    run = harness.Check(spec, "--workers", "1")
    if run.result is None or run.result["verdict"] != "consistent":
        raise RuntimeError(f"{name}: {run.result} {run.stderr}")
    return run.result["mode"], run.result["mode_reason"]


def figures(reason):
    """Bytes of a row, bytes a second, milliseconds, microseconds of a row and of its digests."""
    link, digests, rows = LINK.search(reason), DIGESTS.search(reason), ROWS.search(reason)
    if not link or not digests or not rows:
        raise RuntimeError(f"no figures: {reason}")
    return (int(link.group(1)), float(link.group(2)) * UNITS[link.group(3)], float(link.group(4)),
            float(rows.group(1)), float(digests.group(1)))


def near():
    """The choice follows from the figures, and the width is that of what is compared."""
    wrong = []
    for name, narrow, wide in (("ints", 800, 820), ("long", 3000, 6000), ("toasted", 20, 60)):
        more = {"equal": ["c"]} if name == "toasted" else {}
        mode, reason = planned("long" if name == "toasted" else name, **more)
        row_bytes, _, _, rows_us, digests_us = figures(reason)
        if not narrow <= row_bytes <= wide:
            wrong.append(f"{name}: rows are not of {narrow} to {wide} bytes: {reason}")
        if abs(rows_us / digests_us - 0.9) > 0.05 and mode != ("stream" if rows_us < 0.9 * digests_us else "digest"):
            wrong.append(f"{name}: {mode}, although {reason}")
    return wrong


def far():
    with SlowLink(harness.URL_2) as slow:
        mode, reason = planned("ints", slow.url)
    _, speed, round_trip_ms, rows_us, _ = figures(reason)
    wrong = [] if mode == "digest" else [f"{mode}: {reason}"]
    if not 0.2 * BYTES_A_SECOND < speed < 1.1 * BYTES_A_SECOND:
        wrong.append(f"not {BYTES_A_SECOND} bytes a second: {reason}")
    if not DELAY_S * 1000 <= round_trip_ms < 10 * DELAY_S * 1000:
        wrong.append(f"not {DELAY_S * 1000} ms: {reason}")
    if rows_us < 811 * 1e6 / BYTES_A_SECOND:
        wrong.append(f"rows come faster than bytes do: {reason}")
    return wrong


def asked_for():
    """Nothing is measured where nothing is chosen."""
    spec = {"check": "link", "old": {"source": harness.URL, "table": "ints"}, "new": {"source": harness.URL_2, "table": "ints"}}
    run = harness.Check(spec, "--mode", "stream")
    return [] if run.result["mode_reason"] == "asked for" else [run.result["mode_reason"]]


def main():
    make("ints", ", ".join(f"c{i} int not null" for i in range(99)), "g, " + ", ".join(f"g % {i + 2}" for i in range(99)), 500)
    make("long", "c int, t text", "g, g, (select string_agg(md5((g + i)::text), '') from generate_series(1, 128) i)", 200)
    tally = harness.Tally()
    for test in (near, far, asked_for):
        tally.note(test.__name__, test())
    tally.finish()


if __name__ == "__main__":
    main()
