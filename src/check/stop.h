/* A request to end a run early: set by a signal or a caller, seen by every worker. */
#ifndef CHECK_STOP_H
#define CHECK_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct RunStop {
    atomic_bool wanted;
} RunStop;

/* NULL: nobody can ask for it. */
bool stop_wanted(const RunStop *stop);
/* Sleeps, but not on after a stop is wanted; false where it is. */
bool stop_sleep(const RunStop *stop, int64_t us);

#endif
