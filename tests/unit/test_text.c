/* Text: views, buffers, nearest words, UTF-8. */
#include "base/text.h"
#include "test.h"

static void views_compare_by_bytes(void) {
    CHECK(str_equal((Str){0}, str_of("")));
    CHECK(str_equal((Str){"a\0b", 3}, (Str){"a\0b", 3}));
    CHECK(!str_equal((Str){"a\0b", 3}, (Str){"a\0c", 3}));
    CHECK(str_compare(str_of("ab"), str_of("abc")) < 0);
    CHECK(str_compare(str_of("b"), str_of("abc")) > 0);
    CHECK(str_compare((Str){0}, (Str){0}) == 0);
    CHECK(str_compare(str_of("\xC3\xA4"), str_of("z")) > 0);
    CHECK(str_equal(str_trim(str_of(" \t a b \r\n")), str_of("a b")));
    CHECK(str_trim(str_of("  ")).length == 0);
    CHECK(str_starts_with(str_of("sqlite:x"), "sqlite:") && !str_starts_with(str_of("sql"), "sqlite:"));
}

static void distances(void) {
    CHECK(str_distance(str_of("orders"), str_of("orders")) == 0);
    CHECK(str_distance(str_of("orders"), str_of("ORDERS")) == 0);
    CHECK(str_distance(str_of("odrers"), str_of("orders")) == 1);
    CHECK(str_distance(str_of("order"), str_of("orders")) == 1);
    CHECK(str_distance(str_of(""), str_of("abc")) == 3);
    CHECK(str_distance(str_of("kitten"), str_of("sitting")) == 3);
}

static void long_words_have_a_distance_too(void) {
    char a[3000], b[3000];
    memset(a, 'a', sizeof(a));
    memset(b, 'a', sizeof(b));
    b[3] = 'b';
    CHECK(str_distance((Str){a, 3000}, (Str){b, 3000}) <= 3000);
    CHECK(str_distance((Str){a, 3000}, (Str){b, 10}) > 0);
}

static void the_nearest_word(void) {
    static const char *const words[] = {"orders", "order_items", "customers"};
    CHECK_TEXT(str_nearest(str_of("oders"), words, 3), "orders");
    CHECK_TEXT(str_nearest(str_of("Customer"), words, 3), "customers");
    CHECK(str_nearest(str_of("zzzzzz"), words, 3) == NULL);
    CHECK(str_nearest(str_of("x"), words, 0) == NULL);
    CHECK(str_nearest(str_of(""), words, 3) == NULL);
}

static void buffers_grow(void) {
    Buf buf = {0};
    CHECK(buf_view(&buf).length == 0);
    buf_append(&buf, NULL, 0);
    CHECK_TEXT(buf.bytes, "");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&buf, "%d,", i % 10);
    }
    CHECK(buf.length == 2000 && strlen(buf.bytes) == 2000);
    buf_empty(&buf);
    CHECK_TEXT(buf.bytes, "");
    buf_text(&buf, "a");
    buf_char(&buf, '\0');
    buf_str(&buf, str_of("b"));
    CHECK(str_equal(buf_view(&buf), (Str){"a\0b", 3}));
    buf_free(&buf);
    CHECK(buf.bytes == NULL && buf.capacity == 0);
}

typedef struct Utf8Row {
    const char *bytes;
    size_t length;
    bool valid;
} Utf8Row;

static const Utf8Row UTF8[] = {
    {"", 0, true},
    {"plain ascii text", 16, true},
    {"a\0b", 3, true},
    {"\xC2\x80", 2, true},
    {"\xC1\xBF", 2, false},     /* over-long */
    {"\xE0\x9F\xBF", 3, false}, /* over-long */
    {"\xE0\xA0\x80", 3, true},
    {"\xED\x9F\xBF", 3, true},
    {"\xED\xA0\x80", 3, false}, /* surrogate */
    {"\xEF\xBF\xBF", 3, true},
    {"\xF0\x8F\xBF\xBF", 4, false}, /* over-long */
    {"\xF0\x90\x80\x80", 4, true},
    {"\xF4\x8F\xBF\xBF", 4, true},
    {"\xF4\x90\x80\x80", 4, false}, /* beyond U+10FFFF */
    {"\xF5\x80\x80\x80", 4, false},
    {"\x80", 1, false},
    {"12345678\x80", 9, false},
    {"1234567\xC3", 8, false}, /* ends inside */
    {"12345678901234\xE2\x82", 16, false},
    {"\xE2\x28\xA1", 3, false},
};

static void utf8_is_checked(void) {
    for (size_t i = 0; i < sizeof(UTF8) / sizeof(UTF8[0]); i++) {
        if (!CHECK(utf8_valid((Str){UTF8[i].bytes, UTF8[i].length}) == UTF8[i].valid)) {
            printf("    row %zu\n", i);
        }
    }
}

/* Every scalar value there and back, and the surrogates refused. */
static void utf8_reads_what_it_writes(void) {
    bool good = true;
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        char bytes[4];
        Str text = {bytes, utf8_encode(point, bytes)};
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        good = good && utf8_valid(text) == !surrogate;
        if (!surrogate) {
            good = good && utf8_decode(text) == point && utf8_step(text) == text.length && utf8_length(text) == 1;
        }
    }
    CHECK(good);
    CHECK(utf8_step(str_of("\xFFzz")) == 1);
    CHECK(utf8_decode(str_of("\xFFzz")) == 0xFFFD);
    CHECK(utf8_length(str_of("a\xC3\xA4\xE2\x82\xAC")) == 3);
}

int main(void) {
    TEST_RUN(views_compare_by_bytes);
    TEST_RUN(distances);
    TEST_RUN(long_words_have_a_distance_too);
    TEST_RUN(the_nearest_word);
    TEST_RUN(buffers_grow);
    TEST_RUN(utf8_is_checked);
    TEST_RUN(utf8_reads_what_it_writes);
    return test_finish();
}
