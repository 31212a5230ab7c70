#include "source/postgres_bounds.h"

#include "source/postgres_sql.h"
#include "source/postgres_type.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLED_PAGES_MAX = 2000, SAMPLED_ROWS_A_BOUND = 20 };

/* Keys in ascending order, `width` Values each. */
typedef struct Keys {
    size_t width;
    size_t count;
    size_t room;
    Value *values;
} Keys;

static const RelationColumn *key_column(const Relation *relation, size_t i) {
    return &relation->columns[relation->key[i]];
}

/* ---- reading keys ----------------------------------------------------------------------------------------- */

/* A float's bound is the decimal it stands for, so that it cuts a numeric column at the same place. */
static Value bound_of(Arena *arena, const RelationColumn *column, Value value) {
    if (column->kind == KIND_FLOAT && value.state == CELL_VALUE) {
        Decimal exact = decimal_of_double(arena, value.as.number, column->single);
        return (Value){.kind = KIND_DECIMAL, .state = CELL_VALUE, .as.decimal = exact};
    }
    return value_copy(arena, value);
}

static void keys_add(Arena *arena, Keys *keys, const Relation *relation, const Batch *batch, size_t row) {
    if (keys->count == keys->room) {
        Value *more = ARENA_MANY(arena, keys->room * 2 * keys->width, Value);
        memcpy(more, keys->values, keys->count * keys->width * sizeof(Value));
        keys->values = more;
        keys->room *= 2;
    }
    for (size_t i = 0; i < keys->width; i++) {
        keys->values[keys->count * keys->width + i] =
            bound_of(arena, key_column(relation, i), column_value(&batch->columns[i], row));
    }
    keys->count++;
}

static bool keys_read(PgSession *session, PgCopy *copy, const Relation *relation, const char *select, Arena *arena,
                      Keys *out, Err *err) {
    Kind kinds[KEY_MAX_COLUMNS];
    PgField fields[KEY_MAX_COLUMNS];
    pg_copy_reset(copy, session);
    for (size_t i = 0; i < relation->key_count; i++) {
        kinds[i] = key_column(relation, i)->kind;
    }
    Batch batch = batch_make(&copy->memory, relation->key_count, kinds, BATCH_ROWS);
    for (size_t i = 0; i < relation->key_count; i++) {
        fields[i] = (PgField){pg_reading(key_column(relation, i)->native)->wire, &batch.columns[i]};
    }
    const char *doing = arena_printf(&copy->memory, "cut %s into ranges", relation->name);
    *out = (Keys){relation->key_count, 0, BATCH_ROWS, ARENA_MANY(arena, BATCH_ROWS * relation->key_count, Value)};
    if (!pg_copy_start(copy, select, fields, relation->key_count, doing, err)) {
        return false;
    }
    size_t rows;
    do {
        if (!pg_copy_next(copy, &rows, err)) {
            return false;
        }
        for (size_t row = 0; row < rows; row++) {
            keys_add(arena, out, relation, &batch, row);
        }
    } while (rows > 0);
    return true;
}

/* ---- the histogram ---------------------------------------------------------------------------------------- */

/* How the sampled or remembered keys are sorted: as the ranges' bounds will be compared. */
static const char *order_expression(const RelationColumn *column, KeyOrder order) {
    return order.native_collation && column->collation != NULL ? column->sql : column->order_sql;
}

/* The bounds take on the column's collation through the empty first half of the UNION. */
static void histogram_select(PgSql *sql, const Relation *relation, KeyOrder order) {
    const RelationColumn *column = key_column(relation, 0);
    char *table = PQescapeLiteral(sql->session->conn, relation->name, strlen(relation->name));
    char *name = PQescapeLiteral(sql->session->conn, column->name, strlen(column->name));
    buf_text(&sql->text, "SELECT ");
    pg_sql_read(sql, column);
    buf_printf(&sql->text,
               " FROM (SELECT %s FROM %s WHERE false UNION ALL"
               " SELECT pg_catalog.unnest(s.histogram_bounds::text::text[])::%s"
               " FROM pg_catalog.pg_stats s JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname"
               " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename"
               " WHERE c.oid = %s::regclass AND s.attname = %s AND s.inherited = (c.relkind = 'p')) known ORDER BY %s",
               column->sql, relation->from, column->type, table == NULL ? "NULL" : table, name == NULL ? "NULL" : name,
               order_expression(column, order));
    PQfreemem(table);
    PQfreemem(name);
}

