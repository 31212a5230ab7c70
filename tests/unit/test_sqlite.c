/* The SQLite source on real files: what is described, read, cut, refused. */
#include "source/source_sqlite.h"
#include "test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/twofold_sqlite_XXXXXX";
static const SourceOps *const ops = &sqlite_source_ops;

/* ---- a file, a source, a relation ----------------------------------------------------------------------- */

typedef struct Case {
    Arena arena;
    Source *source;
    Relation relation;
    Err err;
    char path[128];
} Case;

static void case_file(Case *test, const char *sql) {
    static int number = 0;
    *test = (Case){0};
    snprintf(test->path, sizeof(test->path), "%s/%d.db", folder, number++);
    sqlite3 *db;
    char *message = NULL;
    CHECK(sqlite3_open(test->path, &db) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK)) {
        printf("    %s\n", message);
    }
    sqlite3_free(message);
    sqlite3_close(db);
}

static bool case_open(Case *test) {
    const char *url = arena_printf(&test->arena, "sqlite:%s", test->path);
    if (!CHECK(ops->open(url, "test", &test->source, &test->err))) {
        printf("    %s\n", test->err.text);
        return false;
    }
    return CHECK(ops->begin(test->source, NULL, &test->err));
}

static void case_close(Case *test) {
    if (test->source != NULL) {
        CHECK(ops->end(test->source, &test->err));
    }
    ops->close(test->source);
    arena_free(&test->arena);
}

static bool describe_ref(Case *test, const RelationRef *ref) {
    bool good = ops->describe(test->source, ref, &test->arena, &test->relation, &test->err);
    if (!CHECK(good)) {
        printf("    %s\n", test->err.text);
    }
    return good;
}

/* A new file, open, with one table described; key NULL: the primary key. */
static bool case_table(Case *test, const char *sql, const char *table, const char *key) {
    case_file(test, sql);
    RelationRef ref = {.table = table, .key = key == NULL ? NULL : &key, .key_count = key == NULL ? 0 : 1};
    return case_open(test) && describe_ref(test, &ref);
}

/* All columns as their own kinds, the key first. */
static Scan scan_all(Case *test) {
    const Relation *relation = &test->relation;
    ScanColumn *columns = ARENA_MANY(&test->arena, relation->column_count * 2, ScanColumn);
    size_t count = 0;
    for (size_t i = 0; i < relation->key_count; i++) {
        columns[count++] = (ScanColumn){relation->key[i], relation->columns[relation->key[i]].kind};
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        bool key = false;
        for (size_t j = 0; j < relation->key_count; j++) {
            key = key || relation->key[j] == i;
        }
        if (!key) {
            columns[count++] = (ScanColumn){i, relation->columns[i].kind};
        }
    }
    return (Scan){.relation = relation,
                  .columns = columns,
                  .column_count = count,
                  .key_count = relation->key_count,
                  .range.rows = RANGE_ALL};
}

static void print_cell(const Column *column, size_t row, Buf *out) {
    Value value = column_value(column, row);
    buf_text(out, value.state == CELL_NULL ? "null" : value.state == CELL_ODD ? "!" : "");
    value_print(value, out);
}

/* "1,a 2,b": rows of cells; odd cells with "!". */
static const char *drain(Case *test) {
    Buf out = {0};
    const Batch *batch = NULL;
    buf_text(&out, "");
    for (;;) {
        if (!ops->next(test->source, &batch, &test->err)) {
            buf_printf(&out, " error: %s", test->err.text);
            break;
        }
        for (size_t row = 0; row < batch->rows; row++) {
            buf_text(&out, out.length == 0 ? "" : " ");
            for (size_t i = 0; i < batch->column_count; i++) {
                buf_text(&out, i == 0 ? "" : ",");
                print_cell(&batch->columns[i], row, &out);
            }
        }
        if (batch->rows == 0) {
            break;
        }
    }
    const char *text = arena_copy(&test->arena, out.bytes, out.length);
    buf_free(&out);
    return text;
}

static const char *read_scan(Case *test, const Scan *scan) {
    if (!ops->scan(test->source, scan, &test->err)) {
        return arena_printf(&test->arena, "error: %s", test->err.text);
    }
    return drain(test);
}

static const char *read_all(Case *test) {
    Scan scan = scan_all(test);
    return read_scan(test, &scan);
}

static Value *value_at(Case *test, Kind kind, const char *text) {
    Value *value = ARENA_NEW(&test->arena, Value);
    CHECK(value_parse(&test->arena, kind, str_of(text), value));
    return value;
}

/* ---- what cells are ------------------------------------------------------------------------------------- */

typedef struct CellRow {
    const char *type;
    const char *sql; /* literal */
    const char *read;
} CellRow;

