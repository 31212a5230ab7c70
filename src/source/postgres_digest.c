#include "source/postgres_digest.h"

#include "source/postgres_type.h"

#include <stdlib.h>
#include <string.h>

/* ---- one value --------------------------------------------------------------------------------------------- */

/* How a value is hashed with a seed: $ is the seed, @ the value. What PostgreSQL's own hash of a type leaves out are
 * the value's classes: 1, 2, ... where the first, second, ... condition is true, else 0. Operators are spelled so that
 * none of another schema takes their place. */
typedef struct Form {
    const char *cast;
    const char *hash;
    const char *absent; /* what stands in the place of a NULL, which is a class of its own */
    bool bare;          /* for some values the hash is the seed, or differs from another's by one bit of it */
    const char *classes[2];
} Form;

enum { CLASS_NULL = 3, CLASS_BITS = 2 };

#define OPERATOR(name) " OPERATOR(pg_catalog." name ") "

/* The seconds between a moment and 2000 are a double of their own for each microsecond of 140 years; beyond a century
 * the text is hashed, too, onto the seed. Texts of values are those of the pinned settings. */
#define MOMENT(type, range, zone)                                                                                      \
    "pg_catalog.hashfloat8extended(pg_catalog." range "_subdiff(@, '2000-01-01" zone "'::" type                        \
    "), $" OPERATOR("#") "CASE WHEN @" OPERATOR(">=") "'1900-01-01" zone "'::" type " AND @" OPERATOR(                 \
        "<=") "'2100-01-01" zone "'::" type                                                                            \
              " THEN 0::int8 ELSE pg_catalog.hashtextextended(@::text COLLATE \"C\", 1) END)"
#define TEXT         "pg_catalog.hashtextextended(@ COLLATE \"C\", $)"
#define NEGATIVE     "@" OPERATOR("<") "0::numeric"
#define NOT_A_NUMBER "@" OPERATOR("=") "'NaN'::numeric"

/* Bare: a float's zero and a number's infinity are hashed to the seed itself, a number's zero to the one before, and
 * its exponent is put on its hash by XOR. */
static const Form FORMS[KIND_COUNT] = {
    [KIND_BOOL] = {.cast = "::bool::int4", .hash = "pg_catalog.hashint4extended(@, $)", .absent = "0"},
    [KIND_INT] = {.cast = "::int8", /* both halves, since they are folded into one */
                  .hash =
                      "pg_catalog.hashint8extended(@, pg_catalog.hashint4extended((@" OPERATOR(">>") "32)::int4, $))",
                  .absent = "0"},
    [KIND_DECIMAL] = {.cast = "::numeric",
                      .hash = "pg_catalog.hash_numeric_extended(@, $)",
                      .absent = "0",
                      .bare = true,
                      .classes = {NEGATIVE, NOT_A_NUMBER}},
    [KIND_FLOAT] = {.cast = "::float8", .hash = "pg_catalog.hashfloat8extended(@, $)", .absent = "0", .bare = true},
    [KIND_TEXT] = {.cast = "::text", .hash = TEXT, .absent = "''"},
    [KIND_BYTES] = {.cast = "::bytea",
                    .hash = "CASE WHEN @ IS NOT NULL THEN pg_catalog.hash_array_extended(ARRAY[@], $) END",
                    .absent = "''"},
    [KIND_TIMESTAMPTZ] = {.cast = "::timestamptz",
                          .hash = MOMENT("timestamptz", "tstzrange", " 00:00:00+00"),
                          .absent = "'2000-01-01'",
                          .bare = true},
    [KIND_TIMESTAMP] = {.cast = "::timestamp",
                        .hash = MOMENT("timestamp", "tsrange", " 00:00:00"),
                        .absent = "'2000-01-01'",
                        .bare = true},
    [KIND_DATE] = {.cast = "::date",
                   .hash = "pg_catalog.hashfloat8extended(pg_catalog.daterange_subdiff(@, '2000-01-01'::date), $)",
                   .absent = "'2000-01-01'",
                   .bare = true},
    [KIND_TIME] = {.cast = "::time::text", .hash = TEXT, .absent = "''"},
    [KIND_INTERVAL] = {.cast = "::interval::text", .hash = TEXT, .absent = "''"},
    [KIND_UUID] = {.cast = "::uuid",
                   .hash = "pg_catalog.uuid_hash_extended(@, $)",
                   .absent = "'00000000-0000-0000-0000-000000000000'"},
    [KIND_JSON] = {.cast = "::text", .hash = TEXT, .absent = "''"},
    [KIND_ARRAY] = {.cast = "::text", .hash = TEXT, .absent = "''"},
    [KIND_OPAQUE] = {.cast = "::text", .hash = TEXT, .absent = "''"},
};

