/* In: a relation as the spec names it. Out: its columns, and with sqlite_key.c its key and what its indexes prove.
 *
 * Promises: names are taken literally, as SQLite compares them (ASCII case aside).
 * Refuses, with the nearest name: relations that are not there.
 */
#include "source/sqlite_describe.h"

#include "source/sqlite_error.h"
#include "source/sqlite_key.h"

#include <string.h>
#include <strings.h>
#include <xxhash.h>

/* ---- asking --------------------------------------------------------------------------------------------- */

bool sqlite_prepare(sqlite3 *db, const char *sql, const char *doing, sqlite3_stmt **out, Err *err) {
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    if (sqlite3_prepare_v2(db, sql, -1, &statement, &tail) != SQLITE_OK) {
        return sqlite_error(err, db, TF_ERROR_USAGE, "%s", doing);
    }
    if (statement == NULL || str_trim(str_of(tail)).length > 0) {
        sqlite3_finalize(statement);
        return err_set(err, TF_ERROR_USAGE, "cannot %s: \"%s\" is not one expression", doing, sql);
    }
    *out = statement;
    return true;
}

bool sqlite_ask(const SqliteTable *table, const char *sql, const char *name, sqlite3_stmt **out, Err *err) {
    if (!sqlite_prepare(table->db, sql, "read the schema", out, err)) {
        return false;
    }
    sqlite3_bind_text(*out, 1, name, -1, SQLITE_TRANSIENT);
    return true;
}

bool sqlite_answered(const SqliteTable *table, sqlite3_stmt *statement, int step, Err *err) {
    bool good = step == SQLITE_DONE || step == SQLITE_ROW;
    if (!good) {
        sqlite_error(err, table->db, TF_ERROR_IO, "read the schema of \"%s\"", table->place);
    }
    sqlite3_finalize(statement);
    return good;
}

const char *sqlite_text_of(Arena *arena, sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text == NULL ? "" : arena_copy(arena, text, strlen(text));
}

static const char *quoted(Arena *arena, const char *name) {
    Buf buf = {0};
    buf_char(&buf, '"');
    for (const char *at = name; *at != '\0'; at++) {
        buf_text(&buf, *at == '"' ? "\"\"" : (char[]){*at, '\0'});
    }
    buf_char(&buf, '"');
    const char *copy = arena_copy(arena, buf.bytes, buf.length);
    buf_free(&buf);
    return copy;
}

/* ---- which table ---------------------------------------------------------------------------------------- */

/* "main.orders" or "main"."orders" without its schema and quotes; any other name as it stands. */
static const char *bare_name(Arena *arena, const char *name) {
    static const char *const schemas[] = {"main.", "\"main\"."};
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        if (strncasecmp(name, schemas[i], strlen(schemas[i])) == 0) {
            name += strlen(schemas[i]);
            break;
        }
    }
    size_t length = strlen(name);
    if (length < 2 || name[0] != '"' || name[length - 1] != '"') {
        return name;
    }
    char *bare = arena_alloc(arena, length);
    size_t kept = 0;
    for (size_t i = 1; i < length - 1; i++) {
        bare[kept++] = name[i];
        i += name[i] == '"' && name[i + 1] == '"' && i + 1 < length - 1 ? 1 : 0;
    }
    bare[kept] = '\0';
    return bare;
}

static bool no_table(const SqliteTable *table, const char *asked, Arena *arena, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table,
                    "SELECT name FROM pragma_table_list WHERE schema = 'main'"
                    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
                    "", &statement, err)) {
        return false;
    }
    const char *nearest = NULL;
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *pair[] = {sqlite_text_of(arena, statement, 0), nearest == NULL ? "" : nearest};
        nearest = str_nearest(str_of(asked), pair, nearest == NULL ? 1 : 2);
        nearest = nearest == NULL && pair[1][0] != '\0' ? pair[1] : nearest;
    }
    if (!sqlite_answered(table, statement, step, err)) {
        return false;
    }
    err_set(err, TF_ERROR_USAGE, "cannot find table \"%s\" in \"%s\"", asked, table->place);
    return nearest == NULL ? false : err_hint(err, "Did you mean \"%s\"?", nearest);
}

