/* The gate's answer on a terminal: a golden file, colours, and texts that would move the cursor. */
#include "report/gate_console.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

static const int64_t AT_US = INT64_C(1767323045000000);

static Gate gate_of(Arena *arena, GateAnswer answer) {
    Gate gate = {.check = "orders", .asked_us = AT_US, .answer = answer, .reason = "2 of 4 conditions are not met"};
    gate.conditions.arena = arena;
    conditions_add(&gate.conditions, &(Condition){"runs", "ledger", NULL, CONDITION_MET, "runs", "12 runs", AT_US});
    conditions_add(
        &gate.conditions,
        &(Condition){"runs", "consistent-runs", NULL, CONDITION_NOT_MET, "3 consistent runs in a row, up to the newest",
                     "2 in a row; before them the run of 2026-01-02T03:04:05Z was inconsistent: 3 rows disagree",
                     AT_US});
    conditions_add(&gate.conditions, &(Condition){"refused by", "view", "public.a_name_that_is_longer_than_the_others",
                                                  CONDITION_NOT_MET, "no view depends on it", "its query reads it", 0});
    conditions_add(&gate.conditions, &(Condition){"refused by", "view", "\x1b[2Jx", CONDITION_UNKNOWN,
                                                  "no view depends on it", "\x1b[31mnot\n known", 0});
    return gate;
}

static void as_a_person_reads_it(void) {
    Arena arena = {0};
    Buf out = {0};
    Gate gate = gate_of(&arena, GATE_CLOSED);
    gate_console_write(&gate, false, 0, &out);
    CHECK(is_golden("gate_console.txt", out.bytes));
    buf_free(&out);
    arena_free(&arena);
}

static void the_answer_again_where_it_is_long(void) {
    Arena arena = {0};
    Buf out = {0};
    Gate gate = gate_of(&arena, GATE_CLOSED);
    for (int i = 0; i < 20; i++) {
        conditions_add(&gate.conditions, &(Condition){"traffic", "statement", NULL, CONDITION_MET, "none", "none", 0});
    }
    gate_console_write(&gate, false, 0, &out);
    CHECK(is_golden("gate_console_long.txt", out.bytes));
    buf_free(&out);
    arena_free(&arena);
}

static void colours(void) {
    Arena arena = {0};
    Buf out = {0};
    Gate gate = gate_of(&arena, GATE_CANNOT_TELL);
    gate_console_write(&gate, true, 0, &out);
    CHECK(strstr(out.bytes, "\x1b[1;33mCANNOT TELL\x1b[0m") != NULL);
    CHECK(strstr(out.bytes, "\x1b[1;31mnot met  \x1b[0mconsistent-runs") != NULL);
    CHECK(strstr(out.bytes, "\x1b[2J") == NULL && strstr(out.bytes, "\x1b[31mnot") == NULL);
    buf_free(&out);
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(as_a_person_reads_it);
    TEST_RUN(the_answer_again_where_it_is_long);
    TEST_RUN(colours);
    return test_finish();
}
