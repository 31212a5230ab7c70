/* A source that plays a script: rows from memory, in batches of a chosen size, misbehaving at a chosen call.
 *
 * Every relation it describes is id integer (the key), n integer, note text. For tests of what reads sources.
 */
#ifndef UNIT_SCRIPTED_SOURCE_H
#define UNIT_SCRIPTED_SOURCE_H

#include "base/clock.h"
#include "source/source.h"
#include "source/wire.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct ScriptedRow {
    int64_t id;
    bool id_null;
    int64_t n;
    const char *note; /* NULL: NULL */
} ScriptedRow;

#define SCRIPTED_MALFORMED "malformed" /* a note that a wire refuses */

typedef enum Misdeed {
    MISDEED_NONE,
    MISDEED_FAIL_ONCE,   /* a connection that is cut and comes back */
    MISDEED_FAIL_ALWAYS, /* ... and does not */
    MISDEED_TIMEOUT,     /* a statement that takes too long, every time from then on */
    MISDEED_TRUNCATE,    /* rows end early, and the scan ends well */
    MISDEED_REPEAT,      /* a batch comes twice */
    MISDEED_LIE,         /* a value is another */
    MISDEED_SKIP,        /* a row is left out */
    MISDEED_STALL,       /* an answer takes its time, and is right */
    MISDEEDS
} Misdeed;

/* What goes wrong, and at which call; shared by all sources that play it, so that calls count over a whole run. */
typedef struct Script {
    Misdeed misdeed;
    int at;
    int calls;
} Script;

typedef struct Scripted {
    Source base;
    const ScriptedRow *rows; /* in key order, NULL keys last */
    size_t row_count;
    size_t batch_rows; /* rows a batch; 0: BATCH_ROWS */
    Script *script;    /* NULL: behaves */
    bool begun;
    bool owned; /* made by malloc */
    int form;   /* of its wire: 1, or 2, where the bytes have n negated; 0: it has none */
    /* scanning */
    Range range;
    size_t at;
    Batch batch;
    Arena memory;
    const ScanColumn *columns;
    size_t column_count;
    size_t key_count;
    bool wired;
    Wire wire;
    uint32_t forms[3];
    const ScriptedRow *sent[BATCH_ROWS];
} Scripted;

static const SourceOps scripted_ops;

static inline Scripted scripted_source(const ScriptedRow *rows, size_t count, size_t batch_rows) {
    return (Scripted){.base = {&scripted_ops}, .rows = rows, .row_count = count, .batch_rows = batch_rows};
}

/* Counts the call; whether the misdeed is due now. */
static inline bool scripted_due(Scripted *self) {
    return self->script != NULL && ++self->script->calls == self->script->at;
}

static inline bool scripted_call(Source *source, Err *err) {
    Script *script = ((Scripted *)source)->script;
    bool due = scripted_due((Scripted *)source);
    if (script == NULL || script->calls < script->at) {
        return true;
    }
    switch (script->misdeed) {
    case MISDEED_FAIL_ONCE:
        return !due || err_set(err, TF_ERROR_CONNECTION, "could not read: scripted to fail once");
    case MISDEED_FAIL_ALWAYS:
        return err_set(err, TF_ERROR_DENIED, "could not read: scripted to fail");
    case MISDEED_TIMEOUT:
        return err_set(err, TF_ERROR_TIMEOUT, "could not read: scripted to take too long");
    case MISDEED_NONE:
    case MISDEED_TRUNCATE:
    case MISDEED_REPEAT:
    case MISDEED_LIE:
    case MISDEED_SKIP:
    case MISDEED_STALL:
    case MISDEEDS:
        return true;
    }
    return true;
}

static void scripted_close(Source *source) {
    if (source != NULL) {
        arena_free(&((Scripted *)source)->memory);
        if (((Scripted *)source)->owned) {
            free(source);
        }
    }
}

static const SourceInfo *scripted_info(const Source *source) {
    static const SourceInfo info = {.engine = "script", .place = "memory"};
    (void)source;
    return &info;
}

