#include "repair/aim.h"

#include "source/relation.h"

#include <string.h>

/* ---- sides ------------------------------------------------------------------------------------------------ */

const MatchSide *aim_trusted(const Aim *aim) {
    return aim->match.one_row || aim->write_new ? &aim->match.old : &aim->match.new_;
}

const MatchSide *aim_written(const Aim *aim) {
    return aim->match.one_row || !aim->write_new ? &aim->match.old : &aim->match.new_;
}

const char *aim_trusted_name(const Aim *aim) {
    return aim->write_new ? "old" : "new";
}

const char *aim_written_name(const Aim *aim) {
    return aim->write_new ? "new" : "old";
}

typedef struct AimMaker {
    Arena *arena;
    const Spec *spec;
    Aim *aim;
    Err *err;
} AimMaker;

static MatchSide *side_of(AimMaker *maker, bool written) {
    return (MatchSide *)(written ? aim_written(maker->aim) : aim_trusted(maker->aim));
}

/* ---- what is read besides --------------------------------------------------------------------------------- */

/* A column that no pair and no invariant reads gets a place behind those that they do. */
static void column_read(AimMaker *maker, MatchSide *side, size_t column) {
    if (side->slots[column] != SIZE_MAX) {
        return;
    }
    ScanColumn *columns = ARENA_MANY(maker->arena, side->column_count + 1, ScanColumn);
    size_t *slots = ARENA_MANY(maker->arena, side->relation.column_count, size_t);
    memcpy(columns, side->columns, side->column_count * sizeof *columns);
    memcpy(slots, side->slots, side->relation.column_count * sizeof *slots);
    slots[column] = side->column_count;
    columns[side->column_count++] = (ScanColumn){column, side->relation.columns[column].kind};
    side->columns = columns;
    side->slots = slots;
}

/* Texts of a side: the key as the check pairs it, then columns each once. */
static Scan texts_begin(AimMaker *maker, const MatchSide *side) {
    ScanColumn *columns = ARENA_MANY(maker->arena, side->relation.column_count + side->column_count, ScanColumn);
    size_t key_count = maker->aim->match.key_count;
    memcpy(columns, side->columns, key_count * sizeof *columns);
    return (Scan){.relation = &side->relation,
                  .columns = columns,
                  .column_count = key_count,
                  .key_count = key_count,
                  .range = {.rows = RANGE_ALL}};
}

static size_t texts_column(Scan *scan, size_t column) {
    for (size_t i = 0; i < scan->column_count; i++) {
        if (scan->columns[i].column == column) {
            return i;
        }
    }
    ((ScanColumn *)scan->columns)[scan->column_count] = (ScanColumn){column, scan->relation->columns[column].kind};
    return scan->column_count++;
}

static bool can_be_given(const RelationColumn *column) {
    return !column->computed && column->given != GIVEN_BY_SERVER;
}

static void texts_prepare(AimMaker *maker) {
    const MatchSide *written = side_of(maker, true);
    maker->aim->trusted_texts = texts_begin(maker, side_of(maker, false));
    maker->aim->written_texts = texts_begin(maker, written);
    maker->aim->whole_texts = texts_begin(maker, written);
    for (size_t i = 0; i < written->relation.column_count; i++) {
        if (can_be_given(&written->relation.columns[i])) {
            texts_column(&maker->aim->whole_texts, i);
        }
    }
}

/* ---- targets ---------------------------------------------------------------------------------------------- */

/* Types of which texts mean the same in any database: those that are built in. */
static bool is_same_type(const RelationColumn *a, const RelationColumn *b) {
    enum { FIRST_OWN_OID = 16384 };
    return a->native == b->native && a->native != 0 && a->native < FIRST_OWN_OID;
}

static Target *target_of(AimMaker *maker, size_t column) {
    Aim *aim = maker->aim;
    for (size_t i = 0; i < aim->target_count; i++) {
        if (aim->targets[i].column == column) {
            return &aim->targets[i];
        }
    }
    Target *made = &aim->targets[aim->target_count++];
    *made = (Target){.column = column, .written_text = texts_column(&aim->written_texts, column)};
    return made;
}

/* A column takes the value of its equal. */
static void target_pair(AimMaker *maker, size_t written_slot, size_t trusted_slot, bool is_key) {
    const MatchSide *written = side_of(maker, true), *trusted = side_of(maker, false);
    size_t column = written->columns[written_slot].column, from = trusted->columns[trusted_slot].column;
    const RelationColumn *to_column = &written->relation.columns[column];
    if (!can_be_given(to_column)) {
        return; /* where it differs, nothing that could be written explains it */
    }
    Target *target = target_of(maker, column);
    target->is_key = target->is_key || is_key;
    target->slot = trusted_slot;
    target->trusted_text = texts_column(&maker->aim->trusted_texts, from);
    target->same_type = is_same_type(&trusted->relation.columns[from], to_column);
}

static void targets_of_pairs(AimMaker *maker) {
    const Match *match = &maker->aim->match;
    for (size_t i = 0; i < match->key_count && !match->one_row; i++) {
        target_pair(maker, i, i, true);
    }
    for (size_t i = 0; i < match->pair_count; i++) {
        const MatchPair *pair = &match->pairs[i];
        if (maker->aim->write_new) {
            target_pair(maker, pair->new_slot, pair->old_slot, false);
        } else {
            target_pair(maker, pair->old_slot, pair->new_slot, false);
        }
    }
}

