#!/bin/sh
# check_package.sh BUILD: makes the Debian package of a build with prefix /usr, looks at what it needs and holds,
# and installs the same build into a folder to compile a program against it.
set -eu
build=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check WHAT COMMAND...
check() {
    what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $what"
        sed 's/^/    /' "$scratch/said"
    fi
}

check "cpack" cpack --config "$build/CPackConfig.cmake" -B "$scratch/package"
deb=$(ls "$scratch"/package/*.deb)
dpkg-deb -f "$deb" Depends >"$scratch/depends"
dpkg-deb -c "$deb" | awk '{print $6}' >"$scratch/contents"
dpkg-deb -f "$deb"

for library in libc6 libpq5 libxxhash0 libfyaml0 libsqlite3-0 libgmp10 libssl3; do
    check "depends on $library" grep -q "\\b$library\\b" "$scratch/depends"
done
check "is called twofold" [ "$(dpkg-deb -f "$deb" Package)" = twofold ]
triplet=$(gcc -print-multiarch)
for file in bin/twofold "lib/$triplet/libtwofold.so.0" "lib/$triplet/libtwofold.so" \
    "lib/$triplet/pkgconfig/twofold.pc" include/twofold/error.h share/man/man1/twofold.1 \
    share/bash-completion/completions/twofold \
    share/zsh/vendor-completions/_twofold share/fish/vendor_completions.d/twofold.fish \
    share/twofold/invariants/money.yaml share/doc/twofold/copyright; do
    check "holds /usr/$file" grep -qx "\\./usr/$file" "$scratch/contents"
done
check "holds nothing outside /usr" sh -c "! grep -vE '^\\./(usr/.*)?$' '$scratch/contents'"

dpkg-deb -x "$deb" "$scratch/root"
check "the program runs" "$scratch/root/usr/bin/twofold" --version
check "the program finds its invariants where it was unpacked" \
    env -u TWOFOLD_INVARIANTS "$scratch/root/usr/bin/twofold" prove
check "the program knows its invariants' folder" grep -q /usr/share/twofold/invariants "$scratch/root/usr/bin/twofold"

# A page for each command, and each page as man and apropos want it.
man=$scratch/root/usr/share/man
for command in $("$scratch/root/usr/bin/twofold" --help | sed -n 's/^  twofold \([a-z-]*\) .*/\1/p'); do
    check "twofold-$command(1) is there" test -f "$man/man1/twofold-$command.1"
done
for page in "$man"/man1/twofold*.1 "$man"/man5/twofold-spec.5; do
    name=$(basename "$page")
    check "$name has no warning" sh -c "man --warnings -E UTF-8 -l '$page' 2>&1 >/dev/null | (! grep .)"
    check "$name has a name and a sentence for apropos" sh -c "lexgrog '$page' | grep -q '\"${name%.*} - [a-z]'"
done
check "the bash completion parses" bash -n "$scratch/root/usr/share/bash-completion/completions/twofold"

flags=$(PKG_CONFIG_SYSROOT_DIR=$scratch/root PKG_CONFIG_PATH=$scratch/root/usr/lib/$triplet/pkgconfig \
    PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs twofold)
# shellcheck disable=SC2086
check "a program links with it" gcc -std=c17 -Wall -Wextra -Wpedantic -Werror \
    "$(dirname "$0")/../examples/embed.c" -o "$scratch/embed" $flags
sqlite3 "$scratch/shop.db" 'create table a (id integer primary key, n integer); insert into a values (1, 10), (2, 20);
    create table b (id integer primary key, n integer); insert into b values (1, 10), (2, 21)'
echo "{check: embedded, old: {source: 'sqlite:$scratch/shop.db', table: a}, new: {table: b}}" >"$scratch/spec.yaml"
check "a linked program finds the row that disagrees" sh -c \
    "[ \"\$(LD_LIBRARY_PATH='$scratch/root/usr/lib/$triplet' '$scratch/embed' '$scratch/spec.yaml'; echo \$?)\" = '2
inconsistent: 1 row disagrees
1' ]"
# shellcheck disable=SC2086
check "a program that repairs links with it" gcc -std=c17 -Wall -Wextra -Wpedantic -Werror \
    "$(dirname "$0")/../examples/read_repair.c" -o "$scratch/read_repair" $flags
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
