/* Makes and prints tree nodes, and substitutes names by trees. Printing gives text that parses to the same tree. */
#include "expr/tree.h"

#include <string.h>

Value value_null(Kind kind) {
    return (Value){.kind = kind, .state = CELL_NULL};
}

Value value_int(int64_t value) {
    return (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = value};
}

Value value_text(Str text) {
    return (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = text};
}

bool expr_is_number(Kind kind) {
    return kind == KIND_INT || kind == KIND_DECIMAL;
}

bool expr_is_null_literal(const Expr *expr) {
    return expr->node == EXPR_LITERAL && expr->value.state == CELL_NULL;
}

bool expr_is_value(const Expr *expr) {
    return expr->node == EXPR_LITERAL && expr->value.state == CELL_VALUE;
}

Expr *expr_literal(Arena *arena, Value value, Place place) {
    Expr *expr = ARENA_NEW(arena, Expr);
    expr->node = EXPR_LITERAL;
    expr->kind = value.kind;
    expr->value = value;
    expr->place = place;
    return expr;
}

Expr *expr_call(Arena *arena, OpId op, Expr *const *args, size_t count, Place place) {
    Expr *expr = ARENA_NEW(arena, Expr);
    expr->node = EXPR_CALL;
    expr->op = op;
    expr->kind = KIND_COUNT;
    expr->place = place;
    expr->count = count;
    expr->args = ARENA_MANY(arena, count, Expr *);
    for (size_t i = 0; i < count; i++) {
        expr->args[i] = args[i];
        if (args[i]->height >= expr->height) {
            expr->height = args[i]->height + 1;
        }
    }
    return expr;
}

Expr *expr_cast(Arena *arena, Expr *operand, TypeName type, Place place) {
    Expr *expr = expr_call(arena, OP_CAST, &operand, 1, place);
    expr->type = type;
    return expr;
}

Kind expr_kind(const Expr *expr) {
    return expr->kind;
}

/* ---- columns used --------------------------------------------------------------------------------------- */

typedef struct Uses {
    ExprColumnUse *uses;
    size_t count;
} Uses;

static size_t count_columns(const Expr *expr) {
    size_t count = expr->node == EXPR_COLUMN ? 1 : 0;
    for (size_t i = 0; i < expr->count; i++) {
        count += count_columns(expr->args[i]);
    }
    return count;
}

static void collect_columns(const Expr *expr, Uses *uses) {
    for (size_t i = 0; i < expr->count; i++) {
        collect_columns(expr->args[i], uses);
    }
    if (expr->node != EXPR_COLUMN) {
        return;
    }
    for (size_t i = 0; i < uses->count; i++) {
        if (uses->uses[i].side == expr->side && uses->uses[i].column == expr->column) {
            return;
        }
    }
    uses->uses[uses->count++] = (ExprColumnUse){expr->side, expr->column};
}

const ExprColumnUse *expr_columns(const Expr *expr, Arena *arena, size_t *out_count) {
    Uses uses = {ARENA_MANY(arena, count_columns(expr), ExprColumnUse), 0};
    collect_columns(expr, &uses);
    *out_count = uses.count;
    return uses.uses;
}

/* ---- substitution --------------------------------------------------------------------------------------- */

typedef struct Substitution {
    Arena *arena;
    const char *const *names;
    Expr *const *values;
    size_t count;
    Place *out_place;
    Err *err;
} Substitution;

static Expr *substituted_name(const Substitution *by, const Expr *expr) {
    for (size_t i = 0; i < by->count; i++) {
        if (str_equal(expr->name, str_of(by->names[i]))) {
            return by->values[i];
        }
    }
    *by->out_place = expr->place;
    err_set(by->err, TF_ERROR_USAGE, "cannot find a parameter \"%.*s\"", STR_ARG(expr->name));
    const char *near = str_nearest(expr->name, by->names, by->count);
    if (near != NULL) {
        err_hint(by->err, "Did you mean \"%s\"?", near);
    }
    return NULL;
}

/* Values are copied too, so that one parameter used twice gives two trees: bind changes trees in place. */
static Expr *copy_substituted(const Substitution *by, const Expr *expr, bool is_value) {
    if (expr->node == EXPR_NAME && !is_value) {
        const Expr *value = substituted_name(by, expr);
        Expr *copy = value == NULL ? NULL : copy_substituted(by, value, true);
        return copy;
    }
    Expr *copy = ARENA_NEW(by->arena, Expr);
    *copy = *expr;
    copy->args = ARENA_MANY(by->arena, expr->count, Expr *);
    copy->height = 0;
    for (size_t i = 0; i < expr->count; i++) {
        copy->args[i] = copy_substituted(by, expr->args[i], is_value);
        if (copy->args[i] == NULL) {
            return NULL;
        }
        copy->height = copy->args[i]->height >= copy->height ? copy->args[i]->height + 1 : copy->height;
    }
    return copy;
}

bool expr_substitute(Arena *arena, Expr *expr, const char *const *names, Expr *const *values, size_t count, Expr **out,
                     Place *out_place, Err *err) {
    Substitution by = {arena, names, values, count, out_place, err};
    Expr *copy = copy_substituted(&by, expr, false);
    if (copy == NULL) {
        return false;
    }
    if (copy->height > EXPR_MAX_DEPTH) {
        *out_place = expr->place;
        return err_set(err, TF_ERROR_USAGE, "cannot use the expression: it is nested deeper than %d levels",
                       EXPR_MAX_DEPTH);
    }
    *out = copy;
    return true;
}
