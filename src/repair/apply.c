/* One row, written under lock and journal. What is promised: repair.h. */
#include "repair/repair.h"

#include "base/clock.h"
#include "check/mask.h"

#include <string.h>

enum { ATTEMPTS = 4, PAUSE_US = 50000 };

typedef struct Attempt {
    Repair *repair;
    const Suspicion *seen;
    Arena *arena;
    RepairRow *row;
    Sight sight;  /* under the lock, before the write */
    Err err;      /* of this attempt */
    bool again;   /* another attempt may end otherwise */
    bool lost;    /* a commit was sent, and its answer lost */
    bool refused; /* an insert was, once: the row may have come meanwhile */
    bool broken;  /* the journal takes no more */
} Attempt;

/* ---- how an attempt ends: always false --------------------------------------------------------------------- */

static bool ends(Attempt *attempt, Outcome outcome, const char *reason) {
    attempt->row->outcome = outcome;
    attempt->row->reason = reason;
    return false;
}

static bool ends_by_error(Attempt *attempt, Outcome outcome) {
    mask_server_error(&attempt->repair->aim.match, &attempt->err);
    return ends(attempt, outcome, arena_printf(attempt->arena, "%s", attempt->err.text));
}

static bool may_pass(const Err *err) {
    return err_is_transient(err) || err->code == TF_ERROR_TIMEOUT;
}

static bool cannot_read(Attempt *attempt) {
    attempt->again = may_pass(&attempt->err);
    return ends_by_error(attempt, OUTCOME_FAILED);
}

/* What the server said no to, it would say no to again; but a row that somebody else inserted is another matter. */
static bool cannot_write(Attempt *attempt) {
    bool first = attempt->row->write.kind == ROW_INSERT && !attempt->refused;
    attempt->again = may_pass(&attempt->err) || first;
    attempt->refused = true;
    bool unknown = may_pass(&attempt->err) || attempt->err.code == TF_ERROR_INTERRUPTED ||
                   attempt->err.code == TF_ERROR_INTERNAL || attempt->err.code == TF_ERROR_IO;
    return ends_by_error(attempt, unknown ? OUTCOME_FAILED : OUTCOME_REFUSED);
}

static bool cannot_keep(Attempt *attempt) {
    attempt->broken = true;
    return ends_by_error(attempt, OUTCOME_FAILED);
}

/* ---- before the write -------------------------------------------------------------------------------------- */

static bool attempt_begin(Attempt *attempt) {
    const Sides *sides = &attempt->repair->sides;
    Err *err = &attempt->err;
    return (sides->written->ops->begin_write(sides->written, err) &&
            (sides->trusted == sides->written || sides->trusted->ops->begin_write(sides->trusted, err))) ||
           cannot_read(attempt);
}

/* A role that may only read the trusted side cannot lock there, nor can anybody in some views: its rows are then read
 * twice instead. */
static bool without_lock(Attempt *attempt) {
    Sides *sides = &attempt->repair->sides;
    TfErrorCode code = attempt->err.code;
    bool refused = code == TF_ERROR_DENIED || code == TF_ERROR_USAGE || code == TF_ERROR_SCHEMA;
    if (!refused || sides->trusted_lock == ROW_UNLOCKED) {
        return cannot_read(attempt);
    }
    sides->trusted_lock = ROW_UNLOCKED;
    attempt->again = true;
    return ends_by_error(attempt, OUTCOME_FAILED);
}

static bool attempt_look(Attempt *attempt) {
    Repair *repair = attempt->repair;
    return sight_take(&repair->aim, &repair->sides, attempt->seen->key, attempt->arena, &attempt->sight,
                      &attempt->err) ||
           without_lock(attempt);
}

static bool attempt_compare(Attempt *attempt) {
    const RowVerdict *verdict = &attempt->sight.verdict;
    if (!verdict->differs && !verdict->undecided) {
        return ends(attempt, attempt->lost ? OUTCOME_REPAIRED : OUTCOME_ALREADY_EQUAL, NULL);
    }
    if (verdict->differs && finding_image(&verdict->finding) != attempt->seen->image) {
        return ends(attempt, OUTCOME_CHANGED, "it differs otherwise than when it was seen");
    }
    Proposal proposal = propose(&attempt->repair->aim, &attempt->sight, attempt->arena);
    if (proposal.kind != PROPOSE_WRITE) {
        return ends(attempt, proposal.kind == PROPOSE_REPORT ? OUTCOME_REPORTED : OUTCOME_REFUSED, proposal.reason);
    }
    attempt->row->has_write = true;
    attempt->row->write = proposal.write;
    return true;
}

/* ---- the write --------------------------------------------------------------------------------------------- */

static bool attempt_write(Attempt *attempt) {
    Source *written = attempt->repair->sides.written;
    int64_t rows = 0;
    if (!written->ops->write(written, &attempt->row->write, &rows, &attempt->err)) {
        return cannot_write(attempt);
    }
    if (rows == 0) { /* it is locked, and what was to stand there does */
        return ends(attempt, OUTCOME_REFUSED, "a trigger or rule kept it from being written");
    }
    return rows == 1 || ends(attempt, OUTCOME_REFUSED, "its key is not of one row alone");
}

/* What the row would still be unequal by. */
static const char *still_differs(const Attempt *attempt, const RowVerdict *after) {
    const Match *match = &attempt->repair->aim.match;
    const Finding *finding = &after->finding;
    const char *what = !after->differs                ? NULL
                       : finding->pair_count > 0      ? match->pairs[finding->pairs[0]].name
                       : finding->invariant_count > 0 ? match->invariants[finding->invariants[0]].spec->name
                                                      : NULL;
    return what == NULL ? "once written it did not agree: a trigger, a default or the type of a column changed it"
                        : arena_printf(attempt->arena,
                                       "once written it did not agree by \"%s\": a trigger, a default"
                                       " or the type of a column changed it",
                                       what);
}

