/* Casts as SQL: what the server would refuse for a row is asked beforehand, by regular expression or range, and is
 * NULL. The conditions are those of eval_cast.c and shape.c. */
#include "expr/shape.h"
#include "expr/sql_write.h"

#include <stdio.h>

#define WHITE_SPACE "E' \\t\\n\\r\\f\\v'"

/* ---- numbers -------------------------------------------------------------------------------------------- */

static const char *least_of(int bits) {
    return bits == 16 ? "-32768" : bits == 32 ? "-2147483648" : "-9223372036854775808";
}

static const char *most_of(int bits) {
    return bits == 16 ? "32767" : bits == 32 ? "2147483647" : "9223372036854775807";
}

static void number_to_int(SqlWriter *writer, const Expr *cast) {
    const char *value = cast->args[0]->kind == KIND_INT ? "#1" : "^1";
    sql_text(writer, "(case when ");
    sql_template(writer, value, cast);
    sql_printf(writer, " between %s and %s then ", least_of(cast->type.bits), most_of(cast->type.bits));
    sql_template(writer, value, cast);
    sql_text(writer, " end)");
}

/* `number` is a template for a finite number or NaN. */
static void write_precision(SqlWriter *writer, const Expr *cast, const char *number) {
    if (!cast->type.has_precision) {
        sql_template(writer, number, cast);
        return;
    }
    sql_text(writer, "(case when ");
    sql_template(writer, number, cast);
    sql_text(writer, " = 'NaN'::numeric then 'NaN'::numeric when abs(round(");
    sql_template(writer, number, cast);
    sql_printf(writer, ", %d)) < 1", cast->type.scale);
    for (int i = cast->type.scale; i < cast->type.precision; i++) {
        sql_text(writer, "0");
    }
    sql_text(writer, " then round(");
    sql_template(writer, number, cast);
    sql_printf(writer, ", %d) end)", cast->type.scale);
}

/* Infinity is not less than the limit, so that it is NULL. */
static void number_to_decimal(SqlWriter *writer, const Expr *cast) {
    write_precision(writer, cast, "#1");
}

static void write_single(SqlWriter *writer, const Expr *cast, const char *number) {
    if (cast->type.bits != 32) {
        sql_template(writer, number, cast);
        return;
    }
    sql_text(writer, "(case when ");
    sql_template(writer, number, cast);
    sql_text(writer, " = 0 or abs(");
    sql_template(writer, number, cast);
    sql_text(writer, ") between '1.5e-45'::float8 and '3.4028234663852886e38'::float8 or abs(");
    sql_template(writer, number, cast);
    sql_text(writer, ") >= 'Infinity'::float8 then (");
    sql_template(writer, number, cast);
    sql_text(writer, ")::float4::float8 end)");
}

/* 0, what lies where doubles do, NaN and infinity. */
#define DOUBLE_RANGE(x) x " = 0 or abs(" x ") between 5e-324 and 1.7976931348623157e308 or " x " - " x " <> 0"

static void number_to_float(SqlWriter *writer, const Expr *cast) {
    bool safe = cast->args[0]->kind == KIND_INT && cast->args[0]->node == EXPR_COLUMN;
    write_single(writer, cast, safe ? "$1::float8" : "(case when " DOUBLE_RANGE("#1") " then (#1)::float8 end)");
}

static void float_to_float(SqlWriter *writer, const Expr *cast) {
    write_single(writer, cast, "$1");
}

static void float_to_int(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "(case when round($1) >= ", cast);
    sql_printf(writer, "'%s'::float8 and ", least_of(cast->type.bits));
    sql_template(writer, "round($1) ", cast);
    sql_printf(writer, cast->type.bits == 64 ? "< '9223372036854775808'::float8" : "<= '%s'::float8",
               most_of(cast->type.bits));
    sql_template(writer, " then round($1)::bigint end)", cast);
}

static void float_to_decimal(SqlWriter *writer, const Expr *cast) {
    write_precision(writer, cast, "(case when abs($1) <> 'Infinity'::float8 then $1::text::numeric end)");
}

static void int_to_bool(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "($1 <> 0)", cast);
}

static void bool_to_int(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "$1::int", cast);
}

/* ---- from text ------------------------------------------------------------------------------------------ */

static void write_match(SqlWriter *writer, const Expr *cast, const char *const *regexes, size_t count) {
    Buf regex = {0};
    buf_text(&regex, "^(");
    for (size_t i = 0; i < count; i++) {
        buf_text(&regex, regexes[i]);
    }
    buf_text(&regex, ")$");
    sql_template(writer, "~1 ~ ", cast);
    sql_quote(writer, buf_view(&regex));
    buf_free(&regex);
}

static void write_match1(SqlWriter *writer, const Expr *cast, const char *regex) {
    write_match(writer, cast, &regex, 1);
}

static void text_to_int(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match1(writer, cast, shape_integer_regex);
    sql_template(writer, " then case when $1::numeric between ", cast);
    sql_printf(writer, "%s and %s", least_of(cast->type.bits), most_of(cast->type.bits));
    sql_template(writer, " then $1::numeric end end)", cast);
}

static void write_number_match(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "(case when length($1) <= 1000 and ", cast);
    write_match1(writer, cast, shape_number_regex);
    sql_text(writer, " then ");
}

