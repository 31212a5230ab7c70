/* The last runs of a check as a line, oldest first, with this one at its end; and as rows of a table. */
#ifndef REPORT_HTML_HISTORY_H
#define REPORT_HTML_HISTORY_H

#include "check/past_run.h"

/* What is drawn of a run. */
typedef struct RunPoint {
    const char *verdict; /* verdict_name, or "unfinished" */
    int64_t started_us, duration_us;
    int64_t rows, mismatched;
    double coverage;
} RunPoint;

RunPoint run_point_of(const PastRun *run);
RunPoint run_point_now(const Result *result);

/* An inline SVG. `count` is at least 1. */
void html_history_line(const RunPoint *points, size_t count, Buf *out);
/* Newest first. */
void html_history_rows(const RunPoint *points, size_t count, Buf *out);

#endif
