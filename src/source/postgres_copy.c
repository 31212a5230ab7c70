#include "source/postgres_copy.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1 << 18 };

/* ---- starting --------------------------------------------------------------------------------------------- */

void pg_copy_reset(PgCopy *copy, PgSession *session) {
    pg_copy_stop(copy);
    buf_free(&copy->large);
    arena_empty(&copy->memory);
    arena_empty(&copy->cells);
    copy->session = session;
    copy->decoder = (PgDecoder){0};
    copy->rest = (PgMessage){0};
    copy->used = 0;
    copy->wired = false;
    if (copy->buffer == NULL) {
        copy->buffer = mem_alloc(BUFFER_BYTES);
    }
}

static bool cells_choose(PgCopy *copy, const PgField *fields, size_t count, Err *err) {
    copy->decoder.cells = ARENA_MANY(&copy->memory, count, PgCell);
    copy->decoder.cell_count = count;
    for (size_t i = 0; i < count; i++) {
        Kind kind = fields[i].column->kind;
        PgDecode *decode = pg_decode_find(fields[i].wire, kind, copy->session->unchecked_text);
        if (decode == NULL) {
            return err_set(err, TF_ERROR_INTERNAL, "cannot %s: field %zu cannot be read as %s", copy->doing, i + 1,
                           kind_name(kind));
        }
        copy->decoder.cells[i] = (PgCell){decode, fields[i].column, &copy->cells};
    }
    return true;
}

bool pg_copy_start(PgCopy *copy, const char *select, const PgField *fields, size_t field_count, const char *doing,
                   Err *err) {
    copy->doing = doing;
    if (!cells_choose(copy, fields, field_count, err) || !pg_session_wanted(copy->session, doing, err)) {
        return false;
    }
    Buf sql = {0};
    buf_text(&sql, "COPY (");
    pg_mark(select, &sql); /* from 18 on it is counted by itself */
    buf_text(&sql, ") TO STDOUT (FORMAT binary)");
    copy->asked = PQsendQuery(copy->session->conn, sql.bytes) == 1;
    buf_free(&sql);
    return copy->asked || pg_session_fail(copy->session, NULL, doing, err);
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* Takes every result up to the command's end; the first failure is the cause. */
static bool results_drain(PgCopy *copy, Err *err) {
    bool good = true;
    PGresult *result;
    while ((result = PQgetResult(copy->session->conn)) != NULL) {
        if (good && PQresultStatus(result) != PGRES_COMMAND_OK) {
            good = pg_session_fail(copy->session, result, copy->doing, err);
        }
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_COPY_OUT || PQstatus(copy->session->conn) != CONNECTION_OK) {
            break;
        }
    }
    return good;
}

/* Waits for the server to begin. It says so only with its first 8 KB of rows, or at their end. */
static bool copy_begin(PgCopy *copy, Err *err) {
    PGresult *result = PQgetResult(copy->session->conn);
    copy->asked = false;
    copy->running = PQresultStatus(result) == PGRES_COPY_OUT;
    if (!copy->running) {
        Err ignored;
        pg_session_fail(copy->session, result, copy->doing, err);
        (void)!results_drain(copy, &ignored);
    }
    PQclear(result);
    return copy->running;
}

static bool fail_short(const PgCopy *copy, Err *err) {
    return err_set(err, TF_ERROR_DATA, "cannot %s: the server's rows stopped before their end", copy->doing);
}

/* PQgetCopyData has no more rows: whether all came. */
static bool copy_finish(PgCopy *copy, int left, Err *err) {
    copy->running = false;
    if (left == -2) {
        pg_session_fail(copy->session, NULL, copy->doing, err);
        return false;
    }
    if (!results_drain(copy, err)) {
        return false;
    }
    return copy->decoder.ended || fail_short(copy, err);
}

/* ---- messages --------------------------------------------------------------------------------------------- */

/* libpq's PQgetCopyData makes memory for each message, which costs more than all else that it does for one. So messages
 * that have come are taken by the older PQgetlineAsync; where none has, the other waits, which it alone knows how to.
 */

static void rest_is_large(PgCopy *copy) {
    copy->rest = (PgMessage){(const unsigned char *)copy->large.bytes, copy->large.length};
}

