/* Two scans of one database -> one statement that joins them and finds the rows worth a look.
 *
 * Promises: a row is suspected wherever canon_equal could tell its cells apart or an invariant may not hold; more rows
 * may be suspected, never fewer. The caller decides by the cells themselves.
 */
#ifndef SOURCE_POSTGRES_JOIN_H
#define SOURCE_POSTGRES_JOIN_H

#include "source/postgres_sql.h"

enum { PG_JOIN_TOLD_KEYS = 4096 };

/* The type that suspects' leading keys are told in; NULL: they are not. */
const char *pg_join_told_type(const JoinScan *join);
/* One row: rows of old, rows of new, joined rows, suspects, whether a key stands twice or has a NULL; where they can be
 * told, an array of the leading keys of PG_JOIN_TOLD_KEYS suspects. */
void pg_join_count_sql(PgSql *sql, const JoinScan *join);
/* With sql->among set only rows with these leading keys. The suspects in key order: is in old, is in new, the old
 * columns, the new columns. one_row: the old columns. */
void pg_join_rows_sql(PgSql *sql, const JoinScan *join);

#endif
