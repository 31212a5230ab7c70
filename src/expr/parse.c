/* In: an expression's text. Out: its tree, with places and no types. Precedence is PostgreSQL's, loosest first:
 *
 *     or | and | not | is | < > = <= >= <> | between in like | || -> ->> | + - | * / % | unary - | ::
 *
 * Comparisons do not chain, nor do between, in and like. Refuses what SQL refuses, texts beyond 64 KiB and trees
 * deeper than 200 levels. */
#include "expr/parser.h"

/* ---- operators ------------------------------------------------------------------------------------------ */

typedef struct Infix {
    const char *spelling;
    Level level;
    OpId op;
} Infix;

static const Infix infixes[] = {
    {"or", LEVEL_OR, OP_OR},        {"and", LEVEL_AND, OP_AND},           {"=", LEVEL_COMPARE, OP_EQ},
    {"==", LEVEL_COMPARE, OP_EQ},   {"<>", LEVEL_COMPARE, OP_NE},         {"!=", LEVEL_COMPARE, OP_NE},
    {"<", LEVEL_COMPARE, OP_LT},    {"<=", LEVEL_COMPARE, OP_LE},         {">", LEVEL_COMPARE, OP_GT},
    {">=", LEVEL_COMPARE, OP_GE},   {"like", LEVEL_RANGE, OP_LIKE},       {"||", LEVEL_OTHER, OP_JOIN},
    {"->", LEVEL_OTHER, OP_MEMBER}, {"->>", LEVEL_OTHER, OP_MEMBER_TEXT}, {"+", LEVEL_ADD, OP_ADD},
    {"-", LEVEL_ADD, OP_SUB},       {"*", LEVEL_MULTIPLY, OP_MUL},        {"/", LEVEL_MULTIPLY, OP_DIV},
    {"%", LEVEL_MULTIPLY, OP_MOD},
};

static const Infix *infix_here(const Parser *parser) {
    for (size_t i = 0; i < sizeof infixes / sizeof infixes[0]; i++) {
        if (parser->token.kind == TOKEN_SYMBOL ? parser_at_symbol(parser, infixes[i].spelling)
                                               : parser_at_word(parser, infixes[i].spelling)) {
            return &infixes[i];
        }
    }
    return NULL;
}

static Level level_here(const Parser *parser) {
    const Infix *infix = infix_here(parser);
    if (infix != NULL) {
        return infix->level;
    }
    if (parser_at_word(parser, "is")) {
        return LEVEL_IS;
    }
    if (parser_at_word(parser, "in") || parser_at_word(parser, "between") || parser_at_word(parser, "not")) {
        return LEVEL_RANGE;
    }
    return parser_at_symbol(parser, "::") ? LEVEL_CAST : LEVEL_NONE;
}

/* or and and become one call over all their operands, so that a long chain is not a deep tree. */
static Expr *parse_chain(Parser *parser, const Infix *infix, Expr *left) {
    ExprList operands = {0};
    parser_list_add(parser, &operands, left);
    while (parser_at_word(parser, infix->spelling)) {
        if (!parser_advance(parser)) {
            return NULL;
        }
        Expr *operand = parser_read(parser, infix->level + 1);
        if (operand == NULL) {
            return NULL;
        }
        parser_list_add(parser, &operands, operand);
    }
    return parser_call(parser, infix->op, operands.items, operands.count, left->place.offset);
}

static Expr *parse_infix(Parser *parser, Expr *left, size_t offset) {
    const Infix *infix = infix_here(parser);
    if (infix->op == OP_OR || infix->op == OP_AND) {
        return parse_chain(parser, infix, left);
    }
    if (!parser_advance(parser)) {
        return NULL;
    }
    Expr *right = parser_read(parser, infix->level + 1);
    return right == NULL ? NULL : parser_call(parser, infix->op, (Expr *[]){left, right}, 2, offset);
}

static Expr *parse_is(Parser *parser, Expr *left, size_t offset) {
    static const struct {
        const char *word;
        OpId op;
    } tests[] = {{"null", OP_IS_NULL}, {"true", OP_IS_TRUE}, {"false", OP_IS_FALSE}, {"unknown", OP_IS_UNKNOWN}};
    if (!parser_advance(parser)) {
        return NULL;
    }
    bool negated = parser_at_word(parser, "not");
    if (negated && !parser_advance(parser)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (parser_at_word(parser, tests[i].word)) {
            return parser_advance(parser)
                       ? parser_not(parser, parser_call(parser, tests[i].op, &left, 1, offset), negated, offset)
                       : NULL;
        }
    }
    if (!parser_at_word(parser, "distinct")) {
        return parser_fail_expected(parser, "null, true, false, unknown or distinct from");
    }
    if (!parser_advance(parser) || !parser_take_word(parser, "from")) {
        return NULL;
    }
    Expr *right = parser_read(parser, LEVEL_COMPARE);
    if (right == NULL) {
        return NULL;
    }
    return parser_not(parser, parser_call(parser, OP_IS_DISTINCT, (Expr *[]){left, right}, 2, offset), negated, offset);
}