/* Takes what is left of a message that filled its room: maybe nothing, which only its fields tell. */
static void message_finish(PgCopy *copy) {
    int room = BUFFER_BYTES, length = room;
    buf_append(&copy->large, copy->rest.bytes, copy->rest.left);
    rest_is_large(copy);
    while (length == room && !pg_decode_is_whole(&copy->decoder, copy->rest)) {
        char *at = buf_room(&copy->large, (size_t)room);
        length = PQgetlineAsync(copy->session->conn, at, room);
        buf_claim(&copy->large, length > 0 ? (size_t)length : 0);
        rest_is_large(copy);
    }
}

/* The next message, where it has come; its length, 0: it has not, negative: there is none. One that did not fit is in
 * `large`. */
static inline int message_come(PgCopy *copy) {
    unsigned char *at = copy->buffer + copy->used;
    int room = (int)(BUFFER_BYTES - copy->used);
    int length = PQgetlineAsync(copy->session->conn, (char *)at, room);
    if (length > 0) {
        copy->used += (size_t)length;
        copy->rest = (PgMessage){at, (size_t)length};
        if (length == room) {
            message_finish(copy);
        }
    }
    return length;
}

/* Waits for the next message; negative: there is none. */
static int message_wait(PgCopy *copy) {
    char *message = NULL;
    int length = PQgetCopyData(copy->session->conn, &message, 0);
    if (length < 0) {
        return length;
    }
    if ((size_t)length <= BUFFER_BYTES - copy->used) {
        unsigned char *at = copy->buffer + copy->used;
        memcpy(at, message, (size_t)length);
        copy->used += (size_t)length;
        copy->rest = (PgMessage){at, (size_t)length};
    } else {
        buf_append(&copy->large, message, (size_t)length);
        rest_is_large(copy);
    }
    PQfreemem(message);
    return length;
}

/* The next message; *out_done: there was none. */
static bool message_take(PgCopy *copy, bool *out_done, Err *err) {
    int length = message_come(copy);
    if (length == 0) {
        length = message_wait(copy);
    }
    *out_done = length < 0;
    return length >= 0 || copy_finish(copy, length, err);
}

/* Of the last batch only what has rows in it is kept. */
static void messages_turn(PgCopy *copy) {
    copy->used = 0;
    if (copy->rest.left == 0) {
        buf_free(&copy->large);
    } else if (copy->large.length == 0) {
        memmove(copy->buffer, copy->rest.bytes, copy->rest.left);
        copy->rest.bytes = copy->buffer;
        copy->used = copy->rest.left;
    }
}

/* ---- batches ---------------------------------------------------------------------------------------------- */

static bool tuple_take(PgCopy *copy, size_t row, bool *out_row, Err *err) {
    return copy->wired
               ? pg_decode_first(&copy->decoder, &copy->rest, copy->key_count, row, out_row, &copy->wire.rows[row], err)
               : pg_decode_tuple(&copy->decoder, &copy->rest, row, out_row, err);
}

static bool place_failed(const PgCopy *copy, Err *err) {
    return err_prefix(err, "%s", copy->session->info.place);
}

/* One row, or the end of the copy (*out_done). */
static bool row_take(PgCopy *copy, size_t row, bool *out_row, bool *out_done, Err *err) {
    *out_row = false;
    *out_done = false;
    if (copy->rest.left == 0 && !message_take(copy, out_done, err)) {
        return false;
    }
    return *out_done || tuple_take(copy, row, out_row, err) || place_failed(copy, err);
}

static bool is_full(const PgCopy *copy, size_t rows) {
    return rows == BATCH_ROWS || (copy->large.length > 0 && copy->rest.left == 0);
}

/* A message of more than one tuple is row_take's to the end. */
static bool may_take_run(const PgCopy *copy, size_t rows, bool done) {
    return copy->wired && !done && !is_full(copy, rows) && copy->rest.left == 0;
}

/* No more rows, though the copy is still running or its trailer never came. */
static bool stops_short(const PgCopy *copy, size_t rows) {
    return rows == 0 && (copy->running || !copy->decoder.ended);
}

/* Keeps the message, which is one tuple, as row `row`, and makes the cells of its key. */
static inline bool row_keep(PgCopy *copy, size_t row, Err *err) {
    const unsigned char *at = copy->rest.bytes + PG_TUPLE_HEADER;
    const unsigned char *end = copy->rest.bytes + copy->rest.left;
    copy->wire.rows[row] = (Str){(const char *)at, (size_t)(end - at)};
    copy->rest.left = 0;
    for (size_t i = 0; i < copy->key_count; i++) {
        at = pg_cell_take(&copy->decoder.cells[i], row, at, end);
        if (at == NULL) {
            return pg_field_failed(i, copy->decoder.cell_count, err) || place_failed(copy, err);
        }
    }
    return true;
}

