/* The tables of keys, and the one function that reads a mapping by them. See spec_keys.h. */
#include "spec/spec_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY(Draft, field, key, type, required, says)                                                                   \
    { key, type, required, offsetof(Draft, field), says }
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const SpecKey TOP_KEYS[] = {
    KEY(TopDraft, check, "check", SPEC_WORD, true, "The name of the check in metrics and ledger: a-z, 0-9 and -."),
    KEY(TopDraft, rows, "rows", SPEC_MAPPING, false, "The one table whose parallel columns must agree."),
    KEY(TopDraft, old, "old", SPEC_MAPPING, false, "The old representation."),
    KEY(TopDraft, new_, "new", SPEC_MAPPING, false, "The new representation."),
    KEY(TopDraft, equal, "equal", SPEC_LIST_OR_WORD, false,
        "Columns that must be equal, or all; all is the default where invariants are absent too."),
    KEY(TopDraft, invariants, "invariants", SPEC_LIST, false, "Expressions that must be true for every pair of rows."),
    KEY(TopDraft, settle, "settle", SPEC_WORD, false,
        "How long differences between two databases are looked at again: 10 s unless it is said."),
    KEY(TopDraft, mask, "mask", SPEC_NAMES, false, "Columns shown as a keyed hash: the same value, the same hash."),
    KEY(TopDraft, limits, "limits", SPEC_MAPPING, false,
        "When the check stands back: replica lag, sessions, old transactions."),
    KEY(TopDraft, gate, "gate", SPEC_MAPPING, false,
        "What `twofold gate` wants to see before the contract phase begins."),
    KEY(TopDraft, repair, "repair", SPEC_MAPPING, false, "What `twofold repair` may write, and how much of it."),
    KEY(TopDraft, contract, "contract", SPEC_MAPPING, false,
        "What the contract phase is to drop, for the gate to ask the live database about."),
};

static const SpecKey SIDE_KEYS[] = {
    KEY(SideDraft, source, "source", SPEC_URL, false, "A URL or conninfo string; by default the other side's."),
    KEY(SideDraft, sources, "sources", SPEC_LIST, false, "In place of source: one a shard."),
    KEY(SideDraft, as_of, "as_of", SPEC_URL, false,
        "Where source is a standby: its primary, whose position at the start the standby must have replayed."),
    KEY(SideDraft, max_wait, "max_wait", SPEC_WORD, false, "How long to wait for that: 60 s unless it is said."),
    KEY(SideDraft, table, "table", SPEC_NAME, true, "table or schema.table, taken literally."),
    KEY(SideDraft, key, "key", SPEC_NAMES, false, "The columns that identify a row; by default the primary key."),
    KEY(SideDraft, where, "where", SPEC_SQL, false, "Which rows, in this source's own SQL."),
    KEY(SideDraft, columns, "columns", SPEC_MAPPING, false, "Computed columns: name to this source's own SQL."),
};

static const SpecKey EQUAL_KEYS[] = {
    KEY(EqualDraft, old, "old", SPEC_NAME, true, "The column of the old side."),
    KEY(EqualDraft, new_, "new", SPEC_NAME, true, "The column of the new side."),
    KEY(EqualDraft, within, "within", SPEC_WORD, false, "How far apart they may be: a number, or an interval."),
};

static const SpecKey INVARIANT_KEYS[] = {
    KEY(InvariantDraft, name, "name", SPEC_WORD, false, "Its name in reports and metrics."),
    KEY(InvariantDraft, holds, "holds", SPEC_EXPRESSION, false, "The expression that must be true."),
    KEY(InvariantDraft, null, "null", SPEC_WORD, false, "What unknown counts as: undecided, holds or fails."),
    KEY(InvariantDraft, use, "use", SPEC_WORD, false, "In place of holds: a ready one, as in money/minor-units."),
    KEY(InvariantDraft, with, "with", SPEC_MAPPING, false, "What its parameters stand for: name to expression."),
};

