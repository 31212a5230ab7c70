/* `twofold undo`: takes a repair back, or shows the writes that would. */
#include "cmd/commands.h"
#include "cmd/say.h"
#include "cmd/stop.h"

#include "base/clock.h"
#include "repair/undo.h"
#include "report/shown.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One run of the command. */
typedef struct UndoRun {
    const Options *options;
    Arena arena;
    JournalReader *reader;
    const char *spec_path;
    Spec spec;
    Undo undo;
    Journal *journal; /* of this undo */
    Buf journal_path;
    UndoCounts counts;
    Buf out;
} UndoRun;

static bool spec_find(UndoRun *run, Err *err) {
    const char *folders[2];
    SpecSearch search = search_of(run->options, folders);
    const char *kept = journal_reader_header(run->reader)->spec_path;
    const char *path = run->options->spec != NULL ? run->options->spec : kept;
    run->spec_path = path;
    if (path[0] == '\0') {
        err_set(err, TF_ERROR_USAGE, "cannot undo without the spec: the repair read it from standard input");
        return err_hint(err, "Name it by --spec FILE.");
    }
    if (spec_read(&run->arena, path, &search, &run->spec, err)) {
        return true;
    }
    return err->hint[0] != '\0' || path != kept ? false : err_hint(err, "Name the spec of the repair by --spec FILE.");
}

/* ---- what is printed --------------------------------------------------------------------------------------- */

/* What was not written stands in a comment, on one line: whoever runs the output runs only what was, or would be. */
static void row_left(const UndoRow *row, Buf *out) {
    static const char *const words[UNDO_OUTCOMES] = {[UNDO_NOTHING] = "nothing to do",
                                                     [UNDO_CHANGED] = "changed meanwhile",
                                                     [UNDO_REFUSED] = "refused",
                                                     [UNDO_FAILED] = "failed"};
    buf_text(out, "-- ");
    for (size_t i = 0; i < row->key.count; i++) {
        const RowCell *cell = &row->key.cells[i];
        buf_text(out, i == 0 ? "" : ", ");
        shown_text(cell->null ? STR_LITERAL("null") : cell->text, out);
    }
    buf_printf(out, ": %s", words[row->outcome]);
    if (row->why[0] != '\0') {
        buf_text(out, ": ");
        shown_text(str_of(row->why), out);
    }
    buf_char(out, '\n');
}

static void row_show(void *self, const UndoRow *row) {
    UndoRun *run = self;
    Err err;
    if (row->outcome == UNDO_UNDONE) {
        /* with masks it would write a hash in a value's place */
        buf_printf(&run->out, "%s%s;%s\n", run->spec.mask_count > 0 ? "-- " : "", row->statement,
                   run->journal == NULL ? "" : " -- undone");
    } else {
        row_left(row, &run->out);
    }
    if (print_out(&run->out, &err)) { /* where it fails, so does the summary */
        buf_empty(&run->out);
    }
}

static void count_show(Buf *out, int64_t count, const char *what) {
    if (count > 0) {
        buf_text(out, ", ");
        shown_count(count, out);
        buf_printf(out, " %s", what);
    }
}

static void summary_show(UndoRun *run) {
    const int64_t *rows = run->counts.rows;
    Buf *out = &run->out;
    buf_printf(out, "-- %s: ", run->spec.check);
    shown_count(rows[UNDO_UNDONE], out);
    buf_printf(out, rows[UNDO_UNDONE] == 1 ? " row" : " rows");
    buf_text(out, run->journal == NULL ? " would be undone" : " undone");
    count_show(out, rows[UNDO_NOTHING], "with nothing to do");
    count_show(out, rows[UNDO_CHANGED], "changed meanwhile");
    count_show(out, rows[UNDO_REFUSED], "refused");
    count_show(out, rows[UNDO_FAILED], "failed");
    buf_char(out, '\n');
    if (run->journal != NULL && journal_count(run->journal) > 0) {
        buf_printf(out, "-- journal: %s\n", run->journal_path.bytes);
    } else if (run->journal == NULL && rows[UNDO_UNDONE] > 0) {
        buf_text(out, "-- nothing was written: --write makes these writes\n");
    }
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static const char *place_of(const UndoSide *side) {
    return side->source == NULL ? "" : side->source->ops->info(side->source)->place;
}

/* Where nothing would be written, there is no journal. */
static bool journal_begin(UndoRun *run, Err *err) {
    char id[JOURNAL_RUN_BYTES];
    const JournalHeader *undone = journal_reader_header(run->reader);
    if (!run->options->write || !journal_new_run(id, err)) {
        return !run->options->write;
    }
    char spec_path[PATH_MAX];
    JournalHeader header = {
        .command = "undo",
        .check = run->spec.check,
        .run = id,
        .undoes = undone->run,
        .spec_path = realpath(run->spec_path, spec_path),
        .spec_digest = undone->spec_digest,
        .old_place = place_of(&run->undo.sides[0]),
        .new_place = place_of(&run->undo.sides[1]),
        .started_us = clock_wall_us(),
        .old_identity = run->undo.sides[0].identity,
        .new_identity = run->undo.sides[1].identity,
    };
    if (run->options->journal != NULL) {
        buf_text(&run->journal_path, run->options->journal);
    } else if (!journal_default_path(&header, &run->journal_path, err)) {
        return false;
    }
    return journal_open(run->journal_path.bytes, &header, &run->journal, err);
}

static Exit exit_of_counts(const UndoCounts *counts) {
    if (counts->rows[UNDO_FAILED] > 0) {
        return EXIT_UNKNOWN;
    }
    return counts->rows[UNDO_CHANGED] + counts->rows[UNDO_REFUSED] > 0 ? EXIT_DIFFERS : EXIT_HOLDS;
}

static Exit undo_begun(UndoRun *run) {
    Err err;
    UndoOptions options = {.journal = run->journal, .stop = stop_on_signals()};
    if (journal_torn(run->reader) > 0) {
        say_torn(journal_torn(run->reader));
    }
    bool good = undo_run(&run->undo, &options, (UndoTaker){row_show, run}, &run->counts, &err);
    summary_show(run);
    return good ? exit_of_counts(&run->counts) : say_failure(&err);
}

Exit cmd_undo(const Options *options) {
    Err err;
    UndoRun run = {.options = options};
    Exit status;
    if (!words_enough(options, 1, "a journal: `twofold undo JOURNAL`", &err) ||
        !journal_reader_open(options->words[0], &run.reader, &err) || !spec_find(&run, &err) ||
        !undo_open(&run.undo, run.reader, &run.spec, &err) || !journal_begin(&run, &err)) {
        status = say_failure(&err);
    } else {
        status = undo_begun(&run);
    }
    undo_close(&run.undo);
    journal_close(run.journal);
    journal_reader_close(run.reader);
    buf_free(&run.journal_path);
    arena_free(&run.arena);
    return finish(&run.out, status);
}
