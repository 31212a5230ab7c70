/* Documents: what is one, when two are equal, their parts; then random documents in two spellings. */
#include "base/json.h"
#include "unit/test.h"

#include <stdlib.h>

static Arena arena;
static Buf buf, other;

static const char *canonical_hex(const char *text) {
    buf_empty(&buf);
    buf_empty(&other);
    if (!json_canonical(str_of(text), &arena, &other)) {
        return "refused";
    }
    for (size_t i = 0; i < other.length; i++) {
        buf_printf(&buf, "%02x", (unsigned char)other.bytes[i]);
    }
    return buf.bytes;
}

static bool is_document(Str text) {
    buf_empty(&buf);
    return json_canonical(text, &arena, &buf);
}

static bool equal(const char *a, const char *b) {
    buf_empty(&buf);
    buf_empty(&other);
    CHECK(json_canonical(str_of(a), &arena, &buf));
    CHECK(json_canonical(str_of(b), &arena, &other));
    return str_equal(buf_view(&buf), buf_view(&other));
}

/* Kept in ledgers: these bytes must never change. */
static void canonical_form_is_pinned(void) {
    CHECK_TEXT(canonical_hex("null"), "00");
    CHECK_TEXT(canonical_hex(" false "), "01");
    CHECK_TEXT(canonical_hex("true"), "02");
    CHECK_TEXT(canonical_hex("0"), "0300000009050000000000000000");
    CHECK_TEXT(canonical_hex("-1.50"), "030000000a04000000000fffffffff");
    CHECK_TEXT(canonical_hex("1e2"), "030000000a05000000000100000002");
    CHECK_TEXT(canonical_hex("\"\""), "0400000000");
    CHECK_TEXT(canonical_hex("\"a\\u00e9\""), "040000000361c3a9");
    CHECK_TEXT(canonical_hex("[]"), "0500000000");
    CHECK_TEXT(canonical_hex("[null, true]"), "05000000020002");
    CHECK_TEXT(canonical_hex("{}"), "0600000000");
    CHECK_TEXT(canonical_hex("{\"b\": 1, \"a\": null}"), "060000000200000001610000000001620300"
                                                         "00000a05000000000100000000");
}

static void spelling_does_not_matter(void) {
    CHECK(equal("{\"a\":1,\"b\":[1,2]}", " { \"b\" : [ 1.0 , 20e-1 ] ,\n\t\"a\" : 1e0 }\r"));
    CHECK(equal("100", "1E+2"));
    CHECK(equal("-0", "0.000e5"));
    CHECK(equal("123456789012345678901234567890123456789012345678901234567890",
                "12345678901234567890123456789012345678901234567890123456789.0e1"));
    CHECK(equal("\"\\u0041\\/\\uD83D\\ude00\\n\"", "\"A/\xf0\x9f\x98\x80\\u000a\""));
    CHECK(equal("{\"\\u0061\": 1}", "{\"a\": 1}"));
}

static void content_matters(void) {
    CHECK(!equal("9007199254740992", "9007199254740993"));
    CHECK(!equal("0.1", "0.1000000000000000000000000000000000000000001"));
    CHECK(!equal("1", "\"1\""));
    CHECK(!equal("1", "-1"));
    CHECK(!equal("1", "10"));
    CHECK(!equal("null", "\"null\""));
    CHECK(!equal("[1,2]", "[2,1]"));
    CHECK(!equal("[1,2]", "[[1,2]]"));
    CHECK(!equal("[[1],2]", "[[1,2]]"));
    CHECK(!equal("[]", "{}"));
    CHECK(!equal("{\"a\":null}", "{}"));
    CHECK(!equal("{\"a\":\"bc\"}", "{\"ab\":\"c\"}"));
    CHECK(!equal("{\"a\":{\"b\":1}}", "{\"a\":{},\"b\":1}"));
    CHECK(!equal("\"a\"", "\"a\\u0000\""));
}

static void last_of_one_name_wins(void) {
    CHECK(equal("{\"a\":1,\"a\":2}", "{\"a\":2}"));
    CHECK(equal("{\"b\":0,\"a\":3,\"\\u0061\":2,\"c\":5,\"a\":1}", "{\"a\":1,\"b\":0,\"c\":5}"));
    CHECK(!equal("{\"a\":1,\"a\":2}", "{\"a\":1}"));
}

static void names_sort_by_bytes(void) {
    CHECK(equal("{\"aa\":1,\"b\":2,\"\xc3\xa9\":3,\"\":4}", "{\"\":4,\"\xc3\xa9\":3,\"b\":2,\"aa\":1}"));
}

