#include "check/worker.h"

#include "base/clock.h"
#include "check/digest_read.h"
#include "check/merge.h"
#include "check/side.h"

#include <stdlib.h>
#include <string.h>

/* Findings of one range held back until its end is known; beyond this they are handed over early. Packed ones are many in
 * few bytes, and take room again where they are kept. */
enum { HELD_BYTES = 4 << 20, HELD_FINDINGS = 1 << 15 };

/* Pauses double: 0.1 s to 3.2 s, six seconds in all: a server that restarts is back. */
enum { ATTEMPTS = 6, FIRST_PAUSE_US = 100000 };

struct Worker {
    const Plan *plan;
    Delivery delivery;
    Replicas *replicas;
    pthread_mutex_t lock; /* of the two pointers, which another thread may follow to cancel */
    Source *old, *new_;
    Comparator *comparator;
    Counts counts;
    Arena range_memory;    /* emptied when the range was delivered */
    const RangeTask *task; /* the one being read */
    FindingList held;      /* in range_memory */
    int64_t handed_rows; /* keys seen when findings of this range left last */
    bool found_empty;    /* the range before had rows on one side only: this one may have, too */
    bool empty_is_new;   /* which that was */
    size_t parts;        /* how often findings of this range left before its end */
    bool impatient;      /* the range before failed for good where waiting might have helped */
    int64_t started_us;
    int64_t waited_us; /* of the time since then: for a standby */
    Err timeout;       /* why worker_range was false */
    const RunStop *stop;
    Guest *guest;
    int64_t begun_us;    /* when the range's transactions began */
    int by_rows;         /* ranges yet to come that are read without a digest */
    bool by_buckets;     /* the next range's digest is one by buckets, ... */
    int64_t rows_before; /* ... for as many rows as the range before had */
};

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

/* ---- reading a range -------------------------------------------------------------------------------------- */

/* The range's transactions: on both sides, or (new_ NULL) on one for both. */
static bool begin_range(Worker *worker, Source *new_, Err *err) {
    guest_announce(worker->old, worker->plan, worker->task);
    guest_announce(new_, worker->plan, worker->task);
    bool good = guest_begin(worker->guest, worker->replicas, worker->old, new_, &worker->waited_us, err);
    worker->begun_us = clock_monotonic_us();
    return good;
}

static bool begin_both(Worker *worker, Err *err) {
    bool one_row = worker->plan->match->one_row;
    return side_ready(worker, false, err) && (one_row || side_ready(worker, true, err)) &&
           begin_range(worker, one_row ? NULL : worker->new_, err);
}

static bool end_one(Source *source, Err *err) {
    return source == NULL || source->ops->end(source, err);
}

static Scan keys_scan(const Plan *plan, bool of_new, Range range) {
    Scan scan = plan_scan(plan, of_new, range);
    scan.column_count = scan.key_count;
    return scan;
}

/* Whether a side has no row in the range. Where it has, they are read to the end: a scan that is cut off would cost the
 * transaction. */
static bool side_is_empty(Source *source, const Scan *keys, bool *out, Err *err) {
    const Batch *batch = NULL;
    if (!source->ops->scan(source, keys, err)) {
        return false;
    }
    *out = true;
    do {
        if (!source->ops->next(source, &batch, err)) {
            return false;
        }
        *out = *out && batch->rows == 0;
    } while (batch->rows > 0);
    return true;
}

/* Where a side is empty, the other's keys say everything. Asked only behind a range where it was so. */
static bool one_is_empty(Worker *worker, Range range, bool *out, Err *err) {
    *out = false;
    if (!worker->found_empty) {
        return true;
    }
    Scan keys = keys_scan(worker->plan, worker->empty_is_new, range);
    return side_is_empty(worker->empty_is_new ? worker->new_ : worker->old, &keys, out, err);
}

static void remember_empty(Worker *worker) {
    const Counts *counts = &worker->counts;
    worker->found_empty = (counts->old_rows == 0) != (counts->new_rows == 0);
    worker->empty_is_new = counts->new_rows == 0;
}

