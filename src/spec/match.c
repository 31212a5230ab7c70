/* A Spec and two open sources in, a Match out: keys paired, columns paired, invariants bound, scans listed.
 *
 * Failures of the servers stay what they are; what the spec got wrong is shown at its place. See match.h.
 */
#include "spec/match.h"

#include "spec/match_parts.h"
#include "spec/spec_yaml.h"

#include <string.h>

/* ---- columns to read ---------------------------------------------------------------------------------- */

size_t match_column(MatchMaker *maker, MatchColumns *side, size_t column, Kind kind) {
    for (size_t i = 0; i < side->count; i++) {
        if (side->columns[i].column == column && side->columns[i].kind == kind) {
            return i;
        }
    }
    if (side->count == side->room) {
        size_t room = side->room == 0 ? 16 : side->room * 2;
        ScanColumn *columns = ARENA_MANY(maker->arena, room, ScanColumn);
        if (side->count > 0) {
            memcpy(columns, side->columns, side->count * sizeof(*columns));
        }
        side->columns = columns;
        side->room = room;
    }
    side->columns[side->count] = (ScanColumn){column, kind};
    return side->count++;
}

size_t match_slot(const MatchColumns *side, size_t column) {
    Kind own = side->relation.columns[column].kind;
    size_t as_decimal = SIZE_MAX;
    for (size_t i = 0; i < side->count; i++) {
        if (side->columns[i].column != column) {
            continue;
        }
        if (side->columns[i].kind == own) {
            return i;
        }
        if (own == KIND_INT && side->columns[i].kind == KIND_DECIMAL) {
            as_decimal = i;
        }
    }
    return as_decimal;
}

const char *match_prefix(const MatchMaker *maker, const MatchColumns *side) {
    return maker->spec->one_row ? "" : side == &maker->old ? "old." : "new.";
}

bool match_find(MatchMaker *maker, const MatchColumns *side, const char *name, SpecPlace place, size_t *out) {
    for (size_t i = 0; i < side->relation.column_count; i++) {
        if (strcmp(side->names[i], name) == 0) {
            *out = i;
            return true;
        }
    }
    err_set(maker->err, TF_ERROR_USAGE, "cannot find column \"%s\" in %s", name, side->relation.name);
    const char *nearest = str_nearest(str_of(name), side->names, side->relation.column_count);
    if (nearest != NULL) {
        err_hint(maker->err, "Did you mean \"%s\"?", nearest);
    }
    return spec_error_at(maker->spec, place, maker->err);
}

/* ---- sides -------------------------------------------------------------------------------------------- */

static bool quotes(const char *sentence, const char *name) {
    const char *at = strstr(sentence, name);
    size_t length = strlen(name);
    while (at != NULL && (at == sentence || at[-1] != '"' || at[length] != '"')) {
        at = strstr(at + 1, name);
    }
    return at != NULL;
}

/* What a source's sentence is about: the part of the side that it quotes, else the table. */
static SpecPlace place_of_subject(const SpecSide *side, const char *sentence) {
    const RelationRef *relation = &side->relation;
    for (size_t i = 0; i < relation->computed_count; i++) {
        if (quotes(sentence, relation->computed[i].name)) {
            return side->computed_places[i];
        }
    }
    for (size_t i = 0; i < relation->key_count; i++) {
        if (quotes(sentence, relation->key[i])) {
            return side->key_places[i];
        }
    }
    return str_starts_with(str_of(sentence), "where") ? side->where_place : side->table_place;
}

/* What the source could not find in its schema is the spec's mistake; that it could not be asked is not. */
static bool refuse_described(MatchMaker *maker, const SpecSide *side) {
    if (maker->err->code != TF_ERROR_USAGE && maker->err->code != TF_ERROR_SCHEMA) {
        return false;
    }
    return spec_error_at(maker->spec, place_of_subject(side, maker->err->text), maker->err);
}

static bool keys_resolve(MatchMaker *maker, const SpecSide *from, MatchColumns *side) {
    for (size_t i = 0; i < from->relation.key_count; i++) {
        if (!match_find(maker, side, from->relation.key[i], from->key_places[i], &side->relation.key[i])) {
            return false;
        }
    }
    if (from->relation.key_count > 0) {
        side->relation.key_count = from->relation.key_count;
    }
    if (side->relation.key_count == 0) {
        err_set(maker->err, TF_ERROR_USAGE, "cannot compare %s: it has no primary key", side->relation.name);
        err_hint(maker->err, "Name the columns that identify a row by key: [NAME, ...].");
        return spec_error_at(maker->spec, from->table_place, maker->err);
    }
    return true;
}

