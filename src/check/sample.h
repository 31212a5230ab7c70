/* An even sample of findings: the same for the same findings and seed, in whatever order they come.
 *
 * Kept are the `capacity` findings whose hash of (canonical key, seed) is smallest: each key has the same chance,
 * wherever it lies and whichever worker found it. What is kept is copied, what gives way is freed: memory is bounded
 * by capacity and, where a limit is set, by bytes: capacity then shrinks, and the least wanted findings go. Cell values
 * longer than SAMPLE_CELL_BYTES are cut in the copy; keys never are.
 * Not thread-safe: offer under the sinks' lock.
 */
#ifndef CHECK_SAMPLE_H
#define CHECK_SAMPLE_H

#include "check/finding.h"

enum { SAMPLE_CELL_BYTES = 4096 };

typedef struct Sample Sample;

Sample *sample_make(size_t capacity, uint64_t seed);
/* Once, before the first offer. */
void sample_limit(Sample *sample, size_t limit_bytes);
void sample_offer(Sample *sample, const Finding *finding);
/* The kept ones in key order; valid until the next offer. */
const Finding *sample_sorted(Sample *sample, size_t *count);
/* That order: by key, then by kind. */
int finding_order(const Finding *a, const Finding *b);
void sample_free(Sample *sample); /* accepts NULL */

#endif
