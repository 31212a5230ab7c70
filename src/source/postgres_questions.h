/* What PostgreSQL's catalog is asked of a column or table that is to be dropped: one row a class of dependents.
 *
 * Each query stands behind PG_GONE_SQL and sees
 *     tree(relid)             the table, and what inherits from it
 *     gone(relid, attnum)     what is dropped; attnum 0: the whole of it
 *     dep(...)                pg_depend on what is dropped
 *     instead(relid, attnum)  the columns of the same table that take its place
 * under search_path pg_catalog, so that every name it gives is qualified. Its rows: state ('n' an obstacle, 'u' maybe
 * one, 'm' only worth knowing), subject, seen.
 */
#ifndef SOURCE_POSTGRES_QUESTIONS_H
#define SOURCE_POSTGRES_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum PgAsked {
    PG_ASKED_OF_COLUMN = 1 << 0,      /* that is dropped */
    PG_ASKED_OF_TABLE = 1 << 1,       /* that is dropped as a whole */
    PG_ASKED_OF_REPLACEMENT = 1 << 2, /* of a column that takes the place of one: gone is that column */
    PG_ASKED_OF_DROPPED = PG_ASKED_OF_COLUMN | PG_ASKED_OF_TABLE
} PgAsked;

typedef struct PgQuestion {
    const char *group;
    const char *name;
    const char *required;
    unsigned asked;    /* PgAsked */
    int since, before; /* server versions; 0: no bound */
    const char *sql;
} PgQuestion;

/* $1: the table's oid, $2: the column's name or NULL, $3: text[] of the columns that take its place. */
extern const char PG_GONE_SQL[];
extern const PgQuestion PG_QUESTIONS[];
extern const size_t PG_QUESTION_COUNT;

/* Rows: name of a trait, how it is shown (NULL: the column has it not). */
extern const char PG_TRAITS_SQL[];

#endif
