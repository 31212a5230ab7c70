/* Ready invariants: every one in invariants/ does what it says; using, finding and expanding them. */
#include "test.h"

#include "spec/library.h"
#include "spec/spec_parts.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The repository's invariants/, found from this file. */
static const char *library_folder(Arena *arena) {
    const char *tail = strstr(__FILE__, "tests/unit/");
    size_t length = tail == NULL ? 0 : (size_t)(tail - __FILE__);
    return arena_printf(arena, "%.*sinvariants", (int)length, __FILE__);
}

/* ---- the library itself ------------------------------------------------------------------------------- */

typedef struct Proofs {
    size_t passes, fails, bad;
    char last[2000];
} Proofs;

static void note_proof(void *self, const LibraryProof *proof) {
    Proofs *proofs = self;
    proofs->passes += strcmp(proof->example, "passes") == 0;
    proofs->fails += strcmp(proof->example, "fails") == 0;
    if (!proof->good) {
        proofs->bad++;
        snprintf(proofs->last, sizeof(proofs->last), "%s %s %zu: wanted %s, got %s: %s", proof->entry->name,
                 proof->example, proof->number, proof->wanted, proof->got,
                 proof->problem == NULL ? "" : proof->problem->text);
    }
}

static void proves_every_ready_invariant(void) {
    Arena arena = {0};
    const char *const *files;
    size_t count;
    Err err;
    Proofs proofs = {0};
    if (!CHECK(library_files(&arena, library_folder(&arena), &files, &count, &err))) {
        printf("    %s\n", err.text);
        return;
    }
    CHECK(count >= 9);
    for (size_t i = 0; i < count; i++) {
        if (!CHECK(library_prove(&arena, files[i], note_proof, &proofs, &err))) {
            printf("    %s\n", err.text);
        }
    }
    CHECK_TEXT(proofs.last, "");
    CHECK(proofs.bad == 0 && proofs.passes >= 80 && proofs.fails >= 80);
    arena_free(&arena);
}

static void gives_every_entry_a_reason(void) {
    Arena arena = {0};
    const char *const *files;
    size_t count;
    Err err;
    CHECK(library_files(&arena, library_folder(&arena), &files, &count, &err));
    for (size_t i = 0; i < count; i++) {
        Library library;
        CHECK(library_open(&arena, files[i], &library, &err));
        for (size_t e = 0; e < library.count; e++) {
            const LibraryEntry *entry = &library.entries[e];
            CHECK(entry->why[strlen(entry->why) - 1] == '.');
            CHECK(entry->examples[0] != NULL && entry->examples[1] != NULL && entry->parameter_count > 0);
        }
    }
    arena_free(&arena);
}

/* ---- files that are wrong ----------------------------------------------------------------------------- */

typedef struct Folder {
    char path[64];
    char file[96];
} Folder;

static Folder folder_make(const char *text) {
    Folder folder = {.path = "/tmp/twofold-library-XXXXXX"};
    CHECK(mkdtemp(folder.path) != NULL);
    snprintf(folder.file, sizeof(folder.file), "%s/mine.yaml", folder.path);
    FILE *file = fopen(folder.file, "w");
    if (CHECK(file != NULL)) {
        fputs(text, file);
        fclose(file);
    }
    return folder;
}

static void folder_remove(const Folder *folder) {
    unlink(folder->file);
    rmdir(folder->path);
}

typedef struct BadLibrary {
    const char *text;
    const char *error; /* behind the file's name */
} BadLibrary;

#define REST "  holds: a = 1\n  passes: {a: 1}\n  fails: {a: 2}\n"

