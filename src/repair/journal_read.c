/* A file in, entries out (promises: journal_read.h). */
#include "repair/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEARCH_BYTES = 1 << 16 };

struct JournalReader {
    int file;
    char *path;
    int64_t size;
    int64_t at; /* of the next document */
    int64_t torn;
    int64_t last; /* number of the last intent */
    bool open;    /* it has no outcome yet */
    bool begun;   /* the header has been given out */
    Arena kept;   /* the header's */
    Arena arena;  /* the entry's */
    JournalEntry header;
};

static bool damaged(const JournalReader *reader, int64_t offset, const char *why, Err *err) {
    return err_set(err, TF_ERROR_DATA, "cannot read the journal \"%s\" at byte %lld: %s", reader->path,
                   (long long)offset, why);
}

static bool bytes_read(const JournalReader *reader, int64_t offset, void *out, size_t length, Err *err) {
    char *bytes = out;
    while (length > 0) {
        ssize_t got = pread(reader->file, bytes, length, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return err_set(err, TF_ERROR_IO, "could not read the journal \"%s\": %s", reader->path,
                           got < 0 ? strerror(errno) : "it became shorter");
        }
        bytes += got;
        offset += got;
        length -= (size_t)got;
    }
    return true;
}

/* The bytes of the document at `offset`; empty where no length of one stands there, or it goes beyond the file. */
static bool document_read(const JournalReader *reader, int64_t offset, Arena *arena, Str *out, Err *err) {
    unsigned char length_bytes[4];
    *out = (Str){NULL, 0};
    if (reader->size - offset < (int64_t)sizeof length_bytes) {
        return true;
    }
    if (!bytes_read(reader, offset, length_bytes, sizeof length_bytes, err)) {
        return false;
    }
    size_t length = journal_document_length(length_bytes);
    if (length == 0 || (int64_t)length > reader->size - offset) {
        return true;
    }
    char *bytes = arena_alloc(arena, length);
    *out = (Str){bytes, length};
    return bytes_read(reader, offset, bytes, length, err);
}

/* ---- what a crash leaves, and what it does not ------------------------------------------------------------------- */

/* A whole document begins here: its first bytes look like one, and its sum is right. `budget` is what may still be read
 * to find that out: a file can be made of beginnings alone. */
static bool whole_at(const JournalReader *reader, int64_t offset, Arena *scratch, int64_t *budget, bool *out,
                     Err *err) {
    Str document;
    ArenaMark mark = arena_mark(scratch);
    bool good = document_read(reader, offset, scratch, &document, err);
    *out = good && document.length > 0 && journal_document_whole(document);
    *budget -= good ? (int64_t)document.length : 0;
    arena_rewind(scratch, mark);
    return good &&
           (*budget >= 0 || damaged(reader, offset, "what stands there was made to be looked at for ever", err));
}

/* Every document's bytes 4 to 12: a string named "twofold". */
static const char first_field[] = "\2twofold";

/* Looks for whole documents after `from`. A crash leaves none there: documents are appended one by one. */
static bool whole_after(const JournalReader *reader, int64_t from, int64_t *out_offset, Err *err) {
    Arena scratch = {0};
    char *window = arena_alloc(&scratch, SEARCH_BYTES);
    int64_t budget = INT64_C(4) * JOURNAL_MAX_DOCUMENT;
    bool good = true;
    bool found = false;
    for (int64_t at = from; good && !found && reader->size - at >= (int64_t)sizeof first_field;) {
        size_t length = reader->size - at < SEARCH_BYTES ? (size_t)(reader->size - at) : SEARCH_BYTES;
        good = bytes_read(reader, at, window, length, err);
        for (size_t i = 0; good && !found && i + sizeof first_field <= length; i++) {
            if (memcmp(window + i, first_field, sizeof first_field) == 0 && at + (int64_t)i >= from + 5) {
                *out_offset = at + (int64_t)i - 4;
                good = whole_at(reader, *out_offset, &scratch, &budget, &found, err);
            }
        }
        at += (int64_t)(length - sizeof first_field + 1); /* the field may lie across two windows */
    }
    arena_free(&scratch);
    *out_offset = found ? *out_offset : -1;
    return good;
}

/* No entry begins at reader->at. Either the file was cut off there, or it is damaged. */
static bool torn_or_damaged(JournalReader *reader, Err *err) {
    int64_t next;
    if (reader->size - reader->at > JOURNAL_MAX_DOCUMENT) {
        return damaged(reader, reader->at, "what stands there is damaged", err);
    }
    if (!whole_after(reader, reader->at, &next, err)) {
        return false;
    }
    if (next >= 0) {
        damaged(reader, reader->at, "what stands there is damaged", err);
        return err_hint(err, "Whole entries follow at byte %lld, so this is no torn end.", (long long)next);
    }
    reader->torn = reader->size - reader->at;
    return true;
}

