/* The PostgreSQL source against a real server: test_source_postgres CONNINFO
 *
 * The role must be a superuser: schemas, roles and a foreign server are made and dropped. Everything stands in the
 * schema twofold_source, the roles are called twofold_source_*.
 */
#include "../unit/test.h"

#include "base/clock.h"
#include "source/source_postgres.h"

#include <pthread.h>
#include <stdlib.h>

#include <libpq-fe.h>

#define SCHEMA "twofold_source"

static const SourceOps *const OPS = &postgres_source_ops;
static const char *server; /* the conninfo of argv[1] */
static PGconn *admin;
static const Batch NO_ROWS;

/* ---- helpers ---------------------------------------------------------------------------------------------- */

static void run_sql(const char *sql) {
    PGresult *result = PQexec(admin, sql);
    ExecStatusType status = PQresultStatus(result);
    if (!CHECK(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)) {
        printf("    %s\n    %s", sql, PQerrorMessage(admin));
    }
    PQclear(result);
}

static bool good(bool result, const Err *err) {
    if (!CHECK(result)) {
        printf("    %s\n", err->text);
    }
    return result;
}

static const char *server_as(Arena *arena, const char *parameter) {
    bool url = strstr(server, "://") != NULL;
    return arena_printf(arena, "%s%s%s", server, url ? (strchr(server, '?') == NULL ? "?" : "&") : " ", parameter);
}

static Source *open_as(const char *conninfo) {
    Err err;
    Source *source = NULL;
    if (!good(OPS->open(conninfo, "twofold/test", &source, &err), &err)) {
        exit(1);
    }
    return source;
}

static Source *open_begun(void) {
    Err err;
    Source *source = open_as(server);
    good(OPS->begin(source, NULL, &err), &err);
    return source;
}

static void end_close(Source *source) {
    Err err;
    good(OPS->end(source, &err), &err);
    OPS->close(source);
}

static bool describe(Source *source, const char *table, Arena *arena, Relation *out) {
    Err err;
    RelationRef ref = {.table = table};
    return good(OPS->describe(source, &ref, arena, out, &err), &err);
}

static bool describe_key(Source *source, const char *table, const char *const *key, size_t count, Arena *arena,
                         Relation *out) {
    Err err;
    RelationRef ref = {.table = table, .key = key, .key_count = count};
    return good(OPS->describe(source, &ref, arena, out, &err), &err);
}

/* Every column as its own kind, the key first. */
static Scan scan_all(Arena *arena, const Relation *relation) {
    ScanColumn *columns = ARENA_MANY(arena, relation->column_count, ScanColumn);
    size_t count = 0;
    for (size_t i = 0; i < relation->key_count; i++) {
        columns[count++] = (ScanColumn){relation->key[i], relation->columns[relation->key[i]].kind};
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        bool in_key = false;
        for (size_t k = 0; k < relation->key_count; k++) {
            in_key = in_key || relation->key[k] == i;
        }
        if (!in_key) {
            columns[count++] = (ScanColumn){i, relation->columns[i].kind};
        }
    }
    return (Scan){.relation = relation,
                  .columns = columns,
                  .column_count = count,
                  .key_count = relation->key_count,
                  .range = {.rows = RANGE_ALL}};
}

static void print_row(const Batch *batch, size_t row, Buf *out) {
    for (size_t i = 0; i < batch->column_count; i++) {
        Value value = column_value(&batch->columns[i], row);
        buf_text(out, i == 0 ? "" : "|");
        if (value.state == CELL_NULL) {
            buf_text(out, "~");
        } else {
            value_print(value, out);
        }
    }
    buf_char(out, '\n');
}

/* The rows of a started scan as text, NULL as ~; their order by key is checked. */
static bool read_rows(Source *source, const Scan *scan, Buf *out, size_t *out_rows, Err *err) {
    Arena arena = {0};
    Value *last = NULL;
    bool ordered = true;
    *out_rows = 0;
    for (;;) {
        const Batch *batch;
        if (!OPS->next(source, &batch, err)) {
            arena_free(&arena);
            return false;
        }
        for (size_t row = 0; row < batch->rows; row++) {
            int order = last == NULL ? -1 : 0;
            for (size_t i = 0; order == 0 && i < scan->key_count; i++) {
                order = value_compare(last[i], column_value(&batch->columns[i], row));
            }
            ordered = ordered && order <= 0;
            last = ARENA_MANY(&arena, scan->key_count, Value);
            for (size_t i = 0; i < scan->key_count; i++) {
                last[i] = value_copy(&arena, column_value(&batch->columns[i], row));
            }
            if (out != NULL) {
                print_row(batch, row, out);
            }
        }
        *out_rows += batch->rows;
        if (batch->rows == 0) {
            break;
        }
    }
    CHECK(ordered || scan->unordered);
    arena_free(&arena);
    return true;
}

static const char *scan_text(Source *source, const Scan *scan, Arena *arena) {
    Buf rows = {0};
    Err err;
    size_t count = 0;
    buf_text(&rows, "");
    good(OPS->scan(source, scan, &err) && read_rows(source, scan, &rows, &count, &err), &err);
    const char *text = arena_copy(arena, rows.bytes == NULL ? "" : rows.bytes, rows.length);
    buf_free(&rows);
    return text;
}

static const char *table_text(Source *source, const char *table, Arena *arena) {
    Relation relation;
    if (!describe(source, table, arena, &relation)) {
        return "";
    }
    Scan scan = scan_all(arena, &relation);
    return scan_text(source, &scan, arena);
}

