/* Reading a range by rows: both sides are scanned in key order and merged. Where the range before had a side without
 * rows, this one may have, too: then that side is asked first, and keys are enough.
 */
#include "check/worker_parts.h"

/* Whether a side has no row in the range. Where it has some, they are read to the end: to break off a scan would cost
 * the transaction. */
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

/* Where a side is empty, the keys of the other say everything. */
static bool one_is_empty(Worker *worker, Range range, bool *out, Err *err) {
    *out = false;
    if (!worker->found_empty) {
        return true;
    }
    Scan keys = scan_of_keys(worker->plan, worker->empty_is_new, range);
    return side_is_empty(worker->empty_is_new ? worker->new_ : worker->old, &keys, out, err);
}

bool worker_read_scan(Worker *worker, const RangeScan *scan, MergeResult *out, Err *err) {
    PacedSource paced[2];
    Source *old = paced_source(&paced[0], worker->old, worker->guest, &scan->range, worker->begun_us);
    Source *new_ = paced_source(&paced[1], worker->new_, worker->guest, &scan->range, worker->begun_us);
    return scan_start(scan, worker->old, worker->new_, err) &&
           scan_merge(scan, old, new_, worker->comparator, &worker->counts, worker_taker(worker), out, err);
}

bool worker_read_stream(Worker *worker, Range range, RangeReport *report, Err *err) {
    RangeScan scan = {worker->plan, range, .keys_only = false};
    MergeResult merged;
    if (!worker_begin_both(worker, err) || !one_is_empty(worker, range, &scan.keys_only, err) ||
        !worker_read_scan(worker, &scan, &merged, err)) {
        return false;
    }
    worker_remember_empty(worker);
    if (worker->plan->mode != MODE_DIGEST) { /* whose ranges are not all read by rows: theirs would stand alone */
        report->old = merged.old;
        report->new_ = merged.new_;
    }
    return true;
}
