/* The progress line (form: progress.h).
 *
 * In: the plan's estimate, then ranges as they end. Out: a line now and then. How far is measured in rows, since
 * ranges may be split; where the rows are unknown, in ranges. It never says 100 %: the result does.
 */
#include "report/progress.h"

#include "base/clock.h"
#include "report/shown.h"
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>

enum { TERMINAL_PAUSE_US = 200000, LINE_PAUSE_US = 10000000, SETTLED_US = 1000000 };

typedef struct ProgressSink {
    Sink sink;
    ProgressPlace place;
    const char *check;
    double estimated_rows;
    size_t planned_ranges, ended_ranges;
    int64_t rows, disagree;
    int64_t begun_us, shown_us;
    bool visible; /* a line stands on the terminal */
} ProgressSink;

bool progress_when_parse(const char *word, ProgressWhen *out) {
    static const char *const words[] = {
        [PROGRESS_AUTO] = "auto", [PROGRESS_ALWAYS] = "always", [PROGRESS_NEVER] = "never"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) == 0) {
            *out = (ProgressWhen)i;
            return true;
        }
    }
    return false;
}

static double done_ratio(const ProgressSink *self) {
    double ratio = 0;
    if (self->estimated_rows > 0) {
        ratio = (double)self->rows / self->estimated_rows;
    } else if (self->planned_ranges > 0) {
        ratio = (double)self->ended_ranges / (double)self->planned_ranges;
    }
    return ratio < 0.99 ? ratio : 0.99;
}

static void write_left(int64_t left_us, Buf *out) {
    int64_t seconds = left_us / 1000000 + 1;
    buf_text(out, "  ");
    if (seconds < 60) {
        buf_printf(out, "%d s", (int)seconds);
    } else {
        shown_duration(left_us, out);
    }
    buf_text(out, " left");
}

/* How long still is said after a second: before, it would only jump about. */
static void write_line(const ProgressSink *self, int64_t now_us, Buf *out) {
    double ratio = done_ratio(self);
    int64_t used_us = now_us - self->begun_us;
    buf_printf(out, "%s  %3d %%", self->check, (int)(ratio * 100));
    if (used_us > 0 && self->rows > 0) {
        buf_text(out, "  ");
        shown_count((int64_t)((double)self->rows / ((double)used_us / 1e6)), out);
        buf_text(out, " rows/s");
    }
    if (used_us >= SETTLED_US && ratio > 0) {
        write_left((int64_t)((double)used_us * (1 - ratio) / ratio), out);
    }
    if (self->disagree > 0) {
        buf_text(out, "  ");
        shown_count(self->disagree, out);
        buf_text(out, self->disagree == 1 ? " row disagrees" : " rows disagree");
    }
}

static void show(ProgressSink *self) {
    int64_t now_us = self->place.now_us();
    int64_t pause_us = self->place.terminal ? TERMINAL_PAUSE_US : LINE_PAUSE_US;
    if (now_us - self->shown_us < pause_us) {
        return;
    }
    Buf line = {0}, fitting = {0};
    write_line(self, now_us, &line);
    shown_cut(buf_view(&line), self->place.width - 1, &fitting);
    fprintf(self->place.stream, self->place.terminal ? "\r%s\x1b[K" : "%s\n", fitting.bytes);
    fflush(self->place.stream);
    self->shown_us = now_us;
    self->visible = self->place.terminal;
    buf_free(&line);
    buf_free(&fitting);
}

/* A line of its own for what comes next. */
static void clear(ProgressSink *self) {
    if (self->visible) {
        fputs("\r\x1b[K", self->place.stream);
        fflush(self->place.stream);
        self->visible = false;
    }
}

static bool progress_plan(Sink *sink, const Plan *plan, Err *err) {
    (void)err;
    ProgressSink *self = (ProgressSink *)sink;
    self->estimated_rows = plan->estimated_rows;
    self->planned_ranges = plan->range_count;
    self->begun_us = self->place.now_us();
    self->shown_us = self->begun_us;
    return true;
}

static bool progress_finding(Sink *sink, const Finding *finding, Err *err) {
    (void)finding;
    (void)err;
    ((ProgressSink *)sink)->disagree++;
    return true;
}

static bool progress_range(Sink *sink, const RangeReport *range, Err *err) {
    (void)err;
    ProgressSink *self = (ProgressSink *)sink;
    const Counts *counts = &range->counts;
    self->ended_ranges++;
    self->rows += counts->old_rows > counts->new_rows ? counts->old_rows : counts->new_rows;
    show(self);
    return true;
}

/* Said at once, and in a line that stays: a run that does nothing should say why. */
static bool progress_pause(Sink *sink, const RunPause *pause, Err *err) {
    (void)err;
    ProgressSink *self = (ProgressSink *)sink;
    clear(self);
    if (pause->why != NULL) {
        fprintf(self->place.stream, "%s  paused: %s\n", self->check, pause->why);
    } else {
        Buf lasted = {0};
        shown_duration(pause->lasted_us, &lasted);
        fprintf(self->place.stream, "%s  goes on after %s\n", self->check, lasted.bytes);
        buf_free(&lasted);
    }
    fflush(self->place.stream);
    return true;
}

static bool progress_result(Sink *sink, const Result *result, Err *err) {
    (void)result;
    (void)err;
    clear((ProgressSink *)sink);
    return true;
}

static void progress_close(Sink *sink) {
    clear((ProgressSink *)sink);
    free(sink);
}

Sink *progress_sink_at(const ProgressPlace *place, const char *check) {
    ProgressSink *self = mem_alloc(sizeof(ProgressSink));
    *self = (ProgressSink){.sink = {.plan = progress_plan,
                                    .finding = progress_finding,
                                    .range = progress_range,
                                    .pause = progress_pause,
                                    .result = progress_result,
                                    .close = progress_close},
                           .place = *place,
                           .check = check};
    return &self->sink;
}

Sink *progress_sink_open(FILE *stream, ProgressWhen when, const char *check) {
    bool terminal = terminal_is(stream);
    if (when == PROGRESS_NEVER || (when == PROGRESS_AUTO && !terminal)) {
        return NULL;
    }
    ProgressPlace place = {
        .stream = stream, .terminal = terminal, .width = terminal_width(stream), .now_us = clock_monotonic_us};
    return progress_sink_at(&place, check);
}
