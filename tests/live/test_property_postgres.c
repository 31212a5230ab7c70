/* The evaluator against the server: test_property_postgres CONNINFO [SEED [EXPRESSIONS]]
 *
 * Random typed expressions over random rows from pools of nasty values. Each is parsed, bound and run over the rows,
 * and written as SQL and asked of the server; every value must be the same. The session's zone is odd and the text
 * columns have odd collations on purpose. Expressions come from ops.def: a new operator is tested as soon as it is
 * there. On a disagreement expression, row, SQL and both answers are printed.
 */
#include "../unit/test.h"

#include "base/json.h"
#include "expr/bind.h"
#include "expr/ops.h"
#include "expr/program.h"
#include "expr/sql.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 24, EXPRESSIONS_A_QUERY = 40, DEFAULT_EXPRESSIONS = 20000, MAX_POOL = 40, MAX_SHOWN = 20 };

/* ---- random --------------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_next(void) {
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t random_below(size_t count) {
    return (size_t)(random_next() % count);
}

static bool chance(size_t percent) {
    return random_below(100) < percent;
}

/* ---- columns and values --------------------------------------------------------------------------------- */

typedef struct TestColumn {
    const char *name;
    Kind kind;
    const char *type;
    int64_t least, most; /* of integers */
} TestColumn;

#define BIG INT64_MAX

static const TestColumn test_columns[] = {
    {"small", KIND_INT, "smallint", -32768, 32767},
    {"plain", KIND_INT, "integer", -2147483648, 2147483647},
    {"big", KIND_INT, "bigint", INT64_MIN, BIG},
    {"num", KIND_DECIMAL, "numeric", 0, 0},
    {"price", KIND_DECIMAL, "numeric(12,2)", 0, 0},
    {"single", KIND_FLOAT, "float4", 0, 0},
    {"double", KIND_FLOAT, "float8", 0, 0},
    {"note", KIND_TEXT, "text", 0, 0},
    {"german", KIND_TEXT, "varchar collate \"de-x-icu\"", 0, 0},
    {"code", KIND_TEXT, "char(12)", 0, 0},
    {"flag", KIND_BOOL, "bool", 0, 0},
    {"blob", KIND_BYTES, "bytea", 0, 0},
    {"at", KIND_TIMESTAMPTZ, "timestamptz", 0, 0},
    {"local", KIND_TIMESTAMP, "timestamp", 0, 0},
    {"day", KIND_DATE, "date", 0, 0},
    {"clock", KIND_TIME, "time", 0, 0},
    {"span", KIND_INTERVAL, "interval", 0, 0},
    {"ident", KIND_UUID, "uuid", 0, 0},
    {"doc", KIND_JSON, "jsonb", 0, 0},
};

enum { COLUMNS = sizeof test_columns / sizeof test_columns[0] };

