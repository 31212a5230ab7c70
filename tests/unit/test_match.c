/* Matching a spec with columns: which is compared with which, as what, and what is refused with which words. */
#include "test.h"

#include "spec/match.h"
#include "spec/spec_parts.h"

#include <stdlib.h>

/* ---- a source that only describes --------------------------------------------------------------------- */

typedef struct Scripted {
    Source base;
    const RelationColumn *columns;
    size_t count;
    size_t key_count; /* the first columns are the primary key */
    const char *failure;
    TfErrorCode code;
} Scripted;

static bool scripted_describe(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    const Scripted *self = (const Scripted *)(const void *)source;
    if (self->failure != NULL) {
        return err_set(err, self->code, "%s", self->failure);
    }
    *out = (Relation){.name = arena_printf(arena, "\"%s\"", ref->table), .what = "table"};
    out->columns = ARENA_MANY(arena, self->count + ref->computed_count, RelationColumn);
    for (size_t i = 0; i < self->count; i++) {
        out->columns[out->column_count++] = self->columns[i];
    }
    for (size_t i = 0; i < ref->computed_count; i++) {
        out->columns[out->column_count++] =
            (RelationColumn){.name = ref->computed[i].name, .type = "text", .family = "text", .kind = KIND_TEXT};
    }
    for (size_t i = 0; ref->key_count == 0 && i < self->key_count; i++) {
        out->key[out->key_count++] = i;
    }
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
    { .name = name_, .type = type_, .family = type_, .kind = kind_ }
#define SCRIPTED(columns, keys)                                                                                        \
    { {&SCRIPTED_OPS}, columns, sizeof(columns) / sizeof((columns)[0]), keys, NULL, TF_ERROR_USAGE }

static const RelationColumn OLD_COLUMNS[] = {
    COLUMN("id", "integer", KIND_INT),         COLUMN("region", "text", KIND_TEXT),
    COLUMN("total", "numeric", KIND_DECIMAL),  COLUMN("price", "double precision", KIND_FLOAT),
    COLUMN("note", "text", KIND_TEXT),         COLUMN("body", "json", KIND_TEXT),
    COLUMN("tags", "text[]", KIND_ARRAY),      COLUMN("spot", "point", KIND_OPAQUE),
    COLUMN("at", "timestamp", KIND_TIMESTAMP), COLUMN("legacy_flag", "boolean", KIND_BOOL),
};

static const RelationColumn NEW_COLUMNS[] = {
    COLUMN("id", "bigint", KIND_INT),         COLUMN("total_minor", "bigint", KIND_INT),
    COLUMN("price", "numeric", KIND_DECIMAL), COLUMN("remark", "text", KIND_TEXT),
    COLUMN("body", "jsonb", KIND_JSON),       COLUMN("tags", "integer[]", KIND_ARRAY),
    COLUMN("spot", "point", KIND_OPAQUE),     COLUMN("at", "timestamp", KIND_TIMESTAMP),
    COLUMN("document", "jsonb", KIND_JSON),
};

typedef struct Trial {
    Arena arena;
    Spec spec;
    Match match;
    Err err;
} Trial;

#define SIDES "old: {source: x, table: orders}\nnew: {table: orders_v2}\n"

static bool try_with(Trial *trial, const char *text, Scripted *old, Scripted *new_) {
    YamlFile *file = ARENA_NEW(&trial->arena, YamlFile);
    trial->err = (Err){.text = ""};
    if (!yaml_parse(&trial->arena, "spec.yaml", str_of(arena_printf(&trial->arena, "check: a\n%s", text)), file,
                    &trial->err) ||
        !spec_of_file(&trial->arena, file, NULL, &trial->spec, &trial->err)) {
        printf("    %s\n", trial->err.text);
        return CHECK(false);
    }
    return match_make(&trial->arena, &trial->spec, &old->base, new_ == NULL ? NULL : &new_->base, &trial->match,
                      &trial->err);
}

static bool try_match(Trial *trial, const char *text) {
    Scripted old = SCRIPTED(OLD_COLUMNS, 1), new_ = SCRIPTED(NEW_COLUMNS, 1);
    return try_with(trial, text, &old, strstr(text, "rows:") == NULL ? &new_ : NULL);
}

/* ---- what is refused ---------------------------------------------------------------------------------- */

typedef struct BadMatch {
    const char *text;
    const char *error;
    const char *hint;
} BadMatch;

/* clang-format off */
static const BadMatch BAD_MATCHES[] = {
    {"old: {source: x, table: orders, key: [idd]}\n"
     "new: {table: orders_v2}\n",
     "spec.yaml:2:39: cannot find column \"idd\" in \"orders\"\n"
     "    old: {source: x, table: orders, key: [idd]}\n"
     "                                          ^~~",
     "Did you mean \"id\"?"},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2, key: [remak]}\n",
     "spec.yaml:3:31: cannot find column \"remak\" in \"orders_v2\"\n"
     "    new: {table: orders_v2, key: [remak]}\n"
     "                                  ^~~~~",
     "Did you mean \"remark\"?"},
    {"old: {source: x, table: orders, key: [id, region]}\n"
     "new: {table: orders_v2}\n",
     "spec.yaml:3:14: cannot pair key (id, region) of old with key (id) of new: 2 against 1 columns\n"
     "    new: {table: orders_v2}\n"
     "                 ^~~~~~~~~",
     "Keys pair by position: name as many columns on both sides by key: [NAME, ...]."},
    {"old: {source: x, table: orders, key: [region]}\n"
     "new: {table: orders_v2}\n",
     "spec.yaml:3:14: cannot compare old.region (text) with new.id (bigint): they have no common meaning\n"
     "    new: {table: orders_v2}\n"
     "                 ^~~~~~~~~",
     "Say what is meant by a computed column and compare that: new: {columns: {id_as_text: 'id::text'}}."},
    {"old: {source: x, table: orders, key: [price]}\n"
     "new: {table: orders_v2, key: [total_minor]}\n",
     "spec.yaml:3:31: cannot pair key old.price (double precision) with new.total_minor (bigint): one is a float, one is exact\n"
     "    new: {table: orders_v2, key: [total_minor]}\n"
     "                                  ^~~~~~~~~~~",
     "Use a computed column that casts the float to numeric as the key."},
    {"old: {source: x, table: orders, key: [spot]}\n"
     "new: {table: orders_v2, key: [spot]}\n",
     "spec.yaml:2:39: cannot use old.spot (point) as a key: its values have no order that all engines share\n"
     "    old: {source: x, table: orders, key: [spot]}\n"
     "                                          ^~~~",
     "Name other columns by key:, or a computed column such as spot::text."},
    {"old: {source: x, table: orders, key: [body]}\n"
     "new: {table: orders_v2, key: [body]}\n",
     "spec.yaml:2:39: cannot use old.body (json) as a key: documents have no order\n"
     "    old: {source: x, table: orders, key: [body]}\n"
     "                                          ^~~~",
     "Name other columns by key:, or a computed column such as body::text."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n",
     "spec.yaml:3:14: cannot compare old.tags (text[]) with new.tags (integer[]): they have no common meaning\n"
     "    new: {table: orders_v2}\n"
     "                 ^~~~~~~~~",
     "Say what is meant by a computed column and compare that: old: {columns: {tags_as_array: 'tags::integer[]'}}."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [tags]\n",
     "spec.yaml:4:9: cannot compare old.tags (text[]) with new.tags (integer[]): they have no common meaning\n"
     "    equal: [tags]\n"
     "            ^~~~",
     "Say what is meant by a computed column and compare that: old: {columns: {tags_as_array: 'tags::integer[]'}}."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal:\n"
     "  - {old: note, new: total_minor}\n",
     "spec.yaml:5:6: cannot compare old.note (text) with new.total_minor (bigint): they have no common meaning\n"
     "      - {old: note, new: total_minor}\n"
     "         ^~~",
     "Say what is meant by a computed column and compare that: new: {columns: {total_minor_as_text: 'total_minor::text'}}."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal:\n"
     "  - {old: total, new: remark}\n",
     "spec.yaml:5:6: cannot compare old.total (numeric) with new.remark (text): they have no common meaning\n"
     "      - {old: total, new: remark}\n"
     "         ^~~",
     "Say what is meant by a computed column and compare that: old: {columns: {total_as_text: 'total::text'}}."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal:\n"
     "  - {old: note, new: document}\n",
     "spec.yaml:5:6: cannot compare old.note (text) with new.document (jsonb): they have no common meaning\n"
     "      - {old: note, new: document}\n"
     "         ^~~",
     "Say what is meant by a computed column and compare that: old: {columns: {note_as_json: 'note::jsonb'}}."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal:\n"
     "  - {old: nota, new: remark}\n",
     "spec.yaml:5:11: cannot find column \"nota\" in \"orders\"\n"
     "      - {old: nota, new: remark}\n"
     "              ^~~~",
     "Did you mean \"note\"?"},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [legacy_flag]\n",
     "spec.yaml:4:9: cannot find column \"legacy_flag\" in \"orders_v2\"\n"
     "    equal: [legacy_flag]\n"
     "            ^~~~~~~~~~~",
     ""},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [{old: note, new: remark, within: 1}]\n",
     "spec.yaml:4:42: cannot use \"within\" for remark: text values have no distance\n"
     "    equal: [{old: note, new: remark, within: 1}]\n"
     "                                             ^",
     ""},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [{old: price, new: price, within: 1 us}]\n",
     "spec.yaml:4:42: cannot use \"1 us\" as a tolerance for price (decimal)\n"
     "    equal: [{old: price, new: price, within: 1 us}]\n"
     "                                             ^~~~",
     "Write a number that is 0 or more, such as 0.01."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [{old: price, new: price, within: -0.5}]\n",
     "spec.yaml:4:42: cannot use \"-0.5\" as a tolerance for price (decimal)\n"
     "    equal: [{old: price, new: price, within: -0.5}]\n"
     "                                             ^~~~",
     "Write a number that is 0 or more, such as 0.01."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "equal: [{old: at, new: at, within: 5}]\n",
     "spec.yaml:4:36: cannot use \"5\" as a tolerance for at (timestamp)\n"
     "    equal: [{old: at, new: at, within: 5}]\n"
     "                                       ^",
     "Write an interval that is 0 or more, such as \"1 us\"."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "invariants:\n"
     "  - holds: new.total_minr = 5\n",
     "spec.yaml:5:12: cannot find column \"total_minr\" in new\n"
     "      - holds: new.total_minr = 5\n"
     "               ^~~~~~~~~~~~~~",
     "Did you mean \"total_minor\"?"},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "invariants:\n"
     "  - holds: 'new.remark = old.total'\n",
     "spec.yaml:5:13: cannot compare text with decimal\n"
     "      - holds: 'new.remark = old.total'\n"
     "                ^~~~~~~~~~~~~~~~~~~~~~",
     "Cast one side: x::numeric reads the text, y::text writes the number."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "invariants:\n"
     "  - holds: new.total_minor\n",
     "spec.yaml:5:12: cannot use integer as an invariant: it must be true or false\n"
     "      - holds: new.total_minor\n"
     "               ^~~~~~~~~~~~~~~",
     "Compare it with something, for example ... == 0."},
    {"old: {source: x, table: orders}\n"
     "new: {table: orders_v2}\n"
     "invariants:\n"
     "  - holds: old.spot = new.spot\n",
     "spec.yaml:5:12: cannot use column \"spot\" of type point in an expression\n"
     "      - holds: old.spot = new.spot\n"
     "               ^~~~~~~~",
     "Compare it under equal:, or add a computed column under columns: that turns it into a number, text or time."},
    {"rows: {source: x, table: orders}\n"
     "equal: [{old: note, new: id}]\n",
     "spec.yaml:3:10: cannot compare note (text) with id (integer): they have no common meaning\n"
     "    equal: [{old: note, new: id}]\n"
     "             ^~~",
     "Say what is meant by a computed column and compare that: rows: {columns: {id_as_text: 'id::text'}}."},
    {"rows: {source: x, table: orders}\n"
     "invariants:\n"
     "  - holds: note = remark\n",
     "spec.yaml:4:19: cannot find column \"remark\"\n"
     "      - holds: note = remark\n"
     "                      ^~~~~~",
     ""},
};
/* clang-format on */