/* Both sides have begun. `only` NULL: all rows of the range. */
static bool scan_rows(Worker *worker, Range range, const KeyBuckets *only, bool keys_only, MergeResult *out, Err *err) {
    const Plan *plan = worker->plan;
    Scan old = keys_only ? keys_scan(plan, false, range) : plan_scan(plan, false, range);
    Scan new_ = keys_only ? keys_scan(plan, true, range) : plan_scan(plan, true, range);
    PacedSource paced[2];
    Source *a = paced_source(&paced[0], worker->old, worker->guest, &range, worker->begun_us);
    Source *b = paced_source(&paced[1], worker->new_, worker->guest, &range, worker->begun_us);
    FindingTaker taker = {held_take, worker};
    Arena scratch = {0};
    old.only = new_.only = only;
    old.wire = new_.wire = !keys_only;
    *out = (MergeResult){0};
    bool good =
        worker->old->ops->scan(worker->old, &old, err) &&
        (worker->new_ == NULL || worker->new_->ops->scan(worker->new_, &new_, err)) &&
        (keys_only ? merge_keys(&scratch, plan->match, a, b, worker->comparator, &worker->counts, taker, err)
                   : merge_scans(&scratch, plan->match, a, b, worker->comparator, &worker->counts, taker, out, err));
    arena_free(&scratch);
    return good;
}

static bool read_by_scan(Worker *worker, Range range, RangeReport *report, Err *err) {
    MergeResult merged;
    bool keys_only;
    if (!begin_both(worker, err) || !one_is_empty(worker, range, &keys_only, err) ||
        !scan_rows(worker, range, NULL, keys_only, &merged, err)) {
        return false;
    }
    remember_empty(worker);
    if (worker->plan->mode != MODE_DIGEST) { /* whose ranges are not all read by rows: theirs would stand alone */
        report->old = merged.old;
        report->new_ = merged.new_;
    }
    return true;
}

/* ---- reading a range by digests ----------------------------------------------------------------------------- */

/* Digests that left many rows to be read were in vain; so would be, for a while, those of the ranges that follow. Where
 * rows differ in most cuts, buckets are asked for at once. */
enum { RANGES_BY_ROWS = 8, MANY_LEFT = 8, BUCKET_WORTH_ROWS = 4000 };

static int64_t rows_left(const DigestFound *found) {
    return found->old_left + found->new_left;
}

/* What digests of a stretch did not prove, by rows. */
static bool read_left(Worker *worker, const DigestFound *found, Err *err) {
    Counts *counts = &worker->counts;
    int64_t old_before = counts->old_rows, new_before = counts->new_rows;
    bool most = rows_left(found) > (found->old_rows + found->new_rows) / 2;
    bool one_is_empty = found->old_rows == 0 || found->new_rows == 0;
    MergeResult merged;
    if (rows_left(found) > 0 &&
        !scan_rows(worker, found->range, most ? NULL : &found->left, one_is_empty, &merged, err)) {
        return false;
    }
    bool all = rows_left(found) > 0 && most;
    if (counts->old_rows - old_before != (all ? found->old_rows : found->old_left) ||
        counts->new_rows - new_before != (all ? found->new_rows : found->new_left)) {
        return err_set(err, TF_ERROR_DATA, "could not read the rows that a digest counted: there are others");
    }
    counts->old_rows = old_before + found->old_rows;
    counts->new_rows = new_before + found->new_rows;
    counts->compared += all ? 0 : found->proved;
    return true;
}

/* A stretch that is not proved: `found` becomes what its buckets leave, where they may leave less. */
static bool look_closer(Worker *worker, Arena *scratch, DigestFound *found, Err *err) {
    int64_t fewer = found->old_rows < found->new_rows ? found->old_rows : found->new_rows;
    if (found->left.of > 1 || rows_left(found) == 0 || fewer < BUCKET_WORTH_ROWS) {
        return true;
    }
    return digest_by_buckets(scratch, worker->plan, worker->old, worker->new_, found->range, fewer, found, err);
}

/* Neighbours that are both proved or both not are one stretch. */
static size_t stretches_join(DigestFound *found, size_t count) {
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        DigestFound *last = made == 0 ? NULL : &found[made - 1];
        if (last == NULL || (rows_left(last) == 0) != (rows_left(&found[i]) == 0)) {
            found[made++] = found[i];
            continue;
        }
        last->range.to = found[i].range.to;
        last->old_rows += found[i].old_rows;
        last->new_rows += found[i].new_rows;
        last->proved += found[i].proved;
        last->old_left += found[i].old_left;
        last->new_left += found[i].new_left;
        last->parts_left += found[i].parts_left;
    }
    return made;
}

