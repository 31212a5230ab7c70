#include "check/settle.h"

#include "base/clock.h"
#include "check/merge.h"
#include "check/side.h"
#include "check/stretch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOKS = 2,                  /* looks after the first pass that must see the same */
    PAUSES = 4,                 /* 1/16, 1/8, 1/4 and 1/2 of the settle time */
    LOOKUP_KEYS = 1000,         /* keys a statement */
    UNSETTLED_BYTES = 16 << 20, /* of findings that wait before workers do */
    NAP_US = 50000,
};

typedef struct Suspect {
    Finding finding;   /* as last seen */
    RowHash image;     /* of everything the finding shows */
    FindingKind first; /* what the first pass saw: whether it counted the row as read alone */
    int same_looks;
    int look;  /* the last that counted: one a round, however often a round had to begin anew */
    bool open; /* not settled yet */
    bool confirmed;
} Suspect;

/* A range whose findings wait. */
typedef struct Pending {
    struct Pending *next;
    Arena memory;
    RangeTask task;
    RangeReport report;
    Suspect *suspects;
    size_t count, open;
    Stretch *stretch;     /* findings that are not among the suspects, but before them; NULL: none, or settled */
    int same_looks;       /* of the stretch */
    FindingList dense;    /* those of a stretch that was confirmed */
    int looks, looks_needed;
    size_t held_bytes;           /* as the settle counts them */
    int64_t seen_us;             /* when its rows were read last; all times are monotonic */
    int64_t due_us, deadline_us; /* what a standby is waited for is not counted */
} Pending;

/* Who looks: a thread with connections of its own. The first looks at everything, the others at stretches. */
typedef struct Looker {
    struct Settle *settle;
    pthread_t thread;
    bool started;
    Replicas *replicas; /* with positions later than what was seen last */
    int64_t waited_us;  /* for those */
    Source *old, *new_;
    Comparator *comparator;
    Counts look_counts;
} Looker;

struct Settle {
    const Plan *plan;
    Delivery downstream;
    Guest *guest;
    RunStop *stop;
    Looker *lookers; /* as many as workers; connected when there is something to look at */
    int looker_count;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    Pending *pending;
    size_t unsettled_bytes;
    size_t in_hand; /* groups that lookers are at */
    bool closing;
};

/* ---- taking findings from workers -------------------------------------------------------------------------------- */

static Counts counts_keep(Arena *arena, const Counts *counts, const Match *match) {
    Counts kept = counts_make(arena, match);
    counts_add(&kept, counts, match);
    return kept;
}

static void suspects_make(Pending *pending, const FindingList *findings) {
    FindingCursor at = finding_list_start(findings);
    Buf scratch = {0};
    pending->suspects = ARENA_MANY(&pending->memory, findings->count, Suspect);
    pending->count = pending->open = findings->count;
    for (size_t i = 0; i < findings->count; i++) {
        const Finding *finding = finding_list_next(&at);
        pending->suspects[i] =
            (Suspect){.finding = finding_copy(&pending->memory, finding), .first = finding->kind, .open = true};
        pending->suspects[i].image = finding_hash(finding, &scratch);
    }
    buf_free(&scratch);
}

/* What bounds a stretch is behind it, and looked at by itself. */
static void suspects_make_behind(Pending *pending, const FindingList *findings) {
    FindingCursor last;
    FindingList behind = {0};
    finding_list_add(&behind, &pending->memory, finding_list_last(findings, &last));
    suspects_make(pending, &behind);
}

static Pending *pending_make(const Settle *settle, const RangeTask *task, const RangeReport *report, Found found) {
    Pending *made = mem_alloc(sizeof *made);
    *made = (Pending){.task = *task, .report = *report, .looks_needed = LOOKS};
    made->report.range = &made->task.range;
    made->report.counts = counts_keep(&made->memory, &report->counts, settle->plan->match);
    if (stretch_fits(settle->plan, task, found)) {
        made->stretch = stretch_make(&made->memory, settle->plan, found);
        suspects_make_behind(made, found.findings);
    } else {
        suspects_make(made, found.findings);
    }
    int64_t now_us = clock_monotonic_us();
    made->seen_us = now_us;
    made->due_us = now_us + settle->plan->settle_us / (1 << PAUSES);
    made->deadline_us = now_us + settle->plan->settle_us;
    return made;
}

