/* In: a bound expression and how columns are written. Out: PostgreSQL text (12 and later) with the evaluator's meaning.
 *
 * What differs from plain SQL, and why:
 *     ::numeric in sums and products     integers never overflow
 *     no division                        quotients are numerators and denominators (lower.c)
 *     nullif(x, 0), case when ... then   what the server would refuse for a row is NULL
 *     collate "C"                        text is compared by bytes, whatever the column's collation
 *     at time zone 'UTC'                 the session's zone has no say
 * Relies on the session for extra_float_digits >= 1, IntervalStyle postgres, standard_conforming_strings on.
 * Refuses what has no such text: reading documents and intervals from text, an exact quotient made a float. */
#include "expr/sql.h"

#include "expr/eval_time.h"
#include "expr/lower.h"
#include "expr/sql_write.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SQL_MAX_BYTES = 1 << 20 };

/* ---- pieces --------------------------------------------------------------------------------------------- */

void sql_refuse(SqlWriter *writer, const char *what) {
    if (!writer->failed) {
        err_set(writer->err, TF_ERROR_USAGE, "cannot write %s as SQL with exactly the same meaning", what);
        writer->failed = true;
    }
}

/* Guards repeat their operands, so that deep nesting grows fast. */
static bool full(SqlWriter *writer) {
    if (writer->out->length > SQL_MAX_BYTES) {
        sql_refuse(writer, "so deeply nested an expression");
    }
    return writer->failed;
}

void sql_text(SqlWriter *writer, const char *text) {
    if (!full(writer)) {
        buf_text(writer->out, text);
    }
}

void sql_printf(SqlWriter *writer, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sql_text(writer, text);
}

/* Right whatever standard_conforming_strings says. */
void sql_quote(SqlWriter *writer, Str text) {
    if (full(writer)) {
        return;
    }
    bool escapes = text.length > 0 && memchr(text.bytes, '\\', text.length) != NULL;
    buf_text(writer->out, escapes ? "E'" : "'");
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '\'' || (c == '\\' && escapes)) {
            buf_char(writer->out, c);
        }
        buf_char(writer->out, c);
    }
    buf_char(writer->out, '\'');
}

/* ---- literals and columns ------------------------------------------------------------------------------- */

static const char *const sql_types[KIND_COUNT] = {
    [KIND_BOOL] = "bool",
    [KIND_INT] = "numeric",
    [KIND_DECIMAL] = "numeric",
    [KIND_FLOAT] = "float8",
    [KIND_TEXT] = "text",
    [KIND_BYTES] = "bytea",
    [KIND_TIMESTAMPTZ] = "timestamptz",
    [KIND_TIMESTAMP] = "timestamp",
    [KIND_DATE] = "date",
    [KIND_TIME] = "time",
    [KIND_INTERVAL] = "interval",
    [KIND_UUID] = "uuid",
    [KIND_JSON] = "jsonb",
    [KIND_ARRAY] = "text",
    [KIND_OPAQUE] = "text",
};

static void write_number(SqlWriter *writer, Value value, Str text) {
    bool special = value.kind == KIND_DECIMAL && value.as.decimal.class_ != DECIMAL_FINITE;
    bool negative = text.bytes[0] == '-';
    if (special) {
        sql_quote(writer, text);
        sql_text(writer, "::numeric");
        return;
    }
    sql_text(writer, negative ? "(" : "");
    buf_str(writer->out, text);
    sql_text(writer, negative ? ")" : "");
}

static void write_literal(SqlWriter *writer, const Expr *literal) {
    Value value = literal->value;
    if (value.state != CELL_VALUE) {
        sql_printf(writer, "null::%s", sql_types[literal->kind]);
        return;
    }
    if (value.kind == KIND_INTERVAL && interval_is_infinite(value.as.interval)) {
        sql_refuse(writer, "an infinite interval");
        return;
    }
    if (value.kind == KIND_BOOL) {
        sql_text(writer, value.as.integer != 0 ? "true" : "false");
        return;
    }
    Buf text = {0};
    value_print(value, &text);
    if (expr_is_number(value.kind)) {
        write_number(writer, value, buf_view(&text));
    } else if (value.kind == KIND_TEXT) {
        sql_quote(writer, buf_view(&text));
    } else {
        sql_quote(writer, buf_view(&text));
        sql_printf(writer, "::%s", sql_types[value.kind]);
    }
    buf_free(&text);
}

static bool is_simple(const char *sql) {
    while (isalnum((unsigned char)*sql) || *sql == '_' || *sql == '.' || *sql == '"') {
        sql++;
    }
    return *sql == '\0';
}

