/* Fuzzes the reader of journals: any bytes as a file, and, since the sums of entries would keep a fuzzer out, the same
 * bytes as one entry whose length and sum were put right. Whatever is accepted is written again as the same bytes. */
#include "repair/journal_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static void little_endian_set(char *bytes, uint64_t number, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)(number >> (8 * i));
    }
}

/* Length in front, the field "sum" and a NUL behind. */
static Buf sealed(const uint8_t *data, size_t size) {
    static const char sum_field[] = "\x12sum"; /* and its NUL */
    Buf document = {0};
    char number[8] = {0};
    little_endian_set(number, size + 4 + sizeof sum_field + 9, 4);
    buf_append(&document, number, 4);
    buf_append(&document, data, size);
    buf_append(&document, sum_field, sizeof sum_field);
    little_endian_set(number, XXH3_64bits(document.bytes, document.length), 8);
    buf_append(&document, number, 8);
    buf_char(&document, '\0');
    return document;
}

static void check_entry(Str document) {
    Arena arena = {0};
    JournalEntry entry;
    Buf again = {0}, json = {0};
    const char *why = NULL;
    if (!journal_entry_read(&arena, document, &entry, &why)) {
        demand(why != NULL);
    } else {
        journal_entry_json(&entry, &json);
        demand(json.length > 2 && journal_entry_write(&entry, &again));
        demand(journal_entry_read(&arena, buf_view(&again), &entry, &why));
    }
    buf_free(&again);
    buf_free(&json);
    arena_free(&arena);
}

static void check_file(Str bytes) {
    char path[64];
    Err err;
    JournalReader *reader = NULL;
    JournalEntry entry;
    int file = memfd_create("journal", MFD_CLOEXEC);
    demand(file >= 0 && write(file, bytes.bytes, bytes.length) == (ssize_t)bytes.length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (journal_reader_open(path, &reader, &err)) {
        while (journal_next(reader, &entry, &err) && entry.kind != JOURNAL_END) {
            demand(entry.document.length > 0);
        }
        journal_reader_close(reader);
    }
    close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Buf document = sealed(data, size);
    check_entry(buf_view(&document));
    check_file(buf_view(&document));
    check_file((Str){(const char *)data, size});
    buf_free(&document);
    return 0;
}
