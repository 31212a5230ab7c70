#include "source/postgres_join.h"

#include "source/postgres_type.h"

#include <string.h>

/* ---- the two sides ---------------------------------------------------------------------------------------- */

/* o or n, and the scan behind it. */
typedef struct JoinSide {
    const char *name;
    const Scan *scan;
} JoinSide;

static JoinSide old_side(const JoinScan *join) {
    return (JoinSide){"o", &join->old};
}

static JoinSide new_side(const JoinScan *join) {
    return join->one_row ? old_side(join) : (JoinSide){"n", &join->new_};
}

/* Rows that a join by equality cannot pair: a key that stands twice, or one with a NULL. Parallel columns need no pair,
 * but a key that stands twice is a finding there, too. */
static bool may_be_doubtful(const JoinScan *join, const Scan *scan) {
    bool null_key = !join->one_row && scan->range.rows == RANGE_ALL && pg_key_nullable(scan);
    return !scan->relation->key_unique || null_key;
}

static void doubtful_column(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, ", count(*) OVER (PARTITION BY ");
    for (size_t i = 0; i < scan->key_count; i++) {
        buf_printf(&sql->text, "%s%s", i == 0 ? "" : ", ", pg_scan_column(scan, i)->order_sql);
    }
    buf_text(&sql->text, ") > 1");
    for (size_t i = 0; i < scan->key_count; i++) {
        if (!pg_scan_column(scan, i)->not_null) {
            buf_printf(&sql->text, " OR %s IS NULL", pg_scan_column(scan, i)->sql);
        }
    }
    buf_text(&sql->text, " AS doubtful");
}

static void side_select(PgSql *sql, JoinSide side, bool doubtful) {
    buf_text(&sql->text, "(SELECT ");
    for (size_t i = 0; i < side.scan->column_count; i++) {
        buf_text(&sql->text, i == 0 ? "" : ", ");
        pg_sql_read(sql, pg_scan_column(side.scan, i));
        buf_printf(&sql->text, " AS c%zu", i);
    }
    if (doubtful) {
        doubtful_column(sql, side.scan);
    }
    buf_printf(&sql->text, " FROM %s", side.scan->relation->from);
    size_t before = sql->text.length;
    pg_sql_where(sql, side.scan);
    if (sql->among != NULL) {
        buf_printf(&sql->text, " %s %s = ANY (%s)", sql->text.length == before ? "WHERE" : "AND",
                   pg_scan_column(side.scan, 0)->sql, sql->among);
    }
    buf_printf(&sql->text, ") %s", side.name);
}

/* ---- one column as a value that compares as canon_equal does ----------------------------------------------- */

/* What decimal_of_double gives: below 2^53 the shortest text, above it the exact binary value, which is taken from the
 * bits (mantissa times a power of two) because casts of float8 to numeric keep fifteen digits. @ is the column. */
static const char FLOAT_AS_DECIMAL[] =
    "CASE WHEN abs(@) < 9007199254740992 OR @ IN ('NaN', 'Infinity', '-Infinity') THEN @::text::numeric"
    " ELSE sign(@)::numeric * ((('x' || encode(float8send(@::float8), 'hex'))::bit(64)::int8"
    " & 4503599627370495) | 4503599627370496)::numeric * 2::numeric"
    " ^ (((('x' || encode(float8send(@::float8), 'hex'))::bit(64)::int8 >> 52) & 2047) - 1075) END";

static void write_float_as_decimal(PgSql *sql, const char *name) {
    for (const char *c = FLOAT_AS_DECIMAL; *c != '\0'; c++) {
        if (*c == '@') {
            buf_text(&sql->text, name);
        } else {
            buf_char(&sql->text, *c);
        }
    }
}

static Kind wanted_kind(JoinSide side, size_t i) {
    return side.scan->columns[i].kind;
}

static bool is_text_like(Kind kind) {
    return kind == KIND_TEXT || kind == KIND_ARRAY || kind == KIND_OPAQUE;
}

static const char *cell_name(PgSql *sql, JoinSide side, size_t i) {
    return arena_printf(&sql->scratch, "%s.c%zu", side.name, i);
}