static size_t scan_count(Source *source, const Scan *scan) {
    Err err;
    size_t count = 0;
    good(OPS->scan(source, scan, &err) && read_rows(source, scan, NULL, &count, &err), &err);
    return count;
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static const struct TypeCase {
    const char *type;
    const char *literal;
    Kind kind;
    const char *family; /* of ARRAY and OPAQUE */
    const char *text;
} TYPE_CASES[] = {
    {"bool", "true", KIND_BOOL, NULL, "t"},
    {"int2", "'-32768'", KIND_INT, NULL, "-32768"},
    {"int4", "2147483647", KIND_INT, NULL, "2147483647"},
    {"int8", "'-9223372036854775808'", KIND_INT, NULL, "-9223372036854775808"},
    {"oid", "4294967295", KIND_INT, NULL, "4294967295"},
    {"float4", "0.1", KIND_FLOAT, NULL, NULL},
    {"float8", "'-0'", KIND_FLOAT, NULL, NULL},
    {"float8", "'NaN'", KIND_FLOAT, NULL, "NaN"},
    {"numeric(10,2)", "12345678.90", KIND_DECIMAL, NULL, "12345678.90"},
    {"numeric", "'99999999999999999999999999999999999999.000000000000000000001'", KIND_DECIMAL, NULL,
     "99999999999999999999999999999999999999.000000000000000000001"},
    {"numeric", "'NaN'", KIND_DECIMAL, NULL, "NaN"},
    {"numeric", "'-Infinity'", KIND_DECIMAL, NULL, "-Infinity"},
    {"money", "'12.34'", KIND_DECIMAL, NULL, "12.34"},
    {"text", "E'a\\nb'", KIND_TEXT, NULL, "a\nb"},
    {"text", "''", KIND_TEXT, NULL, ""},
    {"text", "'\xf0\x9f\x98\x80'", KIND_TEXT, NULL, "\xf0\x9f\x98\x80"},
    {"varchar(9)", "'a '", KIND_TEXT, NULL, "a "},
    {"char(5)", "'ab'", KIND_TEXT, NULL, "ab"},
    {"\"char\"", "'x'", KIND_TEXT, NULL, "x"},
    {"name", "'pg'", KIND_TEXT, NULL, "pg"},
    {"xml", "'<a/>'", KIND_TEXT, NULL, "<a/>"},
    {"json", "'{\"b\": 1,  \"a\":1.0}'", KIND_TEXT, NULL, "{\"b\": 1,  \"a\":1.0}"},
    {"jsonb", "'{\"b\": 1,  \"a\":1.0}'", KIND_JSON, NULL, "{\"a\": 1.0, \"b\": 1}"},
    {"bytea", "'\\x00ff'", KIND_BYTES, NULL, "\\x00ff"},
    {"uuid", "'00112233-4455-6677-8899-aabbccddeeff'", KIND_UUID, NULL, "00112233-4455-6677-8899-aabbccddeeff"},
    {"timestamptz", "'2024-02-29 12:00:00.000001+02'", KIND_TIMESTAMPTZ, NULL, "2024-02-29 10:00:00.000001+00"},
    {"timestamptz", "'infinity'", KIND_TIMESTAMPTZ, NULL, "infinity"},
    {"timestamp", "'0044-03-15 BC 12:00'", KIND_TIMESTAMP, NULL, "0044-03-15 12:00:00 BC"},
    {"date", "'1999-12-31'", KIND_DATE, NULL, "1999-12-31"},
    {"date", "'-infinity'", KIND_DATE, NULL, "-infinity"},
    {"time", "'24:00'", KIND_TIME, NULL, "24:00:00"},
    {"timetz", "'10:00+02'", KIND_OPAQUE, "time with time zone", "10:00:00+02"},
    {"interval", "'1 mon 2 days 03:04:05.5'", KIND_INTERVAL, NULL, "1 mon 2 days 03:04:05.5"},
    {"bit(3)", "B'101'", KIND_OPAQUE, "bit", "101"},
    {"varbit", "B'1'", KIND_OPAQUE, "bit", "1"},
    {"inet", "'10.0.0.1'", KIND_OPAQUE, "inet", "10.0.0.1/32"},
    {"cidr", "'10.0.0.0/8'", KIND_OPAQUE, "inet", "10.0.0.0/8"},
    {"macaddr", "'08:00:2b:01:02:03'", KIND_OPAQUE, "macaddr", "08:00:2b:01:02:03"},
    {"point", "'(1,2)'", KIND_OPAQUE, "point", "(1,2)"},
    {"tsvector", "'b a'", KIND_OPAQUE, "tsvector", "'a' 'b'"},
    {"int2vector", "'1 2'", KIND_OPAQUE, "int2vector", "1 2"},
    {"int4[]", "'{1,NULL,3}'", KIND_ARRAY, "integer[]", "{1,NULL,3}"},
    {"int8[]", "'[0:1]={1,2}'", KIND_ARRAY, "integer[]", "[0:1]={1,2}"},
    {"text[]", "'{a,\"b c\"}'", KIND_ARRAY, "text[]", "{a,\"b c\"}"},
    {"timestamptz[]", "'{2024-01-01 00:00+01}'", KIND_ARRAY, "timestamptz[]", "{\"2023-12-31 23:00:00+00\"}"},
    {"box[]", "'{(1,1),(0,0)}'", KIND_OPAQUE, "box[]", "{(1,1),(0,0)}"},
    {"int4range", "'[1,5]'", KIND_ARRAY, "int4range", "[1,6)"},
    {"tstzrange", "'[2024-01-01 00:00+00,)'", KIND_ARRAY, "tstzrange", "[\"2024-01-01 00:00:00+00\",)"},
    {"int4multirange", "'{[1,3),[5,6)}'", KIND_ARRAY, "int4multirange", "{[1,3),[5,6)}"},
    {SCHEMA ".mood", "'sad'", KIND_TEXT, NULL, "sad"},
    {SCHEMA ".mood[]", "'{sad}'", KIND_ARRAY, "text[]", "{sad}"},
    {SCHEMA ".positive", "7", KIND_INT, NULL, "7"},
    {SCHEMA ".tiny", "8", KIND_INT, NULL, "8"},
    {SCHEMA ".pair", "'(1,x)'", KIND_OPAQUE, SCHEMA ".pair", "(1,x)"},
};

enum { TYPE_CASE_COUNT = sizeof TYPE_CASES / sizeof *TYPE_CASES };

static void make_types(Arena *arena, const char *table) {
    Buf columns = {0};
    Buf values = {0};
    for (size_t i = 0; i < TYPE_CASE_COUNT; i++) {
        buf_printf(&columns, ", t%zu %s", i, TYPE_CASES[i].type);
        buf_printf(&values, ", %s", TYPE_CASES[i].literal);
    }
    run_sql(arena_printf(arena, "CREATE TABLE %s (id int PRIMARY KEY%s)", table, columns.bytes));
    run_sql(
        arena_printf(arena, "INSERT INTO %s VALUES (1%s); INSERT INTO %s (id) VALUES (2)", table, values.bytes, table));
    buf_free(&columns);
    buf_free(&values);
}

static void check_type(const struct TypeCase *type, const RelationColumn *column, const Batch *batch, size_t slot) {
    Buf text = {0};
    Value value = column_value(&batch->columns[slot], 0);
    CHECK_TEXT(kind_name(column->kind), kind_name(type->kind));
    CHECK(value.state == CELL_VALUE && column_value(&batch->columns[slot], 1).state == CELL_NULL);
    if (type->family != NULL) {
        CHECK_TEXT(column->family, type->family);
    }
    if (type->text != NULL) {
        value_print(value, &text);
        CHECK_TEXT(text.bytes == NULL ? "" : text.bytes, type->text);
    }
    buf_free(&text);
}

static void every_type(void) {
    Arena arena = {0};
    Err err;
    make_types(&arena, SCHEMA ".types");
    Source *source = open_begun();
    Relation relation;
    describe(source, SCHEMA ".types", &arena, &relation);
    CHECK(relation.column_count == 1 + TYPE_CASE_COUNT && relation.key_unique && relation.key_ordered);
    CHECK_TEXT(relation.columns[9].type, "numeric(10,2)");
    Scan scan = scan_all(&arena, &relation);
    const Batch *batch = &NO_ROWS;
    good(OPS->scan(source, &scan, &err) && OPS->next(source, &batch, &err), &err);
    CHECK(batch->rows == 2);
    for (size_t i = 0; i < TYPE_CASE_COUNT; i++) {
        check_type(&TYPE_CASES[i], &relation.columns[i + 1], batch, i + 1);
    }
    CHECK(relation.columns[6].single && !relation.columns[7].single);
    CHECK(batch->columns[6].data.floats[0] == (double)0.1F);
    CHECK(good(OPS->next(source, &batch, &err), &err) && batch->rows == 0);
    end_close(source);
    arena_free(&arena);
}

static void kinds_that_were_asked_for(void) {
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA ".wanted (i int4 PRIMARY KEY, s float4, d float8, j json, b jsonb, t text);"
            "INSERT INTO " SCHEMA ".wanted VALUES (5, 0.1, 0.1, '{\"a\":1}', '{\"a\": 1}', '[1]')");
    Source *source = open_begun();
    Relation relation;
    describe(source, SCHEMA ".wanted", &arena, &relation);
    const ScanColumn columns[] = {{0, KIND_DECIMAL}, {1, KIND_DECIMAL}, {2, KIND_DECIMAL},
                                  {3, KIND_JSON},    {4, KIND_JSON},    {5, KIND_JSON}};
    Scan scan = {
        .relation = &relation, .columns = columns, .column_count = 6, .key_count = 1, .range = {.rows = RANGE_ALL}};
    CHECK_TEXT(scan_text(source, &scan, &arena), "5|0.1|0.1|{\"a\":1}|{\"a\": 1}|[1]\n");
    end_close(source);
    arena_free(&arena);
}

/* ---- relations -------------------------------------------------------------------------------------------- */

static void hostile_names(void) {
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA
            ".\"we\"\"ird; drop table x\" (\"Id\" int PRIMARY KEY, \"a'b\"\"c\" text, \"select\" int,"
            " \"1\" int); INSERT INTO " SCHEMA ".\"we\"\"ird; drop table x\" VALUES (2, 'x', 3, 4), (1, NULL, 5, 6)");
    run_sql("CREATE TABLE " SCHEMA ".\"dot.ted\" (id int PRIMARY KEY); INSERT INTO " SCHEMA ".\"dot.ted\" VALUES (1)");
    run_sql("CREATE TABLE " SCHEMA ".\"Mixed\" (id int PRIMARY KEY); INSERT INTO " SCHEMA ".\"Mixed\" VALUES (9)");
    Source *source = open_begun();
    CHECK_TEXT(table_text(source, "\"" SCHEMA "\".\"we\"\"ird; drop table x\"", &arena), "1|~|5|6\n2|x|3|4\n");
    CHECK_TEXT(table_text(source, SCHEMA ".we\"ird; drop table x", &arena), "1|~|5|6\n2|x|3|4\n");
    CHECK_TEXT(table_text(source, SCHEMA ".\"dot.ted\"", &arena), "1\n");
    CHECK_TEXT(table_text(source, SCHEMA ".Mixed", &arena), "9\n");
    Relation relation;
    Err err;
    RelationRef ref = {.table = SCHEMA ".mixed"};
    CHECK(!OPS->describe(source, &ref, &arena, &relation, &err) && err.code == TF_ERROR_USAGE);
    CHECK_TEXT(err.hint, "Did you mean \"" SCHEMA ".Mixed\"?");
    CHECK_TEXT(table_text(source, SCHEMA ".Mixed", &arena), "9\n"); /* the transaction lives on */
    end_close(source);
    arena_free(&arena);
}

static void columns_of_all_sorts(void) {
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA ".sorts (gone int, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int,"
            " twice int GENERATED ALWAYS AS (a * 2) STORED, gone_too text);"
            "ALTER TABLE " SCHEMA ".sorts DROP COLUMN gone, DROP COLUMN gone_too;"
            "INSERT INTO " SCHEMA ".sorts (a) VALUES (4), (5)");
    const ComputedColumn computed[] = {
        {"sum", "a + twice -- a comment"}, {"place", "point(a, twice)"}, {"a", "a::text"}};
    RelationRef ref = {.table = SCHEMA ".sorts", .computed = computed, .computed_count = 3, .where = "a > 4 -- hm"};
    Source *source = open_begun();
    Relation relation;
    Err err;
    good(OPS->describe(source, &ref, &arena, &relation, &err), &err);
    CHECK(relation.column_count == 5);
    CHECK_TEXT(relation.columns[2].name, "sum");
    CHECK(relation.columns[2].kind == KIND_INT && relation.columns[2].computed);
    CHECK_TEXT(relation.columns[3].type, "point");
    CHECK(relation.columns[4].kind == KIND_TEXT);
    Scan scan = scan_all(&arena, &relation);
    CHECK_TEXT(scan_text(source, &scan, &arena), "2|10|15|(5,10)|5\n");
    end_close(source);
    arena_free(&arena);
}

