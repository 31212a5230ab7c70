/* In: the name of a type, as SQL spells it. Out: which kind and how narrow. */
#include "expr/token.h"
#include "expr/tree.h"

#include <string.h>

typedef struct TypeSpelling {
    const char *name;
    TypeName type;
} TypeSpelling;

/* The first spelling of a type is the one printed. */
static const TypeSpelling spellings[] = {
    {"smallint", {.kind = KIND_INT, .bits = 16}},
    {"integer", {.kind = KIND_INT, .bits = 32}},
    {"bigint", {.kind = KIND_INT, .bits = 64}},
    {"numeric", {.kind = KIND_DECIMAL}},
    {"real", {.kind = KIND_FLOAT, .bits = 32}},
    {"float", {.kind = KIND_FLOAT, .bits = 64}},
    {"text", {.kind = KIND_TEXT}},
    {"varchar", {.kind = KIND_TEXT}},
    {"bool", {.kind = KIND_BOOL}},
    {"bytea", {.kind = KIND_BYTES}},
    {"date", {.kind = KIND_DATE}},
    {"time", {.kind = KIND_TIME}},
    {"timestamp", {.kind = KIND_TIMESTAMP}},
    {"timestamptz", {.kind = KIND_TIMESTAMPTZ}},
    {"interval", {.kind = KIND_INTERVAL}},
    {"uuid", {.kind = KIND_UUID}},
    {"json", {.kind = KIND_JSON}},
    {"jsonb", {.kind = KIND_JSON}},
    {"int", {.kind = KIND_INT, .bits = 32}},
    {"int2", {.kind = KIND_INT, .bits = 16}},
    {"int4", {.kind = KIND_INT, .bits = 32}},
    {"int8", {.kind = KIND_INT, .bits = 64}},
    {"decimal", {.kind = KIND_DECIMAL}},
    {"float4", {.kind = KIND_FLOAT, .bits = 32}},
    {"float8", {.kind = KIND_FLOAT, .bits = 64}},
    {"double precision", {.kind = KIND_FLOAT, .bits = 64}},
    {"character varying", {.kind = KIND_TEXT}},
    {"boolean", {.kind = KIND_BOOL}},
    {"timestamp with time zone", {.kind = KIND_TIMESTAMPTZ}},
    {"timestamp without time zone", {.kind = KIND_TIMESTAMP}},
    {"time without time zone", {.kind = KIND_TIME}},
};

enum { SPELLING_COUNT = sizeof spellings / sizeof spellings[0] };

static const char *const spelling_names[] = {
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "float",
    "text",
    "varchar",
    "bool",
    "bytea",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "double precision",
};

bool type_find(Str name, TypeName *out) {
    for (size_t i = 0; i < SPELLING_COUNT; i++) {
        if (str_is_word(name, spellings[i].name)) {
            *out = spellings[i].type;
            return true;
        }
    }
    return false;
}

const char *const *type_names(size_t *count) {
    *count = sizeof spelling_names / sizeof spelling_names[0];
    return spelling_names;
}

void type_print(TypeName type, Buf *out) {
    if (type.length > 0) {
        buf_printf(out, "varchar(%d)", type.length);
        return;
    }
    for (size_t i = 0; i < SPELLING_COUNT; i++) {
        if (spellings[i].type.kind == type.kind && spellings[i].type.bits == type.bits) {
            buf_text(out, spellings[i].name);
            break;
        }
    }
    if (type.has_precision) {
        buf_printf(out, "(%d,%d)", type.precision, type.scale);
    }
}
