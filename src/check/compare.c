#include "check/compare.h"

#include "check/cause.h"
#include "check/sample.h"
#include "source/wire.h"

#include <string.h>

/* What is known of a pair before it is looked at closely. Most pairs never are. */
enum { SUSPECT_UNEQUAL = 1, SUSPECT_INVARIANT = 2 };

enum { UNDECIDED_KEPT = 10 };

struct Comparator {
    const Match *match;
    ProgramState **states; /* one an invariant */
    uint8_t *truths;       /* invariant-major: [invariant * BATCH_ROWS + pair] */
    uint8_t suspect[BATCH_ROWS];
    Arena evaluation; /* what the programs hand out while they run: of this worker alone */
    Arena scratch;    /* one finding at a time */
    Buf canonical;
    Sample *undecided;
};

Comparator *comparator_make(Arena *arena, const Match *match) {
    Comparator *made = ARENA_NEW(arena, Comparator);
    made->match = match;
    made->states = ARENA_MANY(arena, match->invariant_count, ProgramState *);
    made->truths = ARENA_MANY(arena, match->invariant_count * BATCH_ROWS, uint8_t);
    made->undecided = sample_make(UNDECIDED_KEPT, 0);
    for (size_t i = 0; i < match->invariant_count; i++) {
        made->states[i] = program_state(&made->evaluation, match->invariants[i].program);
    }
    return made;
}

void comparator_free(Comparator *comparator) {
    arena_free(&comparator->evaluation);
    arena_free(&comparator->scratch);
    buf_free(&comparator->canonical);
    sample_free(comparator->undecided);
}

const Finding *comparator_undecided(Comparator *comparator, size_t *count) {
    return sample_sorted(comparator->undecided, count);
}

/* ---- counts ----------------------------------------------------------------------------------------------- */

Counts counts_make(Arena *arena, const Match *match) {
    return (Counts){
        .pair_different = arena_zeroed(arena, (match->pair_count + 1) * sizeof(int64_t)),
        .invariant_violations = arena_zeroed(arena, (match->invariant_count + 1) * sizeof(int64_t)),
        .invariant_undecided = arena_zeroed(arena, (match->invariant_count + 1) * sizeof(int64_t)),
    };
}

static void numbers_add(int64_t *into, const int64_t *from, int64_t times, size_t count) {
    for (size_t i = 0; i < count; i++) {
        into[i] += times * from[i];
    }
}

static void counts_add_times(Counts *into, const Counts *from, int64_t times, const Match *match) {
    into->old_rows += times * from->old_rows;
    into->new_rows += times * from->new_rows;
    into->compared += times * from->compared;
    into->undecided += times * from->undecided;
    into->in_flight += times * from->in_flight;
    into->traffic_old += times * from->traffic_old;
    into->traffic_new += times * from->traffic_new;
    numbers_add(into->kinds, from->kinds, times, FINDING_KINDS);
    numbers_add(into->causes, from->causes, times, CAUSES);
    numbers_add(into->pair_different, from->pair_different, times, match->pair_count);
    numbers_add(into->invariant_violations, from->invariant_violations, times, match->invariant_count);
    numbers_add(into->invariant_undecided, from->invariant_undecided, times, match->invariant_count);
}

void counts_add(Counts *into, const Counts *from, const Match *match) {
    counts_add_times(into, from, 1, match);
}

void counts_subtract(Counts *into, const Counts *from, const Match *match) {
    counts_add_times(into, from, -1, match);
}

void counts_finding(Counts *counts, const Finding *finding, int64_t times) {
    counts->kinds[finding->kind] += times;
    counts->causes[finding->cause] += times;
    for (size_t i = 0; i < finding->pair_count; i++) {
        counts->pair_different[finding->pairs[i]] += times;
    }
    for (size_t i = 0; i < finding->invariant_count; i++) {
        counts->invariant_violations[finding->invariants[i]] += times;
    }
    for (size_t i = 0; i < finding->unknown_count; i++) {
        counts->invariant_undecided[finding->unknown[i]] += times;
    }
}

static void tell_more(int64_t *into, int64_t *told, int64_t seen) {
    int64_t before = told == NULL ? 0 : *told;
    int64_t more = seen > before ? seen - before : 0;
    *into += more;
    if (told != NULL) {
        *told += more;
    }
}

void counts_undecided(Counts *counts, Counts *told, const Counts *seen, const Match *match) {
    tell_more(&counts->undecided, told == NULL ? NULL : &told->undecided, seen->undecided);
    for (size_t i = 0; i < match->invariant_count; i++) {
        tell_more(&counts->invariant_undecided[i], told == NULL ? NULL : &told->invariant_undecided[i],
                  seen->invariant_undecided[i]);
    }
}

