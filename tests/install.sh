#!/bin/sh
# tests/install.sh GROUP...: installs what is missing of the groups of packages.txt; calls apt only when something is.
# A package written as PACKAGE=COMMAND is not wanted where the command is there already, wherever it came from.
set -eu
list=$(dirname "$0")/packages.txt
if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system: install by hand what $list names" >&2
    exit 0
fi

missing=
for group in "$@"; do
    for package in $(sed 's/#.*//' "$list" | awk -v group="$group" '$1 == group {print $2}'); do
        case $package in
        *=*) ! command -v "${package#*=}" >/dev/null || continue ;;
        esac
        package=${package%%=*}
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *" installed") ;;
        *) missing="$missing $package" ;;
        esac
    done
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing:$missing" >&2
$sudo apt-get update -q >&2
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