static void write_name(SqlWriter *writer, const Expr *column) {
    Buf name = {0};
    writer->columns->write(writer->columns->self, column->side, column->column, &name);
    bool simple = name.length > 0 && is_simple(name.bytes);
    sql_text(writer, simple ? "" : "(");
    sql_text(writer, name.length > 0 ? name.bytes : "");
    sql_text(writer, simple ? "" : ")");
    buf_free(&name);
}

/* char(n) loses its padding, citext its folding, float4 is widened as the decoder does it. */
static void write_column(SqlWriter *writer, const Expr *column) {
    Kind kind = column->kind;
    if (kind == KIND_TEXT) {
        sql_text(writer, "(");
        write_name(writer, column);
        sql_text(writer, "::text collate \"C\")");
        return;
    }
    write_name(writer, column);
    if (kind == KIND_FLOAT || kind == KIND_JSON) {
        sql_printf(writer, "::%s", sql_types[kind]);
    }
}

/* ---- operands ------------------------------------------------------------------------------------------- */

/* Whether the text is numeric (or an integer literal beside one) without a cast. */
static bool is_numeric(const Expr *expr) {
    if (expr->node != EXPR_CALL) {
        return expr->node == EXPR_LITERAL || expr->kind == KIND_DECIMAL;
    }
    switch ((int)expr->op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_MOD:
    case OP_NEG:
    case OP_ABS:
    case OP_SIGN:
    case OP_ROUND:
    case OP_TRUNC:
    case OP_FLOOR:
    case OP_CEIL:
        return true;
    default:
        return false;
    }
}

static void write_numeric(SqlWriter *writer, const Expr *expr) {
    sql_expr(writer, expr, SQL_PLAIN);
    if (!is_numeric(expr)) {
        sql_text(writer, "::numeric");
    }
}

static void write_int(SqlWriter *writer, const Expr *expr) {
    if (expr_is_value(expr) && expr->value.kind == KIND_INT) {
        int64_t value = expr->value.as.integer;
        value = value > INT_MAX ? INT_MAX : value < -INT_MAX ? -INT_MAX : value;
        sql_printf(writer, value < 0 ? "(%lld)" : "%lld", (long long)value);
        return;
    }
    sql_text(writer, "(case when ");
    sql_expr(writer, expr, SQL_PLAIN);
    sql_text(writer, " is not null then least(greatest(");
    write_numeric(writer, expr);
    sql_text(writer, ", -2147483647), 2147483647)::int end)");
}

/* A text that is not a literal alone and got no collation from a column below. */
static bool has_collation(const Expr *expr) {
    if (expr->node == EXPR_COLUMN) {
        return expr->kind == KIND_TEXT;
    }
    for (size_t i = 0; i < expr->count; i++) {
        if (expr->args[i]->kind == KIND_TEXT && has_collation(expr->args[i])) {
            return expr->kind == KIND_TEXT;
        }
    }
    return false;
}

static void write_collated(SqlWriter *writer, const Expr *expr) {
    bool add = expr->kind == KIND_TEXT && !has_collation(expr);
    sql_text(writer, add ? "(" : "");
    sql_expr(writer, expr, SQL_PLAIN);
    sql_text(writer, add ? " collate \"C\")" : "");
}

/* ---- templates ------------------------------------------------------------------------------------------ */

static void write_all(SqlWriter *writer, const Expr *call, size_t from, SqlAs first_as) {
    for (size_t i = from; i < call->count; i++) {
        sql_text(writer, i > from ? ", " : "");
        sql_expr(writer, call->args[i], i == from ? first_as : SQL_PLAIN);
    }
}

static bool as_of(char mark, SqlAs *out) {
    static const char marks[] = {
        [SQL_PLAIN] = '$', [SQL_NUMERIC] = '#', [SQL_INT] = '%', [SQL_COLLATED] = '~', [SQL_ROUNDED] = '^'};
    for (size_t i = 0; i < sizeof marks; i++) {
        if (marks[i] == mark) {
            *out = (SqlAs)i;
            return true;
        }
    }
    return false;
}

void sql_template(SqlWriter *writer, const char *template, const Expr *call) {
    for (const char *at = template; *at != '\0' && !full(writer); at++) {
        SqlAs as;
        if (!as_of(*at, &as) || (!isdigit((unsigned char)at[1]) && at[1] != '*')) {
            buf_char(writer->out, *at);
        } else if (*++at == '*') {
            write_all(writer, call, 0, as);
        } else {
            sql_expr(writer, call->args[*at - '1'], as);
        }
    }
}

/* ---- operators that need more than a template ----------------------------------------------------------- */

static void write_chain(SqlWriter *writer, const Expr *call) {
    for (size_t i = 0; i < call->count; i++) {
        sql_text(writer, i == 0 ? "(" : call->op == OP_AND ? " and " : " or ");
        sql_expr(writer, call->args[i], SQL_PLAIN);
    }
    sql_text(writer, ")");
}

