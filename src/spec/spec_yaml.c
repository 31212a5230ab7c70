/* libfyaml's events in, a YamlFile out; see spec_yaml.h for what is promised and refused.
 *
 * Events rather than libfyaml's own document: depth, duplicate keys and aliases are then decided here, before
 * anything has grown. A parser and its diagnostics have one owner, yaml_parse.
 */
#include "spec/spec_yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <string.h>
#include <unistd.h>

typedef struct Anchor Anchor;
struct Anchor {
    Str name;
    const YamlNode *node;
    Anchor *next;
};

typedef struct YamlReader {
    Arena *arena;
    YamlFile *file;
    struct fy_parser *parser;
    struct fy_diag *diag;
    Anchor *anchors;
    int anchor_count;
    int depth;
    Err *err;
} YamlReader;

/* ---- places ------------------------------------------------------------------------------------------- */

static SpecPlace place_of_bytes(Str text, size_t offset, size_t length) {
    size_t line_start = 0;
    int line = 1;
    for (size_t i = 0; i < offset && i < text.length; i++) {
        if (text.bytes[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    size_t end = offset;
    while (end < text.length && end < offset + length && text.bytes[end] != '\n' && text.bytes[end] != '\r') {
        end++;
    }
    size_t before = utf8_length((Str){text.bytes + line_start, offset - line_start});
    size_t under = utf8_length((Str){text.bytes + offset, end - offset});
    return (SpecPlace){line, (int)before + 1, under == 0 ? 1 : (int)under};
}

SpecPlace yaml_place(const YamlFile *file, const YamlNode *node) {
    return place_of_bytes(file->text, node->offset, node->length);
}

static bool is_blank_at(Str text, size_t at) {
    return at < text.length && memchr(" \t\r\n", text.bytes[at], 4) != NULL;
}

static size_t blanks_end(Str text, size_t at) {
    while (is_blank_at(text, at)) {
        at++;
    }
    return at;
}

/* The byte of the file where byte `offset` of the text stands; SIZE_MAX: nowhere. */
static size_t byte_of(Str file, size_t from, Str text, size_t offset) {
    size_t at = from;
    for (size_t i = 0; i < offset;) {
        if (is_blank_at(text, i) && is_blank_at(file, at)) {
            i = blanks_end(text, i);
            at = blanks_end(file, at);
        } else if (i < text.length && at < file.length && text.bytes[i] == file.bytes[at]) {
            i++;
            at++;
        } else {
            return SIZE_MAX;
        }
    }
    return at;
}

bool yaml_place_of(Str file, size_t from, Str text, size_t offset, size_t length, SpecPlace *out) {
    size_t whole = text.length;
    while (whole > 0 && is_blank_at(text, whole - 1)) {
        whole--;
    }
    size_t start = byte_of(file, from, text, offset), end = byte_of(file, from, text, offset + length);
    if (start == SIZE_MAX || end == SIZE_MAX || byte_of(file, from, text, whole) == SIZE_MAX) {
        return false;
    }
    *out = place_of_bytes(file, start, end - start);
    return true;
}

SpecPlace yaml_place_inside(const YamlFile *file, const YamlNode *node, size_t offset, size_t length) {
    if (node->verbatim && offset <= node->text.length) {
        return place_of_bytes(file->text, node->offset + offset, length);
    }
    SpecPlace place;
    return yaml_place_of(file->text, node->offset, node->text, offset, length, &place) ? place : yaml_place(file, node);
}

static bool refuse_at(YamlReader *reader, size_t offset, size_t length) {
    SpecPlace place = place_of_bytes(reader->file->text, offset, length);
    return yaml_error_at(reader->file->path, reader->file->text, place, reader->err);
}

const YamlNode *yaml_get(const YamlNode *mapping, const char *key) {
    for (size_t i = 0; i < mapping->count; i++) {
        if (str_equal(mapping->keys[i]->text, str_of(key))) {
            return mapping->values[i];
        }
    }
    return NULL;
}

/* ---- events to nodes ---------------------------------------------------------------------------------- */

static size_t event_offset(YamlReader *reader, struct fy_event *event) {
    const struct fy_mark *mark = fy_event_start_mark(event);
    size_t end = reader->file->text.length;
    return mark != NULL && mark->input_pos <= end ? mark->input_pos : end;
}

static size_t event_end(YamlReader *reader, struct fy_event *event, size_t offset) {
    const struct fy_mark *mark = fy_event_end_mark(event);
    return mark != NULL && mark->input_pos > offset && mark->input_pos <= reader->file->text.length ? mark->input_pos
                                                                                                    : offset;
}

/* Behind the last text of the file: where something that never ended is missing. */
static SpecPlace last_place(Str text) {
    size_t end = text.length;
    while (end > 0 && memchr(" \t\r\n", text.bytes[end - 1], 4) != NULL) {
        end--;
    }
    return place_of_bytes(text, end, 1);
}

/* What libfyaml's parser found wrong, at its place. */
static bool refuse_syntax(YamlReader *reader) {
    void *previous = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(reader->diag, &previous);
    if (first == NULL) {
        return err_set(reader->err, TF_ERROR_USAGE, "%s: cannot read YAML", reader->file->path);
    }
    err_set(reader->err, TF_ERROR_USAGE, "cannot read YAML: %s", first->msg);
    SpecPlace place = {first->line < 1 ? 1 : first->line, first->column < 1 ? 1 : first->column, 1};
    SpecPlace end = last_place(reader->file->text);
    place = place.line > end.line ? end : place;
    return yaml_error_at(reader->file->path, reader->file->text, place, reader->err);
}

static bool is_null_word(Str text) {
    static const char *const WORDS[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_equal(text, str_of(WORDS[i]))) {
            return true;
        }
    }
    return false;
}

static bool bytes_stand_at(Str file, size_t offset, Str content) {
    return offset <= file.length && file.length - offset >= content.length &&
           (content.length == 0 || memcmp(file.bytes + offset, content.bytes, content.length) == 0);
}

/* A block scalar's mark is its first line's beginning; its text begins behind the indent. */
static void skip_indent(YamlReader *reader, YamlNode *node) {
    while (node->length > 0 && memchr(" \r\n", reader->file->text.bytes[node->offset], 3) != NULL) {
        node->offset++;
        node->length--;
    }
}

/* A value left out ("key:") has no token; it stands where the scan is, after its key. */
static bool scalar_fill(YamlReader *reader, struct fy_event *event, YamlNode *node) {
    struct fy_token *token = event->scalar.value;
    size_t length = 0;
    const char *bytes = token == NULL ? "" : fy_token_get_text(token, &length);
    enum fy_scalar_style style = token == NULL ? FYSS_PLAIN : fy_token_scalar_style(token);
    Str text = {bytes == NULL ? "" : bytes, length};
    if (memchr(text.bytes, '\0', text.length) != NULL) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read a text with a NUL in it");
        return refuse_at(reader, node->offset, node->length);
    }
    node->text = (Str){arena_copy(reader->arena, text.bytes, text.length), text.length};
    node->kind = style == FYSS_PLAIN && is_null_word(text) ? YAML_NULL : YAML_TEXT;
    skip_indent(reader, node);
    node->verbatim = token != NULL && bytes_stand_at(reader->file->text, node->offset, text);
    node->length = node->verbatim ? length : node->length;
    return true;
}

typedef struct NodeList {
    const YamlNode **items;
    size_t count, room;
} NodeList;

static void list_add(Arena *arena, NodeList *list, const YamlNode *node) {
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 8 : list->room * 2;
        const YamlNode **items = ARENA_MANY(arena, room, const YamlNode *);
        if (list->count > 0) {
            memcpy(items, list->items, list->count * sizeof(*items));
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = node;
}

static bool node_read(YamlReader *reader, struct fy_event *event, const YamlNode **out);

/* The next event's node; *out NULL where the collection ends. */
static bool child_read(YamlReader *reader, const YamlNode **out) {
    struct fy_event *event = fy_parser_parse(reader->parser);
    if (event == NULL) {
        return refuse_syntax(reader);
    }
    bool ends = event->type == FYET_SEQUENCE_END || event->type == FYET_MAPPING_END;
    *out = NULL;
    bool good = ends || node_read(reader, event, out);
    fy_parser_event_free(reader->parser, event);
    return good;
}

/* Counts what a child stands for, so that nine lines of aliases of aliases cannot stand for a billion nodes. */
static bool node_count(YamlReader *reader, YamlNode *parent, const YamlNode *child) {
    parent->nodes += child->nodes;
    if (parent->nodes > YAML_MAX_NODES) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read YAML: more than %d values", YAML_MAX_NODES);
        return refuse_at(reader, child->offset, child->length);
    }
    return true;
}

static bool items_read(YamlReader *reader, YamlNode *node) {
    NodeList items = {0};
    for (;;) {
        const YamlNode *item;
        if (!child_read(reader, &item)) {
            return false;
        }
        if (item == NULL) {
            break;
        }
        if (!node_count(reader, node, item)) {
            return false;
        }
        list_add(reader->arena, &items, item);
    }
    node->values = items.items;
    node->count = items.count;
    return true;
}

static bool key_check(YamlReader *reader, const NodeList *keys, const YamlNode *key) {
    if (key->kind == YAML_LIST || key->kind == YAML_MAPPING) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot use a list or mapping as a key");
        return refuse_at(reader, key->offset, 1);
    }
    if (keys->count >= YAML_MAX_KEYS) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read a mapping of more than %d keys", YAML_MAX_KEYS);
        return refuse_at(reader, key->offset, key->length);
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (str_equal(keys->items[i]->text, key->text)) {
            err_set(reader->err, TF_ERROR_USAGE, "cannot use key \"%.*s\" twice", STR_ARG(key->text));
            return refuse_at(reader, key->offset, key->length);
        }
    }
    return true;
}

