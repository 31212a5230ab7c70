/* What SQLite's schema says about a relation.
 *
 * A column's kind is what its declared type says. A computed column has the type of the column that it is, or of the
 * outermost CAST(... AS type) that it is written as; any other expression is text. Computed columns and `where` are
 * prepared here, so that a mistake in them is found before any row is read.
 */
#ifndef SOURCE_SQLITE_DESCRIBE_H
#define SOURCE_SQLITE_DESCRIBE_H

#include "source/source.h"
#include "source/sqlite_cell.h"

/* `place` is the file's name in errors. RelationColumn.native is a SqliteOrder. */
MUST_CHECK bool sqlite_describe(sqlite3 *db, const char *place, const RelationRef *ref, Arena *arena, Relation *out,
                                Err *err);

/* Prepares one statement; more than one, or none, is an error. The caller finalizes *out. */
MUST_CHECK bool sqlite_prepare(sqlite3 *db, const char *sql, const char *doing, sqlite3_stmt **out, Err *err);

#endif
