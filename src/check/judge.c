#include "check/judge.h"

#include "base/figures.h"
#include "check/replica.h"

static const char *rows_word(int64_t count, const char *one, const char *many) {
    return count == 1 ? one : many;
}

static const char *reason_inconsistent(Arena *arena, const Result *result) {
    int64_t rows = result->mismatched_rows;
    const char *sentence =
        arena_printf(arena, "%s %s", count_shown(arena, rows), rows_word(rows, "row disagrees", "rows disagree"));
    if (result->ranges_failed > 0) {
        sentence = arena_printf(arena, "%s, and %s of %s %s could not be read", sentence,
                                count_shown(arena, result->ranges_failed), count_shown(arena, result->ranges_planned),
                                rows_word(result->ranges_planned, "range", "ranges"));
    }
    return sentence;
}

static const char *reason_cannot_tell(Arena *arena, const Result *result) {
    if (result->ranges_proved < result->ranges_planned) {
        return arena_printf(arena, "%s of %s %s could not be read: %s",
                            count_shown(arena, result->ranges_planned - result->ranges_proved),
                            count_shown(arena, result->ranges_planned),
                            rows_word(result->ranges_planned, "range", "ranges"), result->err.text);
    }
    if (result->counts.in_flight > 0) {
        return arena_printf(arena, "%s %s still changing", count_shown(arena, result->counts.in_flight),
                            rows_word(result->counts.in_flight, "row is", "rows are"));
    }
    if (result->counts.undecided > 0) {
        return arena_printf(arena, "an invariant is unknown for %s %s", count_shown(arena, result->counts.undecided),
                            rows_word(result->counts.undecided, "row", "rows"));
    }
    return result->err.text;
}

static const char *reason_consistent(Arena *arena, const Result *result) {
    if (result->counts.old_rows == 0 && result->counts.new_rows == 0) {
        return "no rows on either side";
    }
    return result->counts.compared == 1
               ? "the one row was read and agrees"
               : arena_printf(arena, "all %s rows were read and agree", count_shown(arena, result->counts.compared));
}

static const char *reason_of(Arena *arena, const Result *result) {
    const char *reason = result->verdict == VERDICT_INCONSISTENT  ? reason_inconsistent(arena, result)
                         : result->verdict == VERDICT_CANNOT_TELL ? reason_cannot_tell(arena, result)
                                                                  : reason_consistent(arena, result);
    bool one_row = result->match != NULL && result->match->one_row;
    const char *as_of = result->ranges_proved == 0
                            ? NULL
                            : as_of_words(arena, &result->old_as_of, one_row ? &result->old_as_of : &result->new_as_of);
    reason = as_of == NULL ? reason : arena_printf(arena, "%s; %s", reason, as_of);
    return result->resumed_us == 0 ? reason : arena_printf(arena, "%s; resumed, not one snapshot", reason);
}

static Verdict verdict_of(const Result *result) {
    if (result->mismatched_rows > 0) {
        return VERDICT_INCONSISTENT;
    }
    bool all_read = result->ranges_failed == 0 && result->ranges_proved == result->ranges_planned &&
                    result->ranges_planned > 0 && result->err.text[0] == '\0';
    bool all_decided = result->counts.undecided == 0 && result->counts.in_flight == 0;
    /* The sums must add up by themselves: every row that was read found its partner, or was seen to be traffic. */
    const Counts *counts = &result->counts;
    bool all_paired = counts->old_rows == counts->compared + counts->traffic_old &&
                      counts->new_rows == counts->compared + counts->traffic_new;
    return all_read && all_decided && all_paired ? VERDICT_CONSISTENT : VERDICT_CANNOT_TELL;
}

static double coverage_of(const Result *result, double estimated_rows) {
    if (result->ranges_proved == result->ranges_planned && result->ranges_planned > 0) {
        return 1.0;
    }
    if (result->ranges_planned == 0) {
        return 0.0;
    }
    double by_ranges = (double)result->ranges_proved / (double)result->ranges_planned;
    double most =
        (double)(result->counts.old_rows > result->counts.new_rows ? result->counts.old_rows : result->counts.new_rows);
    double by_rows = estimated_rows > 0 ? most / estimated_rows : by_ranges;
    return by_rows < by_ranges ? by_rows : by_ranges; /* the smaller of two estimates; never 1 */
}

double mismatch_ratio(int64_t old_rows, int64_t new_rows, int64_t compared, int64_t mismatched_rows) {
    int64_t keys = old_rows + new_rows - compared;
    keys = keys > mismatched_rows ? keys : mismatched_rows;
    return keys == 0 ? 0.0 : (double)mismatched_rows / (double)keys;
}

void judge(Arena *arena, Result *result, double estimated_rows) {
    const Counts *counts = &result->counts;
    result->mismatched_rows = 0;
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        result->mismatched_rows += counts->kinds[kind];
    }
    result->mismatch_ratio =
        mismatch_ratio(counts->old_rows, counts->new_rows, counts->compared, result->mismatched_rows);
    result->coverage = coverage_of(result, estimated_rows);
    result->verdict = verdict_of(result);
    if (result->verdict == VERDICT_CANNOT_TELL && result->err.text[0] == '\0' &&
        result->ranges_proved == result->ranges_planned && counts->undecided == 0 && counts->in_flight == 0) {
        err_set(&result->err, TF_ERROR_INTERNAL,
                "cannot account for every row: %lld read on the old side, %lld on "
                "the new, %lld compared",
                (long long)counts->old_rows, (long long)counts->new_rows, (long long)counts->compared);
    }
    result->reason = reason_of(arena, result);
}

Result judge_failure(const char *check, const Err *err, int64_t started_us, int64_t duration_us) {
    Result result = {
        .check = check,
        .verdict = VERDICT_CANNOT_TELL,
        .mode = MODE_AUTO,
        .started_us = started_us,
        .duration_us = duration_us,
        .err = *err,
    };
    return result;
}
