/* The language by examples: tests/rules/expressions.test, and the example of every row of ops.def.
 *
 * A case is three lines and an empty one; lines that begin with # are comments:
 *
 *     new.minor = old.total * 100               the expression
 *     old.total = 12.50; new.minor = 1250       the row: names and constants; may be empty
 *     true                                      its value; unknown; or: error at "old.totl": sentence
 *
 * A row with names without old. and new. is one row, as with rows:. */
#include "expr/ops.h"
#include "expr/program.h"
#include "test.h"

#include <stdlib.h>

enum { MAX_CELLS = 16 };

typedef struct Row {
    ExprColumn columns[2][MAX_CELLS];
    Value cells[2][MAX_CELLS];
    size_t counts[2];
    bool one_row;
} Row;

/* ---- evaluating ----------------------------------------------------------------------------------------- */

static Batch batch_of(Arena *arena, const Row *row, int side, size_t *slots) {
    Kind kinds[MAX_CELLS];
    for (size_t i = 0; i < row->counts[side]; i++) {
        kinds[i] = row->cells[side][i].kind;
        slots[i] = i;
    }
    Batch batch = batch_make(arena, row->counts[side], kinds, BATCH_ROWS);
    for (size_t i = 0; i < row->counts[side]; i++) {
        column_set(arena, &batch.columns[i], 0, row->cells[side][i]);
    }
    batch.rows = 1;
    return batch;
}

static Value evaluate(Arena *arena, const Expr *expr, const Row *row) {
    size_t slots[2][MAX_CELLS];
    uint32_t first = 0;
    Batch old = batch_of(arena, row, 0, slots[0]), new_ = batch_of(arena, row, 1, slots[1]);
    RowPairs pair = {&old, &new_, &first, &first, 1};
    Program *program = program_make(arena, expr, slots[0], slots[1]);
    return program_value(program, program_state(arena, program), &pair, arena);
}

static ExprScope scope_of(const Row *row) {
    return (ExprScope){{row->columns[0], row->counts[0]}, {row->columns[1], row->counts[1]}, row->one_row};
}

static void print_error(Str text, Place place, const Err *err, Buf *out) {
    buf_printf(out, "error at \"%.*s\": %s", (int)place.length, text.bytes + place.offset, err->text);
}

/* The answer as the test file writes it. */
static bool answer(Arena *arena, Str text, const Row *row, Value *out_value, Buf *out) {
    Expr *expr;
    Place place = {0};
    Err err;
    ExprScope scope = scope_of(row);
    if (!expr_parse(arena, text, &expr, &place, &err) || !expr_bind(expr, arena, &scope, KIND_COUNT, &place, &err)) {
        print_error(text, place, &err, out);
        return false;
    }
    Value value = evaluate(arena, expr, row);
    if (value.state != CELL_VALUE) {
        buf_text(out, expr_kind(expr) == KIND_BOOL ? "unknown" : "null");
    } else if (value.kind == KIND_BOOL) {
        buf_text(out, value.as.integer != 0 ? "true" : "false");
    } else {
        value_print(value, out);
    }
    value.kind = expr_kind(expr) == KIND_DECIMAL && value.kind == KIND_INT ? KIND_INT : value.kind;
    *out_value = value;
    if (value.state != CELL_VALUE) {
        out_value->kind = expr_kind(expr);
    }
    return true;
}

/* ---- reading a row -------------------------------------------------------------------------------------- */

static bool read_cell(Arena *arena, Str item, Row *row) {
    const char *equals = memchr(item.bytes, '=', item.length);
    if (equals == NULL) {
        return false;
    }
    Str name = str_trim((Str){item.bytes, (size_t)(equals - item.bytes)});
    Str constant = str_trim((Str){equals + 1, item.length - (size_t)(equals + 1 - item.bytes)});
    int side = str_starts_with(name, "new.") ? 1 : 0;
    bool prefixed = side == 1 || str_starts_with(name, "old.");
    row->one_row = row->one_row || !prefixed;
    if (prefixed) {
        name = (Str){name.bytes + 4, name.length - 4};
    }
    const Row nothing = {0};
    Buf ignored = {0};
    size_t i = row->counts[side];
    Value *cell = &row->cells[side][i];
    bool good = i < MAX_CELLS && answer(arena, constant, &nothing, cell, &ignored);
    buf_free(&ignored);
    if (good) {
        row->columns[side][i] = (ExprColumn){arena_copy(arena, name.bytes, name.length), cell->kind, true, NULL};
        row->counts[side]++;
    }
    return good;
}

