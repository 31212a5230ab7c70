/* Test results as JUnit XML (promises: junit_xml.h). In: cases. Out: a document. */
#include "report/junit_xml.h"

#include "base/clock.h"
#include "report/file.h"

#include <inttypes.h>
#include <string.h>

/* ---- XML --------------------------------------------------------------------------------------------------- */

/* https://www.w3.org/TR/xml/#charsets; surrogates are no valid UTF-8. */
static bool is_allowed(uint32_t code) {
    return code >= 0x20 ? code != 0xFFFE && code != 0xFFFF : code == '\t' || code == '\n' || code == '\r';
}

/* Inside quotes, white space but for the space itself would be read as a space. */
static void character_write(uint32_t code, Str bytes, bool quoted, Buf *out) {
    static const struct {
        char character;
        const char *entity;
    } ENTITIES[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (size_t i = 0; i < sizeof(ENTITIES) / sizeof(ENTITIES[0]); i++) {
        if (code == (unsigned char)ENTITIES[i].character) {
            buf_text(out, ENTITIES[i].entity);
            return;
        }
    }
    if (code == '\r' || (quoted && (code == '\t' || code == '\n'))) {
        buf_printf(out, "&#%" PRIu32 ";", code);
    } else if (is_allowed(code)) {
        buf_str(out, bytes);
    }
}

static void xml_text(Str text, bool quoted, Buf *out) {
    while (text.length > 0) {
        Str one = {text.bytes, utf8_step(text)};
        if (utf8_valid(one)) {
            character_write(utf8_decode(one), one, quoted, out);
        } else {
            buf_text(out, "\xEF\xBF\xBD");
        }
        text = (Str){text.bytes + one.length, text.length - one.length};
    }
}

static void attribute(const char *name, Str value, Buf *out) {
    buf_printf(out, " %s=\"", name);
    xml_text(value, true, out);
    buf_char(out, '"');
}

static void attribute_count(const char *name, int64_t count, Buf *out) {
    buf_printf(out, " %s=\"%" PRId64 "\"", name, count);
}

static void attribute_seconds(const char *name, int64_t us, Buf *out) {
    int64_t shown_us = us < 0 ? 0 : us;
    buf_printf(out, " %s=\"%" PRId64 ".%03" PRId64 "\"", name, shown_us / 1000000, shown_us % 1000000 / 1000);
}

/* ---- a suite ----------------------------------------------------------------------------------------------- */

void junit_property(JunitSuite *suite, const char *name, const char *value) {
    buf_text(&suite->properties, "      <property");
    attribute("name", str_of(name), &suite->properties);
    attribute("value", str_of(value), &suite->properties);
    buf_text(&suite->properties, "/>\n");
}

/* "twofold.orders.equal": CI systems make a tree of what stands between dots. */
static void class_write(const JunitSuite *suite, const JunitCase *test, Buf *out) {
    Buf name = {0};
    buf_printf(&name, "twofold.%s.%s", suite->name, test->group);
    attribute("classname", buf_view(&name), out);
    buf_free(&name);
}

void junit_case(JunitSuite *suite, const JunitCase *test) {
    Buf *out = &suite->cases;
    suite->tests++;
    suite->failures += test->state == JUNIT_FAILED;
    suite->errors += test->state == JUNIT_ERROR;
    buf_text(out, "    <testcase");
    class_write(suite, test, out);
    attribute("name", str_of(test->name), out);
    if (test->state == JUNIT_PASSED) {
        buf_text(out, "/>\n");
        return;
    }
    bool failed = test->state == JUNIT_FAILED;
    const char *element = failed ? "failure" : "error";
    buf_printf(out, ">\n      <%s", element);
    attribute("type", str_of(failed ? suite->failed : suite->error), out);
    attribute("message", str_of(test->message), out);
    buf_char(out, '>');
    xml_text(test->details, false, out);
    buf_printf(out, "</%s>\n    </testcase>\n", element);
}

static void counts_write(int64_t tests, int64_t failures, int64_t errors, int64_t duration_us, Buf *out) {
    attribute_count("tests", tests, out);
    attribute_count("failures", failures, out);
    attribute_count("errors", errors, out);
    attribute_seconds("time", duration_us, out);
}

void junit_suite_end(JunitSuite *suite, JunitReport *report) {
    Buf *out = &report->suites;
    char started[21];
    clock_format_utc(suite->started_us, started);
    buf_text(out, "  <testsuite");
    attribute("name", str_of(suite->name), out);
    counts_write(suite->tests, suite->failures, suite->errors, suite->duration_us, out);
    attribute("timestamp", (Str){started, strlen("2026-01-02T03:04:05")}, out); /* no zone: readers take none */
    buf_text(out, ">\n");
    if (suite->properties.length > 0) {
        buf_printf(out, "    <properties>\n%s    </properties>\n", suite->properties.bytes);
    }
    buf_str(out, buf_view(&suite->cases));
    buf_text(out, "  </testsuite>\n");
    report->tests += suite->tests;
    report->failures += suite->failures;
    report->errors += suite->errors;
    report->duration_us += suite->duration_us;
    buf_free(&suite->properties);
    buf_free(&suite->cases);
}

/* ---- the document ------------------------------------------------------------------------------------------ */

void junit_write(const JunitReport *report, Buf *out) {
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"twofold\"");
    counts_write(report->tests, report->failures, report->errors, report->duration_us, out);
    buf_text(out, ">\n");
    buf_str(out, buf_view(&report->suites));
    buf_text(out, "</testsuites>\n");
}

bool junit_save(const char *path, const JunitReport *report, Err *err) {
    Buf whole = {0};
    junit_write(report, &whole);
    bool good = file_replace(path, buf_view(&whole), FILE_MODE_PRIVATE, err);
    buf_free(&whole);
    return good;
}

void junit_free(JunitReport *report) {
    buf_free(&report->suites);
}
