/* A range of rows -> one statement that hashes and counts them in the server.
 *
 * A row's hash is a chain over its parts: the hash of one value is the seed of the next, and the first seed is made of
 * the key. What PostgreSQL's hash of a type leaves out (the upper half of an int8, the sign of a number) goes into the
 * seed before it, so that different values are never hashed alike but by chance, about 2^-64; NULL, '' and a
 * neighbour's value are told apart. The hashes are summed. A row without a hash, since a column that is never NULL is
 * NULL in it, is in doubt.
 * Many cuts are rows of a list that the table is joined to, each a short scan of the key's index.
 */
#ifndef SOURCE_POSTGRES_DIGEST_H
#define SOURCE_POSTGRES_DIGEST_H

#include "source/postgres_sql.h"

/* Columns: number of the cut or bucket, rows, doubtful rows, the sum. A bucket without rows has no line. */
void pg_digest_sql(PgSql *sql, const DigestScan *digest);
/* Hashes of fixed values of every kind, joined to one text. */
void pg_digest_probe_sql(PgSql *sql);
/* " AND ...": whether a row's key lies in the buckets. */
void pg_digest_only(PgSql *sql, const Scan *scan);
/* Reads the lines into a digest for each cut or bucket. */
MUST_CHECK bool pg_digest_read(const PGresult *rows, const DigestScan *digest, RowsDigest *out, Err *err);

#endif
