/* Which kinds have a common meaning, and which casts there are. */
#ifndef EXPR_BIND_H
#define EXPR_BIND_H

#include "expr/tree.h"

/* Whether a cast from one kind to another exists at all. */
bool cast_exists(Kind from, Kind to);
/* The kind in which two kinds are compared; false: none. */
bool kind_common(Kind a, Kind b, Kind *out);
bool kind_has_order(Kind kind);

#endif
