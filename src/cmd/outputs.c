#include "cmd/outputs.h"

#include "cmd/say.h"
#include "report/file.h"

#include <stddef.h>
#include <string.h>

#define OUTPUT(name, takers, prefix, suffix, report, sentence) extern const Report report;
#include "cmd/outputs.def"
#undef OUTPUT

typedef struct Output {
    const char *name;
    size_t field;
    const char *prefix, *suffix;
    const Report *report;
} Output;

static const Output output_table[OUTPUTS] = {
#define OUTPUT(name, takers, prefix, suffix, report, sentence)                                                         \
    {#name, offsetof(Options, name), prefix, suffix, &report},
#include "cmd/outputs.def"
#undef OUTPUT
};

/* NULL: not asked for. */
static const char *path_of(const Output *output, const Options *options) {
    return *(const char *const *)((const char *)options + output->field);
}

static bool is_folder(const char *path) {
    return path[strlen(path) - 1] == '/';
}

/* Where each check has its own file, several need a folder; or standard output, where one may follow the other. */
static bool fits_several(const Output *output, const char *path, Err *err) {
    if (output->suffix == NULL || is_folder(path) || (file_is_stdout(path) && !output->report->alone)) {
        return true;
    }
    return err_set(err, TF_ERROR_USAGE,
                   "cannot write the %s of several specs to \"%s\": give a folder, with a / at its end", output->name,
                   path);
}

bool outputs_fit(const Options *options, Err *err) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        const Output *output = &output_table[i];
        const char *path = path_of(output, options);
        if (path == NULL) {
            continue;
        }
        if ((options->word_count > 1 && !fits_several(output, path, err)) ||
            !file_place_check(output->name, path, output->suffix != NULL, err)) {
            return false;
        }
    }
    return true;
}

const char *outputs_path(size_t output, const Options *options, const char *check, Arena *arena) {
    const Output *row = &output_table[output];
    const char *path = path_of(row, options);
    bool own = path != NULL && row->suffix != NULL && is_folder(path);
    return own ? arena_printf(arena, "%s%s%s%s", path, row->prefix, check, row->suffix) : path;
}

/* ---- no two of one command's files are one ------------------------------------------------------------------- */

/* What the command reads, or writes. */
typedef struct UsedFile {
    const char *what; /* "the spec", "--json" */
    const char *path;
    bool written;
    FileIdentity identity;
} UsedFile;

typedef struct UsedFiles {
    Arena arena;
    UsedFile *of;
    size_t count;
} UsedFiles;

static void used_add(UsedFiles *used, const char *what, const char *path, bool written) {
    if (path != NULL) {
        used->of[used->count++] = (UsedFile){what, path, written, file_identity(&used->arena, path)};
    }
}

static void used_add_output(UsedFiles *used, size_t output, const Options *options, const char *const *names) {
    const Output *row = &output_table[output];
    const char *path = path_of(row, options), *what = arena_printf(&used->arena, "--%s", row->name);
    if (path == NULL || row->suffix == NULL || !is_folder(path)) {
        used_add(used, what, path, true);
        return;
    }
    for (size_t i = 0; names != NULL && i < options->word_count; i++) {
        if (names[i] != NULL) {
            used_add(used, what, outputs_path(output, options, names[i], &used->arena), true);
        }
    }
}

/* What is written comes behind what is read: an error names the one that would do the damage. */
static void used_gather(UsedFiles *used, const Options *options, const char *const *names) {
    enum { OTHERS = 3 };
    used->of = ARENA_MANY(&used->arena, (options->word_count + 1) * (OUTPUTS + 1) + OTHERS, UsedFile);
    for (size_t i = 0; i < options->word_count; i++) {
        used_add(used, "the spec", options->words[i], false);
    }
    used_add(used, "--keys", options->keys, false);
    used_add(used, "the ledger", ledger_file(options->ledger, &used->arena), true);
    used_add(used, "--journal", options->journal, true);
    for (size_t i = 0; i < OUTPUTS; i++) {
        used_add_output(used, i, options, names);
    }
}

/* Whether no file before it is the same. */
static bool used_is_free(const UsedFiles *used, size_t at, Err *err) {
    const UsedFile *new_ = &used->of[at];
    for (size_t i = 0; i < at; i++) {
        const UsedFile *other = &used->of[i];
        if ((new_->written || other->written) && file_same(&new_->identity, &other->identity)) {
            err_set(err, TF_ERROR_USAGE, "cannot use \"%s\" for %s: %s is the same file", new_->path, new_->what,
                    other->what);
            return err_hint(err, "Name another file.");
        }
    }
    return true;
}

bool outputs_apart(const Options *options, const char *const *names, Err *err) {
    UsedFiles used = {.count = 0};
    bool good = true;
    used_gather(&used, options, names);
    for (size_t i = 0; good && i < used.count; i++) {
        good = used_is_free(&used, i, err);
    }
    arena_free(&used.arena);
    return good;
}

bool outputs_take_stdout(const Options *options) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = path_of(&output_table[i], options);
        if (file_is_stdout(path)) {
            return true;
        }
    }
    return false;
}

bool outputs_open(const Options *options, const ReportOrder *common, OutputsKept *kept, Sink **sinks, size_t *count,
                  Err *err) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = outputs_path(i, options, common->check->spec.check, &common->check->arena);
        if (path == NULL || (common->underway && output_table[i].report->grows)) {
            continue;
        }
        ReportOrder order = *common;
        order.path = path;
        order.kept = &kept->of[i];
        if (!output_table[i].report->open(&order, &sinks[*count], err)) {
            return false;
        }
        (*count)++;
    }
    return true;
}

bool outputs_save(const Options *options, OutputsKept *kept) {
    bool good = true;
    for (size_t i = 0; i < OUTPUTS; i++) {
        const Output *output = &output_table[i];
        Err err;
        if (kept->of[i] != NULL &&
            !output->report->save(path_of(output, options), kept->of[i], options->word_count > 1, &err)) {
            say_error(&err);
            good = false;
        }
        kept->of[i] = NULL;
    }
    return good;
}
