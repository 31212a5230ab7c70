/* Reading JSON (promises: json.h).
 *
 * One grammar, read by next_member, next_element and read_value. With an arena the reader keeps a tree of nodes;
 * without one it only checks and walks past.
 */
#include "base/json.h"

#include "base/decimal.h"

#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    const char *at, *end;
    Arena *arena; /* NULL: keep nothing */
    bool broken;
} Reader;

static bool break_off(Reader *r) {
    r->broken = true;
    return false;
}

static void skip_space(Reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
        r->at++;
    }
}

static bool take(Reader *r, char c) {
    if (r->at < r->end && *r->at == c) {
        r->at++;
        return true;
    }
    return false;
}

static bool expect(Reader *r, char c) {
    return take(r, c) || break_off(r);
}

/* ---- strings ---------------------------------------------------------------------------------------------- */

static bool read_hex(const char *at, const char *end, uint32_t *out) {
    uint32_t unit = 0;
    if (end - at < 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *digit = at[i] == '\0' ? NULL : strchr(digits, at[i]);
        if (digit == NULL) {
            return false;
        }
        uint32_t value = (uint32_t)(digit - digits);
        unit = unit * 16 + (value < 16 ? value : value - 6);
    }
    *out = unit;
    return true;
}

static bool is_high_surrogate(uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low_surrogate(uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

/* After a backslash: its code point, and how many bytes of the text it takes (0: no such escape). */
static size_t read_escape(const char *at, const char *end, uint32_t *out) {
    static const char LETTERS[] = "\"\\/bfnrt", MEANINGS[] = "\"\\/\b\f\n\r\t";
    if (at == end) {
        return 0;
    }
    const char *letter = *at == '\0' ? NULL : strchr(LETTERS, *at);
    if (letter != NULL) {
        *out = (unsigned char)MEANINGS[letter - LETTERS];
        return 1;
    }
    uint32_t high, low;
    if (*at != 'u' || !read_hex(at + 1, end, &high) || is_low_surrogate(high)) {
        return 0;
    }
    if (!is_high_surrogate(high)) {
        *out = high;
        return 5;
    }
    if (end - at < 11 || at[5] != '\\' || at[6] != 'u' || !read_hex(at + 7, end, &low) || !is_low_surrogate(low)) {
        return 0;
    }
    *out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 11;
}

/* Whether none of eight bytes is a quote, a backslash or below 0x20: all at once, by the borrow that such a byte causes
 * (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord). */
static bool eight_plain(const char *at) {
    static const uint64_t ONES = 0x0101010101010101, HIGH = 0x8080808080808080;
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    uint64_t quote = eight ^ (ONES * '"'), backslash = eight ^ (ONES * '\\');
    uint64_t found = ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | ((eight - ONES * 0x20) & ~eight);
    return (found & HIGH) == 0;
}

static void skip_plain(Reader *r) {
    const char *at = r->at;
    while (r->end - at >= 8 && eight_plain(at)) {
        at += 8;
    }
    while (at < r->end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
        at++;
    }
    r->at = at;
}

/* Past the closing quote; the opening one is taken. */
static bool skip_string(Reader *r) {
    skip_plain(r);
    while (take(r, '\\')) {
        uint32_t code_point;
        size_t length = read_escape(r->at, r->end, &code_point);
        if (length == 0) {
            return break_off(r);
        }
        r->at += length;
        skip_plain(r);
    }
    return expect(r, '"');
}

static Str without_quotes(Str raw) {
    return (Str){raw.bytes + 1, raw.length - 2};
}

static bool has_escapes(Str inside) {
    return inside.length > 0 && memchr(inside.bytes, '\\', inside.length) != NULL;
}

/* A checked string's content; it is never longer than its spelling. */
static size_t unescape(Str inside, char *out) {
    const char *at = inside.bytes, *end = at + inside.length;
    char *to = out;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        uint32_t code_point = 0;
        char bytes[4];
        at += 1 + read_escape(at + 1, end, &code_point);
        size_t length = utf8_encode(code_point, bytes);
        memcpy(to, bytes, length);
        to += length;
    }
    return (size_t)(to - out);
}

static Str content_of(Str raw, Arena *arena) {
    Str inside = without_quotes(raw);
    if (!has_escapes(inside)) {
        return inside;
    }
    char *bytes = arena_alloc(arena, inside.length);
    return (Str){bytes, unescape(inside, bytes)};
}

static bool content_equals(Str raw, Str name) {
    Str inside = without_quotes(raw);
    if (!has_escapes(inside)) {
        return str_equal(inside, name);
    }
    char *bytes = mem_alloc(inside.length);
    bool equal = str_equal((Str){bytes, unescape(inside, bytes)}, name);
    free(bytes);
    return equal;
}

/* ---- numbers ----------------------------------------------------------------------------------------------- */

static size_t skip_digits(Reader *r) {
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return (size_t)(r->at - start);
}

static bool skip_number(Reader *r) {
    const char *start = r->at;
    (void)take(r, '-');
    if (!take(r, '0') && skip_digits(r) == 0) {
        return break_off(r);
    }
    if (take(r, '.') && skip_digits(r) == 0) {
        return break_off(r);
    }
    if (r->at - start > DECIMAL_MAX_BEFORE) {
        return break_off(r);
    }
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '-')) {
            (void)take(r, '+');
        }
        while (take(r, '0')) {
        }
        bool zero = r->at[-1] == '0';
        size_t digits = skip_digits(r);
        return (digits <= 9 && (digits > 0 || zero)) || break_off(r);
    }
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

