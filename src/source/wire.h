/* Rows as their server sent them, of which cells are made only where somebody asks.
 *
 * What a scan that allows it (Scan.wire) gives with its batches: the cells of the key are there, all others after
 * wire_read. Cells are a function of form and bytes, so two rows of the same forms and bytes are equal in every column:
 * such twins need no cells, and one hash does for both.
 * Promises: bytes that are malformed are refused, by wire_hash (in the columns that are hashed) and by wire_read (in
 * all); a row that is the twin of one that was not refused is not malformed. Valid as long as its batch.
 */
#ifndef SOURCE_WIRE_H
#define SOURCE_WIRE_H

#include "base/err.h"
#include "source/canon.h"

#include <string.h>

struct Wire {
    Str rows[BATCH_ROWS];
    uint32_t *forms; /* by column: how its bytes are read, as what */
    size_t column_count;
    void *self;
    bool (*read)(void *self, size_t row, Err *err);
    bool (*hash)(void *self, const uint32_t *rows, size_t row_count, const size_t *columns, size_t column_count,
                 Buf *scratch, RowHash *out, Err *err);
};

/* Whether rows of the two that have the same bytes are equal. */
static inline bool wire_same_forms(const Wire *a, const Wire *b) {
    return a->column_count == b->column_count && memcmp(a->forms, b->forms, a->column_count * sizeof a->forms[0]) == 0;
}

/* Whether two rows of such are twins. */
static inline bool wire_twins(const Wire *a, size_t row_a, const Wire *b, size_t row_b) {
    Str x = a->rows[row_a], y = b->rows[row_b];
    return x.length == y.length && memcmp(x.bytes, y.bytes, x.length) == 0;
}

/* Makes the row's cells in its batch. */
MUST_CHECK static inline bool wire_read(const Wire *wire, size_t row, Err *err) {
    return wire->read(wire->self, row, err);
}

/* canon_hash_rows of these rows, out[row] by row of the batch. Makes no cells. */
MUST_CHECK static inline bool wire_hash(const Wire *wire, const uint32_t *rows, size_t row_count, const size_t *columns,
                                        size_t column_count, Buf *scratch, RowHash *out, Err *err) {
    return wire->hash(wire->self, rows, row_count, columns, column_count, scratch, out, err);
}

#endif