static const CellRow CELLS[] = {
    {"INTEGER", "7", "7"},
    {"BIGINT", "-9223372036854775808", "-9223372036854775808"},
    {"INTEGER", "'abc'", "!abc"},
    {"INTEGER", "2.5", "!2.5"},
    {"INTEGER", "x'00ff'", "!\\x00ff"},
    {"INTEGER", "NULL", "null"},
    {"INTEGER", "9223372036854775808", "!9.223372036854776e+18"},
    {"BOOLEAN", "1", "t"},
    {"BOOLEAN", "0", "f"},
    {"BOOLEAN", "2", "!2"},
    {"BOOLEAN", "'true'", "t"},
    {"REAL", "0.1", "0.1"},
    {"REAL", "3", "3"},
    {"REAL", "9e999", "Infinity"},
    {"REAL", "'NaN'", "NaN"},
    {"REAL", "'x'", "!x"},
    {"DECIMAL(10,2)", "1.10", "1.1"},
    {"NUMERIC", "0.1", "0.1"},
    {"NUMERIC", "12", "12"},
    {"MONEY", "'12,50'", "!12,50"},
    {"DECIMAL", "x'31'", "!\\x31"},
    {"DECIMAL TEXT", "'12345678901234567890123456789012345678.90'", "12345678901234567890123456789012345678.90"},
    {"VARCHAR(3)", "'\xC3\xA4'", "\xC3\xA4"},
    {"TEXT", "12", "12"},
    {"TEXT", "''", ""},
    {"TEXT", "x'61'", "!\\x61"},
    {"TEXT", "CAST(x'ff41' AS TEXT)", "!\\xff41"},
    {"CHAR(5)", "'a  '", "a  "},
    {"BLOB", "x'00'", "\\x00"},
    {"BLOB", "zeroblob(0)", "\\x"},
    {"BLOB", "'text'", "!text"},
    {"BYTEA", "x'01'", "\\x01"},
    {"TIMESTAMP", "'2026-01-02 03:04:05.678'", "2026-01-02 03:04:05.678"},
    {"TIMESTAMP", "'2026-01-02T03:04:05Z'", "2026-01-02 03:04:05"},
    {"TIMESTAMP", "'2026-01-02T03:04:05+02'", "!2026-01-02T03:04:05+02"},
    {"DATETIME", "'2026-01-02'", "2026-01-02 00:00:00"},
    {"DATETIME", "1767323045", "!1767323045"},
    {"TIMESTAMPTZ", "'2026-01-02T03:04:05+02'", "2026-01-02 01:04:05+00"},
    {"TIMESTAMP WITH TIME ZONE", "'infinity'", "infinity"},
    {"DATE", "'2026-01-02'", "2026-01-02"},
    {"DATE", "'2026-01-02 00:00:00'", "2026-01-02"},
    {"DATE", "'2026-01-02 00:00:01'", "!2026-01-02 00:00:01"},
    {"DATE", "'2026-02-30'", "!2026-02-30"},
    {"DATE", "'infinity'", "infinity"},
    {"TIME", "'03:04:05.5'", "03:04:05.5"},
    {"TIME", "'03:04:05+02'", "!03:04:05+02"},
    {"INTERVAL", "'1 day 02:00:00'", "1 day 02:00:00"},
    {"INTERVAL", "5", "!5"},
    {"UUID", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"UUID", "x'a0eebc999c0b4ef8bb6d6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {"UUID", "x'a0'", "!\\xa0"},
    {"JSON", "'{\"a\": 1}'", "{\"a\": 1}"},
    {"JSON", "5", "5"},
    {"JSON", "'{a}'", "!{a}"},
    {"JSONB", "'{\"a\": }'", "!{\"a\": }"},
    {"POINT", "'1,2'", "1,2"},
    {"", "'any'", "any"},
    {"", "5", "5"},
};

static void cells_are_read_as_their_types_say(void) {
    for (size_t i = 0; i < sizeof(CELLS) / sizeof(CELLS[0]); i++) {
        Case test;
        char sql[512];
        snprintf(sql, sizeof(sql), "CREATE TABLE t(k INTEGER PRIMARY KEY, v %s); INSERT INTO t VALUES (1, %s)",
                 CELLS[i].type, CELLS[i].sql);
        if (case_table(&test, sql, "t", NULL)) {
            CHECK_TEXT(read_all(&test), arena_printf(&test.arena, "1,%s", CELLS[i].read));
        }
        case_close(&test);
    }
}

static void floats_keep_every_bit(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(k INTEGER PRIMARY KEY, v REAL);"
                   "INSERT INTO t VALUES (1, 0.1), (2, 5e-324), (3, 1.7976931348623157e308), (4, -0.0)",
                   "t", NULL)) {
        static const double want[] = {0.1, 5e-324, 1.7976931348623157e308, 0.0};
        Scan scan = scan_all(&test);
        const Batch *batch = NULL;
        CHECK(ops->scan(test.source, &scan, &test.err) && ops->next(test.source, &batch, &test.err));
        CHECK(batch->rows == 4 && memcmp(batch->columns[1].data.floats, want, sizeof(want)) == 0);
    }
    case_close(&test);
}

