/* Making errors. The type and its promises: include/twofold/error.h. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "twofold/error.h"

#include <stdbool.h>

#define MUST_CHECK TF_MUST_CHECK

typedef TfError Err;

/* Sets code and sentence, empties the hint. Always false, so that a failure is one line:
 *     return err_set(err, TF_ERROR_IO, "could not write \"%s\": %s", path, strerror(errno));  */
bool err_set(Err *err, TfErrorCode code, const char *format, ...) TF_PRINTF(3, 4);

/* Adds the next action to an error that was set. Always false. */
bool err_hint(Err *err, const char *format, ...) TF_PRINTF(2, 3);

/* Puts "subject: " style context before the sentence, once, at the boundary that knows it. Always false. */
bool err_prefix(Err *err, const char *format, ...) TF_PRINTF(2, 3);

/* Whether the same call may succeed when it is made again. */
bool err_is_transient(const Err *err);
/* Whether it was asked wrongly, of tables or columns that are not there, too: asked again it fails again. */
bool err_is_usage(const Err *err);

#endif
