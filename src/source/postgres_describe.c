#include "source/postgres_describe.h"

#include "base/dotted.h"
#include "source/postgres_error.h"
#include "source/postgres_key.h"
#include "source/postgres_sql.h"
#include "source/postgres_type.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- names ------------------------------------------------------------------------------------------------ */

bool pg_name_split(Arena *arena, const char *text, const char **out_schema, const char **out_name) {
    const char *parts[2];
    size_t count = dotted_parts(arena, text, parts, 2);
    if (count == 0) {
        return false;
    }
    *out_schema = count == 1 ? NULL : parts[0];
    *out_name = parts[count - 1];
    return true;
}

static const char *quoted(Arena *arena, const char *name) {
    Buf text = {0};
    buf_char(&text, '"');
    for (const char *c = name; *c != '\0'; c++) {
        buf_text(&text, *c == '"' ? "\"\"" : (const char[]){*c, '\0'});
    }
    buf_char(&text, '"');
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

/* ---- the table -------------------------------------------------------------------------------------------- */

static const struct RelationKind {
    char relkind;
    const char *what;
} RELATION_KINDS[] = {
    {'r', "table"}, {'p', "partitioned table"}, {'v', "view"}, {'m', "materialized view"}, {'f', "foreign table"},
};

static const char TABLE_SQL[] =
    "SELECT c.oid, c.relkind, n.nspname, c.relname,"
    " pg_catalog.has_any_column_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid),"
    " EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid),"
    " CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.relpages::float8"
    "  * pg_catalog.current_setting('block_size')::float8 / c.reltuples ELSE -1 END,"
    " CASE WHEN c.reltuples > 0 AND c.reltoastrelid <> 0"
    "  THEN coalesce(pg_catalog.pg_relation_size(c.reltoastrelid), 0)::float8 / c.reltuples ELSE 0 END"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = pg_catalog.to_regclass($1)";

enum {
    TABLE_OID,
    TABLE_KIND,
    TABLE_SCHEMA,
    TABLE_NAME,
    TABLE_READABLE,
    TABLE_HIDDEN,
    TABLE_PARENT,
    TABLE_WIDTH,
    TABLE_LONG
};

static const char NAMES_SQL[] =
    "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND CASE WHEN $1::text IS NULL"
    " THEN pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog' ELSE n.nspname = $1 END"
    " ORDER BY 1 LIMIT 1000";

static const char *relation_what(char relkind) {
    for (size_t i = 0; i < sizeof RELATION_KINDS / sizeof *RELATION_KINDS; i++) {
        if (RELATION_KINDS[i].relkind == relkind) {
            return RELATION_KINDS[i].what;
        }
    }
    return NULL;
}

static bool not_found(PgSession *session, const RelationRef *ref, const char *schema, const char *name, Err *err) {
    PGresult *rows;
    if (!pg_session_ask(session, NAMES_SQL, &schema, 1, "look for the table", &rows, err)) {
        return false;
    }
    Arena scratch = {0};
    size_t count = (size_t)PQntuples(rows);
    const char **names = ARENA_MANY(&scratch, count, const char *);
    for (size_t i = 0; i < count; i++) {
        names[i] = PQgetvalue(rows, (int)i, 0);
    }
    const char *nearest = str_nearest(str_of(name), names, count);
    err_set(err, TF_ERROR_USAGE, "cannot find table \"%s\" in %s", ref->table, session->info.place);
    if (nearest != NULL) {
        err_hint(err, "Did you mean \"%s%s%s\"?", schema == NULL ? "" : schema, schema == NULL ? "" : ".", nearest);
    } else {
        err_hint(err, "Names are taken literally, upper and lower case included; a name with a dot is written in "
                      "double quotes.");
    }
    arena_free(&scratch);
    PQclear(rows);
    return false;
}

static bool table_check(const PGresult *row, const RelationRef *ref, Err *err) {
    if (relation_what(PQgetvalue(row, 0, TABLE_KIND)[0]) == NULL) {
        return err_set(err, TF_ERROR_USAGE, "cannot read \"%s\": it is not a table or view", ref->table);
    }
    if (PQgetvalue(row, 0, TABLE_READABLE)[0] != 't') {
        err_set(err, TF_ERROR_DENIED, "cannot read \"%s\": permission denied", ref->table);
        return err_hint(err, "GRANT SELECT ON %s TO this role.", ref->table);
    }
    if (PQgetvalue(row, 0, TABLE_HIDDEN)[0] == 't') {
        err_set(err, TF_ERROR_DENIED, "cannot read \"%s\": row-level security may hide rows from this role",
                ref->table);
        return err_hint(err, "Use a role with BYPASSRLS: rows that cannot be seen cannot be verified.");
    }
    return true;
}

static void table_take(const PGresult *row, Arena *arena, PgTable *table, Relation *out) {
    const char *name = quoted(arena, PQgetvalue(row, 0, TABLE_NAME));
    table->oid = arena_printf(arena, "%s", PQgetvalue(row, 0, TABLE_OID));
    table->kind = PQgetvalue(row, 0, TABLE_KIND)[0];
    table->parent = table->kind == 'r' && PQgetvalue(row, 0, TABLE_PARENT)[0] == 't';
    out->name = arena_printf(arena, "%s.%s", quoted(arena, PQgetvalue(row, 0, TABLE_SCHEMA)), name);
    out->what = relation_what(table->kind);
    out->from = out->name;
    out->estimated_row_bytes = strtod(PQgetvalue(row, 0, TABLE_WIDTH), NULL);
    out->estimated_long_bytes = strtod(PQgetvalue(row, 0, TABLE_LONG), NULL);
}

/* The search path decides where an unqualified name is; where it was turned elsewhere, "public" is looked at, too. */
static bool table_find(PgSession *session, const RelationRef *ref, Arena *arena, PgTable *table, Relation *out,
                       Err *err) {
    const char *schema;
    const char *name;
    if (!pg_name_split(arena, ref->table, &schema, &name)) {
        err_set(err, TF_ERROR_USAGE, "cannot read table name \"%s\"", ref->table);
        return err_hint(err, "Write name or schema.name; a name with a dot is written in double quotes.");
    }
    const char *const tries[] = {
        schema == NULL ? quoted(arena, name) : arena_printf(arena, "%s.%s", quoted(arena, schema), quoted(arena, name)),
        schema == NULL ? arena_printf(arena, "public.%s", quoted(arena, name)) : NULL,
    };
    for (size_t i = 0; i < 2 && tries[i] != NULL; i++) {
        PGresult *row;
        if (!pg_session_ask(session, TABLE_SQL, &tries[i], 1, "look for the table", &row, err)) {
            return err_prefix(err, "table \"%s\"", ref->table);
        }
        bool found = PQntuples(row) == 1;
        bool good = found && table_check(row, ref, err);
        if (good) {
            table_take(row, arena, table, out);
        }
        PQclear(row);
        if (found) {
            return good;
        }
    }
    return not_found(session, ref, schema, name, err);
}

/* ---- columns ---------------------------------------------------------------------------------------------- */

static const char COLUMN_SQL[] =
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid,"
    " a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid"
    "  AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey)), a.attnum,"
    " a.attcollation, CASE WHEN coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') <> '' THEN 'generated'"
    " WHEN a.attidentity = 'a' THEN 'identity' ELSE '' END,"
    " a.atthasdef OR a.attidentity <> '' OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid"
    " AND t.typdefault IS NOT NULL) FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

enum {
    COLUMN_NAME,
    COLUMN_TYPE,
    COLUMN_TYPE_OID,
    COLUMN_NOT_NULL,
    COLUMN_NUMBER,
    COLUMN_COLLATION,
    COLUMN_GIVEN,
    COLUMN_DEFAULTED
};

static bool column_mean(PgSession *session, Arena *arena, uint32_t type, RelationColumn *column, Err *err) {
    PgMeaning meaning;
    if (!pg_meaning(session, arena, type, &meaning, err)) {
        return false;
    }
    column->family = meaning.family;
    column->kind = meaning.kind;
    column->element = meaning.element;
    column->single = meaning.single;
    column->native = meaning.base;
    column->order_sql = pg_order_text(session, arena, column);
    return true;
}

/* A computed column takes the place of a plain one of its name. */
static bool is_computed(const RelationRef *ref, const char *name) {
    for (size_t i = 0; i < ref->computed_count; i++) {
        if (strcmp(ref->computed[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static ColumnGiven column_given(const char *word) {
    return word[0] == 'g' ? GIVEN_BY_SERVER : word[0] == 'i' ? GIVEN_IN_INSERT : GIVEN_BY_WRITER;
}

typedef struct ColumnRoom {
    RelationColumn *columns;
    int16_t *numbers;
    uint32_t *collations;
} ColumnRoom;

static bool columns_take(PgSession *session, const RelationRef *ref, const PGresult *rows, Arena *arena,
                         ColumnRoom *room, Relation *out, Err *err) {
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *name = PQgetvalue(rows, i, COLUMN_NAME);
        if (is_computed(ref, name)) {
            continue;
        }
        size_t at = out->column_count++;
        room->numbers[at] = (int16_t)atoi(PQgetvalue(rows, i, COLUMN_NUMBER));
        room->collations[at] = (uint32_t)strtoul(PQgetvalue(rows, i, COLUMN_COLLATION), NULL, 10);
        room->columns[at] = (RelationColumn){
            .name = arena_copy(arena, name, strlen(name)),
            .type = arena_printf(arena, "%s", PQgetvalue(rows, i, COLUMN_TYPE)),
            .not_null = PQgetvalue(rows, i, COLUMN_NOT_NULL)[0] == 't',
            .given = column_given(PQgetvalue(rows, i, COLUMN_GIVEN)),
            .defaulted = PQgetvalue(rows, i, COLUMN_DEFAULTED)[0] == 't',
            .sql = quoted(arena, name),
        };
        uint32_t type = (uint32_t)strtoul(PQgetvalue(rows, i, COLUMN_TYPE_OID), NULL, 10);
        if (!column_mean(session, arena, type, &room->columns[at], err)) {
            return false;
        }
    }
    return true;
}

/* ---- the user's own SQL ----------------------------------------------------------------------------------- */

/* Whose fault a refusal is: a wrong name, type or grammar in the user's SQL is a wrong spec. */
static bool own_sql_failed(Err *err, const char *what, const char *name) {
    bool theirs = err->code == TF_ERROR_SCHEMA || err->code == TF_ERROR_DATA || err->code == TF_ERROR_USAGE;
    if (theirs) {
        err->code = TF_ERROR_USAGE;
    }
    if (theirs && err->hint[0] == '\0') {
        err_hint(err, "It is sent to the server as it stands: one SQL expression over the table's columns.");
    }
    return err_prefix(err, "%s%s%s%s", what, name == NULL ? "" : " \"", name == NULL ? "" : name,
                      name == NULL ? "" : "\"");
}

static const char DOING[] = "prepare it";

/* What is made of several rows would be made of those of one range, and come out otherwise with other ranges. */
static bool refuse_several_rows(const PGresult *failed, Err *err) {
    static const char *const STATES[] = {"42803", "42P20"}; /* an aggregate, a window function */
    const char *state = PQresultErrorField(failed, PG_DIAG_SQLSTATE);
    for (size_t i = 0; state != NULL && i < sizeof STATES / sizeof *STATES; i++) {
        if (strcmp(state, STATES[i]) == 0) {
            err_set(err, TF_ERROR_USAGE, "cannot be an aggregate or a window function: rows are read in ranges");
            return err_hint(err, "Compute it in a view, and name the view as the table.");
        }
    }
    return false;
}

/* Prepares a statement without a name. */
static bool statement_prepare(PgSession *session, const char *sql, Err *err) {
    PGresult *prepared = PQprepare(session->conn, "", sql, 0, NULL);
    bool good = PQresultStatus(prepared) == PGRES_COMMAND_OK || pg_session_fail(session, prepared, DOING, err) ||
                refuse_several_rows(prepared, err);
    PQclear(prepared);
    return good;
}

/* `a) or (b` fits between our parentheses and is no expression: it would let rows out of their range. In a WHERE,
 * which takes only what is made of one row. */
static bool fragment_check(PgSession *session, const char *text, const char *from, Err *err) {
    Buf sql = {0};
    buf_printf(&sql, "SELECT FROM %s WHERE CASE WHEN true THEN %s\nEND IS NULL", from, text);
    bool good = statement_prepare(session, sql.bytes, err);
    buf_free(&sql);
    return good;
}

/* Prepares a statement, and says what it gives. */
static bool statement_describe(PgSession *session, const char *sql, PGresult **out, Err *err) {
    if (!statement_prepare(session, sql, err)) {
        return false;
    }
    PGresult *shape = PQdescribePrepared(session->conn, "");
    if (PQresultStatus(shape) != PGRES_COMMAND_OK) {
        pg_session_fail(session, shape, DOING, err);
        PQclear(shape);
        return false;
    }
    *out = shape;
    return true;
}

static bool type_name(PgSession *session, Arena *arena, uint32_t oid, int modifier, const char **out, Err *err) {
    const char *const params[] = {arena_printf(arena, "%u", (unsigned)oid), arena_printf(arena, "%d", modifier)};
    PGresult *row;
    if (!pg_session_ask(session, "SELECT pg_catalog.format_type($1::oid, $2::int4)", params, 2, "learn about a type",
                        &row, err)) {
        return false;
    }
    *out = arena_printf(arena, "%s", PQgetvalue(row, 0, 0));
    PQclear(row);
    return true;
}

static bool computed_take(PgSession *session, const ComputedColumn *computed, Arena *arena, ColumnRoom *room,
                          Relation *out, Err *err) {
    RelationColumn *column = &room->columns[out->column_count];
    Buf sql = {0};
    *column = (RelationColumn){
        .name = arena_copy(arena, computed->name, strlen(computed->name)),
        .computed = true,
        .sql = pg_fragment(arena, computed->sql),
    };
    buf_printf(&sql, "SELECT %s FROM %s", column->sql, out->from);
    PGresult *shape;
    bool good =
        fragment_check(session, computed->sql, out->from, err) && statement_describe(session, sql.bytes, &shape, err);
    buf_free(&sql);
    if (!good) {
        return false;
    }
    uint32_t oid = PQnfields(shape) == 1 ? PQftype(shape, 0) : 0;
    int modifier = oid == 0 ? -1 : PQfmod(shape, 0);
    PQclear(shape);
    if (oid == 0) {
        return err_set(err, TF_ERROR_USAGE, "cannot prepare it: it is more than one expression");
    }
    out->column_count++;
    return type_name(session, arena, oid, modifier, &column->type, err) &&
           column_mean(session, arena, oid, column, err);
}

static bool columns_read(PgSession *session, const RelationRef *ref, Arena *arena, PgTable *table, Relation *out,
                         Err *err) {
    PGresult *rows;
    if (!pg_session_ask(session, COLUMN_SQL, &table->oid, 1, "read the table's columns", &rows, err)) {
        return false;
    }
    size_t room_for = (size_t)PQntuples(rows) + ref->computed_count;
    ColumnRoom room = {
        .columns = arena_zeroed(arena, room_for * sizeof(RelationColumn) + 1),
        .numbers = arena_zeroed(arena, room_for * sizeof(int16_t) + 1),
        .collations = arena_zeroed(arena, room_for * sizeof(uint32_t) + 1),
    };
    out->columns = room.columns;
    table->numbers = room.numbers;
    table->collations = room.collations;
    bool good = columns_take(session, ref, rows, arena, &room, out, err);
    PQclear(rows);
    for (size_t i = 0; good && i < ref->computed_count; i++) {
        good = computed_take(session, &ref->computed[i], arena, &room, out, err) ||
               own_sql_failed(err, "computed column", ref->computed[i].name);
    }
    return good;
}

/* ---- how many rows ---------------------------------------------------------------------------------------- */

/* The planner's own estimate: it knows the present size, partitions, views and `where`, and reads no row. */
static bool rows_estimate(PgSession *session, Relation *out, Err *err) {
    Buf sql = {0};
    buf_printf(&sql, "EXPLAIN SELECT 1 FROM %s", out->from);
    if (out->where != NULL) {
        buf_printf(&sql, " WHERE %s", out->where);
    }
    PGresult *rows;
    bool good = pg_session_ask(session, sql.bytes, NULL, 0, "plan a reading of it", &rows, err);
    buf_free(&sql);
    if (!good) {
        return out->where == NULL ? err_prefix(err, "%s", out->name) : own_sql_failed(err, "where", NULL);
    }
    const char *found = PQntuples(rows) == 0 ? NULL : strstr(PQgetvalue(rows, 0, 0), " rows=");
    out->estimated_rows = found == NULL ? -1 : strtod(found + 6, NULL);
    PQclear(rows);
    return true;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static void digest_text(Buf *bytes, const char *text) {
    uint64_t length = text == NULL ? UINT64_MAX : strlen(text);
    buf_append(bytes, &length, sizeof length);
    buf_text(bytes, text == NULL ? "" : text);
}

/* Of what a plan depends on; estimates change with every row and stay out. */
static const char *relation_digest(const Relation *relation, Arena *arena) {
    Buf bytes = {0};
    digest_text(&bytes, relation->name);
    digest_text(&bytes, relation->what);
    digest_text(&bytes, relation->where);
    for (size_t i = 0; i < relation->column_count; i++) {
        const RelationColumn *column = &relation->columns[i];
        digest_text(&bytes, column->name);
        digest_text(&bytes, column->type);
        digest_text(&bytes, column->sql);
        digest_text(&bytes, column->collation);
        buf_char(&bytes, column->not_null ? '!' : '?');
    }
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(&bytes, "key %zu,", relation->key[i]);
    }
    buf_printf(&bytes, "%d%d", relation->key_unique, relation->key_ordered);
    XXH128_hash_t hash = XXH3_128bits(bytes.bytes, bytes.length);
    buf_free(&bytes);
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

static bool describe_inside(PgSession *session, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    PgTable table = {0};
    *out = (Relation){.estimated_rows = -1, .estimated_row_bytes = -1};
    if (!table_find(session, ref, arena, &table, out, err) || !columns_read(session, ref, arena, &table, out, err)) {
        return false;
    }
    if (ref->where != NULL) {
        out->where = pg_fragment(arena, ref->where);
        if (!fragment_check(session, ref->where, out->from, err)) {
            return own_sql_failed(err, "where", NULL);
        }
    }
    if (!rows_estimate(session, out, err) || !pg_key_describe(session, &table, ref, arena, out, err)) {
        return false;
    }
    out->digest = relation_digest(out, arena);
    return true;
}

bool pg_describe(PgSession *session, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    Relation relation;
    Err ignored;
    if (!pg_session_run(session, "SAVEPOINT twofold", "describe a table", err)) {
        return false;
    }
    bool good = describe_inside(session, ref, arena, &relation, err);
    const char *after = good ? "RELEASE twofold" : "ROLLBACK TO twofold; RELEASE twofold";
    if (good) {
        *out = relation;
        return pg_session_run(session, after, "describe a table", err);
    }
    if (!pg_session_run(session, after, "describe a table", &ignored)) {
        return false; /* the first error says more */
    }
    return false;
}
