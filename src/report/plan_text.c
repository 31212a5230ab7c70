/* A plan in words (form: plan_text.h). */
#include "report/plan_text.h"

#include "base/figures.h"
#include "check/mask.h"

static void show_list(Buf *out, const char *label, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i == 0 ? label : ", ", names[i]);
    }
    buf_text(out, count > 0 ? "\n" : "");
}

static void show_side(Buf *out, Arena *arena, const char *label, const MatchSide *side, const SpecSide *spec,
                      const Source *source) {
    const SourceInfo *info = source->ops->info(source);
    buf_printf(out, "%s  %s %s in %s (%s)", label, side->relation.what, side->relation.name, info->place, info->engine);
    if (side->relation.estimated_rows >= 0) {
        int64_t rows = (int64_t)side->relation.estimated_rows;
        buf_printf(out, ", about %s %s", count_shown(arena, rows), rows == 1 ? "row" : "rows");
    }
    buf_text(out, info->standby ? ", a standby\n" : "\n");
    if (spec->as_of != NULL) {
        buf_printf(out, "     as of a position of %s\n", source_url_shown(arena, spec->as_of));
    }
    show_list(out, "     not compared: ", side->not_compared, side->not_compared_count);
}

static void show_pairs(Buf *out, const Match *match) {
    const MatchSide *other = match->one_row ? &match->old : &match->new_;
    for (size_t i = 0; i < match->pair_count; i++) {
        const MatchPair *pair = &match->pairs[i];
        const RelationColumn *old = &match->old.relation.columns[match->old.columns[pair->old_slot].column];
        const RelationColumn *new_ = &other->relation.columns[other->columns[pair->new_slot].column];
        buf_printf(out, "%s%s (%s) = %s (%s), compared as %s", i == 0 ? "equal      " : "           ", old->name,
                   old->type, new_->name, new_->type, kind_name(pair->kind));
        if (pair->within.state == CELL_VALUE) {
            buf_text(out, ", within ");
            value_print(pair->within, out);
        }
        buf_text(out, "\n");
    }
}

static void show_invariants(Buf *out, const Plan *plan) {
    static const char *const EVALUATED[] = {
        [MODE_JOIN] = "by the database; rows it suspects again by twofold",
        [MODE_DIGEST] = "by each server for its own side; rows that are in doubt again by twofold",
        [MODE_STREAM] = "by twofold",
    };
    const Match *match = plan->match;
    for (size_t i = 0; i < match->invariant_count; i++) {
        const SpecInvariant *invariant = match->invariants[i].spec;
        buf_printf(out, "%s%s: %s\n           evaluated %s\n", i == 0 ? "invariant  " : "           ", invariant->name,
                   invariant->holds, EVALUATED[plan->mode]);
    }
}

/* Bounds are keys; masked ones are nobody's to see. */
static Range first_bounded(const Plan *plan) {
    if (mask_hides_key(plan->match)) {
        return (Range){.rows = RANGE_BETWEEN};
    }
    return plan->ranges[plan->range_count > 2 ? 1 : 0];
}

static bool show_join(Buf *out, const Check *check, Range range, Err *err) {
    Arena scratch = {0};
    JoinScan join = plan_join(&check->plan, range, &scratch);
    bool good = check->old->ops->explain_join(check->old, &join, out, err);
    arena_free(&scratch);
    buf_text(out, "\n");
    return good;
}

static bool show_reading(Buf *out, const Check *check, bool of_new, Range range, Err *err) {
    Source *source = of_new ? check->new_ : check->old;
    Scan scan = plan_scan(&check->plan, of_new, range);
    DigestScan digest = plan_digest(&check->plan, of_new, &range, 1);
    bool digests = check->plan.mode == MODE_DIGEST && range.rows != RANGE_WITH_NULL;
    bool good = digests ? source->ops->explain_digest(source, &digest, out, err)
                        : source->ops->explain_scan(source, &scan, out, err);
    buf_text(out, "\n");
    return good;
}

static bool show_statements(Buf *out, const Check *check, Err *err) {
    Range range = first_bounded(&check->plan);
    buf_text(out, "\nstatements, for one range:\n");
    if (check->plan.mode == MODE_JOIN && range.rows != RANGE_WITH_NULL) {
        return show_join(out, check, range, err);
    }
    return show_reading(out, check, false, range, err) &&
           (check->new_ == NULL || show_reading(out, check, true, range, err));
}

bool plan_text_write(const Check *check, Buf *out, Err *err) {
    Arena arena = {0};
    const Plan *plan = &check->plan;
    const Match *match = &check->match;
    buf_printf(out, "check  %s\n", check->spec.check);
    show_side(out, &arena, match->one_row ? "rows" : "old ", &match->old, &match->spec->old, check->old);
    if (!match->one_row) {
        show_side(out, &arena, "new ", &match->new_, &match->spec->new_, check->new_);
    }
    show_list(out, "key  ", match->key_names, match->key_count);
    buf_printf(out, "\nmode       %s: %s\nranges     %zu, %s\nworkers    %d\n", mode_name(plan->mode),
               plan->mode_reason, plan->range_count, plan->order_reason, plan->workers);
    show_pairs(out, match);
    show_invariants(out, plan);
    arena_free(&arena);
    return show_statements(out, check, err);
}
