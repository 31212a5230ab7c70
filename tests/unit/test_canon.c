/* Canonical bytes: what is equal, what must not collide, and the bytes themselves, which ledgers keep. */
#include "source/canon.h"
#include "source/canon_array.h"
#include "unit/test.h"

#include <math.h>
#include <stdlib.h>

static Arena arena;
static Buf buf, scratch;

/* ---- cells --------------------------------------------------------------------------------------------------- */

static Value null_value(Kind kind) {
    return (Value){.kind = kind, .state = CELL_NULL};
}

static Value integer(Kind kind, int64_t number) {
    return (Value){.kind = kind, .state = CELL_VALUE, .as.integer = number};
}

static Value floating(double number) {
    return (Value){.kind = KIND_FLOAT, .state = CELL_VALUE, .as.number = number};
}

static Value text_value(Kind kind, const char *text) {
    return (Value){.kind = kind, .state = CELL_VALUE, .as.text = str_of(text)};
}

static Value odd_value(Kind kind, const char *text) {
    return (Value){.kind = kind, .state = CELL_ODD, .as.text = str_of(text)};
}

static Value decimal(const char *text) {
    Value value = {.kind = KIND_DECIMAL, .state = CELL_VALUE};
    CHECK(decimal_parse(&arena, str_of(text), &value.as.decimal));
    return value;
}

static Value interval(int32_t months, int32_t days, int64_t us) {
    return (Value){
        .kind = KIND_INTERVAL, .state = CELL_VALUE, .as.interval = {.us = us, .days = days, .months = months}};
}

/* Columns of one row. */
static Column column_of(Value value, Kind element) {
    Kind kind = value.kind;
    Batch batch = batch_make(&arena, 1, &kind, BATCH_ROWS);
    batch.columns[0].element = element;
    column_set(&arena, &batch.columns[0], 0, value);
    return batch.columns[0];
}

static const char *hex_of(Value value, Kind element) {
    Column column = column_of(value, element);
    buf_empty(&scratch);
    canon_cell(&column, 0, &scratch);
    buf_empty(&buf);
    for (size_t i = 0; i < scratch.length; i++) {
        buf_printf(&buf, "%02x", (unsigned char)scratch.bytes[i]);
    }
    return buf.bytes;
}

static const char *hex(Value value) {
    return hex_of(value, KIND_INT);
}

/* Bytes, hashes and canon_equal must say the same. */
static bool elements_equal(Value a, Value b, Kind element) {
    Column x = column_of(a, element), y = column_of(b, element);
    Buf first = {0}, second = {0};
    canon_cell(&x, 0, &first);
    canon_cell(&y, 0, &second);
    bool equal = str_equal(buf_view(&first), buf_view(&second));
    CHECK(canon_equal(&x, 0, &y, 0) == equal);
    CHECK(canon_equal(&y, 0, &x, 0) == equal);
    buf_free(&first);
    buf_free(&second);
    return equal;
}

static bool equal(Value a, Value b) {
    return elements_equal(a, b, KIND_INT);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

enum { MAX_COLUMNS = 4 };

/* The digest of rows of texts; a NULL pointer is NULL. cells[row * columns + column]. */
static Digest digest_of_texts(size_t rows, size_t columns, const char *const *cells) {
    Kind kinds[MAX_COLUMNS] = {KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_TEXT};
    size_t slots[MAX_COLUMNS] = {0, 1, 2, 3};
    RowHash hashes[BATCH_ROWS];
    Batch batch = batch_make(&arena, columns, kinds, BATCH_ROWS);
    batch.rows = rows;
    for (size_t i = 0; i < rows * columns; i++) {
        Value value = cells[i] == NULL ? null_value(KIND_TEXT) : text_value(KIND_TEXT, cells[i]);
        column_set(&arena, &batch.columns[i % columns], i / columns, value);
    }
    Digest digest = {0};
    canon_hash_rows(&batch, slots, columns, &scratch, hashes);
    for (size_t row = 0; row < rows; row++) {
        digest_add(&digest, hashes[row]);
    }
    return digest;
}

static bool same_digest(size_t rows, size_t columns, const char *const *a, const char *const *b) {
    Digest x = digest_of_texts(rows, columns, a), y = digest_of_texts(rows, columns, b);
    return digest_equal(&x, &y);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__})

