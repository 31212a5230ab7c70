#include "gate/sql_use.h"

#include "gate/sql_walk.h"

#include <string.h>
#include <strings.h>

static SqlFound unreadable(const char *why) {
    return (SqlFound){SQL_UNREADABLE, why};
}

/* A later text adds to what an earlier one did; the first reason stays. */
static void found_add(SqlFound *found, SqlFound more) {
    found->uses |= more.uses;
    found->why = found->why == NULL ? more.why : found->why;
}

static SqlFound use_of_plpgsql(const SqlSubject *subject, Str definition, bool trigger, Arena *scratch);

/* ---- statements ------------------------------------------------------------------------------------------- */

/* Words that libpg_query may not know the rest of, and that never name a column: FETCH $1 FROM c. */
static bool is_cursor_step(Str text) {
    static const char *const WORDS[] = {"FETCH", "MOVE", "CLOSE"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t length = strlen(WORDS[i]);
        if (text.length > length && strncasecmp(text.bytes, WORDS[i], length) == 0 &&
            (text.bytes[length] == ' ' || text.bytes[length] == '\n' || text.bytes[length] == '\t')) {
            return true;
        }
    }
    return false;
}

/* The statement inside {"stmts": [{"stmt": {"SelectStmt": ...}}]}, where it is the only one; NULL otherwise. */
static const JsonNode *only_statement(const JsonNode *tree) {
    const JsonNode *list = json_get(tree, "stmts");
    const JsonNode *statement = list == NULL || list->count != 1 ? NULL : json_get(list->first, "stmt");
    return statement == NULL ? NULL : statement->first;
}

SqlFound sql_use_of_statement(const SqlSubject *subject, Str text, Arena *scratch) {
    const JsonNode *tree;
    const char *why;
    Str trimmed = str_trim(text);
    if (is_cursor_step(trimmed)) {
        return (SqlFound){0};
    }
    if (!sql_parse(trimmed, scratch, &tree, &why)) {
        return unreadable(why);
    }
    const JsonNode *only = only_statement(tree);
    if (only != NULL && str_equal(only->name, STR_LITERAL("DoStmt"))) {
        return use_of_plpgsql(subject, trimmed, false, scratch);
    }
    if (only != NULL && str_equal(only->name, STR_LITERAL("ExplainStmt"))) {
        return (SqlFound){0}; /* a person's look, not traffic */
    }
    return (SqlFound){.uses = sql_walk(subject, tree, NULL, scratch)};
}

/* ---- PL/pgSQL --------------------------------------------------------------------------------------------- */

/* What a piece of SQL inside a PL/pgSQL body is. */
typedef enum PieceKind {
    PIECE_SQL,        /* a statement, or an expression */
    PIECE_ASSIGNMENT, /* target := expression */
    PIECE_DYNAMIC,    /* an expression that gives a statement's text */
    PIECE_RETURN
} PieceKind;

typedef struct Body {
    const SqlSubject *subject;
    const FromItem *rows;
    Arena *scratch;
    SqlFound found;
} Body;

/* Where := or = stands in an assignment, outside quotes and brackets; the text's length: nowhere. */
static size_t assignment_sign(Str text, size_t *out_length) {
    bool quoted = false;
    int depth = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        quoted = c == '"' ? !quoted : quoted;
        depth += !quoted && (c == '[' || c == '(') ? 1 : !quoted && (c == ']' || c == ')') ? -1 : 0;
        bool colon = c == ':' && i + 1 < text.length && text.bytes[i + 1] == '=';
        if (!quoted && depth == 0 && (c == '=' || colon)) {
            *out_length = colon ? 2 : 1;
            return i;
        }
    }
    return text.length;
}

/* a.b := x + 1 reads a.b and x + 1, as far as names go: SELECT a.b, x + 1. */
static Str assignment_as_select(Str text, Arena *scratch) {
    size_t sign_length = 0;
    size_t at = assignment_sign(text, &sign_length);
    if (at == text.length) {
        return text;
    }
    size_t rest = at + sign_length;
    return str_of(
        arena_printf(scratch, "SELECT %.*s, %.*s", (int)at, text.bytes, (int)(text.length - rest), text.bytes + rest));
}

