#include "check/resume.h"

#include "base/clock.h"

#include <stdlib.h>

typedef struct Left {
    Range *ranges;
    size_t count;
} Left;

static void left_add(Left *left, Range range) {
    left->ranges[left->count++] = range;
}

static int by_place(const void *a, const void *b) {
    const RangeDone *x = a;
    const RangeDone *y = b;
    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return !x->halved || !y->halved ? 0 : value_compare(x->range.from[0], y->range.from[0]);
}

/* From the cursor to the bound, where that is something; false where it lies behind the cursor. */
static bool stretch_left(const Value *cursor, const Value *bound, Left *left) {
    int order = value_compare(cursor[0], bound[0]);
    if (order < 0) {
        left_add(left, (Range){RANGE_BETWEEN, cursor, bound});
    }
    return order <= 0;
}

/* What lies between the halves that were read. A range with an open end is never halved. */
static bool halves_left(Range range, const RangeDone *done, size_t count, Left *left) {
    if (range.from == NULL || range.to == NULL) {
        return false;
    }
    const Value *cursor = range.from;
    for (size_t i = 0; i < count; i++) {
        if (!done[i].halved || !stretch_left(cursor, done[i].range.from, left)) {
            return false;
        }
        cursor = done[i].range.to;
    }
    return stretch_left(cursor, range.to, left);
}

bool ranges_left(Arena *arena, const Range *ranges, size_t count, RangeDone *done, size_t done_count, const Range **out,
                 size_t *out_count) {
    Left left = {.ranges = ARENA_MANY(arena, count + done_count, Range)};
    if (done_count > 0) {
        qsort(done, done_count, sizeof(RangeDone), by_place);
    }
    size_t at = 0;
    for (size_t i = 0; i < count;) {
        size_t first = at;
        while (at < done_count && done[at].first == i) {
            at++;
        }
        if (at == first) {
            left_add(&left, ranges[i++]);
        } else if (!done[first].halved) {
            i += done[first].count;
        } else if (!halves_left(ranges[i++], done + first, at - first, &left)) {
            return false;
        }
        if (at - first > 1 && !done[first].halved) {
            return false;
        }
    }
    *out = left.ranges;
    *out_count = left.count;
    return at == done_count; /* what overlaps was never reached */
}

bool resume_plan(const Resume *resume, Plan *plan, Err *err) {
    char started[21];
    clock_format_utc(resume->started_us, started);
    if (plan->mode != resume->mode) {
        err_set(err, TF_ERROR_USAGE,
                "cannot resume the run of %s: it was of mode \"%s\", and this one is of mode \"%s\"", started,
                mode_name(resume->mode), mode_name(plan->mode));
        return err_hint(err, "Use --mode %s, or begin anew without --resume.", mode_name(resume->mode));
    }
    if (plan->order.native_collation != resume->order.native_collation) {
        err_set(err, TF_ERROR_USAGE, "cannot resume the run of %s: keys are ordered in another way since", started);
        return err_hint(err, "Begin anew without --resume.");
    }
    plan->resume = resume;
    plan->ranges = resume->left;
    plan->range_count = resume->left_count;
    plan->mode_reason = "as in the run that is resumed";
    plan->order_reason = "what the run before left";
    return true;
}
