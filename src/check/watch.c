#include "check/watch.h"

#include "base/clock.h"
#include "source/source.h"

#include <time.h>

enum { NAP_US = 50000 };

static void nap(Watch *watch) {
    int64_t until_us = clock_monotonic_us() + NAP_US;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
}

static void *watch_main(void *argument) {
    Watch *watch = argument;
    pthread_mutex_lock(&watch->lock);
    while (!watch->over) {
        if (stop_wanted(watch->stop)) {
            sources_cancel();
        }
        nap(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

void watch_open(Watch *watch, const RunStop *stop) {
    pthread_condattr_t monotonic;
    *watch = (Watch){.stop = stop};
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    watch->started = stop != NULL && pthread_create(&watch->thread, NULL, watch_main, watch) == 0;
}

void watch_close(Watch *watch) {
    pthread_mutex_lock(&watch->lock);
    watch->over = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    if (watch->started) {
        pthread_join(watch->thread, NULL);
    }
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
}