static const char *const pools[KIND_COUNT][MAX_POOL] = {
    [KIND_BOOL] = {"true", "false"},
    [KIND_INT] = {"0", "1", "-1", "2", "3", "7", "10", "100", "-100", "12345", "32767", "-32768", "2147483647",
                  "-2147483648", "2147483648", "9007199254740993", "9223372036854775807", "-9223372036854775808",
                  "1700000000"},
    [KIND_DECIMAL] = {"0",
                      "0.00",
                      "1",
                      "1.0",
                      "-1.50",
                      "0.01",
                      "0.1",
                      "12.34",
                      "99.995",
                      "-99.995",
                      "2.5",
                      "-2.5",
                      "0.005",
                      "1234567890.12",
                      "99999999999999999999999999999999999999",
                      "-99999999999999999999999999999999999999",
                      "0.00000000000000000000000000000000000001",
                      "9223372036854775807",
                      "9223372036854775808",
                      "-9223372036854775809",
                      "123456789012345678.123456789",
                      "NaN",
                      "Infinity",
                      "-Infinity",
                      "9007199254740993",
                      "1e25",
                      "3.3333333333"},
    [KIND_FLOAT] = {"0",
                    "-0",
                    "1",
                    "-1",
                    "0.1",
                    "0.30000000000000004",
                    "2.5",
                    "3.5",
                    "-2.5",
                    "1e15",
                    "1e16",
                    "123456.789",
                    "9007199254740992",
                    "1e-5",
                    "1e-30",
                    "1e37",
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "2147483648",
                    "9223372036854775808",
                    "-9223372036854775808",
                    "0.5",
                    "1e-300",
                    "1e300",
                    "1.7976931348623157e308",
                    "5e-324"},
    [KIND_TEXT] = {"",
                   "a",
                   "A",
                   "b",
                   "ab",
                   "abc",
                   "  abc ",
                   "ä",
                   "Ä",
                   "ß",
                   "é",
                   "😀",
                   "€ 5",
                   "a-b-c",
                   "a_b",
                   "100%",
                   "\\",
                   "a\\",
                   "NULL",
                   "null",
                   "0",
                   "1",
                   "42",
                   " 42 ",
                   "-7",
                   "12.50",
                   "1e3",
                   "abc123",
                   "true",
                   "f",
                   "2024-02-29",
                   "2023-02-29",
                   "2026-01-02 03:04:05",
                   "2026-12-31T23:59:59.999999+02:30",
                   "23:59",
                   "NaN",
                   "EUR",
                   "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                   "99999999999"},
    [KIND_BYTES] = {"\\x", "\\x00", "\\xff", "\\x61", "\\x00ff00"},
    [KIND_TIMESTAMPTZ] = {"2000-01-01 00:00:00+00", "1999-12-31 23:59:59.999999+00", "2024-02-29 12:00:00+00",
                          "2023-12-31 23:30:00-01", "2026-03-29 01:30:00+00", "1969-12-31 23:59:59.5+00",
                          "1970-01-01 00:00:00+00", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00",
                          "infinity", "-infinity", "4000-01-01 00:00:00+00 BC", "294000-01-01 00:00:00+00",
                          "2021-01-03 10:00:00+00"},
    [KIND_TIMESTAMP] = {"2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:00:00",
                        "2024-01-31 08:00:00", "2023-12-31 23:30:00", "1969-12-31 23:59:59.5", "0001-01-01 00:00:00",
                        "9999-12-31 23:59:59.999999", "infinity", "-infinity", "0044-03-15 12:00:00 BC",
                        "294276-12-31 23:59:59", "2020-12-31 10:11:12"},
    [KIND_DATE] = {"2000-01-01", "1999-12-31", "2024-02-29", "2023-02-28", "2024-12-31", "2021-01-03", "2027-01-01",
                   "0001-01-01", "9999-12-31", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31", "1970-01-01"},
    [KIND_TIME] = {"00:00:00", "23:59:59.999999", "24:00:00", "12:00:00", "01:02:03.5"},
    [KIND_INTERVAL] = {"0", "1 day", "24:00:00", "1 mon", "30 days", "-1 mon", "1 year", "-1 days +02:03:04",
                       "00:00:00.000001", "1 mon -1 days", "900 years", "2000 years", "500000 days", "-25:00:00",
                       "20000000:00:00", "13 mons"},
    [KIND_UUID] = {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                   "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    [KIND_JSON] = {"{}", "[]", "null", "1", "1.50", "\"x\"", "true", "{\"a\": 1, \"b\": \"x\"}",
                   "{\"b\": \"x\", \"a\": 1.0}", "{\"a\": null}", "{\"a\": {\"b\": [1, 2, {\"c\": \"\\u00e4\"}]}}",
                   "[1, \"two\", null, [3], {\"a\": 4}]", "{\"a\": \"42\", \"\": 0}", "[1.0]", "9007199254740993",
                   "9007199254740992"},
};

static size_t pool_size(Kind kind) {
    size_t count = 0;
    while (count < MAX_POOL && pools[kind][count] != NULL) {
        count++;
    }
    return count;
}

static const char *pool_pick(Kind kind) {
    return pools[kind][random_below(pool_size(kind))];
}

/* ---- the table ------------------------------------------------------------------------------------------ */

typedef struct World {
    PGconn *connection;
    Arena arena;
    ExprColumn columns[COLUMNS];
    Batch batch[2]; /* old, new */
    size_t slots[COLUMNS];
    uint32_t rows[ROWS];
} World;

static PGresult *ask(World *world, const char *sql) {
    return PQexec(world->connection, sql);
}

static void must(World *world, const char *sql) {
    PGresult *result = ask(world, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        printf("%s\n%s", sql, PQerrorMessage(world->connection));
        printf("0 passed, 1 failed\n");
        exit(1);
    }
    PQclear(result);
}

static void quote(World *world, const char *text, Buf *out) {
    char *literal = PQescapeLiteral(world->connection, text, strlen(text));
    buf_text(out, literal);
    PQfreemem(literal);
}

/* A value that the column can hold, as a literal. */
static void write_cell(World *world, const TestColumn *column, Buf *out) {
    const char *text = pool_pick(column->kind);
    if (column->kind == KIND_INT) {
        int64_t value = strtoll(text, NULL, 10);
        text = value < column->least || value > column->most ? "5" : text;
    }
    if (strcmp(column->type, "numeric(12,2)") == 0) {
        text = strlen(text) > 8 || strchr(text, 'e') != NULL || strchr(text, 'I') != NULL ? "19.99" : text;
    }
    if (strcmp(column->type, "float4") == 0) {
        double size = strtod(text, NULL);
        text = size > 1e38 || size < -1e38 || (size != 0 && size < 1e-37 && size > -1e-37) ? "1.5" : text;
    }
    if (strcmp(column->type, "char(12)") == 0 && strlen(text) > 12) {
        text = "x y";
    }
    if (chance(15)) {
        buf_text(out, "null");
    } else {
        quote(world, text, out);
    }
}

static void make_table(World *world) {
    Buf sql = {0};
    buf_text(&sql, "create temp table t (id int");
    for (size_t side = 0; side < 2; side++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            buf_printf(&sql, ", %c%zu %s", side == 0 ? 'o' : 'n', c, test_columns[c].type);
        }
    }
    buf_text(&sql, ")");
    must(world, sql.bytes);
    for (size_t row = 0; row < ROWS; row++) {
        buf_empty(&sql);
        buf_printf(&sql, "insert into t values (%zu", row);
        for (size_t c = 0; c < 2 * COLUMNS; c++) {
            buf_text(&sql, ", ");
            write_cell(world, &test_columns[c % COLUMNS], &sql);
        }
        buf_text(&sql, ")");
        must(world, sql.bytes);
    }
    buf_free(&sql);
}

/* What a driver would decode: char(n) without padding, float4 widened. */
static void load_side(World *world, int side) {
    Kind kinds[COLUMNS];
    Buf sql = {0};
    for (size_t c = 0; c < COLUMNS; c++) {
        bool single = strcmp(test_columns[c].type, "float4") == 0;
        kinds[c] = test_columns[c].kind;
        buf_printf(&sql, "%s (%c%zu%s)::text", c == 0 ? "select" : ",", side == 0 ? 'o' : 'n', c,
                   single ? "::float8" : "");
    }
    buf_text(&sql, " from t order by id");
    PGresult *result = ask(world, sql.bytes);
    world->batch[side] = batch_make(&world->arena, COLUMNS, kinds, BATCH_ROWS);
    world->batch[side].rows = ROWS;
    for (int row = 0; row < ROWS; row++) {
        for (int c = 0; c < (int)COLUMNS; c++) {
            Value value = {.kind = kinds[c], .state = CELL_NULL};
            if (!PQgetisnull(result, row, c) &&
                !CHECK(value_parse(&world->arena, kinds[c], str_of(PQgetvalue(result, row, c)), &value))) {
                printf("    cannot read %s\n", PQgetvalue(result, row, c));
            }
            column_set(&world->arena, &world->batch[side].columns[c], (size_t)row, value);
        }
    }
    PQclear(result);
    buf_free(&sql);
}

/* ---- expressions ---------------------------------------------------------------------------------------- */

static void generate(Kind kind, int depth, Buf *out);

static Kind random_kind(bool ordered) {
    static const Kind kinds[] = {KIND_INT,  KIND_INT,      KIND_DECIMAL,   KIND_DECIMAL, KIND_FLOAT,       KIND_TEXT,
                                 KIND_TEXT, KIND_BOOL,     KIND_TIMESTAMP, KIND_DATE,    KIND_TIMESTAMPTZ, KIND_TIME,
                                 KIND_UUID, KIND_INTERVAL, KIND_BYTES,     KIND_JSON};
    return kinds[random_below(sizeof kinds / sizeof kinds[0] - (ordered ? 1 : 0))];
}

static void generate_column(Kind kind, Buf *out) {
    size_t matches[COLUMNS], count = 0;
    for (size_t c = 0; c < COLUMNS; c++) {
        if (test_columns[c].kind == kind) {
            matches[count++] = c;
        }
    }
    buf_printf(out, "%s.%s", chance(50) ? "old" : "new", test_columns[matches[random_below(count)]].name);
}

static void generate_text(const char *text, Buf *out) {
    buf_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            buf_char(out, '\'');
        }
        buf_char(out, *text);
    }
    buf_char(out, '\'');
}

