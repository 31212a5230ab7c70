#include "check/look.h"

#include "check/mask.h"
#include "check/row.h"

/* What stands in a cell, as people may see it. */
static Value cell_shown(const Match *match, const MatchSide *side, const Batch *row, size_t slot, Arena *arena) {
    return mask_value(match, side, side->columns[slot].column, arena, column_value(&row->columns[slot], 0));
}

static const LookPair *look_pairs(const Match *match, Arena *arena, const Batch *old, const Batch *new_,
                                  const Finding *found) {
    LookPair *pairs = ARENA_MANY(arena, match->pair_count, LookPair);
    const MatchSide *new_side = match->one_row ? &match->old : &match->new_;
    for (size_t i = 0; i < match->pair_count; i++) {
        const MatchPair *pair = &match->pairs[i];
        pairs[i] = (LookPair){
            .old_name = match->old.relation.columns[match->old.columns[pair->old_slot].column].name,
            .new_name = new_side->relation.columns[new_side->columns[pair->new_slot].column].name,
            .old = cell_shown(match, &match->old, old, pair->old_slot, arena),
            .new_ = cell_shown(match, new_side, new_, pair->new_slot, arena),
            .equal = true,
        };
    }
    for (size_t i = 0; found != NULL && i < found->pair_count; i++) {
        pairs[found->pairs[i]].equal = false;
    }
    return pairs;
}

static void invariant_cells(const Match *match, const MatchInvariant *invariant, Arena *arena, const Batch *old,
                            const Batch *new_, LookInvariant *out) {
    FindingCell *cells = ARENA_MANY(arena, invariant->use_count, FindingCell);
    for (int pass = 0; pass < 2; pass++) { /* old columns first */
        for (size_t u = 0; u < invariant->use_count; u++) {
            bool is_new = invariant->uses[u].side == EXPR_NEW;
            if (is_new != (pass == 1)) {
                continue;
            }
            const MatchSide *side = is_new ? &match->new_ : &match->old;
            size_t column = invariant->uses[u].column;
            cells[out->cell_count++] = (FindingCell){
                .name = side->relation.columns[column].name,
                .value = cell_shown(match, side, is_new ? new_ : old, side->slots[column], arena),
            };
        }
        out->old_cells = pass == 0 ? out->cell_count : out->old_cells;
    }
    out->cells = cells;
}

static const LookInvariant *look_invariants(const Match *match, Arena *arena, const RowPairs *rows) {
    LookInvariant *invariants = arena_zeroed(arena, (match->invariant_count + 1) * sizeof(LookInvariant));
    for (size_t i = 0; i < match->invariant_count; i++) {
        const MatchInvariant *invariant = &match->invariants[i];
        uint8_t truth;
        program_truth(invariant->program, program_state(arena, invariant->program), rows, &truth);
        invariants[i].name = invariant->spec->name;
        invariants[i].holds = invariant->spec->holds;
        invariants[i].truth = (Truth)truth;
        invariants[i].null = invariant->spec->null;
        invariant_cells(match, invariant, arena, rows->old, match->one_row ? rows->old : rows->new_, &invariants[i]);
    }
    return invariants;
}

/* Both rows are there: the comparator decides, as in a check. */
static void look_closely(Check *check, Arena *arena, const KeptRow *old, const KeptRow *new_, LookRow *row) {
    const Match *match = &check->match;
    static const uint32_t first = 0;
    RowPairs rows = {.old = &old->batch, .old_rows = &first, .count = 1};
    if (!match->one_row) {
        rows.new_ = &new_->batch;
        rows.new_rows = &first;
    }
    RowVerdict verdict = row_compare(match, arena, &old->batch, &new_->batch);
    row->pairs = look_pairs(match, arena, &old->batch, match->one_row ? &old->batch : &new_->batch,
                            verdict.differs ? &verdict.finding : NULL);
    row->invariants = look_invariants(match, arena, &rows);
    row->verdict = verdict.differs     ? VERDICT_INCONSISTENT
                   : verdict.undecided ? VERDICT_CANNOT_TELL
                                       : VERDICT_CONSISTENT;
}

/* Each column once, though it may be read as two kinds; the key stands above. */
static void look_alone(const Match *match, const MatchSide *side, const Batch *batch, Arena *arena, LookRow *row) {
    FindingCell *cells = ARENA_MANY(arena, side->column_count, FindingCell);
    for (size_t i = match->key_count; i < side->column_count; i++) {
        const char *name = side->relation.columns[side->columns[i].column].name;
        bool again = false;
        for (size_t j = 0; j < i && !again; j++) {
            again = side->columns[j].column == side->columns[i].column;
        }
        if (!again) {
            cells[row->alone_count++] = (FindingCell){name, cell_shown(match, side, batch, i, arena)};
        }
    }
    row->alone = cells;
}

static bool look_row(Check *check, Arena *arena, const char *const *texts, LookRow *row, Err *err) {
    const Match *match = &check->match;
    Value *key = ARENA_MANY(arena, match->key_count, Value);
    KeptRow old = {.found = 0};
    KeptRow new_ = {.found = 0};
    if (!row_key_parse(match, arena, texts, key, err) ||
        !row_fetch(match, &match->old, check->old, arena, key, &old, err) ||
        (!match->one_row && !row_fetch(match, &match->new_, check->new_, arena, key, &new_, err))) {
        return false;
    }
    *row = (LookRow){
        .key = mask_key(match, arena, key),
        .old_rows = old.found,
        .new_rows = match->one_row ? old.found : new_.found,
        .verdict = VERDICT_INCONSISTENT,
    };
    if (row->old_rows == 1 && row->new_rows == 1) {
        look_closely(check, arena, &old, &new_, row);
    } else if (row->old_rows == 0 && row->new_rows == 0) {
        row->verdict = VERDICT_CANNOT_TELL; /* nothing was read, so nothing is proved */
    } else if (row->old_rows + row->new_rows == 1) {
        bool in_old = row->old_rows == 1;
        look_alone(match, in_old ? &match->old : &match->new_, in_old ? &old.batch : &new_.batch, arena, row);
    }
    return true;
}

bool look_rows(Check *check, Arena *arena, const char *const *texts, size_t count, const LookRow **out, Err *err) {
    LookRow *rows = ARENA_MANY(arena, count, LookRow);
    if (!check_begin(check, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!look_row(check, arena, texts + i * check->match.key_count, &rows[i], err)) {
            mask_error(&check->match, err);
            return false;
        }
    }
    *out = rows;
    return check_end(check, err);
}
