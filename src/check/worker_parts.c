#include "check/worker_parts.h"

#include "base/clock.h"
#include "check/side.h"

/* Findings of one range held back until its end is known; beyond this they are handed over early. Packed ones are many
 * in few bytes, and take room again where they are kept. */
enum { HELD_BYTES = 4 << 20, HELD_FINDINGS = 1 << 15 };

/* ---- connections and transactions -------------------------------------------------------------------------- */

bool worker_side_ready(Worker *worker, bool is_new, Err *err) {
    Source **place = is_new ? &worker->new_ : &worker->old;
    return *place != NULL || side_open_by(worker->plan->opener, worker->plan->match->spec, is_new, place, err);
}

/* The range's transactions: on both sides, or (new_ NULL) on one for both. */
static bool begin_range(Worker *worker, Source *new_, Err *err) {
    guest_announce(worker->old, worker->plan, worker->task);
    guest_announce(new_, worker->plan, worker->task);
    bool good = guest_begin(worker->guest, worker->replicas, worker->old, new_, &worker->waited_us, err);
    worker->begun_us = clock_monotonic_us();
    return good;
}

bool worker_begin_both(Worker *worker, Err *err) {
    bool one_row = worker->plan->match->one_row;
    return worker_side_ready(worker, false, err) && (one_row || worker_side_ready(worker, true, err)) &&
           begin_range(worker, one_row ? NULL : worker->new_, err);
}

bool worker_begin_join(Worker *worker, Err *err) {
    return begin_range(worker, NULL, err);
}

/* ---- findings held back ------------------------------------------------------------------------------------ */

/* Memory that was full is given back: what is held is counted in blocks, not in findings. */
void worker_held_clear(Worker *worker) {
    worker->held = (FindingList){0};
    if (worker->range_memory.held_bytes > HELD_BYTES / 2) {
        arena_free(&worker->range_memory);
    } else {
        arena_empty(&worker->range_memory);
    }
}

Found worker_held_found(Worker *worker) {
    const Counts *counts = &worker->counts;
    int64_t seen =
        counts->compared + counts->kinds[MISSING_IN_NEW] + counts->kinds[MISSING_IN_OLD] + counts->kinds[DUPLICATE_KEY];
    Found found = {&worker->held, seen - worker->handed_rows};
    worker->handed_rows = seen;
    return found;
}

static void held_take(void *self, const Finding *finding) {
    Worker *worker = self;
    if (worker->range_memory.held_bytes > HELD_BYTES || worker->held.count >= HELD_FINDINGS) {
        worker->delivery.early(worker->delivery.self, worker->task, worker_held_found(worker));
        worker->parts++;
        worker_held_clear(worker);
    }
    finding_list_add(&worker->held, &worker->range_memory, finding);
}

FindingTaker worker_taker(Worker *worker) {
    return (FindingTaker){held_take, worker};
}

/* ---- what a range teaches ----------------------------------------------------------------------------------- */

void worker_remember_empty(Worker *worker) {
    const Counts *counts = &worker->counts;
    worker->found_empty = (counts->old_rows == 0) != (counts->new_rows == 0);
    worker->empty_is_new = counts->new_rows == 0;
}
