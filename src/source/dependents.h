/* What hangs on a column, or a table, that is to be dropped: as an engine's catalog and statistics tell it.
 *
 * An engine answers by classes ("view", "index", ...): each was looked at, and gives what it found, or could not be
 * looked at, and says why. What only a parser could tell - bodies of functions, definitions of views, statements of
 * clients - comes as texts, for the gate to read.
 */
#ifndef SOURCE_DEPENDENTS_H
#define SOURCE_DEPENDENTS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked about. */
typedef struct DropRef {
    const char *name;               /* "orders.total_amount", "shop.orders.total_amount", "orders"; quoted as in SQL */
    const char *const *replaced_by; /* columns of the same table that take its place */
    size_t replaced_count;
    const char *old;  /* the old side's table or view, as describe names it */
    const char *kept; /* the new side's, where it is in this database; NULL: it is not */
} DropRef;

/* Of which side a relation is: its table, what inherits from that, or, where it is a view, what that reads. */
typedef enum DropPart {
    DROP_OF_OLD,
    DROP_OF_NEITHER, /* or of the new side only */
    DROP_OF_BOTH
} DropPart;

typedef enum DependentState {
    DEPENDENT_NOTED,   /* worth knowing, no obstacle */
    DEPENDENT_CERTAIN, /* an obstacle */
    DEPENDENT_POSSIBLE /* may be one: the server does not tell */
} DependentState;

typedef struct Dependent {
    DependentState state;
    const char *subject; /* "public.orders_report" */
    const char *seen;    /* "its query reads it" */
} Dependent;

typedef struct DependentClass {
    const char *group;    /* "refused by", "silently lost", ... */
    const char *name;     /* "view" */
    const char *required; /* "no view depends on it" */
    const char *unknown;  /* why it could not be looked at; NULL: it was */
    const Dependent *items;
    size_t count;
} DependentClass;

typedef enum DependentTextKind {
    TEXT_FUNCTION,
    TEXT_VIEW,
    TEXT_CONDITION, /* a rule, or the condition of a policy, CHECK, index or trigger, as a statement */
    TEXT_STATEMENT
} DependentTextKind;

typedef struct DependentText {
    DependentTextKind kind;
    const char *subject;    /* the function, view, rule, ...; of a statement its roles */
    const char *language;   /* of a function */
    const char *text;       /* body, definition or statement; NULL: too long to be fetched */
    const char *definition; /* of a function: CREATE FUNCTION ...; NULL likewise */
    bool trigger;           /* NEW and OLD are rows of the table: the function of its trigger, its rule */
    bool mentions;          /* the name of the column or table stands in it */
    int64_t calls;          /* of a statement */
} DependentText;

typedef struct RelationName {
    const char *schema;
    const char *name;
} RelationName;

/* What a column has, for the column that takes its place to have, too. */
typedef struct ColumnTrait {
    const char *name;  /* "not-null", "default", "unique", "foreign-key", "index" */
    const char *shown; /* "DEFAULT 0"; NULL: it has none */
} ColumnTrait;

/* The statements that clients sent, as far as the server counted them. */
typedef struct Traffic {
    const char *unknown; /* why there is nothing to tell; NULL: there is */
    const char *partial; /* whose statements are not counted, a sentence; NULL: everybody's are */
    int64_t since_us;    /* wall clock: counted since; 0: not known */
    int64_t forgotten;   /* how often statements were dropped from the count to make room */
    int64_t statements;  /* of this database */
    int64_t hidden;      /* whose text the role may not see, or the server has lost */
    int64_t own;         /* of this program, left out of the texts */
    bool cut;            /* there were more texts than are fetched */
} Traffic;

typedef struct Dependents {
    const char *shown;          /* "public.orders.total_amount" */
    uint32_t table_id;          /* equal for two names of one table of one source */
    const char *column;         /* NULL: the whole table */
    DropPart part;              /* of neither, or a whole table of both: nothing below is told */
    bool same_columns;          /* it is the old side's table or inherits from it: columns of one name are one */
    const char *const *columns; /* of a whole table */
    size_t column_count;
    const RelationName *tables; /* the table, and what inherits from it */
    size_t table_count;
    bool name_shared;              /* another schema has a relation of one of these names */
    const RelationName *relatives; /* other relations with a column of this name */
    size_t relative_count;
    bool relatives_known; /* false: there are more than were fetched */
    const DependentClass *classes;
    size_t class_count;
    const DependentText *texts;
    size_t text_count;
    const char *texts_unknown; /* why functions or views could not be fetched; NULL: they were */
    const ColumnTrait *traits;
    size_t trait_count;
    Traffic traffic;
} Dependents;

/* Functions that run SQL which is given to them as a text, or read tables by their names. */
typedef struct SqlRunner {
    const char *name; /* how their names begin: "dblink" for dblink_exec, too */
    bool reads_all;   /* whatever they are given, any table may be read */
} SqlRunner;

enum { SQL_RUNNERS = 9 };
extern const SqlRunner sql_runners[SQL_RUNNERS];

/* NULL: none of them. */
const SqlRunner *sql_runner_find(Str function);

#endif
