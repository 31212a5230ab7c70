/* In: cells as SQLite stores them. Out: values of the wanted kind, odd where there is no such value.
 *
 * Promises: the order that twofold_order gives is value_compare's: values, then odd cells.
 * Refuses: to guess. A number in a timestamp column may count seconds or milliseconds; it is odd.
 */
#include "source/sqlite_cell.h"

#include "base/json.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- declared types ------------------------------------------------------------------------------------- */

typedef struct TypeRow {
    const char *part; /* of the declared type, in any case */
    Kind kind;
} TypeRow;

/* The first row that is part of the type decides: "POINT" and "INTERVAL" before "INT", "DATETIME" before "DATE", and
 * "DECIMAL TEXT", which keeps every digit where DECIMAL alone goes through a double, before "TEXT". */
static const TypeRow TYPES[] = {
    {"POINT", KIND_TEXT},
    {"INTERVAL", KIND_INTERVAL},
    {"BOOL", KIND_BOOL},
    {"TIMESTAMPTZ", KIND_TIMESTAMPTZ},
    {"WITH TIME ZONE", KIND_TIMESTAMPTZ},
    {"TIMESTAMP", KIND_TIMESTAMP},
    {"DATETIME", KIND_TIMESTAMP},
    {"DATE", KIND_DATE},
    {"TIME", KIND_TIME},
    {"UUID", KIND_UUID},
    {"JSON", KIND_JSON},
    {"INT", KIND_INT},
    {"SERIAL", KIND_INT},
    {"DECIMAL", KIND_DECIMAL},
    {"NUMERIC", KIND_DECIMAL},
    {"CHAR", KIND_TEXT},
    {"CLOB", KIND_TEXT},
    {"TEXT", KIND_TEXT},
    {"BLOB", KIND_BYTES},
    {"BYTEA", KIND_BYTES},
    {"BINARY", KIND_BYTES},
    {"REAL", KIND_FLOAT},
    {"FLOA", KIND_FLOAT},
    {"DOUB", KIND_FLOAT},
    {"DEC", KIND_DECIMAL},
    {"NUM", KIND_DECIMAL},
    {"MONEY", KIND_DECIMAL},
};

Kind sqlite_kind(const char *declared) {
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (strcasestr(declared, TYPES[i].part) != NULL) {
            return TYPES[i].kind;
        }
    }
    return KIND_TEXT;
}

typedef struct AffinityRow {
    const char *part;
    SqliteAffinity affinity;
} AffinityRow;

/* https://www.sqlite.org/datatype3.html, 3.1 */
static const AffinityRow AFFINITIES[] = {
    {"INT", AFFINITY_INTEGER}, {"CHAR", AFFINITY_TEXT}, {"CLOB", AFFINITY_TEXT}, {"TEXT", AFFINITY_TEXT},
    {"BLOB", AFFINITY_BLOB},   {"REAL", AFFINITY_REAL}, {"FLOA", AFFINITY_REAL}, {"DOUB", AFFINITY_REAL},
};

SqliteAffinity sqlite_affinity(const char *declared) {
    if (declared[0] == '\0') {
        return AFFINITY_BLOB;
    }
    for (size_t i = 0; i < sizeof(AFFINITIES) / sizeof(AFFINITIES[0]); i++) {
        if (strcasestr(declared, AFFINITIES[i].part) != NULL) {
            return AFFINITIES[i].affinity;
        }
    }
    return AFFINITY_NUMERIC;
}

/* ---- cells ---------------------------------------------------------------------------------------------- */

bool sqlite_cell_of_row(sqlite3_stmt *statement, int column, SqliteCell *out) {
    SqliteCell cell = {.type = sqlite3_column_type(statement, column)};
    if (cell.type == SQLITE_INTEGER) {
        cell.integer = sqlite3_column_int64(statement, column);
    } else if (cell.type == SQLITE_FLOAT) {
        cell.real = sqlite3_column_double(statement, column);
    } else if (cell.type == SQLITE_TEXT) {
        cell.bytes.bytes = (const char *)sqlite3_column_text(statement, column);
        if (cell.bytes.bytes == NULL) {
            return false;
        }
    } else if (cell.type == SQLITE_BLOB) {
        cell.bytes.bytes = sqlite3_column_blob(statement, column);
    }
    if (cell.type == SQLITE_TEXT || cell.type == SQLITE_BLOB) {
        cell.bytes.length = (size_t)sqlite3_column_bytes(statement, column);
    }
    *out = cell;
    return true;
}

