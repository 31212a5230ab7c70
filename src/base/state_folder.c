/* The environment in, the folder of this user's state out (state_folder.h). */
#include "base/state_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_MODE = 0700 };

/* The XDG rules: a relative XDG_STATE_HOME does not count. */
bool state_folder(const char *what, Buf *out, Err *err) {
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        buf_printf(out, "%s/twofold", state);
    } else if (home != NULL && home[0] == '/') {
        buf_printf(out, "%s/.local/state/twofold", home);
    } else {
        return err_set(err, TF_ERROR_IO, "could not find a place for %s: neither XDG_STATE_HOME nor HOME is set", what);
    }
    return true;
}

/* mkdir -p. `path` is changed and put back. */
bool state_folder_make(const char *what, char *path, Err *err) {
    for (char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
        if (at != NULL) {
            *at = '\0';
        }
        if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST) {
            return err_set(err, TF_ERROR_IO, "could not make the folder \"%s\" of %s: %s", path, what, strerror(errno));
        }
        if (at == NULL) {
            return true;
        }
        *at = '/';
    }
}