static void write_value(PgSql *sql, JoinSide side, size_t i) {
    const char *name = cell_name(sql, side, i);
    Kind kind = wanted_kind(side, i);
    if (is_text_like(kind)) {
        buf_printf(&sql->text, "%s::text COLLATE \"C\"", name);
    } else if (kind == KIND_JSON) {
        buf_printf(&sql->text, "%s::jsonb", name);
    } else if (kind == KIND_DECIMAL && pg_scan_column(side.scan, i)->kind == KIND_FLOAT) {
        write_float_as_decimal(sql, name);
    } else {
        buf_text(&sql->text, name);
    }
}

/* What ORDER BY needs: JSON as its text, and texts as UTF-8 bytes whatever the server's encoding. */
static void write_sorted(PgSql *sql, JoinSide side, size_t i) {
    Kind kind = wanted_kind(side, i);
    if (!is_text_like(kind) && kind != KIND_JSON) {
        write_value(sql, side, i);
    } else if (sql->session->utf8) {
        buf_printf(&sql->text, "%s::text COLLATE \"C\"", cell_name(sql, side, i));
    } else {
        buf_printf(&sql->text, "convert_to(%s::text, 'UTF8')", cell_name(sql, side, i));
    }
}

static void write_numeric(PgSql *sql, JoinSide side, size_t i) {
    if (pg_scan_column(side.scan, i)->kind == KIND_FLOAT) {
        write_float_as_decimal(sql, cell_name(sql, side, i));
    } else {
        buf_printf(&sql->text, "%s::numeric", cell_name(sql, side, i));
    }
}

/* ---- pairs ------------------------------------------------------------------------------------------------ */

static void differ_plainly(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    write_value(sql, old_side(join), pair->old_column);
    buf_text(&sql->text, " IS DISTINCT FROM ");
    write_value(sql, new_side(join), pair->new_column);
}

/* jsonb against jsonb is by content. Other JSON is a text first: a cast to jsonb fails on \u0000, so texts that may
 * hold it, and texts of a text column, are suspected where they are not the same bytes. */
static void differ_json(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    enum { OID_JSON = 114, OID_JSONB = 3802 };
    uint32_t a = pg_scan_column(old_side(join).scan, pair->old_column)->native;
    uint32_t b = pg_scan_column(new_side(join).scan, pair->new_column)->native;
    if (a == OID_JSONB && b == OID_JSONB) {
        differ_plainly(sql, join, pair);
        return;
    }
    const char *o = cell_name(sql, old_side(join), pair->old_column);
    const char *n = cell_name(sql, new_side(join), pair->new_column);
    bool castable = (a == OID_JSON || a == OID_JSONB) && (b == OID_JSON || b == OID_JSONB);
    buf_printf(&sql->text, "CASE WHEN %s::text COLLATE \"C\" IS NOT DISTINCT FROM %s::text COLLATE \"C\" THEN false ",
               o, n);
    if (castable) {
        buf_printf(&sql->text,
                   "WHEN strpos(%s::text, '\\u') = 0 AND strpos(%s::text, '\\u') = 0"
                   " THEN %s::jsonb IS DISTINCT FROM %s::jsonb ",
                   o, n, o, n);
    }
    buf_text(&sql->text, "ELSE true END");
}

/* A float may be within by the caller's arithmetic and not by ours, or the other way round: near the border it is
 * suspected. */
static const char FLOAT_MARGIN[] = " * 0.999999999";

/* Two floats are as far apart as their doubles: a real 0.1 and a double 0.1 are 1.5e-9 apart, and their texts are not.
 * Beyond 1e300 the difference may overflow. */
static void differ_within_float(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    const char *o = cell_name(sql, old_side(join), pair->old_column);
    const char *n = cell_name(sql, new_side(join), pair->new_column);
    Buf within = {0};
    value_print(pair->within, &within);
    buf_printf(&sql->text,
               "CASE WHEN %s IS NOT DISTINCT FROM %s THEN false"
               " WHEN abs(%s) < '1e300'::float8 AND abs(%s) < '1e300'::float8"
               " THEN abs(%s::float8 - %s::float8)::numeric > '%s'::numeric%s ELSE true END",
               o, n, o, n, o, n, within.bytes, FLOAT_MARGIN);
    buf_free(&within);
}

