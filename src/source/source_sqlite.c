/* SQLite files as a Source.
 *
 * In: "sqlite:PATH". Out: rows in key order, from one snapshot between begin and end.
 * Promises: the file is opened read-only and never made; one read transaction, pinned by a first read in begin; cells
 * as sqlite_cell.h reads them; the order of values whatever the cells are stored as.
 * Refuses: files that are not there or not SQLite's; names in double quotes that are no columns (SQLite would take
 * them for texts).
 *
 * Memory: one batch, and the texts of its cells. A sort that no index saves is SQLite's own, which goes to temporary
 * files.
 */
#include "source/source_sqlite.h"

#include "source/relation.h"
#include "source/sqlite_cell.h"
#include "source/sqlite_describe.h"
#include "source/sqlite_error.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { BUSY_WAIT_MS = 5000, BATCH_BYTES = 1 << 20 };

typedef struct SqliteSource {
    Source base;
    SourcePlace place;
    sqlite3 *db;
    SourceInfo info;
    Arena memory;  /* of the source's life */
    Arena sorting; /* of one call of twofold_order */
    atomic_bool cancelled;

    /* the scan that runs */
    sqlite3_stmt *statement;
    Arena scan_memory;
    Arena cells; /* texts of the batch; emptied by the next */
    Batch batch;
    const Relation *relation;
    SqliteOrder orders[KEY_MAX_COLUMNS]; /* of the key columns */
    size_t key_count;
    const Value *keys; /* of a lookup: one execution a key */
    size_t keys_left;
} SqliteSource;

static SqliteSource *sqlite_of(Source *source) {
    return (SqliteSource *)(void *)source;
}

/* ---- open, close ---------------------------------------------------------------------------------------- */

/* "sqlite:a.db" and "sqlite:///a/b.db"; NULL: no path in it. */
static const char *path_of_url(const char *url) {
    const char *path = url + strlen("sqlite:");
    if (strncmp(path, "//", 2) == 0) {
        path += 2;
        return path[0] == '/' ? path : NULL;
    }
    return path[0] == '\0' ? NULL : path;
}

/* SQLite's own words for a missing file are "unable to open database file". */
static bool file_is_there(const char *path, Err *err) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return err_set(err, TF_ERROR_IO, "could not open \"%s\": %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return err_set(err, TF_ERROR_IO, "cannot open \"%s\": it is not a file", path);
    }
    return true;
}

