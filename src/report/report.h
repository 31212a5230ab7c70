/* A report: a file that `twofold check --NAME FILE` writes.
 *
 * Each is one `Report` in a file of this folder, and a row of cmd/outputs.def. One that writes a file a check does so
 * in its sink, at the result. One that holds all checks of a command in one file keeps what it gathers in `kept`.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "check/check.h"
#include "ledger/ledger.h"

/* What a report can know before a check runs. All of it outlives the sink. */
typedef struct ReportOrder {
    const char *path; /* "-" is standard output */
    Check *check;     /* open; planned, unless that failed (then its plan has no match) */
    Ledger *ledger;   /* of earlier runs; NULL: none */
    void **kept;      /* from check to check: the report's own, NULL at first */
    bool underway;    /* this check does not begin, since another run of it is at work */
} ReportOrder;

typedef struct Report {
    bool (*open)(const ReportOrder *order, Sink **out, Err *err);
    /* Writes what was kept, if a result was, and frees it. NULL: nothing is kept. */
    bool (*save)(const char *path, void *kept, bool several, Err *err);
    bool alone; /* standard output takes the one of one check, and no more */
    bool grows; /* the file is written while the check runs: a run that does not begin leaves it to one underway */
} Report;

/* What the report keeps from check to check, of `bytes` bytes; zeroed for the first. `save` frees it. */
void *report_kept(const ReportOrder *order, size_t bytes);

#endif
