/* A journal: every row that a repair wrote, as it was before and after, so that it can be taken back.
 *
 *     journal_open(path, &header, &journal, err)       a new file; one that is there is never written to
 *     journal_intend(journal, &intent, err)            before the commit: what is about to be so
 *     ... commit ...
 *     journal_conclude(journal, JOURNAL_COMMITTED, "", err)      after it: how that ended
 *     journal_close(journal)
 *
 * One write at a time: an intent, its commit, its outcome. Both have reached the disk when the call returns, so that
 * whatever the moment of a crash, a row that was changed has its intent. An intent without an outcome says that the
 * change may have happened: who reads the journal looks at the row.
 *
 * The file is a row of BSON documents (journal_bson.h), one header and then intents and outcomes. It holds real values,
 * also of masked columns, since nothing else could bring them back: its mode is 0600. It holds no passwords.
 */
#ifndef REPAIR_JOURNAL_H
#define REPAIR_JOURNAL_H

#include "source/source.h"

#include <stdint.h>

enum {
    JOURNAL_FORMAT = 1,
    JOURNAL_MAX_CELLS = 1664,        /* of an image: as many as a table or a select list can have */
    JOURNAL_MAX_DOCUMENT = 256 << 20 /* bytes; a row beyond it cannot be journaled, so it is not written either */
};

/* What stood, or stands, under a key. Of a row that is changed: the columns that are; of one that comes or goes: all
 * that can be written. */
typedef struct JournalImage {
    bool present; /* false: no such row */
    RowImage row;
} JournalImage;

typedef struct JournalHeader {
    const char *program; /* version of it */
    const char *command; /* "repair", "undo" */
    const char *check;
    const char *run;       /* of this journal: journal_new_run */
    const char *undoes;    /* of another journal, that this one takes back; "" : none */
    const char *spec_path; /* absolute; "" where it came from standard input */
    const char *spec_digest;
    const char *old_place; /* SourceInfo.place: for people, without passwords */
    const char *new_place;
    const char *trust;  /* "old", "new"; "" for an undo */
    int64_t started_us; /* wall clock; kept to the millisecond */
    const char *old_identity; /* SourceOps.identity: which databases they are; "" where unknown */
    const char *new_identity;
} JournalHeader;

typedef struct JournalIntent {
    int64_t number;          /* 1, 2, 3, ...: given by the journal */
    int64_t at_us;           /* wall clock, to the millisecond: given by the journal */
    bool of_new;             /* the side that is written */
    int64_t part;            /* which of the side's sources: 0, and more only for shards */
    const char *relation;    /* quoted: "public"."orders" */
    const char *transaction; /* that makes the write, as the server numbers it, to be asked about; "" where unknown */
    RowImage key;
    JournalImage before; /* as read under the lock */
    JournalImage after;  /* as it stands after the write, triggers and rounding included; read before the commit */
} JournalIntent;

typedef enum JournalEnd {
    JOURNAL_COMMITTED,   /* the server said so */
    JOURNAL_ROLLED_BACK, /* the server said so */
    JOURNAL_UNKNOWN      /* the answer to the commit was lost; as good as no outcome */
} JournalEnd;

typedef struct Journal Journal;

enum { JOURNAL_RUN_BYTES = 33 };
/* 32 hex digits that no other run has, and a NUL. */
MUST_CHECK bool journal_new_run(char out[JOURNAL_RUN_BYTES], Err *err);

/* A name for a journal that was given none, in this user's state folder, which is made where it is missing:
 * "~/.local/state/twofold/journals/orders-20260102T030405Z-3f2a9c01.repair" (the digits begin the run's). */
MUST_CHECK bool journal_default_path(const JournalHeader *header, Buf *out, Err *err);

/* Makes the file and writes the header. program is filled in where it is NULL; other texts that are NULL count as "".
 */
MUST_CHECK bool journal_open(const char *path, const JournalHeader *header, Journal **out, Err *err);
/* False: nothing of it is in the journal, and the write must not be committed. After a failure the journal takes no
 * further intent. */
MUST_CHECK bool journal_intend(Journal *journal, const JournalIntent *intent, Err *err);
/* Of the intent before it; `reason` may be "". A failure leaves the intent without an outcome. */
MUST_CHECK bool journal_conclude(Journal *journal, JournalEnd end, const char *reason, Err *err);
/* How many intents it took. */
int64_t journal_count(const Journal *journal);
void journal_close(Journal *journal); /* accepts NULL */

#endif