void counts_clear(Counts *counts, const Match *match) {
    Counts empty = {
        .pair_different = counts->pair_different,
        .invariant_violations = counts->invariant_violations,
        .invariant_undecided = counts->invariant_undecided,
    };
    memset(empty.pair_different, 0, match->pair_count * sizeof(int64_t));
    memset(empty.invariant_violations, 0, match->invariant_count * sizeof(int64_t));
    memset(empty.invariant_undecided, 0, match->invariant_count * sizeof(int64_t));
    *counts = empty;
}

/* ---- equal pairs ------------------------------------------------------------------------------------------ */

void compare_hash(Comparator *comparator, const Batch *batch, bool is_new, RowHash *out) {
    const Match *match = comparator->match;
    canon_hash_rows(batch, is_new ? match->new_hashed : match->old_hashed, match->hashed_count, &comparator->canonical,
                    out);
}

bool compare_hash_wire(Comparator *comparator, const Batch *batch, bool is_new, const uint32_t *rows,
                       size_t count, RowHash *out, Err *err) {
    const Match *match = comparator->match;
    return wire_hash(batch->wire, rows, count, is_new ? match->new_hashed : match->old_hashed, match->hashed_count,
                     &comparator->canonical, out, err);
}

bool compare_knows_twins(const Comparator *comparator, const Batch *old, const Batch *new_) {
    const Match *match = comparator->match;
    return old->wire != NULL && new_->wire != NULL && wire_same_forms(old->wire, new_->wire) &&
           memcmp(match->old_hashed, match->new_hashed, match->hashed_count * sizeof(size_t)) == 0;
}

static bool is_near(const MatchPair *pair) {
    return pair->within.state == CELL_VALUE;
}

bool compare_reads_all(const Comparator *comparator) {
    const Match *match = comparator->match;
    bool reads = match->one_row || match->invariant_count > 0;
    for (size_t i = 0; i < match->pair_count; i++) {
        reads = reads || is_near(&match->pairs[i]);
    }
    return reads;
}

static bool decimals_within(Arena *scratch, Value a, Value b, Decimal limit) {
    Decimal left = a.kind == KIND_INT ? decimal_of_int(a.as.integer) : a.as.decimal;
    Decimal right = b.kind == KIND_INT ? decimal_of_int(b.as.integer) : b.as.decimal;
    if (left.class_ != DECIMAL_FINITE || right.class_ != DECIMAL_FINITE) {
        return decimal_compare(left, right) == 0;
    }
    return decimal_compare(decimal_absolute(scratch, decimal_subtract(scratch, left, right)), limit) <= 0;
}

static bool times_within(int64_t a, int64_t b, int64_t unit_us, Interval limit) {
    if (a == b) {
        return true;
    }
    if (a == INT64_MAX || a == INT64_MIN || b == INT64_MAX || b == INT64_MIN) {
        return false; /* an infinity is near nothing */
    }
    i128 apart = ((i128)a - b) * unit_us;
    i128 allowed = limit.us + ((i128)limit.days + (i128)limit.months * 30) * CALENDAR_DAY_US;
    return (apart < 0 ? -apart : apart) <= allowed;
}

/* Equality with a tolerance: NULL is near NULL only, an odd cell near nothing but itself. */
static bool cells_within(Arena *scratch, const Column *old, size_t old_row, const Column *new_, size_t new_row,
                         Value within) {
    Value a = column_value(old, old_row);
    Value b = column_value(new_, new_row);
    if (a.state != CELL_VALUE || b.state != CELL_VALUE) {
        return canon_equal(old, old_row, new_, new_row);
    }
    if (within.kind == KIND_INTERVAL) {
        return times_within(a.as.integer, b.as.integer, a.kind == KIND_DATE ? CALENDAR_DAY_US : 1, within.as.interval);
    }
    if (a.kind == KIND_FLOAT) {
        if (a.as.number == b.as.number || (a.as.number != a.as.number && b.as.number != b.as.number)) {
            return true;
        }
        double limit = decimal_to_double(within.as.decimal);
        return a.as.number - b.as.number <= limit && b.as.number - a.as.number <= limit;
    }
    return decimals_within(scratch, a, b, within.as.decimal);
}

