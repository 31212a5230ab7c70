#include "check/check.h"

#include "check/mask.h"
#include "check/mask_key.h"
#include "check/replica.h"
#include "check/side.h"

#include <string.h>

bool check_connect(Check *check, Err *err) {
    return side_open(&check->spec, false, &check->old, err) &&
           (check->spec.one_row || side_open(&check->spec, true, &check->new_, err));
}

static SourceInfo info_keep(Arena *arena, const Source *source) {
    SourceInfo info = *source->ops->info(source);
    info.engine = arena_text(arena, info.engine);
    info.place = arena_text(arena, info.place);
    info.instance = arena_text(arena, info.instance);
    return info;
}

static void keep_infos(Check *check) {
    check->old_info = info_keep(&check->arena, check->old);
    if (check->new_ != NULL) {
        check->new_info = info_keep(&check->arena, check->new_);
    }
}

bool check_begin(Check *check, Err *err) {
    Plan single_rows = {.match = &check->match};
    Arena scratch = {0};
    int64_t waited_us = 0;
    Replicas *replicas = replicas_make(&scratch, &single_rows, NULL);
    bool good = replicas_start(replicas, err) && replicas_begin(replicas, check->old, check->new_, &waited_us, err);
    replicas_close(replicas);
    arena_free(&scratch);
    return good;
}

bool check_end(Check *check, Err *err) {
    return check->old->ops->end(check->old, err) && (check->new_ == NULL || check->new_->ops->end(check->new_, err));
}

static bool mask_open(Check *check, Err *err) {
    if (!check->match.masks) {
        return true;
    }
    HashKey *key = ARENA_NEW(&check->arena, HashKey);
    check->match.mask_key = key;
    return mask_key_read(key, err);
}

bool check_read(Check *check, const char *spec_path, const SpecSearch *search, Err *err) {
    *check = (Check){0};
    return spec_read(&check->arena, spec_path, search, &check->spec, err);
}

bool check_reach(Check *check, Err *err) {
    if (!check_connect(check, err)) {
        return false;
    }
    keep_infos(check);
    return replica_check(&check->spec, false, check->old, err) &&
           (check->new_ == NULL || replica_check(&check->spec, true, check->new_, err)) &&
           match_make(&check->arena, &check->spec, check->old, check->new_, &check->match, err) &&
           mask_open(check, err);
}

bool check_open(Check *check, const char *spec_path, const SpecSearch *search, Err *err) {
    return check_read(check, spec_path, search, err) && check_reach(check, err);
}

bool check_identify(Check *check, Err *err) {
    return source_identity(check->old, &check->arena, &check->old_info.identity, err) &&
           (check->new_ == NULL || source_identity(check->new_, &check->arena, &check->new_info.identity, err));
}

bool check_plan(Check *check, const CheckOptions *options, Err *err) {
    if (!plan_make(&check->arena, &check->match, check->old, check->new_, options, &check->plan, err)) {
        mask_error(&check->match, err);
        return false;
    }
    return true;
}

static void release_new(Check *check) {
    source_close(check->new_);
    check->new_ = NULL;
}

/* The planning connections go to the workers: none is idle while they read, and a server has fewer to make. */
void check_run(Check *check, const CheckOptions *options, RunSinks sinks, RunStop *stop, Result *out) {
    SideSpares spares;
    if (check->plan.mode == MODE_JOIN) {
        release_new(check);
    }
    side_spares_open(&spares, check->old, check->new_);
    check->old = check->new_ = NULL;
    check->plan.opener = side_spares_opener(&spares);
    run_check(&check->arena, &check->plan, options, sinks, stop, out);
    check->plan.opener = (SideOpener){0};
    side_spares_close(&spares);
}

void check_close(Check *check) {
    source_close(check->old);
    check->old = NULL;
    release_new(check);
    arena_free(&check->arena);
}
