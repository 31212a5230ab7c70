/* Ranges, counts and findings as JSON that reads back as exactly what was written: how a run is kept.
 *
 *     value      ["integer", "42"]   ["text", null]   ["odd integer", "n/a"]
 *                ["hex text", "ff00"]                 bytes that JSON cannot hold
 *     range      {"rows": "between", "from": [value, ...], "to": null}
 *     counts     {"compared": 17, "columns": [[0, 3]], ...}                  lists leave out zeros
 *     finding    {"kind": "different", "key": [value, ...], "cause": "null", "pairs": [0], "invariants": [],
 *                 "old": [["status", "text", "paid"]], "new": [["status", "text", null]]}
 *
 * Pairs and invariants are indexes into the match, so all this means something only under one spec digest and one pair
 * of schemas. For people there is --findings.
 * Refuses, in reading, what it cannot understand: nothing that was kept is trusted.
 */
#ifndef CHECK_KEPT_JSON_H
#define CHECK_KEPT_JSON_H

#include "check/compare.h"

/* Each appends one line without its end. */
void kept_range_write(Range range, size_t key_count, Buf *out);
void kept_bound_write(const Value *bound, size_t key_count, Buf *out);
void kept_counts_write(const Counts *counts, const Match *match, Buf *out);
void kept_finding_write(const Finding *finding, Buf *out);

/* What is read lies in the arena; names of cells are those of the match. */
MUST_CHECK bool kept_range_read(Arena *arena, Str text, size_t key_count, Range *out);
/* `text` empty or "null": an open end, *out is NULL. */
MUST_CHECK bool kept_bound_read(Arena *arena, Str text, size_t key_count, const Value **out);
MUST_CHECK bool kept_counts_read(Arena *arena, Str text, const Match *match, Counts *out);
MUST_CHECK bool kept_finding_read(Arena *arena, Str text, const Match *match, Finding *out);

const char *range_rows_name(RangeRows rows); /* "between", "with null", "all" */
MUST_CHECK bool range_rows_read(Str name, RangeRows *out);

#endif
