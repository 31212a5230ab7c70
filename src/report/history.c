/* Past runs for people and scripts (form: history.h). In: one run. Out: one line or one object. */
#include "report/history.h"

#include "base/clock.h"
#include "report/shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    STARTED_WIDTH = 21,
    VERDICT_WIDTH = 14,
    MODE_WIDTH = 8,
    TOOK_WIDTH = 10,
    ROWS_WIDTH = 15,
    RANGES_WIDTH = 11,
    GAP = 2
};

void history_heading_write(Buf *out) {
    shown_field(STR_LITERAL("started (UTC)"), STARTED_WIDTH, out);
    shown_field(STR_LITERAL("verdict"), VERDICT_WIDTH, out);
    shown_field(STR_LITERAL("mode"), MODE_WIDTH, out);
    shown_field(STR_LITERAL("took"), TOOK_WIDTH, out);
    buf_printf(out, "%*s%*s%*s%*s%s\n", ROWS_WIDTH - GAP, "rows", GAP, "", RANGES_WIDTH - GAP, "ranges", GAP, "",
               "reason");
}

static void write_started(int64_t started_us, Buf *out) {
    char started[21];
    clock_format_utc(started_us, started);
    started[strlen("2026-01-02")] = ' ';
    started[strlen("2026-01-02T03:04:05")] = '\0';
    shown_field(str_of(started), STARTED_WIDTH, out);
}

/* What comes from a file is made safe for the terminal. */
static void write_field(const char *text, size_t width, Buf *out) {
    Buf shown = {0};
    shown_text(str_of(text), &shown);
    shown_field(buf_view(&shown), width, out);
    buf_free(&shown);
}

/* Proved and planned: "31/50". */
static void write_ranges(const PastRun *run, Buf *out) {
    char ranges[48];
    snprintf(ranges, sizeof ranges, "%" PRId64 "/%" PRId64, run->ranges_proved, run->ranges_planned);
    buf_printf(out, "%*s%*s", RANGES_WIDTH - GAP, ranges, GAP, "");
}

void history_line_write(const PastRun *run, size_t width, Buf *out) {
    size_t taken = STARTED_WIDTH + VERDICT_WIDTH + MODE_WIDTH + TOOK_WIDTH + ROWS_WIDTH + RANGES_WIDTH;
    Buf took = {0}, rows = {0}, reason = {0};
    write_started(run->started_us, out);
    write_field(run->verdict, VERDICT_WIDTH, out);
    write_field(run->mode, MODE_WIDTH, out);
    shown_duration(run->duration_us, &took);
    shown_field(buf_view(&took), TOOK_WIDTH, out);
    shown_count(run->old_rows > run->new_rows ? run->old_rows : run->new_rows, &rows);
    buf_printf(out, "%*s%*s", ROWS_WIDTH - GAP, rows.bytes, GAP, "");
    write_ranges(run, out);
    shown_text(str_of(run->reason), &reason);
    shown_cut(buf_view(&reason), width > taken + 24 ? width - taken : 24, out);
    buf_char(out, '\n');
    buf_free(&took);
    buf_free(&rows);
    buf_free(&reason);
}

static void write_counts(const PastRun *run, JsonWriter *json) {
    json_name(json, "rows");
    json_begin_object(json);
    json_member_int(json, "old", run->old_rows);
    json_member_int(json, "new", run->new_rows);
    json_member_int(json, "compared", run->compared);
    json_end_object(json);
    json_member_int(json, "mismatched_rows", run->mismatched_rows);
    json_member_int(json, "missing_in_new", run->missing_in_new);
    json_member_int(json, "missing_in_old", run->missing_in_old);
    json_member_int(json, "different", run->different);
    json_member_int(json, "duplicate_key", run->duplicate_key);
    json_member_int(json, "undecided", run->undecided);
    json_member_int(json, "in_flight", run->in_flight);
    json_name(json, "ranges");
    json_begin_object(json);
    json_member_int(json, "planned", run->ranges_planned);
    json_member_int(json, "proved", run->ranges_proved);
    json_member_int(json, "failed", run->ranges_failed);
    json_end_object(json);
    json_name(json, "coverage");
    json_double(json, run->coverage);
}

static void write_side(JsonWriter *json, const char *side, const char *engine, const char *place, const char *schema) {
    json_name(json, side);
    json_begin_object(json);
    json_member_text(json, "engine", engine);
    json_member_text(json, "place", place);
    json_member_text(json, "schema_digest", schema);
    json_end_object(json);
}

void history_json_write(const PastRun *run, JsonWriter *json) {
    char started[21];
    clock_format_utc(run->started_us, started);
    json_begin_object(json);
    json_member_text(json, "id", run->id);
    json_member_text(json, "check", run->check);
    json_member_text(json, "verdict", run->verdict);
    json_member_text(json, "reason", run->reason);
    if (run->error != NULL) {
        json_member_text(json, "error", run->error);
    }
    json_member_text(json, "mode", run->mode);
    json_member_text(json, "started_at", started);
    json_member_int(json, "resumed", run->resumed);
    json_name(json, "duration_seconds");
    json_double(json, (double)run->duration_us / 1e6);
    write_counts(run, json);
    json_member_text(json, "spec_digest", run->spec_digest);
    write_side(json, "old", run->old_engine, run->old_place, run->old_schema);
    write_side(json, "new", run->new_engine, run->new_place, run->new_schema);
    json_end_object(json);
}
