/* Masks: which columns, which hashes, and what errors may still say. */
#include "check/mask.h"
#include "check/mask_key.h"
#include "spec/spec_parts.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a source that only describes ------------------------------------------------------------------------- */

typedef struct Scripted {
    Source base;
    const RelationColumn *columns;
    size_t count;
} Scripted;

static bool scripted_describe(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    const Scripted *self = (const Scripted *)(const void *)source;
    (void)err;
    *out = (Relation){.name = arena_printf(arena, "\"%s\"", ref->table), .what = "table", .key_count = 1};
    out->columns = ARENA_MANY(arena, self->count, RelationColumn);
    memcpy(out->columns, self->columns, self->count * sizeof(RelationColumn));
    out->column_count = self->count;
    return true;
}

static bool scripted_begin(Source *source, const char *snapshot, Err *err) {
    (void)source;
    (void)snapshot;
    (void)err;
    return true;
}

static bool scripted_end(Source *source, Err *err) {
    (void)source;
    (void)err;
    return true;
}

static const SourceOps SCRIPTED_OPS = {
    .scheme = "scripted", .begin = scripted_begin, .describe = scripted_describe, .end = scripted_end};

#define COLUMN(name_, type_, kind_)                                                                                    \
    { .name = name_, .type = type_, .family = type_, .kind = kind_, .element = KIND_DECIMAL }

static const RelationColumn OLD_COLUMNS[] = {
    COLUMN("id", "integer", KIND_INT),
    COLUMN("email", "text", KIND_TEXT),
    COLUMN("paid", "numeric", KIND_DECIMAL),
    COLUMN("tags", "numeric[]", KIND_ARRAY),
};
static const RelationColumn NEW_COLUMNS[] = {
    COLUMN("person", "bigint", KIND_INT),
    COLUMN("mail", "text", KIND_TEXT),
    COLUMN("paid", "bigint", KIND_INT),
    COLUMN("login", "text", KIND_TEXT),
};

typedef struct Trial {
    Arena arena;
    Spec spec;
    Match match;
    HashKey key;
    Err err;
} Trial;

static bool try_mask(Trial *trial, const char *text) {
    static const char SIDES[] = "check: a\nold: {source: x, table: people}\nnew: {table: people_v2, key: [person]}\n"
                                "equal: [{old: email, new: mail}, paid, {old: email, new: login}]\n";
    YamlFile *file = ARENA_NEW(&trial->arena, YamlFile);
    Scripted old = {{&SCRIPTED_OPS}, OLD_COLUMNS, 4};
    Scripted new_ = {{&SCRIPTED_OPS}, NEW_COLUMNS, 4};
    Str whole = str_of(arena_printf(&trial->arena, "%s%s", SIDES, text));
    bool good = yaml_parse(&trial->arena, "spec.yaml", whole, file, &trial->err) &&
                spec_of_file(&trial->arena, file, NULL, &trial->spec, &trial->err) &&
                match_make(&trial->arena, &trial->spec, &old.base, &new_.base, &trial->match, &trial->err) &&
                hash_key_of(STR_LITERAL("sixteen letters!"), &trial->key, &trial->err);
    trial->match.mask_key = good && trial->match.masks ? &trial->key : NULL;
    return good;
}

/* "1011": which columns of the side are masked. */
static void check_masked(const MatchSide *side, const char *want) {
    char got[5] = "";
    for (size_t i = 0; i < side->relation.column_count; i++) {
        got[i] = side->masked[i] ? '1' : '0';
    }
    CHECK_TEXT(got, want);
}

static void names_mask_both_sides(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(try_mask(&trial, "mask: [paid, tags]\n"));
    check_masked(&trial.match.old, "0011");
    check_masked(&trial.match.new_, "0010");
    CHECK(!mask_hides_key(&trial.match));
    arena_free(&trial.arena);
}

static void partners_are_masked_with_it(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(try_mask(&trial, "mask: [login, id]\n"));
    check_masked(&trial.match.old, "1100");
    check_masked(&trial.match.new_, "1101");
    CHECK(mask_hides_key(&trial.match));
    arena_free(&trial.arena);
}

static void unknown_names_are_refused(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(!try_mask(&trial, "mask: [email, logn]\n"));
    CHECK_TEXT(trial.err.text, "spec.yaml:5:15: cannot mask \"logn\": there is no such column\n"
                               "    mask: [email, logn]\n"
                               "                  ^~~~");
    CHECK_TEXT(trial.err.hint, "Did you mean \"login\"?");
    CHECK(!try_mask(&trial, "mask: [email, email]\n"));
    CHECK(strstr(trial.err.text, "cannot use \"email\" twice in \"mask\"") != NULL);
    CHECK(!try_mask(&trial, "mask: {email: true}\n"));
    CHECK(strstr(trial.err.text, "it takes a list of names") != NULL);
    arena_free(&trial.arena);
}

