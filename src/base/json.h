/* What documents mean.
 *
 * In: JSON text (json, jsonb, documents of other systems), not to be trusted. Out: canonical bytes that are equal
 * exactly where two documents are (json_canonical.c), and the parts that the expression language asks for (json.c).
 *
 * Promises: member order, spaces, escapes and number spellings do not matter (1.0, 1 and 1e0 are one number, exactly:
 * 2^53 and 2^53 + 1 differ); where a name occurs twice the last one wins, as in jsonb; the order of elements matters.
 * Refuses: what RFC 8259 does not allow, invalid UTF-8, lone surrogates (no text can hold them), nesting deeper than
 * JSON_MAX_DEPTH, numbers of more than DECIMAL_MAX_BEFORE digits or with an exponent beyond a billion.
 *
 * No library at hand keeps numbers exact under these rules (they give doubles, or the digits as written): hence a
 * reader of our own.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/text.h"

enum { JSON_MAX_DEPTH = 1000 };

/* Appends the canonical bytes; false, and nothing appended: not such a text. `scratch` is as before afterwards.
 *
 *     null, false, true   00, 01, 02
 *     number              03 + u32 length + decimal_canonical of the coefficient without zeros at its end
 *                            + i32 power of ten
 *     string              04 + u32 length + UTF-8
 *     array               05 + u32 count + elements
 *     object              06 + u32 count + members by length of name, then by memcmp: u32 length + name + value
 *
 * (all integers big-endian) */
bool json_canonical(Str text, Arena *scratch, Buf *out);

/* The raw text of a member's value; false: no such member, not an object, malformed. */
bool json_member(Str text, Str name, Str *out_raw);
/* Of an element, from 0; negative: from the end, -1 the last. False: no such element, not an array, malformed. */
bool json_element(Str text, int64_t index, Str *out_raw);
/* A value as text, as ->> gives it: appends a string's content without quotes and escapes, any other value as it
 * stands. False, and nothing appended: null, malformed, or a string with \u0000, which no SQL text can hold. */
bool json_unquote(Str text, Buf *out);

typedef enum JsonType {
    JSON_NULL = 0,
    JSON_FALSE = 1,
    JSON_TRUE = 2,
    JSON_NUMBER = 3,
    JSON_STRING = 4,
    JSON_ARRAY = 5,
    JSON_OBJECT = 6
} JsonType; /* the tags of the canonical form */

typedef struct JsonNode JsonNode;
struct JsonNode {
    JsonType type;
    Str raw;                       /* as it stands in the text; strings with their quotes */
    Str name;                      /* of a member, unescaped */
    JsonNode *first, *last, *next; /* children; the next child of the same parent */
    uint32_t count;
};

/* The whole text as a tree, in arena; the text must live as long. */
bool json_read(Str text, Arena *arena, const JsonNode **out);
/* The value of a member; NULL: no such member, or not an object (nor NULL). */
const JsonNode *json_get(const JsonNode *object, const char *name);
/* The content of a string; empty for anything else, NULL too. */
Str json_content(const JsonNode *node, Arena *arena);

#endif
