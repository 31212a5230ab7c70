/* Counts and ranges -> the verdict and its reason. The only place where a verdict is made. */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "check/finding.h"

/* Fills verdict, reason, mismatched_rows, mismatch_ratio and coverage of a result whose counts, ranges and err are
 * set. `estimated_rows` (negative: unknown) is what coverage is measured by where ranges failed. */
void judge(Arena *arena, Result *result, double estimated_rows);

/* The share of all keys seen on either side that disagree. */
double mismatch_ratio(int64_t old_rows, int64_t new_rows, int64_t compared, int64_t mismatched_rows);

/* The result of a check that ended before its first range. */
Result judge_failure(const char *check, const Err *err, int64_t started_us, int64_t duration_us);

#endif
