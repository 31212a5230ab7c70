/* Invariants as parts that each side answers alone: which there are, and what cannot be split. */
#include "expr/split.h"

#include "expr/sql.h"
#include "test.h"

#include <stdlib.h>

static const ExprColumn columns[] = {
    {"id", KIND_INT, true, NULL},
    {"total", KIND_DECIMAL, true, NULL},
    {"name", KIND_TEXT, true, NULL},
    {"paid", KIND_BOOL, true, NULL},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const ExprScope two_sides = {{columns, COLUMNS}, {columns, COLUMNS}, false};

static Arena arena;

static Expr *bound(const char *text) {
    Place place;
    Err err;
    Expr *expr = NULL;
    bool good = expr_parse(&arena, str_of(text), &expr, &place, &err) &&
                expr_bind(expr, &arena, &two_sides, KIND_BOOL, &place, &err);
    if (!CHECK(good)) {
        printf("    %s: %s\n", text, err.text);
        exit(1);
    }
    return expr;
}

static void write_column(void *self, ExprSide side, size_t column, Buf *out) {
    (void)self;
    buf_printf(out, "%s.%s", side == EXPR_NEW ? "n" : "o", columns[column].name);
}

static void write_half(const Expr *lowered, Buf *out) {
    SqlColumns names = {write_column, NULL};
    Err err;
    if (lowered != NULL) {
        CHECK(expr_sql_lowered(lowered, &names, out, &err));
    }
}

/* "old | new : kind" a pair, "old |" or "| new" a condition. */
static const char *shown(const char *text) {
    const SplitPart *parts;
    size_t count;
    if (!expr_split(&arena, bound(text), &parts, &count)) {
        return "no";
    }
    Buf out = {0};
    for (size_t i = 0; i < count; i++) {
        bool pair = parts[i].old != NULL && parts[i].new_ != NULL;
        buf_text(&out, i == 0 ? "" : "; ");
        write_half(parts[i].old, &out);
        buf_text(&out, " | ");
        write_half(parts[i].new_, &out);
        if (pair) {
            buf_printf(&out, " : %s%s", kind_name(parts[i].kind), parts[i].null_safe ? ", null is null" : "");
        }
    }
    char *copy = arena_copy(&arena, out.bytes, out.length);
    buf_free(&out);
    return copy;
}

static void splits_equalities(void) {
    CHECK_TEXT(shown("new.id = old.id"), "o.id | n.id : integer");
    CHECK_TEXT(shown("old.total == new.id"), "o.total | n.id : decimal");
    CHECK_TEXT(shown("new.id = old.total * 100"), "(o.total * 100) | n.id : decimal");
    CHECK_TEXT(shown("new.id = old.id + 1"), "(o.id::numeric + 1) | n.id : decimal");
    CHECK_TEXT(shown("old.paid = (new.id > 5)"), "o.paid | (n.id > 5) : bool");
    CHECK_TEXT(shown("new.id is not distinct from old.id"), "o.id | n.id : integer, null is null");
}

/* Exact division becomes a product on the other side. */
static void splits_quotients_by_numbers(void) {
    CHECK_TEXT(shown("old.total = new.id / 100"), "(o.total * 100) | n.id : decimal");
    CHECK_TEXT(shown("old.total = new.total / new.id"), "no");
}

static void splits_what_one_side_knows(void) {
    CHECK_TEXT(shown("new.name is not null"), " | (not ((n.name::text collate \"C\") is null))");
    CHECK_TEXT(shown("old.id > 5 or old.paid"), "((o.id > 5) or o.paid) | ");
    CHECK_TEXT(shown("1 < 2"), "true | ");
}

static void splits_conjunctions(void) {
    CHECK_TEXT(shown("new.id = old.id and (old.paid and new.paid)"), "o.id | n.id : integer; o.paid | ;  | n.paid");
    CHECK_TEXT(shown("new.id = old.id and new.total > old.total"), "no");
}

static void leaves_what_needs_both(void) {
    static const char *const texts[] = {
        "new.id > old.id",
        "new.id - old.id = 0",
        "new.id <> old.id",
        "old.paid or new.id = old.id",
        "not (new.id = old.id)",
        "coalesce(new.id, old.id) = 5",
        "new.id + old.id = old.total",
        "case when old.paid then new.id = 1 else true end",
        "new.id in (old.id, 5)",
        "new.id is distinct from old.id",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_TEXT(shown(texts[i]), "no");
    }
}

int main(void) {
    TEST_RUN(splits_equalities);
    TEST_RUN(splits_quotients_by_numbers);
    TEST_RUN(splits_what_one_side_knows);
    TEST_RUN(splits_conjunctions);
    TEST_RUN(leaves_what_needs_both);
    arena_free(&arena);
    return test_finish();
}
