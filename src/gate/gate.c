/* A spec in, an answer out (promises: gate.h): opens the sources, reads the ledger, and lets policy judge. */
#include "gate/gate.h"

#include "base/clock.h"
#include "gate/contract.h"
#include "gate/policy.h"
#include "ledger/ledger.h"

#include <string.h>

const char *gate_answer_name(GateAnswer answer) {
    static const char *const NAMES[] = {"open", "closed", "cannot-tell"};
    return NAMES[answer];
}

/* ---- the ledger ----------------------------------------------------------------------------------------------- */

enum { COLUMNS_OF_RUNS = 16 };

typedef struct Runs {
    Arena *arena;
    PastRun *items;
    size_t count, room;
} Runs;

static bool is_between(int64_t value, int64_t most) {
    return value >= 0 && value <= most;
}

/* A ledger is a file that others may have written: no sum of these overflows. */
static bool is_sound(const PastRun *run) {
    static const int64_t MOST_US = INT64_C(253402300799000000), MOST_ROWS = INT64_C(1) << 60; /* the year 9999 */
    const int64_t counts[] = {run->old_rows,       run->new_rows,     run->compared,      run->mismatched_rows,
                              run->undecided,      run->in_flight,    run->ranges_failed, run->resumed,
                              run->ranges_planned, run->ranges_proved};
    bool sound = run->verdict != NULL && run->reason != NULL && is_between(run->started_us, MOST_US) &&
                 is_between(run->duration_us, MOST_US) && run->coverage >= 0 && run->coverage <= 1;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        sound = sound && is_between(counts[i], MOST_ROWS);
    }
    return sound;
}

/* In the place of a run that cannot be; it does not count. */
static PastRun damaged_run(void) {
    return (PastRun){.verdict = "damaged", .reason = "what the ledger holds of it cannot be"};
}

/* The columns of older runs are not kept: there may be ten thousand runs, and the newest says what has changed. */
static PastRun run_keep(Arena *arena, const PastRun *run, bool columns) {
    PastRun kept = *run;
    kept.id = arena_text(arena, run->id);
    kept.check = arena_text(arena, run->check);
    kept.verdict = arena_text(arena, run->verdict);
    kept.reason = arena_text(arena, run->reason);
    kept.spec_digest = arena_text(arena, run->spec_digest);
    kept.old_schema = arena_text(arena, run->old_schema);
    kept.new_schema = arena_text(arena, run->new_schema);
    kept.old_identity = arena_text(arena, run->old_identity);
    kept.new_identity = arena_text(arena, run->new_identity);
    kept.old_columns = columns ? arena_text(arena, run->old_columns) : NULL;
    kept.new_columns = columns ? arena_text(arena, run->new_columns) : NULL;
    kept.error = kept.mode = kept.counts = NULL;
    kept.old_engine = kept.new_engine = kept.old_place = kept.new_place = NULL;
    return kept;
}

static void take_run(void *self, const PastRun *run) {
    Runs *runs = self;
    if (runs->count == runs->room) {
        size_t room = runs->room == 0 ? 64 : 2 * runs->room;
        PastRun *items = ARENA_MANY(runs->arena, room, PastRun);
        if (runs->count > 0) {
            memcpy(items, runs->items, runs->count * sizeof *items);
        }
        runs->items = items;
        runs->room = room;
    }
    runs->items[runs->count] =
        is_sound(run) ? run_keep(runs->arena, run, runs->count < COLUMNS_OF_RUNS) : damaged_run();
    runs->count++;
}

static bool runs_read(const char *url, const char *check, Runs *runs, Err *err) {
    Ledger *ledger = NULL;
    bool good = ledger_open(url, LEDGER_READ, &ledger, err) &&
                ledger_history(ledger, check, 0, (PastRunTaker){take_run, runs}, err);
    ledger_close(ledger);
    return good;
}

/* ---- the tables ----------------------------------------------------------------------------------------------- */

/* Of this spec, here. */
static const PastRun *newest_of(const Evidence *evidence) {
    for (size_t i = 0; i < evidence->run_count; i++) {
        const PastRun *run = &evidence->runs[i];
        if (run->spec_digest != NULL && strcmp(run->spec_digest, evidence->spec_digest) == 0 &&
            source_may_be_same(run->old_identity, evidence->old_identity) &&
            source_may_be_same(run->new_identity, evidence->new_identity)) {
            return run;
        }
    }
    return NULL;
}

