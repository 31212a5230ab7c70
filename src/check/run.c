#include "check/run.h"

#include "base/clock.h"
#include "check/judge.h"
#include "check/mask.h"
#include "check/resume.h"
#include "check/sample.h"
#include "check/settle.h"
#include "check/since.h"
#include "check/watch.h"
#include "check/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { UNDECIDED_SHOWN = 10 };
static const uint64_t SAMPLE_SEED = 0x74776f666f6c64; /* "twofold": the same sample for the same data */

typedef struct Run Run;

typedef struct RunWorker {
    Run *run;
    Worker *worker;
    pthread_t thread;
    bool started;
    Err open_err;
    bool opened;
} RunWorker;

struct Run {
    const Plan *plan;
    RunSinks sinks;
    RunStop *stop;
    RangeQueue queue;
    Guest guest;
    pthread_mutex_t lock; /* sinks, sample, totals */
    Replicas *replicas;
    Settle *settle; /* NULL: differences are not looked at again */
    Sample *sample;
    Arena masked; /* one finding at a time */
    Counts totals, nothing;
    int64_t proved, failed;
    Err first_err, sink_err; /* text "" while there was none */
    bool *sink_failed;
    RunWorker *workers;
    int worker_count;
};

static void note_error(Err *first, const Err *err) {
    if (first->text[0] == '\0') {
        *first = *err;
    }
}

/* ---- delivery, under one lock --------------------------------------------------------------------------------- */

typedef bool (*SinkTell)(Sink *sink, const void *what, Err *err);

static bool tell_plan(Sink *sink, const void *plan, Err *err) {
    return sink->plan == NULL || sink->plan(sink, plan, err);
}

static bool tell_finding(Sink *sink, const void *finding, Err *err) {
    return sink->finding == NULL || sink->finding(sink, finding, err);
}

static bool tell_range(Sink *sink, const void *range, Err *err) {
    return sink->range == NULL || sink->range(sink, range, err);
}

static bool tell_part(Sink *sink, const void *part, Err *err) {
    return sink->part == NULL || sink->part(sink, part, err);
}

static bool tell_pause(Sink *sink, const void *pause, Err *err) {
    return sink->pause == NULL || sink->pause(sink, pause, err);
}

static bool tell_result(Sink *sink, const void *result, Err *err) {
    return sink->result == NULL || sink->result(sink, result, err);
}

/* A sink that failed once is left alone: its file is already incomplete, and the error is kept for the verdict. */
static void sinks_tell(Run *run, SinkTell tell, const void *what) {
    for (size_t i = 0; i < run->sinks.count; i++) {
        Err err;
        if (!run->sink_failed[i] && !tell(run->sinks.sinks[i], what, &err)) {
            run->sink_failed[i] = true;
            note_error(&run->sink_err, &err);
        }
    }
}

/* What a run goes on from was masked when it was kept, keys and all: the sample then has no other order than theirs. */
static bool sample_is_masked(const Run *run) {
    return run->plan->resume != NULL;
}

/* Here values leave the check, so here masks are put on. The sample keeps the keys a little longer: it is sorted by
 * them. */
static void tell_findings(Run *run, const FindingList *findings) {
    const Match *match = run->plan->match;
    FindingCursor at = finding_list_start(findings);
    for (const Finding *finding; (finding = finding_list_next(&at)) != NULL;) {
        Finding told = mask_cells(match, &run->masked, finding);
        told.key = mask_key(match, &run->masked, finding->key);
        Finding kept = told;
        kept.key = sample_is_masked(run) ? told.key : finding->key;
        sample_offer(run->sample, &kept);
        sinks_tell(run, tell_finding, &told);
        arena_empty(&run->masked);
    }
}

static RangeReport report_of(const Run *run, const RangeTask *task, const RangeReport *report) {
    RangeReport told = *report;
    told.range = &task->range;
    told.index = task->first;
    told.count = task->count;
    told.halved = task->part;
    told.task = task->id;
    told.old = mask_digest(run->plan->match, report->old);
    told.new_ = mask_digest(run->plan->match, report->new_);
    mask_error(run->plan->match, &told.err);
    return told;
}

static void deliver_early(void *self, const RangeTask *task, Found found) {
    Run *run = self;
    RangeReport part = report_of(run, task, &(RangeReport){.state = RANGE_PART, .counts = run->nothing});
    pthread_mutex_lock(&run->lock);
    tell_findings(run, found.findings);
    sinks_tell(run, tell_part, &part);
    pthread_mutex_unlock(&run->lock);
}

