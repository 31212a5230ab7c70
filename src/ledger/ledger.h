/* What has been proved, kept: every run with its verdict, and range by range what it read.
 *
 *     Ledger *ledger;
 *     if (ledger_open(NULL, LEDGER_WRITE, &ledger, &err)) { ... ledger_close(ledger); }
 *
 * URL: "sqlite:PATH"; NULL is $XDG_STATE_HOME/twofold/ledger.db (~/.local/state where that is not set), whose folder
 * is made with mode 0700. The file is made with mode 0600. "postgresql://..." is one that machines share: a schema
 * "twofold" of that database (ledger_postgres.c). An older ledger is brought forward when it is opened for writing; a
 * newer one, a damaged one, or what is something else is refused and left as it is.
 *
 * Promises: a range becomes proved in the transaction that stores its findings, so that a run that was killed can be
 * resumed and nothing is lost or told twice; no password is written. Failures are TF_ERROR_IO (TF_ERROR_BUSY
 * where another process holds it, TF_ERROR_USAGE for a URL of another kind) and never change a verdict.
 * Kept are, of each check, the findings of the newest 10 runs, the ranges of the newest 100, and LEDGER_KEEPS_RUNS
 * runs; the last consistent run is never forgotten. A Ledger belongs to one thread at a time.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "check/past_run.h"
#include "check/resume.h"

typedef struct Ledger Ledger;

enum { LEDGER_KEEPS_RUNS = 10000 };

typedef enum LedgerUse {
    LEDGER_READ, /* the ledger must be there */
    LEDGER_WRITE /* it is made where it is not */
} LedgerUse;

/* The path of the SQLite file that ledger_open would open, in the arena; NULL: there is none. Opens and makes nothing.
 */
const char *ledger_file(const char *url, Arena *arena);
MUST_CHECK bool ledger_open(const char *url, LedgerUse use, Ledger **out, Err *err);
void ledger_close(Ledger *ledger); /* accepts NULL */

/* One run of a check at a time: held until unlocked, closed, or the process is gone. TF_ERROR_BUSY: somebody else has
 * it. One check at a time a Ledger. */
MUST_CHECK bool ledger_lock(Ledger *ledger, const char *check, Err *err);
void ledger_unlock(Ledger *ledger);

/* What the result does not say of a run; either may be NULL. */
typedef struct LedgerSources {
    const SourceInfo *old;
    const SourceInfo *new_;
} LedgerSources;

/* A whole run at once. */
MUST_CHECK bool ledger_record(Ledger *ledger, const Result *result, LedgerSources sources, Err *err);
/* Records a run as it goes, a new one or the one that its plan resumes. The ledger and the infos must outlive it. */
Sink *ledger_sink_open(Ledger *ledger, LedgerSources sources);

/* What the newest run of this match's check left, in the arena; *out NULL: nothing, it was read to its end, or there
 * is none. Refuses (TF_ERROR_USAGE) where the spec, a schema or a database is not what it was, and says what changed.
 */
MUST_CHECK bool ledger_resume(Ledger *ledger, Arena *arena, const Match *match, LedgerSources sources,
                              const Resume **out, Err *err);

/* When the last consistent run of this check ended (us since 1970); 0: there is none. */
MUST_CHECK bool ledger_last_consistent_us(Ledger *ledger, const char *check, int64_t *out_us, Err *err);

/* Called for each run; its texts are valid during the call. */
typedef struct PastRunTaker {
    void (*take)(void *self, const PastRun *run);
    void *self;
} PastRunTaker;

/* The runs of this check, the one begun or resumed last first, at most `limit` (0: all). */
MUST_CHECK bool ledger_history(Ledger *ledger, const char *check, size_t limit, PastRunTaker taker, Err *err);

/* What has changed since a run wrote down its columns (PastRun.old_columns), where the digests differ: a sentence. */
const char *ledger_schema_change(Arena *arena, const char *columns_then, const Relation *now);

#endif
