#include "check/digest_read.h"

#include "check/scan.h"

enum {
    CUTS_MAX = 1024,
    CUT_ROWS = 1024,          /* fewer cost more to find than to read; of more, one that differs costs too much */
    SELECTS_MAX = 48,         /* where each cut is a SELECT of its own, ... */
    SELECT_PARTS_MAX = 400,   /* ... whose texts grow by each hashed part */
    LEFT_BYTES_MAX = 8 << 20, /* of keys that are held */
};

/* ---- asking both servers -------------------------------------------------------------------------------------- */

static bool ask_both(Source *old, Source *new_, const DigestScan *old_scan, const DigestScan *new_scan,
                     RowsDigest *old_rows, RowsDigest *new_rows, Err *err) {
    return old->ops->digest(old, old_scan, err) && new_->ops->digest(new_, new_scan, err) &&
           old->ops->digested(old, old_scan, old_rows, err) && new_->ops->digested(new_, new_scan, new_rows, err);
}

static bool proves(const RowsDigest *old, const RowsDigest *new_) {
    return old->rows == new_->rows && !old->doubtful && !new_->doubtful && old->sum == new_->sum;
}

/* ---- cuts ------------------------------------------------------------------------------------------------------- */

typedef struct Cuts {
    Arena *arena;
    const Plan *plan;
    Range *ranges;
    size_t count;
} Cuts;

static void cut_add(Cuts *cuts, RangeRows rows, const Value *from, const Value *to) {
    cuts->ranges[cuts->count++] = (Range){.rows = rows, .from = from, .to = to};
}

/* Between two bounds, where keys can be reckoned with: evenly, however unevenly they lie. */
static void cuts_between(Cuts *cuts, RangeRows rows, const Value *from, const Value *to, size_t fine) {
    const Value *at;
    for (size_t left = fine; left > 1 && from != NULL && to != NULL; left--) {
        if (range_between(cuts->arena, from, to, cuts->plan->match->key_count, 1, left, &at)) {
            cut_add(cuts, rows, from, at);
            from = at;
        }
    }
    cut_add(cuts, rows, from, to);
}

static bool are_listed(const Match *match) {
    bool listed = true;
    for (size_t i = 0; i < match->key_count; i++) {
        listed = listed && digest_lists(match->old.columns[i].kind);
    }
    return listed;
}

static size_t cuts_most(const Plan *plan) {
    size_t fit = SELECT_PARTS_MAX / (plan->digest.part_count + 1);
    return are_listed(plan->match) ? CUTS_MAX : fit < 1 ? 1 : fit > SELECTS_MAX ? SELECTS_MAX : fit;
}

/* How many cuts so many ranges of the plan are worth. */
static size_t fine_cuts(const Plan *plan, const RangeTask *task, size_t ranges, size_t most) {
    double rows = plan->estimated_rows / (double)plan->range_count * (double)ranges / (task->part ? 2 : 1);
    double wanted = rows < CUT_ROWS ? 1 : rows / CUT_ROWS;
    return most < 1 ? 1 : wanted > (double)most ? most : (size_t)wanted;
}

const Range *digest_cuts(Arena *arena, const Plan *plan, const RangeTask *task, size_t *out_count) {
    size_t most = cuts_most(plan);
    size_t each = task->part ? task->count : (task->count + most - 1) / most;
    size_t count = (task->count + each - 1) / each;
    size_t fine = are_listed(plan->match) ? fine_cuts(plan, task, each, most / count) : 1;
    Cuts cuts = {arena, plan, ARENA_MANY(arena, count * fine, Range), 0};
    const Value *from = task->range.from;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        const Value *to = last ? task->range.to : plan->ranges[task->first + (i + 1) * each].from;
        cuts_between(&cuts, task->range.rows, from, to, fine);
        from = to;
    }
    *out_count = cuts.count;
    return cuts.ranges;
}

static DigestFound cut_found(Range range, const RowsDigest *old, const RowsDigest *new_) {
    bool proved = proves(old, new_);
    return (DigestFound){
        .range = range,
        .old_rows = old->rows,
        .new_rows = new_->rows,
        .proved = proved ? old->rows : 0,
        .parts_left = proved ? 0 : 1,
    };
}

bool digest_by_cuts(Arena *arena, const Plan *plan, Source *old, Source *new_, const Range *cuts, size_t count,
                    DigestFound *out, Err *err) {
    DigestScan old_scan = plan_digest(plan, false, cuts, count);
    DigestScan new_scan = plan_digest(plan, true, cuts, count);
    RowsDigest *old_rows = ARENA_MANY(arena, count, RowsDigest);
    RowsDigest *new_rows = ARENA_MANY(arena, count, RowsDigest);
    if (!ask_both(old, new_, &old_scan, &new_scan, old_rows, new_rows, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = cut_found(cuts[i], &old_rows[i], &new_rows[i]);
    }
    return true;
}

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

bool digest_hashes_start(const Plan *plan, Range range, Source *old, Source *new_, Err *err) {
    DigestScan old_scan = plan_digest(plan, false, &range, 1);
    DigestScan new_scan = plan_digest(plan, true, &range, 1);
    return old->ops->row_hashes(old, &old_scan, err) && new_->ops->row_hashes(new_, &new_scan, err);
}

/* Keys that do not agree, as they are met. */
typedef struct Leaving {
    Arena *arena;
    size_t key_count, at_a_time;
    LeftKeys *first, *last;
    size_t count; /* also of those that are not held */
    bool too_many;
} Leaving;

static LeftKeys *left_place(Leaving *leaving) {
    LeftKeys *last = leaving->last;
    if (last != NULL && last->count < leaving->at_a_time) {
        return last;
    }
    LeftKeys *more = ARENA_NEW(leaving->arena, LeftKeys);
    more->keys = ARENA_MANY(leaving->arena, leaving->at_a_time * leaving->key_count, Value);
    *(last == NULL ? &leaving->first : &last->next) = more;
    leaving->last = more;
    return more;
}

static void left_take(void *self, const Batch *batch, size_t row) {
    Leaving *leaving = self;
    leaving->count++;
    leaving->too_many = leaving->too_many || leaving->arena->held_bytes > LEFT_BYTES_MAX;
    if (leaving->too_many) {
        return;
    }
    LeftKeys *place = left_place(leaving);
    Value *key = place->keys + place->count++ * leaving->key_count;
    for (size_t i = 0; i < leaving->key_count; i++) {
        key[i] = value_copy(leaving->arena, column_value(&batch->columns[i], row));
    }
}

bool digest_by_hashes(Arena *arena, const Plan *plan, Range range, Source *old, Source *new_, DigestFound *out,
                      Err *err) {
    Leaving leaving = {.arena = arena, .key_count = plan->match->key_count, .at_a_time = scan_lookup_keys(plan)};
    HashesMerged merged;
    if (!merge_hashes(arena, plan->match, old, new_, (KeyTaker){left_take, &leaving}, &merged, err)) {
        return false;
    }
    *out = (DigestFound){
        .range = range,
        .old_rows = merged.old_rows,
        .new_rows = merged.new_rows,
        .proved = merged.agreeing,
        .parts_left = leaving.count,
        .keys = leaving.too_many ? NULL : leaving.first,
    };
    return true;
}