static void wait_for_change(Settle *settle, int64_t us) {
    int64_t until_us = clock_wall_us() + us;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_cond_timedwait(&settle->changed, &settle->lock, &until);
}

static size_t pending_bytes(const Pending *pending) {
    return sizeof *pending + pending->memory.held_bytes;
}

static void settle_add(Settle *settle, Pending *pending) {
    pthread_mutex_lock(&settle->lock);
    while (settle->lookers[0].started && settle->unsettled_bytes > 0 &&
           settle->unsettled_bytes + pending_bytes(pending) > UNSETTLED_BYTES && !stop_wanted(settle->stop)) {
        wait_for_change(settle, NAP_US);
    }
    pending->held_bytes = pending_bytes(pending);
    settle->unsettled_bytes += pending->held_bytes;
    pending->next = settle->pending;
    settle->pending = pending;
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
}

static void settle_take_range(void *self, const RangeTask *task, const RangeReport *report, Found found) {
    Settle *settle = self;
    if (found.findings->count == 0) {
        settle->downstream.range(settle->downstream.self, task, report, found);
    } else {
        settle_add(settle, pending_make(settle, task, report, found));
    }
}

/* A part of a range that is too large to be held. The range's own report counts these findings, so that this part's
 * counts are only what settling changes. */
static void settle_take_early(void *self, const RangeTask *task, Found found) {
    Settle *settle = self;
    Arena scratch = {0};
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_PART};
    report.counts = counts_make(&scratch, settle->plan->match);
    settle_add(settle, pending_make(settle, task, &report, found));
    arena_free(&scratch);
}

Delivery settle_delivery(Settle *settle) {
    return (Delivery){settle_take_early, settle_take_range, settle};
}

/* ---- looking again ------------------------------------------------------------------------------------------------
 */

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

static int keys_compare(const Finding *a, const Finding *b) {
    int order = 0;
    for (size_t i = 0; order == 0 && i < a->key_count; i++) {
        order = value_compare(a->key[i], b->key[i]);
    }
    return order;
}

static int chosen_compare(const void *a, const void *b) {
    return keys_compare(&((const Chosen *)a)->suspect->finding, &((const Chosen *)b)->suspect->finding);
}

static void suspect_see(Chosen *chosen, const Finding *finding, RowHash image) {
    Suspect *suspect = chosen->suspect;
    int look = chosen->pending->looks + 1;
    chosen->again = true;
    if (image.low == suspect->image.low && image.high == suspect->image.high) {
        suspect->same_looks += suspect->look != look;
        suspect->look = look;
        return;
    }
    suspect->look = look;
    Counts *counts = &chosen->pending->report.counts;
    counts_finding(counts, &suspect->finding, -1);
    counts_finding(counts, finding, 1);
    suspect->finding = finding_copy(&chosen->pending->memory, finding);
    suspect->image = image;
    suspect->same_looks = 0;
}

static void look_take(void *self, const Finding *finding) {
    Look *look = self;
    RowHash image = finding_hash(finding, &look->scratch);
    int order = -1;
    while (look->at < look->count && (order = keys_compare(&look->chosen[look->at].suspect->finding, finding)) < 0) {
        look->at++;
    }
    for (size_t i = look->at; i < look->count && order == 0; i++) {
        order = keys_compare(&look->chosen[i].suspect->finding, finding);
        if (order == 0 && !look->chosen[i].again) {
            suspect_see(&look->chosen[i], finding, image);
        }
    }
}

static bool look_open_sources(Looker *looker, Err *err) {
    const Plan *plan = looker->settle->plan;
    const Spec *spec = plan->match->spec;
    return (looker->old != NULL || side_open_by(plan->opener, spec, false, &looker->old, err)) &&
           (looker->new_ != NULL || side_open_by(plan->opener, spec, true, &looker->new_, err));
}

static bool look_read(Look *look, const Value *keys, Arena *scratch, Err *err) {
    Looker *looker = look->looker;
    const Settle *settle = looker->settle;
    Source *old = looker->old;
    Source *new_ = looker->new_;
    Range any = {.rows = RANGE_ALL};
    Scan old_scan = plan_scan(settle->plan, false, any);
    Scan new_scan = plan_scan(settle->plan, true, any);
    MergeResult merged;
    old_scan.wire = new_scan.wire = true;
    counts_clear(&looker->look_counts, settle->plan->match);
    return guest_begin(settle->guest, looker->replicas, old, new_, &looker->waited_us, err) &&
           old->ops->lookup(old, &old_scan, keys, look->count, err) &&
           new_->ops->lookup(new_, &new_scan, keys, look->count, err) &&
           merge_scans(scratch, settle->plan->match, old, new_, looker->comparator, &looker->look_counts,
                       (FindingTaker){look_take, look}, &merged, err);
}

