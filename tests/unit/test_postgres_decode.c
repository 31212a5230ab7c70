#include "test.h"

#include "source/postgres_decode.h"

/* ---- making streams --------------------------------------------------------------------------------------- */

static void put_u16(Buf *out, unsigned value) {
    buf_append(out, (unsigned char[]){(unsigned char)(value >> 8), (unsigned char)value}, 2);
}

static void put_u32(Buf *out, uint32_t value) {
    put_u16(out, value >> 16);
    put_u16(out, value & 0xffff);
}

static void put_header(Buf *out) {
    buf_append(out, "PGCOPY\n\377\r\n\0", 11);
    put_u32(out, 0);
    put_u32(out, 0);
}

static void put_field(Buf *out, const void *bytes, size_t length) {
    put_u32(out, (uint32_t)length);
    buf_append(out, bytes, length);
}

/* "00 01 ff" */
static size_t of_hex(const char *hex, unsigned char *out) {
    size_t length = 0;
    unsigned byte;
    int taken;
    while (sscanf(hex, " %2x%n", &byte, &taken) == 1) {
        out[length++] = (unsigned char)byte;
        hex += taken;
    }
    return length;
}

/* ---- one field at a time ---------------------------------------------------------------------------------- */

typedef struct One {
    Arena arena;
    Batch batch;
    PgCell cell;
    PgDecoder decoder;
} One;

static void one_make(One *one, PgWire wire, Kind kind) {
    *one = (One){0};
    one->batch = batch_make(&one->arena, 1, &kind, BATCH_ROWS);
    one->cell = (PgCell){pg_decode_find(wire, kind, false), &one->batch.columns[0], &one->arena};
    one->decoder = (PgDecoder){.cells = &one->cell, .cell_count = 1};
    CHECK(one->cell.decode != NULL);
}

static bool one_read(One *one, const Buf *stream) {
    Err err;
    bool row;
    PgMessage message = {(const unsigned char *)stream->bytes, stream->length};
    return pg_decode_tuple(&one->decoder, &message, 0, &row, &err) && row && message.left == 0;
}

static const struct FieldCase {
    PgWire wire;
    Kind kind;
    const char *hex;
    const char *text; /* NULL: malformed */
} FIELD_CASES[] = {
    {PG_WIRE_BOOL, KIND_BOOL, "01", "t"},
    {PG_WIRE_BOOL, KIND_BOOL, "02", NULL},
    {PG_WIRE_BOOL, KIND_BOOL, "", NULL},
    {PG_WIRE_INT2, KIND_INT, "80 00", "-32768"},
    {PG_WIRE_INT2, KIND_INT, "80", NULL},
    {PG_WIRE_INT2, KIND_DECIMAL, "ff ff", "-1"},
    {PG_WIRE_INT4, KIND_INT, "ff ff ff fe", "-2"},
    {PG_WIRE_INT4, KIND_INT, "ff ff ff fe 00 00 00 00", NULL},
    {PG_WIRE_INT8, KIND_INT, "7f ff ff ff ff ff ff ff", "9223372036854775807"},
    {PG_WIRE_INT8, KIND_DECIMAL, "80 00 00 00 00 00 00 00", "-9223372036854775808"},
    {PG_WIRE_FLOAT4, KIND_DECIMAL, "3d cc cc cd", "0.1"},
    {PG_WIRE_FLOAT8, KIND_DECIMAL, "3f b9 99 99 99 99 99 9a", "0.1"},
    {PG_WIRE_FLOAT8, KIND_FLOAT, "7f f0 00 00 00 00 00 00", "Infinity"},
    {PG_WIRE_FLOAT8, KIND_FLOAT, "7f f0 00 00", NULL},
    {PG_WIRE_NUMERIC, KIND_DECIMAL, "00 03 00 01 00 00 00 04 00 01 09 29 1a 2c", "12345.6700"},
    {PG_WIRE_NUMERIC, KIND_DECIMAL, "00 03 00 01 00 00 00 04 00 01 09 29", NULL},
    {PG_WIRE_NUMERIC, KIND_DECIMAL, "00 00 00 00 c0 00 00 00", "NaN"},
    {PG_WIRE_BYTES, KIND_BYTES, "00 ff", "\\x00ff"},
    {PG_WIRE_BYTES, KIND_TEXT, "", ""},
    {PG_WIRE_TIME, KIND_TIMESTAMPTZ, "00 00 00 00 00 00 00 01", "2000-01-01 00:00:00.000001+00"},
    {PG_WIRE_TIME, KIND_TIMESTAMP, "7f ff ff ff ff ff ff ff", "infinity"},
    {PG_WIRE_TIME, KIND_TIMESTAMP, "80 00 00 00 00 00 00 00", "-infinity"},
    {PG_WIRE_DATE, KIND_DATE, "ff ff ff ff", "1999-12-31"},
    {PG_WIRE_DATE, KIND_DATE, "7f ff ff ff", "infinity"},
    {PG_WIRE_DATE, KIND_DATE, "80 00 00 00", "-infinity"},
    {PG_WIRE_INTERVAL, KIND_INTERVAL, "00 00 00 00 00 00 00 01 00 00 00 02 ff ff ff fd",
     "-3 mons +2 days 00:00:00.000001"},
    {PG_WIRE_INTERVAL, KIND_INTERVAL, "00 00 00 00 00 00 00 01 00 00 00 02", NULL},
    {PG_WIRE_UUID, KIND_UUID, "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
     "00112233-4455-6677-8899-aabbccddeeff"},
    {PG_WIRE_UUID, KIND_UUID, "00 11", NULL},
    {PG_WIRE_JSONB, KIND_JSON, "01 5b 5d", "[]"},
    {PG_WIRE_JSONB, KIND_JSON, "02 5b 5d", NULL},
    {PG_WIRE_JSONB, KIND_JSON, "", NULL},
};

