#include "check/cause.h"

#include "source/canon.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)

static bool is_power_of_ten(double ratio) {
    double exponent = round(log10(fabs(ratio)));
    return exponent != 0 && fabs(exponent) <= 18 && fabs(fabs(ratio) / pow(10, exponent) - 1) < 1e-12;
}

static Cause cause_of_numbers(double old, double new_) {
    if (old == 0 || new_ == 0 || !isfinite(old) || !isfinite(new_)) {
        return CAUSE_OTHER;
    }
    return is_power_of_ten(new_ / old) ? CAUSE_SCALE : CAUSE_OTHER;
}

static Cause cause_of_times(int64_t old, int64_t new_) {
    int64_t apart;
    if (__builtin_sub_overflow(old, new_, &apart)) {
        return CAUSE_OTHER;
    }
    return apart % HOUR_US == 0 && apart / HOUR_US >= -26 && apart / HOUR_US <= 26 ? CAUSE_SHIFT : CAUSE_OTHER;
}

static bool equal_without_case(Str a, Str b) {
    for (size_t i = 0; i < a.length; i++) {
        if (tolower((unsigned char)a.bytes[i]) != tolower((unsigned char)b.bytes[i])) {
            return false;
        }
    }
    return true;
}

static Cause cause_of_texts(Str old, Str new_) {
    if (str_equal(str_trim(old), str_trim(new_))) {
        return CAUSE_WHITE_SPACE;
    }
    if (old.length == new_.length && equal_without_case(old, new_)) {
        return CAUSE_CASE;
    }
    Str shorter = old.length < new_.length ? old : new_;
    Str longer = old.length < new_.length ? new_ : old;
    return shorter.length > 0 && memcmp(shorter.bytes, longer.bytes, shorter.length) == 0 ? CAUSE_TRUNCATION
                                                                                          : CAUSE_OTHER;
}

static double value_number(Value value) {
    if (value.kind == KIND_INT) {
        return (double)value.as.integer;
    }
    return value.kind == KIND_FLOAT ? value.as.number : decimal_to_double(value.as.decimal);
}

static bool is_number(Kind kind) {
    return kind == KIND_INT || kind == KIND_DECIMAL || kind == KIND_FLOAT;
}

static Cause cause_of_values(Value old, Value new_) {
    if (old.state == CELL_NULL || new_.state == CELL_NULL) {
        return CAUSE_NULL;
    }
    if (old.state == CELL_ODD || new_.state == CELL_ODD) {
        return CAUSE_OTHER;
    }
    if (is_number(old.kind) && is_number(new_.kind)) {
        return cause_of_numbers(value_number(old), value_number(new_));
    }
    if (old.kind != new_.kind) {
        return CAUSE_OTHER;
    }
    if (old.kind == KIND_TIMESTAMP || old.kind == KIND_TIMESTAMPTZ || old.kind == KIND_TIME) {
        return cause_of_times(old.as.integer, new_.as.integer);
    }
    return old.kind == KIND_TEXT ? cause_of_texts(old.as.text, new_.as.text) : CAUSE_OTHER;
}

/* A NULL among the values that the broken invariants read, or something else. */
static Cause cause_of_cells(const Finding *finding) {
    for (size_t i = 0; i < finding->old_count + finding->new_count; i++) {
        const FindingCell *cell = i < finding->old_count ? &finding->old[i] : &finding->new_[i - finding->old_count];
        if (cell->value.state == CELL_NULL) {
            return CAUSE_NULL;
        }
    }
    return CAUSE_OTHER;
}

/* The cells of one pair of columns in one pair of rows. */
typedef struct PairCells {
    const Column *old, *new_;
    size_t old_row, new_row;
} PairCells;

static PairCells cells_of(const MatchPair *pair, const RowPairs *rows, size_t at) {
    const Batch *other = rows->new_ == NULL ? rows->old : rows->new_;
    size_t old_row = rows->old_rows[at];
    return (PairCells){.old = &rows->old->columns[pair->old_slot],
                       .new_ = &other->columns[pair->new_slot],
                       .old_row = old_row,
                       .new_row = rows->new_ == NULL ? old_row : rows->new_rows[at]};
}

/* Each new value is the other's old one. Both pairs are unequal, so the two values are not the same. */
static bool is_swapped(PairCells a, PairCells b) {
    return canon_equal(a.old, a.old_row, b.new_, b.new_row) && canon_equal(b.old, b.old_row, a.new_, a.new_row);
}

static bool is_swapped_with_another(const Match *match, const Finding *finding, const RowPairs *rows, size_t at) {
    PairCells first = cells_of(&match->pairs[finding->pairs[0]], rows, at);
    for (size_t i = 1; i < finding->pair_count; i++) {
        if (is_swapped(first, cells_of(&match->pairs[finding->pairs[i]], rows, at))) {
            return true;
        }
    }
    return false;
}

Cause cause_of(const Match *match, const Finding *finding, const RowPairs *rows, size_t pair) {
    if (finding->pair_count == 0) {
        return cause_of_cells(finding);
    }
    if (is_swapped_with_another(match, finding, rows, pair)) {
        return CAUSE_SWAPPED;
    }
    PairCells cells = cells_of(&match->pairs[finding->pairs[0]], rows, pair);
    return cause_of_values(column_value(cells.old, cells.old_row), column_value(cells.new_, cells.new_row));
}
