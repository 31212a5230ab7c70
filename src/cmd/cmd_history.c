/* `twofold history`: the ledger's runs of a check, newest first. */
#include "cmd/commands.h"
#include "cmd/outputs.h"
#include "cmd/say.h"

#include "ledger/ledger.h"
#include "report/file.h"
#include "report/history.h"

enum { HISTORY_WIDTH = 100 };

typedef struct History {
    Buf table;
    Buf json;
    JsonWriter writer;
    size_t runs;
} History;

static void take_run(void *self, const PastRun *run) {
    History *history = self;
    if (history->runs++ == 0) {
        history_heading_write(&history->table);
    }
    history_line_write(run, HISTORY_WIDTH, &history->table);
    history_json_write(run, &history->writer);
}

static bool history_read(const Options *options, const char *check, History *history, Err *err) {
    Ledger *ledger = NULL;
    history->writer = json_writer(&history->json, true);
    json_begin_array(&history->writer);
    bool good = ledger_open(options->ledger, LEDGER_READ, &ledger, err) &&
                ledger_history(ledger, check, (size_t)options->limit, (PastRunTaker){take_run, history}, err);
    ledger_close(ledger);
    json_end_array(&history->writer);
    buf_char(&history->json, '\n');
    return good;
}

Exit cmd_history(const Options *options) {
    Err err;
    Arena arena = {0};
    History history = {.runs = 0};
    const char *folders[2];
    SpecSearch search = search_of(options, folders);
    Spec spec;
    Exit status = EXIT_HOLDS;
    if (!words_enough(options, 1, "a spec: `twofold history SPEC`", &err) || !outputs_fit(options, &err) ||
        !outputs_apart(options, NULL, &err) || !spec_read(&arena, options->words[0], &search, &spec, &err) ||
        !history_read(options, spec.check, &history, &err)) {
        status = say_failure(&err);
        buf_empty(&history.table);
    } else if (options->json != NULL) {
        buf_empty(&history.table);
        status = file_replace(options->json, buf_view(&history.json), FILE_MODE_PRIVATE, &err) ? EXIT_HOLDS
                                                                                               : say_failure(&err);
    } else if (history.runs == 0) {
        buf_printf(&history.table, "no runs of %s yet\n", spec.check);
    }
    buf_free(&history.json);
    arena_free(&arena);
    return finish(&history.table, status);
}
