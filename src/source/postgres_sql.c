#include "source/postgres_sql.h"

#include "source/postgres_key.h"
#include "source/postgres_type.h"

#include <math.h>
#include <string.h>

void pg_sql_free(PgSql *sql) {
    buf_free(&sql->text);
    arena_free(&sql->scratch);
}

bool pg_sql_check(const PgSql *sql, const char *doing, Err *err) {
    return !sql->bad || err_set(err, TF_ERROR_DATA, "cannot %s: a key has no text that PostgreSQL can hold", doing);
}

const RelationColumn *pg_scan_column(const Scan *scan, size_t i) {
    return &scan->relation->columns[scan->columns[i].column];
}

/* ---- columns ---------------------------------------------------------------------------------------------- */

const char *pg_fragment(Arena *arena, const char *text) {
    return arena_printf(arena, strstr(text, "--") == NULL ? "(%s)" : "(%s\n)", text);
}

const char *pg_order_text(const PgSession *session, Arena *arena, const RelationColumn *column) {
    const PgReading *reading = pg_reading(column->native);
    if (!reading->text) {
        return arena_printf(arena, "%s%s", column->sql, reading->order);
    }
    if (!session->utf8) { /* bytes of another encoding are in another order */
        return arena_printf(arena, "convert_to(%s::text, 'UTF8')", column->sql);
    }
    return arena_printf(arena, "%s%s COLLATE \"C\"", column->sql, reading->order);
}

void pg_sql_read(PgSql *sql, const RelationColumn *column) {
    buf_printf(&sql->text, "%s%s", column->sql, pg_reading(column->native)->cast);
}

/* ---- values ----------------------------------------------------------------------------------------------- */

/* What a literal is compared by: a bound cuts, an equal finds. */
typedef enum Purpose { PURPOSE_BOUND, PURPOSE_EQUAL } Purpose;

/* A text with a NUL or broken UTF-8 equals nothing in PostgreSQL; as a bound it has no place. */
static void literal(PgSql *sql, Str text, const char *type, Purpose purpose) {
    bool plain = text.length == 0 || memchr(text.bytes, '\0', text.length) == NULL;
    char *quoted = plain ? PQescapeLiteral(sql->session->conn, text.length == 0 ? "" : text.bytes, text.length) : NULL;
    if (quoted == NULL) {
        sql->bad = sql->bad || purpose == PURPOSE_BOUND;
        buf_printf(&sql->text, "NULL::%s", type);
        return;
    }
    buf_printf(&sql->text, "%s::%s", quoted[0] == ' ' ? quoted + 1 : quoted, type);
    PQfreemem(quoted);
}

static void bytes_literal(PgSql *sql, Str bytes) {
    buf_text(&sql->text, "'\\x");
    for (size_t i = 0; i < bytes.length; i++) {
        buf_printf(&sql->text, "%02x", (unsigned char)bytes.bytes[i]);
    }
    buf_text(&sql->text, "'::bytea");
}

static Decimal number_of(Arena *arena, Value value) {
    if (value.kind == KIND_DECIMAL) {
        return value.as.decimal;
    }
    return value.kind == KIND_FLOAT ? decimal_of_double(arena, value.as.number, false)
                                    : decimal_of_int(value.as.integer);
}

static double float_next(double value, double towards, bool single) {
    return single ? (double)nextafterf((float)value, (float)towards) : nextafter(value, towards);
}

/* The least float whose decimal (see decimal_of_double) is at least this one: where a decimal bound cuts floats. */
static double float_at_least(Arena *arena, Decimal bound, bool single) {
    double at = decimal_to_double(bound);
    if (bound.class_ != DECIMAL_FINITE) {
        return at;
    }
    at = single ? (double)(float)at : at;
    while (at < INFINITY && decimal_compare(decimal_of_double(arena, at, single), bound) < 0) {
        at = float_next(at, INFINITY, single);
    }
    for (;;) {
        double below = float_next(at, -INFINITY, single);
        if (isinf(below) || decimal_compare(decimal_of_double(arena, below, single), bound) < 0) {
            return at;
        }
        at = below;
    }
}

static void float_literal(PgSql *sql, double value) {
    if (isnan(value)) {
        buf_text(&sql->text, "'NaN'::float8");
    } else if (isinf(value)) {
        buf_printf(&sql->text, "'%sInfinity'::float8", value < 0 ? "-" : "");
    } else {
        buf_printf(&sql->text, "'%.17g'::float8", value);
    }
}

