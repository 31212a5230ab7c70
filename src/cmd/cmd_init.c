/* `twofold init`: a first spec from two schemas. No row is read. */
#include "cmd/commands.h"
#include "cmd/say.h"

#include "spec/guess.h"

/* A relation as the command line names it: without a key, so that tables without a primary key are drafted, too. */
static bool describe(const char *url, const char *table, Arena *arena, Relation *out, Err *err) {
    RelationRef ref = {.table = table, .key_optional = true};
    Source *source = NULL;
    bool good = source_open(url, "twofold/init", &source, err) && source->ops->begin(source, NULL, err) &&
                source->ops->describe(source, &ref, arena, out, err) && source->ops->end(source, err);
    source_close(source);
    return good;
}

Exit cmd_init(const Options *options) {
    Err err;
    Arena arena = {0};
    Buf out = {0};
    Relation old, new_;
    Exit status = EXIT_HOLDS;
    const char *const *words = options->words;
    if (!words_enough(options, 4, "both sides: `twofold init OLD_URL OLD_TABLE NEW_URL NEW_TABLE`", &err) ||
        !describe(words[0], words[1], &arena, &old, &err) || !describe(words[2], words[3], &arena, &new_, &err)) {
        status = say_failure(&err);
    } else {
        GuessSide old_side = {words[0], words[1], &old};
        GuessSide new_side = {words[2], words[3], &new_};
        guess_spec(&arena, &old_side, &new_side, &out);
    }
    arena_free(&arena);
    return finish(&out, status);
}
