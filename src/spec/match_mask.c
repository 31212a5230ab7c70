/* `mask:` and a match in, which columns of both sides are masked out.
 *
 * A name masks the columns of that name on both sides. What is compared with a masked column, or is its partner in the
 * key, is masked with it: one of two equal values in the clear would tell the other.
 * Refuses names that neither side has.
 */
#include "spec/match_parts.h"

#include <string.h>

typedef struct Masked {
    bool *old, *new_; /* by relation column; one array within one row */
} Masked;

static bool mask_named(const MatchColumns *side, const char *name, bool *masked) {
    bool found = false;
    for (size_t i = 0; i < side->relation.column_count; i++) {
        if (strcmp(side->names[i], name) == 0) {
            masked[i] = true;
            found = true;
        }
    }
    return found;
}

static bool refuse_name(MatchMaker *maker, size_t at) {
    const MatchColumns *old = &maker->old, *new_ = &maker->new_;
    size_t old_count = old->relation.column_count;
    size_t new_count = maker->spec->one_row ? 0 : new_->relation.column_count;
    const char **known = ARENA_MANY(maker->arena, old_count + new_count, const char *);
    for (size_t i = 0; i < old_count + new_count; i++) {
        known[i] = i < old_count ? old->names[i] : new_->names[i - old_count];
    }
    const char *name = maker->spec->mask[at];
    err_set(maker->err, TF_ERROR_USAGE, "cannot mask \"%s\": there is no such column", name);
    const char *nearest = str_nearest(str_of(name), known, old_count + new_count);
    if (nearest != NULL) {
        err_hint(maker->err, "Did you mean \"%s\"?", nearest);
    }
    return spec_error_at(maker->spec, maker->spec->mask_places[at], maker->err);
}

static bool join_masks(bool *a, bool *b) {
    bool changed = *a != *b;
    *a = *b = *a || *b;
    return changed;
}

/* Until nothing changes, since a column may stand in several pairs. */
static void mask_partners(const Match *match, Masked masked) {
    const MatchSide *new_side = match->one_row ? &match->old : &match->new_;
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < match->key_count; i++) {
            changed |= join_masks(&masked.old[match->old.columns[i].column], &masked.new_[new_side->columns[i].column]);
        }
        for (size_t i = 0; i < match->pair_count; i++) {
            changed |= join_masks(&masked.old[match->old.columns[match->pairs[i].old_slot].column],
                                  &masked.new_[new_side->columns[match->pairs[i].new_slot].column]);
        }
    }
}

bool match_mask(MatchMaker *maker, Match *match) {
    const Spec *spec = maker->spec;
    Masked masked = {.old = arena_zeroed(maker->arena, maker->old.relation.column_count + 1)};
    masked.new_ = spec->one_row ? masked.old : arena_zeroed(maker->arena, maker->new_.relation.column_count + 1);
    for (size_t i = 0; i < spec->mask_count; i++) {
        bool in_old = mask_named(&maker->old, spec->mask[i], masked.old);
        bool in_new = !spec->one_row && mask_named(&maker->new_, spec->mask[i], masked.new_);
        if (!in_old && !in_new) {
            return refuse_name(maker, i);
        }
    }
    mask_partners(match, masked);
    match->masks = spec->mask_count > 0;
    match->old.masked = masked.old;
    match->new_.masked = spec->one_row ? NULL : masked.new_;
    return true;
}