static void suspect_forget(Pending *pending, Suspect *suspect) {
    Counts *counts = &pending->report.counts;
    counts_finding(counts, &suspect->finding, -1);
    counts->traffic_old += suspect->first == MISSING_IN_NEW;
    counts->traffic_new += suspect->first == MISSING_IN_OLD;
    suspect->open = false;
    pending->open--;
}

static void suspects_settle(const Look *look) {
    for (size_t i = 0; i < look->count; i++) {
        Chosen *chosen = &look->chosen[i];
        if (!chosen->again) {
            suspect_forget(chosen->pending, chosen->suspect);
        } else if (chosen->suspect->same_looks >= LOOKS) {
            chosen->suspect->confirmed = true;
            chosen->suspect->open = false;
            chosen->pending->open--;
        }
    }
}

static const Value *look_keys(const Look *look, Arena *scratch) {
    size_t key_count = look->looker->settle->plan->match->key_count;
    Value *keys = ARENA_MANY(scratch, look->count * key_count, Value);
    for (size_t i = 0; i < look->count; i++) {
        memcpy(keys + i * key_count, look->chosen[i].suspect->finding.key, key_count * sizeof(Value));
    }
    return keys;
}

/* Ends both transactions, whatever happened. */
static bool look_end(Looker *looker, bool good, Err *err) {
    Err ignored;
    bool old_ended = looker->old->ops->end(looker->old, good ? err : &ignored);
    bool new_ended = looker->new_->ops->end(looker->new_, good && old_ended ? err : &ignored);
    /* These rows count, but nobody rests for them here: a look that comes late decides nothing. Workers wait instead.
     */
    guest_spend(looker->settle->guest, looker->look_counts.old_rows + looker->look_counts.new_rows);
    return good && old_ended && new_ended;
}

