/* Rows and writes as people may see them: keyed hashes stand for values of masked columns, as in check/mask.h.
 *
 * Where the match masks nothing, what comes in goes out.
 */
#ifndef REPAIR_ROW_MASK_H
#define REPAIR_ROW_MASK_H

#include "check/mask.h"

/* `side` is the one of the match that the row is of. */
RowImage row_mask(const Match *match, const MatchSide *side, RowImage row, Arena *arena);
RowWrite write_mask(const Match *match, const MatchSide *side, const RowWrite *write, Arena *arena);

#endif
