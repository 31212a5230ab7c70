#!/bin/sh
# A private PostgreSQL in a folder of its own, reached through a socket in that folder and nowhere else.
#     url=$(tests/postgres.sh start DIR)      DIR is made, or must be empty; prints a connection URL
#     tests/postgres.sh start DIR "port = 5439"     further lines of postgresql.conf
#     tests/postgres.sh standby DIR PRIMARY_DIR [SETTING...]    a copy of that server that streams from it
#     tests/postgres.sh restart DIR           as after a crash
#     tests/postgres.sh stop DIR              stops it and removes DIR; does nothing where there is no such server
# TWOFOLD_POSTGRES_BINARIES: where initdb and pg_ctl are, where it is not to be the newest of the system.
# For tests only: nothing is synced to disk, and everybody who can open the socket is a superuser.
set -eu

# As root the server runs under an account without rights, since it refuses to run as root.
as_server() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    elif id postgres >/dev/null 2>&1; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && runuser -u nobody -- "$@")
    fi
}

binaries() {
    newest_first=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn)
    for folder in ${TWOFOLD_POSTGRES_BINARIES:-} $newest_first $(pg_config --bindir 2>/dev/null); do
        if [ -x "$folder/initdb" ]; then
            echo "$folder"
            return
        fi
    done
    echo "could not find initdb: is the package \"postgresql\" installed?" >&2
    return 1
}

# The empty folder DIR, the server's own.
prepare() {
    mkdir -p "$1"
    if [ -n "$(ls -A "$1")" ]; then
        echo "could not start a server in \"$1\": the folder is not empty" >&2
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        chown "$(as_server id -u)" "$1"
    fi
}

# Starts what lies in DIR with these settings; prints its URL.
launch() {
    dir=$1
    shift
    as_server tee -a "$dir/data/postgresql.conf" >/dev/null <<END
unix_socket_directories = '$dir'
$(printf '%s\n' "$@")
END
    as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >"$dir/start.log" 2>&1 ||
        { cat "$dir/start.log" "$dir/server.log" >&2; return 1; }
    echo "postgresql://postgres@/postgres?host=$dir"
}

start() {
    dir=$1 bin=$(binaries)
    shift
    prepare "$dir"
    as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 --no-sync \
        --no-instructions >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; return 1; }
    launch "$dir" "listen_addresses = ''" "max_connections = 100" "fsync = off" "synchronous_commit = off" \
        "full_page_writes = off" "max_wal_size = 4GB" "shared_buffers = 256MB" "$@"
}

standby() {
    dir=$1 primary=$2 bin=$(binaries)
    shift 2
    prepare "$dir"
    port=$(as_server sed -n 4p "$primary/data/postmaster.pid")
    as_server "$bin/pg_basebackup" -h "$primary" -p "$port" -U postgres -D "$dir/data" -R -c fast --no-sync \
        >"$dir/basebackup.log" 2>&1 || { cat "$dir/basebackup.log" >&2; return 1; }
    launch "$dir" "$@"
}

stop() {
    dir=$1
    [ -f "$dir/data/PG_VERSION" ] || return 0
    if [ -f "$dir/data/postmaster.pid" ]; then
        as_server "$(binaries)/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$dir"
}

restart() {
    as_server "$(binaries)/pg_ctl" -D "$1/data" -l "$1/server.log" -m immediate -w -t 60 restart >/dev/null
}

case ${1:-}:${2:-} in
start:/*) shift && start "$@" ;;
standby:/*) shift && standby "$@" ;;
restart:/*) restart "$2" ;;
stop:/*) stop "$2" ;;
*)
    echo "usage: postgres.sh start|standby|restart|stop /ABSOLUTE/DIR" >&2
    exit 3
    ;;
esac
