/* The gate's answer as JUnit XML: a test case a condition. Not met is a failure, unknown an error. */
#ifndef REPORT_GATE_JUNIT_H
#define REPORT_GATE_JUNIT_H

#include "gate/gate.h"
#include "report/junit_xml.h"

void gate_junit_add(const Gate *gate, JunitReport *report);

#endif
