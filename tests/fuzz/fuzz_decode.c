/* Binary COPY with hostile bytes: the first byte says how many columns, one byte each which decoder, the next how long
 * messages are; the rest is the stream. Every text a cell points to is read, so that a wrong length is seen. The same
 * bytes are also taken for the fields of one row, whose hash must not depend on whether cells were made of them. */
#include "source/postgres_canon.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 16 };

static volatile unsigned char sink;

static void touch(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        sink = (unsigned char)(sink ^ (unsigned char)text.bytes[i]);
    }
}

static void touch_row(const Batch *batch, size_t row) {
    Buf text = {0};
    for (size_t i = 0; i < batch->column_count; i++) {
        Value value = column_value(&batch->columns[i], row);
        if (value.state == CELL_VALUE && value.kind != KIND_DECIMAL) {
            value_print(value, &text);
        }
    }
    touch(buf_view(&text));
    buf_free(&text);
}

/* One message in memory of its own, as libpq gives it. */
static bool feed(PgDecoder *decoder, const Batch *batch, const uint8_t *bytes, size_t length, size_t *row) {
    Err err;
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    memcpy(copy, bytes, length);
    PgMessage message = {copy, length};
    bool good = true;
    bool more = true;
    while (good && more && *row < BATCH_ROWS) {
        bool got;
        good = pg_decode_tuple(decoder, &message, *row, &got, &err);
        if (good && got) {
            touch_row(batch, *row);
            (*row)++;
        }
        more = message.left > 0;
    }
    free(copy);
    return good;
}

/* Aborts where the two ways to a row's hash do not agree. */
static void hash_both_ways(const PgDecoder *decoder, Batch *batch, PgPutter *putters, const uint8_t *bytes,
                           size_t length) {
    Err err;
    Str fields[COLUMNS_MAX];
    size_t columns[COLUMNS_MAX], count = decoder->cell_count;
    for (size_t i = 0; i < count; i++) {
        columns[i] = i;
    }
    PgCanon canon = {.putters = putters, .count = count, .fields = fields};
    Buf scratch = {0}, other = {0};
    Pen pen = pen_open(&scratch);
    Str row = {(const char *)bytes, length};
    pg_canon_order(&canon, columns, count);
    bool by_wire = pg_canon_row(&canon, row, &pen, &err);
    bool by_cells = pg_decode_fields(decoder, row, 0, &err);
    RowHash of_cells, of_wire = pen_hash(&pen);
    if (by_cells) {
        batch->rows = 1;
        canon_hash_rows(batch, columns, count, &other, &of_cells);
    }
    if (by_wire != by_cells || (by_cells && !row_hash_equal(of_wire, of_cells))) {
        abort();
    }
    pen_close(&pen);
    buf_free(&scratch);
    buf_free(&other);
}

static size_t choose(const uint8_t *data, size_t count, Kind *kinds, PgWire *wires, PgDecode **decodes) {
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        PgWire wire = (PgWire)(data[i] % PG_WIRE_COUNT);
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            PgDecode *decode = pg_decode_find(wire, (Kind)((kind + data[i]) % KIND_COUNT), true);
            if (decode != NULL) {
                kinds[chosen] = (Kind)((kind + data[i]) % KIND_COUNT);
                wires[chosen] = wire;
                decodes[chosen++] = decode;
                break;
            }
        }
    }
    return chosen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Kind kinds[COLUMNS_MAX];
    PgDecode *decodes[COLUMNS_MAX];
    PgCell cells[COLUMNS_MAX];
    PgWire wires[COLUMNS_MAX];
    PgPutter putters[COLUMNS_MAX];
    if (size < 2) {
        return 0;
    }
    size_t count = 1 + data[0] % COLUMNS_MAX;
    if (size < count + 2) {
        return 0;
    }
    count = choose(data + 1, count, kinds, wires, decodes);
    size_t step = 1 + (size_t)data[count + 1] * 4;
    Arena arena = {0};
    Batch batch = batch_make(&arena, count, kinds, BATCH_ROWS);
    for (size_t i = 0; i < count; i++) {
        cells[i] = (PgCell){decodes[i], &batch.columns[i], &arena};
        putters[i] = pg_putter(wires[i], kinds[i], KIND_BOOL, decodes[i], &arena, &arena);
    }
    PgDecoder decoder = {.cells = cells, .cell_count = count};
    hash_both_ways(&decoder, &batch, putters, data + count + 2, size - count - 2);
    size_t row = 0;
    for (size_t at = count + 2; at < size; at += step) {
        size_t length = size - at < step ? size - at : step;
        if (!feed(&decoder, &batch, data + at, length, &row)) {
            break;
        }
    }
    arena_free(&arena);
    return 0;
}