static const SpecKey LIMITS_KEYS[] = {
    KEY(LimitsDraft, max_replica_lag, "max_replica_lag", SPEC_WORD, false,
        "How far a side's replicas, or a side that is one, may be behind: \"10 s\"."),
    KEY(LimitsDraft, max_active_sessions, "max_active_sessions", SPEC_WORD, false,
        "How many other sessions may be running a statement."),
    KEY(LimitsDraft, max_transaction_age, "max_transaction_age", SPEC_WORD, false,
        "How old the oldest transaction of others may be: \"5 min\"."),
    KEY(LimitsDraft, pause_between, "pause_between", SPEC_WORD, false, "How long each worker rests after a range."),
    KEY(LimitsDraft, give_up_after, "give_up_after", SPEC_WORD, false,
        "How long one pause may last before the run ends as cannot-tell; by default \"10 min\"."),
};

static const SpecKey GATE_KEYS[] = {
    KEY(GateDraft, consistent_runs, "consistent_runs", SPEC_WORD, false,
        "How many runs in a row, up to the newest, must be consistent: 3 unless it is said."),
    KEY(GateDraft, spanning, "spanning", SPEC_WORD, false,
        "How much time must lie between the first of them and the last: \"24 h\" unless it is said."),
    KEY(GateDraft, max_age, "max_age", SPEC_WORD, false,
        "How long ago the last of them may have begun: \"6 h\" unless it is said."),
    KEY(GateDraft, max_mismatch_ratio, "max_mismatch_ratio", SPEC_WORD, false,
        "The part of the rows, from 0 to 1, that may disagree in a run that still counts: 0 unless it is said."),
    KEY(GateDraft, coverage, "coverage", SPEC_WORD, false,
        "The part of the rows, from 0 to 1, that a run that counts must have read: 1 unless it is said."),
};

static const SpecKey REPAIR_KEYS[] = {
    KEY(RepairDraft, trust, "trust", SPEC_WORD, false,
        "The side that is right, old or new: the other is written. Also said by --trust."),
    KEY(RepairDraft, set, "set", SPEC_MAPPING, false,
        "What invariants need: a written column to an expression over the trusted side. Equal pairs need none."),
    KEY(RepairDraft, missing, "missing", SPEC_WORD, false,
        "Rows that the written side lacks: insert or report; insert unless it is said."),
    KEY(RepairDraft, extra, "extra", SPEC_WORD, false,
        "Rows that only the written side has: report or delete; report unless it is said."),
    KEY(RepairDraft, max_rows, "max_rows", SPEC_WORD, false,
        "With more rows than this nothing is written: 100000 unless it is said."),
    KEY(RepairDraft, rate, "rate", SPEC_WORD, false, "Rows written a second at most; no limit unless it is said."),
    KEY(RepairDraft, stop_above, "stop_above", SPEC_WORD, false,
        "With more mismatches than this part of all rows nothing is written: 1% unless it is said."),
};

static const SpecKey CONTRACT_KEYS[] = {
    KEY(ContractDraft, drop, "drop", SPEC_NAMES, true,
        "Columns of the old side: table.column or schema.table.column; its table alone is dropped whole."),
    KEY(ContractDraft, replaced_by, "replaced_by", SPEC_MAPPING, false,
        "Which new columns take the place of a column, also of one in a table that is dropped whole, where equal and"
        " invariants do not tell; nothing: none does."),
    KEY(ContractDraft, window, "window", SPEC_WORD, false,
        "How long the server must have counted statements; by default as long as the gate's spanning."),
    KEY(ContractDraft, accept, "accept", SPEC_NAMES, false,
        "Conditions that somebody has looked at, as the gate shows them: \"slot debezium\"."),
};

static const SpecKey LIBRARY_ENTRY_KEYS[] = {
    KEY(LibraryEntryDraft, why, "why", SPEC_SENTENCE, true, "Why it matters, in a sentence."),
    KEY(LibraryEntryDraft, parameters, "parameters", SPEC_MAPPING, true, "Name to kind, or to {kind, default}."),
    KEY(LibraryEntryDraft, holds, "holds", SPEC_EXPRESSION, true, "The expression, over its parameters."),
    KEY(LibraryEntryDraft, null, "null", SPEC_WORD, false, "What unknown counts as, unless the use says it."),
    KEY(LibraryEntryDraft, passes, "passes", SPEC_MAPPING_OR_LIST, true, "Values for which it holds."),
    KEY(LibraryEntryDraft, fails, "fails", SPEC_MAPPING_OR_LIST, true, "Values for which it does not."),
    KEY(LibraryEntryDraft, undecided, "undecided", SPEC_MAPPING_OR_LIST, false, "Values for which it is unknown."),
};

