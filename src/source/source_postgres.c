#include "source/source_postgres.h"

#include "source/postgres_bounds.h"
#include "source/postgres_copy.h"
#include "source/postgres_dependents.h"
#include "source/postgres_describe.h"
#include "source/postgres_digest.h"
#include "source/postgres_distance.h"
#include "source/postgres_join.h"
#include "source/postgres_load.h"
#include "source/postgres_position.h"
#include "source/postgres_sql.h"
#include "source/postgres_url.h"
#include "source/postgres_write.h"
#include "source/relation.h"

#include <stdlib.h>
#include <string.h>

typedef struct PostgresSource {
    Source base;
    SourcePlace place;
    PgSession session;
    PgCopy copy;
    PgSeen seen;
    Batch old, new_;                /* new_: of a join only */
    Range told;                     /* of the join that was counted last: what its suspects' keys are of ... */
    Buf told_keys;                  /* ... and they, as an array's literal; empty: too many, or none */
    Column presence[2];             /* a join's two flags, as cells ... */
    uint8_t present[2][BATCH_ROWS]; /* ... and as join_next gives them */
} PostgresSource;

static PostgresSource *own(Source *source) {
    return (PostgresSource *)source;
}

/* ---- life ------------------------------------------------------------------------------------------------- */

static void postgres_close(Source *source) {
    if (source == NULL) {
        return;
    }
    PostgresSource *self = own(source);
    source_delist(&self->place);
    pg_copy_free(&self->copy);
    buf_free(&self->told_keys);
    pg_session_close(&self->session);
    free(self);
}

static bool postgres_open(const char *url, const char *application, Source **out, Err *err) {
    PostgresSource *self = mem_alloc(sizeof *self);
    *self = (PostgresSource){.base.ops = &postgres_source_ops};
    pg_session_make(&self->session, url, application);
    source_enlist(&self->place, &self->base);
    if (!pg_session_connect(&self->session, err)) {
        postgres_close(&self->base);
        return false;
    }
    *out = &self->base;
    return true;
}

static const SourceInfo *postgres_info(const Source *source) {
    return &((const PostgresSource *)source)->session.info;
}

static void postgres_cancel(Source *source) {
    pg_session_cancel(&own(source)->session);
}

static bool postgres_begin(Source *source, const char *snapshot, Err *err) {
    PgSession *session = &own(source)->session;
    return pg_session_begin(session, snapshot, err) || err_prefix(err, "%s", session->info.place);
}

static bool postgres_end(Source *source, Err *err) {
    buf_empty(&own(source)->told_keys);
    pg_copy_stop(&own(source)->copy);
    pg_session_drop(&own(source)->session);
    return pg_session_end(&own(source)->session, err);
}

static bool postgres_snapshot(Source *source, Arena *arena, const char **out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(&own(source)->session, "SELECT pg_catalog.pg_export_snapshot()", NULL, 0, "share the snapshot",
                        &row, err)) {
        return false;
    }
    *out = arena_printf(arena, "%s", PQgetvalue(row, 0, 0));
    PQclear(row);
    return true;
}

static void postgres_announce(Source *source, const SourceWork *work) {
    pg_session_announce(&own(source)->session, work);
}

static bool postgres_load(Source *source, unsigned parts, SourceLoad *out, Err *err) {
    PgSession *session = &own(source)->session;
    return pg_load(session, parts, out, err) || err_prefix(err, "%s", session->info.place);
}

/* ---- positions --------------------------------------------------------------------------------------------- */

static bool postgres_identity(Source *source, Arena *arena, const char **out, Err *err) {
    return pg_identity(&own(source)->session, arena, out, err);
}

static bool postgres_position(Source *source, Arena *arena, SourcePosition *out, Err *err) {
    return pg_position(&own(source)->session, arena, out, err);
}

static bool postgres_reached(Source *source, const SourcePosition *position, SourceReach *out, Err *err) {
    return pg_reached(&own(source)->session, &own(source)->seen, position, out, err);
}