static void deliver_range(void *self, const RangeTask *task, const RangeReport *report, Found found) {
    Run *run = self;
    RangeReport told = report_of(run, task, report);
    pthread_mutex_lock(&run->lock);
    tell_findings(run, found.findings);
    counts_add(&run->totals, &report->counts, run->plan->match);
    run->proved += report->state == RANGE_PROVED ? (int64_t)task->count : 0;
    run->failed += report->state == RANGE_FAILED ? (int64_t)task->count : 0;
    if (report->state == RANGE_FAILED || report->state == RANGE_PART_FAILED) {
        note_error(&run->first_err, &told.err);
    }
    bool whole = report->state == RANGE_PROVED || report->state == RANGE_FAILED;
    sinks_tell(run, whole ? tell_range : tell_part, &told);
    pthread_mutex_unlock(&run->lock);
}

/* ---- what was proved before ------------------------------------------------------------------------------------ */

static void retell_finding(void *self, const Finding *finding) {
    Run *run = self;
    sample_offer(run->sample, finding);
    sinks_tell(run, tell_finding, finding);
}

/* Ranges that an earlier run proved count as if this one had read them. */
static void take_up(Run *run, const Resume *resume) {
    Err err;
    run->proved += resume->proved;
    counts_add(&run->totals, &resume->counts, run->plan->match);
    if (!resume->findings(resume, (FindingTaker){retell_finding, run}, &err)) {
        note_error(&run->first_err, &err);
    }
}

/* ---- workers ------------------------------------------------------------------------------------------------ */

static void tell_pause_all(void *self, const RunPause *pause) {
    Run *run = self;
    pthread_mutex_lock(&run->lock);
    sinks_tell(run, tell_pause, pause);
    pthread_mutex_unlock(&run->lock);
}

/* Between two ranges: within the spec's limits, and not told to stop. */
static bool goes_on(RunWorker *self) {
    Run *run = self->run;
    return self->opened && !stop_wanted(run->stop) && limits_pass(&run->guest.limits, worker_sources, self->worker);
}

static void *worker_main(void *argument) {
    RunWorker *self = argument;
    Run *run = self->run;
    self->opened = worker_open(self->worker, &self->open_err);
    RangeTask task;
    while (goes_on(self) && queue_take(&run->queue, &task)) {
        int64_t start_us = clock_monotonic_us();
        if (!worker_range(self->worker, &task) && !queue_split(&run->queue, &task)) {
            worker_give_up(self->worker, &task);
        }
        queue_learn(&run->queue, &task, clock_monotonic_us() - start_us - worker_waited_us(self->worker));
        guest_rest(&run->guest);
        stop_sleep(run->stop, run->plan->match->spec->limits.pause_between_us);
    }
    return NULL;
}

static void workers_start(Run *run, Arena *arena) {
    Delivery own = {deliver_early, deliver_range, run};
    run->replicas = replicas_make(arena, run->plan, run->stop);
    if (run->plan->settle_us > 0 && run->worker_count > 0) {
        run->settle = settle_open(arena, run->plan, own, &run->guest, run->stop);
    }
    Delivery delivery = run->settle == NULL ? own : settle_delivery(run->settle);
    run->workers = arena_zeroed(arena, (size_t)run->worker_count * sizeof(RunWorker));
    for (int i = 0; i < run->worker_count; i++) {
        RunWorker *self = &run->workers[i];
        self->run = run;
        self->worker = worker_make(arena, run->plan, delivery, &run->guest, run->replicas);
        int failure = pthread_create(&self->thread, NULL, worker_main, self);
        self->started = failure == 0;
        if (!self->started) {
            err_set(&self->open_err, TF_ERROR_BUSY, "could not start a worker thread: %s", strerror(failure));
        }
    }
}

static void workers_wait(Run *run) {
    for (int i = 0; i < run->worker_count; i++) {
        if (run->workers[i].started) {
            pthread_join(run->workers[i].thread, NULL);
        }
    }
}

/* Ranges that no worker took: all of them failed to connect, or the run was stopped. */
static void fail_rest(Run *run) {
    RangeReport report = {.state = RANGE_FAILED};
    FindingList none = {0};
    err_set(&report.err, TF_ERROR_INTERRUPTED, "stopped before it was read");
    if (!stop_wanted(run->stop)) {
        for (int i = 0; i < run->worker_count; i++) {
            if (!run->workers[i].opened) {
                report.err = run->workers[i].open_err;
            }
        }
    }
    if (run->guest.limits.gave_up && !stop_wanted(run->stop)) {
        report.err = run->guest.limits.why;
    }
    Arena scratch = {0};
    report.counts = counts_make(&scratch, run->plan->match);
    RangeTask task;
    while (queue_take(&run->queue, &task)) {
        report.range = &task.range;
        report.index = task.first;
        deliver_range(run, &task, &report, (Found){.findings = &none});
    }
    arena_free(&scratch);
}

