/* HMAC-SHA-256 by libcrypto, which libpq loads in any case (promises: keyed_hash.h). */
#include "base/keyed_hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { DIGEST_BYTES = 32 };

static bool hmac(const void *key, size_t key_length, Str bytes, unsigned char out[DIGEST_BYTES]) {
    static const unsigned char nothing = 0;
    const unsigned char *data = bytes.length == 0 ? &nothing : (const unsigned char *)bytes.bytes;
    unsigned int length = 0;
    return HMAC(EVP_sha256(), key, (int)key_length, data, bytes.length, out, &length) != NULL && length == DIGEST_BYTES;
}

bool hash_key_of(Str secret, HashKey *out, Err *err) {
    static const char domain[] = "twofold mask 1";
    return hmac(domain, sizeof(domain) - 1, secret, out->bytes) ||
           err_set(err, TF_ERROR_INTERNAL, "cannot mask values: libcrypto does not offer HMAC-SHA-256");
}

uint64_t keyed_hash(const HashKey *key, Str bytes) {
    unsigned char digest[DIGEST_BYTES] = {0};
    uint64_t hash = 0;
    bool good = hmac(key->bytes, sizeof(key->bytes), bytes, digest);
    for (size_t i = 0; good && i < sizeof(hash); i++) {
        hash = hash << 8 | digest[i];
    }
    return hash;
}
