/* The result of a check as JUnit XML (form: junit.h).
 *
 * In: a result, with or without a match. Out: a suite. Keys and values are shown as on the console.
 */
#include "report/junit.h"

#include "report/report.h"
#include "report/shown.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_IN_MESSAGE = 5 };

/* A case being said; `fault` is what did not pass, "" where nothing did. */
typedef struct Trial {
    const Result *result;
    JunitSuite *suite;
    const char *group, *name;
    JunitState state;
    Buf message, details;
    size_t keys; /* in the message */
} Trial;

static Trial trial_of(const Result *result, JunitSuite *suite, const char *group, const char *name) {
    return (Trial){.result = result, .suite = suite, .group = group, .name = name};
}

static void trial_end(Trial *trial) {
    junit_case(trial->suite,
               &(JunitCase){trial->group, trial->name, trial->state,
                            trial->message.bytes == NULL ? "" : trial->message.bytes, buf_view(&trial->details)});
    buf_free(&trial->message);
    buf_free(&trial->details);
}

static void count_write(int64_t count, const char *one, const char *many, Buf *out) {
    shown_count(count, out);
    buf_printf(out, " %s", count == 1 ? one : many);
}

/* ---- what was not read ------------------------------------------------------------------------------------- */

static bool is_read(const Result *result) {
    return result->ranges_planned > 0 && result->ranges_proved == result->ranges_planned;
}

static void ranges_write(const Result *result, Buf *out) {
    shown_count(result->ranges_proved, out);
    buf_text(out, " of ");
    count_write(result->ranges_planned, "range was read", "ranges were read", out);
}

/* Where nothing was found, but not everything was read. */
static void doubt(Trial *trial) {
    if (trial->state == JUNIT_PASSED && !is_read(trial->result)) {
        trial->state = JUNIT_ERROR;
        buf_text(&trial->message, "not known: ");
        ranges_write(trial->result, &trial->message);
    }
}

static void add_coverage(const Result *result, JunitSuite *suite) {
    Trial trial = trial_of(result, suite, "coverage", "every range was read");
    if (!is_read(result)) {
        trial.state = JUNIT_ERROR;
        if (result->ranges_planned > 0) {
            ranges_write(result, &trial.message);
        } else {
            buf_text(&trial.message, result->err.text);
        }
        buf_printf(&trial.details, "%s%s%s", result->err.text, result->err.hint[0] == '\0' ? "" : "\n",
                   result->err.hint);
    }
    trial_end(&trial);
}

/* ---- sampled rows ------------------------------------------------------------------------------------------ */

/* "region eu, id 7" */
static void key_write(const Match *match, const Finding *finding, Buf *out) {
    for (size_t i = 0; i < finding->key_count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        shown_text(str_of(match->key_names[i]), out);
        buf_char(out, ' ');
        shown_value(finding->key[i], out);
    }
}

static void cells_write(const char *side, const FindingCell *cells, size_t count, Buf *out) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s.", i > 0 ? ", " : "; ", side);
        shown_text(str_of(cells[i].name), out);
        buf_char(out, ' ');
        shown_value(cells[i].value, out);
    }
}

/* The key in the message, as long as there is room; with its values in the details. */
static void trial_row(Trial *trial, const Finding *finding) {
    if (trial->keys < KEYS_IN_MESSAGE) {
        buf_text(&trial->message, trial->keys == 0 ? ": " : "; ");
        key_write(trial->result->match, finding, &trial->message);
    } else if (trial->keys == KEYS_IN_MESSAGE) {
        buf_text(&trial->message, "; ...");
    }
    trial->keys++;
    key_write(trial->result->match, finding, &trial->details);
    cells_write("old", finding->old, finding->old_count, &trial->details);
    cells_write("new", finding->new_, finding->new_count, &trial->details);
    buf_char(&trial->details, '\n');
}

static bool lists(const size_t *indexes, size_t count, size_t index) {
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] == index) {
            return true;
        }
    }
    return false;
}

/* ---- pairs and invariants ---------------------------------------------------------------------------------- */

/* "status", or "username = handle" where the names differ. */
static void pair_name_write(const Match *match, const MatchPair *pair, Buf *out) {
    const MatchSide *other = match->one_row ? &match->old : &match->new_;
    const char *old = match->old.relation.columns[match->old.columns[pair->old_slot].column].name;
    const char *new_ = other->relation.columns[other->columns[pair->new_slot].column].name;
    buf_text(out, old);
    if (strcmp(old, new_) != 0) {
        buf_printf(out, " = %s", new_);
    }
}

static void add_pair(const Result *result, size_t index, JunitSuite *suite) {
    Buf name = {0};
    pair_name_write(result->match, &result->match->pairs[index], &name);
    Trial trial = trial_of(result, suite, "equal", name.bytes);
    int64_t different = result->counts.pair_different[index];
    if (different > 0) {
        trial.state = JUNIT_FAILED;
        count_write(different, "row differs", "rows differ", &trial.message);
        for (size_t i = 0; i < result->sample_count; i++) {
            if (lists(result->sample[i].pairs, result->sample[i].pair_count, index)) {
                trial_row(&trial, &result->sample[i]);
            }
        }
    }
    doubt(&trial);
    trial_end(&trial);
    buf_free(&name);
}

