/* What match.c and its parts share while a Match is being made. */
#ifndef SPEC_MATCH_PARTS_H
#define SPEC_MATCH_PARTS_H

#include "spec/match.h"

/* The columns a side will be asked for, as they are found to be needed. */
typedef struct MatchColumns {
    Relation relation;
    ScanColumn *columns;
    size_t count, room;
    const char **names; /* of the relation, to suggest from */
} MatchColumns;

typedef struct MatchMaker {
    Arena *arena;
    const Spec *spec;
    MatchColumns old, new_; /* one row: new_ is unused */
    MatchPair *pairs;
    size_t pair_count;
    Err *err;
} MatchMaker;

/* The batch column that holds this column as this kind; asked for if it was not yet. */
size_t match_column(MatchMaker *maker, MatchColumns *side, size_t column, Kind kind);
/* The batch column that holds this column as itself (an integer may be held as a decimal); SIZE_MAX: not read. */
size_t match_slot(const MatchColumns *side, size_t column);
/* The index of a column; false: no such column, with the nearest suggested, at its place. */
MUST_CHECK bool match_find(MatchMaker *maker, const MatchColumns *side, const char *name, SpecPlace place, size_t *out);
/* "old.", "new.", or "" within one row. */
const char *match_prefix(const MatchMaker *maker, const MatchColumns *side);
/* Whether both keys are the same names, and not in the same order. */
bool match_key_reordered(const Relation *a, const Relation *b);
/* What two columns are compared as; false: no common meaning. */
bool match_kind(const RelationColumn *old, const RelationColumn *new_, Kind *out);
/* The refusal, with the computed column that would be the way out. Always false. */
bool match_refuse_kinds(MatchMaker *maker, const MatchColumns *old_side, size_t old, const MatchColumns *new_side,
                        size_t new_, SpecPlace place);
/* `mask:`, into match->masks and the sides' masked. */
MUST_CHECK bool match_mask(MatchMaker *maker, Match *match);
/* The pairs of `equal:`, into maker->pairs. */
MUST_CHECK bool match_equal(MatchMaker *maker);

#endif
