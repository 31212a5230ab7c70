#include "check/plan.h"

#include "check/cost.h"
#include "check/resume.h"
#include "check/settle_times.h"
#include "expr/sql.h"
#include "source/relation.h"

#include <string.h>
#include <unistd.h>

enum {
    RANGE_ROWS = 25000,    /* a plan cuts this finely; tasks join ranges by measured time */
    RANGE_BYTES = 8 << 20, /* ... and finer where rows are wide */
    RANGES_MAX = 65536,
    SLOW_SHARE = 16, /* with a rate to keep, a range is what two workers may read of both sides in a quarter second */
    SLOW_ROWS = 100, /* ... but not less */
    WORKERS_MAX = 64,
    CORES_MAX = 8,              /* that are made use of unasked */
    JOIN_COLUMNS_MAX = 1600,    /* of both sides together: PostgreSQL's statements give up to 1664 */
    SETTLE_STANDBY_US = 100000, /* at least: a position that is reached is not yet the same visibility */
};

/* ---- mode ------------------------------------------------------------------------------------------------- */

/* How the join's statement names a column: o.c<batch column>. */
static void write_join_column(void *self, ExprSide side, size_t column, Buf *out) {
    const Match *match = self;
    const MatchSide *from = side == EXPR_NEW ? &match->new_ : &match->old;
    buf_printf(out, "%s.c%zu", side == EXPR_NEW ? "n" : "o", from->slots[column]);
}

/* For each invariant the SQL that is true where it needs a look; false where one cannot be written. */
static bool write_suspects(Arena *arena, const Match *match, const char *const **out, Err *err) {
    const char **suspects = ARENA_MANY(arena, match->invariant_count, const char *);
    SqlColumns columns = {write_join_column, (void *)(uintptr_t)match};
    for (size_t i = 0; i < match->invariant_count; i++) {
        const SpecInvariant *invariant = match->invariants[i].spec;
        Buf sql = {0};
        bool good = expr_sql(invariant->expr, &columns, &sql, err);
        if (good) {
            suspects[i] =
                arena_printf(arena, "(%s) IS %s", sql.bytes, invariant->null == NULL_HOLDS ? "FALSE" : "NOT TRUE");
        }
        buf_free(&sql);
        if (!good) {
            return err_prefix(err, "invariant \"%s\"", invariant->name);
        }
    }
    *out = suspects;
    return true;
}

static bool same_instance(const Source *old, const Source *new_) {
    return new_ != NULL && sources_share_instance(old->ops->info(old), new_->ops->info(new_));
}

/* Whether a join is possible; if not, why, as an error. */
static bool join_possible(Arena *arena, const Match *match, Source *old, Source *new_, Plan *plan, Err *err) {
    if (old->ops->join_count == NULL) {
        return err_set(err, TF_ERROR_USAGE, "%s offers no join", old->ops->info(old)->engine);
    }
    if (!match->one_row && !same_instance(old, new_)) {
        return err_set(err, TF_ERROR_USAGE, "the two sides are not in one database");
    }
    size_t columns = match->old.column_count + (match->one_row ? 0 : match->new_.column_count);
    if (columns > JOIN_COLUMNS_MAX) {
        return err_set(err, TF_ERROR_USAGE, "a join would read %zu columns, and a statement gives %d", columns,
                       (int)JOIN_COLUMNS_MAX);
    }
    return write_suspects(arena, match, &plan->suspects, err);
}

static bool refuse_join(Err *err) {
    err_prefix(err, "cannot use mode \"join\"");
    return err_hint(err, "Use --mode stream, or leave the mode to twofold.");
}

static void use_mode(Plan *plan, Mode mode, const char *reason) {
    plan->mode = mode;
    plan->mode_reason = reason;
}

static long cores(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
}

static bool distance_read(const Plan *plan, bool of_new, Source *source, SourceDistance *out) {
    Scan scan = plan_scan(plan, of_new, (Range){.rows = RANGE_ALL});
    Err ignored;
    bool good = source->ops->distance != NULL && source->ops->begin(source, NULL, &ignored) &&
                source->ops->distance(source, &scan, out, &ignored);
    return source->ops->end(source, &ignored) && good;
}

/* Both are possible. Where the link cannot be measured, digests do not need it. */
static void choose_by_cost(Arena *arena, Source *old, Source *new_, const CheckOptions *options, const char *before,
                           Plan *plan) {
    SourceDistance far[2];
    const char *both = arena_printf(arena, "%s, and both servers compute the same digests", before);
    if (!distance_read(plan, false, old, &far[0]) || !distance_read(plan, true, new_, &far[1])) {
        use_mode(plan, MODE_DIGEST, both);
        return;
    }
    int workers = (int)(options->workers > 0 && options->workers < cores() ? options->workers : cores());
    Cost cost = cost_of_row(far, plan->digest.part_count + plan->match->key_count, workers);
    use_mode(plan, cost_is_for_rows(&cost) ? MODE_STREAM : MODE_DIGEST,
             arena_printf(arena, "%s: %s", both, cost_shown(arena, &cost)));
}