/* ---- the form -------------------------------------------------------------------------------------------------- */

/* Kept in ledgers: these bytes must never change. */
static void form_is_pinned(void) {
    CHECK_TEXT(hex(null_value(KIND_INT)), "00");
    CHECK_TEXT(hex(null_value(KIND_JSON)), "00");
    CHECK_TEXT(hex(integer(KIND_INT, 5)), "010000000000000005");
    CHECK_TEXT(hex(integer(KIND_INT, -1)), "01ffffffffffffffff");
    CHECK_TEXT(hex(decimal("5.00")), "010000000000000005");
    CHECK_TEXT(hex(decimal("12.50")), "0200000006"
                                      "05"
                                      "00000001"
                                      "7d");
    CHECK_TEXT(hex(decimal("-0.001")), "0200000006"
                                       "04"
                                       "00000003"
                                       "01");
    CHECK_TEXT(hex(decimal("9223372036854775808")), "020000000d"
                                                    "05"
                                                    "00000000"
                                                    "8000000000000000");
    CHECK_TEXT(hex(decimal("340282366920938463463374607431768211456")), "0200000016"
                                                                        "05"
                                                                        "00000000"
                                                                        "0100000000000000000000000000000000");
    CHECK_TEXT(hex(decimal("NaN")), "020000000101");
    CHECK_TEXT(hex(floating(1.5)), "033ff8000000000000");
    CHECK_TEXT(hex(floating(-0.0)), "030000000000000000");
    CHECK_TEXT(hex(floating((double)NAN)), "037ff8000000000000");
    CHECK_TEXT(hex(text_value(KIND_TEXT, "a")), "040000000161");
    CHECK_TEXT(hex(text_value(KIND_TEXT, "")), "0400000000");
    CHECK_TEXT(hex(text_value(KIND_BYTES, "a")), "050000000161");
    CHECK_TEXT(hex(text_value(KIND_OPAQUE, "a")), "060000000161");
    CHECK_TEXT(hex(integer(KIND_TIMESTAMPTZ, 1)), "070000000000000001");
    CHECK_TEXT(hex(integer(KIND_TIMESTAMP, 1)), "080000000000000001");
    CHECK_TEXT(hex(integer(KIND_DATE, 1)), "090000000000000001");
    CHECK_TEXT(hex(integer(KIND_TIME, 1)), "0a0000000000000001");
    CHECK_TEXT(hex(interval(0, 1, 1)), "0b0000000000000000000000141dd76001");
    CHECK_TEXT(hex(interval(0, 0, -1)), "0bffffffffffffffffffffffffffffffff");
    CHECK_TEXT(hex(text_value(KIND_UUID, "0123456789abcdef")), "0c30313233343536373839616263646566");
    CHECK_TEXT(hex(text_value(KIND_JSON, "[true]")), "0d00000006"
                                                     "0500000001"
                                                     "02");
    CHECK_TEXT(hex(integer(KIND_BOOL, 1)), "0e01");
    CHECK_TEXT(hex(text_value(KIND_ARRAY, "{1,NULL}")), "0f0000000e"
                                                        "0100"
                                                        "10"
                                                        "010000000000000001"
                                                        "00"
                                                        "11");
    CHECK_TEXT(hex(odd_value(KIND_INT, "x")), "ff0000000178");
}

static void digest_is_pinned(void) {
    unsigned char bytes[24];
    Digest digest = digest_of_texts(2, 2, TEXTS("1", "paid", "2", NULL));
    digest_bytes(&digest, bytes);
    buf_empty(&buf);
    for (size_t i = 0; i < sizeof bytes; i++) {
        buf_printf(&buf, "%02x", bytes[i]);
    }
    CHECK_TEXT(buf.bytes, "9f8f24eb094fd38d3fd625f8876ecd7e0000000000000002");
}

