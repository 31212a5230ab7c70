#include "source/postgres_session.h"

#include "base/aside.h"
#include "base/clock.h"
#include "source/postgres_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How long a server may take to hear that it should cancel, and how often it is asked meanwhile. */
enum { CANCEL_PATIENCE_US = 1000000, CANCEL_AGAIN_US = 100000 };

/* ---- settings --------------------------------------------------------------------------------------------- */

/* What ALTER ROLE, ALTER DATABASE, the environment or a pooler may have changed, put back for each transaction. */
static const struct Setting {
    const char *name;
    const char *value;
    int since; /* server version; 0: all */
} SETTINGS[] = {
    {"statement_timeout", "0", 0}, /* first: the settings themselves take time */
    /* the text of values */
    {"datestyle", "'ISO, MDY'", 0},
    {"intervalstyle", "postgres", 0},
    {"timezone", "'UTC'", 0},
    {"bytea_output", "hex", 0},
    {"extra_float_digits", "1", 0}, /* the shortest text that reads back as the same float */
    {"lc_monetary", "'C'", 0},
    {"lc_numeric", "'C'", 0},
    {"lc_time", "'C'", 0},
    {"xmlbinary", "base64", 0},
    {"quote_all_identifiers", "off", 0},
    /* what a statement means, and which rows it sees */
    {"standard_conforming_strings", "on", 0},
    {"transform_null_equals", "off", 0},
    {"backslash_quote", "safe_encoding", 0},
    {"escape_string_warning", "off", 0},
    {"array_nulls", "on", 0},
    {"xmloption", "content", 0},
    {"timezone_abbreviations", "'Default'", 0},
    {"row_security", "off", 0}, /* rows hidden by a policy must be an error, not an agreement */
    {"gin_fuzzy_search_limit", "0", 0},
    /* how long it may wait */
    {"lock_timeout", "'5s'", 0},
    {"idle_in_transaction_session_timeout", "'1min'", 0}, /* a client that froze must not hold its snapshot */
    {"exit_on_error", "off", 0},
    {"client_min_messages", "warning", 0},
    {"transaction_timeout", "0", 170000},
    /* how it is planned: a range is small, so one process, no JIT, and an index wherever there is one */
    {"work_mem", "'32MB'", 0},
    {"max_parallel_workers_per_gather", "0", 0},
    {"jit", "off", 0},
    {"seq_page_cost", "1", 0},
    {"random_page_cost", "1.1", 0},
    {"enable_bitmapscan", "on", 0},
    {"enable_hashagg", "on", 0},
    {"enable_hashjoin", "on", 0},
    {"enable_incremental_sort", "on", 130000},
    {"enable_indexonlyscan", "on", 0},
    {"enable_indexscan", "on", 0},
    {"enable_material", "on", 0},
    {"enable_memoize", "on", 140000},
    {"enable_mergejoin", "on", 0},
    {"enable_nestloop", "on", 0},
    {"enable_partition_pruning", "on", 0},
    {"enable_seqscan", "on", 0},
    {"enable_sort", "on", 0},
    {"enable_tidscan", "on", 0},
};

/* A text between quotes, whatever standard_conforming_strings says: of letters, digits and little else. */
static void write_quoted(Buf *out, const char *text) {
    buf_char(out, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        buf_char(out, *c == '\'' || *c == '\\' || (unsigned char)*c < ' ' ? '?' : *c);
    }
    buf_char(out, '\'');
}

static void work_text(const PgSession *session, Buf *out) {
    if (session->work_name[0] != '\0') {
        buf_text(out, "; SET LOCAL application_name = ");
        write_quoted(out, session->work_name);
    }
    if (session->statement_us > 0) {
        buf_printf(out, "; SET LOCAL statement_timeout = %lld", (long long)((session->statement_us + 999) / 1000));
    }
    if (session->one_pass) { /* a side that has told all waits while the other still sorts */
        buf_text(out, "; SET LOCAL idle_in_transaction_session_timeout = '1h'");
    }
}

