/* Values as people see them in a terminal (promises: shown.h).
 *
 * In: values and texts of any bytes. Out: one-line texts that are safe to print.
 */
#include "report/shown.h"

#include <string.h>

typedef struct CodeRange {
    uint32_t first, last;
} CodeRange;

static bool code_in(uint32_t code, const CodeRange *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define CODE_IN(code, ranges) code_in((code), (ranges), sizeof(ranges) / sizeof((ranges)[0]))

static void write_escape(Str one, bool valid, Buf *out) {
    static const char names[] = "\tt\nn\rr";
    if (!valid) {
        buf_printf(out, "\\x%02x", (unsigned char)one.bytes[0]);
        return;
    }
    uint32_t code = utf8_decode(one);
    const char *name = code == 0 ? NULL : code < 0x80 ? strchr(names, (int)code) : NULL;
    if (name != NULL) {
        buf_printf(out, "\\%c", name[1]);
    } else {
        buf_printf(out, code < 0x80 ? "\\x%02x" : "\\u%04x", code);
    }
}

/* A backslash of the text itself, where it would be read as one of ours. */
static bool looks_like_escape(Str left) {
    return left.length > 1 && left.bytes[0] == '\\' && left.bytes[1] != '\0' &&
           strchr("tnrxu\\", left.bytes[1]) != NULL;
}

void shown_text(Str text, Buf *out) {
    for (Str left = text; left.length > 0;) {
        Str one = {left.bytes, utf8_step(left)};
        bool valid = utf8_valid(one);
        buf_text(out, looks_like_escape(left) ? "\\" : "");
        if (!valid || code_hidden(utf8_decode(one))) {
            write_escape(one, valid, out);
        } else {
            buf_str(out, one);
        }
        left = (Str){left.bytes + one.length, left.length - one.length};
    }
}

void shown_lines(Str text, Buf *out) {
    for (Str left = text; left.length > 0;) {
        Str one = {left.bytes, utf8_step(left)};
        bool valid = utf8_valid(one);
        bool layout = one.bytes[0] == '\n' || one.bytes[0] == '\t';
        if (!layout && (!valid || code_hidden(utf8_decode(one)))) {
            write_escape(one, valid, out);
        } else {
            buf_str(out, one);
        }
        left = (Str){left.bytes + one.length, left.length - one.length};
    }
}

/* ---- values --------------------------------------------------------------------------------------------- */

static bool is_text(Value value) {
    return value.state == CELL_ODD || (value.state == CELL_VALUE && value.kind == KIND_TEXT);
}

/* An odd cell is a text where another kind was expected: the quotes say so. */
static bool needs_quotes(Value value) {
    if (value.state == CELL_ODD) {
        return true;
    }
    if (!is_text(value)) {
        return false;
    }
    Str text = value.as.text;
    return text.length == 0 || str_trim(text).length != text.length || str_equal(text, STR_LITERAL("null"));
}

static void write_value(Value value, bool quoted, Buf *out) {
    if (value.state == CELL_NULL) {
        buf_text(out, "null");
        return;
    }
    Buf plain = {0};
    value_print(value, &plain);
    buf_text(out, quoted ? "'" : "");
    shown_text(buf_view(&plain), out);
    buf_text(out, quoted ? "'" : "");
    buf_free(&plain);
}

void shown_value(Value value, Buf *out) {
    write_value(value, needs_quotes(value), out);
}

static Str str_after(Str text, size_t offset) {
    return (Str){text.bytes + offset, text.length - offset};
}

/* Where two texts differ first, at the beginning of a character. */
static size_t common_prefix(Str a, Str b) {
    size_t length = a.length < b.length ? a.length : b.length;
    size_t same = 0;
    while (same < length && a.bytes[same] == b.bytes[same]) {
        same++;
    }
    while (same > 0 && same < length && ((unsigned char)a.bytes[same] & 0xC0) == 0x80) {
        same--;
    }
    return same;
}

/* The last few characters before `end`, so that a difference is seen in its place. */
static size_t step_back(Str text, size_t end, size_t characters) {
    for (size_t i = 0; i < characters && end > 0; i++) {
        end--;
        while (end > 0 && ((unsigned char)text.bytes[end] & 0xC0) == 0x80) {
            end--;
        }
    }
    return end;
}

/* The common beginning gives way where it would push the difference out of sight. */
static size_t hidden_prefix(Str old, Str new_, size_t width) {
    size_t same = common_prefix(old, new_);
    bool in_sight = shown_width((Str){old.bytes, same}) + 6 <= width;
    bool both_fit = shown_width(old) <= width && shown_width(new_) <= width;
    return in_sight || both_fit || width < 12 ? 0 : step_back(old, same, width / 3);
}

static void cut_from(Str shown, size_t from, size_t width, Buf *out) {
    if (from > 0) {
        buf_text(out, "...");
        shown_cut(str_after(shown, from), width - 3, out);
    } else {
        shown_cut(shown, width, out);
    }
}

void shown_two(Value old, Value new_, size_t width, Buf *out_old, Buf *out_new) {
    bool quoted = needs_quotes(old) || needs_quotes(new_);
    Buf old_whole = {0}, new_whole = {0};
    write_value(old, quoted && is_text(old), &old_whole);
    write_value(new_, quoted && is_text(new_), &new_whole);
    size_t from = hidden_prefix(buf_view(&old_whole), buf_view(&new_whole), width);
    cut_from(buf_view(&old_whole), from, width, out_old);
    cut_from(buf_view(&new_whole), from, width, out_new);
    buf_free(&old_whole);
    buf_free(&new_whole);
}

void shown_key(const Value *key, size_t count, Buf *out) {
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        shown_value(key[i], out);
    }
}

