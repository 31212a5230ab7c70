/* What would be written for a row, and what is refused: propose.h, on rows of memory. */
#include "test.h"

#include "repair/propose.h"
#include "spec/spec_parts.h"

/* ---- a source that only describes: id (the key), n and note -------------------------------------------------- */

static RelationColumn COLUMNS[] = {
    {.name = "id", .type = "integer", .family = "integer", .kind = KIND_INT, .not_null = true},
    {.name = "n", .type = "integer", .family = "integer", .kind = KIND_INT},
    {.name = "note", .type = "text", .family = "text", .kind = KIND_TEXT},
};

static bool fixed_describe(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    (void)source;
    (void)err;
    *out = (Relation){.name = arena_printf(arena, "\"%s\"", ref->table), .what = "table", .columns = COLUMNS};
    out->column_count = sizeof COLUMNS / sizeof *COLUMNS;
    out->key_count = 1;
    out->key_guarded = strcmp(ref->table, "loose") != 0;
    return true;
}

static bool fixed_begin(Source *source, const char *snapshot, Err *err) {
    (void)source;
    (void)snapshot;
    (void)err;
    return true;
}

static bool fixed_end(Source *source, Err *err) {
    (void)source;
    (void)err;
    return true;
}

static const SourceOps FIXED_OPS = {.begin = fixed_begin, .describe = fixed_describe, .end = fixed_end};

/* ---- a trial -------------------------------------------------------------------------------------------------- */

/* A row as the servers print it. */
typedef struct Texts {
    const char *n, *note; /* NULL: NULL */
    bool missing;
} Texts;

#define MISSING                                                                                                        \
    { NULL, NULL, true }

typedef struct Trial {
    Arena arena;
    Spec spec;
    Match match;
    Aim aim;
    Err err;
} Trial;

static bool trial_open(Trial *trial, const char *text) {
    Source old = {&FIXED_OPS}, new_ = {&FIXED_OPS};
    YamlFile *file = ARENA_NEW(&trial->arena, YamlFile);
    const char *whole = arena_printf(&trial->arena, "check: a\n%s", text);
    if (!yaml_parse(&trial->arena, "spec.yaml", str_of(whole), file, &trial->err) ||
        !spec_of_file(&trial->arena, file, NULL, &trial->spec, &trial->err) ||
        !match_make(&trial->arena, &trial->spec, &old, trial->spec.one_row ? NULL : &new_, &trial->match,
                    &trial->err)) {
        printf("    %s\n", trial->err.text);
        return CHECK(false);
    }
    return aim_make(&trial->arena, &trial->match, trial->spec.repair.trust, &trial->aim, &trial->err);
}

/* ---- a row -------------------------------------------------------------------------------------------------- */

static const char *text_of(const Texts *row, const char *column) {
    return strcmp(column, "id") == 0 ? "7" : strcmp(column, "n") == 0 ? row->n : row->note;
}

static KeptRow kept_row(Trial *trial, const MatchSide *side, const Texts *row) {
    Kind *kinds = ARENA_MANY(&trial->arena, side->column_count, Kind);
    for (size_t i = 0; i < side->column_count; i++) {
        kinds[i] = side->columns[i].kind;
    }
    KeptRow kept = {batch_make(&trial->arena, side->column_count, kinds, 1), row->missing ? 0 : 1};
    kept.batch.rows = kept.found;
    for (size_t i = 0; i < side->column_count; i++) {
        const char *text = text_of(row, side->relation.columns[side->columns[i].column].name);
        Value value = {.kind = kinds[i], .state = CELL_NULL};
        CHECK(text == NULL || value_parse(&trial->arena, kinds[i], str_of(text), &value));
        column_set(&trial->arena, &kept.batch.columns[i], 0, value);
    }
    return kept;
}

static RowImage image(Trial *trial, const Scan *scan, const Texts *row) {
    RowCell *cells = ARENA_MANY(&trial->arena, scan->column_count, RowCell);
    for (size_t i = 0; i < scan->column_count; i++) {
        const RelationColumn *column = &scan->relation->columns[scan->columns[i].column];
        const char *text = text_of(row, column->name);
        cells[i] = (RowCell){column->name, column->type, str_of(text), text == NULL};
    }
    return row->missing ? (RowImage){0} : (RowImage){cells, scan->column_count};
}

