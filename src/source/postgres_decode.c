#include "source/postgres_decode.h"

#include <string.h>

/* ---- big-endian numbers ----------------------------------------------------------------------------------- */

static inline uint16_t read_u16(const unsigned char *bytes) {
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap16(value);
}

static inline uint32_t read_u32(const unsigned char *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

static inline uint64_t read_u64(const unsigned char *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap64(value);
}

static inline int64_t read_int(const unsigned char *bytes, size_t length) {
    return length == 2 ? (int16_t)read_u16(bytes) : length == 4 ? (int32_t)read_u32(bytes) : (int64_t)read_u64(bytes);
}

static inline double read_float4(const unsigned char *bytes) {
    uint32_t bits = read_u32(bytes);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static inline double read_float8(const unsigned char *bytes) {
    uint64_t bits = read_u64(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- one function a wire form and kind -------------------------------------------------------------------- */

static bool decode_bool(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 1 || bytes[0] > 1) {
        return false;
    }
    cell->column->data.ints[row] = bytes[0];
    return true;
}

static bool decode_int2(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 2) {
        return false;
    }
    cell->column->data.ints[row] = read_int(bytes, 2);
    return true;
}

static bool decode_int4(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 4) {
        return false;
    }
    cell->column->data.ints[row] = read_int(bytes, 4);
    return true;
}

/* Also microseconds, where the infinities are the same two numbers. */
static bool decode_int8(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 8) {
        return false;
    }
    cell->column->data.ints[row] = read_int(bytes, 8);
    return true;
}

static bool decode_int_as_decimal(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 2 && length != 4 && length != 8) {
        return false;
    }
    cell->column->data.decimals[row] = decimal_of_int(read_int(bytes, length));
    return true;
}

static bool decode_float4(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 4) {
        return false;
    }
    cell->column->data.floats[row] = read_float4(bytes);
    return true;
}

static bool decode_float8(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 8) {
        return false;
    }
    cell->column->data.floats[row] = read_float8(bytes);
    return true;
}

static bool decode_float_as_decimal(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 4 && length != 8) {
        return false;
    }
    bool single = length == 4;
    double value = single ? read_float4(bytes) : read_float8(bytes);
    cell->column->data.decimals[row] = decimal_of_double(cell->arena, value, single);
    return true;
}

static bool decode_numeric(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    return decimal_of_wire(cell->arena, bytes, length, &cell->column->data.decimals[row]);
}

static bool decode_bytes(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    cell->column->data.texts[row] = (Str){(const char *)bytes, length};
    return true;
}

static bool decode_checked_text(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    return utf8_valid((Str){(const char *)bytes, length}) && decode_bytes(cell, row, bytes, length);
}

static bool decode_date(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 4) {
        return false;
    }
    int64_t days = read_int(bytes, 4);
    cell->column->data.ints[row] = days == INT32_MAX ? INT64_MAX : days == INT32_MIN ? INT64_MIN : days;
    return true;
}

static bool decode_interval(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    if (length != 16) {
        return false;
    }
    cell->column->data.intervals[row] = (Interval){
        .us = read_int(bytes, 8),
        .days = (int32_t)read_u32(bytes + 8),
        .months = (int32_t)read_u32(bytes + 12),
    };
    return true;
}

static bool decode_uuid(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    return length == 16 && decode_bytes(cell, row, bytes, length);
}

static bool decode_jsonb(const PgCell *cell, size_t row, const unsigned char *bytes, size_t length) {
    return length >= 1 && bytes[0] == 1 && decode_bytes(cell, row, bytes + 1, length - 1);
}

/* ---- choosing --------------------------------------------------------------------------------------------- */

