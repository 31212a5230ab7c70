/* What SQLite said -> Err. */
#ifndef SOURCE_SQLITE_ERROR_H
#define SOURCE_SQLITE_ERROR_H

#include "base/err.h"

#include <sqlite3.h>

/* "could not <doing>: <SQLite's words>". `otherwise` is the code for what SQLite calls just an error. Always false. */
bool sqlite_error(Err *err, sqlite3 *db, TfErrorCode otherwise, const char *doing, ...) TF_PRINTF(4, 5);

#endif