/* The common case of a wired copy: messages that have come, of one tuple each. row_take would do the same. */
static bool run_take(PgCopy *copy, size_t *rows, Err *err) {
    size_t row = *rows;
    while (row < BATCH_ROWS && message_come(copy) > 0 && copy->large.length == 0 &&
           pg_begins_tuple(&copy->decoder, copy->rest)) {
        if (!row_keep(copy, row, err)) {
            return false;
        }
        row++;
    }
    *rows = row;
    return true;
}

bool pg_copy_next(PgCopy *copy, size_t *out_rows, Err *err) {
    if (copy->asked && !copy_begin(copy, err)) {
        return false;
    }
    size_t rows = 0;
    bool done = !copy->running;
    messages_turn(copy);
    arena_empty(&copy->cells);
    while (!done && !is_full(copy, rows)) {
        bool row;
        if (!row_take(copy, rows, &row, &done, err)) {
            return false;
        }
        rows += row ? 1 : 0;
        if (may_take_run(copy, rows, done) && !run_take(copy, &rows, err)) {
            return false;
        }
    }
    if (stops_short(copy, rows)) { /* a batch without rows means the end: only the end may look like it */
        return fail_short(copy, err);
    }
    *out_rows = rows;
    return true;
}

/* ---- rows as they came ------------------------------------------------------------------------------------ */

static bool row_read(void *self, size_t row, Err *err) {
    PgCopy *copy = self;
    return pg_decode_fields(&copy->decoder, copy->wire.rows[row], row, err) || place_failed(copy, err);
}

static bool rows_hash(void *self, const uint32_t *rows, size_t row_count, const size_t *columns, size_t column_count,
                      Buf *scratch, RowHash *out, Err *err) {
    PgCopy *copy = self;
    bool good = true;
    pg_canon_order(&copy->canon, columns, column_count);
    buf_empty(scratch);
    Pen pen = pen_open(scratch);
    for (size_t i = 0; good && i < row_count; i++) {
        good = pg_canon_row(&copy->canon, copy->wire.rows[rows[i]], &pen, err);
        out[rows[i]] = pen_hash(&pen);
    }
    pen_close(&pen);
    return good || place_failed(copy, err);
}

void pg_copy_wire(PgCopy *copy, const PgField *fields, size_t key_count) {
    size_t count = copy->decoder.cell_count;
    bool checked = copy->session->unchecked_text;
    copy->wired = true;
    copy->key_count = key_count;
    copy->canon = (PgCanon){.putters = ARENA_MANY(&copy->memory, count, PgPutter),
                            .count = count,
                            .fields = ARENA_MANY(&copy->memory, count, Str)};
    copy->wire.forms = ARENA_MANY(&copy->memory, count, uint32_t);
    copy->wire.column_count = count;
    copy->wire.self = copy;
    copy->wire.read = row_read;
    copy->wire.hash = rows_hash;
    for (size_t i = 0; i < count; i++) {
        const Column *column = fields[i].column;
        PgWire wire = fields[i].wire;
        copy->wire.forms[i] = (uint32_t)wire << 16 | (uint32_t)column->kind << 8 | column->element << 1 | checked;
        copy->canon.putters[i] =
            pg_putter(wire, column->kind, column->element, copy->decoder.cells[i].decode, &copy->memory, &copy->cells);
    }
}

/* ---- ending ----------------------------------------------------------------------------------------------- */

void pg_copy_stop(PgCopy *copy) {
    if (!copy->running && !copy->asked) {
        return;
    }
    Err ignored;
    char *buffer;
    pg_session_interrupt(copy->session);
    if (copy->asked && !copy_begin(copy, &ignored)) {
        return;
    }
    while (PQgetCopyData(copy->session->conn, &buffer, 0) > 0) {
        PQfreemem(buffer);
    }
    copy->running = false;
    (void)!results_drain(copy, &ignored); /* it tells of the cancellation */
}

void pg_copy_free(PgCopy *copy) {
    pg_copy_stop(copy);
    buf_free(&copy->large);
    free(copy->buffer);
    copy->buffer = NULL;
    arena_free(&copy->memory);
    arena_free(&copy->cells);
}
