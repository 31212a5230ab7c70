/* The gate's policy on made-up histories: a line of letters is a history, newest first; what must come of it is a line
 * of states.
 *
 *     c  consistent          i  inconsistent, 1 row of 100      t  cannot tell: a range of 50 was not read
 *     f  failed before it was planned                           u  unfinished
 *     d  a row undecided     m  a row still changing            e  consistent, and empty on both sides
 *     o  consistent, of another spec       O  inconsistent, of another spec
 *     s  consistent, of other tables       S  inconsistent, of other tables
 *     p  consistent, of another database   P  inconsistent, of another database
 */
#include "gate/policy.h"

#include "ledger/ledger.h"
#include "unit/test.h"

#include <stdlib.h>

enum { RUNS_MOST = 32 };

static const int64_t HOUR_US = INT64_C(3600000000), MINUTE_US = INT64_C(60000000);
static const int64_t NOW_US = INT64_C(1767323045000000);

static const SpecGate USUAL = {.consistent_runs = 3,
                               .spanning_us = 24 * INT64_C(3600000000),
                               .max_age_us = 6 * INT64_C(3600000000),
                               .coverage = 1};

static PastRun run_base(int64_t started_us) {
    return (PastRun){.id = "20260102T030405Z-1a2b3c4d",
                     .check = "orders",
                     .verdict = "consistent",
                     .reason = "all 100 rows were read and agree",
                     .started_us = started_us,
                     .duration_us = 1000000,
                     .spec_digest = "spec",
                     .old_schema = "old",
                     .new_schema = "new",
                     .old_identity = "shop@7412",
                     .new_identity = "shop@7412",
                     .old_rows = 100,
                     .new_rows = 100,
                     .compared = 100,
                     .ranges_planned = 50,
                     .ranges_proved = 50,
                     .coverage = 1};
}

static PastRun cannot_tell(PastRun run, const char *reason) {
    run.verdict = "cannot-tell";
    run.reason = reason;
    return run;
}

static PastRun unread(PastRun run) {
    run = cannot_tell(run, "1 of 50 ranges could not be read: could not connect");
    run.ranges_proved = 49;
    run.ranges_failed = 1;
    run.coverage = 0.98;
    run.old_rows = run.new_rows = run.compared = 98;
    return run;
}

static PastRun disagreeing(PastRun run) {
    run.verdict = "inconsistent";
    run.reason = "1 row disagrees";
    run.mismatched_rows = run.different = 1;
    return run;
}

static PastRun run_of(char letter, int64_t started_us) {
    PastRun run = run_base(started_us);
    switch (letter) {
    case 'i':
        return disagreeing(run);
    case 't':
        return unread(run);
    case 'f':
        return (PastRun){.verdict = "cannot-tell", .reason = "could not connect", .started_us = started_us};
    case 'u':
        run.verdict = VERDICT_UNFINISHED;
        run.reason = "not ended";
        run.ranges_proved = 3;
        run.coverage = 0;
        return run;
    case 'd':
        run.undecided = 1;
        return cannot_tell(run, "an invariant is unknown for 1 row");
    case 'm':
        run.in_flight = 1;
        return cannot_tell(run, "1 row is still changing");
    case 'e':
        run.old_rows = run.new_rows = run.compared = 0;
        return run;
    case 'o':
        run.spec_digest = "other";
        return run;
    case 'O':
        run = disagreeing(run);
        run.spec_digest = "other";
        return run;
    case 'p':
        run.new_identity = "staging@7412";
        return run;
    case 'P':
        run = disagreeing(run);
        run.old_identity = "shop@99";
        return run;
    case 's':
        run.new_schema = "other";
        return run;
    case 'S':
        run = disagreeing(run);
        run.new_schema = "other";
        return run;
    default:
        return run;
    }
}

/* A letter a run, 12 hours apart (a minute where it has not ended, or is of another spec or database), the newest an
 * hour ago. */
