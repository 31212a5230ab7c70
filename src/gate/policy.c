/* A policy and past runs in, conditions out (the list: policy.h). */
#include "gate/policy.h"

#include "base/clock.h"
#include "base/figures.h"
#include "check/judge.h"
#include "ledger/ledger.h"

#include <string.h>

static const char RUNS[] = "runs", NEWEST_RUN[] = "newest run";
static const int64_t CLOCKS_DIFFER_US = INT64_C(60000000); /* between machines that share a ledger */

/* One condition being said; the texts are freed when it is added. */
typedef struct Saying {
    Condition condition;
    Buf required, seen;
} Saying;

static Saying say_of(const char *group, const char *name) {
    return (Saying){.condition = {.group = group, .name = name}};
}

static void say_add(Saying *saying, ConditionState state, Conditions *out) {
    saying->condition.state = state;
    saying->condition.required = saying->required.bytes;
    saying->condition.seen = saying->seen.bytes;
    conditions_add(out, &saying->condition);
    buf_free(&saying->required);
    buf_free(&saying->seen);
}

static void time_write(int64_t at_us, Buf *out) {
    char at[21];
    clock_format_utc(at_us, at);
    buf_text(out, at);
}

static void runs_write(int64_t count, const char *what, Buf *out) {
    shown_count(count, out);
    buf_printf(out, " %s%s", what, count == 1 ? "run" : "runs");
}

/* ---- what is required -------------------------------------------------------------------------------------- */

static void require_ledger(const SpecGate *policy, Buf *out) {
    (void)policy;
    buf_text(out, "runs of this check");
}

static void require_tables(const SpecGate *policy, Buf *out) {
    (void)policy;
    buf_text(out, "tables as the runs saw them");
}

static void require_runs(const SpecGate *policy, Buf *out) {
    runs_write(policy->consistent_runs, "consistent ", out);
    buf_text(out, policy->consistent_runs == 1 ? ", the newest" : " in a row, up to the newest");
}

static void require_spanning(const SpecGate *policy, Buf *out) {
    if (policy->spanning_us == 0) {
        buf_text(out, "no time between them is asked for");
        return;
    }
    buf_text(out, "at least ");
    shown_duration(policy->spanning_us, out);
    buf_text(out, " from the first of them to the last");
}

static void require_max_age(const SpecGate *policy, Buf *out) {
    buf_text(out, "the last of them began at most ");
    shown_duration(policy->max_age_us, out);
    buf_text(out, " ago");
}

static void require_ratio(const SpecGate *policy, Buf *out) {
    if (policy->max_mismatch_ratio > 0) {
        buf_printf(out, "at most %.10g of the rows disagree", policy->max_mismatch_ratio);
    } else {
        buf_text(out, "no row disagrees");
    }
}

static void require_coverage(const SpecGate *policy, Buf *out) {
    if (policy->coverage < 1) {
        buf_printf(out, "at least %.10g of the rows were read", policy->coverage);
    } else {
        buf_text(out, "every row was read");
    }
}

static void require_undecided(const SpecGate *policy, Buf *out) {
    (void)policy;
    buf_text(out, "no row is undecided");
}

static void require_in_flight(const SpecGate *policy, Buf *out) {
    (void)policy;
    buf_text(out, "no row was still changing");
}

/* ---- the newest run that ended ----------------------------------------------------------------------------- */

static void see_ratio(const PastRun *run, Buf *out) {
    int64_t keys = run->old_rows + run->new_rows - run->compared;
    shown_count(run->mismatched_rows, out);
    buf_text(out, " of ");
    shown_count(keys > run->mismatched_rows ? keys : run->mismatched_rows, out);
    buf_text(out, " rows");
}

static void see_coverage(const PastRun *run, Buf *out) {
    shown_percent(run->coverage, out);
    buf_text(out, " of the rows: ");
    shown_count(run->ranges_proved, out);
    buf_text(out, " of ");
    shown_count(run->ranges_planned, out);
    buf_text(out, run->ranges_planned == 1 ? " range" : " ranges");
}

static void see_rows(int64_t count, Buf *out) {
    shown_count(count, out);
    buf_text(out, count == 1 ? " row" : " rows");
}

static void see_undecided(const PastRun *run, Buf *out) {
    see_rows(run->undecided, out);
}

static void see_in_flight(const PastRun *run, Buf *out) {
    see_rows(run->in_flight, out);
}

typedef struct Measure {
    const char *name;
    ConditionState (*state)(const SpecGate *policy, const PastRun *run);
    void (*require)(const SpecGate *policy, Buf *out);
    void (*see)(const PastRun *run, Buf *out);
} Measure;

static const Measure MEASURES[] = {
    {"mismatch-ratio", run_ratio_state, require_ratio, see_ratio},
    {"coverage", run_coverage_state, require_coverage, see_coverage},
    {"undecided", run_undecided_state, require_undecided, see_undecided},
    {"in-flight", run_in_flight_state, require_in_flight, see_in_flight},
};

enum { MEASURE_COUNT = sizeof(MEASURES) / sizeof(MEASURES[0]) };

