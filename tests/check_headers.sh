#!/bin/sh
# check_headers.sh [CC]: every header compiles alone; the public ones in strict C and in C++ too.
set -eu
cd "$(dirname "$0")/.."
cc=${1:-cc}
includes=$(pkg-config --cflags libpq libxxhash libbson-1.0 libfyaml sqlite3 gmp)
passed=0 failed=0

# compiles HEADER COMPILER FLAG...
compiles() {
    header=$1
    shift
    # twice, so that a missing guard shows
    if printf '#include "%s"\n#include "%s"\nextern int header_stands_alone;\n' "$header" "$header" |
        "$@" $includes -Wall -Wextra -Werror -fsyntax-only -; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$header does not stand alone: $*"
    fi
}

for header in src/*/*.h; do
    compiles "${header#src/}" "$cc" -xc -std=c17 -D_GNU_SOURCE -Wno-unused-function -Iinclude -Isrc
done
for header in include/twofold/*.h; do
    compiles "${header#include/}" "$cc" -xc -std=c99 -pedantic -Iinclude
    if command -v g++ >/dev/null; then
        compiles "${header#include/}" g++ -xc++ -std=c++11 -pedantic -Iinclude
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
