#!/bin/bash
# Everything that must pass, on a fresh Debian 12, as root or with sudo:
#     tests/run.sh               all parts
#     tests/run.sh unit live     some of them
# Installs what is missing, builds into build-*/, starts a private PostgreSQL, and ends with the sum of all parts:
# 'N passed, N failed'. Logs are in build-test/logs; those of failing steps are shown.
#     TWOFOLD_FUZZ_SECONDS=60    how long each fuzzer runs
#     CI=1                       a skipped test counts as failed
set -euo pipefail
cd "$(dirname "$0")/.."

all_parts='rules unit prove live cli faults threads fuzz package examples browser'
parts=${*:-$all_parts}
for part in $parts; do
    case " $all_parts " in
    *" $part "*) ;;
    *) echo "there is no part \"$part\": $all_parts" >&2 && exit 3 ;;
    esac
done
# wanted PART...: whether one of them was asked for
wanted() {
    local part
    for part in "$@"; do
        [[ " $parts " == *" $part "* ]] && return
    done
    return 1
}

logs=$PWD/build-test/logs
rm -rf "$logs"
mkdir -p "$logs"
scratch=$(mktemp -d /tmp/twofold-test.XXXXXX)
chmod 755 "$scratch"
finish() {
    trap - EXIT
    # shellcheck disable=SC2046
    kill $(jobs -p) 2>/dev/null || true
    tests/postgres.sh stop "$scratch/pg"
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- steps: each writes a log that ends in a tally; two run at a time, and fuzzers, which only count time, four

steps=() at_once=2

# step NAME COMMAND...: in the background
step() {
    local name=$1
    shift
    steps+=("$name")
    while [ "$(jobs -rp | wc -l)" -ge $at_once ]; do
        wait -n || true
    done
    (
        set +e
        SECONDS=0
        "$@" >"$logs/$name.log" 2>&1
        echo $? $SECONDS >"$logs/$name.status"
    ) &
}

barrier() { wait; }

# The sum of a log's tallies: passed failed skipped.
tally() {
    awk '/^[0-9]+ passed, [0-9]+ failed/ {passed += $1; failed += $3; if (/skipped/) skipped += $5; seen = 1}
         END {print passed + 0, failed + 0, skipped + 0, seen + 0}' "$1"
}

# --- builds

declare -A build_flags=(
    [test]="-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DTWOFOLD_SANITIZE=address,undefined -DTWOFOLD_TESTS=ON"
    [thread]="-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DTWOFOLD_SANITIZE=thread -DTWOFOLD_TESTS=ON"
    [clang]="-DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DCMAKE_C_COMPILER=clang -DTWOFOLD_TESTS=ON -DTWOFOLD_FUZZ=ON"
    [package]="-DCMAKE_INSTALL_PREFIX=/usr"
)

build() {
    # shellcheck disable=SC2086
    if cmake -S . -B "build-$1" -DTWOFOLD_DEVELOPER=ON ${build_flags[$1]} && cmake --build "build-$1" -j 2; then
        echo "1 passed, 0 failed"
    else
        echo "0 passed, 1 failed"
        return 1
    fi
}

# --- parts

# The private server's database NAME.
database() {
    echo "${server_url/\/postgres\?//$1?}"
}

# A database of its own for NAME, and a second one; then COMMAND with their URLs.
with_databases() {
    local name=$1
    shift
    psql -X -q -d "$server_url" -c "create database \"$name\"" -c "create database \"${name}_2\""
    TWOFOLD_TEST_URL=$(database "$name") TWOFOLD_TEST_URL_2=$(database "${name}_2") "$@"
}

# A program that passes says so: silence is a failure.
program() {
    local log status=0 failed seen
    log=$(mktemp "$scratch/log.XXXXXX")
    "$@" >"$log" 2>&1 || status=$?
    cat "$log"
    read -r _ failed _ seen <<<"$(tally "$log")"
    if [ "$seen" = 0 ] || { [ $status != 0 ] && [ "$failed" = 0 ]; }; then
        echo "0 passed, 1 failed: $1 ended with $status"
    fi
    return $status
}

# Scripts take the URL from the environment, programs as an argument, too.
program_with_url() {
    case $1 in
    *.py) program "$1" ;;
    *) program "$1" "$TWOFOLD_TEST_URL" ;;
    esac
}

