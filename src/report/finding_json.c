/* One finding as a JSON object (form: finding_json.h).
 *
 * In: a finding and the match its indexes point into. Out: one value at the writer's place.
 */
#include "report/finding_json.h"

#include "base/clock.h"

static void write_value(Value value, Buf *scratch, JsonWriter *json) {
    if (value.state == CELL_NULL) {
        json_null(json);
        return;
    }
    buf_empty(scratch);
    value_print(value, scratch);
    json_string(json, buf_view(scratch));
}

static void write_key(const Finding *finding, Buf *scratch, JsonWriter *json) {
    json_name(json, "key");
    json_begin_array(json);
    for (size_t i = 0; i < finding->key_count; i++) {
        write_value(finding->key[i], scratch, json);
    }
    json_end_array(json);
}

static void write_columns(const Match *match, const Finding *finding, JsonWriter *json) {
    json_name(json, "columns");
    json_begin_array(json);
    for (size_t i = 0; i < finding->pair_count; i++) {
        json_text(json, match->pairs[finding->pairs[i]].name);
    }
    json_end_array(json);
}

static void write_invariants(const Match *match, const Finding *finding, JsonWriter *json) {
    json_name(json, "invariants");
    json_begin_array(json);
    for (size_t i = 0; i < finding->invariant_count; i++) {
        json_text(json, match->invariants[finding->invariants[i]].spec->name);
    }
    json_end_array(json);
}

static void write_side(const char *side, const FindingCell *cells, size_t count, Buf *scratch, JsonWriter *json) {
    json_name(json, side);
    json_begin_object(json);
    for (size_t i = 0; i < count; i++) {
        json_name(json, cells[i].name);
        write_value(cells[i].value, scratch, json);
    }
    json_end_object(json);
}

static void write_written(const char *name, int64_t written_us, JsonWriter *json) {
    if (written_us != 0) {
        char at[21];
        clock_format_utc(written_us, at);
        json_name(json, name);
        json_text(json, at);
    }
}

void finding_json_write(const Match *match, const Finding *finding, JsonWriter *json) {
    Buf scratch = {0};
    json_begin_object(json);
    json_name(json, "kind");
    json_text(json, finding_kind_name(finding->kind));
    write_key(finding, &scratch, json);
    if (finding->kind == DIFFERENT) {
        write_columns(match, finding, json);
        write_invariants(match, finding, json);
        write_side("old", finding->old, finding->old_count, &scratch, json);
        write_side("new", finding->new_, finding->new_count, &scratch, json);
    }
    write_written("old_changed_at", finding->old_written_us, json);
    write_written("new_changed_at", finding->new_written_us, json);
    json_end_object(json);
    buf_free(&scratch);
}

void undecided_json_write(const Match *match, const Finding *row, JsonWriter *json) {
    Buf scratch = {0};
    json_begin_object(json);
    write_key(row, &scratch, json);
    write_invariants(match, row, json);
    write_side("old", row->old, row->old_count, &scratch, json);
    write_side("new", row->new_, row->new_count, &scratch, json);
    json_end_object(json);
    buf_free(&scratch);
}
