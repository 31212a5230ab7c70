/* The gate's policy (`gate:` of a spec) and what the ledger holds -> conditions.
 *
 *     runs  ledger           runs of the check can be read
 *           tables           they are as the runs saw them
 *           consistent-runs  as many in a row, up to the newest, as the policy wants
 *           spanning         from the first of them to the last
 *           max-age          of the last of them
 *     newest run  mismatch-ratio, coverage, undecided, in-flight: of the newest run that ended
 *
 * A run stands for the moment it began: its first rows are that old. One that was resumed was no answer before it
 * ended, so that is where a span that begins with it is measured from.
 * Times that cannot be (a run of the future, runs out of order) make what is measured by them unknown.
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include "gate/chain.h"

/* How the live tables stand to those that runs saw. */
typedef struct TablesSeen {
    ConditionState state;
    const char *why; /* a sentence; NULL where they are the same */
} TablesSeen;

void policy_conditions(const SpecGate *policy, const Evidence *evidence, TablesSeen tables, Conditions *out);
/* Where there is no ledger to be read: all of them unknown. */
void policy_unknown(const SpecGate *policy, const char *why, Conditions *out);

#endif
