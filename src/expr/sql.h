/* A bound expression as PostgreSQL text with exactly the evaluator's meaning.
 *
 * Where the server's own operator means something else (integer division, text casts that raise, float against
 * numeric), the text written carries our meaning. Values are written as literals by the driver's quoting rules;
 * the text is complete and parenthesized.
 */
#ifndef EXPR_SQL_H
#define EXPR_SQL_H

#include "expr/expr.h"

/* How a column is written: appends "o.c3" or the like. */
typedef struct SqlColumns {
    void (*write)(void *self, ExprSide side, size_t column, Buf *out);
    void *self;
} SqlColumns;

/* False (with the sentence why) where no SQL has exactly this meaning: such an expression is decided by rows. */
MUST_CHECK bool expr_sql(const Expr *expr, const SqlColumns *columns, Buf *out, Err *err);
/* Of a tree that is lowered already (expr/split.h). */
MUST_CHECK bool expr_sql_lowered(const Expr *lowered, const SqlColumns *columns, Buf *out, Err *err);

#endif
