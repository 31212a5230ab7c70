/* Decimal: its spellings.
 *
 *     text       "-1.50"                                as SQL writes it; the scale is kept
 *     wire       0002 0000 4000 0002  0001 1388         PostgreSQL's numeric_send: 1 * 10000^0 + 5000 * 10000^-1
 *     canonical  04 00000001 0f                         one per value: class, scale, magnitude (-15 * 10^-1)
 *
 * Texts and wire bytes may be hostile: what is malformed or larger than PostgreSQL's limits is refused.
 */
#include "base/decimal.h"
#include "base/decimal_big.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- digits to coefficients ------------------------------------------------------------------------------- */

static Decimal big_of_digits(Arena *arena, const char *digits, size_t count, bool negative, int32_t scale) {
    char *text = mem_alloc(count + 1);
    memcpy(text, digits, count);
    text[count] = '\0';
    mpz_t number;
    mpz_init(number);
    (void)mpz_set_str(number, text, 10);
    free(text);
    if (negative) {
        mpz_neg(number, number);
    }
    Decimal value = decimal_of_big(arena, number, scale);
    mpz_clear(number);
    return value;
}

static uint64_t digits_64(const char *digits, size_t count) {
    uint64_t magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        magnitude = magnitude * 10 + (uint64_t)(digits[i] - '0');
    }
    return magnitude;
}

static Decimal decimal_of_digits(Arena *arena, const char *digits, size_t count, bool negative, int32_t scale) {
    enum { HALF = TEN_POWER_MAX / 2 };
    if (count > TEN_POWER_MAX) {
        return big_of_digits(arena, digits, count, negative, scale);
    }
    size_t high = count > HALF ? count - HALF : 0;
    i128 magnitude = digits_64(digits + high, count - high);
    if (high > 0) {
        magnitude += (i128)digits_64(digits, high) * ten_power(HALF);
    }
    return decimal_of_small(negative ? -magnitude : magnitude, scale);
}

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

/* ---- wire ---------------------------------------------------------------------------------------------------- */

enum { WIRE_HEADER = 8, GROUP_DIGITS = 4, GROUP_BASE = 10000 };

/* Groups of four decimal digits; the first is worth 10000^weight. */
typedef struct WireNumber {
    const unsigned char *groups;
    int32_t count;
    int32_t weight;
    bool negative;
    int32_t scale; /* digits to show behind the point */
} WireNumber;