static void generate_literal(Kind kind, Buf *out) {
    const char *text = pool_pick(kind);
    bool word = strpbrk(text, "NI") != NULL;
    if (chance(5)) {
        buf_text(out, "null");
    } else if (kind == KIND_TEXT) {
        generate_text(text, out);
    } else if (kind == KIND_BOOL || ((kind == KIND_INT || kind == KIND_DECIMAL) && !word)) {
        buf_text(out, text);
    } else {
        generate_text(text, out);
        buf_printf(out, "::%s", kind == KIND_DECIMAL ? "numeric" : kind == KIND_BYTES ? "bytea" : kind_name(kind));
    }
}

static void generate_small_int(Buf *out) {
    if (chance(70)) {
        buf_printf(out, "%d", (int)random_below(9) - 3);
    } else {
        generate_column(KIND_INT, out);
    }
}

static void generate_unit(Buf *out) {
    static const char *const units[] = {"second", "minute", "hour", "day", "week", "month", "quarter", "year"};
    buf_printf(out, "'%s'", units[random_below(8)]);
}

/* A kind that meets `kind` in a comparison. */
static Kind neighbour(Kind kind) {
    if (kind == KIND_INT || kind == KIND_DECIMAL) {
        return chance(90) ? (chance(50) ? KIND_INT : KIND_DECIMAL) : KIND_FLOAT;
    }
    return kind == KIND_TIMESTAMP && chance(20) ? KIND_DATE : kind;
}

