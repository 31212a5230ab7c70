/* Undo against a real server, by journals made here, which no repair would leave: test_undo_postgres CONNINFO
 *
 * Everything stands in the schema twofold_undo. tests/live/test_undo.py undoes what `twofold repair` wrote.
 */
#include "../unit/test.h"

#include "repair/undo.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#define SCHEMA "twofold_undo"

static const char *server;
static PGconn *admin;
static char folder[] = "/tmp/twofold-undo-XXXXXX";

/* ---- helpers ---------------------------------------------------------------------------------------------- */

static const char *run_sql(PGconn *conn, Arena *arena, const char *sql) {
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (!CHECK(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)) {
        printf("    %s\n    %s", sql, PQerrorMessage(conn));
    }
    bool some = status == PGRES_TUPLES_OK && PQntuples(result) > 0;
    const char *text = arena_printf(arena, "%s", some ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

static bool good(bool result, const Err *err) {
    if (!CHECK(result)) {
        printf("    %s\n", err->text);
    }
    return result;
}

/* A table, a spec over it, and a journal being written. */
typedef struct Case {
    Arena arena;
    Spec spec;
    char spec_path[64], journal_path[64], undo_path[64];
    Journal *journal;
    UndoCounts counts;
    UndoRow last; /* of the run: the oldest entry */
    Buf statements;
} Case;

static const char *sql(Case *c, const char *text) {
    return run_sql(admin, &c->arena, text);
}

/* The whole table as one text. */
static const char *table_text(Case *c) {
    return sql(c, "SELECT string_agg(o::text, ' ' ORDER BY id) FROM o");
}

static void spec_write(Case *c, const char *more) {
    FILE *file = fopen(c->spec_path, "w");
    fprintf(file,
            "{\"check\": \"undo\", \"old\": {\"source\": \"%s\", \"table\": \"" SCHEMA ".p\"},"
            " \"new\": {\"table\": \"" SCHEMA ".o\"}, \"equal\": [\"status\"]%s}",
            server, more);
    fclose(file);
}

static void journal_begin(Case *c, const char *path, const char *digest) {
    Err err;
    JournalHeader header = {.command = "repair",
                            .check = "undo",
                            .run = "0123",
                            .spec_path = c->spec_path,
                            .spec_digest = digest,
                            .trust = "old"};
    unlink(path);
    if (!good(journal_open(path, &header, &c->journal, &err), &err)) {
        exit(1);
    }
}

static void case_open(Case *c, const char *rows) {
    static int number;
    Err err;
    *c = (Case){.statements = {0}};
    number++;
    snprintf(c->spec_path, sizeof c->spec_path, "%s/%d.yaml", folder, number);
    snprintf(c->journal_path, sizeof c->journal_path, "%s/%d.repair", folder, number);
    snprintf(c->undo_path, sizeof c->undo_path, "%s/%d.undo", folder, number);
    sql(c, "DROP TABLE IF EXISTS o; CREATE TABLE o (id bigint PRIMARY KEY, status text, n numeric(10,2),"
           " twice numeric GENERATED ALWAYS AS (n * 2) STORED)");
    sql(c, arena_printf(&c->arena, "INSERT INTO o (id, status, n) VALUES %s", rows));
    spec_write(c, "");
    if (!good(spec_read(&c->arena, c->spec_path, NULL, &c->spec, &err), &err)) {
        exit(1);
    }
    journal_begin(c, c->journal_path, c->spec.digest);
}

static void case_close(Case *c) {
    journal_close(c->journal);
    buf_free(&c->statements);
    arena_free(&c->arena);
}

/* "paid|1.50"; NULL: no row; "-" for a NULL. */
static JournalImage image_of(Case *c, const char *text) {
    static const char *const names[] = {"status", "n"};
    static const char *const types[] = {"text", "numeric(10,2)"};
    if (text == NULL) {
        return (JournalImage){.present = false};
    }
    RowCell *cells = ARENA_MANY(&c->arena, 2, RowCell);
    for (int i = 0; i < 2; i++) {
        const char *end = i == 0 ? strchr(text, '|') : text + strlen(text);
        Str part = {text, (size_t)(end - text)};
        cells[i] = (RowCell){names[i], types[i], part, str_equal(part, STR_LITERAL("-"))};
        text = end + 1;
    }
    return (JournalImage){true, {cells, 2}};
}

/* What a repair would have journaled. `end` < 0: it was killed before it could tell. */
static void journaled(Case *c, const char *id, const char *before, const char *after, const char *transaction,
                      int end) {
    Err err;
    RowCell key = {"id", "bigint", str_of(id), false};
    JournalIntent intent = {
        .of_new = true,
        .relation = "\"" SCHEMA "\".\"o\"",
        .transaction = transaction,
        .key = {&key, 1},
        .before = image_of(c, before),
        .after = image_of(c, after),
    };
    good(journal_intend(c->journal, &intent, &err), &err);
    if (end >= 0) {
        good(journal_conclude(c->journal, (JournalEnd)end, "", &err), &err);
    }
}

static void row_taken(void *self, const UndoRow *row) {
    Case *c = self;
    c->last = *row;
    c->last.why = arena_copy(&c->arena, row->why, strlen(row->why));
    buf_printf(&c->statements, "%s\n", row->statement);
}

static bool undo_by(Case *c, const char *path, Journal *journal, Err *err) {
    JournalReader *reader = NULL;
    Undo undo = {.count = 0};
    UndoOptions options = {.journal = journal};
    buf_empty(&c->statements);
    bool done = good(journal_reader_open(path, &reader, err), err) && undo_open(&undo, reader, &c->spec, err) &&
                good(undo_run(&undo, &options, (UndoTaker){row_taken, c}, &c->counts, err), err);
    undo_close(&undo);
    journal_reader_close(reader);
    return done;
}

/* First dry, where nothing may change; then in earnest. Both count alike. */
static void undone(Case *c) {
    Err err;
    const char *before = table_text(c);
    journal_close(c->journal);
    c->journal = NULL;
    if (!good(undo_by(c, c->journal_path, NULL, &err), &err)) {
        return;
    }
    UndoCounts dry = c->counts;
    CHECK_TEXT(table_text(c), before);
    journal_begin(c, c->undo_path, c->spec.digest);
    good(undo_by(c, c->journal_path, c->journal, &err), &err);
    CHECK(memcmp(&dry, &c->counts, sizeof dry) == 0);
    CHECK(journal_count(c->journal) == c->counts.rows[UNDO_UNDONE]);
}

static void counts_are(const Case *c, int undone_rows, int nothing, int changed, int refused, int failed) {
    const int64_t *rows = c->counts.rows;
    if (!CHECK(rows[UNDO_UNDONE] == undone_rows && rows[UNDO_NOTHING] == nothing && rows[UNDO_CHANGED] == changed &&
               rows[UNDO_REFUSED] == refused && rows[UNDO_FAILED] == failed)) {
        printf("    %d undone, %d nothing, %d changed, %d refused, %d failed: %s\n", (int)rows[0], (int)rows[1],
               (int)rows[2], (int)rows[3], (int)rows[4], c->last.why);
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void each_kind_of_write(void) {
    Case c;
    case_open(&c, "(1, 'new', 1.50), (2, NULL, NULL), (3, 'gone', -3), (5, '', 5)");
    const char *original = table_text(&c);
    sql(&c, "UPDATE o SET status = 'paid' WHERE id = 1; UPDATE o SET status = '', n = 0 WHERE id = 2;"
            " DELETE FROM o WHERE id = 3; INSERT INTO o (id, status, n) VALUES (4, 'more', NULL)");
    journaled(&c, "1", "new|1.50", "paid|1.50", "", JOURNAL_COMMITTED);
    journaled(&c, "2", "-|-", "|0.00", "", JOURNAL_COMMITTED);
    journaled(&c, "3", "gone|-3.00", NULL, "", JOURNAL_COMMITTED);
    journaled(&c, "4", NULL, "more|-", "", -1);
    journaled(&c, "5", "|5.00", "never|5.00", "", JOURNAL_ROLLED_BACK);
    undone(&c);
    counts_are(&c, 4, 1, 0, 0, 0);
    CHECK_TEXT(table_text(&c), original);
    undone(&c); /* the same journal once more */
    counts_are(&c, 0, 5, 0, 0, 0);
    CHECK_TEXT(table_text(&c), original);
    case_close(&c);
}

static void an_undo_is_undone(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'new', 1.50), (2, 'two', 2)");
    sql(&c, "UPDATE o SET status = 'paid', n = 1 WHERE id = 1; INSERT INTO o (id, status, n) VALUES (3, 'x', 3);"
            " DELETE FROM o WHERE id = 2");
    const char *repaired = table_text(&c);
    journaled(&c, "1", "new|1.50", "paid|1.00", "", JOURNAL_COMMITTED);
    journaled(&c, "3", NULL, "x|3.00", "", JOURNAL_COMMITTED);
    journaled(&c, "2", "two|2.00", NULL, "", JOURNAL_COMMITTED);
    undone(&c);
    counts_are(&c, 3, 0, 0, 0, 0);
    journal_close(c.journal);
    journal_begin(&c, c.journal_path, c.spec.digest); /* the first one is done with */
    good(undo_by(&c, c.undo_path, c.journal, &err), &err);
    counts_are(&c, 3, 0, 0, 0, 0);
    CHECK_TEXT(table_text(&c), repaired);
    case_close(&c);
}

/* The newest first: each finds the row as it left it. */
static void a_row_that_was_written_twice(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'c', 3)");
    journaled(&c, "1", "a|1.00", "b|2.00", "", JOURNAL_COMMITTED);
    journaled(&c, "1", "b|2.00", "c|3.00", "", JOURNAL_COMMITTED);
    journal_close(c.journal);
    journal_begin(&c, c.undo_path, c.spec.digest);
    good(undo_by(&c, c.journal_path, c.journal, &err), &err);
    counts_are(&c, 2, 0, 0, 0, 0);
    CHECK_TEXT(table_text(&c), "(1,a,1.00,2.00)");
    case_close(&c);
}

/* What stands before may say more than what was written: the rest is left as it is. */
static void only_what_was_written(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'paid', 7), (2, 'paid', 8)");
    for (int id = 1; id <= 2; id++) {
        RowCell key = {"id", "bigint", str_of(id == 1 ? "1" : "2"), false};
        JournalIntent intent = {.of_new = true,
                                .relation = "\"" SCHEMA "\".\"o\"",
                                .transaction = "",
                                .key = {&key, 1},
                                .before = image_of(&c, "new|1.00"),
                                .after = image_of(&c, id == 1 ? "paid|" : "late|")};
        intent.after.row.count = 1;
        good(journal_intend(c.journal, &intent, &err), &err);
    }
    undone(&c);
    counts_are(&c, 1, 0, 1, 0, 0);
    CHECK_TEXT(table_text(&c), "(1,new,7.00,14.00) (2,paid,8.00,16.00)");
    case_close(&c);
}

static void what_came_after_stays(void) {
    Case c;
    case_open(&c, "(1, 'newer', 1), (3, 'again', 3), (4, 'x', 4.01), (5, NULL, 5)");
    const char *now = table_text(&c);
    journaled(&c, "1", "new|1.00", "paid|1.00", "", JOURNAL_COMMITTED);
    journaled(&c, "2", "old|2.00", "paid|2.00", "", JOURNAL_COMMITTED);
    journaled(&c, "3", "was|3.00", NULL, "", JOURNAL_COMMITTED);
    journaled(&c, "4", NULL, "x|4.00", "", -1);
    journaled(&c, "5", "b|5.00", "|5.00", "", JOURNAL_UNKNOWN);
    undone(&c);
    counts_are(&c, 0, 0, 5, 0, 0);
    CHECK_TEXT(c.last.why, "\"status\" is not what was written");
    CHECK_TEXT(table_text(&c), now);
    case_close(&c);
}

/* Killed between intent and outcome. The row alone may lie: somebody else can have written the same. */
static void the_server_knows_how_it_ended(void) {
    Case c;
    case_open(&c, "(1, 'paid', 1), (2, 'paid', 2), (3, 'paid', 3), (4, 'new', 4)");
    sql(&c, "BEGIN");
    const char *committed = sql(&c, "SELECT txid_current()");
    sql(&c, "COMMIT; BEGIN");
    const char *aborted = sql(&c, "SELECT txid_current()");
    sql(&c, "ROLLBACK");
    journaled(&c, "1", "new|1.00", "paid|1.00", committed, -1);
    journaled(&c, "2", "new|2.00", "paid|2.00", aborted, -1);
    journaled(&c, "3", "new|3.00", "paid|3.00", "9223372036854775807", JOURNAL_UNKNOWN); /* of another server */
    journaled(&c, "4", "new|4.00", "paid|4.00", aborted, -1);
    undone(&c);
    counts_are(&c, 2, 2, 0, 0, 0);
    CHECK_TEXT(table_text(&c), "(1,new,1.00,2.00) (2,paid,2.00,4.00) (3,new,3.00,6.00) (4,new,4.00,8.00)");
    case_close(&c);
    case_open(&c, "(1, 'paid', 1)");
    PGconn *other = PQconnectdb(server);
    run_sql(other, &c.arena, "BEGIN");
    journaled(&c, "1", "new|1.00", "paid|1.00", run_sql(other, &c.arena, "SELECT txid_current()"), -1);
    undone(&c);
    counts_are(&c, 0, 0, 0, 0, 1);
    CHECK_TEXT(table_text(&c), "(1,paid,1.00,2.00)");
    PQfinish(other);
    case_close(&c);
}

static void what_the_table_does_not_take_is_refused(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'paid', 1), (2, 'paid', 2), (3, 'paid', 3)");
    sql(&c, "ALTER TABLE o ADD CHECK (status <> 'bad');"
            " CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF new.id = 2 THEN new.status = upper(new.status); END IF; RETURN new; END';"
            " CREATE TRIGGER louder BEFORE UPDATE ON o FOR EACH ROW EXECUTE FUNCTION louder()");
    const char *now = table_text(&c);
    journaled(&c, "1", "bad|1.00", "paid|1.00", "", JOURNAL_COMMITTED);
    journaled(&c, "2", "quiet|2.00", "paid|2.00", "", JOURNAL_COMMITTED);
    journal_close(c.journal);
    journal_begin(&c, c.undo_path, c.spec.digest);
    good(undo_by(&c, c.journal_path, c.journal, &err), &err);
    counts_are(&c, 0, 0, 0, 2, 0);
    CHECK(strstr(c.last.why, "violates check constraint") != NULL);
    CHECK_TEXT(table_text(&c), now);
    sql(&c, "DROP FUNCTION louder CASCADE");
    case_close(&c);
}

