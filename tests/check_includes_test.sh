#!/bin/sh
# Plants includes that break the rule, and one that keeps it, and sees check_includes.cmake name each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0 failed=0

# wants FOLDER INCLUDE ANSWER: a file of src/FOLDER that includes INCLUDE
wants() {
    rm -rf "${tree:?}/src"
    for folder in base expr source spec check ledger repair gate report cmd; do
        mkdir -p "$tree/src/$folder"
        : >"$tree/src/$folder/x.h"
    done
    printf '#include "%s"\n' "$2" >"$tree/src/$1/y.c"
    said=$(TWOFOLD_INCLUDES_ROOT=$tree cmake -P "$here/check_includes.cmake" 2>&1) && answer=keeps || answer=breaks
    case $answer:$said in
    keeps:* | breaks:*"src/$1/y.c: #include \"$2\""*) ;;
    *) answer="breaks without a name" ;;
    esac
    if [ "$answer" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "src/$1 including $2: wanted $3, got $answer"
    fi
}

wants check spec/x.h keeps
wants check check/x.h keeps
wants cmd report/x.h keeps
wants base expr/x.h breaks
wants expr source/x.h breaks
wants source expr/x.h breaks
wants check ledger/x.h breaks
wants report gate/x.h keeps
wants ledger report/x.h breaks
wants repair ledger/x.h breaks
wants check x.h breaks
wants check ../base/x.h breaks
wants check base/missing.h breaks
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