static void write_compare(SqlWriter *writer, const Expr *call) {
    size_t count;
    bool first_has = has_collation(call->args[0]) || !has_collation(call->args[1]);
    sql_text(writer, "(");
    sql_expr(writer, call->args[0], first_has ? SQL_COLLATED : SQL_PLAIN);
    sql_printf(writer, " %s ", expr_ops(&count)[call->op].name);
    sql_expr(writer, call->args[1], SQL_PLAIN);
    sql_text(writer, ")");
}

/* A row value is null in SQL where all its fields are; we mean the value. */
static void write_is_null(SqlWriter *writer, const Expr *call) {
    sql_template(writer, call->args[0]->kind == KIND_OPAQUE ? "($1 is not distinct from null)" : "($1 is null)", call);
}

static void write_in(SqlWriter *writer, const Expr *call) {
    sql_template(writer, "(~1 in (", call);
    write_all(writer, call, 1, SQL_PLAIN);
    sql_text(writer, "))");
}

static void write_case(SqlWriter *writer, const Expr *call) {
    sql_text(writer, "(case");
    size_t i = 0;
    for (; i + 1 < call->count; i += 2) {
        sql_text(writer, " when ");
        sql_expr(writer, call->args[i], SQL_PLAIN);
        sql_text(writer, " then ");
        sql_expr(writer, call->args[i + 1], SQL_PLAIN);
    }
    sql_text(writer, " else ");
    sql_expr(writer, call->args[i], SQL_PLAIN);
    sql_text(writer, " end)");
}

static bool ends_in_escape(Str pattern) {
    size_t escapes = 0;
    while (escapes < pattern.length && pattern.bytes[pattern.length - 1 - escapes] == '\\') {
        escapes++;
    }
    return escapes % 2 == 1;
}

static void write_like(SqlWriter *writer, const Expr *call) {
    const Expr *pattern = call->args[1];
    if (!expr_is_value(pattern)) {
        sql_template(writer,
                     "(case when $2 ~ E'(^|[^\\\\\\\\])(\\\\\\\\\\\\\\\\)*\\\\\\\\$' then null else ~1 like $2 end)",
                     call);
    } else {
        sql_template(writer, ends_in_escape(pattern->value.as.text) ? "null::bool" : "(~1 like $2)", call);
    }
}

static void write_substr(SqlWriter *writer, const Expr *call) {
    sql_template(writer, call->count == 2 ? "substr($1, %2)" : "(case when $3 >= 0 then substr($1, %2, %3) end)", call);
}

/* Whether a float operand lies where the server will not refuse the operation: eval_float.c has the bounds. */
static void write_float_guard(SqlWriter *writer, const Expr *call, size_t arg) {
    bool sum = call->op == OP_ADD_FLOAT || call->op == OP_SUB_FLOAT;
    sql_text(writer, "(");
    sql_expr(writer, call->args[arg], SQL_PLAIN);
    sql_text(writer, " = 0 or abs(");
    sql_expr(writer, call->args[arg], SQL_PLAIN);
    sql_text(writer, sum ? ") <= '1e300'::float8 or abs(" : ") between '1e-150'::float8 and '1e150'::float8 or abs(");
    sql_expr(writer, call->args[arg], SQL_PLAIN);
    sql_text(writer, ") >= 'Infinity'::float8)");
}

static void write_float2(SqlWriter *writer, const Expr *call) {
    size_t count;
    bool divides = call->op == OP_DIV_FLOAT;
    sql_text(writer, "(case when ");
    write_float_guard(writer, call, 0);
    sql_text(writer, " and ");
    write_float_guard(writer, call, 1);
    sql_text(writer, " then ");
    sql_expr(writer, call->args[0], SQL_PLAIN);
    sql_printf(writer, " %s ", expr_ops(&count)[call->op].name);
    sql_template(writer, divides ? "nullif($2, 0)" : "$2", call);
    sql_text(writer, " end)");
}

static void write_power(SqlWriter *writer, int64_t power) {
    sql_text(writer, power < 0 ? "0." : "1");
    for (int64_t i = power < 0 ? power + 1 : -power; i < 0; i++) {
        sql_text(writer, "0");
    }
    sql_text(writer, power < 0 ? "1" : "");
}

/* The argument as numeric, times a power of ten. */
static void write_scaled(SqlWriter *writer, const Expr *number, int64_t power) {
    sql_expr(writer, number, SQL_NUMERIC);
    sql_text(writer, number->node == EXPR_LITERAL ? "::numeric" : "");
    if (power > 0) {
        sql_text(writer, " * ");
        write_power(writer, power);
        sql_text(writer, "::numeric");
    }
}

