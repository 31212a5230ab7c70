/* How a run behaves towards the servers it reads, shared by its workers.
 *
 *     guest_begin(...)                         a pooler's connections are taken so that nobody waits for ever
 *     paced_source(...)                        batch by batch, no faster than the rate that was asked for
 *     guest_rest(guest)                        between ranges: rests for what was read, without a transaction
 *
 * Promises: a range whose transaction is RANGE_TARGET_US old is no longer slowed down, so that no snapshot is held just
 * to keep a rate; the rest follows after its end. A range that cannot be cut is slowed down all the same.
 */
#ifndef CHECK_GUEST_H
#define CHECK_GUEST_H

#include "check/limits.h"
#include "check/queue.h"
#include "check/replica.h"
#include "check/throttle.h"

enum {
    RANGE_TARGET_US = 250000, /* how long a range should take; none should take twice that */
    RANGE_AIM_US = 200000,    /* what ranges are cut for: those that take longer than they seemed to stay below it */
};

typedef struct Guest {
    Throttle throttle;
    Limits limits;
    const RunStop *stop;
    pthread_mutex_t pairing; /* whoever holds one pooled connection and waits for the second */
} Guest;

void guest_open(Guest *guest, int64_t rows_per_second, const SpecLimits *limits, const RunStop *stop,
                void (*tell)(void *self, const RunPause *pause), void *self);
void guest_close(Guest *guest);

/* replicas_begin, by one at a time where a pooler stands between. */
MUST_CHECK bool guest_begin(Guest *guest, Replicas *replicas, Source *old, Source *new_, int64_t *waited_us, Err *err);
/* Tells the servers which range comes, and how long a statement of it may take where a smaller one could follow. */
void guest_announce(Source *source, const Plan *plan, const RangeTask *task);

/* A source that is scanning, with rests between its batches. */
typedef struct PacedSource {
    Source base;
    Source *inner;
    Guest *guest;
    int64_t until_us; /* monotonic: no rest goes on beyond it */
} PacedSource;
/* The source itself where there is no rate to keep. */
Source *paced_source(PacedSource *paced, Source *inner, Guest *guest, const Range *range, int64_t begun_us);

/* Rows that the server read for us. */
void guest_spend(Guest *guest, int64_t rows);
void guest_rest(Guest *guest);

#endif
