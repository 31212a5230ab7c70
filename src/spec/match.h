/* Spec + live schemas -> which column is compared with which, as what.
 *
 * Promises: every pair has a common meaning; every invariant is bound; what only one side has, or nobody asked to
 * compare, is listed; the scan columns of both sides hold all that is needed, the key first and in one order.
 * Refuses, at its place in the spec: unknown tables and columns (nearest suggested), pairs without a common meaning
 * (with the way out), no key (naming the unique indexes there are).
 */
#ifndef SPEC_MATCH_H
#define SPEC_MATCH_H

#include "base/keyed_hash.h"
#include "expr/program.h"
#include "source/canon.h"
#include "spec/spec.h"

typedef struct MatchPair {
    const char *name; /* the new name */
    size_t old_slot, new_slot; /* batch columns */
    Kind kind;        /* compared as */
    Value within;     /* CELL_NULL: exactly; else DECIMAL or INTERVAL */
} MatchPair;

typedef struct MatchInvariant {
    const SpecInvariant *spec;
    const Program *program;
    const ExprColumnUse *uses; /* columns of relations, for findings */
    size_t use_count;
} MatchInvariant;

typedef struct MatchSide {
    Relation relation;
    const ScanColumn *columns; /* what is read: the key, then the rest, each (column, kind) once */
    size_t column_count;
    const size_t *slots;       /* relation column -> batch column as its own kind; SIZE_MAX: not read */
    const bool *masked;        /* by relation column; see Match.mask_key */
    const char *const *not_compared;
    size_t not_compared_count;
} MatchSide;

typedef struct Match {
    const Spec *spec;
    bool one_row; /* new_ is unused */
    MatchSide old;
    MatchSide new_;
    size_t key_count;
    const char *const *key_names; /* of the old side */
    const MatchPair *pairs;
    size_t pair_count;
    const size_t *old_hashed, *new_hashed; /* batch columns in the row hash: key, then pairs without `within` */
    size_t hashed_count;
    const MatchInvariant *invariants;
    size_t invariant_count;
    bool masks;             /* the spec masks something */
    const HashKey *mask_key; /* what masked values are hashed with; NULL: not known (yet), and nothing is masked */
} Match;

/* What expressions over rows of these may refer to; new_ NULL: parallel columns of one row. */
ExprScope match_scope(Arena *arena, const Relation *old, const Relation *new_);
/* `old` and `new_` are open and inside begin; new_ is NULL for one_row. The spec must outlive the match. */
MUST_CHECK bool match_make(Arena *arena, const Spec *spec, Source *old, Source *new_, Match *out, Err *err);

#endif
