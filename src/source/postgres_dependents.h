/* PostgreSQL's answer to what hangs on a column or table: SourceOps.dependents and .replacement.
 *
 * In: an open transaction. Promises: it reads catalogs and statistics only, under search_path pg_catalog, so that
 * nobody's own functions run; a class that fails to be asked (no permission, no extension) is told as unknown and the
 * transaction goes on. Texts are bounded: one of more than TEXT_MAX_BYTES, or beyond TEXTS_MAX_BYTES in all, comes as
 * NULL.
 */
#ifndef SOURCE_POSTGRES_DEPENDENTS_H
#define SOURCE_POSTGRES_DEPENDENTS_H

#include "source/postgres_session.h"

MUST_CHECK bool pg_dependents(PgSession *session, const DropRef *ref, Arena *arena, Dependents *out, Err *err);
MUST_CHECK bool pg_replacement(PgSession *session, const char *table, const char *column, Arena *arena, Dependents *out,
                               Err *err);

#endif