static void value_alone_has_the_bytes_of_its_cell(void) {
    Value values[] = {integer(KIND_INT, 7), decimal("1.25"),          floating(0.5),        text_value(KIND_TEXT, "x"),
                      interval(1, 2, 3),    odd_value(KIND_INT, "q"), null_value(KIND_TEXT)};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        Buf alone = {0}, cell = {0};
        Column column = column_of(values[i], KIND_INT);
        canon_value(&values[i], &alone);
        canon_cell(&column, 0, &cell);
        CHECK(str_equal(buf_view(&alone), buf_view(&cell)));
        buf_free(&alone);
        buf_free(&cell);
    }
}

/* ---- what is equal (trap 16: noise) ------------------------------------------------------------------------------ */

static void trap_16_spelling_is_no_difference(void) {
    CHECK(equal(decimal("1.0"), decimal("1.00")));
    CHECK(equal(integer(KIND_INT, 5), decimal("5.000")));
    CHECK(equal(decimal("0"), decimal("-0.00")));
    CHECK(equal(decimal("NaN"), decimal("nan")));
    CHECK(equal(decimal("123456789012345678901234567890123456789012345.60"),
                decimal("123456789012345678901234567890123456789012345.6")));
    CHECK(equal(floating(-0.0), floating(0.0)));
    CHECK(equal(floating((double)NAN), floating(-(double)NAN)));
    CHECK(equal(floating((double)0.1f), floating((double)0.1f)));
    CHECK(equal(interval(1, 0, 0), interval(0, 30, 0)));
    CHECK(equal(interval(0, 1, 0), interval(0, 0, CALENDAR_DAY_US)));
    CHECK(equal(text_value(KIND_JSON, "{\"a\":1,\"b\":2}"), text_value(KIND_JSON, "{\"b\": 2.0, \"a\": 1}")));
    CHECK(equal(null_value(KIND_INT), null_value(KIND_INT)));
    CHECK(equal(integer(KIND_BOOL, 1), integer(KIND_BOOL, 1)));
}

/* ---- what must differ (traps 9 and 12) --------------------------------------------------------------------------- */

static void trap_9_null_is_not_empty(void) {
    CHECK(!equal(null_value(KIND_TEXT), text_value(KIND_TEXT, "")));
    CHECK(!equal(null_value(KIND_TEXT), text_value(KIND_TEXT, "NULL")));
    CHECK(!equal(null_value(KIND_TEXT), text_value(KIND_TEXT, "<null>")));
    CHECK(!equal(null_value(KIND_INT), integer(KIND_INT, 0)));
    CHECK(!equal(null_value(KIND_JSON), text_value(KIND_JSON, "null")));
    CHECK(!equal(null_value(KIND_ARRAY), text_value(KIND_ARRAY, "{}")));
    CHECK(!equal(null_value(KIND_INT), odd_value(KIND_INT, "")));
}

static void trap_9_columns_do_not_run_together(void) {
    CHECK(!same_digest(1, 2, TEXTS("a|b", "c"), TEXTS("a", "b|c")));
    CHECK(!same_digest(1, 2, TEXTS("ab", "c"), TEXTS("a", "bc")));
    CHECK(!same_digest(1, 2, TEXTS("abc", ""), TEXTS("", "abc")));
    CHECK(!same_digest(1, 3, TEXTS("a", NULL, "b"), TEXTS("a", "b", NULL)));
    CHECK(!same_digest(1, 2, TEXTS(NULL, "a"), TEXTS("a", NULL)));
    CHECK(!same_digest(1, 2, TEXTS(NULL, NULL), TEXTS("", "")));
    CHECK(!same_digest(1, 2,
                       TEXTS("\x04\x01"
                             "a",
                             "b"),
                       TEXTS("\x04\x01", "ab")));
}