/* Of 32 bits; and of numbers that are never infinite, so that one special one is left. */
static const Form NARROW = {.cast = "::int4", .hash = "pg_catalog.hashint4extended(@, $)", .absent = "0"};
static const Form FINITE = {.cast = "::numeric",
                            .hash = "pg_catalog.hash_numeric_extended(@, $)",
                            .absent = "0",
                            .bare = true,
                            .classes = {NEGATIVE}};

/* A value of a row: its form, the SQL that names it, and the SQL of what is hashed. */
typedef struct Link {
    const Form *form;
    const char *name;
    const char *value;
    bool nullable; /* one that is not and is NULL after all makes the whole chain NULL */
} Link;

static Link link_make(Arena *arena, const Form *form, const char *name, bool nullable) {
    const char *value = nullable ? arena_printf(arena, "coalesce(%s%s, %s)", name, form->cast, form->absent)
                                 : arena_printf(arena, "%s%s", name, form->cast);
    return (Link){form, name, value, nullable};
}

static void write_form(Buf *out, const char *form, const char *value, const char *seed) {
    for (const char *c = form; *c != '\0'; c++) {
        if (*c == '@') {
            buf_text(out, value);
        } else if (*c == '$') {
            buf_text(out, seed);
        } else {
            buf_char(out, *c);
        }
    }
}

/* Two bits a value, so that all that hashes leave out goes into the first seed at once. */
static void write_class(Buf *out, const Link *link, unsigned place) {
    buf_text(out, "CASE");
    if (link->nullable) {
        buf_printf(out, " WHEN %s IS NULL THEN %u", link->name, (unsigned)CLASS_NULL << place);
    }
    for (unsigned i = 0; i < CLASS_NULL - 1 && link->form->classes[i] != NULL; i++) {
        buf_text(out, " WHEN ");
        write_form(out, link->form->classes[i], link->value, "");
        buf_printf(out, " THEN %u", (i + 1) << place);
    }
    buf_text(out, " ELSE 0 END");
}

static void write_classes(Buf *out, const Link *links, size_t count) {
    size_t written = 0;
    for (size_t i = 0; i < count; i++) {
        if (links[i].nullable || links[i].form->classes[0] != NULL) {
            buf_text(out, written++ == 0 ? "" : OPERATOR("+"));
            write_class(out, &links[i], (unsigned)i * CLASS_BITS);
        }
    }
    buf_text(out, written == 0 ? "0" : "");
}

static const char *number_hash(Arena *arena, size_t number, const char *seed) {
    return arena_printf(arena, "pg_catalog.hashint4extended(%zu, %s)", number, seed);
}

static const char *link_hash(Arena *arena, const Link *link, const char *seed) {
    Buf text = {0};
    write_form(&text, link->form->hash, link->value, seed);
    const char *hash = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return hash;
}

/* SQL for 64 bits of at most CHAIN_LINKS values and the seed. A hash is the seed of the next, so that no pattern of
 * values cancels; and no bare one is the seed of another, or the last: two columns could change places, or sums of 1
 * and 10000 be equal. The classes come before all values: a bit of them passes through two hashes or more. They also
 * keep the seed from the first value, as a key is no random one (a zero under 5 would be an infinity under 4). */
enum { CHAIN_LINKS = 15 }; /* of two bits each in a positive int4 */

