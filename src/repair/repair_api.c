/* The public face of a repair: include/twofold/repair.h on top of repair/repair.h. */
#include "twofold/repair.h"

#include "repair/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)TF_FAILED == (int)OUTCOME_FAILED, "outcomes are cast");

struct TfRepair {
    Check check;
    Repair repair;
    bool writes;
    const char *spec_path, *journal; /* journal NULL: a file of its own name */
};

void tf_repair_close(TfRepair *repair) {
    if (repair != NULL) {
        journal_close(repair->repair.journal);
        check_close(&repair->check);
        free(repair);
    }
}

static bool open_parts(TfRepair *made, const char *spec_path, const TfRepairOptions *options, TfError *error) {
    static const SpecTrust TRUSTS[] = {TRUST_UNSAID, TRUST_OLD, TRUST_NEW};
    SpecSearch search = {&options->invariants, options->invariants == NULL ? 0 : 1};
    if (!check_open(&made->check, spec_path, &search, error) ||
        !repair_open(&made->repair, &made->check, TRUSTS[options->trust], error) ||
        (options->write && !repair_can_write(&made->repair, error))) {
        return false;
    }
    made->writes = options->write;
    made->spec_path = arena_text(&made->check.arena, spec_path);
    made->journal = arena_text(&made->check.arena, options->journal);
    made->repair.settle_us = options->settle_seconds > 0 ? (int64_t)(options->settle_seconds * 1e6) : -1;
    return true;
}

bool tf_repair_open(const char *spec_path, const TfRepairOptions *options, TfRepair **out, TfError *error) {
    static const TfRepairOptions defaults = {0};
    TfRepair *made = mem_alloc(sizeof *made);
    *made = (TfRepair){0};
    if (!open_parts(made, spec_path, options == NULL ? &defaults : options, error)) {
        tf_repair_close(made);
        return false;
    }
    *out = made;
    return true;
}

/* A journal is begun when there is something to keep in it. */
static bool repair_seen(TfRepair *self, const Suspicion *seen, Arena *arena, RepairRow *row, TfError *error) {
    const char *path;
    if (!repair_stands(seen, row)) {
        return true;
    }
    if (!self->writes) {
        return repair_propose(&self->repair, seen->key, arena, row, error);
    }
    return (self->repair.journal != NULL || repair_keep(&self->repair, self->spec_path, self->journal, &path, error)) &&
           repair_write(&self->repair, seen, arena, row, error);
}

static bool key_complete(const Match *match, size_t key_count, TfError *error) {
    return key_count == match->key_count ||
           err_set(error, TF_ERROR_USAGE, "cannot look at a key of %zu parts: a key here has %zu", key_count,
                   match->key_count);
}

bool tf_repair_key(TfRepair *repair, const char *const *key, size_t key_count, TfRepairedRow *out, TfError *error) {
    Arena scratch = {0};
    const Match *match = &repair->repair.aim.match;
    RepairRow row = {.reason = NULL};
    Value values[KEY_MAX_COLUMNS];
    Suspicion seen = {values, key_count, 0, true, false, false};
    bool good = key_complete(match, key_count, error) && row_key_parse(match, &scratch, key, values, error) &&
                repair_settle(&repair->repair, &seen, 1, error) && repair_seen(repair, &seen, &scratch, &row, error);
    if (good) {
        out->outcome = (TfOutcome)row.outcome;
        snprintf(out->reason, sizeof out->reason, "%s", row.reason == NULL ? "" : row.reason);
    }
    arena_free(&scratch);
    return good;
}

const char *tf_outcome_name(TfOutcome outcome) {
    return outcome_name((Outcome)outcome);
}
