#include "source/postgres_key.h"

#include "source/key_names.h"
#include "source/postgres_type.h"

#include <stdlib.h>
#include <string.h>

/* ---- collations ------------------------------------------------------------------------------------------- */

typedef struct Collation {
    bool bytes;       /* sorts by UTF-8 bytes */
    bool stale;       /* its library has changed since its indexes were built */
    bool local;       /* equal names are one order on one server only */
    const char *name;
} Collation;

/* Through to_jsonb, since the columns' names changed in 12, 15, 16 and 17. */
static const char COLLATION_SQL[] =
    "SELECT j ->> 'collprovider', coalesce(j ->> 'colllocale', j ->> 'colliculocale', j ->> 'collcollate'),"
    " j ->> 'collicurules', j ->> 'collversion', pg_catalog.pg_collation_actual_version(c.oid),"
    " j ->> 'collisdeterministic'"
    " FROM pg_catalog.pg_collation c, pg_catalog.to_jsonb(c) j WHERE c.oid = $1::oid";
static const char DATABASE_COLLATION_SQL[] =
    "SELECT coalesce(j ->> 'datlocprovider', 'c'),"
    " coalesce(j ->> 'datlocale', j ->> 'daticulocale', j ->> 'datcollate'), j ->> 'daticurules',"
    " j ->> 'datcollversion', j ->> 'datcollversion', 'true'"
    " FROM pg_catalog.pg_database d, pg_catalog.to_jsonb(d) j WHERE d.datname = pg_catalog.current_database()";

enum { DEFAULT_COLLATION = 100, C_COLLATION = 950 };
enum { COLL_PROVIDER, COLL_LOCALE, COLL_RULES, COLL_VERSION, COLL_ACTUAL, COLL_DETERMINISTIC };

static const char *provider_name(char provider) {
    return provider == 'i' ? "icu" : provider == 'b' ? "builtin" : "libc";
}

static Collation collation_of_row(const PgSession *session, Arena *arena, const PGresult *row) {
    char provider = PQgetvalue(row, 0, COLL_PROVIDER)[0];
    const char *locale = PQgetvalue(row, 0, COLL_LOCALE);
    const char *version = PQgetvalue(row, 0, COLL_VERSION);
    const char *actual = PQgetvalue(row, 0, COLL_ACTUAL);
    bool plain_c = provider != 'i' && (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0);
    bool exact = PQgetvalue(row, 0, COLL_DETERMINISTIC)[0] != 'f';
    Buf name = {0};
    buf_printf(&name, "%s %s", provider_name(provider), locale);
    const char *const parts[] = {version, PQgetvalue(row, 0, COLL_RULES), session->utf8 ? "" : "not in UTF-8"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_printf(&name, "%s%s", parts[i][0] == '\0' ? "" : " ", parts[i]);
    }
    buf_text(&name, exact ? "" : PG_NONDETERMINISTIC);
    Collation collation = {
        .bytes = session->utf8 && (plain_c || provider == 'b'),
        /* libc's versions are known from 13 on; of "C.UTF-8" there is none, since its order never changes */
        .local = provider == 'c' && version[0] == '\0' && strncmp(locale, "C.", 2) != 0,
        .stale = version[0] != '\0' && actual[0] != '\0' && strcmp(version, actual) != 0,
        .name = arena_copy(arena, name.bytes, name.length),
    };
    buf_free(&name);
    return collation;
}

static bool collation_read(PgSession *session, Arena *arena, uint32_t oid, Collation *out, Err *err) {
    const char *param = arena_printf(arena, "%u", (unsigned)oid);
    bool database = oid == DEFAULT_COLLATION;
    PGresult *row;
    if (!pg_session_ask(session, database ? DATABASE_COLLATION_SQL : COLLATION_SQL, &param, database ? 0 : 1,
                        "learn about a collation", &row, err)) {
        return false;
    }
    bool good = PQntuples(row) == 1 ||
                err_set(err, TF_ERROR_SCHEMA, "cannot learn about a collation: the catalog does not know it");
    if (good) {
        *out = collation_of_row(session, arena, row);
    }
    PQclear(row);
    return good;
}

