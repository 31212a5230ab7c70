/* Reading a range by digests: both servers hash it in cuts, what is not proved is hashed again in buckets, and what is
 * still not proved is read by rows.
 *
 * A stretch here is a run of neighbouring cuts that are all proved or all not. What one range shows (many rows left,
 * differences in most cuts) decides how the next ones are asked for.
 */
#include "check/worker_parts.h"

#include "check/digest_read.h"

enum {
    RANGES_BY_ROWS = 4,       /* ranges read without a digest after one whose digests were in vain, ... */
    RANGES_BY_ROWS_MAX = 256, /* ... and twice as many after the next, up to these */
    MANY_LEFT = 8,            /* they were where more than 1/8 of the rows was left to read */
    TRIAL_PIECES = 8,         /* of a range that is digested once more after those: the first tells about the others */
    BUCKET_WORTH_ROWS = 4000, /* fewer are read sooner than hashed again */
};

static int64_t rows_left(const DigestFound *found) {
    return found->old_left + found->new_left;
}

/* Reads what digests of a stretch did not prove: those rows, or all rows where they are most of them. */
static bool read_left(Worker *worker, const DigestFound *found, Err *err) {
    Counts *counts = &worker->counts;
    int64_t old_before = counts->old_rows, new_before = counts->new_rows;
    bool some = rows_left(found) > 0;
    bool all = some && rows_left(found) > (found->old_rows + found->new_rows) / 2;
    bool keys_only = found->old_rows == 0 || found->new_rows == 0;
    MergeResult ignored;
    if (some && !worker_read_rows(worker, found->range, all ? NULL : &found->left, keys_only, &ignored, err)) {
        return false;
    }
    if (counts->old_rows - old_before != (all ? found->old_rows : found->old_left) ||
        counts->new_rows - new_before != (all ? found->new_rows : found->new_left)) {
        return err_set(err, TF_ERROR_DATA, "could not read the rows that a digest counted: there are others");
    }
    counts->old_rows = old_before + found->old_rows;
    counts->new_rows = new_before + found->new_rows;
    counts->compared += all ? 0 : found->proved;
    return true;
}

/* A stretch that is not proved: `found` becomes what its buckets leave, where they may leave less. */
static bool look_closer(Worker *worker, Arena *scratch, DigestFound *found, Err *err) {
    int64_t fewer = found->old_rows < found->new_rows ? found->old_rows : found->new_rows;
    if (found->left.of > 1 || rows_left(found) == 0 || fewer < BUCKET_WORTH_ROWS) {
        return true;
    }
    return digest_by_buckets(scratch, worker->plan, worker->old, worker->new_, found->range, fewer, found, err);
}

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
        last->old_left += found[i].old_left;
        last->new_left += found[i].new_left;
        last->parts_left += found[i].parts_left;
    }
    return made;
}

static bool in_vain(int64_t rows, int64_t left) {
    return left > rows / MANY_LEFT;
}

/* How the next ranges are to be asked for: `rows` were digested, `left` of them to no use. */
static void digest_learn(Worker *worker, size_t cuts, size_t cuts_left, int64_t rows, int64_t left) {
    int longer = worker->in_vain == 0 ? RANGES_BY_ROWS : 2 * worker->in_vain;
    worker->in_vain = !in_vain(rows, left) ? 0 : longer < RANGES_BY_ROWS_MAX ? longer : RANGES_BY_ROWS_MAX;
    worker->by_rows = worker->in_vain;
    worker->by_buckets = cuts_left * 2 > cuts;
    worker->rows_a_range = (worker->counts.old_rows + worker->counts.new_rows) / 2 / (int64_t)worker->task->count + 1;
}

/* A task whose rows differ here and there: pieces that buckets divide finely, each digested when its turn comes. */
static size_t pieces_make(const Range *cuts, size_t cut_count, int64_t rows, size_t least, DigestFound *out) {
    size_t wanted = (size_t)(rows / (DIGEST_BUCKETS_MAX * BUCKET_ROWS)) + least;
    size_t count = wanted < cut_count ? wanted : cut_count;
    for (size_t i = 0; i < count; i++) {
        Range range = cuts[i * cut_count / count];
        range.to = cuts[(i + 1) * cut_count / count - 1].to;
        out[i] = (DigestFound){.range = range, .expected_rows = rows / (int64_t)count + 1};
    }
    return count;
}

/* The task in stretches: digested in cuts, or in pieces that are still to be digested. */
static bool digest_task(Worker *worker, Arena *scratch, DigestFound **out, size_t *out_count, size_t *out_cuts,
                        Err *err) {
    const Plan *plan = worker->plan;
    const Range *cuts = digest_cuts(scratch, plan, worker->task, out_cuts);
    DigestFound *found = ARENA_MANY(scratch, *out_cuts, DigestFound);
    *out = found;
    if (worker->by_buckets) {
        int64_t rows = worker->rows_a_range * (int64_t)worker->task->count;
        *out_count = pieces_make(cuts, *out_cuts, rows, worker->in_vain > 0 ? TRIAL_PIECES : 1, found);
        return true;
    }
    if (!digest_by_cuts(scratch, plan, worker->old, worker->new_, cuts, *out_cuts, found, err)) {
        return false;
    }
    *out_count = stretches_join(found, *out_cuts);
    return true;
}

static bool digest_piece(Worker *worker, Arena *scratch, DigestFound *found, Err *err) {
    return found->expected_rows == 0 || digest_by_buckets(scratch, worker->plan, worker->old, worker->new_,
                                                          found->range, found->expected_rows, found, err);
}

/* Pieces that were not digested, by rows. */
static bool read_rest(Worker *worker, const DigestFound *found, size_t count, Err *err) {
    Range rest = found[0].range;
    rest.to = found[count - 1].range.to;
    MergeResult ignored;
    return worker_read_rows(worker, rest, NULL, false, &ignored, err);
}

bool worker_read_digest(Worker *worker, Err *err) {
    Arena scratch = {0};
    DigestFound *found;
    size_t count, cuts, cuts_left = 0;
    int64_t rows = 0, left = 0;
    bool good = worker_begin_both(worker, err) && digest_task(worker, &scratch, &found, &count, &cuts, err);
    for (size_t i = 0; good && i < count; i++) {
        ArenaMark mark = arena_mark(&scratch); /* buckets of one stretch at a time */
        good = digest_piece(worker, &scratch, &found[i], err);
        guest_spend(worker->guest, found[i].old_rows + found[i].new_rows);
        cuts_left += found[i].parts_left;
        good = good && look_closer(worker, &scratch, &found[i], err) && read_left(worker, &found[i], err);
        rows += found[i].old_rows + found[i].new_rows;
        left += rows_left(&found[i]);
        arena_rewind(&scratch, mark);
        if (good && i + 1 < count && found[i + 1].expected_rows > 0 && in_vain(rows, left)) {
            good = read_rest(worker, &found[i + 1], count - i - 1, err);
            break;
        }
    }
    if (good) {
        worker_remember_empty(worker);
        digest_learn(worker, cuts, cuts_left, rows, left);
    }
    arena_free(&scratch);
    return good;
}
