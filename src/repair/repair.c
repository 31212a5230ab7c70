/* Opening a repair, looking at keys that were named, and proposing. Writing: apply.c. */
#include "repair/repair.h"

#include "base/clock.h"
#include "check/mask.h"
#include "check/settle_times.h"

#include <stdlib.h>
#include <string.h>

const char *outcome_name(Outcome outcome) {
    static const char *const names[OUTCOMES] = {
        [OUTCOME_PROPOSED] = "proposed",
        [OUTCOME_REPAIRED] = "repaired",
        [OUTCOME_ALREADY_EQUAL] = "already_equal",
        [OUTCOME_CHANGED] = "changed_meanwhile",
        [OUTCOME_REPORTED] = "reported",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_FAILED] = "failed",
    };
    return names[outcome];
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

static bool offers_texts(const Source *source, Err *err) {
    if (source->ops->row_texts != NULL) {
        return true;
    }
    const SourceInfo *info = source->ops->info(source);
    err_set(err, TF_ERROR_USAGE, "cannot repair %s: %s does not offer it", info->place, info->engine);
    return err_hint(err, "Rows are repaired in and from PostgreSQL, each side in one database.");
}

bool repair_connect(Repair *repair, Err *err) {
    Check *check = repair->check;
    if (check->old == NULL && !check_connect(check, err)) {
        return false;
    }
    bool write_new = repair->aim.write_new && check->new_ != NULL;
    Source *written = write_new ? check->new_ : check->old;
    Source *trusted = write_new || check->new_ == NULL ? check->old : check->new_;
    bool one_server = sources_share_instance(trusted->ops->info(trusted), written->ops->info(written));
    repair->sides = (Sides){one_server ? written : trusted, written, ROW_SHARED, ROW_EXCLUSIVE};
    return offers_texts(trusted, err) && offers_texts(written, err);
}

bool repair_open(Repair *repair, Check *check, SpecTrust trust, Err *err) {
    *repair = (Repair){.check = check, .settle_us = -1};
    SpecTrust chosen = trust != TRUST_UNSAID ? trust : check->spec.repair.trust;
    return aim_make(&check->arena, &check->match, chosen, &repair->aim, err) && repair_connect(repair, err);
}

static bool not_standby(const Source *source, const char *doing, Err *err) {
    const SourceInfo *info = source->ops->info(source);
    if (!info->standby) {
        return true;
    }
    err_set(err, TF_ERROR_USAGE, "cannot %s %s: it is a standby", doing, info->place);
    return err_hint(err, "Name the primary as the source: what a standby shows may be old.");
}

bool repair_can_write(const Repair *repair, Err *err) {
    const Sides *sides = &repair->sides;
    if (sides->written->ops->begin_write == NULL) {
        return err_set(err, TF_ERROR_USAGE, "cannot write to %s: it is not offered",
                       sides->written->ops->info(sides->written)->engine);
    }
    return not_standby(sides->written, "write to", err) && not_standby(sides->trusted, "repair from", err);
}

/* ---- the journal ------------------------------------------------------------------------------------------- */

/* "" for standard input. */
static const char *absolute(Arena *arena, const char *path) {
    char *whole = strcmp(path, "-") == 0 ? NULL : realpath(path, NULL);
    const char *copy = whole == NULL ? "" : arena_copy(arena, whole, strlen(whole));
    free(whole);
    return copy;
}

bool repair_keep(Repair *repair, const char *spec_path, const char *path, const char **out_path, Err *err) {
    Check *check = repair->check;
    char run[JOURNAL_RUN_BYTES];
    if (!journal_new_run(run, err) || !check_identify(check, err)) {
        return false;
    }
    const JournalHeader header = {
        .command = "repair",
        .check = check->spec.check,
        .run = run,
        .spec_path = absolute(&check->arena, spec_path),
        .spec_digest = check->spec.digest,
        .old_place = check->old_info.place,
        .new_place = check->new_ == NULL ? check->old_info.place : check->new_info.place,
        .trust = aim_trusted_name(&repair->aim),
        .started_us = clock_wall_us(),
        .old_identity = check->old_info.identity,
        .new_identity = check->new_ == NULL ? "" : check->new_info.identity,
    };
    Buf chosen = {0};
    buf_text(&chosen, path == NULL ? "" : path);
    bool good = (path != NULL || journal_default_path(&header, &chosen, err)) &&
                journal_open(chosen.bytes, &header, &repair->journal, err);
    *out_path = good ? arena_copy(&check->arena, chosen.bytes, chosen.length) : NULL;
    buf_free(&chosen);
    return good;
}

/* ---- looking ---------------------------------------------------------------------------------------------- */

static bool look_begin(const Sides *sides, Err *err) {
    return sides->written->ops->begin(sides->written, NULL, err) &&
           (sides->trusted == sides->written || sides->trusted->ops->begin(sides->trusted, NULL, err));
}

