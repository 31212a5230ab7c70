/* Past runs of a check, newest first: `twofold history` as a table and as JSON.
 *
 *     started (UTC)        verdict       mode    took               rows     ranges  reason
 *     2026-01-02 03:04:05  inconsistent  join    1.2 s         5,000,000      50/50  3 rows disagree
 *
 * A run that has not ended, or was killed, is "unfinished", with what it has read so far.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include "base/json_writer.h"
#include "check/past_run.h"

void history_heading_write(Buf *out);
void history_line_write(const PastRun *run, size_t width, Buf *out);
/* One object: an element of the array that `--json` holds. */
void history_json_write(const PastRun *run, JsonWriter *json);

#endif