static void refuses_what_is_no_document(void) {
    static const char *const BAD[] = {"",
                                      " ",
                                      "nul",
                                      "nullx",
                                      "True",
                                      "01",
                                      "-",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "--1",
                                      "0x1",
                                      "NaN",
                                      "Infinity",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "]",
                                      "{",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}",
                                      "\"",
                                      "\"a",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12G4\"",
                                      "\"a\nb\"",
                                      "\"\t\"",
                                      "1 2",
                                      "null,",
                                      "'a'",
                                      "[1]]",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\ude00\\ud83d\"",
                                      "1e1234567890",
                                      "/**/1"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        test_note(!is_document(str_of(BAD[i])), __FILE__, __LINE__, BAD[i]);
    }
    CHECK(!is_document((Str){NULL, 0}));
    CHECK(!is_document(STR_LITERAL("1\0")));
    CHECK(!is_document(STR_LITERAL("\"\xff\"")));
    CHECK(!is_document(STR_LITERAL("\"\xed\xa0\x80\"")));
    CHECK(!is_document(STR_LITERAL("\xef\xbb\xbf"
                                   "1")));
}

static void refused_text_appends_nothing(void) {
    buf_empty(&buf);
    buf_text(&buf, "x");
    CHECK(!json_canonical(STR_LITERAL("[1,2,{\"a\":}"), &arena, &buf));
    CHECK(buf.length == 1);
}

/* `count` times `open`, then 1, then as often `close`. */
static bool accepts_nested(size_t count, const char *open, const char *close) {
    Buf text = {0};
    for (size_t i = 0; i < count; i++) {
        buf_text(&text, open);
    }
    buf_text(&text, "1");
    for (size_t i = 0; i < count; i++) {
        buf_text(&text, close);
    }
    bool good = is_document(buf_view(&text));
    buf_free(&text);
    return good;
}

