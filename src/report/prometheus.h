/* The result as metrics: --metrics FILE, for node_exporter's textfile collector.
 *
 * Promises: the classic text format, gauges only, no timestamps on samples, each family once and in one piece, each
 * series once, the same HELP and TYPE bytes in every file, a newline at the end. The file is replaced as a whole and
 * readable by everyone (0644): it holds figures and names of columns, never values.
 */
#ifndef REPORT_PROMETHEUS_H
#define REPORT_PROMETHEUS_H

#include "check/finding.h"
#include "repair/repair.h"

enum { NEVER_CONSISTENT_US = 0 };

/* last_consistent_us: when the last consistent run before this one ended (since 1970), from the ledger. */
void prometheus_write(const Result *result, int64_t last_consistent_us, Buf *out);

/* The file of a check, with a repair's figures in the place of its own; an empty file: those alone. `outcomes` counts
 * rows by Outcome. A file of the repair's own beside the check's would hold series twice, which no collector takes. */
void prometheus_put_repaired(Str file, const char *check, const int64_t *outcomes, Buf *out);

/* Writes the file at the result. `path` ("-" is standard output) must outlive the sink. */
Sink *prometheus_sink_open(const char *path, int64_t last_consistent_us);

#endif