static bool parse_either(Str text, Arena *scratch, const JsonNode **out, const char **out_why) {
    if (sql_parse(text, scratch, out, out_why)) {
        return true;
    }
    const char *ignored;
    const char *select = arena_printf(scratch, "SELECT %.*s", STR_ARG(text));
    return sql_parse(str_of(select), scratch, out, &ignored);
}

/* The text itself where a dynamic statement is one literal. */
static bool literal_of(const JsonNode *tree, Arena *scratch, Str *out) {
    const JsonNode *select = only_statement(tree);
    const JsonNode *list = json_get(select, "targetList");
    const JsonNode *value =
        list == NULL || list->count != 1 ? NULL : json_get(json_get(list->first, "ResTarget"), "val");
    const JsonNode *text = json_get(json_get(json_get(value, "A_Const"), "sval"), "sval");
    *out = json_content(text, scratch);
    return text != NULL && text->type == JSON_STRING;
}

static bool is_row_variable(Str text) {
    Str name = str_trim(text);
    return (name.length == 3 && (strncasecmp(name.bytes, "new", 3) == 0 || strncasecmp(name.bytes, "old", 3) == 0));
}

/* EXECUTE 'literal' is read as what it says. */
static bool dynamic_literal(Body *body, const JsonNode *tree) {
    Str text;
    if (!literal_of(tree, body->scratch, &text)) {
        body->found.uses |= SQL_DYNAMIC;
        return false;
    }
    found_add(&body->found, sql_use_of_statement(body->subject, text, body->scratch));
    return true;
}

static void piece(Body *body, Str text, PieceKind kind) {
    const JsonNode *tree;
    const char *why;
    if (kind == PIECE_RETURN && is_row_variable(text)) {
        return; /* RETURN NEW ends every trigger function */
    }
    Str sql = kind == PIECE_ASSIGNMENT ? assignment_as_select(text, body->scratch) : text;
    if (!parse_either(sql, body->scratch, &tree, &why)) {
        found_add(&body->found, unreadable(why));
        return;
    }
    if (kind != PIECE_DYNAMIC || !dynamic_literal(body, tree)) {
        body->found.uses |= sql_walk(body->subject, tree, body->rows, body->scratch);
    }
}

static PieceKind kind_below(Str statement, Str field, PieceKind above) {
    static const struct {
        const char *statement, *field;
        PieceKind kind;
    } KINDS[] = {
        {"PLpgSQL_stmt_assign", "expr", PIECE_ASSIGNMENT},
        {"PLpgSQL_stmt_dynexecute", "query", PIECE_DYNAMIC},
        {"PLpgSQL_stmt_dynfors", "query", PIECE_DYNAMIC},
        {"PLpgSQL_stmt_return", "expr", PIECE_RETURN},
        {NULL, "dynquery", PIECE_DYNAMIC},
    };
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        bool of_it = KINDS[i].statement == NULL || str_equal(statement, str_of(KINDS[i].statement));
        if (of_it && str_equal(field, str_of(KINDS[i].field))) {
            return KINDS[i].kind;
        }
    }
    return str_equal(field, STR_LITERAL("PLpgSQL_expr")) ? above : PIECE_SQL;
}

/* Every PLpgSQL_expr below a node; `statement` is the name of the node that the members belong to. */
static void pieces(Body *body, const JsonNode *node, Str statement, PieceKind above) {
    for (const JsonNode *member = node->first; member != NULL; member = member->next) {
        PieceKind kind = kind_below(statement, member->name, above);
        if (str_equal(member->name, STR_LITERAL("PLpgSQL_expr"))) {
            piece(body, json_content(json_get(member, "query"), body->scratch), kind);
        } else {
            pieces(body, member, member->name, kind);
        }
    }
}

/* ---- variables -------------------------------------------------------------------------------------------- */

/* What a variable's type says of the subject: "orders%rowtype" and "public.orders" are its rows, "orders.price%type"
 * names a column. libpg_query gives the type as it is written, so that the parser reads it again, as a parameter's. */