/* One lookup of some suspects. */
static bool look_some(Looker *looker, Chosen *chosen, size_t count, Err *err) {
    Arena scratch = {0};
    Look look = {.looker = looker, .chosen = chosen, .count = count};
    qsort(chosen, count, sizeof *chosen, chosen_compare);
    bool good = look_end(looker, look_read(&look, look_keys(&look, &scratch), &scratch, err), err);
    if (good) {
        /* A row that is undecided now gives no finding, and is forgotten here: it is told as what it is. */
        chosen[0].pending->report.counts.undecided += looker->look_counts.undecided;
        suspects_settle(&look);
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

/* Up to LOOKUP_KEYS open suspects that were not looked at yet; moves on past them. */
static size_t gather_open(Gather *from, Chosen *out) {
    size_t count = 0;
    while (from->pending != NULL && count < LOOKUP_KEYS) {
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

static bool look_keys_of(Looker *looker, Pending *group, Err *err) {
    Chosen *chosen = mem_alloc(LOOKUP_KEYS * sizeof *chosen);
    Gather from = {.pending = group};
    bool good = true;
    size_t count;
    while (good && !stop_wanted(looker->settle->stop) && (count = gather_open(&from, chosen)) > 0) {
        good = look_some(looker, chosen, count, err);
    }
    free(chosen);
    return good;
}

/* ---- looking at a stretch again -----------------------------------------------------------------------------------
 */

static int64_t fewer(int64_t before, int64_t now) {
    return now < before ? before - now : 0;
}

/* What is there now takes the stretch's place: nothing (NULL), or findings to be looked at one by one. */
static void stretch_leave(const Settle *settle, Pending *pending, const StretchSeen *seen) {
    const Match *match = settle->plan->match;
    Counts *counts = &pending->report.counts;
    const int64_t *before = pending->stretch->counts.kinds;
    static const int64_t none[FINDING_KINDS];
    const int64_t *now = seen == NULL ? none : seen->counts.kinds;
    counts_subtract(counts, &pending->stretch->counts, match);
    counts->traffic_old += fewer(before[MISSING_IN_NEW], now[MISSING_IN_NEW]);
    counts->traffic_new += fewer(before[MISSING_IN_OLD], now[MISSING_IN_OLD]);
    if (seen != NULL) {
        counts_add(counts, &seen->counts, match);
    }
    pending->stretch = NULL;
}

/* Before those that there are: what was seen in this look, so that all looks at it are yet to come. */
static void suspects_add(Pending *pending, const FindingList *findings) {
    Suspect *behind = pending->suspects;
    size_t count = pending->count;
    size_t open = pending->open;
    suspects_make(pending, findings);
    Suspect *all = ARENA_MANY(&pending->memory, findings->count + count, Suspect);
    for (size_t i = 0; i < findings->count; i++) {
        all[i] = pending->suspects[i];
    }
    memcpy(all + findings->count, behind, count * sizeof(Suspect));
    pending->suspects = all;
    pending->count += count;
    pending->open += open;
    pending->looks_needed = pending->looks + 1 + LOOKS;
}

static void stretch_unfold(const Settle *settle, Pending *pending, const StretchSeen *seen) {
    stretch_leave(settle, pending, seen);
    suspects_add(pending, &seen->findings);
}

/* A finding of a stretch that is kept was not seen again: nothing is there now, or (`now`) something else. */
static void thin_out(Pending *pending, const Finding *before, const Finding *now) {
    Counts *counts = &pending->report.counts;
    counts_finding(counts, before, -1);
    counts_finding(&pending->stretch->counts, before, -1);
    if (now != NULL) {
        counts_finding(counts, now, 1);
    } else {
        counts->traffic_old += before->kind == MISSING_IN_NEW;
        counts->traffic_new += before->kind == MISSING_IN_OLD;
    }
}

/* The stretch goes on with the findings that were seen again. What has become of another is looked at by itself; what
 * was no finding before is of a later time than the range. */
static void stretch_thin(Pending *pending, const StretchSeen *seen) {
    Stretch *stretch = pending->stretch;
    FindingKind kind = FINDING_KINDS;
    FindingList again = {0}, changed = {0};
    FindingCursor at = finding_list_start(&stretch->alone), at_now = finding_list_start(&seen->findings);
    const Finding *now = finding_list_next(&at_now);
    for (const Finding *before; (before = finding_list_next(&at)) != NULL;) {
        while (now != NULL && keys_compare(now, before) < 0) {
            now = finding_list_next(&at_now);
        }
        bool there = now != NULL && keys_compare(now, before) == 0;
        kind = before->kind;
        if (there && now->kind == before->kind) {
            finding_list_add(&again, &pending->memory, before);
            continue;
        }
        thin_out(pending, before, there ? now : NULL);
        if (there) {
            finding_list_add_view(&changed, &pending->memory, now);
        }
    }
    stretch->alone = again;
    stretch->count = again.count;
    if (changed.count > 0) {
        suspects_add(pending, &changed);
    }
    for (size_t i = 0; i < changed.count; i++) {
        pending->suspects[i].first = kind;
    }
    if (again.count == 0) {
        pending->stretch = NULL;
    }
}

static void stretch_change(const Settle *settle, Pending *pending, const StretchSeen *seen) {
    if (pending->stretch->alone.count > 0) {
        stretch_thin(pending, seen);
    } else {
        stretch_unfold(settle, pending, seen);
    }
}

static void stretch_confirm(Pending *pending, const StretchSeen *seen) {
    bool kept = pending->stretch->alone.count > 0;
    FindingCursor at = finding_list_start(&seen->findings);
    pending->dense = pending->stretch->alone;
    for (const Finding *finding; !kept && (finding = finding_list_next(&at)) != NULL;) {
        finding_list_add(&pending->dense, &pending->memory, finding);
    }
    pending->stretch = NULL;
}

static bool look_stretch(Looker *looker, Pending *pending, Err *err) {
    const Settle *settle = looker->settle;
    Arena scratch = {0};
    StretchSeen seen;
    bool good =
        look_end(looker,
                 guest_begin(settle->guest, looker->replicas, looker->old, looker->new_, &looker->waited_us, err) &&
                     stretch_look(pending->stretch, settle->plan, looker->old, looker->new_, looker->comparator,
                                  &looker->look_counts, &scratch, &seen, err),
                 err);
    if (good && !seen.same) {
        int64_t more = fewer(looker->look_counts.undecided, pending->stretch->undecided);
        pending->report.counts.undecided += more;
        pending->stretch->undecided += more;
        stretch_change(settle, pending, &seen);
    }
    if (good && pending->stretch != NULL && ++pending->same_looks >= LOOKS) {
        stretch_confirm(pending, &seen);
    }
    arena_free(&scratch);
    return good;
}

/* ---- one look -------------------------------------------------------------------------------------------------- */

/* Looks at all suspects of these ranges; not yet at their stretches. */
static bool look_begin(Looker *looker, Pending *group, Err *err) {
    int64_t seen_us = 0;
    for (Pending *pending = group; pending != NULL; pending = pending->next) {
        seen_us = pending->seen_us > seen_us ? pending->seen_us : seen_us;
    }
    return look_open_sources(looker, err) && replicas_renew(looker->replicas, seen_us, err) &&
           look_keys_of(looker, group, err);
}

/* What unfolds now was seen now: its next look is another time. */
static bool look_finish(Looker *looker, Pending *pending, Err *err) {
    return pending->stretch == NULL || stop_wanted(looker->settle->stop) || look_stretch(looker, pending, err);
}

/* ---- the end of a range --------------------------------------------------------------------------------------------
 */

/* What has not settled is nobody's finding: it is in flight. */
static void open_suspects_end(const Settle *settle, Pending *pending) {
    if (pending->stretch != NULL) {
        pending->report.counts.in_flight += (int64_t)pending->stretch->count;
        stretch_leave(settle, pending, NULL);
    }
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->suspects[i].open) {
            suspect_forget(pending, &pending->suspects[i]);
            pending->report.counts.in_flight++;
        }
    }
}

static void pending_deliver(Settle *settle, Pending *pending) {
    open_suspects_end(settle, pending);
    FindingList *confirmed = &pending->dense;
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->suspects[i].confirmed) {
            finding_list_add_view(confirmed, &pending->memory, &pending->suspects[i].finding);
        }
    }
    settle->downstream.range(settle->downstream.self, &pending->task, &pending->report, (Found){.findings = confirmed});
    arena_free(&pending->memory);
    free(pending);
}

