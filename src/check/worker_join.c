/* Reading a range by a join: one server that has both sides counts its rows and pairs and tells which it suspects;
 * those are fetched and decided here, by the same comparator as any other row.
 */
#include "check/worker_parts.h"

static void compare_suspects(Worker *worker, const Batch *old, const uint8_t *old_present, const Batch *new_,
                             const uint8_t *new_present, RowHash *hashes) {
    const Match *match = worker->plan->match;
    FindingTaker taker = worker_taker(worker);
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
        compare_pairs(worker->comparator, &pairs, hashes, new_hashes, &worker->counts, taker);
        pairs.count = 0;
        compare_alone(worker->comparator, in_old ? MISSING_IN_NEW : MISSING_IN_OLD, in_old ? old : new_, i,
                      &worker->counts, taker);
    }
    compare_pairs(worker->comparator, &pairs, hashes, new_hashes, &worker->counts, taker);
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
        compare_suspects(worker, old, old_present, new_, new_present, hashes);
    }
    arena_free(&scratch);
    return good;
}

/* Of a range that has rows on one side only, in the transaction that counted them: their keys say everything. */
static bool read_alone(Worker *worker, Range range, bool of_new, Err *err) {
    Source *source = worker->old;
    FindingKind missing = of_new ? MISSING_IN_OLD : MISSING_IN_NEW;
    Scan keys = scan_of_keys(worker->plan, of_new, range);
    const Batch *batch = NULL;
    if (!source->ops->scan(source, &keys, err)) {
        return false;
    }
    do {
        if (!source->ops->next(source, &batch, err)) {
            return false;
        }
        for (size_t row = 0; row < batch->rows; row++) {
            compare_alone(worker->comparator, missing, batch, row, &worker->counts, worker_taker(worker));
        }
    } while (batch->rows > 0);
    return true;
}

bool worker_read_join(Worker *worker, Range range, bool *out_scan, Err *err) {
    bool one_row = worker->plan->match->one_row;
    Source *source = worker->old;
    Arena scratch = {0};
    JoinScan join = plan_join(worker->plan, range, &scratch);
    JoinCounts found = {0};
    bool good = worker_begin_join(worker, err) && source->ops->join_count(source, &join, &found, err);
    guest_spend(worker->guest, found.old_rows + found.new_rows);
    if (good && found.duplicates) {
        *out_scan = true;
        good = source->ops->end(source, err);
    } else if (good) {
        bool alone = !one_row && (found.old_rows == 0 || found.new_rows == 0);
        good = found.suspects == 0 ||
               (alone ? read_alone(worker, range, found.old_rows == 0, err) : read_suspects(worker, &join, err));
        worker->counts.old_rows = found.old_rows;
        worker->counts.new_rows = one_row ? found.old_rows : found.new_rows;
        worker->counts.compared = one_row ? found.old_rows : found.both; /* in place of the suspects compared here */
    }
    arena_free(&scratch);
    return good;
}