/* Digests show that nothing differs, rows show what does: where there are no digests, the same answer is read row by
 * row, even where digests were asked for. */
static void choose_digest_or_stream(Arena *arena, Source *old, Source *new_, const CheckOptions *options,
                                    const char *before, Plan *plan) {
    Err why;
    if (!digest_make(arena, plan->match, old, new_, &plan->digest, &why)) {
        use_mode(plan, MODE_STREAM,
                 arena_printf(arena, "%s there are no digests: %s",
                              before == NULL ? "asked for digest, but" : arena_printf(arena, "%s, and", before),
                              why.text));
    } else if (before == NULL) {
        use_mode(plan, MODE_DIGEST, "asked for");
    } else {
        choose_by_cost(arena, old, new_, options, before, plan);
    }
}

static bool choose_mode(Arena *arena, Source *old, Source *new_, Mode wanted, const CheckOptions *options, Plan *plan,
                        Err *err) {
    const Match *match = plan->match;
    if (wanted == MODE_STREAM) {
        use_mode(plan, MODE_STREAM, "asked for");
        return true;
    }
    if (wanted == MODE_DIGEST) {
        choose_digest_or_stream(arena, old, new_, options, NULL, plan);
        return true;
    }
    Err why;
    if (join_possible(arena, match, old, new_, plan, &why)) {
        use_mode(plan, MODE_JOIN,
                 wanted == MODE_JOIN ? "asked for"
                 : match->one_row    ? "both representations are in one row"
                                     : "both sides are in one database");
        return true;
    }
    if (wanted == MODE_JOIN) {
        *err = why;
        return refuse_join(err);
    }
    choose_digest_or_stream(arena, old, new_, options, arena_copy(arena, why.text, strlen(why.text)), plan);
    return true;
}

/* ---- order of keys ---------------------------------------------------------------------------------------- */

static const RelationColumn *key_column(const MatchSide *side, size_t i) {
    return &side->relation.columns[side->relation.key[i]];
}

static const char *two_orders(Arena *arena, const RelationColumn *a, const RelationColumn *b) {
    const char *old = a->collation == NULL ? "bytes" : a->collation;
    const char *new_ = b->collation == NULL ? "bytes" : b->collation;
    if (strcmp(old, new_) == 0) {
        return arena_printf(
            arena,
            "text key \"%s\" is ordered by %s on both sides, of a version that the servers do not know, "
            "and may be in two orders",
            a->name, old);
    }
    return arena_printf(
        arena,
        "text key \"%s\" is ordered by %s on the old side and by %s on the new, and ranges of one order "
        "are not ranges of the other",
        a->name, old, new_);
}

/* Why the key of these relations cannot be cut into ranges that both sides agree on; NULL where it can. */
static const char *no_ranges_reason(Arena *arena, const Match *match, Source *old, Source *new_, bool *out_native) {
    const MatchSide *sides[] = {&match->old, &match->new_};
    for (size_t s = 0; s < (match->one_row ? 1u : 2u); s++) {
        if (!sides[s]->relation.key_ordered) {
            return arena_printf(arena, "no index gives ranges of the key of %s", sides[s]->relation.name);
        }
    }
    if (match->one_row) {
        for (size_t i = 0; i < match->key_count; i++) {
            *out_native = *out_native || key_column(&match->old, i)->collation != NULL;
        }
        return NULL;
    }
    for (size_t i = 0; i < match->key_count; i++) {
        const RelationColumn *a = key_column(&match->old, i);
        const RelationColumn *b = key_column(&match->new_, i);
        if (a->kind != b->kind && (a->kind == KIND_FLOAT || b->kind == KIND_FLOAT)) {
            return "a float key is compared with an exact one";
        }
        if (a->kind != KIND_TEXT) {
            continue;
        }
        if (!columns_share_order(a, b, same_instance(old, new_))) {
            return two_orders(arena, a, b);
        }
        *out_native = *out_native || a->collation != NULL;
    }
    return NULL;
}

static bool key_may_be_null(const Match *match) {
    for (size_t i = 0; i < match->key_count; i++) {
        if (!key_column(&match->old, i)->not_null || (!match->one_row && !key_column(&match->new_, i)->not_null)) {
            return true;
        }
    }
    return false;
}

/* ---- ranges ----------------------------------------------------------------------------------------------- */

