/* Where a primary stands in its write-ahead log, whether a standby has replayed that far, and when rows were written.
 *
 * A position is taken at the end of all that was inserted into the log, flushed or not: a commit that anybody can see
 * lies before it, end of its record included. Positions are compared by the server.
 * Refuses: the position of a standby; a comparison with another cluster, with a copy that has left recovery, and with
 * a standby that follows another line of history.
 */
#ifndef SOURCE_POSTGRES_POSITION_H
#define SOURCE_POSTGRES_POSITION_H

#include "source/postgres_session.h"

/* What the last transaction on this session learned; a standby only ever replays on. */
typedef struct PgSeen {
    char server[64]; /* which server process it was; "": none was asked yet */
    char at[24];     /* how far that had replayed, at least, when the next transaction began */
} PgSeen;

/* The database's name and the number of its cluster, which its standbys and physical copies have, too. */
MUST_CHECK bool pg_identity(PgSession *session, Arena *arena, const char **out, Err *err);
MUST_CHECK bool pg_position(PgSession *session, Arena *arena, SourcePosition *out, Err *err);
MUST_CHECK bool pg_reached(PgSession *session, PgSeen *seen, const SourcePosition *position, SourceReach *out,
                           Err *err);
/* out->name NULL: this server does not know. */
MUST_CHECK bool pg_written(PgSession *session, const Relation *relation, RelationColumn *out, Err *err);

#endif