static void refuses_entries_that_are_none(void) {
    static const BadLibrary BAD[] = {
        {"one: {}\n", ":1:6: cannot use one: \"why\" is missing"},
        {"one:\n  why: x\n  parameters: {a: number}\n" REST, ":3:19: cannot use \"number\" as the kind of a parameter"},
        {"one:\n  why: x\n  parameters: {A: integer}\n" REST, ":3:16: cannot use \"A\" as the name of a parameter"},
        {"one:\n  why: x\n  parameters: {}\n" REST, ":3:15: cannot use 0 parameters"},
        {"one:\n  why: x\n  parameters: {a: {kind: integer, default: 1 +}}\n" REST,
         ":3:47: cannot read the expression"},
        {"one:\n  why: x\n  parameters: {a: {knd: integer}}\n" REST, ":3:20: cannot use key \"knd\" in a: no such key"},
        {"one:\n  why: x\n  parameters: {a: integer}\n  holds: a = = 1\n  passes: {a: 1}\n  fails: {a: 2}\n",
         ":4:14: cannot read the expression"},
        {"[]\n", "it holds no ready invariants"},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        Arena arena = {0};
        Library library;
        Err err = {.text = ""};
        Folder folder = folder_make(BAD[i].text);
        CHECK(!library_open(&arena, folder.file, &library, &err));
        if (!CHECK(strstr(err.text, BAD[i].error) != NULL)) {
            printf("    wanted %s\n    got    %s\n", BAD[i].error, err.text);
        }
        folder_remove(&folder);
        arena_free(&arena);
    }
}

/* An example that is wrong is a report; the rest of the file is proved all the same. */
static void reports_examples_that_lie(void) {
    static const BadLibrary BAD[] = {
        {"passes: {a: 2}\n  fails: {a: 3}\n", "one passes 1: wanted true, got false: "},
        {"passes: {a: 1}\n  fails: [{a: 2}, {a: 1}]\n", "one fails 2: wanted false, got true: "},
        {"passes: {a: 1}\n  fails: {a: null}\n", "one fails 1: wanted false, got unknown: "},
        {"passes: {a: one}\n  fails: {a: 2}\n", "cannot use this for \"a\": it is no integer"},
        {"passes: {}\n  fails: {a: 2}\n", "cannot run the example: \"a\" is missing"},
        {"passes: {a: 1, ab: 1}\n  fails: {a: 2}\n", "cannot use parameter \"ab\": one has no such parameter"},
        {"passes: [1]\n  fails: {a: 2}\n", "cannot use a text for \"an example\": it takes a mapping"},
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        Arena arena = {0};
        Err err = {.text = ""};
        Proofs proofs = {0};
        Folder folder = folder_make(
            arena_printf(&arena, "one:\n  why: x\n  parameters: {a: integer}\n  holds: a = 1\n  %s", BAD[i].text));
        CHECK(library_prove(&arena, folder.file, note_proof, &proofs, &err));
        CHECK(proofs.bad == 1);
        if (!CHECK(strstr(proofs.last, BAD[i].error) != NULL)) {
            printf("    wanted %s\n    got    %s\n", BAD[i].error, proofs.last);
        }
        folder_remove(&folder);
        arena_free(&arena);
    }
}

static void binds_what_an_entry_says(void) {
    Arena arena = {0};
    Err err;
    Proofs proofs = {0};
    Folder folder = folder_make("one:\n  why: x\n  parameters: {a: integer}\n  holds: a || 'x' = b\n"
                                "  passes: {a: 1}\n  fails: {a: 2}\n");
    CHECK(library_prove(&arena, folder.file, note_proof, &proofs, &err));
    CHECK(proofs.bad == 2);
    CHECK(strstr(proofs.last, "mine.yaml:4:") != NULL);
    folder_remove(&folder);
    arena_free(&arena);
}

/* ---- use ---------------------------------------------------------------------------------------------- */

static bool read_use(Arena *arena, const char *entry, const SpecSearch *search, Spec *out, Err *err) {
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    const char *text =
        arena_printf(arena, "check: a\nold: {source: x, table: t}\nnew: {table: u}\ninvariants:\n  - %s\n", entry);
    return yaml_parse(arena, "/nowhere/spec.yaml", str_of(text), file, err) &&
           spec_of_file(arena, file, search, out, err);
}

typedef struct Use {
    const char *entry;
    const char *outcome; /* the expression, or the error behind "/nowhere/spec.yaml:" */
    const char *hint;
} Use;