static void trap_9_rows_do_not_run_together(void) {
    CHECK(!same_digest(2, 2, TEXTS("1", "ab", "2", "c"), TEXTS("1", "a", "2", "bc")));
    CHECK(!same_digest(2, 2, TEXTS("1", "x", "2", NULL), TEXTS("1", NULL, "2", "x")));
    CHECK(!same_digest(2, 1, TEXTS("ab", ""), TEXTS("a", "b")));
}

static void trap_9_one_and_text_one_differ(void) {
    Kind kinds[2][2] = {{KIND_INT, KIND_TEXT}, {KIND_TEXT, KIND_TEXT}};
    Value rows[2][2] = {{integer(KIND_INT, 1), text_value(KIND_TEXT, "")},
                        {text_value(KIND_TEXT, "1"), text_value(KIND_TEXT, "")}};
    size_t slots[2] = {0, 1};
    RowHash hashes[2];
    for (int i = 0; i < 2; i++) {
        Batch batch = batch_make(&arena, 2, kinds[i], BATCH_ROWS);
        batch.rows = 1;
        column_set(&arena, &batch.columns[0], 0, rows[i][0]);
        column_set(&arena, &batch.columns[1], 0, rows[i][1]);
        canon_hash_rows(&batch, slots, 2, &scratch, &hashes[i]);
    }
    CHECK(hashes[0].low != hashes[1].low && hashes[0].high != hashes[1].high);
}

static void trap_12_numbers_keep_every_digit(void) {
    CHECK(!equal(integer(KIND_INT, INT64_C(9007199254740992)), integer(KIND_INT, INT64_C(9007199254740993))));
    CHECK(!equal(integer(KIND_INT, INT64_C(9007199254740993)), decimal("9007199254740992")));
    CHECK(equal(integer(KIND_INT, INT64_MAX), decimal("9223372036854775807.0")));
    CHECK(!equal(decimal("12345678901234567890123456789012345678"), decimal("12345678901234567890123456789012345679")));
    CHECK(!equal(decimal("0.30000000000000004"), decimal("0.3")));
    CHECK(!equal(floating(0.1 + 0.2), floating(0.3)));
    CHECK(!equal(decimal("NaN"), decimal("Infinity")));
    CHECK(!equal(decimal("Infinity"), decimal("-Infinity")));
    CHECK(!equal(decimal("1"), decimal("10")));
    CHECK(!equal(decimal("0.1"), decimal("-0.1")));
    CHECK(!equal(floating((double)0.1f), floating(0.1)));
    CHECK(!equal(integer(KIND_INT, 1), integer(KIND_INT, INT64_C(4294967296))));
}

static void odd_cells_equal_only_the_same_text(void) {
    CHECK(equal(odd_value(KIND_INT, "abc"), odd_value(KIND_INT, "abc")));
    CHECK(!equal(odd_value(KIND_INT, "abc"), odd_value(KIND_INT, "abd")));
    CHECK(!equal(odd_value(KIND_INT, "5"), integer(KIND_INT, 5)));
}

static void broken_documents_are_opaque_text(void) {
    CHECK_TEXT(hex(text_value(KIND_JSON, "{")), "06000000017b");
    CHECK(equal(text_value(KIND_JSON, "{"), text_value(KIND_JSON, "{")));
    CHECK(!equal(text_value(KIND_JSON, "{"), text_value(KIND_JSON, "{ ")));
    CHECK(!equal(text_value(KIND_JSON, "\"\\ud800\""), text_value(KIND_JSON, "\"\\ud801\"")));
    CHECK_TEXT(hex(text_value(KIND_UUID, "short")), "060000000573686f7274");
}

/* ---- arrays and ranges
 * ------------------------------------------------------------------------------------------------ */

static bool arrays(const char *a, const char *b, Kind element) {
    return elements_equal(text_value(KIND_ARRAY, a), text_value(KIND_ARRAY, b), element);
}