static void wrong_sql_of_the_user(void) {
    static const struct Wrong {
        const char *computed;
        const char *where;
        const char *needle;
    } WRONGS[] = {
        {"a +", NULL, "computed column \"x\": "},
        {"no_such_column", NULL, "\"no_such_column\" does not exist"},
        {"a); DROP TABLE " SCHEMA ".wrong; SELECT (1", NULL, "syntax error"},
        {"a), (a", NULL, "syntax error"},
        {"a) + (a", NULL, "syntax error"},
        {NULL, "no_such_function(a)", "where: "},
        {NULL, "true); SELECT (1", "syntax error"},
        {NULL, "id < 2) or (id > 2", "syntax error"},
    };
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA ".wrong (id int PRIMARY KEY, a int)");
    Source *source = open_begun();
    for (size_t i = 0; i < sizeof WRONGS / sizeof *WRONGS; i++) {
        ComputedColumn computed = {"x", WRONGS[i].computed};
        RelationRef ref = {.table = SCHEMA ".wrong",
                           .computed = &computed,
                           .computed_count = WRONGS[i].computed == NULL ? 0 : 1,
                           .where = WRONGS[i].where};
        Relation relation;
        Err err;
        if (CHECK(!OPS->describe(source, &ref, &arena, &relation, &err)) &&
            !CHECK(err.code == TF_ERROR_USAGE && strstr(err.text, WRONGS[i].needle) != NULL)) {
            printf("    %zu: %s\n", i, err.text);
        }
    }
    Relation relation;
    describe(source, SCHEMA ".wrong", &arena, &relation);
    end_close(source);
    arena_free(&arena);
}

static void kinds_of_relations(void) {
    Arena arena = {0};
    const char *const key[] = {"id"};
    run_sql("CREATE TABLE " SCHEMA ".parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);"
            "CREATE TABLE " SCHEMA ".parted_1 PARTITION OF " SCHEMA ".parted FOR VALUES FROM (0) TO (10);"
            "CREATE TABLE " SCHEMA ".parted_2 PARTITION OF " SCHEMA ".parted FOR VALUES FROM (10) TO (20);"
            "INSERT INTO " SCHEMA ".parted VALUES (15, 'b'), (5, 'a');"
            "CREATE VIEW " SCHEMA ".seen AS SELECT * FROM " SCHEMA ".parted;"
            "CREATE MATERIALIZED VIEW " SCHEMA ".kept AS SELECT * FROM " SCHEMA ".parted;"
            "CREATE UNIQUE INDEX ON " SCHEMA ".kept (id);"
            "CREATE TABLE " SCHEMA ".elder (id int PRIMARY KEY, v text);"
            "CREATE TABLE " SCHEMA ".child () INHERITS (" SCHEMA ".elder);"
            "INSERT INTO " SCHEMA ".elder VALUES (5, 'a'); INSERT INTO " SCHEMA ".child VALUES (15, 'b');"
            "CREATE SEQUENCE " SCHEMA ".counter");
    static const struct Case {
        const char *table;
        const char *what;
        bool unique, ordered;
    } CASES[] = {
        {SCHEMA ".parted", "partitioned table", true, true},
        {SCHEMA ".seen", "view", false, false},
        {SCHEMA ".kept", "materialized view", false, true}, /* its columns may be NULL */
        {SCHEMA ".elder", "table", false, false},           /* the index knows nothing of the child */
    };
    Source *source = open_begun();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Relation relation;
        if (describe_key(source, CASES[i].table, key, 1, &arena, &relation)) {
            Scan scan = scan_all(&arena, &relation);
            CHECK_TEXT(relation.what, CASES[i].what);
            CHECK(relation.key_unique == CASES[i].unique && relation.key_ordered == CASES[i].ordered);
            CHECK_TEXT(scan_text(source, &scan, &arena), "5|a\n15|b\n");
        }
    }
    Relation relation;
    Err err;
    RelationRef sequence = {.table = SCHEMA ".counter"};
    CHECK(!OPS->describe(source, &sequence, &arena, &relation, &err) && err.code == TF_ERROR_USAGE);
    end_close(source);
    arena_free(&arena);
}

static void foreign_tables(void) {
    Arena arena = {0};
    const char *const key[] = {"id"};
    PGresult *extension = PQexec(admin, "CREATE EXTENSION IF NOT EXISTS postgres_fdw");
    bool there = PQresultStatus(extension) == PGRES_COMMAND_OK;
    PQclear(extension);
    if (!there) {
        printf("    postgres_fdw is not installed: foreign tables are not tested\n");
        return;
    }
    run_sql(arena_printf(&arena,
                         "DROP SERVER IF EXISTS twofold_source_loop CASCADE; CREATE SERVER twofold_source_loop"
                         " FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s', dbname '%s');"
                         "CREATE USER MAPPING FOR CURRENT_USER SERVER twofold_source_loop OPTIONS (user '%s')",
                         PQhost(admin), PQport(admin), PQdb(admin), PQuser(admin)));
    run_sql("CREATE TABLE " SCHEMA ".near (id int PRIMARY KEY, v text); INSERT INTO " SCHEMA ".near VALUES (1, 'x');"
            "CREATE FOREIGN TABLE " SCHEMA ".far (id int, v text) SERVER twofold_source_loop"
            " OPTIONS (schema_name '" SCHEMA "', table_name 'near')");
    Source *source = open_begun();
    Relation relation;
    if (describe_key(source, SCHEMA ".far", key, 1, &arena, &relation)) {
        Scan scan = scan_all(&arena, &relation);
        CHECK_TEXT(relation.what, "foreign table");
        CHECK(!relation.key_ordered);
        CHECK_TEXT(scan_text(source, &scan, &arena), "1|x\n");
    }
    end_close(source);
    arena_free(&arena);
}

static void without_a_primary_key(void) {
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA ".keyless (a int, b text, c int); CREATE TABLE " SCHEMA ".bare (a int);"
            "CREATE UNIQUE INDEX keyless_ab ON " SCHEMA ".keyless (a, b); CREATE UNIQUE INDEX keyless_part ON " SCHEMA
            ".keyless (c) WHERE a > 0; CREATE INDEX ON " SCHEMA ".keyless (c)");
    Source *source = open_begun();
    Relation relation;
    Err err;
    RelationRef keyless = {.table = SCHEMA ".keyless"};
    CHECK(!OPS->describe(source, &keyless, &arena, &relation, &err) && err.code == TF_ERROR_USAGE);
    CHECK_TEXT(err.text, "cannot pair the rows of \"" SCHEMA "\".\"keyless\": the table has no primary key");
    CHECK_TEXT(err.hint, "Name the key in the spec (key: [...]); its unique indexes are \"keyless_ab\" (a, b).");
    RelationRef bare = {.table = SCHEMA ".bare"};
    CHECK(!OPS->describe(source, &bare, &arena, &relation, &err) && strstr(err.hint, "no unique index") != NULL);
    const char *const wrong[] = {"bb"};
    RelationRef named = {.table = SCHEMA ".keyless", .key = wrong, .key_count = 1};
    CHECK(!OPS->describe(source, &named, &arena, &relation, &err) && err.code == TF_ERROR_USAGE);
    end_close(source);
    arena_free(&arena);
}

/* ---- ranges ----------------------------------------------------------------------------------------------- */

/* The ranges between bounds, both ends open. */
static Range *ranges_of(Arena *arena, const Value *const *bounds, size_t count) {
    Range *ranges = ARENA_MANY(arena, count + 1, Range);
    for (size_t i = 0; i <= count; i++) {
        ranges[i] = (Range){RANGE_BETWEEN, i == 0 ? NULL : bounds[i - 1], i == count ? NULL : bounds[i]};
    }
    return ranges;
}

/* Cuts a table and adds up its ranges: every row once. */
static size_t check_tiling(Source *source, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena) {
    Err err;
    const Value **bounds;
    size_t count = 0;
    good(OPS->boundaries(source, relation, order, wanted, arena, &bounds, &count, &err), &err);
    Range *ranges = ranges_of(arena, bounds, count);
    Scan scan = scan_all(arena, relation);
    scan.order = order;
    size_t all = scan_count(source, &scan);
    size_t sum = 0;
    for (size_t i = 0; i <= count; i++) {
        scan.range = ranges[i];
        sum += scan_count(source, &scan);
    }
    scan.range = (Range){.rows = RANGE_WITH_NULL};
    sum += scan_count(source, &scan);
    CHECK(sum == all);
    return count;
}

/* Whether a middle range of the table is read through an index. */
static bool uses_index(Source *source, const Relation *relation, KeyOrder order, Arena *arena) {
    Err err;
    const Value **bounds;
    size_t count = 0;
    Buf sql = {0};
    good(OPS->boundaries(source, relation, order, 19, arena, &bounds, &count, &err), &err);
    if (!CHECK(count >= 10)) {
        return false;
    }
    Scan scan = scan_all(arena, relation);
    scan.order = order;
    scan.range = (Range){RANGE_BETWEEN, bounds[4], bounds[5]};
    good(OPS->explain_scan(source, &scan, &sql, &err), &err);
    run_sql("SET random_page_cost = 1.1; SET max_parallel_workers_per_gather = 0");
    PGresult *plan = PQexec(admin, arena_printf(arena, "EXPLAIN %s", sql.bytes));
    bool cond = false;
    for (int i = 0; i < PQntuples(plan); i++) {
        cond = cond || strstr(PQgetvalue(plan, i, 0), "Index Cond: ") != NULL;
    }
    if (!cond) {
        printf("    %s\n", sql.bytes);
        for (int i = 0; i < PQntuples(plan); i++) {
            printf("    %s\n", PQgetvalue(plan, i, 0));
        }
    }
    PQclear(plan);
    buf_free(&sql);
    return cond;
}

