/* Reading a range by digests: both servers hash it in cuts; of what is not proved they tell the hash of each row; and
 * what is still not proved is looked up by its keys.
 *
 * A stretch here is a run of neighbouring cuts that are all proved or all not. What one range shows (many rows left,
 * differences in many cuts) decides how the next ones are asked for.
 */
#include "check/worker_parts.h"

#include "check/digest_read.h"

enum {
    RANGES_BY_ROWS = 4,       /* ranges read without a digest after one whose hashes were in vain, ... */
    RANGES_BY_ROWS_MAX = 256, /* ... and twice as many after the next, up to these */
    MANY_CUTS = 4,            /* where more than 1/4 of them would differ, hashes are asked for at once */

    /* What costs as much as so many bytes of rows that are read one after the other (measured between two databases of
     * one machine; a link makes rows cost more): */
    HASHING_COSTS = 1 << 18,     /* asking for hashes at all, */
    KEY_COSTS = 500,             /* a key that is looked up, */
    HASHES_AND_KEY_COSTS = 2000, /* a key that is looked up, with all hashes that told it to be */
};

static int64_t rows_left(const DigestFound *found) {
    return found->old_rows + found->new_rows - 2 * found->proved;
}

static double range_bytes(const Worker *worker, int64_t rows) {
    return (double)rows * scan_row_bytes(worker->plan);
}

/* ---- a stretch ------------------------------------------------------------------------------------------------ */

static bool read_hashes(Worker *worker, Arena *arena, DigestFound *found, Err *err) {
    Range range = found->range;
    PacedSource paced[2];
    Source *old = paced_source(&paced[0], worker->old, worker->guest, &range, worker->begun_us);
    Source *new_ = paced_source(&paced[1], worker->new_, worker->guest, &range, worker->begun_us);
    return digest_hashes_start(worker->plan, range, worker->old, worker->new_, err) &&
           digest_by_hashes(arena, worker->plan, range, old, new_, found, err);
}

/* A stretch that is not proved: `found` becomes what the hashes of its rows leave. Few rows are read sooner. */
static bool look_closer(Worker *worker, Arena *arena, DigestFound *found, Err *err) {
    int64_t fewer = found->old_rows < found->new_rows ? found->old_rows : found->new_rows;
    bool few = range_bytes(worker, fewer) < HASHING_COSTS;
    return rows_left(found) == 0 || few || read_hashes(worker, arena, found, err);
}

/* Without an index a lookup is a pass over the table: worth it once, where the range is the table. */
static bool keys_are_found(const Worker *worker, const DigestFound *found) {
    const Match *match = worker->plan->match;
    bool indexed = match->old.relation.key_indexed && match->new_.relation.key_indexed;
    return indexed || (found->range.rows == RANGE_ALL && found->keys->next == NULL);
}

static bool is_read_whole(const Worker *worker, const DigestFound *found) {
    double keys = (double)found->parts_left * KEY_COSTS;
    return rows_left(found) > 0 &&
           (found->keys == NULL || !keys_are_found(worker, found) || keys > range_bytes(worker, found->old_rows));
}

static bool read_keys(Worker *worker, const DigestFound *found, Err *err) {
    MergeResult ignored;
    for (const LeftKeys *keys = found->keys; keys != NULL; keys = keys->next) {
        RangeScan scan = {worker->plan, found->range, .keys = keys->keys, .key_count = keys->count};
        if (!worker_read_scan(worker, &scan, &ignored, err)) {
            return false;
        }
    }
    return true;
}

static bool read_whole(Worker *worker, const DigestFound *found, Err *err) {
    bool keys_only = found->old_rows == 0 || found->new_rows == 0;
    RangeScan scan = {worker->plan, found->range, .keys_only = keys_only};
    MergeResult ignored;
    return worker_read_scan(worker, &scan, &ignored, err);
}