static bool has_histogram(const Relation *relation) {
    const RelationColumn *column = key_column(relation, 0);
    return relation->key_count == 1 && !column->computed && pg_reading(column->native)->indexable;
}

static bool histogram_read(PgSession *session, PgCopy *copy, const Relation *relation, KeyOrder order, Arena *arena,
                           Keys *out, Err *err) {
    PgSql sql = {.session = session};
    histogram_select(&sql, relation, order);
    bool good = keys_read(session, copy, relation, sql.text.bytes, arena, out, err);
    pg_sql_free(&sql);
    return good;
}

/* ---- the sample ------------------------------------------------------------------------------------------- */

/* Pages of the table and all below it. */
static const char PAGES_SQL[] =
    "WITH RECURSIVE tree(oid) AS (SELECT $1::regclass::oid"
    " UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid)"
    " SELECT coalesce(sum(pg_catalog.pg_relation_size(c.oid)), 0)::float8"
    "  / pg_catalog.current_setting('block_size')::float8"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind IN ('r', 'm')";

static bool pages_count(PgSession *session, const Relation *relation, double *out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, PAGES_SQL, &relation->name, 1, "learn about the table's size", &row, err)) {
        return false;
    }
    *out = strtod(PQgetvalue(row, 0, 0), NULL);
    PQclear(row);
    return true;
}

/* How much of the table, in per cent, gives enough rows from enough places. */
static double sample_percent(const Relation *relation, double pages, size_t wanted) {
    double rows = relation->estimated_rows > 1 ? relation->estimated_rows : 1;
    double for_rows = (double)wanted * SAMPLED_ROWS_A_BOUND * pages / rows;
    double for_places = (double)wanted * 4;
    double sampled = for_rows > for_places ? for_rows : for_places;
    sampled = sampled > SAMPLED_PAGES_MAX ? SAMPLED_PAGES_MAX : sampled;
    return sampled >= pages ? 100 : 100 * sampled / pages;
}

static void from_sample(PgSql *sql, const Relation *relation, double percent) {
    buf_printf(&sql->text, " FROM %s TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1)", relation->from, percent);
}

/* Of the sampled keys, `wanted` at even distances come over: the sample is twenty times as large. A key of one column
 * that is no text takes a sixth of the time that others take: 10 ms of 80,000 keys. */
static void sample_select_one(PgSql *sql, const Relation *relation, double percent, size_t wanted) {
    buf_printf(&sql->text,
               "SELECT DISTINCT k0 FROM (SELECT pg_catalog.unnest(pg_catalog.percentile_disc((SELECT"
               " pg_catalog.array_agg(i / %zu::float8) FROM pg_catalog.generate_series(1, %zu) i))"
               " WITHIN GROUP (ORDER BY ",
               wanted + 1, wanted);
    pg_sql_read(sql, key_column(relation, 0));
    buf_text(&sql->text, ")) AS k0");
    from_sample(sql, relation, percent);
    buf_text(&sql->text, ") sample ORDER BY k0");
}