static const char *chain_hash(Arena *arena, const Link *links, size_t count, const char *seed) {
    Buf first = {0};
    buf_text(&first, "pg_catalog.hashint4extended(");
    write_classes(&first, links, count);
    buf_printf(&first, ", %s)", seed);
    const char *hash = arena_copy(arena, first.bytes, first.length);
    buf_free(&first);
    for (size_t i = 0; i < count; i++) {
        bool covered = i + 1 < count && !links[i + 1].form->bare;
        hash = link_hash(arena, &links[i], hash);
        if (links[i].form->bare && !covered) {
            hash = number_hash(arena, 0, hash);
        }
    }
    return hash;
}

static void comma(PgSql *sql, size_t i) {
    buf_text(&sql->text, i == 0 ? "" : ", ");
}

/* ---- the key ---------------------------------------------------------------------------------------------- */

static const char *column_name(PgSql *sql, size_t i) {
    return arena_printf(&sql->scratch, "d.c%zu", i);
}

static bool key_is_seed(const Scan *scan) {
    return scan->key_count == 1 && scan->columns[0].kind == KIND_INT;
}

/* 64 bits of the key: an integer is its own. */
static const char *key_seed(PgSql *sql, const Scan *scan) {
    if (key_is_seed(scan)) {
        return arena_printf(&sql->scratch, "%s::int8", column_name(sql, 0));
    }
    const char *seed = "0::int8";
    for (size_t i = 0; i < scan->key_count;) {
        Link links[CHAIN_LINKS];
        size_t count = 0;
        for (; i < scan->key_count && count < CHAIN_LINKS; i++) {
            links[count++] = link_make(&sql->scratch, &FORMS[scan->columns[i].kind], column_name(sql, i), false);
        }
        seed = chain_hash(&sql->scratch, links, count, seed);
    }
    return seed;
}

/* ---- a row ------------------------------------------------------------------------------------------------ */

/* What is computed is computed once, in a stage of its own: the key's hash where more than one hash begins with it. */
static bool is_staged(const DigestScan *digest) {
    bool staged = !key_is_seed(&digest->scan) && digest->part_count > CHAIN_LINKS;
    for (size_t i = 0; i < digest->scan.column_count; i++) {
        staged = staged || pg_scan_column(&digest->scan, i)->computed;
    }
    for (size_t i = 0; i < digest->part_count; i++) {
        staged = staged || digest->parts[i].sql != NULL;
    }
    return staged;
}

static const char *part_name(PgSql *sql, const DigestScan *digest, size_t i) {
    const DigestPart *part = &digest->parts[i];
    return part->sql == NULL ? column_name(sql, part->column) : arena_printf(&sql->scratch, "d.p%zu", i);
}

static const Form *part_form(const DigestPart *part) {
    if (part->kind == KIND_INT && part->narrow) {
        return &NARROW;
    }
    return part->kind == KIND_DECIMAL && part->finite ? &FINITE : &FORMS[part->kind];
}

static const char *row_seed(PgSql *sql, const DigestScan *digest) {
    return is_staged(digest) ? "d.s" : key_seed(sql, &digest->scan);
}

static const char *part_chain(PgSql *sql, const DigestScan *digest, size_t first) {
    Link links[CHAIN_LINKS];
    size_t count = 0;
    const char *seed = row_seed(sql, digest);
    for (size_t i = first; i < digest->part_count && count < CHAIN_LINKS; i++) {
        const DigestPart *part = &digest->parts[i];
        links[count++] = link_make(&sql->scratch, part_form(part), part_name(sql, digest, i), !part->never_null);
    }
    return chain_hash(&sql->scratch, links, count, first == 0 ? seed : number_hash(&sql->scratch, first, seed));
}

/* Of several chains, since expressions that are nested too deeply are refused. After the last value there is one hash
 * more: the last step of a hash spreads a flipped bit too evenly (in 29 pairs of 2^27 keys by the same difference,
 * which cancels where two rows change places). */
