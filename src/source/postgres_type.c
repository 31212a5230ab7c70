#include "source/postgres_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OID_FLOAT4 = 700, OID_INET = 869, OID_CIDR = 650, OID_BIT = 1560, OID_VARBIT = 1562, NESTING_MAX = 32 };

/* oid, kind, wire, cast, order, literal, text, indexable */
static const PgReading READINGS[] = {
    {16, KIND_BOOL, PG_WIRE_BOOL, "::bool", "", "bool", false, true},
    {17, KIND_BYTES, PG_WIRE_BYTES, "::bytea", "", "bytea", false, true},
    {18, KIND_TEXT, PG_WIRE_BYTES, "::text", "::text", "text", true, false}, /* "char" */
    {19, KIND_TEXT, PG_WIRE_BYTES, "::text", "::text", "text", true, false}, /* name */
    {20, KIND_INT, PG_WIRE_INT8, "::int8", "", "int8", false, true},
    {21, KIND_INT, PG_WIRE_INT2, "::int2", "", "int8", false, true},
    {23, KIND_INT, PG_WIRE_INT4, "::int4", "", "int8", false, true},
    {25, KIND_TEXT, PG_WIRE_BYTES, "::text", "", "text", true, true},         /* text */
    {26, KIND_INT, PG_WIRE_INT8, "::int8", "::int8", "int8", false, false},   /* oid */
    {114, KIND_TEXT, PG_WIRE_BYTES, "::text", "::text", "text", true, false}, /* json */
    {142, KIND_TEXT, PG_WIRE_BYTES, "::text", "::text", "text", true, false}, /* xml */
    {700, KIND_FLOAT, PG_WIRE_FLOAT4, "::float4", "", "float8", false, true},
    {701, KIND_FLOAT, PG_WIRE_FLOAT8, "::float8", "", "float8", false, true},
    {790, KIND_DECIMAL, PG_WIRE_NUMERIC, "::numeric", "::numeric", "numeric", false, false}, /* money */
    {1042, KIND_TEXT, PG_WIRE_BYTES, "::text", "::bpchar", "bpchar", true, true}, /* char(n): ::text strips padding */
    {1043, KIND_TEXT, PG_WIRE_BYTES, "::varchar", "", "text", true, true},        /* varchar */
    {1082, KIND_DATE, PG_WIRE_DATE, "::date", "", "date", false, true},
    {1083, KIND_TIME, PG_WIRE_TIME, "::time", "", "time", false, true},
    {1114, KIND_TIMESTAMP, PG_WIRE_TIME, "::timestamp", "", "timestamp", false, true},
    {1184, KIND_TIMESTAMPTZ, PG_WIRE_TIME, "::timestamptz", "", "timestamptz", false, true},
    {1186, KIND_INTERVAL, PG_WIRE_INTERVAL, "::interval", "", "interval", false, true},
    {1700, KIND_DECIMAL, PG_WIRE_NUMERIC, "::numeric", "", "numeric", false, true},
    {2950, KIND_UUID, PG_WIRE_UUID, "::uuid", "", "uuid", false, true},
    {3802, KIND_JSON, PG_WIRE_JSONB, "::jsonb", "::text", "text", true, false}, /* jsonb */
    /* Arrays whose elements' own text is not what a cast makes of them: padded, with a currency, without its beginning.
     */
    {143, KIND_ARRAY, PG_WIRE_BYTES, "::text[]::text", "::text[]::text", "text", true, false},       /* xml[] */
    {651, KIND_ARRAY, PG_WIRE_BYTES, "::text[]::text", "::text[]::text", "text", true, false},       /* cidr[] */
    {791, KIND_ARRAY, PG_WIRE_BYTES, "::numeric[]::text", "::numeric[]::text", "text", true, false}, /* money[] */
    {1014, KIND_ARRAY, PG_WIRE_BYTES, "::text[]::text", "::text[]::text", "text", true, false},      /* char(n)[] */
    {1041, KIND_ARRAY, PG_WIRE_BYTES, "::text[]::text", "::text[]::text", "text", true, false},      /* inet[] */
};

static const PgReading AS_TEXT = {0, KIND_OPAQUE, PG_WIRE_BYTES, "::text", "::text", "text", true, false};

const PgReading *pg_reading(uint32_t oid) {
    for (size_t i = 0; i < sizeof READINGS / sizeof *READINGS; i++) {
        if (READINGS[i].oid == oid) {
            return &READINGS[i];
        }
    }
    return &AS_TEXT;
}

/* ---- what a type means ------------------------------------------------------------------------------------ */

/* What a type is, and the type behind a domain, array or range. True arrays only: int2vector looks like one and prints
 * otherwise, and an array of boxes separates with semicolons. */
