#!/bin/sh
# check_symbols.sh PROGRAM LIBRARY: the program shows main at most, the library nothing but tf_*.
set -eu
passed=0 failed=0

# shows FILE PATTERN: no other defined dynamic symbol. Copies of the C library's data carry its version: stdout@GLIBC.
shows() {
    others=$(nm -D --defined-only "$1" | awk '{print $NF}' | grep -v '@' | grep -vxE "$2" || true)
    if [ -z "$others" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1 shows more than $2:" $others
    fi
}

shows "$1" 'main'
shows "$2" 'tf_[a-z0-9_]+'

# what the public headers declare is there to be linked with
declared=$(cat "$(dirname "$0")"/../include/twofold/*.h | grep -oE '\btf_[a-z0-9_]+\(' | tr -d '(' | sort -u)
defined=$(nm -D --defined-only "$2" | awk '{print $NF}')
for name in $declared; do
    if printf '%s\n' "$defined" | grep -qx "$name"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$2 lacks $name"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