static bool postgres_written(Source *source, const Relation *relation, RelationColumn *out, Err *err) {
    return pg_written(&own(source)->session, relation, out, err);
}

/* ---- dependents --------------------------------------------------------------------------------------------- */

static bool postgres_dependents(Source *source, const DropRef *ref, Arena *arena, Dependents *out, Err *err) {
    return pg_dependents(&own(source)->session, ref, arena, out, err);
}

static bool postgres_replacement(Source *source, const char *table, const char *column, Arena *arena, Dependents *out,
                                 Err *err) {
    return pg_replacement(&own(source)->session, table, column, arena, out, err);
}

/* ---- schema ----------------------------------------------------------------------------------------------- */

static bool postgres_describe(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    return pg_describe(&own(source)->session, ref, arena, out, err);
}

static bool postgres_boundaries(Source *source, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena,
                                const Value ***out_bounds, size_t *out_count, Err *err) {
    PostgresSource *self = own(source);
    return pg_bounds(&self->session, &self->copy, relation, order, wanted, arena, out_bounds, out_count, err);
}

/* ---- rows ------------------------------------------------------------------------------------------------- */

/* The fields that fill the first `count` of the scan's columns. */
static void scan_fields(const Scan *scan, size_t count, const Batch *batch, PgField *out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = (PgField){pg_reading(pg_scan_column(scan, i)->native)->wire, &batch->columns[i]};
    }
}

/* A batch for the scan's columns, and the fields that fill it. */
static Batch scan_batch(Arena *arena, const Scan *scan, PgField *out_fields) {
    Batch batch = relation_batch(arena, scan->relation, scan->columns, scan->column_count, BATCH_ROWS);
    scan_fields(scan, scan->column_count, &batch, out_fields);
    return batch;
}

/* Sends the statement; takes the text over. */
static bool send_scan(PostgresSource *self, PgSql *sql, const Scan *scan, Err *err) {
    PgCopy *copy = &self->copy;
    const char *doing = arena_printf(&copy->memory, "read %s", scan->relation->name);
    PgField *fields = ARENA_MANY(&copy->memory, scan->column_count, PgField);
    self->old = scan_batch(&copy->memory, scan, fields);
    bool good =
        pg_sql_check(sql, doing, err) && pg_copy_start(copy, sql->text.bytes, fields, scan->column_count, doing, err);
    pg_sql_free(sql);
    if (good && scan->wire) {
        pg_copy_wire(copy, fields, scan->key_count);
        self->old.wire = &copy->wire;
    }
    return good;
}

static bool postgres_scan(Source *source, const Scan *scan, Err *err) {
    PostgresSource *self = own(source);
    PgSql sql = {.session = &self->session};
    pg_copy_reset(&self->copy, &self->session);
    pg_sql_scan(&sql, scan);
    return send_scan(self, &sql, scan, err);
}

static bool postgres_lookup(Source *source, const Scan *scan, const Value *keys, size_t count, Err *err) {
    PostgresSource *self = own(source);
    PgSql sql = {.session = &self->session};
    pg_copy_reset(&self->copy, &self->session);
    pg_sql_lookup(&sql, scan, keys, count);
    return send_scan(self, &sql, scan, err);
}

static bool postgres_next(Source *source, const Batch **out, Err *err) {
    PostgresSource *self = own(source);
    if (!pg_copy_next(&self->copy, &self->old.rows, err)) {
        return false;
    }
    *out = &self->old;
    return true;
}

/* ---- join ------------------------------------------------------------------------------------------------- */

static int64_t count_at(const PGresult *row, int field) {
    return strtoll(PQgetvalue(row, 0, field), NULL, 10);
}

/* A range with NULL in its keys cannot be joined by equality. */
static bool join_check(const JoinScan *join, Err *err) {
    return join->one_row || join->old.range.rows != RANGE_WITH_NULL ||
           err_set(err, TF_ERROR_INTERNAL, "cannot join rows by keys that are NULL");
}