/* A value left out is shown at its key. */
static const YamlNode *value_at_key(YamlReader *reader, const YamlNode *key, const YamlNode *value) {
    if (value->kind != YAML_NULL || value->text.length > 0) {
        return value;
    }
    YamlNode *placed = ARENA_NEW(reader->arena, YamlNode);
    *placed = *value;
    placed->offset = key->offset;
    placed->length = key->length;
    return placed;
}

static bool members_read(YamlReader *reader, YamlNode *node) {
    NodeList keys = {0}, values = {0};
    for (;;) {
        const YamlNode *key, *value;
        if (!child_read(reader, &key)) {
            return false;
        }
        if (key == NULL) {
            break;
        }
        if (!key_check(reader, &keys, key) || !child_read(reader, &value)) {
            return false;
        }
        if (!node_count(reader, node, key) || !node_count(reader, node, value)) {
            return false;
        }
        list_add(reader->arena, &keys, key);
        list_add(reader->arena, &values, value_at_key(reader, key, value));
    }
    node->keys = keys.items;
    node->values = values.items;
    node->count = keys.count;
    if (node->count > 0) {
        node->offset = keys.items[0]->offset;
        node->length = keys.items[0]->length;
    }
    return true;
}

static bool alias_read(YamlReader *reader, struct fy_event *event, size_t offset, const YamlNode **out) {
    size_t length = 0;
    const char *bytes = fy_token_get_text(event->alias.anchor, &length);
    Str name = {bytes, length};
    for (const Anchor *anchor = reader->anchors; anchor != NULL; anchor = anchor->next) {
        if (str_equal(anchor->name, name)) {
            *out = anchor->node;
            return true;
        }
    }
    err_set(reader->err, TF_ERROR_USAGE, "cannot find anchor \"%.*s\"", STR_ARG(name));
    return refuse_at(reader, offset, length);
}

