/* Cancel requests (promises: postgres_cancel.h). In: a connection. Out: nothing but what the server does about it. */
#include "source/postgres_cancel.h"

#include "base/arena.h"
#include "base/aside.h"

#include <stdatomic.h>
#include <stdlib.h>

struct PgCanceller {
    PGcancel *cancel;
    atomic_int holders; /* the session, and requests that are on their way */
};

PgCanceller *pg_canceller_make(PGconn *conn) {
    PGcancel *cancel = PQgetCancel(conn);
    if (cancel == NULL) {
        return NULL;
    }
    PgCanceller *made = mem_alloc(sizeof *made);
    made->cancel = cancel;
    atomic_init(&made->holders, 1);
    return made;
}

void pg_canceller_release(PgCanceller *canceller) {
    if (canceller != NULL && atomic_fetch_sub(&canceller->holders, 1) == 1) {
        PQfreeCancel(canceller->cancel);
        free(canceller);
    }
}

static void request(void *self) {
    const PgCanceller *canceller = self;
    char ignored[256];
    PQcancel(canceller->cancel, ignored, sizeof ignored);
}

static void request_forget(void *self) {
    pg_canceller_release(self);
}

bool pg_canceller_ask(PgCanceller *canceller, int64_t patience_us) {
    if (canceller == NULL) {
        return false;
    }
    atomic_fetch_add(&canceller->holders, 1);
    bool heard = aside_do((Aside){request, request_forget, canceller}, patience_us, NULL);
    if (heard) {
        pg_canceller_release(canceller);
    }
    return heard;
}
