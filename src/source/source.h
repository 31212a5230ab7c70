/* Where rows come from.
 *
 * A Source is one connection to one system, owned by one thread. source_open picks the SourceOps by URL; what an
 * engine does not offer is NULL in its table, and `plan` chooses by that. To add an engine: one file with one
 * SourceOps, one row in source/schemes.def.
 *
 * Life of a worker's source:
 *     open -> begin(snapshot) -> scan -> next, next, ... (rows 0) -> end -> begin ... -> close
 * `begin` opens one read-only transaction with every session setting pinned, `end` closes it; between the two all
 * reads see one snapshot. After a failure the source is good only for `end` (which then rolls back and reconnects
 * if need be) and `close`.
 *
 * A repair's: open -> begin_write -> row_texts, lookup, next, write -> commit or rollback -> begin_write ... -> close
 *
 * What a scan promises: every row of the range exactly once, in key order (value_compare on the key columns), or
 * an error. The check verifies the order of what it gets.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "source/dependents.h"

typedef struct Source Source;
typedef struct SourceOps SourceOps;

/* ---- what is read ------------------------------------------------------------------------------------- */

/* A relation as the spec names it. Names are literal, never SQL; `where` and the computed columns are SQL. */
typedef struct ComputedColumn {
    const char *name;
    const char *sql;
} ComputedColumn;

typedef struct RelationRef {
    const char *table; /* "orders" or "schema.orders" (a dot inside a name: "schema"."or.ders") */
    const char *where; /* NULL: all rows */
    const ComputedColumn *computed;
    size_t computed_count;
    const char *const *key; /* names; NULL: the primary key */
    size_t key_count;
    bool key_optional; /* no key is no error: key_count of the Relation is then 0 */
} RelationRef;

/* Who gives a column its values. */
typedef enum ColumnGiven {
    GIVEN_BY_WRITER,
    GIVEN_IN_INSERT, /* a key that the server numbers itself: an insert may say otherwise, an update may not */
    GIVEN_BY_SERVER  /* generated from other columns */
} ColumnGiven;

/* A column of a live relation. */
typedef struct RelationColumn {
    const char *name;
    const char *type; /* as the server prints it: "numeric(10,2)" */
    const char *family; /* OPAQUE and ARRAY pair only within one family: "inet", "integer[]" */
    Kind kind;
    Kind element;      /* of ARRAY */
    bool single;       /* FLOAT of 32 bits */
    bool not_null;
    bool loose;        /* cells may be odd (SQLite) */
    bool computed;
    ColumnGiven given;
    bool defaulted;    /* a new row that leaves it out gets a value; false: NULL */
    const char *collation; /* of TEXT keys: equal names are one order; NULL: byte order */
    bool collation_local;  /* ... but on one server only, since nothing tells its library's version */
    const char *sql;   /* the expression that reads it, quoted; belongs to the source that described it */
    const char *order_sql; /* the expression that sorts by value, likewise */
    uint32_t native;   /* the engine's own type number */
} RelationColumn;

typedef struct Relation Relation;
struct Relation {
    const char *name;  /* quoted, schema-qualified: "public"."orders" */
    const char *what;  /* "table", "view", "partitioned table", ... */
    const char *from;  /* SQL of the FROM clause, after describe */
    const char *where; /* SQL or NULL */
    RelationColumn *columns; /* plain ones in table order, then computed */
    size_t column_count;
    size_t key[KEY_MAX_COLUMNS]; /* indexes into columns */
    size_t key_count;
    bool key_unique;   /* the catalog proves that no two rows have one key */
    bool key_guarded;  /* ... and an index keeps any writer from adding a second row with a key that has no NULL */
    bool key_ordered;  /* an index gives ranges of the key without reading the rest */
    bool key_indexed;  /* an index finds the rows with a key */
    double estimated_rows;  /* from statistics; negative: unknown */
    double estimated_row_bytes; /* negative: unknown */
    double estimated_long_bytes; /* more, of values so long that they are kept apart; 0 where unknown, too */
    const char *digest; /* of everything above that a plan depends on, 32 hex digits */
    const Relation *parts; /* of a side in shards: what each of them has, in their order; NULL: it is in one place */
};

