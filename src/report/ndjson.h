/* --findings FILE: every finding as it is found, one JSON object a line.
 *
 * The file is private (0600) and grows while the check runs; lines come in no particular order. A write that fails
 * is said once, at the finding where it happened or at the result.
 */
#ifndef REPORT_NDJSON_H
#define REPORT_NDJSON_H

#include "check/finding.h"

/* "-" is standard output. `path` must outlive the sink. */
MUST_CHECK bool ndjson_sink_open(const char *path, Sink **out, Err *err);

#endif