/* In a transaction of its own: behind a small pooler there may be no connection for two at once. */
static bool describe_alone(MatchMaker *maker, const SpecSide *from, Source *source, MatchColumns *side) {
    Err ignored;
    if (!source->ops->begin(source, NULL, maker->err)) {
        return false;
    }
    bool good = source->ops->describe(source, &from->relation, maker->arena, &side->relation, maker->err) ||
                refuse_described(maker, from);
    return source->ops->end(source, good ? maker->err : &ignored) && good;
}

static bool side_describe(MatchMaker *maker, const SpecSide *from, Source *source, MatchColumns *side) {
    if (!describe_alone(maker, from, source, side)) {
        return false;
    }
    side->names = ARENA_MANY(maker->arena, side->relation.column_count, const char *);
    for (size_t i = 0; i < side->relation.column_count; i++) {
        side->names[i] = side->relation.columns[i].name;
    }
    return keys_resolve(maker, from, side);
}

/* ---- keys --------------------------------------------------------------------------------------------- */

static const char *const *key_names(Arena *arena, const Relation *relation) {
    const char **names = ARENA_MANY(arena, relation->key_count, const char *);
    for (size_t i = 0; i < relation->key_count; i++) {
        names[i] = relation->columns[relation->key[i]].name;
    }
    return names;
}

/* Why rows cannot be found by a key of this kind; NULL: they can. */
static const char *key_refusal(Kind kind) {
    static const char *const REFUSALS[KIND_COUNT] = {
        [KIND_JSON] = "documents have no order",
        [KIND_ARRAY] = "arrays and ranges have no order that all engines share",
        [KIND_OPAQUE] = "its values have no order that all engines share",
    };
    return REFUSALS[kind];
}

static SpecPlace key_place(const SpecSide *side, size_t i) {
    return i < side->relation.key_count ? side->key_places[i] : side->key_place;
}

static const char *type_of(const RelationColumn *column) {
    return column->type == NULL ? kind_name(column->kind) : column->type;
}

/* A float read as an exact number has an order, but no index gives it. */
static bool refuse_mixed(MatchMaker *maker, const RelationColumn *old, const RelationColumn *new_, SpecPlace place) {
    err_set(maker->err, TF_ERROR_USAGE, "cannot pair key old.%s (%s) with new.%s (%s): one is a float, one is exact",
            old->name, type_of(old), new_->name, type_of(new_));
    err_hint(maker->err, "Use a computed column that casts the float to numeric as the key.");
    return spec_error_at(maker->spec, place, maker->err);
}

static bool refuse_key(MatchMaker *maker, const RelationColumn *column, const char *why, SpecPlace place) {
    err_set(maker->err, TF_ERROR_USAGE, "cannot use %s%s (%s) as a key: %s", match_prefix(maker, &maker->old),
            column->name, type_of(column), why);
    err_hint(maker->err, "Name other columns by key:, or a computed column such as %s::text.", column->name);
    return spec_error_at(maker->spec, place, maker->err);
}

static bool key_pair(MatchMaker *maker, size_t i, Kind *out) {
    const MatchColumns *old = &maker->old, *new_ = maker->spec->one_row ? &maker->old : &maker->new_;
    const RelationColumn *a = &old->relation.columns[old->relation.key[i]];
    const RelationColumn *b = &new_->relation.columns[new_->relation.key[i]];
    SpecPlace old_place = key_place(&maker->spec->old, i);
    SpecPlace place = maker->spec->one_row ? old_place : key_place(&maker->spec->new_, i);
    if (!match_kind(a, b, out)) {
        return match_refuse_kinds(maker, old, old->relation.key[i], new_, new_->relation.key[i], place);
    }
    if (a->kind != b->kind && (a->kind == KIND_FLOAT || b->kind == KIND_FLOAT)) {
        return refuse_mixed(maker, a, b, place);
    }
    const char *why = key_refusal(*out);
    return why == NULL || refuse_key(maker, a, why, old_place);
}

static void names_append(Buf *out, const Relation *relation) {
    for (size_t i = 0; i < relation->key_count; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", relation->columns[relation->key[i]].name);
    }
}

static bool key_counts_check(MatchMaker *maker) {
    const Relation *old = &maker->old.relation, *new_ = &maker->new_.relation;
    if (old->key_count == new_->key_count) {
        return true;
    }
    Buf old_names = {0}, new_names = {0};
    names_append(&old_names, old);
    names_append(&new_names, new_);
    err_set(maker->err, TF_ERROR_USAGE, "cannot pair key (%s) of old with key (%s) of new: %zu against %zu columns",
            old_names.bytes, new_names.bytes, old->key_count, new_->key_count);
    err_hint(maker->err, "Keys pair by position: name as many columns on both sides by key: [NAME, ...].");
    buf_free(&old_names);
    buf_free(&new_names);
    return spec_error_at(maker->spec, maker->spec->new_.key_place, maker->err);
}

