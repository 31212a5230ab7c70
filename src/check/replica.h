/* Sides that are standbys, read only as of a position that their primary was at.
 *
 *     Replicas *replicas = replicas_make(arena, plan, stop);
 *     replicas_start(replicas, err)                        the primaries' positions, once
 *     replicas_begin(replicas, old, new_, &waited_us, err) as of those: both sides, in one snapshot where there is one
 *     ... read, end ...
 *
 * While waiting for a standby, no transaction is open on it or on the other side. A wait ends after the spec's max_wait
 * with TF_ERROR_BEHIND; after one that failed, later calls ask but do not wait, until one succeeds.
 * Without an as_of in the spec, a begin is just a begin. Thread-safe, except for replicas_renew.
 */
#ifndef CHECK_REPLICA_H
#define CHECK_REPLICA_H

#include "check/finding.h"
#include "check/plan.h"
#include "check/stop.h"

typedef struct Replicas Replicas;

/* At planning: whether the side, open and not begun, can be read as of what the spec names. */
MUST_CHECK bool replica_check(const Spec *spec, bool of_new, Source *source, Err *err);

/* `stop` may be NULL. */
Replicas *replicas_make(Arena *arena, const Plan *plan, const RunStop *stop);
void replicas_close(Replicas *replicas);

/* Takes the positions, unless another thread has. */
MUST_CHECK bool replicas_start(Replicas *replicas, Err *err);
/* Takes the positions again, unless they were taken after `seen_us` (monotonic). By one thread. */
MUST_CHECK bool replicas_renew(Replicas *replicas, int64_t seen_us, Err *err);
/* new_ NULL: both sides are read through `old`. Adds to *waited_us what standbys were waited for. After a failure both
 * sources are to be ended, as always. */
MUST_CHECK bool replicas_begin(Replicas *replicas, Source *old, Source *new_, int64_t *waited_us, Err *err);

/* As of when the sides were read; texts in the arena. */
void replicas_tell(const Replicas *replicas, Arena *arena, AsOf *old, AsOf *new_);
/* "new as of 0/3000060 (2026-01-02T03:04:05Z)"; NULL where there is nothing to say. */
const char *as_of_words(Arena *arena, const AsOf *old, const AsOf *new_);

#endif
