/* A failure, as a sentence.
 *
 * Difference is data, failure is TfError, doubt is an answer: a row that disagrees is never an
 * error, and an error never becomes a verdict.
 *
 * Shape: the sentence is lower case without a full stop, begins with "could not" (it may work
 * later) or "cannot" (it never will), quotes its subject and puts the cause last:
 *     could not open table "orders_v2": relation does not exist
 * The hint, where there is one, is a whole sentence with the next action.
 *
 * Ownership: fixed size, owned by the caller, nothing to free. Longer texts are cut with "...".
 * Its contents mean nothing unless a function that takes it has failed.
 */
#ifndef TWOFOLD_ERROR_H
#define TWOFOLD_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TF_API __attribute__((visibility("default")))
#define TF_MUST_CHECK __attribute__((warn_unused_result))
#define TF_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TF_API
#define TF_MUST_CHECK
#define TF_PRINTF(text, first)
#endif

/* Why something failed. What is transient may succeed when tried again at once. */
typedef enum TfErrorCode {
    TF_ERROR_USAGE,       /* asked wrongly: option, spec, column, URL; nothing was read */
    TF_ERROR_CONNECTION,  /* the server could not be reached, or the connection was cut; transient */
    TF_ERROR_CONFLICT,    /* serialization, deadlock, recovery conflict; transient */
    TF_ERROR_BUSY,        /* no connection, lock or resource left; transient */
    TF_ERROR_TIMEOUT,     /* statement or lock timeout; a smaller range may succeed */
    TF_ERROR_BEHIND,      /* a standby has not replayed what was to be read, although it was waited for */
    TF_ERROR_DENIED,      /* permission or authentication */
    TF_ERROR_SCHEMA,      /* the relation has changed since the plan was made */
    TF_ERROR_DATA,        /* what came in is malformed or out of order */
    TF_ERROR_IO,          /* a file or the ledger could not be read or written */
    TF_ERROR_INTERRUPTED, /* asked to stop */
    TF_ERROR_INTERNAL     /* a promise of this program was broken */
} TfErrorCode;

typedef struct TfError {
    TfErrorCode code;
    char text[768];
    char hint[512]; /* "" where there is none */
} TfError;

#ifdef __cplusplus
}
#endif

#endif
