/* The verdict, for every reason there is not to be consistent. */
#include "base/figures.h"
#include "check/judge.h"
#include "test.h"

static Result good_result(void) {
    return (Result){
        .counts = {.old_rows = 10, .new_rows = 10, .compared = 10}, .ranges_planned = 2, .ranges_proved = 2};
}

static Verdict judged(Result result) {
    Arena arena = {0};
    judge(&arena, &result, 10);
    Verdict verdict = result.verdict;
    CHECK(result.reason != NULL && result.reason[0] != '\0');
    CHECK((result.coverage == 1.0) == (result.ranges_proved == result.ranges_planned && result.ranges_planned > 0));
    arena_free(&arena);
    return verdict;
}

static void consistent_only_where_all_was_read_and_paired(void) {
    CHECK(judged(good_result()) == VERDICT_CONSISTENT);
    Result result = good_result();
    result.counts = (Counts){0};
    CHECK(judged(result) == VERDICT_CONSISTENT); /* two empty sides were read to their ends */
}

/* Each row takes something away from a consistent result. */
static void never_consistent_otherwise(void) {
    Result failed = good_result();
    failed.ranges_proved = 1;
    failed.ranges_failed = 1;
    CHECK(judged(failed) == VERDICT_CANNOT_TELL);
    Result unread = good_result();
    unread.ranges_proved = 1;
    CHECK(judged(unread) == VERDICT_CANNOT_TELL);
    Result nothing = good_result();
    nothing.ranges_planned = nothing.ranges_proved = 0; /* trap 2: a pass over nothing */
    CHECK(judged(nothing) == VERDICT_CANNOT_TELL);
    Result undecided = good_result();
    undecided.counts.undecided = 1;
    CHECK(judged(undecided) == VERDICT_CANNOT_TELL);
    Result moving = good_result();
    moving.counts.in_flight = 1;
    CHECK(judged(moving) == VERDICT_CANNOT_TELL);
    Result unpaired = good_result();
    unpaired.counts.new_rows = 11; /* a row that was read, found no partner, and was not reported */
    CHECK(judged(unpaired) == VERDICT_CANNOT_TELL);
    Result erred = good_result();
    err_set(&erred.err, TF_ERROR_CONNECTION, "could not read");
    CHECK(judged(erred) == VERDICT_CANNOT_TELL);
}

static void a_difference_outweighs_a_failure(void) {
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        Result result = good_result();
        result.counts.kinds[kind] = 1;
        result.ranges_failed = 1;
        result.ranges_proved = 1;
        CHECK(judged(result) == VERDICT_INCONSISTENT);
    }
}

static void counts_read_well(void) {
    Arena arena = {0};
    CHECK_TEXT(count_shown(&arena, 0), "0");
    CHECK_TEXT(count_shown(&arena, 999), "999");
    CHECK_TEXT(count_shown(&arena, 1234567), "1,234,567");
    CHECK_TEXT(count_shown(&arena, -123456), "-123,456");
    arena_free(&arena);
}

/* The reason of a good result whose sides are as of these. */
static void check_as_of(AsOf old, AsOf new_, const char *wanted) {
    Arena arena = {0};
    Result result = good_result();
    result.old_as_of = old;
    result.new_as_of = new_;
    judge(&arena, &result, 10);
    CHECK_TEXT(result.reason, wanted);
    arena_free(&arena);
}

static void says_as_of_when(void) {
    static const AsOf now = {0}, standby = {.standby = "a"}, other = {.standby = "b"};
    static const AsOf early = {"a", "0/30", 1767323045000000}, late = {NULL, "1/F0", 1767323046000000};
    check_as_of(now, now, "all 10 rows were read and agree");
    check_as_of(now, early, "all 10 rows were read and agree; new as of 0/30 (2026-01-02T03:04:05Z)");
    check_as_of(early, now, "all 10 rows were read and agree; old as of 0/30 (2026-01-02T03:04:05Z)");
    check_as_of(early, early, "all 10 rows were read and agree; as of 0/30 (2026-01-02T03:04:05Z)");
    check_as_of(early, late,
                "all 10 rows were read and agree; old as of 0/30 (2026-01-02T03:04:05Z), new as of 1/F0 "
                "(2026-01-02T03:04:06Z)");
    check_as_of(standby, now, "all 10 rows were read and agree; old as of the standby");
    check_as_of(standby, standby, "all 10 rows were read and agree; as of the standby");
    check_as_of(standby, other, "all 10 rows were read and agree; old as of the standby, new as of the standby");
}

int main(void) {
    TEST_RUN(consistent_only_where_all_was_read_and_paired);
    TEST_RUN(never_consistent_otherwise);
    TEST_RUN(a_difference_outweighs_a_failure);
    TEST_RUN(says_as_of_when);
    TEST_RUN(counts_read_well);
    return test_finish();
}