/* Where the reader stands in an object or array: before each member or element, past the bracket after the last.
 * `first` starts as true. False: it ended, or the text is broken. */
static bool next_element(Reader *r, char bracket, bool *first) {
    skip_space(r);
    if (take(r, bracket)) {
        return false;
    }
    if (!*first && !expect(r, ',')) {
        return false;
    }
    *first = false;
    return true;
}

static bool next_member(Reader *r, bool *first, Str *out_name) {
    if (!next_element(r, '}', first)) {
        return false;
    }
    skip_space(r);
    const char *start = r->at;
    if (!expect(r, '"') || !skip_string(r)) {
        return false;
    }
    *out_name = (Str){start, (size_t)(r->at - start)};
    skip_space(r);
    return expect(r, ':');
}

/* Room for a child: in the tree, or only for now. */
static JsonNode *add_child(Reader *r, JsonNode *parent, JsonNode *passing) {
    if (r->arena == NULL) {
        *passing = (JsonNode){0};
        return passing;
    }
    JsonNode *child = ARENA_NEW(r->arena, JsonNode);
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
    return child;
}

static bool read_value(Reader *r, int depth, JsonNode *out);

static bool read_array(Reader *r, int depth, JsonNode *array) {
    JsonNode passing;
    bool first = true;
    while (next_element(r, ']', &first)) {
        if (!read_value(r, depth + 1, add_child(r, array, &passing))) {
            return false;
        }
    }
    return !r->broken;
}

static bool read_object(Reader *r, int depth, JsonNode *object) {
    JsonNode passing;
    Str name;
    bool first = true;
    while (next_member(r, &first, &name)) {
        JsonNode *member = add_child(r, object, &passing);
        if (r->arena != NULL) {
            member->name = content_of(name, r->arena);
        }
        if (!read_value(r, depth + 1, member)) {
            return false;
        }
    }
    return !r->broken;
}

static bool read_word(Reader *r, JsonNode *out) {
    static const struct {
        Str word;
        JsonType type;
    } WORDS[] = {{{"null", 4}, JSON_NULL}, {{"true", 4}, JSON_TRUE}, {{"false", 5}, JSON_FALSE}};
    size_t left = (size_t)(r->end - r->at);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        Str word = WORDS[i].word;
        if (left >= word.length && memcmp(r->at, word.bytes, word.length) == 0) {
            r->at += word.length;
            out->type = WORDS[i].type;
            return true;
        }
    }
    return break_off(r);
}

static bool read_by_first_byte(Reader *r, int depth, JsonNode *out) {
    if (take(r, '{')) {
        out->type = JSON_OBJECT;
        return depth < JSON_MAX_DEPTH ? read_object(r, depth, out) : break_off(r);
    }
    if (take(r, '[')) {
        out->type = JSON_ARRAY;
        return depth < JSON_MAX_DEPTH ? read_array(r, depth, out) : break_off(r);
    }
    if (take(r, '"')) {
        out->type = JSON_STRING;
        return skip_string(r);
    }
    if (r->at < r->end && (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))) {
        out->type = JSON_NUMBER;
        return skip_number(r);
    }
    return read_word(r, out);
}

