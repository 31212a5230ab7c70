#!/bin/sh
# Runs every example: each ends with 0 where it did what it says. The second quickstart must take less than ten seconds.
set -eu
cd "$(dirname "$0")/.."
passed=0 failed=0

# example WHAT COMMAND...
example() {
    what=$1
    shift
    echo "== $what"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $what"
    fi
}

unset TWOFOLD
example quickstart examples/quickstart.sh
example "quickstart again, within ten seconds" timeout 10 examples/quickstart.sh
example sqlite examples/sqlite.sh
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
