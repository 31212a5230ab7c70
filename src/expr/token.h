/* Expression text -> tokens, one at a time. */
#ifndef EXPR_TOKEN_H
#define EXPR_TOKEN_H

#include "expr/expr.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_NUMBER, /* text as written */
    TOKEN_STRING, /* text without quotes, '' made ' */
    TOKEN_WORD,   /* a name or keyword as written */
    TOKEN_QUOTED, /* "Name": text without quotes, "" made " */
    TOKEN_SYMBOL  /* an operator or punctuation, as written */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    Str text;
    Place place;
} Token;

typedef struct Lexer {
    Arena *arena;
    Str text;
    size_t at;
} Lexer;

/* False: no token can begin or end here; out->place is the part to underline. Comments are skipped. */
MUST_CHECK bool lexer_next(Lexer *lexer, Token *out, Err *err);

/* ASCII case aside. */
bool str_is_word(Str text, const char *word);

#endif
