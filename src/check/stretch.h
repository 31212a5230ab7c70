/* A stretch of keys in which most rows are findings, looked at again as a whole instead of one by one.
 *
 * For example a range that is missing on one side, or a column that differs in every row. To look again is to read the
 * stretch again, the same way as before.
 *
 *     every row stands alone on one side, and is packed (finding_list.h)    the list is kept: the other side must still
 *                                                                           be empty, and the keys the same
 *     anything else                                                         a digest is kept: the same digest means the
 *                                                                           same findings, of the same values
 *
 * Where rows only stand alone, nothing but keys is read.
 * Promises: a stretch that looks different is not judged; every finding that is there now is read.
 * Refuses: keys whose order a range cannot follow (NULL, floats, a column's own collation).
 */
#ifndef CHECK_STRETCH_H
#define CHECK_STRETCH_H

#include "check/worker.h"

typedef struct Stretch {
    Range range;    /* from its first finding up to the finding behind its last */
    FindingList alone; /* all of them, of one kind; empty: they are in the digest */
    bool keys_only;    /* every finding stands on one side only */
    Digest digest;     /* of the findings' keys and images */
    Counts counts;     /* what they added to their range's counts */
    size_t count;
    Counts undecided; /* rows that looks found in doubt, and that are counted */
} Stretch;

/* What a look at a stretch found; in the arena that was given. */
typedef struct StretchSeen {
    bool same; /* as before; of a stretch that is kept itself there is nothing more to say */
    Digest digest;
    Counts counts;
    FindingList findings;
} StretchSeen;

/* Whether these findings, in key order, are most of the rows that were read; the last one bounds the stretch, and is
 * not in it. */
bool stretch_fits(const Plan *plan, const RangeTask *task, Found found);
Stretch *stretch_make(Arena *arena, const Plan *plan, Found found);
/* Reads it again. Both sources have begun. */
MUST_CHECK bool stretch_look(const Stretch *stretch, const Plan *plan, Source *old, Source *new_,
                             Comparator *comparator, Counts *look_counts, Arena *arena, StretchSeen *out, Err *err);

#endif