static void row_hash(PgSql *sql, const DigestScan *digest) {
    const char *chains = part_chain(sql, digest, 0);
    for (size_t i = CHAIN_LINKS; i < digest->part_count; i += CHAIN_LINKS) {
        chains = arena_printf(&sql->scratch, "%s" OPERATOR("#") "%s", chains, part_chain(sql, digest, i));
    }
    buf_text(&sql->text, number_hash(&sql->scratch, 0, chains));
}

static void doubtful(PgSql *sql, const DigestScan *digest) {
    for (size_t i = 0; i < digest->doubt_count; i++) {
        buf_printf(&sql->text, "%s%s", i == 0 ? "" : " OR ", digest->doubts[i]);
    }
}

/* ---- the statement ---------------------------------------------------------------------------------------- */

/* The columns c0, c1, ... and what keys are sorted by: o0, o1, ... */
static void select_rows(PgSql *sql, const Scan *scan) {
    buf_text(&sql->text, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++) {
        comma(sql, i);
        pg_sql_read(sql, pg_scan_column(scan, i));
        buf_printf(&sql->text, " AS c%zu", i);
    }
    for (size_t i = 0; !scan->unordered && i < scan->key_count; i++) {
        buf_printf(&sql->text, ", %s AS o%zu", pg_scan_column(scan, i)->order_sql, i);
    }
    buf_printf(&sql->text, " FROM %s", scan->relation->from);
    pg_sql_where(sql, scan);
}

static void order_rows(PgSql *sql, const Scan *scan, const char *of) {
    for (size_t i = 0; !scan->unordered && i < scan->key_count; i++) {
        buf_printf(&sql->text, "%s%so%zu", i == 0 ? " ORDER BY " : ", ", of, i);
    }
}

/* A stage is in the order that its rows are wanted in: they would be sorted behind it else. */
static void from_stage(PgSql *sql, const DigestScan *digest, const Scan *scan) {
    buf_text(&sql->text, " FROM (");
    if (!is_staged(digest)) {
        select_rows(sql, scan);
        buf_text(&sql->text, ") d");
        return;
    }
    buf_text(&sql->text, "SELECT d.*");
    for (size_t i = 0; i < digest->part_count; i++) {
        if (digest->parts[i].sql != NULL) {
            buf_printf(&sql->text, ", (%s) AS p%zu", digest->parts[i].sql, i);
        }
    }
    buf_printf(&sql->text, ", %s AS s FROM (", key_seed(sql, scan));
    select_rows(sql, scan);
    buf_text(&sql->text, ") d");
    order_rows(sql, scan, "");
    buf_text(&sql->text, " OFFSET 0) d");
}

/* sum and avg of one expression share its state, which is computed once. A row without a hash is counted by count(*)
 * and by neither of them. */
static const char A_HASH_IS_MISSING[] =
    "pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 AND (pg_catalog.sum(h) OPERATOR(pg_catalog./)"
    " pg_catalog.count(*)::numeric OPERATOR(pg_catalog.=) pg_catalog.avg(h)) IS NOT TRUE";

static void digest_rows(PgSql *sql, const DigestScan *digest, const Scan *scan) {
    bool doubts = digest->doubt_count > 0;
    buf_printf(&sql->text, "pg_catalog.count(*), %s%s, pg_catalog.sum(h) FROM (SELECT ", A_HASH_IS_MISSING,
               doubts ? " OR coalesce(pg_catalog.bool_or(u), false)" : "");
    row_hash(sql, digest);
    buf_text(&sql->text, " AS h");
    if (doubts) {
        buf_text(&sql->text, ", ");
        doubtful(sql, digest);
        buf_text(&sql->text, " AS u");
    }
    from_stage(sql, digest, scan);
    buf_text(&sql->text, ") e");
}

/* ---- cuts --------------------------------------------------------------------------------------------------- */

static void digest_cut(PgSql *sql, const DigestScan *digest, size_t i) {
    Scan scan = digest->scan;
    scan.range = digest->cuts[i];
    scan.unordered = true;
    buf_printf(&sql->text, "SELECT %zu, ", i);
    digest_rows(sql, digest, &scan);
}