/* What a transaction is for. A snapshot: NULL is its own. */
typedef struct Purpose {
    bool writes;
    const char *snapshot;
} Purpose;

/* One message, one round trip. SET TRANSACTION SNAPSHOT comes last: it allows SET before it, but no query. */
static bool begin_text(const PgSession *session, Purpose purpose, Buf *out, Err *err) {
    const char *snapshot = purpose.snapshot;
    buf_printf(out, "BEGIN ISOLATION LEVEL %s",
               purpose.writes ? "READ COMMITTED READ WRITE" : "REPEATABLE READ READ ONLY");
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        const struct Setting *s = &SETTINGS[i];
        if (session->version >= s->since) {
            buf_printf(out, "; SET LOCAL %s = %s", s->name, s->value);
        }
    }
    if (session->search_path != NULL) {
        buf_printf(out, "; SET LOCAL search_path = %s", session->search_path);
    }
    work_text(session, out);
    if (purpose.writes) { /* one row: whoever waits for it must not wait for long, nor it for them */
        buf_text(out, "; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'");
    }
    if (snapshot == NULL) {
        return true;
    }
    char *quoted = PQescapeLiteral(session->conn, snapshot, strlen(snapshot));
    if (quoted == NULL) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot begin: the snapshot's name is not a text");
    }
    buf_printf(out, "; SET TRANSACTION SNAPSHOT %s", quoted);
    PQfreemem(quoted);
    return true;
}

/* ---- one connection --------------------------------------------------------------------------------------- */

static void ignore_notice(void *self, const PGresult *result) {
    (void)self;
    (void)result;
}

static void cancel_replace(PgSession *session, PgCanceller *canceller, int socket) {
    pthread_mutex_lock(&session->lock);
    session->socket = socket;
    pg_canceller_release(session->canceller);
    session->canceller = canceller;
    pthread_mutex_unlock(&session->lock);
}

static void cancel_forget(PgSession *session) {
    pthread_mutex_lock(&session->lock);
    session->asked_us = session->sent_us = 0;
    pthread_mutex_unlock(&session->lock);
    atomic_store(&session->cancelled, false);
}

static void disconnect(PgSession *session) {
    cancel_replace(session, NULL, -1);
    PQfinish(session->conn);
    session->conn = NULL;
}

static bool url_refused(Err *err, const char *why) {
    err_set(err, TF_ERROR_USAGE, "cannot read the connection string: %s", why);
    return err_hint(err, "Write postgresql://user@host:port/database, or key=value pairs; in a URL, special characters "
                         "of a user name or password are written as %%XX (an @ as %%40).");
}

/* libpq's own complaints about a malformed URL may quote a piece of the password, so they are not passed on, and those
 * that would come later are forestalled: a password's "@" or "/" that was not written as %40 or %2F ends up in the
 * host, the port or the database. */
static bool url_check(const char *url, Err *err) {
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    const char *why = options == NULL ? "it is malformed" : NULL;
    if (source_url_misleads(url)) {
        why = "there is an \"@\" behind the host";
    }
    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        const char *value = option->val == NULL ? "" : option->val;
        if (strcmp(option->keyword, "host") == 0 && value[0] != '/' && strchr(value, '@') != NULL) {
            why = "there is an \"@\" in the host";
        } else if (strcmp(option->keyword, "port") == 0 && value[strspn(value, "0123456789,")] != '\0') {
            why = "the port is not a number";
        } else if (strcmp(option->keyword, "dbname") == 0 && strstr(value, "://") != NULL) {
            why = "the database is a URL itself";
        }
    }
    PQconninfoFree(options);
    return why == NULL || url_refused(err, why);
}

