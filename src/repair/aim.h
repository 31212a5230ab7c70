/* A match, aimed: which side is right, which is written, and where each column that may be written gets its value.
 *
 * In: a match, the spec's `repair:`, and which side is trusted. Out: targets: a column of the written side, and the
 * equal column or the expression over the trusted side that says what it must be.
 * Refuses, at its place in the spec: no side said; columns of `set` that are not there, or that nobody can write;
 * expressions that read the written side; a written side whose key is computed.
 */
#ifndef REPAIR_AIM_H
#define REPAIR_AIM_H

#include "spec/match.h"

typedef struct Target {
    size_t column;          /* of the written relation */
    size_t written_text;    /* where it stands in aim->written_texts */
    bool is_key;            /* written with a new row only */
    size_t slot;            /* of the trusted batch, where its value comes from a column */
    size_t trusted_text;    /* that column in aim->trusted_texts */
    bool same_type;         /* ... whose text can be taken as it is */
    const Program *program; /* where it comes from an expression; NULL: it does not */
} Target;

typedef struct Aim {
    Match match;    /* with the columns that only the repair reads */
    bool write_new; /* the side that is written; within one row: the column of a pair */
    Target *targets;
    size_t target_count;
    /* What is read as texts, each beginning with the key. Written: what targets need; whole: all that can be given. */
    Scan trusted_texts, written_texts, whole_texts;
} Aim;

/* `match` is copied, and extended; its spec must outlive the aim. The aim must stay where it is made. */
MUST_CHECK bool aim_make(Arena *arena, const Match *match, SpecTrust trust, Aim *out, Err *err);

/* Within one row both are the same. */
const MatchSide *aim_trusted(const Aim *aim);
const MatchSide *aim_written(const Aim *aim);
const char *aim_trusted_name(const Aim *aim); /* "old" */
const char *aim_written_name(const Aim *aim);

#endif
