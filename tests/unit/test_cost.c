/* Which of rows and digests `auto` takes, by link and width. */
#include "test.h"

#include "check/cost.h"

#include <string.h>

static Cost cost_over(double bytes_a_second, double row_bytes, size_t values) {
    SourceDistance far[2];
    far[0] = far[1] =
        (SourceDistance){.round_trip_us = 50, .bytes_a_second = bytes_a_second, .row_bytes = row_bytes};
    return cost_of_row(far, values, 2);
}

static void a_slow_link_costs_rows_and_no_digests(void) {
    Cost near = cost_over(2e9, 811, 100);
    Cost lan = cost_over(117e6, 811, 100);
    CHECK(near.digest_us > 0 && near.digest_us == lan.digest_us);
    CHECK(lan.stream_us > near.stream_us && near.stream_us > 0);
    CHECK(lan.stream_us > 13.8 && lan.stream_us < 13.9); /* 1,622 bytes */
}

static void where_it_is_close_digests_are_taken(void) {
    static const struct {
        double digest_us, stream_us;
        bool rows;
    } CASES[] = {{1, 1.1, false}, {1, 1, false}, {1, 0.95, false}, {1, 0.85, true}, {10, 1, true}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Cost cost = {.digest_us = CASES[i].digest_us, .stream_us = CASES[i].stream_us};
        CHECK(cost_is_for_rows(&cost) == CASES[i].rows);
    }
}

static void the_slower_side_is_told(void) {
    SourceDistance far[2] = {{50, 1e9, 90}, {20000, 2e6, 92.4}};
    Cost cost = cost_of_row(far, 6, 2);
    Arena arena = {0};
    const char *shown = cost_shown(&arena, &cost);
    CHECK(strstr(shown, "rows of 92 bytes over 2.0 MB/s (20 ms) would take 46 us") != NULL);
    far[1] = far[0];
    cost = cost_of_row(far, 6, 2);
    CHECK(strstr(cost_shown(&arena, &cost), "rows of 90 bytes over 1.0 GB/s (0.05 ms)") != NULL);
    arena_free(&arena);
}

/* Cores share the work of both servers and of this program; what they ask for comes over one link. */
static void workers_do_not_widen_the_link(void) {
    SourceDistance far[2] = {{50, 10e6, 100}, {50, 10e6, 100}};
    Cost one = cost_of_row(far, 6, 1);
    Cost eight = cost_of_row(far, 6, 8);
    CHECK(eight.digest_us < one.digest_us);
    CHECK(eight.stream_us == one.stream_us);
}

int main(void) {
    TEST_RUN(a_slow_link_costs_rows_and_no_digests);
    TEST_RUN(where_it_is_close_digests_are_taken);
    TEST_RUN(the_slower_side_is_told);
    TEST_RUN(workers_do_not_widen_the_link);
    return test_finish();
}
