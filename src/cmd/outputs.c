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

static bool is_stdout(const char *path) {
    return strcmp(path, "-") == 0;
}

static bool is_folder(const char *path) {
    return path[strlen(path) - 1] == '/';
}

/* Where each check has its own file, several need a folder; or standard output, where one may follow the other. */
static bool fits_several(const Output *output, const char *path, Err *err) {
    if (output->suffix == NULL || is_folder(path) || (is_stdout(path) && !output->report->alone)) {
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

bool outputs_take_stdout(const Options *options) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = path_of(&output_table[i], options);
        if (path != NULL && is_stdout(path)) {
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
