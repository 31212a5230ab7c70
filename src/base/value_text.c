/* Values as PostgreSQL prints them, and read from what it and people write.
 *
 * Promises: what value_print writes, value_parse reads back as an equal value (odd cells aside; a single float by way
 * of value_single).
 * Refuses: a text that is no value of the kind, or of one out of its range.
 */
#include "base/value.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- printing ------------------------------------------------------------------------------------------- */

static const char HEX[] = "0123456789abcdef";

static void print_hex(const unsigned char *bytes, size_t length, Buf *out) {
    for (size_t i = 0; i < length; i++) {
        buf_char(out, HEX[bytes[i] >> 4]);
        buf_char(out, HEX[bytes[i] & 15]);
    }
}

static void print_uuid(Str uuid, Buf *out) {
    static const size_t groups[] = {4, 2, 2, 2, 6};
    const unsigned char *at = (const unsigned char *)uuid.bytes;
    if (uuid.length != 16) {
        print_hex(at, uuid.length, out);
        return;
    }
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (i > 0) {
            buf_char(out, '-');
        }
        print_hex(at, groups[i], out);
        at += groups[i];
    }
}

/* Whether a text stands for this float alone. Exactly between two floats it would read back only by the rule for
 * ties, and PostgreSQL does not print such a text: 1e23 is 9.999999999999999e+22. */
static bool text_is_float(const char *text, double number, bool single) {
    long double exact = strtold(text, NULL);
    double away = exact > (long double)number ? INFINITY : -INFINITY;
    double neighbour = single ? (double)nextafterf((float)number, (float)away) : nextafter(number, away);
    double read = single ? (double)strtof(text, NULL) : strtod(text, NULL);
    return read == number && exact != ((long double)number + (long double)neighbour) / 2;
}

/* Of a float and of a double: how many digits always read back as written, how many are always enough, the least number
 * that has so many, and PostgreSQL's first power of ten with an exponent. */
typedef struct FloatForm {
    int safe_digits, most_digits;
    double least_normal;
    int first_exponent;
} FloatForm;

static const FloatForm DOUBLE = {DBL_DIG, DBL_DECIMAL_DIG, DBL_MIN, 15};
static const FloatForm SINGLE = {FLT_DIG, FLT_DECIMAL_DIG, FLT_MIN, 6};

/* The fewest digits that read back as the same float, as "d.ddde+XX". Below the safe ones closing zeros are the only
 * thing to look for; the smallest floats have fewer. */
static void shortest_digits(double number, bool single, char out[32]) {
    const FloatForm *form = single ? &SINGLE : &DOUBLE;
    for (int digits = number < form->least_normal ? 1 : form->safe_digits; digits <= form->most_digits; digits++) {
        snprintf(out, 32, "%.*e", digits - 1, number);
        if (text_is_float(out, number, single)) {
            break;
        }
    }
}

/* "-1.2500e+01" -> "-" "12.5". `exponent` is that of the first digit. */
static void print_digits(const char *digits, size_t count, int exponent, Buf *out) {
    if (exponent < 0) {
        buf_text(out, "0.");
        for (int i = -1; i > exponent; i--) {
            buf_char(out, '0');
        }
        buf_append(out, digits, count);
        return;
    }
    size_t before = (size_t)exponent + 1;
    for (size_t i = 0; i < before || i < count; i++) {
        if (i == before) {
            buf_char(out, '.');
        }
        buf_char(out, i < count ? digits[i] : '0');
    }
}

/* PostgreSQL's float8out: plain digits from 1e-4 to below 1e15, an exponent of two digits or more beyond; and its
 * float4out, to below 1e6. */
