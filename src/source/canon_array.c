/* Array and range text to canonical bytes: see canon_array.h. The grammar is that of PostgreSQL's array_out, range_out
 * and multirange_out; whoever spells otherwise gets false. */
#include "source/canon_array.h"

#include "source/canon.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

enum { MAX_DEPTH = 6 }; /* PostgreSQL's MAXDIM */

enum { FORM_ARRAY = 1, FORM_RANGE = 2, FORM_MULTIRANGE = 3, LIST_BEGIN = 0x10, LIST_END = 0x11 };

enum { BOUNDS_EMPTY = 1, LOWER_INCLUDED = 2, UPPER_INCLUDED = 4, HAS_LOWER = 8, HAS_UPPER = 16 };

typedef struct Cursor {
    const char *at, *end;
    Kind element;
    Arena *scratch;
    Buf *out;
} Cursor;

static bool sees(const Cursor *c, char wanted) {
    return c->at < c->end && *c->at == wanted;
}

static bool take(Cursor *c, char wanted) {
    if (!sees(c, wanted)) {
        return false;
    }
    c->at++;
    return true;
}

/* The element's text by value. */
static bool put_element(Cursor *c, Str text) {
    Value value;
    if (!value_parse(c->scratch, c->element, text, &value)) {
        return false;
    }
    canon_value(&value, c->out);
    return true;
}

/* ---- arrays ------------------------------------------------------------------------------------------------- */

/* "a\"b" with the opening quote taken. */
static bool read_quoted(Cursor *c, Str *out) {
    char *bytes = arena_alloc(c->scratch, (size_t)(c->end - c->at) + 1);
    size_t length = 0;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at == '\\' && ++c->at == c->end) {
            return false;
        }
        bytes[length++] = *c->at++;
    }
    *out = (Str){bytes, length};
    return take(c, '"');
}

static bool read_bare(Cursor *c, Str *out) {
    const char *start = c->at;
    while (c->at < c->end && memchr(",{}\"\\", *c->at, 5) == NULL) {
        c->at++;
    }
    *out = (Str){start, (size_t)(c->at - start)};
    return out->length > 0;
}

static bool put_bare(Cursor *c) {
    Str text;
    if (!read_bare(c, &text)) {
        return false;
    }
    if (text.length == 4 && strncasecmp(text.bytes, "NULL", 4) == 0) {
        Value null = {.kind = c->element, .state = CELL_NULL};
        canon_value(&null, c->out);
        return true;
    }
    return put_element(c, text);
}

static bool put_item(Cursor *c) {
    Str text;
    ArenaMark mark = arena_mark(c->scratch);
    bool good = take(c, '"') ? read_quoted(c, &text) && put_element(c, text) : put_bare(c);
    arena_rewind(c->scratch, mark);
    return good;
}

/* The opening brace is taken. */
static bool put_list(Cursor *c, int depth) {
    buf_char(c->out, LIST_BEGIN);
    bool empty = depth == 1 && sees(c, '}');
    while (!empty) {
        bool good = take(c, '{') ? depth < MAX_DEPTH && put_list(c, depth + 1) : put_item(c);
        if (!good) {
            return false;
        }
        if (!take(c, ',')) {
            break;
        }
    }
    buf_char(c->out, LIST_END);
    return take(c, '}');
}

static bool read_int32(Cursor *c, int32_t *out) {
    bool negative = take(c, '-');
    int64_t value = 0;
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && value <= INT32_MAX; c->at++) {
        value = value * 10 + (*c->at - '0');
    }
    value = negative ? -value : value;
    *out = (int32_t)value;
    return c->at > start && value >= INT32_MIN && value <= INT32_MAX;
}

/* "[0:1][-5:7]=", where it is there. */
static bool put_lower_bounds(Cursor *c) {
    int32_t lower[MAX_DEPTH], upper;
    size_t count = 0;
    bool plain = true;
    while (take(c, '[')) {
        if (count == MAX_DEPTH || !read_int32(c, &lower[count]) || !take(c, ':') || !read_int32(c, &upper) ||
            !take(c, ']')) {
            return false;
        }
        plain = plain && lower[count] == 1;
        count++;
    }
    if (count > 0 && !take(c, '=')) {
        return false;
    }
    count = plain ? 0 : count;
    buf_char(c->out, (char)count);
    for (size_t i = 0; i < count; i++) {
        uint32_t bound = htobe32((uint32_t)lower[i]);
        buf_append(c->out, &bound, sizeof bound);
    }
    return true;
}

