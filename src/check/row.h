/* One row of a side, read by its key and kept; and two of them, compared.
 *
 * For what works on single rows: look and repair. The comparison is the check's own (compare.h).
 */
#ifndef CHECK_ROW_H
#define CHECK_ROW_H

#include "check/finding.h"

/* A row kept beyond its batch. */
typedef struct KeptRow {
    Batch batch;  /* one row; the first where a key stands more than once */
    size_t found; /* how many there are */
} KeptRow;

/* `texts` are the parts of a key in PostgreSQL's text form; NULL is NULL. */
MUST_CHECK bool row_key_parse(const Match *match, Arena *arena, const char *const *texts, Value *out, Err *err);
/* The source must be inside begin. */
MUST_CHECK bool row_fetch(const Match *match, const MatchSide *side, Source *source, Arena *arena, const Value *key,
                          KeptRow *out, Err *err);

/* What the comparator says of one key. */
typedef struct RowVerdict {
    bool differs;
    Finding finding; /* where it differs; in the arena */
    bool undecided;
} RowVerdict;

/* Rows that pair; `new_` is not looked at within one row. */
RowVerdict row_compare(const Match *match, Arena *arena, const Batch *old, const Batch *new_);
/* Any rows of one key: also one that is missing, or stands twice. Both missing: nothing differs. */
RowVerdict row_judge(const Match *match, Arena *arena, const KeptRow *old, const KeptRow *new_);

#endif
