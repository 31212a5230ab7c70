/* Values that must not be shown: a keyed hash stands in their place.
 *
 *     "ann@example.org"  ->  "masked:1f3a9c0e2b7d4e55"
 *
 * In: findings and errors with values in them. Out: the same, where values of masked columns are texts as above.
 * Promises: equal values (canon.h) have equal hashes, on both sides and in every run with the same key; NULL stays
 * NULL. Where the match masks nothing, what comes in goes out and nothing is copied.
 * Settling, causes and the comparison itself need the values, so masks are put on where findings leave the check.
 */
#ifndef CHECK_MASK_H
#define CHECK_MASK_H

#include "check/finding.h"

/* `column` is of the relation of `side`. */
Value mask_value(const Match *match, const MatchSide *side, size_t column, Arena *arena, Value value);
/* A key, part by part. */
const Value *mask_key(const Match *match, Arena *arena, const Value *key);
bool mask_hides_key(const Match *match);
/* The cells masked, the key as it was: findings are still sorted by it. */
Finding mask_cells(const Match *match, Arena *arena, const Finding *finding);
/* Equal digests stay equal, but guessing rows no longer tells which ones a digest is of. */
Digest mask_digest(const Match *match, Digest digest);
/* What a server says of a row that is written, a trigger's own words among it: all behind its first colon is left
 * out. */
void mask_server_error(const Match *match, Err *err);
/* An error about rows may quote a value: what stands behind its first quote is left out. */
void mask_error(const Match *match, Err *err);

#endif
