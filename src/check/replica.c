#include "check/replica.h"

#include "base/clock.h"
#include "check/side.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { FIRST_PAUSE_US = 2000, LAST_PAUSE_US = 200000, ASKS_LEAST = 3 };

/* A side with an as_of, and what its primary said last. */
typedef struct Replica {
    const Spec *spec;
    bool of_new;
    Source *primary;
    Arena memory; /* of the position */
    SourcePosition position;
    int64_t taken_us, taken_wall_us; /* 0: not yet */
} Replica;

struct Replicas {
    const Plan *plan;
    const RunStop *stop;
    Replica sides[2];
    Replica *of[2]; /* by side; NULL: no as_of; both one where both name the same primary */
    pthread_mutex_t lock;
    Err failure; /* of the last attempt to take the positions, which ended then */
    int64_t failed_us;
    atomic_bool in_vain; /* the last wait was */
};

static const SpecSide *side_of(const Spec *spec, bool of_new) {
    return of_new ? &spec->new_ : &spec->old;
}

/* ---- the primary's position -------------------------------------------------------------------------------- */

static bool primary_open(Replica *replica, Err *err) {
    Arena scratch = {0};
    const char *application = side_application(&scratch, replica->spec->check);
    bool good = replica->primary != NULL ||
                source_open(side_of(replica->spec, replica->of_new)->as_of, application, &replica->primary, err);
    arena_free(&scratch);
    return good;
}

static bool not_offered(const Spec *spec, bool of_new, const Source *source, Err *err) {
    err_set(err, TF_ERROR_USAGE, "cannot use \"as_of\": %s has no positions", source->ops->info(source)->engine);
    return spec_error_at(spec, side_of(spec, of_new)->as_of_place, err);
}

static bool position_take(Replica *replica, Err *err) {
    if (!primary_open(replica, err)) {
        return err_prefix(err, "as_of");
    }
    Source *primary = replica->primary;
    if (primary->ops->position == NULL) {
        return not_offered(replica->spec, replica->of_new, primary, err);
    }
    Arena memory = {0};
    SourcePosition position;
    Err ignored;
    int64_t now_us = clock_monotonic_us(), now_wall_us = clock_wall_us();
    bool good = primary->ops->begin(primary, NULL, err) && primary->ops->position(primary, &memory, &position, err);
    bool ended = primary->ops->end(primary, good ? err : &ignored);
    if (!good || !ended) {
        arena_free(&memory);
        return err_prefix(err, "as_of");
    }
    arena_free(&replica->memory);
    replica->memory = memory;
    replica->position = position;
    replica->taken_us = now_us;
    replica->taken_wall_us = now_wall_us;
    return true;
}

static void replica_close(Replica *replica) {
    source_close(replica->primary);
    replica->primary = NULL;
    arena_free(&replica->memory);
}

/* ---- at planning --------------------------------------------------------------------------------------------- */