/* A float column, wanted as a float or as the decimals that its floats stand for. */
static void float_key(PgSql *sql, const RelationColumn *column, Kind wanted, Value value, Purpose purpose) {
    Decimal exact = number_of(&sql->scratch, value);
    if (wanted != KIND_DECIMAL) {
        float_literal(sql, value.kind == KIND_FLOAT ? value.as.number : decimal_to_double(exact));
        return;
    }
    double at = float_at_least(&sql->scratch, exact, column->single);
    if (purpose == PURPOSE_EQUAL && decimal_compare(decimal_of_double(&sql->scratch, at, column->single), exact) != 0) {
        buf_text(&sql->text, "NULL::float8"); /* no float stands for it */
        return;
    }
    float_literal(sql, at);
}

/* A key that no number of the column equals must not widen a list's type: as a list of floats it would find neighbours,
 * too, and of integers as numerics no index would. */
static void number_key(PgSql *sql, const RelationColumn *column, Value value, Purpose purpose) {
    Decimal exact = number_of(&sql->scratch, value);
    bool whole = column->kind == KIND_INT, nan = exact.class_ == DECIMAL_NAN;
    bool strange = exact.class_ != DECIMAL_FINITE && (whole || sql->session->version < 140000);
    int64_t integer;
    if (whole && decimal_to_int(exact, &integer)) {
        buf_printf(&sql->text, "'%lld'::int8", (long long)integer);
        return;
    }
    if (purpose == PURPOSE_EQUAL && (whole || (strange && !nan))) {
        buf_printf(&sql->text, "NULL::%s", whole ? "int8" : "numeric");
        return;
    }
    if (purpose == PURPOSE_BOUND && strange) {
        float_literal(sql, decimal_to_double(exact));
        return;
    }
    Buf text = {0};
    decimal_print(exact, &text);
    buf_printf(&sql->text, "'%s'::numeric", text.bytes);
    buf_free(&text);
}

/* To char(n) spaces at the end mean nothing, and no value of it is read with any. */
static bool is_no_value_of(const RelationColumn *column, Str text) {
    enum { OID_BPCHAR = 1042 };
    return pg_reading(column->native)->oid == OID_BPCHAR && text.length > 0 && text.bytes[text.length - 1] == ' ';
}

/* `as_bytes`: the column is written as convert_to(...). */
static void key_literal(PgSql *sql, const RelationColumn *column, Kind wanted, Value value, Purpose purpose,
                        bool as_bytes) {
    if (column->kind == KIND_FLOAT) {
        float_key(sql, column, wanted, value, purpose);
        return;
    }
    if (column->kind == KIND_INT || column->kind == KIND_DECIMAL) {
        number_key(sql, column, value, purpose);
        return;
    }
    Buf text = {0};
    value_print(value, &text);
    if (as_bytes || column->kind == KIND_BYTES) {
        bytes_literal(sql, value.as.text);
    } else if (purpose == PURPOSE_EQUAL && is_no_value_of(column, buf_view(&text))) {
        buf_printf(&sql->text, "NULL::%s", pg_reading(column->native)->literal);
    } else {
        literal(sql, buf_view(&text), pg_reading(column->native)->literal, purpose);
    }
    buf_free(&text);
}

/* ---- comparing keys --------------------------------------------------------------------------------------- */

/* One key column in a comparison: how it is written, and whether as bytes. */
typedef struct KeyPart {
    const RelationColumn *column;
    Kind wanted;
    const char *sql;
    bool as_bytes;
} KeyPart;

static KeyPart key_part(const PgSql *sql, const Scan *scan, size_t i, bool native) {
    const RelationColumn *column = pg_scan_column(scan, i);
    bool own = native && column->collation != NULL;
    return (KeyPart){
        .column = column,
        .wanted = scan->columns[i].kind,
        .sql = own ? column->sql : column->order_sql,
        .as_bytes = !own && !sql->session->utf8 && pg_reading(column->native)->text,
    };
}

/* Texts are found by the column's own equality, which an index has, where that means equal bytes. */
static KeyPart equal_part(const PgSql *sql, const Scan *scan, size_t i) {
    const char *collation = pg_scan_column(scan, i)->collation;
    return key_part(sql, scan, i, collation != NULL && pg_collation_deterministic(collation));
}

static void part_literal(PgSql *sql, const KeyPart *part, Value value, Purpose purpose) {
    if (value.state == CELL_ODD) { /* another engine's, of a kind that this column cannot hold */
        buf_printf(&sql->text, "NULL::%s", part->as_bytes ? "bytea" : pg_reading(part->column->native)->literal);
        return;
    }
    key_literal(sql, part->column, part->wanted, value, purpose, part->as_bytes);
}

static void comma(PgSql *sql, size_t i) {
    buf_text(&sql->text, i == 0 ? "" : ", ");
}

void pg_sql_bound(PgSql *sql, const Scan *scan, const Value *bound) {
    for (size_t i = 0; i < scan->key_count; i++) {
        KeyPart part = key_part(sql, scan, i, scan->order.native_collation);
        comma(sql, i);
        part_literal(sql, &part, bound[i], PURPOSE_BOUND);
    }
}