static bool is_opaque(const char *text, Kind element) {
    return strncmp(hex_of(text_value(KIND_ARRAY, text), element), "06", 2) == 0;
}

static void arrays_are_equal_by_elements(void) {
    CHECK(arrays("{1.0,2,NULL}", "{1,2.00,NULL}", KIND_DECIMAL));
    CHECK(arrays("{{1,2},{3,4.0}}", "{{1,2},{3,4}}", KIND_DECIMAL));
    CHECK(arrays("[0:1]={1,2}", "[0:1]={1.0,2}", KIND_DECIMAL));
    CHECK(arrays("[1:2]={1,2}", "{1,2}", KIND_INT));
    CHECK(arrays("{\"{\\\"a\\\": 1}\"}", "{\"{\\\"a\\\":1.0}\"}", KIND_JSON));
    CHECK(arrays("{-0,NaN}", "{0,NaN}", KIND_FLOAT));
    CHECK(arrays("{\"a b\",c}", "{\"a b\",\"c\"}", KIND_TEXT));
    CHECK(!is_opaque("{t,f,NULL}", KIND_BOOL));
    CHECK(!is_opaque("{\"2026-01-02 03:04:05+00\",infinity}", KIND_TIMESTAMPTZ));
    CHECK(!is_opaque("{\"\\\\x00ff\"}", KIND_BYTES));
    CHECK(!is_opaque("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", KIND_UUID));
}

static void arrays_differ_by_structure(void) {
    CHECK(!arrays("{1,2}", "{2,1}", KIND_INT));
    CHECK(!arrays("{1,2}", "{{1,2}}", KIND_INT));
    CHECK(!arrays("{{1,2},{3,4}}", "{{1},{2},{3},{4}}", KIND_INT));
    CHECK(!arrays("{{1},{2}}", "{{1,2}}", KIND_INT));
    CHECK(!arrays("[0:1]={1,2}", "{1,2}", KIND_INT));
    CHECK(!arrays("{NULL}", "{\"NULL\"}", KIND_TEXT));
    CHECK(!arrays("{\"\"}", "{}", KIND_TEXT));
    CHECK(!arrays("{\"\"}", "{NULL}", KIND_TEXT));
    CHECK(!arrays("{\"a,b\"}", "{a,b}", KIND_TEXT));
    CHECK(!arrays("{\"a\\\"\"}", "{a}", KIND_TEXT));
    CHECK(!arrays("{ab,c}", "{a,bc}", KIND_TEXT));
    CHECK(!arrays("{}", "{NULL}", KIND_INT));
}

static void ranges_are_equal_by_bounds(void) {
    CHECK(arrays("[1.0,2)", "[1.00,2.0)", KIND_DECIMAL));
    CHECK(arrays("(,5]", "(,5.0]", KIND_DECIMAL));
    CHECK(arrays("{[1.0,2),[5,6.00)}", "{[1,2),[5,6)}", KIND_DECIMAL));
    CHECK(arrays("[\"2026-01-01 00:00:00\",)", "[\"2026-01-01 00:00:00.0\",)", KIND_TIMESTAMP));
    CHECK(!arrays("[1,2)", "[1,2]", KIND_DECIMAL));
    CHECK(!arrays("[1,2)", "(1,2)", KIND_DECIMAL));
    CHECK(!arrays("(,5]", "[5,)", KIND_DECIMAL));
    CHECK(!arrays("(,)", "empty", KIND_DECIMAL));
    CHECK(!arrays("{[1,2)}", "[1,2)", KIND_DECIMAL));
    CHECK(!arrays("{[1,2),[5,6)}", "{[1,6)}", KIND_DECIMAL));
    CHECK(!arrays("[a,\"\"]", "[a,)", KIND_TEXT));
    CHECK(!arrays("{}", "{(,)}", KIND_DECIMAL));
    CHECK(arrays("[\"a\"\"b\",c]", "[\"a\\\"b\",c]", KIND_TEXT));
}

