/* In: tokens. Out: what stands between operators: literals, columns, calls, case, casts, types, parentheses; and the
 * helpers that both files of the parser use. */
#include "expr/parser.h"

#include <string.h>

/* ---- helpers -------------------------------------------------------------------------------------------- */

bool parser_advance(Parser *parser) {
    parser->last_end = parser->token.place.offset + parser->token.place.length;
    if (!lexer_next(&parser->lexer, &parser->token, parser->err)) {
        *parser->out_place = parser->token.place;
        return false;
    }
    return true;
}

bool parser_at_word(const Parser *parser, const char *word) {
    return parser->token.kind == TOKEN_WORD && str_is_word(parser->token.text, word);
}

bool parser_at_symbol(const Parser *parser, const char *symbol) {
    return parser->token.kind == TOKEN_SYMBOL && str_equal(parser->token.text, str_of(symbol));
}

Expr *parser_fail_expected(Parser *parser, const char *expected) {
    *parser->out_place = parser->token.place;
    if (parser->token.kind == TOKEN_END) {
        err_set(parser->err, TF_ERROR_USAGE, "cannot read the expression: it ends where %s should follow", expected);
    } else {
        Str found = {parser->lexer.text.bytes + parser->token.place.offset, parser->token.place.length};
        err_set(parser->err, TF_ERROR_USAGE, "cannot read the expression: %s should stand where \"%.*s\" is", expected,
                STR_ARG(found));
    }
    return NULL;
}

bool parser_take_symbol(Parser *parser, const char *symbol, const char *expected) {
    if (!parser_at_symbol(parser, symbol)) {
        parser_fail_expected(parser, expected);
        return false;
    }
    return parser_advance(parser);
}

bool parser_take_word(Parser *parser, const char *word) {
    if (!parser_at_word(parser, word)) {
        parser_fail_expected(parser, word);
        return false;
    }
    return parser_advance(parser);
}

static Place place_since(const Parser *parser, size_t offset) {
    return (Place){offset, parser->last_end - offset};
}

Arena *parser_arena(const Parser *parser) {
    return parser->lexer.arena;
}

/* A call over what was read since `offset`, refused where it makes the tree too deep. */
Expr *parser_call(Parser *parser, OpId op, Expr *const *args, size_t count, size_t offset) {
    Expr *call = expr_call(parser_arena(parser), op, args, count, place_since(parser, offset));
    if (call->height > EXPR_MAX_DEPTH) {
        *parser->out_place = call->place;
        err_set(parser->err, TF_ERROR_USAGE, "cannot use the expression: it is nested deeper than %d levels",
                EXPR_MAX_DEPTH);
        return NULL;
    }
    return call;
}

Expr *parser_not(Parser *parser, Expr *expr, bool negated, size_t offset) {
    return expr == NULL || !negated ? expr : parser_call(parser, OP_NOT, &expr, 1, offset);
}

void parser_list_add(Parser *parser, ExprList *list, Expr *item) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        Expr **items = ARENA_MANY(parser_arena(parser), capacity, Expr *);
        for (size_t i = 0; i < list->count; i++) {
            items[i] = list->items[i];
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
}

bool parser_read_into(Parser *parser, ExprList *list) {
    Expr *item = parser_read(parser, LEVEL_OR);
    if (item != NULL) {
        parser_list_add(parser, list, item);
    }
    return item != NULL;
}

/* a, b, c and the closing parenthesis. */
bool parser_read_list(Parser *parser, ExprList *list) {
    do {
        if (!parser_read_into(parser, list)) {
            return false;
        }
    } while (parser_at_symbol(parser, ",") && parser_advance(parser));
    return parser_take_symbol(parser, ")", "\")\"");
}

/* ---- names and types ------------------------------------------------------------------------------------ */

static const char *const reserved[] = {"and",  "or",   "not", "is",   "in",   "between", "like", "case",    "when",
                                       "then", "else", "end", "null", "true", "false",   "from", "distinct"};

static bool at_reserved(const Parser *parser) {
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (parser_at_word(parser, reserved[i])) {
            return true;
        }
    }
    return false;
}

/* The further words of a type's name: "double" + "precision". */
static const char *const type_tails[][2] = {
    {"double", "precision"},         {"character", "varying"},
    {"timestamp", "with time zone"}, {"timestamp", "without time zone"},
    {"time", "without time zone"},
};

static bool take_tail(Parser *parser, Str first, Buf *name) {
    for (size_t i = 0; i < sizeof type_tails / sizeof type_tails[0]; i++) {
        Str tail = str_of(type_tails[i][1]);
        Str word = {tail.bytes, strcspn(tail.bytes, " ")};
        if (!str_is_word(first, type_tails[i][0]) || parser->token.kind != TOKEN_WORD ||
            !str_is_word(parser->token.text, arena_copy(parser_arena(parser), word.bytes, word.length))) {
            continue;
        }
        buf_char(name, ' ');
        buf_str(name, tail);
        bool more = tail.length > word.length;
        return parser_advance(parser) &&
               (!more || (parser_take_word(parser, "time") && parser_take_word(parser, "zone")));
    }
    return true;
}

