/* Canonical bytes and their hashes: see canon.h.
 *
 * canon_hash_rows is where a streaming check spends its time, so cells are written by a table of small functions
 * straight into memory that a Pen keeps room in; only documents, arrays and numbers beyond 128 bits take detours.
 */
#include "source/canon.h"

#include "base/json.h"
#include "source/canon_array.h"
#include "source/canon_pen.h"

#define XXH_INLINE_ALL /* through the library each row costs five instructions more */
#include <xxhash.h>

/* ---- pen ---------------------------------------------------------------------------------------------------- */

void pen_grow(Pen *pen, size_t more) {
    enum { AT_LEAST = 4096 };
    if (pen->at != NULL) {
        buf_claim(pen->out, (size_t)((char *)pen->at - (pen->out->bytes + pen->out->length)));
    }
    pen->at = (unsigned char *)buf_room(pen->out, more > AT_LEAST ? more : AT_LEAST);
    pen->end = (unsigned char *)pen->out->bytes + pen->out->capacity - 1;
}

Pen pen_open(Buf *out) {
    Pen pen = {.out = out};
    pen_grow(&pen, FIXED_ROOM);
    return pen;
}

void pen_close(Pen *pen) {
    buf_claim(pen->out, (size_t)((char *)pen->at - (pen->out->bytes + pen->out->length)));
    buf_free(&pen->part);
    arena_free(&pen->arena);
}

RowHash pen_hash(Pen *pen) {
    XXH128_hash_t hash = XXH3_128bits(pen->out->bytes, (size_t)((char *)pen->at - pen->out->bytes));
    if (pen->out->length > 0) {
        buf_empty(pen->out);
    }
    pen->at = (unsigned char *)pen->out->bytes;
    return (RowHash){.low = hash.low64, .high = hash.high64};
}

/* ---- a function a kind -------------------------------------------------------------------------------------- */

typedef void (*PutCell)(Pen *pen, const Column *column, size_t row);

static void put_bool(Pen *pen, const Column *column, size_t row) {
    pen_room(pen, FIXED_ROOM);
    pen->at[0] = TAG_BOOL;
    pen->at[1] = column->data.ints[row] != 0;
    pen->at += 2;
}

static void put_int(Pen *pen, const Column *column, size_t row) {
    put_64(pen, TAG_INT, (uint64_t)column->data.ints[row]);
}

static void put_timestamptz(Pen *pen, const Column *column, size_t row) {
    put_64(pen, TAG_TIMESTAMPTZ, (uint64_t)column->data.ints[row]);
}

static void put_timestamp(Pen *pen, const Column *column, size_t row) {
    put_64(pen, TAG_TIMESTAMP, (uint64_t)column->data.ints[row]);
}

static void put_date(Pen *pen, const Column *column, size_t row) {
    put_64(pen, TAG_DATE, (uint64_t)column->data.ints[row]);
}

static void put_time(Pen *pen, const Column *column, size_t row) {
    put_64(pen, TAG_TIME, (uint64_t)column->data.ints[row]);
}

static bool decimal_whole(const Decimal *value, int64_t *out) {
    int64_t coefficient = (int64_t)value->small;
    if (value->limbs == NULL && value->class_ == DECIMAL_FINITE && coefficient == value->small) {
        if (value->scale == 0) {
            *out = coefficient;
            return true;
        }
        if (coefficient % 10 != 0) { /* most prices end here */
            return false;
        }
    }
    return decimal_to_int(*value, out);
}

static void put_decimal(Pen *pen, const Column *column, size_t row) {
    const Decimal *value = &column->data.decimals[row];
    int64_t whole;
    if (decimal_whole(value, &whole)) {
        put_64(pen, TAG_INT, (uint64_t)whole);
    } else if (value->limbs == NULL) {
        pen_room(pen, FIXED_ROOM);
        size_t length = decimal_canonical_small(value, pen->at + PREFIX);
        put_prefix(pen->at, TAG_DECIMAL, length);
        pen->at += PREFIX + length;
    } else {
        buf_empty(&pen->part);
        decimal_canonical(*value, &pen->part);
        put_str(pen, TAG_DECIMAL, buf_view(&pen->part));
    }
}

