/* The digests of a range on both sides -> what they prove, and which rows are left to be read.
 *
 *     digest_by_cuts     a sum of hashes for each stretch of the key: costs the servers least, and tells where to look
 *                        closer
 *     digest_by_hashes   each row's hash: tells the keys of the rows that differ
 *
 * Both servers work at the same time. Promises: whatever row of either side could be a finding or undecided is among
 * what is left. Both sources have begun; after a failure they may still be at work until they are ended.
 */
#ifndef CHECK_DIGEST_READ_H
#define CHECK_DIGEST_READ_H

#include "check/queue.h"

/* Keys in their order, as many as are looked up at a time. */
typedef struct LeftKeys {
    Value *keys; /* count of them, of the match's key_count Values each */
    size_t count;
    struct LeftKeys *next;
} LeftKeys;

typedef struct DigestFound {
    Range range;
    int64_t old_rows, new_rows; /* of the range */
    int64_t proved;             /* pairs of rows that are proved: the others are left */
    size_t parts_left;          /* cuts that hold those, or their keys */
    const LeftKeys *keys;       /* NULL: none, or not known (of cuts), or too many to hold */
} DigestFound;

/* A task's range, cut between the plan's ranges, finely but not too finely for one statement. */
const Range *digest_cuts(Arena *arena, const Plan *plan, const RangeTask *task, size_t *out_count);

/* out[i] of each cut. */
MUST_CHECK bool digest_by_cuts(Arena *arena, const Plan *plan, Source *old, Source *new_, const Range *cuts,
                               size_t count, DigestFound *out, Err *err);

/* Asks both sides for the hashes of a range; digest_by_hashes reads them to their end, from sources that may be paced.
 */
MUST_CHECK bool digest_hashes_start(const Plan *plan, Range range, Source *old, Source *new_, Err *err);
MUST_CHECK bool digest_by_hashes(Arena *arena, const Plan *plan, Range range, Source *old, Source *new_,
                                 DigestFound *out, Err *err);

#endif
