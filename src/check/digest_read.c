#include "check/digest_read.h"

enum {
    CUTS_MAX = 1024,
    CUT_ROWS = 1024,        /* fewer cost more to find than to read; of more, one that differs costs too much */
    SELECTS_MAX = 48,       /* where each cut is a SELECT of its own, ... */
    SELECT_PARTS_MAX = 400, /* ... whose texts grow by each hashed part */
    BUCKETS_LEAST = 64,
    SPARSE = 4, /* keys a row: of more, a stretch of keys says too little about how many rows it holds */
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

/* True where the rows of these digests are left. */
static bool found_add(DigestFound *found, const RowsDigest *old, const RowsDigest *new_) {
    found->old_rows += old->rows;
    found->new_rows += new_->rows;
    if (proves(old, new_)) {
        found->proved += old->rows;
        return false;
    }
    found->old_left += old->rows;
    found->new_left += new_->rows;
    found->parts_left++;
    return true;
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

bool digest_by_cuts(Arena *arena, const Plan *plan, Source *old, Source *new_, const Range *cuts, size_t count,
                    DigestFound *out, Err *err) {
    DigestScan old_scan = plan_digest(plan, false, cuts, count, (KeyBuckets){.of = 1});
    DigestScan new_scan = plan_digest(plan, true, cuts, count, (KeyBuckets){.of = 1});
    RowsDigest *old_rows = ARENA_MANY(arena, count, RowsDigest);
    RowsDigest *new_rows = ARENA_MANY(arena, count, RowsDigest);
    if (!ask_both(old, new_, &old_scan, &new_scan, old_rows, new_rows, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (DigestFound){.range = cuts[i], .left = {.of = 1}};
        found_add(&out[i], &old_rows[i], &new_rows[i]);
    }
    return true;
}

/* ---- buckets ---------------------------------------------------------------------------------------------------- */

/* Whether keys lie so densely that stretches of them are as good as a hash: *out is how many keys there are. */
static bool is_dense(const Plan *plan, const Range *range, int64_t rows, uint64_t *out) {
    bool bounded = range->rows == RANGE_BETWEEN && range->from != NULL && range->to != NULL;
    bool integers = plan->match->key_count == 1 && plan->match->old.columns[0].kind == KIND_INT;
    if (!bounded || !integers || range->from->kind != KIND_INT || range->to->kind != KIND_INT) {
        return false; /* numbers that are compared as decimals have integers for bounds, too */
    }
    *out = (uint64_t)range->to->as.integer - (uint64_t)range->from->as.integer;
    return *out / SPARSE <= (uint64_t)rows;
}

static uint32_t buckets_wanted(int64_t rows) {
    int64_t wanted = rows / BUCKET_ROWS;
    return (uint32_t)(wanted < BUCKETS_LEAST        ? BUCKETS_LEAST
                      : wanted > DIGEST_BUCKETS_MAX ? DIGEST_BUCKETS_MAX
                                                    : wanted);
}

static KeyBuckets buckets_for(const Plan *plan, const Range *range, int64_t rows) {
    KeyBuckets buckets = {.of = buckets_wanted(rows)};
    uint64_t keys;
    if (is_dense(plan, range, rows, &keys)) {
        buckets.first = range->from->as.integer;
        buckets.width = (int64_t)(keys / buckets.of) + 1;
        return buckets;
    }
    while ((buckets.of & (buckets.of - 1)) != 0) {
        buckets.of += buckets.of & -buckets.of; /* to the next power of two */
    }
    return buckets;
}

bool digest_by_buckets(Arena *arena, const Plan *plan, Source *old, Source *new_, Range range, int64_t rows,
                       DigestFound *out, Err *err) {
    KeyBuckets buckets = buckets_for(plan, &range, rows);
    DigestScan old_scan = plan_digest(plan, false, &range, 1, buckets);
    DigestScan new_scan = plan_digest(plan, true, &range, 1, buckets);
    RowsDigest *old_rows = ARENA_MANY(arena, buckets.of, RowsDigest);
    RowsDigest *new_rows = ARENA_MANY(arena, buckets.of, RowsDigest);
    if (!ask_both(old, new_, &old_scan, &new_scan, old_rows, new_rows, err)) {
        return false;
    }
    unsigned char *chosen = arena_zeroed(arena, (buckets.of + 7) / 8);
    buckets.chosen = chosen;
    *out = (DigestFound){.range = range, .left = buckets};
    for (uint32_t i = 0; i < buckets.of; i++) {
        if (found_add(out, &old_rows[i], &new_rows[i])) {
            chosen[i / 8] |= (unsigned char)(1 << i % 8);
        }
    }
    return true;
}
