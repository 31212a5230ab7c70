/* In: a bound expression. Out: its conjuncts, sorted by the sides they read. */
#include "expr/split.h"

#include "expr/lower.h"

enum { READS_OLD = 1, READS_NEW = 2 };

typedef struct Splitter {
    Arena *arena;
    SplitPart *parts;
    size_t count, room;
} Splitter;

/* A lowered tree shares nodes: each call remembers what it reads, as 1 + its sides. */
static unsigned sides_of(Expr *expr) {
    if (expr->node != EXPR_CALL) {
        return expr->node != EXPR_COLUMN ? 0 : expr->side == EXPR_NEW ? READS_NEW : READS_OLD;
    }
    if (expr->mark == 0) {
        unsigned sides = 0;
        for (size_t i = 0; i < expr->count; i++) {
            sides |= sides_of(expr->args[i]);
        }
        expr->mark = 1 + sides;
    }
    return (unsigned)expr->mark - 1;
}

static void part_add(Splitter *splitter, SplitPart part) {
    if (splitter->count == splitter->room) {
        size_t room = splitter->room == 0 ? 4 : splitter->room * 2;
        SplitPart *parts = ARENA_MANY(splitter->arena, room, SplitPart);
        for (size_t i = 0; i < splitter->count; i++) {
            parts[i] = splitter->parts[i];
        }
        splitter->parts = parts;
        splitter->room = room;
    }
    splitter->parts[splitter->count++] = part;
}

/* Two integer columns stay integers; what is computed may be larger than 64 bits. */
static bool common_kind(const Expr *a, const Expr *b, Kind *out) {
    bool numbers = expr_is_number(a->kind) && expr_is_number(b->kind);
    bool columns = a->node == EXPR_COLUMN && b->node == EXPR_COLUMN;
    *out = a->kind != KIND_INT || b->kind != KIND_INT || columns ? a->kind : KIND_DECIMAL;
    *out = numbers && a->kind != b->kind ? KIND_DECIMAL : *out;
    return a->kind == b->kind || numbers;
}

/* Of a comparison: one operand of each side. */
static bool split_pair(Splitter *splitter, const Expr *comparison, bool null_safe) {
    Expr *a = comparison->args[0], *b = comparison->args[1];
    bool in_order = sides_of(a) == READS_OLD && sides_of(b) == READS_NEW;
    bool swapped = sides_of(a) == READS_NEW && sides_of(b) == READS_OLD;
    SplitPart part = {.old = in_order ? a : b, .new_ = in_order ? b : a, .null_safe = null_safe};
    if ((!in_order && !swapped) || !common_kind(a, b, &part.kind)) {
        return false;
    }
    part_add(splitter, part);
    return true;
}

static bool split(Splitter *splitter, Expr *expr) {
    unsigned sides = sides_of(expr);
    if (sides != (READS_OLD | READS_NEW)) {
        bool of_new = sides == READS_NEW;
        part_add(splitter, (SplitPart){.old = of_new ? NULL : expr, .new_ = of_new ? expr : NULL, .kind = KIND_BOOL});
        return true;
    }
    if (expr->op == OP_AND) {
        bool good = true;
        for (size_t i = 0; good && i < expr->count; i++) {
            good = split(splitter, expr->args[i]);
        }
        return good;
    }
    if (expr->op == OP_NOT && expr->args[0]->node == EXPR_CALL && expr->args[0]->op == OP_IS_DISTINCT) {
        return split_pair(splitter, expr->args[0], true);
    }
    return expr->op == OP_EQ && split_pair(splitter, expr, false);
}

bool expr_split(Arena *arena, const Expr *bound, const SplitPart **out, size_t *out_count) {
    Splitter splitter = {.arena = arena};
    if (!split(&splitter, expr_lower(arena, bound))) {
        return false;
    }
    *out = splitter.parts;
    *out_count = splitter.count;
    return true;
}
