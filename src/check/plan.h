/* Match + sources -> mode, ranges, workers; no row is read.
 *
 * Promises: the ranges tile the key space of both sides: every row of either side is in exactly one range.
 */
#ifndef CHECK_PLAN_H
#define CHECK_PLAN_H

#include "check/digest.h"
#include "check/side.h"
#include "spec/match.h"

typedef enum Mode { MODE_AUTO, MODE_JOIN, MODE_DIGEST, MODE_STREAM } Mode;
const char *mode_name(Mode mode);
MUST_CHECK bool mode_parse(const char *name, Mode *out);

typedef struct CheckOptions {
    Mode mode;
    int workers;                 /* 0: chosen by plan */
    int64_t chunk_rows;          /* rows a range aims at; 0: plan.c's RANGE_ROWS, fewer where rows are wide */
    size_t sample;               /* findings kept for reports */
    int64_t max_rows_per_second; /* 0: no limit */
    int64_t settle_us;           /* negative: the spec's */
    const struct Resume *resume; /* check/resume.h: what an earlier run proved; NULL: nothing */
} CheckOptions;

typedef struct Plan {
    const Match *match;
    Mode mode;
    const char *mode_reason;  /* a sentence */
    const char *order_reason; /* how ranges are cut, and what it costs */
    KeyOrder order;
    bool one_snapshot;      /* both sides are on one server, which lets them share one */
    const char *standby[2]; /* by side: the place of the standby that is read; NULL: it is none */
    int64_t settle_us;      /* how long differences are looked at again; 0: they are not */
    int workers;
    SideOpener opener; /* how workers connect */
    const Range *ranges;
    size_t range_count;
    double estimated_rows;       /* of the larger side; negative: unknown */
    const struct Resume *resume; /* the ranges are what that run left; NULL: they are all */
    DigestParts digest;          /* of mode digest */
    const char *const *suspects; /* join: SQL a invariant that is true where it does not hold or is undecided */
} Plan;

MUST_CHECK bool plan_make(Arena *arena, const Match *match, Source *old, Source *new_, const CheckOptions *options,
                          Plan *out, Err *err);

/* The scan of one side of a range. */
Scan plan_scan(const Plan *plan, bool of_new, Range range);
/* The join of a range (mode join); its pairs are in the arena. */
JoinScan plan_join(const Plan *plan, Range range, Arena *arena);
/* The digests of one side (mode digest), of ranges that follow each other. */
DigestScan plan_digest(const Plan *plan, bool of_new, const Range *cuts, size_t cut_count);

#endif
