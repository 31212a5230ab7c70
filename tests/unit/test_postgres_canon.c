/* Canonical bytes straight from the wire against those of cells: the same bytes and hashes, the same refusals. */
#include "source/postgres_canon.h"
#include "test.h"

#include "wire_bytes.h"

enum { FIELDS_MAX = 8 };

/* Rows of some fields, read both ways. */
typedef struct Both {
    Arena arena, numbers;
    Batch batch;
    PgCell cells[FIELDS_MAX];
    PgDecoder decoder;
    PgPutter putters[FIELDS_MAX];
    Str fields[FIELDS_MAX];
    PgCanon canon;
    PgWire wires[FIELDS_MAX];
    Buf scratch;
} Both;

typedef struct Form {
    PgWire wire;
    Kind kind, element;
    bool checked;
} Form;

static void both_make(Both *both, const Form *forms, size_t count) {
    Kind kinds[FIELDS_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        kinds[i] = forms[i].kind;
        both->wires[i] = forms[i].wire;
    }
    both->batch = batch_make(&both->arena, count, kinds, BATCH_ROWS);
    both->batch.rows = 1;
    for (size_t i = 0; i < count; i++) {
        PgDecode *decode = pg_decode_find(forms[i].wire, forms[i].kind, forms[i].checked);
        both->batch.columns[i].element = forms[i].element;
        both->cells[i] = (PgCell){decode, &both->batch.columns[i], &both->numbers};
        both->putters[i] =
            pg_putter(forms[i].wire, forms[i].kind, forms[i].element, decode, &both->arena, &both->numbers);
    }
    both->decoder = (PgDecoder){.cells = both->cells, .cell_count = count, .started = true};
    both->canon = (PgCanon){.putters = both->putters, .count = count, .fields = both->fields};
}

static void both_free(Both *both) {
    arena_free(&both->arena);
    arena_free(&both->numbers);
    buf_free(&both->scratch);
}

static bool hash_by_wire(Both *both, Str row, RowHash *out) {
    Err err;
    buf_empty(&both->scratch);
    Pen pen = pen_open(&both->scratch);
    bool good = pg_canon_row(&both->canon, row, &pen, &err);
    *out = pen_hash(&pen);
    pen_close(&pen);
    return good;
}

static bool hash_by_cells(Both *both, Str row, const size_t *columns, size_t count, RowHash *out) {
    Err err;
    Buf scratch = {0};
    bool good = pg_decode_fields(&both->decoder, row, 0, &err);
    if (good) {
        canon_hash_rows(&both->batch, columns, count, &scratch, out);
    }
    buf_free(&scratch);
    return good;
}

/* Whether they agree about the row; *out_good: neither refused it. */
static bool agree(Both *both, Str row, const size_t *columns, size_t count, bool *out_good) {
    RowHash by_wire, by_cells;
    pg_canon_order(&both->canon, columns, count);
    bool good = hash_by_cells(both, row, columns, count, &by_cells);
    arena_empty(&both->numbers);
    *out_good = good;
    return hash_by_wire(both, row, &by_wire) == good && (!good || row_hash_equal(by_wire, by_cells));
}

static void row_make(const Both *both, Buf *row) {
    buf_empty(row);
    for (size_t i = 0; i < both->batch.column_count; i++) {
        if (wire_below(6) == 0) {
            wire_put(row, UINT32_MAX, 4);
            continue;
        }
        Buf value = {0};
        wire_put_value(&value, both->wires[i]);
        wire_put(row, value.length, 4);
        buf_str(row, buf_view(&value));
        buf_free(&value);
    }
}

/* ---- one field ----------------------------------------------------------------------------------------------- */

static void form_is_the_same(Form form) {
    enum { TRIES = 3000 };
    static const size_t first[] = {0};
    Both both = {0};
    Buf row = {0};
    size_t wrong = 0, refused = 0;
    both_make(&both, &form, 1);
    for (int i = 0; i < TRIES; i++) {
        bool good;
        row_make(&both, &row);
        wrong += !agree(&both, buf_view(&row), first, 1, &good);
        refused += !good;
    }
    if (!CHECK(wrong == 0) || !CHECK(refused < TRIES)) {
        printf("    wire %d as %s: %zu of %d wrong, %zu refused\n", (int)form.wire, kind_name(form.kind), wrong, TRIES,
               refused);
    }
    buf_free(&row);
    both_free(&both);
}

