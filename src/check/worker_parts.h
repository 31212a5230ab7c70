/* What a worker and its three ways to read a range share.
 *
 *     worker_stream.c   both sides' rows are read and compared here
 *     worker_digest.c   both servers hash their rows; what the hashes do not prove is read
 *     worker_join.c     one server that has both sides compares them; what it suspects is read
 *
 * Each begins the transactions it needs and leaves them open: the worker ends them, whatever happened. What was found
 * and counted waits in the worker.
 */
#ifndef CHECK_WORKER_PARTS_H
#define CHECK_WORKER_PARTS_H

#include "check/scan.h"
#include "check/worker.h"

struct Worker {
    const Plan *plan;
    Delivery delivery;
    Guest *guest;
    Replicas *replicas;
    const RunStop *stop;
    Source *old, *new_;
    Comparator *comparator;

    /* the range being read */
    const RangeTask *task;
    Counts counts;
    int64_t started_us, begun_us; /* the range; its transactions */
    int64_t waited_us;            /* for a standby */
    Err timeout;                  /* why worker_range was false */

    /* its findings, held back */
    Arena range_memory;  /* emptied when they were delivered */
    FindingList held;    /* in range_memory */
    size_t parts;        /* how often findings left before the end of the range */
    int64_t handed_rows; /* keys seen when findings left last */

    /* what the ranges before it taught */
    bool impatient;       /* the last one failed for good where waiting might have helped */
    bool found_empty;     /* it had rows on one side only: this one may have, too */
    bool empty_is_new;    /* which side had none */
    int by_rows;          /* ranges yet to come that are read without a digest */
    int in_vain;          /* how many they were, after the last digest; 0: it was of use */
    bool by_hashes;       /* the next range is asked for its rows' hashes at once ... */
    double rows_a_cut;    /* ... instead of for sums over so many rows */
};

/* Opens a side at its first use: a join needs one of them. */
MUST_CHECK bool worker_side_ready(Worker *worker, bool is_new, Err *err);
/* Begins the range's transactions: on both sides; or on the one that has both (a join). */
MUST_CHECK bool worker_begin_both(Worker *worker, Err *err);
MUST_CHECK bool worker_begin_join(Worker *worker, Err *err);

/* Holds findings back; when memory is full, what is held is delivered early. */
FindingTaker worker_taker(Worker *worker);
/* What is held, and how many keys were seen since findings left last. */
Found worker_held_found(Worker *worker);
void worker_held_clear(Worker *worker);

/* The range was read: remembers whether a side was empty. */
void worker_remember_empty(Worker *worker);

/* Reads and compares the scan's rows. Both sides have begun. */
MUST_CHECK bool worker_read_scan(Worker *worker, const RangeScan *scan, MergeResult *out, Err *err);

MUST_CHECK bool worker_read_stream(Worker *worker, Range range, RangeReport *report, Err *err);
MUST_CHECK bool worker_read_digest(Worker *worker, Err *err);
/* *out_scan true: the join cannot decide this range and has ended; a scan can. */
MUST_CHECK bool worker_read_join(Worker *worker, Range range, bool *out_scan, Err *err);

#endif