static void print_float(double number, bool single, Buf *out) {
    if (isnan(number) || isinf(number)) {
        buf_text(out, isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
        return;
    }
    char text[32], digits[20];
    size_t count = 0;
    shortest_digits(fabs(number), single, text);
    char *e = strchr(text, 'e');
    for (const char *at = text; at < e; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (signbit(number)) {
        buf_char(out, '-');
    }
    bool plain = exponent >= -4 && exponent < (single ? SINGLE : DOUBLE).first_exponent;
    print_digits(digits, count, plain ? exponent : 0, out);
    if (!plain) {
        buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
}

static void print_bytes(Str bytes, Buf *out) {
    buf_text(out, "\\x");
    print_hex((const unsigned char *)bytes.bytes, bytes.length, out);
}

void value_print(Value value, Buf *out) {
    if (value.state == CELL_NULL) {
        return;
    }
    if (value.state == CELL_ODD) {
        buf_str(out, value.as.text);
        return;
    }
    switch (value.kind) {
    case KIND_BOOL:
        buf_char(out, value.as.integer != 0 ? 't' : 'f');
        break;
    case KIND_INT:
        buf_printf(out, "%lld", (long long)value.as.integer);
        break;
    case KIND_DECIMAL:
        decimal_print(value.as.decimal, out);
        break;
    case KIND_FLOAT:
        print_float(value.as.number, value.single, out);
        break;
    case KIND_BYTES:
        print_bytes(value.as.text, out);
        break;
    case KIND_TIMESTAMPTZ:
    case KIND_TIMESTAMP:
        calendar_print_timestamp(value.as.integer, value.kind == KIND_TIMESTAMPTZ, out);
        break;
    case KIND_DATE:
        calendar_print_date(value.as.integer, out);
        break;
    case KIND_TIME:
        calendar_print_time(value.as.integer, out);
        break;
    case KIND_INTERVAL:
        calendar_print_interval(value.as.interval, out);
        break;
    case KIND_UUID:
        print_uuid(value.as.text, out);
        break;
    case KIND_TEXT:
    case KIND_JSON:
    case KIND_ARRAY:
    case KIND_OPAQUE:
    case KIND_COUNT:
        buf_str(out, value.as.text);
        break;
    }
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_folded(Str text, const char *word) {
    for (size_t i = 0; i < text.length; i++) {
        if (word[i] == '\0' || ascii_lower(text.bytes[i]) != word[i]) {
            return false;
        }
    }
    return word[text.length] == '\0';
}

/* PostgreSQL takes any unique beginning of these; the ones that people write are enough. */
static bool parse_bool(Str text, int64_t *out) {
    static const char *const words[] = {"f", "false", "n", "no", "off", "0", "t", "true", "y", "yes", "on", "1"};
    static const size_t word_count = sizeof(words) / sizeof(words[0]);
    for (size_t i = 0; i < word_count; i++) {
        if (equal_folded(text, words[i])) {
            *out = i >= word_count / 2;
            return true;
        }
    }
    return false;
}

static bool parse_int(Str text, int64_t *out) {
    size_t at = text.length > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+') ? 1 : 0;
    bool negative = at == 1 && text.bytes[0] == '-';
    int64_t value = 0;
    if (at == text.length) {
        return false;
    }
    for (; at < text.length; at++) {
        int digit = text.bytes[at] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) { /* towards the minimum, which has no positive twin */
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

/* strtod reads more than SQL does: hexadecimal, "nan(...)". */
static bool is_number_text(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (!(c >= '0' && c <= '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-') {
            return false;
        }
    }
    return text.length > 0;
}

static bool parse_float_word(Str text, double *out) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", NAN},      {"infinity", INFINITY}, {"+infinity", INFINITY}, {"-infinity", -INFINITY},
                 {"inf", INFINITY}, {"+inf", INFINITY},     {"-inf", -INFINITY}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (equal_folded(text, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_float(Arena *arena, Str text, double *out) {
    if (parse_float_word(text, out)) {
        return true;
    }
    if (!is_number_text(text)) {
        return false;
    }
    const char *copy = arena_copy(arena, text.bytes, text.length);
    char *end;
    errno = 0;
    double number = strtod(copy, &end);
    if (*end != '\0' || end == copy || (errno == ERANGE && (number == 0 || isinf(number)))) {
        return false;
    }
    *out = number;
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x0aff", white space between the bytes allowed. */
static bool parse_hex_bytes(Arena *arena, Str text, Str *out) {
    char *bytes = arena_alloc(arena, text.length / 2 + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length;) {
        if (text.bytes[i] == ' ') {
            i++;
            continue;
        }
        int high = hex_digit(text.bytes[i]);
        int low = i + 1 < text.length ? hex_digit(text.bytes[i + 1]) : -1;
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[length++] = (char)(high << 4 | low);
        i += 2;
    }
    *out = (Str){bytes, length};
    return true;
}

static bool is_octal(char c, char highest) {
    return c >= '0' && c <= highest;
}

/* bytea's older form: "\\" is a backslash, "\101" a byte in octal, all else itself. */
static bool parse_escaped_bytes(Arena *arena, Str text, Str *out) {
    char *bytes = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; length++) {
        const char *at = text.bytes + i;
        size_t left = text.length - i;
        if (*at != '\\') {
            bytes[length] = *at;
            i++;
        } else if (left >= 2 && at[1] == '\\') {
            bytes[length] = '\\';
            i += 2;
        } else if (left >= 4 && is_octal(at[1], '3') && is_octal(at[2], '7') && is_octal(at[3], '7')) {
            bytes[length] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            i += 4;
        } else {
            return false;
        }
    }
    *out = (Str){bytes, length};
    return true;
}

static bool parse_bytes(Arena *arena, Str text, Str *out) {
    if (str_starts_with(text, "\\x")) {
        return parse_hex_bytes(arena, (Str){text.bytes + 2, text.length - 2}, out);
    }
    return parse_escaped_bytes(arena, text, out);
}

/* Upper or lower case, in braces or not, a dash after any group of four digits. */
static bool parse_uuid(Arena *arena, Str text, Str *out) {
    if (text.length >= 2 && text.bytes[0] == '{' && text.bytes[text.length - 1] == '}') {
        text = (Str){text.bytes + 1, text.length - 2};
    }
    char bytes[16] = {0};
    size_t digits = 0;
    for (size_t i = 0; i < text.length; i++) {
        bool dash_fits = digits > 0 && digits % 4 == 0 && digits < 32 && text.bytes[i - 1] != '-';
        if (text.bytes[i] == '-' && dash_fits) {
            continue;
        }
        int digit = hex_digit(text.bytes[i]);
        if (digit < 0 || digits == 32) {
            return false;
        }
        bytes[digits / 2] = (char)(bytes[digits / 2] << 4 | digit);
        digits++;
    }
    if (digits != 32) {
        return false;
    }
    *out = (Str){arena_copy(arena, bytes, sizeof(bytes)), sizeof(bytes)};
    return true;
}

bool value_parse(Arena *arena, Kind kind, Str text, Value *out) {
    Value value = {.kind = kind, .state = CELL_VALUE};
    bool good = true;
    switch (kind) {
    case KIND_BOOL:
        good = parse_bool(str_trim(text), &value.as.integer);
        break;
    case KIND_INT:
        good = parse_int(str_trim(text), &value.as.integer);
        break;
    case KIND_DECIMAL:
        good = decimal_parse(arena, str_trim(text), &value.as.decimal);
        break;
    case KIND_FLOAT:
        good = parse_float(arena, str_trim(text), &value.as.number);
        break;
    case KIND_BYTES:
        good = parse_bytes(arena, text, &value.as.text);
        break;
    case KIND_TIMESTAMPTZ:
        good = calendar_parse_timestamptz(text, &value.as.integer);
        break;
    case KIND_TIMESTAMP:
        good = calendar_parse_timestamp(text, &value.as.integer);
        break;
    case KIND_DATE:
        good = calendar_parse_date(text, &value.as.integer);
        break;
    case KIND_TIME:
        good = calendar_parse_time(text, &value.as.integer);
        break;
    case KIND_INTERVAL:
        good = calendar_parse_interval(text, &value.as.interval);
        break;
    case KIND_UUID:
        good = parse_uuid(arena, str_trim(text), &value.as.text);
        break;
    case KIND_TEXT:
    case KIND_JSON:
    case KIND_ARRAY:
    case KIND_OPAQUE:
    case KIND_COUNT:
        value.as.text = str_copy(arena, text);
        break;
    }
    if (good) {
        *out = value;
    }
    return good;
}
