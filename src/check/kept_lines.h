/* Findings as lines of JSON, as few as can be: how a range's findings are kept.
 *
 * A line is one finding (kept_json.h), or a run of plain ones (finding_is_plain): the first key, then the steps to the
 * others, each with how often it is taken.
 *
 *     {"kind": "missing_in_new", "cause": "missing", "count": 5, "integers": "17 1*3 80"}      17, 18, 19, 20 and 100
 *
 * Promises: what is read back equals what was added, in that order.
 */
#ifndef CHECK_KEPT_LINES_H
#define CHECK_KEPT_LINES_H

#include "check/compare.h"

/* {0}: none. */
typedef struct KeptLines {
    Buf text;      /* complete after kept_lines_end */
    Buf run;       /* the keys of the plain ones that were added last */
    int64_t count; /* of them */
    FindingKind kind;
    int64_t first, last, step, times; /* `times` of this step are not in `run` yet */
} KeptLines;

void kept_lines_add(KeptLines *lines, const Finding *finding);
void kept_lines_end(KeptLines *lines);
void kept_lines_empty(KeptLines *lines);
void kept_lines_free(KeptLines *lines);

/* A line of either form: gives each finding in it, which is valid during the call. Refuses a line that says that it
 * holds more than `most`, however short it is. False: some may have been given. */
MUST_CHECK bool kept_line_read(Arena *arena, Str text, const Match *match, int64_t most, FindingTaker taker);

#endif
