/* Numbers in; the words that people read out (examples: figures.h). */
#include "base/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void shown_count(int64_t count, Buf *out) {
    char digits[32];
    int length = snprintf(digits, sizeof(digits), "%" PRId64, count);
    for (int i = 0; i < length; i++) {
        bool separates = i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0;
        buf_text(out, separates ? "," : "");
        buf_char(out, digits[i]);
    }
}

const char *count_shown(Arena *arena, int64_t count) {
    Buf shown = {0};
    shown_count(count, &shown);
    const char *copy = arena_copy(arena, shown.bytes, shown.length);
    buf_free(&shown);
    return copy;
}

/* "2 h 5 min", "24 h". */
static void write_two(int64_t whole, const char *unit, int64_t rest, const char *smaller, Buf *out) {
    buf_printf(out, "%" PRId64 " %s", whole, unit);
    if (rest > 0) {
        buf_printf(out, " %" PRId64 " %s", rest, smaller);
    }
}

void shown_duration(int64_t us, Buf *out) {
    int64_t seconds = us / 1000000;
    if (seconds < 1) {
        buf_printf(out, "%.2f s", (double)us / 1e6);
    } else if (seconds < 60) {
        buf_printf(out, "%.1f s", (double)(us / 100000) / 10);
    } else if (seconds < 3600) {
        write_two(seconds / 60, "min", seconds % 60, "s", out);
    } else if (seconds < 2 * 86400) {
        write_two(seconds / 3600, "h", seconds % 3600 / 60, "min", out);
    } else {
        write_two(seconds / 86400, "days", seconds % 86400 / 3600, "h", out);
    }
}

/* Rounding must not turn "almost all" into "all", nor "hardly any" into "none". */
void shown_percent(double ratio, Buf *out) {
    if (ratio <= 0 || ratio >= 1) {
        buf_text(out, ratio <= 0 ? "0 %" : "100 %");
    } else if (ratio < 0.001) {
        buf_text(out, "less than 0.1 %");
    } else {
        double percent = floor(ratio * 1000) / 10;
        buf_printf(out, "%.1f %%", percent);
    }
}