static void a_mask_is_part_of_the_meaning(void) {
    Trial plain = {.err = {.text = ""}}, masked = {.err = {.text = ""}};
    CHECK(try_mask(&plain, "") && try_mask(&masked, "mask: email\n"));
    CHECK(strcmp(plain.spec.digest, masked.spec.digest) != 0);
    CHECK(!plain.match.masks && masked.match.masks);
    arena_free(&plain.arena);
    arena_free(&masked.arena);
}

/* ---- values ----------------------------------------------------------------------------------------------- */

static Value parsed(Trial *trial, Kind kind, const char *text) {
    Value value = {.state = CELL_NULL};
    CHECK(value_parse(&trial->arena, kind, str_of(text), &value));
    return value;
}

static Str shown(Trial *trial, const MatchSide *side, size_t column, Value value) {
    Value masked = mask_value(&trial->match, side, column, &trial->arena, value);
    CHECK(masked.state == CELL_VALUE && masked.kind == KIND_TEXT && str_starts_with(masked.as.text, "masked:"));
    CHECK(masked.as.text.length == strlen("masked:") + 16);
    return masked.as.text;
}

static void equal_values_mask_alike(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(try_mask(&trial, "mask: [paid, tags, email]\n"));
    const MatchSide *old = &trial.match.old, *new_ = &trial.match.new_;
    Str one = shown(&trial, old, 2, parsed(&trial, KIND_DECIMAL, "1.0"));
    CHECK(str_equal(one, shown(&trial, old, 2, parsed(&trial, KIND_DECIMAL, "1.00"))));
    CHECK(str_equal(one, shown(&trial, new_, 2, parsed(&trial, KIND_INT, "1"))));
    CHECK(!str_equal(one, shown(&trial, old, 2, parsed(&trial, KIND_DECIMAL, "1.01"))));
    Value array = {.kind = KIND_ARRAY, .state = CELL_VALUE, .as.text = STR_LITERAL("{1.0,2}")};
    Value same = {.kind = KIND_ARRAY, .state = CELL_VALUE, .as.text = STR_LITERAL("{1,2.00}")};
    CHECK(str_equal(shown(&trial, old, 3, array), shown(&trial, old, 3, same)));
    Value odd = {.kind = KIND_INT, .state = CELL_ODD, .as.text = STR_LITERAL("one")};
    CHECK(!str_equal(one, shown(&trial, new_, 2, odd)));
    Value null = mask_value(&trial.match, old, 2, &trial.arena, (Value){.kind = KIND_DECIMAL, .state = CELL_NULL});
    CHECK(null.state == CELL_NULL);
    Value id = mask_value(&trial.match, old, 0, &trial.arena, parsed(&trial, KIND_INT, "7"));
    CHECK(id.kind == KIND_INT && id.as.integer == 7);
    arena_free(&trial.arena);
}

static void cells_are_masked_by_name(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(try_mask(&trial, "mask: [email, person]\n"));
    Value key = parsed(&trial, KIND_INT, "7");
    FindingCell old[] = {{"email", parsed(&trial, KIND_TEXT, "ann")}, {"paid", parsed(&trial, KIND_DECIMAL, "2")}};
    FindingCell new_[] = {{"mail", parsed(&trial, KIND_TEXT, "ann")}};
    Finding finding = {.key = &key, .key_count = 1, .old = old, .old_count = 2, .new_ = new_, .new_count = 1};
    Finding masked = mask_cells(&trial.match, &trial.arena, &finding);
    CHECK(str_starts_with(masked.old[0].value.as.text, "masked:"));
    CHECK(masked.old[1].value.kind == KIND_DECIMAL);
    CHECK(str_equal(masked.old[0].value.as.text, masked.new_[0].value.as.text));
    CHECK(masked.key == &key);
    CHECK(str_starts_with(mask_key(&trial.match, &trial.arena, &key)->as.text, "masked:"));
    trial.match.mask_key = NULL; /* nothing is masked: nothing is copied */
    CHECK(mask_cells(&trial.match, &trial.arena, &finding).old == old && mask_key(&trial.match, NULL, &key) == &key);
    arena_free(&trial.arena);
}