void pg_sql_list_names(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, PG_LIST "(" PG_LIST "_i");
    for (const char *end = PG_LIST_FROM PG_LIST_TO; *end != '\0'; end++) {
        for (size_t i = 0; i < scan->key_count; i++) {
            buf_printf(&sql->text, ", " PG_LIST "_%c%zu", *end, i);
        }
    }
    buf_char(&sql->text, ')');
}

static void listed_bound(PgSql *sql, const Scan *scan, const char *end) {
    for (size_t i = 0; i < scan->key_count; i++) {
        comma(sql, i);
        buf_printf(&sql->text, PG_LIST "_%s%zu", end, i);
    }
}

/* (a, b) >= (1, 'x'): a row comparison is what an index over (a, b) understands. */
static void compare_bound(PgSql *sql, const Scan *scan, const char *operator_text, const char *end,
                          const Value *bound) {
    const char *open = scan->key_count > 1 ? "(" : "";
    const char *close = scan->key_count > 1 ? ")" : "";
    buf_text(&sql->text, open);
    for (size_t i = 0; i < scan->key_count; i++) {
        comma(sql, i);
        buf_text(&sql->text, key_part(sql, scan, i, scan->order.native_collation).sql);
    }
    buf_printf(&sql->text, "%s %s %s", close, operator_text, open);
    if (sql->listed) {
        listed_bound(sql, scan, end);
    } else {
        pg_sql_bound(sql, scan, bound);
    }
    buf_text(&sql->text, close);
}

/* ---- where ------------------------------------------------------------------------------------------------ */

bool pg_key_nullable(const Scan *scan) {
    for (size_t i = 0; i < scan->key_count; i++) {
        if (!pg_scan_column(scan, i)->not_null) {
            return true;
        }
    }
    return false;
}

typedef struct Conditions {
    PgSql *sql;
    size_t count;
} Conditions;

static PgSql *condition(Conditions *conditions) {
    buf_text(&conditions->sql->text, conditions->count++ == 0 ? " WHERE " : " AND ");
    return conditions->sql;
}

static void null_condition(Conditions *conditions, const Scan *scan) {
    PgSql *sql = condition(conditions);
    size_t written = 0;
    buf_char(&sql->text, '(');
    for (size_t i = 0; i < scan->key_count; i++) {
        if (!pg_scan_column(scan, i)->not_null) {
            buf_printf(&sql->text, "%s%s IS NULL", written++ == 0 ? "" : " OR ", pg_scan_column(scan, i)->sql);
        }
    }
    buf_text(&sql->text, written == 0 ? "false)" : ")");
}

/* A bound on a single column already leaves NULL out. */
static void between_conditions(Conditions *conditions, const Scan *scan) {
    bool bound = scan->range.from != NULL || scan->range.to != NULL;
    for (size_t i = 0; i < scan->key_count; i++) {
        if (!pg_scan_column(scan, i)->not_null && (!bound || scan->key_count > 1)) {
            buf_printf(&condition(conditions)->text, "%s IS NOT NULL", pg_scan_column(scan, i)->sql);
        }
    }
    if (scan->range.from != NULL) {
        compare_bound(condition(conditions), scan, ">=", PG_LIST_FROM, scan->range.from);
    }
    if (scan->range.to != NULL) {
        compare_bound(condition(conditions), scan, "<", PG_LIST_TO, scan->range.to);
    }
}

static void own_condition(Conditions *conditions, const Scan *scan) {
    if (scan->relation->where != NULL) {
        buf_text(&condition(conditions)->text, scan->relation->where);
    }
}

void pg_sql_where(PgSql *sql, const Scan *scan) {
    Conditions conditions = {sql, 0};
    if (scan->range.rows == RANGE_BETWEEN) {
        between_conditions(&conditions, scan);
    } else if (scan->range.rows == RANGE_WITH_NULL) {
        null_condition(&conditions, scan);
    }
    own_condition(&conditions, scan);
}

/* ---- scan ------------------------------------------------------------------------------------------------- */

static void select_columns(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++) {
        comma(sql, i);
        pg_sql_read(sql, pg_scan_column(scan, i));
    }
    buf_printf(&sql->text, " FROM %s", scan->relation->from);
}

/* By position where the column is sent as it sorts: a bare name in ORDER BY would mean the output column of that name,
 * whichever that is. */
static void order_by(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, " ORDER BY ");
    for (size_t i = 0; i < scan->key_count; i++) {
        const RelationColumn *column = pg_scan_column(scan, i);
        bool as_sent = strcmp(column->order_sql, column->sql) == 0; /* a cast that changes order changes order_sql */
        comma(sql, i);
        if (as_sent) {
            buf_printf(&sql->text, "%zu", i + 1);
        } else {
            buf_text(&sql->text, column->order_sql);
        }
    }
}

