/* The spec: what it says when it is wrong, to the letter, and what it means when it is right. */
#include "test.h"

#include "spec/spec_parts.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct BadSpec {
    const char *text;
    const char *error;
    const char *hint;
} BadSpec;

/* clang-format off */
static const BadSpec BAD_SPECS[] = {
    {"{}\n",
     "spec.yaml:1:1: cannot use the spec: \"check\" is missing\n"
     "    {}\n"
     "    ^",
     ""},
    {"[]\n",
     "spec.yaml:1:1: cannot use a list for \"the spec\": it takes a mapping\n"
     "    []\n"
     "    ^",
     ""},
    {"check: orders\n",
     "spec.yaml:1:1: cannot use the spec: \"old\" and \"new\" are missing\n"
     "    check: orders\n"
     "    ^~~~~",
     "Say old: and new:, or rows: for parallel columns of one table."},
    {"check: Orders\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:1:8: cannot use \"Orders\" as the name of a check\n"
     "    check: Orders\n"
     "           ^~~~~~",
     "A name has a-z, 0-9 and -, begins with a letter or digit, and is at most 100 long."},
    {"check: [a]\n",
     "spec.yaml:1:8: cannot use a list for \"check\": it takes a word\n"
     "    check: [a]\n"
     "           ^",
     ""},
    {"chek: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:1:1: cannot use key \"chek\" in the spec: no such key\n"
     "    chek: a\n"
     "    ^~~~",
     "Did you mean \"check\"?"},
    {"check: a\n"
     "old: {source: x, tabel: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:18: cannot use key \"tabel\" in old: no such key\n"
     "    old: {source: x, tabel: t}\n"
     "                     ^~~~~",
     "Did you mean \"table\"?"},
    {"check: a\n"
     "old: {source: x, table: t, zebra: 1}\n"
     "new: {table: t}\n",
     "spec.yaml:2:28: cannot use key \"zebra\" in old: no such key\n"
     "    old: {source: x, table: t, zebra: 1}\n"
     "                               ^~~~~",
     "Known are: source, sources, as_of, max_wait, table, key, where, columns."},
    {"check: a\n"
     "old: {source: x}\n"
     "new: {table: t}\n",
     "spec.yaml:2:7: cannot use old: \"table\" is missing\n"
     "    old: {source: x}\n"
     "          ^~~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: [t]}\n"
     "new: {table: t}\n",
     "spec.yaml:2:25: cannot use a list for \"table\": it takes a name\n"
     "    old: {source: x, table: [t]}\n"
     "                            ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: \"\"}\n"
     "new: {table: t}\n",
     "spec.yaml:2:26: cannot use an empty text for \"table\": it takes a name\n"
     "    old: {source: x, table: \"\"}\n"
     "                             ^",
     ""},
    {"check: a\n"
     "old: {source: x, table:}\n"
     "new: {table: t}\n",
     "spec.yaml:2:18: cannot use nothing for \"table\": it takes a name\n"
     "    old: {source: x, table:}\n"
     "                     ^~~~~",
     ""},
    {"check: a\n"
     "old: t\n"
     "new: {table: t}\n",
     "spec.yaml:2:6: cannot use a text for \"old\": it takes a mapping\n"
     "    old: t\n"
     "         ^",
     ""},
    {"check: a\n"
     "old: {table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:7: cannot use \"old\": \"source\" is missing\n"
     "    old: {table: t}\n"
     "          ^~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, sources: [y], table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:27: cannot use both \"source\" and \"sources\" in old\n"
     "    old: {source: x, sources: [y], table: t}\n"
     "                              ^",
     ""},
    {"check: a\n"
     "old: {sources: [], table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:16: cannot use 0 \"sources\": it takes 1 to 1024\n"
     "    old: {sources: [], table: t}\n"
     "                   ^",
     ""},
    {"check: a\n"
     "old: {source: \"${TWOFOLD_UNSET}\", table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:16: cannot fill in \"${TWOFOLD_UNSET}\": environment variable \"TWOFOLD_UNSET\" is not set\n"
     "    old: {source: \"${TWOFOLD_UNSET}\", table: t}\n"
     "                   ^~~~~~~~~~~~~~~~",
     "Set TWOFOLD_UNSET in the environment of twofold."},
    {"check: a\n"
     "old: {source: \"postgresql://ann:secret@${not good}/x\", table: t}\n"
     "new: {table: t}\n",
     "spec.yaml:2:16: cannot fill in \"${\": a variable is written ${NAME}\n"
     "    old: {source: \"postgresql://ann:******@${not good}/x\", table: t}\n"
     "                   ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
     "Write $${ for a literal ${."},
    {"check: a\n"
     "old: {source: x, table: t, key: [id, id]}\n"
     "new: {table: t}\n",
     "spec.yaml:2:38: cannot use \"id\" twice in \"key\"\n"
     "    old: {source: x, table: t, key: [id, id]}\n"
     "                                         ^~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t, key: []}\n"
     "new: {table: t}\n",
     "spec.yaml:2:33: cannot use an empty list for \"key\"\n"
     "    old: {source: x, table: t, key: []}\n"
     "                                    ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t, key: [id, {a: b}]}\n"
     "new: {table: t}\n",
     "spec.yaml:2:39: cannot use a mapping for \"key\": it takes a name\n"
     "    old: {source: x, table: t, key: [id, {a: b}]}\n"
     "                                          ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t, key: [id, region]}\n"
     "new: {table: t, key: [id]}\n",
     "spec.yaml:3:7: cannot pair a key of 2 columns with one of 1\n"
     "    new: {table: t, key: [id]}\n"
     "          ^~~~~",
     "Keys pair by position: name as many columns on both sides."},
    {"check: a\n"
     "old: {source: x, table: t, columns: {c: [1]}}\n"
     "new: {table: t}\n",
     "spec.yaml:2:41: cannot use a list for \"c\": it takes a piece of SQL\n"
     "    old: {source: x, table: t, columns: {c: [1]}}\n"
     "                                            ^",
     ""},
    {"check: a\n"
     "rows: {source: x, table: t}\n"
     "old: {source: x, table: t}\n",
     "spec.yaml:3:7: cannot use \"old\" beside \"rows\": rows is one table\n"
     "    old: {source: x, table: t}\n"
     "          ^~~~~~",
     ""},
    {"check: a\n"
     "rows: {source: x, table: t}\n",
     "spec.yaml:2:8: cannot use the spec: there is nothing to check\n"
     "    rows: {source: x, table: t}\n"
     "           ^~~~~~",
     "Add invariants: with an expression over the columns of \"t\"."},
    {"check: a\n"
     "rows: {source: x, table: t}\n"
     "equal: all\n",
     "spec.yaml:3:8: cannot use \"equal: all\" with \"rows\": there is only one side\n"
     "    equal: all\n"
     "           ^~~",
     ""},
    {"check: a\n"
     "rows: {source: x, table: t}\n"
     "equal: [status]\n",
     "spec.yaml:3:9: cannot compare \"status\" with itself in one row\n"
     "    equal: [status]\n"
     "            ^~~~~~",
     "Write {old: NAME, new: OTHER_NAME} for two parallel columns."},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "equal: some\n",
     "spec.yaml:4:8: cannot use \"some\" for \"equal\": it takes a list, or \"all\"\n"
     "    equal: some\n"
     "           ^~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "equal:\n"
     "  - {old: a, nwe: b}\n",
     "spec.yaml:5:14: cannot use key \"nwe\" in an entry of equal: no such key\n"
     "      - {old: a, nwe: b}\n"
     "                 ^~~",
     "Did you mean \"new\"?"},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "equal:\n"
     "  - a\n"
     "  - {old: b, new: a}\n",
     "spec.yaml:6:6: cannot use new column \"a\" twice in \"equal\"\n"
     "      - {old: b, new: a}\n"
     "         ^~~",
     "Say the second as an invariant, such as new.a == old.b."},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "equal:\n"
     "  - [a]\n",
     "spec.yaml:5:5: cannot use a list for \"equal\": it takes a name\n"
     "      - [a]\n"
     "        ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants: new.a == 1\n",
     "spec.yaml:4:13: cannot use a text for \"invariants\": it takes a list\n"
     "    invariants: new.a == 1\n"
     "                ^~~~~~~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - name: x\n",
     "spec.yaml:5:5: cannot use an invariant without \"holds\" or \"use\"\n"
     "      - name: x\n"
     "        ^~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {holds: new.a = 1, use: money/minor-units}\n",
     "spec.yaml:5:6: cannot use both \"holds\" and \"use\" in one invariant\n"
     "      - {holds: new.a = 1, use: money/minor-units}\n"
     "         ^~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {holds: new.a = 1, with: {a: b}}\n",
     "spec.yaml:5:31: cannot use \"with\" without \"use\"\n"
     "      - {holds: new.a = 1, with: {a: b}}\n"
     "                                  ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {holds: new.a = 1, null: fail}\n",
     "spec.yaml:5:30: cannot use \"fail\" for \"null\"\n"
     "      - {holds: new.a = 1, null: fail}\n"
     "                                 ^~~~",
     "Did you mean \"fails\"?"},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {name: one, holds: new.a = 1}\n"
     "  - {name: one, holds: new.a = 2}\n",
     "spec.yaml:6:12: cannot use the name \"one\" for two invariants\n"
     "      - {name: one, holds: new.a = 2}\n"
     "               ^~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - holds: new.a == = 1\n",
     "spec.yaml:5:21: cannot read the expression: a value should stand where \"=\" is\n"
     "      - holds: new.a == = 1\n"
     "                        ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - holds: \"new.naïve == (1\"\n",
     "spec.yaml:5:28: cannot read the expression: it ends where \")\" should follow\n"
     "      - holds: \"new.naïve == (1\"\n"
     "                               ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants: [old.a = new.a]\n",
     "spec.yaml:4:14: cannot use a text for \"an entry of invariants\": it takes a mapping\n"
     "    invariants: [old.a = new.a]\n"
     "                 ^~~~~~~~~~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - holds: >\n"
     "      new.a = 1\n"
     "      and and\n",
     "spec.yaml:7:11: cannot read the expression: a value should stand where \"and\" is\n"
     "          and and\n"
     "              ^~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {use: money}\n",
     "spec.yaml:5:11: cannot use \"money\" as the name of a ready invariant\n"
     "      - {use: money}\n"
     "              ^~~~~",
     "Write FILE/ENTRY, such as money/minor-units."},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {use: ../money/minor-units}\n",
     "spec.yaml:5:11: cannot use \"../money/minor-units\" as the name of a ready invariant\n"
     "      - {use: ../money/minor-units}\n"
     "              ^~~~~~~~~~~~~~~~~~~~",
     "Write FILE/ENTRY, such as money/minor-units."},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {table: t}\n"
     "invariants:\n"
     "  - {use: nowhere/minor-units}\n",
     "spec.yaml:5:11: cannot find ready invariant \"nowhere/minor-units\": there is no nowhere.yaml\n"
     "      - {use: nowhere/minor-units}\n"
     "              ^~~~~~~~~~~~~~~~~~~",
     "Looked in invariants; --invariants adds a folder."},
    {"check: a\n"
     "check: b\n",
     "spec.yaml:2:1: cannot use key \"check\" twice\n"
     "    check: b\n"
     "    ^~~~~",
     ""},
    {"check: a\n"
     "old: {source: x, table: t\n"
     "new: {table: t}\n",
     "spec.yaml:3:4: cannot read YAML: missing comma in flow mapping\n"
     "    new: {table: t}\n"
     "       ^",
     ""},
    {"check: \"a\n",
     "spec.yaml:1:9: cannot read YAML: double-quoted scalar without closing quote\n"
     "    check: \"a\n"
     "            ^",
     ""},
    {"check: a\n"
     "\told: b\n",
     "spec.yaml:1:8: cannot read YAML: invalid multiline plain key\n"
     "    check: a\n"
     "           ^",
     ""},
    {"check: *a\n",
     "spec.yaml:1:9: cannot find anchor \"a\"\n"
     "    check: *a\n"
     "            ^",
     ""},
    {"check: !!str a\n",
     "spec.yaml:1:14: cannot use YAML tags\n"
     "    check: !!str a\n"
     "                 ^",
     ""},
    {"check: a\n"
     "--- \n"
     "check: b\n",
     "spec.yaml:3:1: cannot read a second document\n"
     "    check: b\n"
     "    ^",
     ""},
    {"? [a]\n"
     ": b\n",
     "spec.yaml:1:3: cannot use a list or mapping as a key\n"
     "    ? [a]\n"
     "      ^",
     ""},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
     "spec.yaml:1:33: cannot read YAML nested deeper than 32 levels\n"
     "    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
     "                                    ^",
     ""},
    {"check: a\n"
     "old: {source: x, table: t}\n"
     "new: {sources: [y, z], as_of: x, table: t}\n",
     "spec.yaml:3:31: cannot use \"as_of\" in new: its sources are several\n"
     "    new: {sources: [y, z], as_of: x, table: t}\n"
     "                                  ^",
     ""},
    {"check: a\n"
     "old: {source: x, max_wait: 5 s, table: t}\n"
     "new: {source: y, table: t}\n",
     "spec.yaml:2:28: cannot use \"max_wait\" in old: there is no \"as_of\"\n"
     "    old: {source: x, max_wait: 5 s, table: t}\n"
     "                               ^~~",
     ""},
    {"check: a\n"
     "old: {source: x, as_of: y, max_wait: soon, table: t}\n"
     "new: {source: y, table: t}\n",
     "spec.yaml:2:38: cannot use \"soon\" as a time to wait\n"
     "    old: {source: x, as_of: y, max_wait: soon, table: t}\n"
     "                                         ^~~~",
     "Write a time such as \"10 s\", of at most a day."},
    {"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
     "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
     "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
     "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
     "e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n",
     "spec.yaml:4:7: cannot read YAML: more than 100000 values\n"
     "    d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
     "          ^",
     ""},
    {"{\"check\": \"a\", \"old\": {\"source\": \"postgresql://ann:secret@db/shop\", \"table\": \"orders_of_the_shop\", \"kee\": [\"id\"]}, \"new\": {\"table\": \"t\"}}\n",
     "spec.yaml:1:101: cannot use key \"kee\" in old: no such key\n"
     "    ... \"orders_of_the_shop\", \"kee\": [\"id\"]}, \"new\": {\"table\": \"t\"}}\n"
     "                               ^~~",
     "Did you mean \"key\"?"},
};
/* clang-format on */

