/* A run as it is kept and told: what the ledger writes and gives back, and `twofold history` shows.
 *
 * A run exists from its plan on; until its result is known, its verdict is "unfinished" and its counts are those of the
 * ranges read so far.
 * Texts are valid as long as the giver of the PastRun says; what is not known is NULL. No text holds a password.
 */
#ifndef CHECK_PAST_RUN_H
#define CHECK_PAST_RUN_H

#include "check/finding.h"

static const char VERDICT_UNFINISHED[] = "unfinished";

typedef struct PastRun {
    const char *id; /* sorts by time of start: "20260102T030405Z-1a2b3c4d" */
    const char *check;
    const char *verdict; /* verdict_name, or VERDICT_UNFINISHED */
    const char *reason;
    const char *error; /* the first failure */
    const char *mode;
    int64_t started_us; /* since 1970 */
    int64_t duration_us;
    const char *spec_digest;
    int64_t resumed; /* how often */
    const char *old_schema, *new_schema;   /* digests */
    const char *old_columns, *new_columns; /* "name\ttype\n" each */
    const char *old_engine, *new_engine; /* SourceInfo */
    const char *old_place, *new_place;
    const char *old_identity, *new_identity;
    int64_t old_rows, new_rows, compared;
    int64_t mismatched_rows;
    int64_t missing_in_new, missing_in_old, different, duplicate_key;
    int64_t undecided, in_flight;
    int64_t ranges_planned, ranges_proved, ranges_failed;
    double coverage;
    const char *counts; /* JSON: {"columns": {name: rows}, "invariants": {...}, "undecided": {...}, "causes": {...}} */
} PastRun;

#endif