/* Reads what digests of a stretch did not prove: those rows, or all of them where that costs less. */
static bool read_left(Worker *worker, const DigestFound *found, Err *err) {
    Counts *counts = &worker->counts;
    int64_t old_before = counts->old_rows, new_before = counts->new_rows;
    bool whole = is_read_whole(worker, found);
    int64_t unread = whole ? 0 : found->proved;
    counts->compared += unread;
    if (!(whole ? read_whole(worker, found, err) : read_keys(worker, found, err))) {
        return false;
    }
    if (counts->old_rows - old_before != found->old_rows - unread ||
        counts->new_rows - new_before != found->new_rows - unread) {
        return err_set(err, TF_ERROR_DATA, "could not read the rows that a digest counted: there are others");
    }
    counts->old_rows = old_before + found->old_rows;
    counts->new_rows = new_before + found->new_rows;
    return true;
}

/* ---- a range -------------------------------------------------------------------------------------------------- */

/* Neighbours that are both proved or both not are one stretch. */
static size_t stretches_join(DigestFound *found, size_t count) {
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        DigestFound *last = made == 0 ? NULL : &found[made - 1];
        if (last == NULL || (rows_left(last) == 0) != (rows_left(&found[i]) == 0)) {
            found[made++] = found[i];
            continue;
        }
        last->range.to = found[i].range.to;
        last->old_rows += found[i].old_rows;
        last->new_rows += found[i].new_rows;
        last->proved += found[i].proved;
        last->parts_left += found[i].parts_left;
    }
    return made;
}

/* How the next ranges are to be asked for, by one whose differences are in so many cuts, or have so many keys. */
static void digest_learn(Worker *worker, size_t parts_left) {
    int64_t rows = worker->counts.old_rows;
    double cuts = (double)rows / worker->rows_a_cut;
    double costs = worker->by_hashes ? (double)parts_left * HASHES_AND_KEY_COSTS : 0;
    bool in_vain = costs > range_bytes(worker, rows);
    int longer = worker->in_vain == 0 ? RANGES_BY_ROWS : 2 * worker->in_vain;
    worker->in_vain = !in_vain ? 0 : longer < RANGES_BY_ROWS_MAX ? longer : RANGES_BY_ROWS_MAX;
    worker->by_rows = worker->in_vain;
    worker->by_hashes = (double)parts_left * MANY_CUTS > cuts;
    worker_remember_empty(worker);
}

static bool read_by_hashes(Worker *worker, Err *err) {
    Arena arena = {0};
    DigestFound found = {.range = worker->task->range};
    bool good = read_hashes(worker, &arena, &found, err) && read_left(worker, &found, err);
    if (good) {
        digest_learn(worker, found.parts_left);
    }
    arena_free(&arena);
    return good;
}

static bool read_stretch(Worker *worker, DigestFound *found, Err *err) {
    Arena arena = {0};
    guest_spend(worker->guest, found->old_rows + found->new_rows);
    bool good = look_closer(worker, &arena, found, err) && read_left(worker, found, err);
    arena_free(&arena);
    return good;
}

static bool read_by_cuts(Worker *worker, Err *err) {
    Arena scratch = {0};
    size_t cut_count, parts_left = 0;
    const Range *cuts = digest_cuts(&scratch, worker->plan, worker->task, &cut_count);
    DigestFound *found = ARENA_MANY(&scratch, cut_count, DigestFound);
    bool good = digest_by_cuts(&scratch, worker->plan, worker->old, worker->new_, cuts, cut_count, found, err);
    size_t stretches = good ? stretches_join(found, cut_count) : 0;
    for (size_t i = 0; good && i < stretches; i++) {
        parts_left += found[i].parts_left;
        good = read_stretch(worker, &found[i], err);
    }
    if (good) {
        worker->rows_a_cut = (double)worker->counts.old_rows / (double)cut_count + 1;
        digest_learn(worker, parts_left);
    }
    arena_free(&scratch);
    return good;
}

bool worker_read_digest(Worker *worker, Err *err) {
    return worker_begin_both(worker, err) &&
           (worker->by_hashes ? read_by_hashes(worker, err) : read_by_cuts(worker, err));
}