static bool read_text(Arena *arena, const char *text, const SpecSearch *search, Spec *out, Err *err) {
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    return yaml_parse(arena, "spec.yaml", str_of(text), file, err) && spec_of_file(arena, file, search, out, err);
}

/* ---- positions of primaries ----------------------------------------------------------------------------- */

static void a_standby_names_its_primary(void) {
    Arena arena = {0};
    Spec spec, other;
    Err err;
    setenv("TWOFOLD_TEST_PRIMARY", "postgresql://ann:secret@a/shop", 1);
    CHECK(read_text(&arena,
                    "check: a\nold: {source: x, as_of: '${TWOFOLD_TEST_PRIMARY}', table: t}\nnew: {source: y, as_of: x, "
                    "max_wait: 1500 ms, table: t}",
                    NULL, &spec, &err));
    CHECK_TEXT(spec.old.as_of, "postgresql://ann:secret@a/shop");
    CHECK(spec.old.max_wait_us == 60000000 && spec.new_.max_wait_us == 1500000);
    setenv("TWOFOLD_TEST_PRIMARY", "postgresql://ann:changed@a/shop", 1);
    CHECK(read_text(&arena,
                    "check: a\nold: {source: x, as_of: '${TWOFOLD_TEST_PRIMARY}', table: t}\nnew: {source: y, as_of: x, "
                    "max_wait: 2 s, table: t}",
                    NULL, &other, &err));
    CHECK_TEXT(other.digest, spec.digest); /* neither a password nor patience is meaning */
    CHECK(read_text(&arena, "check: a\nold: {source: x, table: t}\nnew: {source: y, as_of: x, table: t}", NULL, &other,
                    &err));
    CHECK(other.old.as_of == NULL && strcmp(other.digest, spec.digest) != 0);
    arena_free(&arena);
}

