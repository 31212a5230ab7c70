/* Which kinds expressions know, which of them have a common meaning, which casts there are, and what literals say. */
#include "expr/bind_parts.h"

#include "base/json.h"

bool bind_kind_usable(Kind kind) {
    return kind != KIND_ARRAY && kind != KIND_OPAQUE && kind != KIND_COUNT;
}

bool kind_has_order(Kind kind) {
    return bind_kind_usable(kind) && kind != KIND_JSON;
}

bool kind_common(Kind a, Kind b, Kind *out) {
    if (!bind_kind_usable(a) || !bind_kind_usable(b)) {
        return false;
    }
    if (a == b) {
        *out = a;
    } else if (expr_is_number(a) && expr_is_number(b)) {
        *out = KIND_DECIMAL;
    } else if ((a == KIND_FLOAT && expr_is_number(b)) || (b == KIND_FLOAT && expr_is_number(a))) {
        *out = KIND_FLOAT;
    } else if ((a == KIND_DATE && b == KIND_TIMESTAMP) || (a == KIND_TIMESTAMP && b == KIND_DATE)) {
        *out = KIND_TIMESTAMP;
    } else {
        return false;
    }
    return true;
}

static const bool casts[KIND_COUNT][KIND_COUNT] = {
#define CAST(from, to, run, sql) [KIND_##from][KIND_##to] = true,
#include "expr/casts.def"
#undef CAST
};

/* To its own kind there always is one. */
bool cast_exists(Kind from, Kind to) {
    return bind_kind_usable(from) && bind_kind_usable(to) && (from == to || casts[from][to]);
}

/* ---- literals ---------------------------------------------------------------------------------------------- */

static bool is_json(Arena *arena, Str text) {
    Buf canonical = {0};
    bool good = json_canonical(text, arena, &canonical);
    buf_free(&canonical);
    return good;
}

bool bind_read_literal(Arena *arena, const Expr *literal, Kind kind, Value *out) {
    if (kind == KIND_JSON && !is_json(arena, literal->value.as.text)) {
        return false;
    }
    if (kind == KIND_BYTES || kind == KIND_TEXT) {
        return value_parse(arena, kind, literal->value.as.text, out);
    }
    return value_parse(arena, kind, str_trim(literal->value.as.text), out);
}

/* ---- errors ------------------------------------------------------------------------------------------------ */

bool bind_fail_at(Binder *binder, const Expr *expr) {
    *binder->out_place = expr->place;
    return false;
}

bool bind_fail_unusable(Binder *binder, const Expr *expr) {
    if (expr->node == EXPR_COLUMN) {
        err_set(binder->err, TF_ERROR_USAGE, "cannot use column \"%s\" of type %s in an expression", expr->info->name,
                expr->info->type == NULL ? kind_name(expr->info->kind) : expr->info->type);
        err_hint(binder->err, "Compare it under equal:, or add a computed column under columns: that turns it into a "
                              "number, text or time.");
    } else {
        err_set(binder->err, TF_ERROR_USAGE, "cannot use a value of this type in an expression");
    }
    return bind_fail_at(binder, expr);
}
