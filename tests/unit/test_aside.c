/* A call that blocks holds nobody up for longer than he says. */
#include "test.h"

#include "base/aside.h"
#include "base/clock.h"

#include <stdatomic.h>

typedef struct Call {
    atomic_bool let_go; /* until then it blocks */
    atomic_int done, forgotten;
} Call;

static void block(void *self) {
    Call *call = self;
    while (!atomic_load(&call->let_go)) {
        clock_sleep_us(1000);
    }
    atomic_fetch_add(&call->done, 1);
}

static void forget(void *self) {
    atomic_fetch_add(&((Call *)self)->forgotten, 1);
}

static void what_ends_is_the_callers_again(void) {
    Call call = {.let_go = true};
    CHECK(aside_do((Aside){block, forget, &call}, INT64_MAX, NULL));
    CHECK(call.done == 1 && call.forgotten == 0);
}

static void check_forgotten(int64_t patience_us, const atomic_bool *unwanted) {
    Call call = {.let_go = false};
    CHECK(!aside_do((Aside){block, forget, &call}, patience_us, unwanted));
    CHECK(call.done == 0 && call.forgotten == 0);
    atomic_store(&call.let_go, true);
    while (atomic_load(&call.forgotten) == 0) {
        clock_sleep_us(1000);
    }
    CHECK(call.done == 1 && call.forgotten == 1);
}

static void what_takes_too_long_is_forgotten_when_it_ends(void) {
    check_forgotten(0, NULL);
    check_forgotten(30000, NULL);
}

static void what_is_not_wanted_any_more_is_forgotten(void) {
    atomic_bool unwanted = true;
    check_forgotten(INT64_MAX, &unwanted);
}

int main(void) {
    TEST_RUN(what_ends_is_the_callers_again);
    TEST_RUN(what_takes_too_long_is_forgotten_when_it_ends);
    TEST_RUN(what_is_not_wanted_any_more_is_forgotten);
    return test_finish();
}