static void generate_arg(const OpArg *arg, Kind result, Kind same, bool text_call, int depth, Buf *out) {
    static const Kind moments[] = {KIND_DATE, KIND_TIMESTAMP, KIND_TIMESTAMPTZ};
    switch (arg->what) {
    case OP_ARG_NUMBER:
        generate(result == KIND_INT || chance(40) ? KIND_INT : KIND_DECIMAL, depth, out);
        break;
    case OP_ARG_SAME:
    case OP_ARG_ORDERED:
        generate(same, depth, out);
        break;
    case OP_ARG_MOMENT:
        generate(moments[random_below(3)], depth, out);
        break;
    case OP_ARG_DIGITS:
        buf_printf(out, "%d", (int)random_below(9) - 3);
        break;
    case OP_ARG_UNIT:
        generate_unit(out);
        break;
    case OP_ARG_ANY:
        generate(random_kind(false), depth, out);
        break;
    case OP_ARG_KIND:
        if (arg->kind == KIND_INT && (text_call || chance(50))) {
            generate_small_int(out);
        } else {
            generate(arg->kind, depth, out);
        }
        break;
    }
}

static bool word_gives(const OpDoc *doc, Kind kind) {
    bool number = kind == KIND_INT || kind == KIND_DECIMAL;
    if (doc->form == OP_INTERNAL || doc->id == OP_CAST || doc->id == OP_CASE || doc->id == OP_CASE_OF) {
        return false;
    }
    return (strcmp(doc->result, "number") == 0 && number) || strcmp(doc->result, kind_name(kind)) == 0 ||
           (strcmp(doc->result, "same") == 0 && (kind != KIND_JSON || strstr(doc->arguments, "ordered") == NULL));
}

