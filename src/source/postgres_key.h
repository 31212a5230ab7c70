/* What the catalog says about a table's keys: which columns, whether they are unique, whether an index cuts ranges.
 *
 * A text key is the hard part: an index orders texts by its collation. Where that is byte order, ranges are the same on
 * both sides; otherwise the collation gets a name under which two sides can be told to order alike.
 */
#ifndef SOURCE_POSTGRES_KEY_H
#define SOURCE_POSTGRES_KEY_H

#include "source/postgres_session.h"

/* A table as the catalog knows it; what Relation does not say. */
typedef struct PgTable {
    const char *oid;
    char kind;              /* pg_class.relkind */
    bool parent;            /* of plain inheritance: its indexes know nothing of its children */
    const int16_t *numbers; /* attnum of each relation column; 0: computed */
    const uint32_t *collations;
} PgTable;

/* Fills key, key_unique, key_ordered, key_indexed, and collation and order_sql of text key columns. */
MUST_CHECK bool pg_key_describe(PgSession *session, const PgTable *table, const RelationRef *ref, Arena *arena,
                                Relation *relation, Err *err);
/* Ends a text key's name where equal texts may differ in bytes. */
#define PG_NONDETERMINISTIC " nondeterministic"
bool pg_collation_deterministic(const char *collation);

#endif
