/* A spec file as data: what a user says must agree. YAML (so JSON too), read with libfyaml.
 *
 * In: a path. Out: a Spec that is well-formed on its own; whether its tables and columns exist is match's business.
 * Promises: every key known, every value of the right type, `${NAME}` in sources replaced, defaults filled in.
 * Refuses, with file, line, column and the place underlined: unknown keys (with the nearest known one), wrong types,
 * missing parts, unset environment variables, aliases that expand beyond 1 MiB, files beyond 1 MiB.
 *
 * Memory: everything in the arena given.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include "base/err.h"
#include "expr/expr.h"
#include "source/source.h"

/* Where in the spec file a value stands, for errors that come later. line and column from 1. */
typedef struct SpecPlace {
    int line, column;
    int length;
} SpecPlace;

typedef struct SpecSide {
    const char *const *sources; /* one, or one a shard */
    size_t source_count;
    SpecPlace source_place; /* of the first */
    RelationRef relation;
    SpecPlace table_place;
    SpecPlace key_place;              /* of the list; of the table where there is no `key:` */
    const SpecPlace *key_places;      /* a place a name */
    const SpecPlace *computed_places; /* a place a computed column */
    SpecPlace where_place;
    const char *as_of;   /* the primary whose position must be reached before the side is read; NULL: none */
    int64_t max_wait_us; /* for that */
    SpecPlace as_of_place;
} SpecSide;

typedef struct SpecEqual {
    const char *old;
    const char *new_;
    const char *within; /* "0.01", "1 us"; NULL: exactly */
    SpecPlace place;    /* of the entry */
    SpecPlace old_place, new_place, within_place;
} SpecEqual;

typedef enum NullPolicy { NULL_UNDECIDED, NULL_HOLDS, NULL_FAILS } NullPolicy;

typedef struct SpecInvariant {
    const char *name;  /* given, or made from the expression */
    const char *holds; /* the text, for messages */
    Expr *expr;        /* parsed (and substituted, for `use:`); unbound */
    NullPolicy null;
    SpecPlace place; /* of the first byte of `holds`; of a `use:` */
} SpecInvariant;

/* When a check stands back: asked for between ranges. Negative: no such limit. */
typedef struct SpecLimits {
    int64_t max_replica_lag_us; /* of a side's replicas, or of the side where it is one */
    int64_t max_active_sessions; /* others that run a statement */
    int64_t max_transaction_age_us; /* of others */
    int64_t pause_between_us; /* after each range of each worker */
    int64_t give_up_after_us; /* how long one pause may last */
} SpecLimits;

/* When the contract phase may begin; see policy.h of the gate. */
typedef struct SpecGate {
    double max_mismatch_ratio; /* of a run, for it to count */
    int64_t consistent_runs;   /* in a row, from 1 */
    int64_t spanning_us;       /* from the first of them to the last */
    int64_t max_age_us;        /* of the last of them */
    double coverage;           /* of a run, for it to count */
} SpecGate;

typedef enum SpecTrust { TRUST_UNSAID, TRUST_OLD, TRUST_NEW } SpecTrust;

/* What a column of the side that is not trusted must be, said by the other side's. */
typedef struct SpecSet {
    const char *column;
    const char *text; /* the expression, for messages */
    Expr *expr;       /* parsed; unbound */
    SpecPlace column_place, place;
} SpecSet;

/* How rows are made to agree. */
typedef struct SpecRepair {
    SpecTrust trust;
    const SpecSet *sets;
    size_t set_count;
    bool insert_missing;     /* rows that the side that is written lacks; otherwise they are reported */
    bool delete_extra;       /* rows that only it has; otherwise they are reported */
    int64_t max_rows;        /* that disagree, for anything to be written */
    int64_t rows_per_second; /* 0: no limit */
    double stop_above;       /* ratio of rows that disagree; beyond it nothing is written */
} SpecRepair;

/* A column, or a whole table, of the old side that the contract phase is to drop. */
typedef struct SpecDrop SpecDrop;
struct SpecDrop {
    const char *name; /* "orders.total_amount", "shop.orders.total_amount", "orders" */
    SpecPlace place;
    bool replaced_said; /* in replaced_by: the next two; otherwise the invariants tell */
    const char *const *replaced_by;
    size_t replaced_count;
    SpecPlace replaced_place;
    const SpecDrop *columns; /* of a table: those that replaced_by names, each by the column's name alone */
    size_t column_count;
};

typedef struct SpecContract {
    const SpecDrop *drops;
    size_t drop_count; /* 0: no contract */
    int64_t window_us; /* how long statements must have been counted; negative: as long as the gate's spanning */
    const char *const *accept; /* conditions that somebody has looked at: "view public.orders_report" */
    size_t accept_count;
} SpecContract;

typedef struct Spec {
    const char *path;
    const char *text;  /* the file's bytes, to underline places in */
    const char *check; /* [a-z0-9][a-z0-9-]* */
    bool one_row;      /* `rows:`: parallel columns; only `old` is filled */
    SpecSide old;
    SpecSide new_;
    bool equal_all; /* said, or the default */
    const SpecEqual *equal;
    size_t equal_count;
    const SpecInvariant *invariants;
    size_t invariant_count;
    int64_t settle_us; /* how long differences are looked at again; negative: not said */
    const char *const *mask; /* columns of either side whose values nobody is shown */
    const SpecPlace *mask_places;
    size_t mask_count;
    SpecLimits limits; /* not of the meaning: the digest leaves them out */
    SpecGate gate;     /* likewise */
    SpecRepair repair; /* likewise */
    SpecContract contract; /* likewise */
    const char *digest; /* of the meaning, 32 hex digits: comments and layout aside, sources without passwords */
} Spec;

/* Folders where `use:` looks, in order, after invariants/ beside the spec. */
typedef struct SpecSearch {
    const char *const *folders;
    size_t count;
} SpecSearch;

/* `path` "-" is standard input. `search` may be NULL: no further folders. */
MUST_CHECK bool spec_read(Arena *arena, const char *path, const SpecSearch *search, Spec *out, Err *err);
/* Turns an error about a place of the spec into "path:line:column: sentence" with the line and a caret line under it.
 * Always false. */
bool spec_error_at(const Spec *spec, SpecPlace place, Err *err);

#endif