static uint32_t wire_16(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static int32_t wire_signed_16(const unsigned char *bytes) {
    return (int16_t)wire_16(bytes);
}

/* The digits behind the point that the groups themselves hold. */
static int32_t wire_fraction(const WireNumber *n) {
    int32_t groups = n->count - 1 - n->weight;
    return groups > 0 ? groups * GROUP_DIGITS : 0;
}

/* Zeros that follow the groups' digits: up to the point, and behind it up to the shown scale. */
static int32_t wire_zeros(const WireNumber *n) {
    int32_t before = n->weight >= n->count ? (n->weight + 1 - n->count) * GROUP_DIGITS : 0;
    int32_t behind = n->scale - wire_fraction(n);
    return before + (behind > 0 ? behind : 0);
}

/* groups[0 .. count - 1) in one number; false: a group is not one. */
static bool read_groups(const WireNumber *n, u128 *out) {
    u128 magnitude = 0;
    uint64_t part = 0, part_base = 1;
    for (int32_t i = 0; i < n->count - 1; i++) {
        uint32_t group = wire_16(n->groups + 2 * i);
        if (group >= GROUP_BASE) {
            return false;
        }
        part = part * GROUP_BASE + group;
        part_base *= GROUP_BASE;
        if (i % 4 == 3) {
            magnitude = magnitude * part_base + part;
            part = 0;
            part_base = 1;
        }
    }
    *out = magnitude * part_base + part;
    return true;
}

/* The common case, up to nine groups: 12.34 is [12][3400], scale 2, so the last group gives two of its digits;
 * 500.00 is [500], scale 2, so two zeros follow. */
static bool wire_small(const WireNumber *n, Decimal *out) {
    static const uint32_t CUT[GROUP_DIGITS] = {1, 10, 100, 1000}, KEPT[GROUP_DIGITS] = {10000, 1000, 100, 10};
    int32_t zeros = wire_zeros(n), hidden = wire_fraction(n) - n->scale;
    u128 magnitude;
    if (hidden >= GROUP_DIGITS || n->count * GROUP_DIGITS + zeros > TEN_POWER_MAX || !read_groups(n, &magnitude)) {
        return false;
    }
    hidden = hidden > 0 ? hidden : 0;
    uint32_t last = wire_16(n->groups + 2 * (n->count - 1)), cut = CUT[hidden];
    if (last >= GROUP_BASE || last % cut != 0) {
        return false;
    }
    magnitude = magnitude * KEPT[hidden] + last / cut;
    if (zeros > 0) {
        magnitude *= (u128)ten_power(zeros);
    }
    *out = decimal_of_small(n->negative ? -(i128)magnitude : (i128)magnitude, n->scale);
    return true;
}

static bool write_groups(const WireNumber *n, char *digits) {
    for (int32_t i = 0; i < n->count; i++) {
        uint32_t group = wire_16(n->groups + 2 * i);
        if (group >= GROUP_BASE) {
            return false;
        }
        for (int32_t k = GROUP_DIGITS - 1; k >= 0; k--, group /= 10) {
            digits[i * GROUP_DIGITS + k] = (char)('0' + group % 10);
        }
    }
    return true;
}

/* Any form, by way of the digits as text. A sender may hide digits behind the shown scale; the value keeps them. */
static bool wire_any(Arena *arena, const WireNumber *n, Decimal *out) {
    int32_t fraction = wire_fraction(n);
    int32_t scale = fraction > n->scale ? fraction : n->scale;
    size_t length = (size_t)(n->count * GROUP_DIGITS + wire_zeros(n));
    char *digits = mem_alloc(length + 1);
    memset(digits, '0', length);
    bool good = write_groups(n, digits);
    for (; scale > n->scale && length > 0 && digits[length - 1] == '0'; scale--) {
        length--;
    }
    good = good && scale <= DECIMAL_MAX_SCALE;
    if (good) {
        *out = decimal_of_digits(arena, digits, length, n->negative, scale);
    }
    free(digits);
    return good;
}

static bool wire_special(uint32_t sign, Decimal *out) {
    switch (sign) {
    case 0xC000:
        *out = decimal_special(DECIMAL_NAN);
        return true;
    case 0xD000:
        *out = decimal_special(DECIMAL_INFINITE);
        return true;
    case 0xF000:
        *out = decimal_special(DECIMAL_MINUS_INFINITE);
        return true;
    default:
        return false;
    }
}

bool decimal_of_wire(Arena *arena, const unsigned char *bytes, size_t length, Decimal *out) {
    if (length < WIRE_HEADER || length != WIRE_HEADER + 2 * (size_t)wire_16(bytes)) {
        return false;
    }
    uint32_t sign = wire_16(bytes + 4);
    if (sign != 0 && sign != 0x4000) {
        return wire_special(sign, out);
    }
    WireNumber n = {.groups = bytes + WIRE_HEADER,
                    .count = (int32_t)wire_16(bytes),
                    .weight = wire_signed_16(bytes + 2),
                    .negative = sign != 0,
                    .scale = (int32_t)wire_16(bytes + 6)};
    if (n.scale > DECIMAL_MAX_SCALE) {
        return false;
    }
    if (n.count == 0) {
        *out = decimal_of_small(0, n.scale);
        return true;
    }
    return (n.count <= 9 && wire_small(&n, out)) || wire_any(arena, &n, out);
}

/* Up to four groups lie in one word, the last group lowest. */
enum { SHORT_GROUPS = 4, GROUP_BITS = 16 };

static const ShortDecimal NOT_SHORT = {.scale = -1};

static uint64_t load_64(const unsigned char *bytes) {
    uint64_t big_endian;
    memcpy(&big_endian, bytes, sizeof big_endian);
    return be64toh(big_endian);
}

/* Whether each group is below 10000: neither has its highest bit, nor gets it from what 10000 lacks of that bit. */
static bool are_groups(uint64_t groups) {
    static const uint64_t highest = UINT64_C(0x8000800080008000), lack = UINT64_C(0x58F058F058F058F0);
    return ((groups | (groups + lack)) & highest) == 0;
}

static int64_t group_at(uint64_t groups, int place) {
    return (int64_t)(groups >> (place * GROUP_BITS) & 0xFFFF);
}

/* Groups that end behind the point: the last one, which is not 0, loses its zeros. */
static ShortDecimal short_fraction(uint64_t groups, int64_t scale) {
    int64_t before = (group_at(groups, 3) * GROUP_BASE + group_at(groups, 2)) * GROUP_BASE + group_at(groups, 1);
    int64_t base = GROUP_BASE;
    uint32_t last = (uint32_t)group_at(groups, 0);
    if (last % 100 == 0) {
        last /= 100;
        base /= 100;
        scale -= 2;
    }
    if (last % 10 == 0) {
        last /= 10;
        base /= 10;
        scale--;
    }
    return (ShortDecimal){before * base + last, scale};
}

static ShortDecimal short_integer(uint64_t groups, int zero_groups) {
    int64_t magnitude = 0;
    for (int place = SHORT_GROUPS - 1; place >= 0; place--) {
        magnitude = magnitude * GROUP_BASE + group_at(groups, place);
    }
    for (; zero_groups > 0; zero_groups--) {
        magnitude *= GROUP_BASE;
    }
    return (ShortDecimal){magnitude, 0};
}

ShortDecimal decimal_of_short_wire(const unsigned char *bytes, size_t length) {
    if (length <= WIRE_HEADER || length > WIRE_HEADER + 2 * SHORT_GROUPS) {
        return NOT_SHORT;
    }
    uint64_t header = load_64(bytes); /* count, weight, sign, scale */
    int count = (int)(header >> 48), weight = (int16_t)(header >> 32);
    int behind = count - 1 - weight; /* groups behind the point */
    if (length != WIRE_HEADER + 2 * (size_t)count || (header & 0xBFFF0000) != 0 || weight >= SHORT_GROUPS ||
        behind > SHORT_GROUPS || (header & 0xFFFF) > DECIMAL_MAX_SCALE) {
        return NOT_SHORT;
    }
    uint64_t groups = load_64(bytes + length - sizeof groups) & UINT64_MAX >> (SHORT_GROUPS - count) * GROUP_BITS;
    if (!are_groups(groups) || (behind > 0 && group_at(groups, 0) == 0)) {
        return NOT_SHORT;
    }
    ShortDecimal number = behind > 0 ? short_fraction(groups, behind * GROUP_DIGITS) : short_integer(groups, -behind);
    number.coefficient = (header & 0x40000000) != 0 ? -number.coefficient : number.coefficient;
    return number;
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