static bool cell_of_argument(sqlite3_value *argument, SqliteCell *out) {
    SqliteCell cell = {.type = sqlite3_value_type(argument)};
    if (cell.type == SQLITE_INTEGER) {
        cell.integer = sqlite3_value_int64(argument);
    } else if (cell.type == SQLITE_FLOAT) {
        cell.real = sqlite3_value_double(argument);
    } else if (cell.type == SQLITE_TEXT) {
        cell.bytes.bytes = (const char *)sqlite3_value_text(argument);
        if (cell.bytes.bytes == NULL) {
            return false;
        }
    } else if (cell.type == SQLITE_BLOB) {
        cell.bytes.bytes = sqlite3_value_blob(argument);
    }
    if (cell.type == SQLITE_TEXT || cell.type == SQLITE_BLOB) {
        cell.bytes.length = (size_t)sqlite3_value_bytes(argument);
    }
    *out = cell;
    return true;
}

/* The cell as its text, whatever it is: numbers and bytes as PostgreSQL prints them. */
static Str cell_text(Arena *arena, const SqliteCell *cell) {
    if (cell->type == SQLITE_TEXT && utf8_valid(cell->bytes)) {
        return str_copy(arena, cell->bytes);
    }
    Value value = {.kind = KIND_BYTES, .state = CELL_VALUE};
    if (cell->type == SQLITE_INTEGER) {
        value.kind = KIND_INT;
        value.as.integer = cell->integer;
    } else if (cell->type == SQLITE_FLOAT) {
        value.kind = KIND_FLOAT;
        value.as.number = cell->real;
    } else {
        value.as.text = cell->bytes;
    }
    Buf text = {0};
    value_print(value, &text);
    Str copy = str_copy(arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

/* ---- one reader a kind ---------------------------------------------------------------------------------- */

static bool text_reads_as(Arena *arena, const SqliteCell *cell, Value *out) {
    return cell->type == SQLITE_TEXT && value_parse(arena, out->kind, cell->bytes, out);
}

static bool read_bool(Arena *arena, const SqliteCell *cell, Value *out) {
    out->as.integer = cell->integer;
    return cell->type == SQLITE_INTEGER ? cell->integer == 0 || cell->integer == 1 : text_reads_as(arena, cell, out);
}

static bool read_int(Arena *arena, const SqliteCell *cell, Value *out) {
    out->as.integer = cell->integer;
    return cell->type == SQLITE_INTEGER || text_reads_as(arena, cell, out);
}

static bool read_decimal(Arena *arena, const SqliteCell *cell, Value *out) {
    if (cell->type == SQLITE_INTEGER) {
        out->as.decimal = decimal_of_int(cell->integer);
    } else if (cell->type == SQLITE_FLOAT) {
        out->as.decimal = decimal_of_double(arena, cell->real, false);
    } else {
        return text_reads_as(arena, cell, out);
    }
    return true;
}

/* An integer is a float where the float is that very integer. 2^63 as a float is beyond int64. */
static bool read_float(Arena *arena, const SqliteCell *cell, Value *out) {
    out->as.number = cell->type == SQLITE_INTEGER ? (double)cell->integer : cell->real;
    if (cell->type == SQLITE_INTEGER) {
        return out->as.number < 0x1p63 && (int64_t)out->as.number == cell->integer;
    }
    return cell->type == SQLITE_FLOAT || text_reads_as(arena, cell, out);
}

/* Only columns without a declared type can hold numbers as numbers here. */
static bool read_text(Arena *arena, const SqliteCell *cell, Value *out) {
    bool readable = cell->type == SQLITE_TEXT ? utf8_valid(cell->bytes) : cell->type != SQLITE_BLOB;
    if (readable) {
        out->as.text = cell_text(arena, cell);
    }
    return readable;
}

static bool read_bytes(Arena *arena, const SqliteCell *cell, Value *out) {
    if (cell->type != SQLITE_BLOB) {
        return false;
    }
    out->as.text = str_copy(arena, cell->bytes);
    return true;
}

/* PostgreSQL would drop a zone in silence; here it says that the text means another moment. */
static bool read_timestamp(Arena *arena, const SqliteCell *cell, Value *out) {
    int64_t instant;
    return text_reads_as(arena, cell, out) && calendar_parse_timestamptz(cell->bytes, &instant) &&
           instant == out->as.integer;
}

static bool read_timestamptz(Arena *arena, const SqliteCell *cell, Value *out) {
    return text_reads_as(arena, cell, out);
}

static bool holds(Str text, char c) {
    return memchr(text.bytes, c, text.length) != NULL;
}

static bool read_date(Arena *arena, const SqliteCell *cell, Value *out) {
    int64_t instant;
    if (!text_reads_as(arena, cell, out)) {
        return false;
    }
    return !holds(cell->bytes, ':') ||
           (calendar_parse_timestamptz(cell->bytes, &instant) && instant == out->as.integer * CALENDAR_DAY_US);
}

static bool read_time(Arena *arena, const SqliteCell *cell, Value *out) {
    return text_reads_as(arena, cell, out) && !holds(cell->bytes, '+') && !holds(cell->bytes, '-');
}

static bool read_interval(Arena *arena, const SqliteCell *cell, Value *out) {
    return text_reads_as(arena, cell, out);
}

static bool read_uuid(Arena *arena, const SqliteCell *cell, Value *out) {
    if (cell->type == SQLITE_BLOB && cell->bytes.length == 16) {
        out->as.text = str_copy(arena, cell->bytes);
        return true;
    }
    return text_reads_as(arena, cell, out);
}

static bool read_json(Arena *arena, const SqliteCell *cell, Value *out) {
    if (cell->type == SQLITE_BLOB) {
        return false;
    }
    Buf unused = {0};
    out->as.text = cell_text(arena, cell);
    bool good = json_canonical(out->as.text, arena, &unused);
    buf_free(&unused);
    return good;
}

typedef bool CellReader(Arena *arena, const SqliteCell *cell, Value *out);

/* Arrays and opaque types are other engines' own; SQLite has only their text. */
static CellReader *const READERS[KIND_COUNT] = {
    [KIND_BOOL] = read_bool,
    [KIND_INT] = read_int,
    [KIND_DECIMAL] = read_decimal,
    [KIND_FLOAT] = read_float,
    [KIND_TEXT] = read_text,
    [KIND_BYTES] = read_bytes,
    [KIND_TIMESTAMPTZ] = read_timestamptz,
    [KIND_TIMESTAMP] = read_timestamp,
    [KIND_DATE] = read_date,
    [KIND_TIME] = read_time,
    [KIND_INTERVAL] = read_interval,
    [KIND_UUID] = read_uuid,
    [KIND_JSON] = read_json,
    [KIND_ARRAY] = read_text,
    [KIND_OPAQUE] = read_text,
};

Value sqlite_cell_value(Arena *arena, const SqliteCell *cell, Kind kind) {
    Value value = {.kind = kind, .state = CELL_VALUE};
    if (cell->type == SQLITE_NULL) {
        return (Value){.kind = kind, .state = CELL_NULL};
    }
    if (READERS[kind](arena, cell, &value)) {
        return value;
    }
    return (Value){.kind = kind, .state = CELL_ODD, .as.text = cell_text(arena, cell)};
}

/* ---- order ---------------------------------------------------------------------------------------------- */

/* What stands for a value where SQLite sorts: an integer, or bytes, which SQLite compares with memcmp and puts after
 * every integer. */
typedef struct SortKey {
    bool is_integer;
    int64_t integer;
    Buf bytes;
} SortKey;

enum { SORT_VALUE = 0, SORT_ODD = 1 };

/* As an unsigned big-endian number with the sign bit turned, so that memcmp puts negative ones first. */
static void sort_interval(Interval interval, Buf *out) {
    i128 us = ((i128)interval.months * 30 + interval.days) * CALENDAR_DAY_US + interval.us;
    u128 bits = (u128)us ^ (u128)1 << 127;
    for (int shift = 120; shift >= 0; shift -= 8) {
        buf_char(out, (char)(unsigned char)(bits >> shift));
    }
}

/* Of kinds that describe sorts by value; decimals and floats it sorts by cell. */
static SortKey sort_key(Value value) {
    SortKey key = {0};
    if (value.state == CELL_ODD) {
        buf_char(&key.bytes, SORT_ODD);
        buf_str(&key.bytes, value.as.text);
        return key;
    }
    if (value.kind == KIND_INTERVAL) {
        buf_char(&key.bytes, SORT_VALUE);
        sort_interval(value.as.interval, &key.bytes);
    } else if (value.kind == KIND_TEXT || value.kind == KIND_BYTES || value.kind == KIND_UUID ||
               value.kind == KIND_JSON || value.kind == KIND_ARRAY || value.kind == KIND_OPAQUE) {
        buf_char(&key.bytes, SORT_VALUE);
        buf_str(&key.bytes, value.as.text);
    } else {
        key.is_integer = true;
        key.integer = value.as.integer;
    }
    return key;
}

static void order_function(sqlite3_context *context, int count, sqlite3_value **arguments) {
    (void)count;
    Arena *scratch = sqlite3_user_data(context);
    SqliteCell cell;
    if (!cell_of_argument(arguments[0], &cell)) {
        sqlite3_result_error_nomem(context);
        return;
    }
    int kind = sqlite3_value_int(arguments[1]);
    if (cell.type == SQLITE_NULL || kind < 0 || kind >= KIND_COUNT || kind == KIND_DECIMAL || kind == KIND_FLOAT) {
        sqlite3_result_null(context);
        return;
    }
    arena_empty(scratch);
    SortKey key = sort_key(sqlite_cell_value(scratch, &cell, (Kind)kind));
    if (key.is_integer) {
        sqlite3_result_int64(context, key.integer);
    } else {
        sqlite3_result_blob64(context, key.bytes.bytes, key.bytes.length, SQLITE_TRANSIENT);
    }
    buf_free(&key.bytes);
}

int sqlite_order_register(sqlite3 *db, Arena *scratch) {
    return sqlite3_create_function(db, "twofold_order", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, scratch, order_function,
                                   NULL, NULL);
}

static int bind_sort_key(sqlite3_stmt *statement, int parameter, Value value) {
    SortKey key = sort_key(value);
    int code = key.is_integer
                   ? sqlite3_bind_int64(statement, parameter, key.integer)
                   : sqlite3_bind_blob64(statement, parameter, key.bytes.bytes, key.bytes.length, SQLITE_TRANSIENT);
    buf_free(&key.bytes);
    return code;
}

static int bind_text(sqlite3_stmt *statement, int parameter, Str text) {
    return sqlite3_bind_text64(statement, parameter, text.length == 0 ? "" : text.bytes, text.length, SQLITE_TRANSIENT,
                               SQLITE_UTF8);
}

/* SQLite turns a NaN into NULL; a NaN that it holds is the text. */
static int bind_double(sqlite3_stmt *statement, int parameter, double number) {
    return isnan(number) ? bind_text(statement, parameter, STR_LITERAL("NaN"))
                         : sqlite3_bind_double(statement, parameter, number);
}

static int bind_cell(sqlite3_stmt *statement, int parameter, Value value) {
    if (value.state == CELL_ODD) {
        return bind_text(statement, parameter, value.as.text);
    }
    if (value.kind == KIND_FLOAT) {
        return bind_double(statement, parameter, value.as.number);
    }
    if (value.kind == KIND_DECIMAL) {
        return bind_double(statement, parameter, decimal_to_double(value.as.decimal));
    }
    if (value.kind == KIND_BYTES) {
        return value.as.text.length == 0 ? sqlite3_bind_zeroblob(statement, parameter, 0)
                                         : sqlite3_bind_blob64(statement, parameter, value.as.text.bytes,
                                                               value.as.text.length, SQLITE_TRANSIENT);
    }
    return value.kind == KIND_TEXT ? bind_text(statement, parameter, value.as.text)
                                   : sqlite3_bind_int64(statement, parameter, value.as.integer);
}

int sqlite_order_bind(sqlite3_stmt *statement, int parameter, SqliteOrder order, Value value) {
    int64_t whole;
    if (value.state == CELL_NULL) {
        return sqlite3_bind_null(statement, parameter);
    }
    if (value.state == CELL_VALUE && value.kind == KIND_DECIMAL && value.as.decimal.class_ == DECIMAL_FINITE &&
        decimal_to_int(value.as.decimal, &whole)) {
        value.kind = KIND_INT;
        value.as.integer = whole;
    }
    return order == ORDER_BY_VALUE ? bind_sort_key(statement, parameter, value)
                                   : bind_cell(statement, parameter, value);
}
