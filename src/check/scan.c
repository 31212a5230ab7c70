#include "check/scan.h"

#include "source/relation.h"

enum {
    LOOKUP_KEYS = 4000,      /* a statement, ... */
    LOOKUP_BYTES = 16 << 20, /* ... and fewer where rows are wide, but not ... */
    LOOKUP_LEAST = 100,      /* ... fewer than these */
    GUESSED_BYTES = 100,
};

double scan_row_bytes(const Plan *plan) {
    double old = relation_row_bytes(&plan->match->old.relation);
    double new_ = relation_row_bytes(&plan->match->new_.relation);
    double wider = old > new_ ? old : new_;
    return wider > 0 ? wider : GUESSED_BYTES;
}

size_t scan_lookup_keys(const Plan *plan) {
    double fit = LOOKUP_BYTES / scan_row_bytes(plan);
    return fit < LOOKUP_LEAST ? LOOKUP_LEAST : fit > LOOKUP_KEYS ? LOOKUP_KEYS : (size_t)fit;
}

Scan scan_of_keys(const Plan *plan, bool of_new, Range range) {
    Scan scan = plan_scan(plan, of_new, range);
    scan.column_count = scan.key_count;
    return scan;
}

static bool side_start(const RangeScan *scan, bool of_new, Source *source, Err *err) {
    Scan side =
        scan->keys_only ? scan_of_keys(scan->plan, of_new, scan->range) : plan_scan(scan->plan, of_new, scan->range);
    side.wire = !scan->keys_only;
    return scan->keys == NULL ? source->ops->scan(source, &side, err)
                              : source->ops->lookup(source, &side, scan->keys, scan->key_count, err);
}

bool scan_start(const RangeScan *scan, Source *old, Source *new_, Err *err) {
    return side_start(scan, false, old, err) && (new_ == NULL || side_start(scan, true, new_, err));
}

bool scan_merge(const RangeScan *scan, Source *old, Source *new_, Comparator *comparator, Counts *counts,
                FindingTaker taker, MergeResult *out, Err *err) {
    const Match *match = scan->plan->match;
    Arena scratch = {0};
    *out = (MergeResult){0};
    bool good = scan->keys_only ? merge_keys(&scratch, match, old, new_, comparator, counts, taker, err)
                                : merge_scans(&scratch, match, old, new_, comparator, counts, taker, out, err);
    arena_free(&scratch);
    return good;
}

static bool side_end(Source *source, Err *err) {
    return source == NULL || source->ops->end(source, err);
}

bool scan_end(Source *old, Source *new_, bool good, Err *err) {
    Err ignored; /* the first failure is the cause */
    bool old_ended = side_end(old, good ? err : &ignored);
    bool new_ended = side_end(new_, good && old_ended ? err : &ignored);
    return good && old_ended && new_ended;
}
