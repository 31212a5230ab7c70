/* One running COPY (SELECT ...) TO STDOUT: statement in, batches out.
 *
 * Messages lie side by side in one buffer, which a batch's texts and rows point into. One that does not
 * fit has memory of its own, and ends the batch. A copy is whole only if the trailer came and the server said it
 * succeeded; anything else is a failure, whatever rows were seen.
 */
#ifndef SOURCE_POSTGRES_COPY_H
#define SOURCE_POSTGRES_COPY_H

#include "source/postgres_canon.h"
#include "source/postgres_decode.h"
#include "source/postgres_session.h"
#include "source/wire.h"

typedef struct PgCopy {
    PgSession *session;
    PgDecoder decoder;
    unsigned char *buffer; /* one a source, for all its copies */
    size_t used;           /* by the present batch */
    Buf large;             /* the message that did not fit; empty: none */
    PgMessage rest;        /* of the last message */
    bool asked;            /* the statement was sent, and its answer is still due */
    bool running;          /* the server is sending */
    bool wired;            /* rows are kept in `wire`, and only `key_count` cells of them are made */
    size_t key_count;
    Wire wire;
    PgCanon canon;
    Arena memory;  /* of the columns, emptied by the next copy */
    Arena cells;   /* of big numbers, emptied by the next batch */
    const char *doing;
} PgCopy;

/* One field of the statement and where it goes. */
typedef struct PgField {
    PgWire wire;
    Column *column;
} PgField;

/* Frees what the last copy held; columns for the next one may then be made in copy->memory. */
void pg_copy_reset(PgCopy *copy, PgSession *session);
/* Sends COPY (select) TO STDOUT, and does not wait: servers that are asked one after the other work at the same time, and
 * what one of them has against it is pg_copy_next's to say. `doing` completes "could not ..." and lives in copy->memory. */
MUST_CHECK bool pg_copy_start(PgCopy *copy, const char *select, const PgField *fields, size_t field_count,
                              const char *doing, Err *err);
/* After pg_copy_start: batches come with copy->wire, and with cells in the first key_count columns alone. */
void pg_copy_wire(PgCopy *copy, const PgField *fields, size_t key_count);
/* Fills the columns with the next rows; 0: the copy ended well. */
MUST_CHECK bool pg_copy_next(PgCopy *copy, size_t *out_rows, Err *err);
/* Cancels a running copy and takes what is still on its way, so that the connection is free again. */
void pg_copy_stop(PgCopy *copy);
void pg_copy_free(PgCopy *copy);

#endif
