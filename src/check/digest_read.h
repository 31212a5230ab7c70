/* The digests of a range on both sides -> what they prove, and which rows are left to be read.
 *
 *     digest_by_cuts      stretches of the key: costs the servers least, and tells where to look closer
 *     digest_by_buckets   parts of a stretch, the same on both sides: shorter stretches where keys are dense integers,
 *                         else parts by a hash of the key. Few rows are left where few differ, wherever they lie
 *
 * Both servers work at the same time. Promises: whatever row of either side could be a finding or undecided lies in
 * what is left. Both sources have begun; after a failure they may still be at work until they are ended.
 */
#ifndef CHECK_DIGEST_READ_H
#define CHECK_DIGEST_READ_H

#include "check/queue.h"

typedef struct DigestFound {
    Range range;
    int64_t old_rows, new_rows; /* of the range */
    int64_t proved;             /* pairs of rows that are proved */
    int64_t old_left, new_left; /* the other rows */
    size_t parts_left;          /* buckets with such rows; of a cut 1 */
    KeyBuckets left;            /* which; `of` 1: all */
    int64_t expected_rows;      /* about how many the range has, where it was not digested yet; else 0 */
} DigestFound;

/* Few enough to read, where one of a bucket differs. */
enum { BUCKET_ROWS = 12 };

/* A task's range, cut between the plan's ranges, finely but not too finely for one statement. */
const Range *digest_cuts(Arena *arena, const Plan *plan, const RangeTask *task, size_t *out_count);

/* out[i] of each cut. */
MUST_CHECK bool digest_by_cuts(Arena *arena, const Plan *plan, Source *old, Source *new_, const Range *cuts,
                               size_t count, DigestFound *out, Err *err);
/* `rows`: about how many there are. */
MUST_CHECK bool digest_by_buckets(Arena *arena, const Plan *plan, Source *old, Source *new_, Range range, int64_t rows,
                                  DigestFound *out, Err *err);

#endif