static void says_what_cannot_be_matched(void) {
    for (size_t i = 0; i < sizeof(BAD_MATCHES) / sizeof(BAD_MATCHES[0]); i++) {
        Trial trial = {.arena = {0}};
        CHECK(!try_match(&trial, BAD_MATCHES[i].text));
        CHECK_TEXT(trial.err.text, BAD_MATCHES[i].error);
        CHECK_TEXT(trial.err.hint, BAD_MATCHES[i].hint);
        CHECK(trial.err.code == TF_ERROR_USAGE);
        arena_free(&trial.arena);
    }
}

/* What the server says about its schema is shown at the part it speaks of; that it is not there is not. */
static void places_what_a_source_says(void) {
    static const char SPEC[] = "old: {source: x, table: orders, key: [idd], columns: {place: nonsense}}\n"
                               "new: {table: orders_v2}\n";
    Scripted old = SCRIPTED(OLD_COLUMNS, 1), new_ = SCRIPTED(NEW_COLUMNS, 1);
    Trial trial = {.arena = {0}};
    old.failure = "cannot use \"idd\" as key: no such column";
    CHECK(!try_with(&trial, SPEC, &old, &new_));
    CHECK(strstr(trial.err.text, "spec.yaml:2:39: cannot use \"idd\" as key") == trial.err.text);
    old.failure = "computed column \"place\": cannot prepare it";
    CHECK(!try_with(&trial, SPEC, &old, &new_));
    CHECK(strstr(trial.err.text, "spec.yaml:2:62: ") == trial.err.text);
    old.failure = "cannot find table \"orders\"";
    CHECK(!try_with(&trial, SPEC, &old, &new_));
    CHECK(strstr(trial.err.text, "spec.yaml:2:25: ") == trial.err.text);
    old.failure = "could not connect to \"orders\"";
    old.code = TF_ERROR_CONNECTION;
    CHECK(!try_with(&trial, SPEC, &old, &new_));
    CHECK_TEXT(trial.err.text, "could not connect to \"orders\"");
    CHECK(trial.err.code == TF_ERROR_CONNECTION);
    arena_free(&trial.arena);
}

