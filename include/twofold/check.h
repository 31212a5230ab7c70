/* Running a check from another program.
 *
 *     TfSummary summary;
 *     TfError error;
 *     if (!tf_check("orders.yaml", NULL, &summary, &error)) {
 *         fprintf(stderr, "%s\n", error.text);          // asked wrongly, or nothing could be read
 *     } else if (summary.verdict != TF_CONSISTENT) {
 *         fprintf(stderr, "%s\n", summary.reason);      // "3 rows disagree"
 *     }
 *
 * A call opens its own connections and threads, and has closed them when it returns. Several threads may call at the
 * same time. Nothing is printed. When memory runs out, the process ends with status 2.
 */
#ifndef TWOFOLD_CHECK_H
#define TWOFOLD_CHECK_H

#include "twofold/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values are the exit statuses of the program. */
typedef enum TfVerdict { TF_CONSISTENT = 0, TF_INCONSISTENT = 1, TF_CANNOT_TELL = 2 } TfVerdict;

typedef enum TfFindingKind { TF_MISSING_IN_NEW, TF_MISSING_IN_OLD, TF_DIFFERENT, TF_DUPLICATE_KEY } TfFindingKind;

/* One row that disagrees. Pointers are valid only during the call of TfFindingTaker. */
typedef struct TfFinding {
    TfFindingKind kind;
    const char *const *key; /* PostgreSQL's text form of each part; NULL for a NULL */
    size_t key_count;
    const char *const *columns; /* names of the unequal pairs */
    size_t column_count;
    const char *const *invariants; /* names of the broken invariants */
    size_t invariant_count;
} TfFinding;

/* Called once per finding, from the check's own threads, never from two at once. */
typedef void (*TfFindingTaker)(void *user, const TfFinding *finding);

typedef struct TfCheckOptions {
    const char *mode;       /* "auto", "join", "digest", "stream"; NULL: "auto" */
    int workers;            /* connections per side; 0: as many as there are cores, at most 8; one behind a pooler */
    const char *invariants; /* a folder where `use:` looks; NULL: only beside the spec */
    TfFindingTaker finding; /* NULL: only counts are wanted */
    void *user;             /* handed to it */
} TfCheckOptions;

typedef struct TfSummary {
    TfVerdict verdict;
    char reason[512];
    int64_t old_rows, new_rows, compared_rows;
    int64_t missing_in_new, missing_in_old, different, duplicate_key; /* rows */
    int64_t undecided, in_flight;                                    /* rows */
    double coverage; /* 0 to 1; 1 only where every range was read */
    double duration_seconds;
} TfSummary;

/* options may be NULL. False if no range could be planned: *out is then not written, and `error` says why. */
TF_API TF_MUST_CHECK bool tf_check(const char *spec_path, const TfCheckOptions *options, TfSummary *out,
                                   TfError *error);

/* "consistent", "inconsistent", "cannot-tell". Static. */
TF_API const char *tf_verdict_name(TfVerdict verdict);

/* "0.1.0". Static. */
TF_API const char *tf_version(void);

#ifdef __cplusplus
}
#endif

#endif
