/* In: an expression's bytes, any bytes. Out: tokens with places. SQL's spelling: 'it''s', "Exact Name", 1.5e3,
 * -- comments to the line's end and comments between slash-star. Refuses text without an end and characters that
 * begin nothing. */
#include "expr/token.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool str_is_word(Str text, const char *word) {
    return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

/* Longest first. */
static const char *const symbols[] = {"->>", "->", "||", "==", "!=", "<>", "<=", ">=", "::", "+", "-",
                                      "*",   "/",  "%",  "=",  "<",  ">",  "(",  ")",  ",",  "."};

static bool is_word_start(char c) {
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_part(char c) {
    return is_word_start(c) || isdigit((unsigned char)c) || c == '$';
}

static char peek(const Lexer *lexer, size_t ahead) {
    return lexer->at + ahead < lexer->text.length ? lexer->text.bytes[lexer->at + ahead] : '\0';
}

static bool fail_at(Token *out, size_t offset, size_t length, Err *err, const char *what) {
    out->place = (Place){offset, length};
    return err_set(err, TF_ERROR_USAGE, "cannot read the expression: %s", what);
}

/* SQL's comments nest. */
static bool skip_block_comment(Lexer *lexer, Token *out, Err *err) {
    size_t start = lexer->at;
    size_t depth = 0;
    do {
        if (lexer->at + 1 >= lexer->text.length) {
            return fail_at(out, start, 2, err, "the comment does not end");
        }
        if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            depth++;
            lexer->at += 2;
        } else if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
            depth--;
            lexer->at += 2;
        } else {
            lexer->at++;
        }
    } while (depth > 0);
    return true;
}

static bool skip_space(Lexer *lexer, Token *out, Err *err) {
    while (lexer->at < lexer->text.length) {
        if (isspace((unsigned char)peek(lexer, 0))) {
            lexer->at++;
        } else if (peek(lexer, 0) == '-' && peek(lexer, 1) == '-') {
            while (lexer->at < lexer->text.length && peek(lexer, 0) != '\n') {
                lexer->at++;
            }
        } else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*') {
            if (!skip_block_comment(lexer, out, err)) {
                return false;
            }
        } else {
            break;
        }
    }
    return true;
}

static bool read_quoted(Lexer *lexer, char quote, Token *out, Err *err) {
    size_t start = lexer->at++;
    char *copy = arena_alloc(lexer->arena, lexer->text.length - start);
    size_t length = 0;
    while (lexer->at < lexer->text.length) {
        char c = lexer->text.bytes[lexer->at++];
        if (c == quote && peek(lexer, 0) != quote) {
            out->text = (Str){copy, length};
            if (memchr(copy, '\0', length) != NULL || !utf8_valid(out->text)) {
                return fail_at(out, start, lexer->at - start, err, "the text is not valid UTF-8");
            }
            if (quote == '"' && length == 0) {
                return fail_at(out, start, 2, err, "a name cannot be empty");
            }
            return true;
        }
        if (c == quote) {
            lexer->at++;
        }
        copy[length++] = c;
    }
    return fail_at(out, start, lexer->text.length - start, err,
                   quote == '\'' ? "the text has no closing '" : "the name has no closing \"");
}

static void skip_digits(Lexer *lexer) {
    while (isdigit((unsigned char)peek(lexer, 0))) {
        lexer->at++;
    }
}

static bool read_number(Lexer *lexer, Token *out, Err *err) {
    size_t start = lexer->at;
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') {
        lexer->at++;
        skip_digits(lexer);
    }
    if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
        size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 1 : 0;
        if (isdigit((unsigned char)peek(lexer, 1 + sign))) {
            lexer->at += 1 + sign;
            skip_digits(lexer);
        }
    }
    if (is_word_part(peek(lexer, 0))) {
        while (is_word_part(peek(lexer, 0))) {
            lexer->at++;
        }
        return fail_at(out, start, lexer->at - start, err, "letters follow a number");
    }
    out->text = (Str){lexer->text.bytes + start, lexer->at - start};
    return true;
}

static bool read_word(Lexer *lexer, Token *out, Err *err) {
    size_t start = lexer->at;
    while (is_word_part(peek(lexer, 0))) {
        lexer->at++;
    }
    out->text = (Str){lexer->text.bytes + start, lexer->at - start};
    return utf8_valid(out->text) || fail_at(out, start, lexer->at - start, err, "the name is not valid UTF-8");
}

static bool read_symbol(Lexer *lexer, Token *out, Err *err) {
    Str rest = {lexer->text.bytes + lexer->at, lexer->text.length - lexer->at};
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (str_starts_with(rest, symbols[i])) {
            out->text = (Str){rest.bytes, strlen(symbols[i])};
            lexer->at += out->text.length;
            return true;
        }
    }
    return fail_at(out, lexer->at, 1, err, "this character has no meaning here");
}

bool lexer_next(Lexer *lexer, Token *out, Err *err) {
    if (!skip_space(lexer, out, err)) {
        return false;
    }
    size_t start = lexer->at;
    char c = peek(lexer, 0);
    bool good = true;
    out->text = (Str){lexer->text.bytes + start, 0};
    if (lexer->at >= lexer->text.length) {
        out->kind = TOKEN_END;
    } else if (c == '\'') {
        out->kind = TOKEN_STRING;
        good = read_quoted(lexer, '\'', out, err);
    } else if (c == '"') {
        out->kind = TOKEN_QUOTED;
        good = read_quoted(lexer, '"', out, err);
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(lexer, 1)))) {
        out->kind = TOKEN_NUMBER;
        good = read_number(lexer, out, err);
    } else if (is_word_start(c)) {
        out->kind = TOKEN_WORD;
        good = read_word(lexer, out, err);
    } else {
        out->kind = TOKEN_SYMBOL;
        good = read_symbol(lexer, out, err);
    }
    if (good) {
        out->place = (Place){start, lexer->at - start};
    }
    return good;
}
