#include "gate/contract_pair.h"

#include "gate/contract_drop.h"
#include "source/relation.h"

#include <string.h>

static const char GROUP[] = "new column";

/* ---- which ---------------------------------------------------------------------------------------------------- */

static bool holds(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void new_add(const Check *check, size_t column, Arena *arena, const char **names, size_t *count) {
    const Relation *relation = drop_new_relation(check);
    const char *name = relation->columns[column].name;
    if (!relation->columns[column].computed && !relation_key_has(relation, column) && !drop_has(check, name, arena) &&
        !holds(names, *count, name)) {
        names[(*count)++] = name;
    }
}

static void from_equal(const Check *check, const char *column, Arena *arena, const char **names, size_t *count) {
    const Match *match = &check->match;
    const MatchSide *new_ = check->spec.one_row ? &match->old : &match->new_;
    for (size_t i = 0; i < match->pair_count; i++) {
        size_t old = match->old.columns[match->pairs[i].old_slot].column;
        if (strcmp(match->old.relation.columns[old].name, column) == 0) {
            new_add(check, new_->columns[match->pairs[i].new_slot].column, arena, names, count);
        }
    }
}

static bool reads(const Check *check, const MatchInvariant *invariant, const char *column) {
    for (size_t i = 0; i < invariant->use_count; i++) {
        const ExprColumnUse *use = &invariant->uses[i];
        if (use->side != EXPR_NEW && strcmp(check->match.old.relation.columns[use->column].name, column) == 0) {
            return true;
        }
    }
    return false;
}

static void from_invariants(const Check *check, const char *column, Arena *arena, const char **names, size_t *count) {
    ExprSide side = check->spec.one_row ? EXPR_ROW : EXPR_NEW;
    for (size_t i = 0; i < check->match.invariant_count; i++) {
        const MatchInvariant *invariant = &check->match.invariants[i];
        for (size_t j = 0; j < invariant->use_count && reads(check, invariant, column); j++) {
            ExprSide of = invariant->uses[j].side;
            if (of == side || (check->spec.one_row && of == EXPR_OLD)) {
                new_add(check, invariant->uses[j].column, arena, names, count);
            }
        }
    }
}

/* The key of the other table: rows are joined by it. */
static void from_key(const Check *check, const char *column, const char **names, size_t *count) {
    const Relation *old = &check->match.old.relation, *new_ = &check->match.new_.relation;
    for (size_t i = 0; i < check->match.key_count; i++) {
        if (strcmp(old->columns[old->key[i]].name, column) == 0 && !new_->columns[new_->key[i]].computed) {
            names[(*count)++] = new_->columns[new_->key[i]].name;
        }
    }
}

static bool said_check(Check *check, const SpecDrop *drop, Arena *arena, Err *err) {
    const Relation *relation = drop_new_relation(check);
    const char **names = ARENA_MANY(arena, relation->column_count, const char *);
    for (size_t i = 0; i < relation->column_count; i++) {
        names[i] = relation->columns[i].name;
    }
    for (size_t i = 0; i < drop->replaced_count; i++) {
        if (!holds(names, relation->column_count, drop->replaced_by[i])) {
            const char *nearest = str_nearest(str_of(drop->replaced_by[i]), names, relation->column_count);
            err_set(err, TF_ERROR_USAGE, "cannot find column \"%s\" in %s", drop->replaced_by[i], relation->name);
            if (nearest != NULL) {
                err_hint(err, "Did you mean \"%s\"?", nearest);
            }
            return spec_error_at(&check->spec, drop->replaced_place, err);
        }
        if (drop_has(check, drop->replaced_by[i], arena)) {
            err_set(err, TF_ERROR_USAGE, "cannot replace \"%s\" by \"%s\": that is dropped, too", drop->name,
                    drop->replaced_by[i]);
            return spec_error_at(&check->spec, drop->replaced_place, err);
        }
    }
    return true;
}

const char *contract_quoted(Arena *arena, const char *name) {
    Buf text = {0};
    for (const char *c = name; *c != '\0'; c++) {
        buf_text(&text, *c == '"' ? "\"" : "");
        buf_char(&text, *c);
    }
    const char *copy = arena_printf(arena, "\"%s\"", text.length == 0 ? "" : text.bytes);
    buf_free(&text);
    return copy;
}

/* Replaced as the spec says, or as its pairs and invariants do; the key counts where its table goes as a whole. */
static bool pair_find(Check *check, const SpecDrop *drop, const char *column, bool whole, Arena *arena,
                      ContractPair *out, Err *err) {
    ContractPair pair = {
        .name = drop->name, .known = drop->replaced_said, .new_ = drop->replaced_by, .new_count = drop->replaced_count};
    if (!said_check(check, drop, arena, err)) {
        return false;
    }
    if (column != NULL && !drop->replaced_said) {
        const char **names =
            ARENA_MANY(arena, drop_new_relation(check)->column_count + check->match.key_count, const char *);
        if (whole) {
            from_key(check, column, names, &pair.new_count);
        }
        from_equal(check, column, arena, names, &pair.new_count);
        if (pair.new_count == 0) {
            from_invariants(check, column, arena, names, &pair.new_count);
        }
        pair.new_ = names;
        pair.known = pair.new_count > 0;
    }
    *out = pair;
    return true;
}

bool contract_pair(Check *check, const SpecDrop *drop, Arena *arena, ContractPair *out, Err *err) {
    const Relation *old = &check->match.old.relation;
    const char *column = drop_own_column(check, drop->name, arena);
    if (!pair_find(check, drop, column, false, arena, out, err)) {
        return false;
    }
    if (column != NULL) {
        out->name = arena_printf(arena, "%s.%s", old->name, contract_quoted(arena, column));
        out->same_table = drop_sides_share(check);
    } else if (drop_is_own_table(check, drop->name, arena)) {
        out->name = old->name;
    }
    return true;
}

bool contract_pair_column(Check *check, const SpecDrop *said, const char *column, Arena *arena, ContractPair *out,
                          Err *err) {
    return pair_find(check, said, column, true, arena, out, err);
}

/* ---- as good ---------------------------------------------------------------------------------------------------- */

static const char *about(Arena *arena, const char *shown, const char *required) {
    return arena_printf(arena, "%s: %s", shown, required);
}

void contract_class(const char *shown, const DependentClass *class_, Arena *arena, Conditions *out) {
    Condition condition = {
        .group = class_->group, .name = class_->name, .required = about(arena, shown, class_->required)};
    if (class_->unknown != NULL || class_->count == 0) {
        condition.subject = shown;
        condition.state = class_->unknown != NULL ? CONDITION_UNKNOWN : CONDITION_MET;
        condition.seen = class_->unknown != NULL ? class_->unknown : class_->required;
        conditions_add(out, &condition);
        return;
    }
    static const ConditionState STATES[] = {[DEPENDENT_NOTED] = CONDITION_MET,
                                            [DEPENDENT_CERTAIN] = CONDITION_NOT_MET,
                                            [DEPENDENT_POSSIBLE] = CONDITION_UNKNOWN};
    for (size_t i = 0; i < class_->count; i++) {
        condition.subject = class_->items[i].subject;
        condition.seen = class_->items[i].seen == NULL ? class_->name : class_->items[i].seen;
        condition.state = STATES[class_->items[i].state];
        conditions_add(out, &condition);
    }
}

static const char *trait_of(const Dependents *column, const char *name) {
    for (size_t i = 0; i < column->trait_count; i++) {
        if (strcmp(column->traits[i].name, name) == 0) {
            return column->traits[i].shown;
        }
    }
    return NULL;
}

/* NOT NULL is wanted of every column that takes its place; of the rest it is enough that one has it. */
static const struct TraitRule {
    const char *name;
    const char *required;
    bool every;
} TRAITS[] = {
    {"not-null", "what takes its place is NOT NULL where it is", true},
    {"default", "what takes its place has a default where it has one", false},
    {"unique", "what takes its place is unique where it is", false},
    {"foreign-key", "what takes its place has a foreign key where it has one", false},
    {"index", "what takes its place has an index where it has one", false},
};

static void trait_compare(const struct TraitRule *rule, const Dependents *old, const Dependents *new_, size_t count,
                          Arena *arena, Conditions *out) {
    const char *had = trait_of(old, rule->name);
    const char *lacks = NULL, *has = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *shown = trait_of(&new_[i], rule->name);
        lacks = shown == NULL ? new_[i].shown : lacks;
        has = shown != NULL ? arena_printf(arena, "%s: %s", new_[i].shown, shown) : has;
    }
    bool met = had == NULL || (rule->every ? lacks == NULL : has != NULL);
    Condition condition = {.group = GROUP,
                           .name = rule->name,
                           .subject = old->shown,
                           .state = met ? CONDITION_MET : CONDITION_NOT_MET,
                           .required = about(arena, old->shown, rule->required)};
    condition.seen = had == NULL ? "it has none itself"
                     : met       ? has
                                 : arena_printf(arena, "%s has none; the old column has %s", lacks, had);
    conditions_add(out, &condition);
}

