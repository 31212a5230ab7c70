#include "repair/undo_row.h"

#include "repair/row_mask.h"
#include "source/relation.h"

#include <string.h>

enum { CONFLICT_TRIES = 3 };

/* ---- the row's columns ------------------------------------------------------------------------------------- */

static const RowCell *cell_find(RowImage row, const char *name) {
    for (size_t i = 0; i < row.count; i++) {
        if (strcmp(row.cells[i].name, name) == 0) {
            return &row.cells[i];
        }
    }
    return NULL;
}

/* The image that names the columns which matter: those that were written. What else stands in the image before was
 * looked at by the repair, and is none of the undo's business. */
static RowImage image_of(const JournalIntent *intent) {
    return intent->after.present ? intent->after.row : intent->before.row;
}

static bool column_fits(const Relation *relation, const RowCell *cell, Err *err) {
    size_t at = relation_column(relation, cell->name);
    if (at == SIZE_MAX) {
        return err_set(err, TF_ERROR_SCHEMA, "cannot undo: %s has no column \"%s\" any more", relation->name,
                       cell->name);
    }
    const RelationColumn *column = &relation->columns[at];
    return strcmp(column->type, cell->type) == 0 ||
           err_set(err, TF_ERROR_SCHEMA, "cannot undo: column \"%s\" of %s is %s now, and was %s", cell->name,
                   relation->name, column->type, cell->type);
}

/* What was written over is known. */
static bool images_fit(const JournalIntent *intent) {
    RowImage before = intent->before.row, after = intent->after.row;
    if (!intent->before.present || !intent->after.present) {
        return intent->before.present || intent->after.present;
    }
    bool known = true;
    for (size_t i = 0; known && i < after.count; i++) {
        known = cell_find(before, after.cells[i].name) != NULL;
    }
    return known;
}

