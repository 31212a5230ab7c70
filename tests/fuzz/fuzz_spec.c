/* Any bytes as a spec: read or refused, never a crash, and an error that is one sentence with its place.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_spec.c src/...
 */
#include "spec/spec_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena arena = {0};
    YamlFile *file = ARENA_NEW(&arena, YamlFile);
    Spec spec;
    Err err = {.text = ""};
    Str text = {(const char *)data, size};
    bool good = yaml_parse(&arena, "spec.yaml", text, file, &err) && spec_of_file(&arena, file, NULL, &spec, &err);
    if (good ? strlen(spec.digest) != 32 : strncmp(err.text, "could", 5) != 0 && strstr(err.text, "cannot ") == NULL) {
        abort();
    }
    if (!good && !utf8_valid(str_of(err.text))) {
        abort();
    }
    arena_free(&arena);
    return 0;
}
