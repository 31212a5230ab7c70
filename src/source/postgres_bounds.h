/* Where to cut a table: keys at even distances, from what the server already knows.
 *
 * A single key: pg_stats' histogram, as far as it is fine enough. Otherwise a sample of pages, bounded, sorted by the
 * server in the order that the ranges will have. Nothing known (a view, a foreign table, an empty one): no bounds.
 */
#ifndef SOURCE_POSTGRES_BOUNDS_H
#define SOURCE_POSTGRES_BOUNDS_H

#include "source/postgres_copy.h"

MUST_CHECK bool pg_bounds(PgSession *session, PgCopy *copy, const Relation *relation, KeyOrder order, size_t wanted,
                          Arena *arena, const Value ***out_bounds, size_t *out_count, Err *err);

#endif