/* An integer that the other side has as numeric is asked for as decimal. */
static void a_column_is_read_as_the_kind_that_is_wanted(void) {
    Case test;
    if (case_table(&test, "CREATE TABLE t(k INTEGER PRIMARY KEY, v REAL); INSERT INTO t VALUES (9007199254740993, 0.1)",
                   "t", NULL)) {
        Scan scan = scan_all(&test);
        ScanColumn columns[] = {{0, KIND_DECIMAL}, {1, KIND_DECIMAL}};
        scan.columns = columns;
        CHECK_TEXT(read_scan(&test, &scan), "9007199254740993,0.1");
    }
    case_close(&test);
}

/* ---- what the schema says ------------------------------------------------------------------------------- */

static void tables_tell_their_keys(void) {
    typedef struct KeyRow {
        const char *sql;
        const char *key; /* NULL: primary */
        bool ordered, unique, not_null;
    } KeyRow;
    static const KeyRow rows[] = {
        {"CREATE TABLE t(a INTEGER PRIMARY KEY, b)", NULL, true, true, true},
        {"CREATE TABLE t(a INT PRIMARY KEY, b)", NULL, true, false, false}, /* any number of NULLs */
        {"CREATE TABLE t(a INT NOT NULL PRIMARY KEY, b)", NULL, true, true, true},
        {"CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID", NULL, true, true, true},
        {"CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY, b) WITHOUT ROWID", NULL, false, true, true},
        {"CREATE TABLE t(a INTEGER PRIMARY KEY DESC, b)", NULL, true, false, false},
        {"CREATE TABLE t(a UUID NOT NULL PRIMARY KEY, b)", NULL, false, false, true},
        {"CREATE TABLE t(a DECIMAL NOT NULL PRIMARY KEY, b)", NULL, false, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b)", "a", false, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE INDEX i ON t(a)", "a", true, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE UNIQUE INDEX i ON t(a)", "a", true, true, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE UNIQUE INDEX i ON t(a) WHERE a > 5", "a", false, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE UNIQUE INDEX i ON t(a + 1)", "a", false, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE INDEX i ON t(a, b)", "a", true, false, true},
        {"CREATE TABLE t(a INT NOT NULL, b); CREATE INDEX i ON t(b, a)", "a", false, false, true},
        {"CREATE TABLE t(a TEXT NOT NULL, b); CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE)", "a", false, true, true},
        {"PRAGMA encoding='UTF-16'; CREATE TABLE t(a TEXT NOT NULL PRIMARY KEY, b)", NULL, false, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Case test;
        if (case_table(&test, rows[i].sql, "t", rows[i].key)) {
            const Relation *relation = &test.relation;
            bool good = relation->key_count == 1 && relation->key_ordered == rows[i].ordered &&
                        relation->key_unique == rows[i].unique && relation->columns[0].not_null == rows[i].not_null;
            if (!CHECK(good)) {
                printf("    %s: ordered %d, unique %d, not null %d\n", rows[i].sql, relation->key_ordered,
                       relation->key_unique, relation->columns[0].not_null);
            }
        }
        case_close(&test);
    }
}

static void columns_of_every_sort_are_described(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(id INTEGER PRIMARY KEY, n NUMERIC(10,2) NOT NULL, "
                   "twice INT GENERATED ALWAYS AS (n * 2) VIRTUAL, kept TEXT AS (n || 'x') STORED);"
                   "INSERT INTO t(id, n) VALUES (1, 2)",
                   "T", NULL)) {
        CHECK(test.relation.column_count == 4);
        CHECK_TEXT(test.relation.name, "\"main\".\"t\"");
        CHECK_TEXT(test.relation.what, "table");
        CHECK_TEXT(test.relation.columns[1].type, "NUMERIC(10,2)");
        CHECK(test.relation.columns[1].not_null && test.relation.columns[1].loose);
        CHECK(test.relation.columns[2].kind == KIND_INT);
        CHECK(strlen(test.relation.digest) == 32);
        CHECK_TEXT(read_all(&test), "1,2,4,2x");
    }
    case_close(&test);
}

