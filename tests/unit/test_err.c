/* Errors: one sentence, cut at a whole character, hint and prefix. */
#include "base/err.h"
#include "test.h"

#include "base/text.h"

static void a_failure_is_one_line(void) {
    Err err;
    memset(&err, 'x', sizeof(err));
    CHECK(!err_set(&err, TF_ERROR_IO, "could not write \"%s\": %s", "a.json", "no space"));
    CHECK_TEXT(err.text, "could not write \"a.json\": no space");
    CHECK_TEXT(err.hint, "");
    CHECK(!err_hint(&err, "Free %d bytes.", 7));
    CHECK_TEXT(err.hint, "Free 7 bytes.");
    CHECK(!err_prefix(&err, "range %d", 3));
    CHECK_TEXT(err.text, "range 3: could not write \"a.json\": no space");
    CHECK_TEXT(err.hint, "Free 7 bytes.");
}

/* Whatever the cut falls on, no half character is left. */
static void long_texts_are_cut_whole(void) {
    static const char piece[] = "\xE2\x82\xAC"; /* the euro sign */
    char text[1200];
    bool valid = true, marked = true;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, piece, 4);
        }
        Err err;
        err_set(&err, TF_ERROR_DATA, "%s", text);
        err_hint(&err, "%s", text);
        valid = valid && utf8_valid(str_of(err.text)) && utf8_valid(str_of(err.hint));
        err_prefix(&err, "%s", text);
        valid = valid && utf8_valid(str_of(err.text));
        marked = marked && strcmp(err.text + strlen(err.text) - 3, "...") == 0;
    }
    CHECK(valid);
    CHECK(marked);
}

static void an_error_may_quote_itself(void) {
    Err err;
    err_set(&err, TF_ERROR_IO, "cause");
    err_set(&err, TF_ERROR_DATA, "could not go on: %s", err.text);
    CHECK_TEXT(err.text, "could not go on: cause");
}

static void a_code_says_whether_trying_again_may_help(void) {
    Err err = {.code = TF_ERROR_CONNECTION};
    CHECK(err_is_transient(&err));
    err.code = TF_ERROR_TIMEOUT;
    CHECK(!err_is_transient(&err));
}

int main(void) {
    TEST_RUN(a_failure_is_one_line);
    TEST_RUN(long_texts_are_cut_whole);
    TEST_RUN(an_error_may_quote_itself);
    TEST_RUN(a_code_says_whether_trying_again_may_help);
    return test_finish();
}