static const char *join_doing(Arena *arena, const JoinScan *join) {
    if (join->one_row) {
        return arena_printf(arena, "check %s", join->old.relation->name);
    }
    return arena_printf(arena, "join %s with %s", join->old.relation->name, join->new_.relation->name);
}

/* Where there are not too many, the rows of the suspects are found by their keys instead of by joining again. */
static void tell_keys(PostgresSource *self, const JoinScan *join, const PGresult *row, int64_t suspects) {
    self->told = join->old.range;
    buf_empty(&self->told_keys);
    if (PQnfields(row) <= 5 || PQgetisnull(row, 0, 5) || suspects > PG_JOIN_TOLD_KEYS) {
        return;
    }
    const char *text = PQgetvalue(row, 0, 5);
    char *literal = PQescapeLiteral(self->session.conn, text, strlen(text));
    if (literal != NULL) {
        buf_printf(&self->told_keys, "%s::%s[]", literal, pg_join_told_type(join));
        PQfreemem(literal);
    }
}

static bool postgres_join_count(Source *source, const JoinScan *join, JoinCounts *out, Err *err) {
    PgSession *session = &own(source)->session;
    PgSql sql = {.session = session};
    PGresult *row = NULL;
    pg_join_count_sql(&sql, join);
    const char *doing = join_doing(&sql.scratch, join);
    bool good = join_check(join, err) && pg_sql_check(&sql, doing, err) &&
                pg_session_ask(session, sql.text.bytes, NULL, 0, doing, &row, err);
    pg_sql_free(&sql);
    if (!good) {
        return false;
    }
    int64_t old_rows = count_at(row, 0);
    int64_t new_rows = count_at(row, 1);
    *out = (JoinCounts){
        .old_rows = old_rows,
        .new_rows = new_rows,
        .both = join->one_row ? old_rows : old_rows + new_rows - count_at(row, 2),
        .suspects = count_at(row, 3),
        .duplicates = PQgetvalue(row, 0, 4)[0] == 't',
    };
    tell_keys(own(source), join, row, out->suspects);
    PQclear(row);
    return true;
}

/* Two flags, then the columns of one side or both. */
static PgField *join_fields(PostgresSource *self, const JoinScan *join, size_t *out_count) {
    static const Kind FLAGS[] = {KIND_BOOL, KIND_BOOL};
    Arena *memory = &self->copy.memory;
    size_t new_count = join->one_row ? 0 : join->new_.column_count;
    PgField *fields = ARENA_MANY(memory, 2 + join->old.column_count + new_count, PgField);
    Batch flags = batch_make(memory, 2, FLAGS, BATCH_ROWS);
    for (size_t i = 0; i < 2; i++) {
        self->presence[i] = flags.columns[i];
        fields[i] = (PgField){PG_WIRE_BOOL, &self->presence[i]};
    }
    self->old = scan_batch(memory, &join->old, fields + 2);
    self->new_ = (Batch){0};
    if (!join->one_row) {
        self->new_ = scan_batch(memory, &join->new_, fields + 2 + join->old.column_count);
    }
    *out_count = 2 + join->old.column_count + new_count;
    return fields;
}

static bool postgres_join_rows(Source *source, const JoinScan *join, Err *err) {
    PostgresSource *self = own(source);
    PgSql sql = {.session = &self->session};
    pg_copy_reset(&self->copy, &self->session);
    const char *doing = join_doing(&self->copy.memory, join);
    size_t count;
    PgField *fields = join_fields(self, join, &count);
    const Range *range = &join->old.range;
    bool told = self->told_keys.length > 0 && self->told.from == range->from && self->told.to == range->to;
    sql.among = told ? self->told_keys.bytes : NULL;
    pg_join_rows_sql(&sql, join);
    bool good = join_check(join, err) && pg_sql_check(&sql, doing, err) &&
                pg_copy_start(&self->copy, sql.text.bytes, fields, count, doing, err);
    pg_sql_free(&sql);
    return good;
}

