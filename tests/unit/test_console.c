/* What a person reads: the page, the table of rows, values made safe, the progress line. */
#include "report/console.h"
#include "report/history.h"
#include "report/progress.h"
#include "report/shown.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

static char *page_of(const Result *result, const ConsoleOptions *options) {
    Buf out = {0};
    console_write(result, options, &out);
    return out.bytes;
}

static void check_page(const Result *result, const char *golden) {
    ConsoleOptions options = {.width = 80};
    char *page = page_of(result, &options);
    CHECK(is_golden(golden, page));
    for (const char *line = page; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        CHECK(end != NULL && end - line <= 80);
        line = end == NULL ? NULL : end + 1;
    }
    free(page);
}

static void inconsistent_page(void) {
    Fixture f;
    fixture_make(&f);
    check_page(&f.result, "console_inconsistent.txt");
}

static void consistent_page(void) {
    Fixture f;
    fixture_consistent(&f);
    check_page(&f.result, "console_consistent.txt");
}

static void two_servers_and_failed_ranges(void) {
    Fixture f;
    fixture_consistent(&f);
    f.new_source[0] = "postgresql://new.example.org:6432/shop";
    f.result.verdict = VERDICT_CANNOT_TELL;
    f.result.ranges_proved = 47;
    f.result.ranges_failed = 3;
    f.result.coverage = 0.9412;
    f.result.mode = MODE_STREAM;
    f.undecided[1] = 12;
    f.result.counts.undecided = 12;
    f.result.counts.in_flight = 2;
    f.result.reason = "3 of 50 ranges could not be read: could not read \"public\".\"orders_v2\": server closed the "
                      "connection unexpectedly";
    (void)err_set(&f.result.err, TF_ERROR_CONNECTION,
                  "could not read \"public\".\"orders_v2\": server closed the connection unexpectedly");
    (void)err_hint(&f.result.err, "Look into the server's log, and run the check again.");
    check_page(&f.result, "console_cannot_tell.txt");
}

static void ended_before_the_plan(void) {
    Result result = {.check = "orders", .verdict = VERDICT_CANNOT_TELL};
    (void)err_set(&result.err, TF_ERROR_CONNECTION, "could not connect to \"shop\": connection refused");
    (void)err_hint(&result.err, "Is the server running?");
    check_page(&result, "console_not_planned.txt");
}

static void hostile_and_long_values(void) {
    Fixture f;
    fixture_make(&f);
    static const char same[] = "a very long text that begins alike on both sides and goes on for quite a while until "
                               "it differs here";
    char changed[sizeof(same)];
    memcpy(changed, same, sizeof(same));
    memcpy(changed + sizeof(same) - 5, "HERE", 4);
    f.old_cells[0].value = value_text("\x1b[31mred\x07\xff");
    f.new_cells[0].value = value_text(" paid\xe2\x80\xae");
    f.old_cells[1] = (FindingCell){"total", value_text(same)};
    f.new_cells[1] = (FindingCell){"total_minor", value_text(changed)};
    size_t both[2] = {0, 1};
    f.findings[1].pairs = both;
    f.findings[1].pair_count = 2;
    f.findings[1].invariant_count = 0;
    f.findings[1].old_count = 2;
    f.keys[2] = value_text("0b9c1f6e-6d5e-4d43-9a51-0123456789ab\nand more");
    check_page(&f.result, "console_hostile.txt");
}

static void rows_with_a_past(void) {
    static const int64_t backfill_us = INT64_C(1767312000000000), day_us = INT64_C(86400000000);
    Fixture f;
    fixture_make(&f);
    f.findings[0].old_written_us = backfill_us;
    f.findings[1].old_written_us = backfill_us - 3 * day_us;
    f.findings[1].new_written_us = backfill_us;
    f.findings[2].new_written_us = backfill_us - 1;
    check_page(&f.result, "console_written.txt");
}

