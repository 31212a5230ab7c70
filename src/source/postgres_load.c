#include "source/postgres_load.h"

#include <stdlib.h>

/* A standby tells its own lag to anybody; whoever else is there, and replicas, only to some. */
static const char RIGHTS_SQL[] = "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),"
                                 " pg_catalog.pg_is_in_recovery()";

/* $1: this program's own name. A pooler's idle server connections have no transaction and no name of ours. */
static const char SESSIONS_SQL[] =
    "SELECT count(*) FILTER (WHERE state IN ('active', 'fastpath function call')),"
    " coalesce(max(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - xact_start)) * 1000000, 0)"
    "::pg_catalog.int8"
    " FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()"
    " AND application_name <> $1"
    " AND pg_catalog.left(application_name, pg_catalog.length($1) + 1) <> $1 || ' '";

/* Logical subscribers are no copies of this server. Those that do not replay (a base backup, an archive) have no
 * replay_lsn. */
static const char REPLICAS_SQL[] =
    "SELECT pg_catalog.pg_wal_lsn_diff(here.lsn, '0/0')::pg_catalog.int8,"
    " pg_catalog.pg_wal_lsn_diff(coalesce(min(r.replay_lsn), here.lsn), '0/0')::pg_catalog.int8,"
    " (coalesce(max(pg_catalog.date_part('epoch', r.replay_lag)), 0) * 1000000)::pg_catalog.int8"
    " FROM (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
    "  ELSE pg_catalog.pg_current_wal_lsn() END AS lsn) here"
    " LEFT JOIN pg_catalog.pg_stat_replication r ON r.replay_lsn IS NOT NULL AND NOT EXISTS"
    "  (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')"
    " GROUP BY here.lsn";

/* A standby that has replayed all it received is up to date only while somebody sends. */
static const char STANDBY_SQL[] =
    "SELECT (pg_catalog.date_part('epoch', CASE"
    " WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()"
    "  AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN interval '0'"
    " ELSE pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp() END) * 1000000)::pg_catalog.int8";

static const char DOING[] = "see how busy the server is";

static int64_t number_at(const PGresult *row, int field) {
    return PQgetisnull(row, 0, field) ? -1 : strtoll(PQgetvalue(row, 0, field), NULL, 10);
}

static bool sessions_read(PgSession *session, SourceLoad *load, Err *err) {
    PGresult *row;
    const char *own_name = session->application;
    if (!pg_session_ask(session, SESSIONS_SQL, &own_name, 1, DOING, &row, err)) {
        return false;
    }
    load->active_sessions = number_at(row, 0);
    load->oldest_transaction_us = number_at(row, 1);
    PQclear(row);
    return true;
}

static bool replicas_read(PgSession *session, SourceLoad *load, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, REPLICAS_SQL, NULL, 0, DOING, &row, err)) {
        return false;
    }
    load->position = number_at(row, 0);
    load->slowest_position = number_at(row, 1);
    load->replica_lag_us = number_at(row, 2);
    PQclear(row);
    return true;
}

static bool own_lag_read(PgSession *session, SourceLoad *load, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, STANDBY_SQL, NULL, 0, DOING, &row, err)) {
        return false;
    }
    int64_t lag_us = number_at(row, 0);
    load->replica_lag_us = lag_us > load->replica_lag_us ? lag_us : load->replica_lag_us;
    PQclear(row);
    return true;
}

static bool refuse_hidden(Err *err) {
    err_set(err, TF_ERROR_DENIED, "cannot %s: this role may not see other sessions", DOING);
    return err_hint(err, "GRANT pg_read_all_stats (or pg_monitor) to this role, or take the limits out of the spec.");
}

static bool load_read(PgSession *session, unsigned parts, SourceLoad *load, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, RIGHTS_SQL, NULL, 0, DOING, &row, err)) {
        return false;
    }
    bool sees = PQgetvalue(row, 0, 0)[0] == 't';
    bool standby = PQgetvalue(row, 0, 1)[0] == 't';
    PQclear(row);
    if (!sees && ((parts & LOAD_SESSIONS) != 0 || !standby)) {
        return refuse_hidden(err);
    }
    bool replicas = (parts & LOAD_REPLICAS) != 0;
    return ((parts & LOAD_SESSIONS) == 0 || sessions_read(session, load, err)) &&
           (!replicas || !sees || replicas_read(session, load, err)) &&
           (!replicas || !standby || own_lag_read(session, load, err));
}

bool pg_load(PgSession *session, unsigned parts, SourceLoad *out, Err *err) {
    SourceLoad load = {-1, -1, -1, -1, -1};
    Err ignored;
    bool good = pg_session_begin(session, NULL, err) && load_read(session, parts, &load, err);
    good = pg_session_end(session, good ? err : &ignored) && good;
    if (good) {
        *out = load;
    }
    return good;
}
