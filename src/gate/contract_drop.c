#include "gate/contract_drop.h"

#include "base/dotted.h"
#include "source/relation.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------------------------------------ */

const Relation *drop_new_relation(const Check *check) {
    return check->spec.one_row ? &check->match.old.relation : &check->match.new_.relation;
}

bool drop_sides_share(const Check *check) {
    return check->spec.one_row || (sources_share_instance(&check->old_info, &check->new_info) &&
                                   strcmp(check->match.old.relation.name, check->match.new_.relation.name) == 0);
}

/* `parts`: schema and table, or the table alone. */
static bool names_table(const char *const *parts, size_t count, const char *const *relation) {
    return strcmp(parts[count - 1], relation[1]) == 0 && (count == 1 || strcmp(parts[0], relation[0]) == 0);
}

/* Of schema orders with table orders, orders.orders is the column only where there is one. */
static bool own_find(const Check *check, const char *name, Arena *arena, const char **out_column) {
    const char *parts[3], *relation[2];
    size_t count = dotted_parts(arena, name, parts, 3);
    if (count == 0 || dotted_parts(arena, check->match.old.relation.name, relation, 2) != 2) {
        return false;
    }
    bool table = count < 3 && names_table(parts, count, relation);
    bool column = count > 1 && names_table(parts, count - 1, relation);
    column = column && (!table || relation_column(&check->match.old.relation, parts[count - 1]) != SIZE_MAX);
    *out_column = column ? parts[count - 1] : NULL;
    return column || table;
}

const char *drop_own_column(const Check *check, const char *name, Arena *arena) {
    const char *column;
    return own_find(check, name, arena, &column) ? column : NULL;
}

bool drop_is_own_table(const Check *check, const char *name, Arena *arena) {
    const char *column;
    return own_find(check, name, arena, &column) && column == NULL;
}

bool drop_has(const Check *check, const char *column, Arena *arena) {
    const SpecContract *contract = &check->spec.contract;
    for (size_t i = 0; i < contract->drop_count && drop_sides_share(check); i++) {
        const char *own = drop_own_column(check, contract->drops[i].name, arena);
        if (own != NULL && strcmp(own, column) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_database(const SourceInfo *a, const char *a_identity, const SourceInfo *b) {
    if (sources_share_instance(a, b)) {
        return true;
    }
    const char *number = a_identity == NULL ? NULL : strrchr(a_identity, '@');
    return number != NULL && number[1] != '\0' && b->identity != NULL && strcmp(a_identity, b->identity) == 0;
}

bool drop_kept(Check *check, Source *source, Arena *arena, const char **out, Err *err) {
    const char *identity;
    if (check->spec.one_row) {
        *out = check->match.old.relation.name;
        return true;
    }
    if (!source_identity(source, arena, &identity, err)) {
        return false;
    }
    bool here = same_database(source->ops->info(source), identity, &check->new_info);
    *out = here ? check->match.new_.relation.name : NULL;
    return true;
}

/* ---- by names --------------------------------------------------------------------------------------------------- */

static bool refuse_other(const Check *check, const SpecDrop *drop, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot drop \"%s\": it is no part of the old side, %s", drop->name,
            check->match.old.relation.name);
    return spec_error_at(&check->spec, drop->place, err);
}

static bool refuse_both(const Check *check, const SpecDrop *drop, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot drop \"%s\": it holds the new representation, too", drop->name);
    err_hint(err, "Name the columns of the old representation.");
    return spec_error_at(&check->spec, drop->place, err);
}

static bool refuse_new(const Check *check, const SpecDrop *drop, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot drop \"%s\": the spec has it as the new representation", drop->name);
    return spec_error_at(&check->spec, drop->place, err);
}

static const char *slot_name(const MatchSide *side, size_t slot) {
    return side->relation.columns[side->columns[slot].column].name;
}

static bool new_by_equal(const Check *check, const char *column) {
    const Match *match = &check->match;
    const MatchSide *new_ = check->spec.one_row ? &match->old : &match->new_;
    bool is_new = false;
    for (size_t i = 0; i < match->pair_count; i++) {
        if (strcmp(slot_name(&match->old, match->pairs[i].old_slot), column) == 0) {
            return false;
        }
        is_new = is_new || strcmp(slot_name(new_, match->pairs[i].new_slot), column) == 0;
    }
    return is_new;
}

/* Where the old side is trusted, what repair sets is the new one. */
static bool new_by_repair(const Check *check, const char *column) {
    const SpecRepair *repair = &check->spec.repair;
    for (size_t i = 0; i < repair->set_count && repair->trust == TRUST_OLD; i++) {
        if (strcmp(repair->sets[i].column, column) == 0) {
            return true;
        }
    }
    return false;
}

bool drop_named(Check *check, const SpecDrop *drop, bool told, Arena *arena, Err *err) {
    const char *column = drop_own_column(check, drop->name, arena);
    bool share = drop_sides_share(check);
    if (column == NULL && drop_is_own_table(check, drop->name, arena)) {
        return share ? refuse_both(check, drop, err) : true;
    }
    if (column == NULL) {
        return told ? true : refuse_other(check, drop, err);
    }
    bool is_new = share && (new_by_equal(check, column) || new_by_repair(check, column));
    return is_new ? refuse_new(check, drop, err) : true;
}

/* ---- as found --------------------------------------------------------------------------------------------------- */

static bool refuse_replaced_table(const Check *check, const SpecDrop *drop, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot replace \"%s\": it is a whole table", drop->name);
    err_hint(err, "Name its columns, one by one: \"%s.column\".", drop->name);
    return spec_error_at(&check->spec, drop->replaced_place, err);
}

/* Every column that replaced_by names is one. */
static bool columns_check(const Check *check, const SpecDrop *drop, const Dependents *answer, Err *err) {
    for (size_t i = 0; i < drop->column_count; i++) {
        const char *name = drop->columns[i].name;
        bool known = false;
        for (size_t j = 0; j < answer->column_count && !known; j++) {
            known = strcmp(answer->columns[j], name) == 0;
        }
        if (!known) {
            const char *nearest = str_nearest(str_of(name), answer->columns, answer->column_count);
            err_set(err, TF_ERROR_USAGE, "cannot find column \"%s\" in %s", name, answer->shown);
            if (nearest != NULL) {
                err_hint(err, "Did you mean \"%s\"?", nearest);
            }
            return spec_error_at(&check->spec, drop->columns[i].place, err);
        }
    }
    return true;
}

bool drop_found(Check *check, const SpecDrop *drop, const Dependents *answer, Err *err) {
    bool table = answer->column == NULL;
    if (answer->part == DROP_OF_NEITHER) {
        return refuse_other(check, drop, err);
    }
    if (table && answer->part == DROP_OF_BOTH) {
        return refuse_both(check, drop, err);
    }
    if (table && drop->replaced_said) {
        return refuse_replaced_table(check, drop, err);
    }
    return columns_check(check, drop, answer, err);
}
