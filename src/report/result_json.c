/* The result as JSON (form: result_json.h).
 *
 * In: a result, with or without a match (a check that ended before it was planned has none). Out: one value.
 */
#include "report/result_json.h"

#include "base/clock.h"
#include "report/file.h"
#include "report/finding_json.h"
#include "report/report.h"

#include <stdlib.h>

static const double US_A_SECOND = 1e6;

static void member_texts(JsonWriter *json, const char *name, const char *const *texts, size_t count) {
    json_name(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_text(json, texts[i]);
    }
    json_end_array(json);
}

static void write_verdict(const Result *result, JsonWriter *json) {
    json_member_text(json, "check", result->check);
    json_member_text(json, "verdict", verdict_name(result->verdict));
    json_member_text(json, "reason", result->reason != NULL ? result->reason : result->err.text);
    if (result->err.text[0] != '\0') {
        json_member_text(json, "error", result->err.text);
        if (result->err.hint[0] != '\0') {
            json_member_text(json, "hint", result->err.hint);
        }
    }
}

static void write_side_as_of(const char *side, const AsOf *as_of, JsonWriter *json) {
    if (as_of->standby == NULL && as_of->position == NULL) {
        return;
    }
    json_name(json, side);
    json_begin_object(json);
    if (as_of->standby != NULL) {
        json_member_text(json, "standby", as_of->standby);
    }
    if (as_of->position != NULL) {
        char at[21];
        clock_format_utc(as_of->at_us, at);
        json_member_text(json, "position", as_of->position);
        json_member_text(json, "at", at);
    }
    json_end_object(json);
}

/* Sides that were read as they are now need no word. */
static void write_as_of(const Result *result, JsonWriter *json) {
    const AsOf *sides[] = {&result->old_as_of, &result->new_as_of};
    bool some = false;
    for (int i = 0; i < 2; i++) {
        some = some || sides[i]->standby != NULL || sides[i]->position != NULL;
    }
    if (some) {
        json_name(json, "as_of");
        json_begin_object(json);
        write_side_as_of("old", sides[0], json);
        write_side_as_of("new", sides[1], json);
        json_end_object(json);
    }
}

static void write_run(const Result *result, JsonWriter *json) {
    char started[21];
    clock_format_utc(result->started_us, started);
    json_member_text(json, "mode", mode_name(result->mode));
    if (result->mode_reason != NULL) {
        json_member_text(json, "mode_reason", result->mode_reason);
    }
    json_member_text(json, "started_at", started);
    if (result->resumed_us != 0) {
        clock_format_utc(result->resumed_us, started);
        json_member_text(json, "resumed_from", started);
    }
    json_member_double(json, "duration_seconds", (double)result->duration_us / US_A_SECOND);
    write_as_of(result, json);
    if (result->paused_us > 0) {
        json_member_double(json, "paused_seconds", (double)result->paused_us / US_A_SECOND);
    }
    const Match *match = result->match;
    member_texts(json, "key_columns", match == NULL ? NULL : match->key_names, match == NULL ? 0 : match->key_count);
}

static void write_counts(const Result *result, JsonWriter *json) {
    const Counts *counts = &result->counts;
    json_name(json, "rows");
    json_begin_object(json);
    json_member_int(json, "old", counts->old_rows);
    json_member_int(json, "new", counts->new_rows);
    json_member_int(json, "compared", counts->compared);
    json_end_object(json);
    json_member_int(json, "mismatched_rows", result->mismatched_rows);
    json_member_double(json, "mismatch_ratio", result->mismatch_ratio);
    for (FindingKind kind = 0; kind < FINDING_KINDS; kind++) {
        json_member_int(json, finding_kind_name(kind), counts->kinds[kind]);
    }
    json_member_int(json, "undecided", counts->undecided);
    json_member_int(json, "in_flight", counts->in_flight);
}

static void write_coverage(const Result *result, JsonWriter *json) {
    json_name(json, "ranges");
    json_begin_object(json);
    json_member_int(json, "planned", result->ranges_planned);
    json_member_int(json, "proved", result->ranges_proved);
    json_member_int(json, "failed", result->ranges_failed);
    json_end_object(json);
    json_member_double(json, "coverage", result->coverage);
}

static void write_not_compared(const Match *match, JsonWriter *json) {
    static const MatchSide nothing = {0};
    const MatchSide *old = match == NULL ? &nothing : &match->old;
    const MatchSide *new_ = match == NULL || match->one_row ? &nothing : &match->new_;
    json_name(json, "not_compared");
    json_begin_object(json);
    member_texts(json, "old", old->not_compared, old->not_compared_count);
    member_texts(json, "new", new_->not_compared, new_->not_compared_count);
    json_end_object(json);
}

