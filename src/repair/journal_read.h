/* Reading a journal, which may have been cut off by a crash, damaged, or made to do harm.
 *
 *     journal_reader_open(path, &reader, err);
 *     do { journal_next(reader, &entry, err) } while (entry.kind != JOURNAL_END);      header, intents and outcomes
 *
 * Promises: entries come in the order of the file; intents are numbered 1, 2, 3, ...; an outcome belongs to the intent
 * right before it. What a crash leaves at the end of a file, the beginning of a document, is not an entry and not an
 * error: journal_torn says how much there was. All else that is not an entry is an error with its byte offset: also a
 * damaged document with whole ones after it, whatever length it claims.
 *
 * Memory: the longest document.
 */
#ifndef REPAIR_JOURNAL_READ_H
#define REPAIR_JOURNAL_READ_H

#include "repair/journal_bson.h"

typedef struct JournalReader JournalReader;

/* The header has been read when this returns. */
MUST_CHECK bool journal_reader_open(const char *path, JournalReader **out, Err *err);
void journal_reader_close(JournalReader *reader);                        /* accepts NULL */
const JournalHeader *journal_reader_header(const JournalReader *reader); /* as long as the reader */

/* The entry is valid until the next call. */
MUST_CHECK bool journal_next(JournalReader *reader, JournalEntry *out, Err *err);
/* The entry at an offset that journal_next gave, once more. Does not move journal_next. */
MUST_CHECK bool journal_entry_at(JournalReader *reader, int64_t offset, JournalEntry *out, Err *err);
/* After JOURNAL_END: bytes at the end that are no whole document. */
int64_t journal_torn(const JournalReader *reader);

#endif
