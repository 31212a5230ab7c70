#include "check/since.h"

#include <string.h>

enum { LOOKUP_KEYS = 500 };
static const int64_t EPOCH_2000_US = CALENDAR_EPOCH_UNIX * 1000000;

/* One side: what of it is read. */
typedef struct Since {
    const Plan *plan;
    bool of_new;
    Source *source;
    Arena memory;
    Relation relation; /* with the time of writing as one more column */
    Scan scan;
} Since;

/* Which sides a finding's row stands on. */
static bool is_there(const Finding *finding, bool of_new) {
    return finding->kind == DIFFERENT || finding->kind == (of_new ? MISSING_IN_OLD : MISSING_IN_NEW);
}

/* The scan that looks up when a row was written: its key, and that time. False: the source does not know. */
static bool scan_make(Since *since, Err *err) {
    const Match *match = since->plan->match;
    const MatchSide *side = since->of_new ? &match->new_ : &match->old;
    RelationColumn written;
    if (!since->source->ops->written(since->source, &side->relation, &written, err) || written.name == NULL) {
        return false;
    }
    since->relation = side->relation;
    since->relation.columns = ARENA_MANY(&since->memory, side->relation.column_count + 1, RelationColumn);
    memcpy(since->relation.columns, side->relation.columns, side->relation.column_count * sizeof(RelationColumn));
    since->relation.columns[since->relation.column_count++] = written;
    ScanColumn *columns = ARENA_MANY(&since->memory, match->key_count + 1, ScanColumn);
    memcpy(columns, side->columns, match->key_count * sizeof(ScanColumn));
    columns[match->key_count] = (ScanColumn){side->relation.column_count, written.kind};
    since->scan = plan_scan(since->plan, since->of_new, (Range){.rows = RANGE_ALL});
    since->scan.relation = &since->relation;
    since->scan.columns = columns;
    since->scan.column_count = match->key_count + 1;
    return true;
}

static bool has_key(const Finding *finding, const Batch *batch, size_t row) {
    for (size_t i = 0; i < finding->key_count; i++) {
        if (value_compare(finding->key[i], column_value(&batch->columns[i], row)) != 0) {
            return false;
        }
    }
    return true;
}

static void written_take(const Since *since, const Batch *batch, size_t row, Finding *findings, size_t count) {
    Value time = column_value(&batch->columns[since->scan.key_count], row);
    for (size_t i = 0; time.state == CELL_VALUE && i < count; i++) {
        if (is_there(&findings[i], since->of_new) && has_key(&findings[i], batch, row)) {
            *(since->of_new ? &findings[i].new_written_us : &findings[i].old_written_us) =
                time.as.integer + EPOCH_2000_US;
            return;
        }
    }
}

static bool lookup(const Since *since, Finding *findings, size_t count, Err *err) {
    size_t key_count = since->scan.key_count, wanted = 0;
    Arena scratch = {0};
    Value *keys = ARENA_MANY(&scratch, count * key_count, Value);
    for (size_t i = 0; i < count; i++) {
        if (is_there(&findings[i], since->of_new)) {
            memcpy(keys + wanted++ * key_count, findings[i].key, key_count * sizeof(Value));
        }
    }
    const Batch *batch = NULL;
    bool good = wanted == 0 || since->source->ops->lookup(since->source, &since->scan, keys, wanted, err);
    while (wanted > 0 && good && (batch == NULL || batch->rows > 0)) {
        good = since->source->ops->next(since->source, &batch, err);
        for (size_t row = 0; good && row < batch->rows; row++) {
            written_take(since, batch, row, findings, count);
        }
    }
    arena_free(&scratch);
    return good;
}

/* Rows that no index finds would cost a pass over the table, which a hint is not worth. */
static bool is_offered(const Since *since) {
    const Match *match = since->plan->match;
    const Relation *relation = since->of_new ? &match->new_.relation : &match->old.relation;
    return since->source->ops->written != NULL && since->source->ops->lookup != NULL && relation->key_indexed;
}

static void find_on_side(Since *since, Finding *findings, size_t count, const RunStop *stop) {
    Err err;
    Source *source = since->source;
    bool good = is_offered(since) && source->ops->begin(source, NULL, &err) && scan_make(since, &err);
    for (size_t at = 0; good && at < count && !stop_wanted(stop); at += LOOKUP_KEYS) {
        good = lookup(since, findings + at, count - at < LOOKUP_KEYS ? count - at : LOOKUP_KEYS, &err);
    }
    source->ops->end(source, &err); /* where this fails, a hint is missing */
}

void since_find(const Plan *plan, Finding *findings, size_t count, const RunStop *stop) {
    for (int side = 0; side < (plan->match->one_row ? 1 : 2); side++) {
        Since since = {.plan = plan, .of_new = side == 1};
        size_t wanted = 0;
        Err err;
        for (size_t i = 0; i < count; i++) {
            wanted += is_there(&findings[i], since.of_new);
        }
        if (wanted == 0 || stop_wanted(stop) ||
            !side_open_by(plan->opener, plan->match->spec, since.of_new, &since.source, &err)) {
            continue;
        }
        find_on_side(&since, findings, count, stop);
        source_close(since.source);
        arena_free(&since.memory);
    }
}
