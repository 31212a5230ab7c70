#include "base/secret.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_quote(char c) {
    return c == '\'' || c == '"';
}

/* "//ann:secret@db/shop" or "secret@db/shop": `secret`. Up to the last @ of the word, since people forget to escape
 * theirs. */
static Str secret_of_url(Str rest) {
    size_t start = 0, last_at = 0;
    bool slashes = str_starts_with(rest, "//");
    if (rest.length > 0 && is_quote(rest.bytes[0])) {
        return (Str){rest.bytes, 0}; /* {"member":"value"} */
    }
    for (size_t i = 0; i < rest.length && !is_blank(rest.bytes[i]); i++) {
        if (slashes && start == 0 && rest.bytes[i] == ':') {
            start = i + 1;
        }
        last_at = rest.bytes[i] == '@' ? i : last_at;
    }
    return (!slashes || start > 0) && last_at > start ? (Str){rest.bytes + start, last_at - start}
                                                      : (Str){rest.bytes, 0};
}

/* "word = 'secret' ..." after "pass": all of it, since only libpq knows where a secret with blanks and quotes ends. */
static Str secret_of_setting(Str rest) {
    size_t at = 0;
    while (at < rest.length && isalpha((unsigned char)rest.bytes[at])) {
        at++;
    }
    while (at < rest.length && is_blank(rest.bytes[at])) {
        at++;
    }
    if (at == rest.length || rest.bytes[at] != '=') {
        return (Str){rest.bytes, 0};
    }
    return (Str){rest.bytes + at + 1, rest.length - at - 1};
}

typedef struct SecretMark {
    const char *text;
    Str (*secret)(Str rest);
} SecretMark;

Str secret_at(Str rest) {
    static const SecretMark MARKS[] = {{":", secret_of_url}, {"pass", secret_of_setting}};
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        size_t length = strlen(MARKS[i].text);
        if (rest.length >= length && strncasecmp(rest.bytes, MARKS[i].text, length) == 0) {
            return MARKS[i].secret((Str){rest.bytes + length, rest.length - length});
        }
    }
    return (Str){rest.bytes, 0};
}

static void hide_in_line(Str line, Buf *out) {
    for (size_t i = 0; i < line.length;) {
        Str secret = secret_at((Str){line.bytes + i, line.length - i});
        size_t plain = secret.length == 0 ? 1 : (size_t)(secret.bytes - line.bytes) - i;
        buf_append(out, line.bytes + i, plain);
        for (size_t hidden = 0; hidden < secret.length; hidden++) {
            buf_char(out, '*');
        }
        i += plain + secret.length;
    }
}

void secrets_hide(Str text, Buf *out) {
    for (Str left = text; left.length > 0;) {
        const char *end = memchr(left.bytes, '\n', left.length);
        size_t length = end == NULL ? left.length : (size_t)(end - left.bytes);
        hide_in_line((Str){left.bytes, length}, out);
        buf_text(out, end == NULL ? "" : "\n");
        length += end != NULL;
        left = (Str){left.bytes + length, left.length - length};
    }
}
