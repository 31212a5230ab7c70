/* `gate:` of a spec: what is said, what is left out, what is refused, and that it is no part of the digest. */
#include "spec/spec_parts.h"

#include "unit/test.h"

#include <string.h>

static const int64_t HOUR_US = INT64_C(3600000000);

static bool gate_read(Arena *arena, const char *gate, Spec *out, Err *err) {
    const char *text = arena_printf(arena, "check: a\nold: {source: x, table: t}\nnew: {table: u}\n%s\n", gate);
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    return yaml_parse(arena, "spec.yaml", str_of(text), file, err) && spec_of_file(arena, file, NULL, out, err);
}

static void what_is_left_out_is_as_usual(void) {
    static const char *const TEXTS[] = {"", "gate: {}", "gate: {consistent_runs: 3}"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        Arena arena = {0};
        Spec spec;
        Err err;
        CHECK(gate_read(&arena, TEXTS[i], &spec, &err));
        CHECK(spec.gate.consistent_runs == 3 && spec.gate.spanning_us == 24 * HOUR_US);
        CHECK(spec.gate.max_age_us == 6 * HOUR_US && spec.gate.max_mismatch_ratio == 0 && spec.gate.coverage == 1);
        arena_free(&arena);
    }
}

static void what_is_said_is_read(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    CHECK(gate_read(&arena,
                    "gate: {max_mismatch_ratio: 1e-6, consistent_runs: 10000, spanning: 14 days, max_age: 90 min, "
                    "coverage: 0.999}",
                    &spec, &err));
    CHECK(spec.gate.consistent_runs == 10000 && spec.gate.spanning_us == 14 * 24 * HOUR_US);
    CHECK(spec.gate.max_age_us == 3 * HOUR_US / 2 && spec.gate.max_mismatch_ratio == 1e-6);
    CHECK(spec.gate.coverage == 0.999);
    CHECK(gate_read(&arena, "gate: {spanning: 0 s, coverage: 0, max_mismatch_ratio: 1}", &spec, &err));
    CHECK(spec.gate.spanning_us == 0 && spec.gate.coverage == 0 && spec.gate.max_mismatch_ratio == 1);
    arena_free(&arena);
}

static void what_cannot_be_is_refused(void) {
    static const char *const TEXTS[] = {
        "gate: []",
        "gate: {runs: 3}",
        "gate: {consistent_runs: 0}",
        "gate: {consistent_runs: 10001}",
        "gate: {consistent_runs: -1}",
        "gate: {consistent_runs: 1.5}",
        "gate: {spanning: a day}",
        "gate: {spanning: -1 s}",
        "gate: {spanning: 1 month}",
        "gate: {max_age: 366 days}",
        "gate: {max_age: ''}",
        "gate: {coverage: 1.01}",
        "gate: {coverage: nan}",
        "gate: {coverage: 0x1}",
        "gate: {coverage: '0.5 '}",
        "gate: {coverage: -0.1}",
        "gate: {coverage: 100 %}",
        "gate: {max_mismatch_ratio: .}",
        "gate: {max_mismatch_ratio: 1e400}",
        "gate: {max_mismatch_ratio: 0.0000000000000000000000000000000001}",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        Arena arena = {0};
        Spec spec;
        Err err;
        if (!CHECK(!gate_read(&arena, TEXTS[i], &spec, &err) && err.code == TF_ERROR_USAGE)) {
            printf("    %s\n", TEXTS[i]);
        }
        CHECK(strncmp(err.text, "spec.yaml:4:", 12) == 0);
        arena_free(&arena);
    }
}

/* Runs go on counting when the policy changes. */
static void the_digest_leaves_it_out(void) {
    Arena arena = {0};
    Spec one, other;
    Err err;
    CHECK(gate_read(&arena, "", &one, &err) && gate_read(&arena, "gate: {consistent_runs: 9}", &other, &err));
    CHECK_TEXT(other.digest, one.digest);
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(what_is_left_out_is_as_usual);
    TEST_RUN(what_is_said_is_read);
    TEST_RUN(what_cannot_be_is_refused);
    TEST_RUN(the_digest_leaves_it_out);
    return test_finish();
}