bool pg_collation_deterministic(const char *collation) {
    size_t length = strlen(collation);
    size_t tail = sizeof PG_NONDETERMINISTIC - 1;
    return length < tail || strcmp(collation + length - tail, PG_NONDETERMINISTIC) != 0;
}

/* ---- indexes ---------------------------------------------------------------------------------------------- */

typedef struct Index {
    const char *name;
    const char *columns; /* "a, b", for people */
    bool primary, unique, usable, btree;
    bool nulls_equal; /* NULLS NOT DISTINCT */
    size_t count;
    int16_t numbers[KEY_MAX_COLUMNS];
    uint16_t options[KEY_MAX_COLUMNS];
    uint32_t collations[KEY_MAX_COLUMNS];
} Index;

typedef struct Indexes {
    Index *items;
    size_t count;
} Indexes;

/* usable: complete, over all rows, over plain columns. A deferrable constraint proves nothing while it waits. */
static const char INDEX_SQL[] =
    "SELECT c.relname, i.indisprimary, i.indisunique AND i.indimmediate,"
    " i.indisvalid AND i.indisready AND i.indpred IS NULL AND i.indexprs IS NULL,"
    " a.amname = 'btree' AND (SELECT bool_and(o.opcdefault) FROM pg_catalog.pg_opclass o"
    "  WHERE o.oid = ANY (i.indclass::oid[])),"
    " coalesce(j ->> 'indnullsnotdistinct', 'false'), coalesce(j ->> 'indnkeyatts', j ->> 'indnatts'),"
    " i.indkey::text, i.indoption::text, i.indcollation::text,"
    " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(t.attname), ', ' ORDER BY k.place)"
    "  FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)"
    "  JOIN pg_catalog.pg_attribute t ON t.attrelid = i.indrelid AND t.attnum = k.number"
    "  WHERE k.place <= coalesce(j ->> 'indnkeyatts', j ->> 'indnatts')::int)"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_catalog.pg_am a ON a.oid = c.relam, pg_catalog.to_jsonb(i) j"
    " WHERE i.indrelid = $1::oid ORDER BY i.indisprimary DESC, c.relname";

enum {
    INDEX_NAME,
    INDEX_PRIMARY,
    INDEX_UNIQUE,
    INDEX_USABLE,
    INDEX_BTREE,
    INDEX_NULLS_EQUAL,
    INDEX_COUNT,
    INDEX_KEY,
    INDEX_OPTION,
    INDEX_COLLATION,
    INDEX_COLUMNS
};

static bool is_true(const PGresult *rows, int row, int field) {
    return PQgetvalue(rows, row, field)[0] == 't';
}

/* The numbers of an int2vector or oidvector: "1 2 3". */
static void read_vector(const char *text, size_t count, long long *out) {
    char *rest = (char *)(uintptr_t)text;
    for (size_t i = 0; i < count; i++) {
        out[i] = strtoll(rest, &rest, 10);
    }
}

static Index index_of_row(Arena *arena, const PGresult *rows, int row) {
    const char *name = PQgetvalue(rows, row, INDEX_NAME);
    const char *columns = PQgetvalue(rows, row, INDEX_COLUMNS);
    size_t count = strtoul(PQgetvalue(rows, row, INDEX_COUNT), NULL, 10);
    Index index = {
        .name = arena_copy(arena, name, strlen(name)),
        .columns = arena_copy(arena, columns, strlen(columns)),
        .primary = is_true(rows, row, INDEX_PRIMARY),
        .unique = is_true(rows, row, INDEX_UNIQUE),
        .usable = is_true(rows, row, INDEX_USABLE),
        .btree = is_true(rows, row, INDEX_BTREE),
        .nulls_equal = is_true(rows, row, INDEX_NULLS_EQUAL),
        .count = count < KEY_MAX_COLUMNS ? count : KEY_MAX_COLUMNS,
    };
    long long numbers[KEY_MAX_COLUMNS];
    long long options[KEY_MAX_COLUMNS];
    long long collations[KEY_MAX_COLUMNS];
    read_vector(PQgetvalue(rows, row, INDEX_KEY), index.count, numbers);
    read_vector(PQgetvalue(rows, row, INDEX_OPTION), index.count, options);
    read_vector(PQgetvalue(rows, row, INDEX_COLLATION), index.count, collations);
    for (size_t i = 0; i < index.count; i++) {
        index.numbers[i] = (int16_t)numbers[i];
        index.options[i] = (uint16_t)options[i];
        index.collations[i] = (uint32_t)collations[i];
    }
    return index;
}

