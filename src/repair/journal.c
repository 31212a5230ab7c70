/* Entries in, a file out that has them on the disk (promises: journal.h).
 *
 * An entry is one write and one sync. A write that did not come through whole, as on a full disk, is taken back, so
 * that the file ends in a whole document; after a sync that failed nobody knows what the disk has, so the journal ends.
 */
#include "repair/journal.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/state_folder.h"
#include "repair/journal_bson.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#ifndef TWOFOLD_VERSION
#define TWOFOLD_VERSION "0.0.0"
#endif

enum { JOURNAL_MODE = 0600 }; /* people's data, also what is masked elsewhere */

struct Journal {
    int file;
    char *path;
    int64_t count; /* intents */
    bool open;     /* the last intent has no outcome yet */
    bool failed;   /* what the disk has is not known any more */
    off_t length;
    Buf document;
    Arena scratch;
};

static bool journal_failed(Journal *journal, const char *what, Err *err) {
    int cause = errno;
    journal->failed = true;
    err_set(err, TF_ERROR_IO, "could not %s the journal \"%s\": %s", what, journal->path, strerror(cause));
    return cause == ENOSPC || cause == EDQUOT ? err_hint(err, "Make room there; nothing is written without a journal.")
                                              : false;
}

/* The document in journal->document. What no reader would take is not written. */
static bool document_append(Journal *journal, Err *err) {
    JournalEntry read;
    const char *why;
    Str bytes = buf_view(&journal->document);
    arena_empty(&journal->scratch);
    if (!journal_entry_read(&journal->scratch, bytes, &read, &why)) {
        return err_set(err, TF_ERROR_DATA, "cannot put this into the journal: %s", why);
    }
    if (!descriptor_write(journal->file, bytes)) {
        int cause = errno;
        (void)!ftruncate(journal->file, journal->length);
        errno = cause;
        return journal_failed(journal, "write", err);
    }
    if (fsync(journal->file) != 0) {
        return journal_failed(journal, "sync", err);
    }
    journal->length += (off_t)bytes.length;
    return true;
}

static bool entry_append(Journal *journal, const JournalEntry *entry, Err *err) {
    buf_empty(&journal->document);
    if (!journal_entry_write(entry, &journal->document)) {
        return err_set(err, TF_ERROR_DATA, "cannot put a row of more than %d MiB or %d columns into the journal",
                       JOURNAL_MAX_DOCUMENT >> 20, JOURNAL_MAX_CELLS);
    }
    return document_append(journal, err);
}

static const char *text_or_empty(const char *text) {
    return text == NULL ? "" : text;
}

static JournalEntry header_entry(const JournalHeader *header) {
    JournalEntry entry = {.kind = JOURNAL_HEADER, .as.header = *header};
    JournalHeader *full = &entry.as.header;
    full->program = header->program == NULL ? TWOFOLD_VERSION : header->program;
    full->started_us = header->started_us == 0 ? clock_wall_us() : header->started_us;
    return entry;
}

/* Some file systems have nothing to sync in a folder, and say EINVAL. */
static bool folder_sync(const char *folder) {
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = file >= 0 && (fsync(file) == 0 || errno == EINVAL);
    int cause = errno;
    if (file >= 0) {
        close(file);
    }
    errno = cause;
    return good;
}

/* A new name is on the disk when its folder is; so is that folder, which may be as new. Those further up may belong to
 * others, and be closed to us. */
static bool name_sync(Journal *journal, Err *err) {
    char copy[PATH_MAX];
    if (realpath(journal->path, copy) == NULL) {
        return journal_failed(journal, "find", err);
    }
    char *folder = dirname(copy);
    if (!folder_sync(folder)) {
        return journal_failed(journal, "sync the folder of", err);
    }
    while (strcmp(folder, "/") != 0) {
        folder = dirname(folder);
        (void)folder_sync(folder);
    }
    return true;
}

static bool file_make(const char *path, int *out, Err *err) {
    *out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, JOURNAL_MODE);
    if (*out >= 0) {
        return true;
    }
    int cause = errno;
    err_set(err, TF_ERROR_IO, "could not make the journal \"%s\": %s", path, strerror(cause));
    return cause == EEXIST ? err_hint(err, "It is the journal of another run: name a new file.") : false;
}

bool journal_open(const char *path, const JournalHeader *header, Journal **out, Err *err) {
    int file;
    if (!file_make(path, &file, err)) {
        return false;
    }
    Journal *journal = mem_alloc(sizeof *journal);
    *journal = (Journal){.file = file, .path = mem_alloc(strlen(path) + 1)};
    strcpy(journal->path, path);
    JournalEntry entry = header_entry(header);
    if (!entry_append(journal, &entry, err) || !name_sync(journal, err)) {
        unlink(path); /* nothing was repaired under it */
        journal_close(journal);
        return false;
    }
    *out = journal;
    return true;
}

bool journal_intend(Journal *journal, const JournalIntent *intent, Err *err) {
    if (journal->failed) {
        return err_set(err, TF_ERROR_IO, "cannot go on with the journal \"%s\": an entry before could not be written",
                       journal->path);
    }
    JournalEntry entry = {.kind = JOURNAL_INTENT, .as.intent = *intent};
    entry.as.intent.number = journal->count + 1;
    entry.as.intent.at_us = clock_wall_us();
    if (!entry_append(journal, &entry, err)) {
        return false;
    }
    journal->count++;
    journal->open = true;
    return true;
}

bool journal_conclude(Journal *journal, JournalEnd end, const char *reason, Err *err) {
    if (!journal->open || journal->failed) {
        return err_set(err, TF_ERROR_INTERNAL, "cannot journal an outcome: no intent is open");
    }
    journal->open = false;
    JournalOutcome outcome = {journal->count, clock_wall_us(), end, text_or_empty(reason)};
    JournalEntry entry = {.kind = JOURNAL_OUTCOME, .as.outcome = outcome};
    return entry_append(journal, &entry, err);
}

int64_t journal_count(const Journal *journal) {
    return journal->count;
}

void journal_close(Journal *journal) {
    if (journal == NULL) {
        return;
    }
    close(journal->file);
    buf_free(&journal->document);
    arena_free(&journal->scratch);
    free(journal->path);
    free(journal);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

bool journal_new_run(char out[JOURNAL_RUN_BYTES], Err *err) {
    unsigned char bytes[(JOURNAL_RUN_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return err_set(err, TF_ERROR_IO, "could not make the number of a run: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

bool journal_default_path(const JournalHeader *header, Buf *out, Err *err) {
    static const char what[] = "the journal";
    char time[21];
    clock_format_utc(header->started_us, time);
    if (!state_folder(what, out, err)) {
        return false;
    }
    buf_text(out, "/journals");
    if (!state_folder_make(what, out->bytes, err)) {
        return false;
    }
    buf_printf(out, "/%s-", header->check);
    for (const char *at = time; *at != '\0'; at++) {
        if (*at != '-' && *at != ':') {
            buf_char(out, *at);
        }
    }
    buf_printf(out, "-%.8s.%s", header->run, header->command);
    return true;
}