static bool keys_pair(MatchMaker *maker) {
    if (!maker->spec->one_row && !key_counts_check(maker)) {
        return false;
    }
    for (size_t i = 0; i < maker->old.relation.key_count; i++) {
        Kind kind;
        if (!key_pair(maker, i, &kind)) {
            return false;
        }
        match_column(maker, &maker->old, maker->old.relation.key[i], kind);
        if (!maker->spec->one_row) {
            match_column(maker, &maker->new_, maker->new_.relation.key[i], kind);
        }
    }
    return true;
}

bool match_key_reordered(const Relation *a, const Relation *b) {
    size_t moved = 0, found = 0;
    for (size_t i = 0; i < a->key_count; i++) {
        for (size_t j = 0; j < b->key_count; j++) {
            if (strcmp(a->columns[a->key[i]].name, b->columns[b->key[j]].name) == 0) {
                found++;
                moved += i != j;
            }
        }
    }
    return a->key_count == b->key_count && found == a->key_count && moved > 0;
}

/* A primary key that nobody named has the other side's names in the other side's order: (region, id) is no other key
 * than (id, region). Described again, since what an index gives depends on the order. */
static bool key_follow(MatchMaker *maker, const SpecSide *from, Source *source, const Relation *leader,
                       MatchColumns *side) {
    if (from->relation.key_count > 0 || !match_key_reordered(leader, &side->relation)) {
        return true;
    }
    SpecSide ordered = *from;
    SpecPlace *places = ARENA_MANY(maker->arena, leader->key_count, SpecPlace);
    for (size_t i = 0; i < leader->key_count; i++) {
        places[i] = from->key_place;
    }
    ordered.relation.key = key_names(maker->arena, leader);
    ordered.relation.key_count = leader->key_count;
    ordered.key_places = places;
    return side_describe(maker, &ordered, source, side);
}

/* The new side's follows, unless the spec names it. */
static bool keys_order(MatchMaker *maker, Source *old, Source *new_) {
    const Spec *spec = maker->spec;
    return spec->one_row || (key_follow(maker, &spec->new_, new_, &maker->old.relation, &maker->new_) &&
                             key_follow(maker, &spec->old, old, &maker->new_.relation, &maker->old));
}

/* ---- invariants --------------------------------------------------------------------------------------- */

static ExprColumns columns_in_scope(Arena *arena, const Relation *relation) {
    ExprColumn *columns = ARENA_MANY(arena, relation->column_count, ExprColumn);
    for (size_t i = 0; i < relation->column_count; i++) {
        const RelationColumn *from = &relation->columns[i];
        bool comparable = from->kind != KIND_ARRAY && from->kind != KIND_OPAQUE;
        columns[i] = (ExprColumn){from->name, from->kind, comparable, from->type};
    }
    return (ExprColumns){columns, relation->column_count};
}

/* The bytes of the file from a place on; NULL where the file has no such place. */
static const char *text_at(const Spec *spec, SpecPlace place) {
    const char *at = spec->text;
    for (int i = 1; i < place.line && at != NULL; i++) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    for (int i = 1; i < place.column && at != NULL && *at != '\0' && *at != '\n'; i++) {
        at += utf8_step(str_of(at));
    }
    return at;
}

/* A place in the expression is a place in the file where the expression stands there, on one line or on several.
 * Elsewhere (a ready invariant, a text with escapes) the sentence quotes the expression. */
static bool refuse_invariant(MatchMaker *maker, const SpecInvariant *invariant, Place place) {
    enum { QUOTED_BYTES = 160 };
    const char *at = text_at(maker->spec, invariant->place);
    const Str file = str_of(maker->spec->text), holds = str_of(invariant->holds);
    size_t from = at == NULL ? file.length : (size_t)(at - file.bytes);
    SpecPlace shown;
    if (!yaml_place_of(file, from, holds, place.offset, place.length, &shown)) {
        if (holds.length <= QUOTED_BYTES) {
            err_prefix(maker->err, "\"%s\"", invariant->holds);
        }
        return spec_error_at(maker->spec, invariant->place, maker->err);
    }
    return spec_error_at(maker->spec, shown, maker->err);
}

static bool invariant_bind(MatchMaker *maker, const ExprScope *scope, const SpecInvariant *invariant,
                           MatchInvariant *out) {
    Place place = {0, 0};
    if (!expr_bind(invariant->expr, maker->arena, scope, KIND_BOOL, &place, maker->err)) {
        return refuse_invariant(maker, invariant, place);
    }
    out->spec = invariant;
    out->uses = expr_columns(invariant->expr, maker->arena, &out->use_count);
    for (size_t i = 0; i < out->use_count; i++) {
        MatchColumns *side = out->uses[i].side == EXPR_NEW ? &maker->new_ : &maker->old;
        size_t column = out->uses[i].column;
        if (match_slot(side, column) == SIZE_MAX) {
            match_column(maker, side, column, side->relation.columns[column].kind);
        }
    }
    return true;
}