static void generate_call(const OpDoc *doc, Kind kind, int depth, Buf *out) {
    OpArg args[OP_MAX_ARGS];
    size_t count = op_args(doc->id, args);
    Kind same = strcmp(doc->result, "same") == 0 ? kind : random_kind(args[0].what == OP_ARG_ORDERED);
    bool returns_same = strcmp(doc->result, "same") == 0;
    size_t written = count;
    if (args[count - 1].optional && chance(50)) {
        written--;
    } else if (args[count - 1].repeated) {
        written += random_below(3);
    }
    bool infix = doc->form == OP_INFIX, prefix = doc->form == OP_PREFIX;
    buf_printf(out, "%s%s(", prefix ? "(" : "", infix ? "(" : doc->name);
    for (size_t i = 0; i < written; i++) {
        const OpArg *arg = &args[i < count ? i : count - 1];
        Kind wanted = returns_same || (same == KIND_JSON) ? same : neighbour(same);
        if (i > 0) {
            buf_printf(out, infix ? ") %s (" : ", ", doc->name);
        }
        generate_arg(arg, kind, wanted, doc->form == OP_CALL && args[0].kind == KIND_TEXT, depth - 1, out);
    }
    buf_text(out, infix || prefix ? "))" : ")");
}

static void generate_special(const OpDoc *doc, int depth, Buf *out) {
    Kind kind = random_kind(doc->id == OP_BETWEEN);
    buf_text(out, "((");
    switch ((int)doc->id) {
    case OP_AND:
    case OP_OR:
        generate(KIND_BOOL, depth - 1, out);
        for (size_t i = random_below(3) + 1; i > 0; i--) {
            buf_printf(out, ") %s (", doc->name);
            generate(KIND_BOOL, depth - 1, out);
        }
        break;
    case OP_NOT:
        out->length -= 1;
        buf_text(out, "not (");
        generate(KIND_BOOL, depth - 1, out);
        break;
    case OP_IS_NULL:
        generate(kind, depth - 1, out);
        buf_printf(out, ") is %snull and (true", chance(50) ? "not " : "");
        break;
    case OP_IS_TRUE:
    case OP_IS_FALSE:
    case OP_IS_UNKNOWN:
        generate(KIND_BOOL, depth - 1, out);
        buf_printf(out, ") %s or (false", doc->name);
        break;
    case OP_IN:
        generate(kind, depth - 1, out);
        buf_printf(out, ") %sin (", chance(30) ? "not " : "");
        for (size_t i = random_below(4) + 1; i > 0; i--) {
            generate(kind, chance(70) ? 0 : depth - 1, out);
            buf_text(out, i > 1 ? ", " : "");
        }
        break;
    case OP_BETWEEN:
        generate(kind, depth - 1, out);
        buf_printf(out, ") %sbetween (", chance(30) ? "not " : "");
        generate(neighbour(kind), depth - 1, out);
        buf_text(out, ") and (");
        generate(kind, depth - 1, out);
        break;
    case OP_LIKE: {
        static const char *const patterns[] = {"%",  "_",  "a%",    "%a%",   "%\\%", "_b_",
                                               "%c", "__", "a\\_b", "%\\\\", "x\\"};
        generate(KIND_TEXT, depth - 1, out);
        buf_printf(out, ") %slike (", chance(30) ? "not " : "");
        if (chance(70)) {
            generate_text(patterns[random_below(11)], out);
        } else {
            generate(KIND_TEXT, depth - 1, out);
        }
        break;
    }
    default: /* is distinct from */
        generate(kind, depth - 1, out);
        buf_printf(out, ") %s (", doc->name);
        generate(neighbour(kind), depth - 1, out);
        break;
    }
    buf_text(out, "))");
}