static void digests_keep_equality_alone(void) {
    Trial trial = {.err = {.text = ""}};
    CHECK(try_mask(&trial, "mask: email\n"));
    Digest digest = {.low = 1, .high = 2, .rows = 3}, same = digest, other = {.low = 2, .high = 2, .rows = 3};
    Digest masked = mask_digest(&trial.match, digest), masked_same = mask_digest(&trial.match, same);
    Digest masked_other = mask_digest(&trial.match, other);
    CHECK(digest_equal(&masked, &masked_same) && !digest_equal(&masked, &masked_other));
    CHECK(masked.low != 1 && masked.high != 2 && masked.low != masked.high && masked.rows == 3);
    trial.match.mask_key = NULL;
    masked = mask_digest(&trial.match, digest);
    CHECK(digest_equal(&masked, &digest));
    arena_free(&trial.arena);
}

/* ---- errors ----------------------------------------------------------------------------------------------- */

typedef struct ErrorCase {
    TfErrorCode code;
    const char *text, *want;
} ErrorCase;

static void errors_quote_no_values(void) {
    static const ErrorCase CASES[] = {
        {TF_ERROR_DATA, "cannot read \"public\".\"people\": invalid input syntax for type integer: \"ann\"",
         "cannot read \"public\".\"people\": invalid input syntax for type integer: (masked)"},
        {TF_ERROR_DATA, "could not read people: rows came out of key order at key (ann, 2)",
         "could not read people: rows came out of key order at key (masked)"},
        {TF_ERROR_DATA, "could not read people: x(", "could not read people: x(masked)"},
        {TF_ERROR_CONFLICT, "could not read people: unit \"ann\" not recognized",
         "could not read people: unit (masked)"},
        {TF_ERROR_DATA, "cannot read people: division by zero", "cannot read people: division by zero"},
        {TF_ERROR_SCHEMA, "cannot read people: column \"email\" does not exist",
         "cannot read people: column \"email\" does not exist"},
        {TF_ERROR_DATA, "no colon \"ann\"", "no colon \"ann\""},
    };
    Match match = {.masks = true}, open = {.masks = false};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Err err;
        err_set(&err, CASES[i].code, "%s", CASES[i].text);
        mask_error(&open, &err);
        CHECK_TEXT(err.text, CASES[i].text);
        mask_error(&match, &err);
        CHECK_TEXT(err.text, CASES[i].want);
    }
    Err full = {.code = TF_ERROR_DATA};
    memset(full.text, 'x', sizeof(full.text) - 1);
    memcpy(full.text + sizeof(full.text) - 6, ": \"an", 6);
    mask_error(&match, &full);
    CHECK(memchr(full.text, '"', sizeof(full.text)) == NULL && strlen(full.text) < sizeof(full.text));
}

/* ---- the key ---------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/twofold-mask.XXXXXX";

static void the_key_is_made_once(void) {
    HashKey first, again, given;
    Err err;
    struct stat status;
    char path[64];
    unsetenv("TWOFOLD_MASK_KEY");
    setenv("XDG_STATE_HOME", folder, 1);
    CHECK(mask_key_read(&first, &err) && mask_key_read(&again, &err));
    CHECK(memcmp(&first, &again, sizeof(first)) == 0);
    snprintf(path, sizeof(path), "%s/twofold/mask.key", folder);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600 && status.st_size == 65);
    setenv("TWOFOLD_MASK_KEY", "sixteen letters!", 1);
    CHECK(mask_key_read(&given, &err) && memcmp(&first, &given, sizeof(first)) != 0);
    setenv("TWOFOLD_MASK_KEY", "too short", 1);
    CHECK(!mask_key_read(&given, &err));
    CHECK_TEXT(err.text, "cannot use the key in \"TWOFOLD_MASK_KEY\": it has fewer than 16 characters");
    CHECK(strstr(err.text, "too short") == NULL);
    unsetenv("TWOFOLD_MASK_KEY");
    CHECK(chmod(path, 0640) == 0 && !mask_key_read(&given, &err));
    CHECK(strstr(err.text, "others may read it") != NULL);
    CHECK(unlink(path) == 0 && mask_key_read(&again, &err) && memcmp(&first, &again, sizeof(first)) != 0);
    CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0 && !mask_key_read(&given, &err));
    CHECK(strstr(err.text, "it is not a file") != NULL);
    setenv("XDG_STATE_HOME", "/proc/nowhere", 1);
    CHECK(!mask_key_read(&given, &err) && strstr(err.hint, "TWOFOLD_MASK_KEY") != NULL);
}

int main(void) {
    TEST_RUN(names_mask_both_sides);
    TEST_RUN(partners_are_masked_with_it);
    TEST_RUN(unknown_names_are_refused);
    TEST_RUN(a_mask_is_part_of_the_meaning);
    TEST_RUN(equal_values_mask_alike);
    TEST_RUN(cells_are_masked_by_name);
    TEST_RUN(digests_keep_equality_alone);
    TEST_RUN(errors_quote_no_values);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    TEST_RUN(the_key_is_made_once);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    CHECK(system(command) == 0);
    return test_finish();
}