/* ---- what is paired ----------------------------------------------------------------------------------- */

static Kind slot_kind(const MatchSide *side, size_t slot) {
    return side->columns[slot].kind;
}

static const char *slot_name(const MatchSide *side, size_t slot) {
    return side->relation.columns[side->columns[slot].column].name;
}

static void pairs_columns_by_meaning(void) {
    Trial trial = {.arena = {0}};
    if (!CHECK(try_match(&trial,
                         SIDES "equal: [body, spot, {old: note, new: remark}, {old: at, new: at, within: 1 us},\n"
                               "  {old: price, new: price, within: 0.01}, {old: total, new: total_minor}]\n"))) {
        printf("    %s\n", trial.err.text);
        return;
    }
    const Match *match = &trial.match;
    static const Kind KINDS[] = {KIND_JSON, KIND_OPAQUE, KIND_TEXT, KIND_TIMESTAMP, KIND_DECIMAL, KIND_DECIMAL};
    CHECK(match->pair_count == 6);
    for (size_t i = 0; i < match->pair_count; i++) {
        const MatchPair *pair = &match->pairs[i];
        CHECK(pair->kind == KINDS[i]);
        CHECK(slot_kind(&match->old, pair->old_slot) == pair->kind);
        CHECK(slot_kind(&match->new_, pair->new_slot) == pair->kind);
        CHECK_TEXT(slot_name(&match->new_, pair->new_slot), pair->name);
    }
    CHECK_TEXT(match->pairs[2].name, "remark");
    CHECK(match->pairs[3].within.kind == KIND_INTERVAL && match->pairs[3].within.as.interval.us == 1);
    CHECK(match->pairs[4].within.kind == KIND_DECIMAL && match->pairs[0].within.state == CELL_NULL);
    CHECK(match->key_count == 1 && match->old.columns[0].column == 0 && slot_kind(&match->old, 0) == KIND_INT);
    CHECK_TEXT(match->key_names[0], "id");
    /* Key, then the four exact pairs; tolerances are not hashed. */
    CHECK(match->hashed_count == 5);
    for (size_t i = 0; i < match->hashed_count; i++) {
        CHECK(slot_kind(&match->old, match->old_hashed[i]) == slot_kind(&match->new_, match->new_hashed[i]));
    }
    CHECK(match->old.not_compared_count == 3);
    CHECK_TEXT(match->old.not_compared[0], "region");
    CHECK_TEXT(match->old.not_compared[2], "legacy_flag");
    CHECK(match->new_.not_compared_count == 2);
    arena_free(&trial.arena);
}