static void computed_columns_have_the_type_of_their_cast(void) {
    Case test;
    case_file(&test,
              "CREATE TABLE t(id INTEGER PRIMARY KEY, cents INT, name TEXT); INSERT INTO t VALUES (1, 250, 'x')");
    static const ComputedColumn computed[] = {
        {"copy", "cents"},
        {"price", "CAST(cents / 100.0 AS DECIMAL(10,2))"},
        {"many", "cast (cents + ')' as integer)"},
        {"free", "cents || name -- a comment"},
        {"not_a_cast", "CAST(1 AS INT) + CAST(2 AS INT)"},
        {"name", "upper(name)"},
    };
    RelationRef ref = {.table = "t", .where = "cents > 0 -- all", .computed = computed, .computed_count = 6};
    if (case_open(&test) && describe_ref(&test, &ref)) {
        const RelationColumn *columns = test.relation.columns;
        CHECK(test.relation.column_count == 8); /* id, cents, and the computed ones: name hides the plain one */
        CHECK(columns[2].kind == KIND_INT && columns[2].computed);
        CHECK(columns[3].kind == KIND_DECIMAL);
        CHECK_TEXT(columns[3].type, "DECIMAL(10,2)");
        CHECK(columns[4].kind == KIND_INT);
        CHECK(columns[5].kind == KIND_TEXT && columns[6].kind == KIND_TEXT);
        CHECK_TEXT(read_all(&test), "1,250,250,2.5,250,250x,3,X");
    }
    case_close(&test);
}

static void hostile_names_are_literal(void) {
    Case test;
    if (case_table(
            &test,
            "CREATE TABLE \"a\"\"b.c; drop\"(\"se\"\"lect\" INTEGER PRIMARY KEY, \"1\" TEXT, \"'x'\" TEXT, \" \" TEXT);"
            "INSERT INTO \"a\"\"b.c; drop\" VALUES (1, 'one', 'x', 'blank')",
            "a\"b.c; drop", NULL)) {
        CHECK_TEXT(read_all(&test), "1,one,x,blank");
    }
    case_close(&test);
    if (case_table(&test, "CREATE TABLE \"or.ders\"(id INTEGER PRIMARY KEY); INSERT INTO \"or.ders\" VALUES (4)",
                   "\"main\".\"or.ders\"", NULL)) {
        CHECK_TEXT(read_all(&test), "4");
    }
    case_close(&test);
}

static void views_are_read_by_a_named_key(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (2, 'b'), (1, 'a'), (3, NULL);"
                   "CREATE VIEW w AS SELECT id, v, id * 2 AS twice FROM t ORDER BY v DESC",
                   "w", "id")) {
        CHECK_TEXT(test.relation.what, "view");
        CHECK(!test.relation.key_ordered && !test.relation.key_unique);
        CHECK_TEXT(read_all(&test), "1,a,2 2,b,4 3,null,6");
    }
    case_close(&test);
}

/* ---- what is refused ------------------------------------------------------------------------------------ */

static void check_refused(const RelationRef *ref, const char *text, const char *hint) {
    Case test;
    case_file(&test, "CREATE TABLE orders(id INTEGER PRIMARY KEY, total INT); CREATE TABLE nokey(a INT, b INT);"
                     "CREATE UNIQUE INDEX u ON nokey(a, b); CREATE VIEW customers AS SELECT * FROM orders");
    if (case_open(&test)) {
        CHECK(!ops->describe(test.source, ref, &test.arena, &test.relation, &test.err));
        CHECK(test.err.code == TF_ERROR_USAGE);
        const char *got = arena_printf(&test.arena, "%s", test.err.text);
        const char *place = strstr(got, test.path);
        if (place != NULL) { /* the folder's name differs every time */
            got = arena_printf(&test.arena, "%.*sFILE%s", (int)(place - got), got, place + strlen(test.path));
        }
        CHECK_TEXT(got, text);
        CHECK_TEXT(test.err.hint, hint);
    }
    case_close(&test);
}

