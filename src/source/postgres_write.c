#include "source/postgres_write.h"

#include "source/postgres_sql.h"

#include <stdlib.h>
#include <string.h>

/* ---- one row as texts ------------------------------------------------------------------------------------- */

static RowImage image_of(Arena *arena, const Scan *scan, const PGresult *rows) {
    RowCell *cells = ARENA_MANY(arena, scan->column_count, RowCell);
    for (size_t i = 0; i < scan->column_count; i++) {
        const RelationColumn *column = pg_scan_column(scan, i);
        Str text = {PQgetvalue(rows, 0, (int)i), (size_t)PQgetlength(rows, 0, (int)i)};
        bool null = PQgetisnull(rows, 0, (int)i);
        cells[i] = (RowCell){column->name, column->type, null ? (Str){0} : str_copy(arena, text), null};
    }
    return (RowImage){cells, scan->column_count};
}

bool pg_row_texts(PgSession *session, const Scan *scan, const Value *key, RowLock lock, Arena *arena, RowImage *out,
                  size_t *out_rows, Err *err) {
    PgSql sql = {.session = session};
    PGresult *rows = NULL;
    pg_sql_texts(&sql, scan, key, lock);
    const char *doing =
        arena_printf(&sql.scratch, "%s a row of %s", lock == ROW_UNLOCKED ? "read" : "lock", scan->relation->name);
    bool good = pg_sql_check(&sql, doing, err) && pg_session_ask(session, sql.text.bytes, NULL, 0, doing, &rows, err);
    if (good) {
        size_t count = (size_t)PQntuples(rows);
        *out = count == 0 ? (RowImage){0} : image_of(arena, scan, rows);
        *out_rows = count;
    }
    PQclear(rows);
    pg_sql_free(&sql);
    return good;
}

/* ---- statements ------------------------------------------------------------------------------------------- */

/* A statement being written, for the server (values are parameters) or for people (values are literals). */
typedef struct WriteText {
    PgSession *session;
    Buf text;
    Arena scratch; /* the parameters */
    const char **params;
    int param_count;
    bool shown;
    bool bad; /* a name or value that is not text in the server's encoding */
} WriteText;

static void put_quoted(WriteText *out, char *quoted) {
    out->bad = out->bad || quoted == NULL;
    buf_text(&out->text, quoted == NULL ? "NULL" : quoted[0] == ' ' ? quoted + 1 : quoted);
    PQfreemem(quoted);
}

/* Whether something in it would not be seen, or would move the cursor. */
static bool hides(Str text) {
    bool hidden = false;
    for (Str left = text; left.length > 0 && !hidden;) {
        Str one = {left.bytes, utf8_step(left)};
        hidden = !utf8_valid(one) || code_hidden(utf8_decode(one));
        left = (Str){left.bytes + one.length, left.length - one.length};
    }
    return hidden;
}

/* "\202e" or "\+0e0001" in a name, "\x1b", "\u202e" or "\U000e0001" in a text. */
static void put_code(WriteText *out, uint32_t code, bool name, bool valid) {
    if (name) {
        buf_printf(&out->text, code > 0xFFFF ? "\\+%06x" : "\\%04x", code);
    } else if (!valid || code < 0x80) {
        buf_printf(&out->text, "\\x%02x", code);
    } else {
        buf_printf(&out->text, code > 0xFFFF ? "\\U%08x" : "\\u%04x", code);
    }
}

/* A name, or a text, in its quotes: U&"a\202eb", E'a\u202eb'. */
static void put_escaped(WriteText *out, Str quoted, bool name) {
    for (Str left = quoted; left.length > 0;) {
        Str one = {left.bytes, utf8_step(left)};
        bool valid = utf8_valid(one);
        uint32_t code = valid ? utf8_decode(one) : (unsigned char)one.bytes[0];
        if (!valid || code_hidden(code)) {
            put_code(out, code, name, valid);
        } else {
            buf_text(&out->text, name && one.bytes[0] == '\\' ? "\\" : "");
            buf_str(&out->text, one);
        }
        left = (Str){left.bytes + one.length, left.length - one.length};
    }
}