static const SpecKey LIBRARY_PARAMETER_KEYS[] = {
    KEY(LibraryParameterDraft, kind, "kind", SPEC_WORD, true, "integer, decimal, text, timestamptz, ..."),
    KEY(LibraryParameterDraft, default_, "default", SPEC_EXPRESSION, false, "What it is where nothing is said."),
    KEY(LibraryParameterDraft, says, "says", SPEC_SENTENCE, false, "What it means."),
};

static const SpecMapping MAPPINGS[SPEC_MAPPINGS] = {
    [SPEC_TOP] = {"the spec", TOP_KEYS, COUNT_OF(TOP_KEYS)},
    [SPEC_SIDE] = {"old, new and rows", SIDE_KEYS, COUNT_OF(SIDE_KEYS)},
    [SPEC_EQUAL] = {"an entry of equal", EQUAL_KEYS, COUNT_OF(EQUAL_KEYS)},
    [SPEC_INVARIANT] = {"an entry of invariants", INVARIANT_KEYS, COUNT_OF(INVARIANT_KEYS)},
    [SPEC_LIMITS] = {"limits", LIMITS_KEYS, COUNT_OF(LIMITS_KEYS)},
    [SPEC_GATE] = {"gate", GATE_KEYS, COUNT_OF(GATE_KEYS)},
    [SPEC_REPAIR] = {"repair", REPAIR_KEYS, COUNT_OF(REPAIR_KEYS)},
    [SPEC_CONTRACT] = {"contract", CONTRACT_KEYS, COUNT_OF(CONTRACT_KEYS)},
    [SPEC_LIBRARY_ENTRY] = {"a ready invariant", LIBRARY_ENTRY_KEYS, COUNT_OF(LIBRARY_ENTRY_KEYS)},
    [SPEC_LIBRARY_PARAMETER] = {"its parameters", LIBRARY_PARAMETER_KEYS, COUNT_OF(LIBRARY_PARAMETER_KEYS)},
};

enum { TAKES_TEXT = 1 << YAML_TEXT, TAKES_LIST = 1 << YAML_LIST, TAKES_MAPPING = 1 << YAML_MAPPING };

typedef struct TypeRow {
    const char *word;
    int kinds;
} TypeRow;

static const TypeRow TYPES[SPEC_TYPES] = {
    [SPEC_WORD] = {"a word", TAKES_TEXT},
    [SPEC_URL] = {"a URL or conninfo string", TAKES_TEXT},
    [SPEC_NAME] = {"a name", TAKES_TEXT},
    [SPEC_NAMES] = {"a list of names", TAKES_TEXT | TAKES_LIST},
    [SPEC_SQL] = {"a piece of SQL", TAKES_TEXT},
    [SPEC_EXPRESSION] = {"an expression", TAKES_TEXT},
    [SPEC_SENTENCE] = {"a sentence", TAKES_TEXT},
    [SPEC_LIST] = {"a list", TAKES_LIST},
    [SPEC_LIST_OR_WORD] = {"a list, or \"all\"", TAKES_LIST | TAKES_TEXT},
    [SPEC_MAPPING] = {"a mapping", TAKES_MAPPING},
    [SPEC_MAPPING_OR_LIST] = {"a mapping, or a list of them", TAKES_MAPPING | TAKES_LIST},
    [SPEC_MAPPING_OR_WORD] = {"a mapping or a word", TAKES_MAPPING | TAKES_TEXT},
};

const SpecMapping *spec_mapping(SpecMappingName name) {
    return &MAPPINGS[name];
}

const char *spec_type_word(SpecType type) {
    return TYPES[type].word;
}

/* ---- errors ------------------------------------------------------------------------------------------- */

