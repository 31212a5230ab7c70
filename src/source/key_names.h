/* Which columns are the key, as far as every engine says it alike. */
#ifndef SOURCE_KEY_NAMES_H
#define SOURCE_KEY_NAMES_H

#include "source/source.h"

/* Sets key and key_count. `folded`: the engine does not tell cases apart; an exact name goes first all the same, since
 * computed names may. Refuses a name that is not there, a column named twice, and more than KEY_MAX_COLUMNS. */
MUST_CHECK bool key_of_names(const RelationRef *ref, bool folded, Relation *relation, Err *err);
/* False: there is no primary key. `unique`: the unique indexes that could stand in for it, for people; NULL: none. */
bool key_missing(const Relation *relation, const char *unique, Err *err);

#endif
