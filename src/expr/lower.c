/* In: a bound tree. Out: the core that eval and sql understand.
 *
 * A number that may have no end (1 / 3) is carried as a Quotient: numerator and positive, finite denominator. Sums
 * and products of quotients are quotients; comparisons multiply crosswise:
 *     a / 100 = b          becomes   a = b * 100
 *     round(a / b, 2)      becomes   ROUND_QUOTIENT(a * sign(b), abs(b), 2)
 * A denominator of 0 becomes NULL, and with it everything that needs it. */
#include "expr/lower.h"

#include "expr/eval.h"

#include <string.h>

typedef struct Quotient {
    Expr *num;
    Expr *den; /* NULL: 1 */
} Quotient;

static Quotient lower(Arena *arena, const Expr *expr);

/* ---- making core nodes ---------------------------------------------------------------------------------- */

static bool all_literals(const Expr *call) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->args[i]->node != EXPR_LITERAL) {
            return false;
        }
    }
    return true;
}

static Expr *literal_of(Arena *arena, Value value, Kind kind) {
    Expr *literal = expr_literal(arena, value, (Place){0});
    literal->kind = kind;
    return literal;
}

static Expr *fold(Arena *arena, Expr *call) {
    return all_literals(call) ? literal_of(arena, constant_value(arena, call), call->kind) : call;
}

static Expr *make(Arena *arena, OpId op, Kind kind, Expr *const *args, size_t count) {
    Expr *call = expr_call(arena, op, args, count, (Place){0});
    call->kind = kind;
    return fold(arena, call);
}

static Expr *make1(Arena *arena, OpId op, Kind kind, Expr *a) {
    return make(arena, op, kind, &a, 1);
}

static Expr *make2(Arena *arena, OpId op, Kind kind, Expr *a, Expr *b) {
    return make(arena, op, kind, (Expr *[]){a, b}, 2);
}

static Expr *make3(Arena *arena, OpId op, Kind kind, Expr *a, Expr *b, Expr *c) {
    return make(arena, op, kind, (Expr *[]){a, b, c}, 3);
}

static Expr *integer_literal(Arena *arena, int64_t value) {
    return literal_of(arena, value_int(value), KIND_INT);
}

static Kind both_int(const Expr *a, const Expr *b) {
    return a->kind == KIND_INT && b->kind == KIND_INT ? KIND_INT : KIND_DECIMAL;
}

static Expr *number2(Arena *arena, OpId op, Expr *a, Expr *b) {
    return make2(arena, op, both_int(a, b), a, b);
}

static bool is_one(const Expr *expr) {
    return expr == NULL || (expr_is_value(expr) && expr->value.kind == KIND_INT && expr->value.as.integer == 1);
}

/* The product; either may be NULL for 1. */
static Expr *times(Arena *arena, Expr *a, Expr *b) {
    if (is_one(a)) {
        return b == NULL && a != NULL ? a : b;
    }
    return is_one(b) ? a : number2(arena, OP_MUL, a, b);
}

static Expr *truth2(Arena *arena, OpId op, Expr *a, Expr *b) {
    return make2(arena, op, KIND_BOOL, a, b);
}

static Quotient plain(Expr *expr) {
    return (Quotient){expr, NULL};
}

/* ---- quotients ------------------------------------------------------------------------------------------ */

static Expr *is_null(Arena *arena, Quotient x) {
    Expr *num = make1(arena, OP_IS_NULL, KIND_BOOL, x.num);
    if (x.den == NULL || expr_is_value(x.den)) {
        return num;
    }
    return truth2(arena, OP_OR, num, make1(arena, OP_IS_NULL, KIND_BOOL, x.den));
}

static Expr *negation(Arena *arena, Expr *truth) {
    return make1(arena, OP_NOT, KIND_BOOL, truth);
}

/* Denominators are positive, so that multiplying by them keeps the order. */
static Expr *compare(Arena *arena, OpId op, Quotient a, Quotient b) {
    if (a.den == NULL && b.den == NULL) {
        return truth2(arena, op, a.num, b.num);
    }
    return truth2(arena, op, times(arena, a.num, b.den), times(arena, b.num, a.den));
}

static Quotient add(Arena *arena, OpId op, Quotient a, Quotient b) {
    Expr *left = times(arena, a.num, b.den);
    Expr *right = times(arena, b.num, a.den);
    return (Quotient){number2(arena, op, left, right), times(arena, a.den, b.den)};
}

static Quotient multiply(Arena *arena, Quotient a, Quotient b) {
    return (Quotient){number2(arena, OP_MUL, a.num, b.num), times(arena, a.den, b.den)};
}

static bool is_finite_literal(const Expr *expr) {
    return expr_is_value(expr) && (expr->value.kind == KIND_INT || expr->value.as.decimal.class_ == DECIMAL_FINITE);
}

