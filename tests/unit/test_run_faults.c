/* Sources that fail, stall, cut, repeat, skip or lie at call n, for every n: the verdict is never `consistent` unless
 * the data is, and no run hangs. */
#include "check/run.h"
#include "test.h"

#include "scripted_source.h"

enum { ROWS = 30, CALLS_MAX = 200 };

typedef struct Stage {
    ScriptedRow old[ROWS], new_[ROWS];
    Script script;
    int side; /* which side plays the script: 0, 1; 2: both */
} Stage;

static bool stage_open(void *self, const Spec *spec, bool of_new, Source **out, Err *err) {
    (void)spec;
    (void)err;
    Stage *stage = self;
    Scripted *made = mem_alloc(sizeof *made);
    *made = scripted_source(of_new ? stage->new_ : stage->old, ROWS, 4);
    made->owned = true;
    made->script = stage->side == 2 || stage->side == (int)of_new ? &stage->script : NULL;
    *out = &made->base;
    return true;
}

static Stage stage_make(Misdeed misdeed, int at, int side, bool equal) {
    Stage stage = {.script = {misdeed, at, 0}, .side = side};
    for (int64_t i = 0; i < ROWS; i++) {
        stage.old[i] = stage.new_[i] = (ScriptedRow){i, false, i * 10, "note"};
    }
    if (!equal) {
        stage.new_[17].n++;
    }
    return stage;
}

/* One run over three ranges; returns the verdict. */
static Result stage_run(Arena *arena, Stage *stage) {
    Match *match = ARENA_NEW(arena, Match);
    *match = scripted_match();
    static const Value bounds[] = {{.kind = KIND_INT, .state = CELL_VALUE, .as.integer = 10},
                                   {.kind = KIND_INT, .state = CELL_VALUE, .as.integer = 20}};
    static const Range ranges[] = {
        {RANGE_BETWEEN, NULL, &bounds[0]}, {RANGE_BETWEEN, &bounds[0], &bounds[1]}, {RANGE_BETWEEN, &bounds[1], NULL}};
    Plan plan = {.match = match,
                 .mode = MODE_STREAM,
                 .mode_reason = "asked for",
                 .workers = 1,
                 .opener = {stage_open, stage},
                 .ranges = ranges,
                 .range_count = 3,
                 .estimated_rows = ROWS};
    CheckOptions options = {.sample = 5};
    Result result;
    run_check(arena, &plan, &options, (RunSinks){NULL, 0}, NULL, &result);
    return result;
}

/* How many calls a run makes where nothing goes wrong. */
static int calls_of_a_run(int side) {
    Arena arena = {0};
    Stage stage = stage_make(MISDEED_NONE, 0, side, true);
    Result result = stage_run(&arena, &stage);
    CHECK(result.verdict == VERDICT_CONSISTENT && result.counts.compared == ROWS);
    arena_free(&arena);
    return stage.script.calls;
}

static bool keeps_data_right(Misdeed misdeed) {
    return misdeed == MISDEED_NONE || misdeed == MISDEED_FAIL_ONCE || misdeed == MISDEED_STALL;
}

static void check_one(Misdeed misdeed, int at, int side, bool equal) {
    Arena arena = {0};
    Stage stage = stage_make(misdeed, at, side, equal);
    Result result = stage_run(&arena, &stage);
    bool consistent = result.verdict == VERDICT_CONSISTENT;
    bool good = !consistent || (equal && result.counts.compared == ROWS);
    if (keeps_data_right(misdeed)) {
        good = good && result.verdict == (equal ? VERDICT_CONSISTENT : VERDICT_INCONSISTENT);
    }
    if (misdeed == MISDEED_FAIL_ALWAYS || misdeed == MISDEED_TIMEOUT) {
        good = good && !consistent && result.ranges_failed > 0 && result.err.text[0] != '\0';
    }
    if (!CHECK(good)) {
        printf("    misdeed %d at call %d, side %d, %s: %s\n", (int)misdeed, at, side, equal ? "equal" : "one row off",
               result.reason);
    }
    arena_free(&arena);
}

static void never_consistent_unless_the_data_is(void) {
    for (int side = 0; side <= 2; side++) {
        int calls = calls_of_a_run(side);
        CHECK(calls > 10 && calls < CALLS_MAX);
        for (Misdeed misdeed = MISDEED_NONE; misdeed < MISDEEDS; misdeed++) {
            /* a failure that passes is waited for: some of its calls are enough */
            int step = misdeed == MISDEED_FAIL_ONCE ? 7 : 1;
            for (int at = 1; at <= calls; at += step) {
                check_one(misdeed, at, side, true);
                check_one(misdeed, at, side, false);
            }
        }
    }
}

int main(void) {
    TEST_RUN(never_consistent_unless_the_data_is);
    return test_finish();
}