static void every_form_is_the_same(void) {
    size_t forms = 0;
    for (int wire = 0; wire < PG_WIRE_COUNT; wire++) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            if (pg_decode_find((PgWire)wire, (Kind)kind, false) != NULL) {
                form_is_the_same((Form){(PgWire)wire, (Kind)kind, KIND_INT, false});
                form_is_the_same((Form){(PgWire)wire, (Kind)kind, KIND_TEXT, true});
                forms++;
            }
        }
    }
    CHECK(forms >= PG_WIRE_COUNT);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static Form form_of(PgWire wire, bool checked) {
    Kind kind = (Kind)wire_below(KIND_COUNT);
    while (pg_decode_find(wire, kind, checked) == NULL) {
        kind = (kind + 1) % KIND_COUNT;
    }
    return (Form){wire, kind, wire_below(2) == 0 ? KIND_INT : KIND_TEXT, checked};
}

/* The columns that are hashed: all but some, in place but for some. */
static size_t columns_make(size_t count, size_t *columns) {
    size_t chosen = 0;
    bool in_place = wire_below(2) == 0;
    for (size_t i = 0; i < count; i++) {
        columns[chosen++] = in_place || wire_below(3) != 0 ? i : wire_below(count);
    }
    return chosen;
}

/* A column that is not hashed is refused by those who read its cell. */
static bool all_are_hashed(const size_t *columns, size_t chosen, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t c = 0; c < chosen; c++) {
            found = found || columns[c] == i;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static void rows_are_the_same(void) {
    enum { TABLES = 400, ROWS = 40 };
    size_t good_rows = 0;
    for (int table = 0; table < TABLES; table++) {
        Form forms[FIELDS_MAX];
        size_t columns[FIELDS_MAX], count = 1 + wire_below(FIELDS_MAX);
        for (size_t i = 0; i < count; i++) {
            forms[i] = form_of((PgWire)wire_below(PG_WIRE_COUNT), wire_below(2) == 0);
        }
        size_t chosen = columns_make(count, columns);
        Both both = {0};
        Buf row = {0};
        both_make(&both, forms, count);
        for (int i = 0; i < ROWS; i++) {
            bool good;
            row_make(&both, &row);
            bool same = agree(&both, buf_view(&row), columns, chosen, &good);
            CHECK(same || (!good && !all_are_hashed(columns, chosen, count)));
            good_rows += good;
        }
        buf_free(&row);
        both_free(&both);
    }
    CHECK(good_rows > TABLES);
}

static void rows_end_where_their_fields_do(void) {
    static const Form forms[] = {{PG_WIRE_INT8, KIND_INT, KIND_INT, false},
                                 {PG_WIRE_BYTES, KIND_TEXT, KIND_INT, false}};
    static const size_t orders[][2] = {{0, 1}, {1, 0}};
    Both both = {0};
    Buf row = {0};
    both_make(&both, forms, 2);
    wire_put(&row, 8, 4);
    wire_put(&row, 7, 8);
    wire_put(&row, 3, 4);
    buf_text(&row, "abc");
    for (size_t order = 0; order < 2; order++) {
        bool good;
        CHECK(agree(&both, buf_view(&row), orders[order], 2, &good) && good);
        CHECK(agree(&both, buf_view(&row), orders[order], 1, &good) && good);
        for (size_t length = 0; length < row.length; length++) {
            CHECK(agree(&both, (Str){row.bytes, length}, orders[order], 2, &good) && !good);
            CHECK(agree(&both, (Str){row.bytes, length}, orders[order], 1, &good) && !good);
        }
        CHECK(agree(&both, (Str){row.bytes, row.length + 1}, orders[order], 2, &good) && !good); /* its closing NUL */
    }
    buf_free(&row);
    both_free(&both);
}

int main(void) {
    wire_seed();
    TEST_RUN(every_form_is_the_same);
    TEST_RUN(rows_are_the_same);
    TEST_RUN(rows_end_where_their_fields_do);
    return test_finish();
}
