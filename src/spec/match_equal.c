/* `equal:` and the columns of both sides in, pairs with a common kind out.
 *
 * Refuses, at the entry: unknown columns, columns without a common meaning (naming the computed column that would say
 * what is meant), tolerances on kinds that have no distance.
 */
#include "spec/match_parts.h"

#include "source/relation.h"

#include <string.h>

/* ---- kinds -------------------------------------------------------------------------------------------- */

/* A json column is text, byte for byte, until its partner is a document. */
static bool is_json_text(const RelationColumn *column) {
    return column->kind == KIND_TEXT && column->type != NULL && strcmp(column->type, "json") == 0;
}

bool match_kind(const RelationColumn *old, const RelationColumn *new_, Kind *out) {
    if ((old->kind == KIND_JSON && is_json_text(new_)) || (new_->kind == KIND_JSON && is_json_text(old))) {
        *out = KIND_JSON;
        return true;
    }
    if (!canon_common_kind(old->kind, new_->kind, out)) {
        return false;
    }
    if (*out == KIND_ARRAY || *out == KIND_OPAQUE) {
        const char *a = old->family == NULL ? "" : old->family;
        const char *b = new_->family == NULL ? "" : new_->family;
        return strcmp(a, b) == 0;
    }
    return true;
}

static const char *type_word(const RelationColumn *column) {
    return column->type == NULL ? kind_name(column->kind) : column->type;
}

