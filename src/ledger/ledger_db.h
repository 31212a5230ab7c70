/* A database that can hold a ledger: what SQLite and PostgreSQL have in common.
 *
 * Statements are SQL that both read alike; parameters are $1, $2, ... and, like results, texts (NULL for NULL). One
 * LedgerDb belongs to one thread at a time. Every failure is one sentence with the ledger's name in it.
 */
#ifndef LEDGER_LEDGER_DB_H
#define LEDGER_LEDGER_DB_H

#include "ledger/ledger.h"

typedef struct LedgerDb LedgerDb;

/* Called for each row; its cells are valid during the call. False ends the statement with that error. */
typedef struct LedgerRows {
    bool (*take)(void *self, const char *const *cells, Err *err);
    void *self;
} LedgerRows;

typedef struct LedgerDbOps {
    const char *begin; /* begins a transaction that will write */
    bool (*run)(LedgerDb *db, const char *sql, const char *const *params, size_t param_count, LedgerRows rows,
                Err *err);
    /* A lock on a check that dies with its holder. TF_ERROR_BUSY: somebody else has it. */
    bool (*lock)(LedgerDb *db, const char *check, Err *err);
    void (*unlock)(LedgerDb *db);
    void (*close)(LedgerDb *db);
} LedgerDbOps;

struct LedgerDb {
    const LedgerDbOps *ops;
};

MUST_CHECK bool ledger_sqlite_open(const char *path, LedgerUse use, LedgerDb **out, Err *err);
MUST_CHECK bool ledger_postgres_open(const char *url, LedgerUse use, LedgerDb **out, Err *err);

/* A statement without rows. */
MUST_CHECK bool ledger_db_write(LedgerDb *db, const char *sql, const char *const *params, size_t param_count, Err *err);
MUST_CHECK bool ledger_db_begin(LedgerDb *db, Err *err);
/* Commits where `good`, else rolls back and is false. */
MUST_CHECK bool ledger_db_end(LedgerDb *db, bool good, Err *err);

/* Another run of the check is going on: the sentence, said alike for every database. Always false. */
bool ledger_db_busy(const char *check, const char *holder, Err *err);

/* Texts of numbers, for parameters. */
const char *ledger_int(Arena *arena, int64_t value);
int64_t ledger_to_int(const char *text); /* NULL is 0 */

#endif