static void mistakes_are_named(void) {
    static const char *const wrong_key[] = {"idd"}, *const twice[] = {"id", "ID"};
    static const ComputedColumn missing = {"c", "nosuch + 1"}, text = {"c", "\"nosuch\""}, two = {"c", "1, 2"},
                                more = {"c", "1) FROM orders; SELECT (2"}, sum = {"c", "sum(id)"},
                                window = {"c", "row_number() over ()"};
    check_refused(&(RelationRef){.table = "ordrs"}, "cannot find table \"ordrs\" in \"FILE\"",
                  "Did you mean \"orders\"?");
    check_refused(&(RelationRef){.table = "costumers"}, "cannot find table \"costumers\" in \"FILE\"",
                  "Did you mean \"customers\"?");
    check_refused(&(RelationRef){.table = "zzzzzzzz"}, "cannot find table \"zzzzzzzz\" in \"FILE\"", "");
    check_refused(&(RelationRef){.table = "nokey"},
                  "cannot pair the rows of \"main\".\"nokey\": the table has no primary key",
                  "Name the key in the spec (key: [...]); its unique indexes are \"u\" (a, b).");
    check_refused(&(RelationRef){.table = "customers"},
                  "cannot pair the rows of \"main\".\"customers\": the view has no primary key",
                  "Name the columns that identify a row in the spec (key: [...]); it has no unique index.");
    check_refused(&(RelationRef){.table = "orders", .key = wrong_key, .key_count = 1},
                  "cannot use \"idd\" as key: \"main\".\"orders\" has no such column", "Did you mean \"id\"?");
    check_refused(&(RelationRef){.table = "orders", .key = twice, .key_count = 2}, "cannot use \"ID\" in the key twice",
                  "");
    check_refused(&(RelationRef){.table = "orders", .computed = &missing, .computed_count = 1},
                  "could not use computed column \"c\": no such column: nosuch", "");
    check_refused(&(RelationRef){.table = "orders", .computed = &text, .computed_count = 1},
                  "could not use computed column \"c\": no such column: nosuch", "");
    check_refused(&(RelationRef){.table = "orders", .computed = &two, .computed_count = 1},
                  "could not use computed column \"c\": row value misused", "");
    check_refused(&(RelationRef){.table = "orders", .computed = &more, .computed_count = 1},
                  "cannot use computed column \"c\": \"SELECT (1) FROM orders; SELECT (2\n) FROM \"main\".\"orders\""
                  " LIMIT 0\" is not one expression",
                  "");
    check_refused(&(RelationRef){.table = "orders", .computed = &sum, .computed_count = 1},
                  "cannot use computed column \"c\": it is an aggregate or a window function, and rows are read in ranges",
                  "Compute it in a view, and name the view as the table.");
    check_refused(&(RelationRef){.table = "orders", .computed = &window, .computed_count = 1},
                  "cannot use computed column \"c\": it is an aggregate or a window function, and rows are read in ranges",
                  "Compute it in a view, and name the view as the table.");
    check_refused(&(RelationRef){.table = "orders", .where = "max(id) > 1"},
                  "cannot use \"where\" of \"main\".\"orders\": it is an aggregate or a window function, and rows are "
                  "read in ranges",
                  "Compute it in a view, and name the view as the table.");
    check_refused(&(RelationRef){.table = "orders", .where = "totl > 1"},
                  "could not use \"where\" of \"main\".\"orders\": no such column: totl", "");
    check_refused(&(RelationRef){.table = "orders", .where = "id < 2) or (id > 2"},
                  "could not use \"where\" of \"main\".\"orders\": near \")\": syntax error", "");
}

static void check_unopened(const char *url, const char *part) {
    Source *source = NULL;
    Err err;
    CHECK(!ops->open(url, "test", &source, &err));
    CHECK(source == NULL);
    if (!CHECK(strstr(err.text, part) != NULL)) {
        printf("    %s\n", err.text);
    }
}

static void files_that_are_none_are_refused(void) {
    char path[128], url[160];
    check_unopened("sqlite:", "names no file");
    check_unopened("sqlite://server/a.db", "names no file");
    check_unopened("sqlite:/nonexistent/a.db", "No such file or directory");
    check_unopened("sqlite::memory:", "No such file or directory");
    check_unopened("sqlite:///tmp", "it is not a file");
    snprintf(path, sizeof(path), "%s/garbage.db", folder);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    for (int i = 0; i < 5000; i++) {
        fputc(i * 7 & 0xFF, file);
    }
    fclose(file);
    check_unopened(url, "file is not a database");
    snprintf(path, sizeof(path), "%s/absent.db", folder);
    snprintf(url, sizeof(url), "sqlite://%s", path);
    check_unopened(url, "No such file or directory");
    CHECK(access(path, F_OK) != 0); /* and it was not made */
}

