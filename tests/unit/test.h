/* The unit tests' harness: checks count themselves, and a failed one says where and what.
 *
 *     int main(void) {
 *         TEST_RUN(reads_negative_numbers);
 *         return test_finish();
 *     }
 */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int test_passed_count, test_failed_count;
static const char *test_name = "";

static inline bool test_note(bool good, const char *file, int line, const char *what) {
    if (good) {
        test_passed_count++;
    } else {
        test_failed_count++;
        printf("%s:%d: %s: %s\n", file, line, test_name, what);
    }
    return good;
}

static inline bool test_same_text(const char *got, const char *want, const char *file, int line) {
    bool good = got != NULL && strcmp(got, want) == 0;
    test_note(good, file, line, want);
    if (!good) {
        printf("    wanted %s\n    got    %s\n", want, got == NULL ? "(null)" : got);
    }
    return good;
}

static inline int test_finish(void) {
    printf("%d passed, %d failed\n", test_passed_count, test_failed_count);
    return test_failed_count == 0 ? 0 : 1;
}

#define CHECK(condition) test_note((condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(got, want) test_same_text((got), (want), __FILE__, __LINE__)
#define TEST_RUN(name)                                                                                                 \
    do {                                                                                                               \
        test_name = #name;                                                                                             \
        name();                                                                                                        \
    } while (0)

#endif