/* An anchor is known once its node is complete, so that no node can hold itself. */
static bool anchor_note(YamlReader *reader, struct fy_event *event, const YamlNode *node) {
    struct fy_token *token = fy_event_get_anchor_token(event);
    size_t length = 0;
    const char *bytes = token == NULL ? NULL : fy_token_get_text(token, &length);
    if (bytes == NULL) {
        return true;
    }
    if (++reader->anchor_count > YAML_MAX_ANCHORS) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read more than %d anchors", YAML_MAX_ANCHORS);
        return refuse_at(reader, node->offset, 1);
    }
    Anchor *anchor = ARENA_NEW(reader->arena, Anchor);
    *anchor = (Anchor){{arena_copy(reader->arena, bytes, length), length}, node, reader->anchors};
    reader->anchors = anchor;
    return true;
}

static bool content_read(YamlReader *reader, struct fy_event *event, YamlNode *node) {
    if (event->type == FYET_SCALAR) {
        return scalar_fill(reader, event, node);
    }
    if (reader->depth >= YAML_MAX_DEPTH) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read YAML nested deeper than %d levels", YAML_MAX_DEPTH);
        return refuse_at(reader, node->offset, 1);
    }
    reader->depth++;
    node->kind = event->type == FYET_SEQUENCE_START ? YAML_LIST : YAML_MAPPING;
    bool good = node->kind == YAML_LIST ? items_read(reader, node) : members_read(reader, node);
    reader->depth--;
    return good;
}

