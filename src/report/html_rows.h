/* The findings of a page: the first ones as rows of its table, all of them as JSON for its script.
 *
 *     [kind, cause, cell of the map or -1, [key...], [line...], old written, new written]
 *
 * A line is [LineKind, label or index, old, new]: a text, null for NULL, 0 where that side has nothing. The script
 * (html/page.js) makes the same rows of it as html_row_write.
 */
#ifndef REPORT_HTML_ROWS_H
#define REPORT_HTML_ROWS_H

#include "report/range_map.h"

typedef struct RowLook {
    bool one_value; /* old and new are one row, and no line has both */
    bool undecided; /* not a finding: its invariants are unknown, and it has neither kind nor cause */
} RowLook;

void html_row_write(const Match *match, const Finding *finding, RowLook look, Buf *out);
/* Safe inside a script element. */
void html_row_json(const Match *match, const Finding *finding, const RangeMap *map, Buf *out);

const char *html_kind_words(FindingKind kind); /* "missing in new" */

#endif
