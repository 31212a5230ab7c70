#include "cmd/check_options.h"

#include <string.h>

static Mode mode_of(const char *word) {
    for (Mode mode = MODE_AUTO; mode <= MODE_STREAM; mode++) {
        if (strcmp(word, mode_name(mode)) == 0) {
            return mode;
        }
    }
    return MODE_AUTO;
}

CheckOptions check_options_of(const Options *options) {
    return (CheckOptions){
        .mode = mode_of(options->mode),
        .workers = (int)(options->workers > 1024 ? 1024 : options->workers),
        .chunk_rows = options->chunk_rows,
        .sample = (size_t)options->sample,
        .max_rows_per_second = options->max_rows_per_second,
        .settle_us = options->settle_us,
    };
}