static bool is_shell_word(Str text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\0' || strchr(plain, text.bytes[i]) == NULL) {
            return false;
        }
    }
    return text.length > 0;
}

/* Quotes end before an apostrophe and begin again behind it: 'it'\''s'. */
void shown_word(Str text, Buf *out) {
    if (is_shell_word(text)) {
        buf_str(out, text);
        return;
    }
    buf_char(out, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\'') {
            buf_text(out, "'\\''");
        } else {
            buf_char(out, text.bytes[i]);
        }
    }
    buf_char(out, '\'');
}

void shown_key_words(const Value *key, size_t count, Buf *out) {
    Buf part = {0};
    for (size_t i = 0; i < count; i++) {
        buf_empty(&part);
        value_print(key[i], &part);
        buf_text(out, i > 0 ? " " : "");
        shown_word(buf_view(&part), out);
    }
    buf_free(&part);
}

/* ---- places ------------------------------------------------------------------------------------------------- */

static size_t code_width(uint32_t code) {
    static const CodeRange combining[] = {
        {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},
        {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F},
    };
    static const CodeRange wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    return CODE_IN(code, combining) ? 0 : CODE_IN(code, wide) ? 2 : 1;
}

/* The longest beginning of at most `width` columns; its width in *out_width. */
static Str fitting(Str shown, size_t width, size_t *out_width) {
    size_t used = 0, end = 0;
    while (end < shown.length) {
        Str one = str_after(shown, end);
        size_t columns = code_width(utf8_decode(one));
        if (used + columns > width) {
            break;
        }
        used += columns;
        end += utf8_step(one);
    }
    *out_width = used;
    return (Str){shown.bytes, end};
}

size_t shown_width(Str shown) {
    size_t width;
    fitting(shown, SIZE_MAX / 2, &width);
    return width;
}

void shown_cut(Str shown, size_t width, Buf *out) {
    size_t used;
    Str part = fitting(shown, width, &used);
    if (part.length < shown.length) {
        part = fitting(shown, width > 3 ? width - 3 : 0, &used);
        buf_str(out, part);
        buf_str(out, (Str){"...", width < 3 ? width : 3});
    } else {
        buf_str(out, part);
    }
}

static void write_spaces(size_t count, Buf *out) {
    for (size_t i = 0; i < count; i++) {
        buf_char(out, ' ');
    }
}

void shown_field(Str shown, size_t width, Buf *out) {
    size_t start = out->length;
    shown_cut(shown, width, out);
    size_t used = shown_width(str_after(buf_view(out), start));
    write_spaces(used < width ? width - used : 0, out);
}

void shown_wrapped(Str shown, size_t width, size_t indent, Buf *out) {
    size_t used = 0;
    for (Str left = str_trim(shown); left.length > 0;) {
        const char *space = memchr(left.bytes, ' ', left.length);
        Str word = {left.bytes, space == NULL ? left.length : (size_t)(space - left.bytes)};
        size_t columns = shown_width(word);
        if (used > 0 && used + 1 + columns > width) {
            buf_char(out, '\n');
            write_spaces(indent, out);
            used = 0;
        }
        buf_text(out, used > 0 ? " " : "");
        buf_str(out, word);
        used += columns + (used > 0 ? 1 : 0);
        left = str_trim(str_after(left, word.length));
    }
}

/* ---- figures and names ------------------------------------------------------------------------------------ */

static bool is_plain_name(Str name) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_$";
    for (size_t i = 0; i < name.length; i++) {
        if (name.bytes[i] == '\0' || strchr(plain, name.bytes[i]) == NULL) {
            return false;
        }
    }
    return name.length > 0 && !(name.bytes[0] >= '0' && name.bytes[0] <= '9') && name.bytes[0] != '$';
}

/* One quoted name at the beginning of `text`, with its quotes; empty where there is none. */
static Str quoted_name(Str text) {
    if (text.length < 2 || text.bytes[0] != '"') {
        return (Str){0};
    }
    for (size_t i = 1; i < text.length; i++) {
        if (text.bytes[i] == '"' && i + 1 < text.length && text.bytes[i + 1] == '"') {
            i++;
        } else if (text.bytes[i] == '"') {
            return (Str){text.bytes, i + 1};
        }
    }
    return (Str){0};
}

void shown_relation(const char *quoted, Buf *out) {
    for (Str left = str_of(quoted); left.length > 0;) {
        Str name = quoted_name(left);
        if (name.length == 0) {
            shown_text((Str){left.bytes, 1}, out);
            left = str_after(left, 1);
            continue;
        }
        Str inner = {name.bytes + 1, name.length - 2};
        shown_text(is_plain_name(inner) ? inner : name, out);
        left = str_after(left, name.length);
    }
}
