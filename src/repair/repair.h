/* Rows made to agree, one at a time.
 *
 *     repair_open(&repair, &check, trust, err)
 *     repair_settle(&repair, keys, count, err)          keys that were named: which of them disagree, and keep to it
 *     repair_propose(&repair, key, arena, &row, err)    what would be written
 *     repair_write(&repair, &seen, arena, &row, err)    writes it, after repair_keep
 *
 * A write: both rows are read again and locked, where the server can; compared; written only if they differ as they
 * did when they were seen, from what was read now; read and compared again; kept in the journal; committed. One
 * transaction where one server has both sides, else one on each, of which only the one that wrote is committed.
 * Promises: no row is committed that does not agree with its partner; nothing is committed without its journal entry
 * on the disk; every row has an outcome.
 */
#ifndef REPAIR_REPAIR_H
#define REPAIR_REPAIR_H

#include "check/check.h"
#include "repair/journal.h"
#include "repair/propose.h"

typedef enum Outcome {
    OUTCOME_PROPOSED, /* it would be written */
    OUTCOME_REPAIRED,
    OUTCOME_ALREADY_EQUAL,
    OUTCOME_CHANGED,  /* it has changed since it was seen */
    OUTCOME_REPORTED, /* the spec leaves it to people */
    OUTCOME_REFUSED,  /* no row would satisfy the spec, or a constraint, a trigger or a permission is in the way */
    OUTCOME_FAILED,   /* not known: the connection was lost, or a lock was not given */
    OUTCOMES
} Outcome;
const char *outcome_name(Outcome outcome); /* "changed_meanwhile" */

typedef struct RepairRow {
    const Value *key;
    Outcome outcome;
    bool has_write;
    RowWrite write;     /* made, or that would be; unmasked */
    const char *reason; /* NULL: none; values masked where the spec masks any */
} RepairRow;

typedef struct Repair {
    Check *check;
    Aim aim;
    Sides sides;       /* one source twice where one server has both */
    Journal *journal;  /* of writes, begun by repair_keep and closed by its caller; NULL: none is kept */
    int64_t settle_us; /* of keys that are named; negative: the spec's */
    RunStop *stop;     /* may be NULL */
} Repair;

/* The check is open. `trust` overrides what its spec says. The repair must not move. */
MUST_CHECK bool repair_open(Repair *repair, Check *check, SpecTrust trust, Err *err);
/* The check's sources were closed in the meantime, and are open again. */
MUST_CHECK bool repair_connect(Repair *repair, Err *err);
/* Whether the server that is written can be written to, and the rows read are not behind. */
MUST_CHECK bool repair_can_write(const Repair *repair, Err *err);

/* Begins the journal: in `path`, or where that is NULL in a file of its own name. *out_path is in the check's arena. */
MUST_CHECK bool repair_keep(Repair *repair, const char *spec_path, const char *path, const char **out_path, Err *err);

/* A row that disagrees, and how: finding_image. */
typedef struct Suspicion {
    const Value *key;
    size_t key_count;
    uint64_t image;
    bool open;   /* it disagrees, as far as is known */
    bool moving; /* differently at each look, until the time was up: not to be written */
    bool absent; /* on both sides, as far as was looked */
} Suspicion;

/* Looks at keys until what disagrees has done so in the same way three times, as a check of two databases does; within
 * one database a single look is enough. What agrees is then not open. False: some could not be read, or it was asked to
 * stop. */
MUST_CHECK bool repair_settle(Repair *repair, Suspicion *keys, size_t count, Err *err);

/* Whether the row still disagrees, and has settled; otherwise its outcome is known, and the row is filled in. */
bool repair_stands(const Suspicion *seen, RepairRow *out);

/* Reads, and writes nothing. False: the row could not be read. Both fill in the row, in the arena. */
MUST_CHECK bool repair_propose(Repair *repair, const Value *key, Arena *arena, RepairRow *out, Err *err);
/* False: the repair cannot go on (its journal could not be written); the row has its outcome all the same. */
MUST_CHECK bool repair_write(Repair *repair, const Suspicion *seen, Arena *arena, RepairRow *out, Err *err);

#endif
