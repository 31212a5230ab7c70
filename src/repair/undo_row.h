/* One row of a journal, taken back or left alone.
 *
 * In: an intent, how it ended, and the row as it stands. Out: what was done and why.
 */
#ifndef REPAIR_UNDO_ROW_H
#define REPAIR_UNDO_ROW_H

#include "repair/journal.h"
#include "spec/match.h"

typedef enum UndoOutcome {
    UNDO_UNDONE,  /* or would be, in a dry run */
    UNDO_NOTHING, /* it is as it was before the repair, or the repair never wrote it */
    UNDO_CHANGED, /* it is not what the repair left there: somebody wrote it after */
    UNDO_REFUSED, /* by a constraint, a trigger, a permission */
    UNDO_FAILED,  /* locked, cut off: may succeed later */
    UNDO_OUTCOMES
} UndoOutcome;

typedef struct UndoRow {
    const JournalIntent *intent;
    RowImage key; /* for people: masked where the spec masks it */
    UndoOutcome outcome;
    const char *statement; /* that takes it back, for people; "" where none does */
    const char *why;       /* the end of a sentence; "" where the outcome says it all */
} UndoRow;

/* A side that a repair wrote. */
typedef struct UndoSide {
    Source *source;       /* NULL: not open */
    const char *identity; /* of its database; "" where unknown */
    MatchSide table;
    const Match *match; /* that says what is masked */
} UndoSide;

/* Whether the row of this intent is one of the relation as it is now. */
MUST_CHECK bool undo_row_fits(const UndoSide *side, const JournalIntent *intent, Err *err);

/* `journal` NULL: nothing is written. False, with the outcome failed: there is no going on. */
MUST_CHECK bool undo_row(const UndoSide *side, const JournalIntent *intent, JournalEnd end, Journal *journal,
                         Arena *arena, UndoRow *out, Err *err);

#endif
