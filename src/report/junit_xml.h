/* Test results as JUnit XML: what Jenkins, GitLab and other CI systems read.
 *
 *     JunitSuite suite = {.name = "orders", .failed = "inconsistent", .error = "cannot-tell", .started_us = ...};
 *     junit_property(&suite, "mode", "join");
 *     junit_case(&suite, &(JunitCase){"equal", "status", JUNIT_FAILED, "1 row differs: id 42", details});
 *     junit_suite_end(&suite, &report);          // appended, and the suite's memory given back
 *     junit_save("report.xml", &report, &err);
 *
 * Promises: well-formed XML 1.0 whatever bytes come in: what it forbids is left out, bytes that are not UTF-8 become
 * U+FFFD. Files are private, and whole or not there at all.
 */
#ifndef REPORT_JUNIT_XML_H
#define REPORT_JUNIT_XML_H

#include "base/err.h"
#include "base/text.h"

/* Failed: what was tested is not so. Error: whether it is so could not be found out. */
typedef enum JunitState { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERROR } JunitState;

typedef struct JunitCase {
    const char *group; /* "equal" */
    const char *name;
    JunitState state;
    const char *message; /* of one that did not pass: a sentence */
    Str details;         /* lines */
} JunitCase;

typedef struct JunitSuite {
    const char *name;
    const char *failed, *error; /* the words for these outcomes */
    int64_t started_us, duration_us;
    Buf properties, cases;
    int64_t tests, failures, errors;
} JunitSuite;

typedef struct JunitReport {
    Buf suites;
    int64_t tests, failures, errors, duration_us;
} JunitReport;

void junit_property(JunitSuite *suite, const char *name, const char *value);
void junit_case(JunitSuite *suite, const JunitCase *test);
void junit_suite_end(JunitSuite *suite, JunitReport *report);

/* The whole document. */
void junit_write(const JunitReport *report, Buf *out);
MUST_CHECK bool junit_save(const char *path, const JunitReport *report, Err *err);
void junit_free(JunitReport *report);

#endif
