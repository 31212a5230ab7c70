/* Limits: what the spec may say, when a run stands back, and that doubt is never taken for leave. */
#include "test.h"

#include "check/limits.h"
#include "spec/spec_parts.h"

enum { SECOND = 1000000 };

/* ---- a server that answers by script ------------------------------------------------------------------------ */

typedef struct LoadScript {
    Source base;
    const SourceLoad *loads; /* one a call; the last again and again */
    size_t count;
    size_t calls;
    bool fails; /* the first call */
    TfErrorCode code;
} LoadScript;

static const SourceInfo *script_info(const Source *source) {
    static const SourceInfo info = {.engine = "script", .place = "shop"};
    (void)source;
    return &info;
}

static bool script_load(Source *source, unsigned parts, SourceLoad *out, Err *err) {
    LoadScript *self = (LoadScript *)source;
    (void)parts;
    size_t call = self->calls++;
    if (self->fails && call == 0) {
        return err_set(err, self->code, "could not ask");
    }
    *out = self->loads[call < self->count ? call : self->count - 1];
    return true;
}

static const SourceOps script_ops = {.scheme = "script", .info = script_info, .load = script_load};

static bool script_sources(void *self, Source *out[2], Err *err) {
    (void)err;
    out[0] = self;
    out[1] = NULL;
    return true;
}

typedef struct Told {
    int begun, ended;
    char why[256];
} Told;

static void note_pause(void *self, const RunPause *pause) {
    Told *told = self;
    if (pause->why != NULL) {
        told->begun++;
        snprintf(told->why, sizeof told->why, "%s", pause->why);
    } else {
        told->ended++;
    }
}

typedef struct LimitsCase {
    const char *name;
    SpecLimits limits;
    SourceLoad loads[3];
    size_t count;
    const char *why; /* NULL: no pause */
    bool passes;     /* in the end */
} LimitsCase;

#define LOAD(sessions, transaction, lag, position, replayed)                                                           \
    { sessions, transaction, lag, position, replayed }

/* clang-format off */
static const LimitsCase CASES[] = {
    {"nothing is over", {10 * SECOND, 5, 60 * SECOND, 0, 0}, {LOAD(5, 60 * SECOND, 10 * SECOND, 100, 100)}, 1,
     NULL, true},
    {"sessions, once", {-1, 5, -1, 0, 60 * SECOND}, {LOAD(6, 0, 0, 0, 0), LOAD(5, 0, 0, 0, 0)}, 2,
     "6 sessions are active on shop, over max_active_sessions (5)", true},
    {"an old transaction", {-1, -1, SECOND, 0, 0}, {LOAD(0, SECOND + 100000, 0, 0, 0)}, 1,
     "the oldest transaction on shop is 1.1 s old, over max_transaction_age (1 s)", false},
    {"a replica behind", {SECOND / 2, -1, -1, 0, 0}, {LOAD(0, 0, SECOND, 100, 50)}, 1,
     "the replica lag of shop is 1.0 s, over max_replica_lag (0.5 s)", false},
    {"a lag that is not known", {SECOND, -1, -1, 0, 0}, {LOAD(0, 0, -1, 0, 0)}, 1,
     "the replica lag of shop is not known, so it may be over max_replica_lag", false},
    {"no limit is zero", {-1, 0, -1, 0, 0}, {LOAD(1, 0, 0, 0, 0)}, 1,
     "1 session is active on shop, over max_active_sessions (0)", false},
};
/* clang-format on */

static void loads_are_judged(void) {
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const LimitsCase *c = &CASES[i];
        LoadScript script = {.base = {&script_ops}, .loads = c->loads, .count = c->count};
        Told told = {0};
        Limits limits;
        limits_open(&limits, &c->limits, NULL, note_pause, &told);
        test_name = c->name;
        CHECK(limits_pass(&limits, script_sources, &script) == c->passes);
        CHECK(told.begun == (c->why != NULL));
        CHECK(told.ended == (c->why != NULL && c->passes));
        CHECK(c->why == NULL || CHECK_TEXT(told.why, c->why));
        CHECK(limits.gave_up == !c->passes);
        CHECK(c->passes || strstr(limits.why.text, c->why) != NULL);
        limits_close(&limits);
    }
}

static void a_failure_to_ask_is_no_leave(void) {
    const SpecLimits spec = {-1, 5, -1, 0, 60 * (int64_t)SECOND};
    const SourceLoad quiet = LOAD(0, 0, 0, 0, 0);
    for (int transient = 0; transient < 2; transient++) {
        LoadScript script = {.base = {&script_ops}, .loads = &quiet, .count = 1, .fails = true};
        script.code = transient ? TF_ERROR_CONNECTION : TF_ERROR_DENIED;
        Told told = {0};
        Limits limits;
        limits_open(&limits, &spec, NULL, note_pause, &told);
        CHECK(limits_pass(&limits, script_sources, &script) == (transient == 1)); /* it is asked again */
        CHECK(told.begun == transient && told.ended == transient);
        CHECK((limits_paused_us(&limits) > 0) == (transient == 1));
        limits_close(&limits);
    }
}

