#!/bin/sh
# The main job on a fresh machine, in one command: installs what is missing, builds, starts a private PostgreSQL in a
# temporary folder, loads 200,000 orders that are written twice, checks them, and cleans up.
# Ends with 0 where the check found the five planted faults (quickstart/setup.sql) and nothing else.
set -eu
cd "$(dirname "$0")/.."

tests/install.sh build server
mkdir -p build
if ! { cmake -S . -B build && cmake --build build -j "$(nproc)"; } >build/quickstart.log 2>&1; then
    cat build/quickstart.log
    exit 1
fi

scratch=$(mktemp -d /tmp/twofold-quickstart.XXXXXX)
trap 'tests/postgres.sh stop "$scratch/pg"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$scratch"
QUICKSTART_URL=$(tests/postgres.sh start "$scratch/pg")
export QUICKSTART_URL
psql -X -q -v ON_ERROR_STOP=1 -d "$QUICKSTART_URL" -f examples/quickstart/setup.sql

echo '$ twofold check examples/quickstart/spec.yaml'
status=0
build/twofold check examples/quickstart/spec.yaml --findings "$scratch/findings" \
    --ledger "sqlite:$scratch/ledger.db" || status=$?
echo "exit status $status"

sed -E 's/.*"kind": ?"([a-z_]+)".*"key": ?\["([^"]*)"\].*/\1 \2/' "$scratch/findings" | sort >"$scratch/found"
if [ $status = 1 ] && sort examples/quickstart/expected | diff - "$scratch/found" >"$scratch/diff"; then
    echo "All five planted faults were found, and nothing else."
else
    echo "The findings are not the planted faults (<: planted, >: found):" >&2
    cat "$scratch/diff" >&2
    exit 1
fi
