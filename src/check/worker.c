#include "check/worker_parts.h"

#include "base/clock.h"

/* Pauses double: 0.1 s to 3.2 s, six seconds in all: a server that restarts is back. */
enum { ATTEMPTS = 6, FIRST_PAUSE_US = 100000 };

Worker *worker_make(Arena *arena, const Plan *plan, Delivery delivery, Guest *guest, Replicas *replicas) {
    Worker *worker = ARENA_NEW(arena, Worker);
    worker->plan = plan;
    worker->delivery = delivery;
    worker->guest = guest;
    worker->replicas = replicas;
    worker->stop = guest->stop;
    worker->comparator = comparator_make(arena, plan->match);
    worker->counts = counts_make(arena, plan->match);
    return worker;
}

bool worker_open(Worker *worker, Err *err) {
    for (int attempt = 0; !worker_side_ready(worker, false, err) || !replicas_start(worker->replicas, err); attempt++) {
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
    if (!worker_side_ready(worker, false, err) || (both && !worker_side_ready(worker, true, err))) {
        return false;
    }
    out[0] = worker->old;
    out[1] = both ? worker->new_ : NULL;
    return true;
}

const Finding *worker_undecided(const Worker *worker, size_t *count) {
    return comparator_undecided(worker->comparator, count);
}

void worker_close(Worker *worker) {
    source_close(worker->old);
    source_close(worker->new_);
    comparator_free(worker->comparator);
    arena_free(&worker->range_memory);
}

/* ---- reading a range -------------------------------------------------------------------------------------- */

static bool read_range(Worker *worker, Range range, RangeReport *report, Err *err) {
    Mode mode = range.rows == RANGE_WITH_NULL ? MODE_STREAM : worker->plan->mode;
    if (mode == MODE_DIGEST && (worker->found_empty || worker->by_rows > 0)) {
        worker->by_rows -= worker->by_rows > 0;
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
        worker_held_clear(worker);
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
    worker->delivery.range(worker->delivery.self, task, report, worker_held_found(worker));
    worker_held_clear(worker);
}

/* Whether the failure may pass. A worker that waited in vain once does not wait for every range that follows. */
static bool worth_another(Worker *worker, const RangeReport *report, int attempt) {
    return report->state == RANGE_FAILED && err_is_transient(&report->err) && worker->parts == 0 &&
           attempt < (worker->impatient ? 1 : ATTEMPTS) && stop_sleep(worker->stop, (int64_t)FIRST_PAUSE_US << attempt);
}

bool worker_range(Worker *worker, const RangeTask *task) {
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

void worker_give_up(Worker *worker, const RangeTask *task) {
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_FAILED, .err = worker->timeout};
    deliver(worker, task, &report);
}
