/* What is kept reads back as what it was: values of every kind, ranges, counts, findings; and what is damaged does not.
 */
#include "check/kept_json.h"
#include "check/kept_lines.h"

#include "source/canon.h"
#include "unit/report_fixture.h"
#include "unit/test.h"

static Arena arena;

static Value parsed(Kind kind, const char *text) {
    Value value = value_null();
    CHECK(value_parse(&arena, kind, str_of(text), &value));
    return value;
}

static Value raw(Kind kind, uint8_t state, const char *bytes, size_t length) {
    return (Value){.kind = kind, .state = state, .as.text = {bytes, length}};
}

static bool same_value(Value a, Value b) {
    Buf x = {0}, y = {0}, shown_a = {0}, shown_b = {0};
    canon_value(&a, &x);
    canon_value(&b, &y);
    value_print(a, &shown_a);
    value_print(b, &shown_b);
    bool same = a.kind == b.kind && a.state == b.state && str_equal(buf_view(&x), buf_view(&y)) &&
                str_equal(buf_view(&shown_a), buf_view(&shown_b));
    buf_free(&x);
    buf_free(&y);
    buf_free(&shown_a);
    buf_free(&shown_b);
    return same;
}

static void values_come_back(void) {
    Fixture f;
    fixture_make(&f);
    const Value values[] = {
        value_int(INT64_MIN),
        value_text(""),
        value_text("a \"b\" \\ \n\t \x7f \xe2\x80\xa8 \xf0\x9f\x90\x98"),
        raw(KIND_TEXT, CELL_VALUE, "a\0b", 3),
        raw(KIND_TEXT, CELL_VALUE, "\xff\xfe", 2),
        raw(KIND_INT, CELL_ODD, "n/a", 3),
        raw(KIND_INT, CELL_ODD, "\x80", 1),
        raw(KIND_OPAQUE, CELL_VALUE, "10.0.0.0/8", 10),
        (Value){.kind = KIND_DECIMAL, .state = CELL_NULL},
        value_null(),
        parsed(KIND_BOOL, "t"),
        parsed(KIND_DECIMAL, "12345678901234567890123456789012345678901234567890.10"),
        parsed(KIND_DECIMAL, "NaN"),
        parsed(KIND_FLOAT, "0.1"),
        parsed(KIND_FLOAT, "5e-324"),
        value_single(parsed(KIND_FLOAT, "0.1")),
        value_single(parsed(KIND_FLOAT, "3.4028235e38")),
        parsed(KIND_FLOAT, "-inf"),
        parsed(KIND_BYTES, "\\x00ff"),
        parsed(KIND_TIMESTAMPTZ, "2026-01-02 03:04:05.000001+00"),
        parsed(KIND_TIMESTAMPTZ, "infinity"),
        parsed(KIND_TIMESTAMP, "0044-03-15 00:00:00 BC"),
        parsed(KIND_DATE, "-infinity"),
        parsed(KIND_TIME, "24:00:00"),
        parsed(KIND_INTERVAL, "1 mon -3 days 00:00:00.5"),
        parsed(KIND_UUID, "00112233-4455-6677-8899-aabbccddeeff"),
        parsed(KIND_JSON, "{\"a\": [1, null]}"),
        parsed(KIND_ARRAY, "{1,NULL,\"a b\"}"),
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        Finding back, finding = f.findings[1];
        FindingCell cell = {"status", values[i]};
        Buf line = {0};
        finding.key = &values[i];
        finding.old = &cell;
        finding.old_count = 1;
        kept_finding_write(&finding, &line);
        CHECK(memchr(line.bytes, '\n', line.length) == NULL && utf8_valid(buf_view(&line)));
        CHECK(kept_finding_read(&arena, buf_view(&line), &f.match, &back));
        CHECK(same_value(back.key[0], values[i]) && same_value(back.old[0].value, values[i]));
        buf_free(&line);
    }
}

static void findings_come_back(void) {
    Fixture f;
    fixture_make(&f);
    f.findings[2].new_written_us = INT64_C(1767323045000001);
    for (size_t i = 0; i < FIXTURE_FINDINGS; i++) {
        Finding back;
        Buf line = {0}, again = {0};
        kept_finding_write(&f.findings[i], &line);
        CHECK(kept_finding_read(&arena, buf_view(&line), &f.match, &back));
        kept_finding_write(&back, &again);
        CHECK_TEXT(again.bytes, line.bytes);
        CHECK(back.kind == f.findings[i].kind && back.cause == f.findings[i].cause);
        CHECK(back.old_written_us == 0 && back.new_written_us == f.findings[i].new_written_us);
        buf_free(&line);
        buf_free(&again);
    }
    Finding back;
    Buf line = {0};
    kept_finding_write(&f.findings[1], &line);
    CHECK_TEXT(line.bytes, "{\"kind\":\"different\",\"key\":[[\"integer\",\"42\"]],\"cause\":\"other\",\"pairs\":[0],"
                           "\"invariants\":[0],\"old\":[[\"status\",\"text\",\"paid\"]],"
                           "\"new\":[[\"status\",\"text\",\"new\"],[\"currency\",\"text\",null]]}");
    CHECK(kept_finding_read(&arena, buf_view(&line), &f.match, &back));
    CHECK(back.new_[1].name == f.match.new_.relation.columns[3].name); /* it outlives the reading */
    buf_free(&line);
}