static bool run(SqliteSource *source, const char *sql, const char *doing, Err *err) {
    return sqlite3_exec(source->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sqlite_error(err, source->db, TF_ERROR_IO, "%s \"%s\"", doing, source->info.place);
}

/* A hostile file may hold views and triggers that call functions; a spec's SQL may be mistyped. */
static bool harden(SqliteSource *source, Err *err) {
    static const int off[] = {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_TRUSTED_SCHEMA};
    sqlite3_busy_timeout(source->db, BUSY_WAIT_MS);
    sqlite3_extended_result_codes(source->db, 1);
    sqlite3_db_config(source->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        sqlite3_db_config(source->db, off[i], 0, NULL);
    }
    return run(source, "PRAGMA query_only = 1; PRAGMA cell_size_check = 1; SELECT count(*) FROM main.sqlite_master",
               "open", err);
}

static bool open_file(SqliteSource *source, const char *path, Err *err) {
    source->info.engine = arena_printf(&source->memory, "SQLite %s", sqlite3_libversion());
    source->info.place = arena_copy(&source->memory, path, strlen(path));
    if (!file_is_there(path, err)) {
        return false;
    }
    if (sqlite3_open_v2(path, &source->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite_order_register(source->db, &source->sorting) != SQLITE_OK) {
        return sqlite_error(err, source->db, TF_ERROR_IO, "open \"%s\"", path);
    }
    return harden(source, err);
}

static void scan_close(SqliteSource *source) {
    sqlite3_finalize(source->statement);
    source->statement = NULL;
    source->keys = NULL;
    source->keys_left = 0;
    arena_empty(&source->scan_memory);
    arena_empty(&source->cells);
}

static void sqlite_close_source(Source *base) {
    SqliteSource *source = sqlite_of(base);
    if (source == NULL) {
        return;
    }
    source_delist(&source->place);
    scan_close(source);
    sqlite3_close(source->db);
    arena_free(&source->memory);
    arena_free(&source->sorting);
    arena_free(&source->scan_memory);
    arena_free(&source->cells);
    free(source);
}

static bool sqlite_open_source(const char *url, const char *application, Source **out, Err *err) {
    (void)application; /* there is no server to tell it to */
    const char *path = path_of_url(url);
    if (path == NULL) {
        err_set(err, TF_ERROR_USAGE, "cannot open \"%s\": it names no file", url);
        return err_hint(err, "Write sqlite:PATH, or sqlite:///PATH for an absolute path.");
    }
    SqliteSource *source = mem_alloc(sizeof(SqliteSource));
    *source = (SqliteSource){.base.ops = &sqlite_source_ops};
    if (!open_file(source, path, err)) {
        sqlite_close_source(&source->base);
        return false;
    }
    source_enlist(&source->place, &source->base);
    *out = &source->base;
    return true;
}

static const SourceInfo *sqlite_info(const Source *base) {
    return &((const SqliteSource *)(const void *)base)->info;
}

/* ---- transactions --------------------------------------------------------------------------------------- */

/* BEGIN alone takes no snapshot: the first read does. */
static bool sqlite_begin(Source *base, const char *snapshot, Err *err) {
    SqliteSource *source = sqlite_of(base);
    if (snapshot != NULL) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot begin in another's snapshot: SQLite has none to share");
    }
    atomic_store(&source->cancelled, false);
    return run(source, "BEGIN; SELECT count(*) FROM main.sqlite_master", "begin to read", err);
}

static bool sqlite_end(Source *base, Err *err) {
    SqliteSource *source = sqlite_of(base);
    scan_close(source);
    return sqlite3_get_autocommit(source->db) || run(source, "ROLLBACK", "end reading", err);
}

static void sqlite_cancel(Source *base) {
    SqliteSource *source = sqlite_of(base);
    atomic_store(&source->cancelled, true);
    sqlite3_interrupt(source->db);
}

/* An interrupt between two calls would be lost. */
static bool still_wanted(SqliteSource *source, Err *err) {
    return !atomic_load(&source->cancelled) ||
           err_set(err, TF_ERROR_INTERRUPTED, "could not read \"%s\": asked to stop", source->info.place);
}

/* The file, by whatever relative path or link it is reached. */
static bool sqlite_identity(Source *source, Arena *arena, const char **out, Err *err) {
    const char *place = sqlite_of(source)->info.place;
    char *path = realpath(place, NULL);
    if (path == NULL) {
        return err_set(err, TF_ERROR_IO, "could not find \"%s\": %s", place, strerror(errno));
    }
    *out = arena_printf(arena, "%s@file", path);
    free(path);
    return true;
}

static bool sqlite_describe_relation(Source *base, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    SqliteSource *source = sqlite_of(base);
    return sqlite_describe(source->db, source->info.place, ref, arena, out, err);
}

/* ---- statements ----------------------------------------------------------------------------------------- */

static const RelationColumn *key_column(const Scan *scan, size_t i) {
    return &scan->relation->columns[scan->columns[i].column];
}

static void write_order_list(const Scan *scan, const char *after, Buf *sql) {
    for (size_t i = 0; i < scan->key_count; i++) {
        buf_printf(sql, "%s%s%s", i == 0 ? "" : ", ", key_column(scan, i)->order_sql, after);
    }
}

/* " AND (a, b) >= (?, ?)": a row value compares column by column, and an index serves it. */
static void write_bound(const Scan *scan, const char *comparison, Buf *sql) {
    buf_text(sql, " AND (");
    write_order_list(scan, "", sql);
    buf_printf(sql, ") %s (", comparison);
    for (size_t i = 0; i < scan->key_count; i++) {
        buf_text(sql, i == 0 ? "?" : ", ?");
    }
    buf_char(sql, ')');
}

static void write_null_conditions(const Scan *scan, Buf *sql) {
    bool with_null = scan->range.rows == RANGE_WITH_NULL;
    buf_text(sql, with_null ? " AND (0" : "");
    for (size_t i = 0; i < scan->key_count; i++) {
        const RelationColumn *column = key_column(scan, i);
        if (with_null) {
            buf_printf(sql, " OR %s IS NULL", column->sql);
        } else if (!column->not_null) {
            buf_printf(sql, " AND %s IS NOT NULL", column->sql);
        }
    }
    buf_text(sql, with_null ? ")" : "");
}

static void write_select(const Scan *scan, Buf *sql) {
    buf_text(sql, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++) {
        buf_printf(sql, "%s%s", i == 0 ? "" : ", ", scan->relation->columns[scan->columns[i].column].sql);
    }
    buf_printf(sql, " FROM %s WHERE 1", scan->relation->from);
    if (scan->relation->where != NULL) {
        buf_printf(sql, " AND (%s\n)", scan->relation->where);
    }
}

/* NULLS LAST would keep SQLite from using an index, so it is said only where there may be NULLs. */
static void write_order_by(const Scan *scan, Buf *sql) {
    bool nulls = false;
    for (size_t i = 0; i < scan->key_count; i++) {
        nulls = nulls || !key_column(scan, i)->not_null;
    }
    if (!scan->unordered && scan->key_count > 0) {
        buf_text(sql, " ORDER BY ");
        write_order_list(scan, nulls && scan->range.rows != RANGE_BETWEEN ? " NULLS LAST" : "", sql);
    }
}

static void write_scan(const Scan *scan, Buf *sql) {
    write_select(scan, sql);
    if (scan->range.rows != RANGE_ALL) {
        write_null_conditions(scan, sql);
    }
    if (scan->range.rows == RANGE_BETWEEN && scan->range.from != NULL) {
        write_bound(scan, ">=", sql);
    }
    if (scan->range.rows == RANGE_BETWEEN && scan->range.to != NULL) {
        write_bound(scan, "<", sql);
    }
    write_order_by(scan, sql);
}

static void write_lookup(const Scan *scan, Buf *sql) {
    write_select(scan, sql);
    for (size_t i = 0; i < scan->key_count; i++) {
        buf_printf(sql, " AND %s IS ?", key_column(scan, i)->order_sql);
    }
}

/* A decimal with a fraction compares with cells only through a double, which may lie on its other side. */
static bool bound_is_exact(const Scan *scan, const Value *bound) {
    int64_t whole;
    for (size_t i = 0; bound != NULL && i < scan->key_count; i++) {
        if (bound[i].kind == KIND_DECIMAL &&
            (bound[i].as.decimal.class_ != DECIMAL_FINITE || !decimal_to_int(bound[i].as.decimal, &whole))) {
            return false;
        }
    }
    return true;
}

/* Binds a key's values from parameter `first` on. */
static bool bind_key(SqliteSource *source, const Value *key, int first, Err *err) {
    for (size_t i = 0; i < source->key_count; i++) {
        if (sqlite_order_bind(source->statement, first + (int)i, source->orders[i], key[i]) != SQLITE_OK) {
            return sqlite_error(err, source->db, TF_ERROR_INTERNAL, "bind a key of %s", source->relation->name);
        }
    }
    return true;
}

static bool bind_range(SqliteSource *source, const Range *range, Err *err) {
    int next = 1;
    if (range->rows != RANGE_BETWEEN) {
        return true;
    }
    if (range->from != NULL) {
        if (!bind_key(source, range->from, next, err)) {
            return false;
        }
        next += (int)source->key_count;
    }
    return range->to == NULL || bind_key(source, range->to, next, err);
}

/* ---- scans ---------------------------------------------------------------------------------------------- */

static bool scan_open(SqliteSource *source, const Scan *scan, const Buf *sql, Err *err) {
    scan_close(source);
    if (!still_wanted(source, err)) {
        return false;
    }
    if (sqlite3_prepare_v2(source->db, sql->bytes, (int)sql->length + 1, &source->statement, NULL) != SQLITE_OK) {
        return sqlite_error(err, source->db, TF_ERROR_SCHEMA, "read %s of \"%s\"", scan->relation->name,
                            source->info.place);
    }
    source->batch =
        relation_batch(&source->scan_memory, scan->relation, scan->columns, scan->column_count, BATCH_ROWS);
    source->relation = scan->relation;
    source->key_count = scan->key_count;
    for (size_t i = 0; i < scan->key_count; i++) {
        source->orders[i] = (SqliteOrder)key_column(scan, i)->native;
    }
    return true;
}

static bool sqlite_scan(Source *base, const Scan *scan, Err *err) {
    SqliteSource *source = sqlite_of(base);
    if (!bound_is_exact(scan, scan->range.from) || !bound_is_exact(scan, scan->range.to)) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot read a range of %s: its bound is not a whole number",
                       scan->relation->name);
    }
    Buf sql = {0};
    write_scan(scan, &sql);
    bool good = scan_open(source, scan, &sql, err) && bind_range(source, &scan->range, err);
    buf_free(&sql);
    return good;
}

