/* Values: texts both ways, order, columns. */
#include "base/value.h"
#include "test.h"

#include <math.h>

static Arena arena;

typedef struct TextRow {
    Kind kind;
    const char *text;
    const char *printed; /* NULL: refused */
} TextRow;

static const TextRow TEXTS[] = {
    {KIND_BOOL, "t", "t"},
    {KIND_BOOL, " TRUE ", "t"},
    {KIND_BOOL, "false", "f"},
    {KIND_BOOL, "0", "f"},
    {KIND_BOOL, "2", NULL},
    {KIND_BOOL, "", NULL},
    {KIND_INT, "9223372036854775807", "9223372036854775807"},
    {KIND_INT, "-9223372036854775808", "-9223372036854775808"},
    {KIND_INT, "9223372036854775808", NULL},
    {KIND_INT, "-9223372036854775809", NULL},
    {KIND_INT, "99999999999999999999999", NULL},
    {KIND_INT, "+7", "7"},
    {KIND_INT, "007", "7"},
    {KIND_INT, "-", NULL},
    {KIND_INT, "1.0", NULL},
    {KIND_INT, "", NULL},
    {KIND_DECIMAL, "1.50", "1.50"},
    {KIND_DECIMAL, "12345678901234567890123456789012345678901234567890.1",
     "12345678901234567890123456789012345678901234567890.1"},
    {KIND_DECIMAL, "NaN", "NaN"},
    {KIND_DECIMAL, "abc", NULL},
    {KIND_FLOAT, "0.1", "0.1"},
    {KIND_FLOAT, "1e15", "1e+15"},
    {KIND_FLOAT, "123456789012345", "123456789012345"},
    {KIND_FLOAT, "0.0001", "0.0001"},
    {KIND_FLOAT, "0.00001", "1e-05"},
    {KIND_FLOAT, "-0", "-0"},
    {KIND_FLOAT, "5e-324", "5e-324"},
    {KIND_FLOAT, "1.7976931348623157e308", "1.7976931348623157e+308"},
    {KIND_FLOAT, "1e400", NULL},
    {KIND_FLOAT, "1e-400", NULL},
    {KIND_FLOAT, "1e23", "9.999999999999999e+22"},
    {KIND_FLOAT, "9007199254740993", "9.007199254740992e+15"},
    {KIND_FLOAT, "nan", "NaN"},
    {KIND_FLOAT, "-inf", "-Infinity"},
    {KIND_FLOAT, "0x10", NULL},
    {KIND_FLOAT, "1e", NULL},
    {KIND_FLOAT, "", NULL},
    {KIND_TEXT, " a ", " a "},
    {KIND_TEXT, "", ""},
    {KIND_BYTES, "\\x00fFab", "\\x00ffab"},
    {KIND_BYTES, "\\x", "\\x"},
    {KIND_BYTES, "\\x0", NULL},
    {KIND_BYTES, "\\xzz", NULL},
    {KIND_BYTES, "a\\\\\\101", "\\x615c41"},
    {KIND_BYTES, "\\9", NULL},
    {KIND_UUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {KIND_UUID, "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {KIND_UUID, "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {KIND_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a1", NULL},
    {KIND_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a111", NULL},
    {KIND_UUID, "-a0eebc999c0b4ef8bb6d6bb9bd380a11", NULL},
    {KIND_UUID, "a0ee--bc999c0b4ef8bb6d6bb9bd380a11", NULL},
    {KIND_UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a11-", NULL},
    {KIND_TIMESTAMPTZ, "2026-01-02T03:04:05Z", "2026-01-02 03:04:05+00"},
    {KIND_DATE, "2026-01-02", "2026-01-02"},
    {KIND_TIME, "03:04:05", "03:04:05"},
    {KIND_INTERVAL, "90 minutes", "01:30:00"},
    {KIND_ARRAY, "{1,2}", "{1,2}"},
    {KIND_JSON, "{\"a\": 1}", "{\"a\": 1}"},
};

static void texts_are_postgresqls(void) {
    Buf out = {0};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        Value value;
        bool good = value_parse(&arena, TEXTS[i].kind, str_of(TEXTS[i].text), &value);
        if (!CHECK(good == (TEXTS[i].printed != NULL))) {
            printf("    %s\n", TEXTS[i].text);
        }
        if (good && TEXTS[i].printed != NULL) {
            buf_empty(&out);
            buf_text(&out, "");
            value_print(value, &out);
            CHECK_TEXT(out.bytes, TEXTS[i].printed);
        }
    }
    buf_free(&out);
}

static Value value_of(Kind kind, const char *text) {
    Value value = {.kind = kind};
    if (text != NULL && !value_parse(&arena, kind, str_of(text), &value)) {
        value = (Value){.kind = kind, .state = CELL_ODD, .as.text = str_of(text)};
    }
    return value;
}

static int order_of(Kind kind, const char *a, const char *b) {
    int order = value_compare(value_of(kind, a), value_of(kind, b));
    CHECK(value_compare(value_of(kind, b), value_of(kind, a)) == -order);
    return order;
}

static void order_is_the_keys_order(void) {
    CHECK(order_of(KIND_INT, "-5", "3") < 0);
    CHECK(order_of(KIND_INT, "-9223372036854775808", "9223372036854775807") < 0);
    CHECK(order_of(KIND_FLOAT, "NaN", "Infinity") > 0);
    CHECK(order_of(KIND_FLOAT, "NaN", "NaN") == 0);
    CHECK(order_of(KIND_FLOAT, "-0", "0") == 0);
    CHECK(order_of(KIND_DECIMAL, "1.0", "1.00") == 0);
    CHECK(order_of(KIND_DECIMAL, "NaN", "Infinity") > 0);
    CHECK(order_of(KIND_TEXT, "a", "B") > 0);
    CHECK(order_of(KIND_TEXT, "a", "ab") < 0);
    CHECK(order_of(KIND_TEXT, "\xC3\xA4", "z") > 0);
    CHECK(order_of(KIND_INT, NULL, "9223372036854775807") > 0);
    CHECK(order_of(KIND_INT, NULL, NULL) == 0);
    CHECK(order_of(KIND_INT, "odd", "9223372036854775807") > 0);
    CHECK(order_of(KIND_INT, "odd", NULL) < 0);
    CHECK(order_of(KIND_INT, "odd", "odder") < 0);
    CHECK(order_of(KIND_DATE, "-infinity", "4714-11-24 BC") < 0);
    CHECK(order_of(KIND_INTERVAL, "1 mon", "30 days") == 0);
    CHECK(value_compare(value_of(KIND_INT, "2"), value_of(KIND_DECIMAL, "2.00")) == 0);
    CHECK(value_compare(value_of(KIND_INT, "2"), value_of(KIND_DECIMAL, "1.99")) > 0);
    CHECK(value_compare(value_of(KIND_DECIMAL, "1e30"), value_of(KIND_INT, "2")) > 0);
}

/* Each kind with a value, a NULL and an odd cell: what is set comes back, and columns order as values do. */
static void columns_hold_values(void) {
    Kind kinds[KIND_COUNT];
    for (size_t k = 0; k < KIND_COUNT; k++) {
        kinds[k] = (Kind)k;
    }
    static const char *const texts[KIND_COUNT] = {
        [KIND_BOOL] = "t",
        [KIND_INT] = "-1",
        [KIND_DECIMAL] = "1e60",
        [KIND_FLOAT] = "0.5",
        [KIND_TEXT] = "x",
        [KIND_BYTES] = "\\x00",
        [KIND_TIMESTAMPTZ] = "2000-01-01",
        [KIND_TIMESTAMP] = "2000-01-01",
        [KIND_DATE] = "2000-01-01",
        [KIND_TIME] = "00:00",
        [KIND_INTERVAL] = "1 s",
        [KIND_UUID] = "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        [KIND_JSON] = "1",
        [KIND_ARRAY] = "{}",
        [KIND_OPAQUE] = "o",
    };
    Batch batch = batch_make(&arena, KIND_COUNT, kinds, BATCH_ROWS);
    CHECK(batch.rows == 0 && batch.column_count == KIND_COUNT);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        Column *column = &batch.columns[k];
        Value value = value_of(kinds[k], texts[k]);
        CHECK(column->kind == kinds[k] && column->odd == NULL);
        column_set(&arena, column, BATCH_ROWS - 1, value);
        column_set(&arena, column, 0, (Value){.kind = kinds[k], .state = CELL_ODD, .as.text = str_of("??")});
        column_set(&arena, column, 1, (Value){.kind = kinds[k]});
        CHECK(value_compare(column_value(column, BATCH_ROWS - 1), value) == 0);
        CHECK(column_value(column, 0).state == CELL_ODD && str_equal(column_value(column, 0).as.text, str_of("??")));
        CHECK(column_value(column, 1).state == CELL_NULL);
        CHECK(column_compare(column, BATCH_ROWS - 1, column, 0) < 0);
        CHECK(column_compare(column, 0, column, 1) < 0);
        CHECK(column_compare(column, 1, column, 1) == 0);
        CHECK(column_compare(column, BATCH_ROWS - 1, column, BATCH_ROWS - 1) == 0);
    }
}

static void copies_stand_alone(void) {
    Arena short_lived = {0};
    Value decimal, text;
    CHECK(value_parse(&short_lived, KIND_DECIMAL, str_of("1234567890123456789012345678901234567890123.5"), &decimal));
    CHECK(value_parse(&short_lived, KIND_TEXT, str_of("hello"), &text));
    Value decimal_kept = value_copy(&arena, decimal), text_kept = value_copy(&arena, text);
    arena_free(&short_lived);
    Buf out = {0};
    value_print(decimal_kept, &out);
    value_print(text_kept, &out);
    CHECK_TEXT(out.bytes, "1234567890123456789012345678901234567890123.5hello");
    CHECK(value_copy(&arena, (Value){.kind = KIND_TEXT}).state == CELL_NULL);
    buf_free(&out);
}

int main(void) {
    TEST_RUN(texts_are_postgresqls);
    TEST_RUN(order_is_the_keys_order);
    TEST_RUN(columns_hold_values);
    TEST_RUN(copies_stand_alone);
    arena_free(&arena);
    return test_finish();
}