static void ranges_tile(void) {
    static const struct Case {
        const char *name;
        const char *columns;
        const char *key;
        const char *rows; /* a SELECT */
        bool native;
    } CASES[] = {
        {"r_int", "id int", "id", "SELECT i * 7 - 20000 FROM generate_series(1, 6000) i", false},
        {"r_big", "id bigint", "id", "SELECT i::int8 * i * i * i FROM generate_series(1, 6000) i", false},
        {"r_num", "id numeric", "id",
         "SELECT (i / 7.0)::float8 FROM generate_series(1, 6000) i UNION ALL VALUES ('NaN'::float8),"
         " ('-Infinity'), ('Infinity')",
         false},
        {"r_flt", "id float8", "id",
         "SELECT (i / 7.0)::float8 FROM generate_series(1, 6000) i UNION ALL VALUES ('NaN'::float8),"
         " ('-Infinity'), ('Infinity')",
         false},
        {"r_uuid", "id uuid", "id", "SELECT md5(i::text)::uuid FROM generate_series(1, 6000) i", false},
        {"r_time", "id timestamptz", "id",
         "SELECT '2020-01-01'::timestamptz + i * i * interval '1 us'"
         " FROM generate_series(1, 6000) i UNION ALL SELECT 'infinity'",
         false},
        {"r_date", "id date", "id", "SELECT '2020-01-01'::date + i FROM generate_series(-3000, 3000) i", false},
        {"r_bytes", "id bytea", "id", "SELECT decode(md5(i::text), 'hex') FROM generate_series(1, 6000) i", false},
        {"r_c", "id text COLLATE \"C\"", "id", "SELECT md5(i::text) FROM generate_series(1, 6000) i", false},
        {"r_ctext", "id text COLLATE \"en-x-icu\"", "id COLLATE \"C\"",
         "SELECT chr(97 + i % 26) || chr(65 + i % 7) || i FROM generate_series(1, 6000) i", false},
        {"r_icu", "id text COLLATE \"en-x-icu\"", "id",
         "SELECT chr(97 + i % 26) || repeat('-', i % 3) || chr(65 + i % 7) || i FROM generate_series(1, 6000) i", true},
        {"r_char", "id char(12) COLLATE \"en-x-icu\"", "id", "SELECT 'k' || i FROM generate_series(1, 6000) i", true},
        {"r_varchar", "id varchar(40) COLLATE \"C\"", "id", "SELECT 'k''\\' || i FROM generate_series(1, 6000) i",
         false},
        {"r_two", "a int, b text COLLATE \"C\"", "a, b", "SELECT i % 10, 'x' || i FROM generate_series(1, 6000) i",
         false},
        {"r_desc", "a int, b int", "a DESC, b DESC", "SELECT i % 100, i FROM generate_series(1, 6000) i", false},
        {"r_interval", "id interval", "id", "SELECT i * interval '7 hours' FROM generate_series(1, 6000) i", false},
    };
    Arena arena = {0};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        run_sql(arena_printf(&arena,
                             "CREATE TABLE " SCHEMA ".%s (%s, filler text); INSERT INTO " SCHEMA ".%s SELECT *,"
                             " repeat('f', 300) FROM (%s) rows; CREATE UNIQUE INDEX ON " SCHEMA ".%s (%s);"
                             "ANALYZE " SCHEMA ".%s",
                             CASES[i].name, CASES[i].columns, CASES[i].name, CASES[i].rows, CASES[i].name, CASES[i].key,
                             CASES[i].name));
        const char *const one[] = {"id"};
        const char *const two[] = {"a", "b"};
        bool composite = strchr(CASES[i].key, ',') != NULL;
        Source *source = open_begun();
        Relation relation = {0};
        const char *table = arena_printf(&arena, SCHEMA ".%s", CASES[i].name);
        if (!describe_key(source, table, composite ? two : one, composite ? 2 : 1, &arena, &relation)) {
            end_close(source);
            continue;
        }
        KeyOrder order = {.native_collation = CASES[i].native};
        bool fine = CHECK(relation.key_ordered && relation.estimated_rows > 5000);
        fine = CHECK((relation.columns[0].collation != NULL) == CASES[i].native) && fine;
        fine = CHECK(check_tiling(source, &relation, order, 20, &arena) > 10) && fine;
        fine = CHECK(check_tiling(source, &relation, order, 300, &arena) > 100) && fine; /* beyond the histogram */
        fine = CHECK(uses_index(source, &relation, order, &arena)) && fine;
        if (!fine) {
            printf("    %s\n", CASES[i].name);
        }
        end_close(source);
    }
    arena_free(&arena);
}

/* An enum sorts by its own order on the server, by its labels here. */
static void keys_in_value_order(void) {
    Arena arena = {0};
    const char *const key[] = {"id"};
    run_sql("CREATE TABLE " SCHEMA ".moods (id " SCHEMA ".mood PRIMARY KEY);"
            "INSERT INTO " SCHEMA ".moods VALUES ('sad'), ('ok'), ('happy');"
            "CREATE TABLE " SCHEMA ".lower (\"lower\" int, k text COLLATE \"en-x-icu\");"
            "INSERT INTO " SCHEMA ".lower VALUES (1, 'b'), (2, 'A'), (3, 'a'), (4, 'B'), (5, NULL)");
    Source *source = open_begun();
    CHECK_TEXT(table_text(source, SCHEMA ".moods", &arena), "happy\nok\nsad\n");
    const ComputedColumn computed[] = {{"id", "lower(k) || k"}};
    RelationRef ref = {.table = SCHEMA ".lower", .computed = computed, .computed_count = 1, .key = key, .key_count = 1};
    Relation relation;
    Err err;
    good(OPS->describe(source, &ref, &arena, &relation, &err), &err);
    CHECK(!relation.key_unique && !relation.key_ordered);
    Scan scan = scan_all(&arena, &relation);
    CHECK_TEXT(scan_text(source, &scan, &arena), "aA|2|A\naa|3|a\nbB|4|B\nbb|1|b\n~|5|~\n");
    end_close(source);
    arena_free(&arena);
}

static void keys_with_null(void) {
    Arena arena = {0};
    const char *const key[] = {"a", "b"};
    run_sql("CREATE TABLE " SCHEMA ".nulls (a int, b text COLLATE \"C\"); CREATE INDEX ON " SCHEMA ".nulls (a, b);"
            "INSERT INTO " SCHEMA ".nulls VALUES (1, 'x'), (1, NULL), (NULL, 'y'), (NULL, NULL), (2, 'z')");
    Source *source = open_begun();
    Relation relation;
    describe_key(source, SCHEMA ".nulls", key, 2, &arena, &relation);
    CHECK(relation.key_ordered && !relation.key_unique);
    Scan scan = scan_all(&arena, &relation);
    CHECK_TEXT(scan_text(source, &scan, &arena), "1|x\n1|~\n2|z\n~|y\n~|~\n");
    const Value from[] = {{.kind = KIND_INT, .state = CELL_VALUE, .as.integer = 1},
                          {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = STR_LITERAL("a")}};
    scan.range = (Range){RANGE_BETWEEN, NULL, NULL};
    CHECK_TEXT(scan_text(source, &scan, &arena), "1|x\n2|z\n");
    scan.range = (Range){RANGE_BETWEEN, from, NULL};
    CHECK_TEXT(scan_text(source, &scan, &arena), "1|x\n2|z\n");
    scan.range = (Range){RANGE_BETWEEN, NULL, from};
    CHECK_TEXT(scan_text(source, &scan, &arena), "");
    scan.range = (Range){RANGE_WITH_NULL, NULL, NULL};
    CHECK_TEXT(scan_text(source, &scan, &arena), "1|~\n~|y\n~|~\n");
    const Value keys[] = {from[0],
                          {.kind = KIND_TEXT},
                          {.kind = KIND_INT},
                          {.kind = KIND_TEXT},
                          from[0],
                          {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = STR_LITERAL("x")}};
    Err err;
    Buf rows = {0};
    size_t count = 0;
    good(OPS->lookup(source, &scan, keys, 3, &err) && read_rows(source, &scan, &rows, &count, &err), &err);
    CHECK_TEXT(rows.bytes, "1|x\n1|~\n~|~\n");
    buf_free(&rows);
    end_close(source);
    arena_free(&arena);
}

static Value int_value(int64_t value) {
    return (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = value};
}

static Value text_value(const char *text) {
    return (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = str_of(text)};
}