# Every program of a folder; live ones have databases of their own.
programs() {
    local folder=$1 found=0 status=0 file
    for file in "$folder"/test_*; do
        [ -x "$file" ] || continue
        found=1
        echo "== $file"
        if [ "$(basename "$folder")" = live ]; then
            with_databases "$(basename "${file%.*}")_$2" program_with_url "$file" || status=1
        else
            program "$file" || status=1
        fi
    done
    [ $found = 1 ] || echo "0 passed, 0 failed, 1 skipped: no test in $folder"
    return $status
}

fuzzer() {
    local name corpus
    name=$(basename "$1")
    corpus=$scratch/$name
    mkdir -p "$corpus"
    if "$1" -max_total_time="${TWOFOLD_FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$logs/$name-" "$corpus" $(ls -d "tests/fuzz/${name#fuzz_}" 2>/dev/null); then
        echo "1 passed, 0 failed"
    else
        echo "0 passed, 1 failed: $name"
        return 1
    fi
}

# What injures threads: many ranges, both modes, two servers.
threads_faults() {
    TWOFOLD=$PWD/build-thread/twofold with_databases threads \
        tests/faults/run.py 'trap_18*' 'trap_17*' 'trap_04_e*' 'trap_02*'
}

# Pages in a browser; photographs of them stay in build-test/artefacts.
browser() {
    npm ci --prefix tests/browser --no-audit --no-fund --ignore-scripts &&
        TWOFOLD_ARTEFACTS=$PWD/build-test/artefacts program tests/browser/run.py
}

prove() {
    "$TWOFOLD" prove invariants/*.yaml
}

tests/install.sh build server sqlite test
if wanted browser; then tests/install.sh browser; fi

SECONDS=0
if wanted unit prove live cli faults browser; then step build_test build test; barrier; fi
if wanted threads; then step build_thread build thread; barrier; fi
if wanted fuzz; then step build_clang build clang; barrier; fi
if wanted package; then step build_package build package; barrier; fi

export TWOFOLD=$PWD/build-test/twofold
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.suppressions:print_suppressions=0
export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
server_url=
wanted unit && step unit programs build-test/tests/unit unit
wanted rules && step includes cmake -P tests/check_includes.cmake
wanted rules && step includes_refused tests/check_includes_test.sh
wanted rules && step headers tests/check_headers.sh gcc
wanted prove && step prove prove
wanted package && step symbols tests/check_symbols.sh build-package/twofold build-package/libtwofold.so
wanted package && step package tests/check_package.sh build-package
barrier

if wanted live cli faults threads browser; then server_url=$(tests/postgres.sh start "$scratch/pg"); fi
wanted live && step live_c programs build-test/tests/live asan
if wanted live; then
    for script in tests/live/test_*.py; do
        name=$(basename "$script" .py)
        step "${name/test_/live_}" with_databases "$name" program_with_url "$script"
    done
fi
wanted cli && step cli with_databases cli tests/cli/run.py
wanted browser && step browser with_databases browser browser
wanted faults && step faults with_databases faults tests/faults/run.py
wanted threads && step threads_unit programs build-thread/tests/unit tsan
wanted threads && step threads_live programs build-thread/tests/live tsan
wanted threads && step threads_faults threads_faults
if wanted fuzz; then
    barrier
    at_once=4
    for fuzzer in build-clang/tests/fuzz/fuzz_*; do
        [ -x "$fuzzer" ] && step "$(basename "$fuzzer")" fuzzer "$fuzzer"
    done
fi
wanted examples && step examples examples/run.sh
barrier

# --- the sum

passed=0 failed=0 skipped=0
for name in "${steps[@]}"; do
    read -r status seconds <"$logs/$name.status"
    read -r p f s seen <<<"$(tally "$logs/$name.log")"
    if [ "$seen" = 0 ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; }; then
        f=$((f + 1)) # it ended without a tally, or badly with a good one
    fi
    printf '%-18s %5d passed %3d failed %3d skipped %4d s\n' "$name" "$p" "$f" "$s" "$seconds"
    if [ "$f" != 0 ]; then
        tail -n 60 "$logs/$name.log" | sed 's/^/    /'
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ -n "${CI:-}" ] && [ $skipped != 0 ]; then
    grep -hE 'skipped' "$logs"/*.log || true
    failed=$((failed + skipped)) skipped=0
fi
echo "$SECONDS s; $skipped skipped; logs in $logs"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
