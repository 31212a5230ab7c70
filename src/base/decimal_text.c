/* Decimal: its texts, and its canonical form.
 *
 *     text       "-1.50"           as SQL writes it; the scale is kept
 *     canonical  04 00000001 0f    one per value: class, scale, magnitude (-15 * 10^-1)
 *
 * Refuses: texts that are malformed or larger than PostgreSQL's limits.
 */
#include "base/decimal.h"
#include "base/decimal_big.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- text --------------------------------------------------------------------------------------------------- */

static bool parse_special(Str text, Decimal *out) {
    static const struct {
        const char *word;
        DecimalClass class_;
    } WORDS[] = {{"nan", DECIMAL_NAN},
                 {"infinity", DECIMAL_INFINITE},
                 {"+infinity", DECIMAL_INFINITE},
                 {"-infinity", DECIMAL_MINUS_INFINITE},
                 {"inf", DECIMAL_INFINITE},
                 {"+inf", DECIMAL_INFINITE},
                 {"-inf", DECIMAL_MINUS_INFINITE}};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (text.length == strlen(WORDS[i].word) && strncasecmp(text.bytes, WORDS[i].word, text.length) == 0) {
            *out = decimal_special(WORDS[i].class_);
            return true;
        }
    }
    return false;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t digit_run(Str text, size_t from) {
    size_t i = from;
    while (i < text.length && is_digit(text.bytes[i])) {
        i++;
    }
    return i - from;
}

/* A number's text taken apart: [sign] whole [. fraction] [e exponent]. */
typedef struct Spelling {
    bool negative;
    const char *whole;
    size_t whole_count;
    const char *fraction;
    size_t fraction_count;
    int32_t exponent; /* beyond a million: a million */
} Spelling;

static bool read_exponent(Str text, size_t at, int32_t *out) {
    bool negative = at < text.length && text.bytes[at] == '-';
    if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) {
        at++;
    }
    size_t count = digit_run(text, at);
    if (count == 0 || at + count != text.length) {
        return false;
    }
    int32_t exponent = 0;
    for (size_t i = at; i < text.length; i++) {
        exponent = exponent < 100000 ? exponent * 10 + (text.bytes[i] - '0') : 1000000;
    }
    *out = negative ? -exponent : exponent;
    return true;
}

static bool read_spelling(Str text, Spelling *out) {
    Spelling s = {0};
    size_t at = 0;
    if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) {
        s.negative = text.bytes[at++] == '-';
    }
    s.whole = text.bytes + at;
    s.whole_count = digit_run(text, at);
    at += s.whole_count;
    if (at < text.length && text.bytes[at] == '.') {
        at++;
        s.fraction = text.bytes + at;
        s.fraction_count = digit_run(text, at);
        at += s.fraction_count;
    }
    if (s.whole_count + s.fraction_count == 0) {
        return false;
    }
    if (at < text.length) {
        if ((text.bytes[at] != 'e' && text.bytes[at] != 'E') || !read_exponent(text, at + 1, &s.exponent)) {
            return false;
        }
    }
    *out = s;
    return true;
}

/* The digits without point and leading zeros, in *buffer where they do not stand together in the text. */
static Str join_digits(const Spelling *s, char *buffer) {
    Str digits = {s->whole, s->whole_count};
    if (s->fraction_count > 0) {
        memcpy(buffer, s->whole, s->whole_count);
        memcpy(buffer + s->whole_count, s->fraction, s->fraction_count);
        digits = (Str){buffer, s->whole_count + s->fraction_count};
    }
    while (digits.length > 0 && digits.bytes[0] == '0') {
        digits.bytes++;
        digits.length--;
    }
    return digits;
}

