#include "source/postgres_error.h"

#include <stdio.h>
#include <string.h>

/* The longest prefix that fits decides, so exceptions stand before their class. */
static const struct StateCode {
    const char *prefix;
    TfErrorCode code;
    const char *hint;
} STATE_CODES[] = {
    {"08", TF_ERROR_CONNECTION, NULL},
    {"0A000", TF_ERROR_USAGE, NULL},
    {"22023", TF_ERROR_CONFLICT, NULL}, /* invalid snapshot identifier: the transaction that exported it has ended */
    {"22", TF_ERROR_DATA, NULL},
    {"25P03", TF_ERROR_CONNECTION, NULL}, /* idle in transaction: the server closed the connection */
    {"28", TF_ERROR_DENIED, "Check user, password and pg_hba.conf; passwords come from pgpass or PGPASSWORD."},
    {"3D000", TF_ERROR_DENIED, NULL}, /* no such database: nobody knows whether it was misspelt or is gone */
    {"40", TF_ERROR_CONFLICT, NULL}, /* also "conflict with recovery" on a standby */
    {"42501", TF_ERROR_DENIED, "GRANT SELECT on the table (and USAGE on its schema) to this role."},
    {"42601", TF_ERROR_USAGE, NULL},
    {"42", TF_ERROR_SCHEMA, NULL},
    {"53", TF_ERROR_BUSY, NULL},
    {"54", TF_ERROR_DATA, NULL}, /* program limit exceeded: a row that does not fit a message */
    {"55P03", TF_ERROR_TIMEOUT, "Another session holds a lock on the table; run again when it is gone."},
    {"55", TF_ERROR_BUSY, NULL},
    {"57014", TF_ERROR_TIMEOUT, NULL},
    {"57P", TF_ERROR_CONNECTION, NULL},
    {"58", TF_ERROR_IO, NULL},
    {"72", TF_ERROR_CONFLICT, NULL}, /* snapshot too old */
    {"XX", TF_ERROR_DATA, NULL},
};

/* libpq 15 gives no SQLSTATE for a connection that was refused, so the server's words have to do. */
static const struct RefusalCode {
    const char *words;
    TfErrorCode code;
    const char *hint;
    const char *says; /* in place of a message that says less; NULL: the message */
} REFUSALS[] = {
    {"authentication failed", TF_ERROR_DENIED, "Check user, password and pg_hba.conf.", NULL},
    {"no password supplied", TF_ERROR_DENIED, "Passwords come from pgpass, a service file or PGPASSWORD.", NULL},
    {"no pg_hba.conf entry", TF_ERROR_DENIED, "Allow this user and host in the server's pg_hba.conf.", NULL},
    {"permission denied for database", TF_ERROR_DENIED, "GRANT CONNECT on the database to this role.", NULL},
    {"certificate verify failed", TF_ERROR_DENIED,
     "Name the authority that signed the server's certificate by sslrootcert, or check sslmode.", NULL},
    {"does not match host name", TF_ERROR_DENIED,
     "Connect by a name that is in the certificate; sslmode=verify-full looks at it.", NULL},
    {"root certificate file", TF_ERROR_DENIED, "Name the file of authorities that are trusted by sslrootcert.", NULL},
    {"does not support SSL", TF_ERROR_DENIED, "Turn ssl on at the server, or ask for less by sslmode.", NULL},
    {"valid client certificate", TF_ERROR_DENIED, "Name this client's certificate and key by sslcert and sslkey.",
     NULL},
    {"private key file", TF_ERROR_DENIED, "Check sslcert and sslkey.", NULL},
    {"role \"", TF_ERROR_DENIED, NULL, NULL},
    {"database \"", TF_ERROR_DENIED, NULL, NULL},
    {"definition of service", TF_ERROR_USAGE, NULL, NULL},
    {"invalid ", TF_ERROR_USAGE, NULL, NULL},
    {"unsupported startup parameter", TF_ERROR_USAGE, "Unset PGOPTIONS: a pooler refuses it.", NULL},
    {"query_wait_timeout", TF_ERROR_TIMEOUT,
     "Raise the pooler's default_pool_size, or run when the pool is less busy; a stream within one database takes two "
     "of its connections a worker, a join takes one.",
     "the pooler had no connection to give within its query_wait_timeout"},
    {"too many clients", TF_ERROR_BUSY, "Use fewer workers, or raise max_connections.", NULL},
    {"connection slots are reserved", TF_ERROR_BUSY, "Use fewer workers, or raise max_connections.", NULL},
    {"too many connections", TF_ERROR_BUSY, "Use fewer workers, or raise the role's connection limit.", NULL},
};