/* "schema"."table": each name in its quotes, for people such that all of it is seen. */
static void put_names(WriteText *out, const char *quoted) {
    for (const char *from = quoted; *from != '\0';) {
        const char *to = from + 1;
        while (from[0] == '"' && *to != '\0' && (*to != '"' || to[1] == '"')) {
            to += *to == '"' ? 2 : 1;
        }
        to += from[0] == '"' && *to == '"' ? 1 : 0;
        Str name = {from, (size_t)(to - from)};
        if (out->shown && hides(name)) {
            buf_text(&out->text, "U&");
            put_escaped(out, name, true);
        } else {
            buf_str(&out->text, name);
        }
        from = to;
    }
}

static void put_name(WriteText *out, const char *name) {
    char *quoted = PQescapeIdentifier(out->session->conn, name, strlen(name));
    out->bad = out->bad || quoted == NULL;
    put_names(out, quoted == NULL ? "" : quoted);
    PQfreemem(quoted);
}

/* A statement for people stands on one line and moves no cursor: what does not show is written as escapes, which only
 * E'...' has. The driver writes it where there is a backslash. */
static void put_shown_text(WriteText *out, Str text) {
    char *quoted = PQescapeLiteral(out->session->conn, text.length == 0 ? "" : text.bytes, text.length);
    if (quoted == NULL || !hides(str_of(quoted))) {
        put_quoted(out, quoted);
        return;
    }
    const char *from = quoted[0] == ' ' ? quoted + 1 : quoted;
    buf_text(&out->text, from[0] == 'E' ? "" : "E");
    put_escaped(out, str_of(from), false);
    PQfreemem(quoted);
}

/* 42 and -1.50 need no quotes to be read as what they are. */
static bool is_plain_number(const RowCell *cell) {
    static const char *const TYPES[] = {"smallint", "integer", "bigint", "numeric"};
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < cell->text.length; i++) {
        char c = cell->text.bytes[i];
        digits += c >= '0' && c <= '9';
        points += c == '.';
        if (!((c >= '0' && c <= '9') || c == '.' || (c == '-' && i == 0))) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (str_starts_with(str_of(cell->type), TYPES[i])) {
            return digits > 0 && points <= 1;
        }
    }
    return false;
}

static void put_parameter(WriteText *out, const RowCell *cell) {
    bool holds_nul = !cell->null && cell->text.length > 0 && memchr(cell->text.bytes, '\0', cell->text.length) != NULL;
    out->bad = out->bad || holds_nul;
    out->params[out->param_count++] =
        cell->null ? NULL : arena_copy(&out->scratch, cell->text.bytes, cell->text.length);
    buf_printf(&out->text, "$%d", out->param_count);
}

static void put_value(WriteText *out, const RowCell *cell) {
    if (!out->shown) {
        put_parameter(out, cell);
    } else if (cell->null) {
        buf_text(&out->text, "NULL");
    } else if (is_plain_number(cell)) {
        buf_str(&out->text, cell->text);
    } else {
        put_shown_text(out, cell->text);
    }
}

/* Types whose values people cannot compare by =; as texts they can. */
static const char *equality_cast(const RowCell *cell) {
    static const char *const TYPES[] = {"json", "xml", "point", "polygon", "box", "circle", "path", "line", "lseg"};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (strcmp(cell->type, TYPES[i]) == 0) {
            return "::text";
        }
    }
    return "";
}

static void and_(WriteText *out, size_t *conditions) {
    buf_text(&out->text, (*conditions)++ == 0 ? " WHERE " : " AND ");
}

