/* `twofold show`: a journal's entries as extended JSON, one a line. */
#include "cmd/commands.h"
#include "cmd/say.h"

#include "repair/journal_read.h"

#include <stdio.h>

static bool entries_print(JournalReader *reader, Err *err) {
    JournalEntry entry;
    Buf line = {0};
    bool good = journal_next(reader, &entry, err);
    while (good && entry.kind != JOURNAL_END) {
        buf_empty(&line);
        journal_entry_json(&entry, &line);
        good = print_out(&line, err) && journal_next(reader, &entry, err);
    }
    buf_free(&line);
    return good;
}

Exit cmd_show(const Options *options) {
    Err err;
    JournalReader *reader = NULL;
    Exit status = EXIT_HOLDS;
    if (!words_enough(options, 1, "a journal: `twofold show JOURNAL`", &err) ||
        !journal_reader_open(options->words[0], &reader, &err) || !entries_print(reader, &err)) {
        status = say_failure(&err);
    } else if (journal_torn(reader) > 0) {
        say_torn(journal_torn(reader));
    }
    journal_reader_close(reader);
    return status;
}
