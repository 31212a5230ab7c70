/* A range on both sides, or some keys -> scans, merged into findings and counts.
 *
 * Reads all columns of the match, or the keys alone: where a side has no rows, keys are all there is to tell.
 */
#ifndef CHECK_SCAN_H
#define CHECK_SCAN_H

#include "check/merge.h"
#include "check/plan.h"

/* What is read of a range. */
typedef struct RangeScan {
    const Plan *plan;
    Range range;
    const Value *keys; /* key_count keys, whose rows are looked up instead of the range's; NULL: the range */
    size_t key_count;
    bool keys_only;
} RangeScan;

/* About how many bytes a row of the wider side is sent in; of unknown ones a guess. */
double scan_row_bytes(const Plan *plan);
/* How many keys are looked up at a time. */
size_t scan_lookup_keys(const Plan *plan);
/* The scan of one side that gives its keys alone. */
Scan scan_of_keys(const Plan *plan, bool of_new, Range range);
/* Starts the scans of both sides (new_ NULL: both stand in one row). Both sources have begun. */
MUST_CHECK bool scan_start(const RangeScan *scan, Source *old, Source *new_, Err *err);
/* Reads the scans that were started to their end; the sources may be paced. *out: digests, zeros of keys alone. */
MUST_CHECK bool scan_merge(const RangeScan *scan, Source *old, Source *new_, Comparator *comparator, Counts *counts,
                           FindingTaker taker, MergeResult *out, Err *err);
/* Ends the transactions of both sides (NULL: not opened), whatever happened in them. `good`: what was read was read
 * well. False where it was not, or does not end well. */
MUST_CHECK bool scan_end(Source *old, Source *new_, bool good, Err *err);

#endif
