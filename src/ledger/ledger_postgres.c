/* A ledger in a PostgreSQL database, for several machines (promises: ledger.h, ledger_db.h).
 *
 * In: a URL, statements. Out: rows. The tables stand in a schema "twofold", which is made where the role may make one;
 * a role that has rights on that schema alone is enough. A check is locked by an advisory lock of the ledger's own
 * session, so it goes with its holder.
 * Refuses: transaction poolers (a session's lock would be anybody's), standbys, a schema "twofold" of something else.
 */
#include "base/clock.h"
#include "ledger/ledger_db.h"
#include "ledger/ledger_schema.h"
#include "source/postgres_error.h"
#include "source/postgres_session.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char APPLICATION[] = "twofold/ledger";

/* Whatever ALTER ROLE says. */
static const char SETTINGS[] = "set statement_timeout = 0; set lock_timeout = '10s';"
                               " set idle_in_transaction_session_timeout = 0; set default_transaction_read_only = off;"
                               " set default_transaction_isolation = 'read committed';"
                               " set search_path = twofold, pg_temp; set extra_float_digits = 3;"
                               " set standard_conforming_strings = on; set client_min_messages = warning";

/* The ledger waits for ranges in between, and its lock is the session's. */
static const struct NewerSetting {
    int since;
    const char *sql;
} NEWER_SETTINGS[] = {
    {140000, "set idle_session_timeout = 0"},
    {170000, "set transaction_timeout = 0"},
};

static const char HAS_SCHEMA[] = "select count(*) from pg_catalog.pg_namespace where nspname = 'twofold'";
static const char HAS_VERSION[] = "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n"
                                  " on n.oid = c.relnamespace"
                                  " where n.nspname = 'twofold' and c.relname = 'ledger_version'";
static const char HAS_OTHERS[] = "select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n"
                                 " on n.oid = c.relnamespace where n.nspname = 'twofold'";

static const char GRANT_HINT[] = "Give the role a schema of its own: CREATE SCHEMA twofold AUTHORIZATION role.";

/* Whoever asks to stop waits this long for what is being kept. */
enum { STOP_PATIENCE_US = 500000 };

typedef struct PgLedger {
    LedgerDb base;
    Source stoppable; /* nothing is read from it: it can be cancelled */
    SourcePlace place;
    atomic_llong busy_since_us; /* monotonic; 0: no statement is under way */
    PgSession session;
    bool locked;
    int64_t lock_key;
} PgLedger;

/* ---- failures ---------------------------------------------------------------------------------------------- */

/* What the ledger's server says is never the user's spec: only what was asked for when opening may be asked wrongly. */
static bool failed(PgLedger *ledger, const PGresult *result, const char *what, Err *err) {
    Arena scratch = {0};
    (void)pg_error_set(err, ledger->session.conn, result,
                       arena_printf(&scratch, "%s ledger \"%s\"", what, ledger->session.info.place));
    arena_free(&scratch);
    if (err->code == TF_ERROR_USAGE || err->code == TF_ERROR_SCHEMA || err->code == TF_ERROR_DATA) {
        err->code = TF_ERROR_IO;
    }
    return err->code == TF_ERROR_DENIED ? err_hint(err, "%s", GRANT_HINT) : false;
}

static bool refused(const PgLedger *ledger, const char *why, const char *hint, Err *err) {
    (void)err_set(err, TF_ERROR_IO, "cannot use ledger \"%s\": %s", ledger->session.info.place, why);
    return err_hint(err, "%s", hint);
}

/* ---- statements -------------------------------------------------------------------------------------------- */

static const char *what_of(const char *sql) {
    return strncmp(sql, "select", strlen("select")) == 0 ? "read" : "write";
}

/* What a driver's message cut in the middle of a letter is no text to PostgreSQL. */
static const char *mended(Arena *arena, const char *text) {
    Str rest = str_of(text);
    if (text == NULL || utf8_valid(rest)) {
        return text;
    }
    char *copy = arena_copy(arena, text, rest.length);
    for (size_t i = 0; i < rest.length; i++) {
        copy[i] = (unsigned char)copy[i] < 0x80 ? copy[i] : '?';
    }
    return copy;
}

static bool give_row(const PGresult *row, LedgerRows rows, Arena *scratch, Err *err) {
    int count = PQnfields(row);
    const char **cells = ARENA_MANY(scratch, (size_t)count, const char *);
    for (int i = 0; i < count; i++) {
        cells[i] = PQgetisnull(row, 0, i) ? NULL : PQgetvalue(row, 0, i);
    }
    bool good = rows.take == NULL || rows.take(rows.self, cells, err);
    arena_empty(scratch);
    return good;
}

