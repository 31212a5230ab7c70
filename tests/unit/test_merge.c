/* The merge against a naive answer, for random sides, batches of every small size, and a failure at every call. */
#include "check/merge.h"
#include "spec/match.h"
#include "test.h"

#include "scripted_source.h"

#include <inttypes.h>
#include <time.h>

enum { ROWS_MAX = 60, KEYS = 40 };

typedef struct Tally {
    int64_t kinds[FINDING_KINDS];
    int64_t pairs[2];
    int64_t compared;
    bool key_order;
    bool some;
    Value last;
} Tally;

static void tally_take(void *self, const Finding *finding) {
    Tally *tally = self;
    tally->kinds[finding->kind]++;
    for (size_t i = 0; i < finding->pair_count; i++) {
        tally->pairs[finding->pairs[i]]++;
    }
    if (tally->some && value_compare(tally->last, finding->key[0]) >= 0) {
        tally->key_order = false;
    }
    tally->some = true;
    tally->last = finding->key[0];
}

static uint64_t random_state;

static uint64_t random_below(uint64_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

/* Rows in key order; some keys missing, some twice, sometimes NULL keys at the end. */
static size_t random_rows(ScriptedRow *rows) {
    static const char *const notes[] = {"", "a", "b", NULL};
    size_t count = 0;
    for (int64_t key = 0; key < KEYS; key++) {
        uint64_t copies = random_below(10) == 0 ? 2 : random_below(8) != 0;
        for (; copies > 0 && count < ROWS_MAX - 4; copies--) {
            int64_t n = random_below(20) == 0 ? -key : key;
            rows[count++] = (ScriptedRow){key, false, n, notes[random_below(20) == 0 ? 1 + random_below(3) : 0]};
        }
    }
    for (uint64_t nulls = random_below(6) == 0 ? 1 + random_below(2) : 0; nulls > 0; nulls--) {
        rows[count++] = (ScriptedRow){0, true, 7, ""};
    }
    return count;
}

static size_t rows_with(const ScriptedRow *rows, size_t count, int64_t key, const ScriptedRow **out_first) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool same = key == KEYS ? rows[i].id_null : !rows[i].id_null && rows[i].id == key;
        if (same && found++ == 0) {
            *out_first = &rows[i];
        }
    }
    return found;
}