static bool node_read(YamlReader *reader, struct fy_event *event, const YamlNode **out) {
    size_t offset = event_offset(reader, event);
    if (event->type == FYET_ALIAS) {
        return alias_read(reader, event, offset, out);
    }
    size_t end = event_end(reader, event, offset);
    if (fy_event_get_tag_token(event) != NULL) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot use YAML tags");
        return refuse_at(reader, offset, end - offset);
    }
    YamlNode *node = ARENA_NEW(reader->arena, YamlNode);
    node->offset = offset;
    node->length = end - offset;
    node->nodes = 1;
    if (!content_read(reader, event, node) || !anchor_note(reader, event, node)) {
        return false;
    }
    *out = node;
    return true;
}

/* ---- documents ---------------------------------------------------------------------------------------- */

static bool root_read(YamlReader *reader, struct fy_event *event) {
    if (reader->file->root != NULL) {
        err_set(reader->err, TF_ERROR_USAGE, "cannot read a second document");
        return refuse_at(reader, event_offset(reader, event), 1);
    }
    return node_read(reader, event, &reader->file->root);
}

static bool is_content(enum fy_event_type type) {
    return type == FYET_SCALAR || type == FYET_ALIAS || type == FYET_SEQUENCE_START || type == FYET_MAPPING_START;
}

static bool stream_read(YamlReader *reader) {
    for (;;) {
        struct fy_event *event = fy_parser_parse(reader->parser);
        if (event == NULL) {
            return fy_parser_get_stream_error(reader->parser) ? refuse_syntax(reader) : true;
        }
        bool good = !is_content(event->type) || root_read(reader, event);
        fy_parser_event_free(reader->parser, event);
        if (!good) {
            return false;
        }
    }
}

static bool text_check(const YamlFile *file, Err *err) {
    const char *nul = file->text.length == 0 ? NULL : memchr(file->text.bytes, '\0', file->text.length);
    if (nul != NULL) {
        return err_set(err, TF_ERROR_USAGE, "cannot read \"%s\": byte %zu is a NUL", file->path,
                       (size_t)(nul - file->text.bytes) + 1);
    }
    if (!utf8_valid(file->text)) {
        return err_set(err, TF_ERROR_USAGE, "cannot read \"%s\": it is not valid UTF-8", file->path);
    }
    return true;
}

static struct fy_diag *diag_make(void) {
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.level = FYET_ERROR;
    config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag != NULL) {
        fy_diag_set_collect_errors(diag, true);
    }
    return diag;
}

bool yaml_parse(Arena *arena, const char *path, Str text, YamlFile *out, Err *err) {
    YamlFile file = {path, {arena_copy(arena, text.length == 0 ? "" : text.bytes, text.length), text.length}, NULL};
    if (!text_check(&file, err)) {
        return false;
    }
    YamlReader reader = {.arena = arena, .file = &file, .diag = diag_make(), .err = err};
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT,
                                  .diag = reader.diag};
    reader.parser = reader.diag == NULL ? NULL : fy_parser_create(&config);
    bool good = reader.parser != NULL && fy_parser_set_string(reader.parser, file.text.bytes, file.text.length) == 0;
    if (good) {
        good = stream_read(&reader);
    } else {
        err_set(err, TF_ERROR_INTERNAL, "could not read \"%s\": the YAML parser did not start", path);
    }
    fy_parser_destroy(reader.parser);
    fy_diag_destroy(reader.diag);
    if (good) {
        *out = file;
    }
    return good;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static bool descriptor_read(int descriptor, const char *shown, Buf *out, Err *err) {
    char block[16384];
    while (out->length <= YAML_MAX_BYTES) {
        ssize_t got = read(descriptor, block, sizeof(block));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set(err, TF_ERROR_USAGE, "could not read \"%s\": %s", shown, strerror(errno));
        }
        if (got == 0) {
            return true;
        }
        buf_append(out, block, (size_t)got);
    }
    return err_set(err, TF_ERROR_USAGE, "cannot read \"%s\": it is larger than 1 MiB", shown);
}

bool yaml_read(Arena *arena, const char *path, YamlFile *out, Err *err) {
    bool standard_input = strcmp(path, "-") == 0;
    const char *shown = standard_input ? "<stdin>" : path;
    int descriptor = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return err_set(err, TF_ERROR_USAGE, "could not open \"%s\": %s", shown, strerror(errno));
    }
    Buf bytes = {0};
    bool good = descriptor_read(descriptor, shown, &bytes, err) &&
                yaml_parse(arena, arena_copy(arena, shown, strlen(shown)), buf_view(&bytes), out, err);
    buf_free(&bytes);
    if (!standard_input) {
        close(descriptor);
    }
    return good;
}
