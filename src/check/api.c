/* The public face of a check: include/twofold/check.h on top of check/check.h. */
#include "twofold/check.h"

#include "check/check.h"

#include <stdio.h>

#ifndef TWOFOLD_VERSION
#define TWOFOLD_VERSION "0.0.0"
#endif

/* Turns findings into the public form. */
typedef struct TakerSink {
    Sink sink;
    const Match *match;
    const TfCheckOptions *options;
    Arena scratch;
} TakerSink;

static bool taker_plan(Sink *sink, const Plan *plan, Err *err) {
    (void)err;
    ((TakerSink *)sink)->match = plan->match;
    return true;
}

static const char *const *key_texts(Arena *scratch, const Finding *finding) {
    const char **texts = ARENA_MANY(scratch, finding->key_count, const char *);
    for (size_t i = 0; i < finding->key_count; i++) {
        Buf text = {0};
        value_print(finding->key[i], &text);
        texts[i] = finding->key[i].state == CELL_NULL ? NULL : arena_copy(scratch, text.bytes, text.length);
        buf_free(&text);
    }
    return texts;
}

static bool taker_finding(Sink *sink, const Finding *finding, Err *err) {
    (void)err;
    TakerSink *self = (TakerSink *)sink;
    const char **columns = ARENA_MANY(&self->scratch, finding->pair_count, const char *);
    const char **invariants = ARENA_MANY(&self->scratch, finding->invariant_count, const char *);
    for (size_t i = 0; i < finding->pair_count; i++) {
        columns[i] = self->match->pairs[finding->pairs[i]].name;
    }
    for (size_t i = 0; i < finding->invariant_count; i++) {
        invariants[i] = self->match->invariants[finding->invariants[i]].spec->name;
    }
    TfFinding shown = {
        .kind = (TfFindingKind)finding->kind,
        .key = key_texts(&self->scratch, finding),
        .key_count = finding->key_count,
        .columns = columns,
        .column_count = finding->pair_count,
        .invariants = invariants,
        .invariant_count = finding->invariant_count,
    };
    self->options->finding(self->options->user, &shown);
    arena_empty(&self->scratch);
    return true;
}

_Static_assert((int)TF_DUPLICATE_KEY == (int)DUPLICATE_KEY, "kinds of findings are cast");
_Static_assert((int)TF_CANNOT_TELL == (int)VERDICT_CANNOT_TELL, "verdicts are cast");

/* NULL: nothing was wanted. */
static bool mode_wanted(const char *word, Mode *out, Err *err) {
    return word == NULL || mode_parse(word, out) ||
           err_set(err, TF_ERROR_USAGE, "cannot use mode \"%s\": there is no such mode", word);
}

static TfSummary summary_of(const Result *result) {
    TfSummary summary = {
        .verdict = (TfVerdict)result->verdict,
        .old_rows = result->counts.old_rows,
        .new_rows = result->counts.new_rows,
        .compared_rows = result->counts.compared,
        .missing_in_new = result->counts.kinds[MISSING_IN_NEW],
        .missing_in_old = result->counts.kinds[MISSING_IN_OLD],
        .different = result->counts.kinds[DIFFERENT],
        .duplicate_key = result->counts.kinds[DUPLICATE_KEY],
        .undecided = result->counts.undecided,
        .in_flight = result->counts.in_flight,
        .coverage = result->coverage,
        .duration_seconds = (double)result->duration_us / 1e6,
    };
    snprintf(summary.reason, sizeof summary.reason, "%s", result->reason);
    return summary;
}

bool tf_check(const char *spec_path, const TfCheckOptions *options, TfSummary *out, TfError *error) {
    static const TfCheckOptions defaults = {0};
    options = options == NULL ? &defaults : options;
    SpecSearch search = {&options->invariants, options->invariants == NULL ? 0 : 1};
    CheckOptions wanted = {.mode = MODE_AUTO, .workers = options->workers, .settle_us = -1};
    TakerSink taker = {.sink = {.plan = taker_plan, .finding = taker_finding}, .options = options};
    Sink *sinks[] = {&taker.sink};
    Check check = {0};
    bool good = mode_wanted(options->mode, &wanted.mode, error) && check_open(&check, spec_path, &search, error) &&
                check_plan(&check, &wanted, error);
    if (good) {
        Result result;
        check_run(&check, &wanted, (RunSinks){sinks, options->finding == NULL ? 0 : 1}, NULL, &result);
        *out = summary_of(&result);
    }
    check_close(&check);
    arena_free(&taker.scratch);
    return good;
}

const char *tf_verdict_name(TfVerdict verdict) {
    return verdict_name((Verdict)verdict);
}

const char *tf_version(void) {
    return TWOFOLD_VERSION;
}