static void cells_print(const char *what, RowImage image, Buf *out) {
    for (size_t i = 0; i < image.count; i++) {
        const RowCell *cell = &image.cells[i];
        buf_printf(out, "%s%s=%.*s", i == 0 ? what : ", ", cell->name, cell->null ? 4 : (int)cell->text.length,
                   cell->null ? "NULL" : cell->text.bytes);
    }
}

/* "update: set n=5, where id=7, guard n=4", or why not. */
static void proposal_print(const Proposal *proposal, Buf *out) {
    static const char *const WORDS[] = {"update:", "insert:", "delete:"};
    if (proposal->kind != PROPOSE_WRITE) {
        static const char *const KINDS[] = {
            [PROPOSE_NOTHING] = "nothing", [PROPOSE_REPORT] = "report: ", [PROPOSE_REFUSAL] = "refused: "};
        buf_printf(out, "%s%s", KINDS[proposal->kind], proposal->reason == NULL ? "" : proposal->reason);
        return;
    }
    buf_text(out, WORDS[proposal->write.kind]);
    cells_print(" set ", proposal->write.set, out);
    cells_print(" where ", proposal->write.key, out);
    cells_print(" guard ", proposal->write.guard, out);
}

static void propose_row(Trial *trial, const Texts *trusted, const Texts *written, Buf *out) {
    static const Value KEY = {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = 7};
    const Aim *aim = &trial->aim;
    const Scan *texts = trusted->missing ? &aim->whole_texts : &aim->written_texts;
    Sight sight = {
        .key = &KEY,
        .trusted = kept_row(trial, aim_trusted(aim), trusted),
        .written = kept_row(trial, aim_written(aim), written),
        .trusted_texts = image(trial, &aim->trusted_texts, trusted),
        .written_texts = image(trial, texts, written),
    };
    sight_judge(aim, &trial->arena, &sight);
    Proposal proposal = propose(aim, &sight, &trial->arena);
    proposal_print(&proposal, out);
}

/* ---- cases -------------------------------------------------------------------------------------------------- */

#define SIDES  "old: {source: x, table: a}\nnew: {table: b}\n"
#define DOUBLE SIDES "equal: [note]\ninvariants: [{name: double, holds: new.n = old.n * 2}]\n"

/* clang-format off */
static const struct Case {
    const char *spec;
    Texts trusted, written;
    const char *wanted;
} CASES[] = {
    {SIDES "repair: {trust: old}", {"1", "a", false}, {"1", "a", false}, "nothing"},
    {SIDES "repair: {trust: old}", {"1", "a", false}, {"2", "a", false}, "update: set n=1 where id=7 guard n=2"},
    {SIDES "repair: {trust: new}", {"1", "a", false}, {"2", NULL, false},
     "update: set n=1, note=a where id=7 guard n=2, note=NULL"},
    {SIDES "repair: {trust: old}", {"1", NULL, false}, {"1", "", false},
     "update: set note=NULL where id=7 guard note="},
    /* missing and extra rows */
    {SIDES "repair: {trust: old}", {"1", "a", false}, MISSING, "insert: set id=7, n=1, note=a"},
    {"old: {source: x, table: a}\nnew: {table: loose}\nrepair: {trust: old}", {"1", "a", false}, MISSING,
     "refused: nothing would keep out a second row of its key: \"loose\" has no unique index over (id); create one,"
     " or set repair: {missing: report}"},
    {"old: {source: x, table: a}\nnew: {table: loose}\nrepair: {trust: old}", {"1", "a", false}, {"2", "a", false},
     "update: set n=1 where id=7 guard n=2"},
    {SIDES "repair: {trust: old, missing: report}", {"1", "a", false}, MISSING,
     "report: missing in new; repair: {missing: insert} would insert it"},
    {SIDES "repair: {trust: new}", MISSING, {"1", "a", false},
     "report: only in old; repair: {extra: delete} would delete it"},
    {SIDES "repair: {trust: old, extra: delete}", MISSING, {"1", NULL, false},
     "delete: where id=7 guard id=7, n=1, note=NULL"},
    /* invariants */
    {DOUBLE "repair: {trust: old}", {"2", "a", false}, {"5", "a", false},
     "refused: nothing under `set` makes it keep \"double\""},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 2}}", {"2", "a", false}, {"5", "a", false},
     "update: set n=4 where id=7 guard n=5"},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 2}}", {"2", "a", false}, {"4", "x", false},
     "update: set note=a where id=7 guard note=x"},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 3}}", {"2", "a", false}, {"5", "a", false},
     "refused: nothing under `set` makes it keep \"double\""},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 2}}", {"2", "a", false}, MISSING,
     "insert: set id=7, note=a, n=4"},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 3}}", {"2", "a", false}, MISSING,
     "refused: nothing under `set` makes it keep \"double\""},
    {DOUBLE "repair: {trust: old}", {"2", "a", false}, MISSING,
     "refused: it would be undecided: a NULL is in the way"},
    {DOUBLE "repair: {trust: old, set: {n: old.n * 2}}", {NULL, "b", false}, {"1", "a", false},
     "refused: it would be undecided: a NULL is in the way"},
    {DOUBLE "repair: {trust: old}", {NULL, "a", false}, {"1", "a", false},
     "refused: it is undecided: a NULL is in the way"},
    {SIDES "invariants: [{name: half, holds: new.n * 2 = old.n}]\nrepair: {trust: old, set: {n: old.n / 2}}",
     {"5", NULL, false}, {"1", NULL, false}, "refused: \"n\" (integer) cannot hold what it is to be"},
    {SIDES "invariants: [{name: half, holds: new.n * 2 = old.n}]\nrepair: {trust: old, set: {n: old.n / 2}}",
     {"6", NULL, false}, {"1", NULL, false}, "update: set n=3 where id=7 guard n=1"},
    /* a column that takes no part in the difference is left as it is */
    {SIDES "equal: [n]\nrepair: {trust: old, set: {note: \"'x'\"}}", {"1", "a", false}, {"2", "b", false},
     "update: set n=1 where id=7 guard n=2"},
    /* what set says goes before the equal column */
    {SIDES "equal: [n]\nrepair: {trust: old, set: {n: old.n + 1}}", {"1", "a", false}, {"5", "b", false},
     "refused: nothing that can be written makes \"n\" equal"},
};
/* clang-format on */

