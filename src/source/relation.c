#include "source/relation.h"

#include <string.h>

Batch relation_batch(Arena *arena, const Relation *relation, const ScanColumn *columns, size_t count, size_t capacity) {
    Kind *kinds = ARENA_MANY(arena, count, Kind);
    for (size_t i = 0; i < count; i++) {
        kinds[i] = columns[i].kind;
    }
    Batch batch = batch_make(arena, count, kinds, capacity);
    for (size_t i = 0; i < count; i++) {
        const RelationColumn *column = &relation->columns[columns[i].column];
        batch.columns[i].element = column->element;
        batch.columns[i].single = column->single && kinds[i] == KIND_FLOAT;
    }
    return batch;
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