/* A name as it stands in SQL: plain where no quotes are needed. */
static const char *sql_name(Arena *arena, const char *name) {
    bool plain = (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';
    Buf quoted = {0};
    buf_char(&quoted, '"');
    for (const char *c = name; *c != '\0'; c++) {
        plain = plain && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
        buf_text(&quoted, *c == '"' ? "\"\"" : (char[]){*c, '\0'});
    }
    buf_char(&quoted, '"');
    const char *text = plain ? name : arena_copy(arena, quoted.bytes, quoted.length);
    buf_free(&quoted);
    return text;
}

/* Which side to cast so that the cast says most and fails least: a text to the document beside it, anything else to
 * the text beside it, and old to new's type where none is text. */
static bool casts_new(const RelationColumn *old, const RelationColumn *new_) {
    if (old->kind == KIND_TEXT) {
        return new_->kind != KIND_JSON;
    }
    return new_->kind == KIND_TEXT && old->kind == KIND_JSON;
}

bool match_refuse_kinds(MatchMaker *maker, const MatchColumns *old_side, size_t old, const MatchColumns *new_side,
                        size_t new_, SpecPlace place) {
    const RelationColumn *a = &old_side->relation.columns[old], *b = &new_side->relation.columns[new_];
    bool cast_new = casts_new(a, b);
    const RelationColumn *cast = cast_new ? b : a, *other = cast_new ? a : b;
    const char *type = other->kind == KIND_TEXT ? "text" : type_word(other);
    const char *side = maker->spec->one_row ? "rows" : cast_new ? "new" : "old";
    err_set(maker->err, TF_ERROR_USAGE, "cannot compare %s%s (%s) with %s%s (%s): they have no common meaning",
            match_prefix(maker, old_side), a->name, type_word(a), match_prefix(maker, new_side), b->name, type_word(b));
    err_hint(maker->err,
             "Say what is meant by a computed column and compare that: %s: {columns: {%s_as_%s: '%s::%s'}}.", side,
             cast->name, kind_name(other->kind), sql_name(maker->arena, cast->name), type);
    return spec_error_at(maker->spec, place, maker->err);
}

/* ---- tolerance ---------------------------------------------------------------------------------------- */

typedef enum Distance { DISTANCE_NONE, DISTANCE_NUMBER, DISTANCE_TIME } Distance;

static Distance distance_of(Kind kind) {
    static const Distance DISTANCES[KIND_COUNT] = {
        [KIND_INT] = DISTANCE_NUMBER,       [KIND_DECIMAL] = DISTANCE_NUMBER, [KIND_FLOAT] = DISTANCE_NUMBER,
        [KIND_TIMESTAMPTZ] = DISTANCE_TIME, [KIND_TIMESTAMP] = DISTANCE_TIME, [KIND_DATE] = DISTANCE_TIME,
        [KIND_TIME] = DISTANCE_TIME,
    };
    return DISTANCES[kind];
}

static bool within_number(Arena *arena, Str text, Value *out) {
    *out = (Value){.kind = KIND_DECIMAL, .state = CELL_VALUE};
    return decimal_parse(arena, text, &out->as.decimal) && out->as.decimal.class_ == DECIMAL_FINITE &&
           decimal_compare(out->as.decimal, decimal_of_int(0)) >= 0;
}

/* A bare number would be seconds to PostgreSQL and anything to a reader: a time needs its unit. */
static bool within_time(Arena *arena, Str text, Value *out) {
    static const Interval ZERO = {0, 0, 0};
    Decimal bare;
    *out = (Value){.kind = KIND_INTERVAL, .state = CELL_VALUE};
    return !decimal_parse(arena, text, &bare) && calendar_parse_interval(text, &out->as.interval) &&
           interval_compare(out->as.interval, ZERO) >= 0;
}

static bool within_read(MatchMaker *maker, const SpecEqual *entry, Kind kind, Value *out) {
    Distance distance = distance_of(kind);
    *out = (Value){.state = CELL_NULL};
    if (entry->within == NULL) {
        return true;
    }
    Str text = str_trim(str_of(entry->within));
    if (distance == DISTANCE_NONE) {
        err_set(maker->err, TF_ERROR_USAGE, "cannot use \"within\" for %s: %s values have no distance", entry->new_,
                kind_name(kind));
        return spec_error_at(maker->spec, entry->within_place, maker->err);
    }
    if (distance == DISTANCE_NUMBER ? within_number(maker->arena, text, out) : within_time(maker->arena, text, out)) {
        return true;
    }
    err_set(maker->err, TF_ERROR_USAGE, "cannot use \"%s\" as a tolerance for %s (%s)", entry->within, entry->new_,
            kind_name(kind));
    err_hint(maker->err, distance == DISTANCE_NUMBER ? "Write a number that is 0 or more, such as 0.01."
                                                     : "Write an interval that is 0 or more, such as \"1 us\".");
    return spec_error_at(maker->spec, entry->within_place, maker->err);
}

/* ---- pairs -------------------------------------------------------------------------------------------- */

static MatchColumns *new_side(MatchMaker *maker) {
    return maker->spec->one_row ? &maker->old : &maker->new_;
}

static bool pair_add(MatchMaker *maker, const SpecEqual *entry, size_t old, size_t new_) {
    MatchColumns *other = new_side(maker);
    MatchPair pair = {.name = other->relation.columns[new_].name};
    if (!match_kind(&maker->old.relation.columns[old], &other->relation.columns[new_], &pair.kind)) {
        return match_refuse_kinds(maker, &maker->old, old, other, new_, entry->place);
    }
    if (!within_read(maker, entry, pair.kind, &pair.within)) {
        return false;
    }
    pair.old_slot = match_column(maker, &maker->old, old, pair.kind);
    pair.new_slot = match_column(maker, other, new_, pair.kind);
    maker->pairs[maker->pair_count++] = pair;
    return true;
}

static bool listed_pairs(MatchMaker *maker) {
    const Spec *spec = maker->spec;
    maker->pairs = ARENA_MANY(maker->arena, spec->equal_count, MatchPair);
    for (size_t i = 0; i < spec->equal_count; i++) {
        const SpecEqual *entry = &spec->equal[i];
        size_t old, new_;
        if (!match_find(maker, &maker->old, entry->old, entry->old_place, &old) ||
            !match_find(maker, new_side(maker), entry->new_, entry->new_place, &new_) ||
            !pair_add(maker, entry, old, new_)) {
            return false;
        }
    }
    return true;
}

static bool is_key_pair(const MatchMaker *maker, size_t old, size_t new_) {
    for (size_t i = 0; i < maker->old.relation.key_count; i++) {
        if (maker->old.relation.key[i] == old && maker->new_.relation.key[i] == new_) {
            return true;
        }
    }
    return false;
}

static bool find_name(const Relation *relation, const char *name, size_t *out) {
    size_t at = relation_column(relation, name);
    if (at == SIZE_MAX) {
        return false;
    }
    *out = at;
    return true;
}

/* Every name on both sides, in new's order; a name that cannot be compared is refused, never left out. */
static bool all_pairs(MatchMaker *maker) {
    const Relation *old = &maker->old.relation, *new_ = &maker->new_.relation;
    maker->pairs = ARENA_MANY(maker->arena, new_->column_count, MatchPair);
    for (size_t i = 0; i < new_->column_count; i++) {
        SpecEqual entry = {.new_ = new_->columns[i].name, .place = maker->spec->new_.table_place};
        size_t partner;
        if (find_name(old, entry.new_, &partner) && !is_key_pair(maker, partner, i) &&
            !pair_add(maker, &entry, partner, i)) {
            return false;
        }
    }
    bool only_keys = old->column_count == old->key_count || new_->column_count == new_->key_count;
    if (maker->pair_count == 0 && !only_keys) {
        err_set(maker->err, TF_ERROR_USAGE, "cannot compare all columns: besides the key no name is on both sides");
        err_hint(maker->err, "Pair them under equal:, such as {old: %s, new: %s}; equal: [] compares keys alone.",
                 old->columns[old->column_count - 1].name, new_->columns[new_->column_count - 1].name);
        return spec_error_at(maker->spec, maker->spec->new_.table_place, maker->err);
    }
    return true;
}

bool match_equal(MatchMaker *maker) {
    return maker->spec->equal_all ? all_pairs(maker) : listed_pairs(maker);
}
