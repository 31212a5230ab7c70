/* Ranges, counts and findings as JSON that reads back as exactly what was written: how a run is kept.
 *
 *     value    ["integer", "42"]   ["text", null]   ["odd integer", "n/a"]   ["hex text", "ff00"] (bytes no JSON can
 * hold) range    {"rows": "between", "from": [value, ...], "to": null} finding  {"kind": "different", "key": [value,
 * ...], "cause": "null", "pairs": [0], "invariants": [], "old": [["status", "text", "paid"]], "new": [["status",
 * "text", null]]} counts   {"compared": 17, "columns": [[0, 3]], ...}     zeros are left out
 *     plain findings that follow each other (finding_is_plain) are one line: the first key, and the steps to the others
 *              {"kind": "missing_in_new", "cause": "missing", "count": 5, "integers": "17 1*3 80"}
 *              are 17, 18, 19, 20 and 100
 *
 * Pairs and invariants are indexes into the match, so this means something only under one spec digest and one pair of
 * schemas. For people there is --findings. Reading refuses what it cannot understand, and believes nothing.
 */
#ifndef CHECK_KEPT_JSON_H
#define CHECK_KEPT_JSON_H

#include "base/json_writer.h"
#include "check/compare.h"

/* Each appends one line without its end. */
void kept_range_write(Range range, size_t key_count, Buf *out);
void kept_bound_write(const Value *bound, size_t key_count, Buf *out);
void kept_counts_write(const Counts *counts, const Match *match, Buf *out);
void kept_finding_write(const Finding *finding, Buf *out);

/* Findings as lines with their ends, as few as can be. */
typedef struct KeptLines {
    Buf text;     /* complete after kept_lines_end */
    Buf run;      /* the keys of the plain ones that were added last */
    int64_t count; /* of them */
    FindingKind kind;
    int64_t first, last, step, times; /* `times` of this step are not in `run` yet */
} KeptLines;
void kept_lines_add(KeptLines *lines, const Finding *finding);
void kept_lines_end(KeptLines *lines);
void kept_lines_empty(KeptLines *lines);
void kept_lines_free(KeptLines *lines);

/* What is read lies in the arena; names of cells are those of the match. */
MUST_CHECK bool kept_range_read(Arena *arena, Str text, size_t key_count, Range *out);
/* `text` empty or "null": an open end, *out is NULL. */
MUST_CHECK bool kept_bound_read(Arena *arena, Str text, size_t key_count, const Value **out);
MUST_CHECK bool kept_counts_read(Arena *arena, Str text, const Match *match, Counts *out);
MUST_CHECK bool kept_finding_read(Arena *arena, Str text, const Match *match, Finding *out);
/* A line of either form: gives each finding in it, which is valid during the call. Refuses a line that says that it
 * holds more than `most`, however short it is. False: some may have been given. */
MUST_CHECK bool kept_line_read(Arena *arena, Str text, const Match *match, int64_t most, FindingTaker taker);

const char *range_rows_name(RangeRows rows); /* "between", "with null", "all" */
MUST_CHECK bool range_rows_read(Str name, RangeRows *out);

#endif