/* For an index to be used. */
static void put_key(WriteText *out, const RowCell *cell, size_t *conditions) {
    and_(out, conditions);
    put_name(out, cell->name);
    if (cell->null) {
        buf_text(&out->text, " IS NULL");
    } else {
        buf_text(&out->text, " = ");
        put_value(out, cell);
    }
}

static void put_guard(WriteText *out, const RowCell *cell, size_t *conditions) {
    and_(out, conditions);
    if (cell->null) { /* a row of NULLs IS NULL, too, but is no NULL */
        put_name(out, cell->name);
        buf_text(&out->text, out->shown ? " IS NULL" : " IS NOT DISTINCT FROM NULL");
    } else if (out->shown) {
        put_name(out, cell->name);
        buf_printf(&out->text, "%s = ", equality_cast(cell));
        put_value(out, cell);
    } else { /* NULL prints as nothing, and so does an empty text */
        put_name(out, cell->name);
        buf_text(&out->text, " IS DISTINCT FROM NULL AND pg_catalog.format('%s', ");
        put_name(out, cell->name);
        buf_text(&out->text, ") COLLATE \"C\" = ");
        put_value(out, cell);
    }
}

static bool is_of_key(const RowWrite *write, const RowCell *cell) {
    for (size_t i = 0; i < write->key.count; i++) {
        if (strcmp(write->key.cells[i].name, cell->name) == 0) {
            return true;
        }
    }
    return false;
}

static void put_where(WriteText *out, const RowWrite *write) {
    size_t conditions = 0;
    for (size_t i = 0; i < write->key.count; i++) {
        put_key(out, &write->key.cells[i], &conditions);
    }
    for (size_t i = 0; i < write->key.count && !out->shown; i++) { /* a = A in some collations */
        put_guard(out, &write->key.cells[i], &conditions);
    }
    for (size_t i = 0; i < write->guard.count; i++) {
        if (out->shown && is_of_key(write, &write->guard.cells[i])) {
            continue;
        }
        put_guard(out, &write->guard.cells[i], &conditions);
    }
}

static void put_update(WriteText *out, const RowWrite *write) {
    buf_text(&out->text, "UPDATE ");
    put_names(out, write->relation);
    buf_text(&out->text, " SET ");
    for (size_t i = 0; i < write->set.count; i++) {
        buf_text(&out->text, i == 0 ? "" : ", ");
        put_name(out, write->set.cells[i].name);
        buf_text(&out->text, " = ");
        put_value(out, &write->set.cells[i]);
    }
    put_where(out, write);
}

/* OVERRIDING is for keys that the server would number itself; to other columns it means nothing, and is not shown. */
static void put_insert(WriteText *out, const RowWrite *write) {
    buf_text(&out->text, "INSERT INTO ");
    put_names(out, write->relation);
    buf_text(&out->text, " (");
    for (size_t i = 0; i < write->set.count; i++) {
        buf_text(&out->text, i == 0 ? "" : ", ");
        put_name(out, write->set.cells[i].name);
    }
    buf_printf(&out->text, ")%s VALUES (", out->shown && !write->overriding ? "" : " OVERRIDING SYSTEM VALUE");
    for (size_t i = 0; i < write->set.count; i++) {
        buf_text(&out->text, i == 0 ? "" : ", ");
        put_value(out, &write->set.cells[i]);
    }
    buf_char(&out->text, ')');
}

static void put_delete(WriteText *out, const RowWrite *write) {
    buf_text(&out->text, "DELETE FROM ");
    put_names(out, write->relation);
    put_where(out, write);
}

typedef struct WriteForm {
    const char *doing; /* completes "could not ..." */
    const char *grant;
    void (*put)(WriteText *out, const RowWrite *write);
} WriteForm;

static const WriteForm FORMS[] = {
    [ROW_UPDATE] = {"update a row of", "UPDATE", put_update},
    [ROW_INSERT] = {"insert a row into", "INSERT", put_insert},
    [ROW_DELETE] = {"delete a row from", "DELETE", put_delete},
};