static void generate_case(Kind kind, int depth, Buf *out) {
    Kind compared = random_kind(true);
    bool simple = chance(40);
    buf_text(out, "case ");
    if (simple) {
        generate(compared, depth - 1, out);
    }
    for (size_t i = random_below(2) + 1; i > 0; i--) {
        buf_text(out, " when ");
        generate(simple ? compared : KIND_BOOL, depth - 1, out);
        buf_text(out, " then ");
        generate(kind, depth - 1, out);
    }
    if (chance(70)) {
        buf_text(out, " else ");
        generate(kind, depth - 1, out);
    }
    buf_text(out, " end");
}

static void generate_cast(Kind kind, int depth, Buf *out) {
    static const char *const types[KIND_COUNT][6] = {
        [KIND_BOOL] = {"bool"},
        [KIND_INT] = {"smallint", "integer", "bigint"},
        [KIND_DECIMAL] = {"numeric", "numeric(10,2)", "numeric(5)", "numeric(30,12)"},
        [KIND_FLOAT] = {"float", "real"},
        [KIND_TEXT] = {"text", "varchar(3)"},
        [KIND_BYTES] = {"bytea"},
        [KIND_TIMESTAMPTZ] = {"timestamptz"},
        [KIND_TIMESTAMP] = {"timestamp"},
        [KIND_DATE] = {"date"},
        [KIND_TIME] = {"time"},
        [KIND_INTERVAL] = {"interval"},
        [KIND_UUID] = {"uuid"},
        [KIND_JSON] = {"json"},
    };
    Kind from = kind;
    for (int tries = 0; tries < 30; tries++) {
        Kind candidate = random_kind(false);
        if (cast_exists(candidate, kind)) {
            from = candidate;
            break;
        }
    }
    size_t count = 0;
    while (types[kind][count] != NULL) {
        count++;
    }
    buf_text(out, "(");
    if (chance(50)) {
        generate_column(from, out);
    } else {
        generate(from, depth - 1, out);
    }
    buf_printf(out, ")::%s", types[kind][random_below(count)]);
}

static void generate_operator(Kind kind, int depth, Buf *out) {
    size_t count, found = 0;
    const OpDoc *docs = expr_ops(&count);
    const OpDoc *matches[OP_COUNT];
    for (size_t i = 0; i < count; i++) {
        if (word_gives(&docs[i], kind)) {
            matches[found++] = &docs[i];
        }
    }
    const OpDoc *doc = matches[random_below(found)];
    if (doc->form == OP_SPECIAL) {
        generate_special(doc, depth, out);
    } else {
        generate_call(doc, kind, depth, out);
    }
}

static void generate(Kind kind, int depth, Buf *out) {
    size_t what = random_below(100);
    if (depth <= 0 || what < 10) {
        if (chance(75)) {
            generate_column(kind, out);
        } else {
            generate_literal(kind, out);
        }
    } else if (what < 18) {
        generate_case(kind, depth, out);
    } else if (what < 30) {
        generate_cast(kind, depth, out);
    } else {
        generate_operator(kind, depth, out);
    }
}

/* ---- asking both ---------------------------------------------------------------------------------------- */

typedef struct Question {
    const char *text;
    const char *sql;
    Kind kind;
    Value answers[ROWS];
} Question;

typedef struct Tally {
    size_t expressions, values, unknown, refused, no_sql, wrong;
} Tally;

static void write_column(void *self, ExprSide side, size_t column, Buf *out) {
    (void)self;
    buf_printf(out, "t.%c%zu", side == EXPR_NEW ? 'n' : 'o', column);
}