/* NULL is within reach of NULL only. */
static void differ_within_number(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    JoinSide o = old_side(join);
    JoinSide n = new_side(join);
    bool floats = pg_scan_column(o.scan, pair->old_column)->kind == KIND_FLOAT ||
                  pg_scan_column(n.scan, pair->new_column)->kind == KIND_FLOAT;
    Buf within = {0};
    value_print(pair->within, &within);
    buf_text(&sql->text, "NOT coalesce(abs(");
    write_numeric(sql, o, pair->old_column);
    buf_text(&sql->text, " - ");
    write_numeric(sql, n, pair->new_column);
    buf_printf(&sql->text, ") <= '%s'::numeric%s, num_nonnulls(%s.c%zu, %s.c%zu) = 0)", within.bytes,
               floats ? FLOAT_MARGIN : "", o.name, pair->old_column, n.name, pair->new_column);
    buf_free(&within);
}

/* Differences of times are intervals, exact to the microsecond. Infinite ones have no difference, nor has what is so
 * far apart (292,000 years) that it does not fit an interval. */
static void differ_within_time(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    JoinSide old = old_side(join);
    Kind kind = wanted_kind(old, pair->old_column);
    const char *o = cell_name(sql, old, pair->old_column);
    const char *n = cell_name(sql, new_side(join), pair->new_column);
    Buf within = {0};
    value_print(pair->within, &within);
    buf_printf(&sql->text, "CASE WHEN %s IS NOT DISTINCT FROM %s THEN false ", o, n);
    if (kind != KIND_TIME && kind != KIND_INTERVAL) {
        buf_printf(&sql->text, "WHEN NOT isfinite(%s) OR NOT isfinite(%s) THEN true ", o, n);
    }
    if (kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ) {
        buf_printf(&sql->text, "WHEN abs(%s::date - %s::date) > 100000000 THEN true ", o, n);
    }
    buf_printf(&sql->text, "ELSE ((%s - %s)%s NOT BETWEEN -'%s'::interval AND '%s'::interval) IS NOT FALSE END", o, n,
               kind == KIND_DATE ? " * '1 day'::interval" : "", within.bytes, within.bytes);
    buf_free(&within);
}

static void differ(PgSql *sql, const JoinScan *join, const JoinPair *pair) {
    bool exact = pair->within.state == CELL_NULL;
    if (!exact && pair->within.kind == KIND_INTERVAL) {
        differ_within_time(sql, join, pair);
    } else if (!exact && wanted_kind(old_side(join), pair->old_column) == KIND_FLOAT) {
        differ_within_float(sql, join, pair);
    } else if (!exact) {
        differ_within_number(sql, join, pair);
    } else if (wanted_kind(old_side(join), pair->old_column) == KIND_JSON) {
        differ_json(sql, join, pair);
    } else {
        differ_plainly(sql, join, pair);
    }
}

/* ---- the statement ---------------------------------------------------------------------------------------- */

/* The first key column is not NULL in a row that is there, so it tells which rows are. */
static void suspects(PgSql *sql, const JoinScan *join) {
    size_t written = 0;
    if (!join->one_row) {
        buf_text(&sql->text, "o.c0 IS NULL OR n.c0 IS NULL");
        written++;
    }
    for (size_t i = 0; i < join->pair_count; i++) {
        buf_text(&sql->text, written++ == 0 ? "" : " OR ");
        differ(sql, join, &join->pairs[i]);
    }
    for (size_t i = 0; i < join->suspect_count; i++) {
        buf_printf(&sql->text, "%s(%s)", written++ == 0 ? "" : " OR ", join->suspects[i]);
    }
    buf_text(&sql->text, written == 0 ? "false" : "");
}

static void from_join(PgSql *sql, const JoinScan *join, bool doubtful) {
    JoinSide o = old_side(join);
    JoinSide n = new_side(join);
    buf_text(&sql->text, " FROM ");
    side_select(sql, o, doubtful && may_be_doubtful(join, o.scan));
    if (join->one_row) {
        return;
    }
    buf_text(&sql->text, " FULL JOIN ");
    side_select(sql, n, doubtful && may_be_doubtful(join, n.scan));
    buf_text(&sql->text, " ON ");
    for (size_t i = 0; i < join->old.key_count; i++) {
        buf_text(&sql->text, i == 0 ? "" : " AND ");
        write_value(sql, o, i);
        buf_text(&sql->text, " = ");
        write_value(sql, n, i);
    }
}

