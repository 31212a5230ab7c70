/* Where this user's state is kept from run to run: $XDG_STATE_HOME/twofold, or ~/.local/state/twofold. */
#ifndef BASE_STATE_FOLDER_H
#define BASE_STATE_FOLDER_H

#include "base/err.h"
#include "base/text.h"

/* Appends the folder's path, without a slash at its end. `what` is kept there, for errors: "the ledger". */
MUST_CHECK bool state_folder(const char *what, Buf *out, Err *err);
/* Makes the folder and those above it, with mode 0700; folders that are there keep their mode. */
MUST_CHECK bool state_folder_make(const char *what, char *path, Err *err);

#endif
