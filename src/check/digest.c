#include "check/digest.h"

#include "expr/split.h"
#include "expr/sql.h"

#include <string.h>

/* Parts as they are found, of both sides at once. */
typedef struct DigestMaker {
    Arena *arena;
    const Match *match;
    DigestPart *parts[2];
    size_t part_count, part_room;
    const char **doubts[2];
    size_t doubt_counts[2], doubt_rooms[2];
} DigestMaker;

static const MatchSide *side_of(const Match *match, int side) {
    return side == 0 ? &match->old : &match->new_;
}

static const RelationColumn *column_of(const Match *match, int side, size_t slot) {
    const MatchSide *from = side_of(match, side);
    return &from->relation.columns[from->columns[slot].column];
}

static const RelationColumn *key_column(const Match *match, int side, size_t i) {
    const Relation *relation = &side_of(match, side)->relation;
    return &relation->columns[relation->key[i]];
}

static void part_add(DigestMaker *maker, DigestPart old, DigestPart new_) {
    if (maker->part_count == maker->part_room) {
        maker->part_room = maker->part_room == 0 ? 16 : maker->part_room * 2;
        for (int side = 0; side < 2; side++) {
            DigestPart *parts = ARENA_MANY(maker->arena, maker->part_room, DigestPart);
            if (maker->part_count > 0) {
                memcpy(parts, maker->parts[side], maker->part_count * sizeof *parts);
            }
            maker->parts[side] = parts;
        }
    }
    maker->parts[0][maker->part_count] = old;
    maker->parts[1][maker->part_count++] = new_;
}

static void doubt_add(DigestMaker *maker, int side, const char *sql) {
    size_t *room = &maker->doubt_rooms[side];
    size_t *count = &maker->doubt_counts[side];
    if (*count == *room) {
        *room = *room == 0 ? 8 : *room * 2;
        const char **doubts = ARENA_MANY(maker->arena, *room, const char *);
        if (*count > 0) {
            memcpy(doubts, maker->doubts[side], *count * sizeof *doubts);
        }
        maker->doubts[side] = doubts;
    }
    maker->doubts[side][(*count)++] = sql;
}

/* ---- pairs that must be equal ------------------------------------------------------------------------------- */

#define FLOAT_WITH_EXACT "compares a float with an exact number"

static bool float_with_exact(Kind a, Kind b) {
    return a != b && (a == KIND_FLOAT || b == KIND_FLOAT);
}

/* Why values of the pair cannot be hashed alike; NULL where they can. */
static const char *pair_refusal(const Match *match, const MatchPair *pair) {
    Kind old = column_of(match, 0, pair->old_slot)->kind;
    Kind new_ = column_of(match, 1, pair->new_slot)->kind;
    if (pair->within.state == CELL_VALUE) {
        return "is compared within a tolerance";
    }
    return float_with_exact(old, new_) ? FLOAT_WITH_EXACT : NULL;
}

static bool is_narrow(const RelationColumn *column) {
    return column->kind == KIND_INT && column->type != NULL &&
           (strcmp(column->type, "integer") == 0 || strcmp(column->type, "smallint") == 0);
}

/* "numeric(12,2)": a number of so many digits is no infinity. */
static bool is_finite(const RelationColumn *column) {
    return column->kind == KIND_DECIMAL && column->type != NULL && strncmp(column->type, "numeric(", 8) == 0 &&
           !column->computed;
}

static bool add_pair(DigestMaker *maker, const MatchPair *pair, Err *err) {
    const char *refusal = pair_refusal(maker->match, pair);
    if (refusal != NULL) {
        return err_set(err, TF_ERROR_USAGE, "column \"%s\" %s", pair->name, refusal);
    }
    const RelationColumn *old = column_of(maker->match, 0, pair->old_slot);
    const RelationColumn *new_ = column_of(maker->match, 1, pair->new_slot);
    DigestPart part = {
        .kind = pair->kind,
        .narrow = is_narrow(old) && is_narrow(new_),
        .finite = is_finite(old) && is_finite(new_),
        .never_null = old->not_null && new_->not_null,
    };
    DigestPart parts[] = {part, part};
    parts[0].column = pair->old_slot;
    parts[1].column = pair->new_slot;
    part_add(maker, parts[0], parts[1]);
    return true;
}

/* ---- invariants ------------------------------------------------------------------------------------------- */

/* How a digest's statement names a column. */
static void write_column(void *self, ExprSide side, size_t column, Buf *out) {
    const Match *match = self;
    buf_printf(out, "d.c%zu", side_of(match, side == EXPR_NEW)->slots[column]);
}

