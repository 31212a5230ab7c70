/* The sample: even, the same in every order, bounded, in key order. */
#include "check/sample.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

enum { MANY = 10000, KEPT = 100 };

static Finding finding_of(Value *key) {
    return (Finding){.kind = MISSING_IN_NEW, .key = key, .key_count = 1};
}

static void offer_keys(Sample *sample, int64_t count, int64_t step) {
    for (int64_t i = 0; i < count; i++) {
        Value key = value_int(i * step % count);
        Finding finding = finding_of(&key);
        sample_offer(sample, &finding);
        key.as.integer = -1; /* the caller's memory is the caller's */
    }
}

static void any_order_gives_the_same(void) {
    Sample *forward = sample_make(KEPT, 7), *shuffled = sample_make(KEPT, 7), *other = sample_make(KEPT, 8);
    offer_keys(forward, MANY, 1);
    offer_keys(shuffled, MANY, 7919);
    offer_keys(other, MANY, 1);
    size_t count_a, count_b, count_c, same = 0;
    const Finding *a = sample_sorted(forward, &count_a);
    const Finding *b = sample_sorted(shuffled, &count_b);
    const Finding *c = sample_sorted(other, &count_c);
    CHECK(count_a == KEPT && count_b == KEPT && count_c == KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        CHECK(a[i].key[0].as.integer == b[i].key[0].as.integer);
        CHECK(i == 0 || a[i - 1].key[0].as.integer < a[i].key[0].as.integer);
        same += a[i].key[0].as.integer == c[i].key[0].as.integer;
    }
    CHECK(same < KEPT / 2);
    sample_free(forward);
    sample_free(shuffled);
    sample_free(other);
}

static void it_is_even(void) {
    Sample *sample = sample_make(KEPT * 10, 1);
    size_t count, tenths[10] = {0};
    offer_keys(sample, MANY, 1);
    const Finding *kept = sample_sorted(sample, &count);
    for (size_t i = 0; i < count; i++) {
        tenths[kept[i].key[0].as.integer * 10 / MANY]++;
    }
    for (size_t i = 0; i < 10; i++) {
        CHECK(tenths[i] > 60 && tenths[i] < 140); /* 100 each; four standard deviations */
    }
    sample_free(sample);
}

/* Memory, too, is a limit: what is left is still even, and the smallest hashes of all. */
static void it_fits_its_bytes(void) {
    Sample *bounded = sample_make(MANY, 7), *counted = sample_make(KEPT, 7);
    size_t count, few;
    sample_limit(bounded, 100000);
    offer_keys(bounded, MANY, 1);
    offer_keys(counted, MANY, 1);
    const Finding *kept = sample_sorted(bounded, &count);
    CHECK(count > KEPT && count < 100000 / 512);
    const Finding *wanted = sample_sorted(counted, &few);
    for (size_t i = 0, j = 0; i < few; i++, j++) {
        while (j < count && kept[j].key[0].as.integer != wanted[i].key[0].as.integer) {
            j++;
        }
        CHECK(j < count);
    }
    sample_free(bounded);
    sample_free(counted);
}

static void fewer_than_it_holds(void) {
    Sample *sample = sample_make(20, 0), *none = sample_make(0, 0);
    size_t count;
    CHECK(sample_sorted(sample, &count) == NULL && count == 0);
    offer_keys(sample, 3, 2);
    offer_keys(none, 3, 1);
    const Finding *kept = sample_sorted(sample, &count);
    CHECK(count == 3 && kept[0].key[0].as.integer == 0 && kept[2].key[0].as.integer == 2);
    CHECK(sample_sorted(none, &count) == NULL && count == 0);
    sample_free(sample);
    sample_free(none);
    sample_free(NULL);
}

/* A key that stands twice on both sides is found twice; NULLs sort last; integers and decimals are one kind of key. */
static void keys_of_all_kinds(void) {
    Sample *sample = sample_make(20, 0);
    Value keys[3] = {value_null(), value_int(5), value_int(-5)};
    keys[0].kind = KIND_INT;
    Arena arena = {0};
    Value decimal;
    CHECK(value_parse(&arena, KIND_DECIMAL, STR_LITERAL("4.5"), &decimal));
    for (size_t i = 0; i < 3; i++) {
        Finding finding = finding_of(&keys[i]);
        finding.kind = DUPLICATE_KEY;
        sample_offer(sample, &finding);
        sample_offer(sample, &finding);
    }
    Finding finding = finding_of(&decimal);
    sample_offer(sample, &finding);
    arena_free(&arena);
    size_t count;
    const Finding *kept = sample_sorted(sample, &count);
    CHECK(count == 7);
    CHECK(kept[0].key[0].as.integer == -5 && kept[2].key[0].kind == KIND_DECIMAL);
    CHECK(kept[5].key[0].state == CELL_NULL && kept[6].key[0].state == CELL_NULL);
    sample_free(sample);
}

/* One key, two findings, one place: who came first must not decide. */
static void a_tie(void) {
    Value key = value_int(7);
    Finding findings[2] = {finding_of(&key), finding_of(&key)};
    findings[1].kind = DUPLICATE_KEY;
    for (size_t first = 0; first < 2; first++) {
        Sample *sample = sample_make(1, 0);
        sample_offer(sample, &findings[first]);
        sample_offer(sample, &findings[1 - first]);
        size_t count;
        CHECK(sample_sorted(sample, &count)[0].kind == MISSING_IN_NEW && count == 1);
        sample_free(sample);
    }
}

static Value value_bytes(Kind kind, const char *bytes, size_t length) {
    return (Value){.kind = kind, .state = CELL_VALUE, .as.text = {bytes, length}};
}

static void long_cells_are_cut(void) {
    static char text[10000], bytes[10000];
    memset(text, 'x', sizeof(text));
    memcpy(text + SAMPLE_CELL_BYTES - 1, "\xc3\xa4", 2); /* a character over the cut */
    Sample *sample = sample_make(1, 0);
    Value key = value_bytes(KIND_TEXT, text, sizeof(text));
    FindingCell old[] = {{"note", value_bytes(KIND_TEXT, text, sizeof(text))},
                         {"blob", value_bytes(KIND_BYTES, bytes, sizeof(bytes))},
                         {"fits", value_bytes(KIND_TEXT, text, SAMPLE_CELL_BYTES - 1)}};
    Finding finding = finding_of(&key);
    finding.kind = DIFFERENT;
    finding.old = old;
    finding.old_count = 3;
    sample_offer(sample, &finding);
    size_t count;
    const Finding *kept = sample_sorted(sample, &count);
    CHECK(count == 1 && kept[0].key[0].as.text.length == sizeof(text));
    CHECK(kept[0].old[0].value.as.text.length == SAMPLE_CELL_BYTES - 1 + 3);
    CHECK(memcmp(kept[0].old[0].value.as.text.bytes + SAMPLE_CELL_BYTES - 2, "x...", 4) == 0);
    CHECK(kept[0].old[1].value.as.text.length == SAMPLE_CELL_BYTES);
    CHECK(kept[0].old[2].value.as.text.length == SAMPLE_CELL_BYTES - 1);
    sample_free(sample);
}

int main(void) {
    TEST_RUN(any_order_gives_the_same);
    TEST_RUN(it_is_even);
    TEST_RUN(it_fits_its_bytes);
    TEST_RUN(fewer_than_it_holds);
    TEST_RUN(keys_of_all_kinds);
    TEST_RUN(a_tie);
    TEST_RUN(long_cells_are_cut);
    return test_finish();
}
