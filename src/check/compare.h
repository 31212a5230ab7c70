/* Pairs of rows -> findings and counts. The one comparator: first pass, settling and repair all use it.
 *
 * In: batches of both sides with their row hashes, and which rows pair. Out: one Finding for each row that disagrees,
 * given to the FindingTaker in the order of the pairs, and the counts of everything compared.
 * Promises: a row is found exactly once; every unequal pair and broken invariant of it is named.
 * A Comparator belongs to one worker; the match is shared.
 */
#ifndef CHECK_COMPARE_H
#define CHECK_COMPARE_H

#include "check/finding.h"

typedef struct Comparator Comparator;

/* Who takes findings. Pointers in the finding are valid during the call. */
typedef struct FindingTaker {
    void (*take)(void *self, const Finding *finding);
    void *self;
} FindingTaker;

Comparator *comparator_make(Arena *arena, const Match *match);
/* Frees what grew; the comparator itself lives in its arena. */
void comparator_free(Comparator *comparator);
Counts counts_make(Arena *arena, const Match *match);
void counts_add(Counts *into, const Counts *from, const Match *match);
void counts_subtract(Counts *into, const Counts *from, const Match *match);
/* Counts a finding in (times 1) or out again (times -1). */
void counts_finding(Counts *counts, const Finding *finding, int64_t times);
/* Counts the undecided rows of `seen` that `told` (NULL: none) does not hold yet, in both. */
void counts_undecided(Counts *counts, Counts *told, const Counts *seen, const Match *match);
void counts_clear(Counts *counts, const Match *match);

/* Hashes of the rows of a batch over the columns in the row hash. */
void compare_hash(Comparator *comparator, const Batch *batch, bool is_new, RowHash *out);
/* The same of these rows of a batch that has a Wire; out[row] by row of the batch. */
MUST_CHECK bool compare_hash_wire(Comparator *comparator, const Batch *batch, bool is_new, const uint32_t *rows,
                                  size_t count, RowHash *out, Err *err);
/* Whether rows with the same bytes have the same hash. */
bool compare_knows_twins(const Comparator *comparator, const Batch *old, const Batch *new_);
/* Whether pairs are looked at by cells even where their hashes agree. */
bool compare_reads_all(const Comparator *comparator);

/* old_hashes and new_hashes are indexed by batch row. Rows whose hashes differ have their cells; so do all others where
 * compare_reads_all. Adds to counts->compared and what follows from it. */
void compare_pairs(Comparator *comparator, const RowPairs *pairs, const RowHash *old_hashes, const RowHash *new_hashes,
                   Counts *counts, FindingTaker taker);
/* A few of the rows that were undecided so far: findings of kind DIFFERENT whose invariants are the unknown ones. In
 * key order, valid until the next comparison. */
const Finding *comparator_undecided(Comparator *comparator, size_t *count);
/* A row without a partner, or a key that stands twice: `batch` is of the side that has it. */
void compare_alone(Comparator *comparator, FindingKind kind, const Batch *batch, size_t row, Counts *counts,
                   FindingTaker taker);

#endif