bool replica_check(const Spec *spec, bool of_new, Source *source, Err *err) {
    Replica replica = {.spec = spec, .of_new = of_new};
    SourceReach reach;
    Err ignored;
    if (side_of(spec, of_new)->as_of == NULL) {
        return true;
    }
    if (source->ops->reached == NULL) {
        return not_offered(spec, of_new, source, err);
    }
    bool good = position_take(&replica, err) && source->ops->begin(source, NULL, err);
    good = good && source->ops->reached(source, &replica.position, &reach, err);
    bool ended = source->ops->end(source, good ? err : &ignored);
    replica_close(&replica);
    if (!good && (err->code == TF_ERROR_USAGE || err->code == TF_ERROR_DATA)) {
        return spec_error_at(spec, side_of(spec, of_new)->as_of_place, err);
    }
    return good && ended;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

Replicas *replicas_make(Arena *arena, const Plan *plan, const RunStop *stop) {
    Replicas *made = ARENA_NEW(arena, Replicas);
    const Spec *spec = plan->match->spec;
    made->plan = plan;
    made->stop = stop;
    pthread_mutex_init(&made->lock, NULL);
    for (int side = 0; side < 2; side++) {
        const char *as_of = spec == NULL || (side == 1 && spec->one_row) ? NULL : side_of(spec, side == 1)->as_of;
        made->sides[side] = (Replica){.spec = spec, .of_new = side == 1};
        made->of[side] = as_of == NULL ? NULL : &made->sides[side];
    }
    if (made->of[0] != NULL && made->of[1] != NULL && strcmp(spec->old.as_of, spec->new_.as_of) == 0) {
        made->of[1] = made->of[0];
    }
    return made;
}

void replicas_close(Replicas *replicas) {
    replica_close(&replicas->sides[0]);
    replica_close(&replicas->sides[1]);
    pthread_mutex_destroy(&replicas->lock);
}

/* ---- positions of a run ---------------------------------------------------------------------------------------- */

bool replicas_renew(Replicas *replicas, int64_t seen_us, Err *err) {
    for (int side = 0; side < 2; side++) {
        Replica *replica = replicas->of[side];
        if (replica != NULL && (replica->taken_us == 0 || replica->taken_us <= seen_us) &&
            !position_take(replica, err)) {
            return false;
        }
    }
    return true;
}

/* Who waited while another failed has failed with it: one dead primary is not tried once a worker. */
bool replicas_start(Replicas *replicas, Err *err) {
    int64_t asked_us = clock_monotonic_us();
    pthread_mutex_lock(&replicas->lock);
    bool good = false;
    if (replicas->failed_us > asked_us) {
        *err = replicas->failure;
    } else {
        good = replicas_renew(replicas, 0, err);
    }
    if (good) { /* nobody needs the primaries any more */
        source_close(replicas->sides[0].primary);
        source_close(replicas->sides[1].primary);
        replicas->sides[0].primary = replicas->sides[1].primary = NULL;
    } else if (replicas->failed_us <= asked_us) {
        replicas->failure = *err;
        replicas->failed_us = clock_monotonic_us();
    }
    pthread_mutex_unlock(&replicas->lock);
    return good;
}

/* ---- beginning ------------------------------------------------------------------------------------------------- */

static bool shares_snapshot(const Source *old, const Source *new_) {
    return old->ops->snapshot != NULL && sources_share_instance(old->ops->info(old), new_->ops->info(new_));
}

/* Begins on both sides, in one snapshot where both can share it. A name may stand for several servers: what was planned
 * as one snapshot must not become two unnoticed. */
static bool begin_pair(const Plan *plan, Source *old, Source *new_, Err *err) {
    if (!old->ops->begin(old, NULL, err)) {
        return false;
    }
    if (new_ == NULL) {
        return true;
    }
    if (!shares_snapshot(old, new_)) { /* begun nevertheless: it may have to connect to where the other one is now */
        return new_->ops->begin(new_, NULL, err) &&
               (!plan->one_snapshot || err_set(err, TF_ERROR_CONFLICT,
                                               "could not read both sides in one snapshot: they were on one server, "
                                               "and are not any more"));
    }
    const char *snapshot;
    Arena scratch = {0};
    bool good = old->ops->snapshot(old, &scratch, &snapshot, err) && new_->ops->begin(new_, snapshot, err);
    arena_free(&scratch);
    return good;
}

static bool end_pair(Source *old, Source *new_, Err *err) {
    return old->ops->end(old, err) && (new_ == NULL || new_->ops->end(new_, err));
}

/* One wait: from its first answer to its last. */
typedef struct Wait {
    int64_t since_us;
    int asks;
    SourceReach reach;     /* of the side that is not there yet */
    const Replica *behind; /* which that is */
    const char *place;     /* and where it is read */
} Wait;

static bool reached_both(Replicas *replicas, Source *old, Source *new_, Wait *wait, bool *out_reached, Err *err) {
    Source *read[] = {old, new_ == NULL ? old : new_};
    *out_reached = true;
    for (int side = 0; side < 2 && *out_reached; side++) {
        const Replica *replica = replicas->of[side];
        Source *source = read[side];
        if (replica == NULL || (side == 1 && replica == replicas->of[0] && read[0] == read[1])) {
            continue;
        }
        if (!source->ops->reached(source, &replica->position, &wait->reach, err)) {
            return false;
        }
        *out_reached = wait->reach.reached;
        wait->behind = replica;
        wait->place = source->ops->info(source)->place;
    }
    wait->asks++;
    return true;
}

static bool give_up(Replicas *replicas, const Wait *wait, int64_t waited_us, Err *err) {
    const Replica *behind = wait->behind;
    atomic_store(&replicas->in_vain, true);
    err_set(err, TF_ERROR_BEHIND, "could not read %s as of %s: not replayed there after %.1f s; %s", wait->place,
            behind->position.shown, (double)waited_us / 1e6, wait->reach.behind);
    return err_hint(err, "The standby is late, or stalled; max_wait: in the spec says how long it is waited for.");
}

/* Pauses double, from the time that a begin takes to a fifth of a second. */
static bool wait_on(Replicas *replicas, Wait *wait, Err *err) {
    int64_t waited_us = clock_monotonic_us() - wait->since_us;
    int64_t most_us = side_of(wait->behind->spec, wait->behind->of_new)->max_wait_us;
    if (wait->asks >= ASKS_LEAST && (waited_us >= most_us || atomic_load(&replicas->in_vain))) {
        return give_up(replicas, wait, waited_us, err);
    }
    int64_t pause_us = wait->asks > 7 ? LAST_PAUSE_US : (int64_t)FIRST_PAUSE_US << (wait->asks - 1);
    return (wait->asks == 1 || stop_sleep(replicas->stop, pause_us)) ||
           err_set(err, TF_ERROR_INTERRUPTED, "stopped while %s was waited for", wait->place);
}

bool replicas_begin(Replicas *replicas, Source *old, Source *new_, int64_t *waited_us, Err *err) {
    Wait wait = {.since_us = clock_monotonic_us()};
    bool reached = false, good;
    do {
        good = begin_pair(replicas->plan, old, new_, err) && reached_both(replicas, old, new_, &wait, &reached, err);
    } while (good && !reached && (good = end_pair(old, new_, err) && wait_on(replicas, &wait, err)));
    if (wait.asks > 1) {
        *waited_us += clock_monotonic_us() - wait.since_us;
        atomic_store(&replicas->in_vain, !good && atomic_load(&replicas->in_vain));
    }
    return good;
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

static AsOf as_of(const Replicas *replicas, int side, Arena *arena) {
    const Replica *replica = replicas->of[side];
    const char *standby = replicas->plan->standby[side];
    AsOf told = {.standby = standby == NULL ? NULL : arena_copy(arena, standby, strlen(standby))};
    if (replica != NULL && replica->taken_us > 0) {
        told.position = arena_copy(arena, replica->position.shown, strlen(replica->position.shown));
        told.at_us = replica->taken_wall_us;
    }
    return told;
}

void replicas_tell(const Replicas *replicas, Arena *arena, AsOf *old, AsOf *new_) {
    *old = as_of(replicas, 0, arena);
    *new_ = as_of(replicas, 1, arena);
}

static const char *one_as_of(Arena *arena, const char *side, const AsOf *as_of) {
    if (as_of->position == NULL) {
        return arena_printf(arena, "%sas of the standby", side);
    }
    char at[21];
    clock_format_utc(as_of->at_us, at);
    return arena_printf(arena, "%sas of %s (%s)", side, as_of->position, at);
}

static bool is_told(const AsOf *as_of) {
    return as_of->position != NULL || as_of->standby != NULL;
}

const char *as_of_words(Arena *arena, const AsOf *old, const AsOf *new_) {
    if (!is_told(old) && !is_told(new_)) {
        return NULL;
    }
    bool same = text_equal(old->position, new_->position) && old->at_us == new_->at_us &&
                (old->position != NULL || text_equal(old->standby, new_->standby));
    if (same) {
        return one_as_of(arena, "", old);
    }
    if (!is_told(old) || !is_told(new_)) {
        return is_told(old) ? one_as_of(arena, "old ", old) : one_as_of(arena, "new ", new_);
    }
    return arena_printf(arena, "%s, %s", one_as_of(arena, "old ", old), one_as_of(arena, "new ", new_));
}
