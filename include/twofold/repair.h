/* Repairing single rows from another program: a service that reads a row and finds that the two sides differ.
 *
 *     TfRepairOptions options = {.trust = TF_TRUST_OLD, .write = true};
 *     TfRepair *repair;
 *     TfError error;
 *     if (tf_repair_open("orders.yaml", &options, &repair, &error)) {
 *         const char *key[] = {"42"};
 *         TfRepairedRow row;
 *         if (tf_repair_key(repair, key, 1, &row, &error)) {
 *             printf("%s\n", tf_outcome_name(row.outcome));     // "repaired"
 *         }
 *         tf_repair_close(repair);
 *     }
 *
 * A TfRepair holds its connections and belongs to one thread at a time; a lost connection is opened again by the
 * next call. What is written, and when not: as `twofold repair --key`. Nothing is printed.
 */
#ifndef TWOFOLD_REPAIR_H
#define TWOFOLD_REPAIR_H

#include "twofold/error.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TfRepair TfRepair;

typedef enum TfTrust { TF_TRUST_SPEC, TF_TRUST_OLD, TF_TRUST_NEW } TfTrust;

typedef enum TfOutcome {
    TF_PROPOSED, /* it would be written; only without `write` */
    TF_REPAIRED,
    TF_ALREADY_EQUAL,     /* also where neither side has such a row */
    TF_CHANGED_MEANWHILE, /* another writer changed it while it was looked at */
    TF_REPORTED,          /* missing or extra, and the spec leaves it to people */
    TF_REFUSED,           /* no row would satisfy the spec, or a constraint, a trigger or a permission is in the way */
    TF_FAILED             /* not known: the connection was lost, or a lock was not given */
} TfOutcome;

typedef struct TfRepairOptions {
    TfTrust trust;          /* which side is right; TF_TRUST_SPEC: as the spec says */
    bool write;             /* false: rows are looked at, and none is written */
    double settle_seconds;  /* how long a difference between two databases is looked at again; 0: as the spec says */
    const char *journal;    /* a new file, to undo from; NULL: one in the user's state folder, created at the first
                               write */
    const char *invariants; /* a folder where `use:` looks; NULL: only beside the spec */
} TfRepairOptions;

typedef struct TfRepairedRow {
    TfOutcome outcome;
    char reason[512]; /* "" where there is none */
} TfRepairedRow;

/* Connects to both sides and reads their schemas. options may be NULL: nothing is written. On failure there is nothing
 * to close. */
TF_API TF_MUST_CHECK bool tf_repair_open(const char *spec_path, const TfRepairOptions *options, TfRepair **out,
                                         TfError *error);

/* Looks at the row with this key, settles, and repairs it. `key`: each part in PostgreSQL's text form, in key order;
 * NULL for a NULL. False: the key is malformed, the row could not be read, or the journal could not be written (then no
 * further row can be). */
TF_API TF_MUST_CHECK bool tf_repair_key(TfRepair *repair, const char *const *key, size_t key_count, TfRepairedRow *out,
                                        TfError *error);

/* Accepts NULL. */
TF_API void tf_repair_close(TfRepair *repair);

/* "changed_meanwhile". Static. */
TF_API const char *tf_outcome_name(TfOutcome outcome);

#ifdef __cplusplus
}
#endif

#endif
