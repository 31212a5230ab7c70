/* Single rows, looked at now: both sides by key, every equality and every invariant with its value.
 *
 * In: an open check and keys as texts. Out: one LookRow a key, in the order asked for. Uses the check's own comparison.
 */
#ifndef CHECK_LOOK_H
#define CHECK_LOOK_H

#include "check/check.h"

/* Values are masked where the spec says so. */
typedef struct LookPair {
    const char *old_name;
    const char *new_name;
    Value old;
    Value new_;
    bool equal;
} LookPair;

typedef struct LookInvariant {
    const char *name;
    const char *holds; /* the expression */
    Truth truth;       /* before the null policy */
    NullPolicy null;
    const FindingCell *cells; /* what it read: old columns, then new ones */
    size_t old_cells, cell_count;
} LookInvariant;

typedef struct LookRow {
    const Value *key;
    size_t old_rows, new_rows; /* how many rows have this key on each side */
    const LookPair *pairs;     /* match->pair_count; NULL unless both are 1 */
    const LookInvariant *invariants;
    const FindingCell *alone; /* what the check reads of a row that one side has once and the other lacks */
    size_t alone_count;
    Verdict verdict;
} LookRow;

/* `texts` holds count * key_count parts in PostgreSQL's text form. */
MUST_CHECK bool look_rows(Check *check, Arena *arena, const char *const *texts, size_t count, const LookRow **out,
                          Err *err);

#endif
