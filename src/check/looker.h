/* Pending ranges -> the same rows, looked at again: by their keys, or a stretch at a time.
 *
 * A Looker has connections of its own, opened when there is something to look at, and belongs to one thread.
 * Promises: a look is one transaction a side; where a side is a standby with an as_of, one that sees what its primary
 * had after the ranges were read last. A failed look may have seen part of a range: it must be looked at again.
 */
#ifndef CHECK_LOOKER_H
#define CHECK_LOOKER_H

#include "check/guest.h"
#include "check/pending.h"

typedef struct Looker {
    const Plan *plan;
    Guest *guest;
    Replicas *replicas; /* with positions later than what was seen last */
    int64_t waited_us;  /* for those, so far */
    Source *old, *new_;
    Comparator *comparator;
    Counts counts; /* of the look at hand */
} Looker;

void looker_open(Looker *looker, Arena *arena, const Plan *plan, Guest *guest);
void looker_close(Looker *looker);

/* Looks at all suspects of these ranges (linked by `next`), not at their stretches. */
MUST_CHECK bool looker_see_suspects(Looker *looker, Pending *group, Err *err);
/* Looks at the stretch of a range, if it has one. After its suspects: what the stretch gives up to them was seen now,
 * and its next look is another time. */
MUST_CHECK bool looker_see_stretch(Looker *looker, Pending *pending, Err *err);

#endif