/* A float key compared with a numeric one is the decimal that its float stands for. */
static void float_keys_as_decimals(void) {
    Arena arena = {0};
    run_sql("CREATE TABLE " SCHEMA ".singles (id float4 PRIMARY KEY);"
            "INSERT INTO " SCHEMA ".singles VALUES (0.1), (0.2), (0.3), ('NaN'), (1e20)");
    Source *source = open_begun();
    Relation relation;
    describe(source, SCHEMA ".singles", &arena, &relation);
    const ScanColumn columns[] = {{0, KIND_DECIMAL}};
    Scan scan = {.relation = &relation, .columns = columns, .column_count = 1, .key_count = 1};
    Value bound = {.kind = KIND_DECIMAL, .state = CELL_VALUE};
    CHECK(decimal_parse(&arena, STR_LITERAL("0.2"), &bound.as.decimal));
    scan.range = (Range){RANGE_BETWEEN, &bound, NULL};
    CHECK_TEXT(scan_text(source, &scan, &arena), "0.2\n0.3\n100000002004087734272\nNaN\n");
    scan.range = (Range){RANGE_BETWEEN, NULL, &bound};
    CHECK_TEXT(scan_text(source, &scan, &arena), "0.1\n");
    CHECK(decimal_parse(&arena, STR_LITERAL("0.20000001"), &bound.as.decimal));
    scan.range = (Range){RANGE_BETWEEN, &bound, NULL};
    CHECK_TEXT(scan_text(source, &scan, &arena), "0.3\n100000002004087734272\nNaN\n");
    Err err;
    size_t count = 0;
    good(OPS->lookup(source, &scan, &bound, 1, &err) && read_rows(source, &scan, NULL, &count, &err), &err);
    CHECK(count == 0);
    CHECK(decimal_parse(&arena, STR_LITERAL("0.2"), &bound.as.decimal));
    good(OPS->lookup(source, &scan, &bound, 1, &err) && read_rows(source, &scan, NULL, &count, &err), &err);
    CHECK(count == 1);
    end_close(source);
    arena_free(&arena);
}

static void lookups(void) {
    Arena arena = {0};
    run_sql("CREATE COLLATION " SCHEMA ".blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
            "CREATE TABLE " SCHEMA ".named (id text COLLATE " SCHEMA ".blind PRIMARY KEY);"
            "INSERT INTO " SCHEMA ".named VALUES ('ABC'), ('d''\\e')");
    Source *source = open_begun();
    Relation relation;
    describe(source, SCHEMA ".named", &arena, &relation);
    CHECK(relation.key_ordered && relation.columns[0].collation != NULL);
    Scan scan = scan_all(&arena, &relation);
    const Value keys[] = {text_value("abc"),
                          text_value("d'\\e"),
                          {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = STR_LITERAL("a\0b")},
                          {.kind = KIND_TEXT, .state = CELL_ODD}};
    Err err;
    Buf rows = {0};
    size_t count = 0;
    good(OPS->lookup(source, &scan, keys, 4, &err) && read_rows(source, &scan, &rows, &count, &err), &err);
    CHECK_TEXT(rows.bytes, "d'\\e\n");
    end_close(source);
    buf_free(&rows);
    arena_free(&arena);
}

static void lookups_of_composite_keys(void) {
    Arena arena = {0};
    const char *const key[] = {"a", "b"};
    Source *source = open_begun();
    Relation relation;
    describe_key(source, SCHEMA ".r_two", key, 2, &arena, &relation);
    Scan scan = scan_all(&arena, &relation);
    scan.column_count = 2;
    Value keys[2000];
    for (int i = 0; i < 1000; i++) {
        keys[2 * i] = int_value(i % 10);
        keys[2 * i + 1] = text_value(arena_printf(&arena, "x%d", i));
    }
    Err err;
    size_t count = 0;
    int64_t start = clock_monotonic_us();
    good(OPS->lookup(source, &scan, keys, 1000, &err) && read_rows(source, &scan, NULL, &count, &err), &err);
    CHECK(count == 999); /* there is no x0 */
    CHECK(clock_monotonic_us() - start < 2000000);
    good(OPS->lookup(source, &scan, keys, 0, &err) && read_rows(source, &scan, NULL, &count, &err), &err);
    CHECK(count == 0);
    end_close(source);
    arena_free(&arena);
}

/* ---- transactions ----------------------------------------------------------------------------------------- */

static void one_snapshot_for_two(void) {
    Arena arena = {0};
    Err err;
    run_sql("CREATE TABLE " SCHEMA ".shared (id int PRIMARY KEY); INSERT INTO " SCHEMA ".shared VALUES (1)");
    Source *a = open_begun();
    Source *b = open_as(server);
    CHECK_TEXT(OPS->info(a)->instance, OPS->info(b)->instance);
    CHECK(!OPS->info(a)->standby && !OPS->info(a)->pooled);
    const char *snapshot = NULL;
    good(OPS->snapshot(a, &arena, &snapshot, &err), &err);
    run_sql("INSERT INTO " SCHEMA ".shared VALUES (2)");
    good(OPS->begin(b, snapshot, &err), &err);
    CHECK_TEXT(table_text(a, SCHEMA ".shared", &arena), "1\n");
    CHECK_TEXT(table_text(b, SCHEMA ".shared", &arena), "1\n");
    good(OPS->end(b, &err), &err);
    good(OPS->begin(b, NULL, &err), &err);
    CHECK_TEXT(table_text(b, SCHEMA ".shared", &arena), "1\n2\n");
    good(OPS->end(b, &err), &err);
    CHECK(!OPS->begin(b, "0000-nonsense'; DROP TABLE x", &err) && err.code == TF_ERROR_CONFLICT);
    end_close(b);
    end_close(a);
    arena_free(&arena);
}

static void settings_of_the_role(void) {
    Arena arena = {0};
    run_sql("DROP ROLE IF EXISTS twofold_source_odd; CREATE ROLE twofold_source_odd SUPERUSER LOGIN;"
            "ALTER ROLE twofold_source_odd SET timezone = 'Asia/Tokyo';"
            "ALTER ROLE twofold_source_odd SET datestyle = 'German';"
            "ALTER ROLE twofold_source_odd SET intervalstyle = 'iso_8601';"
            "ALTER ROLE twofold_source_odd SET bytea_output = 'escape';"
            "ALTER ROLE twofold_source_odd SET extra_float_digits = '-5';"
            "ALTER ROLE twofold_source_odd SET search_path = 'pg_temp';"
            "ALTER ROLE twofold_source_odd SET default_transaction_isolation = 'serializable';"
            "ALTER ROLE twofold_source_odd SET standard_conforming_strings = off;"
            "ALTER ROLE twofold_source_odd SET enable_seqscan = off;"
            "ALTER ROLE twofold_source_odd SET enable_indexscan = off;"
            "ALTER ROLE twofold_source_odd SET enable_mergejoin = off;"
            "ALTER ROLE twofold_source_odd SET enable_hashjoin = off;"
            "ALTER ROLE twofold_source_odd SET quote_all_identifiers = on;"
            "ALTER ROLE twofold_source_odd SET client_encoding = 'LATIN1';"
            "ALTER ROLE twofold_source_odd SET statement_timeout = '1ms'");
    Source *plain = open_begun();
    Err err;
    Source *odd = open_as(server_as(&arena, "user=twofold_source_odd"));
    good(OPS->begin(odd, NULL, &err), &err);
    const char *of_plain = table_text(plain, SCHEMA ".types", &arena);
    const char *of_odd = table_text(odd, SCHEMA ".types", &arena);
    CHECK_TEXT(of_odd, of_plain);
    Relation a;
    Relation b;
    describe(plain, SCHEMA ".types", &arena, &a);
    describe(odd, SCHEMA ".types", &arena, &b);
    CHECK_TEXT(b.digest, a.digest);
    run_sql("CREATE TABLE IF NOT EXISTS public.twofold_source_public AS SELECT 1 AS id; ALTER TABLE"
            " public.twofold_source_public ADD PRIMARY KEY (id)");
    good(OPS->end(odd, &err), &err);
    good(OPS->begin(odd, NULL, &err), &err);
    CHECK_TEXT(table_text(odd, "twofold_source_public", &arena), "1\n"); /* though search_path leads elsewhere */
    end_close(plain);
    end_close(odd);
    run_sql("DROP TABLE public.twofold_source_public");
    run_sql("DROP ROLE twofold_source_odd");
    arena_free(&arena);
}

static void *cancel_soon(void *source) {
    clock_sleep_us(300000);
    OPS->cancel(source);
    return NULL;
}

static void cancelled(void) {
    Arena arena = {0};
    Err err;
    size_t count = 0;
    const ComputedColumn slow[] = {{"slow", "(SELECT 'x' FROM pg_sleep(0.05 + id * 0))"}};
    RelationRef ref = {
        .table = SCHEMA ".r_int", .computed = slow, .computed_count = 1, .key = (const char *[]){"id"}, .key_count = 1};
    Source *source = open_begun();
    Relation relation;
    good(OPS->describe(source, &ref, &arena, &relation, &err), &err);
    Scan scan = scan_all(&arena, &relation);
    pthread_t other;
    pthread_create(&other, NULL, cancel_soon, source);
    int64_t start = clock_monotonic_us();
    CHECK(!OPS->scan(source, &scan, &err) || !read_rows(source, &scan, NULL, &count, &err));
    CHECK(err.code == TF_ERROR_INTERRUPTED);
    CHECK(clock_monotonic_us() - start < 2000000);
    pthread_join(other, NULL);
    CHECK(!OPS->scan(source, &scan, &err) && err.code == TF_ERROR_INTERRUPTED); /* until the next begin */
    good(OPS->end(source, &err), &err);
    good(OPS->begin(source, NULL, &err), &err);
    CHECK(scan_count(source, &(Scan){.relation = &relation,
                                     .columns = scan.columns,
                                     .column_count = 1,
                                     .key_count = 1,
                                     .range = {.rows = RANGE_ALL}}) == 6000);
    end_close(source);
    arena_free(&arena);
}

