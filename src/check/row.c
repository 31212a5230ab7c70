#include "check/row.h"

#include "check/compare.h"
#include "check/mask.h"

/* Both sides' floats of 32 bits: nobody writes the digits of a double for one. */
static bool key_is_single(const Match *match, size_t i) {
    const MatchSide *old = &match->old;
    const MatchSide *new_ = match->one_row ? old : &match->new_;
    return old->relation.columns[old->columns[i].column].single &&
           new_->relation.columns[new_->columns[i].column].single;
}

bool row_key_parse(const Match *match, Arena *arena, const char *const *texts, Value *out, Err *err) {
    for (size_t i = 0; i < match->key_count; i++) {
        Kind kind = match->old.columns[i].kind;
        if (texts[i] == NULL) {
            out[i] = (Value){.kind = kind, .state = CELL_NULL};
        } else if (!value_parse(arena, kind, str_of(texts[i]), &out[i])) {
            return err_set(err, TF_ERROR_USAGE, "cannot read \"%s\" as key \"%s\" of type %s",
                           mask_hides_key(match) ? "(masked)" : texts[i], match->key_names[i], kind_name(kind));
        } else if (key_is_single(match, i)) {
            out[i] = value_single(out[i]);
        }
    }
    return true;
}

bool row_fetch(const Match *match, const MatchSide *side, Source *source, Arena *arena, const Value *key, KeptRow *out,
               Err *err) {
    Scan scan = {
        .relation = &side->relation,
        .columns = side->columns,
        .column_count = side->column_count,
        .key_count = match->key_count,
        .range = {.rows = RANGE_ALL},
    };
    if (source->ops->lookup == NULL) {
        return err_set(err, TF_ERROR_USAGE, "cannot look at single rows of %s: %s does not offer it",
                       side->relation.name, source->ops->info(source)->engine);
    }
    *out = (KeptRow){.found = 0};
    if (!source->ops->lookup(source, &scan, key, 1, err)) {
        return false;
    }
    const Batch *batch;
    for (;;) {
        if (!source->ops->next(source, &batch, err)) {
            return false;
        }
        if (batch->rows == 0) {
            return true;
        }
        if (out->found == 0) {
            out->batch = batch_row(arena, batch, 0);
        }
        out->found += batch->rows;
    }
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

typedef struct Caught {
    Arena *arena;
    RowVerdict *verdict;
} Caught;

static void catch_finding(void *self, const Finding *finding) {
    Caught *caught = self;
    caught->verdict->finding = finding_copy(caught->arena, finding);
    caught->verdict->differs = true;
}

RowVerdict row_compare(const Match *match, Arena *arena, const Batch *old, const Batch *new_) {
    static const uint32_t first = 0;
    RowPairs rows = {.old = old, .old_rows = &first, .count = 1};
    RowVerdict verdict = {.differs = false};
    Caught caught = {arena, &verdict};
    Comparator *comparator = comparator_make(arena, match);
    Counts counts = counts_make(arena, match);
    RowHash hashes[2] = {{0}};
    compare_hash(comparator, old, false, &hashes[0]);
    if (!match->one_row) {
        rows.new_ = new_;
        rows.new_rows = &first;
        compare_hash(comparator, new_, true, &hashes[1]);
    }
    compare_pairs(comparator, &rows, &hashes[0], &hashes[1], &counts, (FindingTaker){catch_finding, &caught});
    verdict.undecided = counts.undecided > 0;
    comparator_free(comparator);
    return verdict;
}

RowVerdict row_judge(const Match *match, Arena *arena, const KeptRow *old, const KeptRow *new_) {
    const KeptRow *other = match->one_row ? old : new_;
    if (old->found == 1 && other->found == 1) {
        return row_compare(match, arena, &old->batch, &other->batch);
    }
    RowVerdict verdict = {.differs = false};
    if (old->found + other->found == 0) {
        return verdict;
    }
    bool twice = old->found > 1 || other->found > 1;
    FindingKind kind = twice ? DUPLICATE_KEY : old->found == 0 ? MISSING_IN_OLD : MISSING_IN_NEW;
    Caught caught = {arena, &verdict};
    Comparator *comparator = comparator_make(arena, match);
    Counts counts = counts_make(arena, match);
    compare_alone(comparator, kind, old->found > 0 ? &old->batch : &other->batch, 0, &counts,
                  (FindingTaker){catch_finding, &caught});
    comparator_free(comparator);
    return verdict;
}