static void a_locked_row_is_left_for_later(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'paid', 1), (2, 'paid', 2)");
    PGconn *other = PQconnectdb(server);
    run_sql(other, &c.arena, "BEGIN; SELECT 1 FROM " SCHEMA ".o WHERE id = 2 FOR UPDATE");
    journaled(&c, "1", "new|1.00", "paid|1.00", "", JOURNAL_COMMITTED);
    journaled(&c, "2", "new|2.00", "paid|2.00", "", JOURNAL_COMMITTED);
    journal_close(c.journal);
    journal_begin(&c, c.undo_path, c.spec.digest);
    good(undo_by(&c, c.journal_path, c.journal, &err), &err);
    counts_are(&c, 1, 0, 0, 0, 1);
    PQfinish(other);
    case_close(&c);
}

static void refused(Case *c, const char *why) {
    Err err;
    const char *now = table_text(c);
    CHECK(!undo_by(c, c->journal_path, NULL, &err) && err.code != TF_ERROR_INTERNAL);
    if (!CHECK(strstr(err.text, why) != NULL)) {
        printf("    %s\n", err.text);
    }
    CHECK_TEXT(table_text(c), now);
}

static void what_does_not_fit_is_not_begun(void) {
    Case c;
    case_open(&c, "(1, 'paid', 1)");
    journaled(&c, "1", "new|1.00", "paid|1.00", "", JOURNAL_COMMITTED);
    sql(&c, "ALTER TABLE o DROP COLUMN twice, ALTER n TYPE numeric(12,2)");
    refused(&c, "column \"n\" of \"" SCHEMA "\".\"o\" is numeric(12,2) now, and was numeric(10,2)");
    sql(&c, "ALTER TABLE o DROP COLUMN n");
    refused(&c, "has no column \"n\" any more");
    sql(&c, "DROP TABLE o; CREATE VIEW o AS SELECT 1 AS id");
    refused(&c, "the view has no primary key");
    sql(&c, "DROP VIEW o");
    case_close(&c);
    case_open(&c, "(1, 'paid', 1)");
    journal_close(c.journal);
    journal_begin(&c, c.journal_path, "another");
    journaled(&c, "1", "new|1.00", "paid|1.00", "", JOURNAL_COMMITTED);
    refused(&c, "is not the spec that \"undo\" was repaired by");
    case_close(&c);
}