static const struct DecodeRow {
    PgWire wire;
    Kind kind;
    PgDecode *decode;
    PgDecode *checked; /* where the server does not promise UTF-8; NULL: the same */
} DECODES[] = {
    {PG_WIRE_BOOL, KIND_BOOL, decode_bool, NULL},
    {PG_WIRE_INT2, KIND_INT, decode_int2, NULL},
    {PG_WIRE_INT4, KIND_INT, decode_int4, NULL},
    {PG_WIRE_INT8, KIND_INT, decode_int8, NULL},
    {PG_WIRE_INT2, KIND_DECIMAL, decode_int_as_decimal, NULL},
    {PG_WIRE_INT4, KIND_DECIMAL, decode_int_as_decimal, NULL},
    {PG_WIRE_INT8, KIND_DECIMAL, decode_int_as_decimal, NULL},
    {PG_WIRE_FLOAT4, KIND_FLOAT, decode_float4, NULL},
    {PG_WIRE_FLOAT8, KIND_FLOAT, decode_float8, NULL},
    {PG_WIRE_FLOAT4, KIND_DECIMAL, decode_float_as_decimal, NULL},
    {PG_WIRE_FLOAT8, KIND_DECIMAL, decode_float_as_decimal, NULL},
    {PG_WIRE_NUMERIC, KIND_DECIMAL, decode_numeric, NULL},
    {PG_WIRE_BYTES, KIND_BYTES, decode_bytes, NULL},
    {PG_WIRE_BYTES, KIND_TEXT, decode_bytes, decode_checked_text},
    {PG_WIRE_BYTES, KIND_JSON, decode_bytes, decode_checked_text},
    {PG_WIRE_BYTES, KIND_ARRAY, decode_bytes, decode_checked_text},
    {PG_WIRE_BYTES, KIND_OPAQUE, decode_bytes, decode_checked_text},
    {PG_WIRE_TIME, KIND_TIMESTAMPTZ, decode_int8, NULL},
    {PG_WIRE_TIME, KIND_TIMESTAMP, decode_int8, NULL},
    {PG_WIRE_TIME, KIND_TIME, decode_int8, NULL},
    {PG_WIRE_DATE, KIND_DATE, decode_date, NULL},
    {PG_WIRE_INTERVAL, KIND_INTERVAL, decode_interval, NULL},
    {PG_WIRE_UUID, KIND_UUID, decode_uuid, NULL},
    {PG_WIRE_JSONB, KIND_JSON, decode_jsonb, NULL},
};

PgDecode *pg_decode_find(PgWire wire, Kind kind, bool checked_text) {
    for (size_t i = 0; i < sizeof DECODES / sizeof *DECODES; i++) {
        const struct DecodeRow *row = &DECODES[i];
        if (row->wire == wire && row->kind == kind) {
            return checked_text && row->checked != NULL ? row->checked : row->decode;
        }
    }
    return NULL;
}

/* ---- the stream ------------------------------------------------------------------------------------------- */

static const char SIGNATURE[11] = "PGCOPY\n\377\r\n";

static bool malformed(Err *err, const char *what) {
    return err_set(err, TF_ERROR_DATA, "cannot read the server's binary rows: %s", what);
}

static inline void message_skip(PgMessage *message, size_t bytes) {
    message->bytes += bytes;
    message->left -= bytes;
}

/* Signature, flags (the low half may be ignored), length of an extension to skip. */
static bool header_take(PgDecoder *decoder, PgMessage *message, Err *err) {
    size_t fixed = sizeof SIGNATURE + 8;
    if (message->left < fixed || memcmp(message->bytes, SIGNATURE, sizeof SIGNATURE) != 0) {
        return malformed(err, "they do not begin with COPY's signature");
    }
    uint32_t flags = read_u32(message->bytes + sizeof SIGNATURE);
    uint32_t extension = read_u32(message->bytes + sizeof SIGNATURE + 4);
    if (flags >> 16 != 0) {
        return malformed(err, "they use a form that is not known");
    }
    if (extension > message->left - fixed) {
        return malformed(err, "the header is cut short");
    }
    message_skip(message, fixed + extension);
    decoder->started = true;
    return true;
}

