/* What follows from a described relation, whatever engine it is of. */
#ifndef SOURCE_RELATION_H
#define SOURCE_RELATION_H

#include "source/source.h"

/* A batch of these columns with room for `capacity` rows, and none in it. In arena. */
Batch relation_batch(Arena *arena, const Relation *relation, const ScanColumn *columns, size_t count, size_t capacity);
/* Likewise of the key's columns of a scan, and an INT for the row's hash. */
Batch relation_hashes_batch(Arena *arena, const Scan *scan, size_t capacity);
/* The place of the column of this name; SIZE_MAX: there is none. */
size_t relation_column(const Relation *relation, const char *name);
bool relation_key_has(const Relation *relation, size_t column);
/* About how many bytes a row is sent in; negative: unknown. */
double relation_row_bytes(const Relation *relation);
/* Whether ranges of one text key are ranges of the other. `one_server`: they are, as far as orders go, in one place. */
bool columns_share_order(const RelationColumn *a, const RelationColumn *b, bool one_server);

#endif
