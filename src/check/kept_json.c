#include "check/kept_parts.h"

#include "base/json.h"
#include "base/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ----------------------------------------------------------------------------------------------- */

static const char ODD[] = "odd ";
static const char HEX[] = "hex ";
static const char SINGLE[] = "single ";

/* Text that stands in a Value as it came, whatever it is. */
static bool is_raw(Value value) {
    return value.state == CELL_ODD || value.kind == KIND_TEXT || value.kind == KIND_JSON || value.kind == KIND_ARRAY ||
           value.kind == KIND_OPAQUE;
}

static bool fits_json(Str text) {
    return (text.length == 0 || memchr(text.bytes, '\0', text.length) == NULL) && utf8_valid(text);
}

static void hex_write(Str bytes, Buf *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.length; i++) {
        buf_char(out, digits[(unsigned char)bytes.bytes[i] >> 4]);
        buf_char(out, digits[(unsigned char)bytes.bytes[i] & 15]);
    }
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(Arena *arena, Str text, Str *out) {
    char *bytes = arena_alloc(arena, text.length / 2 + 1);
    for (size_t i = 0; i + 1 < text.length; i += 2) {
        int high = hex_digit(text.bytes[i]);
        int low = hex_digit(text.bytes[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = (Str){bytes, text.length / 2};
    return text.length % 2 == 0;
}

/* The kind and the text: two elements of an array that is open. */
static void value_write(Value value, JsonWriter *json) {
    Buf kind = {0}, text = {0};
    bool hex = value.state != CELL_NULL && is_raw(value) && !fits_json(value.as.text);
    bool single = value.single && value.state == CELL_VALUE;
    buf_printf(&kind, "%s%s%s%s", value.state == CELL_ODD ? ODD : "", hex ? HEX : "", single ? SINGLE : "",
               kind_name(value.kind));
    json_text(json, kind.bytes);
    if (value.state == CELL_NULL) {
        json_null(json);
    } else if (is_raw(value) && !hex) {
        json_string(json, value.as.text);
    } else if (hex) {
        hex_write(value.as.text, &text);
        json_string(json, buf_view(&text));
    } else {
        value_print(value, &text);
        json_string(json, buf_view(&text));
    }
    buf_free(&kind);
    buf_free(&text);
}

static bool kind_read(Str name, Kind *out) {
    for (Kind kind = KIND_BOOL; kind < KIND_COUNT; kind++) {
        if (str_equal(name, str_of(kind_name(kind)))) {
            *out = kind;
            return true;
        }
    }
    return false;
}

static bool prefix_take(Str *text, const char *prefix) {
    size_t length = strlen(prefix);
    bool has = str_starts_with(*text, prefix);
    *text = has ? (Str){text->bytes + length, text->length - length} : *text;
    return has;
}

bool kept_string_read(Arena *arena, Str raw, Str *out) {
    Buf text = {0};
    bool good = raw.length > 0 && raw.bytes[0] == '"' && json_unquote(raw, &text);
    *out = good ? str_copy(arena, buf_view(&text)) : (Str){0};
    buf_free(&text);
    return good;
}

static bool text_value_read(Arena *arena, Value *value, Str text, bool hex) {
    if (hex) {
        return is_raw(*value) && hex_read(arena, text, &value->as.text);
    }
    if (value->state == CELL_ODD) {
        value->as.text = text;
        return true;
    }
    return value_parse(arena, value->kind, text, value);
}

/* Elements `at` and `at` + 1 of an array. */
static bool value_read(Arena *arena, Str array, int64_t at, Value *out) {
    Str raw_kind, raw_text, name, text;
    if (!json_element(array, at, &raw_kind) || !json_element(array, at + 1, &raw_text) ||
        !kept_string_read(arena, raw_kind, &name)) {
        return false;
    }
    Value value = {.state = prefix_take(&name, ODD) ? CELL_ODD : CELL_VALUE};
    bool hex = prefix_take(&name, HEX);
    bool single = prefix_take(&name, SINGLE);
    if (!kind_read(name, &value.kind)) {
        return false;
    }
    if (str_equal(raw_text, STR_LITERAL("null"))) {
        *out = (Value){.kind = value.kind, .state = CELL_NULL};
        return value.state != CELL_ODD && !hex;
    }
    bool good = kept_string_read(arena, raw_text, &text) && text_value_read(arena, &value, text, hex);
    if (good) {
        *out = single ? value_single(value) : value;
    }
    return good;
}

/* ---- keys and ranges -------------------------------------------------------------------------------------- */

static void key_write(const Value *key, size_t key_count, JsonWriter *json) {
    if (key == NULL) {
        json_null(json);
        return;
    }
    json_begin_array(json);
    for (size_t i = 0; i < key_count; i++) {
        json_begin_array(json);
        value_write(key[i], json);
        json_end_array(json);
    }
    json_end_array(json);
}

static bool key_read(Arena *arena, Str raw, size_t key_count, const Value **out) {
    Value *key = ARENA_MANY(arena, key_count, Value);
    Str part;
    for (size_t i = 0; i < key_count; i++) {
        if (!json_element(raw, (int64_t)i, &part) || !value_read(arena, part, 0, &key[i])) {
            return false;
        }
    }
    *out = key;
    return !json_element(raw, (int64_t)key_count, &part);
}

static const char *const ROWS_NAMES[] = {
    [RANGE_BETWEEN] = "between", [RANGE_WITH_NULL] = "with null", [RANGE_ALL] = "all"};

const char *range_rows_name(RangeRows rows) {
    return ROWS_NAMES[rows];
}

bool range_rows_read(Str name, RangeRows *out) {
    for (RangeRows rows = RANGE_BETWEEN; rows <= RANGE_ALL; rows++) {
        if (str_equal(name, str_of(ROWS_NAMES[rows]))) {
            *out = rows;
            return true;
        }
    }
    return false;
}

void kept_bound_write(const Value *bound, size_t key_count, Buf *out) {
    JsonWriter json = json_writer(out, false);
    key_write(bound, key_count, &json);
}

bool kept_bound_read(Arena *arena, Str text, size_t key_count, const Value **out) {
    if (text.length == 0 || str_equal(text, STR_LITERAL("null"))) {
        *out = NULL;
        return true;
    }
    const Value *bound;
    if (!key_read(arena, text, key_count, &bound)) {
        return false;
    }
    for (size_t i = 0; i < key_count; i++) {
        if (bound[i].state != CELL_VALUE) {
            return false;
        }
    }
    *out = bound;
    return true;
}

void kept_range_write(Range range, size_t key_count, Buf *out) {
    JsonWriter json = json_writer(out, false);
    json_begin_object(&json);
    json_name(&json, "rows");
    json_text(&json, range_rows_name(range.rows));
    json_name(&json, "from");
    key_write(range.from, key_count, &json);
    json_name(&json, "to");
    key_write(range.to, key_count, &json);
    json_end_object(&json);
}

bool kept_range_read(Arena *arena, Str text, size_t key_count, Range *out) {
    Str rows, name, from, to;
    Range range;
    bool good = json_member(text, STR_LITERAL("rows"), &rows) && json_member(text, STR_LITERAL("from"), &from) &&
                json_member(text, STR_LITERAL("to"), &to) && kept_string_read(arena, rows, &name) &&
                range_rows_read(name, &range.rows) && kept_bound_read(arena, from, key_count, &range.from) &&
                kept_bound_read(arena, to, key_count, &range.to);
    *out = good ? range : *out;
    return good;
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

bool kept_number_read(Str raw, int64_t *out) {
    char digits[24];
    char *end;
    if (raw.length == 0 || raw.length >= sizeof digits) {
        return false;
    }
    memcpy(digits, raw.bytes, raw.length);
    digits[raw.length] = '\0';
    errno = 0;
    *out = strtoll(digits, &end, 10);
    return errno == 0 && end == digits + raw.length;
}

static bool index_read(Str raw, size_t below, size_t *out) {
    int64_t number;
    bool good = kept_number_read(raw, &number) && number >= 0 && (uint64_t)number < below;
    *out = good ? (size_t)number : 0;
    return good;
}

/* ---- counts ----------------------------------------------------------------------------------------------- */

static const struct CountMember {
    const char *name;
    size_t member;
} COUNT_MEMBERS[] = {
    {"old_rows", offsetof(Counts, old_rows)},       {"new_rows", offsetof(Counts, new_rows)},
    {"compared", offsetof(Counts, compared)},       {"undecided", offsetof(Counts, undecided)},
    {"in_flight", offsetof(Counts, in_flight)},     {"traffic_old", offsetof(Counts, traffic_old)},
    {"traffic_new", offsetof(Counts, traffic_new)},
};

enum { COUNT_MEMBER_COUNT = sizeof COUNT_MEMBERS / sizeof COUNT_MEMBERS[0] };

_Static_assert(sizeof(Counts) ==
                   (COUNT_MEMBER_COUNT + FINDING_KINDS + CAUSES) * sizeof(int64_t) + 3 * sizeof(int64_t *),
               "every member of Counts is kept");

/* [[3, 17]]: index and count of those that are not 0. */
static void counts_list_write(const char *name, const int64_t *counts, size_t count, JsonWriter *json) {
    json_name(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        if (counts[i] != 0) {
            json_begin_array(json);
            json_int(json, (int64_t)i);
            json_int(json, counts[i]);
            json_end_array(json);
        }
    }
    json_end_array(json);
}

static bool counts_list_read(Str text, const char *name, int64_t *counts, size_t count) {
    Str list, entry, index, number;
    if (!json_member(text, str_of(name), &list)) {
        return false;
    }
    for (int64_t i = 0; json_element(list, i, &entry); i++) {
        size_t at;
        if (!json_element(entry, 0, &index) || !json_element(entry, 1, &number) || !index_read(index, count, &at) ||
            !kept_number_read(number, &counts[at])) {
            return false;
        }
    }
    return true;
}

/* The lists of a Counts by name, and how long each is under a match. */
typedef struct CountList {
    const char *name;
    int64_t *counts;
    size_t count;
} CountList;

enum { COUNT_LISTS = 5 };

static void count_lists(Counts *counts, const Match *match, CountList out[COUNT_LISTS]) {
    out[0] = (CountList){"kinds", counts->kinds, FINDING_KINDS};
    out[1] = (CountList){"causes", counts->causes, CAUSES};
    out[2] = (CountList){"columns", counts->pair_different, match->pair_count};
    out[3] = (CountList){"violations", counts->invariant_violations, match->invariant_count};
    out[4] = (CountList){"unknown", counts->invariant_undecided, match->invariant_count};
}

void kept_counts_write(const Counts *counts, const Match *match, Buf *out) {
    CountList lists[COUNT_LISTS];
    Counts view = *counts;
    count_lists(&view, match, lists);
    JsonWriter json = json_writer(out, false);
    json_begin_object(&json);
    for (size_t i = 0; i < COUNT_MEMBER_COUNT; i++) {
        int64_t number;
        memcpy(&number, (const char *)counts + COUNT_MEMBERS[i].member, sizeof number);
        json_name(&json, COUNT_MEMBERS[i].name);
        json_int(&json, number);
    }
    for (size_t i = 0; i < COUNT_LISTS; i++) {
        counts_list_write(lists[i].name, lists[i].counts, lists[i].count, &json);
    }
    json_end_object(&json);
}

bool kept_counts_read(Arena *arena, Str text, const Match *match, Counts *out) {
    CountList lists[COUNT_LISTS];
    Str raw;
    *out = counts_make(arena, match);
    count_lists(out, match, lists);
    for (size_t i = 0; i < COUNT_MEMBER_COUNT; i++) {
        int64_t number;
        if (!json_member(text, str_of(COUNT_MEMBERS[i].name), &raw) || !kept_number_read(raw, &number)) {
            return false;
        }
        memcpy((char *)out + COUNT_MEMBERS[i].member, &number, sizeof number);
    }
    for (size_t i = 0; i < COUNT_LISTS; i++) {
        if (!counts_list_read(text, lists[i].name, lists[i].counts, lists[i].count)) {
            return false;
        }
    }
    return true;
}

/* ---- findings --------------------------------------------------------------------------------------------- */

static void indexes_write(const char *name, const size_t *indexes, size_t count, JsonWriter *json) {
    json_name(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_int(json, (int64_t)indexes[i]);
    }
    json_end_array(json);
}

static bool indexes_read(Arena *arena, Str text, const char *name, size_t below, const size_t **out, size_t *count) {
    Str list, raw;
    size_t *indexes = ARENA_MANY(arena, below, size_t);
    *out = indexes;
    *count = 0;
    if (!json_member(text, str_of(name), &list)) {
        return false;
    }
    for (int64_t i = 0; json_element(list, i, &raw); i++) {
        if (*count == below || !index_read(raw, below, &indexes[(*count)++])) {
            return false;
        }
    }
    return true;
}

static void cells_write(const char *side, const FindingCell *cells, size_t count, JsonWriter *json) {
    json_name(json, side);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_begin_array(json);
        json_text(json, cells[i].name);
        value_write(cells[i].value, json);
        json_end_array(json);
    }
    json_end_array(json);
}

/* The match's own text of a column's name; NULL where it has none. */
static const char *column_name(const Relation *relation, Str name) {
    for (size_t i = 0; i < relation->column_count; i++) {
        if (str_equal(name, str_of(relation->columns[i].name))) {
            return relation->columns[i].name;
        }
    }
    return NULL;
}

static bool cells_read(Arena *arena, Str text, const char *side, const Relation *relation, const FindingCell **out,
                       size_t *count) {
    Str list, cell, raw, name;
    FindingCell *cells = ARENA_MANY(arena, relation->column_count, FindingCell);
    *out = cells;
    *count = 0;
    if (!json_member(text, str_of(side), &list)) {
        return false;
    }
    for (int64_t i = 0; json_element(list, i, &cell); i++) {
        if (*count == relation->column_count || !json_element(cell, 0, &raw) || !kept_string_read(arena, raw, &name) ||
            !value_read(arena, cell, 1, &cells[*count].value)) {
            return false;
        }
        cells[*count].name = column_name(relation, name);
        if (cells[(*count)++].name == NULL) {
            return false;
        }
    }
    return true;
}

/* Left out where it is not known. */
static void written_write(const char *name, int64_t written_us, JsonWriter *json) {
    if (written_us != 0) {
        json_name(json, name);
        json_int(json, written_us);
    }
}

static bool written_read(Str text, const char *name, int64_t *out) {
    Str raw;
    return !json_member(text, str_of(name), &raw) || kept_number_read(raw, out);
}

void kept_finding_write(const Finding *finding, Buf *out) {
    JsonWriter json = json_writer(out, false);
    json_begin_object(&json);
    json_name(&json, "kind");
    json_text(&json, finding_kind_name(finding->kind));
    json_name(&json, "key");
    key_write(finding->key, finding->key_count, &json);
    json_name(&json, "cause");
    json_text(&json, cause_name(finding->cause));
    indexes_write("pairs", finding->pairs, finding->pair_count, &json);
    indexes_write("invariants", finding->invariants, finding->invariant_count, &json);
    cells_write("old", finding->old, finding->old_count, &json);
    cells_write("new", finding->new_, finding->new_count, &json);
    written_write("old_written_us", finding->old_written_us, &json);
    written_write("new_written_us", finding->new_written_us, &json);
    json_end_object(&json);
}

bool kept_words_read(Arena *arena, Str text, Finding *out) {
    Str raw_kind, raw_cause, kind, cause;
    if (!json_member(text, STR_LITERAL("kind"), &raw_kind) || !json_member(text, STR_LITERAL("cause"), &raw_cause) ||
        !kept_string_read(arena, raw_kind, &kind) || !kept_string_read(arena, raw_cause, &cause)) {
        return false;
    }
    out->kind = FINDING_KINDS;
    out->cause = CAUSES;
    for (FindingKind i = 0; i < FINDING_KINDS; i++) {
        out->kind = str_equal(kind, str_of(finding_kind_name(i))) ? i : out->kind;
    }
    for (Cause i = 0; i < CAUSES; i++) {
        out->cause = str_equal(cause, str_of(cause_name(i))) ? i : out->cause;
    }
    return out->kind < FINDING_KINDS && out->cause < CAUSES;
}

bool kept_finding_read(Arena *arena, Str text, const Match *match, Finding *out) {
    Str key;
    Finding finding = {.key_count = match->key_count};
    bool good = kept_words_read(arena, text, &finding) && json_member(text, STR_LITERAL("key"), &key) &&
                key_read(arena, key, match->key_count, &finding.key) &&
                indexes_read(arena, text, "pairs", match->pair_count, &finding.pairs, &finding.pair_count) &&
                indexes_read(arena, text, "invariants", match->invariant_count, &finding.invariants,
                             &finding.invariant_count) &&
                cells_read(arena, text, "old", &match->old.relation, &finding.old, &finding.old_count) &&
                cells_read(arena, text, "new", &match->new_.relation, &finding.new_, &finding.new_count) &&
                written_read(text, "old_written_us", &finding.old_written_us) &&
                written_read(text, "new_written_us", &finding.new_written_us);
    *out = good ? finding : *out;
    return good;
}