static void evaluate(World *world, Arena *arena, const Expr *expr, Question *question) {
    Program *program = program_make(arena, expr, world->slots, world->slots);
    ProgramState *state = program_state(arena, program);
    RowPairs pairs = {&world->batch[0], &world->batch[1], world->rows, world->rows, ROWS};
    if (question->kind == KIND_BOOL) {
        uint8_t truth[ROWS];
        program_truth(program, state, &pairs, truth);
        for (size_t i = 0; i < ROWS; i++) {
            question->answers[i] =
                (Value){.kind = KIND_BOOL, .state = truth[i] != TRUTH_UNKNOWN, .as.integer = truth[i]};
        }
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        pairs.old_rows = pairs.new_rows = &world->rows[i];
        pairs.count = 1;
        question->answers[i] = program_value(program, state, &pairs, arena);
    }
}

/* False: refused, as an exact quotient's text is, or without SQL. */
static bool make_question(World *world, Arena *arena, Question *question, Tally *tally) {
    static const SqlColumns columns = {write_column, NULL};
    Buf text = {0}, sql = {0};
    Expr *expr;
    Place place;
    Err err;
    ExprScope scope = {{world->columns, COLUMNS}, {world->columns, COLUMNS}, false};
    Kind kind = chance(60) ? KIND_BOOL : random_kind(false);
    generate(kind, 1 + (int)random_below(4), &text);
    question->text = arena_copy(arena, text.bytes, text.length);
    bool bound = expr_parse(arena, str_of(question->text), &expr, &place, &err) &&
                 expr_bind(expr, arena, &scope, KIND_COUNT, &place, &err);
    bool good = bound && expr_sql(expr, &columns, &sql, &err);
    if (!bound && getenv("PROPERTY_SHOW_REFUSED") != NULL) {
        printf("refused: %s\n    %s\n", question->text, err.text);
    }
    tally->refused += !bound;
    tally->no_sql += bound && !good;
    if (good) {
        question->sql = arena_copy(arena, sql.bytes, sql.length);
        question->kind = expr_kind(expr);
        evaluate(world, arena, expr, question);
    }
    buf_free(&text);
    buf_free(&sql);
    return good;
}

static bool same_answer(Arena *arena, Kind kind, Value ours, const char *theirs) {
    Value value = {.kind = kind, .state = CELL_NULL};
    if (theirs != NULL && !value_parse(arena, kind == KIND_INT ? KIND_DECIMAL : kind, str_of(theirs), &value)) {
        return false;
    }
    if (value.state != ours.state) {
        return false;
    }
    if (kind == KIND_JSON && theirs != NULL) {
        Buf a = {0}, b = {0};
        bool same = json_canonical(ours.as.text, arena, &a) && json_canonical(value.as.text, arena, &b) &&
                    str_equal(buf_view(&a), buf_view(&b));
        buf_free(&a);
        buf_free(&b);
        return same;
    }
    return value_compare(ours, value) == 0;
}

static void show_row(World *world, int row) {
    for (int side = 0; side < 2; side++) {
        printf("    %s:", side == 0 ? "old" : "new");
        for (size_t c = 0; c < COLUMNS; c++) {
            Buf text = {0};
            value_print(column_value(&world->batch[side].columns[c], (size_t)row), &text);
            printf(" %s=%s", test_columns[c].name, text.length == 0 ? "''" : text.bytes);
            buf_free(&text);
        }
        printf("\n");
    }
}

static void show_difference(World *world, const Question *question, int row, const char *theirs) {
    Buf ours = {0};
    value_print(question->answers[row], &ours);
    printf("\n%s\n    sql: %s\n    row %d: evaluator %s, server %s\n", question->text, question->sql, row,
           question->answers[row].state == CELL_VALUE ? ours.length > 0 ? ours.bytes : "''" : "null",
           theirs == NULL ? "null" : theirs);
    show_row(world, row);
    buf_free(&ours);
}

static void compare_answers(World *world, const Question *question, const PGresult *result, int column, Tally *tally) {
    Arena arena = {0};
    bool agreed = true;
    for (int row = 0; row < ROWS; row++) {
        const char *theirs = PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
        tally->values++;
        tally->unknown += question->answers[row].state != CELL_VALUE;
        if (agreed && !same_answer(&arena, question->kind, question->answers[row], theirs)) {
            agreed = false;
            if (tally->wrong < MAX_SHOWN) {
                show_difference(world, question, row, theirs);
            }
        }
    }
    tally->wrong += !agreed;
    arena_free(&arena);
}