/* div() is the exact quotient cut to an integer. Half away from 0: (2 * |n| * 10^k + d) div (2 * d). */
static void write_quotient(SqlWriter *writer, const Expr *call) {
    int64_t digits = call->args[2]->value.as.integer;
    int64_t up = digits > 0 ? digits : 0, down = digits < 0 ? -digits : 0;
    bool nearest = call->op == OP_ROUND_QUOTIENT;
    sql_template(writer, nearest ? "(sign(#1) * div(2 * abs(" : "(div(", call);
    write_scaled(writer, call->args[0], up);
    sql_text(writer, nearest ? ") + " : "");
    if (nearest) {
        write_scaled(writer, call->args[1], down);
    }
    sql_text(writer, nearest ? ", 2 * " : ", ");
    write_scaled(writer, call->args[1], down);
    sql_text(writer, ")");
    if (digits != 0) {
        sql_text(writer, " * ");
        write_power(writer, digits < 0 ? down : -up);
    }
    sql_text(writer, ")");
}

static void write_unavailable(SqlWriter *writer, const Expr *call) {
    sql_refuse(writer, call->op == OP_FLOAT_QUOTIENT ? "an exact quotient made a float" : "an exact quotient");
}

typedef void WriteFn(SqlWriter *writer, const Expr *call);

static WriteFn *const writers[OP_COUNT] = {
    [OP_OR] = write_chain,
    [OP_AND] = write_chain,
    [OP_EQ] = write_compare,
    [OP_NE] = write_compare,
    [OP_LT] = write_compare,
    [OP_LE] = write_compare,
    [OP_GT] = write_compare,
    [OP_GE] = write_compare,
    [OP_IS_DISTINCT] = write_compare,
    [OP_IS_NULL] = write_is_null,
    [OP_IN] = write_in,
    [OP_LIKE] = write_like,
    [OP_CASE] = write_case,
    [OP_SUBSTR] = write_substr,
    [OP_ADD_FLOAT] = write_float2,
    [OP_SUB_FLOAT] = write_float2,
    [OP_MUL_FLOAT] = write_float2,
    [OP_DIV_FLOAT] = write_float2,
    [OP_DATE_PLUS] = sql_time_arithmetic,
    [OP_DATE_MINUS] = sql_time_arithmetic,
    [OP_TIMESTAMP_PLUS] = sql_time_arithmetic,
    [OP_TIMESTAMP_MINUS] = sql_time_arithmetic,
    [OP_TIMESTAMPTZ_PLUS] = sql_time_arithmetic,
    [OP_TIMESTAMPTZ_MINUS] = sql_time_arithmetic,
    [OP_TIMESTAMP_DIFF] = sql_time_arithmetic,
    [OP_TIMESTAMPTZ_DIFF] = sql_time_arithmetic,
    [OP_INTERVAL_PLUS] = sql_time_arithmetic,
    [OP_INTERVAL_MINUS] = sql_time_arithmetic,
    [OP_NEG_INTERVAL] = sql_time_arithmetic,
    [OP_CAST] = sql_cast,
    [OP_ROUND_QUOTIENT] = write_quotient,
    [OP_TRUNC_QUOTIENT] = write_quotient,
    [OP_FLOAT_QUOTIENT] = write_unavailable,
    [OP_SHOW_QUOTIENT] = write_unavailable,
};

static void write_plain(SqlWriter *writer, const Expr *expr) {
    if (expr->node == EXPR_LITERAL) {
        write_literal(writer, expr);
    } else if (expr->node == EXPR_COLUMN) {
        write_column(writer, expr);
    } else if (writers[expr->op] != NULL) {
        writers[expr->op](writer, expr);
    } else {
        size_t count;
        sql_template(writer, expr_ops(&count)[expr->op].sql, expr);
    }
}

void sql_expr(SqlWriter *writer, const Expr *expr, SqlAs as) {
    if (full(writer)) {
        return;
    }
    switch (as) {
    case SQL_PLAIN:
        write_plain(writer, expr);
        break;
    case SQL_NUMERIC:
        write_numeric(writer, expr);
        break;
    case SQL_INT:
        write_int(writer, expr);
        break;
    case SQL_COLLATED:
        write_collated(writer, expr);
        break;
    case SQL_ROUNDED:
        sql_text(writer, "round(");
        write_numeric(writer, expr);
        sql_text(writer, ")");
        break;
    }
}

bool expr_sql_lowered(const Expr *lowered, const SqlColumns *columns, Buf *out, Err *err) {
    Buf text = {0};
    SqlWriter writer = {.columns = columns, .out = &text, .err = err};
    sql_expr(&writer, lowered, SQL_PLAIN);
    if (!writer.failed) {
        buf_str(out, buf_view(&text));
    }
    buf_free(&text);
    return !writer.failed;
}

bool expr_sql(const Expr *expr, const SqlColumns *columns, Buf *out, Err *err) {
    Arena arena = {0};
    bool good = expr_sql_lowered(expr_lower(&arena, expr), columns, out, err);
    arena_free(&arena);
    return good;
}