static bool look_end(const Sides *sides, Err *err) {
    bool good = sides->written->ops->end(sides->written, err);
    return (sides->trusted == sides->written || sides->trusted->ops->end(sides->trusted, err)) && good;
}

/* In a transaction that only reads. */
static bool look(Repair *repair, const Value *key, Arena *arena, Sight *out, Err *err) {
    Err ignored;
    const Sides sides = {repair->sides.trusted, repair->sides.written, ROW_UNLOCKED, ROW_UNLOCKED};
    bool good = look_begin(&sides, err) && sight_take(&repair->aim, &sides, key, arena, out, err);
    if (!look_end(&sides, good ? err : &ignored)) {
        good = false;
    }
    if (!good) {
        mask_error(&repair->aim.match, err);
    }
    return good;
}

bool repair_propose(Repair *repair, const Value *key, Arena *arena, RepairRow *out, Err *err) {
    static const Outcome OUTCOMES_OF[] = {
        [PROPOSE_NOTHING] = OUTCOME_ALREADY_EQUAL,
        [PROPOSE_WRITE] = OUTCOME_PROPOSED,
        [PROPOSE_REPORT] = OUTCOME_REPORTED,
        [PROPOSE_REFUSAL] = OUTCOME_REFUSED,
    };
    Sight sight;
    if (!look(repair, key, arena, &sight, err)) {
        return false;
    }
    Proposal proposal = propose(&repair->aim, &sight, arena);
    *out = (RepairRow){
        .key = key,
        .outcome = OUTCOMES_OF[proposal.kind],
        .has_write = proposal.kind == PROPOSE_WRITE,
        .write = proposal.write,
        .reason = proposal.reason,
    };
    return true;
}

/* ---- settling --------------------------------------------------------------------------------------------- */

/* One look at one key; *same counts the looks that saw what the one before saw. */
static bool look_again(Repair *repair, Suspicion *key, int *same, Err *err) {
    Arena scratch = {0};
    Sight sight;
    bool good = look(repair, key->key, &scratch, &sight, err);
    if (good) {
        uint64_t image = sight.verdict.differs ? finding_image(&sight.verdict.finding) : 0;
        *same = image == key->image ? *same + 1 : 0;
        key->image = image;
        key->open = sight.verdict.differs || sight.verdict.undecided;
        key->absent = sight.trusted.found == 0 && sight.written.found == 0;
    }
    arena_free(&scratch);
    return good;
}

static int64_t settle_time(const Repair *repair) {
    const Spec *spec = repair->aim.match.spec;
    bool at_once = repair->sides.trusted == repair->sides.written; /* one transaction saw both */
    int64_t said_us = repair->settle_us >= 0 ? repair->settle_us : spec->settle_us;
    return at_once ? 0 : said_us >= 0 ? said_us : SETTLE_DEFAULT_US;
}

static bool stopped(Err *err) {
    return err_set(err, TF_ERROR_INTERRUPTED, "could not look at all rows: asked to stop");
}

bool repair_settle(Repair *repair, Suspicion *keys, size_t count, Err *err) {
    Arena scratch = {0};
    int *same = arena_zeroed(&scratch, (count + 1) * sizeof *same);
    int64_t settle_us = settle_time(repair);
    bool good = true;
    bool moving = true;
    for (int pause = 0; good && moving && pause <= (settle_us > 0 ? SETTLE_PAUSES : 0); pause++) {
        moving = false;
        for (size_t i = 0; good && i < count; i++) {
            if (pause > 0 && (!keys[i].open || same[i] >= SETTLE_LOOKS)) {
                continue;
            }
            good = (!stop_wanted(repair->stop) || stopped(err)) && look_again(repair, &keys[i], &same[i], err);
            same[i] = pause == 0 ? 0 : same[i];
            moving = moving || keys[i].open;
        }
        if (good && moving && pause < SETTLE_PAUSES) {
            good = stop_sleep(repair->stop, settle_us / (1 << (SETTLE_PAUSES - pause))) || stopped(err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        keys[i].moving = settle_us > 0 && keys[i].open && same[i] < SETTLE_LOOKS;
    }
    arena_free(&scratch);
    return good;
}

bool repair_stands(const Suspicion *seen, RepairRow *out) {
    if (!seen->open) {
        *out = (RepairRow){
            .key = seen->key, .outcome = OUTCOME_ALREADY_EQUAL, .reason = seen->absent ? "there is no such row" : NULL};
    } else if (seen->moving) {
        *out = (RepairRow){.key = seen->key,
                           .outcome = OUTCOME_CHANGED,
                           .reason = "it was still changing when the time to settle was up"};
    }
    return seen->open && !seen->moving;
}