static size_t history_of(const char *letters, PastRun *out) {
    size_t count = strlen(letters);
    int64_t started_us = NOW_US - HOUR_US;
    for (size_t i = 0; i < count; i++) {
        out[i] = run_of(letters[i], started_us);
        started_us -= strchr("uoOpP", letters[i]) == NULL ? 12 * HOUR_US : MINUTE_US;
    }
    return count;
}

static Evidence evidence_of(const PastRun *runs, size_t count) {
    return (Evidence){.spec_digest = "spec",
                      .old_schema = "old",
                      .new_schema = "new",
                      .old_identity = "shop@7412",
                      .new_identity = "shop@",
                      .runs = runs,
                      .run_count = count,
                      .now_us = NOW_US};
}

/* '+' met, '-' not met, '?' unknown: ledger, tables, consistent-runs, spanning, max-age, then of the newest run
 * mismatch-ratio, coverage, undecided, in-flight. */
static void states_of(const SpecGate *policy, const Evidence *evidence, char out[16]) {
    Arena arena = {0};
    Conditions conditions = {.arena = &arena};
    policy_conditions(policy, evidence, (TablesSeen){CONDITION_MET, NULL}, &conditions);
    size_t i = 0;
    for (; i < conditions.count && i < 15; i++) {
        out[i] = "+-?"[conditions.items[i].state];
    }
    out[i] = '\0';
    arena_free(&arena);
}

static void check_case(const SpecGate *policy, const char *letters, const char *want) {
    PastRun runs[RUNS_MOST];
    char got[16];
    Evidence evidence = evidence_of(runs, history_of(letters, runs));
    states_of(policy, &evidence, got);
    if (!CHECK_TEXT(got, want)) {
        printf("    history %s\n", letters);
    }
}

typedef struct Case {
    const char *letters, *want;
} Case;

static void check_cases(const SpecGate *policy, const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        check_case(policy, cases[i].letters, cases[i].want);
    }
}

/* Runs in a row, under the usual policy: 3 runs over 24 hours, the newest at most 6 hours old. */
static void histories(void) {
    static const Case cases[] = {
        {"ccc", "+++++++++"},     {"", "-+---????"},       {"cc", "++--+++++"},
        {"ccccccc", "+++++++++"}, {"cciccc", "++--+++++"}, /* two since the last mismatch */
        {"iccccc", "++----+++"},                           /* the newest speaks: older good runs are not enough */
        {"cccicc", "+++++++++"},                           /* three since */
        {"tccccc", "++---?-??"},                           /* a failed run that is newer is not ignored */
        {"fccccc", "++---?-??"},                           /* nor one that could not even be planned */
        {"dccccc", "++---++-+"},                           /* undecided rows */
        {"mccccc", "++---+++-"},                           /* rows in flight */
        {"ctcccc", "++--+++++"},                           /* a cannot-tell between breaks the chain as well */
        {"cducc", "++--+++++"},   {"uccc", "++?++++++"},   /* it may still be at work: what stands behind it would be
                                                              enough */
        {"uuccc", "++?++++++"},   {"ucc", "++---++++"},    /* would not be enough */
        {"uicccc", "++----+++"},  {"cuccc", "++--+++++"},  /* one that was killed and left behind */
        {"u", "++---????"},       {"eee", "+++++++++"},    /* empty tables agree */
        {"coccc", "+++++++++"},                            /* of another spec: neither counted nor held against */
        {"oooccc", "+++++++++"},  {"ooo", "++---????"},    {"ococ", "++--+++++"},
        {"cOccc", "++--+++++"},                          /* unless something disagreed */
        {"Occcc", "++----+++"},   {"sccc", "++---++++"}, /* of other tables */
        {"cscc", "++--+++++"},    {"cccs", "+++++++++"},   {"Sccc", "++----+++"},
        {"pccc", "+++++++++"},    {"ppp", "++---????"},    {"cpcc", "+++++++++"}, /* of another database */
        {"Pccc", "++----+++"},    {"cPcc", "++--+++++"},
    };
    check_cases(&USUAL, cases, sizeof(cases) / sizeof(cases[0]));
}

