/* PostgreSQL's types -> kinds: what a type means, how a column of it is read, how keys of it are ordered.
 *
 * Built-in types stand in one table by their OID, which is the same in every server. All others (enums, arrays,
 * ranges, composites, extensions' types) are read as the server's own text; what they mean comes from the catalog.
 * A domain is its base type.
 */
#ifndef SOURCE_POSTGRES_TYPE_H
#define SOURCE_POSTGRES_TYPE_H

#include "source/postgres_session.h"

/* How a cell's bytes look in binary COPY. */
typedef enum PgWire {
    PG_WIRE_BOOL,
    PG_WIRE_INT2,
    PG_WIRE_INT4,
    PG_WIRE_INT8,
    PG_WIRE_FLOAT4,
    PG_WIRE_FLOAT8,
    PG_WIRE_NUMERIC,
    PG_WIRE_BYTES, /* as they are: text, bytea */
    PG_WIRE_TIME,  /* int64 microseconds */
    PG_WIRE_DATE,
    PG_WIRE_INTERVAL,
    PG_WIRE_UUID,
    PG_WIRE_JSONB,
    PG_WIRE_COUNT
} PgWire;

typedef struct PgReading {
    uint32_t oid;
    Kind kind;
    PgWire wire;         /* after `cast` */
    const char *cast;    /* appended to a column to read it: "::text"; its own type where it is read as it is, so that a
                            column whose type was changed meanwhile is converted or refused, never taken for another */
    const char *order;   /* appended to a column to compare it in value order */
    const char *literal; /* the type that key bounds are written in, so that an index on the column can be used */
    bool text;           /* value order is byte order: comparisons need a collation */
    bool indexable;      /* the type's own order is value order (of texts: in its own collation) */
} PgReading;

/* Never NULL: a type that is not in the table is read as its text. */
const PgReading *pg_reading(uint32_t oid);

typedef struct PgMeaning {
    const char *family; /* see RelationColumn */
    Kind kind;
    Kind element;
    bool single;
    uint32_t base; /* the OID behind domains */
} PgMeaning;

/* Texts in the arena. */
MUST_CHECK bool pg_meaning(PgSession *session, Arena *arena, uint32_t oid, PgMeaning *out, Err *err);

#endif
