/* The key that a spec names, in a relation whose columns are known. */
#ifndef SOURCE_KEY_NAMES_H
#define SOURCE_KEY_NAMES_H

#include "source/source.h"

/* Sets key and key_count. `folded`: the engine does not tell cases apart; an exact name goes first all the same, since
 * computed names may. Refuses a name that is not there, a column named twice, and more than KEY_MAX_COLUMNS. */
MUST_CHECK bool key_of_names(const RelationRef *ref, bool folded, Relation *relation, Err *err);

#endif
