/* Plan -> result: workers take ranges, read them, compare them, and hand what they found to the sinks.
 *
 * Promises: every range is reported exactly once, proved or failed with its reason; a failed range never stops the
 * others; the result is `consistent` only where every range was proved and nothing is left to explain. Memory is
 * bounded by workers, not by rows.
 */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

#include "check/finding.h"
#include "check/stop.h"

typedef struct RunSinks {
    Sink *const *sinks;
    size_t count;
} RunSinks;

/* A stop cancels running statements; ranges that were not read have then failed. `arena` keeps the result. Never fails:
 * what goes wrong is in the result. */
void run_check(Arena *arena, const Plan *plan, const CheckOptions *options, RunSinks sinks, RunStop *stop, Result *out);

#endif
