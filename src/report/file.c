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

static bool is_standard_output(const char *path) {
    return strcmp(path, "-") == 0;
}

static const char *shown_name(const char *path) {
    return is_standard_output(path) ? "standard output" : path;
}

static bool write_failed(const char *path, Err *err) {
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

static bool direct_write(const char *path, Str bytes) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
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

bool file_place_check(const char *option, const char *path, bool may_be_folder, Err *err) {
    char folder[PATH_MAX];
    size_t length = strlen(path);
    if (is_standard_output(path)) {
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
    return is_folder(wants_folder ? folder : dirname(folder)) ||
           place_refused(option, path, "there is no such folder", "Make it first, or name another one.", err);
}

bool file_replace(const char *path, Str bytes, mode_t mode, Err *err) {
    char target[PATH_MAX];
    struct stat status;
    bool good;
    if (is_standard_output(path)) {
        good = standard_output_write(bytes);
    } else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        good = direct_write(path, bytes);
    } else if (realpath(path, target) != NULL) {
        good = renamed_write(target, bytes, mode);
    } else {
        good = renamed_write(path, bytes, mode);
    }
    return good || write_failed(path, err);
}

bool file_create(const char *path, FILE **out, Err *err) {
    if (is_standard_output(path)) {
        *out = stdout;
        return true;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE_PRIVATE);
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
