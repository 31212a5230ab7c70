/* A struct in, a document out, and the other way (promises: journal_bson.h). */
#include "repair/journal_bson.h"

#include <bson/bson.h>
#include <string.h>
#include <xxhash.h>

static const char *const kind_names[] = {
    [JOURNAL_HEADER] = "header", [JOURNAL_INTENT] = "intent", [JOURNAL_OUTCOME] = "outcome"};
static const char *const end_names[] = {
    [JOURNAL_COMMITTED] = "committed", [JOURNAL_ROLLED_BACK] = "rolled-back", [JOURNAL_UNKNOWN] = "unknown"};

enum {
    KINDS = sizeof kind_names / sizeof kind_names[0],
    ENDS = sizeof end_names / sizeof end_names[0],
    SUM_BYTES = 8,
    TAIL_BYTES = SUM_BYTES + 1, /* the sum and the NUL that ends a document */
    LENGTH_BYTES = 4,
    LEAST_BYTES = LENGTH_BYTES + 5 + TAIL_BYTES /* a length, "sum" and nothing else */
};

/* The index of a name, or -1. */
static int name_find(const char *const *names, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void put_text(bson_t *document, const char *name, const char *text) {
    bson_append_utf8(document, name, -1, text == NULL ? "" : text, -1);
}

static void put_time(bson_t *document, const char *name, int64_t wall_us) {
    bson_append_date_time(document, name, -1, wall_us / 1000);
}

static void put_value(bson_t *document, const RowCell *cell) {
    if (cell->null) {
        bson_append_null(document, "value", -1);
    } else if (utf8_valid(cell->text)) {
        bson_append_utf8(document, "value", -1, cell->text.length == 0 ? "" : cell->text.bytes, (int)cell->text.length);
    } else {
        bson_append_binary(document, "value", -1, BSON_SUBTYPE_BINARY, (const uint8_t *)cell->text.bytes,
                           (uint32_t)cell->text.length);
    }
}

static void put_cells(bson_t *document, const char *name, RowImage row) {
    bson_t array;
    bson_append_array_begin(document, name, -1, &array);
    for (size_t i = 0; i < row.count; i++) {
        char space[16];
        const char *index;
        bson_uint32_to_string((uint32_t)i, &index, space, sizeof space);
        bson_t cell;
        bson_append_document_begin(&array, index, -1, &cell);
        put_text(&cell, "name", row.cells[i].name);
        put_text(&cell, "type", row.cells[i].type);
        put_value(&cell, &row.cells[i]);
        bson_append_document_end(&array, &cell);
    }
    bson_append_array_end(document, &array);
}

static void put_image(bson_t *document, const char *name, const JournalImage *image) {
    if (image->present) {
        put_cells(document, name, image->row);
    } else {
        bson_append_null(document, name, -1);
    }
}

static void put_header(bson_t *document, const JournalHeader *header) {
    bson_append_int32(document, "format", -1, JOURNAL_FORMAT);
    put_text(document, "program", header->program);
    put_text(document, "command", header->command);
    put_text(document, "check", header->check);
    put_text(document, "run", header->run);
    put_text(document, "undoes", header->undoes);
    bson_t spec;
    bson_append_document_begin(document, "spec", -1, &spec);
    put_text(&spec, "path", header->spec_path);
    put_text(&spec, "digest", header->spec_digest);
    bson_append_document_end(document, &spec);
    put_text(document, "old", header->old_place);
    put_text(document, "new", header->new_place);
    put_text(document, "trust", header->trust);
    put_time(document, "started", header->started_us);
    put_text(document, "old_identity", header->old_identity);
    put_text(document, "new_identity", header->new_identity);
}

static void put_intent(bson_t *document, const JournalIntent *intent) {
    bson_append_int64(document, "number", -1, intent->number);
    put_time(document, "at", intent->at_us);
    put_text(document, "side", intent->of_new ? "new" : "old");
    bson_append_int64(document, "part", -1, intent->part);
    put_text(document, "relation", intent->relation);
    put_text(document, "transaction", intent->transaction);
    put_cells(document, "key", intent->key);
    put_image(document, "before", &intent->before);
    put_image(document, "after", &intent->after);
}

static void put_outcome(bson_t *document, const JournalOutcome *outcome) {
    bson_append_int64(document, "number", -1, outcome->number);
    put_time(document, "at", outcome->at_us);
    put_text(document, "end", end_names[outcome->end]);
    put_text(document, "reason", outcome->reason);
}

/* An upper bound: names, types and values with what BSON adds to each. libbson counts in 31 bits; nothing longer ever
 * reaches it. */
static size_t row_bytes(RowImage row) {
    size_t bytes = 0;
    for (size_t i = 0; i < row.count && bytes <= JOURNAL_MAX_DOCUMENT; i++) {
        size_t value = row.cells[i].null ? 0 : row.cells[i].text.length;
        bytes += 64 + strlen(row.cells[i].name) + strlen(row.cells[i].type) +
                 (value > JOURNAL_MAX_DOCUMENT ? (size_t)JOURNAL_MAX_DOCUMENT : value);
    }
    return bytes;
}

static bool intent_fits(const JournalIntent *intent) {
    RowImage before = intent->before.row, after = intent->after.row;
    size_t bytes = row_bytes(intent->key) + row_bytes(before) + row_bytes(after) + strlen(intent->relation);
    return intent->key.count <= JOURNAL_MAX_CELLS && before.count <= JOURNAL_MAX_CELLS &&
           after.count <= JOURNAL_MAX_CELLS && bytes + 512 <= JOURNAL_MAX_DOCUMENT;
}

static uint64_t sum_of(Str document) {
    return XXH3_64bits(document.bytes, document.length - TAIL_BYTES);
}

static uint64_t little_endian(const unsigned char *bytes, size_t count) {
    uint64_t number = 0;
    for (size_t i = count; i-- > 0;) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static void sum_set(Buf *out, size_t length) {
    char *document = out->bytes + out->length - length;
    uint64_t sum = sum_of((Str){document, length});
    for (size_t i = 0; i < SUM_BYTES; i++) {
        document[length - TAIL_BYTES + i] = (char)(sum >> (8 * i));
    }
}

bool journal_entry_write(const JournalEntry *entry, Buf *out) {
    if (entry->kind == JOURNAL_INTENT && !intent_fits(&entry->as.intent)) {
        return false;
    }
    bson_t document;
    bson_init(&document);
    put_text(&document, "twofold", kind_names[entry->kind]);
    if (entry->kind == JOURNAL_HEADER) {
        put_header(&document, &entry->as.header);
    } else if (entry->kind == JOURNAL_INTENT) {
        put_intent(&document, &entry->as.intent);
    } else {
        put_outcome(&document, &entry->as.outcome);
    }
    bson_append_int64(&document, "sum", -1, 0);
    buf_append(out, bson_get_data(&document), document.len);
    sum_set(out, document.len);
    bson_destroy(&document);
    return true;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Takes one field after the other. After the first that is not as it should be, `why` is set and nothing is taken. */
typedef struct Fields {
    Arena *arena;
    bson_iter_t at;
    const char *why;
} Fields;

static const char *fields_fail(Fields *fields, const char *name) {
    if (fields->why == NULL) {
        fields->why = arena_printf(fields->arena, "field \"%s\" is missing or of another type", name);
    }
    return "";
}

/* The next field has this name, and one of two types. */
static bool take_next(Fields *fields, const char *name, bson_type_t type, bson_type_t other) {
    if (fields->why != NULL || !bson_iter_next(&fields->at) || strcmp(bson_iter_key(&fields->at), name) != 0 ||
        (bson_iter_type(&fields->at) != type && bson_iter_type(&fields->at) != other)) {
        fields_fail(fields, name);
        return false;
    }
    return true;
}

static Str text_here(Fields *fields, const char *name) {
    uint32_t length;
    const char *bytes = bson_iter_utf8(&fields->at, &length);
    if (!utf8_valid((Str){bytes, length})) {
        fields_fail(fields, name);
    }
    return (Str){bytes, length};
}

/* Without a NUL inside. */
static const char *take_text(Fields *fields, const char *name) {
    if (!take_next(fields, name, BSON_TYPE_UTF8, BSON_TYPE_UTF8)) {
        return "";
    }
    Str text = text_here(fields, name);
    return strlen(text.bytes) == text.length ? text.bytes : fields_fail(fields, name);
}

/* "" where the next field is another one. */
static const char *take_optional(Fields *fields, const char *name) {
    bson_iter_t ahead = fields->at;
    bool there = fields->why == NULL && bson_iter_next(&ahead) && strcmp(bson_iter_key(&ahead), name) == 0;
    return there ? take_text(fields, name) : "";
}

static int64_t take_int(Fields *fields, const char *name) {
    return take_next(fields, name, BSON_TYPE_INT64, BSON_TYPE_INT32) ? bson_iter_as_int64(&fields->at) : 0;
}

static int64_t take_time(Fields *fields, const char *name) {
    if (!take_next(fields, name, BSON_TYPE_DATE_TIME, BSON_TYPE_DATE_TIME)) {
        return 0;
    }
    int64_t wall_ms = bson_iter_date_time(&fields->at);
    if (wall_ms > INT64_MAX / 1000 || wall_ms < INT64_MIN / 1000) {
        fields_fail(fields, name);
        return 0;
    }
    return wall_ms * 1000;
}

static int take_word(Fields *fields, const char *name, const char *const *words, int count) {
    int found = name_find(words, count, take_text(fields, name));
    if (found < 0) {
        fields_fail(fields, name);
    }
    return found < 0 ? 0 : found;
}

static Fields take_inner(Fields *fields) {
    Fields inner = {.arena = fields->arena, .why = fields->why};
    if (inner.why == NULL && !bson_iter_recurse(&fields->at, &inner.at)) {
        fields_fail(&inner, bson_iter_key(&fields->at));
    }
    return inner;
}

/* No field is left. */
static void fields_end(Fields *fields) {
    if (fields->why == NULL && (bson_iter_next(&fields->at) || fields->at.err_off != 0)) {
        fields->why = "it holds more than it should";
    }
}

static Str binary_here(Fields *fields, const char *name) {
    bson_subtype_t subtype = BSON_SUBTYPE_BINARY;
    uint32_t length = 0;
    const uint8_t *bytes = NULL;
    bson_iter_binary(&fields->at, &subtype, &length, &bytes);
    if (subtype != BSON_SUBTYPE_BINARY) {
        fields_fail(fields, name);
    }
    return (Str){(const char *)bytes, length};
}

static void take_value(Fields *fields, RowCell *out) {
    static const char name[] = "value";
    if (fields->why != NULL || !bson_iter_next(&fields->at) || strcmp(bson_iter_key(&fields->at), name) != 0) {
        fields_fail(fields, name);
        return;
    }
    bson_type_t type = bson_iter_type(&fields->at);
    if (type == BSON_TYPE_NULL) {
        out->null = true;
    } else if (type == BSON_TYPE_UTF8) {
        out->text = text_here(fields, name);
    } else if (type == BSON_TYPE_BINARY) {
        out->text = binary_here(fields, name);
    } else {
        fields_fail(fields, name);
    }
}

static size_t array_count(const Fields *fields) {
    bson_iter_t at = fields->at;
    size_t count = 0;
    while (fields->why == NULL && count <= JOURNAL_MAX_CELLS && bson_iter_next(&at)) {
        count++;
    }
    return count;
}

/* The field that `fields` stands on is an array of cells. */
static RowImage row_here(Fields *fields) {
    Fields array = take_inner(fields);
    size_t count = array_count(&array);
    if (count > JOURNAL_MAX_CELLS) {
        array.why = "it holds more columns than a row has";
        count = 0;
    }
    RowCell *cells = arena_zeroed(fields->arena, (count + 1) * sizeof *cells);
    for (size_t i = 0; i < count && array.why == NULL; i++) {
        if (!take_next(&array, arena_printf(fields->arena, "%zu", i), BSON_TYPE_DOCUMENT, BSON_TYPE_DOCUMENT)) {
            break;
        }
        Fields cell = take_inner(&array);
        cells[i].name = take_text(&cell, "name");
        cells[i].type = take_text(&cell, "type");
        take_value(&cell, &cells[i]);
        fields_end(&cell);
        array.why = cell.why;
    }
    fields_end(&array);
    fields->why = array.why;
    return (RowImage){cells, count};
}

static JournalImage take_image(Fields *fields, const char *name) {
    JournalImage image = {.present = false};
    if (take_next(fields, name, BSON_TYPE_ARRAY, BSON_TYPE_NULL) && bson_iter_type(&fields->at) == BSON_TYPE_ARRAY) {
        image.present = true;
        image.row = row_here(fields);
    }
    return image;
}

static void take_header(Fields *fields, JournalHeader *header) {
    int64_t format = take_int(fields, "format");
    if (fields->why == NULL && format != JOURNAL_FORMAT) {
        fields->why = arena_printf(fields->arena, "its format is %lld, and this program reads format %d",
                                   (long long)format, JOURNAL_FORMAT);
    }
    header->program = take_text(fields, "program");
    header->command = take_text(fields, "command");
    header->check = take_text(fields, "check");
    header->run = take_text(fields, "run");
    header->undoes = take_text(fields, "undoes");
    if (take_next(fields, "spec", BSON_TYPE_DOCUMENT, BSON_TYPE_DOCUMENT)) {
        Fields spec = take_inner(fields);
        header->spec_path = take_text(&spec, "path");
        header->spec_digest = take_text(&spec, "digest");
        fields_end(&spec);
        fields->why = spec.why;
    }
    header->old_place = take_text(fields, "old");
    header->new_place = take_text(fields, "new");
    header->trust = take_text(fields, "trust");
    header->started_us = take_time(fields, "started");
    header->old_identity = take_optional(fields, "old_identity");
    header->new_identity = take_optional(fields, "new_identity");
}

static void take_intent(Fields *fields, JournalIntent *intent) {
    static const char *const sides[] = {"old", "new"};
    intent->number = take_int(fields, "number");
    intent->at_us = take_time(fields, "at");
    intent->of_new = take_word(fields, "side", sides, 2) == 1;
    intent->part = take_int(fields, "part");
    intent->relation = take_text(fields, "relation");
    intent->transaction = take_text(fields, "transaction");
    if (take_next(fields, "key", BSON_TYPE_ARRAY, BSON_TYPE_ARRAY)) {
        intent->key = row_here(fields);
    }
    intent->before = take_image(fields, "before");
    intent->after = take_image(fields, "after");
}

static void take_outcome(Fields *fields, JournalOutcome *outcome) {
    outcome->number = take_int(fields, "number");
    outcome->at_us = take_time(fields, "at");
    outcome->end = (JournalEnd)take_word(fields, "end", end_names, ENDS);
    outcome->reason = take_text(fields, "reason");
}

static bool fields_open(Fields *fields, Str document) {
    return bson_iter_init_from_data(&fields->at, (const uint8_t *)document.bytes, document.length);
}

bool journal_entry_read(Arena *arena, Str document, JournalEntry *out, const char **why) {
    Fields fields = {.arena = arena};
    if (!journal_document_whole(document) || !fields_open(&fields, document)) {
        *why = "it is damaged";
        return false;
    }
    JournalEntry entry = {.document = document};
    entry.kind = (JournalKind)take_word(&fields, "twofold", kind_names, KINDS);
    if (fields.why == NULL && entry.kind == JOURNAL_HEADER) {
        take_header(&fields, &entry.as.header);
    } else if (fields.why == NULL && entry.kind == JOURNAL_INTENT) {
        take_intent(&fields, &entry.as.intent);
    } else if (fields.why == NULL) {
        take_outcome(&fields, &entry.as.outcome);
    }
    take_int(&fields, "sum");
    fields_end(&fields);
    if (fields.why != NULL) {
        *why = fields.why;
        return false;
    }
    *out = entry;
    return true;
}

size_t journal_document_length(const unsigned char bytes[4]) {
    uint64_t length = little_endian(bytes, LENGTH_BYTES);
    return length >= LEAST_BYTES && length <= JOURNAL_MAX_DOCUMENT ? (size_t)length : 0;
}

bool journal_document_whole(Str document) {
    const unsigned char *bytes = (const unsigned char *)document.bytes;
    return document.length >= LEAST_BYTES && journal_document_length(bytes) == document.length &&
           little_endian(bytes + document.length - TAIL_BYTES, SUM_BYTES) == sum_of(document) &&
           bytes[document.length - 1] == 0;
}

/* What was read is three levels deep, so libbson's own recursion is bounded. */
void journal_entry_json(const JournalEntry *entry, Buf *out) {
    bson_t document;
    char *json = NULL;
    if (bson_init_static(&document, (const uint8_t *)entry->document.bytes, entry->document.length)) {
        json = bson_as_canonical_extended_json(&document, NULL);
    }
    buf_text(out, json == NULL ? "null" : json);
    buf_char(out, '\n');
    bson_free(json);
}
