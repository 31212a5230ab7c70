/* A ledger in an SQLite file (promises: ledger.h, ledger_db.h).
 *
 * In: a path, statements. Out: rows. The file says whose it is by SQLite's application_id and how new it is by
 * user_version. A check is locked by a file beside it, which goes with its holder. Every failure becomes one sentence
 * here.
 */
#include "base/clock.h"
#include "ledger/ledger_db.h"
#include "ledger/ledger_schema.h"
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x74776f66 /* "twof" */, LEDGER_MODE = 0600 };

/* How long another process's transaction is waited for, and how long where somebody has asked to stop. */
enum { BUSY_US = 5000000, BUSY_STOPPED_US = 500000, BUSY_NAP_US = 20000 };

typedef struct SqliteLedger {
    LedgerDb base;
    Source stoppable; /* nothing is read from it: it can be cancelled */
    SourcePlace place;
    atomic_bool hurried;
    sqlite3 *db;
    char *path;
    char *lock_path; /* NULL: no check is locked */
    int lock_file;
    bool writes;
} SqliteLedger;

/* With a log, a range that is kept costs no wait for the disk: what a crash of the machine may take back are the last
 * ranges, never the file. Whoever writes last leaves a plain file, which can be read where nothing can be written.
 * Where there can be no log, all is as without. */
static const char LOG_ON[] = "pragma journal_mode = wal; pragma synchronous = normal";
static const char LOG_OFF[] = "pragma journal_mode = delete";

/* ---- failures -------------------------------------------------------------------------------------------- */

typedef struct LedgerCause {
    int code;
    TfErrorCode err;
    const char *sentence;
    const char *hint;
} LedgerCause;

static const char MOVE_AWAY[] = "Move the file away, and the next check makes a new one; or name another with "
                                "--ledger sqlite:PATH.";
static const char CHECK_RIGHTS[] = "Check the rights of the file and its folder, or name another with "
                                   "--ledger sqlite:PATH.";

static const char OTHER_PLACE[] = "Name another file with --ledger sqlite:PATH.";

static const LedgerCause causes[] = {
    {SQLITE_FULL, TF_ERROR_IO, "no space is left on its disk", "Free some space, and run the check again."},
    {SQLITE_READONLY, TF_ERROR_IO, "the file or its folder is read-only", CHECK_RIGHTS},
    {SQLITE_CANTOPEN, TF_ERROR_IO, "the file cannot be opened", CHECK_RIGHTS},
    {SQLITE_PERM, TF_ERROR_IO, "permission denied", CHECK_RIGHTS},
    {SQLITE_NOTADB, TF_ERROR_IO, "the file is not a ledger, or it is damaged", MOVE_AWAY},
    {SQLITE_CORRUPT, TF_ERROR_IO, "the file is damaged", MOVE_AWAY},
    {SQLITE_IOERR, TF_ERROR_IO, "its disk failed or is full",
     "Look at the disk, or name another place with "
     "--ledger sqlite:PATH."},
    {SQLITE_BUSY, TF_ERROR_BUSY, "another process is writing to it", "Run the check again when that one has ended."},
};

static bool failed(const SqliteLedger *ledger, const char *what, Err *err) {
    int code = sqlite3_errcode(ledger->db) & 0xFF;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        if (causes[i].code == code) {
            (void)err_set(err, causes[i].err, "could not %s ledger \"%s\": %s", what, ledger->path, causes[i].sentence);
            return err_hint(err, "%s", causes[i].hint);
        }
    }
    return err_set(err, TF_ERROR_IO, "could not %s ledger \"%s\": %s", what, ledger->path, sqlite3_errmsg(ledger->db));
}

/* ---- statements --------------------------------------------------------------------------------------------- */

static bool run_sql(SqliteLedger *ledger, const char *sql, const char *what, Err *err) {
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(ledger, what, err);
}

