/* The result as JSON, for scripts: --json FILE.
 *
 * Promises: the members and their order as users know them; one object for one check, an array for several; the file
 * is whole or not there (report/file.h), and private. Added to the pinned members, where they are known: "error" and
 * "hint" (the first failure), "mode_reason", and "resumed_from" (when the run began that this one went on with).
 */
#ifndef REPORT_RESULT_JSON_H
#define REPORT_RESULT_JSON_H

#include "check/finding.h"

/* Appends one JSON value, without a newline. */
void result_json_write(const Result *result, Buf *out, bool pretty);

/* Appends each result to `results`, which belongs to the caller and may go from check to check. */
Sink *result_json_sink_open(Buf *results);
/* What the sinks gathered, as one object or as an array, with a newline. */
MUST_CHECK bool result_json_save(const char *path, const Buf *results, bool array, Err *err);

#endif