/* What stands before dbname the URL may override, what stands after it not. A dead peer is noticed within a minute. */
static PGconn *connect_to(const char *url, const char *application) {
    const char *const keys[] = {"connect_timeout", "keepalives_idle",  "keepalives_interval", "keepalives_count",
                                "dbname",          "application_name", "client_encoding",     NULL};
    const char *const values[] = {"10", "30", "10", "3", url, application, "UTF8", NULL};
    return PQconnectdbParams(keys, values, 1);
}

/* A connection in the making, with what it is made of: it may be given up before it is there. */
typedef struct Connecting {
    PGconn *conn;
    Arena memory;
    const char *url, *application;
} Connecting;

static void connecting_work(void *self) {
    Connecting *connecting = self;
    connecting->conn = connect_to(connecting->url, connecting->application);
}

static void connecting_free(void *self) {
    Connecting *connecting = self;
    PQfinish(connecting->conn);
    arena_free(&connecting->memory);
    free(connecting);
}

/* A server that says nothing, or a name that nobody answers for, would hold up whoever asks to stop. */
static bool connect_unless_cancelled(PgSession *session, Err *err) {
    Connecting *connecting = mem_alloc(sizeof *connecting);
    *connecting = (Connecting){0};
    connecting->url = arena_copy(&connecting->memory, session->url, strlen(session->url));
    connecting->application = arena_copy(&connecting->memory, session->application, strlen(session->application));
    if (!aside_do((Aside){connecting_work, connecting_free, connecting}, INT64_MAX, &session->cancelled)) {
        return err_set(err, TF_ERROR_INTERRUPTED, "could not connect: asked to stop");
    }
    session->conn = connecting->conn;
    connecting->conn = NULL;
    connecting_free(connecting);
    return session->conn != NULL || err_set(err, TF_ERROR_BUSY, "could not connect: out of memory");
}

static bool system_check(const PgSession *session, Err *err) {
    if (PQparameterStatus(session->conn, "crdb_version") != NULL) {
        return err_set(err, TF_ERROR_USAGE, "cannot read from CockroachDB: it has no binary COPY");
    }
    if (session->version < 120000) {
        return err_set(err, TF_ERROR_USAGE, "cannot read from this server: version %d.%d is older than 12",
                       session->version / 10000, session->version / 100 % 100);
    }
    return true;
}

/* ---- statements ------------------------------------------------------------------------------------------- */

bool pg_session_fail(PgSession *session, const PGresult *result, const char *doing, Err *err) {
    pg_error_set(err, session->conn, result, doing);
    if (atomic_load(&session->cancelled)) {
        err->code = TF_ERROR_INTERRUPTED;
    }
    return false;
}

bool pg_session_wanted(PgSession *session, const char *doing, Err *err) {
    return !atomic_load(&session->cancelled) ||
           err_set(err, TF_ERROR_INTERRUPTED, "could not %s: asked to stop", doing);
}

bool pg_session_run(PgSession *session, const char *sql, const char *doing, Err *err) {
    PGresult *result = PQexec(session->conn, sql);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK || pg_session_fail(session, result, doing, err);
    PQclear(result);
    return good;
}

/* EXPLAIN's statement may be counted for itself. */
void pg_mark(const char *sql, Buf *out) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", EXPLAIN[] = "EXPLAIN ";
    size_t at = strncmp(sql, EXPLAIN, strlen(EXPLAIN)) == 0 ? strlen(EXPLAIN) : 0;
    at += strspn(sql + at, LETTERS);
    buf_append(out, sql, at);
    buf_printf(out, " " PG_OWN_MARK "%s", sql + at);
}

bool pg_session_ask(PgSession *session, const char *sql, const char *const *params, int param_count, const char *doing,
                    PGresult **out, Err *err) {
    if (!pg_session_wanted(session, doing, err)) {
        return false;
    }
    Buf marked = {0};
    pg_mark(sql, &marked);
    int64_t start_us = clock_monotonic_us();
    PGresult *result = PQexecParams(session->conn, marked.bytes, param_count, NULL, params, NULL, NULL, 0);
    int64_t took_us = clock_monotonic_us() - start_us;
    session->shortest_us = session->shortest_us == 0 || took_us < session->shortest_us ? took_us : session->shortest_us;
    buf_free(&marked);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        pg_session_fail(session, result, doing, err);
        PQclear(result);
        return false;
    }
    *out = result;
    return true;
}

