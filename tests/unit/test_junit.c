/* JUnit XML of made-up results: golden files, and what no XML may hold. */
#include "report/gate_junit.h"
#include "report/junit.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

static char *document_of(const Result *result) {
    JunitReport report = {.tests = 0};
    Buf out = {0};
    junit_add_result(result, &report);
    junit_write(&report, &out);
    junit_free(&report);
    return out.bytes;
}

static void check_golden(const char *name, const Result *result) {
    char *got = document_of(result);
    CHECK(is_golden(name, got));
    free(got);
}

static void inconsistent(void) {
    Fixture f;
    fixture_make(&f);
    check_golden("junit_inconsistent.xml", &f.result);
}

static void consistent(void) {
    Fixture f;
    fixture_consistent(&f);
    check_golden("junit_consistent.xml", &f.result);
}

/* Nothing has passed that was not read to its end; what was found all the same is a failure. */
static void unread(void) {
    Fixture f;
    fixture_make(&f);
    f.result.ranges_proved = 49;
    f.result.ranges_failed = 1;
    f.result.coverage = 0.98;
    f.undecided[1] = 7;
    err_set(&f.result.err, TF_ERROR_CONNECTION, "could not read \"orders\": the connection was lost");
    err_hint(&f.result.err, "Is the server running?");
    check_golden("junit_unread.xml", &f.result);
}

static void not_begun(void) {
    Err err;
    err_set(&err, TF_ERROR_CONNECTION, "could not connect to \"shop\"");
    Result result = {.check = "orders", .verdict = VERDICT_CANNOT_TELL, .err = err};
    check_golden("junit_not_begun.xml", &result);
}

static void one_table(void) {
    Fixture f;
    fixture_consistent(&f);
    f.match.one_row = true;
    char *got = document_of(&f.result);
    CHECK(strstr(got, "missing") == NULL);
    CHECK(strstr(got, "name=\"no key occurs twice\"") != NULL);
    free(got);
}

/* A verdict that no case explains is an error all the same. */
static void unexplained(void) {
    Fixture f;
    fixture_consistent(&f);
    f.result.verdict = VERDICT_CANNOT_TELL;
    err_set(&f.result.err, TF_ERROR_INTERNAL, "cannot account for every row");
    char *got = document_of(&f.result);
    CHECK(strstr(got, "errors=\"1\"") != NULL);
    CHECK(strstr(got, "message=\"cannot account for every row\"") != NULL);
    free(got);
}

/* Names and values of any bytes. */
static void hostile(void) {
    Fixture f;
    fixture_make(&f);
    f.rules[0].name = "]]>\x01\x02</failure>\t\n&amp;\xEF\xBF\xBF\xFF\"'";
    f.new_cells[0].value = value_text("\x1b[31m]]></failure><script>\xC3\x28");
    f.match.pairs = f.pairs;
    char *got = document_of(&f.result);
    CHECK(strstr(got, "name=\"]]&gt;&lt;/failure&gt;&#9;&#10;&amp;amp;\xEF\xBF\xBD&quot;'\"") != NULL);
    CHECK(strstr(got, "new.status \\x1b[31m]]&gt;&lt;/failure&gt;&lt;script&gt;\\xc3(") != NULL);
    CHECK(strstr(got, "\xEF\xBF\xBF") == NULL);
    CHECK(utf8_valid(str_of(got)));
    free(got);
}

static void sums(void) {
    Fixture f;
    JunitReport report = {.tests = 0};
    Buf out = {0};
    fixture_make(&f);
    junit_add_result(&f.result, &report);
    fixture_consistent(&f);
    junit_add_result(&f.result, &report);
    junit_write(&report, &out);
    CHECK(strstr(out.bytes, "<testsuites name=\"twofold\" tests=\"18\" failures=\"4\" errors=\"0\" time=\"2.400\">") !=
          NULL);
    junit_free(&report);
    buf_free(&out);
}

static void gate(void) {
    Arena arena = {0};
    Gate asked = {.check = "orders", .asked_us = INT64_C(1767323045000000), .answer = GATE_CLOSED};
    asked.reason = "1 of 3 conditions is not met";
    asked.conditions.arena = &arena;
    conditions_add(&asked.conditions, &(Condition){"runs", "ledger", NULL, CONDITION_MET, "runs", "12 runs", 1});
    conditions_add(&asked.conditions, &(Condition){"refused by", "view", "public.\"a<b\"", CONDITION_NOT_MET, "no view",
                                                   "it reads it", 0});
    conditions_add(&asked.conditions, &(Condition){"traffic", "statements", "orders.total", CONDITION_UNKNOWN,
                                                   "no statement names it", "not known", INT64_C(1767323045000000)});
    JunitReport report = {.tests = 0};
    Buf out = {0};
    gate_junit_add(&asked, &report);
    junit_write(&report, &out);
    CHECK(is_golden("junit_gate.xml", out.bytes));
    junit_free(&report);
    buf_free(&out);
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(inconsistent);
    TEST_RUN(consistent);
    TEST_RUN(unread);
    TEST_RUN(not_begun);
    TEST_RUN(one_table);
    TEST_RUN(unexplained);
    TEST_RUN(hostile);
    TEST_RUN(sums);
    TEST_RUN(gate);
    return test_finish();
}
