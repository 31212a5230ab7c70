/* `old:`, `new:` or `rows:` in, a SpecSide out: sources with ${NAME} filled in, as_of, table, key, where, computed
 * columns.
 *
 * Refuses: `source` beside `sources`, `as_of` for several, environment variables that are not set, `${` without its
 * name, more key columns than KEY_MAX_COLUMNS. No error quotes a source's value: it may hold a password.
 */
#include "spec/spec_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WAIT_DEFAULT_US = 60000000 };

static bool is_variable_name(Str name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.length > 0;
}

/* `rest` begins with "${". Writes the variable's value, *out_taken the bytes of "${NAME}". */
static bool variable_append(SpecReader *reader, const YamlNode *node, Str rest, Buf *out, size_t *out_taken) {
    const char *close = memchr(rest.bytes, '}', rest.length);
    Str name = {rest.bytes + 2, close == NULL ? 0 : (size_t)(close - rest.bytes) - 2};
    if (!is_variable_name(name)) {
        spec_refuse(reader, node, "cannot fill in \"${\": a variable is written ${NAME}");
        return err_hint(reader->err, "Write $${ for a literal ${.");
    }
    char *variable = arena_copy(reader->arena, name.bytes, name.length);
    const char *value = getenv(variable);
    if (value == NULL) {
        spec_refuse(reader, node, "cannot fill in \"${%s}\": environment variable \"%s\" is not set", variable,
                    variable);
        return err_hint(reader->err, "Set %s in the environment of twofold.", variable);
    }
    buf_text(out, value);
    *out_taken = name.length + 3;
    return true;
}

/* "$${" stands for "${"; what a variable's value holds is never looked at again. */
static bool variables_fill(SpecReader *reader, const YamlNode *node, Buf *out) {
    Str text = node->text;
    for (size_t i = 0; i < text.length;) {
        Str rest = {text.bytes + i, text.length - i};
        size_t taken = 1;
        if (str_starts_with(rest, "$${")) {
            buf_text(out, "${");
            taken = 3;
        } else if (!str_starts_with(rest, "${")) {
            buf_char(out, rest.bytes[0]);
        } else if (!variable_append(reader, node, rest, out, &taken)) {
            return false;
        }
        i += taken;
    }
    return true;
}

static bool source_read(SpecReader *reader, const YamlNode *node, const char **out) {
    Buf filled = {0};
    bool good = variables_fill(reader, node, &filled);
    if (good && str_trim(buf_view(&filled)).length == 0) {
        good = spec_refuse(reader, node, "cannot use a source that is empty once its variables are filled in");
    }
    if (good && !utf8_valid(buf_view(&filled))) {
        good = spec_refuse(reader, node, "cannot use a source that is not valid UTF-8");
    }
    if (good) {
        *out = arena_copy(reader->arena, filled.bytes, filled.length);
    }
    buf_free(&filled);
    return good;
}

static bool sources_read(SpecReader *reader, const char *what, const SideDraft *draft, SpecSide *out) {
    if (draft->source != NULL && draft->sources != NULL) {
        return spec_refuse(reader, draft->sources, "cannot use both \"source\" and \"sources\" in %s", what);
    }
    const YamlNode *single = draft->source;
    const YamlNode *const *nodes = draft->sources != NULL ? (const YamlNode *const *)draft->sources->values : &single;
    size_t count = draft->sources != NULL ? draft->sources->count : draft->source != NULL;
    if (draft->sources != NULL && (count == 0 || count > SPEC_MAX_NAMES)) {
        return spec_refuse(reader, draft->sources, "cannot use %zu \"sources\": it takes 1 to %d", count,
                           SPEC_MAX_NAMES);
    }
    const char **sources = ARENA_MANY(reader->arena, count, const char *);
    for (size_t i = 0; i < count; i++) {
        if (!spec_type_check(reader, SPEC_URL, "sources", nodes[i]) || !source_read(reader, nodes[i], &sources[i])) {
            return false;
        }
    }
    out->sources = sources;
    out->source_count = count;
    out->source_place = count > 0 ? yaml_place(reader->file, nodes[0]) : (SpecPlace){0};
    return true;
}

/* One position says how far one primary's standby must be; shards have as many primaries as they are. */
static bool as_of_read(SpecReader *reader, const char *what, const SideDraft *draft, SpecSide *out) {
    out->max_wait_us = MAX_WAIT_DEFAULT_US;
    if (draft->as_of == NULL) {
        return draft->max_wait == NULL ||
               spec_refuse(reader, draft->max_wait, "cannot use \"max_wait\" in %s: there is no \"as_of\"", what);
    }
    if (draft->sources != NULL && out->source_count > 1) {
        return spec_refuse(reader, draft->as_of, "cannot use \"as_of\" in %s: its sources are several", what);
    }
    out->as_of_place = yaml_place(reader->file, draft->as_of);
    return source_read(reader, draft->as_of, &out->as_of) &&
           (draft->max_wait == NULL || spec_time_read(reader, draft->max_wait, "a time to wait", &out->max_wait_us));
}

static bool computed_read(SpecReader *reader, const YamlNode *node, SpecSide *out) {
    ComputedColumn *columns = ARENA_MANY(reader->arena, node->count, ComputedColumn);
    SpecPlace *places = ARENA_MANY(reader->arena, node->count, SpecPlace);
    for (size_t i = 0; i < node->count; i++) {
        const YamlNode *name = node->keys[i];
        if (name->text.length == 0) {
            return spec_refuse(reader, name, "cannot use an empty name for a computed column");
        }
        if (!spec_type_check(reader, SPEC_SQL, name->text.bytes, node->values[i])) {
            return false;
        }
        columns[i] = (ComputedColumn){name->text.bytes, node->values[i]->text.bytes};
        places[i] = yaml_place(reader->file, node->values[i]);
    }
    out->relation.computed = columns;
    out->relation.computed_count = node->count;
    out->computed_places = places;
    return true;
}

static bool key_read(SpecReader *reader, const YamlNode *node, SpecSide *out) {
    RelationRef *relation = &out->relation;
    if (!spec_names_read(reader, "key", node, &relation->key, &relation->key_count)) {
        return false;
    }
    if (relation->key_count > KEY_MAX_COLUMNS) {
        return spec_refuse(reader, node, "cannot use a key of %zu columns: %d is the most", relation->key_count,
                           KEY_MAX_COLUMNS);
    }
    SpecPlace *places = ARENA_MANY(reader->arena, relation->key_count, SpecPlace);
    for (size_t i = 0; i < relation->key_count; i++) {
        places[i] = yaml_place(reader->file, node->kind == YAML_LIST ? node->values[i] : node);
    }
    out->key_place = yaml_place(reader->file, node);
    out->key_places = places;
    return true;
}

bool spec_side_read(SpecReader *reader, const char *what, const YamlNode *node, SpecSide *out) {
    SideDraft draft;
    if (!spec_mapping_read(reader, SPEC_SIDE, what, node, &draft)) {
        return false;
    }
    SpecSide side = {0};
    side.relation.table = draft.table->text.bytes;
    side.relation.where = draft.where == NULL ? NULL : draft.where->text.bytes;
    side.table_place = side.key_place = yaml_place(reader->file, draft.table);
    side.where_place = draft.where == NULL ? side.table_place : yaml_place(reader->file, draft.where);
    if (!sources_read(reader, what, &draft, &side) || !as_of_read(reader, what, &draft, &side) ||
        (draft.key != NULL && !key_read(reader, draft.key, &side)) ||
        (draft.columns != NULL && !computed_read(reader, draft.columns, &side))) {
        return false;
    }
    *out = side;
    return true;
}
