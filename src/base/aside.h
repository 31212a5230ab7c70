/* A call that may block for longer than anybody wants to wait, such as one that connects: done by a thread of its own.
 *
 *     if (!aside_do((Aside){connect, forget, job}, INT64_MAX, &cancelled)) {
 *         ... not done; whoever is at it calls forget(job) when it is
 *     }
 *     ... done; job is the caller's again
 *
 * What `work` uses must belong to `self` alone: it may outlive whoever asked for it. Where no thread can be started the
 * call is made by the caller's, and takes as long as it takes.
 */
#ifndef BASE_ASIDE_H
#define BASE_ASIDE_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct Aside {
    void (*work)(void *self);
    void (*forget)(void *self); /* in place of the caller, who did not wait */
    void *self;
} Aside;

/* Waits until it is done (true), the time is up, or `unwanted` (may be NULL) has become true. */
MUST_CHECK bool aside_do(Aside what, int64_t patience_us, const atomic_bool *unwanted);

#endif