static bool write_sql(DigestMaker *maker, const Expr *lowered, const char **out, Err *err) {
    SqlColumns columns = {write_column, (void *)(uintptr_t)maker->match};
    Buf sql = {0};
    bool good = expr_sql_lowered(lowered, &columns, &sql, err);
    if (good) {
        *out = arena_copy(maker->arena, sql.bytes, sql.length);
    }
    buf_free(&sql);
    return good;
}

static bool add_condition(DigestMaker *maker, const SplitPart *part, NullPolicy policy, Err *err) {
    int side = part->new_ != NULL;
    const char *sql;
    if (!write_sql(maker, side == 0 ? part->old : part->new_, &sql, err)) {
        return false;
    }
    doubt_add(maker, side, arena_printf(maker->arena, "(%s) IS %s", sql, policy == NULL_HOLDS ? "FALSE" : "NOT TRUE"));
    return true;
}

/* Where an unknown invariant holds, two NULLs do, and NULL beside a value is looked at by rows. */
static bool add_split_pair(DigestMaker *maker, const SplitPart *part, NullPolicy policy, Err *err) {
    DigestPart made[2];
    const Expr *halves[] = {part->old, part->new_};
    for (int side = 0; side < 2; side++) {
        made[side] = (DigestPart){.kind = part->kind, .never_null = !part->null_safe && policy != NULL_HOLDS};
        if (!write_sql(maker, halves[side], &made[side].sql, err)) {
            return false;
        }
    }
    part_add(maker, made[0], made[1]);
    return true;
}

static bool add_invariant(DigestMaker *maker, const SpecInvariant *invariant, Err *err) {
    const SplitPart *parts;
    size_t count;
    if (!expr_split(maker->arena, invariant->expr, &parts, &count)) {
        return err_set(err, TF_ERROR_USAGE, "invariant \"%s\" needs both sides of a row at once", invariant->name);
    }
    for (size_t i = 0; i < count; i++) {
        bool pair = parts[i].old != NULL && parts[i].new_ != NULL;
        bool good = pair ? add_split_pair(maker, &parts[i], invariant->null, err)
                         : add_condition(maker, &parts[i], invariant->null, err);
        if (!good) {
            return err_prefix(err, "invariant \"%s\"", invariant->name);
        }
    }
    return true;
}

/* ---- the two servers -------------------------------------------------------------------------------------- */

static bool offers_digests(Source *source, Err *err) {
    return source->ops->digest != NULL ||
           err_set(err, TF_ERROR_USAGE, "%s offers none", source->ops->info(source)->engine);
}

static bool probe(Arena *arena, Source *source, const char **out, Err *err) {
    Err ignored;
    bool good = source->ops->begin(source, NULL, err) && source->ops->digest_probe(source, arena, out, err);
    return source->ops->end(source, good ? err : &ignored) && good;
}

static bool same_hashes(Arena *arena, Source *old, Source *new_, Err *err) {
    const char *answers[2];
    return probe(arena, old, &answers[0], err) && probe(arena, new_, &answers[1], err) &&
           (strcmp(answers[0], answers[1]) == 0 ||
            err_set(err, TF_ERROR_USAGE, "the two servers give the same values different hashes"));
}

static bool can_prove(const Match *match, Source *old, Source *new_, Err *err) {
    if (match->one_row) {
        return err_set(err, TF_ERROR_USAGE, "both representations are in one row");
    }
    if (!offers_digests(old, err) || !offers_digests(new_, err)) {
        return false;
    }
    for (size_t i = 0; i < match->key_count; i++) {
        if (float_with_exact(key_column(match, 0, i)->kind, key_column(match, 1, i)->kind)) {
            return err_set(err, TF_ERROR_USAGE, "key \"%s\" " FLOAT_WITH_EXACT, match->key_names[i]);
        }
    }
    return match->old.relation.key_unique || match->new_.relation.key_unique ||
           err_set(err, TF_ERROR_USAGE, "no unique index proves that a key occurs once in %s or in %s",
                   match->old.relation.name, match->new_.relation.name);
}

bool digest_make(Arena *arena, const Match *match, Source *old, Source *new_, DigestParts *out, Err *err) {
    DigestMaker maker = {.arena = arena, .match = match};
    bool good = can_prove(match, old, new_, err);
    for (size_t i = 0; good && i < match->pair_count; i++) {
        good = add_pair(&maker, &match->pairs[i], err);
    }
    for (size_t i = 0; good && i < match->invariant_count; i++) {
        good = add_invariant(&maker, match->invariants[i].spec, err);
    }
    if (!good || !same_hashes(arena, old, new_, err)) {
        return false;
    }
    *out = (DigestParts){
        .parts = {maker.parts[0], maker.parts[1]},
        .part_count = maker.part_count,
        .doubts = {maker.doubts[0], maker.doubts[1]},
        .doubt_counts = {maker.doubt_counts[0], maker.doubt_counts[1]},
    };
    return true;
}