/* Row by row: a run's findings need not fit in memory. After a failure the rest is read and dropped. */
static bool give_rows(PgLedger *ledger, const char *what, LedgerRows rows, Err *err) {
    Arena scratch = {0};
    PGresult *result;
    bool good = true;
    while ((result = PQgetResult(ledger->session.conn)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            good = good && failed(ledger, result, what, err);
        } else if (status == PGRES_SINGLE_TUPLE && good) {
            good = give_row(result, rows, &scratch, err);
        }
        PQclear(result);
    }
    arena_free(&scratch);
    return good;
}

static bool pg_run(LedgerDb *db, const char *sql, const char *const *params, size_t param_count, LedgerRows rows,
                   Err *err) {
    PgLedger *ledger = (PgLedger *)db;
    Arena scratch = {0};
    const char **texts = ARENA_MANY(&scratch, param_count, const char *);
    for (size_t i = 0; i < param_count; i++) {
        texts[i] = mended(&scratch, params[i]);
    }
    PGconn *conn = ledger->session.conn;
    atomic_store(&ledger->busy_since_us, clock_monotonic_us());
    bool good = (PQsendQueryParams(conn, sql, (int)param_count, NULL, texts, NULL, NULL, 0) == 1 &&
                 PQsetSingleRowMode(conn) == 1) ||
                failed(ledger, NULL, what_of(sql), err);
    good = good && give_rows(ledger, what_of(sql), rows, err);
    atomic_store(&ledger->busy_since_us, 0);
    arena_free(&scratch);
    return good;
}

static bool run_script(PgLedger *ledger, const char *sql, const char *what, Err *err) {
    PGresult *result = PQexec(ledger->session.conn, sql);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || failed(ledger, result, what, err);
    PQclear(result);
    return good;
}

static bool take_number(void *self, const char *const *cells, Err *err) {
    (void)err;
    *(int64_t *)self = ledger_to_int(cells[0]);
    return true;
}

