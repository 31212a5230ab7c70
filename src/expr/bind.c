/* In: a parsed tree and the columns it may name. Out: the same tree with a kind at every node, each call's row of
 * ops.def chosen, implicit casts in place and every 'text' literal read as the kind that its neighbours need.
 * Refuses what has no common meaning, with the place and the way out. */
#include "expr/bind_parts.h"

#include <ctype.h>
#include <string.h>

static bool bind_node(Binder *binder, Expr *expr);

/* ---- columns -------------------------------------------------------------------------------------------- */

static bool same_folded(Str written, const char *name) {
    if (strlen(name) != written.length) {
        return false;
    }
    for (size_t i = 0; i < written.length; i++) {
        if ((char)tolower((unsigned char)written.bytes[i]) != name[i]) {
            return false;
        }
    }
    return true;
}

/* As written first; an unquoted name also stands for its small letters, as in SQL. */
static bool find_column(const ExprColumns *columns, const Expr *expr, size_t *out) {
    for (size_t i = 0; i < columns->count; i++) {
        if (str_equal(expr->name, str_of(columns->columns[i].name))) {
            *out = i;
            return true;
        }
    }
    for (size_t i = 0; i < columns->count && !expr->quoted; i++) {
        if (same_folded(expr->name, columns->columns[i].name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool fail_unknown_column(Binder *binder, const ExprColumns *columns, const Expr *expr) {
    static const char *const where[] = {[EXPR_OLD] = " in old", [EXPR_NEW] = " in new", [EXPR_ROW] = ""};
    const char **names = ARENA_MANY(binder->arena, columns->count, const char *);
    for (size_t i = 0; i < columns->count; i++) {
        names[i] = columns->columns[i].name;
    }
    err_set(binder->err, TF_ERROR_USAGE, "cannot find column \"%.*s\"%s", STR_ARG(expr->name), where[expr->side]);
    const char *near = str_nearest(expr->name, names, columns->count);
    if (near != NULL) {
        err_hint(binder->err, "Did you mean \"%s\"?", near);
    }
    return bind_fail_at(binder, expr);
}

static bool check_side(Binder *binder, const Expr *expr) {
    bool one_row = binder->scope->one_row;
    if (one_row == (expr->node == EXPR_NAME)) {
        return true;
    }
    if (one_row) {
        err_set(binder->err, TF_ERROR_USAGE, "cannot use a side: there is one row");
        err_hint(binder->err, "With rows: a column is written without old. or new.");
    } else {
        err_set(binder->err, TF_ERROR_USAGE, "cannot tell which side \"%.*s\" is on", STR_ARG(expr->name));
        err_hint(binder->err, "Write old.%.*s or new.%.*s.", STR_ARG(expr->name), STR_ARG(expr->name));
    }
    return bind_fail_at(binder, expr);
}

static bool bind_column(Binder *binder, Expr *expr) {
    if (!check_side(binder, expr)) {
        return false;
    }
    const ExprColumns *columns = expr->side == EXPR_NEW ? &binder->scope->new_ : &binder->scope->old;
    if (!find_column(columns, expr, &expr->column)) {
        return fail_unknown_column(binder, columns, expr);
    }
    expr->node = EXPR_COLUMN;
    expr->info = &columns->columns[expr->column];
    expr->name = str_of(expr->info->name);
    expr->kind = expr->info->comparable ? expr->info->kind : KIND_OPAQUE;
    return true;
}

/* ---- bringing an operand to a kind ---------------------------------------------------------------------- */

static TypeName plain_type(Kind kind) {
    int bits = kind == KIND_INT || kind == KIND_FLOAT ? 64 : 0;
    return (TypeName){.kind = kind, .bits = bits};
}

static bool type_literal(Binder *binder, Expr *literal, Kind kind) {
    Value value;
    if (literal->value.state == CELL_NULL) {
        literal->value = value_null(kind);
    } else if (bind_read_literal(binder->arena, literal, kind, &value)) {
        literal->value = value;
    } else {
        err_set(binder->err, TF_ERROR_USAGE, "cannot read \"%.*s\" as %s", STR_ARG(literal->value.as.text),
                kind_name(kind));
        return bind_fail_at(binder, literal);
    }
    literal->kind = kind;
    literal->untyped = false;
    return true;
}

#define BIT(kind) (1U << KIND_##kind)

/* The way out for pairs that users meet. */
static const char *mix_hint(Kind a, Kind b) {
    static const struct {
        unsigned one, other;
        const char *hint;
    } hints[] = {
        {BIT(TIMESTAMP) | BIT(DATE), BIT(TIMESTAMPTZ), "Say in which zone: x::timestamptz takes it as UTC."},
        {BIT(TEXT), BIT(INT) | BIT(DECIMAL) | BIT(FLOAT),
         "Cast one side: x::numeric reads the text, y::text writes the number."},
        {BIT(BOOL), BIT(INT), "Cast one side: x::integer is 1 or 0, y::bool is true where it is not 0."},
        {BIT(TEXT), ~0U, "Cast one side, for example y::text."},
        {BIT(TIME), BIT(TIMESTAMP) | BIT(TIMESTAMPTZ), "Take the time of day from the other: y::time."},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        unsigned bit_a = 1U << a, bit_b = 1U << b;
        if (((hints[i].one & bit_a) != 0 && (hints[i].other & bit_b) != 0) ||
            ((hints[i].one & bit_b) != 0 && (hints[i].other & bit_a) != 0)) {
            return hints[i].hint;
        }
    }
    return "There is no common meaning of the two; cast one side with ::type.";
}

static bool fail_mix(Binder *binder, const Expr *at, const char *verb, Kind a, Kind b) {
    err_set(binder->err, TF_ERROR_USAGE, "cannot %s %s with %s", verb, kind_name(a), kind_name(b));
    err_hint(binder->err, "%s", mix_hint(a, b));
    return bind_fail_at(binder, at);
}

static bool converts(Kind from, Kind to) {
    Kind common;
    return from == to || (kind_common(from, to, &common) && common == to) ||
           (from == KIND_TIMESTAMPTZ && to == KIND_TIMESTAMP);
}

/* Makes *slot of this kind: reads a literal, adds an implicit cast. INT and DECIMAL need none. */
static bool coerce(Binder *binder, Expr **slot, Kind kind) {
    Expr *expr = *slot;
    if (expr->untyped) {
        return type_literal(binder, expr, kind);
    }
    if (expr->kind == kind || (expr_is_number(expr->kind) && expr_is_number(kind))) {
        return true;
    }
    if (!bind_kind_usable(expr->kind)) {
        return bind_fail_unusable(binder, expr);
    }
    if (!converts(expr->kind, kind)) {
        return fail_mix(binder, expr, "use", expr->kind, kind);
    }
    Expr *cast = expr_cast(binder->arena, expr, plain_type(kind), expr->place);
    cast->kind = kind;
    cast->implicit = true;
    *slot = cast;
    return true;
}

/* The common kind of these operands; untyped ones have no say. */
static bool find_common(Binder *binder, const Expr *call, Expr **const *slots, size_t count, Kind *out) {
    Kind common = KIND_COUNT;
    for (size_t i = 0; i < count; i++) {
        const Expr *arg = *slots[i];
        if (arg->untyped) {
            continue;
        }
        if (!bind_kind_usable(arg->kind)) {
            return bind_fail_unusable(binder, arg);
        }
        if (common == KIND_COUNT) {
            common = arg->kind;
        } else if (!kind_common(common, arg->kind, &common)) {
            return fail_mix(binder, call, "compare", common, arg->kind);
        }
    }
    *out = common == KIND_COUNT ? KIND_TEXT : common;
    return true;
}

/* Brings the operands in these places of a call to one kind. */
static bool unify(Binder *binder, const Expr *call, Expr **const *slots, size_t count, Kind *out) {
    if (!find_common(binder, call, slots, count, out)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!coerce(binder, slots[i], *out)) {
            return false;
        }
    }
    return true;
}

static bool unify_all(Binder *binder, Expr *call, Kind *out) {
    Expr ***slots = ARENA_MANY(binder->arena, call->count, Expr **);
    for (size_t i = 0; i < call->count; i++) {
        slots[i] = &call->args[i];
    }
    return unify(binder, call, slots, call->count, out);
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

static bool check_unit(Binder *binder, const Expr *expr) {
    static const char *const units[] = {"second", "minute", "hour", "day", "week", "month", "quarter", "year"};
    enum { UNITS = sizeof units / sizeof units[0] };
    for (size_t i = 0; i < UNITS; i++) {
        if (str_equal(expr->value.as.text, str_of(units[i]))) {
            return true;
        }
    }
    const char *near = str_nearest(expr->value.as.text, units, UNITS);
    err_set(binder->err, TF_ERROR_USAGE, "cannot cut a time to \"%.*s\"", STR_ARG(expr->value.as.text));
    err_hint(binder->err,
             near == NULL ? "Units are second, minute, hour, day, week, month, quarter and year.%s"
                          : "Did you mean '%s'?",
             near == NULL ? "" : near);
    return bind_fail_at(binder, expr);
}

static bool coerce_arg(Binder *binder, Expr **slot, const OpArg *arg) {
    switch (arg->what) {
    case OP_ARG_KIND:
    case OP_ARG_MOMENT:
        return coerce(binder, slot, arg->kind);
    case OP_ARG_NUMBER:
        return !(*slot)->untyped || type_literal(binder, *slot, KIND_DECIMAL);
    case OP_ARG_UNIT:
        return type_literal(binder, *slot, KIND_TEXT) && check_unit(binder, *slot);
    case OP_ARG_ANY:
        return !(*slot)->untyped || type_literal(binder, *slot, KIND_TEXT);
    case OP_ARG_SAME:
    case OP_ARG_ORDERED:
    case OP_ARG_DIGITS:
        break;
    }
    return true;
}

/* What an argument that was not written stands for: no digits, a space, all the rest. */
static void add_defaults(Binder *binder, Expr *call) {
    Value value = value_int(0);
    if (call->count != 1 || (call->op != OP_ROUND && call->op != OP_TRUNC && call->op != OP_TRIM &&
                             call->op != OP_LTRIM && call->op != OP_RTRIM)) {
        return;
    }
    if (call->op != OP_ROUND && call->op != OP_TRUNC) {
        value = value_text(STR_LITERAL(" "));
    }
    Expr *literal = expr_literal(binder->arena, value, call->place);
    literal->implicit = true;
    Expr **args = ARENA_MANY(binder->arena, 2, Expr *);
    args[0] = call->args[0];
    args[1] = literal;
    call->args = args;
    call->count = 2;
}

static Kind result_kind(const Expr *call, Kind common) {
    size_t count;
    const char *word = expr_ops(&count)[call->op].result;
    if (strcmp(word, "same") == 0) {
        return common;
    }
    if (strcmp(word, "number") == 0) {
        Kind kind = KIND_INT;
        for (size_t i = 0; i < call->count; i++) {
            kind = call->args[i]->kind == KIND_DECIMAL ? KIND_DECIMAL : kind;
        }
        return kind;
    }
    Kind kind = KIND_BOOL;
    for (Kind k = KIND_BOOL; k < KIND_COUNT; k++) {
        kind = strcmp(kind_name(k), word) == 0 ? k : kind;
    }
    return kind;
}

static bool carries_quotient(const Expr *call) {
    static const OpId carriers[] = {OP_ADD,      OP_SUB,    OP_MUL,      OP_MOD,   OP_NEG,  OP_ABS,
                                    OP_COALESCE, OP_NULLIF, OP_GREATEST, OP_LEAST, OP_CASE, OP_CASE_OF};
    bool quotient = call->op == OP_DIV;
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        for (size_t j = 0; j < call->count && call->op == carriers[i]; j++) {
            quotient = quotient || (call->args[j]->quotient && expr_is_number(call->kind));
        }
    }
    return quotient;
}

static bool needs_order(const OpArg *args, size_t count) {
    return count > 0 && args[0].what == OP_ARG_ORDERED;
}

static bool bind_call(Binder *binder, Expr *call) {
    if (!bind_choose(binder, call)) {
        return false;
    }
    OpArg args[OP_MAX_ARGS];
    size_t count = op_args(call->op, args);
    for (size_t i = 0; i < call->count; i++) {
        if (!coerce_arg(binder, &call->args[i], bind_arg_at(args, count, i))) {
            return false;
        }
    }
    Kind common = KIND_COUNT;
    if (count > 0 && (args[0].what == OP_ARG_SAME || args[0].what == OP_ARG_ORDERED)) {
        if (!unify_all(binder, call, &common)) {
            return false;
        }
        if (needs_order(args, count) && !kind_has_order(common)) {
            err_set(binder->err, TF_ERROR_USAGE, "cannot put %s in order", kind_name(common));
            return bind_fail_at(binder, call);
        }
    }
    add_defaults(binder, call);
    call->kind = result_kind(call, common);
    return true;
}

/* [operand] condition value condition value ... else */
static bool bind_case(Binder *binder, Expr *call) {
    size_t first = call->op == OP_CASE_OF ? 1 : 0;
    size_t last = call->count - 1;
    Expr ***slots = ARENA_MANY(binder->arena, call->count, Expr **);
    size_t count = 0;
    Kind compared;
    if (first == 1) { /* conditions are values, compared with the operand */
        slots[count++] = &call->args[0];
        for (size_t i = first; i < last; i += 2) {
            slots[count++] = &call->args[i];
        }
        if (!unify(binder, call, slots, count, &compared)) {
            return false;
        }
    }
    for (size_t i = 0; first == 0 && i < last; i += 2) {
        if (!coerce(binder, &call->args[i], KIND_BOOL)) {
            return false;
        }
    }
    count = 0;
    for (size_t i = first + 1; i < last; i += 2) {
        slots[count++] = &call->args[i];
    }
    slots[count++] = &call->args[last];
    return unify(binder, call, slots, count, &call->kind);
}

/* ---- casts ---------------------------------------------------------------------------------------------- */

static bool fail_cast(Binder *binder, const Expr *cast) {
    const Expr *operand = cast->args[0];
    if (!bind_kind_usable(operand->kind)) {
        return bind_fail_unusable(binder, operand);
    }
    err_set(binder->err, TF_ERROR_USAGE, "cannot cast %s to %s", kind_name(operand->kind), kind_name(cast->type.kind));
    if (operand->kind == KIND_JSON) {
        err_hint(binder->err, "Take the member as text first: (x ->> 'member')::%s.", kind_name(cast->type.kind));
    }
    return bind_fail_at(binder, cast);
}

static bool bind_cast(Binder *binder, Expr *cast) {
    Expr *operand = cast->args[0];
    if (operand->untyped && !type_literal(binder, operand, cast->type.kind)) {
        return bind_fail_at(binder, operand);
    }
    if (!cast_exists(operand->kind, cast->type.kind)) {
        return fail_cast(binder, cast);
    }
    if (operand->quotient && cast->type.kind == KIND_TEXT) {
        err_set(binder->err, TF_ERROR_USAGE, "cannot write an exact quotient as text: it may have no end");
        err_hint(binder->err, "Round it first: round(x, 2)::text.");
        return bind_fail_at(binder, cast);
    }
    cast->kind = cast->type.kind;
    cast->quotient = operand->quotient && cast->kind == KIND_DECIMAL && !cast->type.has_precision;
    return true;
}

static bool bind_node(Binder *binder, Expr *expr) {
    if (expr->node == EXPR_LITERAL) {
        return true;
    }
    if (expr->node != EXPR_CALL) {
        return bind_column(binder, expr);
    }
    for (size_t i = 0; i < expr->count; i++) {
        if (!bind_node(binder, expr->args[i])) {
            return false;
        }
    }
    bool bound;
    if (expr->op == OP_CAST) {
        return bind_cast(binder, expr);
    }
    bound = expr->op == OP_CASE || expr->op == OP_CASE_OF ? bind_case(binder, expr) : bind_call(binder, expr);
    expr->quotient = bound && carries_quotient(expr);
    return bound;
}

bool expr_bind(Expr *expr, Arena *arena, const ExprScope *scope, Kind want, Place *out_place, Err *err) {
    Binder binder = {arena, scope, out_place, err};
    if (!bind_node(&binder, expr)) {
        return false;
    }
    if (expr->untyped) {
        return type_literal(&binder, expr, want == KIND_COUNT ? KIND_TEXT : want);
    }
    if (want == KIND_BOOL && expr->kind != KIND_BOOL) {
        err_set(err, TF_ERROR_USAGE, "cannot use %s as an invariant: it must be true or false", kind_name(expr->kind));
        err_hint(err, "Compare it with something, for example ... == 0.");
        return bind_fail_at(&binder, expr);
    }
    if (want != KIND_COUNT && want != KIND_BOOL && expr->kind != want &&
        !(expr_is_number(expr->kind) && expr_is_number(want))) {
        return fail_mix(&binder, expr, "use", expr->kind, want);
    }
    return true;
}