static bool fail_unknown_type(Parser *parser, Str name, size_t offset) {
    size_t count;
    const char *const *names = type_names(&count);
    const char *near = str_nearest(name, names, count);
    *parser->out_place = place_since(parser, offset);
    err_set(parser->err, TF_ERROR_USAGE, "cannot find a type \"%.*s\"", STR_ARG(name));
    if (near != NULL) {
        err_hint(parser->err, "Did you mean \"%s\"?", near);
    }
    return false;
}

static bool parse_small_int(Parser *parser, int least, int most, int *out) {
    Value value;
    if (parser->token.kind != TOKEN_NUMBER ||
        !value_parse(parser_arena(parser), KIND_INT, parser->token.text, &value) || value.kind != KIND_INT ||
        value.as.integer < least || value.as.integer > most) {
        parser_fail_expected(parser, "a small integer");
        return false;
    }
    *out = (int)value.as.integer;
    return parser_advance(parser);
}

/* (p), (p,s) of numeric and (n) of varchar. */
static bool parse_modifiers(Parser *parser, TypeName *type, bool is_varchar) {
    if (!parser_at_symbol(parser, "(") || (type->kind != KIND_DECIMAL && !is_varchar)) {
        return true;
    }
    if (!parser_advance(parser)) {
        return false;
    }
    if (is_varchar) {
        return parse_small_int(parser, 1, 10485760, &type->length) && parser_take_symbol(parser, ")", "\")\"");
    }
    type->has_precision = true;
    if (!parse_small_int(parser, 1, 1000, &type->precision)) {
        return false;
    }
    if (parser_at_symbol(parser, ",") &&
        !(parser_advance(parser) && parse_small_int(parser, 0, type->precision, &type->scale))) {
        return false;
    }
    return parser_take_symbol(parser, ")", "\")\"");
}

bool parser_read_type(Parser *parser, TypeName *out) {
    if (parser->token.kind != TOKEN_WORD) {
        parser_fail_expected(parser, "a type");
        return false;
    }
    size_t offset = parser->token.place.offset;
    Str first = parser->token.text;
    Buf name = {0};
    buf_str(&name, first);
    bool good = parser_advance(parser) && take_tail(parser, first, &name);
    if (good && !type_find(buf_view(&name), out)) {
        good = fail_unknown_type(parser, buf_view(&name), offset);
    }
    bool is_varchar =
        good && (str_is_word(buf_view(&name), "varchar") || str_is_word(buf_view(&name), "character varying"));
    buf_free(&name);
    return good && parse_modifiers(parser, out, is_varchar);
}

/* ---- the smallest parts --------------------------------------------------------------------------------- */

static Expr *parse_number(Parser *parser) {
    Arena *arena = parser_arena(parser);
    Place place = parser->token.place;
    Str text = parser->token.text;
    Value value = {.kind = KIND_INT, .state = CELL_VALUE};
    Decimal number;
    if (!decimal_parse(arena, text, &number)) {
        *parser->out_place = place;
        err_set(parser->err, TF_ERROR_USAGE, "cannot read \"%.*s\" as a number: it has too many digits", STR_ARG(text));
        return NULL;
    }
    bool whole = memchr(text.bytes, '.', text.length) == NULL && memchr(text.bytes, 'e', text.length) == NULL &&
                 memchr(text.bytes, 'E', text.length) == NULL;
    if (!whole || !decimal_to_int(number, &value.as.integer)) {
        value = (Value){.kind = KIND_DECIMAL, .state = CELL_VALUE, .as.decimal = number};
    }
    Expr *literal = expr_literal(arena, value, place);
    literal->kind = whole ? KIND_INT : KIND_DECIMAL;
    return parser_advance(parser) ? literal : NULL;
}

static Expr *parse_string(Parser *parser) {
    Expr *literal = expr_literal(parser_arena(parser), value_text(parser->token.text), parser->token.place);
    literal->untyped = true;
    return parser_advance(parser) ? literal : NULL;
}

static Expr *parse_constant(Parser *parser) {
    Value value = value_null(KIND_TEXT);
    bool is_null = parser_at_word(parser, "null");
    if (!is_null) {
        value = (Value){.kind = KIND_BOOL, .state = CELL_VALUE, .as.integer = parser_at_word(parser, "true")};
    }
    Expr *literal = expr_literal(parser_arena(parser), value, parser->token.place);
    literal->untyped = is_null;
    return parser_advance(parser) ? literal : NULL;
}

