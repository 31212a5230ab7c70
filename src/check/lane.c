#include "check/lane.h"

#include "source/wire.h"

static int row_compare(const Batch *a, size_t row_a, const Batch *b, size_t row_b, size_t key_count) {
    for (size_t i = 0; i < key_count; i++) {
        int order = column_compare(&a->columns[i], row_a, &b->columns[i], row_b);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static bool out_of_order(const Lane *lane, const Batch *batch, size_t row, Err *err) {
    Buf key = {0};
    for (size_t i = 0; i < lane->key_count; i++) {
        buf_text(&key, i > 0 ? ", " : "");
        value_print(column_value(&batch->columns[i], row), &key);
    }
    err_set(err, TF_ERROR_DATA, "could not read %s: rows came out of key order at key (%.200s)",
            lane->side->relation.name, key.bytes == NULL ? "" : key.bytes);
    err_hint(err, "Rebuild the index of the key (REINDEX): its order is not the order of its values.");
    buf_free(&key);
    return false;
}

/* One INT key is the common case: a plain loop over one array. */
static bool ints_ascend(const Batch *batch, uint8_t *repeats) {
    const int64_t *keys = batch->columns[0].data.ints;
    const uint8_t *state = batch->columns[0].state;
    uint8_t bad = state[0] != CELL_VALUE;
    for (size_t i = 0; i + 1 < batch->rows; i++) {
        repeats[i] = keys[i] == keys[i + 1];
        bad |= keys[i] > keys[i + 1] || state[i + 1] != CELL_VALUE;
    }
    return !bad;
}

/* Fills repeats for all rows but the last; false where a row lies before its predecessor. */
static bool batch_ascends(const Batch *batch, size_t key_count, uint8_t *repeats, size_t *out_bad) {
    if (key_count == 1 && batch->columns[0].kind == KIND_INT && ints_ascend(batch, repeats)) {
        return true;
    }
    for (size_t i = 0; i + 1 < batch->rows; i++) {
        int order = row_compare(batch, i, batch, i + 1, key_count);
        if (order > 0) {
            *out_bad = i + 1;
            return false;
        }
        repeats[i] = order == 0;
    }
    return true;
}

static bool key_is_odd(const Lane *lane, const Batch *batch, Err *err) {
    for (size_t i = 0; i < lane->key_count; i++) {
        if (batch->columns[i].odd == NULL) {
            continue;
        }
        for (size_t row = 0; row < batch->rows; row++) {
            if (batch->columns[i].state[row] == CELL_ODD) {
                Str text = batch->columns[i].odd[row];
                err_set(err, TF_ERROR_DATA, "could not read %s: key \"%.*s\" is not of type %s",
                        lane->side->relation.name, (int)(text.length < 100 ? text.length : 100), text.bytes,
                        kind_name(batch->columns[i].kind));
                return true;
            }
        }
    }
    return false;
}

/* Asks the source for its next batch, and looks at it once: order, repeats, hashes, digest. */
static bool pending_load(Lane *lane, Err *err) {
    if (!lane->source->ops->next(lane->source, &lane->pending, err)) {
        return false;
    }
    size_t bad = 0;
    if (lane->pending->rows == 0) {
        return true;
    }
    if (key_is_odd(lane, lane->pending, err)) {
        return false;
    }
    if (!batch_ascends(lane->pending, lane->key_count, lane->pending_repeats, &bad)) {
        return out_of_order(lane, lane->pending, bad, err);
    }
    lane->digest.rows += lane->keys_only ? lane->pending->rows : 0;
    if (lane->keys_only || lane->pending->wire != NULL) {
        return true;
    }
    compare_hash(lane->comparator, lane->pending, lane->is_new, lane->pending_hashes);
    for (size_t i = 0; i < lane->pending->rows; i++) {
        digest_add(&lane->digest, lane->pending_hashes[i]);
    }
    return true;
}

bool lane_hash(Lane *lane, const uint32_t *rows, size_t count, Err *err) {
    if (lane->keys_only || lane->batch->wire == NULL) {
        return true; /* it has none, or had it when it came */
    }
    if (!compare_hash_wire(lane->comparator, lane->batch, lane->is_new, rows, count, lane->hashes, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        digest_add(&lane->digest, lane->hashes[rows[i]]);
    }
    return true;
}

bool lane_read(const Lane *lane, size_t row, Err *err) {
    return lane->batch->wire == NULL || wire_read(lane->batch->wire, row, err);
}

/* Copies the last row of the pending batch, which is the view's, then loads the batch after it. */
static bool carry_over(Lane *lane, Err *err) {
    uint32_t last = (uint32_t)lane->pending->rows - 1;
    if (!lane_hash(lane, &last, 1, err) || !lane_read(lane, last, err)) {
        return false;
    }
    arena_empty(&lane->carry_memory);
    lane->carry = batch_row(&lane->carry_memory, lane->pending, last);
    lane->carry_hash = lane->pending_hashes[last];
    if (!pending_load(lane, err)) {
        return false;
    }
    lane->carry_repeats = 0;
    if (lane->pending->rows > 0) {
        int order = row_compare(&lane->carry, 0, lane->pending, 0, lane->key_count);
        if (order > 0) {
            return out_of_order(lane, lane->pending, 0, err);
        }
        lane->carry_repeats = order == 0;
    }
    return true;
}

static void view_pending(Lane *lane) {
    lane->batch = lane->pending;
    lane->hashes = lane->pending_hashes;
    lane->repeats = lane->pending_repeats;
    lane->row = 0;
    lane->end = lane->pending->rows == 0 ? 0 : lane->pending->rows - 1;
}

bool lane_next_view(Lane *lane, Err *err) {
    if (lane->batch == &lane->carry) {
        view_pending(lane);
        if (lane->end > 0 || lane->pending->rows == 0) {
            return true;
        }
    }
    if (lane->pending->rows == 0) {
        return true; /* the end stays the end */
    }
    if (!carry_over(lane, err)) {
        return false;
    }
    lane->batch = &lane->carry;
    lane->hashes = &lane->carry_hash;
    lane->repeats = &lane->carry_repeats;
    lane->row = 0;
    lane->end = 1;
    return true;
}

bool lane_open(Lane *lane, Source *source, const MatchSide *side, bool is_new, bool keys_only, Comparator *comparator,
               size_t key_count, Err *err) {
    lane->keys_only = keys_only;
    lane->source = source;
    lane->side = side;
    lane->is_new = is_new;
    lane->comparator = comparator;
    lane->key_count = key_count;
    lane->digest = (Digest){0};
    if (!pending_load(lane, err)) {
        return false;
    }
    view_pending(lane);
    return lane->end > 0 || lane->pending->rows == 0 || lane_next_view(lane, err);
}

void lane_close(Lane *lane) {
    arena_free(&lane->carry_memory);
}
