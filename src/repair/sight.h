/* One key, as it stands on both sides, with its values as the check compares them and as the servers print them. */
#ifndef REPAIR_SIGHT_H
#define REPAIR_SIGHT_H

#include "check/row.h"
#include "repair/aim.h"

/* Texts are empty where the side has no such row. */
typedef struct Sight {
    const Value *key;
    KeptRow trusted, written; /* within one row: both the same */
    RowImage trusted_texts;   /* the columns of aim->trusted_texts, ... */
    RowImage written_texts;   /* ... of aim->written_texts, or of whole_texts where only the written side has the row */
    RowVerdict verdict;
} Sight;

/* Where to look: the sources of both sides, inside a transaction. One source may be both. */
typedef struct Sides {
    Source *trusted, *written;
    RowLock trusted_lock, written_lock;
} Sides;

/* Reads the key on both sides, locks it, and judges it. Without a lock on the trusted row it is read twice, and fails
 * as a conflict where it changed in between. */
MUST_CHECK bool sight_take(const Aim *aim, const Sides *sides, const Value *key, Arena *arena, Sight *out, Err *err);
/* Judges what was seen. */
void sight_judge(const Aim *aim, Arena *arena, Sight *sight);

/* Whether two images of the same columns are the same, text by text. */
bool image_equal(RowImage a, RowImage b);

#endif