/* As the commit would leave both rows. */
static bool attempt_look_again(Attempt *attempt, Sight *after) {
    Repair *repair = attempt->repair;
    const Sides sides = {repair->sides.trusted, repair->sides.written, ROW_UNLOCKED, ROW_UNLOCKED};
    if (!sight_take(&repair->aim, &sides, attempt->seen->key, attempt->arena, after, &attempt->err)) {
        return cannot_read(attempt);
    }
    if (!image_equal(after->trusted_texts, attempt->sight.trusted_texts)) {
        bool locked = repair->sides.trusted_lock != ROW_UNLOCKED && attempt->sight.trusted.found > 0;
        return locked && sides.trusted == sides.written
                   ? ends(attempt, OUTCOME_REFUSED, "writing it changed the trusted row, too")
                   : ends(attempt, OUTCOME_CHANGED, "the trusted row changed while it was written");
    }
    return (!after->verdict.differs && !after->verdict.undecided) ||
           ends(attempt, OUTCOME_REFUSED, still_differs(attempt, &after->verdict));
}

/* ---- the journal ------------------------------------------------------------------------------------------- */

/* The cells of `names` as they stand in `row`. */
static RowImage cells_of(Arena *arena, RowImage row, RowImage names) {
    RowCell *cells = ARENA_MANY(arena, names.count, RowCell);
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++) {
        for (size_t k = 0; k < row.count; k++) {
            if (strcmp(row.cells[k].name, names.cells[i].name) == 0) {
                cells[count++] = row.cells[k];
                break;
            }
        }
    }
    return (RowImage){cells, count};
}

/* Of a new row all that can be given is kept, defaults included: only then can it be taken back as what it is. */
static bool images_of(Attempt *attempt, const Sight *after, JournalIntent *intent) {
    const RowWrite *write = &attempt->row->write;
    const Aim *aim = &attempt->repair->aim;
    Source *written = attempt->repair->sides.written;
    size_t rows;
    intent->key = write->key;
    intent->before = (JournalImage){write->kind != ROW_INSERT, write->guard};
    intent->after.present = write->kind != ROW_DELETE;
    if (write->kind == ROW_UPDATE) {
        intent->after.row = cells_of(attempt->arena, after->written_texts, write->set);
    }
    if (write->kind != ROW_INSERT) {
        return true;
    }
    intent->key = (RowImage){after->written_texts.cells, aim->match.key_count};
    return written->ops->row_texts(written, &aim->whole_texts, attempt->seen->key, ROW_UNLOCKED, attempt->arena,
                                   &intent->after.row, &rows, &attempt->err) ||
           cannot_read(attempt);
}

static bool attempt_intend(Attempt *attempt, const Sight *after) {
    Repair *repair = attempt->repair;
    Source *written = repair->sides.written;
    JournalIntent intent = {.of_new = repair->aim.write_new && !repair->aim.match.one_row,
                            .relation = attempt->row->write.relation};
    if (repair->journal == NULL) {
        return true;
    }
    if (!images_of(attempt, after, &intent)) {
        return false;
    }
    if (!written->ops->transaction(written, attempt->arena, &intent.transaction, &attempt->err)) {
        return cannot_read(attempt);
    }
    return journal_intend(repair->journal, &intent, &attempt->err) || cannot_keep(attempt);
}

/* The row's outcome stands, whatever the journal says. */
static void conclude(Attempt *attempt, JournalEnd end, const char *reason) {
    Journal *journal = attempt->repair->journal;
    attempt->broken = journal != NULL && !journal_conclude(journal, end, reason, &attempt->err);
}

static void attempt_commit(Attempt *attempt) {
    Source *written = attempt->repair->sides.written;
    if (written->ops->commit(written, &attempt->err)) {
        ends(attempt, OUTCOME_REPAIRED, NULL);
        conclude(attempt, JOURNAL_COMMITTED, "");
        return;
    }
    bool unknown = attempt->err.code == TF_ERROR_CONNECTION;
    attempt->lost = attempt->lost || unknown;
    cannot_write(attempt);
    conclude(attempt, unknown ? JOURNAL_UNKNOWN : JOURNAL_ROLLED_BACK, attempt->row->reason);
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void attempt_run(Attempt *attempt) {
    Sight after;
    attempt->again = false;
    if (attempt_begin(attempt) && attempt_look(attempt) && attempt_compare(attempt) && attempt_write(attempt) &&
        attempt_look_again(attempt, &after) && attempt_intend(attempt, &after)) {
        attempt_commit(attempt);
    }
}

/* Whatever it left open is undone, and the locks are given back. */
static void attempt_end(Attempt *attempt) {
    const Sides *sides = &attempt->repair->sides;
    sides->written->ops->rollback(sides->written);
    if (sides->trusted != sides->written) {
        sides->trusted->ops->rollback(sides->trusted);
    }
}

bool repair_write(Repair *repair, const Suspicion *seen, Arena *arena, RepairRow *out, Err *err) {
    RepairRow row = {.key = seen->key, .outcome = OUTCOME_FAILED};
    Attempt attempt = {.repair = repair, .seen = seen, .arena = arena, .row = &row};
    for (int i = 0; i < ATTEMPTS; i++) {
        attempt_run(&attempt);
        attempt_end(&attempt);
        if (!attempt.again || attempt.broken || !stop_sleep(repair->stop, (int64_t)PAUSE_US << i)) {
            break;
        }
    }
    *out = row;
    if (attempt.broken) {
        *err = attempt.err;
        return false;
    }
    return true;
}
