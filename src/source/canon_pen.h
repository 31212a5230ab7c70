/* Writing canonical bytes: for those who write them, canon*.c and engines that have a shorter way than by cells.
 *
 * In: values, each by the put_* of its form (canon.h). Out: the row's bytes, whose hash pen_hash takes, or a Buf's.
 *
 *     Pen pen = pen_open(&scratch);
 *     put_64(&pen, TAG_INT, 7);
 *     RowHash hash = pen_hash(&pen);   // ready for the next row
 *     pen_close(&pen);
 */
#ifndef SOURCE_CANON_PEN_H
#define SOURCE_CANON_PEN_H

#include "source/canon.h"

#include <endian.h>
#include <string.h>

enum {
    TAG_NULL = 0x00,
    TAG_INT = 0x01,
    TAG_DECIMAL = 0x02,
    TAG_FLOAT = 0x03,
    TAG_TEXT = 0x04,
    TAG_BYTES = 0x05,
    TAG_OPAQUE = 0x06,
    TAG_TIMESTAMPTZ = 0x07,
    TAG_TIMESTAMP = 0x08,
    TAG_DATE = 0x09,
    TAG_TIME = 0x0a,
    TAG_INTERVAL = 0x0b,
    TAG_UUID = 0x0c,
    TAG_JSON = 0x0d,
    TAG_BOOL = 0x0e,
    TAG_ARRAY = 0x0f,
    TAG_ODD = 0xff
};

enum {
    PREFIX = 5,      /* tag and length */
    FIXED_ROOM = 32, /* for any cell of bounded size; the longest is a decimal: PREFIX + DECIMAL_CANONICAL_SMALL */
    UUID_LENGTH = 16
};

/* Writes behind out's text; the bytes from out->length to `at` are claimed by pen_close. */
typedef struct Pen {
    unsigned char *at, *end;
    Buf *out;
    Buf part;        /* what must be measured before it is written */
    Arena arena;     /* for reading documents and arrays */
    size_t promised; /* room that a row's fields of bounded size need, made sure of once */
} Pen;

Pen pen_open(Buf *out);
void pen_grow(Pen *pen, size_t more);
void pen_close(Pen *pen);
/* Of all that was written since pen_open; `out` must have been empty then, and is again. */
RowHash pen_hash(Pen *pen);

static inline void pen_room(Pen *pen, size_t more) {
    if ((size_t)(pen->end - pen->at) < more) {
        pen_grow(pen, more);
    }
}

static inline void put_null(Pen *pen) {
    pen_room(pen, FIXED_ROOM);
    *pen->at++ = TAG_NULL;
}

static inline void put_64(Pen *pen, unsigned char tag, uint64_t value) {
    pen_room(pen, FIXED_ROOM);
    uint64_t big_endian = htobe64(value);
    pen->at[0] = tag;
    memcpy(pen->at + 1, &big_endian, sizeof big_endian);
    pen->at += 1 + sizeof big_endian;
}

static inline void put_prefix(unsigned char *at, unsigned char tag, size_t length) {
    uint32_t big_endian = htobe32((uint32_t)length);
    at[0] = tag;
    memcpy(at + 1, &big_endian, sizeof big_endian);
}

static inline void put_str(Pen *pen, unsigned char tag, Str text) {
    pen_room(pen, PREFIX + text.length);
    put_prefix(pen->at, tag, text.length);
    if (text.length > 0) {
        memcpy(pen->at + PREFIX, text.bytes, text.length);
    }
    pen->at += PREFIX + text.length;
}

/* A cell whose state is CELL_VALUE. */
void put_value(Pen *pen, const Column *column, size_t row);

#endif
