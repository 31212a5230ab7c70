/* The expression tree, as parse, types, lower, program and sql share it.
 *
 * Parse makes literals, columns, names and calls; bind gives every node its kind and puts casts where kinds must meet;
 * lower makes a second, smaller tree (a DAG: nodes may be shared) in which division and the spelled forms are gone.
 */
#ifndef EXPR_TREE_H
#define EXPR_TREE_H

#include "expr/expr.h"
#include "expr/ops.h"

typedef enum ExprNode {
    EXPR_LITERAL, /* value; `untyped` while a neighbour may still decide its kind ('text' and null) */
    EXPR_COLUMN,  /* name, side; column after bind */
    EXPR_NAME,    /* a bare name: a column of one_row, or a parameter to substitute */
    EXPR_CALL     /* op over args; before bind, op is the first row of its name */
} ExprNode;

/* The target of a cast, beyond its kind. */
typedef struct TypeName {
    Kind kind;
    int bits;           /* of INT: 16, 32, 64; of FLOAT: 32, 64 */
    bool has_precision; /* numeric(p,s) */
    int precision, scale;
    int length; /* varchar(n); 0: any */
} TypeName;

struct Expr {
    ExprNode node;
    OpId op;
    Kind kind; /* KIND_COUNT: not bound yet */
    Place place;
    bool untyped;
    bool implicit;   /* made by bind: not printed */
    bool quoted;     /* of a name: "Exact" */
    bool quotient;   /* a number that may have no finite decimal form: 1 / 3 */
    uint32_t height; /* longest way down to a leaf */
    ExprSide side;
    size_t column;
    const ExprColumn *info; /* of a bound column */
    Str name;               /* of columns and names, unescaped */
    Value value;
    TypeName type; /* of CAST */
    Expr **args;
    size_t count;
    size_t uses, mark; /* program's notes on a lowered node: how many need it, 1 + its register */
};

enum { EXPR_MAX_DEPTH = 200, EXPR_MAX_TEXT = 65536, DIGITS_MAX = 1000 };

Expr *expr_literal(Arena *arena, Value value, Place place);
Expr *expr_call(Arena *arena, OpId op, Expr *const *args, size_t count, Place place);
Expr *expr_cast(Arena *arena, Expr *operand, TypeName type, Place place);
Value value_null(Kind kind);
Value value_int(int64_t value);
Value value_text(Str text);
bool expr_is_number(Kind kind);
bool expr_is_null_literal(const Expr *expr);
/* A literal that is not NULL. */
bool expr_is_value(const Expr *expr);

/* "timestamp with time zone", "numeric", ...: the type that a name stands for. False: no such type. */
bool type_find(Str name, TypeName *out);
const char *const *type_names(size_t *count); /* for suggestions */
void type_print(TypeName type, Buf *out);

#endif
