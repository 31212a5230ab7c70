/* The files that a check writes, as outputs.def lists them.
 *
 *     outputs_fit        before anything is read, by every command with outputs: a mistyped place is told now, not
 *                        after hours
 *     outputs_apart      likewise, when the specs are known: no file is replaced by another one of the command
 *     outputs_open       a check's sinks
 *     outputs_save       those that hold all checks, when all are done
 */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include "cmd/options.h"
#include "report/report.h"

enum {
#define OUTPUT(name, takers, prefix, suffix, report, sentence) OUTPUT_##name,
#include "cmd/outputs.def"
#undef OUTPUT
    OUTPUTS
};

/* What the reports of a command keep from check to check. */
typedef struct OutputsKept {
    void *of[OUTPUTS];
} OutputsKept;

/* Where an output of one check goes: FILE, or the check's own in DIR/. NULL: not asked for. In arena. */
const char *outputs_path(size_t output, const Options *options, const char *check, Arena *arena);

MUST_CHECK bool outputs_fit(const Options *options, Err *err);
/* `names`: of the checks, as many as there are words, NULL for one that is not known; NULL: no output is in a DIR/. */
MUST_CHECK bool outputs_apart(const Options *options, const char *const *names, Err *err);
/* Whether one of them takes standard output. */
bool outputs_take_stdout(const Options *options);
/* Appends to `sinks`, which has room for OUTPUTS; on failure those that were opened are there to be closed. `common` is
 * what the order of each report is made of. */
MUST_CHECK bool outputs_open(const Options *options, const ReportOrder *common, OutputsKept *kept, Sink **sinks,
                             size_t *count, Err *err);
/* All of them, whatever fails; each failure is said. False: one failed. Frees what was kept. */
MUST_CHECK bool outputs_save(const Options *options, OutputsKept *kept);

#endif
