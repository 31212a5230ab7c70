/* Two relations in, the text of a first spec out. See guess.h.
 *
 *     columns of one name and one meaning          - customer_id
 *     alike names, one meaning                     - {old: user_name, new: username}   # alike names: is this meant?
 *     total numeric, total_minor integer           # - holds: new.total_minor == old.total * 100
 *     the rest                                     # Not compared: ...
 */
#include "spec/guess.h"

#include "source/relation.h"
#include "spec/match_parts.h"

#include <string.h>

typedef enum GuessKind { GUESS_NONE, GUESS_SAME, GUESS_ALIKE, GUESS_RULE } GuessKind;

typedef struct Guess {
    GuessKind kind;
    size_t new_;
    const char *holds; /* of RULE */
    const char *when;  /* of RULE: "if one unit is 100 minor units" */
} Guess;

typedef struct Guesser {
    Arena *arena;
    const GuessSide *old, *new_;
    Guess *guesses; /* one an old column */
    bool *taken;    /* one a new column */
    Buf *out;
} Guesser;

/* ---- names -------------------------------------------------------------------------------------------- */

/* Endings that say how a value is kept, not what it is. */
static const char *const ENDINGS[] = {"_v2",   "_new",  "_old",  "_at",   "_utc",  "_ts",   "_on",  "_id",
                                      "_uuid", "_text", "_json", "_code", "_name", "_date", "_time"};

static Str without_ending(Str name) {
    for (size_t i = 0; i < sizeof(ENDINGS) / sizeof(ENDINGS[0]); i++) {
        size_t length = strlen(ENDINGS[i]);
        if (name.length > length && memcmp(name.bytes + name.length - length, ENDINGS[i], length) == 0) {
            return (Str){name.bytes, name.length - length};
        }
    }
    return name;
}

/* orders.order_total: "total". The table's name without its plural s is taken off the front. */
static Str without_table(Str name, const char *table) {
    const char *dot = strrchr(table, '.');
    Str stem = str_of(dot == NULL ? table : dot + 1);
    while (stem.length > 0) {
        if (name.length > stem.length + 1 && memcmp(name.bytes, stem.bytes, stem.length) == 0 &&
            name.bytes[stem.length] == '_') {
            return (Str){name.bytes + stem.length + 1, name.length - stem.length - 1};
        }
        if (stem.bytes[stem.length - 1] != 's') {
            break;
        }
        stem.length--;
    }
    return name;
}

