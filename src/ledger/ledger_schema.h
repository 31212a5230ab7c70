/* The ledger's tables, described once for every database that can hold them.
 *
 * Statements are SQL that SQLite and PostgreSQL read alike. A ledger of version v has had the first v steps; a step
 * never changes once it is released, and a change of the tables is a new step.
 */
#ifndef LEDGER_LEDGER_SCHEMA_H
#define LEDGER_LEDGER_SCHEMA_H

#include <stddef.h>

extern const char *const ledger_steps[];
extern const size_t ledger_step_count; /* the version this program writes */

/* A column of twofold_run and the member of PastRun it holds: statements, writing and reading are made from these. */
typedef enum RunColumnType { RUN_TEXT, RUN_INTEGER, RUN_REAL } RunColumnType;

typedef struct RunColumn {
    const char *name;
    RunColumnType type;
    size_t member; /* offset in PastRun */
} RunColumn;

extern const RunColumn ledger_run_columns[];
extern const size_t ledger_run_column_count;

#endif