static void put_float(Pen *pen, const Column *column, size_t row) {
    static const uint64_t ONE_NAN = UINT64_C(0x7ff8000000000000);
    double value = column->data.floats[row];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value == 0.0) {
        bits = 0;
    } else if (value != value) {
        bits = ONE_NAN;
    }
    put_64(pen, TAG_FLOAT, bits);
}

static void put_text(Pen *pen, const Column *column, size_t row) {
    put_str(pen, TAG_TEXT, column->data.texts[row]);
}

static void put_bytes(Pen *pen, const Column *column, size_t row) {
    put_str(pen, TAG_BYTES, column->data.texts[row]);
}

static void put_opaque(Pen *pen, const Column *column, size_t row) {
    put_str(pen, TAG_OPAQUE, column->data.texts[row]);
}

static void put_uuid(Pen *pen, const Column *column, size_t row) {
    Str uuid = column->data.texts[row];
    if (uuid.length != UUID_LENGTH) {
        put_str(pen, TAG_OPAQUE, uuid);
        return;
    }
    pen_room(pen, FIXED_ROOM);
    pen->at[0] = TAG_UUID;
    memcpy(pen->at + 1, uuid.bytes, UUID_LENGTH);
    pen->at += 1 + UUID_LENGTH;
}

static void put_interval(Pen *pen, const Column *column, size_t row) {
    Interval value = column->data.intervals[row];
    i128 days = (i128)value.months * 30 + value.days;
    u128 us = (u128)(days * CALENDAR_DAY_US + value.us);
    put_64(pen, TAG_INTERVAL, (uint64_t)(us >> 64));
    uint64_t low = htobe64((uint64_t)us);
    memcpy(pen->at, &low, sizeof low); /* put_64 left room for it */
    pen->at += sizeof low;
}

static void put_json(Pen *pen, const Column *column, size_t row) {
    Str text = column->data.texts[row];
    buf_empty(&pen->part);
    if (json_canonical(text, &pen->arena, &pen->part)) {
        put_str(pen, TAG_JSON, buf_view(&pen->part));
    } else {
        put_str(pen, TAG_OPAQUE, text);
    }
}

static void put_array(Pen *pen, const Column *column, size_t row) {
    Str text = column->data.texts[row];
    buf_empty(&pen->part);
    if (canon_array(text, column->element, &pen->arena, &pen->part)) {
        put_str(pen, TAG_ARRAY, buf_view(&pen->part));
    } else {
        put_str(pen, TAG_OPAQUE, text);
    }
}

static const PutCell PUT_CELL[KIND_COUNT] = {
    [KIND_BOOL] = put_bool,
    [KIND_INT] = put_int,
    [KIND_DECIMAL] = put_decimal,
    [KIND_FLOAT] = put_float,
    [KIND_TEXT] = put_text,
    [KIND_BYTES] = put_bytes,
    [KIND_TIMESTAMPTZ] = put_timestamptz,
    [KIND_TIMESTAMP] = put_timestamp,
    [KIND_DATE] = put_date,
    [KIND_TIME] = put_time,
    [KIND_INTERVAL] = put_interval,
    [KIND_UUID] = put_uuid,
    [KIND_JSON] = put_json,
    [KIND_ARRAY] = put_array,
    [KIND_OPAQUE] = put_opaque,
};

void put_value(Pen *pen, const Column *column, size_t row) {
    PUT_CELL[column->kind](pen, column, row);
}

static inline void put_cell(Pen *pen, const Column *column, size_t row) {
    uint8_t state = column->state[row];
    if (state == CELL_VALUE) {
        PUT_CELL[column->kind](pen, column, row);
    } else if (state == CELL_NULL) {
        put_null(pen);
    } else {
        put_str(pen, TAG_ODD, column->odd[row]);
    }
}

void canon_cell(const Column *column, size_t row, Buf *out) {
    Pen pen = pen_open(out);
    put_cell(&pen, column, row);
    pen_close(&pen);
}