static const char TYPE_SQL[] =
    "SELECT pg_catalog.format_type(t.oid, NULL), t.typtype, t.typcategory, t.typbasetype, coalesce(e.oid, 0),"
    " coalesce((SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid::text IN"
    " (r.rngtypid::text, pg_catalog.to_jsonb(r) ->> 'rngmultitypid')), 0)"
    " FROM pg_catalog.pg_type t"
    " LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid AND e.typdelim = ','"
    " WHERE t.oid = $1::oid";

enum { TYPE_NAME, TYPE_TYPE, TYPE_CATEGORY, TYPE_BASE, TYPE_ELEMENT, TYPE_SUBTYPE };

static uint32_t oid_at(const PGresult *row, int field) {
    return (uint32_t)strtoul(PQgetvalue(row, 0, field), NULL, 10);
}

static bool meaning_at(PgSession *session, Arena *arena, uint32_t oid, int depth, PgMeaning *out, Err *err);

/* Arrays of integers of any width are one family; so are those of numbers and texts. Floats are not: 0.1 of four bytes
 * and 0.1 of eight print alike and are not equal. */
static const char *array_family(Arena *arena, const PgMeaning *element) {
    bool by_kind = element->kind != KIND_FLOAT && element->kind != KIND_OPAQUE && element->kind != KIND_ARRAY;
    return arena_printf(arena, "%s[]", by_kind ? kind_name(element->kind) : element->family);
}

static bool meaning_of_many(PgSession *session, Arena *arena, uint32_t element_oid, int depth, bool range,
                            PgMeaning *out, Err *err) {
    PgMeaning element;
    if (!meaning_at(session, arena, element_oid, depth + 1, &element, err)) {
        return false;
    }
    out->kind = KIND_ARRAY;
    out->element = element.kind;
    if (!range) {
        out->family = array_family(arena, &element);
    }
    return true;
}

static const char *own_family(Arena *arena, uint32_t oid, const char *name) {
    if (oid == OID_BIT || oid == OID_VARBIT) {
        return "bit";
    }
    if (oid == OID_INET || oid == OID_CIDR) {
        return "inet";
    }
    return arena_copy(arena, name, strlen(name));
}

static bool meaning_of_row(PgSession *session, Arena *arena, const PGresult *row, uint32_t oid, int depth,
                           PgMeaning *out, Err *err) {
    char type = PQgetvalue(row, 0, TYPE_TYPE)[0];
    char category = PQgetvalue(row, 0, TYPE_CATEGORY)[0];
    if (type == 'd') {
        return meaning_at(session, arena, oid_at(row, TYPE_BASE), depth + 1, out, err);
    }
    *out = (PgMeaning){
        .family = own_family(arena, oid, PQgetvalue(row, 0, TYPE_NAME)),
        .kind = type == 'e' || category == 'S' ? KIND_TEXT : KIND_OPAQUE, /* enums, citext */
        .element = KIND_OPAQUE,
        .base = oid,
    };
    uint32_t element = oid_at(row, TYPE_ELEMENT);
    uint32_t subtype = oid_at(row, TYPE_SUBTYPE);
    if (element != 0) {
        return meaning_of_many(session, arena, element, depth, false, out, err);
    }
    return subtype == 0 || meaning_of_many(session, arena, subtype, depth, true, out, err);
}

static bool meaning_at(PgSession *session, Arena *arena, uint32_t oid, int depth, PgMeaning *out, Err *err) {
    const PgReading *reading = pg_reading(oid);
    if (reading != &AS_TEXT && reading->kind != KIND_ARRAY) {
        *out = (PgMeaning){kind_name(reading->kind), reading->kind, KIND_OPAQUE, oid == OID_FLOAT4, oid};
        if (oid == OID_FLOAT4) {
            out->family = "real";
        }
        return true;
    }
    char oid_text[16];
    snprintf(oid_text, sizeof oid_text, "%u", (unsigned)oid);
    const char *params[] = {oid_text};
    PGresult *row;
    if (depth > NESTING_MAX) {
        return err_set(err, TF_ERROR_DATA, "cannot read type %s: it is nested too deeply", oid_text);
    }
    if (!pg_session_ask(session, TYPE_SQL, params, 1, "learn about a type", &row, err)) {
        return false;
    }
    bool good = PQntuples(row) == 1
                    ? meaning_of_row(session, arena, row, oid, depth, out, err)
                    : err_set(err, TF_ERROR_SCHEMA, "cannot read type %s: the catalog does not know it", oid_text);
    PQclear(row);
    return good;
}

bool pg_meaning(PgSession *session, Arena *arena, uint32_t oid, PgMeaning *out, Err *err) {
    return meaning_at(session, arena, oid, 0, out, err);
}
