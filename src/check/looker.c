#include "check/looker.h"

#include "check/scan.h"
#include "check/side.h"

#include <stdlib.h>
#include <string.h>

void looker_open(Looker *looker, Arena *arena, const Plan *plan, Guest *guest) {
    looker->plan = plan;
    looker->guest = guest;
    looker->replicas = replicas_make(arena, plan, guest->stop);
    looker->comparator = comparator_make(arena, plan->match);
    looker->counts = counts_make(arena, plan->match);
}

void looker_close(Looker *looker) {
    source_close(looker->old);
    source_close(looker->new_);
    replicas_close(looker->replicas);
    comparator_free(looker->comparator);
}

static bool sources_ready(Looker *looker, Err *err) {
    const Plan *plan = looker->plan;
    const Spec *spec = plan->match->spec;
    return (looker->old != NULL || side_open_by(plan->opener, spec, false, &looker->old, err)) &&
           (looker->new_ != NULL || side_open_by(plan->opener, spec, true, &looker->new_, err));
}

/* ---- a look ----------------------------------------------------------------------------------------------- */

static bool look_begin(Looker *looker, Err *err) {
    return guest_begin(looker->guest, looker->replicas, looker->old, looker->new_, &looker->waited_us, err);
}

static bool look_end(Looker *looker, bool good, Err *err) {
    /* These rows count towards the rate, but workers rest for them: a look that comes late decides nothing. */
    guest_spend(looker->guest, looker->counts.old_rows + looker->counts.new_rows);
    return scan_end(looker->old, looker->new_, good, err);
}

/* ---- by key ----------------------------------------------------------------------------------------------- */

/* A suspect and the range it is of. */
typedef struct Chosen {
    Pending *pending;
    Suspect *suspect;
    bool again; /* it was found different again */
} Chosen;

/* One lookup: suspects of any ranges, in key order. */
typedef struct Look {
    Looker *looker;
    Chosen *chosen;
    size_t count;
    size_t at; /* findings come in key order, too: those before have had theirs */
    Buf scratch;
} Look;

static int chosen_compare(const void *a, const void *b) {
    return finding_compare(&((const Chosen *)a)->suspect->finding, &((const Chosen *)b)->suspect->finding);
}

static void look_take(void *self, const Finding *finding) {
    Look *look = self;
    counts_finding(&look->looker->counts, finding, -1); /* undecided rows are left: those that are no finding */
    RowHash image = finding_hash(finding, &look->scratch);
    int order = -1;
    while (look->at < look->count && (order = finding_compare(&look->chosen[look->at].suspect->finding, finding)) < 0) {
        look->at++;
    }
    for (size_t i = look->at; i < look->count && order == 0; i++) {
        order = finding_compare(&look->chosen[i].suspect->finding, finding);
        if (order == 0 && !look->chosen[i].again) {
            look->chosen[i].again = true;
            pending_see(look->chosen[i].pending, look->chosen[i].suspect, finding, image);
        }
    }
}

static bool look_read(Look *look, const Value *keys, Err *err) {
    Looker *looker = look->looker;
    RangeScan scan = {looker->plan, {.rows = RANGE_ALL}, .keys = keys, .key_count = look->count};
    MergeResult ignored;
    counts_clear(&looker->counts, looker->plan->match);
    return look_begin(looker, err) && scan_start(&scan, looker->old, looker->new_, err) &&
           scan_merge(&scan, looker->old, looker->new_, looker->comparator, &looker->counts,
                      (FindingTaker){look_take, look}, &ignored, err);
}

static const Value *look_keys(const Look *look, Arena *scratch) {
    size_t key_count = look->looker->plan->match->key_count;
    Value *keys = ARENA_MANY(scratch, look->count * key_count, Value);
    for (size_t i = 0; i < look->count; i++) {
        memcpy(keys + i * key_count, look->chosen[i].suspect->finding.key, key_count * sizeof(Value));
    }
    return keys;
}

/* One lookup of some suspects. */
static bool look_some(Looker *looker, Chosen *chosen, size_t count, Err *err) {
    Arena scratch = {0};
    Look look = {.looker = looker, .chosen = chosen, .count = count};
    qsort(chosen, count, sizeof *chosen, chosen_compare);
    bool good = look_end(looker, look_read(&look, look_keys(&look, &scratch), err), err);
    if (good) {
        /* A row that is undecided now gives no finding, and is forgotten here: it is told as what it is. */
        counts_undecided(&chosen[0].pending->report.counts, NULL, &looker->counts, looker->plan->match);
        for (size_t i = 0; i < count; i++) {
            pending_settle(chosen[i].pending, chosen[i].suspect, chosen[i].again);
        }
    }
    buf_free(&look.scratch);
    arena_free(&scratch);
    return good;
}

/* Where the suspects of several ranges are gathered, one after the other. */
typedef struct Gather {
    Pending *pending;
    size_t at;
} Gather;

/* Up to `most` open suspects that were not looked at yet; moves on past them. */
static size_t gather_open(Gather *from, Chosen *out, size_t most) {
    size_t count = 0;
    while (from->pending != NULL && count < most) {
        if (from->at == from->pending->count) {
            *from = (Gather){.pending = from->pending->next};
            continue;
        }
        Suspect *suspect = &from->pending->suspects[from->at++];
        if (suspect->open) {
            out[count++] = (Chosen){.pending = from->pending, .suspect = suspect};
        }
    }
    return count;
}

static bool look_all(Looker *looker, Pending *group, Err *err) {
    size_t most = scan_lookup_keys(looker->plan);
    Chosen *chosen = mem_alloc(most * sizeof *chosen);
    Gather from = {.pending = group};
    bool good = true;
    size_t count;
    while (good && !stop_wanted(looker->guest->stop) && (count = gather_open(&from, chosen, most)) > 0) {
        good = look_some(looker, chosen, count, err);
    }
    free(chosen);
    return good;
}

bool looker_see_suspects(Looker *looker, Pending *group, Err *err) {
    int64_t seen_us = 0;
    for (Pending *pending = group; pending != NULL; pending = pending->next) {
        seen_us = pending->seen_us > seen_us ? pending->seen_us : seen_us;
    }
    return sources_ready(looker, err) && replicas_renew(looker->replicas, seen_us, err) &&
           look_all(looker, group, err);
}

/* ---- a stretch at a time ---------------------------------------------------------------------------------- */

static bool look_stretch(Looker *looker, Pending *pending, Err *err) {
    Arena scratch = {0};
    StretchSeen seen;
    bool good = look_begin(looker, err) &&
                stretch_look(pending->stretch, looker->plan, looker->old, looker->new_, looker->comparator,
                             &looker->counts, &scratch, &seen, err);
    good = look_end(looker, good, err);
    if (good) {
        counts_subtract(&looker->counts, &seen.counts, looker->plan->match); /* undecided rows are left */
        pending_see_stretch(pending, &seen, &looker->counts);
    }
    arena_free(&scratch);
    return good;
}

bool looker_see_stretch(Looker *looker, Pending *pending, Err *err) {
    return pending->stretch == NULL || stop_wanted(looker->guest->stop) || look_stretch(looker, pending, err);
}
