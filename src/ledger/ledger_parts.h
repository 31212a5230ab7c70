/* What the ledger's files share. */
#ifndef LEDGER_LEDGER_PARTS_H
#define LEDGER_LEDGER_PARTS_H

#include "check/resume.h"
#include "ledger/ledger_db.h"

struct Ledger {
    LedgerDb *db;
    bool retelling; /* findings that sinks are told now come from here */
};

/* How long things are kept, in runs of a check that planned ranges; the last consistent run is never forgotten. */
enum { KEEP_FINDINGS_RUNS = 10, KEEP_RANGES_RUNS = 100, KEEP_RUNS = LEDGER_KEEPS_RUNS };

/* Runs of the check $1. By number, not by time: see ledger_schema.c. */
#define NEWEST_FIRST " order by ordinal desc, started_us desc, id desc"
#define NEXT_ORDINAL(check) "(select coalesce(max(ordinal), 0) + 1 from twofold_run where check_name = " check ")"

/* A run of this ledger that can be resumed. */
typedef struct LedgerResume {
    Resume resume; /* first */
    Ledger *ledger;
    const Match *match;
    const char *id;
    int64_t attempt;     /* how often it was resumed */
    int64_t next_number; /* of ranges */
    int64_t *kept;       /* numbers of the rows that stay, ascending */
    size_t kept_count;
    int64_t *dropped; /* numbers of rows that prove nothing */
    size_t dropped_count;
    int64_t finding_count; /* in the rows that stay */
} LedgerResume;

MUST_CHECK bool ledger_run_insert(Ledger *ledger, const PastRun *run, Err *err);
MUST_CHECK bool ledger_run_update(Ledger *ledger, const PastRun *run, Err *err);
/* Forgets what is older than is kept. */
MUST_CHECK bool ledger_forget_old(Ledger *ledger, const char *check, Err *err);
/* The columns of a relation with their types, to say later what changed: PastRun.old_columns. */
const char *ledger_columns(Arena *arena, const Relation *relation);
/* The first line of a plan that is kept. */
const char *ledger_order_name(KeyOrder order);

#endif
