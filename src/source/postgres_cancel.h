/* A request to PostgreSQL that it ends what a connection's statement is at.
 *
 * It goes by a connection of its own, which a server that is frozen or behind a dead network does not answer: nobody
 * waits for that longer than he says. For several threads at once.
 */
#ifndef SOURCE_POSTGRES_CANCEL_H
#define SOURCE_POSTGRES_CANCEL_H

#include "base/err.h"

#include <libpq-fe.h>
#include <stdint.h>

typedef struct PgCanceller PgCanceller;

/* The connection is open; the canceller may outlive it. NULL where there is no memory. */
PgCanceller *pg_canceller_make(PGconn *conn);
/* Accepts NULL. */
void pg_canceller_release(PgCanceller *canceller);
/* True: it was heard, so that no statement to come is ended by it. False: it was not yet, and may still be. */
MUST_CHECK bool pg_canceller_ask(PgCanceller *canceller, int64_t patience_us);

#endif
