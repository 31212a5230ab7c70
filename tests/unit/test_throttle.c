/* The rate is kept on average, whoever reads and however unevenly. */
#include "test.h"

#include "check/throttle.h"

enum { SECOND = 1000000 };

static void without_a_limit_nobody_rests(void) {
    Throttle throttle;
    throttle_open(&throttle, 0);
    CHECK(throttle_spend(&throttle, INT64_MAX, SECOND) == 0);
    throttle_close(&throttle);
}

static void the_first_rows_are_paid_for(void) {
    Throttle throttle;
    throttle_open(&throttle, 1000);
    CHECK(throttle_spend(&throttle, 500, 7 * SECOND) == SECOND / 2);
    CHECK(throttle_spend(&throttle, 500, 7 * SECOND) == SECOND); /* another worker's rows, at the same time */
    throttle_close(&throttle);
}

/* Reading itself takes time, which is not added to the rest. */
static void slow_reading_is_credit(void) {
    Throttle throttle;
    throttle_open(&throttle, 1000);
    int64_t now_us = SECOND;
    int64_t rows = 0;
    CHECK(throttle_spend(&throttle, 0, now_us) == 0);
    while (now_us < 101 * (int64_t)SECOND) {
        now_us += 90000;
        now_us += throttle_spend(&throttle, 100, now_us);
        rows += 100;
    }
    CHECK(rows >= 99900 && rows <= 100100);
    throttle_close(&throttle);
}

/* A long pause is no licence to read all at once what was not read in it. */
static void credit_ends_at_a_second(void) {
    Throttle throttle;
    throttle_open(&throttle, 1000);
    CHECK(throttle_spend(&throttle, 0, SECOND) == 0);
    CHECK(throttle_spend(&throttle, 1000, 3600 * (int64_t)SECOND) == 0);
    CHECK(throttle_spend(&throttle, 1000, 3600 * (int64_t)SECOND) == SECOND);
    throttle_close(&throttle);
}

int main(void) {
    TEST_RUN(without_a_limit_nobody_rests);
    TEST_RUN(the_first_rows_are_paid_for);
    TEST_RUN(slow_reading_is_credit);
    TEST_RUN(credit_ends_at_a_second);
    return test_finish();
}
