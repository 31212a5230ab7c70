/* First specs drafted from two schemas: what is paired, asked and left, and that every draft is a spec. */
#include "test.h"

#include "spec/guess.h"
#include "spec/spec_parts.h"

#include <stdlib.h>

#define COLUMN(name_, type_, kind_)                                                                                    \
    { .name = name_, .type = type_, .family = type_, .kind = kind_ }
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static Relation relation_of(Arena *arena, const RelationColumn *columns, size_t count, size_t key_count) {
    Relation relation = {.name = "\"t\"", .column_count = count, .key_count = key_count};
    relation.columns = ARENA_MANY(arena, count, RelationColumn);
    for (size_t i = 0; i < count; i++) {
        relation.columns[i] = columns[i];
    }
    for (size_t i = 0; i < key_count; i++) {
        relation.key[i] = i;
    }
    return relation;
}

static bool draft_reads(Arena *arena, const char *draft, Spec *out) {
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    Err err = {.text = ""};
    bool good =
        yaml_parse(arena, "draft.yaml", str_of(draft), file, &err) && spec_of_file(arena, file, NULL, out, &err);
    if (!good) {
        printf("    %s\n%s\n", err.text, draft);
    }
    return good;
}

/* clang-format off */
static const RelationColumn OLD_COLUMNS[] = {
    COLUMN("id", "integer", KIND_INT),
    COLUMN("customer_id", "integer", KIND_INT),
    COLUMN("total_amount", "numeric(12,2)", KIND_DECIMAL),
    COLUMN("price", "double precision", KIND_FLOAT),
    COLUMN("username", "text", KIND_TEXT),
    COLUMN("order_status", "text", KIND_TEXT),
    COLUMN("created_at", "timestamp without time zone", KIND_TIMESTAMP),
    COLUMN("legacy_flag", "boolean", KIND_BOOL),
    COLUMN("Strange \"Name\"\n", "text", KIND_TEXT),
};

static const RelationColumn NEW_COLUMNS[] = {
    COLUMN("id", "bigint", KIND_INT),
    COLUMN("customer_id", "bigint", KIND_INT),
    COLUMN("total_amount_minor", "bigint", KIND_INT),
    COLUMN("price_cents", "integer", KIND_INT),
    COLUMN("user_name", "text", KIND_TEXT),
    COLUMN("status", "text", KIND_TEXT),
    COLUMN("created_at", "timestamp with time zone", KIND_TIMESTAMPTZ),
    COLUMN("currency", "character(3)", KIND_TEXT),
    COLUMN("Strange \"Name\"\n", "text", KIND_TEXT),
};
/* clang-format on */

static const char WANTED[] =
    "# A first spec, drafted from the names and types of two schemas: read it before you trust it.\n"
    "check: orders-to-shop-orders-v2\n"
    "\n"
    "old:\n"
    "  source: \"postgresql://localhost/shop\"\n"
    "  table: orders\n"
    "  key: [id]\n"
    "new:\n"
    "  table: shop.orders_v2\n"
    "  key: [id]\n"
    "\n"
    "equal:\n"
    "  - customer_id\n"
    "  - {old: username, new: user_name} # alike names: is this meant?\n"
    "  - {old: order_status, new: status} # alike names: is this meant?\n"
    "  - \"Strange \\\"Name\\\"\\u000a\"\n"
    "\n"
    "# Decide, and take the comment signs off what is meant:\n"
    "# invariants:\n"
    "#   - holds: \"new.total_amount_minor == old.total_amount * 100\" # if the currency has two decimals\n"
    "#   - holds: \"new.price_cents == old.price::numeric * 100\" # if it is kept in cents\n"
    "#   - holds: \"new.created_at == old.created_at::timestamptz\" # if old is in UTC\n"
    "\n"
    "# Not compared, since the other side has nothing alike:\n"
    "#   old.legacy_flag: boolean\n"
    "#   new.currency: \"character(3)\"\n";

static void drafts_what_names_and_types_say(void) {
    Arena arena = {0};
    Relation old = relation_of(&arena, OLD_COLUMNS, COUNT_OF(OLD_COLUMNS), 1);
    Relation new_ = relation_of(&arena, NEW_COLUMNS, COUNT_OF(NEW_COLUMNS), 1);
    Buf draft = {0};
    Spec spec;
    guess_spec(&arena, &(GuessSide){"postgresql://localhost/shop", "orders", &old},
               &(GuessSide){"postgresql://localhost/shop", "shop.orders_v2", &new_}, &draft);
    CHECK_TEXT(draft.bytes, WANTED);
    CHECK(draft_reads(&arena, draft.bytes, &spec));
    CHECK(spec.equal_count == 4);
    CHECK_TEXT(spec.equal[3].old, "Strange \"Name\"\n");
    buf_free(&draft);
    arena_free(&arena);
}

/* With the comment signs off, the questions are invariants that parse. */
static void asks_questions_that_parse(void) {
    Arena arena = {0};
    Buf answered = {0};
    for (const char *c = WANTED; *c != '\0'; c++) {
        bool sign = *c == '#' && (strncmp(c, "# invariants:", 13) == 0 || strncmp(c, "#   - holds", 11) == 0);
        if (sign) {
            c++;
            continue;
        }
        buf_char(&answered, *c);
    }
    Spec spec;
    CHECK(draft_reads(&arena, answered.bytes, &spec));
    CHECK(spec.invariant_count == 3);
    CHECK_TEXT(spec.invariants[0].name, "new-total-amount-minor-is-old-total-amount-times-100");
    buf_free(&answered);
    arena_free(&arena);
}

