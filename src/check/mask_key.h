/* The key that masked values are hashed with: one for all checks of a user, so that runs can be compared.
 *
 * From TWOFOLD_MASK_KEY, else from mask.key beside the default ledger, which is made of random bytes, with mode 0600,
 * when it is first needed.
 * Refuses: keys of fewer than MASK_KEY_LEAST_BYTES, and a file that others may read.
 */
#ifndef CHECK_MASK_KEY_H
#define CHECK_MASK_KEY_H

#include "base/err.h"
#include "base/keyed_hash.h"

enum { MASK_KEY_LEAST_BYTES = 16 };

MUST_CHECK bool mask_key_read(HashKey *out, Err *err);

#endif
