#include "repair/campaign.h"

#include "base/clock.h"
#include "base/figures.h"
#include "check/mask.h"
#include "check/throttle.h"

#include <stdlib.h>
#include <string.h>

/* ---- which rows -------------------------------------------------------------------------------------------- */

static Arena *arena_of(const Campaign *campaign) {
    return &campaign->repair->check->arena;
}

static const SpecRepair *policy_of(const Campaign *campaign) {
    return &campaign->repair->aim.match.spec->repair;
}

static void suspicion_add(Campaign *campaign, Suspicion suspicion) {
    if (campaign->count == campaign->room) {
        size_t room = campaign->room == 0 ? 64 : campaign->room * 2;
        Suspicion *rows = ARENA_MANY(arena_of(campaign), room, Suspicion);
        if (campaign->count > 0) {
            memcpy(rows, campaign->rows, campaign->count * sizeof *rows);
        }
        campaign->rows = rows;
        campaign->room = room;
    }
    campaign->rows[campaign->count++] = suspicion;
}

typedef struct SearchSink {
    Sink sink;
    Campaign *campaign;
} SearchSink;

/* Of more rows than may be written none is; so no more are remembered. */
static bool search_finding(Sink *sink, const Finding *finding, Err *err) {
    (void)err;
    Campaign *campaign = ((SearchSink *)sink)->campaign;
    if ((int64_t)campaign->count <= policy_of(campaign)->max_rows) {
        Arena *arena = arena_of(campaign);
        Value *key = ARENA_MANY(arena, finding->key_count, Value);
        for (size_t i = 0; i < finding->key_count; i++) {
            key[i] = value_copy(arena, finding->key[i]);
        }
        suspicion_add(campaign, (Suspicion){key, finding->key_count, finding_image(finding), true, false, false});
    }
    return true;
}