static void a_scan_that_is_left(void) {
    Arena arena = {0};
    Err err;
    const Batch *batch = &NO_ROWS;
    const char *const key[] = {"id"};
    Source *source = open_begun();
    Relation relation;
    describe_key(source, SCHEMA ".r_int", key, 1, &arena, &relation);
    Scan scan = scan_all(&arena, &relation);
    good(OPS->scan(source, &scan, &err) && OPS->next(source, &batch, &err), &err);
    CHECK(batch->rows > 0 && batch->rows <= BATCH_ROWS);
    good(OPS->scan(source, &scan, &err) || err.code != TF_ERROR_INTERNAL, &err);
    good(OPS->end(source, &err), &err);
    good(OPS->begin(source, NULL, &err), &err);
    CHECK(scan_count(source, &scan) == 6000);
    end_close(source);
    arena_free(&arena);
}

static void killed(void) {
    Arena arena = {0};
    Err err;
    size_t count = 0;
    const ComputedColumn slow[] = {{"slow", "(SELECT pg_terminate_backend(pg_backend_pid()) WHERE id > 10000)"}};
    RelationRef ref = {
        .table = SCHEMA ".r_int", .computed = slow, .computed_count = 1, .key = (const char *[]){"id"}, .key_count = 1};
    Source *source = open_begun();
    Relation relation;
    good(OPS->describe(source, &ref, &arena, &relation, &err), &err);
    Scan scan = scan_all(&arena, &relation);
    CHECK(!OPS->scan(source, &scan, &err) || !read_rows(source, &scan, NULL, &count, &err));
    CHECK(err.code == TF_ERROR_CONNECTION && err_is_transient(&err));
    good(OPS->end(source, &err), &err);
    good(OPS->begin(source, NULL, &err), &err); /* connects anew */
    run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'twofold/test'");
    CHECK(!OPS->describe(source, &ref, &arena, &relation, &err) && err.code == TF_ERROR_CONNECTION);
    good(OPS->end(source, &err), &err);
    good(OPS->begin(source, NULL, &err), &err);
    good(OPS->end(source, &err), &err);
    run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'twofold/test'");
    clock_sleep_us(100000);
    good(OPS->begin(source, NULL, &err), &err); /* died while idle: nobody needs to know */
    end_close(source);
    arena_free(&arena);
}

/* ---- permission ------------------------------------------------------------------------------------------- */

static void revoked(void) {
    Arena arena = {0};
    Err err;
    Relation relation;
    run_sql("CREATE TABLE " SCHEMA ".guarded (id int PRIMARY KEY, secret text); CREATE TABLE " SCHEMA ".rls (id int"
            " PRIMARY KEY); ALTER TABLE " SCHEMA ".rls ENABLE ROW LEVEL SECURITY;"
            "DROP ROLE IF EXISTS twofold_source_reader; CREATE ROLE twofold_source_reader LOGIN;"
            "GRANT USAGE ON SCHEMA " SCHEMA " TO twofold_source_reader;"
            "GRANT SELECT ON " SCHEMA ".guarded, " SCHEMA ".rls, " SCHEMA ".r_int TO twofold_source_reader");
    Source *source = open_as(server_as(&arena, "user=twofold_source_reader"));
    good(OPS->begin(source, NULL, &err), &err);
    CHECK_TEXT(table_text(source, SCHEMA ".guarded", &arena), "");
    describe(source, SCHEMA ".guarded", &arena, &relation);
    RelationRef ref = {.table = SCHEMA ".rls"};
    Relation other;
    CHECK(!OPS->describe(source, &ref, &arena, &other, &err) && err.code == TF_ERROR_DENIED);
    const char *const key[] = {"id"};
    Relation ranged;
    describe_key(source, SCHEMA ".r_int", key, 1, &arena, &ranged);
    CHECK(check_tiling(source, &ranged, (KeyOrder){0}, 10, &arena) > 5); /* SELECT alone is enough for ranges */
    good(OPS->end(source, &err), &err);
    run_sql("REVOKE SELECT ON " SCHEMA ".guarded FROM twofold_source_reader");
    good(OPS->begin(source, NULL, &err), &err);
    Scan scan = scan_all(&arena, &relation);
    const Batch *none;
    CHECK(OPS->scan(source, &scan, &err) && !OPS->next(source, &none, &err));
    CHECK(err.code == TF_ERROR_DENIED && strstr(err.hint, "GRANT") != NULL);
    good(OPS->end(source, &err), &err);
    good(OPS->begin(source, NULL, &err), &err);
    ref.table = SCHEMA ".guarded";
    CHECK(!OPS->describe(source, &ref, &arena, &other, &err) && err.code == TF_ERROR_DENIED);
    good(OPS->end(source, &err), &err);
    OPS->close(source);
    run_sql("DROP OWNED BY twofold_source_reader; DROP ROLE twofold_source_reader");
    arena_free(&arena);
}

