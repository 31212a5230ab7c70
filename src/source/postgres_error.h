/* What a server said -> Err.
 *
 * In: a failed result or connection, and what was being done ("read \"public\".\"orders\""). Out: one sentence with
 * the server's message on one line, its SQLSTATE as a code, and the next action where one is known.
 */
#ifndef SOURCE_POSTGRES_ERROR_H
#define SOURCE_POSTGRES_ERROR_H

#include "base/err.h"

#include <libpq-fe.h>

/* Always false. `result` may be NULL: then the connection's own message is told. */
bool pg_error_set(Err *err, const PGconn *conn, const PGresult *result, const char *doing);
/* A server's message on one line, white space runs as one blank. `size` includes the NUL. */
void pg_error_line(const char *message, char *out, size_t size);

#endif