static Expr *without_zero(Arena *arena, Expr *number) {
    return make2(arena, OP_NULLIF, number->kind, number, integer_literal(arena, 0));
}

static Expr *number1(Arena *arena, OpId op, Expr *a) {
    return make1(arena, op, a->kind, a);
}

static Quotient divide_finite(Arena *arena, Quotient a, Quotient b) {
    Expr *sign = number1(arena, OP_SIGN, b.num);
    Expr *size = without_zero(arena, number1(arena, OP_ABS, b.num));
    return (Quotient){times(arena, times(arena, a.num, b.den), sign), times(arena, a.den, size)};
}

/* Integers are never NaN or infinite, decimal columns may be: x / NaN is NaN, 1 / infinity is 0. */
static Quotient divide(Arena *arena, Quotient a, Quotient b) {
    if (b.num->kind == KIND_INT || is_finite_literal(b.num)) {
        return divide_finite(arena, a, b);
    }
    Quotient finite = divide_finite(arena, a, b);
    Expr *test = make1(arena, OP_IS_FINITE, KIND_BOOL, b.num);
    Expr *special = make2(arena, OP_DIV_BY_SPECIAL, KIND_DECIMAL, a.num, b.num);
    return (Quotient){make3(arena, OP_CASE, KIND_DECIMAL, test, finite.num, special),
                      make3(arena, OP_CASE, KIND_DECIMAL, test, finite.den, integer_literal(arena, 1))};
}

static Quotient modulo(Arena *arena, Quotient a, Quotient b) {
    Expr *left = times(arena, a.num, b.den);
    Expr *right = times(arena, b.num, a.den);
    return (Quotient){number2(arena, OP_MOD, left, right), times(arena, a.den, b.den)};
}

static Expr *sign_of(Arena *arena, Quotient x) {
    Expr *sign = number1(arena, OP_SIGN, x.num);
    return x.den == NULL ? sign : times(arena, sign, number1(arena, OP_SIGN, x.den)); /* NULL where den is */
}

static Expr *rounded(Arena *arena, OpId op, OpId quotient_op, Quotient x, Expr *digits) {
    if (x.den == NULL) {
        return make2(arena, op, x.num->kind, x.num, digits);
    }
    return make3(arena, quotient_op, KIND_DECIMAL, x.num, x.den, digits);
}

static Expr *whole(Arena *arena, OpId op, OpId quotient_op, Quotient x) {
    return x.den == NULL ? number1(arena, op, x.num) : make2(arena, quotient_op, KIND_DECIMAL, x.num, x.den);
}

/* ---- choice --------------------------------------------------------------------------------------------- */

static Expr *den_or_one(Arena *arena, Quotient x) {
    return x.den == NULL ? integer_literal(arena, 1) : x.den;
}

/* conditions[i] chooses values[i]; the last value is the else. */
static Quotient choose(Arena *arena, Kind kind, Expr *const *conditions, const Quotient *values, size_t count) {
    if (count == 1) {
        return values[0];
    }
    Expr **nums = ARENA_MANY(arena, 2 * count, Expr *);
    Expr **dens = ARENA_MANY(arena, 2 * count, Expr *);
    bool any = false;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count) {
            nums[used] = dens[used] = conditions[i];
            used++;
        }
        nums[used] = values[i].num;
        dens[used] = den_or_one(arena, values[i]);
        used++;
        any = any || values[i].den != NULL;
    }
    Expr *num = make(arena, OP_CASE, kind, nums, used);
    return (Quotient){num, any ? make(arena, OP_CASE, KIND_DECIMAL, dens, used) : NULL};
}

static Quotient lower_case(Arena *arena, const Expr *expr) {
    size_t first = expr->op == OP_CASE_OF ? 1 : 0;
    size_t count = (expr->count - first + 1) / 2;
    Expr **conditions = ARENA_MANY(arena, count, Expr *);
    Quotient *values = ARENA_MANY(arena, count, Quotient);
    Quotient operand = first == 1 ? lower(arena, expr->args[0]) : plain(NULL);
    for (size_t i = 0; i + 1 < count; i++) {
        Quotient condition = lower(arena, expr->args[first + 2 * i]);
        conditions[i] = first == 1 ? compare(arena, OP_EQ, operand, condition) : condition.num;
        values[i] = lower(arena, expr->args[first + 2 * i + 1]);
    }
    values[count - 1] = lower(arena, expr->args[expr->count - 1]);
    return choose(arena, expr->kind, conditions, values, count);
}