static void reads_a_column_once_a_kind(void) {
    Trial trial = {.arena = {0}};
    if (!CHECK(try_match(&trial, SIDES "equal: [price]\n"
                                       "invariants:\n"
                                       "  - holds: old.price > 0\n"
                                       "  - holds: new.total_minor = old.total * 100 and new.price > 0\n"
                                       "  - holds: old.id = new.id\n"))) {
        printf("    %s\n", trial.err.text);
        return;
    }
    const Match *match = &trial.match;
    /* old: id, price as decimal (for the pair), price as float (for the rule), total. */
    CHECK(match->old.column_count == 4);
    CHECK(match->old.slots[3] != match->pairs[0].old_slot);
    CHECK(slot_kind(&match->old, match->old.slots[3]) == KIND_FLOAT);
    CHECK(match->old.slots[0] == 0 && match->old.slots[1] == SIZE_MAX);
    CHECK(match->new_.column_count == 3);
    CHECK(match->invariants[1].use_count == 3);
    CHECK(match->invariants[0].program != NULL && match->invariants[0].spec == &trial.spec.invariants[0]);
    arena_free(&trial.arena);
}

/* Keys of integer and numeric meet as decimals; a rule on the integer reads the same batch column. */
static void reads_keys_as_their_pair(void) {
    static const RelationColumn WIDE[] = {COLUMN("id", "numeric", KIND_DECIMAL), COLUMN("note", "text", KIND_TEXT)};
    Trial trial = {.arena = {0}};
    Scripted old = SCRIPTED(OLD_COLUMNS, 1), new_ = SCRIPTED(WIDE, 1);
    CHECK(try_with(&trial, SIDES "equal: [note, id]\ninvariants: [{holds: old.id > 0}]\n", &old, &new_));
    const Match *match = &trial.match;
    CHECK(slot_kind(&match->old, 0) == KIND_DECIMAL && slot_kind(&match->new_, 0) == KIND_DECIMAL);
    CHECK(match->old.slots[0] == 0);
    CHECK(match->old.column_count == 2 && match->new_.column_count == 2);
    arena_free(&trial.arena);
}