/* ---- ranges -------------------------------------------------------------------------------------------- */

typedef enum RangeRows {
    RANGE_BETWEEN,  /* from <= key < to; NULL bound: open. Rows without a NULL in the key */
    RANGE_WITH_NULL, /* rows with a NULL in the key */
    RANGE_ALL       /* every row in one pass */
} RangeRows;

/* Half-open [from, to). A bound holds key_count Values, none NULL. */
typedef struct Range {
    RangeRows rows;
    const Value *from;
    const Value *to;
} Range;

/* How keys lie: decided by plan for both sides at once. */
typedef struct KeyOrder {
    bool native_collation; /* text bounds compare in the column's own collation (index used) instead of by bytes */
} KeyOrder;

/* A column to read: which, and as what kind (an INT column may be wanted as DECIMAL, a FLOAT as DECIMAL). */
typedef struct ScanColumn {
    size_t column;
    Kind kind;
} ScanColumn;

typedef struct Scan {
    const Relation *relation;
    const ScanColumn *columns; /* the first key_count are the key, in key order */
    size_t column_count;
    size_t key_count;
    KeyOrder order;
    Range range;
    bool unordered; /* rows may come in any order */
    bool wire;      /* batches may come with a Wire, and without cells but the key's */
} Scan;

/* ---- join pushed down ----------------------------------------------------------------------------------- */

/* Batch columns old.column and new.column must agree. */
typedef struct JoinPair {
    size_t old_column; /* index into Scan.columns */
    size_t new_column;
    Value within;      /* state CELL_NULL: exactly */
} JoinPair;

/* Both relations in this source's database. Columns are written o.c<i> and n.c<i>, i = index into Scan.columns. */
typedef struct JoinScan {
    Scan old;
    Scan new_; /* same range */
    const JoinPair *pairs;
    size_t pair_count;
    const char *const *suspects; /* SQL over o.c<i>, n.c<i>: true where an invariant does not hold or is undecided */
    size_t suspect_count;
    bool one_row; /* parallel columns: no join, o is the only side */
} JoinScan;

typedef struct JoinCounts {
    int64_t old_rows;
    int64_t new_rows;
    int64_t both; /* pairs */
    int64_t suspects; /* rows that are missing on a side, or may disagree: never fewer than do */
    bool duplicates; /* a key stands twice on a side: counts are void, read the range by scan */
} JoinCounts;

/* ---- writing --------------------------------------------------------------------------------------------- */

/* A value as the server's own text under this program's settings: what its type prints, and reads back bit for bit. */
typedef struct RowCell {
    const char *name; /* of the column, as the catalog has it */
    const char *type; /* as the server prints it: "numeric(10,2)" */
    Str text;         /* not looked at where the value is NULL */
    bool null;
} RowCell;

typedef struct RowImage {
    const RowCell *cells;
    size_t count;
} RowImage;

typedef enum RowLock { ROW_UNLOCKED, ROW_SHARED, ROW_EXCLUSIVE } RowLock;

typedef enum RowWriteKind { ROW_UPDATE, ROW_INSERT, ROW_DELETE } RowWriteKind;

/* One row to write. An update or delete writes only where every cell of `key` and `guard` stands there text by text;
 * of an insert they are not looked at: its key is among `set`. */
typedef struct RowWrite {
    RowWriteKind kind;
    const char *relation; /* quoted: Relation.name */
    bool overriding;      /* an insert's key is one that the server would number itself; for people */
    RowImage key;
    RowImage set;
    RowImage guard;
} RowWrite;

/* How a transaction ended, as its server remembers it. */
typedef enum TransactionEnd {
    TRANSACTION_COMMITTED,
    TRANSACTION_ROLLED_BACK,
    TRANSACTION_RUNNING,
    TRANSACTION_NOT_KNOWN /* too long ago, or of another server */
} TransactionEnd;

/* ---- digests of rows, computed by the source ------------------------------------------------------------ */

/* One thing that rows are hashed over. Two values of one part are hashed alike only where canon_equal calls them equal;
 * values that are equal but not spelled alike (jsonb 1.0 and 1.00) may be hashed apart. */