static bool same_relation(const char *digest, const char *columns, const Relation *now, Arena *arena,
                          const char **out_why) {
    if (digest != NULL && strcmp(digest, now->digest) == 0) {
        return true;
    }
    *out_why = columns == NULL ? arena_printf(arena, "the definition of %s has changed since", now->name)
                               : ledger_schema_change(arena, columns, now);
    return false;
}

static TablesSeen tables_compare(Arena *arena, const Match *match, const PastRun *newest) {
    TablesSeen seen = {.state = CONDITION_MET};
    if (newest == NULL) {
        return (TablesSeen){CONDITION_UNKNOWN, "no run of this spec has seen them"};
    }
    bool same = same_relation(newest->old_schema, newest->old_columns, &match->old.relation, arena, &seen.why) &&
                (match->one_row ||
                 same_relation(newest->new_schema, newest->new_columns, &match->new_.relation, arena, &seen.why));
    seen.state = same ? CONDITION_MET : CONDITION_NOT_MET;
    return seen;
}

/* `unread`: why the live tables could not be looked at; NULL: they were. */
static void judge_runs(Check *check, const Runs *runs, const Err *unread, Gate *gate) {
    Evidence evidence = {.spec_digest = check->spec.digest,
                         .old_identity = check->old_info.identity,
                         .new_identity = check->new_info.identity,
                         .runs = runs->items,
                         .run_count = runs->count,
                         .now_us = gate->asked_us};
    const PastRun *newest = newest_of(&evidence);
    TablesSeen tables;
    if (unread == NULL) {
        tables = tables_compare(&check->arena, &check->match, newest);
        evidence.old_schema = check->match.old.relation.digest;
        evidence.new_schema = check->match.one_row ? NULL : check->match.new_.relation.digest;
    } else {
        tables = (TablesSeen){CONDITION_UNKNOWN, unread->text};
        evidence.old_schema = newest == NULL ? NULL : newest->old_schema;
        evidence.new_schema = newest == NULL ? NULL : newest->new_schema;
    }
    policy_conditions(gate->policy, &evidence, tables, &gate->conditions);
}

/* ---- the answer ----------------------------------------------------------------------------------------------- */

static size_t count_of(const Conditions *conditions, ConditionState state) {
    size_t count = 0;
    for (size_t i = 0; i < conditions->count; i++) {
        count += conditions->items[i].state == state;
    }
    return count;
}

static void gate_answer(Gate *gate) {
    const Conditions *conditions = &gate->conditions;
    size_t not_met = count_of(conditions, CONDITION_NOT_MET), unknown = count_of(conditions, CONDITION_UNKNOWN);
    gate->answer = not_met > 0 ? GATE_CLOSED : unknown > 0 ? GATE_CANNOT_TELL : GATE_OPEN;
    size_t count = not_met > 0 ? not_met : unknown;
    gate->reason = gate->answer == GATE_OPEN
                       ? arena_printf(conditions->arena, "all %zu conditions are met", conditions->count)
                       : arena_printf(conditions->arena, "%zu of %zu conditions %s %s", count, conditions->count,
                                      count == 1 ? "is" : "are", not_met > 0 ? "not met" : "unknown");
}

bool gate_ask(Check *check, const char *spec_path, const SpecSearch *search, const char *ledger, Gate *out, Err *err) {
    Err unread, unkept;
    bool opened = check_open(check, spec_path, search, &unread) && check_identify(check, &unread);
    if (!opened && (err_is_usage(&unread) || check->spec.digest == NULL)) {
        *err = unread;
        return false;
    }
    Conditions contract = {.arena = &check->arena};
    if (opened && !contract_conditions(check, &contract, err)) {
        return false;
    }
    Runs runs = {.arena = &check->arena};
    Gate gate = {.check = check->spec.check, .policy = &check->spec.gate, .asked_us = clock_wall_us()};
    gate.conditions.arena = &check->arena;
    if (runs_read(ledger, check->spec.check, &runs, &unkept)) {
        judge_runs(check, &runs, opened ? NULL : &unread, &gate);
    } else if (err_is_usage(&unkept)) {
        *err = unkept;
        return false;
    } else {
        policy_unknown(gate.policy, unkept.text, &gate.conditions);
    }
    if (!opened) {
        contract_unknown(&check->spec, unread.text, &contract);
    }
    for (size_t i = 0; i < contract.count; i++) {
        conditions_add(&gate.conditions, &contract.items[i]);
    }
    gate_answer(&gate);
    *out = gate;
    return true;
}
