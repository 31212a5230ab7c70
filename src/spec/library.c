/* Library files in, entries out: opening, finding by name, and putting expressions in the place of parameters. */
#include "spec/library.h"

#include "spec/spec_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- entries ------------------------------------------------------------------------------------------ */

/* A name as expressions see it: [a-z_][a-z0-9_]*. */
static bool is_parameter_name(Str name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        bool letter = (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.length > 0;
}

static bool kind_read(SpecReader *reader, const YamlNode *node, Kind *out) {
    const char *words[KIND_COUNT];
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        words[kind] = kind_name((Kind)kind);
        if (str_equal(node->text, str_of(words[kind]))) {
            *out = (Kind)kind;
            return true;
        }
    }
    spec_refuse(reader, node, "cannot use \"%.*s\" as the kind of a parameter", STR_ARG(node->text));
    return spec_suggest(reader, node->text, words, KIND_COUNT);
}

/* An expression's text, parsed; its errors stand at their place in the file. */
static bool expression_read(SpecReader *reader, const YamlNode *node, Expr **out) {
    Place place = {0, 0};
    if (expr_parse(reader->arena, node->text, out, &place, reader->err)) {
        return true;
    }
    SpecPlace shown = yaml_place_inside(reader->file, node, place.offset, place.length);
    return yaml_error_at(reader->file->path, reader->file->text, shown, reader->err);
}

static bool parameter_read(SpecReader *reader, const YamlNode *name, const YamlNode *node, LibraryParameter *out) {
    if (!is_parameter_name(name->text)) {
        spec_refuse(reader, name, "cannot use \"%.*s\" as the name of a parameter", STR_ARG(name->text));
        return err_hint(reader->err, "A parameter's name has a-z, 0-9 and _, and begins with a letter.");
    }
    LibraryParameterDraft draft = {.kind = node};
    if (node->kind != YAML_TEXT && !spec_mapping_read(reader, SPEC_LIBRARY_PARAMETER, name->text.bytes, node, &draft)) {
        return false;
    }
    LibraryParameter parameter = {.name = name->text.bytes};
    Expr *unused;
    if (!kind_read(reader, draft.kind, &parameter.kind) ||
        (draft.default_ != NULL && !expression_read(reader, draft.default_, &unused))) {
        return false;
    }
    parameter.default_ = draft.default_ == NULL ? NULL : draft.default_->text.bytes;
    parameter.says = draft.says == NULL ? NULL : draft.says->text.bytes;
    *out = parameter;
    return true;
}

static bool parameters_read(SpecReader *reader, const YamlNode *node, LibraryEntry *out) {
    if (node->count == 0 || node->count > SPEC_MAX_PARAMETERS) {
        return spec_refuse(reader, node, "cannot use %zu parameters: a ready invariant has 1 to %d", node->count,
                           SPEC_MAX_PARAMETERS);
    }
    LibraryParameter *parameters = ARENA_MANY(reader->arena, node->count, LibraryParameter);
    for (size_t i = 0; i < node->count; i++) {
        if (!parameter_read(reader, node->keys[i], node->values[i], &parameters[i])) {
            return false;
        }
    }
    out->parameters = parameters;
    out->parameter_count = node->count;
    return true;
}

static bool entry_read(SpecReader *reader, const YamlNode *name, const YamlNode *node, LibraryEntry *out) {
    LibraryEntryDraft draft;
    const char *what = name->text.bytes;
    if (!spec_mapping_read(reader, SPEC_LIBRARY_ENTRY, what, node, &draft)) {
        return false;
    }
    LibraryEntry entry = {
        .name = what,
        .why = draft.why->text.bytes,
        .holds = draft.holds->text.bytes,
        .holds_node = draft.holds,
        .examples = {draft.passes, draft.fails, draft.undecided},
        .file = reader->file,
    };
    Expr *unused;
    if (!parameters_read(reader, draft.parameters, &entry) || !spec_null_policy_read(reader, draft.null, &entry.null) ||
        !expression_read(reader, draft.holds, &unused)) {
        return false;
    }
    *out = entry;
    return true;
}

bool library_open(Arena *arena, const char *path, Library *out, Err *err) {
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    if (!yaml_read(arena, path, file, err)) {
        return false;
    }
    SpecReader reader = {arena, file, NULL, err};
    if (file->root == NULL || file->root->kind != YAML_MAPPING) {
        return err_set(err, TF_ERROR_USAGE, "cannot use \"%s\": it holds no ready invariants", path);
    }
    LibraryEntry *entries = ARENA_MANY(arena, file->root->count, LibraryEntry);
    for (size_t i = 0; i < file->root->count; i++) {
        if (!entry_read(&reader, file->root->keys[i], file->root->values[i], &entries[i])) {
            return false;
        }
    }
    *out = (Library){file, entries, file->root->count};
    return true;
}

/* ---- finding ------------------------------------------------------------------------------------------ */

