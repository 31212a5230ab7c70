/* What is held comes back as it was added, in that order, and plain findings take a byte or two. */
#include "check/finding_list.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

static Arena arena;

static Finding alone(FindingKind kind, Value *key, int64_t integer) {
    *key = value_int(integer);
    return (Finding){.kind = kind, .cause = CAUSE_MISSING, .key = key, .key_count = 1};
}

static void order_is_kept(void) {
    static const struct {
        FindingKind kind;
        int64_t key;
    } rows[] = {
        {MISSING_IN_NEW, INT64_MIN}, {MISSING_IN_NEW, -1}, {MISSING_IN_NEW, 0},  {MISSING_IN_OLD, 1},
        {DIFFERENT, 2},              {DIFFERENT, 3},       {MISSING_IN_OLD, 64}, {DUPLICATE_KEY, 65},
        {MISSING_IN_NEW, INT64_MAX}, {MISSING_IN_NEW, 7},  {MISSING_IN_NEW, 7},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    FindingList list = {0};
    FindingCursor end;
    for (size_t i = 0; i < ROWS; i++) {
        Value key;
        Finding finding = alone(rows[i].kind, &key, rows[i].key);
        finding_list_add(&list, &arena, &finding);
        key = value_null(); /* it is a copy */
        CHECK(finding_list_last(&list, &end)->key[0].as.integer == rows[i].key);
    }
    CHECK(list.count == ROWS && list.packed == ROWS - 3 && !finding_list_is_run(&list));
    FindingCursor at = finding_list_start(&list);
    for (size_t i = 0; i < ROWS; i++) {
        const Finding *finding = finding_list_next(&at);
        CHECK(finding != NULL && finding->kind == rows[i].kind && finding->key[0].as.integer == rows[i].key);
        CHECK(finding->key[0].kind == KIND_INT && finding->key[0].state == CELL_VALUE && finding->key_count == 1);
    }
    CHECK(finding_list_next(&at) == NULL && finding_list_next(&at) == NULL);
}

/* Only what says no more than its kind and its integer. */
static void whole_stays_whole(void) {
    Value texts[] = {value_text("a"), value_text("b")}, odd = {.kind = KIND_INT, .state = CELL_ODD},
          null = {.kind = KIND_INT, .state = CELL_NULL}, integer = value_int(1);
    FindingCell cell = {"status", value_text("paid")};
    const Finding findings[] = {
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = texts, .key_count = 2},
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = texts, .key_count = 1},
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = &odd, .key_count = 1},
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = &null, .key_count = 1},
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = &integer, .key_count = 1, .new_written_us = 1},
        {.kind = MISSING_IN_NEW, .cause = CAUSE_MISSING, .key = &integer, .key_count = 1, .old = &cell, .old_count = 1},
        {.kind = DUPLICATE_KEY, .cause = CAUSE_OTHER, .key = &integer, .key_count = 1},
    };
    enum { FINDINGS = sizeof findings / sizeof findings[0] };
    FindingList list = {0};
    for (size_t i = 0; i < FINDINGS; i++) {
        finding_list_add(&list, &arena, &findings[i]);
    }
    CHECK(list.count == FINDINGS && list.packed == 0 && !finding_list_is_run(&list));
    FindingCursor at = finding_list_start(&list);
    for (size_t i = 0; i < FINDINGS; i++) {
        const Finding *finding = finding_list_next(&at);
        CHECK(finding->kind == findings[i].kind && finding->key_count == findings[i].key_count);
        CHECK(finding->key[0].kind == findings[i].key[0].kind && finding->key[0].state == findings[i].key[0].state);
        CHECK(finding->new_written_us == findings[i].new_written_us && finding->old_count == findings[i].old_count);
    }
    CHECK(finding_list_next(&at) == NULL);
}

static void millions_are_small(void) {
    enum { ROWS = 1000000 };
    Arena own = {0};
    FindingList list = {0};
    for (int64_t i = 0; i < ROWS; i++) {
        Value key;
        Finding finding = alone(MISSING_IN_OLD, &key, i * 3);
        finding_list_add(&list, &own, &finding);
    }
    CHECK(list.count == ROWS && finding_list_is_run(&list) && own.held_bytes < 3 * ROWS);
    FindingCursor at = finding_list_start(&list);
    int64_t right = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        const Finding *finding = finding_list_next(&at);
        right += finding != NULL && finding->key[0].as.integer == i * 3;
    }
    CHECK(right == ROWS);
    arena_free(&own);
}

static void few_are_small(void) {
    enum { ROWS = 2000 };
    Arena own = {0};
    FindingList list = {0};
    for (int64_t i = 0; i < ROWS; i++) { /* no two of one kind follow each other */
        Value key;
        Finding finding = alone(i % 2 == 0 ? MISSING_IN_OLD : MISSING_IN_NEW, &key, i);
        finding_list_add(&list, &own, &finding);
    }
    CHECK(!finding_list_is_run(&list) && own.held_bytes < ROWS * 400);
    arena_free(&own);
}

static void none(void) {
    FindingList list = {0};
    FindingCursor at = finding_list_start(&list);
    CHECK(finding_list_next(&at) == NULL && !finding_list_is_run(&list));
}

int main(void) {
    TEST_RUN(none);
    TEST_RUN(order_is_kept);
    TEST_RUN(whole_stays_whole);
    TEST_RUN(millions_are_small);
    TEST_RUN(few_are_small);
    arena_free(&arena);
    return test_finish();
}