/* ---- entries ----------------------------------------------------------------------------------------------- */

/* Intents are numbered, and an outcome belongs to the intent before it. */
static bool in_order(JournalReader *reader, const JournalEntry *entry, Err *err) {
    if (entry->kind == JOURNAL_HEADER && reader->at > 0) {
        return damaged(reader, entry->offset, "a second header stands there", err);
    }
    if (entry->kind == JOURNAL_INTENT && entry->as.intent.number != reader->last + 1) {
        return damaged(reader, entry->offset, "entries before it are missing", err);
    }
    if (entry->kind == JOURNAL_OUTCOME && (!reader->open || entry->as.outcome.number != reader->last)) {
        return damaged(reader, entry->offset, "an outcome without its intent stands there", err);
    }
    return true;
}

static void entry_passed(JournalReader *reader, const JournalEntry *entry) {
    reader->open = entry->kind == JOURNAL_INTENT;
    reader->last += entry->kind == JOURNAL_INTENT;
    reader->at += (int64_t)entry->document.length;
}

static bool entry_next(JournalReader *reader, Arena *arena, JournalEntry *out, Err *err) {
    Str document;
    const char *why;
    JournalEntry entry = {.kind = JOURNAL_END, .offset = reader->at};
    if (!document_read(reader, reader->at, arena, &document, err)) {
        return false;
    }
    if (!journal_document_whole(document)) {
        *out = entry;
        return torn_or_damaged(reader, err);
    }
    if (!journal_entry_read(arena, document, &entry, &why)) {
        return damaged(reader, reader->at, why, err);
    }
    entry.offset = reader->at;
    if (!in_order(reader, &entry, err)) {
        return false;
    }
    entry_passed(reader, &entry);
    *out = entry;
    return true;
}

bool journal_next(JournalReader *reader, JournalEntry *out, Err *err) {
    if (!reader->begun) {
        reader->begun = true;
        *out = reader->header;
        return true;
    }
    if (reader->at + reader->torn == reader->size) {
        *out = (JournalEntry){.kind = JOURNAL_END, .offset = reader->at};
        return true;
    }
    arena_empty(&reader->arena);
    return entry_next(reader, &reader->arena, out, err);
}

bool journal_entry_at(JournalReader *reader, int64_t offset, JournalEntry *out, Err *err) {
    Str document;
    const char *why = "what stands there is damaged";
    JournalEntry entry;
    arena_empty(&reader->arena);
    if (!document_read(reader, offset, &reader->arena, &document, err)) {
        return false;
    }
    if (!journal_entry_read(&reader->arena, document, &entry, &why)) {
        return damaged(reader, offset, why, err);
    }
    entry.offset = offset;
    *out = entry;
    return true;
}

int64_t journal_torn(const JournalReader *reader) {
    return reader->torn;
}

const JournalHeader *journal_reader_header(const JournalReader *reader) {
    return &reader->header.as.header;
}

/* ---- opening ----------------------------------------------------------------------------------------------- */

static bool file_open(const char *path, int *out_file, int64_t *out_size, Err *err) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer is not waited for */
    if (file < 0 || fstat(file, &status) != 0) {
        err_set(err, TF_ERROR_USAGE, "could not open the journal \"%s\": %s", path, strerror(errno));
        if (file >= 0) {
            close(file);
        }
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        close(file);
        return err_set(err, TF_ERROR_USAGE, "cannot read the journal \"%s\": it is not a file", path);
    }
    *out_file = file;
    *out_size = status.st_size;
    return true;
}

static bool header_read(JournalReader *reader, Err *err) {
    if (!entry_next(reader, &reader->kept, &reader->header, err)) {
        return false;
    }
    if (reader->header.kind == JOURNAL_HEADER) {
        return true;
    }
    err_set(err, TF_ERROR_DATA, "cannot read the journal \"%s\": it does not begin with a journal's header",
            reader->path);
    return err_hint(err, "A header is on the disk before the first row is written: under a journal that was cut off in "
                         "it, nothing was repaired.");
}

bool journal_reader_open(const char *path, JournalReader **out, Err *err) {
    int file = -1;
    int64_t size = 0;
    if (!file_open(path, &file, &size, err)) {
        return false;
    }
    JournalReader *reader = mem_alloc(sizeof *reader);
    *reader = (JournalReader){.file = file, .size = size, .path = mem_alloc(strlen(path) + 1)};
    strcpy(reader->path, path);
    if (!header_read(reader, err)) {
        journal_reader_close(reader);
        return false;
    }
    *out = reader;
    return true;
}

void journal_reader_close(JournalReader *reader) {
    if (reader == NULL) {
        return;
    }
    close(reader->file);
    arena_free(&reader->kept);
    arena_free(&reader->arena);
    free(reader->path);
    free(reader);
}