/* "money/minor-units" as file and entry. Letters, digits, - and _ only, so that no name leaves its folder. */
static bool use_split(const char *use, Str *out_file, Str *out_entry) {
    const char *slash = strrchr(use, '/');
    size_t length = strlen(use);
    for (size_t i = 0; i < length; i++) {
        char c = use[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        bool divider = c == '/' && i > 0 && use[i - 1] != '/';
        if (!word && !divider) {
            return false;
        }
    }
    if (slash == NULL || slash[1] == '\0') {
        return false;
    }
    *out_file = (Str){use, (size_t)(slash - use)};
    *out_entry = str_of(slash + 1);
    return true;
}

static const char *folder_beside(Arena *arena, const char *spec_path) {
    const char *slash = strrchr(spec_path, '/');
    return slash == NULL ? "invariants"
                         : arena_printf(arena, "%.*sinvariants", (int)(slash - spec_path) + 1, spec_path);
}

typedef struct LibrarySearch {
    Arena *arena;
    Str file, entry;
    const char *known[64]; /* entries of the files that were there, to suggest from */
    size_t known_count;
    Buf folders;
    Err *err;
} LibrarySearch;

typedef enum Found { FOUND, FOUND_NOTHING, FOUND_ERROR } Found;

static Found look_in(LibrarySearch *search, const char *folder, LibraryEntry *out) {
    const char *path = arena_printf(search->arena, "%s/%.*s.yaml", folder, STR_ARG(search->file));
    buf_printf(&search->folders, "%s%s", search->folders.length == 0 ? "" : ", ", folder);
    Library library;
    if (access(path, F_OK) != 0) {
        return FOUND_NOTHING;
    }
    if (!library_open(search->arena, path, &library, search->err)) {
        return FOUND_ERROR;
    }
    for (size_t i = 0; i < library.count; i++) {
        if (str_equal(search->entry, str_of(library.entries[i].name))) {
            *out = library.entries[i];
            return FOUND;
        }
        if (search->known_count < sizeof(search->known) / sizeof(search->known[0])) {
            search->known[search->known_count++] = library.entries[i].name;
        }
    }
    return FOUND_NOTHING;
}

static bool refuse_unfound(LibrarySearch *search, const char *use) {
    if (search->known_count == 0) {
        err_set(search->err, TF_ERROR_USAGE, "cannot find ready invariant \"%s\": there is no %.*s.yaml", use,
                STR_ARG(search->file));
        return err_hint(search->err, "Looked in %.*s; --invariants adds a folder.",
                        STR_ARG(buf_view(&search->folders)));
    }
    err_set(search->err, TF_ERROR_USAGE, "cannot find ready invariant \"%s\": %.*s.yaml has no \"%.*s\"", use,
            STR_ARG(search->file), STR_ARG(search->entry));
    SpecReader reader = {.arena = search->arena, .err = search->err};
    return spec_suggest(&reader, search->entry, search->known, search->known_count);
}

bool library_find(Arena *arena, const char *spec_path, const SpecSearch *search, const char *use, LibraryEntry *out,
                  Err *err) {
    LibrarySearch looking = {.arena = arena, .err = err};
    if (!use_split(use, &looking.file, &looking.entry)) {
        err_set(err, TF_ERROR_USAGE, "cannot use \"%s\" as the name of a ready invariant", use);
        return err_hint(err, "Write FILE/ENTRY, such as money/minor-units.");
    }
    size_t further = search == NULL ? 0 : search->count;
    Found found = look_in(&looking, folder_beside(arena, spec_path), out);
    for (size_t i = 0; i < further && found == FOUND_NOTHING; i++) {
        found = look_in(&looking, search->folders[i], out);
    }
    if (found == FOUND_NOTHING) {
        refuse_unfound(&looking, use);
    }
    buf_free(&looking.folders);
    return found == FOUND;
}

/* ---- expanding ---------------------------------------------------------------------------------------- */

static bool refuse_entry(const LibraryEntry *entry, Place place, Err *err) {
    SpecPlace shown = yaml_place_inside(entry->file, entry->holds_node, place.offset, place.length);
    return yaml_error_at(entry->file->path, entry->file->text, shown, err);
}

bool library_expand(Arena *arena, const LibraryEntry *entry, Expr *const *values, Expr **out, Err *err) {
    const char **names = ARENA_MANY(arena, entry->parameter_count, const char *);
    Expr **all = ARENA_MANY(arena, entry->parameter_count, Expr *);
    Place place = {0, 0};
    for (size_t i = 0; i < entry->parameter_count; i++) {
        const LibraryParameter *parameter = &entry->parameters[i];
        names[i] = parameter->name;
        all[i] = values[i];
        if (all[i] == NULL && !expr_parse(arena, str_of(parameter->default_), &all[i], &place, err)) {
            return err_prefix(err, "%s: default of \"%s\"", entry->file->path, parameter->name);
        }
    }
    Expr *holds;
    if (!expr_parse(arena, str_of(entry->holds), &holds, &place, err) ||
        !expr_substitute(arena, holds, names, all, entry->parameter_count, out, &place, err)) {
        return refuse_entry(entry, place, err);
    }
    return true;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static int is_yaml_file(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int bytewise(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool library_files(Arena *arena, const char *folder, const char *const **out, size_t *out_count, Err *err) {
    struct dirent **found = NULL;
    int count = scandir(folder, &found, is_yaml_file, bytewise);
    if (count < 0) {
        return err_set(err, TF_ERROR_USAGE, "could not list folder \"%s\": %s", folder, strerror(errno));
    }
    const char **paths = ARENA_MANY(arena, (size_t)count, const char *);
    for (int i = 0; i < count; i++) {
        paths[i] = arena_printf(arena, "%s/%s", folder, found[i]->d_name);
        free(found[i]);
    }
    free(found);
    *out = paths;
    *out_count = (size_t)count;
    return true;
}