bool undo_row_fits(const UndoSide *side, const JournalIntent *intent, Err *err) {
    const Relation *relation = &side->table.relation;
    RowImage image = image_of(intent);
    if (intent->key.count == 0 || intent->key.count > KEY_MAX_COLUMNS || !images_fit(intent) || intent->part != 0) {
        return err_set(err, TF_ERROR_DATA, "cannot undo entry %lld: it is no write of one row",
                       (long long)intent->number);
    }
    if (strcmp(intent->relation, relation->name) != 0) {
        return err_set(err, TF_ERROR_SCHEMA, "cannot undo: the journal is of %s, and the spec's table is %s",
                       intent->relation, relation->name);
    }
    for (size_t i = 0; i < intent->key.count; i++) {
        if (!column_fits(relation, &intent->key.cells[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < image.count; i++) {
        if (!column_fits(relation, &image.cells[i], err)) {
            return false;
        }
    }
    return true;
}

/* The key, then the image's other columns. */
static Scan scan_of(const Relation *relation, const JournalIntent *intent, Arena *arena) {
    RowImage image = image_of(intent);
    ScanColumn *columns = ARENA_MANY(arena, intent->key.count + image.count, ScanColumn);
    size_t count = 0;
    for (size_t i = 0; i < intent->key.count; i++) {
        size_t at = relation_column(relation, intent->key.cells[i].name);
        columns[count++] = (ScanColumn){at, relation->columns[at].kind};
    }
    for (size_t i = 0; i < image.count; i++) {
        size_t at = relation_column(relation, image.cells[i].name);
        if (cell_find(intent->key, image.cells[i].name) == NULL) {
            columns[count++] = (ScanColumn){at, relation->columns[at].kind};
        }
    }
    return (Scan){.relation = relation,
                  .columns = columns,
                  .column_count = count,
                  .key_count = intent->key.count,
                  .range = {.rows = RANGE_ALL}};
}

static bool key_values(const Scan *scan, const JournalIntent *intent, Arena *arena, Value *out, Err *err) {
    for (size_t i = 0; i < intent->key.count; i++) {
        const RowCell *cell = &intent->key.cells[i];
        Kind kind = scan->columns[i].kind;
        out[i] = (Value){.kind = kind, .state = CELL_NULL};
        if (!cell->null && !value_parse(arena, kind, cell->text, &out[i])) {
            return err_set(err, TF_ERROR_DATA, "cannot read the key \"%s\" of entry %lld", cell->name,
                           (long long)intent->number);
        }
        if (scan->relation->columns[scan->columns[i].column]
                .single) { /* nobody writes the digits of a double for one */
            out[i] = value_single(out[i]);
        }
    }
    return true;
}

/* ---- is it still the row? ---------------------------------------------------------------------------------- */

static bool cell_same(const RowCell *a, const RowCell *b) {
    return a->null == b->null && (a->null || str_equal(a->text, b->text));
}

/* The first column of `image` that stands otherwise in `row`; NULL where all are the same. */
static const char *first_difference(RowImage image, RowImage row) {
    for (size_t i = 0; i < image.count; i++) {
        const RowCell *cell = cell_find(row, image.cells[i].name);
        if (cell == NULL || !cell_same(&image.cells[i], cell)) {
            return image.cells[i].name;
        }
    }
    return NULL;
}

/* A row that was read, as an image of the same columns as the intent's. */
static JournalImage image_read(const JournalIntent *intent, RowImage row, size_t rows, Arena *arena) {
    RowImage image = image_of(intent);
    RowCell *cells = ARENA_MANY(arena, image.count, RowCell);
    for (size_t i = 0; rows > 0 && i < image.count; i++) {
        cells[i] = *cell_find(row, image.cells[i].name);
    }
    return (JournalImage){.present = rows > 0, .row = {cells, rows > 0 ? image.count : 0}};
}

/* `now` has the columns that matter. */
static bool image_stands(const JournalImage *image, const JournalImage *now) {
    return image->present == now->present && (!image->present || first_difference(now->row, image->row) == NULL);
}

static const char *changed_why(const JournalIntent *intent, const JournalImage *now, Arena *arena) {
    if (!now->present) {
        return "the row is gone";
    }
    if (!intent->after.present) {
        return "there is a row again";
    }
    return arena_printf(arena, "\"%s\" is not what was written", first_difference(intent->after.row, now->row));
}

/* ---- the write that takes it back -------------------------------------------------------------------------- */

static const RelationColumn *column_of(const UndoSide *side, const RowCell *cell) {
    return &side->table.relation.columns[relation_column(&side->table.relation, cell->name)];
}

/* Whether a statement can give this column a value. */
static bool is_given(const RelationColumn *column) {
    return column->given != GIVEN_BY_SERVER && !column->computed;
}

/* Of an update: what was written over, where it is another value now. */
static RowImage set_of_update(const UndoSide *side, const JournalIntent *intent, Arena *arena) {
    RowImage after = intent->after.row;
    RowCell *cells = ARENA_MANY(arena, after.count, RowCell);
    size_t count = 0;
    for (size_t i = 0; i < after.count; i++) {
        const RowCell *before = cell_find(intent->before.row, after.cells[i].name);
        if (!cell_same(before, &after.cells[i]) && is_given(column_of(side, before))) {
            cells[count++] = *before;
        }
    }
    return (RowImage){cells, count};
}

/* Of an insert: all that can be given, the key with it. */
static RowImage set_of_insert(const UndoSide *side, const JournalIntent *intent, Arena *arena, bool *out_overriding) {
    RowImage before = intent->before.row, key = intent->key;
    RowCell *cells = ARENA_MANY(arena, before.count + key.count, RowCell);
    size_t count = 0;
    for (size_t i = 0; i < key.count + before.count; i++) {
        const RowCell *cell = i < key.count ? &key.cells[i] : &before.cells[i - key.count];
        bool twice = i < key.count && cell_find(before, cell->name) != NULL;
        const RelationColumn *column = column_of(side, cell);
        if (!twice && is_given(column)) {
            *out_overriding = *out_overriding || column->given == GIVEN_IN_INSERT;
            cells[count++] = *cell;
        }
    }
    return (RowImage){cells, count};
}

static RowWrite write_of(const UndoSide *side, const JournalIntent *intent, Arena *arena) {
    RowWrite write = {.relation = side->table.relation.name, .key = intent->key, .guard = intent->after.row};
    if (!intent->before.present) {
        write.kind = ROW_DELETE;
    } else if (!intent->after.present) {
        write.kind = ROW_INSERT;
        write.set = set_of_insert(side, intent, arena, &write.overriding);
    } else {
        write.kind = ROW_UPDATE;
        write.set = set_of_update(side, intent, arena);
    }
    return write;
}

/* ---- one row ----------------------------------------------------------------------------------------------- */

/* A row in the middle of being taken back. */
typedef struct Step {
    const UndoSide *side;
    const JournalIntent *intent;
    JournalEnd end;
    Journal *journal; /* NULL: dry */
    Arena *arena;
    Scan scan;
    const Value *key;
    JournalImage now;
    UndoRow *out;
} Step;

static bool settled(Step *step, UndoOutcome outcome, const char *why) {
    step->out->outcome = outcome;
    step->out->why = why;
    return true;
}

/* The statement for people. */
static bool write_shown(Step *step, Err *err) {
    const UndoSide *side = step->side;
    Source *source = side->source;
    RowWrite real = write_of(side, step->intent, step->arena);
    RowWrite write = write_mask(side->match, &side->table, &real, step->arena);
    Buf text = {0};
    bool good = source->ops->explain_write(source, &write, &text, err);
    if (good) {
        step->out->statement = arena_copy(step->arena, text.bytes, text.length);
    }
    buf_free(&text);
    return good;
}

static bool row_read(Step *step, RowLock lock, Err *err) {
    Source *source = step->side->source;
    RowImage row = {0};
    size_t rows = 0;
    if (!source->ops->row_texts(source, &step->scan, step->key, lock, step->arena, &row, &rows, err)) {
        return false;
    }
    if (rows > 1) {
        return err_set(err, TF_ERROR_DATA, "cannot tell which row was written: its key occurs more than once");
    }
    step->now = image_read(step->intent, row, rows, step->arena);
    return true;
}

/* The outcome is not in the journal: the server may know it. Asked before the row is read: a row whose transaction had
 * ended by then stands as that left it. *out_over: there is nothing to take back. */
static bool ask_transaction(Step *step, bool *out_over, Err *err) {
    Source *source = step->side->source;
    TransactionEnd end = TRANSACTION_NOT_KNOWN;
    if (step->intent->transaction[0] != '\0' && source->ops->transaction_end != NULL &&
        !source->ops->transaction_end(source, step->intent->transaction, &end, err)) {
        return false;
    }
    if (end == TRANSACTION_RUNNING) {
        return err_set(err, TF_ERROR_BUSY,
                       "could not tell yet whether it was written: the repair's transaction is"
                       " still open; undo it again when that has ended");
    }
    *out_over = end == TRANSACTION_ROLLED_BACK;
    return !*out_over || settled(step, UNDO_NOTHING, "the server rolled the repair back");
}

/* What is to be done, by the row as it stands: true where it is to be taken back. */
static bool row_decide(Step *step) {
    if (image_stands(&step->intent->before, &step->now)) {
        settled(step, UNDO_NOTHING, "");
        return false;
    }
    if (!image_stands(&step->intent->after, &step->now)) {
        settled(step, UNDO_CHANGED, changed_why(step->intent, &step->now, step->arena));
        return false;
    }
    return true;
}

/* In a transaction of its own: the snapshot of the one that reads the row must not be older than the answer. */
static bool dry_ask(Step *step, bool *out_over, Err *err) {
    Source *source = step->side->source;
    return source->ops->begin(source, NULL, err) && ask_transaction(step, out_over, err) &&
           source->ops->end(source, err);
}

static bool dry_run(Step *step, Err *err) {
    Source *source = step->side->source;
    bool over = false;
    if (step->end == JOURNAL_UNKNOWN && (!dry_ask(step, &over, err) || over)) {
        return over;
    }
    if (!source->ops->begin(source, NULL, err) || !row_read(step, ROW_UNLOCKED, err)) {
        return false;
    }
    bool write = row_decide(step);
    return source->ops->end(source, err) && (!write || (settled(step, UNDO_UNDONE, "") && write_shown(step, err)));
}

/* What this undo is about to do, for its own journal. */
static bool intend(Step *step, const JournalImage *before, Err *err) {
    Source *source = step->side->source;
    JournalIntent intent = {
        .of_new = step->intent->of_new,
        .relation = step->intent->relation,
        .key = step->intent->key,
        .before = *before,
        .after = step->now,
    };
    return source->ops->transaction(source, step->arena, &intent.transaction, err) &&
           journal_intend(step->journal, &intent, err);
}

/* Writes, and reads again: a trigger may have made something else of it. */
static bool write_back(Step *step, bool *out_written, Err *err) {
    Source *source = step->side->source;
    RowWrite write = write_of(step->side, step->intent, step->arena);
    JournalImage before = step->now;
    int64_t rows = 0;
    *out_written = false;
    if (!write_shown(step, err) || !source->ops->write(source, &write, &rows, err) ||
        !row_read(step, ROW_UNLOCKED, err)) {
        return false;
    }
    if (rows != 1) {
        return settled(step, UNDO_CHANGED, "it was written at this moment");
    }
    if (!image_stands(&step->intent->before, &step->now)) {
        return settled(step, UNDO_REFUSED, "the table makes another row of it");
    }
    *out_written = true;
    return intend(step, &before, err);
}

/* The intent is on the disk. */
static bool commit(Step *step, Err *err) {
    Source *source = step->side->source;
    Err later;
    if (source->ops->commit(source, err)) {
        settled(step, UNDO_UNDONE, "");
        return journal_conclude(step->journal, JOURNAL_COMMITTED, "", err);
    }
    JournalEnd end = err->code == TF_ERROR_CONNECTION ? JOURNAL_UNKNOWN : JOURNAL_ROLLED_BACK;
    (void)!journal_conclude(step->journal, end, err->text, &later); /* as good as none: unknown */
    return false;
}

/* Each statement of a transaction that writes sees what was committed before it. */
static bool wet_run(Step *step, Err *err) {
    Source *source = step->side->source;
    bool over = false;
    if (!source->ops->begin_write(source, err) ||
        (step->end == JOURNAL_UNKNOWN && !ask_transaction(step, &over, err)) ||
        (!over && !row_read(step, ROW_EXCLUSIVE, err))) {
        return false;
    }
    bool write = !over && row_decide(step);
    if ((write && !write_back(step, &write, err)) || (write && !commit(step, err))) {
        return false;
    }
    if (!write) {
        source->ops->rollback(source);
    }
    return true;
}

/* ---- failures ---------------------------------------------------------------------------------------------- */

static UndoOutcome outcome_of_error(const Err *err) {
    bool refused = err->code == TF_ERROR_DATA || err->code == TF_ERROR_DENIED || err->code == TF_ERROR_SCHEMA ||
                   err->code == TF_ERROR_USAGE;
    return refused ? UNDO_REFUSED : UNDO_FAILED;
}

/* Rows after this one would fail the same way. */
static bool ends_all(const Err *err) {
    return err->code == TF_ERROR_CONNECTION || err->code == TF_ERROR_IO || err->code == TF_ERROR_INTERRUPTED ||
           err->code == TF_ERROR_INTERNAL;
}

static void give_up_row(const Step *step) {
    Source *source = step->side->source;
    Err ignored; /* the first failure is the one that is told */
    if (step->journal != NULL) {
        source->ops->rollback(source);
    } else {
        (void)!source->ops->end(source, &ignored);
    }
}

/* A deadlock or the like: the same again. */
static bool attempt(Step *step, Err *err) {
    for (int tries = 1;; tries++) {
        if (step->journal == NULL ? dry_run(step, err) : wet_run(step, err)) {
            return true;
        }
        give_up_row(step);
        if (err->code != TF_ERROR_CONFLICT || tries == CONFLICT_TRIES) {
            return false;
        }
    }
}

bool undo_row(const UndoSide *side, const JournalIntent *intent, JournalEnd end, Journal *journal, Arena *arena,
              UndoRow *out, Err *err) {
    Step step = {.side = side, .intent = intent, .end = end, .journal = journal, .arena = arena, .out = out};
    *out = (UndoRow){.intent = intent, .outcome = UNDO_NOTHING, .statement = "", .why = ""};
    out->key = row_mask(side->match, &side->table, intent->key, arena);
    if (end == JOURNAL_ROLLED_BACK) {
        return settled(&step, UNDO_NOTHING, "the repair did not write it");
    }
    Value *key = ARENA_MANY(arena, intent->key.count, Value);
    step.scan = scan_of(&side->table.relation, intent, arena);
    step.key = key;
    if (key_values(&step.scan, intent, arena, key, err) && attempt(&step, err)) {
        return true;
    }
    mask_server_error(side->match, err);
    settled(&step, outcome_of_error(err), arena_copy(arena, err->text, strlen(err->text)));
    return !ends_all(err);
}
