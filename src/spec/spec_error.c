/* An error and a place in a file in, the same error with the place underlined out:
 *
 *     orders.yaml:4:3: cannot use key "tabel" in "old": no such key
 *         tabel: orders
 *         ^~~~~
 *
 * Promises: fits an Err whatever the length of path, sentence and line (long lines are cut around the place);
 * nothing that looks like a password is shown; control characters do not reach the terminal.
 */
#include "spec/spec_yaml.h"

#include "base/secret.h"

#include <string.h>

enum { SHOWN_PATH_BYTES = 160, SHOWN_LINE_CHARACTERS = 92, SHOWN_LINE_BYTES = 240 };

static Str line_of(Str text, int line) {
    const char *start = text.bytes, *end = text.bytes + text.length;
    for (int i = 1; i < line && start != NULL && start < end; i++) {
        const char *stop = memchr(start, '\n', (size_t)(end - start));
        start = stop == NULL ? end : stop + 1;
    }
    if (start == NULL || start >= end) {
        return (Str){"", 0};
    }
    const char *stop = memchr(start, '\n', (size_t)(end - start));
    size_t length = stop == NULL ? (size_t)(end - start) : (size_t)(stop - start);
    while (length > 0 && start[length - 1] == '\r') {
        length--;
    }
    return (Str){start, length};
}

/* ---- passwords ---------------------------------------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_quote(char c) {
    return c == '\'' || c == '"';
}

/* Whether what is underlined can be no part of a secret that goes to the line's end: a quote or comma ends it before.
 */
static bool ends_before(Str secret, const char *underlined) {
    size_t at = 0;
    while (at < secret.length && (is_quote(secret.bytes[at]) || is_blank(secret.bytes[at]))) {
        at++;
    }
    for (; at < secret.length && secret.bytes + at < underlined; at++) {
        if (is_quote(secret.bytes[at]) || secret.bytes[at] == ',') {
            return true;
        }
    }
    return false;
}

/* The line with one character for each of its characters, so that columns stay where they are. */
static void append_safe(Buf *out, Str line, size_t underlined) {
    Str hidden = {line.bytes, 0};
    size_t column = 0;
    for (size_t i = 0; i < line.length; column++) {
        Str rest = {line.bytes + i, line.length - i};
        Str secret = secret_at(rest);
        if (secret.length > 0 && rest.bytes >= hidden.bytes + hidden.length) {
            hidden = secret;
        }
        if (column == underlined && ends_before(hidden, rest.bytes)) {
            hidden.length = 0;
        }
        size_t step = utf8_step(rest);
        unsigned char c = (unsigned char)rest.bytes[0];
        if (rest.bytes >= hidden.bytes && rest.bytes < hidden.bytes + hidden.length) {
            buf_char(out, '*');
        } else if (c < 0x20 || c == 0x7f) {
            buf_char(out, c == '\t' ? ' ' : '?');
        } else {
            buf_append(out, rest.bytes, step);
        }
        i += step;
    }
}

/* ---- the excerpt -------------------------------------------------------------------------------------- */

/* Bytes of the first `characters` of the text. */
static size_t bytes_of(Str text, size_t characters) {
    size_t at = 0;
    for (size_t i = 0; i < characters && at < text.length; i++) {
        at += utf8_step((Str){text.bytes + at, text.length - at});
    }
    return at < text.length ? at : text.length;
}

static void append_cut(Buf *out, Str line, size_t from) {
    Str rest = {line.bytes + bytes_of(line, from), line.length - bytes_of(line, from)};
    size_t characters = SHOWN_LINE_CHARACTERS;
    while (bytes_of(rest, characters) > SHOWN_LINE_BYTES) {
        characters--;
    }
    size_t length = bytes_of(rest, characters);
    buf_text(out, from > 0 ? "..." : "");
    buf_append(out, rest.bytes, length);
    buf_text(out, length < rest.length ? "..." : "");
}

static void append_carets(Buf *out, size_t before, size_t under) {
    for (size_t i = 0; i < before; i++) {
        buf_char(out, ' ');
    }
    buf_char(out, '^');
    for (size_t i = 1; i < under; i++) {
        buf_char(out, '~');
    }
}

static void excerpt_append(Buf *out, Str line, SpecPlace place) {
    Buf safe = {0};
    size_t column = place.column < 1 ? 0 : (size_t)place.column - 1;
    append_safe(&safe, line, column);
    size_t from = column + (size_t)place.length > SHOWN_LINE_CHARACTERS && column > 24 ? column - 24 : 0;
    size_t under = place.length < 1 ? 1 : (size_t)place.length;
    size_t room = SHOWN_LINE_CHARACTERS > column - from ? SHOWN_LINE_CHARACTERS - (column - from) : 1;
    buf_text(out, "\n    ");
    append_cut(out, buf_view(&safe), from);
    buf_text(out, "\n    ");
    append_carets(out, column - from + (from > 0 ? 3 : 0), under < room ? under : room);
    buf_free(&safe);
}

static const char *path_tail(const char *path, const char **out_mark) {
    size_t length = strlen(path);
    *out_mark = length > SHOWN_PATH_BYTES ? "..." : "";
    const char *tail = length > SHOWN_PATH_BYTES ? path + length - SHOWN_PATH_BYTES : path;
    while (((unsigned char)*tail & 0xC0) == 0x80) {
        tail++;
    }
    return tail;
}

/* At most `room` bytes, cut at a whole character. */
static Str head_cut(Str head, size_t room) {
    if (head.length <= room) {
        return head;
    }
    size_t end = room;
    while (end > 0 && ((unsigned char)head.bytes[end] & 0xC0) == 0x80) {
        end--;
    }
    return (Str){head.bytes, end};
}

bool yaml_error_at(const char *path, Str text, SpecPlace place, Err *err) {
    char hint[sizeof(err->hint)];
    memcpy(hint, err->hint, sizeof(hint));
    Buf excerpt = {0}, head = {0};
    Str line = line_of(text, place.line);
    if (line.length > 0) {
        excerpt_append(&excerpt, line, place);
    }
    const char *mark;
    const char *tail = path_tail(path, &mark);
    buf_printf(&head, "%s%s:%d:%d: %s", mark, tail, place.line, place.column, err->text);
    Str shown = head_cut(buf_view(&head), sizeof(err->text) - 5 - excerpt.length);
    err_set(err, err->code, "%.*s%s%.*s", STR_ARG(shown), shown.length < head.length ? "..." : "",
            STR_ARG(buf_view(&excerpt)));
    memcpy(err->hint, hint, sizeof(hint));
    buf_free(&excerpt);
    buf_free(&head);
    return false;
}

bool spec_error_at(const Spec *spec, SpecPlace place, Err *err) {
    return yaml_error_at(spec->path, str_of(spec->text), place, err);
}