static bool notes_equal(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static Tally naive(const ScriptedRow *old, size_t old_count, const ScriptedRow *new_, size_t new_count) {
    Tally tally = {.key_order = true};
    for (int64_t key = 0; key <= KEYS; key++) {
        const ScriptedRow *a = NULL;
        const ScriptedRow *b = NULL;
        size_t in_old = rows_with(old, old_count, key, &a);
        size_t in_new = rows_with(new_, new_count, key, &b);
        if (in_old > 1 || in_new > 1) {
            tally.kinds[DUPLICATE_KEY]++;
        } else if (in_old + in_new == 1) {
            tally.kinds[in_old == 1 ? MISSING_IN_NEW : MISSING_IN_OLD]++;
        } else if (in_old == 1) {
            tally.compared++;
            tally.pairs[0] += a->n != b->n;
            tally.pairs[1] += !notes_equal(a->note, b->note);
            tally.kinds[DIFFERENT] += a->n != b->n || !notes_equal(a->note, b->note);
        }
    }
    return tally;
}

/* One merge of the two scripts; false where it failed. */
static bool merge_once(Scripted *old, Scripted *new_, Tally *tally, Counts *out_counts, MergeResult *merged, Err *err) {
    Arena arena = {0};
    Match match = scripted_match();
    Comparator *comparator = comparator_make(&arena, &match);
    Counts counts = counts_make(&arena, &match);
    Scan scan = {.relation = &match.old.relation,
                 .columns = match.old.columns,
                 .column_count = 3,
                 .key_count = 1,
                 .range = {.rows = RANGE_ALL},
                 .wire = true};
    bool good = old->base.ops->scan(&old->base, &scan, err) && new_->base.ops->scan(&new_->base, &scan, err) &&
                merge_scans(&arena, &match, &old->base, &new_->base, comparator, &counts,
                            (FindingTaker){tally_take, tally}, merged, err);
    tally->compared = counts.compared;
    *out_counts = counts;
    comparator_free(comparator);
    scripted_close(&old->base);
    scripted_close(&new_->base);
    arena_free(&arena);
    return good;
}

static Scripted random_source(const ScriptedRow *rows, size_t count, int form) {
    Scripted source = scripted_source(rows, count, 1 + random_below(9));
    source.form = form;
    return source;
}

static bool is_as_wanted(const Tally *got, const Tally *want) {
    return memcmp(got->kinds, want->kinds, sizeof got->kinds) == 0 &&
           memcmp(got->pairs, want->pairs, sizeof got->pairs) == 0 && got->compared == want->compared && got->key_order;
}

/* However the rows come - in cells, as bytes of one form, of two - the answer and the digests are the same. */
static void agrees_with_a_naive_answer(void) {
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %" PRIu64 "\n", seed);
    random_state = seed | 1;
    for (int round = 0; round < 3000; round++) {
        ScriptedRow old[ROWS_MAX], new_[ROWS_MAX];
        size_t old_count = random_rows(old);
        size_t new_count = random_rows(new_);
        Tally want = naive(old, old_count, new_, new_count);
        MergeResult first = {0};
        for (int forms = 0; forms < 9; forms += 1 + (int)random_below(3)) {
            Scripted a = random_source(old, old_count, forms / 3);
            Scripted b = random_source(new_, new_count, forms % 3);
            Tally got = {.key_order = true};
            Counts counts;
            MergeResult merged;
            Err err;
            bool good = merge_once(&a, &b, &got, &counts, &merged, &err);
            first = forms == 0 ? merged : first;
            bool same = good && is_as_wanted(&got, &want) && counts.old_rows == (int64_t)old_count &&
                        counts.new_rows == (int64_t)new_count && merged.old.rows == old_count &&
                        merged.new_.rows == new_count && digest_equal(&merged.old, &first.old) &&
                        digest_equal(&merged.new_, &first.new_);
            if (!CHECK(same)) {
                return;
            }
        }
    }
}

/* A malformed row is refused wherever it stands: paired, alone, twice, as the twin of another, the last of a batch. */
static void refuses_malformed_rows(void) {
    enum { ROWS = 5 };
    static const ScriptedRow whole[ROWS] = {
        {1, false, 1, "a"}, {2, false, 2, "b"}, {3, false, 3, "c"}, {4, false, 4, "d"}, {5, false, 5, "e"}};
    for (int forms = 4; forms < 9; forms++) {
        for (size_t at = 0; at < ROWS * 4; at++) {
            ScriptedRow rows[ROWS];
            memcpy(rows, whole, sizeof whole);
            rows[at / 4].note = SCRIPTED_MALFORMED;
            rows[at / 4].id += at % 4 == 1 && at / 4 + 1 < ROWS; /* its successor's: twice */
            Scripted a = random_source(rows, ROWS, forms / 3);
            Scripted b = random_source(at % 4 == 2 ? whole : rows, at % 4 == 3 ? 0 : ROWS, forms % 3);
            Tally got = {.key_order = true};
            Counts counts;
            MergeResult merged;
            Err err;
            CHECK(a.form == 0 || !merge_once(&a, &b, &got, &counts, &merged, &err));
        }
    }
}

/* Trap 18: rows = k x batch and one more or less, so that a buffer used again too early would show. */
static void batches_at_their_edges(void) {
    enum { MOST = 2 * BATCH_ROWS + 1 };
    static ScriptedRow rows[MOST];
    for (int64_t i = 0; i < MOST; i++) {
        rows[i] = (ScriptedRow){i, false, i * 3, "note"};
    }
    static const size_t sizes[] = {
        0, 1, 2, BATCH_ROWS - 1, BATCH_ROWS, BATCH_ROWS + 1, 2 * BATCH_ROWS - 1, 2 * BATCH_ROWS, MOST};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Scripted a = scripted_source(rows, sizes[i], 0);
        Scripted b = scripted_source(rows, sizes[i], 7);
        a.form = (int)i % 3;
        b.form = (int)i % 2;
        Tally got = {.key_order = true};
        Counts counts;
        MergeResult merged;
        Err err;
        CHECK(merge_once(&a, &b, &got, &counts, &merged, &err));
        CHECK(got.compared == (int64_t)sizes[i] && !got.some);
        CHECK(digest_equal(&merged.old, &merged.new_));
    }
}

