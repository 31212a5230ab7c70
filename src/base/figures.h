/* Numbers as people read them, appended to a Buf. */
#ifndef BASE_FIGURES_H
#define BASE_FIGURES_H

#include "base/text.h"

void shown_count(int64_t count, Buf *out);  /* 1,234,567 */
void shown_duration(int64_t us, Buf *out);  /* 0.12 s, 34.5 s, 3 min 20 s, 2 h 5 min, 24 h, 3 days 4 h */
void shown_percent(double ratio, Buf *out); /* 99.9 %; 100 % only for 1, 0 % only for 0 */

const char *count_shown(Arena *arena, int64_t count); /* shown_count as a text of its own */

#endif
