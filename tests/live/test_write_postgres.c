/* Rows written by the PostgreSQL source, against a real server: test_write_postgres CONNINFO
 *
 * Everything stands in the schema twofold_write.
 */
#include "../unit/test.h"

#include "source/postgres_session.h"
#include "source/source_postgres.h"

#include <stdlib.h>

#include <libpq-fe.h>

#define SCHEMA "twofold_write"

static const SourceOps *const OPS = &postgres_source_ops;
static const char *server;
static PGconn *admin;

/* ---- helpers ---------------------------------------------------------------------------------------------- */

static void run_sql(const char *sql) {
    PGresult *result = PQexec(admin, sql);
    ExecStatusType status = PQresultStatus(result);
    if (!CHECK(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)) {
        printf("    %s\n    %s", sql, PQerrorMessage(admin));
    }
    PQclear(result);
}

static const char *value_of(Arena *arena, const char *sql) {
    PGresult *result = PQexec(admin, sql);
    bool some = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    const char *text = some ? arena_printf(arena, "%s", PQgetvalue(result, 0, 0)) : PQerrorMessage(admin);
    PQclear(result);
    return text;
}

static bool good(bool result, const Err *err) {
    if (!CHECK(result)) {
        printf("    %s\n", err->text);
    }
    return result;
}

/* One table, open for writing. */
typedef struct Table {
    Arena arena;
    Source *source;
    Relation relation;
    Scan scan; /* every column that a writer may give */
} Table;

static void table_open(Table *table, const char *name) {
    Err err;
    RelationRef ref = {.table = name};
    *table = (Table){0};
    if (!good(OPS->open(server, "twofold/test", &table->source, &err), &err) ||
        !good(OPS->begin_write(table->source, &err), &err) ||
        !good(OPS->describe(table->source, &ref, &table->arena, &table->relation, &err), &err)) {
        exit(1);
    }
    ScanColumn *columns = ARENA_MANY(&table->arena, table->relation.column_count, ScanColumn);
    size_t count = 0;
    for (size_t i = 0; i < table->relation.column_count; i++) {
        if (table->relation.columns[i].given != GIVEN_BY_SERVER) {
            columns[count++] = (ScanColumn){i, table->relation.columns[i].kind};
        }
    }
    table->scan = (Scan){.relation = &table->relation,
                         .columns = columns,
                         .column_count = count,
                         .key_count = 1,
                         .range = {.rows = RANGE_ALL}};
}

static void table_close(Table *table) {
    OPS->close(table->source);
    arena_free(&table->arena);
}

static RowImage row_read(Table *table, int64_t id, RowLock lock) {
    Err err;
    RowImage image = {0};
    size_t rows = 0;
    Value key = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = id};
    good(OPS->row_texts(table->source, &table->scan, &key, lock, &table->arena, &image, &rows, &err), &err);
    return image;
}

/* The write over an image whose first cell is the key. */
static RowWrite write_of(const Table *table, RowWriteKind kind, RowImage guard, RowImage set) {
    RowImage key = {kind == ROW_INSERT ? set.cells : guard.cells, 1};
    return (RowWrite){.kind = kind, .relation = table->relation.name, .key = key, .set = set, .guard = guard};
}

static int64_t row_write(Table *table, RowWriteKind kind, RowImage guard, RowImage set) {
    Err err;
    int64_t rows = -1;
    RowWrite write = write_of(table, kind, guard, set);
    good(OPS->write(table->source, &write, &rows, &err), &err);
    return rows;
}