static bool is_measured(const SpecGate *policy, const Evidence *evidence, const PastRun *run) {
    RunWorth worth = run_worth(policy, evidence, run);
    return worth != RUN_UNFINISHED && worth != RUN_PASSED_OVER && worth != RUN_ELSEWHERE;
}

/* The newest run that is measured; NULL: none. *out_since_us: when the oldest of those that say the same began. */
static const PastRun *newest_measured(const SpecGate *policy, const Evidence *evidence, const Measure *measure,
                                      int64_t *out_since_us) {
    const PastRun *newest = NULL;
    for (size_t i = 0; i < evidence->run_count; i++) {
        const PastRun *run = &evidence->runs[i];
        if (!is_measured(policy, evidence, run)) {
            continue;
        }
        if (newest != NULL && measure->state(policy, run) != measure->state(policy, newest)) {
            break;
        }
        newest = newest == NULL ? run : newest;
        *out_since_us = run->started_us;
    }
    return newest;
}

static void add_measure(const SpecGate *policy, const Evidence *evidence, const Measure *measure, Conditions *out) {
    Saying saying = say_of(NEWEST_RUN, measure->name);
    measure->require(policy, &saying.required);
    const PastRun *run = newest_measured(policy, evidence, measure, &saying.condition.since_us);
    if (run == NULL) {
        buf_text(&saying.seen, "no run has ended");
        say_add(&saying, CONDITION_UNKNOWN, out);
        return;
    }
    measure->see(run, &saying.seen);
    say_add(&saying, measure->state(policy, run), out);
}

/* ---- runs in a row ----------------------------------------------------------------------------------------- */

/* What ended a chain: "the run of 2026-01-02T03:04:05Z was inconsistent: 3 rows disagree". */
static void ending_write(const Chain *chain, Buf *out) {
    buf_text(out, "the run of ");
    time_write(chain->ended_by->started_us, out);
    if (chain->why == RUN_UNFINISHED) {
        buf_text(out, " has not ended, or was killed");
    } else if (chain->why == RUN_OF_OTHER_SPEC) {
        buf_printf(out, " was of another spec, and %s", chain->ended_by->verdict);
    } else if (chain->why == RUN_OF_OTHER_DATABASE) {
        buf_printf(out, " was of another database, and %s", chain->ended_by->verdict);
    } else if (chain->why == RUN_OF_OTHER_TABLES) {
        buf_text(out, " saw other tables");
    } else {
        buf_printf(out, " was %s: %s", chain->ended_by->verdict, chain->ended_by->reason);
    }
}

static void see_passed_over(size_t count, const char *of_another, Buf *out) {
    if (count > 0) {
        buf_text(out, ", not counting ");
        runs_write((int64_t)count, "consistent ", out);
        buf_printf(out, " of another %s", of_another);
    }
}

static void see_chain(const Chain *chain, Buf *out) {
    buf_text(out, chain->count == 0 ? "none" : "");
    if (chain->count > 0) {
        shown_count((int64_t)chain->count, out);
        buf_text(out, " in a row");
    }
    see_passed_over(chain->passed_over, "spec", out);
    see_passed_over(chain->elsewhere, "database", out);
    if (chain->ended_by != NULL) {
        buf_text(out, chain->count == 0 ? ": " : "; before them ");
        ending_write(chain, out);
    }
}

static void add_runs(const SpecGate *policy, const Chain *chain, ConditionState state, const Chain *behind,
                     Conditions *out) {
    Saying saying = say_of(RUNS, "consistent-runs");
    require_runs(policy, &saying.required);
    see_chain(chain, &saying.seen);
    if (state == CONDITION_UNKNOWN) {
        buf_text(&saying.seen, "; before it ");
        see_chain(behind, &saying.seen);
    }
    if (state == CONDITION_MET) {
        saying.condition.since_us = chain->oldest->started_us;
    } else if (chain->ended_by != NULL) {
        saying.condition.since_us = chain->ended_by->started_us;
    }
    say_add(&saying, state, out);
}

static bool is_ahead(const Evidence *evidence, const PastRun *run) {
    return run->started_us > evidence->now_us + CLOCKS_DIFFER_US;
}

/* A ledger that is full has forgotten what came before. */
static bool may_be_longer(const Evidence *evidence, const Chain *chain) {
    return chain->ended_by == NULL && evidence->run_count >= LEDGER_KEEPS_RUNS;
}

static ConditionState see_spanning(const SpecGate *policy, const Evidence *evidence, const Chain *chain, Buf *seen) {
    if (chain->count == 0) {
        buf_text(seen, "no run counts");
        return CONDITION_NOT_MET;
    }
    if (chain->clock_went_back || is_ahead(evidence, chain->newest)) {
        buf_text(seen, "not known: the clock went back while they were made");
        return CONDITION_UNKNOWN;
    }
    const PastRun *oldest = chain->oldest;
    int64_t from_us = oldest->resumed > 0 ? oldest->started_us + oldest->duration_us : oldest->started_us;
    int64_t span_us = chain->newest->started_us > from_us ? chain->newest->started_us - from_us : 0;
    if (chain->count == 1) {
        buf_text(seen, "one run");
    } else {
        shown_duration(span_us, seen);
    }
    if (span_us < policy->spanning_us && may_be_longer(evidence, chain)) {
        buf_text(seen, "; older runs are forgotten");
        return CONDITION_UNKNOWN;
    }
    return span_us >= policy->spanning_us ? CONDITION_MET : CONDITION_NOT_MET;
}

