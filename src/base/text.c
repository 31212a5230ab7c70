/* Views of text, growing text, UTF-8, and the nearest of several words.
 *
 * In: bytes, any bytes. Out: views into them, copies, or text in a Buf.
 * Promises: no function here reads past `length`, and none needs a closing NUL.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Str ------------------------------------------------------------------------------------------------ */

Str str_of(const char *text) {
    return text == NULL ? (Str){NULL, 0} : (Str){text, strlen(text)};
}

bool str_equal(Str a, Str b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

bool text_equal(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int str_compare(Str a, Str b) {
    size_t shared = a.length < b.length ? a.length : b.length;
    int order = shared == 0 ? 0 : memcmp(a.bytes, b.bytes, shared);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

Str str_copy(Arena *arena, Str text) {
    return (Str){arena_copy(arena, text.bytes, text.length), text.length};
}

static bool is_white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str text) {
    while (text.length > 0 && is_white(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && is_white(text.bytes[text.length - 1])) {
        text.length--;
    }
    return text;
}

bool str_starts_with(Str text, const char *prefix) {
    size_t length = strlen(prefix);
    return text.length >= length && (length == 0 || memcmp(text.bytes, prefix, length) == 0);
}

/* ---- did you mean --------------------------------------------------------------------------------------- */

/* PostgreSQL's names have at most 63 bytes; longer words are measured by their beginnings. */
enum { DISTANCE_BYTES = 64 };

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* One cell of the table: the cheapest of insertion, deletion, substitution and swapped neighbours. */
static size_t distance_cell(Str a, Str b, size_t i, size_t j, size_t table[][DISTANCE_BYTES + 1]) {
    size_t(*now)[DISTANCE_BYTES + 1] = table + i;
    bool same = lower(a.bytes[i - 1]) == lower(b.bytes[j - 1]);
    size_t best = least(now[-1][j] + 1, now[0][j - 1] + 1);
    best = least(best, now[-1][j - 1] + (same ? 0 : 1));
    if (i > 1 && j > 1 && lower(a.bytes[i - 1]) == lower(b.bytes[j - 2]) &&
        lower(a.bytes[i - 2]) == lower(b.bytes[j - 1])) {
        best = least(best, now[-2][j - 2] + 1);
    }
    return best;
}

size_t str_distance(Str a, Str b) {
    size_t table[DISTANCE_BYTES + 1][DISTANCE_BYTES + 1];
    size_t beyond = a.length > b.length ? a.length : b.length;
    beyond = beyond > DISTANCE_BYTES ? beyond - DISTANCE_BYTES : 0;
    a.length = least(a.length, DISTANCE_BYTES);
    b.length = least(b.length, DISTANCE_BYTES);
    for (size_t i = 0; i <= a.length; i++) {
        table[i][0] = i;
    }
    for (size_t j = 0; j <= b.length; j++) {
        table[0][j] = j;
    }
    for (size_t i = 1; i <= a.length; i++) {
        for (size_t j = 1; j <= b.length; j++) {
            table[i][j] = distance_cell(a, b, i, j, table);
        }
    }
    return table[a.length][b.length] + beyond;
}

/* Near enough: a third of the word may be wrong, and never all of it. */
const char *str_nearest(Str text, const char *const *candidates, size_t count) {
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        Str candidate = str_of(candidates[i]);
        size_t longer = text.length > candidate.length ? text.length : candidate.length;
        size_t distance = str_distance(text, candidate);
        if (distance < best && distance < longer && distance <= longer / 3 + 1) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* ---- Buf ------------------------------------------------------------------------------------------------ */

/* Room for `more` bytes and the closing NUL. */
static void buf_reserve(Buf *buf, size_t more) {
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity) {
        return;
    }
    size_t doubled = buf->capacity * 2;
    size_t capacity = needed > doubled ? needed : doubled;
    if (capacity < 64) {
        capacity = 64;
    }
    buf->bytes = mem_resize(buf->bytes, capacity);
    buf->capacity = capacity;
}

void buf_append(Buf *buf, const void *bytes, size_t length) {
    buf_reserve(buf, length);
    if (length > 0) {
        memcpy(buf->bytes + buf->length, bytes, length);
    }
    buf->length += length;
    buf->bytes[buf->length] = '\0';
}

char *buf_room(Buf *buf, size_t more) {
    buf_reserve(buf, more);
    return buf->bytes + buf->length;
}

void buf_claim(Buf *buf, size_t length) {
    buf->length += length;
    buf->bytes[buf->length] = '\0';
}

void buf_text(Buf *buf, const char *text) {
    buf_append(buf, text, strlen(text));
}

void buf_str(Buf *buf, Str text) {
    buf_append(buf, text.bytes, text.length);
}

void buf_char(Buf *buf, char c) {
    buf_append(buf, &c, 1);
}

void buf_printf(Buf *buf, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        buf_reserve(buf, (size_t)length);
        vsnprintf(buf->bytes + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    } else {
        buf_append(buf, "", 0);
    }
    va_end(again);
}

void buf_empty(Buf *buf) {
    buf->length = 0;
    if (buf->bytes != NULL) {
        buf->bytes[0] = '\0';
    }
}

void buf_free(Buf *buf) {
    free(buf->bytes);
    *buf = (Buf){0};
}

Str buf_view(const Buf *buf) {
    return (Str){buf->bytes, buf->length};
}

/* ---- UTF-8 ---------------------------------------------------------------------------------------------- */

/* Bytes that a code point with this first byte has; 0: none begins so. */
static size_t utf8_expected(unsigned char first) {
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0; /* a continuation, an over-long form, or beyond U+10FFFF */
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Second bytes that would make an over-long form, a surrogate, or more than U+10FFFF. */
static bool utf8_second_fits(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second < 0xA0;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second < 0x90;
    default:
        return true;
    }
}

/* Length of the valid code point at `bytes`; 0: there is none. */
static size_t utf8_valid_step(const unsigned char *bytes, size_t length) {
    size_t expected = utf8_expected(bytes[0]);
    if (expected == 0 || expected > length) {
        return 0;
    }
    for (size_t i = 1; i < expected; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return expected == 1 || utf8_second_fits(bytes[0], bytes[1]) ? expected : 0;
}

bool code_hidden(uint32_t code) {
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x115F, 0x1160},
        {0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F}, {0x3000, 0x3000},
        {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
    };
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (code >= hidden[i].first && code <= hidden[i].last) {
            return true;
        }
    }
    return false;
}

bool utf8_valid(Str text) {
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    for (size_t i = 0; i < text.length;) {
        uint64_t eight;
        if (text.length - i >= sizeof(eight)) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, bytes + i, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t step = utf8_valid_step(bytes + i, text.length - i);
        if (step == 0) {
            return false;
        }
        i += step;
    }
    return true;
}

size_t utf8_length(Str text) {
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        count += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
    }
    return count;
}

/* Text that is not valid is walked byte by byte. */
size_t utf8_step(Str text) {
    size_t step = text.length == 0 ? 1 : utf8_valid_step((const unsigned char *)text.bytes, text.length);
    return step == 0 ? 1 : step;
}

uint32_t utf8_decode(Str text) {
    static const unsigned char first_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (text.length == 0) {
        return 0;
    }
    size_t step = utf8_valid_step((const unsigned char *)text.bytes, text.length);
    if (step == 0) {
        return 0xFFFD;
    }
    uint32_t code_point = (unsigned char)text.bytes[0] & first_mask[step];
    for (size_t i = 1; i < step; i++) {
        code_point = code_point << 6 | ((unsigned char)text.bytes[i] & 0x3F);
    }
    return code_point;
}

size_t utf8_encode(uint32_t code_point, char out[4]) {
    static const unsigned char first_bits[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    size_t length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    out[0] = (char)(first_bits[length] | code_point);
    return length;
}
