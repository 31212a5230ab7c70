#include "check/worker_parts.h"

#include "base/clock.h"
#include "check/side.h"

/* Findings of one range held back until its end is known; beyond this they are handed over early. Packed ones are many
 * in few bytes, and take room again where they are kept. */
enum { HELD_BYTES = 4 << 20, HELD_FINDINGS = 1 << 15 };

/* Pauses double: 0.1 s to 3.2 s, six seconds in all: a server that restarts is back. */
enum { ATTEMPTS = 6, FIRST_PAUSE_US = 100000 };

Worker *worker_make(Arena *arena, const Plan *plan, Delivery delivery, Guest *guest, Replicas *replicas) {
    Worker *worker = ARENA_NEW(arena, Worker);
    worker->plan = plan;
    worker->delivery = delivery;
    worker->guest = guest;
    worker->replicas = replicas;
    worker->stop = guest->stop;
    pthread_mutex_init(&worker->lock, NULL);
    worker->comparator = comparator_make(arena, plan->match);
    worker->counts = counts_make(arena, plan->match);
    return worker;
}

/* Opens a side at its first use: a join needs one of them. worker_cancel may look at the same time. */
static bool side_ready(Worker *worker, bool is_new, Err *err) {
    Source **place = is_new ? &worker->new_ : &worker->old;
    if (*place != NULL) {
        return true;
    }
    Source *opened = NULL;
    bool good = side_open_by(worker->plan->opener, worker->plan->match->spec, is_new, &opened, err);
    pthread_mutex_lock(&worker->lock);
    *place = opened;
    pthread_mutex_unlock(&worker->lock);
    return good;
}

bool worker_open(Worker *worker, Err *err) {
    for (int attempt = 0; !side_ready(worker, false, err) || !replicas_start(worker->replicas, err); attempt++) {
        if (!err_is_transient(err) || attempt + 1 == ATTEMPTS ||
            !stop_sleep(worker->stop, (int64_t)FIRST_PAUSE_US << attempt)) {
            return false;
        }
    }
    return true;
}

bool worker_sources(void *self, Source *out[2], Err *err) {
    Worker *worker = self;
    bool both = worker->plan->mode != MODE_JOIN && !worker->plan->match->one_row;
    if (!side_ready(worker, false, err) || (both && !side_ready(worker, true, err))) {
        return false;
    }
    out[0] = worker->old;
    out[1] = both ? worker->new_ : NULL;
    return true;
}

static void source_cancel(Source *source) {
    if (source != NULL && source->ops->cancel != NULL) {
        source->ops->cancel(source);
    }
}

void worker_cancel(Worker *worker) {
    pthread_mutex_lock(&worker->lock);
    source_cancel(worker->old);
    source_cancel(worker->new_);
    pthread_mutex_unlock(&worker->lock);
}

const Finding *worker_undecided(const Worker *worker, size_t *count) {
    return comparator_undecided(worker->comparator, count);
}

void worker_close(Worker *worker) {
    source_close(worker->old);
    source_close(worker->new_);
    comparator_free(worker->comparator);
    arena_free(&worker->range_memory);
    pthread_mutex_destroy(&worker->lock);
}

/* ---- findings --------------------------------------------------------------------------------------------- */

/* Memory that was full is given back: what is held is counted in blocks, not in findings. */
static void held_clear(Worker *worker) {
    worker->held = (FindingList){0};
    if (worker->range_memory.held_bytes > HELD_BYTES / 2) {
        arena_free(&worker->range_memory);
    } else {
        arena_empty(&worker->range_memory);
    }
}

/* What is held, and the keys that were seen since something was handed over last. */
static Found held_found(Worker *worker) {
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
        worker->delivery.early(worker->delivery.self, worker->task, held_found(worker));
        worker->parts++;
        held_clear(worker);
    }
    finding_list_add(&worker->held, &worker->range_memory, finding);
}

