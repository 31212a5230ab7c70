/* Inside of parse: what its two files share. parse.c has the operators, parse_value.c what stands between them. */
#ifndef EXPR_PARSER_H
#define EXPR_PARSER_H

#include "expr/token.h"
#include "expr/tree.h"

/* How tight an operator binds, loosest first. */
typedef enum Level {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_RANGE, /* between, in, like */
    LEVEL_OTHER, /* || and json access */
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_MINUS,
    LEVEL_CAST,
    LEVEL_NONE
} Level;

typedef struct Parser {
    Lexer lexer;
    Token token;     /* the next one */
    size_t last_end; /* of the token before */
    int depth;
    Place *out_place;
    Err *err;
} Parser;

/* A growing list of expressions. */
typedef struct ExprList {
    Expr **items;
    size_t count, capacity;
} ExprList;

/* Reading on. All fail with the error and place set. */
bool parser_advance(Parser *parser);
bool parser_at_word(const Parser *parser, const char *word);
bool parser_at_symbol(const Parser *parser, const char *symbol);
bool parser_take_word(Parser *parser, const char *word);
bool parser_take_symbol(Parser *parser, const char *symbol, const char *expected);
Expr *parser_fail_expected(Parser *parser, const char *expected); /* NULL */

/* Making nodes over what was read since `offset`; refused (NULL) where the tree gets too deep. */
Arena *parser_arena(const Parser *parser);
Expr *parser_call(Parser *parser, OpId op, Expr *const *args, size_t count, size_t offset);
Expr *parser_not(Parser *parser, Expr *expr, bool negated, size_t offset);
Expr *parser_cast(Parser *parser, Expr *operand, TypeName type, size_t offset);

/* An expression whose operators bind at least as tight as `lowest`. */
Expr *parser_read(Parser *parser, Level lowest);
Expr *parser_read_value(Parser *parser);
bool parser_read_type(Parser *parser, TypeName *out);
void parser_list_add(Parser *parser, ExprList *list, Expr *item);
bool parser_read_into(Parser *parser, ExprList *list);
/* a, b, c and the closing parenthesis. */
bool parser_read_list(Parser *parser, ExprList *list);

#endif