bool pg_session_send(PgSession *session, const char *sql, const char *doing, Err *err) {
    if (!pg_session_wanted(session, doing, err)) {
        return false;
    }
    Buf marked = {0};
    pg_mark(sql, &marked);
    session->asked = PQsendQueryParams(session->conn, marked.bytes, 0, NULL, NULL, NULL, NULL, 0) == 1;
    buf_free(&marked);
    return session->asked || pg_session_fail(session, NULL, doing, err);
}

/* Until the connection is free for the next statement. */
static void results_drop(PgSession *session) {
    PGresult *result;
    while ((result = PQgetResult(session->conn)) != NULL) {
        PQclear(result);
    }
    session->asked = false;
}

bool pg_session_receive(PgSession *session, const char *doing, PGresult **out, Err *err) {
    PGresult *result = PQgetResult(session->conn);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK || pg_session_fail(session, result, doing, err);
    results_drop(session);
    if (!good) {
        PQclear(result);
        return false;
    }
    *out = result;
    return true;
}

void pg_session_drop(PgSession *session) {
    if (!session->asked) {
        return;
    }
    pg_session_interrupt(session);
    results_drop(session);
}

bool pg_session_ask_softly(PgSession *session, const char *sql, const char *const *params, int param_count,
                           const char *doing, Arena *arena, PGresult **out, const char **out_unknown, Err *err) {
    *out = NULL;
    *out_unknown = NULL;
    if (!pg_session_run(session, "SAVEPOINT twofold", doing, err)) {
        return false;
    }
    if (pg_session_ask(session, sql, params, param_count, doing, out, err)) {
        return pg_session_run(session, "RELEASE twofold", doing, err);
    }
    if (err->code == TF_ERROR_CONNECTION || err->code == TF_ERROR_INTERRUPTED) {
        return false;
    }
    *out_unknown = arena_printf(arena, "%s", err->text);
    return pg_session_run(session, "ROLLBACK TO twofold; RELEASE twofold", doing, err);
}

static bool connection_lost(const PgSession *session) {
    return session->conn == NULL || PQstatus(session->conn) != CONNECTION_OK;
}

static bool rolled_back(PgSession *session, Err *err) {
    return pg_session_run(session, "ROLLBACK", "roll back", err);
}

enum { BEGIN_TRIES = 20, BEGIN_CONNECTIONS = 2 };

/* A role's statement_timeout of a millisecond may hit the very message that lifts it: the first time that the server
 * process does such a thing, or on a machine that is busy. Before the ROLLBACK its limit on idling may end the session:
 * then that is the error, not the timeout. */
static bool begin_once(PgSession *session, Purpose purpose, Err *err) {
    Buf sql = {0};
    bool good = begin_text(session, purpose, &sql, err);
    bool begun = false;
    for (int tries = 0; good && !begun && tries < BEGIN_TRIES; tries++) {
        begun = pg_session_run(session, sql.bytes, "begin a transaction", err);
        good = begun || (err->code == TF_ERROR_TIMEOUT && !connection_lost(session) && rolled_back(session, err));
    }
    buf_free(&sql);
    return begun;
}

/* ---- who it is -------------------------------------------------------------------------------------------- */

/* Operators are named in full, since the role's search_path may hold others of that name. */
static const char IDENTITY_SQL[] =
    "SELECT pg_catalog.pg_backend_pid(),"
    " (pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())"
    " OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,"
    " pg_catalog.current_setting('port'), d.oid, d.datname,"
    " coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), ''), pg_catalog.pg_is_in_recovery(),"
    " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(s), ', ')"
    " FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) s)"
    " FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()";

