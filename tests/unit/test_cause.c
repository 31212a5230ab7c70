/* Likely causes: two rows that differ in one way, and the word for it. */
#include "check/cause.h"

#include "unit/test.h"

enum { COLUMNS = 3 };

static Value text(const char *bytes) {
    return (Value){.kind = KIND_TEXT, .state = bytes == NULL ? CELL_NULL : CELL_VALUE, .as.text = str_of(bytes)};
}

static Value of_int(Kind kind, int64_t integer) {
    return (Value){.kind = kind, .state = CELL_VALUE, .as.integer = integer};
}

/* The cause of a finding in which the first `unequal` pairs of columns differ. */
static Cause cause_between(const Value old[COLUMNS], const Value new_[COLUMNS], size_t unequal) {
    static const size_t pairs[] = {0, 1, 2};
    Arena arena = {0};
    Kind old_kinds[COLUMNS], new_kinds[COLUMNS];
    MatchPair match_pairs[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        old_kinds[i] = old[i].kind;
        new_kinds[i] = new_[i].kind;
        match_pairs[i] = (MatchPair){.old_slot = i, .new_slot = i, .kind = old[i].kind};
    }
    Batch old_batch = batch_make(&arena, COLUMNS, old_kinds, 1), new_batch = batch_make(&arena, COLUMNS, new_kinds, 1);
    old_batch.rows = new_batch.rows = 1;
    for (size_t i = 0; i < COLUMNS; i++) {
        column_set(&arena, &old_batch.columns[i], 0, old[i]);
        column_set(&arena, &new_batch.columns[i], 0, new_[i]);
    }
    const uint32_t rows[] = {0};
    RowPairs row_pairs = {.old = &old_batch, .old_rows = rows, .new_ = &new_batch, .new_rows = rows, .count = 1};
    Match match = {.pairs = match_pairs, .pair_count = COLUMNS};
    Finding finding = {.kind = DIFFERENT, .pairs = pairs, .pair_count = unequal};
    Cause cause = cause_of(&match, &finding, &row_pairs, 0);
    arena_free(&arena);
    return cause;
}

static Cause cause_of_two(Value old, Value new_) {
    Value rest = of_int(KIND_INT, 1);
    return cause_between((Value[]){old, rest, rest}, (Value[]){new_, rest, rest}, 1);
}

static void one_column(void) {
    const int64_t hour_us = INT64_C(3600000000);
    CHECK(cause_of_two(text("paid"), text(NULL)) == CAUSE_NULL);
    CHECK(cause_of_two(of_int(KIND_INT, 1234), of_int(KIND_INT, 123400)) == CAUSE_SCALE);
    CHECK(cause_of_two(of_int(KIND_INT, 1234), of_int(KIND_INT, 1235)) == CAUSE_OTHER);
    CHECK(cause_of_two(of_int(KIND_TIMESTAMPTZ, 5), of_int(KIND_TIMESTAMPTZ, 5 + 2 * hour_us)) == CAUSE_SHIFT);
    CHECK(cause_of_two(of_int(KIND_TIMESTAMPTZ, 5), of_int(KIND_TIMESTAMPTZ, 6 + hour_us)) == CAUSE_OTHER);
    CHECK(cause_of_two(text("left of the door"), text("left of")) == CAUSE_TRUNCATION);
    CHECK(cause_of_two(text("paid"), text(" paid ")) == CAUSE_WHITE_SPACE);
    CHECK(cause_of_two(text("paid"), text("PAID")) == CAUSE_CASE);
    CHECK(cause_of_two(text("paid"), text("sent")) == CAUSE_OTHER);
}

static void swapped_columns(void) {
    Value ann = text("Ann"), lee = text("Lee"), joe = text("Joe"), none = text(NULL), seven = of_int(KIND_INT, 7);
    CHECK(cause_between((Value[]){ann, lee, joe}, (Value[]){lee, ann, joe}, 2) == CAUSE_SWAPPED);
    CHECK(cause_between((Value[]){ann, joe, lee}, (Value[]){lee, ann, ann}, 3) == CAUSE_SWAPPED);
    CHECK(cause_between((Value[]){ann, none, joe}, (Value[]){none, ann, joe}, 2) == CAUSE_SWAPPED);
    CHECK(cause_between((Value[]){ann, lee, joe}, (Value[]){lee, joe, ann}, 3) == CAUSE_OTHER); /* all three moved on */
    CHECK(cause_between((Value[]){ann, seven, joe}, (Value[]){lee, of_int(KIND_INT, 8), joe}, 2) == CAUSE_OTHER);
}

int main(void) {
    TEST_RUN(one_column);
    TEST_RUN(swapped_columns);
    return test_finish();
}