static Expr *parse_in(Parser *parser, Expr *left, size_t offset) {
    ExprList operands = {0};
    parser_list_add(parser, &operands, left);
    if (!parser_advance(parser) || !parser_take_symbol(parser, "(", "\"(\"") || !parser_read_list(parser, &operands)) {
        return NULL;
    }
    return parser_call(parser, OP_IN, operands.items, operands.count, offset);
}

static Expr *parse_between(Parser *parser, Expr *left, size_t offset) {
    if (!parser_advance(parser)) {
        return NULL;
    }
    Expr *from = parser_read(parser, LEVEL_OTHER);
    if (from == NULL || !parser_take_word(parser, "and")) {
        return NULL;
    }
    Expr *to = parser_read(parser, LEVEL_OTHER);
    return to == NULL ? NULL : parser_call(parser, OP_BETWEEN, (Expr *[]){left, from, to}, 3, offset);
}

/* [not] in, between, like */
static Expr *parse_range(Parser *parser, Expr *left, size_t offset) {
    bool negated = parser_at_word(parser, "not");
    if (negated && !parser_advance(parser)) {
        return NULL;
    }
    Expr *range = NULL;
    if (parser_at_word(parser, "in")) {
        range = parse_in(parser, left, offset);
    } else if (parser_at_word(parser, "between")) {
        range = parse_between(parser, left, offset);
    } else if (parser_at_word(parser, "like")) {
        range = parse_infix(parser, left, offset);
    } else {
        return parser_fail_expected(parser, "in, between or like");
    }
    return parser_not(parser, range, negated, offset);
}

static Expr *parse_postfix_cast(Parser *parser, Expr *left, size_t offset) {
    TypeName type;
    return parser_advance(parser) && parser_read_type(parser, &type) ? parser_cast(parser, left, type, offset) : NULL;
}

static Expr *parse_operator(Parser *parser, Expr *left, Level level, size_t offset) {
    switch (level) {
    case LEVEL_IS:
        return parse_is(parser, left, offset);
    case LEVEL_RANGE:
        return parse_range(parser, left, offset);
    case LEVEL_CAST:
        return parse_postfix_cast(parser, left, offset);
    case LEVEL_OR:
    case LEVEL_AND:
    case LEVEL_NOT:
    case LEVEL_COMPARE:
    case LEVEL_OTHER:
    case LEVEL_ADD:
    case LEVEL_MULTIPLY:
    case LEVEL_MINUS:
    case LEVEL_NONE:
        break;
    }
    return parse_infix(parser, left, offset);
}

static Expr *fail_chained(Parser *parser, Level level) {
    *parser->out_place = parser->token.place;
    err_set(parser->err, TF_ERROR_USAGE, "cannot read the expression: %s do not chain",
            level == LEVEL_COMPARE ? "comparisons" : "between, in and like");
    err_hint(parser->err, "%s",
             level == LEVEL_COMPARE ? "Write a < b and b < c, or use parentheses." : "Use parentheses.");
    return NULL;
}

static Expr *parse_operators(Parser *parser, Level lowest) {
    size_t offset = parser->token.place.offset;
    Level before = LEVEL_NONE;
    Expr *left = parser_read_value(parser);
    while (left != NULL) {
        Level level = level_here(parser);
        if (level == LEVEL_NONE || level < lowest) {
            return left;
        }
        if (level == before && (level == LEVEL_COMPARE || level == LEVEL_RANGE)) {
            return fail_chained(parser, level);
        }
        left = parse_operator(parser, left, level, offset);
        before = level;
    }
    return NULL;
}

Expr *parser_read(Parser *parser, Level lowest) {
    if (parser->depth >= EXPR_MAX_DEPTH) {
        *parser->out_place = parser->token.place;
        err_set(parser->err, TF_ERROR_USAGE, "cannot use the expression: it is nested deeper than %d levels",
                EXPR_MAX_DEPTH);
        return NULL;
    }
    parser->depth++;
    Expr *expr = parse_operators(parser, lowest);
    parser->depth--;
    return expr;
}

bool expr_parse(Arena *arena, Str text, Expr **out, Place *out_place, Err *err) {
    Parser parser = {.lexer = {.arena = arena, .text = text}, .out_place = out_place, .err = err};
    if (text.length > EXPR_MAX_TEXT) {
        *out_place = (Place){0, 0};
        return err_set(err, TF_ERROR_USAGE, "cannot use the expression: it is longer than %d bytes", EXPR_MAX_TEXT);
    }
    if (!parser_advance(&parser)) {
        return false;
    }
    Expr *expr = parser_read(&parser, LEVEL_OR);
    if (expr != NULL && parser.token.kind != TOKEN_END) {
        expr = parser_fail_expected(&parser, "an operator or the end");
    }
    if (expr == NULL) {
        return false;
    }
    *out = expr;
    return true;
}