/* Fills table->name as the schema spells it. */
static bool find_table(SqliteTable *table, const char *asked, Arena *arena, Relation *relation, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table,
                    "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE",
                    asked, &statement, err)) {
        return false;
    }
    int step = sqlite3_step(statement);
    bool found = step == SQLITE_ROW;
    if (found) {
        table->name = sqlite_text_of(arena, statement, 0);
        relation->what = sqlite_text_of(arena, statement, 1);
        table->is_table = strcmp(relation->what, "table") == 0;
        table->without_rowid = sqlite3_column_int(statement, 2) != 0;
        relation->what = strcmp(relation->what, "virtual") == 0 ? "virtual table" : relation->what;
    }
    if (!sqlite_answered(table, statement, step, err)) {
        return false;
    }
    if (!found) {
        return no_table(table, asked, arena, err);
    }
    relation->name = relation->from = arena_printf(arena, "\"main\".%s", quoted(arena, table->name));
    return true;
}

static bool read_encoding(SqliteTable *table, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table, "SELECT encoding FROM pragma_encoding", "", &statement, err)) {
        return false;
    }
    int step = sqlite3_step(statement);
    const char *encoding = step == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    table->utf8 = encoding != NULL && strcmp(encoding, "UTF-8") == 0;
    return sqlite_answered(table, statement, step, err);
}

/* ---- columns -------------------------------------------------------------------------------------------- */

/* Whether SQLite sorts cells of this column as values: only where the affinity keeps its cells in one storage class. */
static SqliteOrder cell_order(const SqliteTable *table, const RelationColumn *column, const char *collation) {
    SqliteAffinity affinity = sqlite_affinity(column->type);
    bool number = affinity == AFFINITY_INTEGER || affinity == AFFINITY_NUMERIC;
    if (column->kind == KIND_DECIMAL || column->kind == KIND_FLOAT) {
        return ORDER_BY_CELL; /* as numbers compare, whatever they are stored as */
    }
    if (column->computed) {
        return ORDER_BY_VALUE;
    }
    if (column->kind == KIND_INT || column->kind == KIND_BOOL) {
        return number ? ORDER_BY_CELL : ORDER_BY_VALUE;
    }
    if (column->kind == KIND_BYTES) {
        return ORDER_BY_CELL;
    }
    if (column->kind == KIND_TEXT && affinity == AFFINITY_TEXT && table->utf8) {
        return strcasecmp(collation, "BINARY") == 0 ? ORDER_BY_CELL : ORDER_BY_BYTES;
    }
    return ORDER_BY_VALUE;
}

static void set_order(const SqliteTable *table, Arena *arena, const char *collation, RelationColumn *column) {
    SqliteOrder order = cell_order(table, column, collation);
    column->native = (uint32_t)order;
    column->order_sql = order == ORDER_BY_CELL ? column->sql
                        : order == ORDER_BY_BYTES
                            ? arena_printf(arena, "%s COLLATE BINARY", column->sql)
                            : arena_printf(arena, "twofold_order(%s, %d)", column->sql, (int)column->kind);
}

/* A view's column has the collation of whatever it reads; it is not told, so it is never trusted. */
static const char *collation_of(const SqliteTable *table, const char *column) {
    const char *collation = NULL;
    if (!table->is_table || sqlite3_table_column_metadata(table->db, "main", table->name, column, NULL, &collation,
                                                          NULL, NULL, NULL) != SQLITE_OK) {
        return "";
    }
    return collation == NULL ? "BINARY" : collation;
}

