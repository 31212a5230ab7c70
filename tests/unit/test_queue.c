/* Whatever workers do, and however long ranges take: the tasks tile what the plan's ranges tile. */
#include "check/queue.h"
#include "test.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { BOUNDS_MAX = 200, WORKERS = 4, TASKS_MAX = 20000 };

typedef struct Taken {
    int64_t from, to; /* INT64_MIN, INT64_MAX: open */
} Taken;

typedef struct Taker {
    RangeQueue *queue;
    uint64_t random;
    Taken *taken;
    size_t count;
} Taker;

static uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void *take_all(void *argument) {
    Taker *self = argument;
    RangeTask task;
    while (self->count < TASKS_MAX && queue_take(self->queue, &task)) {
        self->taken[self->count++] = (Taken){
            task.range.from == NULL ? INT64_MIN : task.range.from[0].as.integer,
            task.range.to == NULL ? INT64_MAX : task.range.to[0].as.integer,
        };
        queue_learn(self->queue, &task, (int64_t)(random_next(&self->random) % 4000000));
    }
    return NULL;
}

static int taken_compare(const void *a, const void *b) {
    int64_t left = ((const Taken *)a)->from;
    int64_t right = ((const Taken *)b)->from;
    return (left > right) - (left < right);
}

static bool tiles(Taken *taken, size_t count) {
    qsort(taken, count, sizeof *taken, taken_compare);
    for (size_t i = 0; i + 1 < count; i++) {
        if (taken[i].to != taken[i + 1].from) {
            return false;
        }
    }
    return count > 0 && taken[0].from == INT64_MIN && taken[count - 1].to == INT64_MAX;
}

static size_t make_ranges(uint64_t *random, Value *bounds, Range *ranges) {
    size_t count = random_next(random) % BOUNDS_MAX;
    int64_t key = -5000;
    for (size_t i = 0; i < count; i++) {
        key += 1 + (int64_t)(random_next(random) % 1000);
        bounds[i] = (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = key};
        ranges[i] = (Range){RANGE_BETWEEN, i == 0 ? NULL : &bounds[i - 1], &bounds[i]};
    }
    ranges[count] = (Range){RANGE_BETWEEN, count == 0 ? NULL : &bounds[count - 1], NULL};
    return count + 1;
}

static void tasks_tile_the_plan(void) {
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %" PRIu64 "\n", seed);
    uint64_t random = seed | 1;
    static Value bounds[BOUNDS_MAX];
    static Range ranges[BOUNDS_MAX + 1];
    static Taken taken[WORKERS][TASKS_MAX], all[WORKERS * TASKS_MAX];
    Match match = {.key_count = 1};
    for (int round = 0; round < 100; round++) {
        Plan plan = {.match = &match, .workers = WORKERS, .ranges = ranges};
        plan.range_count = make_ranges(&random, bounds, ranges);
        RangeQueue queue;
        queue_open(&queue, &plan, 250000);
        Taker takers[WORKERS];
        pthread_t threads[WORKERS];
        for (int i = 0; i < WORKERS; i++) {
            takers[i] = (Taker){&queue, random_next(&random) | 1, taken[i], 0};
            pthread_create(&threads[i], NULL, take_all, &takers[i]);
        }
        size_t count = 0;
        for (int i = 0; i < WORKERS; i++) {
            pthread_join(threads[i], NULL);
            memcpy(all + count, taken[i], takers[i].count * sizeof(Taken));
            count += takers[i].count;
        }
        CHECK(tiles(all, count));
        queue_close(&queue);
    }
}

static void halves_numbers_times_and_uuids(void) {
    Arena arena = {0};
    const Value *middle;
    Value from = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = INT64_MIN};
    Value to = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = INT64_MAX};
    CHECK(range_between(&arena, &from, &to, 1, 1, 2, &middle) && middle[0].as.integer == -1);
    to.as.integer = INT64_MIN + 1;
    CHECK(!range_between(&arena, &from, &to, 1, 1, 2, &middle));
    Value low = {.kind = KIND_UUID, .state = CELL_VALUE, .as.text = {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}};
    Value high = {.kind = KIND_UUID, .state = CELL_VALUE, .as.text = {"\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16}};
    CHECK(range_between(&arena, &low, &high, 1, 1, 2, &middle) && middle[0].as.text.bytes[0] == 0x40);
    Value text = {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = {"a", 1}};
    CHECK(!range_between(&arena, &text, &text, 1, 1, 2, &middle));
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(tasks_tile_the_plan);
    TEST_RUN(halves_numbers_times_and_uuids);
    return test_finish();
}
