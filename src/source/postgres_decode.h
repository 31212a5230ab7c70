/* Binary COPY -> columns.
 *
 * In: CopyData messages, each holding whole tuples. Out: cells in the columns given, one decoder a column, chosen once.
 * Promises: every length is checked before a byte is read; a stream is whole only if its trailer came. Cells of texts
 * point into the message.
 * Refuses: anything that is not exactly the format: another field count, a width that is not the type's, a tuple cut
 * short, bytes behind the trailer.
 */
#ifndef SOURCE_POSTGRES_DECODE_H
#define SOURCE_POSTGRES_DECODE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "source/postgres_type.h"

#include <endian.h>
#include <string.h>

typedef struct PgCell PgCell;

/* Stores a value's bytes in row `row`; false: malformed. */
typedef bool PgDecode(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length);

/* Where the values of one field go. */
struct PgCell {
    PgDecode *decode;
    Column *column;
    Arena *arena; /* of numbers beyond 128 bits; emptied by whoever owns it */
};

/* NULL: values of this wire form cannot be had as this kind. `single`: the floats are float4. */
PgDecode *pg_decode_find(PgWire wire, Kind kind, bool checked_text);

typedef struct PgDecoder {
    PgCell *cells;
    size_t cell_count;
    bool started; /* the header was seen */
    bool ended;   /* the trailer was seen */
} PgDecoder;

/* What is left of a message, or of the fields of one row. */
typedef struct PgMessage {
    const unsigned char *bytes;
    size_t left;
} PgMessage;

/* Takes the next tuple of the message into row `row`; *out_row says whether there was one (header, trailer: none). */
MUST_CHECK bool pg_decode_tuple(PgDecoder *decoder, PgMessage *message, size_t row, bool *out_row, Err *err);
/* The same where the rest of the message is one tuple, as the protocol promises, and only its first cells are wanted:
 * *out_fields are all its fields, not looked at any further. */
MUST_CHECK bool pg_decode_first(PgDecoder *decoder, PgMessage *message, size_t first, size_t row, bool *out_row,
                                Str *out_fields, Err *err);
/* All the cells of such a tuple. */
MUST_CHECK bool pg_decode_fields(const PgDecoder *decoder, Str fields, size_t row, Err *err);

/* Whether the message may hold all of a tuple; one that was cut short does not. */
bool pg_decode_is_whole(const PgDecoder *decoder, PgMessage message);

/* ---- for hot loops ------------------------------------------------------------------------------------------- */

/* The field at `at` - a length and that many bytes, -1 is NULL - and the place of the next one; NULL: malformed.
 * out->bytes is NULL for NULL. */
static inline const unsigned char *pg_field_take(const unsigned char *at, const unsigned char *end, Str *out) {
    uint32_t length;
    if ((size_t)(end - at) < sizeof length) {
        return NULL;
    }
    memcpy(&length, at, sizeof length);
    length = be32toh(length);
    at += sizeof length;
    if (length <= (size_t)(end - at)) {
        *out = (Str){(const char *)at, length};
        return at + length;
    }
    *out = (Str){0};
    return length == UINT32_MAX ? at : NULL;
}

/* The cell of such a field, likewise. */
static inline const unsigned char *pg_cell_take(const PgCell *cell, size_t row, const unsigned char *at,
                                                const unsigned char *end) {
    Str field;
    at = pg_field_take(at, end, &field);
    if (at == NULL) {
        return NULL;
    }
    cell->column->state[row] = field.bytes == NULL ? CELL_NULL : CELL_VALUE;
    bool good = field.bytes == NULL || cell->decode(cell, row, (const unsigned char *)field.bytes, field.length);
    return good ? at : NULL;
}

enum { PG_TUPLE_HEADER = 2 };

/* Whether the message begins with a tuple, and nothing before it. */
static inline bool pg_begins_tuple(const PgDecoder *decoder, PgMessage message) {
    uint16_t fields;
    if (!decoder->started || decoder->ended || message.left < PG_TUPLE_HEADER) {
        return false;
    }
    memcpy(&fields, message.bytes, sizeof fields);
    return be16toh(fields) == decoder->cell_count;
}

/* False, with the complaint. */
bool pg_field_failed(size_t field, size_t count, Err *err);
bool pg_bytes_behind(Err *err);

#endif
