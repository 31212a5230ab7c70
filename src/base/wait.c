/* Condition variables on the monotonic clock (wait.h). In: a condition and its lock. Out: nothing but time. */
#include "base/wait.h"

#include "base/clock.h"

#include <time.h>

enum { US_A_SECOND = 1000000, NS_A_US = 1000 };

void wait_init(pthread_cond_t *changed) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void wait_for(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t us) {
    int64_t until_us = clock_monotonic_us() + us;
    struct timespec until = {.tv_sec = until_us / US_A_SECOND, .tv_nsec = until_us % US_A_SECOND * NS_A_US};
    pthread_cond_timedwait(changed, lock, &until);
}