static void compares_all_that_both_have(void) {
    static const RelationColumn A[] = {COLUMN("id", "integer", KIND_INT), COLUMN("b", "text", KIND_TEXT),
                                       COLUMN("a", "text", KIND_TEXT), COLUMN("only_old", "text", KIND_TEXT)};
    static const RelationColumn B[] = {COLUMN("id", "integer", KIND_INT), COLUMN("a", "text", KIND_TEXT),
                                       COLUMN("b", "text", KIND_TEXT), COLUMN("only_new", "text", KIND_TEXT)};
    Trial trial = {.arena = {0}};
    Scripted old = SCRIPTED(A, 1), new_ = SCRIPTED(B, 1);
    CHECK(try_with(&trial, SIDES, &old, &new_));
    CHECK(trial.match.pair_count == 2);
    CHECK_TEXT(trial.match.pairs[0].name, "a");
    CHECK(trial.match.old.not_compared_count == 1 && trial.match.new_.not_compared_count == 1);
    CHECK_TEXT(trial.match.old.not_compared[0], "only_old");
    CHECK(try_with(&trial, "old: {source: x, table: t, columns: {c: x}}\nnew: {table: u, columns: {c: x}}\n", &old,
                   &new_));
    CHECK(trial.match.pair_count == 3);
    CHECK(try_with(&trial, SIDES "equal: []\n", &old, &new_));
    CHECK(trial.match.pair_count == 0 && trial.match.hashed_count == 1);
    CHECK(trial.match.old.not_compared_count == 3);
    /* A key column under another name, beside a column of the key's name. */
    CHECK(try_with(&trial, "old: {source: x, table: t, key: [id]}\nnew: {table: u, key: [a]}\n", &old, &new_) == false);
    CHECK(strstr(trial.err.text, "cannot compare old.id (integer) with new.a (text)") != NULL);
    /* Only keys on one side: nothing else is there to compare. */
    old.count = 1;
    CHECK(try_with(&trial, SIDES, &old, &new_));
    CHECK(trial.match.pair_count == 0);
    arena_free(&trial.arena);
}

