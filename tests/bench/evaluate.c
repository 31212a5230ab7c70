/* What the evaluator costs: nanoseconds of processor time a row and rule, over full batches of pairs.
 *
 *     evaluate [MILLISECONDS=200] [RULE...]     a table of rules; the time is what is spent on each
 *
 * The least of many runs of a batch counts: what else the machine does only adds.
 */
#include "expr/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ID, TOTAL, RATE, STATUS, NOTE, AT, COLUMNS };

static const ExprColumn columns[COLUMNS] = {
    [ID] = {"id", KIND_INT, true, NULL},        [TOTAL] = {"total", KIND_DECIMAL, true, NULL},
    [RATE] = {"rate", KIND_FLOAT, true, NULL},  [STATUS] = {"status", KIND_TEXT, true, NULL},
    [NOTE] = {"note", KIND_TEXT, true, NULL},   [AT] = {"at", KIND_TIMESTAMPTZ, true, NULL},
};

static const char *const RULES[] = {
    "new.id = old.id",
    "new.id = old.total * 100",
    "new.total = old.total",
    "new.total between 0 and 100000",
    "round(new.total) = round(old.total)",
    "new.id % 100 = old.id % 100",
    "new.rate = old.rate",
    "new.at >= old.at",
    "new.at - old.at <= '1 hour'",
    "new.note is not null",
    "new.note = old.note",
    "new.note is not distinct from old.note",
    "new.status in ('new', 'paid', 'sent', 'done')",
    "new.id in (0, 1, 2, 3, 5, 8, 13, 21)",
    "new.note like 'note of order%'",
    "new.note like '%order 1%'",
    "lower(new.note) = lower(old.note)",
    "trim(new.note) = trim(old.note)",
    "length(new.note) = length(old.note)",
    "old.status || '/' || old.note = new.status || '/' || new.note",
    "new.total = case old.status when 'paid' then old.total else old.total + 0.00 end",
    "coalesce(new.note, '') = coalesce(old.note, '')",
    "new.id::text = old.id::text",
    "new.total > 0 and new.status is not null or new.rate < 0",
};

enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

static Batch make_batch(Arena *arena) {
    static const char *const STATES[] = {"new", "paid", "sent", "done"};
    Kind kinds[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        kinds[i] = columns[i].kind;
    }
    Batch batch = batch_make(arena, COLUMNS, kinds, BATCH_ROWS);
    for (int64_t i = 0; i < BATCH_ROWS; i++) {
        int64_t cents = i * 7919 % 1000003;
        const char *note = arena_printf(arena, "note of order %lld", (long long)i);
        size_t row = (size_t)i;
        column_set(arena, &batch.columns[ID], row, (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = cents});
        column_set(arena, &batch.columns[TOTAL], row,
                   (Value){.kind = KIND_DECIMAL, .state = CELL_VALUE, .as.decimal = {.small = cents, .scale = 2}});
        column_set(arena, &batch.columns[RATE], row,
                   (Value){.kind = KIND_FLOAT, .state = CELL_VALUE, .as.number = (double)cents / 7});
        column_set(arena, &batch.columns[STATUS], row,
                   (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = str_of(STATES[i % 4])});
        column_set(arena, &batch.columns[NOTE], row,
                   (Value){.kind = KIND_TEXT, .state = i % 10 == 0 ? CELL_NULL : CELL_VALUE, .as.text = str_of(note)});
        column_set(arena, &batch.columns[AT], row,
                   (Value){.kind = KIND_TIMESTAMPTZ, .state = CELL_VALUE, .as.integer = i * 1000000});
    }
    batch.rows = BATCH_ROWS;
    return batch;
}

static Program *compile(Arena *arena, const char *rule) {
    static const ExprScope scope = {{columns, COLUMNS}, {columns, COLUMNS}, false};
    static const size_t slots[COLUMNS] = {0, 1, 2, 3, 4, 5};
    Expr *expr = NULL;
    Place place;
    Err err;
    if (!expr_parse(arena, str_of(rule), &expr, &place, &err) ||
        !expr_bind(expr, arena, &scope, KIND_BOOL, &place, &err)) {
        fprintf(stderr, "%s: %s\n", rule, err.text);
        exit(1);
    }
    return program_make(arena, expr, slots, slots);
}

static double processor_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* Of one row. */
static double measure(const char *rule, const RowPairs *pairs, double budget_ns) {
    Arena arena = {0};
    Program *program = compile(&arena, rule);
    ProgramState *state = program_state(&arena, program);
    uint8_t truth[BATCH_ROWS];
    double least_ns = budget_ns;
    for (double spent_ns = 0; spent_ns < budget_ns;) {
        double start_ns = processor_ns();
        program_truth(program, state, pairs, truth);
        double took_ns = processor_ns() - start_ns;
        spent_ns += took_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    for (size_t i = 0; i < pairs->count; i++) {
        if (truth[i] == TRUTH_TRUE) {
            arena_free(&arena);
            return least_ns / (double)pairs->count;
        }
    }
    fprintf(stderr, "%s: holds nowhere\n", rule);
    exit(1);
}

int main(int argc, char **argv) {
    Arena arena = {0};
    Batch old = make_batch(&arena), new_ = make_batch(&arena);
    uint32_t rows[BATCH_ROWS];
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        rows[i] = i;
    }
    RowPairs pairs = {&old, &new_, rows, rows, BATCH_ROWS};
    double budget_ns = 1e6 * (argc > 1 ? strtod(argv[1], NULL) : 200);
    const char *const *rules = argc > 2 ? (const char *const *)argv + 2 : RULES;
    size_t count = argc > 2 ? (size_t)argc - 2 : RULE_COUNT;
    printf("| rule | ns a row |\n|---|--:|\n");
    for (size_t i = 0; i < count; i++) {
        printf("| `%s` | %.1f |\n", rules[i], measure(rules[i], &pairs, budget_ns));
    }
    arena_free(&arena);
    return 0;
}