static void text_arrays_that_look_like_ranges_stay_apart(void) {
    CHECK(!arrays("{[a,b]}", "{(a,b]}", KIND_TEXT));
    CHECK(!arrays("{[1]}", "{\"[1]\",x}", KIND_TEXT));
    CHECK(!is_opaque("{[1]}", KIND_TEXT));
    CHECK(!is_opaque("{\"[1,2)\"}", KIND_OPAQUE));
}

static void what_is_no_array_is_opaque(void) {
    static const char *const BAD[] = {"",
                                      "{",
                                      "}",
                                      "{1",
                                      "{1,}",
                                      "{,1}",
                                      "{1}}",
                                      "{{1}",
                                      "{x}",
                                      "1",
                                      "{\"1}",
                                      "{1}x",
                                      "[0:1]",
                                      "[0:1]=",
                                      "[a:b]={1}",
                                      "[0:1={1}",
                                      "[1,2",
                                      "[1;2)",
                                      "[x,2)",
                                      "{[1,2),}",
                                      "{[1,2)",
                                      "{1\"2\"}",
                                      "{{{{{{{1}}}}}}}",
                                      "[99999999999:1]={1}",
                                      "{\"\\",
                                      "(",
                                      "[1,2)x",
                                      "{{}}"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        test_note(is_opaque(BAD[i], KIND_INT), __FILE__, __LINE__, BAD[i]);
    }
}

/* Every element once asked for as much memory as the rest of the text: 1 MB of them for 40 GB. */
static void long_arrays_take_bounded_memory(void) {
    Buf text = {0};
    buf_char(&text, '{');
    for (int i = 0; i < 200000; i++) {
        buf_text(&text, i == 0 ? "\"a\"" : ",\"a\"");
    }
    buf_char(&text, '}');
    Arena own = {0};
    buf_empty(&scratch);
    CHECK(canon_array(buf_view(&text), KIND_TEXT, &own, &scratch));
    CHECK(own.held_bytes < 4 * text.length);
    arena_free(&own);
    buf_free(&text);
}

/* ---- digests (traps 8, 10, 11) ----------------------------------------------------------------------------- */

static void trap_8_equal_changes_in_two_rows_do_not_cancel(void) {
    CHECK(!same_digest(2, 2, TEXTS("1", "USD", "2", "USD"), TEXTS("1", "EUR", "2", "EUR")));
    CHECK(!same_digest(2, 1, TEXTS("USD", "USD"), TEXTS("EUR", "EUR")));
    CHECK(!same_digest(2, 1, TEXTS("a", "a"), TEXTS("b", "b")));
}

static void trap_8_swapped_values_are_seen(void) {
    CHECK(!same_digest(2, 2, TEXTS("1", "a", "2", "b"), TEXTS("1", "b", "2", "a")));
    CHECK(!same_digest(1, 2, TEXTS("a", "b"), TEXTS("b", "a")));
}

static void order_of_rows_is_no_difference(void) {
    CHECK(same_digest(3, 1, TEXTS("a", "b", "c"), TEXTS("c", "a", "b")));
}

static void trap_11_the_sum_carries_and_rows_count(void) {
    Digest sum = {0};
    digest_add(&sum, (RowHash){.low = UINT64_MAX, .high = 1});
    digest_add(&sum, (RowHash){.low = 2, .high = UINT64_MAX});
    CHECK(sum.low == 1 && sum.high == 1 && sum.rows == 2);
    Digest none = {0}, one = {.rows = 1};
    CHECK(!digest_equal(&none, &one));
    unsigned char bytes[24];
    digest_bytes(&(Digest){.high = 1, .low = 2, .rows = 3}, bytes);
    CHECK(bytes[7] == 1 && bytes[15] == 2 && bytes[23] == 3 && bytes[0] == 0);
}

