#include "source/postgres_canon.h"

/* ---- one function a form ------------------------------------------------------------------------------------- */

static inline unsigned char *put_number(unsigned char *at, unsigned char tag, int64_t value) {
    uint64_t big_endian = htobe64((uint64_t)value);
    at[0] = tag;
    memcpy(at + 1, &big_endian, sizeof big_endian);
    return at + 1 + sizeof big_endian;
}

static unsigned char *put_bool(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    if (length != 1 || value[0] > 1) {
        return NULL;
    }
    pen->at[0] = putter->tag;
    pen->at[1] = value[0];
    return pen->at + 2;
}

static unsigned char *put_int2(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    uint16_t big_endian;
    if (length != sizeof big_endian) {
        return NULL;
    }
    memcpy(&big_endian, value, sizeof big_endian);
    return put_number(pen->at, putter->tag, (int16_t)be16toh(big_endian));
}

static unsigned char *put_int4(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    uint32_t big_endian;
    if (length != sizeof big_endian) {
        return NULL;
    }
    memcpy(&big_endian, value, sizeof big_endian);
    return put_number(pen->at, putter->tag, (int32_t)be32toh(big_endian));
}

/* Also microseconds: the bytes are the canonical ones. */
static unsigned char *put_int8(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    if (length != sizeof(int64_t)) {
        return NULL;
    }
    pen->at[0] = putter->tag;
    memcpy(pen->at + 1, value, sizeof(int64_t));
    return pen->at + 1 + sizeof(int64_t);
}

static unsigned char *put_int(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    return length == sizeof(int64_t)   ? put_int8(putter, pen, value, length)
           : length == sizeof(int32_t) ? put_int4(putter, pen, value, length)
                                       : put_int2(putter, pen, value, length);
}

/* Two halves that may overlap: where `half` is a constant, a load and a store each. */
static inline void copy_halves(unsigned char *to, const unsigned char *from, size_t length, size_t half) {
    memcpy(to, from, half);
    memcpy(to + length - half, from + length - half, half);
}

/* Most texts are short, and take less than a call. */
static inline void copy_text(unsigned char *to, const unsigned char *from, size_t length) {
    if (length > 32 || length < 4) {
        memcpy(to, from, length);
    } else if (length > 16) {
        copy_halves(to, from, length, 16);
    } else if (length >= 8) {
        copy_halves(to, from, length, 8);
    } else {
        copy_halves(to, from, length, 4);
    }
}

static unsigned char *put_bytes(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    put_prefix(pen->at, putter->tag, length);
    copy_text(pen->at + PREFIX, value, length);
    return pen->at + PREFIX + length;
}

static unsigned char *put_checked_text(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    return utf8_valid((Str){(const char *)value, length}) ? put_bytes(putter, pen, value, length) : NULL;
}

static unsigned char *put_uuid(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    if (length != UUID_LENGTH) {
        return NULL;
    }
    pen->at[0] = putter->tag;
    memcpy(pen->at + 1, value, UUID_LENGTH);
    return pen->at + 1 + UUID_LENGTH;
}

/* Everything that has no shorter way. */
static unsigned char *put_by_cell(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    if (!putter->decode(&putter->cell, 0, value, length)) {
        return NULL;
    }
    put_value(pen, putter->cell.column, 0);
    pen_room(pen, pen->promised);
    return pen->at;
}

static unsigned char *put_numeric(const PgPutter *putter, Pen *pen, const unsigned char *value, size_t length) {
    ShortDecimal number = decimal_of_short_wire(value, length);
    if (number.scale < 0) {
        return put_by_cell(putter, pen, value, length);
    }
    if (number.scale == 0) {
        return put_number(pen->at, TAG_INT, number.coefficient);
    }
    size_t written = decimal_canonical_short(number, pen->at + PREFIX);
    put_prefix(pen->at, TAG_DECIMAL, written);
    return pen->at + PREFIX + written;
}

/* ---- choosing ------------------------------------------------------------------------------------------------ */