/* One execution a key, in the order given: point lookups where an index serves. */
static bool sqlite_lookup(Source *base, const Scan *scan, const Value *keys, size_t count, Err *err) {
    SqliteSource *source = sqlite_of(base);
    Buf sql = {0};
    write_lookup(scan, &sql);
    bool good = scan_open(source, scan, &sql, err);
    buf_free(&sql);
    if (!good) {
        return false;
    }
    Value *copies = ARENA_MANY(&source->scan_memory, count * scan->key_count, Value);
    for (size_t i = 0; i < count * scan->key_count; i++) {
        copies[i] = value_copy(&source->scan_memory, keys[i]);
    }
    source->keys = copies;
    source->keys_left = count;
    return count == 0 || bind_key(source, copies, 1, err);
}

static bool next_key(SqliteSource *source, Err *err) {
    source->keys += source->key_count;
    source->keys_left--;
    sqlite3_reset(source->statement);
    return source->keys_left == 0 || bind_key(source, source->keys, 1, err);
}

/* Steps to the next row, and from one looked-up key to the next. */
static bool step_row(SqliteSource *source, bool *out_row, Err *err) {
    for (;;) {
        if (source->statement == NULL || (source->keys != NULL && source->keys_left == 0)) {
            *out_row = false;
            return true;
        }
        int code = sqlite3_step(source->statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            return sqlite_error(err, source->db, TF_ERROR_DATA, "read %s of \"%s\"", source->relation->name,
                                source->info.place);
        }
        if (code == SQLITE_ROW || source->keys == NULL) {
            *out_row = code == SQLITE_ROW;
            return true;
        }
        if (!next_key(source, err)) {
            return false;
        }
    }
}

