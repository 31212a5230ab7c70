/* All rows of one repair: which, how fast, and when to stop.
 *
 *     Campaign campaign = {.repair = &repair, .writes = true};
 *     campaign_search(&campaign, options, progress, err)   the check itself says which rows disagree
 *     campaign_take(&campaign, keys, count, err)           or somebody named them
 *     campaign_run(&campaign, taker, err)
 *
 * Promises: with more rows that disagree than the spec's max_rows, or a larger share of all than its stop_above,
 * nothing is written: that is a bug in a writer, not drift. A stop ends it between two rows.
 */
#ifndef REPAIR_CAMPAIGN_H
#define REPAIR_CAMPAIGN_H

#include "repair/repair.h"

typedef struct Campaign {
    Repair *repair;
    bool writes;
    Suspicion *rows; /* that are dealt with */
    size_t count, room;
    int64_t disagreed;   /* rows that disagree; may be more than there was room for */
    double ratio;        /* of all keys seen; of keys that were named: 0 */
    const char *unknown; /* why more rows may disagree than are known: a sentence; NULL: none does */
    const char *stopped; /* why nothing is written: a sentence; NULL: nothing is in the way */
    bool interrupted;    /* asked to stop before the last row */
    int64_t outcomes[OUTCOMES];
} Campaign;

/* Who is told of each row. Pointers are valid during the call. */
typedef struct RowTaker {
    void (*take)(void *self, const RepairRow *row);
    void *self;
} RowTaker;

/* Runs the check. `progress` may be NULL. Closes the check's sources; repair_connect is done anew. */
MUST_CHECK bool campaign_search(Campaign *campaign, const CheckOptions *options, Sink *progress, Err *err);
/* `keys`: count * key_count Values that live as long. Looks at them, until they have settled. */
MUST_CHECK bool campaign_take(Campaign *campaign, const Value *keys, size_t count, Err *err);
/* False: it could not go on; the outcomes say how far it came. */
MUST_CHECK bool campaign_run(Campaign *campaign, RowTaker taker, Err *err);

/* Inconsistent: rows are known that still disagree. Cannot tell: some may. */
Verdict campaign_verdict(const Campaign *campaign);

#endif
