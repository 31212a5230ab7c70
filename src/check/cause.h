/* A guess at why two values differ, for people who look for the bug: "scale" is a factor of ten, "shift" whole hours
 * (a time zone), "truncation" one text the beginning of the other, "swapped columns" two values in each other's
 * place. */
#ifndef CHECK_CAUSE_H
#define CHECK_CAUSE_H

#include "check/finding.h"

/* Of a DIFFERENT finding: the cause of its first unequal pair, or a NULL among what its broken invariants read. */
Cause cause_of(const Match *match, const Finding *finding, const RowPairs *rows, size_t pair);

#endif
