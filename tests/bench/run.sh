#!/bin/bash
# Speed, as ratios against a reference in the same alternating run:
#     tests/bench/run.sh [ROWS=5000000] [ROUNDS=3]      each mode: clean, few, many and only differences (about 10 minutes)
#     tests/bench/run.sh shapes [ROWS] [ROUNDS]         wide and awkward tables, against draining them
#     tests/bench/run.sh memory [ROWS=50000000]         peak memory; wants 25 GB of disk at 50 million rows
#     tests/bench/run.sh costs [ROWS=1000000]           processor time of a row in digest and stream, by shape
#     tests/bench/run.sh evaluator                      nanoseconds a row and rule; needs no server
#     tests/bench/run.sh planning                       a table with a thousand million rows, by its statistics
# Builds into build-bench, starts a private PostgreSQL, prints a table. Nothing is asserted: machines are noisy.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=table
case "${1:-}" in
table | shapes | costs | memory | evaluator | planning)
    what=$1
    shift
    ;;
esac
rows=5000000
[ "$what" != memory ] || rows=50000000
[ "$what" != costs ] || rows=1000000
tests/install.sh build server >&2
cmake -S . -B build-bench -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
cmake --build build-bench -j 2 >/dev/null
if [ "$what" = evaluator ]; then
    cmake --build build-bench --target bench_evaluate >/dev/null
    exec build-bench/evaluate "$@"
fi
# shellcheck disable=SC2046
cc -O2 -o build-bench/drain tests/bench/drain.c $(pkg-config --cflags --libs libpq) -lpthread
scratch=$(mktemp -d "${TMPDIR:-/tmp}/twofold-bench.XXXXXX")
chmod 755 "$scratch"
trap 'tests/postgres.sh stop "$scratch/pg"; rm -rf "$scratch"' EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# As its manual advises for a machine that is a server's own: a quarter of the memory.
buffers=$(awk '/^MemTotal:/ { printf "%dMB", $2 / 4096 }' /proc/meminfo)
url=$(tests/postgres.sh start "$scratch/pg" "listen_addresses = '127.0.0.1'" "port = $port" "shared_buffers = $buffers" \
    "max_wal_size = 8GB")
url="$url&port=$port"
psql -X -q -d "$url" -c 'create database bench' -c 'create database bench_2'
python3 tests/bench/bench.py "$scratch" "${url/\/postgres\?//bench?}" "${url/\/postgres\?//bench_2?}" "$what" \
    "${1:-$rows}" "${2:-3}"
