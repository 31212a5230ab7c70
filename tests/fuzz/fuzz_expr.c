/* Fuzzes the invariant language. The first byte picks one row or two sides, the rest is the expression. Whatever parses
 * is printed and read again; whatever binds is printed, bound again, written as SQL and run over rows of odd values.
 * The two printings must be the same text and both trees must give the same answers. */
#include "expr/program.h"
#include "expr/sql.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 4 };

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static const ExprColumn columns[] = {
    {"b", KIND_BOOL, true, NULL},        {"i", KIND_INT, true, NULL},       {"d", KIND_DECIMAL, true, NULL},
    {"f", KIND_FLOAT, true, NULL},       {"t", KIND_TEXT, true, NULL},      {"y", KIND_BYTES, true, NULL},
    {"z", KIND_TIMESTAMPTZ, true, NULL}, {"s", KIND_TIMESTAMP, true, NULL}, {"e", KIND_DATE, true, NULL},
    {"c", KIND_TIME, true, NULL},        {"v", KIND_INTERVAL, true, NULL},  {"u", KIND_UUID, true, NULL},
    {"j", KIND_JSON, true, NULL},        {"o", KIND_OPAQUE, false, "box"},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Texts of three values a column; the fourth row is NULL. */
static const char *const cells[COLUMNS][ROWS - 1] = {
    {"true", "false", "true"},
    {"0", "-9223372036854775808", "9223372036854775807"},
    {"NaN", "-99999999999999999999999999999999999999.5", "0.000"},
    {"NaN", "-0", "1.7976931348623157e308"},
    {"", "\xf0\x9f\x98\x80 \\", "2024-02-29"},
    {"\\x", "\\x00ff", "\\x61"},
    {"infinity", "2024-02-29 12:00:00+00", "-infinity"},
    {"infinity", "294276-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC"},
    {"-infinity", "5874897-12-31", "4713-01-01 BC"},
    {"24:00:00", "00:00:00", "23:59:59.999999"},
    {"1 mon -1 days", "-178956970 years", "2147483647 days"},
    {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
     "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"{\"a\": [1, {\"b\": null}]}", "[]", "\"\\u0041\""},
    {"(1,1),(0,0)", "", "x"},
};

static Batch make_batch(Arena *arena) {
    Kind kinds[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        kinds[c] = columns[c].kind;
    }
    Batch batch = batch_make(arena, COLUMNS, kinds, ROWS);
    batch.rows = ROWS;
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t row = 0; row < ROWS; row++) {
            Value value = {.kind = kinds[c], .state = CELL_NULL};
            if (row < ROWS - 1 && !value_parse(arena, kinds[c], str_of(cells[c][row]), &value)) {
                value.state = CELL_NULL;
            }
            column_set(arena, &batch.columns[c], row, value);
        }
    }
    return batch;
}

static void write_column(void *self, ExprSide side, size_t column, Buf *out) {
    (void)self;
    buf_printf(out, "%c.c%zu", side == EXPR_NEW ? 'n' : 'o', column);
}

static bool read(Arena *arena, Str text, const ExprScope *scope, Expr **out) {
    Err err;
    Place place = {0};
    bool good = expr_parse(arena, text, out, &place, &err) &&
                (scope == NULL || expr_bind(*out, arena, scope, KIND_COUNT, &place, &err));
    demand(good || (place.offset <= text.length && place.length <= text.length - place.offset));
    demand(good || err.text[0] != '\0');
    return good;
}

static void answers_of(Arena *arena, const Expr *expr, const Batch *batch, Value *out) {
    size_t slots[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        slots[c] = c;
    }
    Program *program = program_make(arena, expr, slots, slots);
    ProgramState *state = program_state(arena, program);
    for (uint32_t row = 0; row < ROWS; row++) {
        uint32_t other = (row + 1) % ROWS;
        RowPairs pair = {batch, batch, &row, &other, 1};
        out[row] = program_value(program, state, &pair, arena);
    }
}

static void run_all(Arena *arena, const Expr *expr, const Batch *batch) {
    static const uint32_t rows[ROWS] = {0, 1, 2, 3};
    size_t slots[COLUMNS];
    uint8_t truth[ROWS];
    for (size_t c = 0; c < COLUMNS; c++) {
        slots[c] = c;
    }
    if (expr_kind(expr) == KIND_BOOL) {
        Program *program = program_make(arena, expr, slots, slots);
        program_truth(program, program_state(arena, program), &(RowPairs){batch, batch, rows, rows, ROWS}, truth);
    }
}

static void write_sql(const Expr *expr) {
    static const SqlColumns names = {write_column, NULL};
    Buf sql = {0};
    Err err;
    (void)expr_sql(expr, &names, &sql, &err);
    buf_free(&sql);
}

static void check(Arena *arena, Str text, const ExprScope *scope) {
    Expr *expr, *again;
    Buf first = {0}, second = {0};
    if (!read(arena, text, scope, &expr)) {
        return;
    }
    expr_print(expr, &first);
    if (first.length < 65536 && read(arena, buf_view(&first), NULL, &again)) {
        demand(read(arena, buf_view(&first), scope, &again));
        expr_print(again, &second);
        demand(str_equal(buf_view(&first), buf_view(&second)));
    }
    if (expr_kind(expr) != KIND_OPAQUE) {
        Batch batch = make_batch(arena);
        Value answers[ROWS];
        answers_of(arena, expr, &batch, answers);
        run_all(arena, expr, &batch);
        write_sql(expr);
    }
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena arena = {0};
    if (size > 1) {
        ExprColumns all = {columns, COLUMNS};
        ExprScope scope = {all, all, data[0] % 2 == 1};
        check(&arena, (Str){(const char *)data + 1, size - 1}, &scope);
    }
    arena_free(&arena);
    return 0;
}
