#include "check/settle.h"

#include "base/clock.h"
#include "base/wait.h"
#include "check/looker.h"
#include "check/settle_times.h"

#include <pthread.h>

enum {
    UNSETTLED_BYTES = 16 << 20, /* of findings that wait before workers do */
    NAP_US = 50000,
};

/* A thread that looks. The first looks at everything, the others at stretches. */
typedef struct SettleThread {
    struct Settle *settle;
    Looker looker;
    pthread_t thread;
    bool started;
} SettleThread;

struct Settle {
    const Plan *plan;
    Delivery downstream;
    RunStop *stop;
    SettleThread *threads; /* as many as workers */
    int thread_count;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    Pending *pending;
    size_t unsettled_bytes;
    size_t in_hand; /* groups that threads are looking at */
    bool closing;
};

/* ---- taking findings from workers ------------------------------------------------------------------------- */

static size_t pending_bytes(const Pending *pending) {
    return sizeof *pending + pending->memory.held_bytes;
}

static Pending *wait_begin(const Settle *settle, const RangeTask *task, const RangeReport *report, Found found) {
    Pending *made = pending_make(settle->plan, task, report, found);
    made->seen_us = clock_monotonic_us();
    made->due_us = made->seen_us + settle->plan->settle_us / (1 << SETTLE_PAUSES);
    made->deadline_us = made->seen_us + settle->plan->settle_us;
    return made;
}

/* Under lock. */
static void pending_push(Settle *settle, Pending *pending) {
    pending->held_bytes = pending_bytes(pending);
    settle->unsettled_bytes += pending->held_bytes;
    pending->next = settle->pending;
    settle->pending = pending;
}

/* Waits while too much is unsettled. */
static void settle_add(Settle *settle, Pending *pending) {
    pthread_mutex_lock(&settle->lock);
    while (settle->threads[0].started && settle->unsettled_bytes > 0 &&
           settle->unsettled_bytes + pending_bytes(pending) > UNSETTLED_BYTES && !stop_wanted(settle->stop)) {
        wait_for(&settle->changed, &settle->lock, NAP_US);
    }
    pending_push(settle, pending);
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
}

static void settle_take_range(void *self, const RangeTask *task, const RangeReport *report, Found found) {
    Settle *settle = self;
    if (found.findings->count == 0) {
        settle->downstream.range(settle->downstream.self, task, report, found);
    } else {
        settle_add(settle, wait_begin(settle, task, report, found));
    }
}

/* A part of a range that is too large to be held. The range's own report counts these findings, so that this part's
 * counts are only what settling changes. */
static void settle_take_early(void *self, const RangeTask *task, Found found) {
    Settle *settle = self;
    Arena scratch = {0};
    RangeReport report = {.range = &task->range, .index = task->first, .state = RANGE_PART};
    report.counts = counts_make(&scratch, settle->plan->match);
    settle_add(settle, wait_begin(settle, task, &report, found));
    arena_free(&scratch);
}

Delivery settle_delivery(Settle *settle) {
    return (Delivery){settle_take_early, settle_take_range, settle};
}

/* ---- the end of a range ----------------------------------------------------------------------------------- */

static void settle_deliver(Settle *settle, Pending *pending) {
    const FindingList *confirmed = pending_end(pending);
    settle->downstream.range(settle->downstream.self, &pending->task, &pending->report, (Found){.findings = confirmed});
    pending_free(pending);
}

/* However little time there is: as many looks as confirm what does not change. */
static bool time_is_up(const Settle *settle, const Pending *pending) {
    bool late = clock_monotonic_us() >= pending->deadline_us || pending->looks >= SETTLE_PAUSES;
    return (late && pending->looks >= pending->looks_needed) || stop_wanted(settle->stop);
}

/* After a look, which failed with `err` or succeeded (NULL); true where the range has settled or its time is up. */
static bool look_over(Settle *settle, Pending *pending, int64_t waited_us, const Err *err) {
    pending->looks++;
    pending->seen_us = clock_monotonic_us();
    pending->deadline_us += waited_us;
    bool settled = pending_is_settled(pending);
    bool over = settled || time_is_up(settle, pending);
    bool stopped = stop_wanted(settle->stop);
    if ((err != NULL || stopped) && over && !settled) {
        pending->report.state = pending->report.state == RANGE_PART ? RANGE_PART_FAILED : RANGE_FAILED;
        if (stopped) {
            err_set(&pending->report.err, TF_ERROR_INTERRUPTED, "stopped while differences were looked at again");
        } else {
            pending->report.err = *err;
        }
    }
    int doublings = pending->looks < SETTLE_PAUSES ? pending->looks : SETTLE_PAUSES;
    pending->due_us = pending->seen_us + settle->plan->settle_us / (1 << (SETTLE_PAUSES - doublings));
    return over;
}