static bool prepare(SqliteLedger *ledger, const char *sql, const char *what, sqlite3_stmt **out, Err *err) {
    return sqlite3_prepare_v2(ledger->db, sql, -1, out, NULL) == SQLITE_OK || failed(ledger, what, err);
}

/* The one number that `sql` gives; 0 for NULL. */
static bool read_number(SqliteLedger *ledger, const char *sql, int64_t *out, Err *err) {
    sqlite3_stmt *statement;
    if (!prepare(ledger, sql, "read", &statement, err)) {
        return false;
    }
    bool good = sqlite3_step(statement) == SQLITE_ROW || failed(ledger, "read", err);
    if (good) {
        *out = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return good;
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

static bool is_ours(SqliteLedger *ledger, int64_t *out_version, Err *err) {
    int64_t application, version, objects;
    if (!read_number(ledger, "pragma application_id", &application, err) ||
        !read_number(ledger, "pragma user_version", &version, err) ||
        !read_number(ledger, "select count(*) from sqlite_schema", &objects, err)) {
        return false;
    }
    bool empty = application == 0 && version == 0 && objects == 0;
    if (application != APPLICATION_ID && !empty) {
        (void)err_set(err, TF_ERROR_IO, "cannot use \"%s\" as a ledger: it is a database of something else",
                      ledger->path);
        return err_hint(err, "%s", OTHER_PLACE);
    }
    if (version > (int64_t)ledger_step_count) {
        (void)err_set(err, TF_ERROR_IO,
                      "cannot use ledger \"%s\": it is of version %" PRId64 ", and this twofold knows "
                      "versions up to %zu",
                      ledger->path, version, ledger_step_count);
        return err_hint(err, "A newer twofold wrote it: use that one, or name another file with --ledger sqlite:PATH.");
    }
    *out_version = version;
    return true;
}

static bool take_steps(SqliteLedger *ledger, Err *err) {
    int64_t version;
    if (!is_ours(ledger, &version, err)) { /* again: another process may have been faster */
        return false;
    }
    for (size_t i = (size_t)version; i < ledger_step_count; i++) {
        if (!run_sql(ledger, ledger_steps[i], "bring forward", err)) {
            return false;
        }
    }
    char sql[96];
    snprintf(sql, sizeof(sql), "pragma application_id = %d; pragma user_version = %zu", APPLICATION_ID,
             ledger_step_count);
    return run_sql(ledger, sql, "bring forward", err);
}

static bool bring_forward(SqliteLedger *ledger, Err *err) {
    if (!run_sql(ledger, "begin immediate", "write", err)) {
        return false;
    }
    if (take_steps(ledger, err) && run_sql(ledger, "commit", "write", err)) {
        return true;
    }
    sqlite3_exec(ledger->db, "rollback", NULL, NULL, NULL);
    return false;
}

static bool check_version(SqliteLedger *ledger, LedgerUse use, Err *err) {
    int64_t version;
    if (!is_ours(ledger, &version, err)) {
        return false;
    }
    if (version == (int64_t)ledger_step_count) {
        return true;
    }
    if (use == LEDGER_WRITE) {
        return bring_forward(ledger, err);
    }
    (void)err_set(err, TF_ERROR_IO, "cannot read ledger \"%s\": it is of version %" PRId64 ", older than this twofold",
                  ledger->path, version);
    return err_hint(err, "The next check that writes to it brings it forward.");
}

/* SQLite would make the file readable for all; it is made here first. A pipe or a device is no place for a database,
 * and SQLite would put its journal beside it. */
static bool file_make(const char *path, Err *err) {
    struct stat status;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, LEDGER_MODE);
    if (file < 0) {
        (void)err_set(err, TF_ERROR_IO, "could not open ledger \"%s\": %s", path, strerror(errno));
        return err_hint(err, "%s", CHECK_RIGHTS);
    }
    bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    close(file);
    if (!regular) {
        (void)err_set(err, TF_ERROR_IO, "cannot use \"%s\" as a ledger: it is not a regular file", path);
        return err_hint(err, "%s", OTHER_PLACE);
    }
    return true;
}

static bool file_exists(const char *path, Err *err) {
    if (access(path, R_OK) == 0) {
        return true;
    }
    (void)err_set(err, TF_ERROR_IO, "could not open ledger \"%s\": %s", path, strerror(errno));
    return err_hint(err, "%s", errno == ENOENT ? "A check with a ledger makes it." : CHECK_RIGHTS);
}

/* ---- statements with parameters --------------------------------------------------------------------------------- */

static const char *what_of(const char *sql) {
    return strncmp(sql, "select", strlen("select")) == 0 ? "read" : "write";
}

static bool bind_all(sqlite3_stmt *statement, const char *const *params, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof(name), "$%zu", i + 1);
        int place = sqlite3_bind_parameter_index(statement, name);
        if (sqlite3_bind_text(statement, place, params[i], -1, SQLITE_STATIC) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}

/* A double's text has all its digits; SQLite's own has fifteen. */
static const char *cell_text(Arena *arena, sqlite3_stmt *statement, int column) {
    if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
        return arena_printf(arena, "%.17g", sqlite3_column_double(statement, column));
    }
    return (const char *)sqlite3_column_text(statement, column);
}