static void proposals(void) {
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Trial trial = {.err = {.text = ""}};
        Buf got = {0};
        if (!CHECK(trial_open(&trial, CASES[i].spec))) {
            printf("    %s\n", trial.err.text);
        } else {
            propose_row(&trial, &CASES[i].trusted, &CASES[i].written, &got);
            CHECK_TEXT(got.bytes, CASES[i].wanted);
        }
        buf_free(&got);
        arena_free(&trial.arena);
    }
}

static void a_key_that_stands_twice(void) {
    Trial trial = {.err = {.text = ""}};
    const Texts row = {"1", "a", false};
    CHECK(trial_open(&trial, SIDES "repair: {trust: old}"));
    Sight sight = {.trusted = kept_row(&trial, aim_trusted(&trial.aim), &row),
                   .written = kept_row(&trial, aim_written(&trial.aim), &row)};
    sight.written.found = 2;
    sight_judge(&trial.aim, &trial.arena, &sight);
    Proposal proposal = propose(&trial.aim, &sight, &trial.arena);
    CHECK(proposal.kind == PROPOSE_REFUSAL);
    CHECK_TEXT(proposal.reason, "its key occurs more than once in new");
    arena_free(&trial.arena);
}

/* ---- what no repair begins with ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct Bad {
    const char *spec;
    const char *error; /* its first line */
} BAD[] = {
    {SIDES, "cannot repair: nothing says which side is right"},
    {SIDES "repair: {trust: old, set: {m: old.n}}", "spec.yaml:4:28: cannot set \"m\": there is no such column in "},
    {SIDES "repair: {trust: old, set: {id: old.n}}", "spec.yaml:4:28: cannot set \"id\": it is part of the key"},
    {SIDES "repair: {trust: old, set: {n: new.n}}",
     "spec.yaml:4:31: cannot set \"n\" by a column of new: old is trusted"},
    {SIDES "repair: {trust: new, set: {n: old.n}}",
     "spec.yaml:4:31: cannot set \"n\" by a column of old: new is trusted"},
    {SIDES "repair: {trust: old, set: {n: old.x}}", "spec.yaml:4:31: cannot "},
};
/* clang-format on */

static void refusals(void) {
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Trial trial = {.err = {.text = ""}};
        CHECK(!trial_open(&trial, BAD[i].spec));
        trial.err.text[strlen(BAD[i].error)] = '\0';
        CHECK_TEXT(trial.err.text, BAD[i].error);
        CHECK(trial.err.code == TF_ERROR_USAGE);
        arena_free(&trial.arena);
    }
}

int main(void) {
    TEST_RUN(proposals);
    TEST_RUN(a_key_that_stands_twice);
    TEST_RUN(refusals);
    return test_finish();
}
