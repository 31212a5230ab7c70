#include "check/stretch.h"

#include "check/scan.h"

#include <string.h>

enum {
    FINDINGS_MIN = 256, /* fewer are kept one by one */
    ROWS_A_FINDING = 4, /* at most: to read those again costs about what a key costs */
};

/* ---- making one ------------------------------------------------------------------------------------------- */

static bool column_cuts(const RelationColumn *a, const RelationColumn *b) {
    return a->kind == b->kind && a->kind != KIND_FLOAT && !a->loose && !b->loose;
}

static bool bound_cuts(Value value) {
    bool text = value.kind == KIND_TEXT || value.kind == KIND_OPAQUE || value.kind == KIND_ARRAY;
    return value.state == CELL_VALUE &&
           (!text || (utf8_valid(value.as.text) &&
                      (value.as.text.length == 0 || memchr(value.as.text.bytes, '\0', value.as.text.length) == NULL)));
}

static bool keys_cut(const Match *match, const Finding *first, const Finding *last) {
    for (size_t i = 0; i < match->key_count; i++) {
        if (!column_cuts(&match->old.relation.columns[match->old.relation.key[i]],
                         &match->new_.relation.columns[match->new_.relation.key[i]]) ||
            !bound_cuts(first->key[i]) || !bound_cuts(last->key[i])) {
            return false;
        }
    }
    return true;
}

bool stretch_fits(const Plan *plan, const RangeTask *task, Found found) {
    if (found.findings->count < FINDINGS_MIN || (int64_t)found.findings->count < found.rows / ROWS_A_FINDING ||
        task->range.rows != RANGE_BETWEEN || plan->order.native_collation || plan->match->one_row) {
        return false;
    }
    FindingCursor at = finding_list_start(found.findings), end;
    return keys_cut(plan->match, finding_list_next(&at), finding_list_last(found.findings, &end));
}

static const Value *key_copy(Arena *arena, const Finding *finding) {
    Value *copy = ARENA_MANY(arena, finding->key_count, Value);
    for (size_t i = 0; i < finding->key_count; i++) {
        copy[i] = value_copy(arena, finding->key[i]);
    }
    return copy;
}

Stretch *stretch_make(Arena *arena, const Plan *plan, Found found) {
    Stretch *made = ARENA_NEW(arena, Stretch);
    FindingCursor at = finding_list_start(found.findings), first = at, last;
    Buf scratch = {0};
    bool alone = found.rows == (int64_t)found.findings->count && finding_list_is_run(found.findings);
    made->range = (Range){RANGE_BETWEEN, key_copy(arena, finding_list_next(&first)),
                          key_copy(arena, finding_list_last(found.findings, &last))};
    made->keys_only = true;
    made->counts = counts_make(arena, plan->match);
    made->undecided = counts_make(arena, plan->match);
    made->count = found.findings->count - 1;
    for (size_t i = 0; i < made->count; i++) {
        const Finding *finding = finding_list_next(&at);
        made->keys_only = made->keys_only && (finding->kind == MISSING_IN_NEW || finding->kind == MISSING_IN_OLD);
        counts_finding(&made->counts, finding, 1);
        if (alone) {
            finding_list_add(&made->alone, arena, finding);
        } else {
            digest_add(&made->digest, finding_hash(finding, &scratch));
        }
    }
    buf_free(&scratch);
    return made;
}

/* ---- looking at one that is kept -------------------------------------------------------------------------- */

static bool keys_follow(FindingCursor *cursor, const Batch *batch) {
    const Column *keys = &batch->columns[0];
    bool same = keys->kind == KIND_INT;
    for (size_t row = 0; same && row < batch->rows; row++) {
        const Finding *finding = finding_list_next(cursor);
        same = finding != NULL && keys->state[row] == CELL_VALUE && keys->data.ints[row] == finding->key[0].as.integer;
    }
    return same;
}