/* Trap 1: whatever call fails, the merge fails; it never ends early and well. */
static void fails_where_a_call_fails(void) {
    static const ScriptedRow rows[] = {{1, false, 1, "a"}, {2, false, 2, "b"}, {3, false, 3, "c"}};
    for (int side = 0; side < 2; side++) {
        for (int call = 1; call <= 5; call++) {
            Scripted a = scripted_source(rows, 3, 1);
            Scripted b = scripted_source(rows, 3, 1);
            Script script = {MISDEED_FAIL_ONCE, call, 0};
            *(side == 0 ? &a.script : &b.script) = &script;
            Tally got = {.key_order = true};
            Counts counts;
            MergeResult merged;
            Err err;
            CHECK(!merge_once(&a, &b, &got, &counts, &merged, &err));
        }
    }
}

static void refuses_rows_out_of_order(void) {
    static const ScriptedRow good[] = {{1, false, 1, "a"}, {2, false, 2, "b"}, {3, false, 3, "c"}};
    static const ScriptedRow bad[] = {{1, false, 1, "a"}, {3, false, 3, "c"}, {2, false, 2, "b"}};
    for (size_t batch = 1; batch <= 3; batch++) {
        Scripted a = scripted_source(good, 3, batch);
        Scripted b = scripted_source(bad, 3, batch);
        Tally got = {.key_order = true};
        Counts counts;
        MergeResult merged;
        Err err;
        CHECK(!merge_once(&a, &b, &got, &counts, &merged, &err));
        CHECK(err.code == TF_ERROR_DATA);
        CHECK(strstr(err.text, "out of key order at key (2)") != NULL);
    }
}

/* Trap 8: equal changes in two rows must not cancel, and swapped values must show. */
static void digests_see_equal_changes(void) {
    static const ScriptedRow before[] = {{1, false, 5, "USD"}, {2, false, 6, "USD"}};
    static const ScriptedRow both_changed[] = {{1, false, 5, "EUR"}, {2, false, 6, "EUR"}};
    static const ScriptedRow swapped[] = {{1, false, 6, "USD"}, {2, false, 5, "USD"}};
    const ScriptedRow *const changed[] = {both_changed, swapped};
    for (size_t i = 0; i < 2; i++) {
        Scripted a = scripted_source(before, 2, 0);
        Scripted b = scripted_source(changed[i], 2, 0);
        Tally got = {.key_order = true};
        Counts counts;
        MergeResult merged;
        Err err;
        CHECK(merge_once(&a, &b, &got, &counts, &merged, &err));
        CHECK(got.kinds[DIFFERENT] == 2);
        CHECK(!digest_equal(&merged.old, &merged.new_));
    }
}

int main(void) {
    TEST_RUN(agrees_with_a_naive_answer);
    TEST_RUN(refuses_malformed_rows);
    TEST_RUN(batches_at_their_edges);
    TEST_RUN(fails_where_a_call_fails);
    TEST_RUN(refuses_rows_out_of_order);
    TEST_RUN(digests_see_equal_changes);
    return test_finish();
}
