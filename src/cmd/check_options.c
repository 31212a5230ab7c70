#include "cmd/check_options.h"

CheckOptions check_options_of(const Options *options) {
    Mode mode;
    return (CheckOptions){
        .mode = mode_parse(options->mode, &mode) ? mode : MODE_AUTO,
        .workers = (int)(options->workers > 1024 ? 1024 : options->workers),
        .chunk_rows = options->chunk_rows,
        .sample = (size_t)options->sample,
        .max_rows_per_second = options->max_rows_per_second,
        .settle_us = options->settle_us,
    };
}
