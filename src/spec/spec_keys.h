/* The keys a spec may hold, as tables: read by the parser, by the error that suggests a near one, and by the help.
 *
 *     TopDraft draft;
 *     if (!spec_mapping_read(reader, SPEC_TOP, "the spec", root, &draft)) { return false; }
 *     draft.check->text ...
 *
 * A key is a row: its name, what it takes, whether it must be there, and where its node goes in the mapping's draft.
 * Promises: after spec_mapping_read every node in the draft is of a kind its key takes and not empty; keys left out
 * are NULL.
 */
#ifndef SPEC_KEYS_H
#define SPEC_KEYS_H

#include "spec/spec_yaml.h"

enum { SPEC_MAX_NAMES = 1024 }; /* in one list */

/* One file being read, for all that read parts of it. */
typedef struct SpecReader {
    Arena *arena;
    const YamlFile *file;
    const SpecSearch *search;
    Err *err;
} SpecReader;

typedef enum SpecType {
    SPEC_WORD, /* a text of its own small grammar */
    SPEC_URL,
    SPEC_NAME,
    SPEC_NAMES, /* one or a list */
    SPEC_SQL,
    SPEC_EXPRESSION,
    SPEC_SENTENCE,
    SPEC_LIST,
    SPEC_LIST_OR_WORD,
    SPEC_MAPPING,
    SPEC_MAPPING_OR_LIST,
    SPEC_MAPPING_OR_WORD,
    SPEC_TYPES
} SpecType;

typedef struct SpecKey {
    const char *name;
    SpecType type;
    bool required;
    size_t offset;    /* of a `const YamlNode *` in the draft */
    const char *says; /* a sentence, for the help */
} SpecKey;

typedef enum SpecMappingName {
    SPEC_TOP,
    SPEC_SIDE,
    SPEC_EQUAL,
    SPEC_INVARIANT,
    SPEC_LIMITS,
    SPEC_GATE,
    SPEC_REPAIR,
    SPEC_CONTRACT,
    SPEC_LIBRARY_ENTRY,
    SPEC_LIBRARY_PARAMETER,
    SPEC_MAPPINGS
} SpecMappingName;

typedef struct SpecMapping {
    const char *where; /* "old, new and rows" */
    const SpecKey *keys;
    size_t count;
} SpecMapping;

typedef struct TopDraft {
    const YamlNode *check, *rows, *old, *new_, *equal, *invariants, *settle, *mask, *limits, *gate, *repair,
        *contract;
} TopDraft;

typedef struct SideDraft {
    const YamlNode *source, *sources, *as_of, *max_wait, *table, *key, *where, *columns;
} SideDraft;

typedef struct LimitsDraft {
    const YamlNode *max_replica_lag, *max_active_sessions, *max_transaction_age, *pause_between, *give_up_after;
} LimitsDraft;

typedef struct GateDraft {
    const YamlNode *max_mismatch_ratio, *consistent_runs, *spanning, *max_age, *coverage;
} GateDraft;

typedef struct RepairDraft {
    const YamlNode *trust, *set, *missing, *extra, *max_rows, *rate, *stop_above;
} RepairDraft;

typedef struct ContractDraft {
    const YamlNode *drop, *replaced_by, *window, *accept;
} ContractDraft;

typedef struct EqualDraft {
    const YamlNode *old, *new_, *within;
} EqualDraft;

typedef struct InvariantDraft {
    const YamlNode *name, *holds, *null, *use, *with;
} InvariantDraft;

typedef struct LibraryEntryDraft {
    const YamlNode *why, *parameters, *holds, *null, *passes, *fails, *undecided;
} LibraryEntryDraft;

typedef struct LibraryParameterDraft {
    const YamlNode *kind, *default_, *says;
} LibraryParameterDraft;

const SpecMapping *spec_mapping(SpecMappingName name);
const char *spec_type_word(SpecType type); /* "a name": what a key of this type takes */

/* `what` names the mapping in errors: "old". `draft` is the mapping's own struct above. */
MUST_CHECK bool spec_mapping_read(SpecReader *reader, SpecMappingName name, const char *what, const YamlNode *node,
                                  void *draft);
/* Whether `node` is what `type` takes; the error otherwise, for values that are no key's. */
MUST_CHECK bool spec_type_check(SpecReader *reader, SpecType type, const char *what, const YamlNode *node);
/* The texts of a SPEC_NAMES node, each not empty and no two equal. */
MUST_CHECK bool spec_names_read(SpecReader *reader, const char *what, const YamlNode *node, const char *const **out,
                                size_t *out_count);

/* An error at a node. Always false. */
bool spec_refuse(SpecReader *reader, const YamlNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Suggests the nearest of the known names, or lists them. Always false. */
bool spec_suggest(SpecReader *reader, Str name, const char *const *known, size_t count);

#endif
