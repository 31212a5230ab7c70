/* The result as metrics (promises: prometheus.h; the list: metrics.def).
 *
 * In: a result and when the check was last consistent. Out: text.
 * Every writer appends the samples of one metric; a metric without a sample still has its HELP and TYPE.
 */
#include "report/prometheus.h"

#include "report/file.h"
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifndef TWOFOLD_VERSION
#define TWOFOLD_VERSION "0"
#endif

/* What writers see: the run, and the metric they are asked for. */
typedef struct Samples {
    const Result *result;
    int64_t last_consistent_us;
    const int64_t *outcomes; /* of a repair; NULL: of a check */
    const char *metric;
    Buf *out;
} Samples;

/* ---- one sample ----------------------------------------------------------------------------------------- */

/* Backslash, quote and newline are escaped; the collector refuses a file that is not UTF-8. */
static void write_label(const char *name, const char *value, Buf *out) {
    buf_printf(out, "%s=\"", name);
    for (Str left = str_of(value); left.length > 0;) {
        Str one = {left.bytes, utf8_step(left)};
        if (one.bytes[0] == '\n') {
            buf_text(out, "\\n");
        } else if (one.bytes[0] == '\\' || one.bytes[0] == '"') {
            buf_char(out, '\\');
            buf_str(out, one);
        } else {
            buf_str(out, utf8_valid(one) ? one : STR_LITERAL("\xEF\xBF\xBD"));
        }
        left = (Str){left.bytes + one.length, left.length - one.length};
    }
    buf_char(out, '"');
}

/* label NULL: `check` alone. */
static void sample_name(const Samples *samples, const char *label, const char *value) {
    buf_printf(samples->out, "%s{", samples->metric);
    write_label("check", samples->result->check, samples->out);
    if (label != NULL) {
        buf_char(samples->out, ',');
        write_label(label, value, samples->out);
    }
    buf_text(samples->out, "} ");
}

static void sample_count(const Samples *samples, const char *label, const char *value, int64_t count) {
    sample_name(samples, label, value);
    buf_printf(samples->out, "%" PRId64 "\n", count);
}

static void sample_ratio(const Samples *samples, double ratio) {
    sample_name(samples, NULL, NULL);
    buf_printf(samples->out, "%.10g\n", ratio);
}

/* Microseconds as seconds, without a double in between. */
static void sample_seconds(const Samples *samples, int64_t us) {
    int64_t shown_us = us < 0 ? 0 : us;
    sample_name(samples, NULL, NULL);
    buf_printf(samples->out, "%" PRId64 ".%06" PRId64 "\n", shown_us / 1000000, shown_us % 1000000);
}

/* ---- a writer a metric ------------------------------------------------------------------------------------- */

static int64_t ended_us(const Result *result) {
    return result->started_us + result->duration_us;
}

static void write_consistent(const Samples *samples) {
    sample_count(samples, NULL, NULL, samples->result->verdict == VERDICT_CONSISTENT);
}

static void write_verdicts(const Samples *samples) {
    static const Verdict verdicts[] = {VERDICT_CONSISTENT, VERDICT_INCONSISTENT, VERDICT_CANNOT_TELL};
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        sample_count(samples, "verdict", verdict_name(verdicts[i]), samples->result->verdict == verdicts[i]);
    }
}

static void write_last_run(const Samples *samples) {
    sample_seconds(samples, ended_us(samples->result));
}

static void write_last_consistent(const Samples *samples) {
    if (samples->result->verdict == VERDICT_CONSISTENT) {
        sample_seconds(samples, ended_us(samples->result));
    } else if (samples->last_consistent_us != NEVER_CONSISTENT_US) {
        sample_seconds(samples, samples->last_consistent_us);
    }
}

static void write_duration(const Samples *samples) {
    sample_seconds(samples, samples->result->duration_us);
}

static void write_rows(const Samples *samples) {
    sample_count(samples, "side", "old", samples->result->counts.old_rows);
    sample_count(samples, "side", "new", samples->result->counts.new_rows);
}

static void write_mismatched_rows(const Samples *samples) {
    for (FindingKind kind = 0; kind < FINDING_KINDS; kind++) {
        sample_count(samples, "kind", finding_kind_name(kind), samples->result->counts.kinds[kind]);
    }
}

static void write_mismatch_ratio(const Samples *samples) {
    sample_ratio(samples, samples->result->mismatch_ratio);
}

static void write_undecided(const Samples *samples) {
    sample_count(samples, NULL, NULL, samples->result->counts.undecided);
}

static void write_in_flight(const Samples *samples) {
    sample_count(samples, NULL, NULL, samples->result->counts.in_flight);
}

static void write_coverage(const Samples *samples) {
    sample_ratio(samples, samples->result->coverage);
}

static void write_ranges(const Samples *samples) {
    sample_count(samples, "state", "planned", samples->result->ranges_planned);
    sample_count(samples, "state", "proved", samples->result->ranges_proved);
    sample_count(samples, "state", "failed", samples->result->ranges_failed);
}

static const char *invariant_name(const Match *match, size_t i) {
    return match->invariants[i].spec->name;
}

static const char *pair_name(const Match *match, size_t i) {
    return match->pairs[i].name;
}