void canon_value(const Value *value, Buf *out) {
    Value cell = *value;
    Str odd = cell.as.text;
    /* every member of the union begins where the union does */
    Column column = {.kind = cell.kind, .state = &cell.state, .data.decimals = &cell.as.decimal, .odd = &odd};
    canon_cell(&column, 0, out);
}

/* ---- rows and digests ------------------------------------------------------------------------------------------ */

void canon_hash_rows(const Batch *batch, const size_t *columns, size_t column_count, Buf *scratch, RowHash *out) {
    buf_empty(scratch);
    Pen pen = pen_open(scratch);
    for (size_t row = 0; row < batch->rows; row++) {
        for (size_t i = 0; i < column_count; i++) {
            put_cell(&pen, &batch->columns[columns[i]], row);
        }
        out[row] = pen_hash(&pen);
    }
    pen_close(&pen);
}

bool digest_equal(const Digest *a, const Digest *b) {
    return a->low == b->low && a->high == b->high && a->rows == b->rows;
}

void digest_bytes(const Digest *digest, unsigned char out[24]) {
    uint64_t parts[3] = {htobe64(digest->high), htobe64(digest->low), htobe64(digest->rows)};
    memcpy(out, parts, sizeof parts);
}

/* ---- equality ---------------------------------------------------------------------------------------------- */

static bool bytes_equal(const Column *a, size_t row_a, const Column *b, size_t row_b) {
    Buf bytes_a = {0}, bytes_b = {0};
    canon_cell(a, row_a, &bytes_a);
    canon_cell(b, row_b, &bytes_b);
    bool equal = str_equal(buf_view(&bytes_a), buf_view(&bytes_b));
    buf_free(&bytes_a);
    buf_free(&bytes_b);
    return equal;
}

static Decimal cell_decimal(const Column *column, size_t row) {
    return column->kind == KIND_INT ? decimal_of_int(column->data.ints[row]) : column->data.decimals[row];
}

static bool is_exact(Kind kind) {
    return kind == KIND_INT || kind == KIND_DECIMAL;
}

static bool values_equal(const Column *a, size_t i, const Column *b, size_t j) {
    switch (a->kind) {
    case KIND_BOOL:
        return (a->data.ints[i] != 0) == (b->data.ints[j] != 0);
    case KIND_INT:
    case KIND_TIMESTAMPTZ:
    case KIND_TIMESTAMP:
    case KIND_DATE:
    case KIND_TIME:
        return a->data.ints[i] == b->data.ints[j];
    case KIND_DECIMAL:
        return decimal_compare(a->data.decimals[i], b->data.decimals[j]) == 0;
    case KIND_FLOAT: {
        double x = a->data.floats[i], y = b->data.floats[j];
        return x == y || (x != x && y != y);
    }
    case KIND_INTERVAL:
        return interval_compare(a->data.intervals[i], b->data.intervals[j]) == 0;
    case KIND_TEXT:
    case KIND_BYTES:
    case KIND_UUID:
    case KIND_OPAQUE:
        return str_equal(a->data.texts[i], b->data.texts[j]);
    case KIND_JSON:
    case KIND_ARRAY:
        return str_equal(a->data.texts[i], b->data.texts[j]) || bytes_equal(a, i, b, j);
    case KIND_COUNT:
        break;
    }
    return false;
}

bool canon_equal(const Column *a, size_t row_a, const Column *b, size_t row_b) {
    uint8_t state = a->state[row_a];
    if (state != b->state[row_b]) {
        return false;
    }
    if (state == CELL_NULL) {
        return true;
    }
    if (state == CELL_ODD) {
        return str_equal(a->odd[row_a], b->odd[row_b]);
    }
    if (a->kind == b->kind) {
        return values_equal(a, row_a, b, row_b);
    }
    return is_exact(a->kind) && is_exact(b->kind) &&
           decimal_compare(cell_decimal(a, row_a), cell_decimal(b, row_b)) == 0;
}

static bool is_number(Kind kind) {
    return is_exact(kind) || kind == KIND_FLOAT;
}

bool canon_common_kind(Kind a, Kind b, Kind *out) {
    if (a == b) {
        *out = a;
        return true;
    }
    if (is_number(a) && is_number(b)) {
        *out = KIND_DECIMAL;
        return true;
    }
    return false;
}
