/* `invariants:` in, parsed and named expressions out.
 *
 *     - {name: currency-present, holds: new.currency is not null, null: fails}
 *     - {use: money/minor-units, with: {legacy: old.total, minor: new.total_minor}}
 *
 * Refuses, at the byte where it happened: expressions that do not parse, `holds` beside `use`, ready invariants and
 * parameters that are not there, parameters left out, two invariants of one name.
 */
#include "spec/library.h"
#include "spec/spec_parts.h"

#include <string.h>

enum { MAX_NAME_BYTES = 120 };

typedef struct InvariantReader {
    SpecReader *spec;
    SpecInvariant *list;
    size_t count;
} InvariantReader;

/* ---- names -------------------------------------------------------------------------------------------- */

static bool name_taken(const InvariantReader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++) {
        if (strcmp(reader->list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The first of base, base-2, base-3, ... that is free. */
static const char *free_name(const InvariantReader *reader, const char *base) {
    const char *name = base;
    for (int i = 2; name_taken(reader, name); i++) {
        name = arena_printf(reader->spec->arena, "%s-%d", base, i);
    }
    return name;
}

static bool name_check(InvariantReader *reader, const YamlNode *node) {
    Str name = node->text;
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.bytes[i];
        if (c < 0x20 || c == 0x7f) {
            return spec_refuse(reader->spec, node, "cannot use a name with control characters");
        }
    }
    if (name.length > MAX_NAME_BYTES) {
        return spec_refuse(reader->spec, node, "cannot use a name longer than %d bytes", MAX_NAME_BYTES);
    }
    if (name_taken(reader, name.bytes)) {
        return spec_refuse(reader->spec, node, "cannot use the name \"%s\" for two invariants", name.bytes);
    }
    return true;
}

bool spec_null_policy_read(SpecReader *reader, const YamlNode *node, NullPolicy *out) {
    static const char *const WORDS[] = {"undecided", "holds", "fails"};
    static const NullPolicy POLICIES[] = {NULL_UNDECIDED, NULL_HOLDS, NULL_FAILS};
    if (node == NULL) {
        return true;
    }
    for (size_t i = 0; i < 3; i++) {
        if (str_equal(node->text, str_of(WORDS[i]))) {
            *out = POLICIES[i];
            return true;
        }
    }
    spec_refuse(reader, node, "cannot use \"%.*s\" for \"null\"", STR_ARG(node->text));
    return spec_suggest(reader, node->text, WORDS, 3);
}

/* ---- expressions -------------------------------------------------------------------------------------- */

bool spec_expression_read(SpecReader *reader, const YamlNode *node, Expr **out) {
    Place place = {0, 0};
    if (expr_parse(reader->arena, node->text, out, &place, reader->err)) {
        return true;
    }
    SpecPlace shown = yaml_place_inside(reader->file, node, place.offset, place.length);
    return yaml_error_at(reader->file->path, reader->file->text, shown, reader->err);
}

static bool holds_read(InvariantReader *reader, const InvariantDraft *draft, SpecInvariant *out) {
    if (draft->with != NULL) {
        return spec_refuse(reader->spec, draft->with, "cannot use \"with\" without \"use\"");
    }
    if (!spec_expression_read(reader->spec, draft->holds, &out->expr)) {
        return false;
    }
    Str shown = str_trim(draft->holds->text); /* a folded text ends in a line break */
    out->holds = arena_copy(reader->spec->arena, shown.bytes, shown.length);
    out->place = yaml_place(reader->spec->file, draft->holds);
    out->name = spec_slug(reader->spec->arena, draft->holds->text);
    return true;
}

/* ---- ready ones --------------------------------------------------------------------------------------- */

static const char **parameter_names(Arena *arena, const LibraryEntry *entry) {
    const char **names = ARENA_MANY(arena, entry->parameter_count, const char *);
    for (size_t i = 0; i < entry->parameter_count; i++) {
        names[i] = entry->parameters[i].name;
    }
    return names;
}

/* Every key of `with:` is a parameter of the entry. */
static bool with_check(SpecReader *reader, const LibraryEntry *entry, const char *use, const YamlNode *with) {
    const char **names = parameter_names(reader->arena, entry);
    for (size_t i = 0; i < with->count; i++) {
        Str name = with->keys[i]->text;
        size_t at = 0;
        while (at < entry->parameter_count && !str_equal(name, str_of(names[at]))) {
            at++;
        }
        if (at == entry->parameter_count) {
            spec_refuse(reader, with->keys[i], "cannot use parameter \"%.*s\": %s has no such parameter", STR_ARG(name),
                        use);
            return spec_suggest(reader, name, names, entry->parameter_count);
        }
    }
    return true;
}

static bool value_read(SpecReader *reader, const LibraryParameter *parameter, const InvariantDraft *draft, Expr **out) {
    const YamlNode *node = draft->with == NULL ? NULL : yaml_get(draft->with, parameter->name);
    *out = NULL;
    if (node != NULL) {
        /* `null` in `with:` is the expression null. */
        return (node->kind == YAML_NULL && node->text.length > 0) ||
                       spec_type_check(reader, SPEC_EXPRESSION, parameter->name, node)
                   ? spec_expression_read(reader, node, out)
                   : false;
    }
    if (parameter->default_ == NULL) {
        spec_refuse(reader, draft->use, "cannot use %s: parameter \"%s\" is missing", draft->use->text.bytes,
                    parameter->name);
        return err_hint(reader->err, "Say what it stands for: with: {%s: EXPRESSION}.", parameter->name);
    }
    return true;
}

static bool use_read(InvariantReader *reader, const InvariantDraft *draft, SpecInvariant *out) {
    SpecReader *spec = reader->spec;
    const char *use = draft->use->text.bytes;
    LibraryEntry entry;
    out->place = yaml_place(spec->file, draft->use);
    if (!library_find(spec->arena, spec->file->path, spec->search, use, &entry, spec->err)) {
        return yaml_error_at(spec->file->path, spec->file->text, out->place, spec->err);
    }
    if (draft->with != NULL && !with_check(spec, &entry, use, draft->with)) {
        return false;
    }
    Expr **values = ARENA_MANY(spec->arena, entry.parameter_count, Expr *);
    for (size_t i = 0; i < entry.parameter_count; i++) {
        if (!value_read(spec, &entry.parameters[i], draft, &values[i])) {
            return false;
        }
    }
    if (!library_expand(spec->arena, &entry, values, &out->expr, spec->err)) {
        return false;
    }
    Buf printed = {0};
    expr_print(out->expr, &printed);
    out->holds = arena_copy(spec->arena, printed.length == 0 ? "" : printed.bytes, printed.length);
    buf_free(&printed);
    out->null = entry.null;
    out->name = entry.name;
    return true;
}

/* ---- the list ----------------------------------------------------------------------------------------- */

static bool invariant_read(InvariantReader *reader, const YamlNode *node, SpecInvariant *out) {
    InvariantDraft draft;
    SpecReader *spec = reader->spec;
    if (!spec_mapping_read(spec, SPEC_INVARIANT, "an entry of invariants", node, &draft)) {
        return false;
    }
    if ((draft.holds == NULL) == (draft.use == NULL)) {
        return spec_refuse(spec, node,
                           draft.holds == NULL ? "cannot use an invariant without \"holds\" or \"use\""
                                               : "cannot use both \"holds\" and \"use\" in one invariant");
    }
    bool good = draft.holds != NULL ? holds_read(reader, &draft, out) : use_read(reader, &draft, out);
    if (!good || !spec_null_policy_read(spec, draft.null, &out->null)) {
        return false;
    }
    if (draft.name != NULL) {
        out->name = draft.name->text.bytes;
        return name_check(reader, draft.name);
    }
    return true;
}

/* Made names give way to given ones, wherever those stand in the list: they are set when all others are known. */
bool spec_invariants_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    if (node->count > SPEC_MAX_INVARIANTS) {
        return spec_refuse(reader, node, "cannot use more than %d invariants", SPEC_MAX_INVARIANTS);
    }
    InvariantReader list = {reader, arena_zeroed(reader->arena, node->count * sizeof(SpecInvariant)), 0};
    const char **made = ARENA_MANY(reader->arena, node->count, const char *);
    for (size_t i = 0; i < node->count; i++) {
        SpecInvariant *invariant = &list.list[i];
        if (!invariant_read(&list, node->values[i], invariant)) {
            return false;
        }
        bool given = yaml_get(node->values[i], "name") != NULL;
        made[i] = given ? NULL : invariant->name;
        invariant->name = given ? invariant->name : "";
        list.count++;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (made[i] != NULL) {
            list.list[i].name = free_name(&list, made[i]);
        }
    }
    spec->invariants = list.list;
    spec->invariant_count = list.count;
    return true;
}