static int key_order(const void *a, const void *b) {
    const Suspicion *left = a, *right = b;
    for (size_t i = 0; i < left->key_count; i++) {
        int order = value_compare(left->key[i], right->key[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

/* Why the check may not know all rows that disagree. */
static const char *unknown_of(Arena *arena, const Match *match, Result *result) {
    if (result->err.text[0] != '\0') {
        mask_error(match, &result->err);
        return arena_printf(arena, "%s", result->err.text);
    }
    if (result->ranges_failed > 0 || result->ranges_proved < result->ranges_planned) {
        return "not every row was read";
    }
    if (result->counts.in_flight > 0) {
        return arena_printf(arena, "%s %s still changing", count_shown(arena, result->counts.in_flight),
                            result->counts.in_flight == 1 ? "row was" : "rows were");
    }
    return result->counts.undecided == 0
               ? NULL
               : arena_printf(arena, "%s %s undecided", count_shown(arena, result->counts.undecided),
                              result->counts.undecided == 1 ? "row is" : "rows are");
}

static void stop_where_too_many(Campaign *campaign) {
    const SpecRepair *policy = policy_of(campaign);
    Arena *arena = arena_of(campaign);
    if (campaign->disagreed > policy->max_rows) {
        campaign->stopped = arena_printf(arena, "%s rows disagree, and max_rows is %s",
                                         count_shown(arena, campaign->disagreed), count_shown(arena, policy->max_rows));
    } else if (campaign->ratio > policy->stop_above) {
        campaign->stopped =
            arena_printf(arena, "%.3g %% of all rows disagree, and stop_above is %.3g %%: this is a writer, not drift",
                         campaign->ratio * 100, policy->stop_above * 100);
    }
}

/* The run's own masks are off: a masked key finds no row. Nothing but keys and images of them is kept. */
static bool search_run(Campaign *campaign, const CheckOptions *options, Sink *progress, Err *err) {
    Check *check = campaign->repair->check;
    SearchSink search = {.sink = {.finding = search_finding}, .campaign = campaign};
    Sink *sinks[] = {&search.sink, progress};
    Result result;
    check->match.mask_key = NULL;
    if (!check_plan(check, options, err)) {
        return false;
    }
    check_run(check, options, (RunSinks){sinks, progress == NULL ? 1 : 2}, campaign->repair->stop, &result);
    campaign->disagreed = result.mismatched_rows;
    campaign->ratio = result.mismatch_ratio;
    campaign->unknown = unknown_of(&check->arena, &campaign->repair->aim.match, &result);
    return true;
}

bool campaign_search(Campaign *campaign, const CheckOptions *options, Sink *progress, Err *err) {
    Repair *repair = campaign->repair;
    const HashKey *mask_key = repair->check->match.mask_key;
    bool good = search_run(campaign, options, progress, err);
    repair->check->match.mask_key = mask_key;
    if (!good) {
        mask_error(&repair->aim.match, err);
        return false;
    }
    if (campaign->count > 0) {
        qsort(campaign->rows, campaign->count, sizeof *campaign->rows, key_order);
    }
    stop_where_too_many(campaign);
    return repair_connect(repair, err);
}

bool campaign_take(Campaign *campaign, const Value *keys, size_t count, Err *err) {
    size_t key_count = campaign->repair->aim.match.key_count;
    for (size_t i = 0; i < count; i++) {
        suspicion_add(campaign, (Suspicion){keys + i * key_count, key_count, 0, true, false, false});
    }
    if (!repair_settle(campaign->repair, campaign->rows, campaign->count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        campaign->disagreed += campaign->rows[i].open;
    }
    stop_where_too_many(campaign);
    return true;
}

/* ---- row by row -------------------------------------------------------------------------------------------- */

static bool one_row(Campaign *campaign, const Suspicion *seen, Arena *arena, RepairRow *out, Err *err) {
    Err problem;
    if (!repair_stands(seen, out)) {
        return true;
    }
    if (campaign->writes) {
        return repair_write(campaign->repair, seen, arena, out, err);
    }
    if (!repair_propose(campaign->repair, seen->key, arena, out, &problem)) {
        *out =
            (RepairRow){.key = seen->key, .outcome = OUTCOME_FAILED, .reason = arena_printf(arena, "%s", problem.text)};
    }
    return true;
}

bool campaign_run(Campaign *campaign, RowTaker taker, Err *err) {
    Arena scratch = {0};
    Throttle throttle;
    bool good = true;
    const RunStop *stop = campaign->repair->stop;
    throttle_open(&throttle, campaign->writes ? policy_of(campaign)->rows_per_second : 0);
    size_t count = campaign->stopped != NULL ? 0 : campaign->count;
    for (size_t i = 0; good && i < count; i++) {
        RepairRow row;
        if (stop_wanted(stop)) {
            campaign->interrupted = true;
            break;
        }
        good = one_row(campaign, &campaign->rows[i], &scratch, &row, err);
        campaign->outcomes[row.outcome]++;
        taker.take(taker.self, &row);
        arena_empty(&scratch);
        stop_sleep(stop, throttle_spend(&throttle, 1, clock_monotonic_us()));
    }
    throttle_close(&throttle);
    arena_free(&scratch);
    return good;
}

Verdict campaign_verdict(const Campaign *campaign) {
    const int64_t *outcomes = campaign->outcomes;
    bool differ = outcomes[OUTCOME_PROPOSED] + outcomes[OUTCOME_REPORTED] + outcomes[OUTCOME_REFUSED] > 0;
    bool doubt = campaign->unknown != NULL || campaign->interrupted || outcomes[OUTCOME_CHANGED] > 0 ||
                 outcomes[OUTCOME_FAILED] > 0;
    if (differ || campaign->stopped != NULL) {
        return VERDICT_INCONSISTENT;
    }
    return doubt ? VERDICT_CANNOT_TELL : VERDICT_CONSISTENT;
}