static ConditionState see_age(const SpecGate *policy, const Evidence *evidence, const Chain *chain, Buf *seen) {
    if (chain->count == 0) {
        buf_text(seen, "no run counts");
        return CONDITION_NOT_MET;
    }
    int64_t began_us = chain->newest->started_us;
    if (is_ahead(evidence, chain->newest)) {
        buf_text(seen, "not known: it began at ");
        time_write(began_us, seen);
        buf_text(seen, ", and now is earlier");
        return CONDITION_UNKNOWN;
    }
    int64_t age_us = evidence->now_us > began_us ? evidence->now_us - began_us : 0;
    shown_duration(age_us, seen);
    buf_text(seen, " ago");
    return age_us <= policy->max_age_us ? CONDITION_MET : CONDITION_NOT_MET;
}

static void add_times(const SpecGate *policy, const Evidence *evidence, const Chain *chain, Conditions *out) {
    Saying spanning = say_of(RUNS, "spanning"), age = say_of(RUNS, "max-age");
    require_spanning(policy, &spanning.required);
    require_max_age(policy, &age.required);
    spanning.condition.since_us = chain->oldest == NULL ? 0 : chain->oldest->started_us;
    age.condition.since_us = chain->newest == NULL ? 0 : chain->newest->started_us;
    say_add(&spanning, see_spanning(policy, evidence, chain, &spanning.seen), out);
    say_add(&age, see_age(policy, evidence, chain, &age.seen), out);
}

/* Runs at the newest end that have not ended may yet: what stands behind them would be enough, or would not. */
static size_t unfinished_count(const SpecGate *policy, const Evidence *evidence) {
    size_t count = 0;
    while (count < evidence->run_count && run_worth(policy, evidence, &evidence->runs[count]) == RUN_UNFINISHED) {
        count++;
    }
    return count;
}

static void add_chain(const SpecGate *policy, const Evidence *evidence, Conditions *out) {
    size_t unfinished = unfinished_count(policy, evidence);
    Chain chain = chain_find(policy, evidence, 0), behind = chain_find(policy, evidence, unfinished);
    bool enough_behind = unfinished > 0 && behind.count >= (size_t)policy->consistent_runs;
    ConditionState state = chain.count >= (size_t)policy->consistent_runs ? CONDITION_MET
                           : enough_behind                                ? CONDITION_UNKNOWN
                                                                          : CONDITION_NOT_MET;
    add_runs(policy, &chain, state, &behind, out);
    add_times(policy, evidence, enough_behind ? &behind : &chain, out);
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void add_ledger(const SpecGate *policy, const Evidence *evidence, Conditions *out) {
    Saying saying = say_of(RUNS, "ledger");
    require_ledger(policy, &saying.required);
    if (evidence->run_count == 0) {
        buf_text(&saying.seen, "no runs yet");
    } else {
        runs_write((int64_t)evidence->run_count, "", &saying.seen);
        saying.condition.since_us = evidence->runs[evidence->run_count - 1].started_us;
    }
    say_add(&saying, evidence->run_count > 0 ? CONDITION_MET : CONDITION_NOT_MET, out);
}

static void add_tables(const SpecGate *policy, TablesSeen tables, Conditions *out) {
    Saying saying = say_of(RUNS, "tables");
    require_tables(policy, &saying.required);
    buf_text(&saying.seen, tables.why == NULL ? "they are the same" : tables.why);
    say_add(&saying, tables.state, out);
}

void policy_conditions(const SpecGate *policy, const Evidence *evidence, TablesSeen tables, Conditions *out) {
    add_ledger(policy, evidence, out);
    add_tables(policy, tables, out);
    add_chain(policy, evidence, out);
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        add_measure(policy, evidence, &MEASURES[i], out);
    }
}

static void add_unknown(const SpecGate *policy, const char *group, const char *name,
                        void (*require)(const SpecGate *policy, Buf *out), const char *seen, Conditions *out) {
    Saying saying = say_of(group, name);
    require(policy, &saying.required);
    buf_text(&saying.seen, seen);
    say_add(&saying, CONDITION_UNKNOWN, out);
}

void policy_unknown(const SpecGate *policy, const char *why, Conditions *out) {
    static const struct {
        const char *name;
        void (*require)(const SpecGate *policy, Buf *out);
    } ROWS[] = {{"ledger", require_ledger},
                {"tables", require_tables},
                {"consistent-runs", require_runs},
                {"spanning", require_spanning},
                {"max-age", require_max_age}};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        add_unknown(policy, RUNS, ROWS[i].name, ROWS[i].require, i == 0 ? why : "not known", out);
    }
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        add_unknown(policy, NEWEST_RUN, MEASURES[i].name, MEASURES[i].require, "not known", out);
    }
}