void pg_sql_scan(PgSql *sql, const Scan *scan) {
    select_columns(sql, scan);
    pg_sql_where(sql, scan);
    if (!scan->unordered) {
        order_by(sql, scan);
    }
}

/* ---- lookup ----------------------------------------------------------------------------------------------- */

static bool any_null(const Value *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (keys[i].state == CELL_NULL) {
            return true;
        }
    }
    return false;
}

static void key_row(PgSql *sql, const Scan *scan, const Value *key) {
    buf_text(&sql->text, scan->key_count > 1 ? "(" : "");
    for (size_t i = 0; i < scan->key_count; i++) {
        KeyPart part = equal_part(sql, scan, i);
        comma(sql, i);
        part_literal(sql, &part, key[i], PURPOSE_EQUAL);
    }
    buf_text(&sql->text, scan->key_count > 1 ? ")" : "");
}

static bool are_integers(const Scan *scan, const Value *keys, size_t count) {
    bool integers = scan->key_count == 1 && pg_scan_column(scan, 0)->kind == KIND_INT;
    for (size_t k = 0; k < count; k++) {
        integers = integers && keys[k].kind == KIND_INT;
    }
    return integers;
}

/* k = ANY ('{1, ...}'::int8[]): what keys_in writes, a fifth faster to parse and plan. */
static void keys_in_array(PgSql *sql, const Scan *scan, const Value *keys, size_t count) {
    const char *comparable = scan->relation->key_indexed ? "" : "::int8"; /* of two types it would not be hashed */
    buf_printf(&sql->text, "%s%s = ANY ('{", equal_part(sql, scan, 0).sql, comparable);
    for (size_t k = 0; k < count; k++) {
        buf_printf(&sql->text, "%s%lld", k == 0 ? "" : ",", (long long)keys[k].as.integer);
    }
    buf_text(&sql->text, "}'::int8[])");
}

/* k IN ('1'::int8, ...); (a, b) IN (VALUES (...), ...): both find each key through the index. */
static void keys_in(PgSql *sql, const Scan *scan, const Value *keys, size_t count) {
    bool many = scan->key_count > 1;
    buf_text(&sql->text, many ? "(" : "");
    for (size_t i = 0; i < scan->key_count; i++) {
        comma(sql, i);
        buf_text(&sql->text, equal_part(sql, scan, i).sql);
    }
    buf_text(&sql->text, many ? ") IN (VALUES " : " IN (");
    for (size_t k = 0; k < count; k++) {
        comma(sql, k);
        key_row(sql, scan, keys + k * scan->key_count);
    }
    buf_char(&sql->text, ')');
}

/* A NULL is never IN a list, so lists with one are spelled out. */
static void keys_spelled(PgSql *sql, const Scan *scan, const Value *keys, size_t count) {
    buf_char(&sql->text, '(');
    for (size_t k = 0; k < count; k++) {
        buf_text(&sql->text, k == 0 ? "(" : " OR (");
        for (size_t i = 0; i < scan->key_count; i++) {
            KeyPart part = equal_part(sql, scan, i);
            Value value = keys[k * scan->key_count + i];
            buf_printf(&sql->text, "%s%s %s ", i == 0 ? "" : " AND ", part.sql,
                       value.state == CELL_NULL ? "IS NULL" : "=");
            if (value.state != CELL_NULL) {
                part_literal(sql, &part, value, PURPOSE_EQUAL);
            }
        }
        buf_char(&sql->text, ')');
    }
    buf_char(&sql->text, ')');
}

static void where_keys(PgSql *sql, const Scan *scan, const Value *keys, size_t count) {
    Conditions conditions = {sql, 0};
    condition(&conditions);
    if (count == 0) {
        buf_text(&sql->text, "false");
    } else if (any_null(keys, count * scan->key_count)) {
        keys_spelled(sql, scan, keys, count);
    } else if (are_integers(scan, keys, count)) {
        keys_in_array(sql, scan, keys, count);
    } else {
        keys_in(sql, scan, keys, count);
    }
    own_condition(&conditions, scan);
}

void pg_sql_lookup(PgSql *sql, const Scan *scan, const Value *keys, size_t count) {
    select_columns(sql, scan);
    where_keys(sql, scan, keys, count);
    order_by(sql, scan);
}

void pg_sql_texts(PgSql *sql, const Scan *scan, const Value *key, RowLock lock) {
    static const char *const LOCKS[] = {"", " FOR SHARE", " FOR UPDATE"};
    buf_text(&sql->text, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++) {
        comma(sql, i);
        buf_text(&sql->text, pg_scan_column(scan, i)->sql);
    }
    buf_printf(&sql->text, " FROM %s", scan->relation->from);
    where_keys(sql, scan, key, 1);
    buf_text(&sql->text, LOCKS[lock]);
}
