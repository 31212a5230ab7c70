#include "repair/sight.h"

void sight_judge(const Aim *aim, Arena *arena, Sight *sight) {
    const KeptRow *old = aim->write_new ? &sight->trusted : &sight->written;
    const KeptRow *new_ = aim->write_new ? &sight->written : &sight->trusted;
    sight->verdict = row_judge(&aim->match, arena, old, new_);
}

bool image_equal(RowImage a, RowImage b) {
    bool equal = a.count == b.count;
    for (size_t i = 0; equal && i < a.count; i++) {
        equal = a.cells[i].null == b.cells[i].null && (a.cells[i].null || str_equal(a.cells[i].text, b.cells[i].text));
    }
    return equal;
}

static bool texts(Source *source, const Scan *scan, const Value *key, RowLock lock, Arena *arena, RowImage *out,
                  Err *err) {
    size_t rows;
    return source->ops->row_texts(source, scan, key, lock, arena, out, &rows, err);
}

/* What a lock would have promised. */
static bool trusted_again(const Aim *aim, const Sides *sides, const Value *key, Arena *arena, const Sight *sight,
                          Err *err) {
    RowImage again;
    if (sides->trusted_lock != ROW_UNLOCKED || aim->match.one_row) {
        return true;
    }
    if (!texts(sides->trusted, &aim->trusted_texts, key, ROW_UNLOCKED, arena, &again, err)) {
        return false;
    }
    return image_equal(again, sight->trusted_texts) ||
           err_set(err, TF_ERROR_CONFLICT, "could not read a row of %s twice alike", aim_trusted(aim)->relation.name);
}

/* Within one row the written texts lock it, so they come first; otherwise whoever is trusted comes first, as in most
 * programs that write twice. */
static bool texts_take(const Aim *aim, const Sides *sides, const Value *key, Arena *arena, Sight *sight, Err *err) {
    bool one_row = aim->match.one_row;
    if (!one_row &&
        !texts(sides->trusted, &aim->trusted_texts, key, sides->trusted_lock, arena, &sight->trusted_texts, err)) {
        return false;
    }
    return texts(sides->written, &aim->written_texts, key, sides->written_lock, arena, &sight->written_texts, err) &&
           (!one_row ||
            texts(sides->written, &aim->trusted_texts, key, ROW_UNLOCKED, arena, &sight->trusted_texts, err));
}

static bool rows_take(const Aim *aim, const Sides *sides, const Value *key, Arena *arena, Sight *sight, Err *err) {
    const Match *match = &aim->match;
    if (!row_fetch(match, aim_written(aim), sides->written, arena, key, &sight->written, err)) {
        return false;
    }
    if (match->one_row) {
        sight->trusted = sight->written;
        return true;
    }
    return row_fetch(match, aim_trusted(aim), sides->trusted, arena, key, &sight->trusted, err) &&
           trusted_again(aim, sides, key, arena, sight, err);
}

bool sight_take(const Aim *aim, const Sides *sides, const Value *key, Arena *arena, Sight *out, Err *err) {
    Sight sight = {.key = key};
    if (!texts_take(aim, sides, key, arena, &sight, err) || !rows_take(aim, sides, key, arena, &sight, err)) {
        return false;
    }
    bool alone = sight.trusted.found == 0 && sight.written.found > 0;
    if (alone &&
        !texts(sides->written, &aim->whole_texts, key, sides->written_lock, arena, &sight.written_texts, err)) {
        return false;
    }
    sight_judge(aim, arena, &sight);
    *out = sight;
    return true;
}
