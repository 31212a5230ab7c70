/* The gate's answer as JUnit XML (form: gate_junit.h, junit_xml.h). In: an answer. Out: a suite. */
#include "report/gate_junit.h"

#include "base/clock.h"

static void details_write(const Condition *condition, Buf *out) {
    buf_printf(out, "required: %s\nseen: %s\n", condition->required, condition->seen);
    if (condition->since_us != 0) {
        char since[21];
        clock_format_utc(condition->since_us, since);
        buf_printf(out, "since: %s\n", since);
    }
}

static void condition_add(const Condition *condition, JunitSuite *suite) {
    static const JunitState STATES[] = {
        [CONDITION_MET] = JUNIT_PASSED, [CONDITION_NOT_MET] = JUNIT_FAILED, [CONDITION_UNKNOWN] = JUNIT_ERROR};
    Buf group = {0}, name = {0}, message = {0}, details = {0};
    buf_printf(&group, "gate.%s", condition->group);
    buf_printf(&name, "%s%s%s", condition->name, condition->subject == NULL ? "" : " ",
               condition->subject == NULL ? "" : condition->subject);
    buf_printf(&message, "%s; required: %s", condition->seen, condition->required);
    details_write(condition, &details);
    junit_case(suite,
               &(JunitCase){group.bytes, name.bytes, STATES[condition->state], message.bytes, buf_view(&details)});
    buf_free(&group);
    buf_free(&name);
    buf_free(&message);
    buf_free(&details);
}

void gate_junit_add(const Gate *gate, JunitReport *report) {
    JunitSuite suite = {.name = gate->check, .failed = "not-met", .error = "unknown", .started_us = gate->asked_us};
    junit_property(&suite, "gate", gate_answer_name(gate->answer));
    junit_property(&suite, "reason", gate->reason);
    for (size_t i = 0; i < gate->conditions.count; i++) {
        condition_add(&gate->conditions.items[i], &suite);
    }
    junit_suite_end(&suite, report);
}
