#include "source/postgres_statements.h"

#include <stdlib.h>
#include <string.h>

static const char DOING[] = "read pg_stat_statements";

void pg_texts_add(PgTexts *texts, Arena *arena, DependentText text) {
    if (texts->count == texts->room) {
        size_t room = texts->room == 0 ? 64 : 2 * texts->room;
        DependentText *items = ARENA_MANY(arena, room, DependentText);
        if (texts->count > 0) {
            memcpy(items, texts->items, texts->count * sizeof *items);
        }
        texts->items = items;
        texts->room = room;
    }
    texts->items[texts->count++] = text;
}

/* ---- whether it counts ------------------------------------------------------------------------------------- */

static const char SETUP_SQL[] =
    "SELECT (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    "  WHERE e.extname = 'pg_stat_statements'),"
    " (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track'),"
    " (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track_utility'),"
    " (SELECT setting FROM pg_settings WHERE name = 'compute_query_id'), pg_is_in_recovery()";

enum { SETUP_SCHEMA, SETUP_TRACK, SETUP_UTILITY, SETUP_QUERY_ID, SETUP_STANDBY };

/* Why nothing can be told; NULL: it can. */
static const char *setup_refusal(const PGresult *row) {
    if (PQgetisnull(row, 0, SETUP_SCHEMA)) {
        return "the extension pg_stat_statements is not in this database";
    }
    if (PQgetisnull(row, 0, SETUP_TRACK)) {
        return "pg_stat_statements is not in shared_preload_libraries, so nothing is counted";
    }
    if (strcmp(PQgetvalue(row, 0, SETUP_TRACK), "none") == 0) {
        return "pg_stat_statements.track is none, so nothing is counted";
    }
    if (strcmp(PQgetvalue(row, 0, SETUP_UTILITY), "off") == 0) {
        return "pg_stat_statements.track_utility is off, so COPY is not counted";
    }
    if (strcmp(PQgetvalue(row, 0, SETUP_QUERY_ID), "off") == 0) {
        return "compute_query_id is off, so nothing is counted";
    }
    return PQgetvalue(row, 0, SETUP_STANDBY)[0] == 't'
               ? "this server is a standby: whoever writes, and most who read, are at its primary"
               : NULL;
}

static bool setup_read(PgSession *session, Arena *arena, const char **out_schema, Traffic *out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, SETUP_SQL, NULL, 0, DOING, &row, err)) {
        return false;
    }
    const char *why = setup_refusal(row);
    *out_schema = arena_printf(arena, "%s", PQgetvalue(row, 0, SETUP_SCHEMA));
    out->unknown = why;
    PQclear(row);
    return true;
}

/* Each setting, what switches counting on, and who has it otherwise from the next connection on: pg_stat_statements
 * does not tell whom it passes over. Where this very role has its own, what others have cannot be seen. */
static const char PARTIAL_SQL[] =
    "WITH counting (name, good) AS (VALUES ('pg_stat_statements.track', '{top,all}'::text[]),"
    "  ('pg_stat_statements.track_utility', '{on,true,yes,1,t,y}'),"
    "  ('compute_query_id', '{auto,on,regress,true,yes,1,t,y}')),"
    " given AS (SELECT s.setdatabase, s.setrole, lower(split_part(c, '=', 1)) AS name,"
    "  lower(substr(c, position('=' IN c) + 1)) AS value FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "  WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))),"
    " otherwise AS (SELECT format('%s is %s for %s', name, value, CASE WHEN g.setrole <> 0 THEN"
    "   'role ' || quote_ident(r.rolname) WHEN g.setdatabase <> 0 THEN 'database ' || quote_ident(current_database())"
    "   ELSE 'every role' END) AS said FROM given g JOIN counting k USING (name)"
    "  LEFT JOIN pg_roles r ON r.oid = g.setrole WHERE value <> ALL (good) AND (g.setrole = 0 OR r.rolcanlogin)"
    "  UNION ALL SELECT format('%s is set for this role, so that it cannot be seen for others', s.name)"
    "  FROM pg_settings s JOIN counting USING (name)"
    "  WHERE s.source IN ('user', 'database user', 'client', 'session', 'interactive'))"
    " SELECT string_agg(said, ', ' ORDER BY said), count(*) FROM"
    " (SELECT said FROM otherwise ORDER BY said LIMIT 20) o";

/* Somebody's statements may be missing from what is counted. */
static bool partial_read(PgSession *session, Arena *arena, Traffic *out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, PARTIAL_SQL, NULL, 0, DOING, &row, err)) {
        return false;
    }
    if (!PQgetisnull(row, 0, 0)) {
        out->partial = arena_printf(arena, "not everybody's statements are counted: %s", PQgetvalue(row, 0, 0));
    }
    PQclear(row);
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static int64_t number_at(const PGresult *rows, int row, int field) {
    return strtoll(PQgetvalue(rows, row, field), NULL, 10);
}

/* Since when, and how many were dropped: known from 14 on. A server that has never been told to reset, or lost its
 * statistics in a crash, counts since it began. */
static bool window_read(PgSession *session, const char *schema, Arena *arena, Traffic *out, Err *err) {
    PGresult *row;
    const char *unknown = NULL;
    if (session->version < 140000) {
        return true;
    }
    const char *sql = arena_printf(arena,
                                   "SELECT (date_part('epoch', stats_reset) * 1000000)::int8, dealloc"
                                   " FROM %s.pg_stat_statements_info",
                                   schema);
    if (!pg_session_ask_softly(session, sql, NULL, 0, DOING, arena, &row, &unknown, err)) {
        PQclear(row);
        return false;
    }
    if (unknown == NULL && PQntuples(row) == 1) {
        out->since_us = number_at(row, 0, 0);
        out->forgotten = number_at(row, 0, 1);
    }
    PQclear(row);
    return true;
}

