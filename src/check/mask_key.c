/* The environment, or a file of random bytes, in; a key out (mask_key.h). */
#include "check/mask_key.h"

#include "base/state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RANDOM_BYTES = 32, FILE_MOST_BYTES = 4096 };

static const char WHAT[] = "the mask key";
static const char HINT[] = "TWOFOLD_MASK_KEY may hold one, such as the output of `openssl rand -hex 32`.";

static bool key_of(Str secret, const char *where, HashKey *out, Err *err) {
    secret = str_trim(secret);
    if (secret.length < MASK_KEY_LEAST_BYTES) {
        err_set(err, TF_ERROR_USAGE, "cannot use the key in \"%s\": it has fewer than %d characters", where,
                MASK_KEY_LEAST_BYTES);
        return err_hint(err, "%s", HINT);
    }
    return hash_key_of(secret, out, err);
}

/* ---- the file --------------------------------------------------------------------------------------------- */

static bool file_failed(const char *doing, const char *path, Err *err) {
    err_set(err, TF_ERROR_IO, "could not %s \"%s\": %s", doing, path, strerror(errno));
    return err_hint(err, "%s", HINT);
}

static bool random_hex(char out[RANDOM_BYTES * 2 + 2]) {
    unsigned char bytes[RANDOM_BYTES];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(out + i * 2, 3, "%02x", bytes[i]);
    }
    memcpy(out + sizeof(bytes) * 2, "\n", 2);
    return true;
}

/* Written whole under another name first: of two programs that make it at once, both read the same file after. */
static bool file_make(const char *path, Err *err) {
    char hex[RANDOM_BYTES * 2 + 2];
    Buf temporary = {0};
    buf_printf(&temporary, "%s.XXXXXX", path);
    int file = mkostemp(temporary.bytes, O_CLOEXEC); /* with mode 0600 */
    bool good = file >= 0 && random_hex(hex) && write(file, hex, strlen(hex)) == (ssize_t)strlen(hex) &&
                fsync(file) == 0 && (link(temporary.bytes, path) == 0 || errno == EEXIST);
    good = good || file_failed("make", path, err);
    if (file >= 0) {
        close(file);
        unlink(temporary.bytes);
    }
    buf_free(&temporary);
    return good;
}

static bool file_check(int file, const char *path, Err *err) {
    struct stat status;
    if (fstat(file, &status) != 0) {
        return file_failed("read", path, err);
    }
    if (!S_ISREG(status.st_mode)) {
        return err_set(err, TF_ERROR_IO, "cannot use the mask key \"%s\": it is not a file", path);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err_set(err, TF_ERROR_IO, "cannot use the mask key \"%s\": others may read it", path);
        return err_hint(err, "Take their rights with chmod 600, or remove it and let a new one be made.");
    }
    return true;
}

static bool file_read(const char *path, HashKey *out, Err *err) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return file_failed("read", path, err);
    }
    char bytes[FILE_MOST_BYTES];
    ssize_t length = -1;
    bool good = file_check(file, path, err);
    if (good) {
        length = read(file, bytes, sizeof(bytes));
        good = length >= 0 ? key_of((Str){bytes, (size_t)length}, path, out, err) : file_failed("read", path, err);
    }
    close(file);
    return good;
}

static bool is_there(const char *path) {
    return access(path, F_OK) == 0;
}

static bool default_read(HashKey *out, Err *err) {
    Buf path = {0};
    bool good = state_folder(WHAT, &path, err) && state_folder_make(WHAT, path.bytes, err);
    if (!good) {
        err_hint(err, "%s", HINT);
    } else {
        buf_text(&path, "/mask.key");
        good = (is_there(path.bytes) || file_make(path.bytes, err)) && file_read(path.bytes, out, err);
    }
    buf_free(&path);
    return good;
}

bool mask_key_read(HashKey *out, Err *err) {
    static const char NAME[] = "TWOFOLD_MASK_KEY";
    const char *given = getenv(NAME);
    return given != NULL ? key_of(str_of(given), NAME, out, err) : default_read(out, err);
}