static void who_borrows_a_source_borrows_its_primary(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    CHECK(read_text(&arena, "check: a\nold: {source: x, as_of: p, max_wait: 2 s, table: t}\nnew: {table: u}", NULL, &spec,
                    &err));
    CHECK_TEXT(spec.new_.as_of, "p");
    CHECK(spec.new_.max_wait_us == 2000000);
    CHECK(read_text(&arena, "check: a\nold: {source: x, as_of: p, table: t}\nnew: {source: y, table: u}", NULL, &spec,
                    &err));
    CHECK(spec.new_.as_of == NULL);
    arena_free(&arena);
}

/* ---- what is refused ---------------------------------------------------------------------------------- */

static void says_what_is_wrong_and_where(void) {
    for (size_t i = 0; i < sizeof(BAD_SPECS) / sizeof(BAD_SPECS[0]); i++) {
        Arena arena = {0};
        Spec spec;
        Err err = {.text = ""};
        CHECK(!read_text(&arena, BAD_SPECS[i].text, NULL, &spec, &err));
        CHECK_TEXT(err.text, BAD_SPECS[i].error);
        CHECK_TEXT(err.hint, BAD_SPECS[i].hint);
        CHECK(err.code == TF_ERROR_USAGE);
        arena_free(&arena);
    }
}

