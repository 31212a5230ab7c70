/* Which runs count: one after another, up to the newest.
 *
 *     verdict       spec   tables   counts
 *     consistent    this   as now   yes                          newest
 *     consistent    older  as now   passed over: it says nothing of this spec, and nothing against it
 *     consistent    this   other database   passed over likewise
 *     consistent    this   as now   yes
 *     inconsistent  this   as now   no: here the chain ends
 *     consistent    this   as now   not looked at any more
 *
 * A run counts where it asked this spec's question of this database, of tables that are as they are now, read as much
 * as the policy wants, left no row undecided or in flight, and found no more mismatches than the policy allows.
 */
#ifndef GATE_CHAIN_H
#define GATE_CHAIN_H

#include "check/past_run.h"
#include "gate/condition.h"
#include "spec/spec.h"

/* What the gate's runs are judged by. */
typedef struct Evidence {
    const char *spec_digest;
    const char *old_schema, *new_schema; /* of the tables that runs must have seen; new_schema NULL: parallel columns */
    const char *old_identity, *new_identity; /* of the databases; NULL: not known */
    const PastRun *runs;                     /* of the check, newest first */
    size_t run_count;
    int64_t now_us;
} Evidence;

typedef enum RunWorth {
    RUN_COUNTS,
    RUN_PASSED_OVER,
    RUN_UNFINISHED, /* it may still be at work */
    RUN_ELSEWHERE,  /* consistent, and of another database: like a run of another spec */
    RUN_OF_OTHER_SPEC,
    RUN_OF_OTHER_DATABASE,
    RUN_OF_OTHER_TABLES,
    RUN_NOT_GOOD
} RunWorth;

typedef struct Chain {
    const PastRun *newest, *oldest; /* of the runs that count; NULL: none */
    size_t count;
    size_t passed_over, elsewhere;
    const PastRun *ended_by; /* the first that does not count; NULL: there is no older run */
    RunWorth why;            /* of ended_by */
    bool clock_went_back;    /* a run that is newer has an earlier time */
} Chain;

/* Beginning at runs[from]. */
Chain chain_find(const SpecGate *policy, const Evidence *evidence, size_t from);
RunWorth run_worth(const SpecGate *policy, const Evidence *evidence, const PastRun *run);

/* What a run says of one part of the policy, by itself. */
ConditionState run_ratio_state(const SpecGate *policy, const PastRun *run);
ConditionState run_coverage_state(const SpecGate *policy, const PastRun *run);
ConditionState run_undecided_state(const SpecGate *policy, const PastRun *run);
ConditionState run_in_flight_state(const SpecGate *policy, const PastRun *run);

#endif
