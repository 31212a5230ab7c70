/* Two lanes -> pairs, missing rows, repeated keys.
 *
 * Both sides of one range are read in lockstep by key. Rows that pair are compared in blocks; what is alone is a
 * finding. A key that stands twice on a side is one duplicate_key finding and pairs with nothing.
 * Promises: every row of both scans is looked at exactly once; counts say how many there were.
 */
#ifndef CHECK_MERGE_H
#define CHECK_MERGE_H

#include "check/lane.h"

typedef struct MergeResult {
    Digest old, new_;
} MergeResult;

/* Both sources must be scanning the same range (new_ NULL: parallel columns of one row). */
MUST_CHECK bool merge_scans(Arena *arena, const Match *match, Source *old, Source *new_, Comparator *comparator,
                            Counts *counts, FindingTaker taker, MergeResult *out, Err *err);
/* The same where both sources scan their keys alone: what stands on one side only, or twice, is found; pairs are
 * counted as rows and compared with nothing. No digests. */
MUST_CHECK bool merge_keys(Arena *arena, const Match *match, Source *old, Source *new_, Comparator *comparator,
                           Counts *counts, FindingTaker taker, Err *err);

/* Takes the first of the rows with one key, in key order; valid during the call. */
typedef struct KeyTaker {
    void (*take)(void *self, const Batch *batch, size_t row);
    void *self;
} KeyTaker;

typedef struct HashesMerged {
    int64_t old_rows, new_rows;
    int64_t agreeing; /* keys that stand once on each side, with one hash */
} HashesMerged;

/* Both sources must be giving row hashes of the same range: `left` takes all keys that do not agree. */
MUST_CHECK bool merge_hashes(Arena *arena, const Match *match, Source *old, Source *new_, KeyTaker left,
                             HashesMerged *out, Err *err);

#endif