static unsigned use_of_type(const SqlSubject *subject, Str type, Arena *scratch) {
    const JsonNode *tree;
    const char *why;
    Str name = str_trim(type);
    size_t suffix = strlen("%rowtype");
    if (name.length > suffix && strncasecmp(name.bytes + name.length - suffix, "%rowtype", suffix) == 0) {
        name.length -= suffix;
    }
    const char *sql = arena_printf(scratch, "CREATE FUNCTION f(x %.*s) RETURNS int LANGUAGE sql AS ''", STR_ARG(name));
    return sql_parse(str_of(sql), scratch, &tree, &why) ? sql_walk(subject, tree, NULL, scratch) : 0;
}

static const FromItem *row_add(Arena *scratch, const FromItem *rows, Str alias, FromKind kind) {
    FromItem *item = ARENA_NEW(scratch, FromItem);
    *item = (FromItem){alias, kind, rows};
    return item;
}

/* NEW and OLD; of another table's trigger they are rows of that table. */
static const FromItem *new_and_old(Arena *scratch, bool own) {
    FromKind kind = own ? FROM_OURS : FROM_OTHER;
    return row_add(scratch, row_add(scratch, NULL, STR_LITERAL("new"), kind), STR_LITERAL("old"), kind);
}

static void variables(Body *body, const JsonNode *datums) {
    for (const JsonNode *datum = datums == NULL ? NULL : datums->first; datum != NULL; datum = datum->next) {
        const JsonNode *variable = datum->first;
        const JsonNode *type = json_get(json_get(json_get(variable, "datatype"), "PLpgSQL_type"), "typname");
        Str name = json_content(json_get(variable, "refname"), body->scratch);
        unsigned uses = type == NULL ? 0 : use_of_type(body->subject, json_content(type, body->scratch), body->scratch);
        if ((uses & SQL_WHOLE_ROW) != 0) { /* a row variable is no use before it is used */
            body->rows = row_add(body->scratch, body->rows, name, FROM_OURS);
            uses = (uses & ~(unsigned)SQL_WHOLE_ROW) | SQL_TOUCHES;
        }
        body->found.uses |= uses;
    }
}

static SqlFound use_of_plpgsql(const SqlSubject *subject, Str definition, bool trigger, Arena *scratch) {
    const JsonNode *tree;
    const char *why;
    Body body = {.subject = subject, .scratch = scratch};
    if (!sql_parse_plpgsql(definition, scratch, &tree, &why)) {
        return unreadable(why);
    }
    body.rows = new_and_old(scratch, trigger);
    for (const JsonNode *item = tree->first; item != NULL; item = item->next) {
        const JsonNode *function = json_get(item, "PLpgSQL_function");
        variables(&body, json_get(function, "datums"));
        pieces(&body, item, (Str){0}, PIECE_SQL);
    }
    return body.found;
}

/* ---- conditions ------------------------------------------------------------------------------------------- */

SqlFound sql_use_of_condition(const SqlSubject *subject, Str text, bool own, Arena *scratch) {
    const JsonNode *tree;
    const char *why;
    if (!sql_parse(text, scratch, &tree, &why)) {
        return unreadable(why);
    }
    return (SqlFound){.uses = sql_walk(subject, tree, new_and_old(scratch, own), scratch)};
}

/* ---- functions -------------------------------------------------------------------------------------------- */

SqlFound sql_use_of_function(const SqlSubject *subject, const SqlFunction *function, Arena *scratch) {
    const JsonNode *tree;
    const char *why;
    if (strcmp(function->language, "plpgsql") == 0) {
        return use_of_plpgsql(subject, str_of(function->definition), function->trigger, scratch);
    }
    if (strcmp(function->language, "sql") != 0) {
        return unreadable(arena_printf(scratch, "it is written in %s", function->language));
    }
    const char *text = function->body != NULL && function->body[0] != '\0' ? function->body : function->definition;
    if (!sql_parse(str_of(text), scratch, &tree, &why)) {
        return unreadable(why);
    }
    return (SqlFound){.uses = sql_walk(subject, tree, NULL, scratch)};
}