/* Without a key, or with nothing to set, it would be another statement than was meant. */
static bool write_check(const RowWrite *write, Err *err) {
    bool keyed = write->kind == ROW_INSERT || write->key.count > 0;
    bool sets = write->kind == ROW_DELETE || write->set.count > 0;
    return (keyed && sets) || err_set(err, TF_ERROR_INTERNAL, "cannot %s %s: it says %s", FORMS[write->kind].doing,
                                      write->relation, keyed ? "nothing" : "not which");
}

static bool text_check(const WriteText *text, const RowWrite *write, Err *err) {
    return !text->bad || err_set(err, TF_ERROR_DATA, "cannot %s %s: a name or value is not text in its encoding",
                                 FORMS[write->kind].doing, write->relation);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static bool statement_run(WriteText *text, const RowWrite *write, int64_t *out_rows, Err *err) {
    Buf doing = {0}, marked = {0};
    buf_printf(&doing, "%s %s", FORMS[write->kind].doing, write->relation);
    pg_mark(text->text.bytes, &marked);
    PGresult *result = NULL;
    bool good = text_check(text, write, err) && pg_session_wanted(text->session, doing.bytes, err);
    if (good) {
        result = PQexecParams(text->session->conn, marked.bytes, text->param_count, NULL, text->params, NULL, NULL, 0);
        good = PQresultStatus(result) == PGRES_COMMAND_OK || pg_session_fail(text->session, result, doing.bytes, err);
        if (good) {
            *out_rows = strtoll(PQcmdTuples(result), NULL, 10);
        } else if (err->code == TF_ERROR_DENIED) {
            err_hint(err, "GRANT %s on %s to the role that repairs.", FORMS[write->kind].grant, write->relation);
        }
    }
    PQclear(result);
    buf_free(&marked);
    buf_free(&doing);
    return good;
}

/* A foreign key that acts on a write of $1, of one of its partitions or children, or of what it is a part of. $2: the
 * columns that an update sets; NULL: the row is deleted. Until 15 a row that an update moves to another partition was
 * deleted there, for foreign keys, too. */
static const char CASCADES_SQL[] =
    "WITH RECURSIVE down(relid) AS (SELECT $1::pg_catalog.regclass::pg_catalog.oid UNION SELECT i.inhrelid"
    "  FROM pg_catalog.pg_inherits i JOIN down d ON i.inhparent = d.relid),"
    " up(relid) AS (SELECT $1::pg_catalog.regclass::pg_catalog.oid UNION SELECT i.inhparent"
    "  FROM pg_catalog.pg_inherits i JOIN up u ON i.inhrelid = u.relid),"
    " family AS (SELECT relid FROM down UNION SELECT relid FROM up),"
    " moves AS (SELECT count(*) > 0 AS row_may FROM pg_catalog.pg_partitioned_table p"
    "  JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attname = ANY ($2::pg_catalog.text[])"
    "  WHERE p.partrelid IN (SELECT relid FROM family) AND (a.attnum = ANY (p.partattrs::pg_catalog.int2[])"
    "   OR 0 = ANY (p.partattrs::pg_catalog.int2[]))"
    "  AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 150000)"
    " SELECT c.conname FROM pg_catalog.pg_constraint c, moves m WHERE c.contype = 'f'"
    " AND c.confrelid IN (SELECT relid FROM family)"
    " AND ((m.row_may OR $2::pg_catalog.text[] IS NULL) AND c.confdeltype IN ('c', 'n', 'd')"
    "  OR c.confupdtype IN ('c', 'n', 'd') AND EXISTS (SELECT FROM pg_catalog.pg_attribute a"
    "   WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey)"
    "   AND a.attname = ANY ($2::pg_catalog.text[]))) LIMIT 1";

/* {"a","b"} */
static void put_set_names(const RowWrite *write, Buf *out) {
    buf_char(out, '{');
    for (size_t i = 0; i < write->set.count; i++) {
        buf_text(out, i == 0 ? "\"" : ",\"");
        for (const char *c = write->set.cells[i].name; *c != '\0'; c++) {
            buf_text(out, *c == '"' || *c == '\\' ? "\\" : "");
            buf_char(out, *c);
        }
        buf_char(out, '"');
    }
    buf_char(out, '}');
}

/* Rows that would change with the one that is written are somebody else's, may be newer, and no journal has them. */
static bool cascade_check(PgSession *session, const RowWrite *write, Err *err) {
    PGresult *rows;
    Buf names = {0};
    if (write->kind == ROW_INSERT) {
        return true;
    }
    if (write->kind == ROW_UPDATE) {
        put_set_names(write, &names);
    }
    const char *const params[] = {write->relation, names.bytes};
    bool good = pg_session_ask(session, CASCADES_SQL, params, 2, "ask what would go with a row", &rows, err);
    buf_free(&names);
    if (!good) {
        return false;
    }
    bool alone = PQntuples(rows) == 0 ||
                 err_set(err, TF_ERROR_SCHEMA, "cannot %s %s: foreign key \"%s\" would change other rows with it",
                         FORMS[write->kind].doing, write->relation, PQgetvalue(rows, 0, 0));
    PQclear(rows);
    return alone;
}

bool pg_write(PgSession *session, const RowWrite *write, int64_t *out_rows, Err *err) {
    if (!write_check(write, err) || !cascade_check(session, write, err)) {
        return false;
    }
    WriteText text = {.session = session};
    text.params = ARENA_MANY(&text.scratch, 2 * write->key.count + write->set.count + write->guard.count, const char *);
    FORMS[write->kind].put(&text, write);
    int64_t rows = 0;
    bool good = statement_run(&text, write, &rows, err) &&
                pg_session_run(session, "SET CONSTRAINTS ALL IMMEDIATE", "check what the write left for later", err);
    if (good) {
        *out_rows = rows;
    }
    buf_free(&text.text);
    arena_free(&text.scratch);
    return good;
}

bool pg_transaction(PgSession *session, Arena *arena, const char **out, Err *err) {
    PGresult *row;
    if (!pg_session_ask(session, "SELECT pg_catalog.txid_current()", NULL, 0, "number the transaction", &row, err)) {
        return false;
    }
    *out = arena_printf(arena, "%s", PQgetvalue(row, 0, 0));
    PQclear(row);
    return true;
}

/* To ask for a number that this server has not given yet is an error there; what is open holds a lock of its number. */
bool pg_transaction_end(PgSession *session, const char *transaction, TransactionEnd *out, Err *err) {
    static const char SQL[] =
        "SELECT CASE WHEN $1::bigint < pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())"
        " THEN pg_catalog.txid_status($1::bigint)"
        " WHEN EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'transactionid'"
        " AND transactionid::text::bigint = $1::bigint % 4294967296) THEN 'in progress' END";
    static const char *const WORDS[] = {"committed", "aborted", "in progress"}; /* as the enum has them */
    PGresult *row;
    if (!pg_session_ask(session, SQL, &transaction, 1, "ask how a transaction ended", &row, err)) {
        return false;
    }
    *out = TRANSACTION_NOT_KNOWN;
    for (int i = 0; i < TRANSACTION_NOT_KNOWN; i++) {
        if (strcmp(PQgetvalue(row, 0, 0), WORDS[i]) == 0) {
            *out = (TransactionEnd)i;
        }
    }
    PQclear(row);
    return true;
}

bool pg_explain_write(PgSession *session, const RowWrite *write, Buf *out, Err *err) {
    if (!write_check(write, err)) {
        return false;
    }
    WriteText text = {.session = session, .shown = true};
    FORMS[write->kind].put(&text, write);
    bool good = text_check(&text, write, err);
    if (good) {
        buf_str(out, buf_view(&text.text));
    }
    buf_free(&text.text);
    return good;
}
