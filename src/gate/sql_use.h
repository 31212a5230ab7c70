/* What a piece of SQL does with a column, or a whole table, that is to be dropped.
 *
 * In: a text, and the subject: the table under all its names, the column, what takes its place. Out: a set of uses.
 * Promises: a statement that runs today and would not run, or would do something else, without the column has at least
 * one of the uses below; where the text alone cannot tell, that is a use too (MAY_NAME, DYNAMIC, UNREADABLE). A name
 * that the text resolves to another table is no use.
 * Call inside sql_parser_run.
 */
#ifndef GATE_SQL_USE_H
#define GATE_SQL_USE_H

#include "gate/sql_parse.h"

typedef struct SqlTable {
    const char *schema;
    const char *name;
} SqlTable;

typedef struct SqlSubject {
    const SqlTable *tables; /* the table, and what inherits from it */
    size_t table_count;
    bool name_shared;   /* a table in another schema has one of these names: an unqualified name may be either */
    const char *column; /* NULL: the tables themselves */
    const char *const *replaced_by; /* columns of the same table that take its place */
    size_t replaced_count;
    const SqlTable *relatives; /* other relations with a column of this name */
    size_t relative_count;
    bool relatives_known; /* false: any other relation may have one */
} SqlSubject;

typedef enum SqlUse {
    SQL_TOUCHES = 1 << 0,     /* reads or writes the table */
    SQL_NAMES = 1 << 1,       /* names the column (of a whole table: the table) */
    SQL_MAY_NAME = 1 << 2,    /* names a column so called, whose table the text does not tell */
    SQL_WHOLE_ROW = 1 << 3,   /* takes rows as a whole: *, a row as a value, the row type */
    SQL_BY_POSITION = 1 << 4, /* writes rows without naming the columns */
    SQL_WRITES_OLD = 1 << 5,  /* writes the column ... */
    SQL_WRITES_ONLY = 1 << 6, /* ... and, in the same place, not all of what takes its place */
    SQL_DYNAMIC = 1 << 7,     /* makes SQL at run time, or has a text that may be SQL of it */
    SQL_UNREADABLE = 1 << 8
} SqlUse;

typedef struct SqlFound {
    unsigned uses;   /* SqlUses */
    const char *why; /* of UNREADABLE, in the arena */
} SqlFound;

/* A statement as a client sends it, or the definition of a view. */
SqlFound sql_use_of_statement(const SqlSubject *subject, Str text, Arena *scratch);

/* A rule, or what a policy, CHECK, index or trigger asks, as a statement; `own`: its NEW and OLD are the subject's. */
SqlFound sql_use_of_condition(const SqlSubject *subject, Str text, bool own, Arena *scratch);

typedef struct SqlFunction {
    const char *language;   /* "sql", "plpgsql"; others are UNREADABLE */
    const char *body;       /* of sql: statements */
    const char *definition; /* CREATE FUNCTION ...: of plpgsql, and of a body that is no string */
    bool trigger;           /* NEW and OLD are rows of the subject */
} SqlFunction;

SqlFound sql_use_of_function(const SqlSubject *subject, const SqlFunction *function, Arena *scratch);

#endif
