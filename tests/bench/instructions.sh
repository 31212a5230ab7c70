#!/bin/bash
# Client instructions a row in `stream`, by callgrind: the same on a busy machine.
#     TWOFOLD_TEST_URL=... tests/bench/instructions.sh [PROGRAM=build-bench/twofold]
# Two runs of different size on the bench's table (id, customer, amount, status, time, note), one worker; what they
# differ by, divided by the rows that were read on both sides. The program should be optimised: CMAKE_BUILD_TYPE=RelWithDebInfo.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build-bench/twofold}
url=${TWOFOLD_TEST_URL:?a database of its own}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/twofold-instructions.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
few=10000
many=30000

psql -X -q -v ON_ERROR_STOP=1 -d "$url" <<SQL
set client_min_messages = warning;
drop table if exists instructions_old, instructions_new;
create table instructions_old as select g::bigint id, (g::bigint * 7919 % 100003)::int customer,
    ((g % 1000000)::numeric / 100)::numeric(12,2) amount, (array['new', 'paid', 'sent', 'done'])[g % 4 + 1] status,
    timestamptz '2025-01-01' + g * interval '1 second' created_at,
    case when g % 10 = 0 then null else 'note of order ' || g end note from generate_series(1, $many) g;
create table instructions_new as select * from instructions_old;
alter table instructions_old add primary key (id);
alter table instructions_new add primary key (id);
analyze instructions_old, instructions_new;
SQL

# count ROWS: the instructions of a check of so many rows a side
count() {
    cat >"$scratch/spec.yaml" <<YAML
check: instructions
old: {source: "$url", table: instructions_old, where: "id <= $1"}
new: {source: "$url", table: instructions_new, where: "id <= $1"}
YAML
    valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind.out" "$program" check "$scratch/spec.yaml" \
        --mode stream --workers 1 --progress never --ledger "sqlite:$scratch/ledger.db" >"$scratch/out" 2>"$scratch/err" ||
        { cat "$scratch/out" "$scratch/err" >&2; return 1; }
    sed -n 's/.*Collected : //p' "$scratch/err"
    rm -f "$scratch/ledger.db"
}

low=$(count $few)
high=$(count $many)
echo $(((high - low) / (2 * (many - few))))