static void refuses_bytes_that_are_no_text(void) {
    Arena arena = {0};
    YamlFile file;
    Err err;
    CHECK(!yaml_parse(&arena, "spec.yaml", (Str){"check: a\0b", 10}, &file, &err));
    CHECK_TEXT(err.text, "cannot read \"spec.yaml\": byte 9 is a NUL");
    CHECK(!yaml_parse(&arena, "spec.yaml", str_of("check: \xff"), &file, &err));
    CHECK_TEXT(err.text, "cannot read \"spec.yaml\": it is not valid UTF-8");
    CHECK(!yaml_parse(&arena, "spec.yaml", str_of("check: \"a\\0b\""), &file, &err));
    CHECK(strstr(err.text, "cannot read a text with a NUL in it") != NULL);
    arena_free(&arena);
}

static void refuses_files_that_are_none(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    CHECK(!spec_read(&arena, "/nowhere/spec.yaml", NULL, &spec, &err));
    CHECK_TEXT(err.text, "could not open \"/nowhere/spec.yaml\": No such file or directory");
    CHECK(!spec_read(&arena, "/", NULL, &spec, &err));
    CHECK_TEXT(err.text, "could not read \"/\": Is a directory");
    CHECK(!spec_read(&arena, "/dev/zero", NULL, &spec, &err));
    CHECK_TEXT(err.text, "cannot read \"/dev/zero\": it is larger than 1 MiB");
    CHECK(!spec_read(&arena, "/dev/null", NULL, &spec, &err));
    CHECK_TEXT(err.text, "cannot use \"/dev/null\": it is empty");
    arena_free(&arena);
}

