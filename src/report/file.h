/* Report files that are never half-written.
 *
 * file_replace writes to a temporary file in the same directory, syncs it and renames it over `path`: a reader sees
 * the old bytes or the new ones. A symbolic link is followed, also to what is not there yet; what is not a regular file
 * (a pipe, /dev/null) is written to directly, a pipe only if somebody reads it; "-" is standard output. On failure the
 * old file stands and the temporary one is gone.
 */
#ifndef REPORT_FILE_H
#define REPORT_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#include <stdio.h>
#include <sys/types.h>

enum {
    FILE_MODE_PRIVATE = 0600, /* rows of people's data */
    FILE_MODE_SHARED = 0644   /* figures that another user's exporter reads */
};

bool file_is_stdout(const char *path); /* NULL, that is no output, is none */

MUST_CHECK bool file_replace(const char *path, Str bytes, mode_t mode, Err *err);

/* Before anything is read: whether a file can lie there. Refuses (TF_ERROR_USAGE) a path that is a folder, or is in
 * none; "DIR/", where it `may_be_folder`, is one in which files will be. Rights and room show only when it is written.
 */
MUST_CHECK bool file_place_check(const char *option, const char *path, bool may_be_folder, Err *err);

/* Which file a path names, links followed. Of one that is not there yet: its name, and which folder it will be in. */
typedef struct FileIdentity {
    bool regular; /* it is, or can become, a file that a second writer would replace */
    dev_t device;
    ino_t inode;       /* of the file, or of its folder */
    const char *named; /* NULL: the file is there. In the arena */
} FileIdentity;

FileIdentity file_identity(Arena *arena, const char *path);
bool file_same(const FileIdentity *a, const FileIdentity *b);

/* For lines that come one by one: a new, empty, private file, or standard output for "-". */
MUST_CHECK bool file_create(const char *path, FILE **out, Err *err);
/* Flushes and closes (standard output stays open); false where any write before it failed, or this one does. */
MUST_CHECK bool file_finish(FILE *file, const char *path, Err *err);

#endif
