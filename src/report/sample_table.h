/* Findings, or undecided rows, as a table: key, column, old value, new value.
 *
 * In: rows of a result, and what their invariants are: "breaks" or "unknown". Out: lines of at most `width` columns
 * (keys and names may be cut, never dropped). One line an unequal pair; an invariant has a line of its own, then the
 * cells it read that no line shows yet.
 */
#ifndef REPORT_SAMPLE_TABLE_H
#define REPORT_SAMPLE_TABLE_H

#include "check/finding.h"

typedef struct SampleRows {
    const Finding *rows;
    size_t count;
    const char *invariants;
} SampleRows;

void sample_table_write(const Match *match, const SampleRows *sample, size_t width, bool colour, Buf *out);

#endif