static bool scripted_begin(Source *source, const char *snapshot, Err *err) {
    (void)snapshot;
    ((Scripted *)source)->begun = true;
    return scripted_call(source, err);
}

static bool scripted_in_range(const Range *range, const ScriptedRow *row) {
    if (range->rows == RANGE_ALL) {
        return true;
    }
    if (range->rows == RANGE_WITH_NULL) {
        return row->id_null;
    }
    return !row->id_null && (range->from == NULL || row->id >= range->from[0].as.integer) &&
           (range->to == NULL || row->id < range->to[0].as.integer);
}

static bool scripted_wire_read(void *self, size_t row, Err *err);
static bool scripted_wire_hash(void *self, const uint32_t *rows, size_t row_count, const size_t *columns,
                               size_t column_count, Buf *scratch, RowHash *out, Err *err);

static void scripted_wire(Scripted *self, const Scan *scan) {
    self->wired = scan->wire && self->form != 0;
    self->key_count = scan->key_count;
    self->forms[0] = self->forms[1] = self->forms[2] = (uint32_t)self->form;
    self->wire.forms = self->forms;
    self->wire.column_count = scan->column_count;
    self->wire.self = self;
    self->wire.read = scripted_wire_read;
    self->wire.hash = scripted_wire_hash;
    self->batch.wire = self->wired ? &self->wire : NULL;
}

static bool scripted_scan(Source *source, const Scan *scan, Err *err) {
    Scripted *self = (Scripted *)source;
    if (!scripted_call(source, err)) {
        return false;
    }
    arena_empty(&self->memory);
    Kind *kinds = ARENA_MANY(&self->memory, scan->column_count, Kind);
    for (size_t i = 0; i < scan->column_count; i++) {
        kinds[i] = scan->columns[i].kind;
    }
    self->batch = batch_make(&self->memory, scan->column_count, kinds, BATCH_ROWS);
    self->columns = scan->columns;
    self->column_count = scan->column_count;
    self->range = scan->range;
    self->at = 0;
    scripted_wire(self, scan);
    return true;
}

static Value scripted_cell(const ScriptedRow *row, size_t column) {
    if (column == 0) {
        return (Value){.kind = KIND_INT, .state = row->id_null ? CELL_NULL : CELL_VALUE, .as.integer = row->id};
    }
    if (column == 1) {
        return (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = row->n};
    }
    return (Value){
        .kind = KIND_TEXT, .state = row->note == NULL ? CELL_NULL : CELL_VALUE, .as.text = str_of(row->note)};
}

static bool scripted_malformed(const ScriptedRow *row, Err *err) {
    return row->note != NULL && strcmp(row->note, SCRIPTED_MALFORMED) == 0 &&
           !err_set(err, TF_ERROR_DATA, "cannot read: scripted to be malformed");
}

static bool scripted_wire_read(void *self, size_t row, Err *err) {
    Scripted *source = self;
    for (size_t c = 0; c < source->column_count; c++) {
        column_set(&source->memory, &source->batch.columns[c], row,
                   scripted_cell(source->sent[row], source->columns[c].column));
    }
    return !scripted_malformed(source->sent[row], err);
}

static bool scripted_wire_hash(void *self, const uint32_t *rows, size_t row_count, const size_t *columns,
                               size_t column_count, Buf *scratch, RowHash *out, Err *err) {
    Scripted *source = self;
    Arena arena = {0};
    Kind kinds[3] = {KIND_INT, KIND_INT, KIND_TEXT};
    Batch one = batch_make(&arena, 3, kinds, 1);
    bool good = true;
    one.rows = 1;
    for (size_t i = 0; i < row_count; i++) {
        const ScriptedRow *row = source->sent[rows[i]];
        for (size_t c = 0; c < 3; c++) {
            column_set(&arena, &one.columns[c], 0, scripted_cell(row, c));
        }
        canon_hash_rows(&one, columns, column_count, scratch, &out[rows[i]]);
        good = good && !scripted_malformed(row, err);
    }
    arena_free(&arena);
    return good;
}

