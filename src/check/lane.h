/* One side of a merge: a scan read batch by batch, in key order, with a view of the next row's key.
 *
 * In: a source that is scanning. Out: views - stretches of rows that lie in one batch - and, for each row, whether the
 * row after it (in this view or the next) has the same key. The last row of every batch is carried over in a copy, so
 * that this is known for it too. Rows that come with a Wire are hashed and read when the merge asks for them, all
 * others as they arrive.
 * Promises: every row of the scan appears in exactly one view; rows ascend by key, or the call that meets the one that
 * does not fails.
 */
#ifndef CHECK_LANE_H
#define CHECK_LANE_H

#include "check/compare.h"

typedef struct Lane {
    Source *source;
    const MatchSide *side;
    Comparator *comparator;
    size_t key_count;
    bool is_new;
    bool keys_only; /* nothing but keys is read: no hashes, no digest */

    /* the view: rows row .. end-1 of batch; row == end only after the last row */
    const Batch *batch;
    size_t row, end;
    RowHash *hashes;        /* by row of batch; of a batch with a Wire, of rows that were hashed or given one */
    const uint8_t *repeats; /* repeats[row]: the next row of the scan has the same key */

    /* behind it */
    const Batch *pending; /* the batch the source gave last */
    RowHash pending_hashes[BATCH_ROWS];
    uint8_t pending_repeats[BATCH_ROWS];
    Batch carry;
    RowHash carry_hash;
    uint8_t carry_repeats;
    Arena carry_memory;
    Digest digest; /* of the rows that have hashes */
} Lane;

/* The source must be scanning. Loads the first view. */
MUST_CHECK bool lane_open(Lane *lane, Source *source, const MatchSide *side, bool is_new, bool keys_only,
                          Comparator *comparator, size_t key_count, Err *err);
/* The next view; the old one's memory is gone. An empty view is the end. */
MUST_CHECK bool lane_next_view(Lane *lane, Err *err);
/* Hashes of these rows of the view, and their part of the digest: every row's is due once. */
MUST_CHECK bool lane_hash(Lane *lane, const uint32_t *rows, size_t count, Err *err);
/* The same of the twin of a row with this hash. */
static inline void lane_take_hash(Lane *lane, uint32_t row, RowHash hash) {
    lane->hashes[row] = hash;
    digest_add(&lane->digest, hash);
}
/* Makes the row's cells, where it has none. */
MUST_CHECK bool lane_read(const Lane *lane, size_t row, Err *err);
void lane_close(Lane *lane);

#endif
