/* What kept_json.c and kept_lines.c read alike. */
#ifndef CHECK_KEPT_PARTS_H
#define CHECK_KEPT_PARTS_H

#include "check/kept_json.h"

/* The string in `raw`, in the arena. */
MUST_CHECK bool kept_string_read(Arena *arena, Str raw, Str *out);
MUST_CHECK bool kept_number_read(Str raw, int64_t *out);
/* The kind and the cause of a finding. */
MUST_CHECK bool kept_words_read(Arena *arena, Str text, Finding *out);

#endif