/* One new column may stand in several pairs; a series that stood twice would be dropped, so they are summed up. */
static void write_named(const Samples *samples, const char *label, const char *(*name)(const Match *match, size_t i),
                        const int64_t *counts, size_t count) {
    const Match *match = samples->result->match;
    for (size_t i = 0; i < count; i++) {
        int64_t sum = 0;
        bool again = false;
        for (size_t j = 0; j < count; j++) {
            bool same = strcmp(name(match, i), name(match, j)) == 0;
            sum += same ? counts[j] : 0;
            again = again || (same && j < i);
        }
        if (!again) {
            sample_count(samples, label, name(match, i), sum);
        }
    }
}

static void write_invariants(const Samples *samples) {
    const Match *match = samples->result->match;
    write_named(samples, "invariant", invariant_name, samples->result->counts.invariant_violations,
                match == NULL ? 0 : match->invariant_count);
}

static void write_columns(const Samples *samples) {
    const Match *match = samples->result->match;
    write_named(samples, "column", pair_name, samples->result->counts.pair_different,
                match == NULL ? 0 : match->pair_count);
}

static void write_causes(const Samples *samples) {
    for (Cause cause = 0; cause < CAUSES; cause++) {
        sample_count(samples, "cause", cause_name(cause), samples->result->counts.causes[cause]);
    }
}

/* A check repairs nothing; the series are there from the first run on, so that an alert can be written. */
static void write_repaired(const Samples *samples) {
    for (Outcome outcome = 0; outcome < OUTCOMES; outcome++) {
        int64_t rows = samples->outcomes == NULL ? 0 : samples->outcomes[outcome];
        sample_count(samples, "outcome", outcome_name(outcome), rows);
    }
}

static void write_build_info(const Samples *samples) {
    sample_count(samples, "version", TWOFOLD_VERSION, 1);
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

typedef struct Metric {
    const char *name;
    const char *help;
    void (*write)(const Samples *samples);
} Metric;

static const Metric metrics[] = {
#define METRIC(name, help, write) {name, help, write},
#include "report/metrics.def"
#undef METRIC
};

void prometheus_write(const Result *result, int64_t last_consistent_us, Buf *out) {
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        const char *name = metrics[i].name;
        buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, metrics[i].help, name);
        Samples samples = {.result = result, .last_consistent_us = last_consistent_us, .metric = name, .out = out};
        metrics[i].write(&samples);
    }
}

static const Metric *metric_repaired(void) {
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        if (metrics[i].write == write_repaired) {
            return &metrics[i];
        }
    }
    return NULL;
}

/* Whether a line speaks of a metric: a sample of it, its HELP or its TYPE. */
static bool line_is_of(Str line, const char *metric) {
    static const char *const BEFORE[] = {"", "# HELP ", "# TYPE "};
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(BEFORE[i]), name = strlen(metric);
        if (line.length > length + name && memcmp(line.bytes, BEFORE[i], length) == 0 &&
            memcmp(line.bytes + length, metric, name) == 0) {
            return true;
        }
    }
    return false;
}

void prometheus_put_repaired(Str file, const char *check, const int64_t *outcomes, Buf *out) {
    const Metric *metric = metric_repaired();
    const Result result = {.check = check};
    while (file.length > 0) {
        const char *end = memchr(file.bytes, '\n', file.length);
        Str line = {file.bytes, end == NULL ? file.length : (size_t)(end - file.bytes) + 1};
        if (!line_is_of(line, metric->name)) {
            buf_str(out, line);
        }
        file = (Str){file.bytes + line.length, file.length - line.length};
    }
    buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", metric->name, metric->help, metric->name);
    Samples samples = {.result = &result, .outcomes = outcomes, .metric = metric->name, .out = out};
    metric->write(&samples);
}

typedef struct PrometheusSink {
    Sink sink;
    const char *path;
    int64_t last_consistent_us;
} PrometheusSink;

static bool prometheus_result(Sink *sink, const Result *result, Err *err) {
    const PrometheusSink *self = (const PrometheusSink *)sink;
    Buf text = {0};
    prometheus_write(result, self->last_consistent_us, &text);
    bool good = file_replace(self->path, buf_view(&text), FILE_MODE_SHARED, err);
    buf_free(&text);
    return good;
}

static void prometheus_close(Sink *sink) {
    free(sink);
}

Sink *prometheus_sink_open(const char *path, int64_t last_consistent_us) {
    PrometheusSink *self = mem_alloc(sizeof(PrometheusSink));
    *self = (PrometheusSink){.sink = {.result = prometheus_result, .close = prometheus_close},
                             .path = path,
                             .last_consistent_us = last_consistent_us};
    return &self->sink;
}

static bool prometheus_open(const ReportOrder *order, Sink **out, Err *err) {
    int64_t last_consistent_us = NEVER_CONSISTENT_US;
    if (order->ledger != NULL &&
        !ledger_last_consistent_us(order->ledger, order->check->spec.check, &last_consistent_us, err)) {
        return false;
    }
    *out = prometheus_sink_open(order->path, last_consistent_us);
    return true;
}

/* A metric has its HELP and TYPE once in a text: two results would not be one. */
const Report prometheus_report = {.open = prometheus_open, .alone = true};