static Expr *parse_parenthesized(Parser *parser) {
    if (!parser_advance(parser)) {
        return NULL;
    }
    Expr *inner = parser_read(parser, LEVEL_OR);
    return inner != NULL && parser_take_symbol(parser, ")", "\")\"") ? inner : NULL;
}

static Expr *parse_case(Parser *parser) {
    size_t offset = parser->token.place.offset;
    ExprList parts = {0};
    if (!parser_advance(parser)) {
        return NULL;
    }
    OpId op = parser_at_word(parser, "when") ? OP_CASE : OP_CASE_OF;
    if (op == OP_CASE_OF && !parser_read_into(parser, &parts)) {
        return NULL;
    }
    do {
        if (!parser_take_word(parser, "when") || !parser_read_into(parser, &parts) ||
            !parser_take_word(parser, "then") || !parser_read_into(parser, &parts)) {
            return NULL;
        }
    } while (parser_at_word(parser, "when"));
    if (parser_at_word(parser, "else")) {
        if (!parser_advance(parser) || !parser_read_into(parser, &parts)) {
            return NULL;
        }
    } else {
        Expr *none = expr_literal(parser_arena(parser), value_null(KIND_TEXT), parser->token.place);
        none->untyped = true;
        parser_list_add(parser, &parts, none);
    }
    return parser_take_word(parser, "end") ? parser_call(parser, op, parts.items, parts.count, offset) : NULL;
}

Expr *parser_cast(Parser *parser, Expr *operand, TypeName type, size_t offset) {
    Expr *cast = parser_call(parser, OP_CAST, &operand, 1, offset);
    if (cast != NULL) {
        cast->type = type;
    }
    return cast;
}

/* cast(x as type); "cast(" is read. */
static Expr *parse_cast(Parser *parser, size_t offset) {
    TypeName type;
    Expr *operand = parser_read(parser, LEVEL_OR);
    if (operand == NULL || !parser_take_word(parser, "as") || !parser_read_type(parser, &type) ||
        !parser_take_symbol(parser, ")", "\")\"")) {
        return NULL;
    }
    return parser_cast(parser, operand, type, offset);
}

static Expr *fail_unknown_function(Parser *parser, Str name, Place place) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    const char *names[OP_COUNT];
    size_t calls = 0;
    for (size_t i = 0; i < count; i++) {
        if (docs[i].form == OP_CALL) {
            names[calls++] = docs[i].name;
        }
    }
    const char *near = str_nearest(name, names, calls);
    *parser->out_place = place;
    err_set(parser->err, TF_ERROR_USAGE, "cannot find a function \"%.*s\"", STR_ARG(name));
    if (near != NULL) {
        err_hint(parser->err, "Did you mean \"%s\"? See twofold help functions.", near);
    } else {
        err_hint(parser->err, "See twofold help functions.");
    }
    return NULL;
}

static bool find_function(Str name, OpId *out) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    if (str_is_word(name, "substring") || str_is_word(name, "btrim") || str_is_word(name, "ceiling")) {
        *out = str_is_word(name, "substring") ? OP_SUBSTR : str_is_word(name, "btrim") ? OP_TRIM : OP_CEIL;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (docs[i].form == OP_CALL && str_is_word(name, docs[i].name)) {
            *out = docs[i].id;
            return true;
        }
    }
    return false;
}

/* extract(part from x) is part(x); "extract(" is read. */
static Expr *parse_extract(Parser *parser, size_t offset) {
    OpId op;
    Str part = parser->token.text;
    Place place = parser->token.place;
    if (parser->token.kind != TOKEN_WORD) {
        return parser_fail_expected(parser, "year, month, day, hour or another part");
    }
    if (!find_function(part, &op) || op < OP_YEAR || op > OP_EPOCH_INTERVAL) {
        return fail_unknown_function(parser, part, place);
    }
    if (!parser_advance(parser) || !parser_take_word(parser, "from")) {
        return NULL;
    }
    Expr *operand = parser_read(parser, LEVEL_OR);
    if (operand == NULL || !parser_take_symbol(parser, ")", "\")\"")) {
        return NULL;
    }
    return parser_call(parser, op, &operand, 1, offset);
}

/* name(...); the token is "(". */
static Expr *parse_function(Parser *parser, Token name) {
    size_t offset = name.place.offset;
    OpId op;
    ExprList args = {0};
    if (!parser_advance(parser)) {
        return NULL;
    }
    if (str_is_word(name.text, "cast")) {
        return parse_cast(parser, offset);
    }
    if (str_is_word(name.text, "extract")) {
        return parse_extract(parser, offset);
    }
    if (!find_function(name.text, &op)) {
        return fail_unknown_function(parser, name.text, name.place);
    }
    if (parser_at_symbol(parser, ")")) {
        if (!parser_advance(parser)) {
            return NULL;
        }
    } else if (!parser_read_list(parser, &args)) {
        return NULL;
    }
    return parser_call(parser, op, args.items, args.count, offset);
}