static void statements_are_shown(void) {
    Case c;
    Err err;
    case_open(&c, "(1, 'it''s', 1), (2, 'x', NULL)");
    journaled(&c, "1", "|1.00", "it's|1.00", "", JOURNAL_COMMITTED);
    journaled(&c, "2", NULL, "x|-", "", JOURNAL_COMMITTED);
    journaled(&c, "3", "-|3.00", NULL, "", JOURNAL_COMMITTED);
    good(undo_by(&c, c.journal_path, NULL, &err), &err);
    CHECK_TEXT(c.statements.bytes,
               "INSERT INTO \"" SCHEMA "\".\"o\" (\"id\", \"status\", \"n\")"
               " VALUES (3, NULL, 3.00)\n"
               "DELETE FROM \"" SCHEMA "\".\"o\" WHERE \"id\" = 2 AND \"status\" = 'x' AND \"n\" IS NULL\n"
               "UPDATE \"" SCHEMA "\".\"o\" SET \"status\" = '' WHERE \"id\" = 1 AND \"status\" = 'it''s'"
               " AND \"n\" = 1.00\n");
    journal_close(c.journal);
    setenv("TWOFOLD_MASK_KEY", "0123456789abcdef", 1);
    sql(&c, "CREATE TABLE p (id bigint PRIMARY KEY, status text)");
    spec_write(&c, ", \"mask\": [\"status\"]");
    good(spec_read(&c.arena, c.spec_path, NULL, &c.spec, &err), &err);
    journal_begin(&c, c.journal_path, c.spec.digest);
    journaled(&c, "1", "|1.00", "it's|1.00", "", JOURNAL_COMMITTED);
    good(undo_by(&c, c.journal_path, NULL, &err), &err);
    CHECK(strstr(c.statements.bytes, "it'") == NULL && strstr(c.statements.bytes, "'masked:") != NULL);
    case_close(&c);
}

int main(int argc, char **argv) {
    if (argc != 2 || mkdtemp(folder) == NULL) {
        fprintf(stderr, "usage: test_undo_postgres CONNINFO\n");
        return 2;
    }
    Arena arena = {0};
    char command[64];
    server = argv[1];
    admin = PQconnectdb(server);
    if (PQstatus(admin) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(admin));
        return 1;
    }
    run_sql(admin, &arena,
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS " SCHEMA " CASCADE; CREATE SCHEMA " SCHEMA
            "; SET search_path = " SCHEMA);
    TEST_RUN(each_kind_of_write);
    TEST_RUN(an_undo_is_undone);
    TEST_RUN(a_row_that_was_written_twice);
    TEST_RUN(only_what_was_written);
    TEST_RUN(what_came_after_stays);
    TEST_RUN(the_server_knows_how_it_ended);
    TEST_RUN(what_the_table_does_not_take_is_refused);
    TEST_RUN(a_locked_row_is_left_for_later);
    TEST_RUN(what_does_not_fit_is_not_begun);
    TEST_RUN(statements_are_shown);
    run_sql(admin, &arena, "DROP SCHEMA " SCHEMA " CASCADE");
    PQfinish(admin);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? test_finish() : 1;
}