static void write_columns(const Result *result, JsonWriter *json) {
    json_name(json, "columns");
    json_begin_array(json);
    for (size_t i = 0; result->match != NULL && i < result->match->pair_count; i++) {
        if (result->counts.pair_different[i] > 0) {
            json_begin_object(json);
            json_member_text(json, "name", result->match->pairs[i].name);
            json_member_int(json, "different", result->counts.pair_different[i]);
            json_end_object(json);
        }
    }
    json_end_array(json);
}

static void write_causes(const Result *result, JsonWriter *json) {
    json_name(json, "causes");
    json_begin_array(json);
    for (Cause cause = 0; cause < CAUSES; cause++) {
        if (result->counts.causes[cause] > 0) {
            json_begin_object(json);
            json_member_text(json, "cause", cause_name(cause));
            json_member_int(json, "rows", result->counts.causes[cause]);
            json_end_object(json);
        }
    }
    json_end_array(json);
}

static void write_invariants(const Result *result, JsonWriter *json) {
    json_name(json, "invariants");
    json_begin_array(json);
    for (size_t i = 0; result->match != NULL && i < result->match->invariant_count; i++) {
        json_begin_object(json);
        json_member_text(json, "name", result->match->invariants[i].spec->name);
        json_member_int(json, "violations", result->counts.invariant_violations[i]);
        json_member_int(json, "undecided", result->counts.invariant_undecided[i]);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_findings(const Result *result, JsonWriter *json) {
    json_name(json, "findings");
    json_begin_array(json);
    for (size_t i = 0; i < result->sample_count; i++) {
        finding_json_write(result->match, &result->sample[i], json);
    }
    json_end_array(json);
}

/* Not findings: nobody knows whether they disagree. */
static void write_undecided(const Result *result, JsonWriter *json) {
    if (result->undecided_count == 0) {
        return;
    }
    json_name(json, "undecided_rows");
    json_begin_array(json);
    for (size_t i = 0; i < result->undecided_count; i++) {
        undecided_json_write(result->match, &result->undecided[i], json);
    }
    json_end_array(json);
}

void result_json_write(const Result *result, Buf *out, bool pretty) {
    JsonWriter json = json_writer(out, pretty);
    json_begin_object(&json);
    write_verdict(result, &json);
    write_run(result, &json);
    write_counts(result, &json);
    write_coverage(result, &json);
    write_not_compared(result->match, &json);
    write_columns(result, &json);
    write_causes(result, &json);
    write_invariants(result, &json);
    write_findings(result, &json);
    write_undecided(result, &json);
    json_end_object(&json);
}

/* ---- the sink and the file ------------------------------------------------------------------------------ */

typedef struct ResultJsonSink {
    Sink sink;
    Buf *results;
} ResultJsonSink;

static bool result_json_result(Sink *sink, const Result *result, Err *err) {
    (void)err;
    Buf *results = ((ResultJsonSink *)sink)->results;
    if (results->length > 0) {
        buf_text(results, ",\n");
    }
    result_json_write(result, results, true);
    return true;
}

static void result_json_close(Sink *sink) {
    free(sink);
}

Sink *result_json_sink_open(Buf *results) {
    ResultJsonSink *self = mem_alloc(sizeof(ResultJsonSink));
    *self = (ResultJsonSink){.sink = {.result = result_json_result, .close = result_json_close}, .results = results};
    return &self->sink;
}

bool result_json_save(const char *path, const Buf *results, bool array, Err *err) {
    Buf whole = {0};
    buf_text(&whole, array ? "[" : "");
    buf_str(&whole, buf_view(results));
    buf_text(&whole, array ? "]\n" : "\n");
    bool good = file_replace(path, buf_view(&whole), FILE_MODE_PRIVATE, err);
    buf_free(&whole);
    return good;
}

static bool result_json_open(const ReportOrder *order, Sink **out, Err *err) {
    (void)err;
    *out = result_json_sink_open(report_kept(order, sizeof(Buf)));
    return true;
}

static bool result_json_end(const char *path, void *kept, bool several, Err *err) {
    Buf *results = kept;
    bool good = results->length == 0 || result_json_save(path, results, several, err);
    buf_free(results);
    free(results);
    return good;
}

const Report result_json_report = {.open = result_json_open, .save = result_json_end};
