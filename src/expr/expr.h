/* Invariants: text in, a typed tree out; then a program over batches, and the same tree as SQL.
 *
 *     expr_parse   "new.minor == old.total * 100"  ->  tree with places
 *     expr_bind    + the columns of both sides     ->  the same tree, typed; before any row is read
 *     program_make + where columns sit in batches  ->  column operations           (expr/program.h)
 *     expr_sql     + how a column is written       ->  PostgreSQL text             (expr/sql.h)
 *
 * Promises: a bound expression is boolean where it is used as an invariant; three truth values, never an
 * exception: what cannot be computed for a row (x / 0, name::integer where name is 'abc') is unknown. Numbers are
 * exact; division is exact (7 / 2 == 3.5). A float column makes the operation it takes part in a float operation, as
 * in SQL; an exact number compared with a float is compared as a float.
 * Refuses: unknown functions and columns (with the nearest known name), operands without a common meaning, literals
 * that are no value of the kind they meet ('abc'::integer), an expression nested deeper than 200 levels or longer
 * than 64 KiB.
 *
 * Memory: the tree lives in the arena given; texts inside point into `text`, which must live as long.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "base/err.h"
#include "base/value.h"

typedef struct Expr Expr;

/* Where in the expression's text: bytes. */
typedef struct Place {
    size_t offset;
    size_t length;
} Place;

typedef enum ExprSide { EXPR_OLD, EXPR_NEW, EXPR_ROW } ExprSide; /* ROW: no prefix, parallel columns of one row */

/* A column as expressions see it. Its index in ExprColumns is its name everywhere below. */
typedef struct ExprColumn {
    const char *name;
    Kind kind;
    bool comparable; /* false: known, but of a type no expression can use; `type` says which */
    const char *type;
} ExprColumn;

typedef struct ExprColumns {
    const ExprColumn *columns;
    size_t count;
} ExprColumns;

/* What an expression may refer to. one_row: names without prefix, taken from `old`. */
typedef struct ExprScope {
    ExprColumns old;
    ExprColumns new_;
    bool one_row;
} ExprScope;

typedef struct ExprColumnUse {
    ExprSide side;
    size_t column;
} ExprColumnUse;

/* `out_place` is written on failure only: the part of the text to underline. */
MUST_CHECK bool expr_parse(Arena *arena, Str text, Expr **out, Place *out_place, Err *err);
/* Types the tree in place. `want` KIND_BOOL for an invariant, KIND_COUNT for any kind. */
MUST_CHECK bool expr_bind(Expr *expr, Arena *arena, const ExprScope *scope, Kind want, Place *out_place, Err *err);

/* Replaces bare names by parsed expressions: what `use: ... with: {legacy: old.total}` does to a ready invariant.
 * `names[i]` stands for `values[i]`; a bare name that is not among them is an error. The result is unbound. */
MUST_CHECK bool expr_substitute(Arena *arena, Expr *expr, const char *const *names, Expr *const *values, size_t count,
                                Expr **out, Place *out_place, Err *err);

Kind expr_kind(const Expr *expr); /* of a bound expression */
/* The columns a bound expression reads, each once, in order of appearance. */
const ExprColumnUse *expr_columns(const Expr *expr, Arena *arena, size_t *out_count);
/* The expression as the user would write it, names resolved; for reports. */
void expr_print(const Expr *expr, Buf *out);

#endif
