/* Entries of a journal as BSON documents, and back.
 *
 *     {twofold: "header", format: 1, program, command, check, run, undoes, spec: {path, digest}, old, new, trust,
 *      started, old_identity, new_identity, sum}          the identities may be missing
 *     {twofold: "intent", number: 1, at, side: "new", part: 0, relation, transaction, key: [cell...],
 *      before: [cell...] | null, after: [cell...] | null, sum}            cell: {name, type, value: text | null}
 *     {twofold: "outcome", number: 1, at, end: "committed", reason, sum}
 *
 * sum is the XXH3-64 of all that stands before it, the length included: a byte that changed is never taken for a value.
 * A text that is not UTF-8 is kept as binary.
 *
 * Reading promises nothing about who wrote the bytes: whatever is not one of these documents, field by field in this
 * order, is refused with a word why. Depth is bounded by the form itself.
 */
#ifndef REPAIR_JOURNAL_BSON_H
#define REPAIR_JOURNAL_BSON_H

#include "repair/journal.h"

typedef enum JournalKind {
    JOURNAL_HEADER,
    JOURNAL_INTENT,
    JOURNAL_OUTCOME,
    JOURNAL_END /* there is no further entry */
} JournalKind;

typedef struct JournalOutcome {
    int64_t number; /* of the intent */
    int64_t at_us;
    JournalEnd end;
    const char *reason;
} JournalOutcome;

typedef struct JournalEntry {
    JournalKind kind;
    int64_t offset; /* in the file; set by who reads it */
    Str document;   /* the bytes that were read */
    union {
        JournalHeader header;
        JournalIntent intent;
        JournalOutcome outcome;
    } as;
} JournalEntry;

/* Appends the document. False, with nothing appended: longer than JOURNAL_MAX_DOCUMENT, or more cells than fit. */
MUST_CHECK bool journal_entry_write(const JournalEntry *entry, Buf *out);

/* Texts point into `document` or the arena. False: `why` says what is wrong, as the end of a sentence. */
MUST_CHECK bool journal_entry_read(Arena *arena, Str document, JournalEntry *out, const char **why);

/* The length that a document claims by its first four bytes; 0 where no journal's document has such a length. */
size_t journal_document_length(const unsigned char bytes[4]);
/* Whether these bytes, all of them, are a document with the right sum. */
bool journal_document_whole(Str document);

/* MongoDB's canonical extended JSON of a document that was read, one line. */
void journal_entry_json(const JournalEntry *entry, Buf *out);

#endif
