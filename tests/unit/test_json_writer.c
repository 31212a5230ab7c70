/* The JSON writer: layout, escapes, numbers, bytes that are not text. */
#include "base/json_writer.h"
#include "unit/test.h"

#include <math.h>

static Buf buf;

static const char *done(void) {
    return buf.bytes;
}

static JsonWriter start(bool pretty) {
    buf_empty(&buf);
    return json_writer(&buf, pretty);
}

static void write_sample(JsonWriter *json) {
    json_begin_object(json);
    json_name(json, "a");
    json_int(json, INT64_MIN);
    json_name(json, "b");
    json_begin_array(json);
    json_bool(json, true);
    json_null(json);
    json_begin_object(json);
    json_end_object(json);
    json_raw(json, STR_LITERAL("[1,2]"));
    json_end_array(json);
    json_name(json, "c\"");
    json_text(json, NULL);
    json_end_object(json);
}

static void puts_commas_between_values_only(void) {
    JsonWriter json = start(false);
    write_sample(&json);
    CHECK_TEXT(done(), "{\"a\":-9223372036854775808,\"b\":[true,null,{},[1,2]],\"c\\\"\":null}");
}

static void indents_when_pretty(void) {
    JsonWriter json = start(true);
    write_sample(&json);
    CHECK_TEXT(done(), "{\n  \"a\": -9223372036854775808,\n  \"b\": [\n    true,\n    null,\n    {},\n    [1,2]\n  ],\n"
                       "  \"c\\\"\": null\n}");
}

static const char *string_of(Str text) {
    JsonWriter json = start(false);
    json_string(&json, text);
    return done();
}

static void escapes_what_json_cannot_hold(void) {
    CHECK_TEXT(string_of(STR_LITERAL("")), "\"\"");
    CHECK_TEXT(string_of(STR_LITERAL("\"\\\b\f\n\r\t\x01\x1f\x00/")),
               "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000/\"");
    CHECK_TEXT(string_of(STR_LITERAL("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80")),
               "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
}

static void replaces_bytes_that_are_not_utf8(void) {
    CHECK_TEXT(string_of(STR_LITERAL("a\xff"
                                     "b")),
               "\"a\xef\xbf\xbd"
               "b\"");
    CHECK_TEXT(string_of(STR_LITERAL("\xc3")), "\"\xef\xbf\xbd\"");
    CHECK_TEXT(string_of(STR_LITERAL("\xc0\xaf")), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK_TEXT(string_of(STR_LITERAL("\xed\xa0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static const char *double_of(double value) {
    JsonWriter json = start(false);
    json_double(&json, value);
    return done();
}

static void writes_the_shortest_double(void) {
    CHECK_TEXT(double_of(1.0), "1.0");
    CHECK_TEXT(double_of(5e6), "5000000.0");
    CHECK_TEXT(double_of(0.0), "0.0");
    CHECK_TEXT(double_of(0.1), "0.1");
    CHECK_TEXT(double_of(6e-7), "6e-07");
    CHECK_TEXT(double_of(0.1 + 0.2), "0.30000000000000004");
    CHECK_TEXT(double_of(-0.0), "-0.0");
    CHECK_TEXT(double_of(1e300), "1e+300");
    CHECK_TEXT(double_of(5e-324), "5e-324");
    CHECK_TEXT(double_of((double)NAN), "null");
    CHECK_TEXT(double_of(-(double)INFINITY), "null");
}

int main(void) {
    TEST_RUN(puts_commas_between_values_only);
    TEST_RUN(indents_when_pretty);
    TEST_RUN(escapes_what_json_cannot_hold);
    TEST_RUN(replaces_bytes_that_are_not_utf8);
    TEST_RUN(writes_the_shortest_double);
    buf_free(&buf);
    return test_finish();
}