/* Whatever the lengths, an error fits its array, keeps its excerpt and is valid UTF-8. */
static void keeps_long_errors_readable(void) {
    Arena arena = {0};
    Buf path = {0}, text = {0};
    for (int i = 0; i < 300; i++) {
        buf_text(&path, "ö/");
        buf_text(&text, "ä€😀 ");
    }
    for (int column = 1; column < 1300; column += 7) {
        Err err;
        err_set(&err, TF_ERROR_USAGE, "cannot use \"%s\"", text.bytes);
        CHECK(!yaml_error_at(path.bytes, buf_view(&text), (SpecPlace){1, column, 40}, &err));
        CHECK(utf8_valid(str_of(err.text)));
        CHECK(strstr(err.text, "...") == err.text);
        CHECK(strchr(err.text, '\n') != NULL && strchr(err.text, '^') != NULL);
    }
    buf_free(&path);
    buf_free(&text);
    arena_free(&arena);
}

static void hides_passwords_in_lines_it_shows(void) {
    static const char *const LINES[] = {
        "source: postgresql://ann:hunter2@db/shop",
        "source: \"host=db password=hunter2 dbname=shop\"",
        "source: \"host=db PASSWORD='hunter2' dbname=shop\"",
        "source: postgresql://ann:p@hunter2@db/shop",
        "source: postgresql://db/shop?user=ann&password=hunter2&sslmode=require",
        "source: postgresql://ann:a,b'hunter2@db/shop",
        "source: ann:hunter2@db/shop",
        "source: host=db password = 'a hunter2' dbname=shop",
        "source: 'host=db password=''a''''hunter2'",
        "source: host=db passwd=hunter2 dbname=shop",
        "source: host=db password=pre${BAD}hunter2",
    };
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        Err err;
        err_set(&err, TF_ERROR_USAGE, "cannot");
        CHECK(!yaml_error_at("spec.yaml", str_of(LINES[i]), (SpecPlace){1, 1, 6}, &err));
        CHECK(strstr(err.text, "hunter2") == NULL);
        CHECK(strstr(err.text, "*******") != NULL);
    }
}

