/* A document -> bytes that are equal exactly where two documents are (the form: json.h).
 *
 * A tree is read, its members are sorted, and every number is brought to one spelling.
 */
#include "base/json.h"

#include "base/decimal.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---------------------------------------------------------------------------------------------- */

/* A checked number as coefficient * 10^power: its digits from the first to the last that is not 0. */
typedef struct Number {
    Str digits; /* with its sign, without point */
    int32_t power;
} Number;

static int32_t read_power(Str exponent) {
    int32_t power = 0;
    bool negative = exponent.bytes[0] == '-';
    for (size_t i = 0; i < exponent.length; i++) {
        if (exponent.bytes[i] >= '0') {
            power = power * 10 + (exponent.bytes[i] - '0');
        }
    }
    return negative ? -power : power;
}

static Number number_of(Str raw, char *buffer) {
    Number n = {{buffer, 0}, 0};
    bool fraction = false, significant = false;
    for (size_t i = 0; i < raw.length; i++) {
        char c = raw.bytes[i];
        if (c == 'e' || c == 'E') {
            n.power += read_power((Str){raw.bytes + i + 1, raw.length - i - 1});
            break;
        }
        if (c == '.') {
            fraction = true;
            continue;
        }
        significant = significant || (c >= '1' && c <= '9');
        n.power -= fraction ? 1 : 0;
        if (c == '-' || significant) {
            buffer[n.digits.length++] = c;
        }
    }
    if (!significant) {
        return (Number){STR_LITERAL("0"), 0};
    }
    while (buffer[n.digits.length - 1] == '0') {
        n.digits.length--;
        n.power++;
    }
    return n;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void write_u32(Buf *out, size_t value) {
    uint32_t big_endian = htobe32((uint32_t)value);
    buf_append(out, &big_endian, sizeof big_endian);
}

static void write_counted(Buf *out, Str bytes) {
    uint32_t big_endian = htobe32((uint32_t)bytes.length);
    char *room = buf_room(out, sizeof big_endian + bytes.length);
    memcpy(room, &big_endian, sizeof big_endian);
    if (bytes.length > 0) {
        memcpy(room + sizeof big_endian, bytes.bytes, bytes.length);
    }
    buf_claim(out, sizeof big_endian + bytes.length);
}

static void write_number(Str raw, Arena *scratch, Buf *out) {
    Number n = number_of(raw, arena_alloc(scratch, raw.length));
    Decimal coefficient = {0};
    (void)decimal_parse(scratch, n.digits, &coefficient);
    unsigned char small[DECIMAL_CANONICAL_SMALL];
    Buf big = {0};
    Str bytes;
    if (coefficient.limbs == NULL) {
        bytes = (Str){(const char *)small, decimal_canonical_small(&coefficient, small)};
    } else {
        decimal_canonical(coefficient, &big);
        bytes = buf_view(&big);
    }
    write_u32(out, bytes.length + 4);
    buf_str(out, bytes);
    write_u32(out, (uint32_t)n.power);
    buf_free(&big);
}

/* As jsonb keeps its members, whose texts then need no sorting; of one name the later in the text comes later. */
static int compare_members(const void *a, const void *b) {
    const JsonNode *x = *(JsonNode *const *)a, *y = *(JsonNode *const *)b;
    if (x->name.length != y->name.length) {
        return x->name.length < y->name.length ? -1 : 1;
    }
    int order = str_compare(x->name, y->name);
    return order != 0 ? order : (x->raw.bytes > y->raw.bytes) - (x->raw.bytes < y->raw.bytes);
}

/* The members in canonical order, each name once; how many. */
static size_t sort_members(const JsonNode *object, JsonNode **members) {
    size_t count = 0, kept = 0;
    bool sorted = true;
    for (JsonNode *member = object->first; member != NULL; member = member->next) {
        members[count++] = member;
        sorted = sorted && (count < 2 || compare_members(&members[count - 2], &members[count - 1]) < 0);
    }
    if (!sorted) {
        qsort(members, count, sizeof members[0], compare_members);
    }
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || !str_equal(members[i]->name, members[i + 1]->name)) {
            members[kept++] = members[i];
        }
    }
    return kept;
}

static void write_node(const JsonNode *node, Arena *scratch, Buf *out);

static void write_object(const JsonNode *object, Arena *scratch, Buf *out) {
    JsonNode **members = ARENA_MANY(scratch, object->count, JsonNode *);
    size_t count = sort_members(object, members);
    write_u32(out, count);
    for (size_t i = 0; i < count; i++) {
        write_counted(out, members[i]->name);
        write_node(members[i], scratch, out);
    }
}

static void write_node(const JsonNode *node, Arena *scratch, Buf *out) {
    buf_char(out, (char)node->type);
    switch (node->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        break;
    case JSON_NUMBER:
        write_number(node->raw, scratch, out);
        break;
    case JSON_STRING:
        write_counted(out, json_content(node, scratch));
        break;
    case JSON_ARRAY:
        write_u32(out, node->count);
        for (const JsonNode *element = node->first; element != NULL; element = element->next) {
            write_node(element, scratch, out);
        }
        break;
    case JSON_OBJECT:
        write_object(node, scratch, out);
        break;
    }
}

bool json_canonical(Str text, Arena *scratch, Buf *out) {
    const JsonNode *root;
    ArenaMark mark = arena_mark(scratch);
    bool good = json_read(text, scratch, &root);
    if (good) {
        write_node(root, scratch, out);
    }
    arena_rewind(scratch, mark);
    return good;
}