static void counts_come_back(void) {
    Fixture f;
    fixture_make(&f);
    Counts counts = f.result.counts, back;
    counts.traffic_old = -3;
    counts.traffic_new = 5;
    counts.undecided = INT64_MAX;
    counts.kinds[DIFFERENT] = -7;
    counts.causes[CAUSE_SHIFT] = 9;
    counts.invariant_undecided[1] = 4;
    Buf text = {0}, again = {0};
    kept_counts_write(&counts, &f.match, &text);
    CHECK(kept_counts_read(&arena, buf_view(&text), &f.match, &back));
    kept_counts_write(&back, &f.match, &again);
    CHECK_TEXT(again.bytes, text.bytes);
    CHECK(back.kinds[DIFFERENT] == -7 && back.traffic_old == -3 && back.undecided == INT64_MAX);
    CHECK(back.pair_different[0] == 1 && back.invariant_undecided[1] == 4 && back.old_rows == counts.old_rows);
    buf_free(&text);
    buf_free(&again);
}

static void ranges_come_back(void) {
    Value from[] = {value_int(-5), value_text("\xc3\xa4")},
          to[] = {value_int(7), raw(KIND_TEXT, CELL_VALUE, "\xff", 1)};
    const Range ranges[] = {{RANGE_BETWEEN, from, to},   {RANGE_BETWEEN, NULL, to}, {RANGE_BETWEEN, from, NULL},
                            {RANGE_BETWEEN, NULL, NULL}, {.rows = RANGE_WITH_NULL}, {.rows = RANGE_ALL}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        Buf line = {0}, again = {0};
        Range back;
        kept_range_write(ranges[i], 2, &line);
        CHECK(kept_range_read(&arena, buf_view(&line), 2, &back));
        CHECK(back.rows == ranges[i].rows && (back.from == NULL) == (ranges[i].from == NULL));
        CHECK(back.to == NULL || (same_value(back.to[0], to[0]) && same_value(back.to[1], to[1])));
        kept_range_write(back, 2, &again);
        CHECK_TEXT(again.bytes, line.bytes);
        CHECK(!kept_range_read(&arena, buf_view(&line), 1, &back) || (back.from == NULL && back.to == NULL));
        buf_free(&line);
        buf_free(&again);
    }
}

static void damage_is_refused(void) {
    static const char *const ranges[] = {
        "",
        "{}",
        "null",
        "{\"rows\":\"some\",\"from\":null,\"to\":null}",
        "{\"rows\":\"between\",\"from\":[],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"integer\",null]],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"integer\",\"x\"]],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"number\",\"1\"]],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"integer\",1]],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"hex integer\",\"31\"]],\"to\":null}",
        "{\"rows\":\"between\",\"from\":[[\"hex text\",\"3\"]],\"to\":null}",
    };
    Range range;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        CHECK(!kept_range_read(&arena, str_of(ranges[i]), 1, &range));
    }
    Fixture f;
    fixture_make(&f);
    Buf line = {0};
    kept_finding_write(&f.findings[1], &line);
    for (size_t length = 0; length < line.length; length++) { /* cut anywhere */
        Finding finding;
        Str copy = str_copy(&arena, (Str){line.bytes, length});
        CHECK(!kept_finding_read(&arena, copy, &f.match, &finding));
    }
    f.match.pair_count = 0; /* an index beyond the match */
    Finding finding;
    CHECK(!kept_finding_read(&arena, buf_view(&line), &f.match, &finding));
    fixture_make(&f);
    f.new_columns[3].name = "money"; /* a column that is no more */
    CHECK(!kept_finding_read(&arena, buf_view(&line), &f.match, &finding));
    buf_free(&line);
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

typedef struct Told {
    size_t count;
    FindingKind kinds[32];
    int64_t keys[32];
} Told;

static void tell(void *self, const Finding *finding) {
    Told *told = self;
    CHECK(told->count < 32);
    told->kinds[told->count] = finding->kind;
    told->keys[told->count++] = finding->key[0].as.integer;
}

static void lines_add_alone(KeptLines *lines, FindingKind kind, int64_t key) {
    Value value = value_int(key);
    Finding finding = {.kind = kind, .cause = CAUSE_MISSING, .key = &value, .key_count = 1};
    kept_lines_add(lines, &finding);
}

