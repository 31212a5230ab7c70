/* May the contract phase begin? A spec, its ledger and the live tables -> conditions and an answer.
 *
 *     open         every condition is met
 *     closed       at least one is not
 *     cannot tell  none is known to be not met, and at least one is unknown
 *
 * Promises: reads only; a ledger or a source that cannot be reached makes its conditions unknown, and the others are
 * looked at all the same. Refuses what was asked wrongly: a bad spec, a ledger of no known kind.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "check/check.h"
#include "gate/condition.h"

typedef enum GateAnswer { GATE_OPEN = 0, GATE_CLOSED = 1, GATE_CANNOT_TELL = 2 } GateAnswer;
const char *gate_answer_name(GateAnswer answer); /* "cannot-tell" */

/* Texts live as long as the check. */
typedef struct Gate {
    const char *check;
    const SpecGate *policy;
    int64_t asked_us; /* wall clock */
    Conditions conditions;
    GateAnswer answer;
    const char *reason; /* "2 of 9 conditions are not met" */
} Gate;

/* Opens the check as far as that goes; check_close is due in any case. `ledger` NULL: the usual place. */
MUST_CHECK bool gate_ask(Check *check, const char *spec_path, const SpecSearch *search, const char *ledger, Gate *out,
                         Err *err);

#endif