static bool postgres_join_next(Source *source, const Batch **old, const uint8_t **old_present, const Batch **new_,
                               const uint8_t **new_present, Err *err) {
    PostgresSource *self = own(source);
    size_t rows;
    if (!pg_copy_next(&self->copy, &rows, err)) {
        return false;
    }
    for (size_t side = 0; side < 2; side++) {
        for (size_t row = 0; row < rows; row++) {
            self->present[side][row] = self->presence[side].data.ints[row] != 0;
        }
    }
    self->old.rows = rows;
    self->new_.rows = rows;
    *old = &self->old;
    *new_ = &self->new_;
    *old_present = self->present[0];
    *new_present = self->present[1];
    return true;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static bool postgres_row_texts(Source *source, const Scan *scan, const Value *key, RowLock lock, Arena *arena,
                               RowImage *out, size_t *out_rows, Err *err) {
    PostgresSource *self = own(source);
    pg_copy_stop(&self->copy);
    return pg_row_texts(&self->session, scan, key, lock, arena, out, out_rows, err);
}

static bool postgres_begin_write(Source *source, Err *err) {
    PgSession *session = &own(source)->session;
    return pg_session_begin_write(session, err) || err_prefix(err, "%s", session->info.place);
}

static bool postgres_write(Source *source, const RowWrite *write, int64_t *out_rows, Err *err) {
    PostgresSource *self = own(source);
    pg_copy_stop(&self->copy);
    return pg_write(&self->session, write, out_rows, err);
}

static bool postgres_transaction(Source *source, Arena *arena, const char **out, Err *err) {
    return pg_transaction(&own(source)->session, arena, out, err);
}

static bool postgres_transaction_end(Source *source, const char *transaction, TransactionEnd *out, Err *err) {
    return pg_transaction_end(&own(source)->session, transaction, out, err);
}

static bool postgres_commit(Source *source, Err *err) {
    pg_copy_stop(&own(source)->copy);
    return pg_session_commit(&own(source)->session, err);
}

static void postgres_rollback(Source *source) {
    pg_copy_stop(&own(source)->copy);
    pg_session_rollback(&own(source)->session);
}

/* ---- digests ---------------------------------------------------------------------------------------------- */

/* Texts are hashed as bytes of UTF-8, and need no check on the way. */
static bool postgres_digest_probe(Source *source, Arena *arena, const char **out, Err *err) {
    PgSession *session = &own(source)->session;
    if (session->version < 130000 || !session->utf8) {
        return err_set(err, TF_ERROR_USAGE, "%s %s", session->info.place,
                       session->utf8 ? "is older than PostgreSQL 13" : "does not keep its texts in UTF-8");
    }
    PgSql sql = {.session = session};
    PGresult *row = NULL;
    pg_digest_probe_sql(&sql);
    bool good = pg_session_ask(session, sql.text.bytes, NULL, 0, "try a digest", &row, err);
    pg_sql_free(&sql);
    if (good) {
        *out = arena_printf(arena, "%s", PQgetvalue(row, 0, 0));
        PQclear(row);
    }
    return good;
}

static const char *digest_doing(Arena *arena, const DigestScan *digest) {
    return arena_printf(arena, "digest %s", digest->scan.relation->name);
}

static bool digest_check(const DigestScan *digest, Err *err) {
    return digest->scan.range.rows == RANGE_BETWEEN || !pg_key_nullable(&digest->scan) ||
           err_set(err, TF_ERROR_INTERNAL, "cannot digest rows by keys that may be NULL");
}

static bool postgres_digest(Source *source, const DigestScan *digest, Err *err) {
    PgSession *session = &own(source)->session;
    PgSql sql = {.session = session};
    pg_digest_sql(&sql, digest);
    const char *doing = digest_doing(&sql.scratch, digest);
    bool good = digest_check(digest, err) && pg_sql_check(&sql, doing, err) &&
                pg_session_send(session, sql.text.bytes, doing, err);
    pg_sql_free(&sql);
    return good;
}

static bool postgres_digested(Source *source, const DigestScan *digest, RowsDigest *out, Err *err) {
    Arena scratch = {0};
    PGresult *rows = NULL;
    bool good = pg_session_receive(&own(source)->session, digest_doing(&scratch, digest), &rows, err) &&
                pg_digest_read(rows, digest, out, err);
    PQclear(rows);
    arena_free(&scratch);
    return good;
}

static bool postgres_row_hashes(Source *source, const DigestScan *digest, Err *err) {
    PostgresSource *self = own(source);
    const Scan *scan = &digest->scan;
    PgSql sql = {.session = &self->session};
    pg_copy_reset(&self->copy, &self->session);
    PgField *fields = ARENA_MANY(&self->copy.memory, scan->key_count + 1, PgField);
    self->old = relation_hashes_batch(&self->copy.memory, scan, BATCH_ROWS);
    scan_fields(scan, scan->key_count, &self->old, fields);
    fields[scan->key_count] = (PgField){PG_WIRE_INT8, &self->old.columns[scan->key_count]};
    pg_row_hashes_sql(&sql, digest);
    const char *doing = digest_doing(&self->copy.memory, digest);
    bool good = digest_check(digest, err) && pg_sql_check(&sql, doing, err) &&
                pg_copy_start(&self->copy, sql.text.bytes, fields, scan->key_count + 1, doing, err);
    pg_sql_free(&sql);
    return good;
}

static bool postgres_distance(Source *source, const Scan *scan, SourceDistance *out, Err *err) {
    return pg_distance(&own(source)->session, scan, out, err);
}

/* ---- explain ---------------------------------------------------------------------------------------------- */

static bool explain(PgSql *sql, Buf *out, Err *err) {
    bool good = pg_sql_check(sql, "show the statement", err);
    if (good) {
        buf_str(out, buf_view(&sql->text));
    }
    pg_sql_free(sql);
    return good;
}

static bool postgres_explain_scan(Source *source, const Scan *scan, Buf *out, Err *err) {
    PgSql sql = {.session = &own(source)->session};
    pg_sql_scan(&sql, scan);
    return explain(&sql, out, err);
}

static bool postgres_explain_join(Source *source, const JoinScan *join, Buf *out, Err *err) {
    PgSql sql = {.session = &own(source)->session};
    pg_join_count_sql(&sql, join);
    return explain(&sql, out, err);
}

static bool postgres_explain_write(Source *source, const RowWrite *write, Buf *out, Err *err) {
    return pg_explain_write(&own(source)->session, write, out, err);
}

static bool postgres_explain_digest(Source *source, const DigestScan *digest, Buf *out, Err *err) {
    PgSql sql = {.session = &own(source)->session};
    pg_digest_sql(&sql, digest);
    return explain(&sql, out, err);
}

const SourceOps postgres_source_ops = {
    .scheme = "postgresql",
    .open = postgres_open,
    .close = postgres_close,
    .info = postgres_info,
    .describe = postgres_describe,
    .boundaries = postgres_boundaries,
    .begin = postgres_begin,
    .scan = postgres_scan,
    .next = postgres_next,
    .end = postgres_end,
    .shown = pg_url_shown,
    .cancel = postgres_cancel,
    .snapshot = postgres_snapshot,
    .announce = postgres_announce,
    .load = postgres_load,
    .lookup = postgres_lookup,
    .join_count = postgres_join_count,
    .join_rows = postgres_join_rows,
    .join_next = postgres_join_next,
    .digest_probe = postgres_digest_probe,
    .digest = postgres_digest,
    .digested = postgres_digested,
    .row_hashes = postgres_row_hashes,
    .distance = postgres_distance,
    .identity = postgres_identity,
    .position = postgres_position,
    .reached = postgres_reached,
    .written = postgres_written,
    .row_texts = postgres_row_texts,
    .begin_write = postgres_begin_write,
    .write = postgres_write,
    .transaction = postgres_transaction,
    .transaction_end = postgres_transaction_end,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .explain_write = postgres_explain_write,
    .dependents = postgres_dependents,
    .replacement = postgres_replacement,
    .explain_scan = postgres_explain_scan,
    .explain_join = postgres_explain_join,
    .explain_digest = postgres_explain_digest,
};
