/* Dotted names: shop.orders.total_amount, "Shop"."or.ders". */
#ifndef BASE_DOTTED_H
#define BASE_DOTTED_H

#include "base/arena.h"

/* Parts are taken literally, or stand in double quotes, where "" is a quote. How many there are: 0 where it is no such
 * name, or more than there is room for. Parts are in arena. */
size_t dotted_parts(Arena *arena, const char *text, const char **out, size_t room);

#endif
