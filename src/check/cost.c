#include "check/cost.h"

/* Microseconds of a core for a row on both sides, server and client together: so much a row, a value of it, and a byte
 * that it is sent in. Fitted to what `tests/bench/run.sh costs 1000000` printed for a local socket: digest and stream
 * took 0.54 and 0.82 for an integer, 5.76 and 13.92 for 99 of them, 2.60 and 3.20 for a text of 512 bytes. */
typedef struct Work {
    double row, value, byte;
} Work;
static const Work DIGESTED = {0.45, 0.038, 0.0040};
static const Work SENT = {0.64, 0.116, 0.0054};

/* Digests are taken where it is close: they spare the link and this machine. */
static const double CLEARLY = 0.9;

static double work_us(Work work, double values, double bytes, int workers) {
    return (work.row + work.value * values + work.byte * bytes) / workers;
}

static double sending_us(const SourceDistance *far) {
    return 1e6 * far->row_bytes / far->bytes_a_second;
}

/* Workers share the link, and both sides come over the one of this machine. */
Cost cost_of_row(const SourceDistance far[2], size_t values, int workers) {
    double bytes = (far[0].row_bytes + far[1].row_bytes) / 2;
    double link_us = sending_us(&far[0]) + sending_us(&far[1]);
    double rows_us = work_us(SENT, (double)values, bytes, workers);
    return (Cost){
        .far = sending_us(&far[0]) >= sending_us(&far[1]) ? far[0] : far[1],
        .digest_us = work_us(DIGESTED, (double)values, bytes, workers),
        .stream_us = rows_us > link_us ? rows_us : link_us,
    };
}

bool cost_is_for_rows(const Cost *cost) {
    return cost->stream_us < CLEARLY * cost->digest_us;
}

/* ---- words ------------------------------------------------------------------------------------------------ */

/* "1.2 GB/s" */
static const char *speed_shown(Arena *arena, double bytes_a_second) {
    static const struct Unit {
        double bytes;
        const char *name;
    } UNITS[] = {{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}, {1, "bytes/s"}};
    size_t i = 0;
    while (UNITS[i].bytes > bytes_a_second && UNITS[i].bytes > 1) {
        i++;
    }
    double figure = bytes_a_second / UNITS[i].bytes;
    return arena_printf(arena, figure < 10 ? "%.1f %s" : "%.0f %s", figure, UNITS[i].name);
}

/* "0.37 us", "120 us" */
static const char *time_shown(Arena *arena, double us) {
    return arena_printf(arena, us < 10 ? "%.2g us" : "%.0f us", us);
}

const char *cost_shown(Arena *arena, const Cost *cost) {
    const SourceDistance *far = &cost->far;
    const char *link = arena_printf(arena, "rows of %.0f bytes over %s (%.2g ms)", far->row_bytes,
                                    speed_shown(arena, far->bytes_a_second), far->round_trip_us / 1000);
    const char *rows = time_shown(arena, cost->stream_us);
    const char *digests = time_shown(arena, cost->digest_us);
    return cost_is_for_rows(cost)
               ? arena_printf(arena, "%s take about %s each, their digests would take %s", link, rows, digests)
               : arena_printf(arena, "digests take about %s a row, %s would take %s", digests, link, rows);
}