static bool is_computed(const RelationRef *ref, const char *name) {
    for (size_t i = 0; i < ref->computed_count; i++) {
        if (strcmp(ref->computed[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A row of pragma_table_xinfo: name, type, notnull, pk, cid. */
static RelationColumn plain_column(const SqliteTable *table, Arena *arena, sqlite3_stmt *row) {
    RelationColumn column = {.name = sqlite_text_of(arena, row, 0), .type = sqlite_text_of(arena, row, 1)};
    column.family = column.type;
    column.kind = column.element = sqlite_kind(column.type);
    column.loose = true;
    column.not_null = sqlite3_column_int(row, 2) != 0 || (table->without_rowid && sqlite3_column_int(row, 3) != 0);
    column.sql = quoted(arena, column.name);
    set_order(table, arena, collation_of(table, column.name), &column);
    return column;
}

/* Columns whose name a computed column takes are hidden by it. */
static bool plain_columns(SqliteTable *table, const RelationRef *ref, Arena *arena, Relation *relation, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table,
                    "SELECT name, type, \"notnull\", pk, cid, count(*) OVER () FROM pragma_table_xinfo(?1, 'main')"
                    " WHERE hidden <> 1",
                    table->name, &statement, err)) {
        return false;
    }
    int *cids = NULL, *places = NULL, step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (cids == NULL) {
            size_t most = (size_t)sqlite3_column_int(statement, 5) + ref->computed_count;
            relation->columns = ARENA_MANY(arena, most, RelationColumn);
            cids = ARENA_MANY(arena, most, int);
            places = ARENA_MANY(arena, most, int);
        }
        RelationColumn column = plain_column(table, arena, statement);
        if (!is_computed(ref, column.name)) {
            places[relation->column_count] = sqlite3_column_int(statement, 3);
            cids[relation->column_count] = sqlite3_column_int(statement, 4);
            relation->columns[relation->column_count++] = column;
        }
    }
    if (!sqlite_answered(table, statement, step, err)) {
        return false;
    }
    if (cids == NULL) {
        return err_set(err, TF_ERROR_SCHEMA, "cannot read %s: it has no columns", relation->name);
    }
    for (size_t i = 0; i < ref->computed_count; i++) {
        cids[relation->column_count + i] = SQLITE_COMPUTED;
        places[relation->column_count + i] = 0;
    }
    table->cids = cids;
    table->places = places;
    return true;
}

/* The closing parenthesis of the one at `open`, quoted text aside; NULL: there is none. */
static const char *closing(const char *open) {
    int depth = 0;
    for (const char *at = open; *at != '\0'; at++) {
        if (*at == '\'' || *at == '"') {
            at = strchr(at + 1, *at);
            if (at == NULL) {
                return NULL;
            }
        } else if (*at == '(') {
            depth++;
        } else if (*at == ')' && --depth == 0) {
            return at;
        }
    }
    return NULL;
}

/* "CAST(a + b AS INTEGER)" -> "INTEGER"; any other expression -> "". */
static const char *cast_type(Arena *arena, const char *sql) {
    Str text = str_trim(str_of(sql));
    const char *copy = arena_copy(arena, text.bytes, text.length);
    if (strncasecmp(copy, "cast", 4) != 0) {
        return "";
    }
    const char *open = copy + 4 + strspn(copy + 4, " \t\r\n");
    if (*open != '(') {
        return "";
    }
    const char *close = closing(open), *type = NULL;
    if (close == NULL || close[1] != '\0') {
        return "";
    }
    for (const char *at = open; (at = strcasestr(at, " as ")) != NULL; at++) {
        type = at + 4;
    }
    Str name = type == NULL ? (Str){0} : str_trim((Str){type, (size_t)(close - type)});
    return arena_copy(arena, name.bytes, name.length);
}

/* In a WHERE, which takes only what is made of one row: an aggregate would make one row of all, a window function would
 * be computed over one range. In a CASE: `a) or (b` fits between our parentheses and is no expression, and would let
 * rows out of their range. */
static bool check_fragment(const SqliteTable *table, const char *sql, Arena *arena, const Relation *relation,
                           const char *doing, Err *err) {
    const char *probe =
        arena_printf(arena, "SELECT 1 FROM %s WHERE CASE WHEN 1 THEN %s\nEND IS NULL LIMIT 0", relation->from, sql);
    sqlite3_stmt *statement;
    if (sqlite_prepare(table->db, probe, doing, &statement, err)) {
        sqlite3_finalize(statement);
        return true;
    }
    if (strstr(err->text, ": misuse of ") != NULL) {
        err_set(err, TF_ERROR_USAGE, "cannot %s: it is an aggregate or a window function, and rows are read in ranges",
                doing);
        return err_hint(err, "Compute it in a view, and name the view as the table.");
    }
    return false;
}

static bool computed_column(const SqliteTable *table, const ComputedColumn *computed, Arena *arena,
                            const Relation *relation, RelationColumn *out, Err *err) {
    /* The line break ends a comment at the end of the expression. */
    const char *sql = arena_printf(arena, "(%s\n)", computed->sql);
    const char *probe = arena_printf(arena, "SELECT %s FROM %s LIMIT 0", sql, relation->from);
    const char *doing = arena_printf(arena, "use computed column \"%s\"", computed->name);
    sqlite3_stmt *statement;
    if (!sqlite_prepare(table->db, probe, doing, &statement, err)) {
        return false;
    }
    const char *declared = sqlite3_column_decltype(statement, 0);
    const char *type =
        declared == NULL ? cast_type(arena, computed->sql) : arena_copy(arena, declared, strlen(declared));
    sqlite3_finalize(statement);
    if (!check_fragment(table, computed->sql, arena, relation, doing, err)) {
        return false;
    }
    *out = (RelationColumn){.name = computed->name, .computed = true, .loose = true, .sql = sql};
    out->kind = out->element = sqlite_kind(type);
    out->type = out->family = type[0] == '\0' ? "expression without a CAST" : type;
    set_order(table, arena, "", out);
    return true;
}

static bool describe_columns(SqliteTable *table, const RelationRef *ref, Arena *arena, Relation *relation, Err *err) {
    if (!plain_columns(table, ref, arena, relation, err)) {
        return false;
    }
    for (size_t i = 0; i < ref->computed_count; i++) {
        if (!computed_column(table, &ref->computed[i], arena, relation, &relation->columns[relation->column_count],
                             err)) {
            return false;
        }
        relation->column_count++;
    }
    return true;
}

static bool check_where(const SqliteTable *table, const Relation *relation, Arena *arena, Err *err) {
    return relation->where == NULL || check_fragment(table, relation->where, arena, relation,
                                                     arena_printf(arena, "use \"where\" of %s", relation->name), err);
}

/* ---- size and digest ------------------------------------------------------------------------------------ */

/* One number, or -1 where the statement cannot be prepared or has no answer. */
static double number_of(const SqliteTable *table, const char *sql) {
    sqlite3_stmt *statement = NULL;
    double number = -1;
    if (sqlite3_prepare_v2(table->db, sql, -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, table->name, -1, SQLITE_TRANSIENT);
        if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
            number = sqlite3_column_double(statement, 0);
        }
    }
    sqlite3_finalize(statement);
    return number;
}

/* ANALYZE's count; else the largest rowid, which tables that only grow have as many rows as. */
static double estimate_rows(const SqliteTable *table, const Relation *relation, Arena *arena) {
    double rows = number_of(table, "SELECT CAST(stat AS INTEGER) FROM main.sqlite_stat1 WHERE tbl = ?1"
                                   " ORDER BY idx IS NULL DESC LIMIT 1");
    if (rows < 0 && table->is_table && !table->without_rowid) {
        for (size_t i = 0; i < relation->column_count; i++) {
            if (strcasecmp(relation->columns[i].name, "_rowid_") == 0) {
                return -1;
            }
        }
        rows = number_of(table, arena_printf(arena, "SELECT coalesce(max(_rowid_), 0) FROM %s", relation->from));
    }
    return rows;
}

static void digest_text(Buf *buf, const char *text) {
    buf_printf(buf, "%zu:%s,", text == NULL ? (size_t)0 : strlen(text), text == NULL ? "" : text);
}

static const char *digest_of(const Relation *relation, Arena *arena) {
    Buf buf = {0};
    digest_text(&buf, relation->name);
    digest_text(&buf, relation->what);
    digest_text(&buf, relation->where);
    for (size_t i = 0; i < relation->column_count; i++) {
        digest_text(&buf, relation->columns[i].name);
        digest_text(&buf, relation->columns[i].type);
        digest_text(&buf, relation->columns[i].sql);
        buf_char(&buf, relation->columns[i].not_null ? '!' : '?');
    }
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(&buf, "%zu;", relation->key[i]);
    }
    buf_printf(&buf, "%d%d", relation->key_unique, relation->key_ordered);
    XXH128_hash_t hash = XXH3_128bits(buf.bytes, buf.length);
    buf_free(&buf);
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

bool sqlite_describe(sqlite3 *db, const char *place, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    SqliteTable table = {.db = db, .place = place};
    Relation relation = {.where = ref->where, .estimated_row_bytes = -1};
    if (!read_encoding(&table, err) || !find_table(&table, bare_name(arena, ref->table), arena, &relation, err) ||
        !describe_columns(&table, ref, arena, &relation, err) || !check_where(&table, &relation, arena, err) ||
        !sqlite_key_describe(&table, ref, arena, &relation, err)) {
        return false;
    }
    relation.estimated_rows = estimate_rows(&table, &relation, arena);
    relation.digest = digest_of(&relation, arena);
    *out = relation;
    return true;
}