static Decimal append_zeros(Arena *arena, Decimal whole, int64_t zeros) {
    i128 scaled;
    if (whole.limbs == NULL && coefficient_scale(whole.small, zeros, &scaled)) {
        return decimal_of_small(scaled, 0);
    }
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, whole);
    big_scale(number, (uint64_t)zeros);
    Decimal value = decimal_of_big(arena, number, 0);
    mpz_clear(number);
    return value;
}

/* Puts the point where it belongs and looks at the limits. */
static bool make_decimal(Arena *arena, const Spelling *s, Str digits, Decimal *out) {
    int64_t scale = (int64_t)s->fraction_count - s->exponent;
    int64_t zeros = scale < 0 && digits.length > 0 ? -scale : 0;
    int64_t shown = scale > 0 ? scale : 0;
    if (shown > DECIMAL_MAX_SCALE || (int64_t)digits.length + zeros - shown > DECIMAL_MAX_BEFORE) {
        return false;
    }
    Decimal value = decimal_of_digits(arena, digits.bytes, digits.length, s->negative, (int32_t)shown);
    if (zeros > 0) {
        value = append_zeros(arena, value, zeros);
    }
    *out = value;
    return true;
}

bool decimal_parse(Arena *arena, Str text, Decimal *out) {
    enum { ON_STACK = 128 };
    char stack[ON_STACK];
    Spelling s;
    text = str_trim(text);
    if (text.length == 0) {
        return false;
    }
    if (!read_spelling(text, &s)) {
        return parse_special(text, out);
    }
    char *buffer = text.length <= ON_STACK ? stack : mem_alloc(text.length);
    bool good = make_decimal(arena, &s, join_digits(&s, buffer), out);
    if (buffer != stack) {
        free(buffer);
    }
    return good;
}

/* `digits` with a point before the last `scale` of them. */
static void print_digits(Str digits, bool negative, int32_t scale, Buf *out) {
    size_t fraction = (size_t)scale;
    if (negative) {
        buf_char(out, '-');
    }
    if (digits.length > fraction) {
        buf_append(out, digits.bytes, digits.length - fraction);
    } else {
        buf_char(out, '0');
    }
    if (fraction == 0) {
        return;
    }
    buf_char(out, '.');
    for (size_t zeros = digits.length; zeros < fraction; zeros++) {
        buf_char(out, '0');
    }
    size_t shown = digits.length < fraction ? digits.length : fraction;
    buf_append(out, digits.bytes + digits.length - shown, shown);
}

static void print_big(Decimal value, Buf *out) {
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, value);
    mpz_abs(number, number);
    char *text = mem_alloc(mpz_sizeinbase(number, 10) + 2);
    (void)mpz_get_str(text, 10, number);
    print_digits(str_of(text), value.negative, value.scale, out);
    free(text);
    mpz_clear(number);
}

static void print_small(Decimal value, Buf *out) {
    char digits[TEN_POWER_MAX + 1];
    size_t start = sizeof digits;
    u128 magnitude = coefficient_magnitude(value.small);
    for (; magnitude > UINT64_MAX; magnitude /= 10) {
        digits[--start] = (char)('0' + (int)(magnitude % 10));
    }
    uint64_t low = (uint64_t)magnitude;
    do {
        digits[--start] = (char)('0' + (int)(low % 10));
        low /= 10;
    } while (low > 0);
    print_digits((Str){digits + start, sizeof digits - start}, value.small < 0, value.scale, out);
}

void decimal_print(Decimal value, Buf *out) {
    static const char *const WORDS[] = {
        [DECIMAL_NAN] = "NaN", [DECIMAL_INFINITE] = "Infinity", [DECIMAL_MINUS_INFINITE] = "-Infinity"};
    if (value.class_ != DECIMAL_FINITE) {
        buf_text(out, WORDS[value.class_]);
    } else if (value.limbs != NULL) {
        print_big(value, out);
    } else {
        print_small(value, out);
    }
}

/* ---- canonical ------------------------------------------------------------------------------------------------ */

