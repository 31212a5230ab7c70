#include "source/postgres_position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OID_TIMESTAMPTZ = 1184 };

/* ---- which database ---------------------------------------------------------------------------------------- */

bool pg_identity(PgSession *session, Arena *arena, const char **out, Err *err) {
    static const char SYSTEM_SQL[] = "SELECT system_identifier FROM pg_catalog.pg_control_system()";
    static const char NAME_SQL[] = "SELECT pg_catalog.current_database()", DOING[] = "learn which database it is";
    PGresult *name, *system = NULL;
    const char *unknown;
    if (!pg_session_ask(session, NAME_SQL, NULL, 0, DOING, &name, err)) {
        return false;
    }
    bool good = pg_session_ask_softly(session, SYSTEM_SQL, NULL, 0, DOING, arena, &system, &unknown, err);
    if (good) {
        *out = arena_printf(arena, "%s@%s", PQgetvalue(name, 0, 0), unknown == NULL ? PQgetvalue(system, 0, 0) : "");
    }
    PQclear(system);
    PQclear(name);
    return good;
}

/* ---- a primary's position ---------------------------------------------------------------------------------- */

static const char POSITION_SQL[] =
    "SELECT s.system_identifier, pg_catalog.pg_is_in_recovery(),"
    " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_insert_lsn() END,"
    " CASE WHEN NOT pg_catalog.pg_is_in_recovery()"
    "  THEN pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END,"
    " (pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8,"
    " pg_catalog.current_setting('wal_block_size'),"
    " pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))"
    " FROM pg_catalog.pg_control_system() s";

enum {
    POSITION_SYSTEM,
    POSITION_STANDBY,
    POSITION_LSN,
    POSITION_LINE,
    POSITION_STARTED,
    POSITION_BLOCK,
    POSITION_SEGMENT
};

/* Where the last record ends: right behind a page's header nothing has been written yet, and the end of the record
 * before it, which is all that a standby can replay, is the page's first byte. */
static const char *records_end(Arena *arena, const PGresult *row) {
    enum { PAGE_HEADER = 24, SEGMENT_HEADER = 40 };
    unsigned high = 0, low = 0;
    const char *lsn = PQgetvalue(row, 0, POSITION_LSN);
    unsigned block = (unsigned)strtoul(PQgetvalue(row, 0, POSITION_BLOCK), NULL, 10);
    unsigned segment = (unsigned)strtoul(PQgetvalue(row, 0, POSITION_SEGMENT), NULL, 10);
    if (sscanf(lsn, "%8X/%8X", &high, &low) == 2 && block > 0 && segment > 0) {
        low -= low % segment == SEGMENT_HEADER ? SEGMENT_HEADER : low % block == PAGE_HEADER ? PAGE_HEADER : 0;
    }
    return arena_printf(arena, "%X/%X", high, low);
}

/* A timeline as a number: file names spell it in hexadecimal. */
static unsigned long line_number(const char *hex) {
    return strtoul(hex, NULL, 16);
}

bool pg_position(PgSession *session, Arena *arena, SourcePosition *out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, POSITION_SQL, NULL, 0, "take the primary's position", &row, err)) {
        return false;
    }
    bool primary = PQgetvalue(row, 0, POSITION_STANDBY)[0] != 't';
    if (primary) {
        *out = (SourcePosition){
            .shown = records_end(arena, row),
            .history =
                arena_printf(arena, "%s %lu %s", PQgetvalue(row, 0, POSITION_SYSTEM),
                             line_number(PQgetvalue(row, 0, POSITION_LINE)), PQgetvalue(row, 0, POSITION_STARTED)),
        };
    } else {
        err_set(err, TF_ERROR_USAGE, "cannot take the primary's position: %s is a standby itself", session->info.place);
        err_hint(err, "as_of names the primary that the standby follows.");
    }
    PQclear(row);
    return primary;
}

/* ---- what a standby has replayed ----------------------------------------------------------------------------- */

/* The last checkpoint, the point of recovery and the receiver each know a timeline, and each may be late; a timeline
 * is never left for a lower one. */
static const char REACHED_SQL[] =
    "SELECT s.system_identifier, pg_catalog.pg_is_in_recovery(),"
    " (pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8,"
    " greatest(c.timeline_id, r.min_recovery_end_timeline,"
    "  (SELECT w.received_tli FROM pg_catalog.pg_stat_get_wal_receiver() w)),"
    " n.at, pg_catalog.pg_wal_lsn_diff($1::pg_catalog.pg_lsn, n.at)::pg_catalog.int8,"
    " coalesce(pg_catalog.pg_wal_lsn_diff($1::pg_catalog.pg_lsn, $2::pg_catalog.pg_lsn) <= 0, false),"
    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() END"
    " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r,"
    " (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
    "  ELSE pg_catalog.pg_current_wal_insert_lsn() END AS at OFFSET 0) n";

enum {
    REACHED_SYSTEM,
    REACHED_STANDBY,
    REACHED_STARTED,
    REACHED_LINE,
    REACHED_AT,
    REACHED_MISSING,
    REACHED_BEFORE,
    REACHED_PAUSED
};

typedef struct History {
    char system[32], started[32];
    unsigned long line;
} History;

