/* One worker: its own connections, its own memory, one range at a time.
 *
 * A range reads like this: begin on both sides (one snapshot where one instance allows it), join or scan, end on both
 * sides, then hand over findings and counts. Any failure makes the whole range failed, with its reason; its counts and
 * findings are then dropped, except findings that were handed over early because memory was full.
 */
#ifndef CHECK_WORKER_H
#define CHECK_WORKER_H

#include "check/compare.h"
#include "check/finding_list.h"
#include "check/guest.h"

typedef struct Found {
    const FindingList *findings; /* of a range that was read by scan: in key order */
    int64_t rows;                /* keys that were seen meanwhile, on either side */
} Found;

/* Where a worker delivers; calls may come from several workers at once. `range` comes exactly once a task, with its
 * findings; `early` may come before it, with findings that memory had no room to hold back. */
typedef struct Delivery {
    void (*early)(void *self, const RangeTask *task, Found found);
    void (*range)(void *self, const RangeTask *task, const RangeReport *report, Found found);
    void *self;
} Delivery;

typedef struct Worker Worker;

Worker *worker_make(Arena *arena, const Plan *plan, Delivery delivery, Guest *guest, Replicas *replicas);
/* Connects, and takes the primaries' positions. The worker stays usable for worker_close on failure. */
MUST_CHECK bool worker_open(Worker *worker, Err *err);
/* Reads one range and delivers it; failures are in the report. What may pass (a cut connection, a conflict) is tried
 * again with growing pauses. False: it took longer than the server allows, nothing was delivered, and a smaller range
 * may succeed; then either its parts are to be read, or worker_give_up delivers the failure. */
MUST_CHECK bool worker_range(Worker *worker, const RangeTask *task);
void worker_give_up(Worker *worker, const RangeTask *task);
/* How long the last range waited for a standby: no matter of its size. */
int64_t worker_waited_us(const Worker *worker);
/* The sources it reads, for Limits; it must be between two ranges. */
MUST_CHECK bool worker_sources(void *worker, Source *out[2], Err *err);
/* A few of the rows that it could not decide; the worker must be done. */
const Finding *worker_undecided(const Worker *worker, size_t *count);
void worker_close(Worker *worker);

#endif
