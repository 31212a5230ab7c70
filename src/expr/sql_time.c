/* Arithmetic with times as SQL: every operation behind a guard that keeps the server from refusing a row. The bounds
 * are those of eval_time.c. */
#include "expr/eval_time.h"
#include "expr/sql_write.h"

static void write_arg(SqlWriter *writer, const Expr *call, size_t arg) {
    sql_expr(writer, call->args[arg], SQL_PLAIN);
}

static const char *type_name(Kind kind) {
    return kind == KIND_DATE ? "date" : kind == KIND_TIMESTAMP ? "timestamp" : "timestamptz";
}

/* The years 1 to 9999, or infinity where that may stay what it is. */
static void write_time_guard(SqlWriter *writer, const Expr *call, size_t arg, bool infinity_too) {
    Kind kind = call->args[arg]->kind;
    const char *zone = kind == KIND_TIMESTAMPTZ ? " 00:00:00+00" : "";
    sql_text(writer, "((");
    write_arg(writer, call, arg);
    sql_printf(writer, " >= %s '0001-01-01%s' and ", type_name(kind), zone);
    write_arg(writer, call, arg);
    sql_printf(writer, " < %s '10000-01-01%s')", type_name(kind), zone);
    if (infinity_too) {
        sql_text(writer, " or not isfinite(");
        write_arg(writer, call, arg);
        sql_text(writer, ")");
    }
    sql_text(writer, ")");
}

static void write_interval_guard(SqlWriter *writer, const Expr *call, size_t arg) {
    static const struct {
        const char *part;
        int most;
    } parts[] = {{"year", SAFE_YEARS}, {"day", SAFE_DAYS}, {"hour", SAFE_HOURS}};
    const Expr *interval = call->args[arg];
    if (expr_is_value(interval)) {
        sql_text(writer, interval_is_safe(interval->value.as.interval) ? "true" : "false");
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        sql_printf(writer, "%sabs(extract(%s from ", i == 0 ? "(" : " and ", parts[i].part);
        write_arg(writer, call, arg);
        sql_printf(writer, ")) <= %d", parts[i].most);
    }
    sql_text(writer, ")");
}

static void write_guard(SqlWriter *writer, const Expr *call, size_t arg, bool infinity_too) {
    Kind kind = call->args[arg]->kind;
    if (kind == KIND_INTERVAL) {
        write_interval_guard(writer, call, arg);
    } else if (expr_is_number(kind)) {
        write_arg(writer, call, arg);
        sql_printf(writer, " between -%d and %d", SAFE_DAY_COUNT, SAFE_DAY_COUNT);
    } else {
        write_time_guard(writer, call, arg, infinity_too);
    }
}

static const char *operation(OpId op) {
    switch ((int)op) {
    case OP_DATE_PLUS:
        return "$1 + %2";
    case OP_DATE_MINUS:
        return "$1 - %2";
    case OP_TIMESTAMP_PLUS:
    case OP_INTERVAL_PLUS:
        return "$1 + $2";
    case OP_TIMESTAMPTZ_PLUS:
        return "($1 at time zone 'UTC' + $2) at time zone 'UTC'";
    case OP_TIMESTAMPTZ_MINUS:
        return "($1 at time zone 'UTC' - $2) at time zone 'UTC'";
    case OP_NEG_INTERVAL:
        return "- $1";
    default:
        return "$1 - $2";
    }
}

void sql_time_arithmetic(SqlWriter *writer, const Expr *call) {
    bool difference = call->op == OP_TIMESTAMP_DIFF || call->op == OP_TIMESTAMPTZ_DIFF;
    for (size_t i = 0; i < call->count; i++) {
        sql_text(writer, i == 0 ? "(case when " : " and ");
        write_guard(writer, call, i, !difference);
    }
    sql_text(writer, " then ");
    sql_template(writer, operation(call->op), call);
    sql_text(writer, " end)");
}
