/* The expression interfaces beyond single answers: columns used, printing, substitution, limits, SQL, batches. What
 * expressions mean is in tests/rules/expressions.test; that SQL means the same is test_property_postgres. */
#include "expr/program.h"
#include "expr/sql.h"
#include "test.h"

#include <stdlib.h>

static const ExprColumn columns[] = {
    {"id", KIND_INT, true, NULL},    {"total", KIND_DECIMAL, true, NULL},  {"rate", KIND_FLOAT, true, NULL},
    {"name", KIND_TEXT, true, NULL}, {"at", KIND_TIMESTAMPTZ, true, NULL}, {"place", KIND_OPAQUE, false, "point"},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const ExprScope two_sides = {{columns, COLUMNS}, {columns, COLUMNS}, false};

static Arena arena;
static Place place;
static Err err;

static Expr *bound(const char *text) {
    Expr *expr = NULL;
    bool good = expr_parse(&arena, str_of(text), &expr, &place, &err) &&
                expr_bind(expr, &arena, &two_sides, KIND_COUNT, &place, &err);
    if (!CHECK(good)) {
        printf("    %s: %s\n", text, err.text);
        exit(1);
    }
    return expr;
}

static const char *printed(const Expr *expr) {
    Buf text = {0};
    expr_print(expr, &text);
    char *copy = arena_copy(&arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

/* ---- columns, printing, substitution -------------------------------------------------------------------- */

static void lists_each_column_once_in_order(void) {
    size_t count;
    const ExprColumnUse *uses =
        expr_columns(bound("new.total = old.id + new.total or old.name is null"), &arena, &count);
    CHECK(count == 3);
    CHECK(uses[0].side == EXPR_NEW && uses[0].column == 1);
    CHECK(uses[1].side == EXPR_OLD && uses[1].column == 0);
    CHECK(uses[2].side == EXPR_OLD && uses[2].column == 3);
}

static void prints_what_a_user_would_write(void) {
    static const char *const pairs[][2] = {
        {"NEW.id==OLD.total*100", "new.id = (old.total * 100)"},
        {"old.name not in ('a','it''s')", "not (old.name in ('a', 'it''s'))"},
        {"old.at>='2026-01-01' and new.id is not null",
         "(old.at >= '2026-01-01 00:00:00+00') and (new.id is not null)"},
        {"-old.id - -3", "(-old.id) - (-3)"},
        {"old.rate = old.id", "old.rate = old.id"},
        {"round(old.total)", "round(old.total)"},
        {"case when old.id>1 then 'x' end", "case when old.id > 1 then 'x' end"},
        {"extract(year from old.at)::bigint", "year(old.at)::bigint"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CHECK_TEXT(printed(bound(pairs[i][0])), pairs[i][1]);
        CHECK_TEXT(printed(bound(pairs[i][1])), pairs[i][1]);
    }
}

static Expr *parsed(const char *text) {
    Expr *expr = NULL;
    CHECK(expr_parse(&arena, str_of(text), &expr, &place, &err));
    return expr;
}

static void substitutes_parameters_by_expressions(void) {
    static const char *const names[] = {"legacy", "minor"};
    Expr *values[] = {parsed("old.total"), parsed("new.id + 1")};
    Expr *out = NULL;
    CHECK(expr_substitute(&arena, parsed("minor = legacy * 100 and legacy > 0"), names, values, 2, &out, &place, &err));
    CHECK_TEXT(printed(out), "((new.id + 1) = (old.total * 100)) and (old.total > 0)");
    CHECK(expr_bind(out, &arena, &two_sides, KIND_BOOL, &place, &err));
    CHECK(!expr_substitute(&arena, parsed("minor = legac"), names, values, 2, &out, &place, &err));
    CHECK_TEXT(err.text, "cannot find a parameter \"legac\"");
    CHECK_TEXT(err.hint, "Did you mean \"legacy\"?");
    CHECK(place.offset == 8 && place.length == 5);
}

/* ---- limits and hints -------------------------------------------------------------------------------------- */

static bool parses(const char *before, const char *middle, const char *after, size_t times) {
    Buf text = {0};
    Expr *expr;
    for (size_t i = 0; i < times; i++) {
        buf_text(&text, before);
    }
    buf_text(&text, middle);
    for (size_t i = 0; i < times; i++) {
        buf_text(&text, after);
    }
    bool good = expr_parse(&arena, str_copy(&arena, buf_view(&text)), &expr, &place, &err);
    buf_free(&text);
    return good;
}

static void refuses_what_is_too_deep_or_too_long(void) {
    CHECK(parses("(", "1", ")", 150));
    CHECK(!parses("(", "1", ")", 250));
    CHECK(!parses("not ", "true", "", 10000));
    CHECK(!parses("- ", "1", "", 10000));
    CHECK(!parses("1 + ", "1", "", 300));
    CHECK_TEXT(err.text, "cannot use the expression: it is nested deeper than 200 levels");
    CHECK(parses("old.id = 1 or ", "true", "", 2000)); /* a chain is not deep */
    CHECK(!parses("old.id = 1 or ", "true", "", 5000));
    CHECK_TEXT(err.text, "cannot use the expression: it is longer than 65536 bytes");
}

static void hints_at_the_way_out(void) {
    static const char *const cases[][2] = {
        {"old.nam = 'x'", "Did you mean \"name\"?"},
        {"old.id = old.name", "Cast one side: x::numeric reads the text, y::text writes the number."},
        {"lenght(old.name) = 1", "Did you mean \"length\"? See twofold help functions."},
        {"old.place = new.place",
         "Compare it under equal:, or add a computed column under columns: that turns it into a "
         "number, text or time."},
        {"round(old.rate, 2) = 1", "round takes (number, digits?) or (float)."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Expr *expr;
        bool good = expr_parse(&arena, str_of(cases[i][0]), &expr, &place, &err) &&
                    expr_bind(expr, &arena, &two_sides, KIND_BOOL, &place, &err);
        CHECK(!good);
        CHECK_TEXT(err.hint, cases[i][1]);
    }
    Expr *number = parsed("old.id + 1");
    CHECK(!expr_bind(number, &arena, &two_sides, KIND_BOOL, &place, &err));
    CHECK_TEXT(err.text, "cannot use integer as an invariant: it must be true or false");
    CHECK(expr_bind(parsed("old.place is null"), &arena, &two_sides, KIND_BOOL, &place, &err));
}

/* ---- SQL --------------------------------------------------------------------------------------------------- */

static void write_column(void *self, ExprSide side, size_t column, Buf *out) {
    (void)self;
    buf_printf(out, "%c.c%zu", side == EXPR_NEW ? 'n' : 'o', column);
}

static void writes_readable_sql(void) {
    static const char *const pairs[][2] = {
        {"new.id = old.total * 100", "(n.c0 = (o.c1 * 100))"},
        {"new.id + 1 > 0", "((n.c0::numeric + 1) > 0)"},
        {"old.id / 100 = new.total", "(o.c0 = (n.c1 * 100))"},
        {"new.name in ('EUR', 'it''s')", "((n.c3::text collate \"C\") in ('EUR', 'it''s'))"},
        {"new.name is not null", "(not ((n.c3::text collate \"C\") is null))"},
        {"round(old.id / 3, 2) = 1", "((sign(o.c0::numeric) * div(2 * abs(o.c0::numeric * 100::numeric) + 3::numeric, "
                                     "2 * 3::numeric) * 0.01) = 1)"},
        {"old.at::date = '2026-01-02'", "((o.c4 at time zone 'UTC')::date = '2026-01-02'::date)"},
        {"1 + 1 = 2", "true"},
    };
    static const SqlColumns names = {write_column, NULL};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        Buf sql = {0};
        CHECK(expr_sql(bound(pairs[i][0]), &names, &sql, &err));
        CHECK_TEXT(sql.bytes, pairs[i][1]);
        buf_free(&sql);
    }
}

static void refuses_sql_of_another_meaning(void) {
    static const SqlColumns names = {write_column, NULL};
    Buf sql = {0};
    CHECK(!expr_sql(bound("(old.name::json ->> 'a') = 'x'"), &names, &sql, &err));
    CHECK_TEXT(err.text, "cannot write a text read as json as SQL with exactly the same meaning");
    CHECK(!expr_sql(bound("old.name::interval > '1 day'"), &names, &sql, &err));
    CHECK(!expr_sql(bound("old.rate = old.id / 3"), &names, &sql, &err));
    CHECK(sql.length == 0);
    buf_free(&sql);
}

/* ---- batches -------------------------------------------------------------------------------------------------- */

typedef struct Sides {
    Batch old, new_;
    uint32_t rows[BATCH_ROWS];
    uint32_t backwards[BATCH_ROWS];
} Sides;

/* id counts up, total is id / 100 with two digits; the new side's integers come as decimals. */
static void fill(Sides *sides) {
    static const Kind old_kinds[] = {KIND_INT, KIND_DECIMAL}, new_kinds[] = {KIND_DECIMAL, KIND_DECIMAL};
    sides->old = batch_make(&arena, 2, old_kinds, BATCH_ROWS);
    sides->new_ = batch_make(&arena, 2, new_kinds, BATCH_ROWS);
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        Value id = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = i};
        Value total = {.kind = KIND_DECIMAL, .state = CELL_VALUE, .as.decimal = {.small = i, .scale = 2}};
        Value wide_id = {.kind = KIND_DECIMAL, .state = CELL_VALUE, .as.decimal = decimal_of_int(i)};
        column_set(&arena, &sides->old.columns[0], i, id);
        column_set(&arena, &sides->old.columns[1], i, total);
        column_set(&arena, &sides->new_.columns[0], i, wide_id);
        column_set(&arena, &sides->new_.columns[1], i, total);
        sides->rows[i] = i;
        sides->backwards[i] = BATCH_ROWS - 1 - i;
    }
    sides->old.rows = sides->new_.rows = BATCH_ROWS;
}

static size_t count_true(const char *text, const Sides *sides, const uint32_t *new_rows, size_t count) {
    static const size_t slots[COLUMNS] = {0, 1, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    uint8_t truth[BATCH_ROWS];
    const Expr *expr = bound(text);
    Program *program = program_make(&arena, expr, slots, slots);
    ProgramState *state = program_state(&arena, program);
    RowPairs pairs = {&sides->old, &sides->new_, sides->rows, new_rows, count};
    size_t found = 0;
    for (int again = 0; again < 2; again++) { /* registers are used again */
        found = 0;
        program_truth(program, state, &pairs, truth);
        for (size_t i = 0; i < count; i++) {
            found += truth[i] == TRUTH_TRUE;
        }
    }
    return found;
}

static void runs_over_batches(void) {
    Sides sides;
    fill(&sides);
    CHECK(count_true("old.id = new.id", &sides, sides.rows, BATCH_ROWS) == BATCH_ROWS);
    CHECK(count_true("old.id = new.id", &sides, sides.backwards, BATCH_ROWS) == 0);
    CHECK(count_true("old.id + new.id = 1023", &sides, sides.backwards, BATCH_ROWS) == BATCH_ROWS);
    CHECK(count_true("old.total * 100 = new.id", &sides, sides.rows, BATCH_ROWS) == BATCH_ROWS);
    CHECK(count_true("old.id < 10", &sides, sides.rows, 7) == 7);
    CHECK(count_true("old.id < 10", &sides, sides.rows, 0) == 0);
}

/* Rows 0, 1 and 2 fit 64 bits, the others do not: the whole batch must still be right. */
static void widens_where_numbers_grow(void) {
    Sides sides;
    fill(&sides);
    CHECK(count_true("old.id * 4611686018427387903 / 4611686018427387903 = new.id", &sides, sides.rows, BATCH_ROWS) ==
          BATCH_ROWS);
    CHECK(count_true("old.id * 4611686018427387903 > 9223372036854775806", &sides, sides.rows, BATCH_ROWS) ==
          BATCH_ROWS - 3);
}

static void odd_and_missing_cells_are_unknown(void) {
    Sides sides;
    fill(&sides);
    Value odd = {.kind = KIND_INT, .state = CELL_ODD, .as.text = STR_LITERAL("twelve")};
    Value null = {.kind = KIND_INT, .state = CELL_NULL};
    column_set(&arena, &sides.old.columns[0], 3, odd);
    column_set(&arena, &sides.old.columns[0], 4, null);
    CHECK(count_true("old.id >= 0", &sides, sides.rows, 10) == 8);
    CHECK(count_true("old.id is null", &sides, sides.rows, 10) == 2);
    CHECK(count_true("old.name is null", &sides, sides.rows, 10) == 10); /* not read */
}

int main(void) {
    TEST_RUN(lists_each_column_once_in_order);
    TEST_RUN(prints_what_a_user_would_write);
    TEST_RUN(substitutes_parameters_by_expressions);
    TEST_RUN(refuses_what_is_too_deep_or_too_long);
    TEST_RUN(hints_at_the_way_out);
    TEST_RUN(writes_readable_sql);
    TEST_RUN(refuses_sql_of_another_meaning);
    TEST_RUN(runs_over_batches);
    TEST_RUN(widens_where_numbers_grow);
    TEST_RUN(odd_and_missing_cells_are_unknown);
    arena_free(&arena);
    return test_finish();
}
