#include "check/guest.h"

#include "base/clock.h"
#include "check/side.h"

#include <stdio.h>
#include <string.h>

enum {
    STATEMENT_US = 60000000, /* far beyond the target: a server this slow is better asked for less */
    NAME_BYTES = 64,
};

void guest_open(Guest *guest, int64_t rows_per_second, const SpecLimits *limits, const RunStop *stop,
                void (*tell)(void *self, const RunPause *pause), void *self) {
    guest->stop = stop;
    throttle_open(&guest->throttle, rows_per_second);
    limits_open(&guest->limits, limits, stop, tell, self);
    pthread_mutex_init(&guest->pairing, NULL);
}

void guest_close(Guest *guest) {
    throttle_close(&guest->throttle);
    limits_close(&guest->limits);
    pthread_mutex_destroy(&guest->pairing);
}

/* ---- beginning ------------------------------------------------------------------------------------------------ */

/* Two workers that each hold the last connection the other waits for would wait for ever: behind a pooler one pair is
 * begun at a time. Those that hold a pair need nothing more to finish. */
bool guest_begin(Guest *guest, Replicas *replicas, Source *old, Source *new_, int64_t *waited_us, Err *err) {
    bool pooled = source_is_pooled(old) || source_is_pooled(new_);
    bool in_turn = pooled && new_ != NULL;
    if (in_turn) {
        pthread_mutex_lock(&guest->pairing);
    }
    bool good = replicas_begin(replicas, old, new_, waited_us, err);
    if (in_turn) {
        pthread_mutex_unlock(&guest->pairing);
    }
    if (!good && pooled && err->code == TF_ERROR_TIMEOUT) { /* the pooler's: every range would wait as long in vain */
        limits_end(&guest->limits, err);
    }
    return good;
}

void guest_announce(Source *source, const Plan *plan, const RangeTask *task) {
    if (source == NULL || source->ops->announce == NULL) {
        return;
    }
    char name[NAME_BYTES];
    const char *check = plan->match->spec->check;
    if (task->count > 1) {
        snprintf(name, sizeof name, "twofold/%.*s %zu-%zu/%zu", SHOWN_CHECK_BYTES, check, task->first + 1,
                 task->first + task->count, plan->range_count);
    } else {
        snprintf(name, sizeof name, "twofold/%.*s %zu/%zu", SHOWN_CHECK_BYTES, check, task->first + 1,
                 plan->range_count);
    }
    bool splits = task_splits(task, plan->match->key_count);
    bool one_pass = task->range.rows == RANGE_ALL;
    source->ops->announce(source, &(SourceWork){name, splits ? STATEMENT_US + plan->settle_us : 0, one_pass});
}

/* ---- pace ----------------------------------------------------------------------------------------------------- */

static bool paced_next(Source *source, const Batch **out, Err *err) {
    PacedSource *self = (PacedSource *)source;
    if (!self->inner->ops->next(self->inner, out, err)) {
        return false;
    }
    int64_t now_us = clock_monotonic_us();
    int64_t rest_us = throttle_spend(&self->guest->throttle, (int64_t)(*out)->rows, now_us);
    int64_t left_us = self->until_us - now_us;
    stop_sleep(self->guest->stop, rest_us < left_us ? rest_us : left_us);
    return true;
}

static const SourceOps PACED_OPS = {.scheme = "paced", .next = paced_next};

Source *paced_source(PacedSource *paced, Source *inner, Guest *guest, const Range *range, int64_t begun_us) {
    if (inner == NULL || guest->throttle.rows_per_second == 0) {
        return inner;
    }
    bool can_be_cut = range->rows == RANGE_BETWEEN;
    *paced = (PacedSource){{&PACED_OPS}, inner, guest, can_be_cut ? begun_us + RANGE_TARGET_US : INT64_MAX};
    return &paced->base;
}

void guest_spend(Guest *guest, int64_t rows) {
    throttle_spend(&guest->throttle, rows, clock_monotonic_us());
}

void guest_rest(Guest *guest) {
    stop_sleep(guest->stop, throttle_spend(&guest->throttle, 0, clock_monotonic_us()));
}