static bool indexes_read(PgSession *session, const PgTable *table, Arena *arena, Indexes *out, Err *err) {
    PGresult *rows;
    if (!pg_session_ask(session, INDEX_SQL, &table->oid, 1, "read the table's indexes", &rows, err)) {
        return false;
    }
    out->count = (size_t)PQntuples(rows);
    out->items = ARENA_MANY(arena, out->count, Index);
    for (size_t i = 0; i < out->count; i++) {
        out->items[i] = index_of_row(arena, rows, (int)i);
    }
    PQclear(rows);
    return true;
}

/* ---- which columns ---------------------------------------------------------------------------------------- */

static bool no_key(const Relation *relation, const Indexes *indexes, Err *err) {
    Buf unique = {0};
    for (size_t i = 0; i < indexes->count; i++) {
        const Index *index = &indexes->items[i];
        if (index->unique && index->usable) {
            buf_printf(&unique, "%s\"%s\" (%s)", unique.length == 0 ? "" : ", ", index->name, index->columns);
        }
    }
    key_missing(relation, unique.bytes, err);
    buf_free(&unique);
    return false;
}

static bool key_from_primary(const PgTable *table, const Indexes *indexes, Relation *relation, Err *err) {
    const Index *primary = indexes->count > 0 && indexes->items[0].primary ? &indexes->items[0] : NULL;
    if (primary == NULL) {
        return no_key(relation, indexes, err);
    }
    for (size_t i = 0; i < primary->count; i++) {
        size_t column = 0;
        while (column < relation->column_count && table->numbers[column] != primary->numbers[i]) {
            column++;
        }
        if (column == relation->column_count) {
            return err_set(err, TF_ERROR_USAGE,
                           "cannot use the primary key of %s: a computed column hides one of its "
                           "columns",
                           relation->name);
        }
        relation->key[i] = column;
    }
    relation->key_count = primary->count;
    return true;
}

/* ---- what the indexes prove ------------------------------------------------------------------------------- */

static const RelationColumn *key_column_numbered(const PgTable *table, const Relation *relation, int16_t number) {
    for (size_t i = 0; i < relation->key_count; i++) {
        if (table->numbers[relation->key[i]] == number) {
            return &relation->columns[relation->key[i]];
        }
    }
    return NULL;
}

/* A unique index within the key: then the whole key is unique, where no NULL makes rows escape the index. */
static void uniqueness_learn(const Index *index, const PgTable *table, Relation *relation) {
    bool within = index->unique && index->usable && !table->parent, escapes = false;
    for (size_t i = 0; within && i < index->count; i++) {
        const RelationColumn *column = key_column_numbered(table, relation, index->numbers[i]);
        within = column != NULL;
        escapes = escapes || (within && !column->not_null && !index->nulls_equal);
    }
    relation->key_guarded = relation->key_guarded || within;
    relation->key_unique = relation->key_unique || (within && !escapes);
}

/* An index whose first columns are the key's, in its order and all in one direction. */
static bool leads_with_key(const Index *index, const PgTable *table, const Relation *relation) {
    bool fits = index->usable && index->btree && !table->parent && index->count >= relation->key_count;
    for (size_t i = 0; fits && i < relation->key_count; i++) {
        const RelationColumn *column = &relation->columns[relation->key[i]];
        fits = table->numbers[relation->key[i]] == index->numbers[i] && !column->computed &&
               (index->options[i] & 1) == (index->options[0] & 1) && pg_reading(column->native)->indexable;
    }
    return fits;
}

/* ---- the order of text keys ------------------------------------------------------------------------------- */

