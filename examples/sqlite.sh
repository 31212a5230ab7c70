#!/bin/sh
# A check without any server: two SQLite files. Needs build/twofold and sqlite3.
# Ends with 0 where the check found the planted faults (sqlite/setup.sql) and nothing else.
set -eu
cd "$(dirname "$0")/.."
twofold=$(realpath "${TWOFOLD:-build/twofold}")
here=$PWD/examples/sqlite
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
sqlite3 :memory: <"$here/setup.sql"
cp "$here/spec.yaml" .

echo '$ twofold check spec.yaml'
status=0
"$twofold" check spec.yaml --findings findings --ledger sqlite:ledger.db || status=$?
echo "exit status $status"

sed -E 's/.*"kind": ?"([a-z_]+)".*"key": ?\["([^"]*)"\].*/\1 \2/' findings | sort >found
if [ $status = 1 ] && sort "$here/expected" | diff - found; then
    echo "All planted faults were found, and nothing else."
else
    echo "The findings are not the planted faults (<: planted, >: found)." >&2
    exit 1
fi