static Expr *make_name(Parser *parser, ExprNode node, Token name, size_t offset) {
    Expr *expr = ARENA_NEW(parser_arena(parser), Expr);
    expr->node = node;
    expr->kind = KIND_COUNT;
    expr->side = EXPR_ROW;
    expr->name = name.text;
    expr->quoted = name.kind == TOKEN_QUOTED;
    expr->place = place_since(parser, offset);
    return expr;
}

/* old.name, new.name; the token is ".". */
static Expr *parse_column(Parser *parser, Token side) {
    if (!str_is_word(side.text, "old") && !str_is_word(side.text, "new")) {
        *parser->out_place = side.place;
        err_set(parser->err, TF_ERROR_USAGE, "cannot find a side \"%.*s\": there are old and new", STR_ARG(side.text));
        return NULL;
    }
    if (!parser_advance(parser)) {
        return NULL;
    }
    Token name = parser->token;
    if (name.kind != TOKEN_WORD && name.kind != TOKEN_QUOTED) {
        return parser_fail_expected(parser, "a column's name");
    }
    if (!parser_advance(parser)) {
        return NULL;
    }
    Expr *column = make_name(parser, EXPR_COLUMN, name, side.place.offset);
    column->side = str_is_word(side.text, "old") ? EXPR_OLD : EXPR_NEW;
    return column;
}

/* date '2026-01-02'; the token is the text. */
static Expr *parse_typed_literal(Parser *parser, TypeName type, size_t offset) {
    Expr *text = parse_string(parser);
    return text == NULL ? NULL : parser_cast(parser, text, type, offset);
}

static Expr *parse_word(Parser *parser) {
    if (parser_at_word(parser, "null") || parser_at_word(parser, "true") || parser_at_word(parser, "false")) {
        return parse_constant(parser);
    }
    if (parser_at_word(parser, "case")) {
        return parse_case(parser);
    }
    if (at_reserved(parser)) {
        return parser_fail_expected(parser, "a value");
    }
    Token name = parser->token;
    size_t offset = name.place.offset;
    TypeName type;
    if (!parser_advance(parser)) {
        return NULL;
    }
    bool plain = name.kind == TOKEN_WORD;
    if (plain && parser_at_symbol(parser, "(")) {
        return parse_function(parser, name);
    }
    if (plain && parser_at_symbol(parser, ".")) {
        return parse_column(parser, name);
    }
    if (plain && parser->token.kind == TOKEN_STRING && type_find(name.text, &type)) {
        return parse_typed_literal(parser, type, offset);
    }
    return make_name(parser, EXPR_NAME, name, offset);
}

static Expr *negated_literal(Parser *parser, Expr *literal, size_t offset) {
    Value *value = &literal->value;
    Decimal number = value->kind == KIND_INT ? decimal_of_int(value->as.integer) : value->as.decimal;
    number = decimal_negate(parser_arena(parser), number);
    if (literal->kind == KIND_INT && decimal_to_int(number, &value->as.integer)) {
        value->kind = KIND_INT;
    } else {
        value->kind = KIND_DECIMAL;
        value->as.decimal = number;
    }
    literal->place = place_since(parser, offset);
    return literal;
}

static Expr *parse_minus(Parser *parser) {
    size_t offset = parser->token.place.offset;
    bool negative = parser_at_symbol(parser, "-");
    if (!parser_advance(parser)) {
        return NULL;
    }
    bool number_next = parser->token.kind == TOKEN_NUMBER;
    Expr *operand = parser_read(parser, LEVEL_MINUS);
    if (operand == NULL || !negative) {
        return operand;
    }
    if (number_next && operand->node == EXPR_LITERAL) {
        return negated_literal(parser, operand, offset);
    }
    return parser_call(parser, OP_NEG, &operand, 1, offset);
}

static Expr *parse_not(Parser *parser) {
    size_t offset = parser->token.place.offset;
    if (!parser_advance(parser)) {
        return NULL;
    }
    return parser_not(parser, parser_read(parser, LEVEL_NOT), true, offset);
}

Expr *parser_read_value(Parser *parser) {
    if (parser->token.kind == TOKEN_NUMBER) {
        return parse_number(parser);
    }
    if (parser->token.kind == TOKEN_STRING) {
        return parse_string(parser);
    }
    if (parser_at_symbol(parser, "(")) {
        return parse_parenthesized(parser);
    }
    if (parser_at_symbol(parser, "-") || parser_at_symbol(parser, "+")) {
        return parse_minus(parser);
    }
    if (parser_at_word(parser, "not")) {
        return parse_not(parser);
    }
    if (parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_QUOTED) {
        return parse_word(parser);
    }
    return parser_fail_expected(parser, "a value");
}
