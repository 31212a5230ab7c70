/* The statements that clients sent to a PostgreSQL server, as pg_stat_statements counted them.
 *
 * Promises: only statements with the name of one of the tables in them are fetched; how many others there were, and how
 * many could not be seen, is told. What this program sent itself (PG_OWN_MARK) is counted and left out.
 */
#ifndef SOURCE_POSTGRES_STATEMENTS_H
#define SOURCE_POSTGRES_STATEMENTS_H

#include "source/postgres_session.h"

/* A list of texts that grows. */
typedef struct PgTexts {
    DependentText *items;
    size_t count, room;
} PgTexts;

void pg_texts_add(PgTexts *texts, Arena *arena, DependentText text);

/* Inside a transaction under search_path pg_catalog. What the server refuses is told in *out. */
MUST_CHECK bool pg_statements(PgSession *session, const RelationName *tables, size_t table_count, Arena *arena,
                              PgTexts *texts, Traffic *out, Err *err);

#endif
