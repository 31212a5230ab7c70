/* A scan -> how far away its rows are: round trip, bytes a second, and the bytes that a row is sent in.
 *
 * No row is read: the bytes are made up by the server, and widths are the planner's. A link that compresses looks
 * faster than it is, and one that is long as well as wide looks slower: half a megabyte is sent before TCP is up to
 * speed.
 */
#ifndef SOURCE_POSTGRES_DISTANCE_H
#define SOURCE_POSTGRES_DISTANCE_H

#include "source/postgres_session.h"

/* In a transaction. */
MUST_CHECK bool pg_distance(PgSession *session, const Scan *scan, SourceDistance *out, Err *err);

#endif