FindingTaker worker_taker(Worker *worker) {
    return (FindingTaker){held_take, worker};
}

/* ---- reading a range -------------------------------------------------------------------------------------- */

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
    return side_ready(worker, false, err) && (one_row || side_ready(worker, true, err)) &&
           begin_range(worker, one_row ? NULL : worker->new_, err);
}

bool worker_begin_join(Worker *worker, Err *err) {
    return begin_range(worker, NULL, err);
}

void worker_remember_empty(Worker *worker) {
    const Counts *counts = &worker->counts;
    worker->found_empty = (counts->old_rows == 0) != (counts->new_rows == 0);
    worker->empty_is_new = counts->new_rows == 0;
}

static bool read_range(Worker *worker, Range range, RangeReport *report, Err *err) {
    Mode mode = range.rows == RANGE_WITH_NULL ? MODE_STREAM : worker->plan->mode;
    if (mode == MODE_DIGEST && worker->by_rows > 0) {
        worker->by_rows--;
        mode = MODE_STREAM;
    }
    if (mode == MODE_DIGEST) {
        return worker_read_digest(worker, err);
    }
    bool scan = mode == MODE_STREAM;
    if (!scan && !worker_read_join(worker, range, &scan, err)) {
        return false;
    }
    return !scan || worker_read_stream(worker, range, report, err);
}

/* One attempt at the range; what was found waits in the worker. */
static RangeReport attempt_range(Worker *worker, const RangeTask *task) {
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_PROVED};
    counts_clear(&worker->counts, worker->plan->match);
    bool read = read_range(worker, task->range, &report, &report.err);
    if (!scan_end(worker->old, worker->new_, read, &report.err)) {
        report.state = RANGE_FAILED;
    }
    if (report.state == RANGE_FAILED && worker->parts == 0) {
        held_clear(worker);
        counts_clear(&worker->counts, worker->plan->match);
    }
    if (report.state == RANGE_FAILED && stop_wanted(worker->stop)) {
        err_set(&report.err, TF_ERROR_INTERRUPTED, "stopped while it was read");
    }
    return report;
}

static void deliver(Worker *worker, const RangeTask *task, RangeReport *report) {
    report->duration_us = clock_monotonic_us() - worker->started_us;
    report->counts = worker->counts;
    report->parts = worker->parts;
    worker->delivery.range(worker->delivery.self, task, report, held_found(worker));
    held_clear(worker);
}

/* Whether the failure may pass. A worker that waited in vain once does not wait for every range that follows. */
static bool worth_another(Worker *worker, const RangeReport *report, int attempt) {
    return report->state == RANGE_FAILED && err_is_transient(&report->err) && worker->parts == 0 &&
           attempt < (worker->impatient ? 1 : ATTEMPTS) && stop_sleep(worker->stop, (int64_t)FIRST_PAUSE_US << attempt);
}

static bool read_and_deliver(Worker *worker, const RangeTask *task) {
    worker->task = task;
    worker->parts = 0;
    worker->handed_rows = 0;
    worker->started_us = clock_monotonic_us();
    worker->waited_us = 0;
    RangeReport report;
    int attempt = 0;
    do {
        report = attempt_range(worker, task);
    } while (worth_another(worker, &report, attempt++));
    worker->impatient = report.state == RANGE_FAILED && err_is_transient(&report.err);
    if (report.state == RANGE_FAILED && report.err.code == TF_ERROR_TIMEOUT && worker->parts == 0) {
        worker->timeout = report.err;
        return false;
    }
    deliver(worker, task, &report);
    return true;
}

int64_t worker_waited_us(const Worker *worker) {
    return worker->waited_us;
}

bool worker_range(Worker *worker, const RangeTask *task) {
    bool good = read_and_deliver(worker, task);
    guest_rest(worker->guest);
    return good;
}

void worker_give_up(Worker *worker, const RangeTask *task) {
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_FAILED, .err = worker->timeout};
    deliver(worker, task, &report);
}
