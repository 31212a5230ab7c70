#include "source/relation.h"

#include <string.h>

/* And `more` INT columns behind them. */
static Batch columns_batch(Arena *arena, const Relation *relation, const ScanColumn *columns, size_t count, size_t more,
                           size_t capacity) {
    Kind *kinds = ARENA_MANY(arena, count + more, Kind);
    for (size_t i = 0; i < count + more; i++) {
        kinds[i] = i < count ? columns[i].kind : KIND_INT;
    }
    Batch batch = batch_make(arena, count + more, kinds, capacity);
    for (size_t i = 0; i < count; i++) {
        const RelationColumn *column = &relation->columns[columns[i].column];
        batch.columns[i].element = column->element;
        batch.columns[i].single = column->single && kinds[i] == KIND_FLOAT;
    }
    return batch;
}

Batch relation_batch(Arena *arena, const Relation *relation, const ScanColumn *columns, size_t count, size_t capacity) {
    return columns_batch(arena, relation, columns, count, 0, capacity);
}

Batch relation_hashes_batch(Arena *arena, const Scan *scan, size_t capacity) {
    return columns_batch(arena, scan->relation, scan->columns, scan->key_count, 1, capacity);
}

size_t relation_column(const Relation *relation, const char *name) {
    for (size_t i = 0; i < relation->column_count; i++) {
        if (strcmp(relation->columns[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool relation_key_has(const Relation *relation, size_t column) {
    for (size_t i = 0; i < relation->key_count; i++) {
        if (relation->key[i] == column) {
            return true;
        }
    }
    return false;
}

double relation_row_bytes(const Relation *relation) {
    return relation->estimated_row_bytes + relation->estimated_long_bytes;
}

bool columns_share_order(const RelationColumn *a, const RelationColumn *b, bool one_server) {
    if (a->collation == NULL || b->collation == NULL) {
        return a->collation == b->collation;
    }
    return strcmp(a->collation, b->collation) == 0 && (one_server || (!a->collation_local && !b->collation_local));
}