static Quotient *lower_args(Arena *arena, const Expr *expr, bool *out_any) {
    Quotient *args = ARENA_MANY(arena, expr->count, Quotient);
    *out_any = false;
    for (size_t i = 0; i < expr->count; i++) {
        args[i] = lower(arena, expr->args[i]);
        *out_any = *out_any || args[i].den != NULL;
    }
    return args;
}

static Quotient coalesce(Arena *arena, const Expr *expr, const Quotient *args) {
    Expr **conditions = ARENA_MANY(arena, expr->count, Expr *);
    for (size_t i = 0; i + 1 < expr->count; i++) {
        conditions[i] = negation(arena, is_null(arena, args[i]));
    }
    return choose(arena, expr->kind, conditions, args, expr->count);
}

static Quotient nullif(Arena *arena, const Expr *expr, const Quotient *args) {
    Expr *equal = compare(arena, OP_EQ, args[0], args[1]);
    Quotient values[2] = {plain(literal_of(arena, value_null(expr->kind), expr->kind)), args[0]};
    return choose(arena, expr->kind, &equal, values, 2);
}

/* The extreme of two, NULLs left out, the first of two equal ones; pairs of pairs keep the tree low. */
static Quotient extreme(Arena *arena, const Expr *expr, const Quotient *args, size_t count) {
    if (count == 1) {
        return args[0];
    }
    Quotient a = extreme(arena, expr, args, count / 2);
    Quotient b = extreme(arena, expr, args + count / 2, count - count / 2);
    Expr *better = compare(arena, expr->op == OP_GREATEST ? OP_GE : OP_LE, a, b);
    Expr *conditions[3] = {is_null(arena, a), is_null(arena, b), better};
    return choose(arena, expr->kind, conditions, (Quotient[]){b, a, a, b}, 4);
}

/* ---- comparison ----------------------------------------------------------------------------------------- */

static Expr *distinct(Arena *arena, Quotient a, Quotient b) {
    if (a.den == NULL && b.den == NULL) {
        return truth2(arena, OP_IS_DISTINCT, a.num, b.num);
    }
    Expr *nulls_differ = truth2(arena, OP_NE, is_null(arena, a), is_null(arena, b));
    Expr *values_differ = make1(arena, OP_IS_TRUE, KIND_BOOL, compare(arena, OP_NE, a, b));
    return truth2(arena, OP_OR, nulls_differ, values_differ);
}

/* Long lists of texts and integers stay lists, looked up at once; all others are a chain of comparisons. */
static bool stays_list(const Quotient *args, size_t count) {
    Kind kind = args[0].num->kind;
    for (size_t i = 1; i < count; i++) {
        const Expr *item = args[i].num;
        if (!expr_is_value(item) || (kind == KIND_INT && item->value.kind != KIND_INT)) {
            return false;
        }
    }
    return count > 2 && (kind == KIND_TEXT || kind == KIND_INT) && args[0].num->node != EXPR_LITERAL;
}

static Expr *lower_in(Arena *arena, const Quotient *args, size_t count) {
    Expr **parts = ARENA_MANY(arena, count, Expr *);
    if (stays_list(args, count)) {
        for (size_t i = 0; i < count; i++) {
            parts[i] = args[i].num;
        }
        return make(arena, OP_IN, KIND_BOOL, parts, count);
    }
    for (size_t i = 1; i < count; i++) {
        parts[i - 1] = compare(arena, OP_EQ, args[0], args[i]);
    }
    return count == 2 ? parts[0] : make(arena, OP_OR, KIND_BOOL, parts, count - 1);
}

/* ---- casts ---------------------------------------------------------------------------------------------- */

static Expr *cast_to(Arena *arena, Expr *operand, TypeName type) {
    Expr *cast = expr_cast(arena, operand, type, (Place){0});
    cast->kind = type.kind;
    return fold(arena, cast);
}

static bool changes_nothing(const Expr *operand, TypeName type) {
    if (type.kind == KIND_DECIMAL && !type.has_precision) {
        return expr_is_number(operand->kind);
    }
    bool narrows = (type.kind == KIND_INT) || type.has_precision || type.length > 0 ||
                   (type.kind == KIND_FLOAT && type.bits == 32);
    return operand->kind == type.kind && !narrows;
}

static Quotient lower_cast(Arena *arena, const Expr *expr) {
    Quotient operand = lower(arena, expr->args[0]);
    TypeName type = expr->type;
    if (changes_nothing(operand.num, type)) {
        return operand;
    }
    if (operand.den == NULL) {
        return plain(cast_to(arena, operand.num, type));
    }
    if (type.kind == KIND_FLOAT) {
        Expr *number = make2(arena, OP_FLOAT_QUOTIENT, KIND_FLOAT, operand.num, operand.den);
        return plain(type.bits == 32 ? cast_to(arena, number, type) : number);
    }
    Expr *digits = integer_literal(arena, type.has_precision ? type.scale : 0);
    return plain(cast_to(arena, rounded(arena, OP_ROUND, OP_ROUND_QUOTIENT, operand, digits), type));
}