static PGresult *ask_all(World *world, const Question *questions, size_t count) {
    Buf sql = {0};
    for (size_t i = 0; i < count; i++) {
        buf_printf(&sql, "%s ", i == 0 ? "select" : ",");
        buf_text(&sql, questions[i].sql);
    }
    buf_text(&sql, " from t order by id");
    PGresult *result = ask(world, sql.bytes);
    buf_free(&sql);
    return result;
}

/* The server refused the whole query: which expressions was it? */
static void ask_one_by_one(World *world, const Question *questions, size_t count, Tally *tally) {
    for (size_t i = 0; i < count; i++) {
        PGresult *result = ask_all(world, &questions[i], 1);
        if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            compare_answers(world, &questions[i], result, 0, tally);
        } else if (tally->wrong++ < MAX_SHOWN) {
            printf("\n%s\n    sql: %s\n    %s", questions[i].text, questions[i].sql, PQresultErrorMessage(result));
        }
        PQclear(result);
    }
}

static void ask_both(World *world, Tally *tally) {
    Arena arena = {0};
    Question *questions = ARENA_MANY(&arena, EXPRESSIONS_A_QUERY, Question);
    size_t count = 0;
    while (count < EXPRESSIONS_A_QUERY) {
        count += make_question(world, &arena, &questions[count], tally);
    }
    PGresult *result = ask_all(world, questions, count);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        for (size_t i = 0; i < count; i++) {
            compare_answers(world, &questions[i], result, (int)i, tally);
        }
    } else {
        ask_one_by_one(world, questions, count, tally);
    }
    tally->expressions += count;
    PQclear(result);
    arena_free(&arena);
}

static void prepare(World *world, const char *conninfo) {
    world->connection = PQconnectdb(conninfo);
    if (PQstatus(world->connection) != CONNECTION_OK) {
        printf("%s0 passed, 1 failed\n", PQerrorMessage(world->connection));
        exit(1);
    }
    must(world, "set client_min_messages = warning");
    must(world,
         "set extra_float_digits = 1; set intervalstyle = postgres; set datestyle = iso; set bytea_output = hex");
    must(world, "set client_encoding = utf8; set timezone = 'Asia/Kolkata'; set jit = off");
    for (size_t c = 0; c < COLUMNS; c++) {
        world->columns[c] = (ExprColumn){test_columns[c].name, test_columns[c].kind, true, test_columns[c].type};
        world->slots[c] = c;
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        world->rows[row] = row;
    }
    make_table(world);
    load_side(world, 0);
    load_side(world, 1);
}

int main(int argc, char **argv) {
    const char *conninfo = argc > 1 ? argv[1] : getenv("TWOFOLD_TEST_URL");
    size_t wanted = argc > 3 ? strtoull(argv[3], NULL, 10) : DEFAULT_EXPRESSIONS;
    World world = {0};
    Tally tally = {0};
    if (conninfo == NULL) {
        printf("usage: test_property_postgres CONNINFO [SEED [EXPRESSIONS]]\n0 passed, 1 failed\n");
        return 1;
    }
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)random_state);
    test_name = "evaluator and server agree";
    prepare(&world, conninfo);
    while (tally.expressions < wanted && tally.wrong < MAX_SHOWN) {
        ask_both(&world, &tally);
    }
    printf("%zu expressions, %zu values, %zu of them null or unknown; %zu refused, %zu without SQL, %zu disagree\n",
           tally.expressions, tally.values, tally.unknown, tally.refused, tally.no_sql, tally.wrong);
    CHECK(tally.wrong == 0);
    CHECK(tally.expressions >= wanted);
    CHECK(tally.unknown < tally.values * 9 / 10);
    PQfinish(world.connection);
    arena_free(&world.arena);
    return test_finish();
}