static bool lines_read(const Fixture *f, Str lines, Told *told) {
    bool good = true;
    while (good && lines.length > 0) {
        size_t length = (size_t)((const char *)memchr(lines.bytes, '\n', lines.length) - lines.bytes);
        good = kept_line_read(&arena, (Str){lines.bytes, length}, &f->match, INT64_MAX, (FindingTaker){tell, told});
        lines = (Str){lines.bytes + length + 1, lines.length - length - 1};
    }
    return good;
}

/* Rows that stand alone under one integer are one line, whatever comes between two such lines. */
static void runs_come_back(void) {
    static const int64_t keys[] = {INT64_MIN, 17, 18, 19, 20, 100, 99, 99, INT64_MAX};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    Fixture f;
    fixture_make(&f);
    KeptLines lines = {0};
    Told told = {0};
    for (size_t i = 1; i < 6; i++) {
        lines_add_alone(&lines, MISSING_IN_NEW, keys[i]);
    }
    kept_lines_end(&lines);
    CHECK_TEXT(lines.text.bytes, "{\"kind\":\"missing_in_new\",\"cause\":\"missing\",\"count\":5,"
                                 "\"integers\":\"17 1*3 80\"}\n");
    kept_lines_empty(&lines);
    for (size_t i = 0; i < KEYS; i++) {
        lines_add_alone(&lines, MISSING_IN_OLD, keys[i]);
    }
    kept_lines_add(&lines, &f.findings[1]);          /* key 42 */
    lines_add_alone(&lines, MISSING_IN_NEW, 43);
    lines_add_alone(&lines, MISSING_IN_OLD, 44);
    kept_lines_end(&lines);
    CHECK(lines_read(&f, buf_view(&lines.text), &told) && told.count == KEYS + 3);
    for (size_t i = 0; i < KEYS; i++) {
        CHECK(told.keys[i] == keys[i] && told.kinds[i] == MISSING_IN_OLD);
    }
    CHECK(told.keys[KEYS] == 42 && told.kinds[KEYS] == DIFFERENT);
    CHECK(told.keys[KEYS + 1] == 43 && told.kinds[KEYS + 1] == MISSING_IN_NEW);
    CHECK(told.keys[KEYS + 2] == 44 && told.kinds[KEYS + 2] == MISSING_IN_OLD);
    kept_lines_free(&lines);
}

static void damaged_runs_are_refused(void) {
    static const char form[] = "{\"kind\":\"%s\",\"cause\":\"missing\",\"count\":%s,\"integers\":\"%s\"}";
    static const struct {
        const char *kind, *count, *integers;
        bool good;
    } rows[] = {
        {"missing_in_new", "5", "17 1*3 80", true},    {"missing_in_new", "4", "17 1*3 80", false},
        {"missing_in_new", "6", "17 1*3 80", false},   {"missing_in_new", "3", "17 1*3", false},
        {"different", "5", "17 1*3 80", false},        {"missing_in_new", "-1", "17 1*3 80", false},
        {"missing_in_new", "0", "", false},            {"missing_in_new", "2", "17 1*0 1", false},
        {"missing_in_new", "2", "17 1*-1 1*2", false}, {"missing_in_new", "2", "17  1", false},
        {"missing_in_new", "2", "17 1 ", false},       {"missing_in_new", "2", "17 +1", false},
        {"missing_in_new", "2", " 17 1", false},       {"missing_in_new", "2", "17 99999999999999999999", false},
        {"missing_in_new", "99999999999", "1 1*99999999998", false},
    };
    Fixture f;
    fixture_make(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Told told = {0};
        Str line = str_of(arena_printf(&arena, form, rows[i].kind, rows[i].count, rows[i].integers));
        CHECK(kept_line_read(&arena, line, &f.match, 1 << 24, (FindingTaker){tell, &told}) == rows[i].good);
        for (size_t length = 0; length < line.length; length++) { /* cut anywhere */
            Str cut = str_copy(&arena, (Str){line.bytes, length});
            CHECK(!kept_line_read(&arena, cut, &f.match, 1 << 24, (FindingTaker){tell, &(Told){0}}));
        }
    }
    Str line = str_of(arena_printf(&arena, form, rows[0].kind, rows[0].count, rows[0].integers));
    CHECK(!kept_line_read(&arena, line, &f.match, 4, (FindingTaker){tell, &(Told){0}})); /* one more than there can be */
    f.match.key_count = 2; /* a key that is another now */
    line = str_of(arena_printf(&arena, form, rows[0].kind, rows[0].count, rows[0].integers));
    CHECK(!kept_line_read(&arena, line, &f.match, 1 << 24, (FindingTaker){tell, &(Told){0}}));
}

int main(void) {
    TEST_RUN(values_come_back);
    TEST_RUN(runs_come_back);
    TEST_RUN(damaged_runs_are_refused);
    TEST_RUN(findings_come_back);
    TEST_RUN(counts_come_back);
    TEST_RUN(ranges_come_back);
    TEST_RUN(damage_is_refused);
    arena_free(&arena);
    return test_finish();
}
