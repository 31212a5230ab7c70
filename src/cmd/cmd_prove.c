/* `twofold prove`: the examples inside invariant files, run. */
#include "cmd/commands.h"
#include "cmd/say.h"

#include "spec/library.h"

#include <string.h>

typedef struct Proofs {
    Buf out;
    const char *path;
    size_t good, bad;
} Proofs;

static void note_proof(void *self, const LibraryProof *proof) {
    Proofs *proofs = self;
    if (proof->good) {
        proofs->good++;
        return;
    }
    proofs->bad++;
    buf_printf(&proofs->out, "%s: %s: example \"%s\" %zu should be %s", proofs->path, proof->entry->name,
               proof->example, proof->number, proof->wanted);
    if (proof->problem != NULL) {
        buf_printf(&proofs->out, ": %s\n", proof->problem->text);
    } else {
        buf_printf(&proofs->out, " and is %s\n", proof->got);
    }
}

static bool prove_files(Arena *arena, const char *const *paths, size_t count, Proofs *proofs, Err *err) {
    for (size_t i = 0; i < count; i++) {
        proofs->path = paths[i];
        if (!library_prove(arena, paths[i], note_proof, proofs, err)) {
            return false;
        }
    }
    return true;
}

static bool prove_all(Arena *arena, const Options *options, Proofs *proofs, Err *err) {
    if (options->word_count > 0) {
        return prove_files(arena, options->words, options->word_count, proofs, err);
    }
    const char *folders[2];
    SpecSearch search = search_of(options, folders);
    const char *const *files;
    size_t count;
    return library_files(arena, search.folders[0], &files, &count, err) &&
           prove_files(arena, files, count, proofs, err);
}

Exit cmd_prove(const Options *options) {
    Err err;
    Arena arena = {0};
    Proofs proofs = {.good = 0};
    Exit status = EXIT_HOLDS;
    if (!prove_all(&arena, options, &proofs, &err)) {
        status = say_failure(&err);
    } else {
        buf_printf(&proofs.out, "%zu passed, %zu failed\n", proofs.good, proofs.bad);
        status = proofs.bad > 0 ? EXIT_DIFFERS : proofs.good > 0 ? EXIT_HOLDS : EXIT_UNKNOWN;
    }
    arena_free(&arena);
    return finish(&proofs.out, status);
}
