/* `gate:` of a spec: when the contract phase may begin. See SpecGate in spec.h. */
#include "spec/spec_parts.h"

#include "base/calendar.h"

#include <stdlib.h>
#include <string.h>

/* More runs than any ledger keeps could never be seen. */
enum { MOST_RUNS = 10000 };

static const SpecGate USUAL = {
    .max_mismatch_ratio = 0,
    .consistent_runs = 3,
    .spanning_us = CALENDAR_DAY_US,
    .max_age_us = CALENDAR_DAY_US / 4,
    .coverage = 1,
};

/* A plain number: strtod alone would take "nan", "0x1" and " 1" too. */
static bool ratio_of(Str text, double *out) {
    bool plain = text.length > 0 && text.length < 32;
    for (size_t i = 0; plain && i < text.length; i++) {
        plain = memchr("0123456789.eE-", text.bytes[i], 14) != NULL;
    }
    char *end = NULL;
    double ratio = plain ? strtod(text.bytes, &end) : -1;
    bool good = plain && end == text.bytes + text.length && ratio >= 0 && ratio <= 1;
    *out = good ? ratio : *out;
    return good;
}

static bool ratio_read(SpecReader *reader, const char *what, const YamlNode *node, double *out) {
    if (node == NULL || ratio_of(node->text, out)) {
        return true;
    }
    return spec_refuse(reader, node, "cannot use \"%.*s\" for \"%s\": it takes a number from 0 to 1",
                       STR_ARG(node->text), what);
}

static bool runs_read(SpecReader *reader, const YamlNode *node, int64_t *out) {
    if (!spec_count_read(reader, "consistent_runs", node, out)) {
        return false;
    }
    if (*out < 1 || *out > MOST_RUNS) {
        return spec_refuse(reader, node, "cannot use \"%.*s\" for \"consistent_runs\": it takes a number from 1 to %d",
                           STR_ARG(node->text), MOST_RUNS);
    }
    return true;
}

bool spec_gate_read(SpecReader *reader, const YamlNode *node, SpecGate *out) {
    SpecGate gate = USUAL;
    GateDraft draft;
    if (node != NULL &&
        (!spec_mapping_read(reader, SPEC_GATE, "gate", node, &draft) ||
         !ratio_read(reader, "max_mismatch_ratio", draft.max_mismatch_ratio, &gate.max_mismatch_ratio) ||
         !runs_read(reader, draft.consistent_runs, &gate.consistent_runs) ||
         !spec_period_read(reader, "spanning", draft.spanning, &gate.spanning_us) ||
         !spec_period_read(reader, "max_age", draft.max_age, &gate.max_age_us) ||
         !ratio_read(reader, "coverage", draft.coverage, &gate.coverage))) {
        return false;
    }
    *out = gate;
    return true;
}
