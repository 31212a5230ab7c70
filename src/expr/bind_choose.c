/* In: a call whose arguments have kinds, and the name it was written with. Out: the row of ops.def with that name that
 * fits best: the fewest arguments that must be converted, or read from a 'text' literal; of equals, the first.
 * Refuses a call that fits no row, with the kinds it has and those that the name takes. */
#include "expr/bind_parts.h"

#include <string.h>

/* How well an argument fits; a row's score is the sum. */
enum { NO_FIT = -1, FIT = 0, FIT_CONVERTED = 1, FIT_READ = 2 };

static bool literal_reads_as(const Binder *binder, const Expr *expr, Kind kind) {
    Value value;
    return bind_read_literal(binder->arena, expr, kind, &value);
}

static int fit_untyped(const Binder *binder, const OpArg *arg, const Expr *expr) {
    bool null = expr->value.state == CELL_NULL;
    switch (arg->what) {
    case OP_ARG_DIGITS:
        return NO_FIT;
    case OP_ARG_UNIT:
        return null ? NO_FIT : FIT;
    case OP_ARG_ANY:
    case OP_ARG_SAME:
    case OP_ARG_ORDERED:
        return FIT;
    case OP_ARG_NUMBER:
    case OP_ARG_MOMENT:
    case OP_ARG_KIND:
        break;
    }
    if (null || arg->kind == KIND_TEXT) {
        return FIT;
    }
    return literal_reads_as(binder, expr, arg->kind) ? FIT_READ : NO_FIT;
}

static bool is_digits(const Expr *expr) {
    return expr->node == EXPR_LITERAL && expr->kind == KIND_INT && expr->value.kind == KIND_INT &&
           expr->value.as.integer >= -DIGITS_MAX && expr->value.as.integer <= DIGITS_MAX;
}

static int fit(const Binder *binder, const OpArg *arg, const Expr *expr) {
    if (expr->untyped) {
        return fit_untyped(binder, arg, expr);
    }
    switch (arg->what) {
    case OP_ARG_ANY:
    case OP_ARG_SAME:
    case OP_ARG_ORDERED:
        return FIT;
    case OP_ARG_NUMBER:
        return expr_is_number(expr->kind) ? FIT : NO_FIT;
    case OP_ARG_MOMENT:
        return expr->kind == KIND_DATE || expr->kind == KIND_TIMESTAMP || expr->kind == KIND_TIMESTAMPTZ ? FIT : NO_FIT;
    case OP_ARG_DIGITS:
        return is_digits(expr) ? FIT : NO_FIT;
    case OP_ARG_UNIT:
        return NO_FIT;
    case OP_ARG_KIND:
        break;
    }
    if (expr->kind == arg->kind) {
        return FIT;
    }
    bool converted = (arg->kind == KIND_FLOAT && expr_is_number(expr->kind)) ||
                     (arg->kind == KIND_TIMESTAMP && expr->kind == KIND_DATE);
    return converted ? FIT_CONVERTED : NO_FIT;
}

const OpArg *bind_arg_at(const OpArg *args, size_t count, size_t i) {
    if (i < count) {
        return &args[i];
    }
    return count > 0 && args[count - 1].repeated ? &args[count - 1] : NULL;
}

static int fit_row(const Binder *binder, OpId op, const Expr *call) {
    OpArg args[OP_MAX_ARGS];
    size_t count = op_args(op, args);
    int total = 0;
    for (size_t i = 0; i < call->count; i++) {
        const OpArg *arg = bind_arg_at(args, count, i);
        int one = arg == NULL ? NO_FIT : fit(binder, arg, call->args[i]);
        if (one == NO_FIT) {
            return NO_FIT;
        }
        total += one;
    }
    bool complete = call->count >= count || args[call->count].optional;
    return complete ? total : NO_FIT;
}

static bool same_name(const OpDoc *a, const OpDoc *b) {
    return a->form == b->form && strcmp(a->name, b->name) == 0;
}

static bool choose_row(const Binder *binder, Expr *call) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    int best = NO_FIT;
    OpId named = call->op;
    for (size_t i = 0; i < count; i++) {
        int total = same_name(&docs[i], &docs[named]) ? fit_row(binder, docs[i].id, call) : NO_FIT;
        if (total != NO_FIT && (best == NO_FIT || total < best)) {
            best = total;
            call->op = docs[i].id;
        }
    }
    return best != NO_FIT;
}

static void swap_args(Expr *call) {
    Expr *first = call->args[0];
    call->args[0] = call->args[1];
    call->args[1] = first;
}

/* integer + date is date + integer. */
static bool choose_swapped(const Binder *binder, Expr *call) {
    if (call->op != OP_ADD) {
        return false;
    }
    swap_args(call);
    bool chosen = choose_row(binder, call);
    if (!chosen) {
        swap_args(call); /* the error shows what was written */
    }
    return chosen;
}

static void list_signatures(const OpDoc *of, Buf *out) {
    size_t count;
    const OpDoc *docs = expr_ops(&count);
    for (size_t i = 0; i < count; i++) {
        if (same_name(&docs[i], of)) {
            buf_printf(out, "%s(%s)", out->length > 0 ? " or " : "", docs[i].arguments);
        }
    }
}

static bool fail_no_row(Binder *binder, const Expr *call) {
    size_t count;
    const OpDoc *doc = &expr_ops(&count)[call->op];
    for (size_t i = 0; i < call->count; i++) {
        if (!call->args[i]->untyped && !bind_kind_usable(call->args[i]->kind)) {
            return bind_fail_unusable(binder, call->args[i]);
        }
    }
    Buf kinds = {0}, takes = {0};
    for (size_t i = 0; i < call->count; i++) {
        buf_printf(&kinds, "%s%s", i > 0 ? ", " : "",
                   call->args[i]->untyped ? "a literal" : kind_name(call->args[i]->kind));
    }
    list_signatures(doc, &takes);
    err_set(binder->err, TF_ERROR_USAGE, "cannot apply %s to (%s)", doc->name, kinds.length > 0 ? kinds.bytes : "");
    err_hint(binder->err, "%s takes %s.", doc->name, takes.bytes);
    buf_free(&kinds);
    buf_free(&takes);
    return bind_fail_at(binder, call);
}

bool bind_choose(Binder *binder, Expr *call) {
    return choose_row(binder, call) || choose_swapped(binder, call) || fail_no_row(binder, call);
}
