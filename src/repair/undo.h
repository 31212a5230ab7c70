/* Taking a repair back, row by row, the last one first.
 *
 *     undo_open(&undo, reader, &spec, err)   journal and databases fit together; no row is read
 *     undo_run(&undo, &options, taker, &counts, err)
 *     undo_close(&undo)
 *
 * A row is taken back only where it still is what the repair left there, byte for byte, under a lock; what came after
 * the repair is never overwritten. An intent without an outcome may have happened: the server is asked about its
 * transaction, and the row decides. Each write is itself journaled, so an undo can be undone.
 *
 * Refuses before anything is read: a journal that is damaged, of another spec, of another database or table than the
 * spec leads to now, or of columns that are not there or are of another type.
 */
#ifndef REPAIR_UNDO_H
#define REPAIR_UNDO_H

#include "check/stop.h"
#include "repair/journal_read.h"
#include "repair/undo_row.h"
#include "spec/spec.h"

/* An intent, where it stands and how it ended. */
typedef struct UndoIntent {
    int64_t offset;
    JournalEnd end; /* JOURNAL_UNKNOWN where there is no outcome */
} UndoIntent;

typedef struct Undo {
    const Spec *spec;
    JournalReader *reader;
    UndoIntent *intents;
    size_t count;
    UndoSide sides[2]; /* old, new_: opened where the journal has rows of them, or partners may be masked */
    Match match;       /* made where the spec masks anything: partners of masked columns are masked, too */
    Arena arena;
    Arena scratch; /* of a row */
} Undo;

typedef struct UndoOptions {
    Journal *journal;    /* of this undo; NULL: nothing is written, and statements are shown */
    const RunStop *stop; /* asked between rows; may be NULL */
} UndoOptions;

typedef struct UndoCounts {
    int64_t rows[UNDO_OUTCOMES];
} UndoCounts;

/* Called for each row; what it points to is valid during the call. */
typedef struct UndoTaker {
    void (*row)(void *self, const UndoRow *row);
    void *self;
} UndoTaker;

/* `reader` is open and stays the caller's. On failure undo_close is still due. */
MUST_CHECK bool undo_open(Undo *undo, JournalReader *reader, const Spec *spec, Err *err);
/* False where it could not go on; the counts say how far it came. */
MUST_CHECK bool undo_run(Undo *undo, const UndoOptions *options, UndoTaker taker, UndoCounts *counts, Err *err);
void undo_close(Undo *undo);

#endif