/* ---- all together --------------------------------------------------------------------------------------- */

static Quotient lower_number(Arena *arena, const Expr *expr, const Quotient *args) {
    switch ((int)expr->op) {
    case OP_ADD:
    case OP_SUB:
        return add(arena, expr->op, args[0], args[1]);
    case OP_MUL:
        return multiply(arena, args[0], args[1]);
    case OP_DIV:
        return divide(arena, args[0], args[1]);
    case OP_MOD:
        return modulo(arena, args[0], args[1]);
    case OP_NEG:
    case OP_ABS:
        return (Quotient){number1(arena, expr->op, args[0].num), args[0].den};
    case OP_SIGN:
        return plain(sign_of(arena, args[0]));
    case OP_ROUND:
        return plain(rounded(arena, OP_ROUND, OP_ROUND_QUOTIENT, args[0], args[1].num));
    case OP_TRUNC:
        return plain(rounded(arena, OP_TRUNC, OP_TRUNC_QUOTIENT, args[0], args[1].num));
    case OP_FLOOR:
        return plain(whole(arena, OP_FLOOR, OP_FLOOR_QUOTIENT, args[0]));
    default:
        return plain(whole(arena, OP_CEIL, OP_CEIL_QUOTIENT, args[0]));
    }
}

static Quotient lower_choice(Arena *arena, const Expr *expr, const Quotient *args) {
    switch ((int)expr->op) {
    case OP_COALESCE:
        return coalesce(arena, expr, args);
    case OP_NULLIF:
        return nullif(arena, expr, args);
    default:
        return extreme(arena, expr, args, expr->count);
    }
}

static Expr *lower_truth(Arena *arena, const Expr *expr, const Quotient *args) {
    switch ((int)expr->op) {
    case OP_IS_NULL:
        return is_null(arena, args[0]);
    case OP_IS_DISTINCT:
        return distinct(arena, args[0], args[1]);
    case OP_IN:
        return lower_in(arena, args, expr->count);
    case OP_BETWEEN:
        return truth2(arena, OP_AND, compare(arena, OP_GE, args[0], args[1]), compare(arena, OP_LE, args[0], args[2]));
    default:
        return compare(arena, expr->op, args[0], args[1]);
    }
}

static bool is_among(OpId op, const OpId *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (list[i] == op) {
            return true;
        }
    }
    return false;
}

#define AMONG(op, list) is_among((op), (list), sizeof(list) / sizeof((list)[0]))

static Quotient lower_call(Arena *arena, const Expr *expr) {
    static const OpId numbers[] = {OP_ADD, OP_SUB,  OP_MUL,   OP_DIV,   OP_MOD,   OP_NEG,
                                   OP_ABS, OP_SIGN, OP_ROUND, OP_TRUNC, OP_FLOOR, OP_CEIL};
    static const OpId truths[] = {OP_EQ, OP_NE, OP_LT,          OP_LE,      OP_GT,
                                  OP_GE, OP_IN, OP_IS_DISTINCT, OP_BETWEEN, OP_IS_NULL};
    static const OpId choices[] = {OP_COALESCE, OP_NULLIF, OP_GREATEST, OP_LEAST};
    bool any_quotient;
    const Quotient *args = lower_args(arena, expr, &any_quotient);
    if (AMONG(expr->op, numbers)) {
        return lower_number(arena, expr, args);
    }
    if (AMONG(expr->op, truths)) {
        return plain(lower_truth(arena, expr, args));
    }
    if (any_quotient && AMONG(expr->op, choices)) {
        return lower_choice(arena, expr, args);
    }
    Expr **nums = ARENA_MANY(arena, expr->count, Expr *);
    for (size_t i = 0; i < expr->count; i++) {
        nums[i] = args[i].num;
    }
    return plain(make(arena, expr->op, expr->kind, nums, expr->count));
}

static Quotient lower(Arena *arena, const Expr *expr) {
    if (expr->node != EXPR_CALL) {
        Expr *copy = ARENA_NEW(arena, Expr);
        *copy = *expr;
        return plain(copy);
    }
    if (expr->op == OP_CASE || expr->op == OP_CASE_OF) {
        return lower_case(arena, expr);
    }
    return expr->op == OP_CAST ? lower_cast(arena, expr) : lower_call(arena, expr);
}

Expr *expr_lower(Arena *arena, const Expr *bound) {
    Quotient top = lower(arena, bound);
    return top.den == NULL ? top.num : make2(arena, OP_SHOW_QUOTIENT, KIND_DECIMAL, top.num, top.den);
}
