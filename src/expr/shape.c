/* In: a text. Out: whether a cast can read it. Each test has its regular expression beside it; both must say the same,
 * which property_postgres checks. */
#include "expr/shape.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SPACE "[ \\t\\n\\r\\f\\v]*"

const char shape_integer_regex[] = SPACE "[+-]?[0-9]{1,40}" SPACE;
const char shape_number_regex[] =
    SPACE "([+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?|[nN][aA][nN])" SPACE;
const char shape_date_regex[] = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const char shape_time_regex[] = "(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?|24:00:00)";
const char shape_timestamp_regex[] = "([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?)?";
const char shape_zone_regex[] = "(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)";
const char shape_uuid_regex[] = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

typedef struct Cursor {
    Str text;
    size_t at;
} Cursor;

static char peek(const Cursor *cursor) {
    return cursor->at < cursor->text.length ? cursor->text.bytes[cursor->at] : '\0';
}

static bool take(Cursor *cursor, char c) {
    bool found = cursor->at < cursor->text.length && cursor->text.bytes[cursor->at] == c;
    cursor->at += found;
    return found;
}

static size_t take_digits(Cursor *cursor) {
    size_t start = cursor->at;
    while (cursor->at < cursor->text.length && isdigit((unsigned char)peek(cursor))) {
        cursor->at++;
    }
    return cursor->at - start;
}

static bool at_end(const Cursor *cursor) {
    return cursor->at == cursor->text.length;
}

/* Exactly `count` digits with a value from least to most. */
static bool take_number(Cursor *cursor, size_t count, int least, int most) {
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isdigit((unsigned char)peek(cursor))) {
            return false;
        }
        value = value * 10 + (peek(cursor) - '0');
        cursor->at++;
    }
    return value >= least && value <= most;
}

static void take_sign(Cursor *cursor) {
    if (!take(cursor, '+')) {
        (void)take(cursor, '-');
    }
}

bool shape_integer(Str text, Str *out_trimmed) {
    Cursor cursor = {str_trim(text), 0};
    take_sign(&cursor);
    size_t digits = take_digits(&cursor);
    *out_trimmed = cursor.text;
    return digits >= 1 && digits <= 40 && at_end(&cursor);
}

static bool take_exponent(Cursor *cursor) {
    if (!take(cursor, 'e') && !take(cursor, 'E')) {
        return true;
    }
    take_sign(cursor);
    size_t digits = take_digits(cursor);
    return digits >= 1 && digits <= 3;
}

bool shape_number(Str text, Str *out_trimmed) {
    Cursor cursor = {str_trim(text), 0};
    *out_trimmed = cursor.text;
    if (utf8_length(text) > 1000) {
        return false;
    }
    if (cursor.text.length == 3 && strncasecmp(cursor.text.bytes, "nan", 3) == 0) {
        return true;
    }
    take_sign(&cursor);
    size_t digits = take_digits(&cursor);
    if (take(&cursor, '.')) {
        digits += take_digits(&cursor);
    }
    return digits > 0 && take_exponent(&cursor) && at_end(&cursor);
}

bool shape_bool(Str text, bool *out) {
    static const char *const words[2][11] = {
        {"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0", NULL},
        {"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1", NULL, NULL},
    };
    Str word = str_trim(text);
    for (int truth = 0; truth < 2; truth++) {
        for (size_t i = 0; words[truth][i] != NULL; i++) {
            if (word.length == strlen(words[truth][i]) && strncasecmp(word.bytes, words[truth][i], word.length) == 0) {
                *out = truth == 1;
                return true;
            }
        }
    }
    return false;
}

static bool take_date(Cursor *cursor) {
    return take_number(cursor, 4, 1, 9999) && take(cursor, '-') && take_number(cursor, 2, 1, 12) && take(cursor, '-') &&
           take_number(cursor, 2, 1, 31);
}

static bool take_clock(Cursor *cursor) {
    if (!take_number(cursor, 2, 0, 23) || !take(cursor, ':') || !take_number(cursor, 2, 0, 59)) {
        return false;
    }
    if (!take(cursor, ':')) {
        return true;
    }
    if (!take_number(cursor, 2, 0, 59)) {
        return false;
    }
    if (!take(cursor, '.')) {
        return true;
    }
    size_t digits = take_digits(cursor);
    return digits >= 1 && digits <= 6;
}

bool shape_date(Str text) {
    Cursor cursor = {text, 0};
    return take_date(&cursor) && at_end(&cursor);
}

bool shape_time(Str text) {
    Cursor cursor = {text, 0};
    return str_equal(text, STR_LITERAL("24:00:00")) || (take_clock(&cursor) && at_end(&cursor));
}

static bool take_timestamp(Cursor *cursor, bool *has_time) {
    if (!take_date(cursor)) {
        return false;
    }
    *has_time = take(cursor, ' ') || take(cursor, 'T');
    return !*has_time || take_clock(cursor);
}

bool shape_timestamp(Str text) {
    Cursor cursor = {text, 0};
    bool has_time;
    return take_timestamp(&cursor, &has_time) && at_end(&cursor);
}

static bool take_zone(Cursor *cursor) {
    if (take(cursor, 'Z') || at_end(cursor)) {
        return true;
    }
    if ((!take(cursor, '+') && !take(cursor, '-')) || !take_number(cursor, 2, 0, 15)) {
        return false;
    }
    bool colon = take(cursor, ':');
    return (!colon && at_end(cursor)) || take_number(cursor, 2, 0, 59);
}

bool shape_timestamptz(Str text) {
    Cursor cursor = {text, 0};
    bool has_time;
    return take_timestamp(&cursor, &has_time) && (!has_time || take_zone(&cursor)) && at_end(&cursor);
}

bool shape_uuid(Str text) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.length != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        bool good = form[i] == '-' ? text.bytes[i] == '-' : isxdigit((unsigned char)text.bytes[i]) != 0;
        if (!good) {
            return false;
        }
    }
    return true;
}
