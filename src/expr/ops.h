/* The table of operators and functions (ops.def) as data: for the parser, the types, SQL, help and man page. */
#ifndef EXPR_OPS_H
#define EXPR_OPS_H

#include "base/text.h"
#include "base/value.h"

typedef enum OpId {
#define OP(id, form, name, args, result, nulls, run, sql, sentence, example, answer) OP_##id,
#include "expr/ops.def"
#undef OP
    OP_COUNT
} OpId;

typedef enum OpForm { OP_INFIX, OP_PREFIX, OP_CALL, OP_SPECIAL, OP_INTERNAL } OpForm;
typedef enum OpNulls { OP_STRICT, OP_OWN } OpNulls;

/* What `twofold help functions` shows. Internal operators have an empty sentence. */
typedef struct OpDoc {
    OpId id;
    OpForm form;
    const char *name;
    const char *arguments; /* "text, integer, integer?" */
    const char *result;
    OpNulls nulls;
    const char *sql;
    const char *sentence;
    const char *example;
    const char *answer;
} OpDoc;

/* All rows of ops.def in its order, which groups them by subject; element i has id i. Static. */
const OpDoc *expr_ops(size_t *count);

/* What an argument may be. */
typedef enum OpArgKind {
    OP_ARG_KIND,    /* exactly `kind` */
    OP_ARG_NUMBER,  /* integer or decimal */
    OP_ARG_SAME,    /* all such arguments get one common kind */
    OP_ARG_ORDERED, /* the same, of a kind that has an order */
    OP_ARG_MOMENT,  /* date, timestamp, timestamptz: taken as timestamp in UTC */
    OP_ARG_DIGITS,  /* an integer literal from -1000 to 1000 */
    OP_ARG_UNIT,    /* a literal: 'second' ... 'year' */
    OP_ARG_ANY
} OpArgKind;

typedef struct OpArg {
    OpArgKind what;
    Kind kind;
    bool optional;
    bool repeated;
} OpArg;

enum { OP_MAX_ARGS = 4 };

/* The arguments of a row; how many. */
size_t op_args(OpId id, OpArg out[OP_MAX_ARGS]);

#endif
