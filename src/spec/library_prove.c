/* A library file in, one proof an example out: every entry's examples, run by the evaluator that checks use.
 *
 * An example's values become one row whose columns are named like the parameters; what the entry expands to is bound
 * to that row and asked. What cannot be run (an unknown parameter, a value that is not of its kind, an expression that
 * does not bind) is a proof with a problem.
 */
#include "spec/library.h"

#include "expr/program.h"
#include "spec/spec_keys.h"

static const char *const EXAMPLE_WORDS[] = {"passes", "fails", "undecided"};

typedef struct Prover {
    Arena *arena;
    LibraryReport report;
    void *self;
} Prover;

/* One example, made into a row. */
typedef struct Trial {
    SpecReader reader; /* errors at places of the library file */
    const LibraryEntry *entry;
    const YamlNode *values;
    ExprColumn *columns; /* a column a parameter */
    Expr **bare;         /* the column's name as an expression, or NULL for the default */
    size_t *slots;
} Trial;

static const char *truth_word(uint8_t truth) {
    static const char *const WORDS[] = {[TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true", [TRUTH_UNKNOWN] = "unknown"};
    return WORDS[truth];
}

/* ---- an example as a row ------------------------------------------------------------------------------ */

static bool value_of(Trial *trial, const LibraryParameter *parameter, const YamlNode *node, Value *out) {
    *out = (Value){.kind = parameter->kind, .state = CELL_NULL};
    if (node == NULL || node->kind == YAML_NULL) {
        return true;
    }
    if (node->kind != YAML_TEXT || !value_parse(trial->reader.arena, parameter->kind, node->text, out)) {
        return spec_refuse(&trial->reader, node, "cannot use this for \"%s\": it is no %s", parameter->name,
                           kind_name(parameter->kind));
    }
    return true;
}

static bool names_check(Trial *trial) {
    const LibraryEntry *entry = trial->entry;
    const char **names = ARENA_MANY(trial->reader.arena, entry->parameter_count, const char *);
    for (size_t p = 0; p < entry->parameter_count; p++) {
        names[p] = entry->parameters[p].name;
    }
    for (size_t i = 0; i < trial->values->count; i++) {
        Str name = trial->values->keys[i]->text;
        size_t p = 0;
        while (p < entry->parameter_count && !str_equal(name, str_of(names[p]))) {
            p++;
        }
        if (p == entry->parameter_count) {
            spec_refuse(&trial->reader, trial->values->keys[i],
                        "cannot use parameter \"%.*s\": %s has no such parameter", STR_ARG(name), entry->name);
            return spec_suggest(&trial->reader, name, names, entry->parameter_count);
        }
    }
    return true;
}

static bool parameter_fill(Trial *trial, size_t p, Batch *row) {
    Arena *arena = trial->reader.arena;
    const LibraryParameter *parameter = &trial->entry->parameters[p];
    const YamlNode *node = yaml_get(trial->values, parameter->name);
    Place place;
    Value value;
    if (node == NULL && parameter->default_ == NULL) {
        return spec_refuse(&trial->reader, trial->values, "cannot run the example: \"%s\" is missing", parameter->name);
    }
    if (!value_of(trial, parameter, node, &value)) {
        return false;
    }
    column_set(arena, &row->columns[p], 0, value);
    trial->columns[p] = (ExprColumn){parameter->name, parameter->kind, true, kind_name(parameter->kind)};
    trial->slots[p] = p;
    trial->bare[p] = NULL;
    return node == NULL || expr_parse(arena, str_of(parameter->name), &trial->bare[p], &place, trial->reader.err);
}

static bool row_fill(Trial *trial, Batch *row) {
    Arena *arena = trial->reader.arena;
    size_t count = trial->entry->parameter_count;
    Kind *kinds = ARENA_MANY(arena, count, Kind);
    for (size_t p = 0; p < count; p++) {
        kinds[p] = trial->entry->parameters[p].kind;
    }
    *row = batch_make(arena, count, kinds, 1);
    row->rows = 1;
    trial->columns = ARENA_MANY(arena, count, ExprColumn);
    trial->bare = ARENA_MANY(arena, count, Expr *);
    trial->slots = ARENA_MANY(arena, count, size_t);
    for (size_t p = 0; p < count; p++) {
        if (!parameter_fill(trial, p, row)) {
            return false;
        }
    }
    return true;
}

/* ---- asking ------------------------------------------------------------------------------------------- */

static bool bind_at(Trial *trial, Expr *expr) {
    ExprScope scope = {.old = {trial->columns, trial->entry->parameter_count}, .one_row = true};
    Place place = {0, 0};
    if (expr_bind(expr, trial->reader.arena, &scope, KIND_BOOL, &place, trial->reader.err)) {
        return true;
    }
    const YamlFile *file = trial->entry->file;
    SpecPlace shown = yaml_place_inside(file, trial->entry->holds_node, place.offset, place.length);
    return yaml_error_at(file->path, file->text, shown, trial->reader.err);
}

static bool trial_run(Trial *trial, uint8_t *out_truth) {
    Batch row;
    Expr *expr;
    if (!spec_type_check(&trial->reader, SPEC_MAPPING, "an example", trial->values) || !names_check(trial) ||
        !row_fill(trial, &row) ||
        !library_expand(trial->reader.arena, trial->entry, trial->bare, &expr, trial->reader.err) ||
        !bind_at(trial, expr)) {
        return false;
    }
    static const uint32_t FIRST_ROW[1] = {0};
    const Program *program = program_make(trial->reader.arena, expr, trial->slots, NULL);
    ProgramState *state = program_state(trial->reader.arena, program);
    RowPairs pairs = {.old = &row, .old_rows = FIRST_ROW, .count = 1};
    program_truth(program, state, &pairs, out_truth);
    return true;
}

/* What an invariant's truth comes to once its null policy has spoken, as in a check. */
static uint8_t judged(uint8_t truth, NullPolicy policy) {
    if (truth != TRUTH_UNKNOWN || policy == NULL_UNDECIDED) {
        return truth;
    }
    return policy == NULL_HOLDS ? TRUTH_TRUE : TRUTH_FALSE;
}

static void example_prove(Prover *prover, const LibraryEntry *entry, size_t sort, size_t number,
                          const YamlNode *values) {
    static const uint8_t WANTED[] = {TRUTH_TRUE, TRUTH_FALSE, TRUTH_UNKNOWN};
    Err problem;
    ArenaMark mark = arena_mark(prover->arena);
    Trial trial = {{prover->arena, entry->file, NULL, &problem}, entry, values, NULL, NULL, NULL};
    uint8_t truth = TRUTH_UNKNOWN;
    bool ran = trial_run(&trial, &truth);
    truth = judged(truth, entry->null);
    LibraryProof proof = {
        .entry = entry,
        .example = EXAMPLE_WORDS[sort],
        .number = number,
        .good = ran && truth == WANTED[sort],
        .wanted = truth_word(WANTED[sort]),
        .got = truth_word(truth),
        .problem = ran ? NULL : &problem,
    };
    prover->report(prover->self, &proof);
    arena_rewind(prover->arena, mark);
}

static void entry_prove(Prover *prover, const LibraryEntry *entry) {
    for (size_t sort = 0; sort < 3; sort++) {
        const YamlNode *examples = entry->examples[sort];
        if (examples != NULL && examples->kind == YAML_MAPPING) {
            example_prove(prover, entry, sort, 1, examples);
            continue;
        }
        for (size_t i = 0; examples != NULL && i < examples->count; i++) {
            example_prove(prover, entry, sort, i + 1, examples->values[i]);
        }
    }
}

bool library_prove(Arena *arena, const char *path, LibraryReport report, void *self, Err *err) {
    Library library;
    if (!library_open(arena, path, &library, err)) {
        return false;
    }
    Prover prover = {arena, report, self};
    for (size_t i = 0; i < library.count; i++) {
        entry_prove(&prover, &library.entries[i]);
    }
    return true;
}
