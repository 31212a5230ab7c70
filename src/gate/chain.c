/* Past runs and a policy in, the runs that count out (rules: chain.h). */
#include "gate/chain.h"

#include "check/judge.h"

#include <string.h>

/* ---- one run ----------------------------------------------------------------------------------------------- */

static bool has_verdict(const PastRun *run, Verdict verdict) {
    return strcmp(run->verdict, verdict_name(verdict)) == 0;
}

static double run_mismatch_ratio(const PastRun *run) {
    return mismatch_ratio(run->old_rows, run->new_rows, run->compared, run->mismatched_rows);
}

ConditionState run_coverage_state(const SpecGate *policy, const PastRun *run) {
    return run->ranges_proved > 0 && run->coverage >= policy->coverage ? CONDITION_MET : CONDITION_NOT_MET;
}

/* None found says little where too little was read. */
static ConditionState none_found(const SpecGate *policy, const PastRun *run, bool none) {
    if (!none) {
        return CONDITION_NOT_MET;
    }
    return run_coverage_state(policy, run) == CONDITION_MET ? CONDITION_MET : CONDITION_UNKNOWN;
}

ConditionState run_ratio_state(const SpecGate *policy, const PastRun *run) {
    return none_found(policy, run, run_mismatch_ratio(run) <= policy->max_mismatch_ratio);
}

ConditionState run_undecided_state(const SpecGate *policy, const PastRun *run) {
    return none_found(policy, run, run->undecided == 0);
}

ConditionState run_in_flight_state(const SpecGate *policy, const PastRun *run) {
    return none_found(policy, run, run->in_flight == 0);
}

/* A verdict that is not "consistent" is good enough only where it is explained by what the policy allows. */
static bool verdict_allowed(const SpecGate *policy, const PastRun *run) {
    bool some_disagree = has_verdict(run, VERDICT_INCONSISTENT) && run->mismatched_rows > 0;
    bool some_unread = has_verdict(run, VERDICT_CANNOT_TELL) && run->ranges_proved < run->ranges_planned;
    return has_verdict(run, VERDICT_CONSISTENT) || (policy->max_mismatch_ratio > 0 && some_disagree) ||
           (policy->coverage < 1 && some_unread);
}

static bool is_good(const SpecGate *policy, const PastRun *run) {
    return verdict_allowed(policy, run) && run_coverage_state(policy, run) == CONDITION_MET &&
           run_ratio_state(policy, run) == CONDITION_MET && run_undecided_state(policy, run) == CONDITION_MET &&
           run_in_flight_state(policy, run) == CONDITION_MET;
}

RunWorth run_worth(const SpecGate *policy, const Evidence *evidence, const PastRun *run) {
    if (strcmp(run->verdict, VERDICT_UNFINISHED) == 0) {
        return RUN_UNFINISHED;
    }
    if (!text_equal(run->spec_digest, evidence->spec_digest)) {
        bool harmless = run->spec_digest != NULL && has_verdict(run, VERDICT_CONSISTENT);
        return harmless ? RUN_PASSED_OVER : run->spec_digest == NULL ? RUN_NOT_GOOD : RUN_OF_OTHER_SPEC;
    }
    if (!source_may_be_same(run->old_identity, evidence->old_identity) ||
        !source_may_be_same(run->new_identity, evidence->new_identity)) {
        return has_verdict(run, VERDICT_CONSISTENT) ? RUN_ELSEWHERE : RUN_OF_OTHER_DATABASE;
    }
    if (!text_equal(run->old_schema, evidence->old_schema) || !text_equal(run->new_schema, evidence->new_schema)) {
        return RUN_OF_OTHER_TABLES;
    }
    return is_good(policy, run) ? RUN_COUNTS : RUN_NOT_GOOD;
}

/* ---- one after another ------------------------------------------------------------------------------------- */

static void chain_take(Chain *chain, const PastRun *run) {
    chain->clock_went_back =
        chain->clock_went_back || (chain->oldest != NULL && run->started_us > chain->oldest->started_us);
    chain->newest = chain->newest == NULL ? run : chain->newest;
    chain->oldest = run;
    chain->count++;
}

Chain chain_find(const SpecGate *policy, const Evidence *evidence, size_t from) {
    Chain chain = {.count = 0};
    for (size_t i = from; i < evidence->run_count; i++) {
        const PastRun *run = &evidence->runs[i];
        RunWorth worth = run_worth(policy, evidence, run);
        if (worth == RUN_COUNTS) {
            chain_take(&chain, run);
        } else if (worth == RUN_PASSED_OVER) {
            chain.passed_over++;
        } else if (worth == RUN_ELSEWHERE) {
            chain.elsewhere++;
        } else {
            chain.ended_by = run;
            chain.why = worth;
            break;
        }
    }
    return chain;
}
