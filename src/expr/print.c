/* In: a tree. Out: the text a user would write for it; it parses to the same tree. Casts that bind added are left
 * out. Every operator that is an operand stands in parentheses, so that it reads without knowing the precedence. */
#include "expr/tree.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static void print_operand(const Expr *expr, Buf *out);

static const OpDoc *doc_of(OpId op) {
    size_t count;
    return &expr_ops(&count)[op];
}

static void print_name(Str name, Buf *out) {
    bool plain = name.length > 0 && !isdigit((unsigned char)name.bytes[0]);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        plain = plain && (islower((unsigned char)c) || isdigit((unsigned char)c) || c == '_');
    }
    if (plain) {
        buf_str(out, name);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < name.length; i++) {
        if (name.bytes[i] == '"') {
            buf_char(out, '"');
        }
        buf_char(out, name.bytes[i]);
    }
    buf_char(out, '"');
}

static void print_column(const Expr *expr, Buf *out) {
    if (expr->node == EXPR_COLUMN && expr->side != EXPR_ROW) {
        buf_text(out, expr->side == EXPR_OLD ? "old." : "new.");
    }
    print_name(expr->name, out);
}

static void print_text(Str text, Buf *out) {
    buf_char(out, '\'');
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\'') {
            buf_char(out, '\'');
        }
        buf_char(out, text.bytes[i]);
    }
    buf_char(out, '\'');
}

/* NaN and the infinities have no digits: bare, they would be names of columns. */
static bool has_digits(const Value *value) {
    return (value->kind != KIND_DECIMAL || value->as.decimal.class_ == DECIMAL_FINITE) &&
           (value->kind != KIND_FLOAT || isfinite(value->as.number));
}

static void print_literal(const Expr *expr, Buf *out) {
    const Value *value = &expr->value;
    if (value->state == CELL_NULL) {
        buf_text(out, "null");
    } else if (value->kind == KIND_BOOL || (expr_is_number(value->kind) && has_digits(value))) {
        if (expr->value.kind == KIND_BOOL) {
            buf_text(out, expr->value.as.integer != 0 ? "true" : "false");
        } else {
            value_print(expr->value, out);
        }
    } else {
        Buf text = {0};
        value_print(expr->value, &text);
        print_text(buf_view(&text), out);
        buf_free(&text);
    }
}

static void print_list(const Expr *expr, size_t from, size_t to, const char *between, Buf *out) {
    for (size_t i = from; i < to; i++) {
        if (i > from) {
            buf_text(out, between);
        }
        if (between[0] == ',') {
            expr_print(expr->args[i], out);
        } else {
            print_operand(expr->args[i], out);
        }
    }
}

static void print_not(const Expr *expr, Buf *out) {
    const Expr *inner = expr->args[0];
    if (inner->node == EXPR_CALL && inner->op == OP_IS_NULL) {
        print_operand(inner->args[0], out);
        buf_text(out, " is not null");
    } else {
        buf_text(out, "not ");
        print_operand(inner, out);
    }
}

static void print_case(const Expr *expr, Buf *out) {
    size_t i = 0;
    buf_text(out, "case");
    if (expr->op == OP_CASE_OF) {
        buf_char(out, ' ');
        print_operand(expr->args[i++], out);
    }
    for (; i + 1 < expr->count; i += 2) {
        buf_text(out, " when ");
        expr_print(expr->args[i], out);
        buf_text(out, " then ");
        expr_print(expr->args[i + 1], out);
    }
    if (!expr_is_null_literal(expr->args[i])) {
        buf_text(out, " else ");
        expr_print(expr->args[i], out);
    }
    buf_text(out, " end");
}

static void print_infix(const Expr *expr, const char *spelling, Buf *out) {
    print_operand(expr->args[0], out);
    buf_printf(out, " %s ", spelling);
    print_operand(expr->args[1], out);
}

static void print_special(const Expr *expr, Buf *out) {
    switch ((int)expr->op) {
    case OP_OR:
        print_list(expr, 0, expr->count, " or ", out);
        break;
    case OP_AND:
        print_list(expr, 0, expr->count, " and ", out);
        break;
    case OP_NOT:
        print_not(expr, out);
        break;
    case OP_IN:
        print_operand(expr->args[0], out);
        buf_text(out, " in (");
        print_list(expr, 1, expr->count, ", ", out);
        buf_char(out, ')');
        break;
    case OP_BETWEEN:
        print_operand(expr->args[0], out);
        buf_text(out, " between ");
        print_list(expr, 1, 3, " and ", out);
        break;
    case OP_CASE:
    case OP_CASE_OF:
        print_case(expr, out);
        break;
    case OP_CAST:
        print_operand(expr->args[0], out);
        buf_text(out, "::");
        type_print(expr->type, out);
        break;
    case OP_IS_DISTINCT:
    case OP_LIKE:
        print_infix(expr, doc_of(expr->op)->name, out);
        break;
    default: /* is null, is true, ... */
        print_operand(expr->args[0], out);
        buf_printf(out, " %s", doc_of(expr->op)->name);
        break;
    }
}

static void print_call(const Expr *expr, Buf *out) {
    const OpDoc *doc = doc_of(expr->op);
    if (doc->form == OP_SPECIAL) {
        print_special(expr, out);
    } else if (doc->form == OP_INFIX) {
        print_infix(expr, doc->name, out);
    } else if (doc->form == OP_PREFIX) {
        bool literal = expr->args[0]->node == EXPR_LITERAL; /* -(1) is a call, -1 is a literal */
        buf_printf(out, literal ? "%s(" : "%s", doc->name);
        print_operand(expr->args[0], out);
        buf_text(out, literal ? ")" : "");
    } else {
        size_t count = expr->count;
        while (count > 0 && expr->args[count - 1]->implicit && expr->args[count - 1]->node == EXPR_LITERAL) {
            count--; /* defaults */
        }
        buf_printf(out, "%s(", doc->name);
        print_list(expr, 0, count, ", ", out);
        buf_char(out, ')');
    }
}

static const Expr *without_implicit_cast(const Expr *expr) {
    while (expr->node == EXPR_CALL && expr->op == OP_CAST && expr->implicit) {
        expr = expr->args[0];
    }
    return expr;
}

static bool needs_parentheses(const Expr *expr) {
    if (expr->node == EXPR_LITERAL && expr_is_number(expr->value.kind) && expr->value.state == CELL_VALUE) {
        Value zero = value_int(0);
        return value_compare(expr->value, zero) < 0;
    }
    return expr->node == EXPR_CALL && expr->op != OP_CAST && expr->op != OP_CASE && expr->op != OP_CASE_OF &&
           doc_of(expr->op)->form != OP_CALL;
}

static void print_operand(const Expr *expr, Buf *out) {
    expr = without_implicit_cast(expr);
    bool wrap = needs_parentheses(expr);
    if (wrap) {
        buf_char(out, '(');
    }
    expr_print(expr, out);
    if (wrap) {
        buf_char(out, ')');
    }
}

void expr_print(const Expr *expr, Buf *out) {
    expr = without_implicit_cast(expr);
    if (expr->node == EXPR_LITERAL) {
        print_literal(expr, out);
    } else if (expr->node == EXPR_CALL) {
        print_call(expr, out);
    } else {
        print_column(expr, out);
    }
}
