/* A range of rows -> one statement that hashes and counts them in the server, or one that tells each row's hash.
 *
 * A row's hash is a chain over its parts: the hash of one value is the seed of the next. What PostgreSQL's hash of a
 * value leaves out (the sign of a number, which NaN or infinity it is, and whether it is NULL) goes, of all parts at
 * once, with the key into the first seed; so different values are never hashed alike but by chance, about 2^-64, and
 * NULL, '' and a neighbour's value are told apart. The hashes are summed. Where a row has no hash, since a column that
 * is never NULL is NULL in it, its cut is in doubt.
 * Many cuts are rows of a list that the table is joined to, each a short scan of the key's index.
 */
#ifndef SOURCE_POSTGRES_DIGEST_H
#define SOURCE_POSTGRES_DIGEST_H

#include "source/postgres_sql.h"

/* Columns: number of the cut, rows, whether a row is in doubt, the sum. */
void pg_digest_sql(PgSql *sql, const DigestScan *digest);
/* The key's columns, as a scan sends them, and the row's hash, in key order. Without COPY around it. */
void pg_row_hashes_sql(PgSql *sql, const DigestScan *digest);
/* Hashes of fixed values of every kind, joined to one text. */
void pg_digest_probe_sql(PgSql *sql);
/* Reads the lines into a digest for each cut. */
MUST_CHECK bool pg_digest_read(const PGresult *rows, const DigestScan *digest, RowsDigest *out, Err *err);

#endif