static bool history_read(const char *text, History *out) {
    return sscanf(text, "%31s %lu %31s", out->system, &out->line, out->started) == 3;
}

/* Positions of two histories have no order. */
static bool history_check(const PgSession *session, const PGresult *row, const History *primary, Err *err) {
    const char *place = session->info.place;
    bool standby = PQgetvalue(row, 0, REACHED_STANDBY)[0] == 't';
    if (strcmp(PQgetvalue(row, 0, REACHED_SYSTEM), primary->system) != 0) {
        err_set(err, TF_ERROR_USAGE, "cannot read %s as of a primary: it is no copy of the server in as_of", place);
        return err_hint(err, "as_of names the primary that the standby follows.");
    }
    if (!standby && strcmp(PQgetvalue(row, 0, REACHED_STARTED), primary->started) != 0) {
        err_set(err, TF_ERROR_USAGE, "cannot read %s as of a primary: it is not in recovery, so it follows nobody",
                place);
        return err_hint(err, "It was promoted, or copied: a side that is no standby needs no as_of.");
    }
    unsigned long line = strtoul(PQgetvalue(row, 0, REACHED_LINE), NULL, 10);
    if (standby && line > primary->line) {
        err_set(err, TF_ERROR_DATA,
                "cannot read %s as of a primary: it follows timeline %lu, and the server in as_of is on timeline %lu",
                place, line, primary->line);
        return err_hint(err, "After a failover as_of names the new primary.");
    }
    return true;
}

static void say_behind(const PGresult *row, const History *primary, SourceReach *out) {
    unsigned long line = strtoul(PQgetvalue(row, 0, REACHED_LINE), NULL, 10);
    const char *at = PQgetvalue(row, 0, REACHED_AT);
    const char *paused = PQgetvalue(row, 0, REACHED_PAUSED)[0] == 't' ? ", and its replay is paused" : "";
    int64_t missing = strtoll(PQgetvalue(row, 0, REACHED_MISSING), NULL, 10);
    if (PQgetvalue(row, 0, REACHED_STANDBY)[0] == 't' && line < primary->line) {
        snprintf(out->behind, sizeof out->behind, "it stands at %s of timeline %lu, the primary is on timeline %lu%s",
                 at, line, primary->line, paused);
    } else {
        snprintf(out->behind, sizeof out->behind, "it stands at %s, %" PRId64 " bytes behind%s", at,
                 missing > 0 ? missing : 0, paused);
    }
}

/* The snapshot of a transaction is older than any answer in it, so this answer is for the next transaction, and the
 * last one's for this; unless another server process answers now. */
bool pg_reached(PgSession *session, PgSeen *seen, const SourcePosition *position, SourceReach *out, Err *err) {
    const char *params[] = {position->shown, seen->at[0] == '\0' ? NULL : seen->at};
    History primary;
    PGresult *row;
    if (!history_read(position->history, &primary)) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot compare positions: \"%s\" is no history", position->history);
    }
    if (!pg_session_ask(session, REACHED_SQL, params, 2, "learn how far the standby has replayed", &row, err)) {
        return false;
    }
    if (!history_check(session, row, &primary, err)) {
        PQclear(row);
        return false;
    }
    char server[sizeof seen->server];
    snprintf(server, sizeof server, "%.40s %d", PQgetvalue(row, 0, REACHED_STARTED), PQbackendPID(session->conn));
    bool standby = PQgetvalue(row, 0, REACHED_STANDBY)[0] == 't';
    bool same_line = !standby || strtoul(PQgetvalue(row, 0, REACHED_LINE), NULL, 10) == primary.line;
    bool now = !PQgetisnull(row, 0, REACHED_AT) && strtoll(PQgetvalue(row, 0, REACHED_MISSING), NULL, 10) <= 0;
    bool before = PQgetvalue(row, 0, REACHED_BEFORE)[0] == 't' && strcmp(server, seen->server) == 0;
    *out = (SourceReach){.reached = same_line && now && before};
    say_behind(row, &primary, out);
    snprintf(seen->server, sizeof seen->server, "%s", server);
    snprintf(seen->at, sizeof seen->at, "%s", same_line ? PQgetvalue(row, 0, REACHED_AT) : "");
    PQclear(row);
    return true;
}

/* ---- when rows were written ---------------------------------------------------------------------------------- */

/* A view's rows have no writer. */
static bool has_writers(const Relation *relation) {
    return strcmp(relation->what, "table") == 0 || strcmp(relation->what, "partitioned table") == 0;
}

bool pg_written(PgSession *session, const Relation *relation, RelationColumn *out, Err *err) {
    PGresult *row;
    *out = (RelationColumn){0};
    if (!has_writers(relation)) {
        return true;
    }
    if (!pg_session_ask(session, "SELECT pg_catalog.current_setting('track_commit_timestamp')", NULL, 0,
                        "learn when rows were written", &row, err)) {
        return false;
    }
    if (strcmp(PQgetvalue(row, 0, 0), "on") == 0) {
        *out = (RelationColumn){
            .name = "xmin",
            .type = "timestamp with time zone",
            .kind = KIND_TIMESTAMPTZ,
            .computed = true,
            .sql = "pg_catalog.pg_xact_commit_timestamp(xmin)",
            .native = OID_TIMESTAMPTZ,
        };
    }
    PQclear(row);
    return true;
}