bool contract_column(Source *source, const char *table, const char *column, Arena *arena, Dependents *out,
                     const char **out_unknown, Err *err) {
    Err ignored;
    *out_unknown = NULL;
    if (source->ops->replacement == NULL) {
        *out_unknown = arena_printf(arena, "%s does not tell", source->ops->info(source)->engine);
        return true;
    }
    bool begun = source->ops->begin(source, NULL, err);
    bool good = begun && source->ops->replacement(source, table, column, arena, out, err);
    if (begun && !source->ops->end(source, good ? err : &ignored)) {
        good = false;
    }
    if (!good && err->code == TF_ERROR_INTERRUPTED) {
        return false;
    }
    *out_unknown = good ? NULL : arena_printf(arena, "%s", err->text);
    return true;
}

void contract_replacement(const char *subject, ConditionState state, const char *seen, Conditions *out) {
    conditions_add(out, &(Condition){.group = GROUP,
                                     .name = "replacement",
                                     .subject = subject,
                                     .state = state,
                                     .required = "it is known what takes its place",
                                     .seen = seen});
}

bool contract_parity(Check *check, const ContractPair *pair, const Dependents *old, Arena *arena, Conditions *out,
                     Err *err) {
    Source *source = check->spec.one_row ? check->old : check->new_;
    const char *unknown;
    if (!pair->known || pair->new_count == 0) {
        const char *seen = pair->known ? "nothing takes its place"
                                       : "no pair or invariant of the spec reads it: say"
                                         " replaced_by";
        contract_replacement(old->shown, pair->known ? CONDITION_MET : CONDITION_UNKNOWN, seen, out);
        return true;
    }
    Dependents *new_ = ARENA_MANY(arena, pair->new_count, Dependents);
    for (size_t i = 0; i < pair->new_count; i++) {
        if (!contract_column(source, drop_new_relation(check)->name, pair->new_[i], arena, &new_[i], &unknown, err)) {
            return false;
        }
        if (unknown != NULL) {
            contract_replacement(pair->new_[i], CONDITION_UNKNOWN, unknown, out);
            return true;
        }
        contract_replacement(new_[i].shown, CONDITION_MET, arena_printf(arena, "it takes the place of %s", old->shown),
                             out);
    }
    for (size_t i = 0; i < sizeof TRAITS / sizeof *TRAITS; i++) {
        trait_compare(&TRAITS[i], old, new_, pair->new_count, arena, out);
    }
    for (size_t i = 0; i < pair->new_count; i++) {
        for (size_t j = 0; j < new_[i].class_count; j++) {
            contract_class(new_[i].shown, &new_[i].classes[j], arena, out);
        }
    }
    return true;
}