bool spec_refuse(SpecReader *reader, const YamlNode *node, const char *format, ...) {
    char text[sizeof(reader->err->text)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    err_set(reader->err, TF_ERROR_USAGE, "%s", text);
    return yaml_error_at(reader->file->path, reader->file->text, yaml_place(reader->file, node), reader->err);
}

bool spec_suggest(SpecReader *reader, Str name, const char *const *known, size_t count) {
    const char *nearest = str_nearest(name, known, count);
    if (nearest != NULL) {
        return err_hint(reader->err, "Did you mean \"%s\"?", nearest);
    }
    Buf list = {0};
    for (size_t i = 0; i < count && list.length < 300; i++) {
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", known[i]);
    }
    err_hint(reader->err, "Known are: %.*s.", STR_ARG(buf_view(&list)));
    buf_free(&list);
    return false;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

bool spec_type_check(SpecReader *reader, SpecType type, const char *what, const YamlNode *node) {
    static const char *const KIND_WORDS[] = {
        [YAML_NULL] = "nothing", [YAML_TEXT] = "a text", [YAML_LIST] = "a list", [YAML_MAPPING] = "a mapping"};
    if ((TYPES[type].kinds & (1 << node->kind)) == 0) {
        return spec_refuse(reader, node, "cannot use %s for \"%s\": it takes %s", KIND_WORDS[node->kind], what,
                           TYPES[type].word);
    }
    if (node->kind == YAML_TEXT && str_trim(node->text).length == 0) {
        return spec_refuse(reader, node, "cannot use an empty text for \"%s\": it takes %s", what, TYPES[type].word);
    }
    return true;
}

static const SpecKey *key_find(const SpecMapping *mapping, Str name) {
    for (size_t i = 0; i < mapping->count; i++) {
        if (str_equal(name, str_of(mapping->keys[i].name))) {
            return &mapping->keys[i];
        }
    }
    return NULL;
}

static bool refuse_key(SpecReader *reader, const SpecMapping *mapping, const char *what, const YamlNode *key) {
    const char **known = ARENA_MANY(reader->arena, mapping->count, const char *);
    for (size_t i = 0; i < mapping->count; i++) {
        known[i] = mapping->keys[i].name;
    }
    spec_refuse(reader, key, "cannot use key \"%.*s\" in %s: no such key", STR_ARG(key->text), what);
    return spec_suggest(reader, key->text, known, mapping->count);
}

static const YamlNode **draft_field(void *draft, const SpecKey *key) {
    return (const YamlNode **)(void *)((char *)draft + key->offset);
}

static bool required_check(SpecReader *reader, const SpecMapping *mapping, const char *what, const YamlNode *node,
                           void *draft) {
    for (size_t i = 0; i < mapping->count; i++) {
        const SpecKey *key = &mapping->keys[i];
        if (key->required && *draft_field(draft, key) == NULL) {
            return spec_refuse(reader, node, "cannot use %s: \"%s\" is missing", what, key->name);
        }
    }
    return true;
}

bool spec_mapping_read(SpecReader *reader, SpecMappingName name, const char *what, const YamlNode *node, void *draft) {
    const SpecMapping *mapping = &MAPPINGS[name];
    if (!spec_type_check(reader, SPEC_MAPPING, what, node)) {
        return false;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        *draft_field(draft, &mapping->keys[i]) = NULL;
    }
    for (size_t i = 0; i < node->count; i++) {
        const SpecKey *key = key_find(mapping, node->keys[i]->text);
        if (key == NULL) {
            return refuse_key(reader, mapping, what, node->keys[i]);
        }
        if (!spec_type_check(reader, key->type, key->name, node->values[i])) {
            return false;
        }
        *draft_field(draft, key) = node->values[i];
    }
    return required_check(reader, mapping, what, node, draft);
}

/* Places of the errors: the name itself; `items` is one node where a single name was given. */
bool spec_names_read(SpecReader *reader, const char *what, const YamlNode *node, const char *const **out,
                     size_t *out_count) {
    const YamlNode *const *items = node->kind == YAML_LIST ? (const YamlNode *const *)node->values : &node;
    size_t count = node->kind == YAML_LIST ? node->count : 1;
    if (count == 0) {
        return spec_refuse(reader, node, "cannot use an empty list for \"%s\"", what);
    }
    if (count > SPEC_MAX_NAMES) {
        return spec_refuse(reader, node, "cannot use a list of more than %d for \"%s\"", SPEC_MAX_NAMES, what);
    }
    const char **names = ARENA_MANY(reader->arena, count, const char *);
    for (size_t i = 0; i < count; i++) {
        if (!spec_type_check(reader, SPEC_NAME, what, items[i])) {
            return false;
        }
        names[i] = items[i]->text.bytes;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) == 0) {
                return spec_refuse(reader, items[i], "cannot use \"%s\" twice in \"%s\"", names[i], what);
            }
        }
    }
    *out = names;
    *out_count = count;
    return true;
}
