/* The result of a check as JUnit XML: a suite a check, and a case for
 *
 *     coverage     every range was read
 *     equal        each pair of columns
 *     invariants   each of them
 *     rows         missing in new, missing in old, duplicate keys, in flight
 *
 * What disagrees is a failure, with keys of the sample; what was not read, not decided or still changing is an error.
 * In a run that was not read to its end nothing has passed. A check that could not begin has the one case that says
 * why.
 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "check/finding.h"
#include "report/junit_xml.h"

void junit_add_result(const Result *result, JunitReport *report);
/* Appends the result of each check that it is told of. */
Sink *junit_sink_open(JunitReport *report);

#endif