/* ---- the threads ------------------------------------------------------------------------------------------ */

/* The suspects of many ranges are looked at together; stretches are shared among the threads one by one. */
static bool may_take(const SettleThread *thread, const Pending *pending, const Pending *group) {
    return pending->stretch == NULL ? thread == thread->settle->threads : group == NULL;
}

/* Takes ranges that are due out of the list, to be looked at together. None: *out_wait_us says for how long. */
static Pending *take_due(const SettleThread *thread, int64_t *out_wait_us) {
    Settle *settle = thread->settle;
    Pending *group = NULL;
    int64_t now_us = clock_monotonic_us();
    *out_wait_us = NAP_US;
    for (Pending **at = &settle->pending; *at != NULL;) {
        Pending *pending = *at;
        int64_t wait_us = pending->due_us - now_us;
        if (!may_take(thread, pending, group)) {
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
static void settle_pass(Settle *settle, Pending *pending, bool over) {
    size_t bytes = pending->held_bytes;
    if (over) {
        settle_deliver(settle, pending);
    }
    pthread_mutex_lock(&settle->lock);
    settle->unsettled_bytes -= bytes;
    if (!over) {
        pending_push(settle, pending);
    }
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
}

/* Where a look at all of them fails, each is looked at by itself: none suffers from what is in another. */
static void look_at_group(SettleThread *thread, Pending *group) {
    Settle *settle = thread->settle;
    Looker *looker = &thread->looker;
    Err err;
    int64_t waited_us = looker->waited_us;
    bool stop = stop_wanted(settle->stop);
    bool together = stop || looker_see_suspects(looker, group, &err);
    waited_us = looker->waited_us - waited_us;
    bool several = group->next != NULL;
    while (group != NULL) {
        Pending *pending = group;
        group = pending->next;
        pending->next = NULL;
        int64_t before_us = looker->waited_us;
        bool good = (together || (several && looker_see_suspects(looker, pending, &err))) &&
                    looker_see_stretch(looker, pending, &err);
        waited_us += looker->waited_us - before_us;
        settle_pass(settle, pending, look_over(settle, pending, waited_us, good ? NULL : &err));
    }
}

static void *thread_main(void *argument) {
    SettleThread *self = argument;
    Settle *settle = self->settle;
    pthread_mutex_lock(&settle->lock);
    while (!settle->closing || settle->pending != NULL || settle->in_hand > 0) {
        int64_t wait_us;
        Pending *due = take_due(self, &wait_us);
        if (due == NULL) {
            wait_for(&settle->changed, &settle->lock, wait_us);
            continue;
        }
        settle->in_hand++;
        pthread_mutex_unlock(&settle->lock);
        look_at_group(self, due);
        pthread_mutex_lock(&settle->lock);
        settle->in_hand--;
        pthread_cond_broadcast(&settle->changed);
    }
    pthread_mutex_unlock(&settle->lock);
    return NULL;
}

Settle *settle_open(Arena *arena, const Plan *plan, Delivery downstream, Guest *guest, RunStop *stop) {
    Settle *settle = ARENA_NEW(arena, Settle);
    settle->plan = plan;
    settle->downstream = downstream;
    settle->stop = stop;
    settle->thread_count = plan->workers;
    settle->threads = arena_zeroed(arena, (size_t)plan->workers * sizeof(SettleThread));
    pthread_mutex_init(&settle->lock, NULL);
    wait_init(&settle->changed);
    for (int i = 0; i < settle->thread_count; i++) {
        settle->threads[i].settle = settle;
        looker_open(&settle->threads[i].looker, arena, plan, guest);
    }
    for (int i = 0; i < settle->thread_count; i++) {
        SettleThread *self = &settle->threads[i];
        self->started = pthread_create(&self->thread, NULL, thread_main, self) == 0;
    }
    return settle;
}

/* If no thread could be started, the caller settles here. */
void settle_close(Settle *settle) {
    pthread_mutex_lock(&settle->lock);
    settle->closing = true;
    pthread_cond_broadcast(&settle->changed);
    pthread_mutex_unlock(&settle->lock);
    if (!settle->threads[0].started) {
        thread_main(&settle->threads[0]);
    }
    for (int i = 0; i < settle->thread_count; i++) {
        SettleThread *self = &settle->threads[i];
        if (self->started) {
            pthread_join(self->thread, NULL);
        }
        looker_close(&self->looker);
    }
    pthread_cond_destroy(&settle->changed);
    pthread_mutex_destroy(&settle->lock);
}