static void matches_parallel_columns(void) {
    Trial trial = {.arena = {0}};
    CHECK(try_match(&trial, "rows: {source: x, table: orders}\n"
                            "equal: [{old: note, new: region}]\n"
                            "invariants: [{holds: total = price::numeric}]\n"));
    const Match *match = &trial.match;
    CHECK(match->one_row && match->pair_count == 1);
    CHECK_TEXT(slot_name(&match->old, match->pairs[0].new_slot), "region");
    CHECK(match->old.column_count == 5 && match->hashed_count == 2);
    CHECK(match->old.not_compared_count == 5);
    arena_free(&trial.arena);
}

static void pairs_keys_by_position(void) {
    static const RelationColumn A[] = {COLUMN("id", "integer", KIND_INT), COLUMN("region", "text", KIND_TEXT)};
    static const RelationColumn B[] = {COLUMN("country", "text", KIND_TEXT), COLUMN("number", "bigint", KIND_INT)};
    Trial trial = {.arena = {0}};
    Scripted old = SCRIPTED(A, 2), new_ = SCRIPTED(B, 2);
    CHECK(try_with(&trial, "old: {source: x, table: t}\nnew: {table: u, key: [number, country]}\n", &old, &new_));
    CHECK(trial.match.key_count == 2);
    CHECK_TEXT(slot_name(&trial.match.new_, 0), "number");
    CHECK_TEXT(trial.match.key_names[1], "region");
    old.key_count = 0;
    CHECK(!try_with(&trial, SIDES, &old, &new_));
    CHECK(strstr(trial.err.text, "it has no primary key") != NULL);
    arena_free(&trial.arena);
}