static void doubtful_expression(PgSql *sql, const JoinScan *join) {
    bool o = may_be_doubtful(join, &join->old);
    bool n = !join->one_row && may_be_doubtful(join, &join->new_);
    buf_printf(&sql->text, "%s%s%s", o ? "coalesce(bool_or(o.doubtful), false)" : "false", n ? " OR " : "",
               n ? "coalesce(bool_or(n.doubtful), false)" : "");
}

static bool is_text(uint32_t native) {
    enum { OID_TEXT = 25, OID_VARCHAR = 1043 };
    return native == OID_TEXT || native == OID_VARCHAR;
}

/* The type in which both sides' leading keys can be told and found again by an index; NULL: none. A range without
 * bounds may be a whole table, and its keys more than the server can hold. */
const char *pg_join_told_type(const JoinScan *join) {
    static const char *const TYPES[KIND_COUNT] = {
        [KIND_INT] = "int8",  [KIND_DECIMAL] = "numeric",     [KIND_TEXT] = "text",
        [KIND_DATE] = "date", [KIND_TIMESTAMP] = "timestamp", [KIND_TIMESTAMPTZ] = "timestamptz",
        [KIND_UUID] = "uuid",
    };
    const RelationColumn *a = pg_scan_column(old_side(join).scan, 0);
    const RelationColumn *b = pg_scan_column(new_side(join).scan, 0);
    bool plain = a->kind == b->kind && (a->kind != KIND_TEXT || (is_text(a->native) && is_text(b->native)));
    const Range *range = &join->old.range;
    bool bounded = range->rows == RANGE_BETWEEN && (range->from != NULL || range->to != NULL);
    return plain && bounded ? TYPES[a->kind] : NULL;
}

/* The suspects' leading keys, for pg_join_rows_sql: the filter is evaluated once for their number and for them. */
static void told_keys(PgSql *sql, const JoinScan *join, const char *type) {
    buf_printf(&sql->text, "array_agg(%s::%s) FILTER (WHERE ", join->one_row ? "o.c0" : "coalesce(o.c0, n.c0)", type);
    suspects(sql, join);
    buf_char(&sql->text, ')');
}

void pg_join_count_sql(PgSql *sql, const JoinScan *join) {
    const char *type = pg_join_told_type(join);
    /* a key's own type beats "any": another schema's count(int4) would be taken before the catalog's */
    buf_printf(&sql->text, "SELECT %s, count(*), ",
               join->one_row ? "count(*), 0" : "pg_catalog.count(o.c0), pg_catalog.count(n.c0)");
    if (type != NULL) {
        buf_text(&sql->text, "coalesce(cardinality(");
        told_keys(sql, join, type);
        buf_text(&sql->text, "), 0), ");
    } else {
        buf_text(&sql->text, "count(*) FILTER (WHERE ");
        suspects(sql, join);
        buf_text(&sql->text, "), ");
    }
    doubtful_expression(sql, join);
    if (type != NULL) {
        buf_text(&sql->text, ", (");
        told_keys(sql, join, type);
        buf_printf(&sql->text, ")[1:%d]", PG_JOIN_TOLD_KEYS);
    }
    from_join(sql, join, true);
}

static void select_side(PgSql *sql, JoinSide side) {
    for (size_t i = 0; i < side.scan->column_count; i++) {
        buf_printf(&sql->text, ", %s.c%zu", side.name, i);
    }
}

static void order_keys(PgSql *sql, const JoinScan *join) {
    buf_text(&sql->text, " ORDER BY ");
    for (size_t i = 0; i < join->old.key_count; i++) {
        buf_text(&sql->text, i == 0 ? "coalesce(" : ", coalesce(");
        write_sorted(sql, old_side(join), i);
        if (!join->one_row) {
            buf_text(&sql->text, ", ");
            write_sorted(sql, new_side(join), i);
        }
        buf_char(&sql->text, ')');
    }
}

void pg_join_rows_sql(PgSql *sql, const JoinScan *join) {
    buf_text(&sql->text, join->one_row ? "SELECT true, false" : "SELECT o.c0 IS NOT NULL, n.c0 IS NOT NULL");
    select_side(sql, old_side(join));
    if (!join->one_row) {
        select_side(sql, new_side(join));
    }
    from_join(sql, join, false);
    buf_text(&sql->text, " WHERE ");
    suspects(sql, join);
    order_keys(sql, join);
}