/* What is underlined is seen behind a password, but not inside one. */
static void shows_the_place_behind_a_password(void) {
    static const char BEHIND[] = "old: {source: 'host=db password=''hunter2''', tabel: t}";
    static const char INSIDE[] = "source: host=db password=pre${BAD}hunter2";
    Err err;
    err_set(&err, TF_ERROR_USAGE, "cannot");
    CHECK(!yaml_error_at("spec.yaml", str_of(BEHIND), (SpecPlace){1, 47, 5}, &err));
    CHECK_TEXT(err.text, "spec.yaml:1:47: cannot\n"
                         "    old: {source: 'host=db password=**************tabel: t}\n"
                         "                                                  ^~~~~");
    err_set(&err, TF_ERROR_USAGE, "cannot");
    CHECK(!yaml_error_at("spec.yaml", str_of(INSIDE), (SpecPlace){1, 29, 6}, &err));
    CHECK(strstr(err.text, "hunter2") == NULL);
}

/* ---- what is read ------------------------------------------------------------------------------------- */

static const char FULL[] = "check: orders-minor-units # a comment\n"
                           "old:\n"
                           "  source: postgresql://localhost/shop\n"
                           "  table: orders\n"
                           "  key: [id]\n"
                           "  where: \"created_at < now()\"\n"
                           "  columns:\n"
                           "    place: \"point(pickup_lon, pickup_lat)\"\n"
                           "new:\n"
                           "  table: shop.orders_v2\n"
                           "equal:\n"
                           "  - customer_id\n"
                           "  - {old: username, new: handle}\n"
                           "  - {old: price, new: price, within: 0.01}\n"
                           "invariants:\n"
                           "  - name: minor-is-legacy-times-100\n"
                           "    holds: new.total_amount_minor == old.total_amount * 100\n"
                           "  - {holds: new.currency is not null, null: fails}\n";

static void reads_every_part(void) {
    Arena arena = {0};
    Spec spec;
    Err err = {.text = ""};
    if (!CHECK(read_text(&arena, FULL, NULL, &spec, &err))) {
        printf("    %s\n", err.text);
        return;
    }
    CHECK_TEXT(spec.check, "orders-minor-units");
    CHECK(!spec.one_row && !spec.equal_all);
    CHECK_TEXT(spec.old.sources[0], "postgresql://localhost/shop");
    CHECK_TEXT(spec.new_.sources[0], "postgresql://localhost/shop");
    CHECK_TEXT(spec.old.relation.table, "orders");
    CHECK_TEXT(spec.new_.relation.table, "shop.orders_v2");
    CHECK_TEXT(spec.old.relation.where, "created_at < now()");
    CHECK(spec.new_.relation.where == NULL && spec.new_.relation.key == NULL);
    CHECK_TEXT(spec.old.relation.key[0], "id");
    CHECK_TEXT(spec.old.relation.computed[0].name, "place");
    CHECK_TEXT(spec.old.relation.computed[0].sql, "point(pickup_lon, pickup_lat)");
    CHECK(spec.equal_count == 3 && spec.invariant_count == 2);
    CHECK_TEXT(spec.equal[0].old, "customer_id");
    CHECK_TEXT(spec.equal[1].new_, "handle");
    CHECK_TEXT(spec.equal[2].within, "0.01");
    CHECK_TEXT(spec.invariants[0].name, "minor-is-legacy-times-100");
    CHECK_TEXT(spec.invariants[1].name, "new-currency-is-not-null");
    CHECK(spec.invariants[0].null == NULL_UNDECIDED && spec.invariants[1].null == NULL_FAILS);
    CHECK(spec.invariants[0].place.line == 17 && spec.invariants[0].place.column == 12);
    CHECK(spec.equal[1].new_place.line == 13 && spec.equal[1].new_place.column == 26);
    CHECK(spec.old.key_places[0].line == 5 && spec.old.key_places[0].column == 9);
    arena_free(&arena);
}