static void connections_refused(void) {
    static const struct Case {
        const char *url;
        TfErrorCode code;
    } CASES[] = {
        {"postgresql://u:hunter2@127.0.0.1:1/x", TF_ERROR_CONNECTION},
        {"postgresql://u:hunter2@x@127.0.0.1:1/x", TF_ERROR_USAGE},
        {"postgresql://u:hunter2@127.0.0.1:hunter2/x", TF_ERROR_USAGE},
        {"host=127.0.0.1 password='hunter2", TF_ERROR_USAGE},
        {"host=127.0.0.1 hunter2=1", TF_ERROR_USAGE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Source *source = NULL;
        Err err;
        CHECK(!OPS->open(CASES[i].url, "twofold/test", &source, &err) && source == NULL);
        if (!CHECK(err.code == CASES[i].code && strstr(err.text, "hunter2") == NULL)) {
            printf("    %s\n", err.text);
        }
    }
    OPS->close(NULL);
}

/* ---- join ------------------------------------------------------------------------------------------------- */

static const char *join_text(Source *source, const JoinScan *join, Arena *arena) {
    Buf out = {0};
    Err err;
    buf_text(&out, "");
    bool fine = good(OPS->join_rows(source, join, &err), &err);
    while (fine) {
        const Batch *old;
        const Batch *new_;
        const uint8_t *in_old;
        const uint8_t *in_new;
        fine = good(OPS->join_next(source, &old, &in_old, &new_, &in_new, &err), &err) && old->rows > 0;
        for (size_t i = 0; fine && i < old->rows; i++) {
            buf_text(&out, in_old[i] ? "" : "-\n");
            if (in_old[i]) {
                print_row(old, i, &out);
            }
            buf_text(&out, in_new[i] ? "" : "-\n");
            if (in_new[i]) {
                print_row(new_, i, &out);
            }
        }
    }
    const char *text = arena_copy(arena, out.bytes == NULL ? "" : out.bytes, out.length);
    buf_free(&out);
    return text;
}

static void joined(void) {
    Arena arena = {0};
    Err err;
    run_sql("CREATE TABLE " SCHEMA ".jo (id int PRIMARY KEY, a numeric, b text); INSERT INTO " SCHEMA ".jo"
            " SELECT i, i, 'x' || i FROM generate_series(1, 50) i;"
            "CREATE TABLE " SCHEMA ".jn (id bigint PRIMARY KEY, a int, b varchar(9) COLLATE \"en-x-icu\");"
            "INSERT INTO " SCHEMA ".jn SELECT i, i, 'x' || i FROM generate_series(3, 51) i WHERE i <> 20;"
            "UPDATE " SCHEMA ".jn SET b = 'X5' WHERE id = 5; UPDATE " SCHEMA ".jn SET a = NULL WHERE id = 6");
    Source *source = open_begun();
    Relation old;
    Relation new_;
    describe(source, SCHEMA ".jo", &arena, &old);
    describe(source, SCHEMA ".jn", &arena, &new_);
    const ScanColumn columns[] = {{0, KIND_INT}, {1, KIND_DECIMAL}, {2, KIND_TEXT}};
    const JoinPair pairs[] = {{1, 1, {0}}, {2, 2, {0}}};
    const char *suspects[] = {"(o.c1 < 49) IS NOT TRUE"};
    JoinScan join = {.old = {.relation = &old,
                             .columns = columns,
                             .column_count = 3,
                             .key_count = 1,
                             .range = {RANGE_BETWEEN, NULL, NULL}},
                     .new_ = {.relation = &new_,
                              .columns = columns,
                              .column_count = 3,
                              .key_count = 1,
                              .range = {RANGE_BETWEEN, NULL, NULL}},
                     .pairs = pairs,
                     .pair_count = 2,
                     .suspects = suspects,
                     .suspect_count = 1};
    JoinCounts counts;
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(counts.old_rows == 50 && counts.new_rows == 48 && counts.both == 47 && counts.suspects == 8);
    CHECK(!counts.duplicates);
    CHECK_TEXT(join_text(source, &join, &arena),
               "1|1|x1\n-\n2|2|x2\n-\n5|5|x5\n5|5|X5\n6|6|x6\n6|~|x6\n20|20|x20\n-\n49|49|x49\n49|49|x49\n"
               "50|50|x50\n50|50|x50\n-\n51|51|x51\n");
    Value bounds[] = {int_value(5), int_value(7)};
    join.old.range = join.new_.range = (Range){RANGE_BETWEEN, &bounds[0], &bounds[1]};
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(counts.old_rows == 2 && counts.new_rows == 2 && counts.both == 2 && counts.suspects == 2);
    join.old.range = join.new_.range = (Range){RANGE_WITH_NULL, NULL, NULL};
    CHECK(!OPS->join_count(source, &join, &counts, &err) && err.code == TF_ERROR_INTERNAL);
    end_close(source);
    arena_free(&arena);
}

static void joined_one_row(void) {
    Arena arena = {0};
    Err err;
    Source *source = open_begun();
    Relation old;
    describe(source, SCHEMA ".jo", &arena, &old);
    const ScanColumn columns[] = {{0, KIND_INT}, {1, KIND_DECIMAL}};
    const char *suspects[] = {"(o.c1 <> 7) IS NOT TRUE", "(o.c1 <> 9) IS NOT TRUE"};
    JoinScan join = {.old = {.relation = &old,
                             .columns = columns,
                             .column_count = 2,
                             .key_count = 1,
                             .range = {RANGE_BETWEEN, NULL, NULL}},
                     .suspects = suspects,
                     .suspect_count = 2,
                     .one_row = true};
    JoinCounts counts;
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(counts.old_rows == 50 && counts.suspects == 2 && !counts.duplicates);
    CHECK_TEXT(join_text(source, &join, &arena), "7|7\n-\n9|9\n-\n");
    end_close(source);
    arena_free(&arena);
}

static void joined_with_doubtful_keys(void) {
    Arena arena = {0};
    Err err;
    const char *const key[] = {"id"};
    run_sql("CREATE TABLE " SCHEMA ".twice (id int); INSERT INTO " SCHEMA ".twice VALUES (1), (2), (2), (3);"
            "CREATE TABLE " SCHEMA ".once (id int); INSERT INTO " SCHEMA ".once VALUES (1), (2), (3), (NULL)");
    Source *source = open_begun();
    Relation twice;
    Relation once;
    describe_key(source, SCHEMA ".twice", key, 1, &arena, &twice);
    describe_key(source, SCHEMA ".once", key, 1, &arena, &once);
    const ScanColumn columns[] = {{0, KIND_INT}};
    JoinScan join = {.old = {.relation = &once,
                             .columns = columns,
                             .column_count = 1,
                             .key_count = 1,
                             .range = {RANGE_BETWEEN, NULL, NULL}},
                     .new_ = {.relation = &twice,
                              .columns = columns,
                              .column_count = 1,
                              .key_count = 1,
                              .range = {RANGE_BETWEEN, NULL, NULL}}};
    JoinCounts counts;
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(counts.duplicates);
    join.new_.relation = &once;
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(!counts.duplicates && counts.old_rows == 3 && counts.both == 3 && counts.suspects == 0);
    join.old.range = join.new_.range = (Range){RANGE_ALL, NULL, NULL};
    good(OPS->join_count(source, &join, &counts, &err), &err);
    CHECK(counts.duplicates);
    end_close(source);
    arena_free(&arena);
}

/* Pairs of values that the join must, may and must not suspect. */
static void joined_pairs(void) {
    static const struct Case {
        const char *old_type, *old_value, *new_type, *new_value;
        Kind kind;
        const char *within; /* "0.01" or "1 us" */
        bool suspect;
    } CASES[] = {
        {"numeric", "1.0", "numeric", "1.00", KIND_DECIMAL, NULL, false},
        {"int8", "5", "numeric", "5.0", KIND_DECIMAL, NULL, false},
        {"int8", "NULL", "numeric", "NULL", KIND_DECIMAL, NULL, false},
        {"int8", "NULL", "numeric", "0", KIND_DECIMAL, NULL, true},
        {"float8", "'-0'", "float8", "0", KIND_FLOAT, NULL, false},
        {"float8", "'NaN'", "float8", "'NaN'", KIND_FLOAT, NULL, false},
        {"float4", "0.1", "float8", "0.1", KIND_FLOAT, NULL, true},
        {"float8", "0.1", "numeric", "0.1", KIND_DECIMAL, NULL, false},
        {"float4", "0.1", "numeric", "0.1", KIND_DECIMAL, NULL, false},
        {"float8", "0.30000000000000004", "numeric", "0.3", KIND_DECIMAL, NULL, true},
        {"float8", "1e23", "numeric", "99999999999999991611392", KIND_DECIMAL, NULL, false},
        {"float8", "1e23", "numeric", "1e23", KIND_DECIMAL, NULL, true},
        {"float8", "-9007199254740993", "numeric", "-9007199254740992", KIND_DECIMAL, NULL, false},
        {"float8", "1.7976931348623157e308", "int8", "1", KIND_DECIMAL, NULL, true},
        {"float8", "'Infinity'", "numeric", "'Infinity'", KIND_DECIMAL, NULL, false},
        {"char(5)", "'ab'", "text", "'ab'", KIND_TEXT, NULL, false},
        {"text", "'A'", "varchar", "'a'", KIND_TEXT, NULL, true},
        {"text", "''", "text", "NULL", KIND_TEXT, NULL, true},
        {"jsonb", "'{\"a\":1.0}'", "jsonb", "'{\"a\": 1}'", KIND_JSON, NULL, false},
        {"json", "'{\"b\":1,\"a\":1}'", "jsonb", "'{\"a\":1,\"b\":1}'", KIND_JSON, NULL, false},
        {"json", "'{\"b\":1,\"a\":1}'", "jsonb", "'{\"a\":1,\"b\":2}'", KIND_JSON, NULL, true},
        {"json", "'{\"a\":\"\\u0000\"}'", "jsonb", "'{\"a\":1}'", KIND_JSON, NULL, true},
        {"json", "'{\"a\":1}'", "jsonb", "NULL", KIND_JSON, NULL, true},
        {"text", "'{not json'", "jsonb", "'{\"a\":1}'", KIND_JSON, NULL, true},
        {"interval", "'1 day'", "interval", "'24:00'", KIND_INTERVAL, NULL, false},
        {"timestamptz", "'2024-01-01 00:00+01'", "timestamptz", "'2023-12-31 23:00+00'", KIND_TIMESTAMPTZ, NULL, false},
        {"int4[]", "'{1,2}'", "int8[]", "'{1,2}'", KIND_ARRAY, NULL, false},
        {"uuid", "'00112233-4455-6677-8899-aabbccddeeff'", "uuid", "'00112233-4455-6677-8899-AABBCCDDEEFF'", KIND_UUID,
         NULL, false},
        {"numeric", "1.005", "numeric", "1.015", KIND_DECIMAL, "0.01", false},
        {"numeric", "1.005", "numeric", "1.0150001", KIND_DECIMAL, "0.01", true},
        {"int8", "9223372036854775807", "int8", "-9223372036854775808", KIND_INT, "1", true},
        {"numeric", "NULL", "numeric", "NULL", KIND_DECIMAL, "0.01", false},
        {"numeric", "NULL", "numeric", "1", KIND_DECIMAL, "0.01", true},
        {"float8", "1.5", "float8", "1.501", KIND_FLOAT, "0.01", false},
        {"float8", "1.5", "float8", "1.6", KIND_FLOAT, "0.01", true},
        {"timestamptz", "'2024-01-01 00:00:00.000001Z'", "timestamptz", "'2024-01-01Z'", KIND_TIMESTAMPTZ, "1 us",
         false},
        {"timestamptz", "'2024-01-01 00:00:00.000002Z'", "timestamptz", "'2024-01-01Z'", KIND_TIMESTAMPTZ, "1 us",
         true},
        {"timestamptz", "'infinity'", "timestamptz", "'infinity'", KIND_TIMESTAMPTZ, "1 us", false},
        {"timestamptz", "'infinity'", "timestamptz", "'2024-01-01Z'", KIND_TIMESTAMPTZ, "1 us", true},
        {"timestamp", "NULL", "timestamp", "'2024-01-01'", KIND_TIMESTAMP, "1 us", true},
        {"date", "'2024-01-01'", "date", "'2024-01-02'", KIND_DATE, "1 day", false},
        {"date", "'2024-01-01'", "date", "'2024-01-03'", KIND_DATE, "1 day", true},
        {"time", "'10:00'", "time", "'10:01'", KIND_TIME, "1 min", false},
        {"interval", "'1 day'", "interval", "'25:00'", KIND_INTERVAL, "1 hour", false},
    };
    Arena arena = {0};
    Err err;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        run_sql(arena_printf(&arena,
                             "DROP TABLE IF EXISTS " SCHEMA ".po, " SCHEMA ".pn; CREATE TABLE " SCHEMA
                             ".po (id int PRIMARY KEY, v %s); CREATE TABLE " SCHEMA ".pn (id int PRIMARY KEY, v %s);"
                             "INSERT INTO " SCHEMA ".po VALUES (1, %s); INSERT INTO " SCHEMA ".pn VALUES (1, %s)",
                             CASES[i].old_type, CASES[i].new_type, CASES[i].old_value, CASES[i].new_value));
        Source *source = open_begun();
        Relation old;
        Relation new_;
        describe(source, SCHEMA ".po", &arena, &old);
        describe(source, SCHEMA ".pn", &arena, &new_);
        const ScanColumn columns[] = {{0, KIND_INT}, {1, CASES[i].kind}};
        JoinPair pair = {1, 1, {0}};
        if (CASES[i].within != NULL) {
            Kind kind = strchr(CASES[i].within, ' ') == NULL ? KIND_DECIMAL : KIND_INTERVAL;
            CHECK(value_parse(&arena, kind, str_of(CASES[i].within), &pair.within));
        }
        JoinScan join = {.old = {.relation = &old,
                                 .columns = columns,
                                 .column_count = 2,
                                 .key_count = 1,
                                 .range = {RANGE_BETWEEN, NULL, NULL}},
                         .new_ = {.relation = &new_,
                                  .columns = columns,
                                  .column_count = 2,
                                  .key_count = 1,
                                  .range = {RANGE_BETWEEN, NULL, NULL}},
                         .pairs = &pair,
                         .pair_count = 1};
        JoinCounts counts = {0};
        good(OPS->join_count(source, &join, &counts, &err), &err);
        if (!CHECK(counts.both == 1 && counts.suspects == (CASES[i].suspect ? 1 : 0))) {
            printf("    %s %s, %s %s\n", CASES[i].old_type, CASES[i].old_value, CASES[i].new_type, CASES[i].new_value);
        }
        join_text(source, &join, &arena); /* can be read */
        end_close(source);
    }
    arena_free(&arena);
}

