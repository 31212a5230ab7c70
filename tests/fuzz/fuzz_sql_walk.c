/* Fuzzes the walk over statements' trees with any JSON: no tree takes it down, and what does nothing with the table has
 * no other use. The parser that makes the trees is libpg_query's own business. */
#include "gate/sql_walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const SqlTable TABLES[] = {{"public", "orders"}};
static const SqlTable RELATIVES[] = {{"public", "invoices"}};
static const char *const REPLACED_BY[] = {"total_amount_minor"};

static unsigned uses_of(const JsonNode *tree, const char *column, Arena *arena) {
    SqlSubject subject = {
        .tables = TABLES,
        .table_count = 1,
        .column = column,
        .replaced_by = REPLACED_BY,
        .replaced_count = 1,
        .relatives = RELATIVES,
        .relative_count = 1,
        .relatives_known = true,
    };
    FromItem row = {STR_LITERAL("new"), FROM_OURS, NULL};
    return sql_walk(&subject, tree, &row, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena arena = {0};
    const JsonNode *tree;
    if (json_read((Str){(const char *)data, size}, &arena, &tree)) {
        unsigned column = uses_of(tree, "total_amount", &arena);
        unsigned table = uses_of(tree, NULL, &arena);
        bool writes = (column & SQL_WRITES_OLD) != 0;
        if ((writes && (column & (SQL_NAMES | SQL_MAY_NAME)) == 0) || (!writes && (column & SQL_WRITES_ONLY) != 0) ||
            ((column ^ table) & SQL_TOUCHES) != 0) {
            abort();
        }
    }
    arena_free(&arena);
    return 0;
}