/* Whether a scan gives these findings' keys and no others; it is read to its end. */
static bool scan_gives(Source *source, const FindingList *list, int64_t *rows, bool *out, Err *err) {
    FindingCursor cursor = finding_list_start(list);
    const Batch *batch;
    bool same = true;
    do {
        if (!source->ops->next(source, &batch, err)) {
            return false;
        }
        same = same && keys_follow(&cursor, batch);
        *rows += (int64_t)batch->rows;
    } while (batch->rows > 0);
    *out = same && finding_list_next(&cursor) == NULL;
    return true;
}

static bool alone_again(const Stretch *stretch, const Plan *plan, Source *old, Source *new_, Counts *look_counts,
                        bool *out, Err *err) {
    static const FindingList none;
    bool in_old = stretch->counts.kinds[MISSING_IN_NEW] > 0;
    Scan old_scan = scan_of_keys(plan, false, stretch->range);
    Scan new_scan = scan_of_keys(plan, true, stretch->range);
    bool old_same, new_same;
    bool good = old->ops->scan(old, &old_scan, err) && new_->ops->scan(new_, &new_scan, err) &&
                scan_gives(old, in_old ? &stretch->alone : &none, &look_counts->old_rows, &old_same, err) &&
                scan_gives(new_, in_old ? &none : &stretch->alone, &look_counts->new_rows, &new_same, err);
    *out = good && old_same && new_same;
    return good;
}

/* ---- looking at one by its digest ------------------------------------------------------------------------- */

typedef struct Gathering {
    Arena *arena;
    StretchSeen *seen;
    Buf scratch;
} Gathering;

static void gather(void *self, const Finding *finding) {
    Gathering *gathering = self;
    StretchSeen *seen = gathering->seen;
    finding_list_add(&seen->findings, gathering->arena, finding);
    digest_add(&seen->digest, finding_hash(finding, &gathering->scratch));
    counts_finding(&seen->counts, finding, 1);
}

static bool read_once(const Stretch *stretch, bool keys_only, const Plan *plan, Source *old, Source *new_,
                      Comparator *comparator, Counts *look_counts, Gathering *into, Err *err) {
    RangeScan scan = {.plan = plan, .range = stretch->range, .keys_only = keys_only};
    MergeResult ignored;
    return scan_start(&scan, old, new_, err) &&
           scan_merge(&scan, old, new_, comparator, look_counts, (FindingTaker){gather, into}, &ignored, err);
}

/* Rows that are alone no more may differ now: only reading all of them tells. What was read before is forgotten. */
static bool read_all(const Stretch *stretch, const Plan *plan, Source *old, Source *new_, Comparator *comparator,
                     Counts *look_counts, Gathering *into, Err *err) {
    into->seen->findings = (FindingList){0};
    into->seen->digest = (Digest){0};
    counts_clear(&into->seen->counts, plan->match);
    return read_once(stretch, false, plan, old, new_, comparator, look_counts, into, err);
}

bool stretch_look(const Stretch *stretch, const Plan *plan, Source *old, Source *new_, Comparator *comparator,
                  Counts *look_counts, Arena *arena, StretchSeen *out, Err *err) {
    StretchSeen seen = {.counts = counts_make(arena, plan->match)};
    Gathering into = {.arena = arena, .seen = &seen};
    counts_clear(look_counts, plan->match);
    bool kept = stretch->alone.count > 0;
    bool good = kept ? alone_again(stretch, plan, old, new_, look_counts, &seen.same, err)
                     : read_once(stretch, stretch->keys_only, plan, old, new_, comparator, look_counts, &into, err);
    seen.same = kept ? seen.same : digest_equal(&seen.digest, &stretch->digest);
    if (good && stretch->keys_only && !seen.same) {
        good = read_all(stretch, plan, old, new_, comparator, look_counts, &into, err);
        seen.same = !kept && digest_equal(&seen.digest, &stretch->digest);
    }
    if (good) {
        *out = seen;
    }
    buf_free(&into.scratch);
    return good;
}