/* Keys of every kind join and come in value order. */
static void joined_by_every_key(void) {
    static const struct Case {
        const char *old_type, *new_type;
        const char *rows; /* one column of literals */
        Kind kind;
    } CASES[] = {
        {"int4", "numeric", "(3), (1), (2)", KIND_DECIMAL},
        {"float8", "numeric", "(0.1), (1e3), (-5)", KIND_DECIMAL},
        {"text COLLATE \"en-x-icu\"", "varchar COLLATE \"C\"", "('b'), ('A'), ('a'), ('B')", KIND_TEXT},
        {"char(4)", "text COLLATE \"de-x-icu\"", "('b'), ('A'), ('a'), ('B')", KIND_TEXT},
        {SCHEMA ".mood", "text", "('sad'), ('ok'), ('happy')", KIND_TEXT},
        {"uuid", "uuid", "('00112233-4455-6677-8899-aabbccddeeff'), ('ff112233-4455-6677-8899-aabbccddeeff')",
         KIND_UUID},
        {"jsonb", "jsonb", "('{\"b\":1}'), ('{\"a\":1}')", KIND_JSON},
        {"inet", "cidr", "('10.0.0.0/8'), ('9.0.0.0/8')", KIND_OPAQUE},
        {"int4[]", "int8[]", "('{2}'), ('{10}')", KIND_ARRAY},
        {"interval", "interval", "('1 day'), ('1 hour')", KIND_INTERVAL},
        {"date", "date", "('infinity'), ('2024-01-01')", KIND_DATE},
        {"bytea", "bytea", "('\\x02'), ('\\x01ff')", KIND_BYTES},
        {"bool", "bool", "(true), (false)", KIND_BOOL},
    };
    Arena arena = {0};
    Err err;
    const char *const key[] = {"id"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        run_sql(arena_printf(&arena,
                             "DROP TABLE IF EXISTS " SCHEMA ".po, " SCHEMA ".pn; CREATE TABLE " SCHEMA
                             ".po (id %s NOT NULL); CREATE TABLE " SCHEMA ".pn (id %s NOT NULL);"
                             "INSERT INTO " SCHEMA ".po VALUES %s; INSERT INTO " SCHEMA ".pn VALUES %s",
                             CASES[i].old_type, CASES[i].new_type, CASES[i].rows, CASES[i].rows));
        Source *source = open_begun();
        Relation old;
        Relation new_;
        describe_key(source, SCHEMA ".po", key, 1, &arena, &old);
        describe_key(source, SCHEMA ".pn", key, 1, &arena, &new_);
        const ScanColumn columns[] = {{0, CASES[i].kind}};
        const char *suspects[] = {"true"};
        JoinScan join = {.old = {.relation = &old,
                                 .columns = columns,
                                 .column_count = 1,
                                 .key_count = 1,
                                 .range = {RANGE_ALL, NULL, NULL}},
                         .new_ = {.relation = &new_,
                                  .columns = columns,
                                  .column_count = 1,
                                  .key_count = 1,
                                  .range = {RANGE_ALL, NULL, NULL}},
                         .suspects = suspects,
                         .suspect_count = 1};
        JoinCounts counts = {0};
        bool fine = good(OPS->join_count(source, &join, &counts, &err), &err) &&
                    CHECK(counts.both == counts.old_rows && counts.both == counts.suspects && !counts.duplicates);
        Buf twice = {0};
        const char *each = scan_text(source, &join.old, &arena);
        for (const char *line = each; *line != '\0'; line = strchr(line, '\n') + 1) {
            buf_append(&twice, line, (size_t)(strchr(line, '\n') + 1 - line));
            buf_append(&twice, line, (size_t)(strchr(line, '\n') + 1 - line));
        }
        fine = CHECK_TEXT(join_text(source, &join, &arena), twice.bytes) && fine;
        if (!fine) {
            printf("    %s = %s\n", CASES[i].old_type, CASES[i].new_type);
        }
        buf_free(&twice);
        end_close(source);
    }
    arena_free(&arena);
}

/* ---- big rows --------------------------------------------------------------------------------------------- */

static void big_rows(void) {
    Arena arena = {0};
    Err err;
    run_sql("CREATE TABLE " SCHEMA ".big (id int PRIMARY KEY, v text); ALTER TABLE " SCHEMA ".big ALTER v SET STORAGE"
            " EXTERNAL; INSERT INTO " SCHEMA ".big SELECT i, repeat('x', 300000) FROM generate_series(1, 20) i");
    Source *source = open_begun();
    Relation relation;
    describe(source, SCHEMA ".big", &arena, &relation);
    Scan scan = scan_all(&arena, &relation);
    const Batch *batch;
    size_t rows = 0;
    good(OPS->scan(source, &scan, &err), &err);
    do {
        good(OPS->next(source, &batch, &err), &err);
        CHECK(batch->rows <= 4);
        for (size_t i = 0; i < batch->rows; i++) {
            CHECK(batch->columns[1].data.texts[i].length == 300000);
        }
        rows += batch->rows;
    } while (batch->rows > 0);
    CHECK(rows == 20);
    end_close(source);
    arena_free(&arena);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        printf("usage: test_source_postgres CONNINFO\n");
        return 2;
    }
    server = argv[1];
    admin = PQconnectdb(server);
    if (PQstatus(admin) != CONNECTION_OK) {
        printf("%s", PQerrorMessage(admin));
        return 2;
    }
    run_sql("SET client_min_messages = warning; DROP SCHEMA IF EXISTS " SCHEMA " CASCADE; CREATE SCHEMA " SCHEMA ";"
            "CREATE TYPE " SCHEMA ".mood AS ENUM ('sad', 'ok', 'happy');"
            "CREATE DOMAIN " SCHEMA ".positive AS int CHECK (VALUE > 0);"
            "CREATE DOMAIN " SCHEMA ".tiny AS " SCHEMA ".positive CHECK (VALUE < 10);"
            "CREATE TYPE " SCHEMA ".pair AS (a int, b text)");
    TEST_RUN(every_type);
    TEST_RUN(kinds_that_were_asked_for);
    TEST_RUN(hostile_names);
    TEST_RUN(columns_of_all_sorts);
    TEST_RUN(wrong_sql_of_the_user);
    TEST_RUN(kinds_of_relations);
    TEST_RUN(foreign_tables);
    TEST_RUN(without_a_primary_key);
    TEST_RUN(ranges_tile);
    TEST_RUN(keys_in_value_order);
    TEST_RUN(keys_with_null);
    TEST_RUN(float_keys_as_decimals);
    TEST_RUN(lookups);
    TEST_RUN(lookups_of_composite_keys);
    TEST_RUN(one_snapshot_for_two);
    TEST_RUN(settings_of_the_role);
    TEST_RUN(cancelled);
    TEST_RUN(a_scan_that_is_left);
    TEST_RUN(killed);
    TEST_RUN(revoked);
    TEST_RUN(connections_refused);
    TEST_RUN(joined);
    TEST_RUN(joined_one_row);
    TEST_RUN(joined_with_doubtful_keys);
    TEST_RUN(joined_pairs);
    TEST_RUN(joined_by_every_key);
    TEST_RUN(big_rows);
    run_sql("DROP SCHEMA " SCHEMA " CASCADE; DROP SERVER IF EXISTS twofold_source_loop CASCADE");
    PQfinish(admin);
    return test_finish();
}