static void allowed_mismatches(void) {
    SpecGate policy = USUAL;
    static const Case under[] = {
        {"iii", "+++++++++"}, {"cic", "+++++++++"}, {"dii", "++---++-+"}, {"tcc", "++---?-??"}};
    policy.max_mismatch_ratio = 0.01; /* one of 100 */
    check_cases(&policy, under, sizeof(under) / sizeof(under[0]));
    static const Case over[] = {{"iii", "++----+++"}, {"cic", "++--+++++"}, {"ccc", "+++++++++"}};
    policy.max_mismatch_ratio = 0.009;
    check_cases(&policy, over, sizeof(over) / sizeof(over[0]));
}

static void allowed_gaps(void) {
    SpecGate policy = USUAL;
    static const Case under[] = {
        {"ttt", "+++++++++"}, {"ctc", "+++++++++"}, {"fcc", "++---?-??"}, {"mcc", "++---+++-"}};
    policy.coverage = 0.98;
    check_cases(&policy, under, sizeof(under) / sizeof(under[0]));
    policy.coverage = 0.99;
    check_case(&policy, "ttt", "++---?-??");
    policy.coverage = 0; /* nothing read is nothing known */
    check_case(&policy, "fff", "++---?-??");
}

/* ---- times ------------------------------------------------------------------------------------------------- */

/* Three good runs, the newest first, that began so many hours ago. */
static size_t runs_at(int64_t first, int64_t second, int64_t third, PastRun runs[3]) {
    runs[0] = run_base(NOW_US - first * HOUR_US);
    runs[1] = run_base(NOW_US - second * HOUR_US);
    runs[2] = run_base(NOW_US - third * HOUR_US);
    return 3;
}

static void check_times(const PastRun *runs, const char *want) {
    char got[16];
    Evidence evidence = evidence_of(runs, 3);
    states_of(&USUAL, &evidence, got);
    CHECK_TEXT(got, want);
}

static void spans_and_ages(void) {
    PastRun runs[3];
    runs_at(6, 7, 30, runs);
    check_times(runs, "+++++++++"); /* to the microsecond */
    runs[0].started_us--;
    check_times(runs, "+++--++++");
    runs_at(1, 2, 25, runs);
    runs[2].started_us++;
    check_times(runs, "+++-+++++");
    runs_at(1, 1, 1, runs);
    check_times(runs, "+++-+++++");
}

/* What a resumed run says holds since it ended, and its first rows are as old as its beginning. */
static void resumed_runs(void) {
    PastRun runs[3];
    runs_at(1, 2, 30, runs);
    runs[2].resumed = 1;
    runs[2].duration_us = 10 * HOUR_US;
    check_times(runs, "+++-+++++");
    runs[2].duration_us = 5 * HOUR_US;
    check_times(runs, "+++++++++");
    runs_at(7, 20, 40, runs);
    runs[0].resumed = 1;
    runs[0].duration_us = 7 * HOUR_US - 1000000; /* it ended a second ago */
    check_times(runs, "++++-++++");
}

static void clocks(void) {
    PastRun runs[3];
    runs_at(1, 0, 30, runs); /* the run before the newest says that it began later */
    check_times(runs, "+++?+++++");
    runs_at(-1, 2, 30, runs); /* a newest run of the future */
    check_times(runs, "+++??++++");
    runs_at(0, 2, 30, runs);
    runs[0].started_us += MINUTE_US / 2; /* within what clocks differ by */
    check_times(runs, "+++++++++");
    runs_at(-1, -1, 40, runs); /* out of order and unknown, but closed for another reason */
    runs[0] = disagreeing(runs[0]);
    check_times(runs, "++----+++");
}