static bool pair_is_equal(Comparator *comparator, const MatchPair *pair, const RowPairs *rows, size_t p) {
    const Batch *other = rows->new_ == NULL ? rows->old : rows->new_;
    const Column *old = &rows->old->columns[pair->old_slot];
    const Column *new_ = &other->columns[pair->new_slot];
    size_t old_row = rows->old_rows[p];
    size_t new_row = rows->new_ == NULL ? old_row : rows->new_rows[p];
    if (is_near(pair)) {
        return cells_within(&comparator->scratch, old, old_row, new_, new_row, pair->within);
    }
    return canon_equal(old, old_row, new_, new_row);
}

/* Marks pairs whose equalities need a close look: hashes differ, or a tolerance decides. */
static void suspect_unequal(Comparator *comparator, const RowPairs *pairs, const RowHash *old_hashes,
                            const RowHash *new_hashes) {
    const Match *match = comparator->match;
    if (match->one_row) {
        memset(comparator->suspect, match->pair_count > 0 ? SUSPECT_UNEQUAL : 0, pairs->count);
        return;
    }
    for (size_t p = 0; p < pairs->count; p++) {
        bool same = row_hash_equal(old_hashes[pairs->old_rows[p]], new_hashes[pairs->new_rows[p]]);
        comparator->suspect[p] = same ? 0 : SUSPECT_UNEQUAL;
    }
    for (size_t i = 0; i < match->pair_count; i++) {
        if (!is_near(&match->pairs[i])) {
            continue;
        }
        for (size_t p = 0; p < pairs->count; p++) {
            if (!pair_is_equal(comparator, &match->pairs[i], pairs, p)) {
                comparator->suspect[p] = SUSPECT_UNEQUAL;
            }
        }
        arena_empty(&comparator->scratch);
    }
}

/* ---- invariants ------------------------------------------------------------------------------------------- */

static void suspect_invariants(Comparator *comparator, const RowPairs *pairs) {
    const Match *match = comparator->match;
    for (size_t i = 0; i < match->invariant_count; i++) {
        uint8_t *truths = comparator->truths + i * BATCH_ROWS;
        program_truth(match->invariants[i].program, comparator->states[i], pairs, truths);
        NullPolicy policy = match->invariants[i].spec->null;
        for (size_t p = 0; p < pairs->count; p++) {
            if (truths[p] == TRUTH_TRUE) {
                continue;
            }
            if (truths[p] == TRUTH_UNKNOWN && policy != NULL_UNDECIDED) {
                truths[p] = policy == NULL_HOLDS ? TRUTH_TRUE : TRUTH_FALSE;
            }
            comparator->suspect[p] |= truths[p] == TRUTH_TRUE ? 0 : SUSPECT_INVARIANT;
        }
    }
}

/* ---- findings --------------------------------------------------------------------------------------------- */

static const Value *row_key(Comparator *comparator, const Batch *batch, size_t row) {
    size_t count = comparator->match->key_count;
    Value *key = ARENA_MANY(&comparator->scratch, count, Value);
    for (size_t i = 0; i < count; i++) {
        key[i] = column_value(&batch->columns[i], row);
    }
    return key;
}

static void cell_add(FindingCell *cells, size_t *count, const MatchSide *side, const Batch *batch, size_t row,
                     size_t slot) {
    const char *name = side->relation.columns[side->columns[slot].column].name;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(cells[i].name, name) == 0) {
            return;
        }
    }
    cells[(*count)++] = (FindingCell){.name = name, .value = column_value(&batch->columns[slot], row)};
}

/* The cells that say why: what the unequal pairs compare and the broken invariants read, each once. */
static void finding_cells(Comparator *comparator, Finding *finding, const RowPairs *rows, size_t p) {
    const Match *match = comparator->match;
    Arena *scratch = &comparator->scratch;
    FindingCell *old = ARENA_MANY(scratch, match->old.column_count, FindingCell);
    FindingCell *new_ = ARENA_MANY(scratch, match->new_.column_count, FindingCell);
    for (size_t i = 0; i < finding->pair_count; i++) {
        const MatchPair *pair = &match->pairs[finding->pairs[i]];
        cell_add(old, &finding->old_count, &match->old, rows->old, rows->old_rows[p], pair->old_slot);
        if (match->one_row) {
            cell_add(old, &finding->old_count, &match->old, rows->old, rows->old_rows[p], pair->new_slot);
        } else {
            cell_add(new_, &finding->new_count, &match->new_, rows->new_, rows->new_rows[p], pair->new_slot);
        }
    }
    for (size_t i = 0; i < finding->invariant_count; i++) {
        const MatchInvariant *invariant = &match->invariants[finding->invariants[i]];
        for (size_t u = 0; u < invariant->use_count; u++) {
            ExprColumnUse use = invariant->uses[u];
            if (use.side == EXPR_NEW) {
                cell_add(new_, &finding->new_count, &match->new_, rows->new_, rows->new_rows[p],
                         match->new_.slots[use.column]);
            } else {
                cell_add(old, &finding->old_count, &match->old, rows->old, rows->old_rows[p],
                         match->old.slots[use.column]);
            }
        }
    }
    finding->old = old;
    finding->new_ = new_;
}

