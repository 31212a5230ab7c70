/* One connection to PostgreSQL and its transactions.
 *
 * Promises: a transaction is REPEATABLE READ, READ ONLY (of a repair: READ COMMITTED), and pins every setting that
 * changes text, plans or what is visible, whatever ALTER ROLE or the pooler's last client left; nothing outlives it
 * (SET LOCAL only, no named prepared statements), so a transaction pooler may stand between. A lost connection is
 * opened anew by the next begin. Refuses: servers before 12, systems that speak the protocol but have no binary COPY.
 * Errors name what was done, never the URL: a URL may hold a password.
 */
#ifndef SOURCE_POSTGRES_SESSION_H
#define SOURCE_POSTGRES_SESSION_H

#include "source/postgres_cancel.h"
#include "source/source.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

/* Stands near the beginning of every statement of this program that reads or writes rows, or reads catalogs, so that it
 * is known for one of its own in pg_stat_statements. */
#define PG_OWN_MARK "/* twofold */"

/* The statement with the mark behind its first word: from 18 on, what stands before that is not kept. */
void pg_mark(const char *sql, Buf *out);

typedef struct PgSession {
    PGconn *conn;
    char *url;
    char *application;
    int version;             /* 150020 */
    bool utf8;               /* the server's encoding: byte order there is byte order here */
    bool unchecked_text;     /* SQL_ASCII: the server promises nothing about text */
    const char *search_path; /* of the role, behind pg_catalog; NULL: not known yet */
    SourceInfo info;
    Arena memory;           /* lives as long as the session: info's texts */
    pthread_mutex_t lock;   /* of what another thread may use at any time: the next four */
    PgCanceller *canceller; /* NULL: not connected */
    int socket;             /* -1: none */
    int64_t asked_us;       /* monotonic: since when it is asked to cancel; 0: it is not */
    int64_t sent_us;        /* when the server was told last */
    atomic_bool cancelled;  /* since the last begin */
    char work_name[64];     /* of the transactions to come; "" : the application's */
    int64_t statement_us;   /* 0: no limit */
    bool one_pass;          /* as announced */
    bool asked;             /* a statement was sent whose result has not been received */
    int64_t shortest_us;    /* that a question has taken so far: about a round trip; 0: none was asked */
} PgSession;

/* From then on another thread may cancel, also what connects. */
void pg_session_make(PgSession *session, const char *url, const char *application);
MUST_CHECK bool pg_session_connect(PgSession *session, Err *err);
void pg_session_close(PgSession *session);
/* From another thread; returns at once. */
void pg_session_cancel(PgSession *session);
/* Ends the statement that this thread itself has sent; what the server still sends is to be read. */
void pg_session_interrupt(PgSession *session);

void pg_session_announce(PgSession *session, const SourceWork *work);
MUST_CHECK bool pg_session_begin(PgSession *session, const char *snapshot, Err *err);
/* In place of pg_session_begin: READ COMMITTED, READ WRITE, and no statement takes long. */
MUST_CHECK bool pg_session_begin_write(PgSession *session, Err *err);
/* False with TF_ERROR_CONNECTION: nobody knows how it ended. */
MUST_CHECK bool pg_session_commit(PgSession *session, Err *err);
void pg_session_rollback(PgSession *session);
/* Commits, or rolls back what failed. No transaction: nothing to do. False, too, where a table that was read was
 * rewritten or replaced after the transaction's snapshot: what was read is then not its rows. */
MUST_CHECK bool pg_session_end(PgSession *session, Err *err);

/* `doing` completes "could not ..." in errors. */
MUST_CHECK bool pg_session_run(PgSession *session, const char *sql, const char *doing, Err *err);
/* A query with text parameters and text results; *out is the caller's to PQclear. */
MUST_CHECK bool pg_session_ask(PgSession *session, const char *sql, const char *const *params, int param_count,
                               const char *doing, PGresult **out, Err *err);
/* The same in two steps, so that two servers can work at a time. */
MUST_CHECK bool pg_session_send(PgSession *session, const char *sql, const char *doing, Err *err);
MUST_CHECK bool pg_session_receive(PgSession *session, const char *doing, PGresult **out, Err *err);
/* What was sent and not received is no longer wanted. */
void pg_session_drop(PgSession *session);
/* The same, where the server may refuse: *out is then NULL, *out_unknown (in arena) says why, and the transaction is as
 * usable as before. False: the connection failed, or somebody asked to stop. */
MUST_CHECK bool pg_session_ask_softly(PgSession *session, const char *sql, const char *const *params, int param_count,
                                      const char *doing, Arena *arena, PGresult **out, const char **out_unknown,
                                      Err *err);
/* Turns a failed result (NULL: the connection's state) into an error; always false. */
bool pg_session_fail(PgSession *session, const PGresult *result, const char *doing, Err *err);
/* False with the error where cancel was called since begin. */
MUST_CHECK bool pg_session_wanted(PgSession *session, const char *doing, Err *err);

#endif
