/* An invariant as parts that each side can answer for itself.
 *
 *     new.minor == old.total * 100 and new.currency is not null
 *         a pair:       old.total * 100 | new.minor      equal, and not NULL
 *         a condition:  new.currency is not null         true
 *
 * Promises: the invariant is true for a row if and only if every part is; it is not false if and only if none is. A
 * part is unknown where a value of its pair is NULL, unless it is `null_safe`.
 */
#ifndef EXPR_SPLIT_H
#define EXPR_SPLIT_H

#include "expr/expr.h"

typedef struct SplitPart {
    const Expr *old, *new_; /* lowered, for expr_sql_lowered; of a condition one is NULL */
    Kind kind;              /* of a pair: what its values are; DECIMAL where one is and the other INT */
    bool null_safe;         /* of a pair: NULL equals NULL */
} SplitPart;

/* False: a part needs both sides at once. The parts live in the arena. */
bool expr_split(Arena *arena, const Expr *bound, const SplitPart **out, size_t *out_count);

#endif
