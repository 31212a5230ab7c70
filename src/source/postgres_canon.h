/* Binary COPY -> canonical bytes and their hashes, without cells.
 *
 * In: a row's fields as the server sent them. Out: its hash.
 * Promises: what canon_hash_rows says of the cells that postgres_decode makes of the same fields, and the same
 * refusals.
 */
#ifndef SOURCE_POSTGRES_CANON_H
#define SOURCE_POSTGRES_CANON_H

#include "source/canon_pen.h"
#include "source/postgres_decode.h"

typedef struct PgPutter PgPutter;

/* Writes a value's canonical bytes at pen->at, where there is room for FIXED_ROOM bytes and the value's own. The end of
 * what was written; NULL: malformed. */
typedef unsigned char *PgPut(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length);

/* How the values of one field are written. */
struct PgPutter {
    PgPut *put;
    unsigned char tag;
    PgDecode *decode; /* of what goes by way of a cell ... */
    PgCell cell;      /* ... and that cell, of one row */
};

/* `decode` as pg_decode_find gave it; the cell is made in `arena`, its big numbers in `numbers`. */
PgPutter pg_putter(PgWire wire, Kind kind, Kind element, PgDecode *decode, Arena *arena, Arena *numbers);

typedef struct PgCanon {
    PgPutter *putters; /* by field */
    size_t count;
    Str *fields; /* room for them */
    /* of the order that was chosen last */
    const size_t *columns;
    size_t column_count;
    size_t in_place; /* so many of them are the first fields as they come */
} PgCanon;

/* From now on rows are these columns in this order. */
void pg_canon_order(PgCanon *canon, const size_t *columns, size_t column_count);
MUST_CHECK bool pg_canon_row(const PgCanon *canon, Str row, Pen *pen, Err *err);

#endif