static bool put_array(Cursor *c) {
    buf_char(c->out, FORM_ARRAY);
    return put_lower_bounds(c) && take(c, '{') && put_list(c, 1) && c->at == c->end;
}

/* ---- ranges ---------------------------------------------------------------------------------------------------- */

/* Up to , ] or ) outside quotes; *out_there: anything at all was written ("" is a bound, nothing is none). */
static Str read_bound(Cursor *c, bool *out_there) {
    const char *start = c->at;
    char *bytes = arena_alloc(c->scratch, (size_t)(c->end - c->at) + 1);
    size_t length = 0;
    bool quoted = false;
    for (; c->at < c->end && (quoted || memchr(",])", *c->at, 3) == NULL); c->at++) {
        bool doubled = *c->at == '"' && quoted && c->at + 1 < c->end && c->at[1] == '"';
        if (*c->at == '"' && !doubled) {
            quoted = !quoted;
            continue;
        }
        if ((*c->at == '\\' || doubled) && ++c->at == c->end) {
            break;
        }
        bytes[length++] = *c->at;
    }
    *out_there = c->at > start;
    return (Str){bytes, length};
}

static bool read_bounds(Cursor *c) {
    Str empty = STR_LITERAL("empty");
    if ((size_t)(c->end - c->at) >= empty.length && strncasecmp(c->at, empty.bytes, empty.length) == 0) {
        c->at += empty.length;
        buf_char(c->out, BOUNDS_EMPTY);
        return true;
    }
    int flags = take(c, '[') ? LOWER_INCLUDED : 0;
    if (flags == 0 && !take(c, '(')) {
        return false;
    }
    bool has_lower, has_upper;
    Str lower = read_bound(c, &has_lower);
    if (!take(c, ',')) {
        return false;
    }
    Str upper = read_bound(c, &has_upper);
    flags |= sees(c, ']') ? UPPER_INCLUDED : 0;
    flags = has_lower ? flags | HAS_LOWER : flags & ~LOWER_INCLUDED;
    flags = has_upper ? flags | HAS_UPPER : flags & ~UPPER_INCLUDED;
    buf_char(c->out, (char)flags);
    return (take(c, ']') || take(c, ')')) && (!has_lower || put_element(c, lower)) &&
           (!has_upper || put_element(c, upper));
}

static bool put_bounds(Cursor *c) {
    ArenaMark mark = arena_mark(c->scratch);
    bool good = read_bounds(c);
    arena_rewind(c->scratch, mark);
    return good;
}

static bool put_range(Cursor *c) {
    buf_char(c->out, FORM_RANGE);
    return put_bounds(c) && c->at == c->end;
}

static bool put_multirange(Cursor *c) {
    buf_char(c->out, FORM_MULTIRANGE);
    (void)take(c, '{');
    do {
        if (!put_bounds(c)) {
            return false;
        }
    } while (take(c, ','));
    return take(c, '}') && c->at == c->end;
}

/* ---- which of them ----------------------------------------------------------------------------------------------- */

/* Runs one reader over the whole text; what it wrote goes to out only where it read to the end. */
static bool attempt(bool (*put)(Cursor *), Str text, Kind element, Arena *scratch, Buf *out) {
    ArenaMark mark = arena_mark(scratch);
    Buf bytes = {0};
    Cursor c = {text.bytes, text.bytes + text.length, element, scratch, &bytes};
    bool good = put(&c);
    if (good) {
        buf_str(out, buf_view(&bytes));
    }
    buf_free(&bytes);
    arena_rewind(scratch, mark);
    return good;
}

bool canon_array(Str text, Kind element, Arena *scratch, Buf *out) {
    if (text.length < 2) {
        return false;
    }
    char first = text.bytes[0], second = text.bytes[1];
    if (first == '{' && (second == '[' || second == '(') && attempt(put_multirange, text, element, scratch, out)) {
        return true;
    }
    return attempt(put_array, text, element, scratch, out) ||
           (first != '{' && attempt(put_range, text, element, scratch, out));
}
