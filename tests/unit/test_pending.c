/* What looks make of the findings of a range: confirmed, traffic or in flight, with counts that follow. */
#include "check/pending.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

static Fixture fixture;
static Plan plan;
static const RangeTask task = {.range = {.rows = RANGE_BETWEEN}, .count = 1};
enum { ROWS = 300 }; /* enough for a stretch */

static Finding finding_of(FindingKind kind, Value *key, int64_t integer) {
    *key = value_int(integer);
    return (Finding){.kind = kind, .cause = CAUSE_MISSING, .key = key, .key_count = 1};
}

/* So many keys of a table whose other side is empty. `beside`: rows that are no findings. */
static Pending *pending_of(size_t count, int64_t beside, FindingKind kind) {
    Arena arena = {0};
    FindingList list = {0};
    RangeReport report = {.state = RANGE_PROVED, .counts = counts_make(&arena, plan.match)};
    for (size_t i = 0; i < count; i++) {
        Value key;
        Finding finding = finding_of(kind, &key, (int64_t)i);
        finding_list_add(&list, &arena, &finding);
        counts_finding(&report.counts, &finding, 1);
    }
    Pending *made = pending_make(&plan, &task, &report, (Found){&list, (int64_t)count + beside});
    arena_free(&arena);
    return made;
}

static void look_at(Pending *pending, size_t index, FindingKind kind) {
    Value key;
    Buf scratch = {0};
    Finding finding = finding_of(kind, &key, (int64_t)index);
    pending_see(pending, &pending->suspects[index], &finding, finding_hash(&finding, &scratch));
    pending_settle(pending, &pending->suspects[index], true);
    buf_free(&scratch);
}

static void a_finding_that_stays_is_confirmed(void) {
    Pending *pending = pending_of(1, 10, MISSING_IN_NEW);
    look_at(pending, 0, MISSING_IN_NEW);
    look_at(pending, 0, MISSING_IN_NEW); /* the same look, begun anew */
    CHECK(!pending_is_settled(pending));
    pending->looks++;
    look_at(pending, 0, MISSING_IN_NEW);
    CHECK(pending_is_settled(pending) && pending_end(pending)->count == 1);
    CHECK(pending->report.counts.kinds[MISSING_IN_NEW] == 1 && pending->report.counts.in_flight == 0);
    pending_free(pending);
}

static void a_row_that_is_gone_was_traffic(void) {
    Pending *pending = pending_of(2, 10, MISSING_IN_OLD);
    pending_settle(pending, &pending->suspects[1], false);
    CHECK(pending->report.counts.kinds[MISSING_IN_OLD] == 1 && pending->report.counts.traffic_new == 1);
    CHECK(pending->open == 1);
    pending_free(pending);
}

/* Each image must be seen twice by itself; what is still open at the end is in flight. */
static void a_row_that_changes_is_in_flight(void) {
    Pending *pending = pending_of(1, 10, MISSING_IN_NEW);
    for (int i = 0; i < 5; i++, pending->looks++) {
        look_at(pending, 0, i % 2 == 0 ? MISSING_IN_OLD : MISSING_IN_NEW);
    }
    CHECK(!pending_is_settled(pending) && pending->report.counts.kinds[MISSING_IN_OLD] == 1);
    CHECK(pending_end(pending)->count == 0 && pending->report.counts.in_flight == 1);
    CHECK(pending->report.counts.kinds[MISSING_IN_OLD] == 0 && pending->report.counts.traffic_old == 1);
    pending_free(pending);
}

static void a_stretch_that_stays_is_confirmed(void) {
    Pending *pending = pending_of(ROWS, 0, MISSING_IN_NEW);
    CHECK(pending->stretch != NULL && pending->stretch->count == ROWS - 1 && pending->count == 1);
    StretchSeen seen = {.same = true};
    pending_see_stretch(pending, &seen, NULL);
    CHECK(pending->stretch != NULL);
    pending_see_stretch(pending, &seen, NULL);
    CHECK(pending->stretch == NULL && pending_end(pending)->count == ROWS - 1); /* the bound was not looked at */
    CHECK(pending->report.counts.kinds[MISSING_IN_NEW] == ROWS - 1 && pending->report.counts.in_flight == 1);
    pending_free(pending);
}

/* Of a stretch that is kept as a list, key 0 has come to agree and key 1 differs. */
static void a_stretch_gives_up_what_changed(void) {
    Pending *pending = pending_of(ROWS, 0, MISSING_IN_NEW);
    Arena arena = {0};
    StretchSeen seen = {.counts = counts_make(&arena, plan.match)};
    for (int64_t i = 1; i < ROWS - 1; i++) {
        Value key;
        Finding finding = finding_of(i == 1 ? MISSING_IN_OLD : MISSING_IN_NEW, &key, i);
        finding_list_add(&seen.findings, &arena, &finding);
    }
    Counts undecided = counts_make(&arena, plan.match);
    undecided.undecided = 3;
    pending_see_stretch(pending, &seen, &undecided);
    const Counts *counts = &pending->report.counts;
    CHECK(pending->stretch != NULL && pending->stretch->count == ROWS - 3 && pending->count == 2);
    CHECK(pending->suspects[0].finding.key[0].as.integer == 1 && pending->suspects[0].first == MISSING_IN_NEW);
    CHECK(counts->kinds[MISSING_IN_NEW] == ROWS - 2 && counts->kinds[MISSING_IN_OLD] == 1);
    CHECK(counts->traffic_old == 1 && counts->undecided == 3 && pending->looks_needed == 3);
    pending_see_stretch(pending, &(StretchSeen){.same = true}, &undecided);
    CHECK(pending->stretch == NULL && !pending_is_settled(pending));
    CHECK(pending_end(pending)->count == ROWS - 3 && counts->in_flight == 2);
    arena_free(&arena);
    pending_free(pending);
}

/* One that is kept as a digest cannot say what changed: all of it is looked at by key. */
static void a_digest_unfolds(void) {
    Pending *pending = pending_of(ROWS, 1, MISSING_IN_NEW);
    CHECK(pending->stretch != NULL && pending->stretch->alone.count == 0);
    Arena arena = {0};
    Value key;
    StretchSeen seen = {.counts = counts_make(&arena, plan.match)};
    Finding finding = finding_of(MISSING_IN_NEW, &key, 5);
    finding_list_add(&seen.findings, &arena, &finding);
    counts_finding(&seen.counts, &finding, 1);
    Counts undecided = counts_make(&arena, plan.match);
    pending_see_stretch(pending, &seen, &undecided);
    CHECK(pending->stretch == NULL && pending->count == 2 && pending->open == 2);
    CHECK(pending->report.counts.kinds[MISSING_IN_NEW] == 2 && pending->report.counts.traffic_old == ROWS - 2);
    arena_free(&arena);
    pending_free(pending);
}

int main(void) {
    fixture_match(&fixture);
    plan.match = &fixture.match;
    TEST_RUN(a_finding_that_stays_is_confirmed);
    TEST_RUN(a_row_that_is_gone_was_traffic);
    TEST_RUN(a_row_that_changes_is_in_flight);
    TEST_RUN(a_stretch_that_stays_is_confirmed);
    TEST_RUN(a_stretch_gives_up_what_changed);
    TEST_RUN(a_digest_unfolds);
    return test_finish();
}