static const struct PutRow {
    PgWire wire;
    Kind kind;
    unsigned char tag;
    PgPut *put;
} PUTS[] = {
    {PG_WIRE_BOOL, KIND_BOOL, TAG_BOOL, put_bool},
    {PG_WIRE_INT2, KIND_INT, TAG_INT, put_int2},
    {PG_WIRE_INT4, KIND_INT, TAG_INT, put_int4},
    {PG_WIRE_INT8, KIND_INT, TAG_INT, put_int8},
    {PG_WIRE_INT2, KIND_DECIMAL, TAG_INT, put_int},
    {PG_WIRE_INT4, KIND_DECIMAL, TAG_INT, put_int},
    {PG_WIRE_INT8, KIND_DECIMAL, TAG_INT, put_int},
    {PG_WIRE_NUMERIC, KIND_DECIMAL, TAG_DECIMAL, put_numeric},
    {PG_WIRE_BYTES, KIND_BYTES, TAG_BYTES, put_bytes},
    {PG_WIRE_BYTES, KIND_TEXT, TAG_TEXT, put_bytes},
    {PG_WIRE_BYTES, KIND_OPAQUE, TAG_OPAQUE, put_bytes},
    {PG_WIRE_TIME, KIND_TIMESTAMPTZ, TAG_TIMESTAMPTZ, put_int8},
    {PG_WIRE_TIME, KIND_TIMESTAMP, TAG_TIMESTAMP, put_int8},
    {PG_WIRE_TIME, KIND_TIME, TAG_TIME, put_int8},
    {PG_WIRE_UUID, KIND_UUID, TAG_UUID, put_uuid},
};

static PgPut *put_find(PgWire wire, Kind kind, PgDecode *decode, unsigned char *out_tag) {
    for (size_t i = 0; i < sizeof PUTS / sizeof *PUTS; i++) {
        if (PUTS[i].wire == wire && PUTS[i].kind == kind) {
            *out_tag = PUTS[i].tag;
            bool checked = PUTS[i].put == put_bytes && decode != pg_decode_find(wire, kind, false);
            return checked ? put_checked_text : PUTS[i].put;
        }
    }
    return put_by_cell;
}

PgPutter pg_putter(PgWire wire, Kind kind, Kind element, PgDecode *decode, Arena *arena, Arena *numbers) {
    PgPutter putter = {.decode = decode};
    putter.put = put_find(wire, kind, decode, &putter.tag);
    Batch one = batch_make(arena, 1, &kind, 1);
    one.columns[0].element = element;
    putter.cell = (PgCell){decode, &one.columns[0], numbers};
    return putter;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static inline bool field_put(const PgPutter *putter, Str field, Pen *pen) {
    unsigned char *at = pen->at;
    if (field.bytes == NULL) {
        *at++ = TAG_NULL;
    } else {
        at = putter->put(putter, pen, (const unsigned char *)field.bytes, field.length);
    }
    if (at == NULL) {
        return false;
    }
    pen->at = at;
    return true;
}

/* The columns that are not where they come. */
static bool columns_put(const PgCanon *canon, Str row, Pen *pen, Err *err) {
    const unsigned char *at = (const unsigned char *)row.bytes;
    for (size_t i = 0; i < canon->count; i++) {
        at = pg_field_take(at, (const unsigned char *)row.bytes + row.length, &canon->fields[i]);
        if (at == NULL) {
            return pg_field_failed(i, canon->count, err);
        }
    }
    for (size_t i = canon->in_place; i < canon->column_count; i++) {
        size_t column = canon->columns[i];
        pen_room(pen, FIXED_ROOM + row.length);
        if (!field_put(&canon->putters[column], canon->fields[column], pen)) {
            return pg_field_failed(column, canon->count, err);
        }
    }
    return true;
}

/* The fields behind those that were written must end where the row does. */
static bool row_end(const PgCanon *canon, size_t i, const unsigned char *at, const unsigned char *end, Err *err) {
    Str ignored;
    for (; i < canon->count; i++) {
        at = pg_field_take(at, end, &ignored);
        if (at == NULL) {
            return pg_field_failed(i, canon->count, err);
        }
    }
    return at == end || pg_bytes_behind(err);
}

void pg_canon_order(PgCanon *canon, const size_t *columns, size_t column_count) {
    canon->columns = columns;
    canon->column_count = column_count;
    canon->in_place = 0;
    while (canon->in_place < column_count && columns[canon->in_place] == canon->in_place) {
        canon->in_place++;
    }
}

bool pg_canon_row(const PgCanon *canon, Str row, Pen *pen, Err *err) {
    const unsigned char *at = (const unsigned char *)row.bytes;
    const unsigned char *end = at + row.length;
    const PgPutter *putter = canon->putters;
    const PgPutter *stop = putter + canon->in_place;
    pen->promised = canon->in_place * FIXED_ROOM + row.length;
    pen_room(pen, pen->promised);
    for (; putter < stop; putter++) {
        Str field;
        at = pg_field_take(at, end, &field);
        if (at == NULL || !field_put(putter, field, pen)) {
            return pg_field_failed((size_t)(putter - canon->putters), canon->count, err);
        }
    }
    return row_end(canon, canon->in_place, at, end, err) &&
           (canon->in_place == canon->column_count || columns_put(canon, row, pen, err));
}