/* However little time there is: as many looks as confirm what does not change. */
static bool time_is_up(const Settle *settle, const Pending *pending) {
    bool late = clock_monotonic_us() >= pending->deadline_us || pending->looks >= PAUSES;
    return (late && pending->looks >= pending->looks_needed) || stop_wanted(settle->stop);
}

/* After a look, which failed with `err` or succeeded (NULL); true where the range has settled or its time is up. */
static bool pending_seen(Settle *settle, Pending *pending, int64_t waited_us, const Err *err) {
    pending->looks++;
    pending->seen_us = clock_monotonic_us();
    pending->deadline_us += waited_us;
    bool settled = pending->open == 0 && pending->stretch == NULL;
    bool over = settled || time_is_up(settle, pending);
    if (err != NULL && over && !settled) {
        pending->report.state = pending->report.state == RANGE_PART ? RANGE_PART_FAILED : RANGE_FAILED;
        pending->report.err = *err;
    }
    int doublings = pending->looks < PAUSES ? pending->looks : PAUSES;
    pending->due_us = pending->seen_us + settle->plan->settle_us / (1 << (PAUSES - doublings));
    return over;
}

/* ---- the thread ----------------------------------------------------------------------------------------------- */

/* The suspects of many ranges are looked at together; stretches are shared among the lookers one by one. */
static bool may_take(const Looker *looker, const Pending *pending, const Pending *group) {
    if (pending->stretch == NULL) {
        return looker == looker->settle->lookers;
    }
    return group == NULL;
}

/* Takes ranges that are due out of the list, to be looked at together. None: *out_wait_us says for how long. */
static Pending *take_due(Looker *looker, int64_t *out_wait_us) {
    Settle *settle = looker->settle;
    Pending *group = NULL;
    int64_t now_us = clock_monotonic_us();
    *out_wait_us = NAP_US;
    for (Pending **at = &settle->pending; *at != NULL;) {
        Pending *pending = *at;
        int64_t wait_us = pending->due_us - now_us;
        if (!may_take(looker, pending, group)) {
            at = &pending->next;
            continue;
        }
        if (wait_us <= 0 || stop_wanted(settle->stop)) {
            *at = pending->next;
            pending->next = group;
            group = pending;
            continue;
        }
        *out_wait_us = wait_us < *out_wait_us ? wait_us : *out_wait_us;
        at = &pending->next;
    }
    return group;
}