/* A page in the middle overwritten: an error, not fewer rows. */
static void damage_is_an_error(void) {
    Case test;
    case_file(&test, "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                     "INSERT INTO t SELECT i, hex(zeroblob(50)) FROM n");
    FILE *file = fopen(test.path, "r+b");
    fseek(file, 4096L * 40, SEEK_SET);
    for (int i = 0; i < 4096; i++) {
        fputc(0xA5, file);
    }
    fclose(file);
    RelationRef ref = {.table = "t"};
    if (case_open(&test) && describe_ref(&test, &ref)) {
        CHECK(strstr(read_all(&test), "database disk image is malformed") != NULL);
        CHECK(test.err.code == TF_ERROR_DATA);
    }
    case_close(&test);
}

static void nothing_is_written(void) {
    Case test;
    case_file(&test, "CREATE TABLE t(id INTEGER PRIMARY KEY)");
    if (case_open(&test)) {
        static const ComputedColumn writes = {"c", "id FROM main.t; DELETE FROM t --"};
        RelationRef ref = {.table = "t", .computed = &writes, .computed_count = 1};
        CHECK(!ops->describe(test.source, &ref, &test.arena, &test.relation, &test.err));
    }
    chmod(test.path, 0444);
    case_close(&test);
    char journal[160];
    snprintf(journal, sizeof(journal), "%s-journal", test.path);
    CHECK(access(journal, F_OK) != 0);
}

/* ---- order and ranges ----------------------------------------------------------------------------------- */

static void rows_come_in_the_order_of_values(void) {
    typedef struct OrderRow {
        const char *type;
        const char *values;
        const char *read;
    } OrderRow;
    static const OrderRow rows[] = {
        {"INT", "(3),(-1),(NULL),(2)", "-1 2 3 null"},
        {"INT", "('x'),(5),(NULL)", "5 !x null"},
        {"TEXT", "('b'),('B'),('a'),('\xC3\xA4'),('ab'),(NULL)", "B a ab b \xC3\xA4 null"},
        {"TEXT COLLATE NOCASE", "('b'),('B'),('a')", "B a b"},
        {"REAL", "(1.5),('NaN'),(9e999),(-9e999)", "-Infinity 1.5 Infinity NaN"},
        {"DECIMAL", "(10),(9.5),(-0.1)", "-0.1 9.5 10"},
        {"BLOB", "(x'02'),(x'01ff'),(x'')", "\\x \\x01ff \\x02"},
        {"TIMESTAMP",
         "('2026-01-02T00:00:00'),('2026-01-01 23:00:00'),('2026-01-02 00:00:00.5'),('infinity'),('?'),"
         "('0044-03-15 BC')",
         "0044-03-15 00:00:00 BC 2026-01-01 23:00:00 2026-01-02 00:00:00 2026-01-02 00:00:00.5 infinity !?"},
        {"DATE", "('10000-01-01'),('2026-01-02'),('-infinity')", "-infinity 2026-01-02 10000-01-01"},
        {"UUID",
         "('B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),(x'c0eebc999c0b4ef8bb6d6bb9bd380a11'),"
         "('a0eebc999c0b4ef8bb6d6bb9bd380a11'),('not one')",
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 "
         "c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 !not one"},
        {"INTERVAL", "('1 mon'),('29 days'),('-1 day'),('31 days')", "-1 days 29 days 1 mon 31 days"},
        {"", "('10'),(9),('1')", "1 10 9"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Case test;
        char sql[700];
        snprintf(sql, sizeof(sql), "CREATE TABLE t(k %s); INSERT INTO t VALUES %s", rows[i].type, rows[i].values);
        if (case_table(&test, sql, "t", "k")) {
            CHECK_TEXT(read_all(&test), rows[i].read);
        }
        case_close(&test);
    }
}

static void utf16_texts_are_ordered_by_utf8_bytes(void) {
    Case test;
    if (case_table(&test,
                   "PRAGMA encoding='UTF-16le'; CREATE TABLE t(k TEXT NOT NULL PRIMARY KEY);"
                   "INSERT INTO t VALUES ('\xC4\x80'), ('b'), ('a'), ('\xC3\xBF')",
                   "t", NULL)) {
        CHECK_TEXT(read_all(&test), "a b \xC3\xBF \xC4\x80");
    }
    case_close(&test);
}

static Scan scan_between(Case *test, const Value *from, const Value *to) {
    Scan scan = scan_all(test);
    scan.range = (Range){RANGE_BETWEEN, from, to};
    return scan;
}

static void ranges_are_half_open(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(k INT, v INT); CREATE INDEX i ON t(k);"
                   "INSERT INTO t VALUES (1,1),(2,2),(3,3),(NULL,4),('x',5),(-9223372036854775808,6)",
                   "t", "k")) {
        Value *two = value_at(&test, KIND_INT, "2"), *three = value_at(&test, KIND_DECIMAL, "3.0");
        Scan scan = scan_between(&test, NULL, two);
        CHECK_TEXT(read_scan(&test, &scan), "-9223372036854775808,6 1,1");
        scan = scan_between(&test, two, three);
        CHECK_TEXT(read_scan(&test, &scan), "2,2");
        scan = scan_between(&test, three, NULL);
        CHECK_TEXT(read_scan(&test, &scan), "3,3 !x,5");
        scan = scan_between(&test, two, two);
        CHECK_TEXT(read_scan(&test, &scan), "");
        scan.range = (Range){.rows = RANGE_WITH_NULL};
        CHECK_TEXT(read_scan(&test, &scan), "null,4");
        scan = scan_between(&test, value_at(&test, KIND_DECIMAL, "2.5"), NULL);
        CHECK_TEXT(read_scan(&test, &scan),
                   "error: cannot read a range of \"main\".\"t\": its bound is not a whole number");
    }
    case_close(&test);
}

