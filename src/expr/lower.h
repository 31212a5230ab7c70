/* A bound tree made smaller, once, for rows and SQL alike: exact division becomes a numerator and a denominator. */
#ifndef EXPR_LOWER_H
#define EXPR_LOWER_H

#include "expr/tree.h"

/* Gone afterwards: DIV, BETWEEN, CASE_OF, IS_DISTINCT, casts that change nothing, calls over constants. What is left
 * may be shared: a DAG. An exact quotient is never rounded on the way; at the top it becomes SHOW_QUOTIENT. */
Expr *expr_lower(Arena *arena, const Expr *bound);

#endif
