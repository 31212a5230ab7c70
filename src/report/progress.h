/* The progress line: how far, how fast, how long still, what was found so far.
 *
 *     orders-minor-units   42 %  1,234,567 rows/s  3 s left  2 rows disagree
 *
 * On a terminal one line rewritten in place, at most five times a second, and gone when the result comes. Elsewhere
 * (only where it was asked for) a line every ten seconds.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "check/finding.h"

#include <stdio.h>

typedef enum ProgressWhen { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER } ProgressWhen;

/* "auto", "always", "never". */
MUST_CHECK bool progress_when_parse(const char *word, ProgressWhen *out);

/* NULL where there is nothing to show: `never`, or `auto` and not a terminal. `check` must outlive the sink. */
Sink *progress_sink_open(FILE *stream, ProgressWhen when, const char *check);

/* For tests: where it is a terminal is said, and what time it is is asked of `now_us`. */
typedef struct ProgressPlace {
    FILE *stream;
    bool terminal;
    size_t width;
    int64_t (*now_us)(void);
} ProgressPlace;

Sink *progress_sink_at(const ProgressPlace *place, const char *check);

#endif