static bool give_rows(SqliteLedger *ledger, sqlite3_stmt *statement, const char *what, LedgerRows rows, Err *err) {
    Arena arena = {0};
    int step;
    bool good = true;
    while (good && (step = sqlite3_step(statement)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            good = failed(ledger, what, err);
            break;
        }
        int count = sqlite3_column_count(statement);
        const char **cells = ARENA_MANY(&arena, (size_t)count, const char *);
        for (int i = 0; i < count; i++) {
            cells[i] = cell_text(&arena, statement, i);
        }
        good = rows.take == NULL || rows.take(rows.self, cells, err);
        arena_empty(&arena);
    }
    arena_free(&arena);
    return good;
}

static bool sqlite_run(LedgerDb *db, const char *sql, const char *const *params, size_t param_count, LedgerRows rows,
                       Err *err) {
    SqliteLedger *ledger = (SqliteLedger *)db;
    const char *what = what_of(sql);
    sqlite3_stmt *statement = NULL;
    bool good = prepare(ledger, sql, what, &statement, err) &&
                (bind_all(statement, params, param_count) || failed(ledger, what, err)) &&
                give_rows(ledger, statement, what, rows, err);
    sqlite3_finalize(statement);
    return good;
}

/* ---- the lock ---------------------------------------------------------------------------------------------- */

/* The process number in the lock file; empty where there is none. */
static void holder_read(int file, char *out, size_t size) {
    char number[16];
    ssize_t length = pread(file, number, sizeof(number) - 1, 0);
    number[length > 0 ? length : 0] = '\0';
    out[0] = '\0';
    if (length > 0) {
        snprintf(out, size, "process %s", number);
    }
}

/* Locks the open file; false: another has it, or the file was taken away in the meantime (then *out_gone). */
static bool lock_take(int file, const char *path, bool *out_gone) {
    struct stat held, there;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        return false;
    }
    *out_gone = fstat(file, &held) != 0 || stat(path, &there) != 0 || held.st_ino != there.st_ino;
    return !*out_gone;
}

static bool lock_try(SqliteLedger *ledger, const char *path, const char *check, bool *out_again, Err *err) {
    bool gone = false;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LEDGER_MODE);
    if (file < 0) {
        (void)err_set(err, TF_ERROR_IO, "could not lock \"%s\": %s", path, strerror(errno));
        return err_hint(err, "%s", CHECK_RIGHTS);
    }
    if (lock_take(file, path, &gone)) {
        char number[16];
        int length = snprintf(number, sizeof(number), "%ld", (long)getpid());
        (void)!ftruncate(file, 0); /* only for people: the lock is held without it */
        (void)!pwrite(file, number, (size_t)length, 0);
        ledger->lock_file = file;
        return true;
    }
    char holder[40];
    holder_read(file, holder, sizeof(holder));
    close(file);
    *out_again = gone;
    return ledger_db_busy(check, holder, err);
}

