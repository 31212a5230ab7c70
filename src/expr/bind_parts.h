/* What the files of bind share: bind.c walks the tree, bind_choose.c finds a call's row of ops.def, bind_kinds.c knows
 * what goes with what.
 */
#ifndef EXPR_BIND_PARTS_H
#define EXPR_BIND_PARTS_H

#include "expr/bind.h"
#include "expr/ops.h"

typedef struct Binder {
    Arena *arena;
    const ExprScope *scope;
    Place *out_place; /* of the error */
    Err *err;
} Binder;

/* False; the error is at this place. */
bool bind_fail_at(Binder *binder, const Expr *expr);
/* False: the expression is of a kind that no operator takes (bind_kind_usable). */
bool bind_fail_unusable(Binder *binder, const Expr *expr);
bool bind_kind_usable(Kind kind);
/* A 'text' literal, which is not NULL, read as this kind. */
MUST_CHECK bool bind_read_literal(Arena *arena, const Expr *literal, Kind kind, Value *out);

/* Sets call->op to the row that fits its arguments; they may be swapped (integer + date). */
MUST_CHECK bool bind_choose(Binder *binder, Expr *call);
/* The word for argument i, the last one repeated where it may be. NULL: too many. */
const OpArg *bind_arg_at(const OpArg *args, size_t count, size_t i);

#endif
