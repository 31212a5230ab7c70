/* `limits:` of a spec: when a check must stand back. See SpecLimits in spec.h. */
#include "spec/spec_parts.h"

#include "base/calendar.h"

#include <string.h>

static const SpecLimits NO_LIMITS = {
    .max_replica_lag_us = -1,
    .max_active_sessions = -1,
    .max_transaction_age_us = -1,
    .give_up_after_us = INT64_C(600000000),
};

bool spec_period_read(SpecReader *reader, const char *what, const YamlNode *node, int64_t *out_us) {
    Interval time;
    if (node == NULL) {
        return true;
    }
    bool good = calendar_parse_interval(node->text, &time) && time.months == 0 && time.days >= 0 && time.days <= 365 &&
                time.us >= 0 && time.us <= 365 * CALENDAR_DAY_US;
    if (!good) {
        spec_refuse(reader, node, "cannot use \"%.*s\" for \"%s\": it takes a time", STR_ARG(node->text), what);
        return err_hint(reader->err, "Write a time such as \"10 s\" or \"5 min\".");
    }
    *out_us = time.us + time.days * CALENDAR_DAY_US;
    return true;
}

bool spec_count_read(SpecReader *reader, const char *what, const YamlNode *node, int64_t *out) {
    if (node == NULL) {
        return true;
    }
    int64_t count = 0;
    bool good = node->text.length <= 9;
    for (size_t i = 0; i < node->text.length; i++) {
        char c = node->text.bytes[i];
        good = good && c >= '0' && c <= '9';
        count = good ? count * 10 + (c - '0') : 0;
    }
    if (!good) {
        return spec_refuse(reader, node, "cannot use \"%.*s\" for \"%s\": it takes a whole number of 0 or more",
                           STR_ARG(node->text), what);
    }
    *out = count;
    return true;
}

bool spec_limits_read(SpecReader *reader, const YamlNode *node, SpecLimits *out) {
    SpecLimits limits = NO_LIMITS;
    LimitsDraft draft;
    if (node == NULL) {
        *out = limits;
        return true;
    }
    if (!spec_mapping_read(reader, SPEC_LIMITS, "limits", node, &draft) ||
        !spec_period_read(reader, "max_replica_lag", draft.max_replica_lag, &limits.max_replica_lag_us) ||
        !spec_count_read(reader, "max_active_sessions", draft.max_active_sessions, &limits.max_active_sessions) ||
        !spec_period_read(reader, "max_transaction_age", draft.max_transaction_age, &limits.max_transaction_age_us) ||
        !spec_period_read(reader, "pause_between", draft.pause_between, &limits.pause_between_us) ||
        !spec_period_read(reader, "give_up_after", draft.give_up_after, &limits.give_up_after_us)) {
        return false;
    }
    *out = limits;
    return true;
}