static size_t wanted_ranges(const Relation *relation, const CheckOptions *options) {
    double rows = (double)RANGE_ROWS;
    double row_bytes = relation_row_bytes(relation);
    if (options->chunk_rows > 0) {
        rows = (double)options->chunk_rows;
    } else if (row_bytes > (double)RANGE_BYTES / rows) {
        rows = (double)RANGE_BYTES / row_bytes;
    }
    if (options->max_rows_per_second > 0) {
        double slow = (double)options->max_rows_per_second / SLOW_SHARE;
        slow = slow < SLOW_ROWS ? SLOW_ROWS : slow;
        rows = rows < slow ? rows : slow;
    }
    double ranges = relation->estimated_rows / (rows < 1 ? 1 : rows);
    return ranges < 1 ? 1 : ranges > RANGES_MAX ? RANGES_MAX : (size_t)ranges;
}

/* Bounds must mean the same on both sides: where one key is an integer and the other a decimal, the next integer. */
static bool bound_fits(Arena *arena, const Match *match, const Value **bound) {
    for (size_t i = 0; i < match->key_count; i++) {
        const Value *part = &(*bound)[i];
        if (part->state != CELL_VALUE) {
            return false;
        }
        if (part->kind == KIND_DECIMAL && !match->one_row &&
            (key_column(&match->old, i)->kind == KIND_INT || key_column(&match->new_, i)->kind == KIND_INT)) {
            int64_t whole;
            if (part->as.decimal.class_ != DECIMAL_FINITE || !decimal_to_int(part->as.decimal, &whole)) {
                return false;
            }
            Value *own = ARENA_MANY(arena, match->key_count, Value);
            memcpy(own, *bound, match->key_count * sizeof(Value));
            own[i] = (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = whole};
            *bound = own;
        }
    }
    return true;
}

static void ranges_between(Arena *arena, const Match *match, const Value *const *bounds, size_t count, Plan *plan) {
    Range *ranges = ARENA_MANY(arena, count + 2, Range);
    const Value *from = NULL;
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        const Value *bound = bounds[i];
        if (bound_fits(arena, match, &bound)) {
            ranges[made++] = (Range){RANGE_BETWEEN, from, bound};
            from = bound;
        }
    }
    ranges[made++] = (Range){RANGE_BETWEEN, from, NULL};
    if (key_may_be_null(match)) {
        ranges[made++] = (Range){.rows = RANGE_WITH_NULL};
    }
    plan->ranges = ranges;
    plan->range_count = made;
}

/* A single pass over each side; a join cannot pair NULL keys, and a digest cannot tell how often one stands there, so
 * those are read by themselves. */
static void one_pass(Arena *arena, const Match *match, Plan *plan) {
    if (plan->mode != MODE_STREAM && key_may_be_null(match)) {
        ranges_between(arena, match, NULL, 0, plan);
        return;
    }
    Range *all = ARENA_NEW(arena, Range);
    all->rows = RANGE_ALL;
    plan->ranges = all;
    plan->range_count = 1;
}

/* A join or digest of everything is one statement, which keeps to no rate. */
static bool one_statement_to_stream(Arena *arena, Plan *plan, const CheckOptions *options, Err *err) {
    if (plan->mode == MODE_JOIN && options->mode == MODE_JOIN) {
        err_set(err, TF_ERROR_USAGE, "cannot keep mode \"join\" to --max-rows-per-second: it needs %s",
                plan->order_reason);
        return err_hint(err, "Use --mode stream, or leave the mode to twofold.");
    }
    if (plan->mode != MODE_STREAM) {
        plan->mode_reason =
            arena_printf(arena, "a %s in one pass cannot keep to --max-rows-per-second", mode_name(plan->mode));
        plan->mode = MODE_STREAM;
    }
    return true;
}

static bool cut_ranges(Arena *arena, const Match *match, Source *old, Source *new_, const CheckOptions *options,
                       Plan *plan, Err *err) {
    bool native = false;
    const char *why_not = no_ranges_reason(arena, match, old, new_, &native);
    plan->order.native_collation = native;
    if (options->resume != NULL) {
        return resume_plan(options->resume, plan, err);
    }
    if (why_not != NULL) {
        plan->order_reason = arena_printf(arena, "one pass over each side, sorted by the server: %s", why_not);
        if (options->max_rows_per_second > 0 && !one_statement_to_stream(arena, plan, options, err)) {
            return false;
        }
        one_pass(arena, match, plan);
        return true;
    }
    bool new_is_larger = !match->one_row && match->new_.relation.estimated_rows > match->old.relation.estimated_rows;
    Source *larger = new_is_larger ? new_ : old;
    const MatchSide *side = new_is_larger ? &match->new_ : &match->old;
    size_t wanted = wanted_ranges(&side->relation, options);
    const Value **bounds = NULL;
    size_t count = 0;
    if (wanted > 1) {
        Err ignored;
        bool good =
            larger->ops->begin(larger, NULL, err) &&
            larger->ops->boundaries(larger, &side->relation, plan->order, wanted - 1, arena, &bounds, &count, err);
        if (!larger->ops->end(larger, good ? err : &ignored) || !good) {
            return false;
        }
    }
    plan->order_reason = arena_printf(arena, "ranges of the key of %s%s", side->relation.name,
                                      native ? ", in the collation of its index" : "");
    ranges_between(arena, match, bounds, count, plan);
    return true;
}