/* Primary keys that nobody named, in two orders of the same names: pairing by position would pair region with id. */
static void pairs_reordered_primary_keys_by_name(void) {
    static const RelationColumn A[] = {COLUMN("id", "integer", KIND_INT), COLUMN("part", "integer", KIND_INT)};
    static const RelationColumn B[] = {COLUMN("part", "integer", KIND_INT), COLUMN("id", "bigint", KIND_INT)};
    static const struct {
        const char *spec, *old_first, *new_first;
    } CASES[] = {
        {"old: {source: x, table: t}\nnew: {table: u}\n", "id", "id"},
        {"old: {source: x, table: t, key: [part, id]}\nnew: {table: u}\n", "part", "part"},
        {"old: {source: x, table: t}\nnew: {table: u, key: [part, id]}\n", "part", "part"},
        {"old: {source: x, table: t, key: [id, part]}\nnew: {table: u, key: [part, id]}\n", "id", "part"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Trial trial = {.arena = {0}};
        Scripted old = SCRIPTED(A, 2), new_ = SCRIPTED(B, 2);
        CHECK(try_with(&trial, CASES[i].spec, &old, &new_));
        CHECK_TEXT(slot_name(&trial.match.old, 0), CASES[i].old_first);
        CHECK_TEXT(slot_name(&trial.match.new_, 0), CASES[i].new_first);
        arena_free(&trial.arena);
    }
}

/* `look` and `check` match one spec more than once. */
static void matches_a_spec_again(void) {
    Trial trial = {.arena = {0}};
    Scripted old = SCRIPTED(OLD_COLUMNS, 1), new_ = SCRIPTED(NEW_COLUMNS, 1);
    CHECK(try_match(&trial,
                    SIDES "invariants: [{holds: 'new.total_minor = round(old.total * 100) or old.id in (1, 2)'}]\n"));
    size_t uses = trial.match.invariants[0].use_count;
    for (int i = 0; i < 3; i++) {
        CHECK(match_make(&trial.arena, &trial.spec, &old.base, &new_.base, &trial.match, &trial.err));
        CHECK(trial.match.invariants[0].use_count == uses && uses == 3);
    }
    arena_free(&trial.arena);
}

/* On several lines, folded or as they are, an expression has places, too. */
static void places_expressions_of_several_lines(void) {
    static const char *const STYLES[] = {">", "|", ">-", "|-"};
    for (size_t i = 0; i < sizeof(STYLES) / sizeof(STYLES[0]); i++) {
        Trial trial = {.arena = {0}};
        char spec[200];
        snprintf(spec, sizeof(spec),
                 SIDES "invariants:\n  - holds: %s\n      old.note\n        is null or\n\n      new.remarq = 'x'\n",
                 STYLES[i]);
        CHECK(!try_match(&trial, spec));
        CHECK_TEXT(trial.err.text, "spec.yaml:9:7: cannot find column \"remarq\" in new\n"
                                   "          new.remarq = 'x'\n"
                                   "          ^~~~~~~~~~");
        arena_free(&trial.arena);
    }
    Trial trial = {.arena = {0}};
    CHECK(!try_match(&trial, SIDES "invariants:\n  - holds: old.note is null or\n      new.remarq = 'x'\n"));
    CHECK(strstr(trial.err.text, "spec.yaml:6:7: cannot find") == trial.err.text);
    arena_free(&trial.arena);
}

/* Where the expression does not stand in the file as it is, the sentence quotes it. */
static void quotes_expressions_made_elsewhere(void) {
    Trial trial = {.arena = {0}};
    CHECK(!try_match(&trial, SIDES "invariants:\n  - holds: \"old.note \\x3e 5\"\n"));
    CHECK(strstr(trial.err.text, "spec.yaml:5:13: \"old.note > 5\": cannot") == trial.err.text);
    arena_free(&trial.arena);
}

int main(void) {
    TEST_RUN(says_what_cannot_be_matched);
    TEST_RUN(places_what_a_source_says);
    TEST_RUN(pairs_columns_by_meaning);
    TEST_RUN(reads_a_column_once_a_kind);
    TEST_RUN(reads_keys_as_their_pair);
    TEST_RUN(compares_all_that_both_have);
    TEST_RUN(matches_parallel_columns);
    TEST_RUN(pairs_keys_by_position);
    TEST_RUN(pairs_reordered_primary_keys_by_name);
    TEST_RUN(matches_a_spec_again);
    TEST_RUN(places_expressions_of_several_lines);
    TEST_RUN(quotes_expressions_made_elsewhere);
    return test_finish();
}
