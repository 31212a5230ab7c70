/* A bound expression as a list of column operations over up to BATCH_ROWS rows at a time.
 *
 * In: batches and which rows of them pair. Out: a truth value a pair.
 * A program is made once and read by all workers; each worker has its own ProgramState.
 */
#ifndef EXPR_PROGRAM_H
#define EXPR_PROGRAM_H

#include "expr/expr.h"

typedef struct Program Program;
typedef struct ProgramState ProgramState;

typedef enum Truth { TRUTH_FALSE = 0, TRUTH_TRUE = 1, TRUTH_UNKNOWN = 2 } Truth;

/* Pairs of rows: pair p is row old_rows[p] of `old` and row new_rows[p] of `new_`. count <= BATCH_ROWS.
 * For one-row expressions new_ and new_rows are NULL. */
typedef struct RowPairs {
    const Batch *old;
    const Batch *new_;
    const uint32_t *old_rows;
    const uint32_t *new_rows;
    size_t count;
} RowPairs;

/* `old_slots[c]` is the batch column that holds the relation's column c (SIZE_MAX: not read; the program never asks
 * for it). The tables are copied. A batch column may be DECIMAL where the relation's column is INT. */
Program *program_make(Arena *arena, const Expr *expr, const size_t *old_slots, const size_t *new_slots);
/* The state goes on taking memory from `arena` while it runs: an arena of the worker's own. */
ProgramState *program_state(Arena *arena, const Program *program);
/* out_truth has room for pairs->count. Never fails: what cannot be computed is unknown. */
void program_truth(const Program *program, ProgramState *state, const RowPairs *pairs, uint8_t *out_truth);
/* Any expression's value for one pair of rows: what `look` and `repair` show and write. In arena. A number is INT where
 * it has no digits after the point and fits 64 bits, else DECIMAL, whatever expr_kind says. An exact quotient without
 * an end (1 / 3) is cut to twenty digits: for showing only. */
Value program_value(const Program *program, ProgramState *state, const RowPairs *pair, Arena *arena);

#endif