/* A full ledger has forgotten what came before: whether the runs span enough is not known. */
static void a_ledger_that_forgets(void) {
    char got[16];
    PastRun *runs = calloc(LEDGER_KEEPS_RUNS, sizeof *runs);
    for (int i = 0; i < LEDGER_KEEPS_RUNS; i++) {
        runs[i] = run_base(NOW_US - HOUR_US - i * INT64_C(1000000)); /* a run a second: 2 h 46 min */
    }
    Evidence evidence = evidence_of(runs, LEDGER_KEEPS_RUNS);
    states_of(&USUAL, &evidence, got);
    CHECK_TEXT(got, "+++?+++++");
    runs[LEDGER_KEEPS_RUNS - 1] = disagreeing(runs[LEDGER_KEEPS_RUNS - 1]);
    states_of(&USUAL, &evidence, got);
    CHECK_TEXT(got, "+++-+++++"); /* nothing older could count */
    SpecGate most = USUAL;
    most.consistent_runs = LEDGER_KEEPS_RUNS;
    runs[LEDGER_KEEPS_RUNS - 1] = runs[0];
    states_of(&most, &evidence, got);
    CHECK(got[2] == '+'); /* as many as a policy may want are kept */
    free(runs);
}

/* ---- other ways to be of no use ---------------------------------------------------------------------------- */

static void parallel_columns(void) {
    char got[16];
    PastRun runs[3];
    runs_at(1, 12, 30, runs);
    for (int i = 0; i < 3; i++) {
        runs[i].new_schema = NULL;
    }
    Evidence evidence = evidence_of(runs, 3);
    states_of(&USUAL, &evidence, got);
    CHECK_TEXT(got, "++---++++"); /* two sides are asked for */
    evidence.new_schema = NULL;
    states_of(&USUAL, &evidence, got);
    CHECK_TEXT(got, "+++++++++");
}

/* A verdict that none of the counts explains is not explained away by a lenient policy. */
static void unexplained_verdicts(void) {
    SpecGate lenient = USUAL;
    lenient.max_mismatch_ratio = 1;
    lenient.coverage = 0.5;
    PastRun runs[3];
    char got[16];
    runs_at(1, 12, 30, runs);
    runs[0] = cannot_tell(runs[0], "cannot account for every row");
    Evidence evidence = evidence_of(runs, 3);
    states_of(&lenient, &evidence, got);
    CHECK(got[2] == '-');
    runs[0].verdict = "inconsistent"; /* and nothing mismatched */
    states_of(&lenient, &evidence, got);
    CHECK(got[2] == '-');
    runs[0].verdict = "splendid"; /* of a newer program */
    states_of(&lenient, &evidence, got);
    CHECK(got[2] == '-');
}

/* The words, once: the rest is for the golden files of the command. */
static void words(void) {
    Arena arena = {0};
    PastRun runs[RUNS_MOST];
    Conditions conditions = {.arena = &arena};
    Evidence evidence = evidence_of(runs, history_of("coicc", runs));
    policy_conditions(&USUAL, &evidence, (TablesSeen){CONDITION_UNKNOWN, "could not connect"}, &conditions);
    CHECK_TEXT(conditions.items[1].seen, "could not connect");
    CHECK_TEXT(conditions.items[2].required, "3 consistent runs in a row, up to the newest");
    CHECK_TEXT(conditions.items[2].seen,
               "1 in a row, not counting 1 consistent run of another spec; before them the run of "
               "2026-01-01T14:03:05Z was inconsistent: 1 row disagrees");
    CHECK(conditions.items[2].since_us == runs[2].started_us);
    CHECK_TEXT(conditions.items[4].seen, "1 h ago");
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(histories);
    TEST_RUN(allowed_mismatches);
    TEST_RUN(allowed_gaps);
    TEST_RUN(spans_and_ages);
    TEST_RUN(resumed_runs);
    TEST_RUN(clocks);
    TEST_RUN(a_ledger_that_forgets);
    TEST_RUN(parallel_columns);
    TEST_RUN(unexplained_verdicts);
    TEST_RUN(words);
    return test_finish();
}
