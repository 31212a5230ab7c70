/* A hash that can be made only with the key: HMAC-SHA-256, cut to 64 bits.
 *
 * In: a key and bytes. Out: the same number for the same key and bytes. Without the key a value cannot be found by
 * hashing guesses, however few values there are (names, birthdays); XXH3 promises nothing of the kind.
 */
#ifndef BASE_KEYED_HASH_H
#define BASE_KEYED_HASH_H

#include "base/err.h"
#include "base/text.h"

#include <stdint.h>

typedef struct HashKey {
    unsigned char bytes[32];
} HashKey;

/* From a secret of any length; as hard to guess as the secret. */
MUST_CHECK bool hash_key_of(Str secret, HashKey *out, Err *err);
/* 0 where libcrypto has no memory left: nothing rather than the value. */
uint64_t keyed_hash(const HashKey *key, Str bytes);

#endif
