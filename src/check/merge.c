#include "check/merge.h"

#include "source/wire.h"

typedef struct Merge {
    const Match *match;
    Comparator *comparator;
    Lane old, new_;
    Counts *counts;
    FindingTaker taker;
    KeyTaker left; /* of hashes: who takes what does not agree; take NULL: rows are merged, or keys */
    bool keys_only, reads_all;
    uint32_t old_rows[BATCH_ROWS], new_rows[BATCH_ROWS]; /* the block of pairs that waits */
    size_t pairs;
    uint32_t apart_old[BATCH_ROWS], apart_new[BATCH_ROWS]; /* those of the block that are no twins */
    size_t apart;
    int64_t agreeing; /* of hashes */
} Merge;

/* ---- pairs -------------------------------------------------------------------------------------------------- */

static bool are_twins(const Merge *merge, size_t p) {
    return wire_twins(merge->old.batch->wire, merge->old_rows[p], merge->new_.batch->wire, merge->new_rows[p]);
}

/* New rows that are twins get the hashes of the old ones; the other pairs of the block are apart. */
static void block_part(Merge *merge) {
    bool possible = compare_knows_twins(merge->comparator, merge->old.batch, merge->new_.batch);
    merge->apart = 0;
    for (size_t p = 0; p < merge->pairs; p++) {
        if (possible && are_twins(merge, p)) {
            lane_take_hash(&merge->new_, merge->new_rows[p], merge->old.hashes[merge->old_rows[p]]);
        } else {
            merge->apart_old[merge->apart] = merge->old_rows[p];
            merge->apart_new[merge->apart++] = merge->new_rows[p];
        }
    }
}

static bool block_hash(Merge *merge, Err *err) {
    if (!lane_hash(&merge->old, merge->old_rows, merge->pairs, err)) {
        return false;
    }
    if (merge->match->one_row) {
        return true;
    }
    block_part(merge);
    return lane_hash(&merge->new_, merge->apart_new, merge->apart, err);
}

static bool pair_read(const Merge *merge, uint32_t old_row, uint32_t new_row, Err *err) {
    return lane_read(&merge->old, old_row, err) && (merge->match->one_row || lane_read(&merge->new_, new_row, err));
}

/* Makes the cells that will be looked at. */
static bool block_read(const Merge *merge, Err *err) {
    for (size_t p = 0; merge->reads_all && p < merge->pairs; p++) {
        if (!pair_read(merge, merge->old_rows[p], merge->new_rows[p], err)) {
            return false;
        }
    }
    for (size_t p = 0; !merge->reads_all && p < merge->apart; p++) {
        uint32_t old_row = merge->apart_old[p], new_row = merge->apart_new[p];
        if (!row_hash_equal(merge->old.hashes[old_row], merge->new_.hashes[new_row]) &&
            !pair_read(merge, old_row, new_row, err)) {
            return false;
        }
    }
    return true;
}

static bool block_flush(Merge *merge, Err *err) {
    if (merge->pairs == 0 || merge->keys_only) {
        merge->agreeing += (int64_t)merge->pairs;
        merge->pairs = 0;
        return true;
    }
    if (!block_hash(merge, err) || !block_read(merge, err)) {
        return false;
    }
    RowPairs block = {
        .old = merge->old.batch,
        .new_ = merge->match->one_row ? NULL : merge->new_.batch,
        .old_rows = merge->old_rows,
        .new_rows = merge->match->one_row ? NULL : merge->new_rows,
        .count = merge->pairs,
    };
    compare_pairs(merge->comparator, &block, merge->old.hashes, merge->new_.hashes, merge->counts, merge->taker);
    merge->pairs = 0;
    return true;
}

/* ---- steps -------------------------------------------------------------------------------------------------- */

static bool has_row(const Lane *lane) {
    return lane->row < lane->end;
}

/* Past the head row; the waiting block is compared before its batch goes. */
static bool step(Merge *merge, Lane *lane, Err *err) {
    if (++lane->row < lane->end) {
        return true;
    }
    return block_flush(merge, err) && lane_next_view(lane, err);
}