typedef struct DigestPart {
    const char *sql; /* over the columns d.c<i>, i = index into Scan.columns; NULL: the column itself */
    size_t column;
    Kind kind;       /* what values of both sides are hashed as */
    bool narrow;     /* of INT: both sides keep it in 32 bits or fewer */
    bool finite;     /* of DECIMAL: both sides hold no infinity */
    bool never_null; /* a row where it is NULL is in doubt */
} DigestPart;

/* The key of the scan is hashed, too; no key of the range may hold a NULL. */
typedef struct DigestScan {
    Scan scan;
    const DigestPart *parts;
    size_t part_count;
    const char *const *doubts; /* SQL over d.c<i>: a row where one of them is true is in doubt */
    size_t doubt_count;
    const Range *cuts; /* they tile the range, and have a digest each; of row_hashes not looked at */
    size_t cut_count;  /* at least 1 */
} DigestScan;

/* Whether bounds of this kind can stand in a list, so that any number of cuts is one statement with one plan. The
 * others cost a SELECT each: numbers and bytes have bounds of more than one type. */
static inline bool digest_lists(Kind kind) {
    return kind != KIND_DECIMAL && kind != KIND_FLOAT && kind != KIND_BYTES;
}

/* The sum of the rows' hashes, 64 bits each: order-free, and exact, so that no carry is lost. Each row's hash is seeded
 * by its key, so that values which change places between two rows do not cancel. */
typedef struct RowsDigest {
    int64_t rows;
    bool doubtful; /* a row is in doubt */
    i128 sum;
} RowsDigest;

/* ---- distance ------------------------------------------------------------------------------------------- */

/* How far away rows are, as told without reading any. */
typedef struct SourceDistance {
    double round_trip_us;
    double bytes_a_second; /* over one connection */
    double row_bytes;      /* that a row of the scan is sent in, from statistics: of what is kept compressed, so */
} SourceDistance;

/* ---- positions ------------------------------------------------------------------------------------------ */

/* How far the history of a source goes, as a primary tells it and its standbys are measured by. */
typedef struct SourcePosition {
    const char *shown;   /* "0/3000060" */
    const char *history; /* the engine's own: of which history, and of which line of it */
} SourcePosition;

typedef struct SourceReach {
    bool reached;
    char behind[200]; /* "it stands at 0/2000000, 16777312 bytes behind" */
} SourceReach;

/* ---- the interface ---------------------------------------------------------------------------------------- */

typedef struct SourceInfo {
    const char *engine;   /* "PostgreSQL 15.20", "SQLite 3.40.1" */
    const char *place;    /* what a person would recognise: "shop on localhost:5432"; never a password */
    const char *instance; /* equal for two sources that can share one snapshot; NULL: never */
    bool standby;
    bool pooled; /* a transaction pooler stands between: no session state, no prepared statements */
    const char *identity; /* source_identity; NULL: not asked */
} SourceInfo;

/* What the transactions that begin from now on are for. */
typedef struct SourceWork {
    const char *name;       /* as the server shows it: "twofold/orders 3/40"; at most 63 bytes */
    int64_t statement_us;   /* how long a statement may take; 0: as long as it needs */
    bool one_pass;          /* over everything: one side may wait long for the other */
} SourceWork;

/* How busy a server is, as far as it tells this role; negative: not asked for, or not told. */
typedef enum LoadPart { LOAD_SESSIONS = 1 << 0, LOAD_REPLICAS = 1 << 1 } LoadPart;
typedef struct SourceLoad {
    int64_t active_sessions;       /* of others: those that run a statement now */
    int64_t oldest_transaction_us; /* age of the oldest open transaction of others */
    int64_t replica_lag_us; /* of the replica furthest behind, or of this server where it is one; 0: no replica */
    int64_t position;              /* in the log of changes, bytes; of a standby: what it has replayed */
    int64_t slowest_position;      /* what the replica furthest behind has replayed; `position` where there is none */
} SourceLoad;

struct SourceOps {
    const char *scheme; /* "postgresql" */