/* A row of a batch: its cells, or those of its key, wrong ones for the rest, and its bytes. */
static void scripted_send(Scripted *self, const ScriptedRow *row) {
    size_t at = self->batch.rows++;
    for (size_t c = 0; c < self->column_count; c++) {
        bool there = !self->wired || c < self->key_count;
        column_set(&self->memory, &self->batch.columns[c], at,
                   scripted_cell(there ? row : &(ScriptedRow){-1, false, INT64_MIN + row->id, "never sent"},
                                 self->columns[c].column));
    }
    self->sent[at] = row;
    const char *bytes = arena_printf(&self->memory, "%d %" PRId64 " %" PRId64 " %s", row->id_null, row->id,
                                     self->form == 2 ? -row->n : row->n, row->note == NULL ? "\xff" : row->note);
    self->wire.rows[at] = str_of(bytes);
}

static bool scripted_next(Source *source, const Batch **out, Err *err) {
    Scripted *self = (Scripted *)source;
    if (!scripted_call(source, err)) {
        return false;
    }
    Misdeed now =
        self->script != NULL && self->script->calls == self->script->at ? self->script->misdeed : MISDEED_NONE;
    if (now == MISDEED_REPEAT && self->batch.rows > 0) {
        *out = &self->batch;
        return true;
    }
    if (now == MISDEED_TRUNCATE) {
        self->at = self->row_count;
    }
    self->at += now == MISDEED_SKIP;
    size_t most = self->batch_rows == 0 ? BATCH_ROWS : self->batch_rows;
    self->batch.rows = 0;
    for (; self->at < self->row_count && self->batch.rows < most; self->at++) {
        if (!scripted_in_range(&self->range, &self->rows[self->at])) {
            continue;
        }
        scripted_send(self, &self->rows[self->at]);
    }
    if (now == MISDEED_LIE && self->batch.rows > 0) {
        self->batch.columns[1].data.ints[0]++;
    }
    if (now == MISDEED_STALL) {
        clock_sleep_us(1000);
    }
    *out = &self->batch;
    return true;
}

static bool scripted_end(Source *source, Err *err) {
    ((Scripted *)source)->begun = false;
    return scripted_call(source, err);
}

static const SourceOps scripted_ops = {
    .scheme = "script",
    .close = scripted_close,
    .info = scripted_info,
    .begin = scripted_begin,
    .scan = scripted_scan,
    .next = scripted_next,
    .end = scripted_end,
};

/* A match of two such relations: key id, equal n and note, no invariants. */
static inline Match scripted_match(void) {
    static const Spec spec = {.check = "script"};
    static RelationColumn relation_columns[] = {{.name = "id", .type = "bigint", .kind = KIND_INT},
                                                {.name = "n", .type = "bigint", .kind = KIND_INT},
                                                {.name = "note", .type = "text", .kind = KIND_TEXT}};
    static const ScanColumn columns[] = {{0, KIND_INT}, {1, KIND_INT}, {2, KIND_TEXT}};
    static const size_t slots[] = {0, 1, 2};
    static const MatchPair pairs[] = {{.name = "n", .old_slot = 1, .new_slot = 1, .kind = KIND_INT},
                                      {.name = "note", .old_slot = 2, .new_slot = 2, .kind = KIND_TEXT}};
    static const char *const key_names[] = {"id"};
    MatchSide side = {.relation = {.name = "t", .columns = relation_columns, .column_count = 3, .key_count = 1},
                      .columns = columns,
                      .column_count = 3,
                      .slots = slots};
    return (Match){.spec = &spec,
                   .old = side,
                   .new_ = side,
                   .key_count = 1,
                   .key_names = key_names,
                   .pairs = pairs,
                   .pair_count = 2,
                   .old_hashed = slots,
                   .new_hashed = slots,
                   .hashed_count = 3};
}

#endif
