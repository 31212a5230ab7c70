/* A statement's tree in, SqlUses out: names are resolved by the scopes that SQL gives them. See sql_use.h. */
#ifndef GATE_SQL_WALK_H
#define GATE_SQL_WALK_H

#include "gate/sql_use.h"

/* What stands in a FROM clause, as far as the subject goes. */
typedef enum FromKind {
    FROM_OURS = 1 << 0,
    FROM_MAYBE = 1 << 1,    /* a table of that name, in a schema that is not said */
    FROM_OTHER = 1 << 2,    /* another relation, without a column of the subject's name */
    FROM_RELATIVE = 1 << 3, /* another relation, with such a column */
    FROM_DERIVED = 1 << 4   /* a subquery or function: what it reads is looked at by itself */
} FromKind;

typedef struct FromItem FromItem;
struct FromItem {
    Str alias;
    FromKind kind;
    const FromItem *next;
};

/* `rows`: what a function can name besides, always with a dot: NEW, OLD, variables. May be NULL. */
unsigned sql_walk(const SqlSubject *subject, const JsonNode *tree, const FromItem *rows, Arena *scratch);

#endif