    /* required */
    bool (*open)(const char *url, const char *application, Source **out, Err *err);
    void (*close)(Source *source); /* accepts NULL and half-opened sources */
    const SourceInfo *(*info)(const Source *source);
    bool (*describe)(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err);
    /* Up to `wanted` keys that cut the relation into even parts, ascending in `order`, without reading the table;
     * 0 where nothing is known. out_bounds[i] holds key_count Values. */
    bool (*boundaries)(Source *source, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena,
                       const Value ***out_bounds, size_t *out_count, Err *err);
    bool (*begin)(Source *source, const char *snapshot, Err *err); /* snapshot NULL: its own */
    /* Asks, without waiting for rows; what the server has against it may be told by `next`. So do lookup, join_rows
     * and row_hashes. */
    bool (*scan)(Source *source, const Scan *scan, Err *err);
    /* The next rows; *out points to memory of the source, valid until the next call on it. rows 0: the scan ended
     * well. A batch ends early where its bytes pass some hundred kilobytes. */
    bool (*next)(Source *source, const Batch **out, Err *err);
    bool (*end)(Source *source, Err *err); /* without a begin: nothing to do, true */

    /* optional: NULL where not offered */
    /* A URL without password and user data, in arena or static; NULL: no URL of this engine holds any. */
    const char *(*shown)(Arena *arena, const char *url);
    void (*cancel)(Source *source); /* from another thread or a signal's thread: the running call fails soon */
    bool (*snapshot)(Source *source, Arena *arena, const char **out, Err *err); /* after begin: for another's begin */
    void (*announce)(Source *source, const SourceWork *work); /* between end and begin */
    /* In a transaction of its own. `parts`: LoadParts; what the role may not see is an error. Sessions whose name is
     * that of this source, or begins with it and a space, are not others. */
    bool (*load)(Source *source, unsigned parts, SourceLoad *out, Err *err);
    /* Starts a scan over the rows with these keys (count * key_count Values); keys that are not there give no row. */
    bool (*lookup)(Source *source, const Scan *scan, const Value *keys, size_t count, Err *err);
    bool (*join_count)(Source *source, const JoinScan *join, JoinCounts *out, Err *err);
    /* Then join_next gives the suspect rows: row i of *old and row i of *new_ are one key; a side without the row has
     * CELL_NULL in all columns and false in its present array. In key order. */
    bool (*join_rows)(Source *source, const JoinScan *join, Err *err);
    bool (*join_next)(Source *source, const Batch **old, const uint8_t **old_present, const Batch **new_,
                      const uint8_t **new_present, Err *err);
    /* After begin: what digests depend on here, as a text; two sources with one text compute the same digests. Fails
     * where it computes none, with the reason. */
    bool (*digest_probe)(Source *source, Arena *arena, const char **out, Err *err);
    /* Starts computing; `digested` then waits for the digests of all cuts, out[0] being the first's. */
    bool (*digest)(Source *source, const DigestScan *digest, Err *err);
    bool (*digested)(Source *source, const DigestScan *digest, RowsDigest *out, Err *err);
    /* Starts a scan that gives of each row its key and, as one INT column more, its hash: NULL where it is in doubt. */
    bool (*row_hashes)(Source *source, const DigestScan *digest, Err *err);
    /* After begin. Takes less than a millisecond on one machine, and half a second over a slow link. */
    bool (*distance)(Source *source, const Scan *scan, SourceDistance *out, Err *err);
    /* After begin, on a primary: everything that was visible here before the call lies before the position. */
    bool (*position)(Source *source, Arena *arena, SourcePosition *out, Err *err);
    /* After begin: whether this transaction sees all that lies before a primary's position. Known from the transaction
     * before it on the same server, so the first answer on a connection is always no: end, wait, begin, ask again.
     * Fails where this source has another history. */
    bool (*reached)(Source *source, const SourcePosition *position, SourceReach *out, Err *err);
    /* After begin: the TIMESTAMPTZ column, to be scanned like any other, that tells when a row of the relation was last
     * written; name NULL: not known here. */
    bool (*written)(Source *source, const Relation *relation, RelationColumn *out, Err *err);
    /* The rows of a scan with this key (key_count Values) as texts, one cell a scan column; `lock` holds them until the
     * transaction ends. *out is the first of them, *out_rows how many there are. Also after begin, without a lock. */
    bool (*row_texts)(Source *source, const Scan *scan, const Value *key, RowLock lock, Arena *arena, RowImage *out,
                      size_t *out_rows, Err *err);
    /* After begin: which database it is, by whatever name it is reached: "shop@7412365982345" of a server that tells
     * its own number, "shop@" of another, "/data/shop.db@file". In arena. */
    bool (*identity)(Source *source, Arena *arena, const char **out, Err *err);
    /* A transaction that may write, in place of begin: each statement sees what was committed before it, and none waits
     * long. It ends by commit, or by rollback, which is also due after any failure. */
    bool (*begin_write)(Source *source, Err *err);
    /* How many rows were written. Constraints and triggers that wait for the commit have been asked when it returns. */
    bool (*write)(Source *source, const RowWrite *write, int64_t *out_rows, Err *err);
    /* What the server calls the open transaction, to ask it later how that ended. In arena. */
    bool (*transaction)(Source *source, Arena *arena, const char **out, Err *err);
    /* After begin or begin_write: how the one of that name ended. */
    bool (*transaction_end)(Source *source, const char *transaction, TransactionEnd *out, Err *err);
    /* False: it was not committed, or (TF_ERROR_CONNECTION) it is not known. */
    bool (*commit)(Source *source, Err *err);
    void (*rollback)(Source *source);
    /* The statement for people, values as literals. */
    bool (*explain_write)(Source *source, const RowWrite *write, Buf *out, Err *err);
    /* After begin: what hangs on a column or table that is to be dropped. What the role may not see is told in the
     * answer; an unknown name is an error, with the nearest known one. */
    bool (*dependents)(Source *source, const DropRef *ref, Arena *arena, Dependents *out, Err *err);
    /* After begin: the same of a column that takes its place: whether it is whole, and its traits. `table` as in
     * RelationRef. */
    bool (*replacement)(Source *source, const char *table, const char *column, Arena *arena, Dependents *out, Err *err);
    /* The statements that would be sent, for `plan`. */
    bool (*explain_scan)(Source *source, const Scan *scan, Buf *out, Err *err);
    bool (*explain_join)(Source *source, const JoinScan *join, Buf *out, Err *err);
    bool (*explain_digest)(Source *source, const DigestScan *digest, Buf *out, Err *err);
};