static void add_invariant(const Result *result, size_t index, JunitSuite *suite) {
    const SpecInvariant *spec = result->match->invariants[index].spec;
    Trial trial = trial_of(result, suite, "invariants", spec->name);
    int64_t broken = result->counts.invariant_violations[index];
    int64_t undecided = result->counts.invariant_undecided[index];
    if (broken > 0) {
        trial.state = JUNIT_FAILED;
        count_write(broken, "row breaks it", "rows break it", &trial.message);
    } else if (undecided > 0) {
        trial.state = JUNIT_ERROR;
        buf_text(&trial.message, "unknown for ");
        count_write(undecided, "row", "rows", &trial.message);
    }
    if (trial.state != JUNIT_PASSED) {
        buf_printf(&trial.details, "holds: %s\n", spec->holds);
    }
    for (size_t i = 0; broken > 0 && i < result->sample_count; i++) {
        if (lists(result->sample[i].invariants, result->sample[i].invariant_count, index)) {
            trial_row(&trial, &result->sample[i]);
        }
    }
    doubt(&trial);
    trial_end(&trial);
}

/* ---- rows -------------------------------------------------------------------------------------------------- */

typedef struct RowTrial {
    FindingKind kind;
    const char *name;
    const char *one, *many;
    bool two_sides; /* makes no sense of one table */
} RowTrial;

static void add_rows(const Result *result, const RowTrial *row, JunitSuite *suite) {
    Trial trial = trial_of(result, suite, "rows", row->name);
    int64_t count = result->counts.kinds[row->kind];
    if (count > 0) {
        trial.state = JUNIT_FAILED;
        count_write(count, row->one, row->many, &trial.message);
        for (size_t i = 0; i < result->sample_count; i++) {
            if (result->sample[i].kind == row->kind) {
                trial_row(&trial, &result->sample[i]);
            }
        }
    }
    doubt(&trial);
    trial_end(&trial);
}

static void add_in_flight(const Result *result, JunitSuite *suite) {
    Trial trial = trial_of(result, suite, "rows", "none is still changing");
    if (result->counts.in_flight > 0) {
        trial.state = JUNIT_ERROR;
        count_write(result->counts.in_flight, "row is still changing", "rows are still changing", &trial.message);
    }
    doubt(&trial);
    trial_end(&trial);
}

/* ---- the suite --------------------------------------------------------------------------------------------- */

static void add_properties(const Result *result, JunitSuite *suite) {
    Buf coverage = {0};
    shown_percent(result->coverage, &coverage);
    junit_property(suite, "verdict", verdict_name(result->verdict));
    junit_property(suite, "reason", result->reason != NULL ? result->reason : result->err.text);
    junit_property(suite, "mode", mode_name(result->mode));
    junit_property(suite, "coverage", coverage.bytes);
    buf_free(&coverage);
}

static void add_matched(const Result *result, JunitSuite *suite) {
    static const RowTrial ROWS[] = {
        {MISSING_IN_NEW, "none is missing in new", "row is missing", "rows are missing", true},
        {MISSING_IN_OLD, "none is missing in old", "row is missing", "rows are missing", true},
        {DUPLICATE_KEY, "no key occurs twice", "key occurs twice", "keys occur twice", false}};
    const Match *match = result->match;
    for (size_t i = 0; i < match->pair_count; i++) {
        add_pair(result, i, suite);
    }
    for (size_t i = 0; i < match->invariant_count; i++) {
        add_invariant(result, i, suite);
    }
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (!ROWS[i].two_sides || !match->one_row) {
            add_rows(result, &ROWS[i], suite);
        }
    }
    add_in_flight(result, suite);
}

/* A verdict that no case explains still is one. */
static void add_unexplained(const Result *result, JunitSuite *suite) {
    if (result->verdict != VERDICT_CONSISTENT && suite->failures + suite->errors == 0) {
        Trial trial = trial_of(result, suite, "coverage", "every row is accounted for");
        trial.state = JUNIT_ERROR;
        buf_text(&trial.message, result->err.text);
        trial_end(&trial);
    }
}

void junit_add_result(const Result *result, JunitReport *report) {
    JunitSuite suite = {.name = result->check,
                        .failed = verdict_name(VERDICT_INCONSISTENT),
                        .error = verdict_name(VERDICT_CANNOT_TELL),
                        .started_us = result->started_us,
                        .duration_us = result->duration_us};
    add_properties(result, &suite);
    add_coverage(result, &suite);
    if (result->match != NULL) {
        add_matched(result, &suite);
    }
    add_unexplained(result, &suite);
    junit_suite_end(&suite, report);
}

/* ---- the sink ---------------------------------------------------------------------------------------------- */

typedef struct JunitSink {
    Sink sink;
    JunitReport *report;
} JunitSink;

static bool junit_result(Sink *sink, const Result *result, Err *err) {
    (void)err;
    junit_add_result(result, ((JunitSink *)sink)->report);
    return true;
}

static void junit_close(Sink *sink) {
    free(sink);
}

Sink *junit_sink_open(JunitReport *report) {
    JunitSink *self = mem_alloc(sizeof(JunitSink));
    *self = (JunitSink){.sink = {.result = junit_result, .close = junit_close}, .report = report};
    return &self->sink;
}

static bool junit_open(const ReportOrder *order, Sink **out, Err *err) {
    (void)err;
    *out = junit_sink_open(report_kept(order, sizeof(JunitReport)));
    return true;
}

static bool junit_end(const char *path, void *kept, bool several, Err *err) {
    (void)several;
    JunitReport *report = kept;
    bool good = report->tests == 0 || junit_save(path, report, err);
    junit_free(report);
    free(report);
    return good;
}

const Report junit_report = {.open = junit_open, .save = junit_end};