static bool read_number(PgLedger *ledger, const char *sql, int64_t *out, Err *err) {
    *out = 0;
    return pg_run(&ledger->base, sql, NULL, 0, (LedgerRows){take_number, out}, err);
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

/* The version of the tables that are there; -1: there are none. */
static bool version_read(PgLedger *ledger, int64_t *out, Err *err) {
    int64_t has_version, others;
    if (!read_number(ledger, HAS_VERSION, &has_version, err) || !read_number(ledger, HAS_OTHERS, &others, err)) {
        return false;
    }
    if (has_version == 0) {
        *out = -1;
        return others == 0 || refused(ledger, "its schema \"twofold\" holds something else",
                                      "Name another database with --ledger postgresql://...", err);
    }
    if (!read_number(ledger, "select max(version) from ledger_version", out, err)) {
        return false;
    }
    if (*out > (int64_t)ledger_step_count) {
        char why[96];
        snprintf(why, sizeof(why), "it is of version %" PRId64 ", and this twofold knows versions up to %zu", *out,
                 ledger_step_count);
        return refused(ledger, why, "A newer twofold wrote it: use that one, or name another database.", err);
    }
    return true;
}

static bool schema_make(PgLedger *ledger, Err *err) {
    int64_t there;
    return read_number(ledger, HAS_SCHEMA, &there, err) &&
           (there > 0 || run_script(ledger, "create schema twofold", "make a schema in", err));
}

/* Another process may be at it, too: whoever comes second finds it done. */
static bool take_steps(PgLedger *ledger, Err *err) {
    int64_t version;
    char sql[96];
    if (!run_script(ledger, "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('twofold ledger'))",
                    "bring forward", err) ||
        !schema_make(ledger, err) || !version_read(ledger, &version, err)) {
        return false;
    }
    if (version < 0 && !run_script(ledger, "create table ledger_version (version bigint not null)", "make", err)) {
        return false;
    }
    for (size_t i = version < 0 ? 0 : (size_t)version; i < ledger_step_count; i++) {
        if (!run_script(ledger, ledger_steps[i], "bring forward", err)) {
            return false;
        }
    }
    snprintf(sql, sizeof(sql), "delete from ledger_version; insert into ledger_version values (%zu)",
             ledger_step_count);
    return version == (int64_t)ledger_step_count || run_script(ledger, sql, "bring forward", err);
}

static bool check_version(PgLedger *ledger, LedgerUse use, Err *err) {
    int64_t version;
    if (!version_read(ledger, &version, err)) {
        return false;
    }
    if (version == (int64_t)ledger_step_count) {
        return true;
    }
    if (use == LEDGER_WRITE) {
        return run_script(ledger, "begin", "write", err) && ledger_db_end(&ledger->base, take_steps(ledger, err), err);
    }
    return version < 0 ? refused(ledger, "there is no ledger in it", "A check with this ledger makes it.", err)
                       : refused(ledger, "it is of an older version than this twofold",
                                 "The next check that writes to it brings it forward.", err);
}

static bool check_server(const PgLedger *ledger, Err *err) {
    if (ledger->session.info.pooled) {
        return refused(ledger, "a transaction pooler stands between, and a lock needs a session of its own",
                       "Connect to the server itself, or to a pool in session mode.", err);
    }
    return !ledger->session.info.standby ||
           refused(ledger, "it is a standby", "Name the primary: a ledger is written to.", err);
}

/* ---- the lock ------------------------------------------------------------------------------------------------- */

static bool pg_lock(LedgerDb *db, const char *check, Err *err) {
    PgLedger *ledger = (PgLedger *)db;
    Arena scratch = {0};
    int64_t got = 0;
    ledger->lock_key = (int64_t)XXH3_64bits_withSeed(check, strlen(check), 0x74776f66);
    const char *params[] = {ledger_int(&scratch, ledger->lock_key)};
    bool asked =
        pg_run(db, "select pg_catalog.pg_try_advisory_lock($1)::int", params, 1, (LedgerRows){take_number, &got}, err);
    arena_free(&scratch);
    ledger->locked = asked && got != 0;
    return ledger->locked || (asked && ledger_db_busy(check, "", err));
}

static void pg_unlock(LedgerDb *db) {
    PgLedger *ledger = (PgLedger *)db;
    Err ignored;
    if (ledger->locked) { /* where this fails the session is gone, and the lock with it */
        (void)!run_script(ledger, "select pg_catalog.pg_advisory_unlock_all()", "unlock", &ignored);
        ledger->locked = false;
    }
}

/* ---- stopping ------------------------------------------------------------------------------------------------- */

/* What is kept quickly is kept; a lock that somebody holds, or a server that is gone, holds up nobody who asked to
 * stop. */
static void stoppable_cancel(Source *source) {
    PgLedger *ledger = (PgLedger *)(void *)((char *)source - offsetof(PgLedger, stoppable));
    int64_t since_us = atomic_load(&ledger->busy_since_us);
    if (since_us != 0 && clock_monotonic_us() - since_us >= STOP_PATIENCE_US) {
        pg_session_cancel(&ledger->session);
    }
}

static const SourceOps STOPPABLE = {.scheme = "ledger", .cancel = stoppable_cancel};

/* ---- life ----------------------------------------------------------------------------------------------------- */

static void pg_close(LedgerDb *db) {
    PgLedger *ledger = (PgLedger *)db;
    source_delist(&ledger->place);
    pg_session_close(&ledger->session);
    free(ledger);
}

static const LedgerDbOps POSTGRES_LEDGER = {
    .begin = "begin", .run = pg_run, .lock = pg_lock, .unlock = pg_unlock, .close = pg_close};

static bool settings_pin(PgLedger *ledger, Err *err) {
    bool good = run_script(ledger, SETTINGS, "open", err);
    for (size_t i = 0; good && i < sizeof(NEWER_SETTINGS) / sizeof(NEWER_SETTINGS[0]); i++) {
        good = ledger->session.version < NEWER_SETTINGS[i].since ||
               run_script(ledger, NEWER_SETTINGS[i].sql, "open", err);
    }
    return good;
}

bool ledger_postgres_open(const char *url, LedgerUse use, LedgerDb **out, Err *err) {
    PgLedger *ledger = mem_alloc(sizeof(PgLedger));
    *ledger = (PgLedger){.base = {&POSTGRES_LEDGER}, .stoppable.ops = &STOPPABLE};
    pg_session_make(&ledger->session, url, APPLICATION);
    source_enlist(&ledger->place, &ledger->stoppable);
    bool good = (pg_session_connect(&ledger->session, err) || err_prefix(err, "ledger")) &&
                check_server(ledger, err) && settings_pin(ledger, err) &&
                check_version(ledger, use, err);
    if (!good) {
        pg_close(&ledger->base);
        return false;
    }
    *out = &ledger->base;
    return true;
}