/* What an index says about one text key column. */
typedef struct TextOrder {
    bool text;
    bool own;   /* the index has the column's own collation */
    bool bytes; /* ... and it, or the "C" of the index, is byte order */
    bool usable;
    bool local; /* see Collation */
    const char *name;
} TextOrder;

static bool text_order_read(PgSession *session, Arena *arena, uint32_t own, uint32_t of_index, TextOrder *out,
                            Err *err) {
    Collation collation;
    if (!collation_read(session, arena, of_index, &collation, err)) {
        return false;
    }
    *out = (TextOrder){
        .text = true,
        .own = own == of_index,
        .bytes = collation.bytes && (own == of_index || of_index == C_COLLATION),
        .local = collation.local,
        .name = collation.name,
    };
    out->usable = out->bytes || (out->own && !collation.stale);
    return true;
}

/* How good an index is for cutting ranges: 2, every text in byte order; 1, every text in its column's own collation or
 * in byte order; 0, neither. */
static bool index_rank(PgSession *session, const PgTable *table, const Index *index, Arena *arena,
                       const Relation *relation, TextOrder *out_orders, int *out_rank, Err *err) {
    *out_rank = 2;
    for (size_t i = 0; i < relation->key_count; i++) {
        size_t column = relation->key[i];
        out_orders[i] = (TextOrder){0};
        if (!pg_reading(relation->columns[column].native)->text) {
            continue;
        }
        if (!text_order_read(session, arena, table->collations[column], index->collations[i], &out_orders[i], err)) {
            return false;
        }
        int rank = out_orders[i].bytes ? 2 : out_orders[i].usable ? 1 : 0;
        *out_rank = rank < *out_rank ? rank : *out_rank;
    }
    return true;
}

/* Byte order through another collation than the column's own is asked for by COLLATE "C", which is what order_sql says
 * by default; a column that sorts by bytes by itself must not name a collation, or its index is not used. */
static void column_order_set(Arena *arena, RelationColumn *column, const TextOrder *order) {
    if (order->text && order->bytes && order->own) {
        column->order_sql = arena_printf(arena, "%s%s", column->sql, pg_reading(column->native)->order);
    } else if (order->text && !order->bytes) {
        column->collation = order->name;
        column->collation_local = order->local;
    }
}

static bool order_from_index(PgSession *session, const PgTable *table, const Indexes *indexes, Arena *arena,
                             Relation *relation, Err *err) {
    TextOrder orders[KEY_MAX_COLUMNS] = {0};
    TextOrder best[KEY_MAX_COLUMNS] = {0};
    int best_rank = 0;
    for (size_t i = 0; i < indexes->count && best_rank < 2; i++) {
        int rank;
        if (!leads_with_key(&indexes->items[i], table, relation)) {
            continue;
        }
        if (!index_rank(session, table, &indexes->items[i], arena, relation, orders, &rank, err)) {
            return false;
        }
        if (rank > best_rank) {
            best_rank = rank;
            memcpy(best, orders, sizeof best);
        }
    }
    relation->key_ordered = relation->key_indexed = best_rank > 0;
    for (size_t i = 0; i < relation->key_count; i++) {
        RelationColumn *column = &relation->columns[relation->key[i]];
        column_order_set(arena, column, &best[i]);
        /* texts that an index calls equal may differ in bytes, so that it is not asked */
        bool exact = column->collation == NULL || pg_collation_deterministic(column->collation);
        relation->key_indexed = relation->key_indexed && exact;
    }
    return true;
}

bool pg_key_describe(PgSession *session, const PgTable *table, const RelationRef *ref, Arena *arena, Relation *relation,
                     Err *err) {
    Indexes indexes;
    if (!indexes_read(session, table, arena, &indexes, err)) {
        return false;
    }
    bool named = ref->key != NULL && ref->key_count > 0;
    if (!(named ? key_of_names(ref, false, relation, err) : key_from_primary(table, &indexes, relation, err))) {
        return false;
    }
    for (size_t i = 0; i < indexes.count; i++) {
        uniqueness_learn(&indexes.items[i], table, relation);
    }
    return order_from_index(session, table, &indexes, arena, relation, err);
}