static void keeps_passwords_out(void) {
    static const char *const URLS[][2] = {
        {"postgresql://ann:hunter2@db/shop?x=${HOME}", "source: \"postgresql://ann@db/shop?x=$${HOME}\" # without"},
        {"postgresql://ann@db/shop", "source: \"postgresql://ann@db/shop\"\n"},
        {"postgresql://ann:hunt/er2@db/shop", "# without its password"},
        {"postgresql://db/shop?user=ann&password=hunter2", "# without its password"},
        {"host=db user=ann password=hunter2", "source: \"host=db user=ann\" # without its password"},
        {"password = 'hun\\'ter2' host=db", "source: \" host=db\" # without its password"},
        {"host=db sslpassword=hunter2 user='a b'", "source: \"host=db user='a b'\" # without"},
        {"password=hunter2", "# without its password"},
        {"dbname=postgresql://ann:hunter2@db/shop", "# without its password"},
        {"service=shop", "source: \"service=shop\"\n"},
        {"sqlite:/tmp/a@b.db", "source: \"sqlite:/tmp/a@b.db\"\n"},
    };
    for (size_t i = 0; i < COUNT_OF(URLS); i++) {
        Arena arena = {0};
        Relation old = relation_of(&arena, OLD_COLUMNS, 2, 1), new_ = relation_of(&arena, NEW_COLUMNS, 2, 1);
        Buf draft = {0};
        Spec spec;
        guess_spec(&arena, &(GuessSide){URLS[i][0], "a", &old}, &(GuessSide){"service=x", "a", &new_}, &draft);
        CHECK(strstr(draft.bytes, "hunter2") == NULL && strstr(draft.bytes, "er2") == NULL);
        if (!CHECK(strstr(draft.bytes, URLS[i][1]) != NULL)) {
            printf("%s", draft.bytes);
        }
        CHECK(draft_reads(&arena, draft.bytes, &spec));
        buf_free(&draft);
        arena_free(&arena);
    }
}

static void says_where_keys_do_not_pair(void) {
    Arena arena = {0};
    Relation old = relation_of(&arena, OLD_COLUMNS, 4, 2), new_ = relation_of(&arena, NEW_COLUMNS, 4, 1);
    Buf draft = {0};
    Spec spec;
    guess_spec(&arena, &(GuessSide){"x", "a", &old}, &(GuessSide){"y", "b", &new_}, &draft);
    CHECK(strstr(draft.bytes, "  # decide: key: [id, customer_id]\n") != NULL);
    CHECK(strstr(draft.bytes, "# The two keys do not pair as they are") != NULL);
    CHECK(draft_reads(&arena, draft.bytes, &spec));
    CHECK(spec.old.relation.key_count == 0);
    buf_free(&draft);
    arena_free(&arena);
}

/* ---- any names ---------------------------------------------------------------------------------------- */

static uint64_t random_state;

static unsigned random_below(unsigned limit) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

static const char *random_name(Arena *arena) {
    static const char *const PIECES[] = {"a",  "total", "_minor", "_", " ",    "\"", "'", "\\",       "#",  ": ",
                                         "\n", "ä",     "😀",      "{", "null", "-",  "*", "\xc2\x85", "\t", "all"};
    Buf name = {0};
    for (unsigned i = 0, count = 1 + random_below(4); i < count; i++) {
        buf_text(&name, PIECES[random_below(COUNT_OF(PIECES))]);
    }
    const char *text = arena_copy(arena, name.bytes, name.length);
    buf_free(&name);
    return text;
}

static Relation random_relation(Arena *arena) {
    RelationColumn columns[12];
    size_t count = 1 + random_below(COUNT_OF(columns));
    for (size_t i = 0; i < count; i++) {
        columns[i] = (RelationColumn){.name = arena_printf(arena, "%s%zu", random_name(arena), i % 3 == 0 ? i : 7),
                                      .type = random_name(arena),
                                      .kind = (Kind)random_below(KIND_COUNT)};
        for (size_t j = 0; j < i; j++) {
            if (strcmp(columns[i].name, columns[j].name) == 0) {
                columns[i].name = arena_printf(arena, "%s_%zu", columns[i].name, i);
            }
        }
    }
    return relation_of(arena, columns, count, random_below((unsigned)count + 1));
}

static void drafts_a_spec_whatever_the_names(void) {
    const char *seed = getenv("TWOFOLD_SEED");
    random_state = seed == NULL ? 20240229 : strtoull(seed, NULL, 10);
    printf("seed %llu\n", (unsigned long long)random_state);
    for (int round = 0; round < 2000; round++) {
        Arena arena = {0};
        Relation old = random_relation(&arena), new_ = random_relation(&arena);
        Buf draft = {0};
        Spec spec;
        const char *url = arena_printf(&arena, "postgresql://a/%s", random_name(&arena));
        guess_spec(&arena, &(GuessSide){url, arena_printf(&arena, "t%s", random_name(&arena)), &old},
                   &(GuessSide){"postgresql://b/c", "t", &new_}, &draft);
        CHECK(draft_reads(&arena, draft.bytes, &spec));
        buf_free(&draft);
        arena_free(&arena);
    }
}

int main(void) {
    TEST_RUN(drafts_what_names_and_types_say);
    TEST_RUN(asks_questions_that_parse);
    TEST_RUN(keeps_passwords_out);
    TEST_RUN(says_where_keys_do_not_pair);
    TEST_RUN(drafts_a_spec_whatever_the_names);
    return test_finish();
}
