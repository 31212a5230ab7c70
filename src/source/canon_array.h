/* Canonical bytes of array and range text: by structure, elements by value.
 *
 *     array       01 + u8 count + i32 lower bounds (none where all are 1) + list
 *     list        10 + elements and lists + 11
 *     range       02 + bounds
 *     multirange  03 + bounds of each range
 *     bounds      u8 flags (1 empty, 2 lower included, 4 upper included, 8 has a lower bound, 10 has an upper bound)
 *                 + the bounds there are
 *
 * An element or bound is a canonical cell (source/canon.h). So {1.0,NULL} equals {1.00,NULL}, [1.0,2) equals [1.00,2),
 * and {"NULL"} is not {NULL}. `{}` is an empty array.
 */
#ifndef SOURCE_CANON_ARRAY_H
#define SOURCE_CANON_ARRAY_H

#include "base/value.h"

/* Appends; false, and nothing appended: no such text, an element that is no `element`, or deeper than six lists.
 * `scratch` is as before afterwards. */
bool canon_array(Str text, Kind element, Arena *scratch, Buf *out);

#endif