static void parallel_columns(void) {
    Fixture f;
    fixture_make(&f);
    f.match.one_row = true;
    f.match.pair_count = 0;
    f.match.invariant_count = 1;
    f.uses[0][0] = (ExprColumnUse){EXPR_ROW, 2};
    f.uses[0][1] = (ExprColumnUse){EXPR_ROW, 3};
    f.invariants[0].use_count = 2;
    f.rules[0].name = "total == currency * 100";
    f.old_cells[0] = (FindingCell){"total", value_text("19.90")};
    f.old_cells[1] = (FindingCell){"currency", value_null()};
    f.findings[1].pair_count = 0;
    f.findings[1].old_count = 2;
    f.findings[1].new_count = 0;
    f.result.sample = &f.findings[1];
    f.result.sample_count = 1;
    memset(f.result.counts.kinds, 0, sizeof(f.result.counts.kinds));
    f.result.counts.kinds[DIFFERENT] = 1;
    f.result.mismatched_rows = 1;
    f.result.reason = "1 row disagrees";
    check_page(&f.result, "console_rows.txt");
}

static void more_findings_than_shown(void) {
    Fixture f;
    fixture_make(&f);
    f.result.mismatched_rows = 1234567;
    ConsoleOptions options = {.width = 80};
    char *page = page_of(&f.result, &options);
    CHECK(strstr(page, "rows that disagree (3 of 1,234,567)") != NULL);
    CHECK(strstr(page, "twofold check orders.yaml --findings all.ndjson") != NULL);
    free(page);
    options.findings = "/tmp/all.ndjson";
    page = page_of(&f.result, &options);
    CHECK(strstr(page, "--findings") == NULL);
    CHECK(strstr(page, "all in /tmp/all.ndjson") != NULL);
    free(page);
}

static void colour_only_where_wanted(void) {
    Fixture f;
    fixture_make(&f);
    ConsoleOptions options = {.colour = true};
    char *page = page_of(&f.result, &options);
    CHECK(strstr(page, "\x1b[1;31mINCONSISTENT\x1b[0m") != NULL);
    free(page);
    options.colour = false;
    page = page_of(&f.result, &options);
    CHECK(strchr(page, '\x1b') == NULL);
    free(page);
}

static void check_value(Value value, const char *want) {
    Buf out = {0};
    shown_value(value, &out);
    CHECK_TEXT(out.bytes, want);
    buf_free(&out);
}