ExprScope match_scope(Arena *arena, const Relation *old, const Relation *new_) {
    ExprScope scope = {.old = columns_in_scope(arena, old), .one_row = new_ == NULL};
    if (new_ != NULL) {
        scope.new_ = columns_in_scope(arena, new_);
    }
    return scope;
}

static bool invariants_bind(MatchMaker *maker, MatchInvariant *out) {
    const Relation *new_ = maker->spec->one_row ? NULL : &maker->new_.relation;
    ExprScope scope = match_scope(maker->arena, &maker->old.relation, new_);
    for (size_t i = 0; i < maker->spec->invariant_count; i++) {
        if (!invariant_bind(maker, &scope, &maker->spec->invariants[i], &out[i])) {
            return false;
        }
    }
    return true;
}

static void programs_make(MatchMaker *maker, Match *match, MatchInvariant *invariants) {
    const size_t *new_slots = match->one_row ? NULL : match->new_.slots;
    for (size_t i = 0; i < maker->spec->invariant_count; i++) {
        invariants[i].program = program_make(maker->arena, invariants[i].spec->expr, match->old.slots, new_slots);
    }
}

/* ---- the match ---------------------------------------------------------------------------------------- */

static bool is_read(const MatchColumns *side, size_t column) {
    for (size_t i = 0; i < side->count; i++) {
        if (side->columns[i].column == column) {
            return true;
        }
    }
    return false;
}

static MatchSide side_finish(Arena *arena, const MatchColumns *from) {
    size_t count = from->relation.column_count;
    size_t *slots = ARENA_MANY(arena, count, size_t);
    const char **not_compared = ARENA_MANY(arena, count, const char *);
    size_t not_compared_count = 0;
    for (size_t i = 0; i < count; i++) {
        slots[i] = match_slot(from, i);
        if (!is_read(from, i)) {
            not_compared[not_compared_count++] = from->names[i];
        }
    }
    return (MatchSide){.relation = from->relation,
                       .columns = from->columns,
                       .column_count = from->count,
                       .slots = slots,
                       .not_compared = not_compared,
                       .not_compared_count = not_compared_count};
}

/* Key first, then the pairs that must be equal exactly, in one order on both sides. */
static void hashed_fill(MatchMaker *maker, Match *match) {
    size_t *old = ARENA_MANY(maker->arena, match->key_count + match->pair_count, size_t);
    size_t *new_ = ARENA_MANY(maker->arena, match->key_count + match->pair_count, size_t);
    size_t count = 0;
    for (size_t i = 0; i < match->key_count; i++, count++) {
        old[count] = new_[count] = i;
    }
    for (size_t i = 0; i < match->pair_count; i++) {
        if (match->pairs[i].within.state == CELL_VALUE) {
            continue;
        }
        old[count] = match->pairs[i].old_slot;
        new_[count++] = match->pairs[i].new_slot;
    }
    match->old_hashed = old;
    match->new_hashed = new_;
    match->hashed_count = count;
}

static Match match_finish(MatchMaker *maker, MatchInvariant *invariants) {
    Match match = {
        .spec = maker->spec,
        .one_row = maker->spec->one_row,
        .old = side_finish(maker->arena, &maker->old),
        .key_count = maker->old.relation.key_count,
        .key_names = key_names(maker->arena, &maker->old.relation),
        .pairs = maker->pairs,
        .pair_count = maker->pair_count,
        .invariants = invariants,
        .invariant_count = maker->spec->invariant_count,
    };
    if (!match.one_row) {
        match.new_ = side_finish(maker->arena, &maker->new_);
    }
    hashed_fill(maker, &match);
    programs_make(maker, &match, invariants);
    return match;
}

bool match_make(Arena *arena, const Spec *spec, Source *old, Source *new_, Match *out, Err *err) {
    MatchMaker maker = {.arena = arena, .spec = spec, .err = err};
    MatchInvariant *invariants = arena_zeroed(arena, (spec->invariant_count + 1) * sizeof(MatchInvariant));
    if (!side_describe(&maker, &spec->old, old, &maker.old) ||
        (!spec->one_row && !side_describe(&maker, &spec->new_, new_, &maker.new_)) || !keys_order(&maker, old, new_) ||
        !keys_pair(&maker) || !match_equal(&maker) || !invariants_bind(&maker, invariants)) {
        return false;
    }
    *out = match_finish(&maker, invariants);
    return match_mask(&maker, out);
}