enum {
    CANONICAL_NAN = 1,
    CANONICAL_MINUS_INFINITE = 2,
    CANONICAL_INFINITE = 3,
    CANONICAL_NEGATIVE = 4,
    CANONICAL_POSITIVE = 5,
    CANONICAL_HEADER = 5
};

static unsigned char canonical_class(uint8_t class_, bool negative) {
    static const unsigned char CODES[] = {[DECIMAL_FINITE] = CANONICAL_POSITIVE,
                                          [DECIMAL_NAN] = CANONICAL_NAN,
                                          [DECIMAL_INFINITE] = CANONICAL_INFINITE,
                                          [DECIMAL_MINUS_INFINITE] = CANONICAL_MINUS_INFINITE};
    return negative ? CANONICAL_NEGATIVE : CODES[class_];
}

static void canonical_header(unsigned char *out, unsigned char class_, int32_t scale) {
    uint32_t big_endian = htobe32((uint32_t)scale);
    out[0] = class_;
    memcpy(out + 1, &big_endian, sizeof big_endian);
}

/* Big-endian, without zero bytes before it; 0 has none at all. May write up to eight bytes where it needs fewer. */
static size_t put_64(uint64_t magnitude, unsigned char *out) {
    if (magnitude == 0) {
        return 0;
    }
    int spare_bits = __builtin_clzll(magnitude) / 8 * 8;
    uint64_t big_endian = htobe64(magnitude << spare_bits);
    memcpy(out, &big_endian, sizeof big_endian);
    return sizeof big_endian - (size_t)spare_bits / 8;
}

static size_t put_magnitude(u128 magnitude, unsigned char *out) {
    uint64_t high = (uint64_t)(magnitude >> 64), low = htobe64((uint64_t)magnitude);
    if (high == 0) {
        return put_64((uint64_t)magnitude, out);
    }
    size_t count = put_64(high, out);
    memcpy(out + count, &low, sizeof low);
    return count + sizeof low;
}

size_t decimal_canonical_small(const Decimal *value, unsigned char out[DECIMAL_CANONICAL_SMALL]) {
    if (value->class_ != DECIMAL_FINITE) {
        out[0] = canonical_class(value->class_, false);
        return 1;
    }
    int32_t scale = value->scale;
    i128 coefficient = coefficient_strip(value->small, &scale);
    canonical_header(out, canonical_class(DECIMAL_FINITE, coefficient < 0), scale);
    return CANONICAL_HEADER + put_magnitude(coefficient_magnitude(coefficient), out + CANONICAL_HEADER);
}

size_t decimal_canonical_short(ShortDecimal value, unsigned char out[DECIMAL_CANONICAL_SMALL]) {
    bool negative = value.coefficient < 0;
    uint64_t magnitude = negative ? (uint64_t)-value.coefficient : (uint64_t)value.coefficient;
    canonical_header(out, negative ? CANONICAL_NEGATIVE : CANONICAL_POSITIVE, (int32_t)value.scale);
    return CANONICAL_HEADER + put_64(magnitude, out + CANONICAL_HEADER);
}

static void canonical_big(Decimal value, Buf *out) {
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, value);
    big_strip(number, &value.scale);
    unsigned char header[CANONICAL_HEADER];
    canonical_header(header, canonical_class(DECIMAL_FINITE, value.negative), value.scale);
    buf_append(out, header, sizeof header);
    unsigned char *bytes = mem_alloc(mpz_sizeinbase(number, 256) + 1);
    size_t count = 0;
    mpz_export(bytes, &count, 1, 1, 1, 0, number);
    buf_append(out, bytes, count);
    free(bytes);
    mpz_clear(number);
}

void decimal_canonical(Decimal value, Buf *out) {
    if (value.limbs != NULL) {
        canonical_big(value, out);
        return;
    }
    unsigned char bytes[DECIMAL_CANONICAL_SMALL];
    buf_append(out, bytes, decimal_canonical_small(&value, bytes));
}