/* The role's path finds its tables, but behind the catalog: a path may name pg_catalog last, and another schema's "="
 * would then answer for PostgreSQL's. */
static const char *path_of(PgSession *session, const char *own) {
    return arena_printf(&session->memory, "pg_catalog%s%s", own[0] == '\0' ? "" : ", ", own);
}

/* A socket and the loopback lead to the same machine. */
static const char *address_name(const char *address) {
    bool local = address[0] == '\0' || strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
    return local ? "local" : address;
}

static const char *engine_name(PgSession *session) {
    const char *version = PQparameterStatus(session->conn, "server_version");
    size_t length = version == NULL ? 0 : strcspn(version, " ");
    return arena_printf(&session->memory, "PostgreSQL %.*s", (int)length, version == NULL ? "" : version);
}

static bool identity_read(PgSession *session, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, IDENTITY_SQL, NULL, 0, "learn about the server", &row, err)) {
        return false;
    }
    bool good = PQntuples(row) == 1 ||
                err_set(err, TF_ERROR_DATA, "cannot learn about the server: it does not know its own database");
    if (good) {
        Arena *memory = &session->memory;
        session->info = (SourceInfo){
            .engine = engine_name(session),
            .place = arena_printf(memory, "%s on %s:%s", PQgetvalue(row, 0, 4), PQhost(session->conn),
                                  PQport(session->conn)),
            .instance = arena_printf(memory, "%s %s %s %s", PQgetvalue(row, 0, 1), PQgetvalue(row, 0, 2),
                                     PQgetvalue(row, 0, 3), address_name(PQgetvalue(row, 0, 5))),
            .standby = PQgetvalue(row, 0, 6)[0] == 't',
            .pooled = atoi(PQgetvalue(row, 0, 0)) != PQbackendPID(session->conn),
        };
        session->search_path = path_of(session, PQgetvalue(row, 0, 7));
    }
    PQclear(row);
    return good;
}

/* In a transaction, so that the role's own settings (a statement_timeout of a millisecond) are out of the way. It reads
 * no table that pg_session_end would have to ask about. */
static bool identify(PgSession *session, Err *err) {
    return begin_once(session, (Purpose){0}, err) && identity_read(session, err) &&
           pg_session_run(session, "COMMIT", "end a transaction", err);
}

static bool connect_once(PgSession *session, Err *err) {
    disconnect(session);
    session->search_path = NULL;
    if (!connect_unless_cancelled(session, err)) {
        return false;
    }
    if (PQstatus(session->conn) != CONNECTION_OK) {
        return pg_session_fail(session, NULL, "connect", err);
    }
    PQsetNoticeReceiver(session->conn, ignore_notice, NULL);
    cancel_replace(session, pg_canceller_make(session->conn), PQsocket(session->conn));
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    session->version = PQserverVersion(session->conn);
    session->utf8 = encoding != NULL && strcmp(encoding, "UTF8") == 0;
    session->unchecked_text = encoding == NULL || strcmp(encoding, "SQL_ASCII") == 0;
    return system_check(session, err);
}

/* Its session has died, for which nobody is to wait and nobody has asked: another may live. */
static bool has_died(const PgSession *session, const Err *err) {
    return connection_lost(session) && err->code != TF_ERROR_TIMEOUT && !atomic_load(&session->cancelled);
}

static bool connect_now(PgSession *session, Err *err) {
    return connect_once(session, err) &&
           (identify(session, err) || (has_died(session, err) && connect_once(session, err) && identify(session, err)));
}

/* ---- life ------------------------------------------------------------------------------------------------- */

void pg_session_make(PgSession *session, const char *url, const char *application) {
    *session = (PgSession){.socket = -1};
    pthread_mutex_init(&session->lock, NULL);
    session->url = arena_copy(&session->memory, url, strlen(url));
    session->application = arena_copy(&session->memory, application, strlen(application));
}

