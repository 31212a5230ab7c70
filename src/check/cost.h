/* What it costs to prove a row: by digests on both servers, or by sending it from both. `auto` chooses by this.
 *
 * In: how far away the rows are (SourceDistance), how many values are hashed, how many cores work on them. Out: time
 * per row, and a sentence with the figures behind it. Promises no more than a guess: both choices give the same answer.
 */
#ifndef CHECK_COST_H
#define CHECK_COST_H

#include "source/source.h"

typedef struct Cost {
    SourceDistance far; /* of the side whose rows take longer to be sent */
    double digest_us;   /* a row, both sides of it */
    double stream_us;
} Cost;

/* `values`: that a row is hashed over; `workers`: that run at a time, as many cores as that work. */
Cost cost_of_row(const SourceDistance far[2], size_t values, int workers);
/* Sending rows is faster, by enough to be worth the load on the link. */
bool cost_is_for_rows(const Cost *cost);
/* "digests take about 0.4 us a row, rows of 92 bytes over 1.2 GB/s (0.05 ms) would take 0.6 us", or the other way */
const char *cost_shown(Arena *arena, const Cost *cost);

#endif