static int heads_compare(const Merge *merge) {
    if (!has_row(&merge->old) || !has_row(&merge->new_)) {
        return has_row(&merge->old) ? -1 : 1;
    }
    for (size_t i = 0; i < merge->match->key_count; i++) {
        int order = column_compare(&merge->old.batch->columns[i], merge->old.row, &merge->new_.batch->columns[i],
                                   merge->new_.row);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

/* The head row pairs with nothing. */
static bool head_pass(Merge *merge, Lane *lane, Err *err) {
    uint32_t row = (uint32_t)lane->row;
    return lane_hash(lane, &row, 1, err) && (!merge->reads_all || lane_read(lane, row, err)) && step(merge, lane, err);
}

/* Past all rows with the head's key. */
static bool skip_group(Merge *merge, Lane *lane, Err *err) {
    bool more = true;
    while (more) {
        more = lane->repeats[lane->row];
        if (!head_pass(merge, lane, err)) {
            return false;
        }
    }
    return true;
}

static bool head_repeats(const Lane *lane) {
    return has_row(lane) && lane->repeats[lane->row];
}

static void head_tell(Merge *merge, const Lane *lane, FindingKind kind) {
    if (merge->left.take != NULL) {
        merge->left.take(merge->left.self, lane->batch, lane->row);
    } else {
        compare_alone(merge->comparator, kind, lane->batch, lane->row, merge->counts, merge->taker);
    }
}

static bool take_alone(Merge *merge, Lane *lane, FindingKind missing, Err *err) {
    FindingKind kind = head_repeats(lane) ? DUPLICATE_KEY : missing;
    if (!block_flush(merge, err)) { /* findings leave in key order */
        return false;
    }
    head_tell(merge, lane, kind);
    return skip_group(merge, lane, err);
}

static bool take_repeated(Merge *merge, Err *err) {
    if (!block_flush(merge, err)) {
        return false;
    }
    head_tell(merge, &merge->old, DUPLICATE_KEY);
    return skip_group(merge, &merge->old, err) && skip_group(merge, &merge->new_, err);
}

/* A hash is the column behind the key. */
static bool hashes_agree(const Merge *merge, size_t old_row, size_t new_row) {
    const Column *old = &merge->old.batch->columns[merge->match->key_count];
    const Column *new_ = &merge->new_.batch->columns[merge->match->key_count];
    return old->state[old_row] == CELL_VALUE && new_->state[new_row] == CELL_VALUE &&
           old->data.ints[old_row] == new_->data.ints[new_row];
}

static bool take_pair(Merge *merge, Err *err) {
    if (merge->left.take != NULL && !hashes_agree(merge, merge->old.row, merge->new_.row)) {
        head_tell(merge, &merge->old, DIFFERENT);
    } else {
        merge->old_rows[merge->pairs] = (uint32_t)merge->old.row;
        merge->new_rows[merge->pairs] = (uint32_t)merge->new_.row;
        merge->pairs++;
    }
    return step(merge, &merge->old, err) && step(merge, &merge->new_, err);
}

/* The common stretch - one INT key, both sides equal and unique - without a call a row. */
static void take_run(Merge *merge) {
    Lane *old = &merge->old;
    Lane *new_ = &merge->new_;
    if (merge->match->key_count != 1 || old->batch->columns[0].kind != KIND_INT ||
        new_->batch->columns[0].kind != KIND_INT) {
        return;
    }
    const int64_t *old_keys = old->batch->columns[0].data.ints;
    const int64_t *new_keys = new_->batch->columns[0].data.ints;
    const uint8_t *old_state = old->batch->columns[0].state;
    const uint8_t *new_state = new_->batch->columns[0].state;
    const uint8_t *old_repeats = old->repeats, *new_repeats = new_->repeats;
    /* one row of each view is left for step(), which moves to the next view */
    size_t i = old->row, k = new_->row, old_end = old->end - 1, new_end = new_->end - 1, pairs = merge->pairs;
    bool hashed = merge->left.take != NULL;
    while (i < old_end && k < new_end && old_keys[i] == new_keys[k] && old_state[i] == CELL_VALUE &&
           new_state[k] == CELL_VALUE && !old_repeats[i] && !new_repeats[k] && (!hashed || hashes_agree(merge, i, k))) {
        merge->old_rows[pairs] = (uint32_t)i++;
        merge->new_rows[pairs++] = (uint32_t)k++;
    }
    old->row = i;
    new_->row = k;
    merge->pairs = pairs;
}

static bool merge_step(Merge *merge, Err *err) {
    int order = heads_compare(merge);
    if (order < 0) {
        return take_alone(merge, &merge->old, MISSING_IN_NEW, err);
    }
    if (order > 0) {
        return take_alone(merge, &merge->new_, MISSING_IN_OLD, err);
    }
    if (head_repeats(&merge->old) || head_repeats(&merge->new_)) {
        return take_repeated(merge, err);
    }
    return take_pair(merge, err);
}

static bool merge_sides(Merge *merge, Err *err) {
    while (has_row(&merge->old) || has_row(&merge->new_)) {
        if (has_row(&merge->old) && has_row(&merge->new_)) {
            take_run(merge);
        }
        if (!merge_step(merge, err)) {
            return false;
        }
    }
    return block_flush(merge, err);
}

/* Parallel columns: every row is its own pair. */
static bool merge_one_side(Merge *merge, Err *err) {
    while (has_row(&merge->old)) {
        if (head_repeats(&merge->old)) {
            if (!take_alone(merge, &merge->old, DUPLICATE_KEY, err)) {
                return false;
            }
            continue;
        }
        merge->old_rows[merge->pairs++] = (uint32_t)merge->old.row;
        if (!step(merge, &merge->old, err)) {
            return false;
        }
    }
    return block_flush(merge, err);
}

static bool merge_run(Merge *merge, Source *old, Source *new_, Err *err) {
    const Match *match = merge->match;
    if (!lane_open(&merge->old, old, &match->old, false, merge->keys_only, merge->comparator, match->key_count, err)) {
        return false;
    }
    if (match->one_row) {
        return merge_one_side(merge, err);
    }
    return lane_open(&merge->new_, new_, &match->new_, true, merge->keys_only, merge->comparator, match->key_count,
                     err) &&
           merge_sides(merge, err);
}

static bool merge_all(Merge *merge, Source *old, Source *new_, MergeResult *out, Err *err) {
    bool good = merge_run(merge, old, new_, err);
    if (good) {
        const Digest *other = merge->match->one_row ? &merge->old.digest : &merge->new_.digest;
        *out = (MergeResult){.old = merge->old.digest, .new_ = *other};
        merge->counts->old_rows += (int64_t)out->old.rows;
        merge->counts->new_rows += (int64_t)out->new_.rows;
    }
    lane_close(&merge->old);
    lane_close(&merge->new_);
    return good;
}

static Merge *merge_make(Arena *arena, const Match *match, Comparator *comparator, Counts *counts, FindingTaker taker) {
    Merge *merge = ARENA_NEW(arena, Merge);
    merge->match = match;
    merge->comparator = comparator;
    merge->counts = counts;
    merge->taker = taker;
    merge->reads_all = compare_reads_all(comparator);
    return merge;
}

bool merge_scans(Arena *arena, const Match *match, Source *old, Source *new_, Comparator *comparator, Counts *counts,
                 FindingTaker taker, MergeResult *out, Err *err) {
    return merge_all(merge_make(arena, match, comparator, counts, taker), old, new_, out, err);
}

bool merge_keys(Arena *arena, const Match *match, Source *old, Source *new_, Comparator *comparator, Counts *counts,
                FindingTaker taker, Err *err) {
    Merge *merge = merge_make(arena, match, comparator, counts, taker);
    MergeResult ignored;
    merge->keys_only = true;
    return merge_all(merge, old, new_, &ignored, err);
}

bool merge_hashes(Arena *arena, const Match *match, Source *old, Source *new_, KeyTaker left, HashesMerged *out,
                  Err *err) {
    Merge *merge = ARENA_NEW(arena, Merge);
    Counts rows = {0};
    MergeResult ignored;
    merge->match = match;
    merge->counts = &rows;
    merge->left = left;
    merge->keys_only = true;
    bool good = merge_all(merge, old, new_, &ignored, err);
    if (good) {
        *out = (HashesMerged){rows.old_rows, rows.new_rows, merge->agreeing};
    }
    return good;
}