bool pg_session_connect(PgSession *session, Err *err) {
    return url_check(session->url, err) && connect_now(session, err);
}

void pg_session_close(PgSession *session) {
    disconnect(session);
    pthread_mutex_destroy(&session->lock);
    arena_free(&session->memory);
}

/* A pooler cannot cancel what no server has begun, and a dead network carries no request: after a while the connection
 * itself is cut, which ends every wait on it. Nobody waits here for either. */
void pg_session_cancel(PgSession *session) {
    atomic_store(&session->cancelled, true);
    pthread_mutex_lock(&session->lock);
    int64_t now_us = clock_monotonic_us();
    if (session->asked_us == 0) {
        session->asked_us = now_us;
    }
    if (session->canceller != NULL && now_us - session->asked_us >= CANCEL_PATIENCE_US) {
        shutdown(session->socket, SHUT_RDWR);
    } else if (session->canceller != NULL && now_us - session->sent_us >= CANCEL_AGAIN_US) {
        (void)!pg_canceller_ask(session->canceller, 0);
        session->sent_us = now_us;
    }
    pthread_mutex_unlock(&session->lock);
}

/* A server that another thread has been asking already gets no more time than it had. */
static int64_t patience_left_us(PgSession *session) {
    pthread_mutex_lock(&session->lock);
    int64_t waited_us = session->asked_us == 0 ? 0 : clock_monotonic_us() - session->asked_us;
    pthread_mutex_unlock(&session->lock);
    return waited_us < CANCEL_PATIENCE_US ? CANCEL_PATIENCE_US - waited_us : 0;
}

void pg_session_interrupt(PgSession *session) {
    if (!pg_canceller_ask(session->canceller, patience_left_us(session))) { /* it might end a statement to come */
        shutdown(session->socket, SHUT_RDWR);
    }
}

/* ---- transactions ----------------------------------------------------------------------------------------- */

void pg_session_announce(PgSession *session, const SourceWork *work) {
    snprintf(session->work_name, sizeof session->work_name, "%s", work->name);
    session->statement_us = work->statement_us;
    session->one_pass = work->one_pass;
}

static bool begin_for(PgSession *session, Purpose purpose, Err *err) {
    cancel_forget(session);
    if (!connection_lost(session) && PQtransactionStatus(session->conn) != PQTRANS_IDLE) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot begin a transaction: the last one has not ended");
    }
    for (int tries = 1;; tries++) {
        if (connection_lost(session) && !connect_now(session, err)) {
            return false;
        }
        if (begin_once(session, purpose, err)) {
            return true;
        }
        /* A connection that died while it was idle is noticed only here, before anything was read on it. */
        if (!has_died(session, err) || tries == BEGIN_CONNECTIONS) {
            return false;
        }
    }
}

bool pg_session_begin(PgSession *session, const char *snapshot, Err *err) {
    return begin_for(session, (Purpose){.snapshot = snapshot}, err);
}

bool pg_session_begin_write(PgSession *session, Err *err) {
    return begin_for(session, (Purpose){.writes = true}, err);
}

/* What a server says while it can still roll back, by class of SQLSTATE; by its exceptions first. */
static const struct CommitAnswer {
    const char *prefix;
    bool rolled_back;
} COMMIT_ANSWERS[] = {
    {"40003", false}, /* statement completion unknown */
    {"40", true},     {"21", true}, {"22", true}, {"23", true},    {"27", true},
    {"42", true},     {"44", true}, {"P0", true}, {"57014", true},
};

/* Whether an answer to COMMIT says for certain that nothing was committed: an ordinary error of a server that goes on.
 * One that panics (53100, a full disk; 58030; XX000) or is shut down may have the commit on its disk already. */