static bool read_value(Reader *r, int depth, JsonNode *out) {
    skip_space(r);
    const char *start = r->at;
    if (!read_by_first_byte(r, depth, out)) {
        return false;
    }
    out->raw = (Str){start, (size_t)(r->at - start)};
    return true;
}

static bool at_end(Reader *r) {
    skip_space(r);
    return !r->broken && r->at == r->end;
}

static bool start_reading(Str text, Arena *arena, Reader *out) {
    if (text.length == 0 || !utf8_valid(text)) {
        return false;
    }
    *out = (Reader){.at = text.bytes, .end = text.bytes + text.length, .arena = arena};
    return true;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

bool json_member(Str text, Str name, Str *out_raw) {
    Reader r;
    Str raw_name, found = {0};
    bool first = true;
    if (!start_reading(text, NULL, &r)) {
        return false;
    }
    skip_space(&r);
    if (!take(&r, '{')) {
        return false;
    }
    while (next_member(&r, &first, &raw_name)) {
        JsonNode value = {0};
        if (!read_value(&r, 1, &value)) {
            return false;
        }
        if (content_equals(raw_name, name)) {
            found = value.raw;
        }
    }
    if (!at_end(&r) || found.bytes == NULL) {
        return false;
    }
    *out_raw = found;
    return true;
}

/* Walks the array; how many elements it has, and the one at `index` where there is one. */
static bool walk_array(Str text, int64_t index, int64_t *out_count, Str *out_raw) {
    Reader r;
    bool first = true;
    int64_t count = 0;
    if (!start_reading(text, NULL, &r)) {
        return false;
    }
    skip_space(&r);
    if (!take(&r, '[')) {
        return false;
    }
    for (; next_element(&r, ']', &first); count++) {
        JsonNode value = {0};
        if (!read_value(&r, 1, &value)) {
            return false;
        }
        if (count == index) {
            *out_raw = value.raw;
        }
    }
    *out_count = count;
    return at_end(&r);
}

bool json_element(Str text, int64_t index, Str *out_raw) {
    int64_t count;
    Str found = {0};
    if (!walk_array(text, index, &count, &found)) {
        return false;
    }
    if (index < 0 && index >= -count && !walk_array(text, index + count, &count, &found)) {
        return false;
    }
    if (found.bytes == NULL) {
        return false;
    }
    *out_raw = found;
    return true;
}

bool json_unquote(Str text, Buf *out) {
    Reader r;
    JsonNode value = {0};
    if (!start_reading(text, NULL, &r) || !read_value(&r, 0, &value) || !at_end(&r) || value.type == JSON_NULL) {
        return false;
    }
    if (value.type != JSON_STRING || !has_escapes(without_quotes(value.raw))) {
        buf_str(out, value.type == JSON_STRING ? without_quotes(value.raw) : value.raw);
        return true;
    }
    Str inside = without_quotes(value.raw);
    char *bytes = mem_alloc(inside.length);
    size_t length = unescape(inside, bytes);
    bool sayable = memchr(bytes, '\0', length) == NULL;
    if (sayable) {
        buf_append(out, bytes, length);
    }
    free(bytes);
    return sayable;
}

/* ---- trees ----------------------------------------------------------------------------------------------------- */

bool json_read(Str text, Arena *arena, const JsonNode **out) {
    Reader r;
    JsonNode *root = ARENA_NEW(arena, JsonNode);
    if (!start_reading(text, arena, &r) || !read_value(&r, 0, root) || !at_end(&r)) {
        return false;
    }
    *out = root;
    return true;
}

const JsonNode *json_get(const JsonNode *object, const char *name) {
    const JsonNode *found = NULL;
    for (const JsonNode *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        if (object->type == JSON_OBJECT && str_equal(member->name, str_of(name))) {
            found = member;
        }
    }
    return found;
}

Str json_content(const JsonNode *node, Arena *arena) {
    return node == NULL || node->type != JSON_STRING ? (Str){0} : content_of(node->raw, arena);
}
