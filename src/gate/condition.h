/* One condition of the gate: what was required, what was seen, and whether that is enough.
 *
 * In three values, like the verdict: a condition that could not be looked at is unknown, never met. The gate is open
 * only where every condition is met.
 */
#ifndef GATE_CONDITION_H
#define GATE_CONDITION_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

typedef enum ConditionState { CONDITION_MET, CONDITION_NOT_MET, CONDITION_UNKNOWN } ConditionState;

/* Texts are in the list's arena. */
typedef struct Condition {
    const char *group;   /* the heading it stands under: "runs", "refused by", "silently lost", ... */
    const char *name;    /* stable, for scripts: "consistent-runs", "view" */
    const char *subject; /* what it is about: "public.orders_report", "orders.total_amount"; NULL: the check itself */
    ConditionState state;
    const char *required; /* "3 consistent runs" */
    const char *seen;     /* "2 consistent runs" */
    int64_t since_us;     /* wall clock: since when it is so; 0: not known */
} Condition;

typedef struct Conditions {
    Arena *arena;
    Condition *items;
    size_t count, room;
} Conditions;

/* Copies the texts. */
void conditions_add(Conditions *conditions, const Condition *condition);
const char *condition_state_name(ConditionState state); /* "met", "not met", "unknown" */

#endif