static bool sqlite_lock(LedgerDb *db, const char *check, Err *err) {
    SqliteLedger *ledger = (SqliteLedger *)db;
    Buf path = {0};
    bool good, again;
    buf_printf(&path, "%s.%s.lock", ledger->path, check);
    do {
        again = false;
        good = lock_try(ledger, path.bytes, check, &again, err);
    } while (again);
    if (good) {
        ledger->lock_path = path.bytes;
    } else {
        buf_free(&path);
    }
    return good;
}

/* The file goes while it is locked: whoever opened it before sees that it is gone. */
static void sqlite_unlock(LedgerDb *db) {
    SqliteLedger *ledger = (SqliteLedger *)db;
    if (ledger->lock_path != NULL) {
        unlink(ledger->lock_path);
        close(ledger->lock_file);
        free(ledger->lock_path);
        ledger->lock_path = NULL;
    }
}

/* ---- life -------------------------------------------------------------------------------------------------- */

static void sqlite_close(LedgerDb *db) {
    SqliteLedger *ledger = (SqliteLedger *)db;
    source_delist(&ledger->place);
    sqlite_unlock(db);
    if (ledger->writes) {
        sqlite3_busy_timeout(ledger->db, 0);
        sqlite3_exec(ledger->db, LOG_OFF, NULL, NULL, NULL);
    }
    sqlite3_close(ledger->db);
    free(ledger->path);
    free(ledger);
}

static const LedgerDbOps SQLITE_LEDGER = {
    .begin = "begin immediate", .run = sqlite_run, .lock = sqlite_lock, .unlock = sqlite_unlock, .close = sqlite_close};

static int busy_wait(void *self, int naps) {
    SqliteLedger *ledger = self;
    int most_us = atomic_load(&ledger->hurried) ? BUSY_STOPPED_US : BUSY_US;
    if (naps >= most_us / BUSY_NAP_US) {
        return 0;
    }
    clock_sleep_us(BUSY_NAP_US);
    return 1;
}

static void stoppable_cancel(Source *source) {
    SqliteLedger *ledger = (SqliteLedger *)(void *)((char *)source - offsetof(SqliteLedger, stoppable));
    atomic_store(&ledger->hurried, true);
}

static const SourceOps STOPPABLE = {.scheme = "ledger", .cancel = stoppable_cancel};

/* Also whoever reads takes back what a writer that was killed had half done, which opening for reading alone does not
 * allow; a file that may not be written is opened for reading all the same. */
static bool connection_open(SqliteLedger *ledger, LedgerUse use, Err *err) {
    if (sqlite3_open_v2(ledger->path, &ledger->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        return failed(ledger, "open", err);
    }
    sqlite3_busy_handler(ledger->db, busy_wait, ledger);
    return use == LEDGER_WRITE || run_sql(ledger, "pragma query_only = on", "read", err);
}

bool ledger_sqlite_open(const char *path, LedgerUse use, LedgerDb **out, Err *err) {
    if (use == LEDGER_WRITE ? !file_make(path, err) : !file_exists(path, err)) {
        return false;
    }
    SqliteLedger *ledger = mem_alloc(sizeof(SqliteLedger));
    *ledger = (SqliteLedger){
        .base = {&SQLITE_LEDGER}, .stoppable.ops = &STOPPABLE, .path = mem_alloc(strlen(path) + 1)};
    source_enlist(&ledger->place, &ledger->stoppable);
    memcpy(ledger->path, path, strlen(path) + 1);
    bool good = connection_open(ledger, use, err) && check_version(ledger, use, err);
    ledger->writes = good && use == LEDGER_WRITE;
    if (ledger->writes) {
        sqlite3_exec(ledger->db, LOG_ON, NULL, NULL, NULL);
    }
    if (!good) {
        sqlite_close(&ledger->base);
        return false;
    }
    *out = &ledger->base;
    return true;
}