/* First member of every engine's own source struct. */
struct Source {
    const SourceOps *ops;
};

/* Opens what the URL names ("postgresql://", a libpq conninfo string, "sqlite:PATH"). `application` names the check
 * to the server. Errors never hold a password. */
MUST_CHECK bool source_open(const char *url, const char *application, Source **out, Err *err);
void source_close(Source *source);
/* SourceOps.identity, in a transaction of its own; "" of a source that does not offer it. In arena. */
MUST_CHECK bool source_identity(Source *source, Arena *arena, const char **out, Err *err);
bool source_is_pooled(const Source *source); /* SourceInfo.pooled; NULL is not */
/* Whether both can share one snapshot. */
bool sources_share_instance(const SourceInfo *a, const SourceInfo *b);
/* Whether two identities can be of one database: what is not known is no difference. */
bool source_may_be_same(const char *a, const char *b);
/* From another thread: whatever this process's sources wait for fails soon, also those that are being opened. Returns
 * at once. */
void sources_cancel(void);

/* The place of a source, or of a ledger, among those that sources_cancel reaches. An engine that offers `cancel` takes
 * it before it may have to wait for anything, and leaves it before it goes; to leave what was never taken does nothing.
 */
typedef struct SourcePlace {
    Source *source;
    struct SourcePlace *before, *after;
} SourcePlace;

void source_enlist(SourcePlace *place, Source *source);
void source_delist(SourcePlace *place);
/* The URL without password and user data, for people. In arena. */
const char *source_url_shown(Arena *arena, const char *url);
/* "postgresql://ann:12/secret@db/shop": with its "/" not written as %2F, the password would be read as a port and a
 * database, and be quoted in complaints about them. */
bool source_url_misleads(const char *url);

#endif