static void values(void) {
    check_value(value_null(), "null");
    check_value(value_text("null"), "'null'");
    check_value(value_text(""), "''");
    check_value(value_text("a "), "'a '");
    check_value(value_text("a\tb\nc\rd\x1b"), "a\\tb\\nc\\rd\\x1b");
    check_value(value_text("C:\\new"), "C:\\\\new");
    check_value(value_text("a\\b"), "a\\b");
    check_value(value_text("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
    check_value(value_text("zero\xe2\x80\x8bwidth"), "zero\\u200bwidth");
    check_value(value_text("\xc2\x9b"
                           "1m"),
                "\\u009b1m");
    check_value(value_text("\xc3("), "\\xc3(");
    check_value(value_int(-7), "-7");
    Value odd = value_text("12abc");
    odd.kind = KIND_INT;
    odd.state = CELL_ODD;
    check_value(odd, "'12abc'");
}

static void check_cut(const char *text, size_t width, const char *want) {
    Buf out = {0};
    shown_field(str_of(text), width, &out);
    CHECK_TEXT(out.bytes, want);
    CHECK(shown_width(buf_view(&out)) == width);
    buf_free(&out);
}

static void cutting(void) {
    check_cut("abcdef", 6, "abcdef");
    check_cut("abcdefg", 6, "abc...");
    check_cut("ab", 6, "ab    ");
    check_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, "\xe6\x97\xa5...");
    check_cut("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
    check_cut("abcdef", 2, "..");
}

static void shell_words(void) {
    Value key[3] = {value_int(-5), value_text("it's"), value_text("")};
    Buf out = {0};
    shown_key_words(key, 3, &out);
    CHECK_TEXT(out.bytes, "-5 'it'\\''s' ''");
    buf_free(&out);
}

static void check_figures(int64_t us, const char *want) {
    Buf out = {0};
    shown_duration(us, &out);
    CHECK_TEXT(out.bytes, want);
    buf_free(&out);
}

static void figures(void) {
    check_figures(123456, "0.12 s");
    check_figures(1290000, "1.2 s");
    check_figures(200000000, "3 min 20 s");
    check_figures(7500000000, "2 h 5 min");
    Buf out = {0};
    shown_percent(0.99999, &out);
    shown_count(-1234567, &out);
    shown_relation("\"public\".\"Or\"\"d.ers\"", &out);
    CHECK_TEXT(out.bytes, "99.9 %-1,234,567public.\"Or\"\"d.ers\"");
    buf_free(&out);
}

/* ---- progress -------------------------------------------------------------------------------------------------- */

static int64_t test_now_us;

static int64_t test_clock(void) {
    return test_now_us;
}

static void progress_on_a_terminal(void) {
    Err err;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    ProgressPlace place = {.stream = stream, .terminal = true, .width = 80, .now_us = test_clock};
    Sink *sink = progress_sink_at(&place, "orders");
    Plan plan = {.estimated_rows = 1000, .range_count = 10};
    RangeReport range = {.counts = {.old_rows = 100, .new_rows = 90}};
    Finding finding = {.kind = DIFFERENT};
    test_now_us = 5000000;
    CHECK(sink->plan(sink, &plan, &err));
    for (int i = 0; i < 10; i++) { /* 50 ms apart: at most every fourth is shown */
        test_now_us += 50000;
        CHECK(sink->finding(sink, &finding, &err) && sink->range(sink, &range, &err));
    }
    test_now_us += 2000000;
    range.counts.old_rows = 0;
    range.counts.new_rows = 0;
    CHECK(sink->range(sink, &range, &err));
    Result result = {0};
    CHECK(sink->result(sink, &result, &err));
    sink->close(sink);
    fclose(stream);
    CHECK_TEXT(text, "\rorders   40 %  2,000 rows/s  4 rows disagree\x1b[K"
                     "\rorders   80 %  2,000 rows/s  8 rows disagree\x1b[K"
                     "\rorders   99 %  400 rows/s  1 s left  10 rows disagree\x1b[K"
                     "\r\x1b[K");
    free(text);
}

static void progress_elsewhere(void) {
    FILE *file = tmpfile();
    CHECK(progress_sink_open(file, PROGRESS_AUTO, "orders") == NULL);
    CHECK(progress_sink_open(file, PROGRESS_NEVER, "orders") == NULL);
    Sink *sink = progress_sink_open(file, PROGRESS_ALWAYS, "orders");
    CHECK(sink != NULL);
    sink->close(sink);
    CHECK(ftell(file) == 0);
    fclose(file);
    ProgressWhen when;
    CHECK(progress_when_parse("always", &when) && when == PROGRESS_ALWAYS);
    CHECK(!progress_when_parse("often", &when));
}

static void history_table(void) {
    PastRun run = {.id = "20260102T030405Z-00000001",
                   .check = "orders",
                   .verdict = "inconsistent",
                   .reason = "3 rows disagree",
                   .mode = "join",
                   .started_us = INT64_C(1767323045000000),
                   .duration_us = 1200000,
                   .old_rows = 4999999,
                   .new_rows = 5000000,
                   .ranges_proved = 31,
                   .ranges_planned = 50,
                   .coverage = 1};
    Buf out = {0};
    history_heading_write(&out);
    history_line_write(&run, 100, &out);
    CHECK_TEXT(out.bytes, "started (UTC)        verdict       mode    took               rows     ranges  reason\n"
                          "2026-01-02 03:04:05  inconsistent  join    1.2 s         5,000,000      31/50  3 rows disagree\n");
    buf_free(&out);
}

int main(void) {
    TEST_RUN(inconsistent_page);
    TEST_RUN(consistent_page);
    TEST_RUN(two_servers_and_failed_ranges);
    TEST_RUN(ended_before_the_plan);
    TEST_RUN(hostile_and_long_values);
    TEST_RUN(rows_with_a_past);
    TEST_RUN(parallel_columns);
    TEST_RUN(more_findings_than_shown);
    TEST_RUN(colour_only_where_wanted);
    TEST_RUN(values);
    TEST_RUN(cutting);
    TEST_RUN(shell_words);
    TEST_RUN(figures);
    TEST_RUN(progress_on_a_terminal);
    TEST_RUN(progress_elsewhere);
    TEST_RUN(history_table);
    return test_finish();
}
