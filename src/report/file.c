/* Report files that are never half-written (promises: file.h).
 *
 * In: a path and all bytes. Out: a file with these bytes, or an error and the file that was there before.
 * The temporary name ends in six random characters, so that a collector of *.prom files never reads it.
 */
#include "report/file.h"

#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_is_stdout(const char *path) {
    return path != NULL && strcmp(path, "-") == 0;
}

static const char *shown_name(const char *path) {
    return file_is_stdout(path) ? "standard output" : path;
}

static bool is_pipe(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

static bool write_failed(const char *path, Err *err) {
    if (errno == ENXIO && is_pipe(path)) {
        err_set(err, TF_ERROR_IO, "could not write \"%s\": nobody reads this pipe", path);
        return err_hint(err, "Start its reader first.");
    }
    return err_set(err, TF_ERROR_IO, "could not write \"%s\": %s", shown_name(path), strerror(errno));
}

/* Keeps the errno of what failed first. */
static bool close_after(int file, bool good) {
    int cause = errno;
    if (close(file) != 0 && good) {
        return false;
    }
    errno = cause;
    return good;
}

static bool standard_output_write(Str bytes) {
    return fwrite(bytes.bytes, 1, bytes.length, stdout) == bytes.length && fflush(stdout) == 0;
}

/* To open a pipe without a reader would wait for one, which no signal would end; to write waits for the reader. */
static int file_open(const char *path, int flags) {
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | flags, FILE_MODE_PRIVATE);
    int status = file < 0 ? -1 : fcntl(file, F_GETFL);
    if (file >= 0 && (status < 0 || fcntl(file, F_SETFL, status & ~O_NONBLOCK) < 0)) {
        close_after(file, false);
        return -1;
    }
    return file;
}

static bool direct_write(const char *path, Str bytes) {
    int file = file_open(path, 0);
    return file >= 0 && close_after(file, descriptor_write(file, bytes));
}

/* A rename that did not reach the disk leaves the old file: nothing is lost, so failure here is none. */
static void directory_sync(const char *path) {
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
        return;
    }
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        (void)fsync(directory);
        close(directory);
    }
}

/* Where a link leads, also if nothing is there yet; false with errno. */
static bool target_of(const char *path, char target[PATH_MAX]) {
    enum { LINKS_MAX = 40 };
    char link[PATH_MAX], next[PATH_MAX];
    int length = snprintf(target, PATH_MAX, "%s", path);
    for (int links = 0; links < LINKS_MAX && length < PATH_MAX; links++) {
        ssize_t read = readlink(target, link, sizeof(link) - 1);
        if (read < 0) {
            return errno == EINVAL || errno == ENOENT;
        }
        link[read] = '\0';
        const char *slash = link[0] == '/' ? NULL : strrchr(target, '/');
        length = snprintf(next, sizeof(next), "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - target), target, link);
        memcpy(target, next, strlen(next) + 1);
    }
    errno = length < PATH_MAX ? ELOOP : ENAMETOOLONG;
    return false;
}

static bool renamed_write(const char *path, Str bytes, mode_t mode) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return false;
    }
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    bool good = descriptor_write(file, bytes) && fchmod(file, mode) == 0 && fsync(file) == 0;
    good = close_after(file, good) && rename(temporary, path) == 0;
    if (good) {
        directory_sync(path);
    } else {
        int cause = errno;
        unlink(temporary);
        errno = cause;
    }
    return good;
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool place_refused(const char *option, const char *path, const char *why, const char *hint, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot write --%s to \"%s\": %s", option, path, why);
    return err_hint(err, "%s", hint);
}

/* Of a link to what is not there, where that would be. */
static bool folder_of_file(const char *path, char folder[PATH_MAX]) {
    char target[PATH_MAX];
    struct stat status;
    bool there = stat(path, &status) == 0;
    snprintf(target, sizeof(target), "%s", path);
    if (!there && !target_of(path, target)) {
        return false;
    }
    snprintf(folder, PATH_MAX, "%s", dirname(target));
    return true;
}

bool file_place_check(const char *option, const char *path, bool may_be_folder, Err *err) {
    char folder[PATH_MAX];
    size_t length = strlen(path);
    if (file_is_stdout(path)) {
        return true;
    }
    if (length == 0 || length >= sizeof(folder)) {
        return place_refused(option, path, "it is no file's name", "Name a file, or - for standard output.", err);
    }
    bool named_folder = path[length - 1] == '/', wants_folder = named_folder && may_be_folder;
    if (!wants_folder && (named_folder || is_folder(path))) {
        return place_refused(option, path, "it is a folder", "Name a file in it.", err);
    }
    memcpy(folder, path, length + 1);
    return ((wants_folder || folder_of_file(path, folder)) && is_folder(folder)) ||
           place_refused(option, path, "there is no such folder", "Make it first, or name another one.", err);
}

FileIdentity file_identity(Arena *arena, const char *path) {
    char target[PATH_MAX], folder[PATH_MAX];
    struct stat status;
    if (file_is_stdout(path)) {
        return (FileIdentity){.regular = false};
    }
    if (stat(path, &status) == 0) {
        return (FileIdentity){S_ISREG(status.st_mode), status.st_dev, status.st_ino, NULL};
    }
    if (!target_of(path, target)) {
        return (FileIdentity){.regular = false};
    }
    snprintf(folder, sizeof(folder), "%s", target);
    if (stat(dirname(folder), &status) != 0) {
        return (FileIdentity){.regular = false};
    }
    return (FileIdentity){true, status.st_dev, status.st_ino, arena_text(arena, basename(target))};
}

bool file_same(const FileIdentity *a, const FileIdentity *b) {
    return a->regular && b->regular && a->device == b->device && a->inode == b->inode &&
           (a->named == NULL) == (b->named == NULL) && (a->named == NULL || strcmp(a->named, b->named) == 0);
}

bool file_replace(const char *path, Str bytes, mode_t mode, Err *err) {
    char target[PATH_MAX];
    struct stat status;
    bool good;
    if (file_is_stdout(path)) {
        good = standard_output_write(bytes);
    } else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        good = direct_write(path, bytes);
    } else {
        good = target_of(path, target) && renamed_write(target, bytes, mode);
    }
    return good || write_failed(path, err);
}

bool file_create(const char *path, FILE **out, Err *err) {
    if (file_is_stdout(path)) {
        *out = stdout;
        return true;
    }
    int file = file_open(path, O_CREAT | O_TRUNC);
    FILE *stream = file < 0 ? NULL : fdopen(file, "w");
    if (stream == NULL) {
        int cause = errno;
        if (file >= 0) {
            close(file);
        }
        errno = cause;
        return write_failed(path, err);
    }
    *out = stream;
    return true;
}

bool file_finish(FILE *file, const char *path, Err *err) {
    bool failed_before = ferror(file) != 0;
    bool flushed = fflush(file) == 0;
    bool closed = file == stdout || fclose(file) == 0;
    if (failed_before && flushed) {
        errno = EIO;
    }
    return (!failed_before && flushed && closed) || write_failed(path, err);
}