static bool bounds_alike(const Scan *scan, const Value *bound) {
    for (size_t i = 0; i < scan->key_count; i++) {
        Kind kind = pg_scan_column(scan, i)->kind;
        if (!digest_lists(kind) || bound[i].kind != kind) {
            return false;
        }
    }
    return true;
}

/* Cuts that have both bounds, of one type throughout, are rows of a list: one plan for all of them. */
static bool is_listed(const DigestScan *digest, size_t i) {
    const Range *cut = &digest->cuts[i];
    return digest->cut_count > 2 && cut->rows == RANGE_BETWEEN && cut->from != NULL && cut->to != NULL &&
           bounds_alike(&digest->scan, cut->from) && bounds_alike(&digest->scan, cut->to);
}

static void digest_list(PgSql *sql, const DigestScan *digest) {
    size_t written = 0;
    buf_text(&sql->text, "SELECT " PG_LIST "_i, e.* FROM (VALUES ");
    for (size_t i = 0; i < digest->cut_count; i++) {
        if (is_listed(digest, i)) {
            comma(sql, written++);
            buf_printf(&sql->text, "(%zu, ", i);
            pg_sql_bound(sql, &digest->scan, digest->cuts[i].from);
            buf_text(&sql->text, ", ");
            pg_sql_bound(sql, &digest->scan, digest->cuts[i].to);
            buf_char(&sql->text, ')');
        }
    }
    buf_text(&sql->text, ") ");
    pg_sql_list_names(sql, &digest->scan);
    buf_text(&sql->text, ", LATERAL (SELECT ");
    sql->listed = true;
    Scan scan = digest->scan;
    scan.unordered = true;
    scan.range.rows = RANGE_BETWEEN;
    scan.range.from = scan.range.to = digest->cuts[digest->cut_count / 2].from;
    digest_rows(sql, digest, &scan);
    sql->listed = false;
    buf_text(&sql->text, ") e");
}

void pg_digest_sql(PgSql *sql, const DigestScan *digest) {
    bool listed = false, written = false;
    for (size_t i = 0; i < digest->cut_count; i++) {
        if (is_listed(digest, i) && listed) {
            continue;
        }
        buf_text(&sql->text, written ? " UNION ALL " : "");
        written = true;
        if (is_listed(digest, i)) {
            digest_list(sql, digest);
            listed = true;
        } else {
            digest_cut(sql, digest, i);
        }
    }
}

/* ---- row by row --------------------------------------------------------------------------------------------- */

void pg_row_hashes_sql(PgSql *sql, const DigestScan *digest) {
    bool doubts = digest->doubt_count > 0;
    buf_text(&sql->text, "SELECT ");
    for (size_t i = 0; i < digest->scan.key_count; i++) {
        buf_printf(&sql->text, "%s, ", column_name(sql, i));
    }
    buf_text(&sql->text, doubts ? "CASE WHEN " : "");
    doubtful(sql, digest);
    buf_text(&sql->text, doubts ? " THEN NULL ELSE " : "");
    row_hash(sql, digest);
    buf_text(&sql->text, doubts ? " END" : "");
    from_stage(sql, digest, &digest->scan);
    order_rows(sql, &digest->scan, "d.");
}

/* ---- the probe -------------------------------------------------------------------------------------------- */

