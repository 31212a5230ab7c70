/* Findings as lines (promises: ndjson.h).
 *
 * In: the plan, which brings the match, then findings. Out: lines.
 */
#include "report/ndjson.h"

#include "report/file.h"
#include "report/finding_json.h"
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct NdjsonSink {
    Sink sink;
    const char *path;
    FILE *file; /* NULL once it failed or is finished */
    const Match *match;
    Buf line;
} NdjsonSink;

static bool ndjson_plan(Sink *sink, const Plan *plan, Err *err) {
    (void)err;
    ((NdjsonSink *)sink)->match = plan->match;
    return true;
}

static void abandon(NdjsonSink *self) {
    Err ignored;
    if (self->file != NULL && !file_finish(self->file, self->path, &ignored)) {
        /* the failure that led here was said */
    }
    self->file = NULL;
}

static bool ndjson_finding(Sink *sink, const Finding *finding, Err *err) {
    NdjsonSink *self = (NdjsonSink *)sink;
    if (self->file == NULL) {
        return true;
    }
    buf_empty(&self->line);
    JsonWriter json = json_writer(&self->line, false);
    finding_json_write(self->match, finding, &json);
    buf_char(&self->line, '\n');
    if (fwrite(self->line.bytes, 1, self->line.length, self->file) == self->line.length) {
        return true;
    }
    (void)err_set(err, TF_ERROR_IO, "could not write findings to \"%s\": %s", self->path, strerror(errno));
    abandon(self);
    return false;
}

/* A range's findings are on their way to disk before the range counts as done. */
static bool ndjson_range(Sink *sink, const RangeReport *range, Err *err) {
    (void)range;
    NdjsonSink *self = (NdjsonSink *)sink;
    if (self->file == NULL || fflush(self->file) == 0) {
        return true;
    }
    (void)err_set(err, TF_ERROR_IO, "could not write findings to \"%s\": %s", self->path, strerror(errno));
    abandon(self);
    return false;
}

static bool ndjson_result(Sink *sink, const Result *result, Err *err) {
    (void)result;
    NdjsonSink *self = (NdjsonSink *)sink;
    FILE *file = self->file;
    self->file = NULL;
    return file == NULL || file_finish(file, self->path, err);
}

static void ndjson_close(Sink *sink) {
    NdjsonSink *self = (NdjsonSink *)sink;
    abandon(self);
    buf_free(&self->line);
    free(self);
}

bool ndjson_sink_open(const char *path, Sink **out, Err *err) {
    FILE *file;
    if (!file_create(path, &file, err)) {
        return false;
    }
    NdjsonSink *self = mem_alloc(sizeof(NdjsonSink));
    *self = (NdjsonSink){.sink = {.plan = ndjson_plan,
                                  .finding = ndjson_finding,
                                  .range = ndjson_range,
                                  .result = ndjson_result,
                                  .close = ndjson_close},
                         .path = path,
                         .file = file};
    *out = &self->sink;
    return true;
}

static bool ndjson_open(const ReportOrder *order, Sink **out, Err *err) {
    return ndjson_sink_open(order->path, out, err);
}

const Report ndjson_report = {.open = ndjson_open, .grows = true};
