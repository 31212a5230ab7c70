/* A finding as the lines of a table: what a page shows of it, with or without a script.
 *
 *     42  different  status / state      returned   paid         LINE_PAIR
 *                    breaks EUR-only                             LINE_BROKEN
 *                    currency                       NULL         LINE_CELL: read by it, and in no line yet
 *     17  missing    (row)               present    missing      LINE_ROW
 *
 * Values are cut to LINE_VALUE_BYTES around their first difference; controls and what has no shape are escapes.
 */
#ifndef REPORT_FINDING_LINES_H
#define REPORT_FINDING_LINES_H

#include "check/finding.h"

enum { LINE_VALUE_BYTES = 400 };

typedef enum LineKind { LINE_PAIR, LINE_BROKEN, LINE_CELL, LINE_ROW } LineKind;

typedef enum SideState { SIDE_NOTHING, SIDE_NULL, SIDE_VALUE } SideState;

typedef struct LineSide {
    SideState state;
    Str text; /* of SIDE_VALUE */
} LineSide;

typedef struct FindingLine {
    LineKind kind;
    size_t index; /* of the pair or the invariant in the match */
    Str label;
    LineSide old, new_;
} FindingLine;

/* In the arena; at least one. `breaks` stands before the name of an invariant: "breaks ". */
const FindingLine *finding_lines(Arena *arena, const Match *match, const Finding *finding, const char *breaks,
                                 size_t *out_count);

/* "status / state", or one name where both sides have it. */
Str pair_label(Arena *arena, const Match *match, size_t pair);

/* What two texts have in common at their beginning and at their end, in whole characters; the rest is the difference.
 */
typedef struct Common {
    size_t begin, end; /* bytes */
} Common;
Common common_ends(Str a, Str b);

#endif
