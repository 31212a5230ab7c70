/* What a check found out: findings, ranges, the result; and where they go: sinks.
 *
 * Progress leaves the pipeline through sinks only. The run calls every sink under one lock: plan once, then findings
 * and ranges (the findings of a range or part right before it, with nothing in between), then the result once. A
 * resumed run first tells the findings of the run it resumes, right after the plan and without their ranges. Pointers
 * are valid during the call. A sink that fails says so once; the run goes on and the error is reported with the
 * verdict.
 */
#ifndef CHECK_FINDING_H
#define CHECK_FINDING_H

#include "check/plan.h"
#include "spec/match.h"

typedef enum FindingKind { MISSING_IN_NEW, MISSING_IN_OLD, DIFFERENT, DUPLICATE_KEY, FINDING_KINDS } FindingKind;
const char *finding_kind_name(FindingKind kind); /* "missing_in_new" */

/* Classes of cause, the words of twofold_cause_rows{cause=...}. */
typedef enum Cause {
    CAUSE_MISSING,
    CAUSE_NULL,
    CAUSE_SCALE,
    CAUSE_SHIFT,
    CAUSE_TRUNCATION,
    CAUSE_WHITE_SPACE,
    CAUSE_CASE,
    CAUSE_SWAPPED,
    CAUSE_OTHER,
    CAUSES
} Cause;
const char *cause_name(Cause cause); /* "white space" */

typedef struct FindingCell {
    const char *name;
    Value value;
} FindingCell;

typedef struct Finding {
    FindingKind kind;
    const Value *key; /* key_count of the match */
    size_t key_count;
    const size_t *pairs; /* unequal pairs: indexes into match->pairs */
    size_t pair_count;
    const size_t *invariants; /* broken: indexes into match->invariants */
    size_t invariant_count;
    const size_t *unknown; /* invariants of this row that a NULL left undecided: only to be counted */
    size_t unknown_count;
    const FindingCell *old; /* the columns that the unequal pairs and broken invariants read */
    size_t old_count;
    const FindingCell *new_;
    size_t new_count;
    Cause cause;
    int64_t old_written_us, new_written_us; /* wall clock: when the row was last written; 0: not known (yet) */
} Finding;

/* A copy with everything it points to, but for the names, which live with the match. */
Finding finding_copy(Arena *arena, const Finding *finding);
/* A row that stands alone, under one integer key: its kind and that integer are all there is to tell. Such findings
 * come by the million, where a side is empty. */
bool finding_is_plain(const Finding *finding);
/* By key. */
int finding_compare(const Finding *a, const Finding *b);
/* Equal images: the same values and broken invariants, of a row whose key is known. */
uint64_t finding_image(const Finding *finding);
/* Equal hashes: the same finding, of the same key and values. */
RowHash finding_hash(const Finding *finding, Buf *scratch);

typedef struct Counts {
    int64_t old_rows, new_rows, compared;
    int64_t kinds[FINDING_KINDS];
    int64_t undecided;                /* rows with an unknown invariant and nothing broken or unequal */
    int64_t in_flight;                /* rows that were still changing when settling ended */
    int64_t traffic_old, traffic_new; /* rows read alone on a side whose difference settling explained */
    int64_t causes[CAUSES];
    int64_t *pair_different;       /* match->pair_count */
    int64_t *invariant_violations; /* match->invariant_count */
    int64_t *invariant_undecided;  /* rows for which it is unknown, also those that are a finding */
} Counts;

/* proved: read to its end on both sides. A part is findings and counts of a range whose own report comes beside it,
 * before or after; both have the same `task`. */
typedef enum RangeState { RANGE_PROVED, RANGE_FAILED, RANGE_PART, RANGE_PART_FAILED } RangeState;
const char *range_state_name(RangeState state); /* "part-failed" */

typedef struct RangeReport {
    const Range *range;
    size_t index; /* of the plan; ranges that were split share the index of their parent */
    size_t count; /* plan ranges in it */
    bool halved;  /* less than one plan range */
    size_t task;  /* its number in this run */
    size_t parts; /* how many parts of it come beside this report */
    RangeState state;
    Err err; /* of a failed range */
    Counts counts;
    Digest old, new_; /* stream mode */
    int64_t duration_us;
} RangeReport;

typedef enum Verdict { VERDICT_CONSISTENT = 0, VERDICT_INCONSISTENT = 1, VERDICT_CANNOT_TELL = 2 } Verdict;
const char *verdict_name(Verdict verdict); /* "cannot-tell" */

/* What a side is as of. */
typedef struct AsOf {
    const char *standby;  /* the place of the standby it was read from; NULL: it is none */
    const char *position; /* of its primary, which it had reached; NULL: the spec names none */
    int64_t at_us;        /* wall clock: when that was taken */
} AsOf;

typedef struct Result {
    const Match *match; /* NULL where the check ended before it was planned */
    const char *check;
    Verdict verdict;
    const char *reason; /* a sentence: "3 rows disagree" */
    Err err;            /* the first failure of a range; text "" where there was none */
    Err sink_err;       /* the first failure of an output; text "" where there was none; no verdict depends on it */
    Mode mode;
    const char *mode_reason; /* the plan's; NULL where the check ended before it was planned */
    int64_t started_us;      /* wall clock */
    int64_t resumed_us;      /* when the run that this one resumes began; 0: it resumes none */
    int64_t duration_us;
    int64_t paused_us; /* of it, waiting until the servers were within the spec's limits */
    Counts counts;
    int64_t mismatched_rows; /* the sum of kinds */
    double mismatch_ratio;   /* of all keys seen on either side */
    int64_t ranges_planned, ranges_proved, ranges_failed;
    AsOf old_as_of, new_as_of;
    double coverage;       /* rows in proved ranges of all rows that are there; 1.0 only where every range was proved */
    const Finding *sample; /* in key order */
    size_t sample_count;
    const Finding *undecided; /* a few undecided rows, in key order: DIFFERENT, with the invariants that are unknown */
    size_t undecided_count;
} Result;

/* The run stands back, since a server is busier than the spec's limits allow; or it goes on. */
typedef struct RunPause {
    const char *why;   /* a sentence; NULL: it goes on */
    int64_t lasted_us; /* of a pause that ended */
} RunPause;

typedef struct Sink Sink;
struct Sink {
    /* each may be NULL: not of interest */
    bool (*plan)(Sink *sink, const Plan *plan, Err *err);
    bool (*finding)(Sink *sink, const Finding *finding, Err *err);
    bool (*range)(Sink *sink, const RangeReport *range, Err *err);
    bool (*part)(Sink *sink, const RangeReport *part, Err *err); /* of a range; after the findings in it */
    bool (*pause)(Sink *sink, const RunPause *pause, Err *err); /* at any time between plan and result */
    bool (*result)(Sink *sink, const Result *result, Err *err);
    void (*close)(Sink *sink);
};

#endif