/* Delivers a range that is over, or puts it back among those that wait. */
static void pending_pass(Settle *settle, Pending *pending, bool over) {
    size_t bytes = pending->held_bytes;
    if (over) {
        pending_deliver(settle, pending);
    }
    pthread_mutex_lock(&settle->lock);
    settle->unsettled_bytes -= bytes;
    if (!over) {
        pending->held_bytes = pending_bytes(pending);
        settle->unsettled_bytes += pending->held_bytes;
        pending->next = settle->pending;
        settle->pending = pending;
    }
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
}

/* Where a look at all of them fails, each is looked at by itself: none suffers from what is in another. */
static void settle_group(Looker *looker, Pending *group) {
    Settle *settle = looker->settle;
    Err err;
    int64_t waited_us = looker->waited_us;
    bool stop = stop_wanted(settle->stop);
    bool together = stop || look_begin(looker, group, &err);
    waited_us = looker->waited_us - waited_us;
    bool several = group->next != NULL;
    while (group != NULL) {
        Pending *pending = group;
        group = pending->next;
        pending->next = NULL;
        int64_t before_us = looker->waited_us;
        bool good = (together || (several && look_begin(looker, pending, &err))) && look_finish(looker, pending, &err);
        waited_us += looker->waited_us - before_us;
        pending_pass(settle, pending, pending_seen(settle, pending, waited_us, good ? NULL : &err));
    }
}

static void *looker_main(void *argument) {
    Looker *looker = argument;
    Settle *settle = looker->settle;
    pthread_mutex_lock(&settle->lock);
    while (!settle->closing || settle->pending != NULL || settle->in_hand > 0) {
        int64_t wait_us;
        Pending *due = take_due(looker, &wait_us);
        if (due == NULL) {
            wait_for_change(settle, wait_us);
            continue;
        }
        settle->in_hand++;
        pthread_mutex_unlock(&settle->lock);
        settle_group(looker, due);
        pthread_mutex_lock(&settle->lock);
        settle->in_hand--;
        pthread_cond_broadcast(&settle->changed);
    }
    pthread_mutex_unlock(&settle->lock);
    return NULL;
}

static void looker_open(Looker *looker, Arena *arena, Settle *settle) {
    looker->settle = settle;
    looker->replicas = replicas_make(arena, settle->plan, settle->stop);
    looker->comparator = comparator_make(arena, settle->plan->match);
    looker->look_counts = counts_make(arena, settle->plan->match);
}

static void looker_close(Looker *looker) {
    source_close(looker->old);
    source_close(looker->new_);
    replicas_close(looker->replicas);
    comparator_free(looker->comparator);
}

Settle *settle_open(Arena *arena, const Plan *plan, Delivery downstream, Guest *guest, RunStop *stop) {
    Settle *settle = ARENA_NEW(arena, Settle);
    settle->plan = plan;
    settle->downstream = downstream;
    settle->guest = guest;
    settle->stop = stop;
    settle->looker_count = plan->workers;
    settle->lookers = arena_zeroed(arena, (size_t)plan->workers * sizeof(Looker));
    pthread_mutex_init(&settle->lock, NULL);
    pthread_cond_init(&settle->changed, NULL);
    for (int i = 0; i < settle->looker_count; i++) {
        looker_open(&settle->lookers[i], arena, settle);
    }
    for (int i = 0; i < settle->looker_count; i++) {
        Looker *looker = &settle->lookers[i];
        looker->started = pthread_create(&looker->thread, NULL, looker_main, looker) == 0;
    }
    return settle;
}

/* Without a thread of its own the settling is done by whoever closes. */
void settle_close(Settle *settle) {
    pthread_mutex_lock(&settle->lock);
    settle->closing = true;
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
    if (!settle->lookers[0].started) {
        looker_main(&settle->lookers[0]);
    }
    for (int i = 0; i < settle->looker_count; i++) {
        if (settle->lookers[i].started) {
            pthread_join(settle->lookers[i].thread, NULL);
        }
        looker_close(&settle->lookers[i]);
    }
    pthread_cond_destroy(&settle->changed);
    pthread_mutex_destroy(&settle->lock);
}