static void depth_is_bounded(void) {
    CHECK(accepts_nested(JSON_MAX_DEPTH, "[", "]"));
    CHECK(!accepts_nested(JSON_MAX_DEPTH + 1, "[", "]"));
    CHECK(accepts_nested(JSON_MAX_DEPTH, "{\"a\":", "}"));
    CHECK(!accepts_nested(JSON_MAX_DEPTH + 1, "{\"a\":", "}"));
    CHECK(!accepts_nested(2000000, "[", ""));
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static const char *member(const char *text, const char *name) {
    Str raw;
    if (!json_member(str_of(text), str_of(name), &raw)) {
        return "none";
    }
    buf_empty(&buf);
    buf_text(&buf, "");
    buf_str(&buf, raw);
    return buf.bytes;
}

static const char *element(const char *text, int64_t index) {
    Str raw;
    if (!json_element(str_of(text), index, &raw)) {
        return "none";
    }
    buf_empty(&buf);
    buf_str(&buf, raw);
    return buf.bytes;
}

static void finds_members(void) {
    CHECK_TEXT(member("{\"a\": [1, 2] , \"b\":\"x\"}", "a"), "[1, 2]");
    CHECK_TEXT(member("{\"a\":1,\"b\":\"x\"}", "b"), "\"x\"");
    CHECK_TEXT(member("{\"a\":{\"b\":1}}", "b"), "none");
    CHECK_TEXT(member("{\"a\":1,\"a\":2}", "a"), "2");
    CHECK_TEXT(member("{\"\\u0061b\":1}", "ab"), "1");
    CHECK_TEXT(member("{\"\":null}", ""), "null");
    CHECK_TEXT(member("[1]", "a"), "none");
    CHECK_TEXT(member("\"a\"", "a"), "none");
    CHECK_TEXT(member("{\"a\":1,\"b\":}", "a"), "none");
    CHECK_TEXT(member("{\"a\":1} x", "a"), "none");
}

static void finds_elements(void) {
    CHECK_TEXT(element("[1, {\"a\":[2]}, \"x\"]", 1), "{\"a\":[2]}");
    CHECK_TEXT(element("[1,2,3]", 0), "1");
    CHECK_TEXT(element("[1,2,3]", -1), "3");
    CHECK_TEXT(element("[1,2,3]", -3), "1");
    CHECK_TEXT(element("[1,2,3]", -4), "none");
    CHECK_TEXT(element("[1,2,3]", 3), "none");
    CHECK_TEXT(element("[]", 0), "none");
    CHECK_TEXT(element("[1]", INT64_MIN), "none");
    CHECK_TEXT(element("5", 0), "none");
    CHECK_TEXT(element("[1,2", 0), "none");
}

static const char *unquote(const char *text) {
    buf_empty(&buf);
    buf_text(&buf, "");
    return json_unquote(str_of(text), &buf) ? buf.bytes : "none";
}

static void gives_values_as_text(void) {
    CHECK_TEXT(unquote("\"paid\""), "paid");
    CHECK_TEXT(unquote(" \"a\\\"b\\u00e9\\ud83d\\ude00\" "), "a\"b\xc3\xa9\xf0\x9f\x98\x80");
    CHECK_TEXT(unquote("1.50"), "1.50");
    CHECK_TEXT(unquote("{\"a\": 1}"), "{\"a\": 1}");
    CHECK_TEXT(unquote("true"), "true");
    CHECK_TEXT(unquote("null"), "none");
    CHECK_TEXT(unquote("\"\\u0000\""), "none");
    CHECK_TEXT(unquote("\"a"), "none");
    CHECK_TEXT(unquote("\"\""), "");
}

/* ---- random documents -------------------------------------------------------------------------------------- */

static uint64_t state;

static uint64_t random_below(uint64_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

static void space(Buf *out) {
    static const char *const SPACES[] = {"", "", " ", "\n", "\t\r "};
    buf_text(out, SPACES[random_below(5)]);
}

/* One number in two spellings. */
static void write_numbers(Buf *a, Buf *b) {
    int value = (int)random_below(1000) + 1; /* 0 with zeros behind it is no JSON */
    value = random_below(2) == 0 ? value : -value;
    int zeros = (int)random_below(4);
    buf_printf(a, "%d", value);
    buf_printf(b, "%d%.*se-%d", value, zeros, "000", zeros);
}

static void write_strings(Buf *a, Buf *b) {
    buf_char(a, '"');
    buf_char(b, '"');
    for (uint64_t left = random_below(4); left > 0; left--) {
        int c = 'a' + (int)random_below(5);
        buf_char(a, (char)c);
        buf_printf(b, random_below(2) == 0 ? "%c" : "\\u%04x", c);
    }
    buf_char(a, '"');
    buf_char(b, '"');
}

static void write_documents(Buf *a, Buf *b, int depth);

/* Members in opposite orders. */
static void write_objects(Buf *a, Buf *b, int depth) {
    Buf parts = {0}, reversed = {0};
    uint64_t count = random_below(4);
    for (uint64_t i = 0; i < count; i++) {
        Buf value = {0}, again = {0};
        write_documents(&value, &again, depth + 1);
        buf_printf(&parts, "%s\"k%d\":%s", i == 0 ? "" : ",", (int)i, value.bytes);
        Buf front = {0};
        buf_printf(&front, "\"\\u006b%d\" : %s%s%s", (int)i, again.bytes, i == 0 ? "" : ",",
                   reversed.bytes == NULL ? "" : reversed.bytes);
        buf_free(&reversed);
        reversed = front;
        buf_free(&value);
        buf_free(&again);
    }
    buf_printf(a, "{%s}", parts.bytes == NULL ? "" : parts.bytes);
    buf_printf(b, "{%s}", reversed.bytes == NULL ? "" : reversed.bytes);
    buf_free(&parts);
    buf_free(&reversed);
}

static void write_arrays(Buf *a, Buf *b, int depth) {
    buf_char(a, '[');
    buf_char(b, '[');
    for (uint64_t i = 0, count = random_below(4); i < count; i++) {
        buf_text(a, i == 0 ? "" : ",");
        buf_text(b, i == 0 ? "" : ",");
        write_documents(a, b, depth + 1);
    }
    buf_char(a, ']');
    buf_char(b, ']');
}

static void write_documents(Buf *a, Buf *b, int depth) {
    static const char *const WORDS[] = {"null", "true", "false"};
    space(b);
    uint64_t what = random_below(depth < 5 ? 7 : 3);
    if (what == 0) {
        const char *word = WORDS[random_below(3)];
        buf_text(a, word);
        buf_text(b, word);
    } else if (what == 1) {
        write_numbers(a, b);
    } else if (what == 2) {
        write_strings(a, b);
    } else if (what < 5) {
        write_arrays(a, b, depth);
    } else {
        write_objects(a, b, depth);
    }
    space(b);
}

static void two_spellings_of_random_documents_are_equal(void) {
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : UINT64_C(20260102);
    printf("seed %llu (set TEST_SEED for another)\n", (unsigned long long)seed);
    state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    char *before = NULL;
    for (int i = 0; i < 3000; i++) {
        Buf a = {0}, b = {0};
        write_documents(&a, &b, 0);
        if (!CHECK(equal(a.bytes, b.bytes))) {
            printf("    %s\n    %s\n", a.bytes, b.bytes);
        }
        if (before != NULL) {
            CHECK(equal(a.bytes, before) == (strcmp(a.bytes, before) == 0));
        }
        free(before);
        before = strdup(a.bytes);
        buf_free(&a);
        buf_free(&b);
    }
    free(before);
}

int main(void) {
    TEST_RUN(canonical_form_is_pinned);
    TEST_RUN(spelling_does_not_matter);
    TEST_RUN(content_matters);
    TEST_RUN(last_of_one_name_wins);
    TEST_RUN(names_sort_by_bytes);
    TEST_RUN(refuses_what_is_no_document);
    TEST_RUN(refused_text_appends_nothing);
    TEST_RUN(depth_is_bounded);
    TEST_RUN(finds_members);
    TEST_RUN(finds_elements);
    TEST_RUN(gives_values_as_text);
    TEST_RUN(two_spellings_of_random_documents_are_equal);
    arena_free(&arena);
    buf_free(&buf);
    buf_free(&other);
    return test_finish();
}