/* Another role's text is hidden from a role without pg_read_all_stats; a lost text is NULL. */
static const char COUNTS_SQL[] =
    "SELECT count(*), count(*) FILTER (WHERE query IS NULL OR query = '<insufficient privilege>'),"
    " count(*) FILTER (WHERE position($1 IN left(query, 40)) > 0) FROM ";
static const char COUNTS_TAIL[] =
    ".pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

static bool counts_read(PgSession *session, const char *schema, Arena *arena, Traffic *out, Err *err) {
    static const char *const MARK[] = {PG_OWN_MARK};
    const char *sql = arena_printf(arena, "%s%s%s", COUNTS_SQL, schema, COUNTS_TAIL);
    PGresult *row;
    bool good = pg_session_ask_softly(session, sql, MARK, 1, DOING, arena, &row, &out->unknown, err);
    if (good && out->unknown == NULL) {
        out->statements = number_at(row, 0, 0);
        out->hidden = number_at(row, 0, 1);
        out->own = number_at(row, 0, 2);
    }
    PQclear(row);
    return good;
}

enum { STATEMENTS_MAX = 20000 };

/* $1: the mark, $2: names of the tables in lower case. By text: the same one may be counted for several roles. */
static const char STATEMENTS_HEAD[] =
    "WITH said AS (SELECT query, sum(calls) AS calls, string_agg(DISTINCT coalesce(r.rolname, s.userid::text), ', ')"
    " AS roles FROM ";
static const char STATEMENTS_TAIL[] =
    ".pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid"
    " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND position($1 IN left(query, 40)) = 0 AND EXISTS (SELECT FROM unnest($2::text[]) n"
    "  WHERE position(n IN lower(query COLLATE \"C\")) > 0) GROUP BY query),"
    " summed AS (SELECT *, octet_length(query) AS bytes,"
    "  sum(octet_length(query)) OVER (ORDER BY calls DESC, query COLLATE \"C\") AS total FROM said)"
    " SELECT roles, CASE WHEN bytes <= 262144 AND total <= 67108864 THEN query END, calls FROM summed"
    " ORDER BY calls DESC, query COLLATE \"C\" LIMIT 20001";

/* The names as they may stand in a text, in lower case: U&"..." may spell any of them, and what runs texts hides them.
 */
static const char *names_array(Arena *arena, const RelationName *tables, size_t count) {
    Buf text = {0};
    buf_text(&text, "{\"u&\\\"\"");
    for (size_t i = 0; i < SQL_RUNNERS; i++) {
        buf_printf(&text, ",%s", sql_runners[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        buf_text(&text, ",\"");
        for (const char *c = tables[i].name; *c != '\0'; c++) {
            bool upper = *c >= 'A' && *c <= 'Z';
            buf_text(&text, *c == '"' ? "\\\"\\\"" : *c == '\\' ? "\\\\" : "");
            if (*c != '"' && *c != '\\') {
                buf_char(&text, upper ? (char)(*c - 'A' + 'a') : *c);
            }
        }
        buf_char(&text, '"');
    }
    buf_char(&text, '}');
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

static const char *text_at(Arena *arena, const PGresult *rows, int row, int field) {
    if (PQgetisnull(rows, row, field)) {
        return NULL;
    }
    return arena_copy(arena, PQgetvalue(rows, row, field), (size_t)PQgetlength(rows, row, field));
}

static bool statements_read(PgSession *session, const char *schema, const char *names, Arena *arena, PgTexts *texts,
                            Traffic *out, Err *err) {
    const char *const params[] = {PG_OWN_MARK, names};
    const char *sql = arena_printf(arena, "%s%s%s", STATEMENTS_HEAD, schema, STATEMENTS_TAIL);
    PGresult *rows;
    bool good = pg_session_ask_softly(session, sql, params, 2, DOING, arena, &rows, &out->unknown, err);
    out->cut = good && PQntuples(rows) > STATEMENTS_MAX;
    for (int i = 0; good && i < PQntuples(rows) && i < STATEMENTS_MAX; i++) {
        pg_texts_add(texts, arena,
                     (DependentText){
                         .kind = TEXT_STATEMENT,
                         .subject = text_at(arena, rows, i, 0),
                         .text = text_at(arena, rows, i, 1),
                         .mentions = true,
                         .calls = number_at(rows, i, 2),
                     });
    }
    PQclear(rows);
    return good;
}

bool pg_statements(PgSession *session, const RelationName *tables, size_t table_count, Arena *arena, PgTexts *texts,
                   Traffic *out, Err *err) {
    const char *schema;
    Traffic traffic = {0};
    if (!setup_read(session, arena, &schema, &traffic, err)) {
        return false;
    }
    bool good = traffic.unknown != NULL ||
                (partial_read(session, arena, &traffic, err) && window_read(session, schema, arena, &traffic, err) &&
                 counts_read(session, schema, arena, &traffic, err) &&
                 (traffic.unknown != NULL || statements_read(session, schema, names_array(arena, tables, table_count),
                                                             arena, texts, &traffic, err)));
    if (good) {
        *out = traffic;
    }
    return good;
}
