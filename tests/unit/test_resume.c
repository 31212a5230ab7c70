/* What is left of a plan: random plans, cut as the queue cuts them, of which random tasks were done. */
#include "check/queue.h"
#include "check/resume.h"

#include "unit/test.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 3000, RANGES_MAX = 12, KEY_STEP = 1000 };

static Value value_int(int64_t integer) {
    return (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = integer};
}

static const Value *bound_of(Arena *arena, int64_t integer) {
    Value *bound = ARENA_NEW(arena, Value);
    *bound = value_int(integer);
    return bound;
}

/* ]-inf, 1000), [1000, 2000) ... [n, +inf[, NULL */
static size_t plan_ranges(Arena *arena, size_t cuts, bool nulls, Range *out) {
    const Value *from = NULL;
    size_t count = 0;
    for (size_t i = 1; i <= cuts; i++) {
        const Value *to = bound_of(arena, (int64_t)i * KEY_STEP);
        out[count++] = (Range){RANGE_BETWEEN, from, to};
        from = to;
    }
    out[count++] = (Range){RANGE_BETWEEN, from, NULL};
    if (nulls) {
        out[count++] = (Range){.rows = RANGE_WITH_NULL};
    }
    return count;
}

static bool holds(Range range, int64_t key) {
    return range.rows == RANGE_BETWEEN && (range.from == NULL || range.from[0].as.integer <= key) &&
           (range.to == NULL || key < range.to[0].as.integer);
}

/* Every key, and the rows with a NULL, are in one task that was done or in one range that is left: never in both. */
static bool tiles(const RangeDone *done, size_t done_count, const Range *left, size_t left_count, bool nulls) {
    for (int64_t key = -7; key <= (RANGES_MAX + 1) * KEY_STEP; key += 1 + rand() % 20) {
        int times = 0;
        for (size_t i = 0; i < done_count; i++) {
            times += holds(done[i].range, key);
        }
        for (size_t i = 0; i < left_count; i++) {
            times += holds(left[i], key);
        }
        if (times != 1) {
            return false;
        }
    }
    int with_null = 0;
    for (size_t i = 0; i < done_count; i++) {
        with_null += done[i].range.rows == RANGE_WITH_NULL;
    }
    for (size_t i = 0; i < left_count; i++) {
        with_null += left[i].rows == RANGE_WITH_NULL;
    }
    return with_null == nulls;
}

/* Takes all tasks; some are cut again, some fail, the rest is done. */
static size_t run_some(RangeQueue *queue, RangeDone *done) {
    RangeTask task;
    size_t count = 0;
    while (queue_take(queue, &task)) {
        if (rand() % 4 == 0 && queue_split(queue, &task)) {
            continue;
        }
        queue_learn(queue, &task, rand() % 5 == 0 ? 9000 : 100);
        if (rand() % 3 > 0) {
            done[count++] = (RangeDone){task.first, task.count, task.part, task.range};
        }
    }
    return count;
}

static bool one_round(bool again) {
    static RangeDone done[100000];
    Arena arena = {0};
    Range ranges[RANGES_MAX + 2];
    bool nulls = rand() % 2;
    size_t count = plan_ranges(&arena, (size_t)rand() % RANGES_MAX, nulls, ranges);
    Match match = {.key_count = 1};
    Plan plan = {.match = &match, .ranges = ranges, .range_count = count, .workers = 1 + rand() % 3};
    RangeQueue queue;
    queue_open(&queue, &plan, 1000);
    size_t done_count = run_some(&queue, done);
    const Range *left;
    size_t left_count;
    bool good = ranges_left(&arena, ranges, count, done, done_count, &left, &left_count) &&
                tiles(done, done_count, left, left_count, nulls);
    if (good && again) { /* what was left is a plan like any other */
        size_t before = done_count;
        RangeQueue second;
        Plan rest = plan;
        rest.ranges = left;
        rest.range_count = left_count;
        queue_open(&second, &rest, 1000);
        done_count += run_some(&second, done + before);
        const Range *last;
        size_t last_count;
        good = ranges_left(&arena, left, left_count, done + before, done_count - before, &last, &last_count) &&
               tiles(done, done_count, last, last_count, nulls);
        queue_close(&second);
    }
    queue_close(&queue);
    arena_free(&arena);
    return good;
}

static void what_is_left_tiles_what_was_not_done(void) {
    for (int i = 0; i < ROUNDS; i++) {
        if (!CHECK(one_round(i % 2))) {
            return;
        }
    }
}

static void neighbours_still_join(void) {
    Arena arena = {0};
    Range ranges[RANGES_MAX + 2];
    size_t count = plan_ranges(&arena, 5, false, ranges), left_count;
    RangeDone done[] = {{2, 1, false, ranges[2]}};
    const Range *left;
    CHECK(ranges_left(&arena, ranges, count, done, 1, &left, &left_count) && left_count == 5);
    CHECK(left[0].to == left[1].from && left[1].to != left[2].from && left[2].to == left[3].from);
    arena_free(&arena);
}

static void all_and_nothing(void) {
    Arena arena = {0};
    Range all = {.rows = RANGE_ALL};
    RangeDone done[] = {{0, 1, false, {.rows = RANGE_ALL}}};
    const Range *left;
    size_t left_count;
    CHECK(ranges_left(&arena, &all, 1, done, 0, &left, &left_count) && left_count == 1 && left[0].rows == RANGE_ALL);
    CHECK(ranges_left(&arena, &all, 1, done, 1, &left, &left_count) && left_count == 0);
    CHECK(ranges_left(&arena, NULL, 0, NULL, 0, &left, &left_count) && left_count == 0);
    arena_free(&arena);
}

/* Of a ledger that somebody changed: read again or refused, never counted twice. */
static void what_cannot_be_is_refused(void) {
    Arena arena = {0};
    Range ranges[RANGES_MAX + 2];
    size_t count = plan_ranges(&arena, 5, false, ranges);
    Range half = {RANGE_BETWEEN, bound_of(&arena, 1200), bound_of(&arena, 1500)};
    Range over = {RANGE_BETWEEN, bound_of(&arena, 1400), bound_of(&arena, 1600)};
    Range outside = {RANGE_BETWEEN, bound_of(&arena, 1400), bound_of(&arena, 2600)};
    struct {
        RangeDone done[2];
        size_t count;
    } cases[] = {
        {{{1, 1, true, half}, {1, 1, true, over}}, 2},             /* halves that overlap */
        {{{1, 1, true, outside}}, 1},                              /* beyond its range */
        {{{1, 1, false, ranges[1]}, {1, 1, true, half}}, 2},       /* whole and half */
        {{{1, 1, false, ranges[1]}, {1, 1, false, ranges[1]}}, 2}, /* twice */
        {{{1, 3, false, ranges[1]}, {2, 1, false, ranges[2]}}, 2}, /* inside another */
        {{{0, 1, true, half}}, 1},                                 /* a half of what has no end */
        {{{9, 1, false, ranges[1]}}, 1},                           /* there is no such range */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Range *left;
        size_t left_count;
        CHECK(!ranges_left(&arena, ranges, count, cases[i].done, cases[i].count, &left, &left_count));
    }
    arena_free(&arena);
}

int main(void) {
    unsigned seed = (unsigned)time(NULL);
    printf("seed %u\n", seed);
    srand(seed);
    TEST_RUN(what_is_left_tiles_what_was_not_done);
    TEST_RUN(neighbours_still_join);
    TEST_RUN(all_and_nothing);
    TEST_RUN(what_cannot_be_is_refused);
    return test_finish();
}