static void sample_select(PgSql *sql, const Relation *relation, KeyOrder order, double percent, size_t wanted) {
    buf_text(&sql->text, "SELECT ");
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(&sql->text, "%sk%zu", i == 0 ? "" : ", ", i);
    }
    buf_text(&sql->text, " FROM (SELECT ");
    for (size_t i = 0; i < relation->key_count; i++) {
        pg_sql_read(sql, key_column(relation, i));
        buf_printf(&sql->text, " AS k%zu, ", i);
    }
    buf_text(&sql->text, "row_number() OVER (ORDER BY ");
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(&sql->text, "%s%s", i == 0 ? "" : ", ", order_expression(key_column(relation, i), order));
    }
    buf_text(&sql->text, ") AS place, count(*) OVER () AS sampled");
    from_sample(sql, relation, percent);
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(&sql->text, "%s%s IS NOT NULL", i == 0 ? " WHERE " : " AND ", key_column(relation, i)->sql);
    }
    buf_printf(&sql->text,
               ") sample WHERE place < sampled AND place * %zu / sampled > (place - 1) * %zu / sampled ORDER BY place",
               wanted + 1, wanted + 1);
}

static bool sample_read(PgSession *session, PgCopy *copy, const Relation *relation, KeyOrder order, size_t wanted,
                        Arena *arena, Keys *out, Err *err) {
    double pages;
    *out = (Keys){.width = relation->key_count};
    if (!pages_count(session, relation, &pages, err)) {
        return false;
    }
    if (pages < 2) {
        return true;
    }
    PgSql sql = {.session = session};
    double percent = sample_percent(relation, pages, wanted);
    if (relation->key_count == 1 && !pg_reading(key_column(relation, 0)->native)->text) {
        sample_select_one(&sql, relation, percent, wanted);
    } else {
        sample_select(&sql, relation, order, percent, wanted);
    }
    bool good = keys_read(session, copy, relation, sql.text.bytes, arena, out, err);
    pg_sql_free(&sql);
    return good;
}

/* ---- even parts ------------------------------------------------------------------------------------------- */

static bool same_key(const Keys *keys, size_t a, size_t b) {
    for (size_t i = 0; i < keys->width; i++) {
        if (value_compare(keys->values[a * keys->width + i], keys->values[b * keys->width + i]) != 0) {
            return false;
        }
    }
    return true;
}

/* `wanted` of the keys at even distances, each once. `skip_ends`: the first and last key of a histogram are the
 * table's own ends, which cut nothing off. */
static void keys_thin(const Keys *keys, size_t wanted, bool skip_ends, Arena *arena, const Value ***out,
                      size_t *out_count) {
    size_t first = skip_ends && keys->count > 0 ? 1 : 0;
    size_t end = skip_ends && keys->count > 1 ? keys->count - 1 : keys->count;
    size_t usable = end > first ? end - first : 0;
    wanted = wanted < usable ? wanted : usable;
    *out = (const Value **)arena_array(arena, wanted, sizeof **out);
    *out_count = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < wanted; i++) {
        size_t at = first + (usable * (i + 1)) / (wanted + 1);
        if (last == SIZE_MAX || !same_key(keys, last, at)) {
            (*out)[(*out_count)++] = keys->values + at * keys->width;
        }
        last = at;
    }
}

static bool may_be_sampled(const Relation *relation) {
    return strcmp(relation->what, "view") != 0 && strcmp(relation->what, "foreign table") != 0;
}

bool pg_bounds(PgSession *session, PgCopy *copy, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena,
               const Value ***out_bounds, size_t *out_count, Err *err) {
    Keys keys = {.width = relation->key_count};
    Keys sample = {.width = relation->key_count};
    *out_bounds = NULL;
    *out_count = 0;
    if (wanted == 0 || !may_be_sampled(relation)) {
        return true;
    }
    if (has_histogram(relation) && !histogram_read(session, copy, relation, order, arena, &keys, err)) {
        return false;
    }
    if (keys.count >= wanted + 2) {
        keys_thin(&keys, wanted, true, arena, out_bounds, out_count);
        return true;
    }
    if (!sample_read(session, copy, relation, order, wanted, arena, &sample, err)) {
        return false;
    }
    bool sampled = sample.count > keys.count;
    keys_thin(sampled ? &sample : &keys, wanted, !sampled, arena, out_bounds, out_count);
    return true;
}