/* ---- set -------------------------------------------------------------------------------------------------- */

static bool refuse_at(AimMaker *maker, SpecPlace place) {
    return spec_error_at(maker->spec, place, maker->err);
}

static bool set_column(AimMaker *maker, const SpecSet *set, size_t *out) {
    const Relation *relation = &side_of(maker, true)->relation;
    const char **names = ARENA_MANY(maker->arena, relation->column_count, const char *);
    for (size_t i = 0; i < relation->column_count; i++) {
        names[i] = relation->columns[i].name;
        if (strcmp(names[i], set->column) != 0) {
            continue;
        }
        if (relation_key_has(relation, i)) {
            err_set(maker->err, TF_ERROR_USAGE, "cannot set \"%s\": it is part of the key, which says what row it is",
                    set->column);
            return refuse_at(maker, set->column_place);
        }
        if (!can_be_given(&relation->columns[i])) {
            err_set(maker->err, TF_ERROR_USAGE, "cannot set \"%s\": it is %s", set->column,
                    relation->columns[i].computed ? "computed by the spec" : "generated by the server");
            return refuse_at(maker, set->column_place);
        }
        *out = i;
        return true;
    }
    err_set(maker->err, TF_ERROR_USAGE, "cannot set \"%s\": there is no such column in %s", set->column,
            relation->name);
    const char *nearest = str_nearest(str_of(set->column), names, relation->column_count);
    if (nearest != NULL) {
        err_hint(maker->err, "Did you mean \"%s\"?", nearest);
    }
    return refuse_at(maker, set->column_place);
}

/* What is written is computed from the side that is right, and from nothing else. */
static bool set_bind(AimMaker *maker, const ExprScope *scope, const SpecSet *set) {
    Place place = {0, 0};
    size_t count;
    if (!expr_bind(set->expr, maker->arena, scope, KIND_COUNT, &place, maker->err)) {
        return refuse_at(maker, set->place);
    }
    const ExprColumnUse *uses = expr_columns(set->expr, maker->arena, &count);
    ExprSide wrong = maker->aim->write_new ? EXPR_NEW : EXPR_OLD;
    for (size_t i = 0; i < count; i++) {
        if (!scope->one_row && uses[i].side == wrong) {
            err_set(maker->err, TF_ERROR_USAGE, "cannot set \"%s\" by a column of %s: %s is trusted", set->column,
                    aim_written_name(maker->aim), aim_trusted_name(maker->aim));
            return refuse_at(maker, set->place);
        }
        column_read(maker, side_of(maker, false), uses[i].column);
    }
    return true;
}

static bool target_set(AimMaker *maker, const ExprScope *scope, const SpecSet *set) {
    size_t column = 0;
    if (!set_column(maker, set, &column) || !set_bind(maker, scope, set)) {
        return false;
    }
    const Match *match = &maker->aim->match;
    column_read(maker, side_of(maker, true), column);
    Target *target = target_of(maker, column);
    target->program =
        program_make(maker->arena, set->expr, match->old.slots, match->one_row ? NULL : match->new_.slots);
    return true;
}

static bool targets_of_sets(AimMaker *maker) {
    const Match *match = &maker->aim->match;
    ExprScope scope = match_scope(maker->arena, &match->old.relation, match->one_row ? NULL : &match->new_.relation);
    for (size_t i = 0; i < maker->spec->repair.set_count; i++) {
        if (!target_set(maker, &scope, &maker->spec->repair.sets[i])) {
            return false;
        }
    }
    return true;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

/* Within one row, equal pairs alone have a direction. */
static bool trust_check(AimMaker *maker, SpecTrust trust) {
    const Match *match = &maker->aim->match;
    if (trust != TRUST_UNSAID || (match->one_row && match->pair_count == 0)) {
        return true;
    }
    err_set(maker->err, TF_ERROR_USAGE, "cannot repair: nothing says which side is right");
    return err_hint(maker->err, "Say --trust old or --trust new, or repair: {trust: old} in the spec.");
}

/* A row is written by the columns that name it. */
static bool key_check(AimMaker *maker) {
    const MatchSide *written = side_of(maker, true);
    for (size_t i = 0; i < maker->aim->match.key_count; i++) {
        const RelationColumn *column = &written->relation.columns[written->columns[i].column];
        if (column->computed) {
            err_set(maker->err, TF_ERROR_USAGE, "cannot write %s: its key \"%s\" is computed", written->relation.name,
                    column->name);
            return err_hint(maker->err, "Name columns of the table itself by key:.");
        }
    }
    return true;
}

bool aim_make(Arena *arena, const Match *match, SpecTrust trust, Aim *out, Err *err) {
    AimMaker maker = {.arena = arena, .spec = match->spec, .aim = out, .err = err};
    *out = (Aim){.match = *match, .write_new = trust != TRUST_NEW};
    if (!trust_check(&maker, trust) || !key_check(&maker)) {
        return false;
    }
    size_t most = match->key_count + match->pair_count + match->spec->repair.set_count;
    out->targets = ARENA_MANY(arena, most + 1, Target);
    texts_prepare(&maker);
    targets_of_pairs(&maker);
    return targets_of_sets(&maker);
}