static void composite_keys_are_cut_as_rows(void) {
    Case test;
    case_file(&test, "CREATE TABLE t(a INT, b TEXT, v INT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
                     "INSERT INTO t VALUES (1,'x',1),(1,'y',2),(2,'a',3),(2,'x',4),(3,'',5)");
    RelationRef ref = {.table = "t"};
    if (case_open(&test) && describe_ref(&test, &ref)) {
        CHECK(test.relation.key_count == 2 && test.relation.key_ordered && test.relation.key_unique);
        Value bound[2] = {*value_at(&test, KIND_INT, "2"), *value_at(&test, KIND_TEXT, "b")};
        Scan scan = scan_between(&test, NULL, bound);
        CHECK_TEXT(read_scan(&test, &scan), "1,x,1 1,y,2 2,a,3");
        scan = scan_between(&test, bound, NULL);
        CHECK_TEXT(read_scan(&test, &scan), "2,x,4 3,,5");
        Buf sql = {0};
        CHECK(ops->explain_scan(test.source, &scan, &sql, &test.err));
        CHECK_TEXT(sql.bytes, "SELECT \"a\", \"b\", \"v\" FROM \"main\".\"t\" WHERE 1 AND (\"a\", \"b\") >= (2, 'b')"
                              " ORDER BY \"a\", \"b\"");
        buf_free(&sql);
    }
    case_close(&test);
}

/* A bound in another spelling than the cells, where the cells are ordered by value. */
static void bounds_are_values(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(k TIMESTAMP NOT NULL PRIMARY KEY);"
                   "INSERT INTO t VALUES ('2026-01-01T10:00'),('2026-01-01 09:00:00'),('2026-01-02')",
                   "t", NULL)) {
        Scan scan = scan_between(&test, value_at(&test, KIND_TIMESTAMP, "2026-01-01 10:00:00"), NULL);
        CHECK_TEXT(read_scan(&test, &scan), "2026-01-01 10:00:00 2026-01-02 00:00:00");
    }
    case_close(&test);
}

/* Random integers: the ranges between any bounds give every row once, whatever the batch size is. */
static void boundaries_tile(void) {
    Case test;
    if (!case_table(&test,
                    "CREATE TABLE t(id INTEGER PRIMARY KEY);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                    "INSERT OR IGNORE INTO t SELECT abs(random()) % 20000 - 10000 FROM n;"
                    "INSERT OR IGNORE INTO t VALUES (-9223372036854775808), (9223372036854775807)",
                    "t", NULL)) {
        case_close(&test);
        return;
    }
    static const size_t wanted[] = {1, 7, 100};
    for (size_t w = 0; w < sizeof(wanted) / sizeof(wanted[0]); w++) {
        const Value **bounds;
        size_t count, rows = 0, all = 0;
        const Batch *batch = NULL;
        CHECK(ops->boundaries(test.source, &test.relation, (KeyOrder){0}, wanted[w], &test.arena, &bounds, &count,
                              &test.err));
        CHECK(count == wanted[w]);
        for (size_t i = 0; i <= count; i++) {
            Scan scan = scan_between(&test, i == 0 ? NULL : bounds[i - 1], i == count ? NULL : bounds[i]);
            CHECK(ops->scan(test.source, &scan, &test.err));
            while (ops->next(test.source, &batch, &test.err) && batch->rows > 0) {
                rows += batch->rows;
            }
            CHECK(i == 0 || i == count || value_compare(bounds[i - 1][0], bounds[i][0]) < 0);
        }
        Scan scan = scan_all(&test);
        CHECK(ops->scan(test.source, &scan, &test.err));
        while (ops->next(test.source, &batch, &test.err) && batch->rows > 0) {
            all += batch->rows;
        }
        CHECK(rows == all && all > 1024);
    }
    case_close(&test);
}

static void small_tables_have_few_boundaries(void) {
    typedef struct EndsRow {
        const char *values;
        size_t count;
    } EndsRow;
    static const EndsRow rows[] = {{"(5)", 0}, {"(5),(6)", 1}, {"(5),('x')", 0}, {"('x')", 0}, {"(5),(8),('x')", 3}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Case test;
        char sql[200];
        snprintf(sql, sizeof(sql), "CREATE TABLE t(k INT NOT NULL PRIMARY KEY); INSERT INTO t VALUES %s",
                 rows[i].values);
        if (case_table(&test, sql, "t", NULL)) {
            const Value **bounds;
            size_t count;
            CHECK(ops->boundaries(test.source, &test.relation, (KeyOrder){0}, 10, &test.arena, &bounds, &count,
                                  &test.err));
            CHECK(count == rows[i].count);
        }
        case_close(&test);
    }
}

