/* Keys as a user names them.
 *
 *     42                                      a key of one column, as the database prints it
 *     ["7", "a"]   [7, "a"]   ["7", null]     a key of several, in key order; also of one
 *     {"kind": "different", "key": ["42"]}    a line of `twofold check --findings FILE`
 *
 * A text that begins with [ or { is JSON; such a key itself is written as ["[x"]. Empty lines are none.
 */
#ifndef CMD_KEY_LIST_H
#define CMD_KEY_LIST_H

#include "spec/match.h"

typedef struct KeyList {
    Value *values; /* count * key_count */
    size_t count, room;
} KeyList;

MUST_CHECK bool key_list_add(KeyList *list, Arena *arena, const Match *match, Str text, Err *err);
/* A line a key; "-" is standard input. */
MUST_CHECK bool key_list_read(KeyList *list, Arena *arena, const Match *match, const char *path, Err *err);

#endif
