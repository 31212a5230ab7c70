/* How busy the servers may get: the spec's `limits`, looked at between ranges.
 *
 * Between two ranges each worker passes here. Once a second one of them asks the servers how busy they are; while a
 * limit is exceeded all of them wait, without a transaction, and the run says so. When that lasts longer than
 * `give_up_after` the run ends: it cannot tell. It ends at once where a server refuses to say how busy it is.
 * Promises: a limit that could not be read counts as exceeded, never as held.
 */
#ifndef CHECK_LIMITS_H
#define CHECK_LIMITS_H

#include "check/finding.h"
#include "check/stop.h"

#include <pthread.h>

enum { LAG_MARKS = 64, LAG_MARKS_A_LIMIT = 16 }; /* so that they reach back four times the limit */

/* Where a server's log stood when: a replica that has not replayed a position yet is at least that old. This sees a
 * replica that has stopped; the lag it reports itself is that of what it replayed last. */
typedef struct LagHistory {
    struct {
        int64_t at_us, position;
    } marks[LAG_MARKS]; /* ascending */
    size_t count;
} LagHistory;

void lag_note(LagHistory *history, int64_t position, int64_t now_us, int64_t apart_us);
/* How long ago the log stood beyond `replayed`, as far as is remembered; 0 where it never did. */
int64_t lag_of(const LagHistory *history, int64_t replayed, int64_t now_us);

/* The sources to ask, NULL for none; they belong to whoever calls and are between end and begin. */
typedef bool (*LimitsSources)(void *self, Source *out[2], Err *err);

typedef struct Limits {
    const SpecLimits *spec;
    const RunStop *stop;
    void (*tell)(void *self, const RunPause *pause);
    void *self;
    pthread_mutex_t lock; /* all below */
    bool asking;
    int64_t asked_us;  /* when last; 0: never */
    int64_t over_us;   /* since when a limit is exceeded; 0: none is */
    int64_t paused_us; /* in all, until over_us */
    bool gave_up;
    Err why; /* the limit that is exceeded, as a sentence; of gave_up: the run's error */
    LagHistory lags[2];
} Limits;

/* `tell` is called when a pause begins and when it ends, from a worker's thread. */
void limits_open(Limits *limits, const SpecLimits *spec, const RunStop *stop,
                 void (*tell)(void *self, const RunPause *pause), void *self);
void limits_close(Limits *limits);
/* Waits until every limit holds; false where the run must end: it gave up, or was stopped. */
MUST_CHECK bool limits_pass(Limits *limits, LimitsSources sources, void *self);
/* Ends the run for a reason of the caller's: nobody passes any more. */
void limits_end(Limits *limits, const Err *why);
/* How long the run was paused. */
int64_t limits_paused_us(Limits *limits);

#endif
