#include "source/shards.h"

#include "source/relation.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct Shard {
    Source *source;
    const Batch *batch; /* what it gave last; NULL: ask it first */
    size_t row;
} Shard;

typedef struct Shards {
    Source base;
    Arena arena;       /* texts of the info: as long as the source */
    Arena scan_memory; /* the merged batch: as long as a scan */
    SourceInfo info;
    Shard *shards;
    size_t count;
    size_t key_count;
    Batch merged;
} Shards;

static Shards *shards_of(Source *source) {
    return (Shards *)source;
}

static void shards_close(Source *source) {
    if (source == NULL) {
        return;
    }
    Shards *self = shards_of(source);
    for (size_t i = 0; i < self->count; i++) {
        source_close(self->shards[i].source);
    }
    arena_free(&self->scan_memory);
    arena_free(&self->arena);
    free(self);
}

static const SourceInfo *shards_info(const Source *source) {
    return &((const Shards *)source)->info;
}

/* ---- the relation ------------------------------------------------------------------------------------------- */

static bool same_columns(const Relation *a, const Relation *b) {
    if (a->column_count != b->column_count || a->key_count != b->key_count) {
        return false;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 ||
            strcmp(a->columns[i].type, b->columns[i].type) != 0) {
            return false;
        }
    }
    return memcmp(a->key, b->key, a->key_count * sizeof(a->key[0])) == 0;
}

/* What holds for all shards: a column is not null where none may be, ranges are cut where all lie in one order. */
static void relation_join(Relation *all, const Relation *part) {
    bool known = all->estimated_rows >= 0 && part->estimated_rows >= 0;
    all->estimated_rows = known ? all->estimated_rows + part->estimated_rows : -1;
    all->key_ordered = all->key_ordered && part->key_ordered;
    all->key_indexed = all->key_indexed && part->key_indexed;
    for (size_t i = 0; i < all->column_count; i++) {
        all->columns[i].not_null = all->columns[i].not_null && part->columns[i].not_null;
        all->columns[i].loose = all->columns[i].loose || part->columns[i].loose;
    }
    for (size_t i = 0; i < all->key_count; i++) {
        size_t key = all->key[i];
        all->key_ordered = all->key_ordered && columns_share_order(&all->columns[key], &part->columns[key], false);
    }
}

