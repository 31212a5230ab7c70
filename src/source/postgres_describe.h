/* A table's name -> Relation, from the live catalog (pg_class, pg_attribute, pg_type, pg_index; nothing else).
 *
 * Names are literal: "Orders" is not orders, and nothing in a name is ever SQL. Computed columns and `where` are the
 * user's own SQL; the server prepares each alone, which types it, finds its errors and refuses a second statement.
 * Refuses: sequences, indexes and the like; tables whose rows a policy hides from this role; a key that is not there.
 * After a failure the transaction is as usable as before.
 */
#ifndef SOURCE_POSTGRES_DESCRIBE_H
#define SOURCE_POSTGRES_DESCRIBE_H

#include "source/postgres_session.h"

MUST_CHECK bool pg_describe(PgSession *session, const RelationRef *ref, Arena *arena, Relation *out, Err *err);
/* "a", "a.b", "\"a.b\"", "\"a\".\"b\"" -> parts without quotes. False: not such a name. */
MUST_CHECK bool pg_name_split(Arena *arena, const char *text, const char **out_schema, const char **out_name);

#endif