static bool read_row(Arena *arena, Str line, Row *row) {
    size_t at = 0;
    bool good = true;
    while (good && str_trim((Str){line.bytes + at, line.length - at}).length > 0) {
        const char *end = memchr(line.bytes + at, ';', line.length - at);
        size_t stop = end == NULL ? line.length : (size_t)(end - line.bytes);
        good = read_cell(arena, (Str){line.bytes + at, stop - at}, row);
        at = stop < line.length ? stop + 1 : stop;
    }
    return good;
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static Str read_file(Arena *arena, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("could not open %s\n", path);
        return (Str){0};
    }
    char *bytes = arena_alloc(arena, 1 << 20);
    size_t length = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    return (Str){bytes, length};
}

static bool next_line(Str *rest, Str *line) {
    if (rest->length == 0) {
        return false;
    }
    const char *end = memchr(rest->bytes, '\n', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->bytes);
    *line = (Str){rest->bytes, length};
    size_t used = end == NULL ? length : length + 1;
    *rest = (Str){rest->bytes + used, rest->length - used};
    return true;
}

static void check_case(Str expression, Str cells, Str wanted, int line) {
    Arena arena = {0};
    Row row = {0};
    Buf got = {0};
    Value value;
    char where[64];
    (void)snprintf(where, sizeof where, "expressions.test:%d", line);
    test_name = where;
    if (CHECK(read_row(&arena, cells, &row))) {
        (void)answer(&arena, expression, &row, &value, &got);
        CHECK_TEXT(got.bytes == NULL ? "" : got.bytes, arena_copy(&arena, wanted.bytes, wanted.length));
    }
    buf_free(&got);
    arena_free(&arena);
}

static void check_file(const char *path) {
    Arena arena = {0};
    Str rest = read_file(&arena, path);
    Str lines[3], line;
    size_t count = 0;
    int number = 0, cases = 0;
    while (next_line(&rest, &line)) {
        number++;
        if (count == 0 && (line.length == 0 || line.bytes[0] == '#')) {
            continue;
        }
        lines[count++] = line;
        if (count == 3) {
            check_case(lines[0], lines[1], lines[2], number - 2);
            count = 0;
            cases++;
        }
    }
    test_name = path;
    CHECK(cases > 0);
    CHECK(count == 0);
    arena_free(&arena);
}

/* ---- ops.def -------------------------------------------------------------------------------------------- */

static void every_example_gives_its_answer(void) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    const Row nothing = {0};
    for (size_t i = 0; i < count; i++) {
        Arena arena = {0};
        Buf got = {0};
        Value value;
        test_name = docs[i].name;
        if (docs[i].form != OP_INTERNAL) {
            (void)answer(&arena, str_of(docs[i].example), &nothing, &value, &got);
            if (strcmp(docs[i].answer, "null") == 0 && got.length > 0 && strcmp(got.bytes, "unknown") == 0) {
                buf_empty(&got);
                buf_text(&got, "null");
            }
            CHECK_TEXT(got.bytes == NULL ? "" : got.bytes, docs[i].answer);
            CHECK(docs[i].sentence[0] != '\0');
        }
        buf_free(&got);
        arena_free(&arena);
    }
}

static void every_argument_word_is_known(void) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    for (size_t i = 0; i < count; i++) {
        OpArg args[OP_MAX_ARGS];
        size_t words = op_args(docs[i].id, args);
        test_name = docs[i].name;
        for (size_t j = 0; j < words; j++) {
            CHECK(args[j].what != OP_ARG_ANY || strstr(docs[i].arguments, "any") != NULL);
        }
        CHECK(docs[i].id == (OpId)i);
    }
}

int main(int argc, char **argv) {
    char path[4096];
    const char *slash = strrchr(__FILE__, '/');
    int folder = slash == NULL ? 0 : (int)(slash - __FILE__);
    (void)snprintf(path, sizeof path, "%.*s/../rules/expressions.test", folder, __FILE__);
    TEST_RUN(every_argument_word_is_known);
    TEST_RUN(every_example_gives_its_answer);
    check_file(argc > 1 ? argv[1] : path);
    return test_finish();
}
