/* What SQLite's schema says about a table's keys: which columns, whether they are unique, whether an index cuts ranges.
 *
 * Promises: key_ordered only where an index holds the whole key in the order of values.
 * Refuses, with the nearest name: key columns that are not there; relations without a key.
 */
#ifndef SOURCE_SQLITE_KEY_H
#define SOURCE_SQLITE_KEY_H

#include "source/source.h"

#include <sqlite3.h>

/* A table as the schema has it; what Relation does not say. */
typedef struct SqliteTable {
    sqlite3 *db;
    const char *place;
    const char *name;
    bool is_table; /* not a view, not virtual */
    bool without_rowid;
    bool utf8;         /* the file's encoding: SQLite compares texts by their stored bytes */
    const int *cids;   /* SQLite's number of each relation column, or SQLITE_COMPUTED */
    const int *places; /* of each relation column in the primary key, from 1; 0: not in it */
} SqliteTable;

enum { SQLITE_COMPUTED = -100 };

/* Fills key, key_unique and key_ordered; a rowid is never NULL. The columns are known. */
MUST_CHECK bool sqlite_key_describe(const SqliteTable *table, const RelationRef *ref, Arena *arena, Relation *relation,
                                    Err *err);

/* A question about `name`, which is bound as ?1; then sqlite_answered ends it: false where it was not answered to its
 * end. `step` is what sqlite3_step gave last. */
MUST_CHECK bool sqlite_ask(const SqliteTable *table, const char *sql, const char *name, sqlite3_stmt **out, Err *err);
MUST_CHECK bool sqlite_answered(const SqliteTable *table, sqlite3_stmt *statement, int step, Err *err);
/* A column of the answer's row; "" for NULL. In arena. */
const char *sqlite_text_of(Arena *arena, sqlite3_stmt *statement, int column);

#endif
