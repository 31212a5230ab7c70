/* One row, written: key, new cells and what must stand there in, a count of rows out.
 *
 * Every text is bound as it came from the server's own output and read by the column's own input, so that what is
 * written is the same bit for bit. What must stand there is compared as the server prints it (format('%s', ...)), since
 * many types have no equality, or one that is too lenient.
 * Promises: constraints and triggers that were put off until the commit have spoken when a write returns.
 */
#ifndef SOURCE_POSTGRES_WRITE_H
#define SOURCE_POSTGRES_WRITE_H

#include "source/postgres_session.h"

MUST_CHECK bool pg_row_texts(PgSession *session, const Scan *scan, const Value *key, RowLock lock, Arena *arena,
                             RowImage *out, size_t *out_rows, Err *err);
MUST_CHECK bool pg_write(PgSession *session, const RowWrite *write, int64_t *out_rows, Err *err);
MUST_CHECK bool pg_transaction(PgSession *session, Arena *arena, const char **out, Err *err);
MUST_CHECK bool pg_transaction_end(PgSession *session, const char *transaction, TransactionEnd *out, Err *err);
MUST_CHECK bool pg_explain_write(PgSession *session, const RowWrite *write, Buf *out, Err *err);

#endif
