/* A check from a spec file to a result: the steps in order.
 *
 *     check_open    spec -> sources -> match     (each side's schema is read; no row is)
 *                   in two steps: check_read, which reads the spec alone, and check_reach
 *     check_plan    match -> plan
 *     check_run     plan -> result
 *     check_close
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/run.h"

typedef struct Check {
    Arena arena;
    Spec spec;
    Source *old, *new_;            /* new_ NULL: parallel columns */
    SourceInfo old_info, new_info; /* copies that outlive the sources; engine NULL: not opened */
    Match match;
    Plan plan;
} Check;

/* After either of them check_close is due, also on failure. A check that was read must not move. */
MUST_CHECK bool check_read(Check *check, const char *spec_path, const SpecSearch *search, Err *err);
MUST_CHECK bool check_reach(Check *check, Err *err);
MUST_CHECK bool check_open(Check *check, const char *spec_path, const SpecSearch *search, Err *err);
MUST_CHECK bool check_plan(Check *check, const CheckOptions *options, Err *err);
/* Fills the identity of both infos. */
MUST_CHECK bool check_identify(Check *check, Err *err);
/* Opens both sides again, after check_run has closed them. */
MUST_CHECK bool check_connect(Check *check, Err *err);
/* One transaction a side, for reading single rows: in one snapshot where they can share it, and as of where a side's
 * primary is now. */
MUST_CHECK bool check_begin(Check *check, Err *err);
MUST_CHECK bool check_end(Check *check, Err *err);
void check_run(Check *check, const CheckOptions *options, RunSinks sinks, RunStop *stop, Result *out);
void check_close(Check *check);

#endif
