/* Resuming an earlier run of the same check.
 *
 * Whoever keeps runs gives a Resume to plan; the plan's ranges are then what that run left, and the run counts what was
 * proved before as if it had read it. The parts are of different moments: the verdict's reason says so.
 */
#ifndef CHECK_RESUME_H
#define CHECK_RESUME_H

#include "check/compare.h"

typedef struct Resume Resume;

struct Resume {
    int64_t started_us; /* wall clock: when the first range was read */
    Mode mode;          /* of that run: ranges of one mode are not ranges of another */
    KeyOrder order;
    const Range *left; /* not proved, in the order of the plan */
    size_t left_count;
    int64_t proved; /* ranges */
    Counts counts;  /* of the proved ranges */
    /* Gives every finding of the proved ranges, each once; false where not all could be given. */
    bool (*findings)(const Resume *resume, FindingTaker taker, Err *err);
};

/* What was read of plan ranges: `count` of them from `first` on, or a stretch of the one at `first`. */
typedef struct RangeDone {
    size_t first, count;
    bool halved;
    Range range;
} RangeDone;

/* The plan ranges without what is done: whole ranges, and of halved ones the stretches in between. `done` is sorted.
 * Halves are told apart by the leading part of their bounds, which ascends strictly from cut to cut and is a number, a
 * time or a uuid (queue.h); so this holds in every order of keys. False: `done` is not of these ranges. */
MUST_CHECK bool ranges_left(Arena *arena, const Range *ranges, size_t count, RangeDone *done, size_t done_count,
                            const Range **out, size_t *out_count);

/* Fills the ranges of a plan whose mode and order are chosen; refuses where these are not what they were. */
MUST_CHECK bool resume_plan(const Resume *resume, Plan *plan, Err *err);

#endif
