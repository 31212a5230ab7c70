/* Ready invariants: what `use: money/minor-units` finds.
 *
 * A library is a folder of YAML files; an entry of money.yaml is a ready invariant over named parameters:
 *
 *     minor-units:
 *       why: An amount moved to minor units must be the same amount.
 *       parameters:
 *         legacy: decimal
 *         minor: integer
 *         factor: {kind: integer, default: 100}
 *       holds: minor = legacy * factor
 *       passes: {legacy: "12.34", minor: 1234}
 *       fails: {legacy: "12.34", minor: 1233}
 *       undecided: {legacy: null, minor: 1}
 *
 * A parameter's kind is one of the program's (text, integer, decimal, float, timestamptz, ...); `default` is an
 * expression. `null: holds` or `null: fails` says what unknown counts as, unless the `use:` says it. Each of passes,
 * fails and undecided is one mapping from parameters to values, or a list of them; parameters with a default may be
 * left out. Examples are run by library_prove, so an entry that does not do what it says does not stay.
 *
 * Promises: an entry that was opened has parameters with known kinds and expressions that parse.
 */
#ifndef SPEC_LIBRARY_H
#define SPEC_LIBRARY_H

#include "spec/spec_yaml.h"

typedef struct LibraryParameter {
    const char *name;
    Kind kind;
    const char *default_; /* NULL: must be given */
    const char *says;     /* NULL: nothing */
} LibraryParameter;

typedef struct LibraryEntry {
    const char *name;
    const char *why;
    const LibraryParameter *parameters;
    size_t parameter_count;
    const char *holds;
    NullPolicy null;
    const YamlNode *holds_node;
    const YamlNode *examples[3]; /* passes, fails, undecided; NULL: none */
    const YamlFile *file;
} LibraryEntry;

typedef struct Library {
    const YamlFile *file;
    const LibraryEntry *entries;
    size_t count;
} Library;

MUST_CHECK bool library_open(Arena *arena, const char *path, Library *out, Err *err);
/* `use` is "money/minor-units". Looks in invariants/ beside the spec, then in the folders of `search` (may be NULL). */
MUST_CHECK bool library_find(Arena *arena, const char *spec_path, const SpecSearch *search, const char *use,
                             LibraryEntry *out, Err *err);
/* The entry's expression with values[i] in the place of parameter i; NULL where the default is to be taken. Unbound. */
MUST_CHECK bool library_expand(Arena *arena, const LibraryEntry *entry, Expr *const *values, Expr **out, Err *err);
/* The *.yaml files of a folder, sorted, with the folder before them. */
MUST_CHECK bool library_files(Arena *arena, const char *folder, const char *const **out, size_t *out_count, Err *err);

/* One example that was run. */
typedef struct LibraryProof {
    const LibraryEntry *entry;
    const char *example; /* "passes", "fails", "undecided" */
    size_t number;       /* among the entry's examples of that sort, from 1 */
    bool good;
    const char *wanted; /* "true", "false", "unknown" */
    const char *got;
    const Err *problem; /* the example could not be run; NULL: it was */
} LibraryProof;

typedef void (*LibraryReport)(void *self, const LibraryProof *proof);

/* Runs every example of a file. False: the file is not a library; a wrong example is a report, not an error. */
MUST_CHECK bool library_prove(Arena *arena, const char *path, LibraryReport report, void *self, Err *err);

#endif