/* A value or more of each kind, those that a careless form would fold among them. */
static const struct Probe {
    Kind kind;
    const char *value;
} PROBES[] = {
    {KIND_BOOL, "true"},
    {KIND_INT, "1"},
    {KIND_INT, "'4294967296'"},
    {KIND_INT, "'-9223372036854775808'"},
    {KIND_DECIMAL, "'-12345678901234567890.1234500'"},
    {KIND_DECIMAL, "'NaN'"},
    {KIND_DECIMAL, "'0.00'"},
    {KIND_FLOAT, "'-0'"},
    {KIND_FLOAT, "'0.1'"},
    {KIND_FLOAT, "'NaN'"},
    {KIND_FLOAT, "'-Infinity'"},
    {KIND_TEXT, "E'\\u00e4\\u4e2d\\U0001F600 and thirteen bytes'"},
    {KIND_TEXT, "''"},
    {KIND_BYTES, "'\\x00ff5c80'::bytea"},
    {KIND_TIMESTAMPTZ, "timestamptz '2000-01-01 01:11:34.967296+00'"},
    {KIND_TIMESTAMPTZ, "timestamptz '-infinity'"},
    {KIND_TIMESTAMP, "timestamp '2026-02-03 04:05:06.789'"},
    {KIND_DATE, "date '0044-03-15 BC'"},
    {KIND_TIME, "time '24:00'"},
    {KIND_INTERVAL, "interval '-1 mon 3 days 0.000001 sec'"},
    {KIND_UUID, "uuid '00112233-4455-6677-8899-aabbccddeeff'"},
    {KIND_JSON, "jsonb '{\"b\": [1.50, null, \"\\u00e4\"], \"a\": {}}'"},
};

static void probe_hash(PgSql *sql, const Form *form, const struct Probe *probe, bool nullable) {
    Link link = link_make(&sql->scratch, form, arena_printf(&sql->scratch, "(%s)", probe->value), nullable);
    buf_printf(&sql->text, ", %s", chain_hash(&sql->scratch, &link, 1, "'8589934592770'::int8"));
}

void pg_digest_probe_sql(PgSql *sql) {
    buf_text(&sql->text, "SELECT pg_catalog.concat_ws(' ', pg_catalog.hashint8('-4294967297'::int8)");
    for (size_t i = 0; i < sizeof PROBES / sizeof *PROBES; i++) {
        probe_hash(sql, &FORMS[PROBES[i].kind], &PROBES[i], false);
        probe_hash(sql, &FORMS[PROBES[i].kind], &PROBES[i], true);
    }
    probe_hash(sql, &NARROW, &(struct Probe){KIND_INT, "'-2147483648'"}, false);
    probe_hash(sql, &FINITE, &(struct Probe){KIND_DECIMAL, "'-12345.60'"}, false);
    buf_text(&sql->text, ")");
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

enum { FIELD_NUMBER, FIELD_ROWS, FIELD_DOUBTFUL, FIELD_SUM };

static i128 sum_at(const PGresult *rows, int row, int field) {
    const char *text = PQgetvalue(rows, row, field);
    bool negative = *text == '-';
    i128 sum = 0;
    for (text += negative; *text >= '0' && *text <= '9'; text++) {
        sum = sum * 10 + (*text - '0'); /* rows times 2^63: far from overflow */
    }
    return negative ? -sum : sum;
}

static long long number_at(const PGresult *rows, int row, int field) {
    return strtoll(PQgetvalue(rows, row, field), NULL, 10);
}

static bool not_asked_for(const DigestScan *digest, long long number, Err *err) {
    return err_set(err, TF_ERROR_DATA, "could not digest %s: part %lld was not asked for, or told twice",
                   digest->scan.relation->name, number);
}

bool pg_digest_read(const PGresult *rows, const DigestScan *digest, RowsDigest *out, Err *err) {
    size_t count = digest->cut_count;
    int told = PQntuples(rows);
    if ((size_t)told != count) {
        return err_set(err, TF_ERROR_DATA, "could not digest %s: of %zu parts %d were told",
                       digest->scan.relation->name, count, told);
    }
    Arena scratch = {0};
    bool *seen = arena_zeroed(&scratch, count * sizeof *seen);
    bool good = true;
    memset(out, 0, count * sizeof *out);
    for (int i = 0; good && i < told; i++) {
        long long number = number_at(rows, i, FIELD_NUMBER);
        good = (number >= 0 && number < (long long)count && !seen[number]) || not_asked_for(digest, number, err);
        if (good) {
            seen[number] = true;
            out[number] = (RowsDigest){
                .rows = number_at(rows, i, FIELD_ROWS),
                .doubtful = *PQgetvalue(rows, i, FIELD_DOUBTFUL) == 't',
                .sum = sum_at(rows, i, FIELD_SUM),
            };
        }
    }
    arena_free(&scratch);
    return good;
}
