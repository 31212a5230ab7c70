/* How busy a PostgreSQL server is: its other sessions, its replicas, or how far behind it is itself.
 *
 * Refuses, where the role is no member of pg_read_all_stats: other sessions and replicas are then hidden, and a server
 * that only looks idle must not count as idle.
 */
#ifndef SOURCE_POSTGRES_LOAD_H
#define SOURCE_POSTGRES_LOAD_H

#include "source/postgres_session.h"

/* Between end and begin: in a transaction of its own. */
MUST_CHECK bool pg_load(PgSession *session, unsigned parts, SourceLoad *out, Err *err);

#endif