static bool read_row(SqliteSource *source, size_t *bytes, Err *err) {
    Batch *batch = &source->batch;
    for (size_t i = 0; i < batch->column_count; i++) {
        SqliteCell cell;
        if (!sqlite_cell_of_row(source->statement, (int)i, &cell)) {
            return err_set(err, TF_ERROR_BUSY, "could not read %s: no memory for a text", source->relation->name);
        }
        Value value = sqlite_cell_value(&source->cells, &cell, batch->columns[i].kind);
        column_set(&source->scan_memory, &batch->columns[i], batch->rows, value);
        *bytes += cell.bytes.length;
    }
    return true;
}

/* A lookup finds cells that compare equal in SQLite; a decimal is found through a double and may be another. */
static bool row_is_wanted(const SqliteSource *source) {
    for (size_t i = 0; source->keys != NULL && i < source->key_count; i++) {
        if (value_compare(column_value(&source->batch.columns[i], source->batch.rows), source->keys[i]) != 0) {
            return false;
        }
    }
    return true;
}

static bool sqlite_next(Source *base, const Batch **out, Err *err) {
    SqliteSource *source = sqlite_of(base);
    size_t bytes = 0;
    bool row = true;
    arena_empty(&source->cells);
    source->batch.rows = 0;
    while (source->batch.rows < BATCH_ROWS && bytes < BATCH_BYTES) {
        if (!still_wanted(source, err) || !step_row(source, &row, err)) {
            return false;
        }
        if (!row) {
            break;
        }
        if (!read_row(source, &bytes, err)) {
            return false;
        }
        source->batch.rows += row_is_wanted(source) ? 1 : 0;
    }
    if (!row) { /* a statement that is stepped after its end would begin anew */
        sqlite3_finalize(source->statement);
        source->statement = NULL;
    }
    *out = &source->batch;
    return true;
}