/* An even choice from all workers; a row that was read twice, since its range was tried again, is told once. */
static void gather_undecided(Run *run, Arena *arena, Result *out) {
    Sample *sample = sample_make(UNDECIDED_SHOWN, SAMPLE_SEED);
    size_t count;
    for (int i = 0; i < run->worker_count; i++) {
        const Finding *rows = worker_undecided(run->workers[i].worker, &count);
        for (size_t row = 0; row < count; row++) {
            sample_offer(sample, &rows[row]);
        }
    }
    const Finding *chosen = sample_sorted(sample, &count);
    Finding *told = ARENA_MANY(arena, count, Finding);
    size_t told_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (told_count == 0 || finding_compare(&told[told_count - 1], &chosen[i]) != 0) {
            told[told_count++] = finding_copy(arena, &chosen[i]);
        }
    }
    sample_free(sample);
    const Match *match = run->plan->match;
    for (size_t i = 0; i < told_count; i++) {
        told[i] = mask_cells(match, arena, &told[i]);
        told[i].key = mask_key(match, arena, told[i].key);
    }
    out->undecided = told;
    out->undecided_count = told_count;
}

static void fill_result(Run *run, Arena *arena, int64_t start_us, Result *out) {
    out->counts = run->totals;
    const Resume *resume = run->plan->resume;
    out->ranges_planned = (int64_t)(run->plan->range_count + run->queue.splits) + (resume == NULL ? 0 : resume->proved);
    out->resumed_us = resume == NULL ? 0 : resume->started_us;
    out->ranges_proved = run->proved;
    out->ranges_failed = run->failed;
    out->err = run->first_err;
    out->duration_us = clock_monotonic_us() - start_us;
    replicas_tell(run->replicas, arena, &out->old_as_of, &out->new_as_of);
    out->paused_us = limits_paused_us(&run->guest.limits);
    judge(arena, out, run->plan->estimated_rows);
    out->sample = sample_sorted(run->sample, &out->sample_count);
    Finding *kept = ARENA_MANY(arena, out->sample_count, Finding);
    for (size_t i = 0; i < out->sample_count; i++) {
        kept[i] = finding_copy(arena, &out->sample[i]);
    }
    if (!sample_is_masked(run) || !mask_hides_key(run->plan->match)) { /* rows are found by their own keys */
        since_find(run->plan, kept, out->sample_count, run->stop);
    }
    for (size_t i = 0; i < out->sample_count; i++) {
        kept[i].key = sample_is_masked(run) ? kept[i].key : mask_key(run->plan->match, arena, kept[i].key);
    }
    out->sample = kept;
    gather_undecided(run, arena, out);
}

void run_check(Arena *arena, const Plan *plan, const CheckOptions *options, RunSinks sinks, RunStop *stop,
               Result *out) {
    Run *run = ARENA_NEW(arena, Run);
    Watch watch;
    int64_t start_us = clock_monotonic_us();
    run->plan = plan;
    run->sinks = sinks;
    run->stop = stop;
    run->sample = sample_make(options->sample, SAMPLE_SEED);
    run->totals = counts_make(arena, plan->match);
    run->nothing = counts_make(arena, plan->match);
    run->sink_failed = arena_zeroed(arena, sinks.count + 1);
    run->worker_count = plan->workers;
    *out = (Result){.match = plan->match,
                    .check = plan->match->spec->check,
                    .mode = plan->mode,
                    .mode_reason = plan->mode_reason,
                    .started_us = clock_wall_us()};
    pthread_mutex_init(&run->lock, NULL);
    queue_open(&run->queue, plan, RANGE_AIM_US);
    guest_open(&run->guest, options->max_rows_per_second, &plan->match->spec->limits, stop, tell_pause_all, run);
    sinks_tell(run, tell_plan, plan);
    if (plan->resume != NULL) {
        take_up(run, plan->resume);
    }
    watch_open(&watch, stop);
    workers_start(run, arena);
    workers_wait(run);
    if (run->settle != NULL) {
        settle_close(run->settle);
    }
    fail_rest(run);
    fill_result(run, arena, start_us, out);
    sinks_tell(run, tell_result, out);
    watch_close(&watch);
    out->sink_err = run->sink_err;
    for (int i = 0; i < run->worker_count; i++) {
        worker_close(run->workers[i].worker);
    }
    replicas_close(run->replicas);
    sample_free(run->sample);
    arena_free(&run->masked);
    queue_close(&run->queue);
    guest_close(&run->guest);
    pthread_mutex_destroy(&run->lock);
}