static void every_field(void) {
    for (size_t i = 0; i < sizeof FIELD_CASES / sizeof *FIELD_CASES; i++) {
        const struct FieldCase *field = &FIELD_CASES[i];
        unsigned char bytes[64];
        size_t length = of_hex(field->hex, bytes);
        One one;
        Buf stream = {0};
        Buf text = {0};
        one_make(&one, field->wire, field->kind);
        put_header(&stream);
        put_u16(&stream, 1);
        put_field(&stream, bytes, length);
        bool good = one_read(&one, &stream);
        if (CHECK(good == (field->text != NULL)) && good) {
            value_print(column_value(&one.batch.columns[0], 0), &text);
            CHECK_TEXT(text.bytes == NULL ? "" : text.bytes, field->text);
        } else if (good != (field->text != NULL)) {
            printf("    %s\n", field->hex);
        }
        buf_free(&stream);
        buf_free(&text);
        arena_free(&one.arena);
    }
}

static void null_is_not_empty(void) {
    One one;
    Buf stream = {0};
    one_make(&one, PG_WIRE_BYTES, KIND_TEXT);
    put_header(&stream);
    put_u16(&stream, 1);
    put_u32(&stream, UINT32_MAX);
    CHECK(one_read(&one, &stream) && one.batch.columns[0].state[0] == CELL_NULL);
    buf_empty(&stream);
    put_u16(&stream, 1);
    put_u32(&stream, 0);
    CHECK(one_read(&one, &stream) && one.batch.columns[0].state[0] == CELL_VALUE);
    buf_free(&stream);
    arena_free(&one.arena);
}

static void checked_text(void) {
    One one;
    one_make(&one, PG_WIRE_BYTES, KIND_TEXT);
    PgDecode *checked = pg_decode_find(PG_WIRE_BYTES, KIND_TEXT, true);
    CHECK(checked(&one.cell, 0, (const unsigned char *)"\xc3\xa4", 2));
    CHECK(!checked(&one.cell, 0, (const unsigned char *)"\xe4", 1));
    CHECK(pg_decode_find(PG_WIRE_BYTES, KIND_INT, false) == NULL);
    arena_free(&one.arena);
}

/* ---- the stream ------------------------------------------------------------------------------------------- */

/* A whole stream of two rows of (int4, text) and its trailer, decoded from messages cut at `cut`. */
static void make_stream(Buf *out) {
    put_header(out);
    for (unsigned char row = 0; row < 2; row++) {
        put_u16(out, 2);
        put_field(out, (unsigned char[]){0, 0, 0, row}, 4);
        put_field(out, "text", 4);
    }
    put_u16(out, 0xffff);
}

