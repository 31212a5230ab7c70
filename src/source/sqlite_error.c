/* In: a connection that failed. Out: one sentence with its cause and, where there is one, the next action. */
#include "source/sqlite_error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

typedef struct ErrorRow {
    int primary; /* SQLite's primary result code */
    TfErrorCode code;
    const char *hint; /* NULL: none */
} ErrorRow;

static const ErrorRow ERRORS[] = {
    {SQLITE_BUSY, TF_ERROR_BUSY, "Another process is writing to the file. Try again when it has finished."},
    {SQLITE_LOCKED, TF_ERROR_BUSY, NULL},
    {SQLITE_INTERRUPT, TF_ERROR_INTERRUPTED, NULL},
    {SQLITE_NOMEM, TF_ERROR_BUSY, NULL},
    {SQLITE_CORRUPT, TF_ERROR_DATA, "Run PRAGMA integrity_check on the file, or take a backup of it."},
    {SQLITE_NOTADB, TF_ERROR_DATA, "The file is damaged, encrypted, or was not written by SQLite 3."},
    {SQLITE_IOERR, TF_ERROR_IO, NULL},
    {SQLITE_CANTOPEN, TF_ERROR_IO, "A file in WAL mode needs a -shm file beside it: may its folder be written to?"},
    {SQLITE_FULL, TF_ERROR_IO, "Sorting needs room for temporary files; SQLITE_TMPDIR names where they go."},
    {SQLITE_PERM, TF_ERROR_DENIED, NULL},
    {SQLITE_AUTH, TF_ERROR_DENIED, NULL},
    {SQLITE_READONLY, TF_ERROR_DENIED, NULL},
    {SQLITE_SCHEMA, TF_ERROR_SCHEMA, NULL},
};

bool sqlite_error(Err *err, sqlite3 *db, TfErrorCode otherwise, const char *doing, ...) {
    char what[512];
    va_list arguments;
    va_start(arguments, doing);
    vsnprintf(what, sizeof(what), doing, arguments);
    va_end(arguments);
    int code = sqlite3_errcode(db) & 0xFF;
    const ErrorRow *found = NULL;
    for (size_t i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]) && found == NULL; i++) {
        found = ERRORS[i].primary == code ? &ERRORS[i] : NULL;
    }
    err_set(err, found == NULL ? otherwise : found->code, "could not %s: %s", what, sqlite3_errmsg(db));
    return found == NULL || found->hint == NULL ? false : err_hint(err, "%s", found->hint);
}