static bool commit_refused(const PgSession *session, const PGresult *result) {
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (connection_lost(session) || PQtransactionStatus(session->conn) != PQTRANS_IDLE || sqlstate == NULL ||
        severity == NULL || strcmp(severity, "ERROR") != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof COMMIT_ANSWERS / sizeof *COMMIT_ANSWERS; i++) {
        if (str_starts_with(str_of(sqlstate), COMMIT_ANSWERS[i].prefix)) {
            return COMMIT_ANSWERS[i].rolled_back;
        }
    }
    return false;
}

/* Whatever was asked meanwhile, also to stop: the commit may have happened. */
static bool commit_unknown(const PgSession *session, const PGresult *result, Err *err) {
    char line[512];
    pg_error_line(result == NULL ? PQerrorMessage(session->conn) : PQresultErrorMessage(result), line, sizeof line);
    return err_set(err, TF_ERROR_CONNECTION, "could not learn how the commit ended: %s",
                   line[0] == '\0' ? "the connection was lost" : line);
}

/* A COMMIT of what has failed is answered by "ROLLBACK", and is no error to libpq. */
bool pg_session_commit(PgSession *session, Err *err) {
    PGresult *result = PQexec(session->conn, "COMMIT");
    bool answered = PQresultStatus(result) == PGRES_COMMAND_OK;
    const char *tag = answered ? PQcmdStatus(result) : "";
    bool good = strcmp(tag, "COMMIT") == 0;
    if (strcmp(tag, "ROLLBACK") == 0) {
        err_set(err, TF_ERROR_CONFLICT, "could not commit: the server rolled back");
    } else if (!good && commit_refused(session, result)) {
        pg_session_fail(session, result, "commit", err);
    } else if (!good) {
        commit_unknown(session, result, err);
    }
    PQclear(result);
    return good;
}

/* Whatever happens, no transaction is open afterwards. A late request to cancel (pg_copy_stop's, or a standby's
 * conflict) may hit the ROLLBACK itself, and nobody knows what an active connection is doing: without its connection a
 * transaction ends, too, and the next begin connects anew. */
void pg_session_rollback(PgSession *session) {
    if (connection_lost(session)) {
        return;
    }
    Err ignored;
    PGTransactionStatusType status = PQtransactionStatus(session->conn);
    bool open = status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
    if (status != PQTRANS_IDLE && !(open && rolled_back(session, &ignored))) {
        disconnect(session);
    }
}

/* A table that is rewritten, emptied or made anew after the snapshot was taken and before it was locked looks empty to
 * the snapshot: https://www.postgresql.org/docs/current/mvcc-caveats.html. What was read stays locked to the end, so
 * that asking last is enough: the catalog as the snapshot sees it must name the file that was read. */
static const char REPLACED_SQL[] =
    "SELECT l.relation::pg_catalog.regclass"
    " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation"
    " WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND (c.oid IS NULL OR c.relkind IN ('r', "
    "'m')"
    " AND c.relfilenode NOT IN (0, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0))) LIMIT 1";

static bool nothing_replaced(PgSession *session, Err *err) {
    PGresult *rows;
    if (!pg_session_ask(session, REPLACED_SQL, NULL, 0, "end a transaction", &rows, err)) {
        return false;
    }
    bool good = PQntuples(rows) == 0;
    if (!good) {
        err_set(err, TF_ERROR_CONFLICT, "could not read %s in one state: it was rewritten or replaced meanwhile",
                PQgetvalue(rows, 0, 0));
        err_hint(err, "Check again when no ALTER TABLE, TRUNCATE or VACUUM FULL of it is under way.");
    }
    PQclear(rows);
    return good;
}

bool pg_session_end(PgSession *session, Err *err) {
    bool good = true;
    if (!connection_lost(session) && PQtransactionStatus(session->conn) == PQTRANS_INTRANS) {
        good = nothing_replaced(session, err) && pg_session_run(session, "COMMIT", "end a transaction", err);
    }
    pg_session_rollback(session);
    return good;
}
