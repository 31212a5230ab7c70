/* The gate's answer as JSON (form: gate_json.h). In: an answer. Out: one value and a line end. */
#include "report/gate_json.h"

#include "base/clock.h"
#include "base/json_writer.h"

static const double US_A_SECOND = 1e6;

static void member_time(JsonWriter *json, const char *name, int64_t at_us) {
    char at[21];
    clock_format_utc(at_us, at);
    json_member_text(json, name, at_us == 0 ? NULL : at);
}

static void write_policy(const SpecGate *policy, JsonWriter *json) {
    json_name(json, "policy");
    json_begin_object(json);
    json_member_double(json, "max_mismatch_ratio", policy->max_mismatch_ratio);
    json_name(json, "consistent_runs");
    json_int(json, policy->consistent_runs);
    json_member_double(json, "spanning_seconds", (double)policy->spanning_us / US_A_SECOND);
    json_member_double(json, "max_age_seconds", (double)policy->max_age_us / US_A_SECOND);
    json_member_double(json, "coverage", policy->coverage);
    json_end_object(json);
}

static void write_condition(const Condition *condition, JsonWriter *json) {
    json_begin_object(json);
    json_member_text(json, "group", condition->group);
    json_member_text(json, "name", condition->name);
    json_member_text(json, "subject", condition->subject);
    json_member_text(json, "state", condition_state_name(condition->state));
    json_member_text(json, "required", condition->required);
    json_member_text(json, "seen", condition->seen);
    member_time(json, "since", condition->since_us);
    json_end_object(json);
}

void gate_json_write(const Gate *gate, Buf *out) {
    JsonWriter json = json_writer(out, true);
    json_begin_object(&json);
    json_member_text(&json, "check", gate->check);
    json_member_text(&json, "gate", gate_answer_name(gate->answer));
    json_member_text(&json, "reason", gate->reason);
    member_time(&json, "asked_at", gate->asked_us);
    write_policy(gate->policy, &json);
    json_name(&json, "conditions");
    json_begin_array(&json);
    for (size_t i = 0; i < gate->conditions.count; i++) {
        write_condition(&gate->conditions.items[i], &json);
    }
    json_end_array(&json);
    json_end_object(&json);
    buf_char(out, '\n');
}
