/* The last runs as a line (form: html_history.h).
 *
 * In: points, oldest first. Out: SVG without styles of its own (the page's sheet has them) and table rows.
 * Heights are logarithmic: one row that disagrees is seen beside a million.
 */
#include "report/html_history.h"

#include "base/clock.h"
#include "report/html_text.h"
#include "report/shown.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 720, HEIGHT = 120, SIDE = 16, TOP = 22, BOTTOM = 92 };

RunPoint run_point_of(const PastRun *run) {
    return (RunPoint){.verdict = run->verdict,
                      .started_us = run->started_us,
                      .duration_us = run->duration_us,
                      .rows = run->old_rows > run->new_rows ? run->old_rows : run->new_rows,
                      .mismatched = run->mismatched_rows,
                      .coverage = run->coverage};
}

RunPoint run_point_now(const Result *result) {
    const Counts *counts = &result->counts;
    return (RunPoint){.verdict = verdict_name(result->verdict),
                      .started_us = result->started_us,
                      .duration_us = result->duration_us,
                      .rows = counts->old_rows > counts->new_rows ? counts->old_rows : counts->new_rows,
                      .mismatched = result->mismatched_rows,
                      .coverage = result->coverage};
}

static double x_of(size_t i, size_t count) {
    return count == 1 ? WIDTH - SIDE : SIDE + (double)i * (WIDTH - 2 * SIDE) / (double)(count - 1);
}

static int64_t most_of(const RunPoint *points, size_t count) {
    int64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most = points[i].mismatched > most ? points[i].mismatched : most;
    }
    return most;
}

static double y_of(int64_t mismatched, int64_t most) {
    double share = most == 0 ? 0 : log1p((double)mismatched) / log1p((double)most);
    return BOTTOM - share * (BOTTOM - TOP);
}

static void write_time(int64_t us, Buf *out) {
    char at[21];
    clock_format_utc(us, at);
    buf_printf(out, "%.10s %.8s", at, at + 11);
}

/* "12 rows disagree" */
static void write_found(const RunPoint *point, Buf *out) {
    shown_count(point->mismatched, out);
    buf_text(out, point->mismatched == 1 ? " row disagrees" : " rows disagree");
}

/* A circle, a diamond, a triangle, a cross: verdicts differ in shape, too. */
static void write_mark(const RunPoint *point, double x, double y, Buf *out) {
    static const struct {
        const char *verdict, *path;
    } marks[] = {
        {"consistent", "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"},
        {"inconsistent", "M0 -6.5L6.5 0L0 6.5L-6.5 0z"},
        {"cannot-tell", "M0 -6L6 5L-6 5z"},
        {"unfinished", "M-4 -4L4 4M-4 4L4 -4"},
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strcmp(point->verdict, marks[i].verdict) == 0) {
            long left = lround(x), top = lround(y);
            buf_printf(out, "<path class=\"mark %s\" transform=\"translate(%ld %ld)\" d=\"%s\"><title>", point->verdict,
                       left, top, marks[i].path);
            write_time(point->started_us, out);
            buf_printf(out, " UTC: %s, ", point->verdict);
            write_found(point, out);
            buf_text(out, "</title></path>\n");
        }
    }
}

static void write_axis(const RunPoint *points, int64_t most, Buf *out) {
    buf_printf(out, "<path class=\"axis\" d=\"M%d %dH%d\"/>\n", SIDE, BOTTOM, WIDTH - SIDE);
    buf_printf(out, "<text x=\"%d\" y=\"%d\">", SIDE, HEIGHT - 4);
    write_time(points[0].started_us, out);
    buf_printf(out, "</text>\n<text class=\"last\" x=\"%d\" y=\"%d\">this run</text>\n", WIDTH - SIDE, HEIGHT - 4);
    if (most > 0) {
        buf_printf(out, "<path class=\"most\" d=\"M%d %dH%d\"/>\n<text x=\"%d\" y=\"%d\">at most ", SIDE, TOP,
                   WIDTH - SIDE, SIDE, TOP - 5);
        write_found(&(RunPoint){.mismatched = most}, out);
        buf_text(out, " (logarithmic)</text>\n");
    }
}

void html_history_line(const RunPoint *points, size_t count, Buf *out) {
    int64_t most = most_of(points, count);
    buf_printf(out,
               "<svg class=\"history\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Rows that disagree in the last "
               "%zu runs; the table below has the numbers\">\n",
               WIDTH, HEIGHT, count);
    write_axis(points, most, out);
    buf_text(out, "<polyline points=\"");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%ld,%ld", i > 0 ? " " : "", lround(x_of(i, count)),
                   lround(y_of(points[i].mismatched, most)));
    }
    buf_text(out, "\"/>\n");
    for (size_t i = 0; i < count; i++) {
        write_mark(&points[i], x_of(i, count), y_of(points[i].mismatched, most), out);
    }
    buf_text(out, "</svg>\n");
}

void html_history_rows(const RunPoint *points, size_t count, Buf *out) {
    for (size_t i = count; i-- > 0;) {
        const RunPoint *point = &points[i];
        buf_text(out, "<tr><th scope=\"row\">");
        write_time(point->started_us, out);
        buf_text(out, "</th><td><span class=\"verdict-word ");
        html_string(point->verdict, out);
        buf_text(out, "\">");
        html_string(point->verdict, out);
        buf_text(out, "</span></td><td class=\"number\">");
        shown_count(point->mismatched, out);
        buf_text(out, "</td><td class=\"number\">");
        shown_count(point->rows, out);
        buf_text(out, "</td><td class=\"number\">");
        shown_percent(point->coverage, out);
        buf_text(out, "</td><td class=\"number\">");
        shown_duration(point->duration_us, out);
        buf_text(out, "</td></tr>\n");
    }
}