static void reads_json_too(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    CHECK(read_text(&arena,
                    "{\"check\":\"a\",\"rows\":{\"source\":\"service=shop\",\"table\":\"t\"},"
                    "\"invariants\":[{\"holds\":\"a \\u003d b\"}]}",
                    NULL, &spec, &err));
    CHECK(spec.one_row && spec.old.source_count == 1 && spec.new_.source_count == 0);
    CHECK_TEXT(spec.invariants[0].holds, "a = b");
    arena_free(&arena);
}

typedef struct Default {
    const char *text;
    bool equal_all;
    size_t equal_count;
} Default;

static void fills_in_what_was_left_out(void) {
    static const Default DEFAULTS[] = {
        {"", true, 0},
        {"equal: all\n", true, 0},
        {"equal: []\n", false, 0},
        {"equal: [a, b]\n", false, 2},
        {"invariants: [holds: new.a = 1]\n", false, 0},
        {"equal: all\ninvariants: [holds: new.a = 1]\n", true, 0},
    };
    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++) {
        Arena arena = {0};
        Spec spec;
        Err err;
        const char *text =
            arena_printf(&arena, "check: a\nold: {table: t}\nnew: {source: y, table: u}\n%s", DEFAULTS[i].text);
        CHECK(read_text(&arena, text, NULL, &spec, &err));
        CHECK(spec.equal_all == DEFAULTS[i].equal_all);
        CHECK(spec.equal_count == DEFAULTS[i].equal_count);
        CHECK_TEXT(spec.old.sources[0], "y");
        arena_free(&arena);
    }
}

static void fills_in_variables_in_sources_only(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    setenv("TWOFOLD_TEST_HOST", "db${HOME}", 1);
    setenv("TWOFOLD_TEST_NONE", "", 1);
    CHECK(read_text(&arena,
                    "check: a\n"
                    "old: {sources: ['x://${TWOFOLD_TEST_HOST}/$${y}$', z], table: '${TWOFOLD_TEST_HOST}'}\n"
                    "new: {source: a, table: t, where: '${b}'}\n",
                    NULL, &spec, &err));
    CHECK(spec.old.source_count == 2);
    CHECK_TEXT(spec.old.sources[0], "x://db${HOME}/${y}$");
    CHECK_TEXT(spec.old.sources[1], "z");
    CHECK_TEXT(spec.old.relation.table, "${TWOFOLD_TEST_HOST}");
    CHECK_TEXT(spec.new_.relation.where, "${b}");
    CHECK(!read_text(&arena, "check: a\nrows: {source: '${TWOFOLD_TEST_NONE}', table: t}\n", NULL, &spec, &err));
    CHECK(strstr(err.text, "cannot use a source that is empty once its variables are filled in") != NULL);
    arena_free(&arena);
}

static void makes_names_that_differ(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    CHECK(
        read_text(&arena,
                  "check: a\nrows: {source: x, table: t}\n"
                  "invariants: [{holds: a < b}, {holds: a > b}, {holds: a <  b}, {name: a-below-b-2, holds: a = b}]\n",
                  NULL, &spec, &err));
    CHECK_TEXT(spec.invariants[0].name, "a-below-b");
    CHECK_TEXT(spec.invariants[1].name, "a-above-b");
    CHECK_TEXT(spec.invariants[2].name, "a-below-b-3");
    CHECK_TEXT(spec.invariants[3].name, "a-below-b-2");
    arena_free(&arena);
}

