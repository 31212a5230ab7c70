/* What a cell can hold, and how many rows of cells lie in memory.
 *
 * Kind is the program's own small set of types; every source maps its types onto it. INT and DECIMAL are both
 * exact numbers: the same value is the same value in either. What a kind means and which kinds have a common
 * meaning: source/canon.h.
 *
 * Column: `rows` cells of one kind. state[i] says whether data[i] holds anything; data of a NULL or odd cell is
 * never read as its kind. Batch: up to BATCH_ROWS rows of columns, key columns first, rows in key order. A batch's
 * cells point into memory that belongs to whoever filled it and stay valid until it is filled again.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_ROWS = 1024, KEY_MAX_COLUMNS = 32 };

/*   kind, word, data array                                                             */
#define KIND_LIST(X)                                                                      \
    X(BOOL, "bool", int64_t)            /* 0, 1 */                                        \
    X(INT, "integer", int64_t)                                                            \
    X(DECIMAL, "decimal", Decimal)                                                        \
    X(FLOAT, "float", double)           /* -0 equals 0, NaN equals NaN */                 \
    X(TEXT, "text", Str)                /* UTF-8; char(n) without its padding */          \
    X(BYTES, "bytes", Str)                                                                \
    X(TIMESTAMPTZ, "timestamptz", int64_t) /* us since 2000-01-01 UTC */                  \
    X(TIMESTAMP, "timestamp", int64_t)  /* us since 2000-01-01, no zone */                \
    X(DATE, "date", int64_t)            /* days since 2000-01-01 */                       \
    X(TIME, "time", int64_t)            /* us since midnight */                           \
    X(INTERVAL, "interval", Interval)                                                     \
    X(UUID, "uuid", Str)                /* 16 bytes */                                    \
    X(JSON, "json", Str)                /* a document: equal by content */                \
    X(ARRAY, "array", Str)              /* PostgreSQL's array or range text, elements by `element` kind */ \
    X(OPAQUE, "opaque", Str)            /* the server's own text; equal byte for byte, same type only */

typedef enum Kind {
#define KIND_ENUM(name, word, type) KIND_##name,
    KIND_LIST(KIND_ENUM)
#undef KIND_ENUM
    KIND_COUNT
} Kind;

const char *kind_name(Kind kind); /* "integer"; static */

typedef enum CellState {
    CELL_NULL = 0,
    CELL_VALUE = 1,
    CELL_ODD = 2 /* a value that the column's kind cannot hold (SQLite: text in an integer column) */
} CellState;

typedef struct Column {
    Kind kind;
    Kind element; /* of ARRAY */
    bool single;  /* of FLOAT: each fits 32 bits */
    uint8_t *state;
    union {
        int64_t *ints; /* BOOL, INT and the times */
        double *floats;
        Decimal *decimals;
        Interval *intervals;
        Str *texts; /* TEXT, BYTES, UUID, JSON, ARRAY, OPAQUE */
    } data;
    Str *odd; /* the texts of odd cells; NULL while there is none */
} Column;

typedef struct Wire Wire; /* source/wire.h */

typedef struct Batch {
    size_t rows;
    size_t column_count;
    Column *columns;
    const Wire *wire; /* NULL: all cells are there; else those of the key, and the others where they are asked for */
} Batch;

/* One cell alone: literals, keys, findings. */
typedef struct Value {
    Kind kind;
    uint8_t state; /* CellState */
    bool single;   /* of FLOAT: it fits 32 bits, and is printed in as few digits as tell it from others that do */
    union {
        int64_t integer; /* BOOL, INT and the times */
        double number;
        Decimal decimal;
        Interval interval;
        Str text; /* also the text of an odd cell */
    } as;
} Value;

/* Columns of `kinds` with room for `capacity` rows (usually BATCH_ROWS); rows is 0. */
Batch batch_make(Arena *arena, size_t column_count, const Kind *kinds, size_t capacity);
/* A row of a batch as a batch of its own, with all that it points into. */
Batch batch_row(Arena *arena, const Batch *batch, size_t row);
Value column_value(const Column *column, size_t row);
/* Texts are not copied. `arena` is used only where the column's first odd cell needs its array (of BATCH_ROWS). */
void column_set(Arena *arena, Column *column, size_t row, Value value);
Value value_copy(Arena *arena, Value value);

/* Numeric and time order as in PostgreSQL; text, bytes and uuid by memcmp; NULL last and equal to NULL.
 * Both of one kind (INT and DECIMAL may mix). This is the order of keys. */
int value_compare(Value a, Value b);
/* The cells of two columns, without making Values. */
int column_compare(const Column *a, size_t row_a, const Column *b, size_t row_b);

/* PostgreSQL's text form: UTC, ISO, hex bytea. A NULL prints nothing. */
void value_print(Value value, Buf *out);
/* The other way; false: not such a text. Text is copied to the arena. */
bool value_parse(Arena *arena, Kind kind, Str text, Value *out);
/* The nearest float of 32 bits. Of a NULL or odd cell, and of other kinds, the value as it is. */
Value value_single(Value value);

#endif