/* ---- boundaries ----------------------------------------------------------------------------------------- */

/* The smallest and largest integer key: two looks at the ends of an index. Texts, which SQLite sorts after every
 * number, are left out. False in *out_known: no such keys. */
static bool key_ends(SqliteSource *source, const Relation *relation, int64_t ends[2], bool *out_known, Err *err) {
    const char *key = relation->columns[relation->key[0]].sql;
    Buf sql = {0};
    buf_printf(&sql,
               "SELECT (SELECT min(%s) FROM %s WHERE %s >= -9223372036854775808), "
               "(SELECT max(%s) FROM %s WHERE %s <= 9223372036854775807)",
               key, relation->from, key, key, relation->from, key);
    sqlite3_stmt *statement = NULL;
    bool good = sqlite_prepare(source->db, sql.bytes, "find the ends of the key", &statement, err);
    buf_free(&sql);
    if (!good) {
        return false;
    }
    good = sqlite3_step(statement) == SQLITE_ROW;
    if (good) {
        *out_known =
            sqlite3_column_type(statement, 0) == SQLITE_INTEGER && sqlite3_column_type(statement, 1) == SQLITE_INTEGER;
        ends[0] = sqlite3_column_int64(statement, 0);
        ends[1] = sqlite3_column_int64(statement, 1);
    } else {
        sqlite_error(err, source->db, TF_ERROR_IO, "find the ends of the key of %s", relation->name);
    }
    sqlite3_finalize(statement);
    return good;
}

/* Even steps between the ends: nothing else is known without reading. */
static size_t cut_evenly(const int64_t ends[2], size_t wanted, Arena *arena, const Value **bounds) {
    i128 width = (i128)ends[1] - ends[0];
    if (width < (i128)wanted) {
        wanted = (size_t)width;
    }
    for (size_t i = 0; i < wanted; i++) {
        Value *bound = ARENA_NEW(arena, Value);
        bound->kind = KIND_INT;
        bound->state = CELL_VALUE;
        bound->as.integer = (int64_t)(ends[0] + width * (i128)(i + 1) / (i128)(wanted + 1));
        bounds[i] = bound;
    }
    return wanted;
}

static bool sqlite_boundaries(Source *base, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena,
                              const Value ***out_bounds, size_t *out_count, Err *err) {
    (void)order;
    int64_t ends[2];
    bool known = relation->key_ordered && relation->key_count == 1 &&
                 relation->columns[relation->key[0]].kind == KIND_INT && wanted > 0;
    if (known && !key_ends(sqlite_of(base), relation, ends, &known, err)) {
        return false;
    }
    const Value **bounds = ARENA_MANY(arena, wanted, const Value *);
    *out_count = known && ends[0] < ends[1] ? cut_evenly(ends, wanted, arena, bounds) : 0;
    *out_bounds = bounds;
    return true;
}

/* ---- explain -------------------------------------------------------------------------------------------- */

static bool sqlite_explain_scan(Source *base, const Scan *scan, Buf *out, Err *err) {
    SqliteSource *source = sqlite_of(base);
    if (!sqlite_scan(base, scan, err)) {
        return false;
    }
    char *sql = sqlite3_expanded_sql(source->statement);
    buf_text(out, sql == NULL ? sqlite3_sql(source->statement) : sql);
    sqlite3_free(sql);
    scan_close(source);
    return true;
}

const SourceOps sqlite_source_ops = {
    .scheme = "sqlite",
    .open = sqlite_open_source,
    .close = sqlite_close_source,
    .info = sqlite_info,
    .describe = sqlite_describe_relation,
    .identity = sqlite_identity,
    .boundaries = sqlite_boundaries,
    .begin = sqlite_begin,
    .scan = sqlite_scan,
    .next = sqlite_next,
    .end = sqlite_end,
    .cancel = sqlite_cancel,
    .lookup = sqlite_lookup,
    .explain_scan = sqlite_explain_scan,
};
