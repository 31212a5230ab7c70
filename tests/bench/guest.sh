#!/bin/bash
# What a check costs the application beside it:
#     tests/bench/guest.sh [SECONDS=15] [ROUNDS=3]
# Builds into build-bench, starts a private PostgreSQL, prints a table. Nothing is asserted: machines are noisy.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/install.sh build server >&2
cmake -S . -B build-bench -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
cmake --build build-bench -j 2 >/dev/null
scratch=$(mktemp -d /tmp/twofold-bench.XXXXXX)
chmod 755 "$scratch"
trap 'tests/postgres.sh stop "$scratch/pg"; rm -rf "$scratch"' EXIT
url=$(tests/postgres.sh start "$scratch/pg")
psql -X -q -d "$url" -c 'create database bench'
PATH=$PATH:$(pg_config --bindir)
python3 tests/bench/guest.py build-bench/twofold "${url/\/postgres\?//bench?}" "${1:-15}" "${2:-3}"