/* createdAt and created_at: "createdat". */
static Str squeezed(Arena *arena, Str name) {
    char *text = arena_alloc(arena, name.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        if (c != '_' && c != '-' && c != ' ') {
            text[length++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
    }
    text[length] = '\0';
    return (Str){text, length};
}

/* How far apart two names are: 0 the same but for dress, SIZE_MAX not alike. */
static size_t name_distance(Guesser *guesser, const char *old, const char *new_) {
    ArenaMark mark = arena_mark(guesser->arena);
    Str a = str_of(old), b = str_of(new_);
    Str whole_a = squeezed(guesser->arena, a), whole_b = squeezed(guesser->arena, b);
    Str bare_a = squeezed(guesser->arena, without_ending(without_table(a, guesser->old->table)));
    Str bare_b = squeezed(guesser->arena, without_ending(without_table(b, guesser->new_->table)));
    size_t distance = SIZE_MAX;
    if (str_equal(whole_a, whole_b)) {
        distance = 0;
    } else if (str_equal(bare_a, bare_b)) {
        distance = 1;
    } else if (whole_a.length >= 5 && whole_b.length >= 5) {
        size_t edits = str_distance(whole_a, whole_b);
        size_t shorter = whole_a.length < whole_b.length ? whole_a.length : whole_b.length;
        distance = edits <= shorter / 4 ? 1 + edits : SIZE_MAX;
    }
    arena_rewind(guesser->arena, mark);
    return distance;
}

/* ---- rules -------------------------------------------------------------------------------------------- */

/* A name in an expression: old.total, old."Total". */
static const char *column_in(Arena *arena, const char *side, const char *name) {
    Buf text = {0};
    bool plain = (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';
    for (const char *c = name; *c != '\0'; c++) {
        plain = plain && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
    }
    buf_printf(&text, "%s.%s", side, plain ? name : "\"");
    for (const char *c = name; !plain && *c != '\0'; c++) {
        buf_char(&text, *c);
        if (*c == '"') {
            buf_char(&text, '"');
        }
    }
    buf_text(&text, plain ? "" : "\"");
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

static bool is_number(Kind kind) {
    return kind == KIND_INT || kind == KIND_DECIMAL || kind == KIND_FLOAT;
}

/* A float is compared through its shortest text, so that 19.99 * 100 is 1999. */
static const char *exact(Arena *arena, const char *column, Kind kind) {
    return kind == KIND_FLOAT ? arena_printf(arena, "%s::numeric", column) : column;
}

typedef struct UnitEnding {
    const char *ending;
    const char *factor;
    const char *when;
} UnitEnding;

static const UnitEnding UNITS[] = {
    {"_minor", "100", "if the currency has two decimals"}, {"_minor_units", "100", "if the currency has two decimals"},
    {"_cents", "100", "if it is kept in cents"},           {"_pence", "100", "if it is kept in pence"},
    {"_ms", "1000", "if the other is in seconds"},         {"_millis", "1000", "if the other is in seconds"},
};

/* The unit that the longer name adds to the shorter one, or NULL. */
static const UnitEnding *unit_between(const char *plain, const char *with_unit) {
    size_t length = strlen(plain);
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (strncmp(with_unit, plain, length) == 0 && strcmp(with_unit + length, UNITS[i].ending) == 0) {
            return &UNITS[i];
        }
    }
    return NULL;
}

static bool unit_rule(Guesser *guesser, const RelationColumn *old, const RelationColumn *new_, Guess *out) {
    if (!is_number(old->kind) || !is_number(new_->kind)) {
        return false;
    }
    const char *a = exact(guesser->arena, column_in(guesser->arena, "old", old->name), old->kind);
    const char *b = exact(guesser->arena, column_in(guesser->arena, "new", new_->name), new_->kind);
    const UnitEnding *unit = unit_between(old->name, new_->name);
    if (unit != NULL) {
        out->holds = arena_printf(guesser->arena, "%s == %s * %s", b, a, unit->factor);
        out->when = unit->when;
        return true;
    }
    unit = unit_between(new_->name, old->name);
    if (unit != NULL) {
        out->holds = arena_printf(guesser->arena, "%s * %s == %s", b, unit->factor, a);
        out->when = unit->when;
    }
    return unit != NULL;
}

typedef struct KindRule {
    Kind old, new_;
    const char *format; /* the new column, then the old one */
    const char *when;
} KindRule;

static const KindRule KIND_RULES[] = {
    {KIND_TIMESTAMP, KIND_TIMESTAMPTZ, "%s == %s::timestamptz", "if old is in UTC"},
    {KIND_TIMESTAMPTZ, KIND_TIMESTAMP, "%s::timestamptz == %s", "if new is in UTC"},
    {KIND_INT, KIND_BOOL, "%s == (%s <> 0)", "if 0 means false"},
    {KIND_BOOL, KIND_INT, "(%s <> 0) == %s", "if 0 means false"},
    {KIND_TEXT, KIND_UUID, "%s::text == lower(%s)", "if old holds the usual spelling"},
    {KIND_UUID, KIND_TEXT, "lower(%s) == %s::text", "if new holds the usual spelling"},
};

/* Two columns of one name that have no common meaning: what may be meant. */
static void kind_rule(Guesser *guesser, const RelationColumn *old, const RelationColumn *new_, Guess *out) {
    const char *a = column_in(guesser->arena, "old", old->name), *b = column_in(guesser->arena, "new", new_->name);
    for (size_t i = 0; i < sizeof(KIND_RULES) / sizeof(KIND_RULES[0]); i++) {
        const KindRule *rule = &KIND_RULES[i];
        if (rule->old == old->kind && rule->new_ == new_->kind) {
            const char *mark = strstr(rule->format, "%s"), *rest = mark + 2, *last = strstr(rest, "%s");
            out->holds = arena_printf(guesser->arena, "%.*s%s%.*s%s%s", (int)(mark - rule->format), rule->format, b,
                                      (int)(last - rest), rest, a, last + 2);
            out->when = rule->when;
            return;
        }
    }
    out->holds = arena_printf(guesser->arena, "%s::text == %s::text", b, a);
    out->when = "if the same text means the same";
}

/* ---- guessing ----------------------------------------------------------------------------------------- */

static void guess_take(Guesser *guesser, size_t old, size_t new_, Guess guess) {
    guess.new_ = new_;
    guesser->guesses[old] = guess;
    guesser->taken[new_] = true;
}

static void guess_units(Guesser *guesser, size_t old) {
    const Relation *new_ = guesser->new_->relation;
    for (size_t i = 0; i < new_->column_count; i++) {
        Guess guess = {.kind = GUESS_RULE};
        if (!guesser->taken[i] &&
            unit_rule(guesser, &guesser->old->relation->columns[old], &new_->columns[i], &guess)) {
            guess_take(guesser, old, i, guess);
            return;
        }
    }
}

static void guess_same(Guesser *guesser, size_t old) {
    const RelationColumn *column = &guesser->old->relation->columns[old];
    const Relation *new_ = guesser->new_->relation;
    for (size_t i = 0; i < new_->column_count; i++) {
        Kind kind;
        if (guesser->taken[i] || strcmp(column->name, new_->columns[i].name) != 0) {
            continue;
        }
        Guess guess = {.kind = GUESS_SAME};
        if (!match_kind(column, &new_->columns[i], &kind)) {
            guess.kind = GUESS_RULE;
            kind_rule(guesser, column, &new_->columns[i], &guess);
        }
        guess_take(guesser, old, i, guess);
        return;
    }
}

static void guess_alike(Guesser *guesser, size_t old) {
    const RelationColumn *column = &guesser->old->relation->columns[old];
    const Relation *new_ = guesser->new_->relation;
    size_t best = SIZE_MAX, nearest = SIZE_MAX;
    for (size_t i = 0; i < new_->column_count; i++) {
        size_t distance = guesser->taken[i] ? SIZE_MAX : name_distance(guesser, column->name, new_->columns[i].name);
        if (distance < nearest) {
            nearest = distance;
            best = i;
        }
    }
    if (best == SIZE_MAX) {
        return;
    }
    Kind kind;
    Guess guess = {.kind = GUESS_ALIKE};
    if (!match_kind(column, &new_->columns[best], &kind)) {
        guess.kind = GUESS_RULE;
        kind_rule(guesser, column, &new_->columns[best], &guess);
    }
    guess_take(guesser, old, best, guess);
}

/* Sure guesses first, so that a daring one takes no column from them. */
static void guess_all(Guesser *guesser) {
    static void (*const PASSES[])(Guesser *, size_t) = {guess_same, guess_units, guess_alike};
    const Relation *old = guesser->old->relation;
    for (size_t i = 0; i < guesser->new_->relation->column_count; i++) {
        guesser->taken[i] = relation_key_has(guesser->new_->relation, i);
    }
    for (size_t pass = 0; pass < sizeof(PASSES) / sizeof(PASSES[0]); pass++) {
        for (size_t i = 0; i < old->column_count; i++) {
            if (guesser->guesses[i].kind == GUESS_NONE && !relation_key_has(old, i)) {
                PASSES[pass](guesser, i);
            }
        }
    }
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static bool is_plain(const char *text) {
    static const char *const WORDS[] = {"null", "Null", "NULL", "all", "true", "false"};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (strcmp(text, WORDS[i]) == 0) {
            return false;
        }
    }
    bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '_';
    for (const char *c = text; letter && *c != '\0'; c++) {
        letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' ||
                 (*c == '.' && c[1] != '\0');
    }
    return letter;
}

/* Code points that YAML does not take as they are, that would end a comment's line, or that nobody would see. */
static bool needs_escape(uint32_t c) {
    return code_hidden(c) || c == 0xfffe || c == 0xffff;
}

/* A YAML text on one line, whatever is in it: safe in comments too. */
static void put_text(Buf *out, const char *text) {
    if (is_plain(text)) {
        buf_text(out, text);
        return;
    }
    Str rest = str_of(text);
    buf_char(out, '"');
    while (rest.length > 0) {
        size_t step = utf8_step(rest);
        uint32_t c = utf8_decode(rest);
        if (needs_escape(c)) {
            buf_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
        } else {
            buf_text(out, c == '"' || c == '\\' ? "\\" : "");
            buf_append(out, rest.bytes, step);
        }
        rest = (Str){rest.bytes + step, rest.length - step};
    }
    buf_char(out, '"');
}

/* One "keyword = value" of a conninfo string and the space before it, as it stands; 0: it is not one. */
static size_t setting_length(const char *text, bool *out_secret) {
    size_t begin = strspn(text, " \t\r\n"), name = strcspn(text + begin, " \t\r\n=");
    size_t at = begin + name;
    at += strspn(text + at, " \t\r\n");
    if (name == 0 || text[at] != '=') {
        return 0;
    }
    const char *found = strcasestr(text + begin, "password");
    *out_secret = found != NULL && found < text + begin + name;
    at++;
    at += strspn(text + at, " \t\r\n");
    bool quoted = text[at] == '\'';
    at += quoted;
    while (text[at] != '\0' && (quoted ? text[at] != '\'' : strchr(" \t\r\n", text[at]) == NULL)) {
        at += text[at] == '\\' && text[at + 1] != '\0' ? 2 : 1;
    }
    return at + (quoted && text[at] == '\'');
}

/* "host=db user=ann password=secret": without its last setting. NULL: not a conninfo string. */
static const char *conninfo_without_password(Arena *arena, const char *text) {
    Buf kept = {0};
    bool good = true;
    while (good && text[strspn(text, " \t\r\n")] != '\0') {
        bool secret = false;
        size_t length = setting_length(text, &secret);
        good = length > 0;
        buf_append(&kept, text, secret ? 0 : length);
        text += length;
    }
    const char *copy = good ? arena_copy(arena, kept.length == 0 ? "" : kept.bytes, kept.length) : NULL;
    buf_free(&kept);
    return copy == NULL || copy[0] == '\0' ? NULL : copy;
}

/* A database's name may itself be a URL with a password. */
static bool is_nested(const char *url) {
    const char *scheme = strstr(url, "://"), *space = strpbrk(url, " =");
    return scheme != NULL && space != NULL && space < scheme;
}

/* postgresql://ann:secret@db/shop: postgresql://ann@db/shop. */
static const char *url_without_password(Arena *arena, const char *url, const char *authority) {
    const char *rest = authority + strcspn(authority, "/?#");
    if (strchr(rest, '@') != NULL) { /* ann:pass/word@db: libpq takes ann for the host */
        return arena_printf(arena, "%.*s", (int)(authority - url), url);
    }
    const char *at = memrchr(authority, '@', (size_t)(rest - authority));
    const char *colon = at == NULL ? NULL : memchr(authority, ':', (size_t)(at - authority));
    return colon == NULL ? url : arena_printf(arena, "%.*s%s", (int)(colon - url), url, at);
}

/* The source as given but for its password. Where that is not plain to see, what source_url_shown makes of it, which
 * keeps only what says where. */
static const char *without_password(Arena *arena, const char *url) {
    const char *scheme = strstr(url, "://");
    bool secret = strcasestr(url, "password") != NULL;
    if (is_nested(url) || (scheme != NULL && secret)) {
        return source_url_shown(arena, url);
    }
    if (scheme != NULL) {
        return url_without_password(arena, url, scheme + 3);
    }
    const char *kept = secret ? conninfo_without_password(arena, url) : url;
    return kept == NULL ? source_url_shown(arena, url) : kept;
}

/* A source is read with ${NAME} filled in: a literal ${ is written $${. */
static void put_source(Arena *arena, Buf *out, const char *url) {
    Buf escaped = {0};
    for (const char *c = url; *c != '\0'; c++) {
        buf_text(&escaped, c[0] == '$' && c[1] == '{' ? "$$" : (char[]){*c, '\0'});
    }
    put_text(out, arena_copy(arena, escaped.length == 0 ? "" : escaped.bytes, escaped.length));
    buf_free(&escaped);
}

static void put_name_slug(Buf *out, const char *table) {
    size_t begin = out->length;
    for (const char *c = table; *c != '\0' && out->length - begin < 40; c++) {
        char small = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        if ((small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')) {
            buf_char(out, small);
        } else if (out->length > begin && out->bytes[out->length - 1] != '-') {
            buf_char(out, '-');
        }
    }
    if (out->length == begin) {
        buf_text(out, "table");
    }
}

/* "orders" and "orders_v2": orders-orders-v2. */
static void put_check(Guesser *guesser) {
    buf_text(guesser->out, "check: ");
    put_name_slug(guesser->out, guesser->old->table);
    buf_text(guesser->out, "-to-");
    put_name_slug(guesser->out, guesser->new_->table);
    buf_text(guesser->out, "\n\n");
}

static void put_side(Guesser *guesser, const char *what, const GuessSide *side, const Relation *keyed, bool with_source,
                     bool with_key) {
    Buf *out = guesser->out;
    buf_printf(out, "%s:\n", what);
    if (with_source) {
        const char *shown = without_password(guesser->arena, side->url);
        buf_text(out, "  source: ");
        put_source(guesser->arena, out, shown);
        buf_text(out, strcmp(shown, side->url) == 0
                          ? "\n"
                          : " # without its password: use pgpass, a service file or ${NAME}\n");
    }
    buf_text(out, "  table: ");
    put_text(out, side->table);
    buf_printf(out, "\n  %skey: [", with_key ? "" : "# decide: ");
    for (size_t i = 0; i < keyed->key_count; i++) {
        buf_text(out, i == 0 ? "" : ", ");
        put_text(out, keyed->columns[keyed->key[i]].name);
    }
    buf_text(out, "]\n");
}

static bool keys_pair(const Relation *old, const Relation *new_) {
    bool good = old->key_count == new_->key_count && old->key_count > 0;
    for (size_t i = 0; good && i < old->key_count; i++) {
        Kind kind;
        good = match_kind(&old->columns[old->key[i]], &new_->columns[new_->key[i]], &kind);
    }
    return good;
}

/* Keys pair by position: one that has the old key's names in another order is named in the old order. */
static Relation keyed_as(const Relation *new_, const Relation *old) {
    Relation keyed = *new_;
    for (size_t i = 0; match_key_reordered(old, new_) && i < old->key_count; i++) {
        for (size_t j = 0; j < new_->key_count; j++) {
            if (strcmp(new_->columns[new_->key[j]].name, old->columns[old->key[i]].name) == 0) {
                keyed.key[i] = new_->key[j];
            }
        }
    }
    return keyed;
}

static void put_sides(Guesser *guesser) {
    const Relation *old = guesser->old->relation;
    const Relation new_ = keyed_as(guesser->new_->relation, old);
    bool keys = keys_pair(old, &new_);
    if (!keys) {
        buf_text(guesser->out,
                 "# The two keys do not pair as they are: name columns that identify a row on both sides.\n");
    }
    put_side(guesser, "old", guesser->old, old, true, keys);
    put_side(guesser, "new", guesser->new_, &new_, strcmp(guesser->old->url, guesser->new_->url) != 0, keys);
}

static void put_equal(Guesser *guesser) {
    const Relation *old = guesser->old->relation, *new_ = guesser->new_->relation;
    size_t count = 0;
    for (size_t i = 0; i < old->column_count; i++) {
        const Guess *guess = &guesser->guesses[i];
        if (guess->kind != GUESS_SAME && guess->kind != GUESS_ALIKE) {
            continue;
        }
        buf_text(guesser->out, count++ == 0 ? "\nequal:\n  - " : "  - ");
        buf_text(guesser->out, guess->kind == GUESS_SAME ? "" : "{old: ");
        put_text(guesser->out, old->columns[i].name);
        if (guess->kind == GUESS_ALIKE) {
            buf_text(guesser->out, ", new: ");
            put_text(guesser->out, new_->columns[guess->new_].name);
            buf_text(guesser->out, "} # alike names: is this meant?");
        }
        buf_char(guesser->out, '\n');
    }
    buf_text(guesser->out, count == 0 ? "\nequal: [] # keys alone: no column has its like on the other side\n" : "");
}

static void put_rules(Guesser *guesser) {
    bool first = true;
    for (size_t i = 0; i < guesser->old->relation->column_count; i++) {
        const Guess *guess = &guesser->guesses[i];
        if (guess->kind != GUESS_RULE) {
            continue;
        }
        buf_text(guesser->out,
                 first ? "\n# Decide, and take the comment signs off what is meant:\n# invariants:\n" : "");
        buf_text(guesser->out, "#   - holds: ");
        put_text(guesser->out, guess->holds);
        buf_printf(guesser->out, " # %s\n", guess->when);
        first = false;
    }
}

static void put_left_column(Guesser *guesser, bool *first, const char *side, const RelationColumn *column) {
    buf_text(guesser->out, *first ? "\n# Not compared, since the other side has nothing alike:\n" : "");
    *first = false;
    buf_printf(guesser->out, "#   %s.", side);
    put_text(guesser->out, column->name);
    buf_text(guesser->out, ": ");
    put_text(guesser->out, column->type == NULL ? kind_name(column->kind) : column->type);
    buf_char(guesser->out, '\n');
}

static void put_left(Guesser *guesser) {
    const Relation *old = guesser->old->relation, *new_ = guesser->new_->relation;
    bool first = true;
    for (size_t i = 0; i < old->column_count; i++) {
        if (guesser->guesses[i].kind == GUESS_NONE && !relation_key_has(old, i)) {
            put_left_column(guesser, &first, "old", &old->columns[i]);
        }
    }
    for (size_t i = 0; i < new_->column_count; i++) {
        if (!guesser->taken[i]) {
            put_left_column(guesser, &first, "new", &new_->columns[i]);
        }
    }
}

void guess_spec(Arena *arena, const GuessSide *old, const GuessSide *new_, Buf *out) {
    Guesser guesser = {
        .arena = arena,
        .old = old,
        .new_ = new_,
        .guesses = arena_zeroed(arena, (old->relation->column_count + 1) * sizeof(Guess)),
        .taken = arena_zeroed(arena, (new_->relation->column_count + 1) * sizeof(bool)),
        .out = out,
    };
    guess_all(&guesser);
    buf_text(out, "# A first spec, drafted from the names and types of two schemas: read it before you trust it.\n");
    put_check(&guesser);
    put_sides(&guesser);
    put_equal(&guesser);
    put_rules(&guesser);
    put_left(&guesser);
}
