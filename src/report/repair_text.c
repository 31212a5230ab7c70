#include "report/repair_text.h"

#include "repair/row_mask.h"
#include "report/shown.h"

#include <string.h>

/* ---- the statement ----------------------------------------------------------------------------------------- */

void repair_sql(const Repair *repair, const RepairRow *row, Buf *out) {
    Arena scratch = {0};
    Err err;
    Source *written = repair->sides.written;
    if (row->has_write) {
        RowWrite write = write_mask(&repair->aim.match, aim_written(&repair->aim), &row->write, &scratch);
        if (!written->ops->explain_write(written, &write, out, &err)) {
            buf_printf(out, "-- %s", err.text);
        }
    }
    arena_free(&scratch);
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

void repair_text_head(const Campaign *campaign, Buf *out) {
    const Aim *aim = &campaign->repair->aim;
    buf_printf(out, "-- %s: ", aim->match.spec->check);
    shown_relation(aim_written(aim)->relation.name, out);
    buf_text(out, " is written");
    if (!aim->match.one_row) {
        buf_printf(out, ", %s is trusted", aim_trusted_name(aim));
    }
    buf_char(out, '\n');
}

static const char *outcome_words(Outcome outcome) {
    static const char *const words[OUTCOMES] = {
        [OUTCOME_PROPOSED] = "would be written",
        [OUTCOME_REPAIRED] = "repaired",
        [OUTCOME_ALREADY_EQUAL] = "already equal",
        [OUTCOME_CHANGED] = "changed meanwhile",
        [OUTCOME_REPORTED] = "left to you",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_FAILED] = "failed",
    };
    return words[outcome];
}

static void key_text(const Campaign *campaign, const RepairRow *row, Buf *out) {
    Arena scratch = {0};
    const Match *match = &campaign->repair->aim.match;
    shown_key(mask_key(match, &scratch, row->key), match->key_count, out);
    arena_free(&scratch);
}

/* What was not written stands in a comment, on one line: whoever runs the output runs only what was, or would be. So do
 * statements of a spec with masks, which would write a hash in a value's place. */
void repair_text_row(const Campaign *campaign, const RepairRow *row, Buf *out) {
    if (row->outcome == OUTCOME_PROPOSED || row->outcome == OUTCOME_REPAIRED) {
        buf_text(out, campaign->repair->aim.match.masks ? "-- " : "");
        repair_sql(campaign->repair, row, out);
        buf_printf(out, ";%s\n", row->outcome == OUTCOME_REPAIRED ? " -- repaired" : "");
        return;
    }
    buf_text(out, "-- ");
    key_text(campaign, row, out);
    buf_printf(out, ": %s", outcome_words(row->outcome));
    if (row->reason != NULL) {
        buf_text(out, ": ");
        shown_text(str_of(row->reason), out);
    }
    buf_char(out, '\n');
}

static void counts_text(const Campaign *campaign, Buf *out) {
    const char *between = ": ";
    for (Outcome outcome = 0; outcome < OUTCOMES; outcome++) {
        if (campaign->outcomes[outcome] > 0) {
            buf_text(out, between);
            shown_count(campaign->outcomes[outcome], out);
            buf_printf(out, " %s", outcome_words(outcome));
            between = ", ";
        }
    }
    buf_char(out, '\n');
}

void repair_text_tail(const Campaign *campaign, const char *journal, Buf *out) {
    buf_text(out, "-- ");
    shown_count(campaign->disagreed, out);
    buf_text(out, campaign->disagreed == 1 ? " row disagrees" : " rows disagree");
    counts_text(campaign, out);
    if (campaign->unknown != NULL) {
        buf_text(out, "-- more may disagree: ");
        shown_text(str_of(campaign->unknown), out);
        buf_char(out, '\n');
    }
    if (campaign->stopped != NULL) {
        buf_printf(out, "-- nothing was written: %s\n", campaign->stopped);
    } else if (campaign->outcomes[OUTCOME_PROPOSED] > 0) {
        buf_text(out, "-- nothing was written: --write makes these writes\n");
    }
    if (campaign->interrupted) {
        buf_text(out, "-- it was stopped before the last row\n");
    }
    if (journal != NULL) {
        buf_text(out, "-- journal: ");
        shown_text(str_of(journal), out);
        buf_char(out, '\n');
    }
}
