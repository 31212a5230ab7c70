#include "source/sqlite_key.h"

#include "source/key_names.h"
#include "source/sqlite_cell.h"

#include <string.h>
#include <strings.h>

/* ---- indexes -------------------------------------------------------------------------------------------- */

typedef struct IndexColumn {
    int cid; /* -1: the rowid, -2: an expression */
    bool descending;
    bool binary; /* compares texts by bytes */
} IndexColumn;

typedef struct Index {
    const char *name;
    const char *columns; /* "a, b" for people */
    bool unique;
    bool partial;
    bool primary;
    size_t count;
    IndexColumn at[KEY_MAX_COLUMNS]; /* later ones do not matter */
} Index;

typedef struct Indexes {
    Index *items;
    size_t count;
} Indexes;

static bool read_index(const SqliteTable *table, Arena *arena, Index *index, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table,
                    "SELECT cid, \"desc\", coll, name FROM pragma_index_xinfo(?1, 'main') WHERE key ORDER BY seqno",
                    index->name, &statement, err)) {
        return false;
    }
    Buf columns = {0};
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW && index->count < KEY_MAX_COLUMNS) {
        IndexColumn *column = &index->at[index->count++];
        const char *collation = (const char *)sqlite3_column_text(statement, 2);
        column->cid = sqlite3_column_int(statement, 0);
        column->descending = sqlite3_column_int(statement, 1) != 0;
        column->binary = collation != NULL && strcasecmp(collation, "BINARY") == 0;
        buf_printf(&columns, "%s%s", columns.length == 0 ? "" : ", ", sqlite_text_of(arena, statement, 3));
    }
    index->columns = arena_copy(arena, columns.bytes, columns.length);
    buf_free(&columns);
    return sqlite_answered(table, statement, step, err);
}

static bool read_indexes(const SqliteTable *table, Arena *arena, Indexes *out, Err *err) {
    sqlite3_stmt *statement;
    if (!sqlite_ask(table,
                    "SELECT name, \"unique\", partial, origin, count(*) OVER () FROM pragma_index_list(?1, 'main')",
                    table->name, &statement, err)) {
        return false;
    }
    *out = (Indexes){0};
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (out->items == NULL) {
            out->items = arena_zeroed(arena, (size_t)sqlite3_column_int(statement, 4) * sizeof(Index));
        }
        Index *index = &out->items[out->count++];
        index->name = sqlite_text_of(arena, statement, 0);
        index->unique = sqlite3_column_int(statement, 1) != 0;
        index->partial = sqlite3_column_int(statement, 2) != 0;
        index->primary = strcmp(sqlite_text_of(arena, statement, 3), "pk") == 0;
    }
    if (!sqlite_answered(table, statement, step, err)) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (!read_index(table, arena, &out->items[i], err)) {
            return false;
        }
    }
    return true;
}

/* ---- the key -------------------------------------------------------------------------------------------- */

static bool no_key(const Relation *relation, const Indexes *indexes, Err *err) {
    Buf unique = {0};
    for (size_t i = 0; i < indexes->count; i++) {
        const Index *index = &indexes->items[i];
        if (index->unique && !index->partial) {
            buf_printf(&unique, "%s\"%s\" (%s)", unique.length == 0 ? "" : ", ", index->name, index->columns);
        }
    }
    key_missing(relation, unique.bytes, err);
    buf_free(&unique);
    return false;
}

static bool key_from_primary(const SqliteTable *table, const Indexes *indexes, Relation *relation, Err *err) {
    size_t found = 0;
    int most = 0;
    for (size_t i = 0; i < relation->column_count; i++) {
        int place = table->places[i];
        most = place > most ? place : most;
        if (place > 0 && place <= KEY_MAX_COLUMNS) {
            relation->key[place - 1] = i;
            found++;
        }
    }
    if (most == 0) {
        return no_key(relation, indexes, err);
    }
    if (found != (size_t)most) {
        return err_set(err, TF_ERROR_USAGE,
                       "cannot use the primary key of %s: it has more than %d columns, or a computed column hides one",
                       relation->name, KEY_MAX_COLUMNS);
    }
    relation->key_count = found;
    return true;
}

/* INTEGER PRIMARY KEY is another name for the rowid: no index is listed for it. */
static bool is_rowid(const SqliteTable *table, const Indexes *indexes, size_t column) {
    if (!table->is_table || table->without_rowid || table->places[column] != 1) {
        return false;
    }
    for (size_t i = 0; i < indexes->count; i++) {
        if (indexes->items[i].primary) {
            return false;
        }
    }
    return true;
}

/* Whether the index begins with the key, in order, in one direction, comparing as values do. */
static bool index_orders(const SqliteTable *table, const Relation *relation, const Index *index) {
    bool orders = !index->partial && index->count >= relation->key_count;
    for (size_t i = 0; orders && i < relation->key_count; i++) {
        const RelationColumn *column = &relation->columns[relation->key[i]];
        orders = index->at[i].cid == table->cids[relation->key[i]] &&
                 index->at[i].descending == index->at[0].descending &&
                 (column->kind != KIND_TEXT || index->at[i].binary);
    }
    return orders;
}

static bool is_in_key(const SqliteTable *table, const Relation *relation, int cid) {
    for (size_t i = 0; i < relation->key_count; i++) {
        const RelationColumn *column = &relation->columns[relation->key[i]];
        if (table->cids[relation->key[i]] == cid) {
            return column->not_null; /* a unique index allows any number of NULLs */
        }
    }
    return false;
}

static bool index_proves(const SqliteTable *table, const Relation *relation, const Index *index) {
    bool proves = index->unique && !index->partial && index->count > 0;
    for (size_t i = 0; proves && i < index->count; i++) {
        proves = is_in_key(table, relation, index->at[i].cid);
    }
    return proves;
}

/* Where one value has several spellings (uuid, times) no index proves that values are unique or ordered. A bound that
 * is a decimal has no cell that compares exactly like it. */
static bool cells_are_values(const Relation *relation) {
    for (size_t i = 0; i < relation->key_count; i++) {
        const RelationColumn *column = &relation->columns[relation->key[i]];
        if (column->native == ORDER_BY_VALUE || column->kind == KIND_DECIMAL) {
            return false;
        }
    }
    return true;
}

static void describe_order(const SqliteTable *table, const Indexes *indexes, Relation *relation) {
    bool rowid = relation->key_count == 1 && is_rowid(table, indexes, relation->key[0]);
    relation->key_ordered = relation->key_unique = rowid;
    for (size_t i = 0; i < indexes->count && cells_are_values(relation); i++) {
        relation->key_ordered = relation->key_ordered || index_orders(table, relation, &indexes->items[i]);
        relation->key_unique = relation->key_unique || index_proves(table, relation, &indexes->items[i]);
    }
    relation->key_indexed = relation->key_ordered;
}

bool sqlite_key_describe(const SqliteTable *table, const RelationRef *ref, Arena *arena, Relation *relation, Err *err) {
    Indexes indexes;
    if (!read_indexes(table, arena, &indexes, err)) {
        return false;
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        if (table->cids[i] != SQLITE_COMPUTED && is_rowid(table, &indexes, i)) {
            relation->columns[i].not_null = true;
        }
    }
    if (!(ref->key != NULL ? key_of_names(ref, true, relation, err)
                           : key_from_primary(table, &indexes, relation, err))) {
        return false;
    }
    describe_order(table, &indexes, relation);
    return true;
}
