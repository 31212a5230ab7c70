/* An expression in, a name out: new.total_minor == old.total * 100  ->  new-total-minor-is-old-total-times-100.
 *
 * Promises: [a-z0-9-], never empty, at most MAX_SLUG_BYTES; operators become words, so that a < b and a > b differ.
 */
#include "spec/spec_parts.h"

#include <string.h>

enum { MAX_SLUG_BYTES = 80 };

typedef struct OperatorWord {
    const char *sign;
    const char *word;
} OperatorWord;

/* Longer signs before the shorter ones they begin with. */
static const OperatorWord OPERATORS[] = {
    {"==", "is"},   {"!=", "is-not"}, {"<>", "is-not"}, {"<=", "at-most"}, {">=", "at-least"},
    {"||", "with"}, {"::", "as"},     {"=", "is"},      {"<", "below"},    {">", "above"},
    {"+", "plus"},  {"-", "minus"},   {"*", "times"},   {"/", "by"},       {"%", "modulo"},
};

static const OperatorWord *operator_at(Str rest) {
    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++) {
        if (str_starts_with(rest, OPERATORS[i].sign)) {
            return &OPERATORS[i];
        }
    }
    return NULL;
}

static void dash_append(Buf *out) {
    if (out->length > 0 && out->bytes[out->length - 1] != '-') {
        buf_char(out, '-');
    }
}

const char *spec_slug(Arena *arena, Str expression) {
    Buf slug = {0};
    for (size_t i = 0; i < expression.length && slug.length < MAX_SLUG_BYTES;) {
        Str rest = {expression.bytes + i, expression.length - i};
        const OperatorWord *operator_ = operator_at(rest);
        char c = rest.bytes[0];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (operator_ != NULL) {
            dash_append(&slug);
            buf_text(&slug, operator_->word);
            dash_append(&slug);
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            buf_char(&slug, c);
        } else {
            dash_append(&slug);
        }
        i += operator_ != NULL ? strlen(operator_->sign) : 1;
    }
    size_t length = slug.length < MAX_SLUG_BYTES ? slug.length : MAX_SLUG_BYTES;
    while (length > 0 && slug.bytes[length - 1] == '-') {
        length--;
    }
    const char *name = length == 0 ? "invariant" : arena_copy(arena, slug.bytes, length);
    buf_free(&slug);
    return name;
}