/* What the next ranges are to be asked for. */
static void digest_learn(Worker *worker, size_t cuts, size_t cuts_left, int64_t rows, int64_t left) {
    worker->by_rows = left > rows / MANY_LEFT ? RANGES_BY_ROWS : 0;
    worker->by_buckets = cuts_left * 2 > cuts;
}

/* A task whose rows differ here and there: pieces that buckets divide finely, each to be digested when its turn comes.
 */
static size_t pieces_make(const Range *cuts, size_t cut_count, int64_t rows, DigestFound *out) {
    size_t wanted = (size_t)(rows / (DIGEST_BUCKETS_MAX * BUCKET_ROWS)) + 1;
    size_t count = wanted < cut_count ? wanted : cut_count;
    for (size_t i = 0; i < count; i++) {
        Range range = cuts[i * cut_count / count];
        range.to = cuts[(i + 1) * cut_count / count - 1].to;
        out[i] = (DigestFound){.range = range, .expected_rows = rows / (int64_t)count + 1};
    }
    return count;
}

/* The digests of a task, in stretches. */
static bool digest_task(Worker *worker, Arena *scratch, DigestFound **out, size_t *out_count, size_t *out_cuts,
                        Err *err) {
    const Plan *plan = worker->plan;
    const Range *cuts = digest_cuts(scratch, plan, worker->task, out_cuts);
    DigestFound *found = ARENA_MANY(scratch, *out_cuts, DigestFound);
    *out = found;
    if (worker->by_buckets && worker->rows_before > 0) {
        *out_count = pieces_make(cuts, *out_cuts, worker->rows_before, found);
        return true;
    }
    if (!digest_by_cuts(scratch, plan, worker->old, worker->new_, cuts, *out_cuts, found, err)) {
        return false;
    }
    *out_count = stretches_join(found, *out_cuts);
    return true;
}

static bool digest_piece(Worker *worker, Arena *scratch, DigestFound *found, Err *err) {
    return found->expected_rows == 0 || digest_by_buckets(scratch, worker->plan, worker->old, worker->new_,
                                                          found->range, found->expected_rows, found, err);
}

static bool read_by_digest(Worker *worker, Err *err) {
    Arena scratch = {0};
    DigestFound *found;
    size_t count, cuts, cuts_left = 0;
    int64_t rows = 0, left = 0;
    bool good = begin_both(worker, err) && digest_task(worker, &scratch, &found, &count, &cuts, err);
    for (size_t i = 0; good && i < count; i++) {
        ArenaMark mark = arena_mark(&scratch); /* buckets of one stretch at a time */
        good = digest_piece(worker, &scratch, &found[i], err);
        guest_spend(worker->guest, found[i].old_rows + found[i].new_rows);
        cuts_left += found[i].parts_left;
        good = good && look_closer(worker, &scratch, &found[i], err) && read_left(worker, &found[i], err);
        rows += found[i].old_rows + found[i].new_rows;
        left += rows_left(&found[i]);
        arena_rewind(&scratch, mark);
    }
    if (good) {
        remember_empty(worker);
        digest_learn(worker, cuts, cuts_left, rows, left);
        worker->rows_before = rows / 2;
    }
    arena_free(&scratch);
    return good;
}

/* ---- reading a range by a join in the database -------------------------------------------------------------- */

/* What the join could not rule out goes through the comparator like any other row. */
static void compare_suspects(Worker *worker, const Batch *old, const uint8_t *old_present, const Batch *new_,
                             const uint8_t *new_present, Counts *counts, RowHash *hashes) {
    const Match *match = worker->plan->match;
    FindingTaker taker = {held_take, worker};
    uint32_t rows[BATCH_ROWS];
    RowPairs pairs = {.old = old, .old_rows = rows, .new_ = new_, .new_rows = rows, .count = 0};
    RowHash *new_hashes = hashes + BATCH_ROWS;
    if (match->one_row) {
        pairs.new_ = NULL;
        pairs.new_rows = NULL;
    } else {
        compare_hash(worker->comparator, old, false, hashes);
        compare_hash(worker->comparator, new_, true, new_hashes);
    }
    for (size_t i = 0; i < old->rows; i++) {
        bool in_old = old_present == NULL || old_present[i];
        bool in_new = match->one_row || new_present[i];
        if (in_old && in_new) {
            rows[pairs.count++] = (uint32_t)i;
            continue;
        }
        compare_pairs(worker->comparator, &pairs, hashes, new_hashes, counts, taker);
        pairs.count = 0;
        compare_alone(worker->comparator, in_old ? MISSING_IN_NEW : MISSING_IN_OLD, in_old ? old : new_, i, counts,
                      taker);
    }
    compare_pairs(worker->comparator, &pairs, hashes, new_hashes, counts, taker);
}