typedef struct Two {
    Arena arena;
    Batch batch;
    PgCell cells[2];
    PgDecoder decoder;
    size_t rows;
} Two;

static void two_make(Two *two) {
    static const Kind KINDS[] = {KIND_INT, KIND_TEXT};
    *two = (Two){0};
    two->batch = batch_make(&two->arena, 2, KINDS, BATCH_ROWS);
    two->cells[0] = (PgCell){pg_decode_find(PG_WIRE_INT4, KIND_INT, false), &two->batch.columns[0], &two->arena};
    two->cells[1] = (PgCell){pg_decode_find(PG_WIRE_BYTES, KIND_TEXT, false), &two->batch.columns[1], &two->arena};
    two->decoder = (PgDecoder){.cells = two->cells, .cell_count = 2};
}

static bool two_feed(Two *two, const char *bytes, size_t length) {
    Err err;
    PgMessage message = {(const unsigned char *)bytes, length};
    while (message.left > 0) {
        bool row;
        if (!pg_decode_tuple(&two->decoder, &message, two->rows, &row, &err)) {
            return false;
        }
        two->rows += row ? 1 : 0;
    }
    return true;
}

static void whole_streams(void) {
    Buf stream = {0};
    Two two;
    make_stream(&stream);
    two_make(&two);
    CHECK(two_feed(&two, stream.bytes, stream.length) && two.rows == 2 && two.decoder.ended);
    CHECK(two.batch.columns[0].data.ints[1] == 1 && two.batch.columns[1].data.texts[1].length == 4);
    CHECK(!two_feed(&two, "x", 1)); /* behind the end */
    arena_free(&two.arena);

    two_make(&two); /* the header alone, then the rest */
    CHECK(two_feed(&two, stream.bytes, 19) && two.rows == 0 && !two.decoder.ended);
    CHECK(two_feed(&two, stream.bytes + 19, stream.length - 19) && two.rows == 2 && two.decoder.ended);
    arena_free(&two.arena);
    buf_free(&stream);
}

/* A message that ends anywhere but between rows is refused, and never looks ended. */
static void cut_streams(void) {
    Buf stream = {0};
    make_stream(&stream);
    for (size_t cut = 1; cut < stream.length; cut++) {
        Two two;
        two_make(&two);
        bool good = two_feed(&two, stream.bytes, cut);
        size_t row_bytes = 2 + 4 + 4 + 4 + 4;
        bool between = cut == 19 || cut == 19 + row_bytes || cut == 19 + 2 * row_bytes;
        CHECK(good == between && !two.decoder.ended);
        arena_free(&two.arena);
    }
    buf_free(&stream);
}

static void refused_streams(void) {
    Buf good = {0};
    make_stream(&good);
    static const struct Injury {
        size_t at;
        unsigned char byte;
    } INJURIES[] = {
        {0, 'p'},   /* signature */
        {10, 1},    /* the NUL of the signature */
        {11, 1},    /* a flag that must be known */
        {15, 0x7f}, /* an extension longer than the message */
        {20, 3},    /* three fields */
        {21, 0x80}, /* a length below -1 */
        {24, 3},    /* a width that is not the type's */
        {31, 0xff}, /* a text longer than the message */
    };
    for (size_t i = 0; i < sizeof INJURIES / sizeof *INJURIES; i++) {
        Two two;
        two_make(&two);
        char before = good.bytes[INJURIES[i].at];
        good.bytes[INJURIES[i].at] = (char)INJURIES[i].byte;
        if (!CHECK(!two_feed(&two, good.bytes, good.length))) {
            printf("    injury %zu\n", i);
        }
        good.bytes[INJURIES[i].at] = before;
        arena_free(&two.arena);
    }
    buf_free(&good);
}

int main(void) {
    TEST_RUN(every_field);
    TEST_RUN(null_is_not_empty);
    TEST_RUN(checked_text);
    TEST_RUN(whole_streams);
    TEST_RUN(cut_streams);
    TEST_RUN(refused_streams);
    return test_finish();
}
