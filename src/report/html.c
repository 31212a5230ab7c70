/* The result as a page (promises: html.h).
 *
 * In: a plan, findings, ranges, the result. Out: a file.
 */
#include "report/html.h"

#include "check/sample.h"
#include "report/file.h"
#include "report/html_page.h"
#include "report/plan_text.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t SAMPLE_SEED = 0x68746d6c;

typedef struct HtmlSink {
    Sink sink;
    HtmlOptions options;
    bool planned;
    RangeMap map;
    Sample *findings;
} HtmlSink;

static bool html_plan(Sink *sink, const Plan *plan, Err *err) {
    (void)err;
    HtmlSink *self = (HtmlSink *)sink;
    range_map_begin(&self->map, plan);
    self->planned = true;
    return true;
}

static bool html_finding(Sink *sink, const Finding *finding, Err *err) {
    (void)err;
    HtmlSink *self = (HtmlSink *)sink;
    range_map_finding(&self->map, finding);
    sample_offer(self->findings, finding);
    return true;
}

static bool html_range(Sink *sink, const RangeReport *report, Err *err) {
    (void)err;
    range_map_report(&((HtmlSink *)sink)->map, report);
    return true;
}

static int finding_order_void(const void *a, const void *b) {
    return finding_order(a, b);
}

/* When rows were last written is found out for the result's own sample only. */
static void take_written(Finding *findings, size_t count, const Result *result) {
    for (size_t i = 0; count > 0 && i < result->sample_count; i++) {
        const Finding *told = &result->sample[i];
        Finding *held = bsearch(told, findings, count, sizeof(Finding), finding_order_void);
        if (held != NULL) {
            held->old_written_us = told->old_written_us;
            held->new_written_us = told->new_written_us;
        }
    }
}

static const char *place_of(const SourceInfo *info) {
    return info == NULL || info->engine == NULL ? NULL : info->place;
}

static bool html_result(Sink *sink, const Result *result, Err *err) {
    HtmlSink *self = (HtmlSink *)sink;
    HtmlPage page = {.result = result,
                     .map = self->planned ? &self->map : NULL,
                     .runs = self->options.runs,
                     .run_count = self->options.run_count,
                     .plan = self->options.plan,
                     .old_place = place_of(self->options.old_info),
                     .new_place = place_of(self->options.new_info)};
    Arena arena = {0};
    const Finding *sorted = sample_sorted(self->findings, &page.finding_count);
    Finding *findings = ARENA_MANY(&arena, page.finding_count, Finding);
    for (size_t i = 0; i < page.finding_count; i++) {
        findings[i] = sorted[i];
    }
    take_written(findings, page.finding_count, result);
    page.findings = findings;
    range_map_end(&self->map);
    Buf text = {0};
    html_page_write(&page, &text);
    bool good = file_replace(self->options.path, buf_view(&text), FILE_MODE_PRIVATE, err);
    buf_free(&text);
    arena_free(&arena);
    return good;
}

static void html_close(Sink *sink) {
    HtmlSink *self = (HtmlSink *)sink;
    sample_free(self->findings);
    free(self);
}

Sink *html_sink_open(const HtmlOptions *options) {
    HtmlSink *self = mem_alloc(sizeof(HtmlSink));
    *self = (HtmlSink){.sink = {.plan = html_plan,
                                .finding = html_finding,
                                .range = html_range,
                                .part = html_range,
                                .result = html_result,
                                .close = html_close},
                       .options = *options,
                       .findings = sample_make(HTML_FINDINGS, SAMPLE_SEED)};
    sample_limit(self->findings, HTML_BYTES);
    return &self->sink;
}

/* ---- what it knows before the run -------------------------------------------------------------------------- */

enum { PAGE_RUNS = 40 };

typedef struct PastRuns {
    RunPoint *points;
    Arena *arena;
    size_t count;
} PastRuns;

static void take_past_run(void *self, const PastRun *run) {
    PastRuns *runs = self;
    RunPoint *point = &runs->points[runs->count++];
    *point = run_point_of(run);
    point->verdict = arena_copy(runs->arena, run->verdict, strlen(run->verdict));
}

/* Oldest first; the ledger has the newest first. */
static bool past_runs_read(Ledger *ledger, const char *check, PastRuns *runs, Err *err) {
    runs->points = ARENA_MANY(runs->arena, PAGE_RUNS, RunPoint);
    if (ledger != NULL && !ledger_history(ledger, check, PAGE_RUNS, (PastRunTaker){take_past_run, runs}, err)) {
        return false;
    }
    for (size_t i = 0; i < runs->count / 2; i++) {
        RunPoint other = runs->points[i];
        runs->points[i] = runs->points[runs->count - 1 - i];
        runs->points[runs->count - 1 - i] = other;
    }
    return true;
}

/* The plan in words, while the sources are open; NULL where there is none. */
static const char *plan_words(Check *opened) {
    Buf text = {0};
    Err ignored;
    bool planned = opened->plan.match != NULL && plan_text_write(opened, &text, &ignored);
    const char *words = planned ? arena_copy(&opened->arena, text.bytes, text.length) : NULL;
    buf_free(&text);
    return words;
}

static bool html_open(const ReportOrder *order, Sink **out, Err *err) {
    Check *check = order->check;
    PastRuns runs = {.arena = &check->arena};
    if (!past_runs_read(order->ledger, check->spec.check, &runs, err)) {
        return false;
    }
    HtmlOptions options = {.path = order->path,
                           .runs = runs.points,
                           .run_count = runs.count,
                           .plan = plan_words(check),
                           .old_info = &check->old_info,
                           .new_info = &check->new_info};
    *out = html_sink_open(&options);
    return true;
}

const Report html_report = {.open = html_open, .alone = true};