static void rows_are_looked_up_by_key(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(k INT, v TEXT); CREATE INDEX i ON t(k);"
                   "INSERT INTO t VALUES (1,'a'),(2,'b'),(2,'c'),(NULL,'n'),('x','o')",
                   "t", "k")) {
        Value keys[5] = {*value_at(&test, KIND_INT, "1"),
                         *value_at(&test, KIND_INT, "2"),
                         *value_at(&test, KIND_INT, "77"),
                         {.kind = KIND_INT, .state = CELL_ODD},
                         {.kind = KIND_INT}};
        keys[3].as.text = str_of("x");
        Scan scan = scan_all(&test);
        CHECK(ops->lookup(test.source, &scan, keys, 5, &test.err));
        CHECK_TEXT(drain(&test), "1,a 2,b 2,c !x,o null,n");
        CHECK(ops->lookup(test.source, &scan, keys, 0, &test.err));
        CHECK_TEXT(drain(&test), "");
    }
    case_close(&test);
    if (case_table(&test, "CREATE TABLE t(k DECIMAL PRIMARY KEY); INSERT INTO t VALUES (0.1)", "t", NULL)) {
        Value keys[] = {*value_at(&test, KIND_DECIMAL, "0.100"),
                        *value_at(&test, KIND_DECIMAL, "0.1000000000000000000001")};
        Scan scan = scan_all(&test);
        CHECK(ops->lookup(test.source, &scan, keys, 2, &test.err));
        CHECK_TEXT(drain(&test), "0.1");
    }
    case_close(&test);
}

/* ---- one snapshot, one interrupt ------------------------------------------------------------------------ */

static void reads_see_one_snapshot(void) {
    Case test;
    case_file(&test, "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    sqlite3 *writer;
    CHECK(sqlite3_open(test.path, &writer) == SQLITE_OK);
    RelationRef ref = {.table = "t"};
    if (case_open(&test)) {
        CHECK(sqlite3_exec(writer, "INSERT INTO t VALUES (2)", NULL, NULL, NULL) == SQLITE_OK);
        describe_ref(&test, &ref);
        CHECK_TEXT(read_all(&test), "1");
        CHECK(ops->end(test.source, &test.err) && ops->end(test.source, &test.err));
        CHECK(ops->begin(test.source, NULL, &test.err));
        CHECK_TEXT(read_all(&test), "1 2");
    }
    sqlite3_close(writer);
    case_close(&test);
}

static void a_cancelled_read_fails(void) {
    Case test;
    if (case_table(&test, "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)", "t", NULL)) {
        Scan scan = scan_all(&test);
        const Batch *batch = NULL;
        CHECK(ops->scan(test.source, &scan, &test.err));
        ops->cancel(test.source);
        CHECK(!ops->next(test.source, &batch, &test.err) && test.err.code == TF_ERROR_INTERRUPTED);
        CHECK(ops->end(test.source, &test.err) && ops->begin(test.source, NULL, &test.err));
        CHECK_TEXT(read_all(&test), "1");
    }
    case_close(&test);
}

/* A wide row ends its batch early; no row is lost for it. */
static void batches_are_bounded(void) {
    Case test;
    if (case_table(&test,
                   "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB);"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
                   "INSERT INTO t SELECT i, zeroblob(100000) FROM n",
                   "t", NULL)) {
        Scan scan = scan_all(&test);
        const Batch *batch = NULL;
        size_t rows = 0, most = 0;
        CHECK(ops->scan(test.source, &scan, &test.err));
        while (ops->next(test.source, &batch, &test.err) && batch->rows > 0) {
            rows += batch->rows;
            most = batch->rows > most ? batch->rows : most;
        }
        CHECK(rows == 40 && most == 11);
        CHECK(ops->next(test.source, &batch, &test.err) && batch->rows == 0);
    }
    case_close(&test);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TEST_RUN(cells_are_read_as_their_types_say);
    TEST_RUN(floats_keep_every_bit);
    TEST_RUN(a_column_is_read_as_the_kind_that_is_wanted);
    TEST_RUN(tables_tell_their_keys);
    TEST_RUN(columns_of_every_sort_are_described);
    TEST_RUN(computed_columns_have_the_type_of_their_cast);
    TEST_RUN(hostile_names_are_literal);
    TEST_RUN(views_are_read_by_a_named_key);
    TEST_RUN(mistakes_are_named);
    TEST_RUN(files_that_are_none_are_refused);
    TEST_RUN(damage_is_an_error);
    TEST_RUN(nothing_is_written);
    TEST_RUN(rows_come_in_the_order_of_values);
    TEST_RUN(utf16_texts_are_ordered_by_utf8_bytes);
    TEST_RUN(ranges_are_half_open);
    TEST_RUN(composite_keys_are_cut_as_rows);
    TEST_RUN(bounds_are_values);
    TEST_RUN(boundaries_tile);
    TEST_RUN(small_tables_have_few_boundaries);
    TEST_RUN(rows_are_looked_up_by_key);
    TEST_RUN(reads_see_one_snapshot);
    TEST_RUN(a_cancelled_read_fails);
    TEST_RUN(batches_are_bounded);
    char command[80];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) == 0 ? test_finish() : 1;
}