/* A pooler's few connections are there for the application: one worker, unless more are asked for. */
static int choose_workers(const CheckOptions *options, const Plan *plan, bool pooled) {
    long workers = options->workers > 0 ? options->workers : pooled ? 1 : cores();
    workers = workers > WORKERS_MAX ? WORKERS_MAX : workers;
    return plan->range_count < (size_t)workers ? (int)plan->range_count : (int)workers;
}

/* Two snapshots of two databases are of two moments: what differs between them must be looked at again. */
static int64_t choose_settle(const Plan *plan, const Source *old, const Source *new_, const CheckOptions *options) {
    const Match *match = plan->match;
    if (match->one_row || plan->one_snapshot || old->ops->lookup == NULL || new_->ops->lookup == NULL) {
        return 0;
    }
    int64_t said_us = options->settle_us >= 0 ? options->settle_us : match->spec->settle_us;
    int64_t least_us = plan->standby[0] != NULL || plan->standby[1] != NULL ? SETTLE_STANDBY_US : 0;
    said_us = said_us >= 0 ? said_us : SETTLE_DEFAULT_US;
    return said_us < least_us ? least_us : said_us;
}

static const char *standby_place(Arena *arena, const Source *source) {
    const SourceInfo *info = source == NULL ? NULL : source->ops->info(source);
    return info == NULL || !info->standby ? NULL : arena_copy(arena, info->place, strlen(info->place));
}

bool plan_make(Arena *arena, const Match *match, Source *old, Source *new_, const CheckOptions *options, Plan *out,
               Err *err) {
    Plan plan = {.match = match};
    Mode wanted = options->mode == MODE_AUTO && options->resume != NULL ? options->resume->mode : options->mode;
    if (!choose_mode(arena, old, new_, wanted, options, &plan, err) ||
        !cut_ranges(arena, match, old, new_, options, &plan, err)) {
        return false;
    }
    plan.one_snapshot = !match->one_row && same_instance(old, new_) && old->ops->snapshot != NULL;
    plan.standby[0] = standby_place(arena, old);
    plan.standby[1] = standby_place(arena, new_);
    plan.settle_us = choose_settle(&plan, old, new_, options);
    plan.workers = choose_workers(options, &plan, source_is_pooled(old) || source_is_pooled(new_));
    plan.estimated_rows = match->old.relation.estimated_rows;
    if (!match->one_row && match->new_.relation.estimated_rows > plan.estimated_rows) {
        plan.estimated_rows = match->new_.relation.estimated_rows;
    }
    *out = plan;
    return true;
}

/* ---- what workers and `twofold plan` send --------------------------------------------------------------------- */

Scan plan_scan(const Plan *plan, bool of_new, Range range) {
    const MatchSide *side = of_new ? &plan->match->new_ : &plan->match->old;
    return (Scan){
        .relation = &side->relation,
        .columns = side->columns,
        .column_count = side->column_count,
        .key_count = plan->match->key_count,
        .order = plan->order,
        .range = range,
    };
}

DigestScan plan_digest(const Plan *plan, bool of_new, const Range *cuts, size_t cut_count) {
    return (DigestScan){
        .scan = plan_scan(plan, of_new, (Range){cuts[0].rows, cuts[0].from, cuts[cut_count - 1].to}),
        .parts = plan->digest.parts[of_new],
        .part_count = plan->digest.part_count,
        .doubts = plan->digest.doubts[of_new],
        .doubt_count = plan->digest.doubt_counts[of_new],
        .cuts = cuts,
        .cut_count = cut_count,
    };
}

JoinScan plan_join(const Plan *plan, Range range, Arena *arena) {
    const Match *match = plan->match;
    JoinPair *pairs = ARENA_MANY(arena, match->pair_count, JoinPair);
    for (size_t i = 0; i < match->pair_count; i++) {
        pairs[i] = (JoinPair){match->pairs[i].old_slot, match->pairs[i].new_slot, match->pairs[i].within};
    }
    return (JoinScan){
        .old = plan_scan(plan, false, range),
        .new_ = plan_scan(plan, true, range),
        .pairs = pairs,
        .pair_count = match->pair_count,
        .suspects = plan->suspects,
        .suspect_count = match->invariant_count,
        .one_row = match->one_row,
    };
}