static const struct StateCode *state_code(const char *sqlstate) {
    for (size_t i = 0; i < sizeof STATE_CODES / sizeof *STATE_CODES; i++) {
        if (strncmp(sqlstate, STATE_CODES[i].prefix, strlen(STATE_CODES[i].prefix)) == 0) {
            return &STATE_CODES[i];
        }
    }
    return NULL;
}

void pg_error_line(const char *message, char *out, size_t size) {
    size_t length = 0;
    bool blank = false;
    for (const char *c = message; *c != '\0' && length + 2 < size; c++) {
        if (*c == '\n' || *c == '\t' || *c == '\r' || *c == ' ') {
            blank = length > 0;
            continue;
        }
        if (blank) {
            out[length++] = ' ';
            blank = false;
        }
        out[length++] = *c;
    }
    out[length] = '\0';
}

/* "could not" where the same may work later. */
static bool say(Err *err, TfErrorCode code, const char *doing, const char *line) {
    Err kind = {.code = code};
    bool later = err_is_transient(&kind) || code == TF_ERROR_TIMEOUT || code == TF_ERROR_INTERRUPTED;
    return err_set(err, code, "%s %s: %s", later ? "could not" : "cannot", doing, line);
}

/* libpq asks "Is the server running ...?" behind each place it tried: that is the hint, and no part of the sentence. */
static bool questions_cut(char *line) {
    bool asked = false;
    for (char *at = line; (at = strstr(at, " Is the server running ")) != NULL; asked = true) {
        const char *end = strchr(at, '?');
        const char *rest = end == NULL ? "" : end + 1;
        if (*rest != '\0') {
            *at++ = ';';
        }
        memmove(at, rest, strlen(rest) + 1);
    }
    return asked;
}

static bool refused(Err *err, const PGconn *conn, const char *doing) {
    char line[512];
    pg_error_line(PQerrorMessage(conn), line, sizeof line);
    bool asked = questions_cut(line);
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        if (strstr(line, REFUSALS[i].words) != NULL) {
            say(err, REFUSALS[i].code, doing, REFUSALS[i].says == NULL ? line : REFUSALS[i].says);
            return REFUSALS[i].hint == NULL ? false : err_hint(err, "%s", REFUSALS[i].hint);
        }
    }
    say(err, TF_ERROR_CONNECTION, doing, line[0] == '\0' ? "the connection was lost" : line);
    return asked ? err_hint(err, "Check host and port, and that the server runs there.") : false;
}

/* "message: detail"; a detail often names the very value or setting. */
static void result_line(const PGresult *result, char *out, size_t size) {
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    pg_error_line(primary == NULL ? PQresultErrorMessage(result) : primary, out, size);
    size_t length = strlen(out);
    if (detail != NULL && length + 4 < size) {
        snprintf(out + length, size - length, ": ");
        pg_error_line(detail, out + length + 2, size - length - 2);
    }
}

/* What somebody's function raises may say anything, with any SQLSTATE; a function in another language has 38000 or
 * XX000. Its words are quoted, so that they are known for what they are, and can be masked. */
static bool is_raised(const PGresult *result, const char *sqlstate) {
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    bool within = PQresultErrorField(result, PG_DIAG_CONTEXT) != NULL;
    return (function != NULL && strcmp(function, "exec_stmt_raise") == 0) || state_code(sqlstate) == NULL ||
           (within && strncmp(sqlstate, "XX", 2) == 0);
}

static bool raised(Err *err, TfErrorCode code, const char *doing, const char *line) {
    char quoted[600];
    snprintf(quoted, sizeof quoted, "a function says \"%s\"", line);
    return say(err, code == TF_ERROR_CONFLICT ? code : TF_ERROR_DATA, doing, quoted);
}

bool pg_error_set(Err *err, const PGconn *conn, const PGresult *result, const char *doing) {
    const char *sqlstate = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL) {
        return refused(err, conn, doing);
    }
    char line[512];
    result_line(result, line, sizeof line);
    const struct StateCode *row = state_code(sqlstate);
    if (is_raised(result, sqlstate)) {
        return raised(err, row == NULL ? TF_ERROR_DATA : row->code, doing, line);
    }
    say(err, row->code, doing, line);
    return row->hint == NULL ? false : err_hint(err, "%s", row->hint);
}
