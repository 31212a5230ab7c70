/* SQLite's cells as values.
 *
 * SQLite stores a cell as INTEGER, REAL, TEXT, BLOB or NULL, whatever the column was declared as; the declared type is
 * a wish. A cell is read as the kind that is wanted, and what cannot be understood as that kind is odd: its text is
 * kept, and it equals nothing but the same oddity.
 *
 *     kind                    read from
 *     bool                    0, 1, and texts that PostgreSQL reads as bool
 *     integer                 INTEGER, digits
 *     decimal                 INTEGER, REAL by its shortest text (0.1 is 0.1), digits
 *     float                   REAL, INTEGER where no bit is lost, texts ("NaN" too, which REAL cannot hold)
 *     text                    TEXT in UTF-8; a number in a column without a type by its text
 *     bytes                   BLOB
 *     timestamp, timestamptz  TEXT in ISO form; a timestamp with another zone than UTC is odd, and numbers are:
 *                             whether they count seconds, milliseconds or days a computed column must say
 *     date, time              TEXT; a date with a time of day is odd, as is a time with a zone
 *     interval                TEXT as PostgreSQL or ISO 8601 writes it
 *     uuid                    TEXT of 32 digits, dashed or not, or a BLOB of 16 bytes
 *     json                    TEXT that is a document; numbers, which SQLite stores as such
 */
#ifndef SOURCE_SQLITE_CELL_H
#define SOURCE_SQLITE_CELL_H

#include "base/err.h"
#include "base/value.h"

#include <sqlite3.h>

typedef struct SqliteCell {
    int type; /* SQLITE_INTEGER ... SQLITE_NULL */
    int64_t integer;
    double real;
    Str bytes; /* of TEXT and BLOB; valid until the statement moves on */
} SqliteCell;

/* False: SQLite had no memory for the cell's text. */
MUST_CHECK bool sqlite_cell_of_row(sqlite3_stmt *statement, int column, SqliteCell *out);
/* Texts are copied to the arena. */
Value sqlite_cell_value(Arena *arena, const SqliteCell *cell, Kind kind);

/* What a declared type says, as SQLite users mean it: "VARCHAR(20)" is text, "" says nothing and is text. */
Kind sqlite_kind(const char *declared);

/* What SQLite does to cells on their way into a column of a declared type. */
typedef enum SqliteAffinity {
    AFFINITY_INTEGER,
    AFFINITY_TEXT,
    AFFINITY_BLOB,
    AFFINITY_REAL,
    AFFINITY_NUMERIC
} SqliteAffinity;
SqliteAffinity sqlite_affinity(const char *declared);

/* How a column is put in the order of values. */
typedef enum SqliteOrder {
    ORDER_BY_CELL,  /* SQLite's own order of cells is the order of values */
    ORDER_BY_BYTES, /* ... of texts, if compared by bytes: COLLATE BINARY */
    ORDER_BY_VALUE  /* only twofold_order(cell, kind) gives it: no index helps */
} SqliteOrder;

/* Teaches a connection the function twofold_order. `scratch` must outlive the connection. */
int sqlite_order_register(sqlite3 *db, Arena *scratch);
/* Binds what compares with a column of this order as `value` does. */
int sqlite_order_bind(sqlite3_stmt *statement, int parameter, SqliteOrder order, Value value);

#endif