/* PostgreSQL's record hash folds these together. */
static void trap_10_numbers_are_not_folded(void) {
    CHECK(!equal(integer(KIND_INT, 1), integer(KIND_INT, INT64_C(4294967296))));
    CHECK(!equal(integer(KIND_TIMESTAMP, 1), integer(KIND_TIMESTAMP, INT64_C(4294967296))));
    CHECK(!equal(integer(KIND_INT, -1), integer(KIND_INT, 0)));
}

/* A long row makes the pen move to new memory; the bytes before it must come along. */
static void long_rows_hash_like_short_steps(void) {
    enum { LENGTH = 300000 };
    char *text = malloc(LENGTH);
    memset(text, 'x', LENGTH);
    for (size_t length = 4000; length < LENGTH; length += 37123) {
        Kind kinds[2] = {KIND_INT, KIND_TEXT};
        size_t slots[2] = {0, 1};
        RowHash fresh[3], used[3];
        Batch batch = batch_make(&arena, 2, kinds, BATCH_ROWS);
        batch.rows = 3;
        for (size_t row = 0; row < 3; row++) {
            Value cell = {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = {text, row == 1 ? length : row}};
            column_set(&arena, &batch.columns[0], row, integer(KIND_INT, (int64_t)row));
            column_set(&arena, &batch.columns[1], row, cell);
        }
        Buf other = {0};
        canon_hash_rows(&batch, slots, 2, &other, fresh);
        canon_hash_rows(&batch, slots, 2, &scratch, used);
        CHECK(memcmp(fresh, used, sizeof used) == 0);
        buf_free(&other);
    }
    free(text);
}

/* ---- kinds
 * ------------------------------------------------------------------------------------------------------------ */

static void kinds_have_a_common_meaning_or_none(void) {
    for (int a = 0; a < KIND_COUNT; a++) {
        for (int b = 0; b < KIND_COUNT; b++) {
            bool numbers = (a == KIND_INT || a == KIND_DECIMAL || a == KIND_FLOAT) &&
                           (b == KIND_INT || b == KIND_DECIMAL || b == KIND_FLOAT);
            Kind common = KIND_COUNT;
            CHECK(canon_common_kind((Kind)a, (Kind)b, &common) == (a == b || numbers));
            CHECK(a != b || common == (Kind)a);
            CHECK(a == b || !numbers || common == KIND_DECIMAL);
        }
    }
}

int main(void) {
    TEST_RUN(form_is_pinned);
    TEST_RUN(digest_is_pinned);
    TEST_RUN(value_alone_has_the_bytes_of_its_cell);
    TEST_RUN(trap_16_spelling_is_no_difference);
    TEST_RUN(trap_9_null_is_not_empty);
    TEST_RUN(trap_9_columns_do_not_run_together);
    TEST_RUN(trap_9_rows_do_not_run_together);
    TEST_RUN(trap_9_one_and_text_one_differ);
    TEST_RUN(trap_12_numbers_keep_every_digit);
    TEST_RUN(odd_cells_equal_only_the_same_text);
    TEST_RUN(broken_documents_are_opaque_text);
    TEST_RUN(arrays_are_equal_by_elements);
    TEST_RUN(arrays_differ_by_structure);
    TEST_RUN(ranges_are_equal_by_bounds);
    TEST_RUN(text_arrays_that_look_like_ranges_stay_apart);
    TEST_RUN(what_is_no_array_is_opaque);
    TEST_RUN(long_arrays_take_bounded_memory);
    TEST_RUN(trap_8_equal_changes_in_two_rows_do_not_cancel);
    TEST_RUN(trap_8_swapped_values_are_seen);
    TEST_RUN(order_of_rows_is_no_difference);
    TEST_RUN(trap_11_the_sum_carries_and_rows_count);
    TEST_RUN(trap_10_numbers_are_not_folded);
    TEST_RUN(long_rows_hash_like_short_steps);
    TEST_RUN(kinds_have_a_common_meaning_or_none);
    arena_free(&arena);
    buf_free(&buf);
    buf_free(&scratch);
    return test_finish();
}
