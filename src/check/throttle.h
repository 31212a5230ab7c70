/* How fast rows may be read: a purse that all workers of a run spend from.
 *
 * Rows are paid for after they were read, since only then their number is known. Time in which less was read than
 * allowed is credit, up to a second of it, so that the rate holds on average whatever the ranges' sizes.
 * Safe to use from many threads.
 */
#ifndef CHECK_THROTTLE_H
#define CHECK_THROTTLE_H

#include <pthread.h>
#include <stdint.h>

typedef struct Throttle {
    int64_t rows_per_second; /* of both sides together; 0: no limit */
    pthread_mutex_t lock;
    int64_t paid_until_us; /* monotonic: by then everything that was read is paid for */
} Throttle;

void throttle_open(Throttle *throttle, int64_t rows_per_second);
void throttle_close(Throttle *throttle);
/* Pays for rows that were read at `now_us`; returns how long their reader should rest. */
int64_t throttle_spend(Throttle *throttle, int64_t rows, int64_t now_us);

#endif