static void makes_slugs(void) {
    Arena arena = {0};
    CHECK_TEXT(spec_slug(&arena, str_of("new.total_minor == old.total * 100")),
               "new-total-minor-is-old-total-times-100");
    CHECK_TEXT(spec_slug(&arena, str_of("ÄÖ")), "invariant");
    CHECK_TEXT(spec_slug(&arena, str_of("")), "invariant");
    CHECK_TEXT(spec_slug(&arena, str_of("a<>-1")), "a-is-not-minus-1");
    char many[300];
    memset(many, 'x', sizeof(many));
    CHECK(strlen(spec_slug(&arena, (Str){many, sizeof(many)})) == 80);
    arena_free(&arena);
}

static const char *digest_of(Arena *arena, const char *text) {
    Spec spec;
    Err err;
    return read_text(arena, text, NULL, &spec, &err) ? spec.digest : "";
}

#define SIDES(password) "old: {source: 'postgresql://ann:" password "@db/shop', table: t}\nnew: {table: u}\n"

static void digests_the_meaning(void) {
    Arena arena = {0};
    const char *one = digest_of(&arena, "check: a\n" SIDES("one") "equal: [a, b]\n");
    CHECK(strlen(one) == 32);
    CHECK_TEXT(digest_of(&arena, "# again\n{check: 'a', equal: [\"a\",\n b], old: {table: t, source: "
                                 "'postgresql://ann:two@db/shop'}, new: {table: u}}"),
               one);
    static const char *const OTHERS[] = {
        "check: b\n" SIDES("one") "equal: [a, b]\n",
        "check: a\n" SIDES("one") "equal: [ab]\n",
        "check: a\n" SIDES("one") "equal: [b, a]\n",
        "check: a\n" SIDES("one") "equal: []\n",
        "check: a\n" SIDES("one") "equal: all\n",
        "check: a\n" SIDES("one") "equal: [a, b]\ninvariants: [{name: x, holds: new.a = 1}]\n",
        "check: a\n" SIDES("one") "equal: [a, {old: b, new: b, within: 1}]\n",
    };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        const char *other = digest_of(&arena, OTHERS[i]);
        CHECK(strlen(other) == 32 && strcmp(other, one) != 0);
    }
    arena_free(&arena);
}

static void reads_standard_input(void) {
    Arena arena = {0};
    Spec spec;
    Err err;
    int ends[2];
    int saved = dup(STDIN_FILENO);
    if (!CHECK(saved >= 0 && pipe(ends) == 0)) {
        return;
    }
    CHECK(write(ends[1], FULL, sizeof(FULL) - 1) == (ssize_t)sizeof(FULL) - 1);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    CHECK(spec_read(&arena, "-", NULL, &spec, &err));
    CHECK_TEXT(spec.path, "<stdin>");
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
    arena_free(&arena);
}

/* Every key that a table names is known to the parser and explained to people. */
static void explains_every_key(void) {
    for (int m = 0; m < SPEC_MAPPINGS; m++) {
        const SpecMapping *mapping = spec_mapping((SpecMappingName)m);
        CHECK(mapping->where != NULL && mapping->count > 0);
        for (size_t i = 0; i < mapping->count; i++) {
            const SpecKey *key = &mapping->keys[i];
            CHECK(key->says[strlen(key->says) - 1] == '.');
            CHECK(spec_type_word(key->type) != NULL);
            for (size_t j = 0; j < i; j++) {
                CHECK(mapping->keys[j].offset != key->offset);
            }
        }
    }
}

int main(void) {
    TEST_RUN(a_standby_names_its_primary);
    TEST_RUN(who_borrows_a_source_borrows_its_primary);
    TEST_RUN(says_what_is_wrong_and_where);
    TEST_RUN(refuses_bytes_that_are_no_text);
    TEST_RUN(refuses_files_that_are_none);
    TEST_RUN(keeps_long_errors_readable);
    TEST_RUN(hides_passwords_in_lines_it_shows);
    TEST_RUN(shows_the_place_behind_a_password);
    TEST_RUN(reads_every_part);
    TEST_RUN(reads_json_too);
    TEST_RUN(fills_in_what_was_left_out);
    TEST_RUN(fills_in_variables_in_sources_only);
    TEST_RUN(makes_names_that_differ);
    TEST_RUN(makes_slugs);
    TEST_RUN(digests_the_meaning);
    TEST_RUN(reads_standard_input);
    TEST_RUN(explains_every_key);
    return test_finish();
}