static const char *digest_of_parts(const Relation *parts, size_t count, Arena *arena) {
    Buf digests = {0};
    for (size_t i = 0; i < count; i++) {
        buf_text(&digests, parts[i].digest);
    }
    XXH128_hash_t hash = XXH3_128bits(digests.bytes, digests.length);
    buf_free(&digests);
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

/* The whole has the first shard's columns and SQL; each shard is read by its own part. */
static Relation relation_of_parts(const Relation *parts, size_t count, Arena *arena) {
    Relation all = parts[0];
    all.parts = parts;
    all.columns = ARENA_MANY(arena, all.column_count, RelationColumn);
    memcpy(all.columns, parts[0].columns, all.column_count * sizeof(RelationColumn));
    for (size_t i = 1; i < count; i++) {
        relation_join(&all, &parts[i]);
    }
    all.key_unique = count == 1 && all.key_unique;
    all.digest = digest_of_parts(parts, count, arena);
    return all;
}

static bool shards_describe(Source *source, const RelationRef *ref, Arena *arena, Relation *out, Err *err) {
    Shards *self = shards_of(source);
    Relation *parts = ARENA_MANY(arena, self->count, Relation);
    for (size_t i = 0; i < self->count; i++) {
        Source *child = self->shards[i].source;
        const char *place = child->ops->info(child)->place;
        if (!child->ops->describe(child, ref, arena, &parts[i], err)) {
            return err_prefix(err, "%s", place);
        }
        if (!same_columns(&parts[0], &parts[i])) {
            return err_set(err, TF_ERROR_SCHEMA,
                           "cannot read %s from several shards: its columns or key in %s are not those in %s",
                           ref->table, place, self->shards[0].source->ops->info(self->shards[0].source)->place);
        }
    }
    *out = relation_of_parts(parts, self->count, arena);
    return true;
}

static bool shards_boundaries(Source *source, const Relation *relation, KeyOrder order, size_t wanted, Arena *arena,
                              const Value ***out_bounds, size_t *out_count, Err *err) {
    Shards *self = shards_of(source);
    size_t largest = 0;
    for (size_t i = 1; i < self->count; i++) {
        largest = relation->parts[i].estimated_rows > relation->parts[largest].estimated_rows ? i : largest;
    }
    Source *child = self->shards[largest].source;
    return child->ops->boundaries(child, &relation->parts[largest], order, wanted, arena, out_bounds, out_count, err);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static bool shards_begin(Source *source, const char *snapshot, Err *err) {
    Shards *self = shards_of(source);
    for (size_t i = 0; i < self->count; i++) {
        if (!self->shards[i].source->ops->begin(self->shards[i].source, snapshot, err)) {
            return false;
        }
    }
    return true;
}

static bool shards_end(Source *source, Err *err) {
    Shards *self = shards_of(source);
    bool good = true;
    for (size_t i = 0; i < self->count; i++) {
        Err ignored;
        good = self->shards[i].source->ops->end(self->shards[i].source, good ? err : &ignored) && good;
    }
    return good;
}

/* `merged` is in scan_memory. */
static void merge_prepare(Shards *self, Batch merged, size_t key_count) {
    self->merged = merged;
    self->key_count = key_count;
    for (size_t i = 0; i < self->count; i++) {
        self->shards[i].batch = NULL;
    }
}

static void scan_prepare(Shards *self, const Scan *scan) {
    arena_empty(&self->scan_memory);
    merge_prepare(self,
                  relation_batch(&self->scan_memory, scan->relation, scan->columns, scan->column_count, BATCH_ROWS),
                  scan->key_count);
}

/* The scan of one shard: merging goes by cells. */
static Scan scan_of_part(const Scan *scan, size_t i) {
    Scan own = *scan;
    own.relation = &scan->relation->parts[i];
    own.wire = false;
    return own;
}

static bool shards_scan(Source *source, const Scan *scan, Err *err) {
    Shards *self = shards_of(source);
    scan_prepare(self, scan);
    for (size_t i = 0; i < self->count; i++) {
        Scan own = scan_of_part(scan, i);
        if (!self->shards[i].source->ops->scan(self->shards[i].source, &own, err)) {
            return false;
        }
    }
    return true;
}

static bool shards_lookup(Source *source, const Scan *scan, const Value *keys, size_t count, Err *err) {
    Shards *self = shards_of(source);
    scan_prepare(self, scan);
    for (size_t i = 0; i < self->count; i++) {
        Source *child = self->shards[i].source;
        Scan own = scan_of_part(scan, i);
        if (child->ops->lookup == NULL) {
            return err_set(err, TF_ERROR_USAGE, "cannot look at single rows: %s does not offer it",
                           child->ops->info(child)->engine);
        }
        if (!child->ops->lookup(child, &own, keys, count, err)) {
            return false;
        }
    }
    return true;
}

/* Every shard has a batch with a row left, or has ended. */
static bool refill(Shards *self, Err *err) {
    for (size_t i = 0; i < self->count; i++) {
        Shard *shard = &self->shards[i];
        if (shard->batch != NULL && (shard->batch->rows == 0 || shard->row < shard->batch->rows)) {
            continue;
        }
        if (!shard->source->ops->next(shard->source, &shard->batch, err)) {
            return false;
        }
        shard->row = 0;
    }
    return true;
}

static int heads_compare(const Shards *self, const Shard *a, const Shard *b) {
    for (size_t i = 0; i < self->key_count; i++) {
        int order = column_compare(&a->batch->columns[i], a->row, &b->batch->columns[i], b->row);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static Shard *smallest_head(Shards *self) {
    Shard *smallest = NULL;
    for (size_t i = 0; i < self->count; i++) {
        Shard *shard = &self->shards[i];
        if (shard->row < shard->batch->rows && (smallest == NULL || heads_compare(self, shard, smallest) < 0)) {
            smallest = shard;
        }
    }
    return smallest;
}

/* Cells are not copied: a merged batch ends where a shard's batch does, which stays in place until the next call. */
static bool shards_next(Source *source, const Batch **out, Err *err) {
    Shards *self = shards_of(source);
    if (!refill(self, err)) {
        return false;
    }
    self->merged.rows = 0;
    bool exhausted = false;
    while (!exhausted && self->merged.rows < BATCH_ROWS) {
        Shard *shard = smallest_head(self);
        if (shard == NULL) {
            break;
        }
        for (size_t c = 0; c < self->merged.column_count; c++) {
            column_set(&self->scan_memory, &self->merged.columns[c], self->merged.rows,
                       column_value(&shard->batch->columns[c], shard->row));
        }
        self->merged.rows++;
        exhausted = ++shard->row == shard->batch->rows;
    }
    *out = &self->merged;
    return true;
}

/* ---- digests -------------------------------------------------------------------------------------------------- */

static bool shards_digest_probe(Source *source, Arena *arena, const char **out, Err *err) {
    Shards *self = shards_of(source);
    const char *first = NULL;
    for (size_t i = 0; i < self->count; i++) {
        Source *child = self->shards[i].source;
        const char *answer;
        if (child->ops->digest == NULL) {
            return err_set(err, TF_ERROR_USAGE, "%s offers none", child->ops->info(child)->engine);
        }
        if (!child->ops->digest_probe(child, arena, &answer, err)) {
            return false;
        }
        if (first != NULL && strcmp(first, answer) != 0) {
            return err_set(err, TF_ERROR_USAGE, "%s gives values other hashes than the first shard",
                           child->ops->info(child)->place);
        }
        first = answer;
    }
    *out = first;
    return true;
}

static DigestScan digest_of_part(const DigestScan *digest, size_t i) {
    DigestScan own = *digest;
    own.scan.relation = &digest->scan.relation->parts[i];
    return own;
}

static bool shards_digest(Source *source, const DigestScan *digest, Err *err) {
    Shards *self = shards_of(source);
    for (size_t i = 0; i < self->count; i++) {
        DigestScan own = digest_of_part(digest, i);
        if (!self->shards[i].source->ops->digest(self->shards[i].source, &own, err)) {
            return false;
        }
    }
    return true;
}

/* Sums of sums: a digest does not depend on where its rows lie. */
static void digests_add(RowsDigest *into, const RowsDigest *from, size_t count) {
    for (size_t i = 0; i < count; i++) {
        into[i].rows += from[i].rows;
        into[i].doubtful |= from[i].doubtful;
        into[i].sum += from[i].sum;
    }
}

static bool shards_digested(Source *source, const DigestScan *digest, RowsDigest *out, Err *err) {
    Shards *self = shards_of(source);
    Arena scratch = {0};
    size_t count = digest->cut_count;
    RowsDigest *sums = arena_zeroed(&scratch, count * sizeof(RowsDigest));
    RowsDigest *one = ARENA_MANY(&scratch, count, RowsDigest);
    bool good = true;
    for (size_t i = 0; good && i < self->count; i++) {
        DigestScan own = digest_of_part(digest, i);
        good = self->shards[i].source->ops->digested(self->shards[i].source, &own, one, err);
        if (good) {
            digests_add(sums, one, count);
        }
    }
    if (good) {
        memcpy(out, sums, count * sizeof(RowsDigest));
    }
    arena_free(&scratch);
    return good;
}

static bool shards_row_hashes(Source *source, const DigestScan *digest, Err *err) {
    Shards *self = shards_of(source);
    arena_empty(&self->scan_memory);
    merge_prepare(self, relation_hashes_batch(&self->scan_memory, &digest->scan, BATCH_ROWS), digest->scan.key_count);
    for (size_t i = 0; i < self->count; i++) {
        DigestScan own = digest_of_part(digest, i);
        if (!self->shards[i].source->ops->row_hashes(self->shards[i].source, &own, err)) {
            return false;
        }
    }
    return true;
}

static bool shards_explain_digest(Source *source, const DigestScan *digest, Buf *out, Err *err) {
    Shards *self = shards_of(source);
    DigestScan own = digest_of_part(digest, 0);
    return self->shards[0].source->ops->explain_digest(self->shards[0].source, &own, out, err);
}

/* ---- the rest ------------------------------------------------------------------------------------------------- */

static void shards_cancel(Source *source) {
    Shards *self = shards_of(source);
    for (size_t i = 0; i < self->count; i++) {
        if (self->shards[i].source != NULL && self->shards[i].source->ops->cancel != NULL) {
            self->shards[i].source->ops->cancel(self->shards[i].source);
        }
    }
}

static void shards_announce(Source *source, const SourceWork *work) {
    Shards *self = shards_of(source);
    for (size_t i = 0; i < self->count; i++) {
        Source *child = self->shards[i].source;
        if (child->ops->announce != NULL) {
            child->ops->announce(child, work);
        }
    }
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* The busiest of each kind; positions of several logs mean nothing together. */
static bool shards_load(Source *source, unsigned parts, SourceLoad *out, Err *err) {
    Shards *self = shards_of(source);
    SourceLoad all = {-1, -1, -1, -1, -1};
    for (size_t i = 0; i < self->count; i++) {
        Source *child = self->shards[i].source;
        SourceLoad load;
        if (child->ops->load == NULL) {
            continue;
        }
        if (!child->ops->load(child, parts, &load, err)) {
            return false;
        }
        all.active_sessions = larger(all.active_sessions, load.active_sessions);
        all.oldest_transaction_us = larger(all.oldest_transaction_us, load.oldest_transaction_us);
        all.replica_lag_us = larger(all.replica_lag_us, load.replica_lag_us);
    }
    *out = all;
    return true;
}

static bool shards_explain_scan(Source *source, const Scan *scan, Buf *out, Err *err) {
    Shards *self = shards_of(source);
    Scan own = *scan;
    own.relation = &scan->relation->parts[0];
    return self->shards[0].source->ops->explain_scan(self->shards[0].source, &own, out, err);
}

static const SourceOps shards_ops = {
    .scheme = "shards",
    .close = shards_close,
    .info = shards_info,
    .describe = shards_describe,
    .boundaries = shards_boundaries,
    .begin = shards_begin,
    .scan = shards_scan,
    .next = shards_next,
    .end = shards_end,
    .cancel = shards_cancel,
    .announce = shards_announce,
    .load = shards_load,
    .lookup = shards_lookup,
    .digest_probe = shards_digest_probe,
    .digest = shards_digest,
    .digested = shards_digested,
    .row_hashes = shards_row_hashes,
    .explain_scan = shards_explain_scan,
    .explain_digest = shards_explain_digest,
};

static void describe_place(Shards *self) {
    Buf place = {0};
    for (size_t i = 0; i < self->count; i++) {
        const SourceInfo *info = self->shards[i].source->ops->info(self->shards[i].source);
        buf_printf(&place, "%s%s", i == 0 ? "" : ", ", info->place);
        self->info.standby = self->info.standby || info->standby;
        self->info.pooled = self->info.pooled || info->pooled;
    }
    self->info.place = arena_copy(&self->arena, place.bytes, place.length);
    self->info.engine = arena_printf(&self->arena, "%zu shards, the first %s", self->count,
                                     self->shards[0].source->ops->info(self->shards[0].source)->engine);
    buf_free(&place);
}

bool shards_open(const char *const *urls, size_t count, const char *application, Source **out, Err *err) {
    Shards *self = mem_alloc(sizeof *self);
    *self = (Shards){.base = {.ops = &shards_ops}, .count = count};
    self->shards = arena_zeroed(&self->arena, count * sizeof(Shard));
    for (size_t i = 0; i < count; i++) {
        if (!source_open(urls[i], application, &self->shards[i].source, err)) {
            shards_close(&self->base);
            return false;
        }
    }
    describe_place(self);
    *out = &self->base;
    return true;
}