static bool read_suspects(Worker *worker, const JoinScan *join, Err *err) {
    Source *source = worker->old;
    if (!source->ops->join_rows(source, join, err)) {
        return false;
    }
    Arena scratch = {0};
    RowHash *hashes = ARENA_MANY(&scratch, (size_t)2 * BATCH_ROWS, RowHash);
    bool good = true;
    for (;;) {
        const Batch *old;
        const Batch *new_;
        const uint8_t *old_present;
        const uint8_t *new_present;
        good = source->ops->join_next(source, &old, &old_present, &new_, &new_present, err);
        if (!good || old->rows == 0) {
            break;
        }
        compare_suspects(worker, old, old_present, new_, new_present, &worker->counts, hashes);
    }
    arena_free(&scratch);
    return good;
}

/* Of a range that has rows on one side only, in the transaction that counted them: their keys say everything. */
static bool read_alone(Worker *worker, Range range, bool of_new, Err *err) {
    Source *source = worker->old;
    Scan keys = keys_scan(worker->plan, of_new, range);
    const Batch *batch = NULL;
    if (!source->ops->scan(source, &keys, err)) {
        return false;
    }
    do {
        if (!source->ops->next(source, &batch, err)) {
            return false;
        }
        for (size_t row = 0; row < batch->rows; row++) {
            compare_alone(worker->comparator, of_new ? MISSING_IN_OLD : MISSING_IN_NEW, batch, row, &worker->counts,
                          (FindingTaker){held_take, worker});
        }
    } while (batch->rows > 0);
    return true;
}

/* The server counts everything; rows it suspects are fetched and decided here. False with *out_scan set: the join
 * cannot decide this range, a scan can. */
static bool read_by_join(Worker *worker, Range range, bool *out_scan, Err *err) {
    Source *source = worker->old;
    Arena scratch = {0};
    JoinScan join = plan_join(worker->plan, range, &scratch);
    JoinCounts found = {0};
    bool good = begin_range(worker, NULL, err) && source->ops->join_count(source, &join, &found, err);
    guest_spend(worker->guest, found.old_rows + found.new_rows);
    if (good && found.duplicates) {
        *out_scan = true;
        good = source->ops->end(source, err);
    } else if (good) {
        bool alone = !worker->plan->match->one_row && (found.old_rows == 0 || found.new_rows == 0);
        good = found.suspects == 0 ||
               (alone ? read_alone(worker, range, found.old_rows == 0, err) : read_suspects(worker, &join, err));
        worker->counts.old_rows = found.old_rows;
        worker->counts.new_rows = worker->plan->match->one_row ? found.old_rows : found.new_rows;
        worker->counts.compared = worker->plan->match->one_row
                                      ? found.old_rows
                                      : found.both; /* the suspects among them were counted by the comparator, too */
    }
    arena_free(&scratch);
    return good;
}

static bool read_range(Worker *worker, Range range, RangeReport *report, Err *err) {
    Mode mode = range.rows == RANGE_WITH_NULL ? MODE_STREAM : worker->plan->mode;
    if (mode == MODE_DIGEST && worker->by_rows > 0) {
        worker->by_rows--;
        mode = MODE_STREAM;
    }
    if (mode == MODE_DIGEST) {
        return read_by_digest(worker, err);
    }
    bool scan = mode == MODE_STREAM;
    if (!scan && !read_by_join(worker, range, &scan, err)) {
        return false;
    }
    return !scan || read_by_scan(worker, range, report, err);
}

/* Ends both transactions, whatever happened; false where a range that was read well does not end well. */
static bool end_both(Worker *worker, bool read, Err *err) {
    Err ignored;
    bool old_ended = end_one(worker->old, read ? err : &ignored);
    bool new_ended = end_one(worker->new_, read && old_ended ? err : &ignored);
    return read && old_ended && new_ended;
}

/* One attempt at the range; what was found waits in the worker. */
static RangeReport attempt_range(Worker *worker, const RangeTask *task) {
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_PROVED};
    counts_clear(&worker->counts, worker->plan->match);
    bool read = read_range(worker, task->range, &report, &report.err);
    if (!end_both(worker, read, &report.err)) {
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