static RowCell cell(const char *name, const char *text) {
    return (RowCell){.name = name, .type = "text", .text = str_of(text), .null = text == NULL};
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static const struct Extreme {
    const char *type;
    const char *values; /* a VALUES list */
} EXTREMES[] = {
    {"float8", "('-0'), ('nan'), ('inf'), ('-inf'), ('4.9406564584124654e-324'), ('1.7976931348623157e308'), ('0.1')"},
    {"float4", "('-0'), ('nan'), ('1.4e-45'), ('3.4028235e38'), ('0.1')"},
    {"numeric", "('nan'), ('inf'), ('-inf'), ('1.500'), ('0.000'), (repeat('9', 1000)), ('-0.' || repeat('7', 1000))"},
    {"numeric(10,2)", "('1.50'), ('-99999999.99'), ('nan')"},
    {"timestamptz", "('infinity'), ('-infinity'), ('4713-01-01 00:00:00+00 BC'), ('294276-12-31 23:59:59.999999+00')"},
    {"timestamp", "('infinity'), ('4713-11-24 00:00:00 BC'), ('2026-01-02 03:04:05.000001')"},
    {"date", "('infinity'), ('4713-01-01 BC'), ('5874897-12-31')"},
    {"timetz", "('24:00:00-1559'), ('00:00:00.000001+02')"},
    {"interval", "('178000000 years'), ('-178000000 years'), ('1 mon -1 days +00:00:00.000001'), ('-1 mon 1 day')"},
    {"text", "(''), (' '), ('NULL'), (E'\\\\x00'), (E'a\\n\\t\\'\"\\\\$1 \\u00e9 \\U0001F600'), (repeat('x', 100000))"},
    {"char(5)", "('a'), ('     '), ('ab ')"},
    {"varchar(3)", "('ab '), ('')"},
    {"\"char\"", "('a'), ('')"},
    {"bytea", "(''), ('\\x00ff5c27')"},
    {"jsonb", "('{\"a\": 1.00, \"b\": [null, \"\\u00e9\"]}'), ('1e400'), ('null'), ('\"\"')"},
    {"json", "('{\"b\" :1,  \"b\":2}'), (' null ')"},
    {"xml", "('<a b=\"1\">&amp;</a>')"},
    {"bool", "(true), (false)"},
    {"bit(3)", "('101')"},
    {"varbit", "(''), ('10101')"},
    {"money", "('-92233720368547758.08'), ('1234.5')"},
    {"uuid", "('ffffffff-ffff-ffff-ffff-000000000000')"},
    {"inet", "('10.0.0.1/8'), ('::ffff:1.2.3.4/128')"},
    {"macaddr8", "('08:00:2b:01:02:03:04:05')"},
    {"point", "('(-0,1e-300)'), ('(nan,inf)')"},
    {"path", "('[(0,0),(1,0.1)]'), ('((0,0),(1,0.1))')"},
    {"polygon", "('((0,0),(1,0.1),(3,4))')"},
    {"circle", "('<(1,2),0.3>')"},
    {"int4range", "('empty'), ('[1,5)'), ('(,)')"},
    {"tstzrange", "('[-infinity,infinity]'), ('(\"2026-01-01 00:00:00+00\",]')"},
    {"nummultirange", "('{[1.50,2.0),(3,)}')"},
    {"int[]", "('{}'), ('{1,NULL,3}'), ('[0:1][2:3]={{1,2},{3,4}}')"},
    {"text[]", "(array['NULL', null, '', 'a,b', '\"', E'\\\\', '{}'])"},
    {"tsvector", "('''a b'':1A,2 c:3')"},
    {"tsquery", "('a & !b:*')"},
    {"pg_lsn", "('FFFFFFFF/FFFFFFFF')"},
    {"mood", "('so so')"},
    {"positive", "(1.50)"},
    {"pair", "(row(null, '')), (row(1.0, 'a,\"b'))"},
    {"pair[]", "(array[row(1.0, null), null]::pair[])"},
};

/* Deletes every row and inserts it again from its texts; what was and what is are the same bytes. */
static void extreme_run(const struct Extreme *extreme) {
    Arena arena = {0};
    run_sql("DROP TABLE IF EXISTS v, kept");
    run_sql(arena_printf(&arena,
                         "CREATE TABLE v (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v %s, w int"
                         " GENERATED ALWAYS AS (id + 1) STORED)",
                         extreme->type));
    run_sql(arena_printf(&arena, "INSERT INTO v (v) SELECT c::text::%s FROM (VALUES %s) x(c)", extreme->type,
                         extreme->values));
    run_sql("CREATE TABLE kept AS SELECT * FROM v");
    int64_t count = strtoll(value_of(&arena, "SELECT count(*) FROM v"), NULL, 10);
    Table table;
    table_open(&table, SCHEMA ".v");
    for (int64_t id = 1; id <= count; id++) {
        Err err;
        RowImage image = row_read(&table, id, ROW_EXCLUSIVE);
        bool same = CHECK(image.count == 2) && CHECK(row_write(&table, ROW_DELETE, image, (RowImage){0}) == 1) &&
                    CHECK(row_write(&table, ROW_INSERT, (RowImage){0}, image) == 1);
        RowImage rest = {image.cells + 1, 1};
        same = same && CHECK(row_write(&table, ROW_UPDATE, image, rest) == 1);
        if (!same || !good(OPS->commit(table.source, &err), &err) ||
            !good(OPS->begin_write(table.source, &err), &err)) {
            printf("    %s, row %d\n", extreme->type, (int)id);
            OPS->rollback(table.source);
            break;
        }
    }
    OPS->rollback(table.source);
    const char *differ = value_of(&arena, "SELECT count(*) FROM v JOIN kept k USING (id) WHERE NOT"
                                          " ROW(v.v, v.w)::record OPERATOR(pg_catalog.*=) ROW(k.v, k.w)::record");
    if (!CHECK(strcmp(differ, "0") == 0)) {
        printf("    %s: %s rows differ\n", extreme->type, differ);
    }
    table_close(&table);
    arena_free(&arena);
}

static void extremes(void) {
    run_sql("CREATE TYPE mood AS ENUM ('so so', 'fine'); CREATE DOMAIN positive AS numeric(5,2) CHECK (value > 0);"
            " CREATE TYPE pair AS (n numeric, t text)");
    for (size_t i = 0; i < sizeof EXTREMES / sizeof *EXTREMES; i++) {
        extreme_run(&EXTREMES[i]);
    }
}

/* Equal to the server is not enough: the guard wants the very text. */
static void guards(void) {
    run_sql("CREATE TABLE g (id int PRIMARY KEY, n numeric, t text); INSERT INTO g VALUES (1, 1.50, ''), (2, 2, NULL)");
    Table table;
    table_open(&table, SCHEMA ".g");
    RowCell set[] = {cell("t", "x")};
    RowCell same[] = {cell("id", "1"), cell("n", "1.50"), cell("t", "")};
    RowCell scale[] = {cell("id", "1"), cell("n", "1.5"), cell("t", "")};
    RowCell null[] = {cell("id", "1"), cell("n", "1.50"), cell("t", NULL)};
    RowCell empty[] = {cell("id", "2"), cell("n", "2"), cell("t", "")};
    CHECK(row_write(&table, ROW_UPDATE, (RowImage){scale, 3}, (RowImage){set, 1}) == 0);
    CHECK(row_write(&table, ROW_UPDATE, (RowImage){null, 3}, (RowImage){set, 1}) == 0);
    CHECK(row_write(&table, ROW_DELETE, (RowImage){empty, 3}, (RowImage){0}) == 0);
    CHECK(row_write(&table, ROW_UPDATE, (RowImage){same, 3}, (RowImage){set, 1}) == 1);
    OPS->rollback(table.source);
    table_close(&table);
}

/* A key that a collation takes for another. */
static void keys_to_the_letter(void) {
    run_sql("CREATE COLLATION same (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
            " CREATE TABLE k (id text COLLATE same, n int); INSERT INTO k VALUES ('a', 1), ('A', 2)");
    Table table;
    table_open(&table, SCHEMA ".g");
    table.relation.name = SCHEMA ".k";
    RowCell set[] = {cell("n", "7")}, guard[] = {cell("id", "A")};
    CHECK(row_write(&table, ROW_UPDATE, (RowImage){guard, 1}, (RowImage){set, 1}) == 1);
    OPS->rollback(table.source);
    table_close(&table);
}

static void endings(void) {
    Err err;
    Arena arena = {0};
    run_sql("CREATE TABLE e (id int PRIMARY KEY, p int REFERENCES e DEFERRABLE INITIALLY DEFERRED);"
            " INSERT INTO e VALUES (1, 1)");
    Table table;
    table_open(&table, SCHEMA ".e");
    RowCell orphan[] = {cell("id", "2"), cell("p", "99")}, child[] = {cell("id", "2"), cell("p", "1")};
    int64_t rows;
    const char *number = "";
    RowWrite write = write_of(&table, ROW_INSERT, (RowImage){0}, (RowImage){orphan, 2});
    CHECK(!OPS->write(table.source, &write, &rows, &err) && err.code == TF_ERROR_DATA);
    CHECK(!OPS->commit(table.source, &err)); /* what failed is not taken for committed */
    good(OPS->begin_write(table.source, &err), &err);
    CHECK(row_write(&table, ROW_INSERT, (RowImage){0}, (RowImage){child, 2}) == 1);
    good(OPS->transaction(table.source, &arena, &number, &err), &err);
    good(OPS->commit(table.source, &err), &err);
    CHECK_TEXT(value_of(&arena, arena_printf(&arena, "SELECT txid_status(%s)", number)), "committed");
    good(OPS->begin_write(table.source, &err), &err);
    run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'twofold/test'");
    CHECK(!OPS->commit(table.source, &err) && err.code == TF_ERROR_CONNECTION);
    table_close(&table);
    arena_free(&arena);
}

/* What waits for the commit itself: the server goes on, and has certainly rolled back. */
static void commit_refused(void) {
    Err err;
    PgSession session;
    pg_session_make(&session, server, "twofold/test");
    good(pg_session_connect(&session, &err), &err);
    good(pg_session_begin_write(&session, &err), &err);
    good(pg_session_run(&session, "INSERT INTO " SCHEMA ".e VALUES (7, 99)", "insert", &err), &err);
    CHECK(!pg_session_commit(&session, &err) && err.code == TF_ERROR_DATA);
    CHECK(strstr(err.text, "violates foreign key constraint") != NULL);
    pg_session_close(&session);
}

static void shown(void) {
    Err err;
    Buf text = {0};
    Table table;
    table_open(&table, SCHEMA ".g");
    RowCell number = {.name = "n", .type = "numeric(10,2)", .text = STR_LITERAL("-1.50")};
    RowCell set[] = {number, cell("t", "it's\n\x1b\\ me")}, guard[] = {cell("t", NULL)}, key[] = {cell("id", "1")};
    RowWrite write = {
        .kind = ROW_UPDATE, .relation = table.relation.name, .key = {key, 1}, .set = {set, 2}, .guard = {guard, 1}};
    good(OPS->explain_write(table.source, &write, &text, &err), &err);
    CHECK_TEXT(text.bytes, "UPDATE \"" SCHEMA "\".\"g\" SET \"n\" = -1.50, \"t\" = E'it''s\\x0a\\x1b\\\\ me'"
                           " WHERE \"id\" = '1' AND \"t\" IS NULL");
    write.key.count = 0;
    CHECK(!OPS->explain_write(table.source, &write, &text, &err) && err.code == TF_ERROR_INTERNAL);
    buf_free(&text);
    OPS->rollback(table.source);
    table_close(&table);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: test_write_postgres CONNINFO\n");
        return 2;
    }
    server = argv[1];
    admin = PQconnectdb(server);
    if (PQstatus(admin) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(admin));
        return 1;
    }
    run_sql("SET client_min_messages = warning; SET timezone = 'UTC'; DROP SCHEMA IF EXISTS " SCHEMA " CASCADE;"
            " CREATE SCHEMA " SCHEMA "; SET search_path = " SCHEMA);
    TEST_RUN(extremes);
    TEST_RUN(guards);
    TEST_RUN(keys_to_the_letter);
    TEST_RUN(endings);
    TEST_RUN(commit_refused);
    TEST_RUN(shown);
    run_sql("DROP SCHEMA " SCHEMA " CASCADE");
    PQfinish(admin);
    return test_finish();
}
