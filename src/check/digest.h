/* What of a match the two servers can prove by digests, each for itself.
 *
 * A side hashes its rows over the key, the columns that must be equal and its halves of the invariants that can be
 * split (expr/split.h), and counts the rows that are in doubt: where its own part of an invariant does not hold or is
 * unknown. Where both digests are the same and no row is in doubt, the same keys have the same values on both sides and
 * every invariant holds; where a catalog proves the key unique on one side, it then stands once on the other, too.
 */
#ifndef CHECK_DIGEST_H
#define CHECK_DIGEST_H

#include "spec/match.h"

/* Of each side: 0 old, 1 new. Part i of one side is compared with part i of the other. */
typedef struct DigestParts {
    const DigestPart *parts[2];
    size_t part_count;
    const char *const *doubts[2];
    size_t doubt_counts[2];
} DigestParts;

/* False: not with exactly the check's meaning, with the reason. `old` and `new_` are open, and not begun; they are
 * asked for hashes of fixed values. */
MUST_CHECK bool digest_make(Arena *arena, const Match *match, Source *old, Source *new_, DigestParts *out, Err *err);

#endif
