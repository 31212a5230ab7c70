/* The ranges of a plan, handed to workers in pieces that take about the same time.
 *
 * A plan cuts finely; a task joins neighbouring ranges until it should take `target_us`, by the time that earlier
 * tasks took, and never more than its share of what is left, so that all workers are busy to the end. A range that
 * would take far longer is halved, where its bounds are numbers, times or uuids.
 * Promises: the tasks tile what the plan's ranges tile. Safe to use from many threads.
 */
#ifndef CHECK_QUEUE_H
#define CHECK_QUEUE_H

#include "check/plan.h"

#include <pthread.h>

typedef struct RangeTask {
    size_t id; /* counts the tasks of a run, from 0 */
    Range range;
    size_t first; /* index of the first plan range in it */
    size_t count; /* plan ranges in it; 1 for a part of one, too */
    bool part;    /* of a range that was halved */
    int depth;    /* how often it was split because it took too long */
} RangeTask;

typedef struct RangeQueue {
    pthread_mutex_t lock;
    const Plan *plan;
    int64_t target_us;
    size_t next;
    size_t taken;        /* tasks so far */
    size_t last_count;   /* tasks grow at most twofold */
    double us_per_range; /* moving average; 0: not known yet */
    RangeTask *halves;   /* second halves that wait, a stack */
    size_t half_count, half_capacity;
    size_t splits; /* how many ranges were added by halving */
    Arena memory;  /* bounds of halves */
} RangeQueue;

void queue_open(RangeQueue *queue, const Plan *plan, int64_t target_us);
void queue_close(RangeQueue *queue);
/* False: nothing is left. */
bool queue_take(RangeQueue *queue, RangeTask *out);
/* Whether queue_split could halve it. */
bool task_splits(const RangeTask *task, size_t key_count);
/* Gives the two halves of a task to whoever takes next; false where it cannot be halved, or was too often. */
MUST_CHECK bool queue_split(RangeQueue *queue, const RangeTask *task);
/* How long a task took. */
void queue_learn(RangeQueue *queue, const RangeTask *task, int64_t duration_us);

/* The key at `part` of `parts` of the way between two bounds, by their leading part; false where there is none. */
bool range_between(Arena *arena, const Value *from, const Value *to, size_t key_count, size_t part, size_t parts,
                   const Value **out);

#endif
