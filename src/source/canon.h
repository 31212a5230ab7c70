/* Canonical bytes: the one meaning of "equal".
 *
 * Two cells are equal if and only if their canonical bytes are. Length-prefixed and type-tagged, so that no two
 * sequences of cells share bytes (NULL is not '', 'a'|'bc' is not 'ab'|'c'). The form, also what the ledger keeps
 * (all integers big-endian):
 *
 *     NULL                 00
 *     number               01 + int64                            an integer value that fits 64 bits, INT or DECIMAL
 *                          02 + u32 length + decimal_canonical   any other exact number
 *     float                03 + IEEE bits, -0 as 0, one NaN
 *     text, bytes, opaque  04, 05, 06 + u32 length + bytes
 *     timestamptz ... time 07, 08, 09, 0a + int64
 *     interval             0b + i128 microseconds (24-hour days, 30-day months: as PostgreSQL compares them)
 *     uuid                 0c + 16 bytes
 *     json                 0d + u32 length + canonical document  members in one order, numbers by value
 *     bool                 0e + 00 or 01
 *     array                0f + u32 length + canonical elements
 *     odd                  ff + u32 length + its text            equal only to the same odd text
 *
 * JSON that is no document and array text that is no array are opaque text. Elements of arrays: canon_array.h.
 */
#ifndef SOURCE_CANON_H
#define SOURCE_CANON_H

#include "base/value.h"

typedef struct RowHash {
    uint64_t low, high; /* XXH3-128 */
} RowHash;

static inline bool row_hash_equal(RowHash a, RowHash b) {
    return a.low == b.low && a.high == b.high;
}

/* Sum mod 2^128 of row hashes, and how many: order-free, and equal changes in two rows do not cancel. */
typedef struct Digest {
    uint64_t low, high;
    uint64_t rows;
} Digest;

static inline void digest_add(Digest *digest, RowHash hash) {
    digest->high += hash.high + (__builtin_add_overflow(digest->low, hash.low, &digest->low) ? 1 : 0);
    digest->rows++;
}
bool digest_equal(const Digest *a, const Digest *b);
/* 24 bytes, big-endian: high, low, rows. */
void digest_bytes(const Digest *digest, unsigned char out[24]);

void canon_cell(const Column *column, size_t row, Buf *out);
void canon_value(const Value *value, Buf *out);
/* Whether two cells (of one kind, or INT against DECIMAL) are equal: canonical bytes, without writing them. */
bool canon_equal(const Column *a, size_t row_a, const Column *b, size_t row_b);
/* The hash of each row over these batch columns, in order. `scratch` is reused between calls. */
void canon_hash_rows(const Batch *batch, const size_t *columns, size_t column_count, Buf *scratch, RowHash *out);

/* Which kind two columns are compared as, when one is of `a` and the other of `b`; false: no common meaning. */
bool canon_common_kind(Kind a, Kind b, Kind *out);

#endif