static void a_stop_ends_a_pause(void) {
    const SpecLimits spec = {-1, 0, -1, 0, 60 * (int64_t)SECOND};
    const SourceLoad busy = LOAD(9, 0, 0, 0, 0);
    LoadScript script = {.base = {&script_ops}, .loads = &busy, .count = 1};
    Told told = {0};
    RunStop stop = {true};
    Limits limits;
    limits_open(&limits, &spec, &stop, note_pause, &told);
    CHECK(!limits_pass(&limits, script_sources, &script));
    CHECK(!limits.gave_up);
    limits_close(&limits);
}

/* ---- replicas that stopped ------------------------------------------------------------------------------------ */

/* A replica that stopped reports the lag of what it replayed last: only the position tells. */
static void a_replica_that_stopped_falls_behind(void) {
    LagHistory history = {0};
    for (int64_t second = 1; second <= 1000; second++) {
        lag_note(&history, second * 10, second * SECOND, SECOND / 4);
    }
    CHECK(history.count <= LAG_MARKS);
    CHECK(lag_of(&history, 10000, 1000 * (int64_t)SECOND) == 0);
    CHECK(lag_of(&history, 9800, 1000 * (int64_t)SECOND) == 19 * (int64_t)SECOND);
    CHECK(lag_of(&history, 5000, 1000 * (int64_t)SECOND) == 63 * (int64_t)SECOND); /* at least that */
}

static void an_idle_server_has_no_lag(void) {
    LagHistory history = {0};
    for (int64_t second = 1; second <= 1000; second++) {
        lag_note(&history, 77, second * SECOND, SECOND / 4);
    }
    CHECK(history.count == 1);
    CHECK(lag_of(&history, 77, 1000 * (int64_t)SECOND) == 0);
    CHECK(lag_of(&history, 76, 1000 * (int64_t)SECOND) == 999 * (int64_t)SECOND);
}

/* ---- the spec ------------------------------------------------------------------------------------------------- */

static bool spec_of(Arena *arena, const char *limits, Spec *out, Err *err) {
    YamlFile file;
    const char *text =
        arena_printf(arena, "check: a\nold: {source: x, table: t}\nnew: {table: t}\nlimits: %s\n", limits);
    return yaml_parse(arena, "spec.yaml", str_of(text), &file, err) && spec_of_file(arena, &file, NULL, out, err);
}

static void the_spec_says_limits(void) {
    Arena arena = {0};
    Spec spec, other;
    Err err;
    CHECK(spec_of(&arena,
                  "{max_replica_lag: 10 s, max_active_sessions: 50, max_transaction_age: 5 min, pause_between: 20 ms, "
                  "give_up_after: 1 hour}",
                  &spec, &err));
    CHECK(spec.limits.max_replica_lag_us == 10 * SECOND && spec.limits.max_active_sessions == 50);
    CHECK(spec.limits.max_transaction_age_us == 300 * (int64_t)SECOND && spec.limits.pause_between_us == 20000);
    CHECK(spec.limits.give_up_after_us == 3600 * (int64_t)SECOND);
    CHECK(spec_of(&arena, "{pause_between: 1 s}", &other, &err));
    CHECK(other.limits.max_replica_lag_us < 0 && other.limits.max_active_sessions < 0);
    CHECK(other.limits.max_transaction_age_us < 0 && other.limits.give_up_after_us == 600 * (int64_t)SECOND);
    CHECK_TEXT(other.digest, spec.digest); /* how politely a check runs is not what it means */
    arena_free(&arena);
}

static void the_spec_refuses(void) {
    static const char *const BAD[][2] = {
        {"{max_lag: 1 s}", "spec.yaml:4:10: cannot use key \"max_lag\" in limits: no such key"},
        {"{max_active_sessions: -1}",
         "cannot use \"-1\" for \"max_active_sessions\": it takes a whole number of 0 or "},
        {"{max_active_sessions: 9999999999}", "cannot use \"9999999999\" for \"max_active_sessions\""},
        {"{max_replica_lag: soon}", "cannot use \"soon\" for \"max_replica_lag\": it takes a time"},
        {"{pause_between: -1 s}", "cannot use \"-1 s\" for \"pause_between\": it takes a time"},
        {"{give_up_after: 1 month}", "cannot use \"1 month\" for \"give_up_after\": it takes a time"},
        {"10", "cannot use a text for \"limits\": it takes a mapping"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Arena arena = {0};
        Spec spec;
        Err err;
        CHECK(!spec_of(&arena, BAD[i][0], &spec, &err) && strstr(err.text, BAD[i][1]) != NULL);
        arena_free(&arena);
    }
}

int main(void) {
    TEST_RUN(loads_are_judged);
    TEST_RUN(a_failure_to_ask_is_no_leave);
    TEST_RUN(a_stop_ends_a_pause);
    TEST_RUN(a_replica_that_stopped_falls_behind);
    TEST_RUN(an_idle_server_has_no_lag);
    TEST_RUN(the_spec_says_limits);
    TEST_RUN(the_spec_refuses);
    return test_finish();
}