static void text_to_decimal(SqlWriter *writer, const Expr *cast) {
    write_number_match(writer, cast);
    write_precision(writer, cast, "$1::numeric");
    sql_text(writer, " end)");
}

static void text_to_float(SqlWriter *writer, const Expr *cast) {
    write_number_match(writer, cast);
    write_single(writer, cast, "(case when " DOUBLE_RANGE("$1::numeric") " then $1::float8 end)");
    sql_text(writer, " end)");
}

static void text_to_bool(SqlWriter *writer, const Expr *cast) {
    sql_template(writer,
                 "(case when lower(btrim(~1, " WHITE_SPACE
                 ")) in ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') "
                 "then true when lower(btrim(~1, " WHITE_SPACE ")) in ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', "
                 "'of', 'off', '0') then false end)",
                 cast);
}

/* The day exists in its month. */
#define DAY_EXISTS                                                                                                     \
    "substr($1, 9, 2)::int <= extract(day from (substr($1, 1, 7) || '-01')::date + interval '1 month' - interval '1 "  \
    "day')"

static void text_to_date(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match1(writer, cast, shape_date_regex);
    sql_template(writer, " then case when " DAY_EXISTS " then $1::date end end)", cast);
}

static void text_to_timestamp(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match(writer, cast, (const char *const[]){shape_date_regex, shape_timestamp_regex}, 2);
    sql_template(writer, " then case when " DAY_EXISTS " then $1::timestamp end end)", cast);
}

/* A zone is only allowed behind a time, where no other sign or Z stands. */
static void text_to_timestamptz(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match(writer, cast,
                (const char *const[]){shape_date_regex, "(|(?=.*:)", shape_timestamp_regex, shape_zone_regex, "?)"}, 5);
    sql_template(writer,
                 " then case when " DAY_EXISTS " then ($1 || case when substr(~1, 12) ~ '[Z+-]' then '' "
                 "when length($1) = 10 then ' 00:00:00+00' else '+00' end)::timestamptz end end)",
                 cast);
}

static void text_to_time(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match1(writer, cast, shape_time_regex);
    sql_template(writer, " then $1::time end)", cast);
}

static void text_to_uuid(SqlWriter *writer, const Expr *cast) {
    sql_text(writer, "(case when ");
    write_match1(writer, cast, shape_uuid_regex);
    sql_template(writer, " then $1::uuid end)", cast);
}

static void text_to_text(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "left($1, ", cast);
    sql_printf(writer, "%d)", cast->type.length);
}

static void refuse_interval(SqlWriter *writer, const Expr *cast) {
    (void)cast;
    sql_refuse(writer, "a text read as an interval");
}

static void refuse_json(SqlWriter *writer, const Expr *cast) {
    (void)cast;
    sql_refuse(writer, "a text read as json");
}

/* ---- to text -------------------------------------------------------------------------------------------- */

static void write_text(SqlWriter *writer, const Expr *cast, const char *text) {
    if (cast->type.length > 0) {
        sql_text(writer, "left(");
    }
    sql_template(writer, text, cast);
    if (cast->type.length > 0) {
        sql_printf(writer, ", %d)", cast->type.length);
    }
}

static void any_to_text(SqlWriter *writer, const Expr *cast) {
    write_text(writer, cast, "$1::text");
}

/* In UTC, with the zone behind the time and before BC; infinity has none. */
static void timestamptz_to_text(SqlWriter *writer, const Expr *cast) {
    write_text(writer, cast, "regexp_replace(($1 at time zone 'UTC')::text, '^([^ ]+ [^ ]+)', E'\\\\1+00')");
}

static void bytes_to_text(SqlWriter *writer, const Expr *cast) {
    write_text(writer, cast, "(E'\\\\x' || encode($1, 'hex'))");
}

/* ---- times ---------------------------------------------------------------------------------------------- */

static void change_zone(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, "($1 at time zone 'UTC')", cast);
}

static void to_own_date(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, cast->args[0]->kind == KIND_TIMESTAMPTZ ? "($1 at time zone 'UTC')::date" : "$1::date", cast);
}

static void to_own_time(SqlWriter *writer, const Expr *cast) {
    sql_template(writer, cast->args[0]->kind == KIND_TIMESTAMPTZ ? "($1 at time zone 'UTC')::time" : "$1::time", cast);
}

static void date_to_timestamp(SqlWriter *writer, const Expr *cast) {
    sql_template(
        writer,
        cast->type.kind == KIND_TIMESTAMP
            ? "(case when $1 < date '294277-01-01' or not isfinite($1) then $1::timestamp end)"
            : "(case when $1 < date '294277-01-01' or not isfinite($1) then $1::timestamp at time zone 'UTC' end)",
        cast);
}

typedef void CastFn(SqlWriter *writer, const Expr *cast);

static CastFn *const casts[KIND_COUNT][KIND_COUNT] = {
#define CAST(from, to, run, sql) [KIND_##from][KIND_##to] = sql,
#include "expr/casts.def"
#undef CAST
};

void sql_cast(SqlWriter *writer, const Expr *cast) {
    casts[cast->args[0]->kind][cast->type.kind](writer, cast);
}