bool pg_field_failed(size_t field, size_t count, Err *err) {
    return err_set(err, TF_ERROR_DATA, "cannot read the server's binary rows: field %zu of %zu is malformed", field + 1,
                   count);
}

static bool cells_take(const PgDecoder *decoder, size_t count, PgMessage *fields, size_t row, Err *err) {
    const unsigned char *at = fields->bytes;
    const unsigned char *end = at + fields->left;
    for (size_t i = 0; i < count; i++) {
        at = pg_cell_take(&decoder->cells[i], row, at, end);
        if (at == NULL) {
            return pg_field_failed(i, decoder->cell_count, err);
        }
    }
    *fields = (PgMessage){at, (size_t)(end - at)};
    return true;
}

/* What stands before the next tuple's fields, where that is not just their number. */
static bool tuple_begin_slowly(PgDecoder *decoder, PgMessage *message, bool *out_row, Err *err) {
    if (!decoder->started && !header_take(decoder, message, err)) {
        return false;
    }
    *out_row = false;
    if (message->left == 0) {
        return true; /* the header may come alone */
    }
    if (decoder->ended || message->left < PG_TUPLE_HEADER) {
        return malformed(err, decoder->ended ? "there are bytes behind the end" : "a row is cut short");
    }
    uint16_t fields = read_u16(message->bytes);
    message_skip(message, PG_TUPLE_HEADER);
    if (fields == UINT16_MAX) {
        decoder->ended = true;
        return message->left == 0 || malformed(err, "there are bytes behind the end");
    }
    if (fields != decoder->cell_count) {
        return err_set(err, TF_ERROR_DATA, "cannot read the server's binary rows: %u fields where %zu were asked for",
                       (unsigned)fields, decoder->cell_count);
    }
    *out_row = true;
    return true;
}

/* To the first field of the next tuple. */
static inline bool tuple_begin(PgDecoder *decoder, PgMessage *message, bool *out_row, Err *err) {
    if (!pg_begins_tuple(decoder, *message)) {
        return tuple_begin_slowly(decoder, message, out_row, err);
    }
    message_skip(message, PG_TUPLE_HEADER);
    *out_row = true;
    return true;
}

bool pg_decode_tuple(PgDecoder *decoder, PgMessage *message, size_t row, bool *out_row, Err *err) {
    return tuple_begin(decoder, message, out_row, err) &&
           (!*out_row || cells_take(decoder, decoder->cell_count, message, row, err));
}

/* ---- rows that are kept as they came ---------------------------------------------------------------------- */

bool pg_decode_first(PgDecoder *decoder, PgMessage *message, size_t first, size_t row, bool *out_row, Str *out_fields,
                     Err *err) {
    if (!tuple_begin(decoder, message, out_row, err)) {
        return false;
    }
    PgMessage fields = *message;
    *out_fields = (Str){(const char *)fields.bytes, fields.left};
    message_skip(message, fields.left);
    return !*out_row || cells_take(decoder, first, &fields, row, err);
}

bool pg_bytes_behind(Err *err) {
    return malformed(err, "there are bytes behind a row's last field");
}

bool pg_decode_fields(const PgDecoder *decoder, Str fields, size_t row, Err *err) {
    PgMessage left = {(const unsigned char *)fields.bytes, fields.length};
    return cells_take(decoder, decoder->cell_count, &left, row, err) && (left.left == 0 || pg_bytes_behind(err));
}

bool pg_decode_is_whole(const PgDecoder *decoder, PgMessage message) {
    PgDecoder copy = *decoder;
    Err ignored;
    bool row;
    if (!tuple_begin(&copy, &message, &row, &ignored)) {
        return false;
    }
    const unsigned char *at = message.bytes;
    for (size_t i = 0; row && at != NULL && i < copy.cell_count; i++) {
        Str field;
        at = pg_field_take(at, message.bytes + message.left, &field);
    }
    return at != NULL;
}
