/* Scans and key lists -> SQL text.
 *
 * Names come quoted from describe, values are quoted here by the driver's rules and cast to a type under which the
 * key's index can be used. The parts are shared with the join (postgres_join.c).
 */
#ifndef SOURCE_POSTGRES_SQL_H
#define SOURCE_POSTGRES_SQL_H

#include "source/postgres_session.h"

/* A statement being written. `bad`: a value had no SQL text (a NUL in a text); the statement must not be sent. */
typedef struct PgSql {
    Buf text;
    PgSession *session;
    Arena scratch;
    bool bad;
    const char *among; /* of a join: an array of leading keys; NULL: all */
    bool listed;       /* bounds of ranges are written as the columns of a list */
} PgSql;

/* The list and its columns: <list>_i, <list>_f0 ... (from), <list>_t0 ... (to). No name of a user's. */
#define PG_LIST "twofold_cut"
#define PG_LIST_FROM "f"
#define PG_LIST_TO "t"

void pg_sql_free(PgSql *sql);
MUST_CHECK bool pg_sql_check(const PgSql *sql, const char *doing, Err *err);

/* Without COPY around it. */
void pg_sql_scan(PgSql *sql, const Scan *scan);
void pg_sql_lookup(PgSql *sql, const Scan *scan, const Value *keys, size_t count);

/* The rows with one key, columns as they are; `lock` as a clause. */
void pg_sql_texts(PgSql *sql, const Scan *scan, const Value *key, RowLock lock);

/* ---- parts ---- */

/* The user's SQL in parentheses that a trailing comment cannot eat. */
const char *pg_fragment(Arena *arena, const char *text);
/* The expression that sorts a described column by value: by bytes where it is read as text. */
const char *pg_order_text(const PgSession *session, Arena *arena, const RelationColumn *column);
/* The column as it is sent. */
void pg_sql_read(PgSql *sql, const RelationColumn *column);
/* " WHERE ..." over range and relation->where; nothing where all rows are wanted. */
void pg_sql_where(PgSql *sql, const Scan *scan);
/* "<list>(<list>_i, ...)", behind the rows of a list. */
void pg_sql_list_names(PgSql *sql, const Scan *scan);
/* A bound's literals, as " WHERE ..." has them. */
void pg_sql_bound(PgSql *sql, const Scan *scan, const Value *bound);
const RelationColumn *pg_scan_column(const Scan *scan, size_t i);
/* Whether a row of the range may have a NULL in its key. */
bool pg_key_nullable(const Scan *scan);

#endif
