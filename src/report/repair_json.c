#include "report/repair_json.h"

#include "base/json_writer.h"
#include "check/mask.h"
#include "report/repair_text.h"

void repair_json_row(const Campaign *campaign, const RepairRow *row, Buf *rows) {
    Arena scratch = {0};
    const Match *match = &campaign->repair->aim.match;
    const Value *key = mask_key(match, &scratch, row->key);
    Buf text = {0};
    buf_text(rows, rows->length == 0 ? "" : ", ");
    JsonWriter json = json_writer(rows, false);
    json_begin_object(&json);
    json_name(&json, "key");
    json_begin_array(&json);
    for (size_t i = 0; i < match->key_count; i++) {
        buf_empty(&text);
        value_print(key[i], &text);
        key[i].state == CELL_NULL ? json_null(&json) : json_string(&json, buf_view(&text));
    }
    json_end_array(&json);
    json_name(&json, "outcome");
    json_text(&json, outcome_name(row->outcome));
    json_name(&json, "reason");
    json_text(&json, row->reason);
    json_name(&json, "sql");
    buf_empty(&text);
    repair_sql(campaign->repair, row, &text);
    row->has_write ? json_string(&json, buf_view(&text)) : json_null(&json);
    json_end_object(&json);
    buf_free(&text);
    arena_free(&scratch);
}

static void write_outcomes(const Campaign *campaign, JsonWriter *json) {
    json_name(json, "outcomes");
    json_begin_object(json);
    for (Outcome outcome = 0; outcome < OUTCOMES; outcome++) {
        json_name(json, outcome_name(outcome));
        json_int(json, campaign->outcomes[outcome]);
    }
    json_end_object(json);
}

static void write_text(JsonWriter *json, const char *name, const char *text) {
    json_name(json, name);
    json_text(json, text);
}

void repair_json_write(const Campaign *campaign, const Buf *rows, const char *journal, Buf *out) {
    const Aim *aim = &campaign->repair->aim;
    JsonWriter json = json_writer(out, true);
    json_begin_object(&json);
    write_text(&json, "check", aim->match.spec->check);
    write_text(&json, "verdict", verdict_name(campaign_verdict(campaign)));
    json_name(&json, "written");
    json_bool(&json, campaign->writes && campaign->stopped == NULL);
    write_text(&json, "trust", aim_trusted_name(aim));
    json_name(&json, "disagreed");
    json_int(&json, campaign->disagreed);
    json_name(&json, "mismatch_ratio");
    json_double(&json, campaign->ratio);
    write_text(&json, "stopped", campaign->stopped);
    write_text(&json, "unknown", campaign->unknown);
    json_name(&json, "interrupted");
    json_bool(&json, campaign->interrupted);
    write_text(&json, "journal", journal);
    write_outcomes(campaign, &json);
    json_name(&json, "rows");
    Buf list = {0};
    buf_printf(&list, "[%s]", rows->length == 0 ? "" : rows->bytes);
    json_raw(&json, buf_view(&list));
    buf_free(&list);
    json_end_object(&json);
    buf_char(out, '\n');
}