static void find_unequal(Comparator *comparator, Finding *finding, const RowPairs *rows, size_t p) {
    const Match *match = comparator->match;
    size_t *unequal = ARENA_MANY(&comparator->scratch, match->pair_count + 1, size_t);
    for (size_t i = 0; i < match->pair_count; i++) {
        if (!pair_is_equal(comparator, &match->pairs[i], rows, p)) {
            unequal[finding->pair_count++] = i;
        }
    }
    finding->pairs = unequal;
}

/* The invariants that are false of a pair, or those that are unknown. */
static const size_t *invariants_that_are(Truth truth, Comparator *comparator, size_t p, size_t *out_count) {
    const Match *match = comparator->match;
    size_t *found = ARENA_MANY(&comparator->scratch, match->invariant_count + 1, size_t);
    *out_count = 0;
    for (size_t i = 0; i < match->invariant_count; i++) {
        if (comparator->truths[i * BATCH_ROWS + p] == truth) {
            found[(*out_count)++] = i;
        }
    }
    return found;
}

/* It is shown as a finding of its unknown invariants would be. */
static void take_undecided(Comparator *comparator, Finding *finding, const RowPairs *rows, size_t p, Counts *counts) {
    counts->undecided++;
    for (size_t i = 0; i < finding->unknown_count; i++) {
        counts->invariant_undecided[finding->unknown[i]]++;
    }
    finding->invariants = finding->unknown;
    finding->invariant_count = finding->unknown_count;
    finding->key = row_key(comparator, rows->old, rows->old_rows[p]);
    finding_cells(comparator, finding, rows, p);
    sample_offer(comparator->undecided, finding);
}

/* A suspect pair, looked at column by column: a finding, an undecided row, or a false alarm of the hash or the SQL. */
static void look_closely(Comparator *comparator, const RowPairs *rows, size_t p, Counts *counts, FindingTaker taker) {
    Finding finding = {.kind = DIFFERENT, .key_count = comparator->match->key_count};
    if (comparator->suspect[p] & SUSPECT_UNEQUAL) {
        find_unequal(comparator, &finding, rows, p);
    }
    finding.invariants = invariants_that_are(TRUTH_FALSE, comparator, p, &finding.invariant_count);
    finding.unknown = invariants_that_are(TRUTH_UNKNOWN, comparator, p, &finding.unknown_count);
    if (finding.pair_count == 0 && finding.invariant_count == 0) {
        if (comparator->suspect[p] & SUSPECT_INVARIANT) {
            take_undecided(comparator, &finding, rows, p, counts);
        }
    } else {
        finding.key = row_key(comparator, rows->old, rows->old_rows[p]);
        finding_cells(comparator, &finding, rows, p);
        finding.cause = cause_of(comparator->match, &finding, rows, p);
        counts_finding(counts, &finding, 1);
        taker.take(taker.self, &finding);
    }
    arena_empty(&comparator->scratch);
}

void compare_pairs(Comparator *comparator, const RowPairs *pairs, const RowHash *old_hashes, const RowHash *new_hashes,
                   Counts *counts, FindingTaker taker) {
    suspect_unequal(comparator, pairs, old_hashes, new_hashes);
    suspect_invariants(comparator, pairs);
    counts->compared += (int64_t)pairs->count;
    for (size_t p = 0; p < pairs->count; p++) {
        if (comparator->suspect[p] != 0) {
            look_closely(comparator, pairs, p, counts, taker);
        }
    }
}

void compare_alone(Comparator *comparator, FindingKind kind, const Batch *batch, size_t row, Counts *counts,
                   FindingTaker taker) {
    Finding finding = {
        .kind = kind,
        .key = row_key(comparator, batch, row),
        .key_count = comparator->match->key_count,
        .cause = kind == DUPLICATE_KEY ? CAUSE_OTHER : CAUSE_MISSING,
    };
    counts_finding(counts, &finding, 1);
    taker.take(taker.self, &finding);
    arena_empty(&comparator->scratch);
}
