/* Keyed hashes against Python's hmac, and that key and bytes decide alone. */
#include "base/keyed_hash.h"
#include "test.h"

static HashKey counted_key(void) {
    HashKey key;
    for (size_t i = 0; i < sizeof(key.bytes); i++) {
        key.bytes[i] = (unsigned char)i;
    }
    return key;
}

static void it_is_hmac_sha_256(void) {
    HashKey key = counted_key();
    CHECK(keyed_hash(&key, STR_LITERAL("")) == 0xd38b42096d80f45f);
    CHECK(keyed_hash(&key, (Str){NULL, 0}) == 0xd38b42096d80f45f);
    CHECK(keyed_hash(&key, STR_LITERAL("Hi There")) == 0x278639ec02309d3a);
}

static void the_key_decides(void) {
    HashKey key, same, other;
    Err err;
    CHECK(hash_key_of(STR_LITERAL("a secret"), &key, &err));
    CHECK(hash_key_of(STR_LITERAL("a secret"), &same, &err));
    CHECK(hash_key_of(STR_LITERAL("a secreu"), &other, &err));
    CHECK(keyed_hash(&key, STR_LITERAL("x")) == 0xa6b293784d2ef1dc);
    CHECK(keyed_hash(&key, STR_LITERAL("x")) == keyed_hash(&same, STR_LITERAL("x")));
    CHECK(keyed_hash(&key, STR_LITERAL("x")) != keyed_hash(&other, STR_LITERAL("x")));
    CHECK(keyed_hash(&key, STR_LITERAL("x")) != keyed_hash(&key, STR_LITERAL("y")));
}

int main(void) {
    TEST_RUN(it_is_hmac_sha_256);
    TEST_RUN(the_key_decides);
    return test_finish();
}