static void expands_what_is_used(void) {
    static const Use USES[] = {
        {"{use: money/minor-units, with: {legacy: old.total, minor: new.total_minor}}",
         "old.total * 100", ""},
        {"{use: money/minor-units, with: {legacy: old.a + old.b, minor: new.m, factor: 1000}}",
         "(old.a + old.b) * 1000", ""},
        {"{use: money/minor-units, with: {minor: new.m}}",
         "5:11: cannot use money/minor-units: parameter \"legacy\" is missing",
         "Say what it stands for: with: {legacy: EXPRESSION}."},
        {"{use: money/minor-units, with: {legcy: old.a, minor: new.m}}",
         "5:37: cannot use parameter \"legcy\": money/minor-units has no such parameter", "Did you mean \"legacy\"?"},
        {"{use: money/minor-units, with: {legacy: old.a +, minor: new.m}}", "5:52: cannot read the expression", ""},
        {"{use: money/minor-unit, with: {legacy: old.a}}",
         "5:11: cannot find ready invariant \"money/minor-unit\": money.yaml has no \"minor-unit\"",
         "Did you mean \"minor-units\"?"},
        {"{use: mony/minor-units}", "5:11: cannot find ready invariant \"mony/minor-units\": there is no mony.yaml",
         "Looked in "},
    };
    Arena arena = {0};
    const char *folder = library_folder(&arena);
    SpecSearch search = {&folder, 1};
    for (size_t i = 0; i < sizeof(USES) / sizeof(USES[0]); i++) {
        Spec spec;
        Err err = {.text = ""};
        bool good = read_use(&arena, USES[i].entry, &search, &spec, &err);
        const char *got = good ? spec.invariants[0].holds : err.text;
        if (!CHECK(strstr(got, USES[i].outcome) != NULL)) {
            printf("    wanted %s\n    got    %s\n", USES[i].outcome, got);
        }
        CHECK(strncmp(err.hint, USES[i].hint, strlen(USES[i].hint)) == 0);
    }
    arena_free(&arena);
}

static void names_what_is_used(void) {
    Arena arena = {0};
    const char *folder = library_folder(&arena);
    SpecSearch search = {&folder, 1};
    Spec spec;
    Err err;
    CHECK(read_use(&arena,
                   "{use: presence/present, with: {value: new.a}}\n"
                   "  - {use: presence/present, with: {value: new.b}}\n"
                   "  - {name: c-is-there, use: presence/present, with: {value: new.c}, null: holds}",
                   &search, &spec, &err));
    CHECK_TEXT(spec.invariants[0].name, "present");
    CHECK_TEXT(spec.invariants[1].name, "present-2");
    CHECK_TEXT(spec.invariants[2].name, "c-is-there");
    CHECK(spec.invariants[0].null == NULL_UNDECIDED && spec.invariants[2].null == NULL_HOLDS);
    CHECK(spec.invariants[0].place.line == 5 && spec.invariants[0].place.column == 11);
    arena_free(&arena);
}

/* Own folders come before the installed one, and do not hide its other entries. */
static void looks_in_folders_in_order(void) {
    Arena arena = {0};
    Folder folder = folder_make("");
    char own[128];
    snprintf(own, sizeof(own), "%s/presence.yaml", folder.path);
    CHECK(rename(folder.file, own) == 0);
    FILE *file = fopen(own, "w");
    if (CHECK(file != NULL)) {
        fputs("present:\n  why: x\n  parameters: {value: text}\n  null: fails\n  holds: value <> 'none'\n"
              "  passes: {value: a}\n  fails: [{value: none}, {value: null}]\n",
              file);
        fclose(file);
    }
    const char *folders[] = {folder.path, library_folder(&arena)};
    SpecSearch search = {folders, 2};
    Spec spec;
    Err err = {.text = ""};
    Proofs proofs = {0};
    CHECK(library_prove(&arena, own, note_proof, &proofs, &err) && proofs.bad == 0);
    CHECK(read_use(&arena,
                   "{use: presence/present, with: {value: new.a}}\n"
                   "  - {use: presence/not-blank, with: {value: new.b}}",
                   &search, &spec, &err));
    CHECK_TEXT(spec.invariants[0].holds, "new.a <> 'none'");
    CHECK(spec.invariants[0].null == NULL_FAILS);
    unlink(own);
    folder_remove(&folder);
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(proves_every_ready_invariant);
    TEST_RUN(gives_every_entry_a_reason);
    TEST_RUN(refuses_entries_that_are_none);
    TEST_RUN(reports_examples_that_lie);
    TEST_RUN(binds_what_an_entry_says);
    TEST_RUN(expands_what_is_used);
    TEST_RUN(names_what_is_used);
    TEST_RUN(looks_in_folders_in_order);
    return test_finish();
}
