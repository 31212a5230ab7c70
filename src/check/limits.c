#include "check/limits.h"

#include "base/clock.h"

#include <string.h>

enum { ASK_US = 1000000, NAP_US = 20000 };

/* ---- how far a replica is behind ---------------------------------------------------------------------------- */

void lag_note(LagHistory *history, int64_t position, int64_t now_us, int64_t apart_us) {
    if (history->count > 0 && (position <= history->marks[history->count - 1].position ||
                               now_us - history->marks[history->count - 1].at_us < apart_us)) {
        return;
    }
    if (history->count == LAG_MARKS) { /* older ones say no more than that the limit is exceeded */
        memmove(&history->marks[0], &history->marks[1], (LAG_MARKS - 1) * sizeof history->marks[0]);
        history->count--;
    }
    history->marks[history->count].at_us = now_us;
    history->marks[history->count++].position = position;
}

int64_t lag_of(const LagHistory *history, int64_t replayed, int64_t now_us) {
    for (size_t i = 0; i < history->count; i++) {
        if (history->marks[i].position > replayed) {
            return now_us - history->marks[i].at_us;
        }
    }
    return 0;
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

static unsigned parts_wanted(const SpecLimits *spec) {
    return (spec->max_active_sessions >= 0 || spec->max_transaction_age_us >= 0 ? LOAD_SESSIONS : 0u) |
           (spec->max_replica_lag_us >= 0 ? LOAD_REPLICAS : 0u);
}

static int64_t replica_lag(Limits *limits, size_t side, const SourceLoad *load, int64_t now_us) {
    if (load->replica_lag_us < 0 || load->position < 0) {
        return load->replica_lag_us;
    }
    LagHistory *history = &limits->lags[side];
    lag_note(history, load->position, now_us, limits->spec->max_replica_lag_us / LAG_MARKS_A_LIMIT);
    int64_t behind_us = lag_of(history, load->slowest_position, now_us);
    return behind_us > load->replica_lag_us ? behind_us : load->replica_lag_us;
}

static double seconds(int64_t us) {
    return (double)us / 1e6;
}

/* Whether one server is within the limits; if not, the sentence that says so. */
static bool load_judge(Limits *limits, size_t side, const SourceLoad *load, const char *place, int64_t now_us,
                       Err *why) {
    const SpecLimits *spec = limits->spec;
    int64_t lag_us = replica_lag(limits, side, load, now_us);
    if (spec->max_replica_lag_us >= 0 && lag_us < 0) {
        return err_set(why, TF_ERROR_BUSY, "the replica lag of %s is not known, so it may be over max_replica_lag",
                       place);
    }
    if (spec->max_replica_lag_us >= 0 && lag_us > spec->max_replica_lag_us) {
        return err_set(why, TF_ERROR_BUSY, "the replica lag of %s is %.1f s, over max_replica_lag (%g s)", place,
                       seconds(lag_us), seconds(spec->max_replica_lag_us));
    }
    if (spec->max_active_sessions >= 0 && load->active_sessions > spec->max_active_sessions) {
        return err_set(why, TF_ERROR_BUSY, "%lld %s active on %s, over max_active_sessions (%lld)",
                       (long long)load->active_sessions, load->active_sessions == 1 ? "session is" : "sessions are",
                       place, (long long)spec->max_active_sessions);
    }
    if (spec->max_transaction_age_us >= 0 && load->oldest_transaction_us > spec->max_transaction_age_us) {
        return err_set(why, TF_ERROR_BUSY,
                       "the oldest transaction on %s is %.1f s old, over max_transaction_age (%g s)", place,
                       seconds(load->oldest_transaction_us), seconds(spec->max_transaction_age_us));
    }
    return true;
}

/* True: within the limits. False: `why` says what is not, or could not be asked; its code says whether that may pass.
 */
static bool servers_ask(Limits *limits, LimitsSources sources, void *self, Err *why) {
    Source *asked[2] = {NULL, NULL};
    if (!sources(self, asked, why)) {
        return false;
    }
    for (size_t side = 0; side < 2; side++) {
        Source *source = asked[side];
        SourceLoad load;
        if (source == NULL || source->ops->load == NULL) {
            continue;
        }
        if (!source->ops->load(source, parts_wanted(limits->spec), &load, why) ||
            !load_judge(limits, side, &load, source->ops->info(source)->place, clock_monotonic_us(), why)) {
            return false;
        }
    }
    return true;
}

/* ---- pausing, under the lock ---------------------------------------------------------------------------------- */

static void pause_begin(Limits *limits, int64_t now_us) {
    if (limits->over_us == 0) {
        limits->over_us = now_us;
        limits->tell(limits->self, &(RunPause){.why = limits->why.text});
    }
}

static void pause_end(Limits *limits, int64_t now_us) {
    if (limits->over_us != 0) {
        int64_t lasted_us = now_us - limits->over_us;
        limits->paused_us += lasted_us;
        limits->over_us = 0;
        limits->tell(limits->self, &(RunPause){.lasted_us = lasted_us});
    }
}

static void give_up(Limits *limits, int64_t now_us) {
    Err why = limits->why;
    limits->gave_up = true;
    limits->paused_us += now_us - limits->over_us;
    err_set(&limits->why, why.code, "could not go on: %s, for longer than give_up_after (%g s)", why.text,
            seconds(limits->spec->give_up_after_us));
    err_hint(&limits->why, "Run again when the server is less busy; what was read so far is reported.");
}

static void answer_take(Limits *limits, bool within, const Err *why) {
    int64_t now_us = clock_monotonic_us();
    limits->asked_us = now_us;
    if (within) {
        pause_end(limits, now_us);
        return;
    }
    limits->why = *why;
    if (!err_is_transient(why)) {
        limits->gave_up = true;
        return;
    }
    pause_begin(limits, now_us);
    if (now_us - limits->over_us >= limits->spec->give_up_after_us) {
        give_up(limits, now_us);
    }
}

/* One worker asks; the others do not wait for the answer. */
static void ask_when_due(Limits *limits, LimitsSources sources, void *self) {
    bool due = limits->asked_us == 0 || clock_monotonic_us() - limits->asked_us >= ASK_US;
    if (limits->asking || !due) {
        return;
    }
    Err why;
    limits->asking = true;
    pthread_mutex_unlock(&limits->lock);
    bool within = servers_ask(limits, sources, self, &why);
    pthread_mutex_lock(&limits->lock);
    limits->asking = false;
    if (!stop_wanted(limits->stop)) {
        answer_take(limits, within, &why);
    }
}

bool limits_pass(Limits *limits, LimitsSources sources, void *self) {
    pthread_mutex_lock(&limits->lock);
    bool asks = parts_wanted(limits->spec) != 0;
    bool within = false;
    while (!limits->gave_up && !stop_wanted(limits->stop)) {
        if (asks) {
            ask_when_due(limits, sources, self);
        }
        within = (!asks || limits->asked_us != 0) && limits->over_us == 0 && !limits->gave_up;
        if (within) {
            break;
        }
        pthread_mutex_unlock(&limits->lock);
        stop_sleep(limits->stop, NAP_US);
        pthread_mutex_lock(&limits->lock);
    }
    pthread_mutex_unlock(&limits->lock);
    return within;
}

void limits_end(Limits *limits, const Err *why) {
    pthread_mutex_lock(&limits->lock);
    limits->why = *why;
    limits->gave_up = true;
    pthread_mutex_unlock(&limits->lock);
}

int64_t limits_paused_us(Limits *limits) {
    pthread_mutex_lock(&limits->lock);
    int64_t paused_us = limits->paused_us;
    if (limits->over_us != 0 && !limits->gave_up) {
        paused_us += clock_monotonic_us() - limits->over_us;
    }
    pthread_mutex_unlock(&limits->lock);
    return paused_us;
}

void limits_open(Limits *limits, const SpecLimits *spec, const RunStop *stop,
                 void (*tell)(void *self, const RunPause *pause), void *self) {
    *limits = (Limits){.spec = spec, .stop = stop, .tell = tell, .self = self};
    pthread_mutex_init(&limits->lock, NULL);
}

void limits_close(Limits *limits) {
    pthread_mutex_destroy(&limits->lock);
}
