/* A run on its way into the ledger (promises: ledger.h).
 *
 * In: what sinks are told: plan, findings, ranges, result. Out: the run's row, made with the plan and finished with
 * the result, and a row for each range, written with its findings in one transaction.
 */
#include "base/clock.h"
#include "base/json_writer.h"
#include "check/kept_json.h"
#include "check/kept_lines.h"
#include "check/mask.h"
#include "ledger/ledger_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ID_BYTES = 32, DIGEST_BYTES = 24 };

/* ---- a result as a past run -------------------------------------------------------------------------------------- */

/* "20260102T030405Z-1a2b3c4d": sorts by time, and two runs of one second still differ. */
static void id_make(int64_t started_us, char out[ID_BYTES]) {
    char started[21];
    uint32_t chance = 0;
    clock_format_utc(started_us, started);
    if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance)) {
        chance = (uint32_t)clock_monotonic_us();
    }
    size_t length = 0;
    for (const char *at = started; *at != '\0'; at++) {
        if (*at != '-' && *at != ':') {
            out[length++] = *at;
        }
    }
    snprintf(out + length, ID_BYTES - length, "-%08x", chance);
}

typedef const char *NameOf(const Match *match, size_t i);

static const char *pair_name(const Match *match, size_t i) {
    return match->pairs[i].name;
}

static const char *invariant_name(const Match *match, size_t i) {
    return match->invariants[i].spec->name;
}

static const char *cause_name_of(const Match *match, size_t i) {
    (void)match;
    return cause_name((Cause)i);
}

/* {"status": 3}: those with none are left out. */
static void write_counts(JsonWriter *json, const char *member, const Match *match, NameOf *name, const int64_t *counts,
                         size_t count) {
    json_name(json, member);
    json_begin_object(json);
    for (size_t i = 0; i < count; i++) {
        if (counts[i] > 0) {
            json_name(json, name(match, i));
            json_int(json, counts[i]);
        }
    }
    json_end_object(json);
}

static void counts_write(const Result *result, Buf *out) {
    const Match *match = result->match;
    const Counts *counts = &result->counts;
    size_t pairs = match == NULL ? 0 : match->pair_count;
    size_t invariants = match == NULL ? 0 : match->invariant_count;
    JsonWriter json = json_writer(out, false);
    json_begin_object(&json);
    write_counts(&json, "columns", match, pair_name, counts->pair_different, pairs);
    write_counts(&json, "invariants", match, invariant_name, counts->invariant_violations, invariants);
    write_counts(&json, "undecided", match, invariant_name, counts->invariant_undecided, invariants);
    write_counts(&json, "causes", match, cause_name_of, counts->causes, CAUSES);
    json_end_object(&json);
}

static void fill_counts(const Result *result, PastRun *run) {
    const Counts *counts = &result->counts;
    run->old_rows = counts->old_rows;
    run->new_rows = counts->new_rows;
    run->compared = counts->compared;
    run->mismatched_rows = result->mismatched_rows;
    run->missing_in_new = counts->kinds[MISSING_IN_NEW];
    run->missing_in_old = counts->kinds[MISSING_IN_OLD];
    run->different = counts->kinds[DIFFERENT];
    run->duplicate_key = counts->kinds[DUPLICATE_KEY];
    run->undecided = counts->undecided;
    run->in_flight = counts->in_flight;
    run->ranges_planned = result->ranges_planned;
    run->ranges_proved = result->ranges_proved;
    run->ranges_failed = result->ranges_failed;
    run->coverage = result->coverage;
}

const char *ledger_columns(Arena *arena, const Relation *relation) {
    Buf lines = {0};
    for (size_t i = 0; i < relation->column_count; i++) {
        buf_printf(&lines, "%s\t%s\n", relation->columns[i].name, relation->columns[i].type);
    }
    const char *copy = arena_copy(arena, lines.length == 0 ? "" : lines.bytes, lines.length);
    buf_free(&lines);
    return copy;
}

static void fill_sources(const Match *match, LedgerSources sources, Arena *arena, PastRun *run) {
    if (match != NULL) {
        run->spec_digest = match->spec->digest;
        run->old_schema = match->old.relation.digest;
        run->old_columns = ledger_columns(arena, &match->old.relation);
        run->new_schema = match->one_row ? NULL : match->new_.relation.digest;
        run->new_columns = match->one_row ? NULL : ledger_columns(arena, &match->new_.relation);
    }
    if (sources.old != NULL) {
        run->old_engine = sources.old->engine;
        run->old_place = sources.old->place;
        run->old_identity = sources.old->identity;
    }
    if (sources.new_ != NULL) {
        run->new_engine = sources.new_->engine;
        run->new_place = sources.new_->place;
        run->new_identity = sources.new_->identity;
    }
}

static PastRun run_of_result(const Result *result, LedgerSources sources, Arena *arena) {
    Buf counts = {0};
    counts_write(result, &counts);
    PastRun run = {.check = result->check,
                   .verdict = verdict_name(result->verdict),
                   .reason = result->reason != NULL ? result->reason : result->err.text,
                   .error = result->err.text[0] != '\0' ? result->err.text : NULL,
                   .mode = mode_name(result->mode),
                   .started_us = result->started_us,
                   .duration_us = result->duration_us,
                   .counts = arena_copy(arena, counts.bytes, counts.length)};
    buf_free(&counts);
    fill_counts(result, &run);
    fill_sources(result->match, sources, arena, &run);
    return run;
}

bool ledger_record(Ledger *ledger, const Result *result, LedgerSources sources, Err *err) {
    char id[ID_BYTES];
    Arena arena = {0};
    id_make(result->started_us, id);
    PastRun run = run_of_result(result, sources, &arena);
    run.id = id;
    bool good = ledger_run_insert(ledger, &run, err);
    arena_free(&arena);
    return good;
}

/* ---- the sink ---------------------------------------------------------------------------------------------- */

typedef struct LedgerSink {
    Sink sink;
    Ledger *ledger;
    LedgerSources sources;
    const Match *match; /* NULL: there is no plan yet, and no row */
    char id[ID_BYTES];
    int64_t started_us, attempt, next_number;
    KeptLines findings; /* of the range that comes next */
    int64_t finding_count;
} LedgerSink;

/* The bounds of masked keys would show them, so such a plan is not kept, and its run cannot be resumed. */
static bool keeps_bounds(const Match *match) {
    return !mask_hides_key(match);
}

const char *ledger_order_name(KeyOrder order) {
    return order.native_collation ? "native" : "value";
}

/* The order of keys, then a line a range. */
static void plan_write(const Plan *plan, Buf *out) {
    buf_printf(out, "%s\n", ledger_order_name(plan->order));
    for (size_t i = 0; i < plan->range_count; i++) {
        kept_range_write(plan->ranges[i], plan->match->key_count, out);
        buf_char(out, '\n');
    }
}

static bool plan_keep(LedgerSink *self, const Plan *plan, Err *err) {
    static const char sql[] = "insert into twofold_plan (run_id, plan) values ($1, $2)"
                              " on conflict (run_id) do update set plan = excluded.plan";
    if (!keeps_bounds(plan->match)) {
        return true;
    }
    Buf lines = {0};
    plan_write(plan, &lines);
    const char *params[] = {self->id, lines.bytes};
    bool good = ledger_db_write(self->ledger->db, sql, params, 2, err);
    buf_free(&lines);
    return good;
}

static bool run_begin(LedgerSink *self, const Plan *plan, Err *err) {
    Arena arena = {0};
    PastRun run = {.id = self->id,
                   .check = plan->match->spec->check,
                   .verdict = VERDICT_UNFINISHED,
                   .reason = "not ended",
                   .mode = mode_name(plan->mode),
                   .started_us = self->started_us,
                   .ranges_planned = (int64_t)plan->range_count,
                   .counts = "{}"};
    fill_sources(plan->match, self->sources, &arena, &run);
    bool good =
        ledger_db_begin(self->ledger->db, err) &&
        ledger_db_end(self->ledger->db, ledger_run_insert(self->ledger, &run, err) && plan_keep(self, plan, err), err);
    arena_free(&arena);
    return good;
}

static bool rows_drop(LedgerSink *self, const LedgerResume *from, Err *err) {
    bool good = true;
    for (size_t i = 0; good && i < from->dropped_count; i++) {
        Arena arena = {0};
        const char *params[] = {self->id, ledger_int(&arena, from->dropped[i])};
        good = ledger_db_write(self->ledger->db, "delete from twofold_range where run_id = $1 and number = $2", params,
                               2, err);
        arena_free(&arena);
    }
    return good;
}

/* The row says again what is known before the result. */
static bool row_reopen(LedgerSink *self, const Plan *plan, const Resume *resume, Err *err) {
    static const char sql[] =
        "update twofold_run set verdict = 'unfinished', reason = 'not ended', error = null,"
        " resumed = $2, ranges_planned = $3, ranges_proved = $4, ranges_failed = 0,"
        " old_rows = $5, new_rows = $6, compared = $7, ordinal = " NEXT_ORDINAL("$8") " where id = $1";
    Arena arena = {0};
    const char *params[] = {self->id,
                            ledger_int(&arena, self->attempt),
                            ledger_int(&arena, resume->proved + (int64_t)plan->range_count),
                            ledger_int(&arena, resume->proved),
                            ledger_int(&arena, resume->counts.old_rows),
                            ledger_int(&arena, resume->counts.new_rows),
                            ledger_int(&arena, resume->counts.compared),
                            plan->match->spec->check};
    bool good = ledger_db_write(self->ledger->db, sql, params, sizeof(params) / sizeof(params[0]), err);
    arena_free(&arena);
    return good;
}

static bool run_go_on(LedgerSink *self, const Plan *plan, Err *err) {
    const LedgerResume *from = (const LedgerResume *)plan->resume;
    return ledger_db_begin(self->ledger->db, err) &&
           ledger_db_end(self->ledger->db,
                         rows_drop(self, from, err) && row_reopen(self, plan, plan->resume, err) &&
                             plan_keep(self, plan, err),
                         err);
}

static bool sink_plan(Sink *sink, const Plan *plan, Err *err) {
    LedgerSink *self = (LedgerSink *)sink;
    self->match = plan->match;
    if (plan->resume == NULL) {
        self->started_us = clock_wall_us();
        id_make(self->started_us, self->id);
        return run_begin(self, plan, err);
    }
    const LedgerResume *from = (const LedgerResume *)plan->resume;
    self->started_us = plan->resume->started_us;
    self->attempt = from->attempt + 1;
    self->next_number = from->next_number;
    snprintf(self->id, sizeof(self->id), "%s", from->id);
    return run_go_on(self, plan, err);
}

static bool sink_finding(Sink *sink, const Finding *finding, Err *err) {
    (void)err;
    LedgerSink *self = (LedgerSink *)sink;
    if (!self->ledger->retelling) {
        kept_lines_add(&self->findings, finding);
        self->finding_count++;
    }
    return true;
}

/* ---- ranges ------------------------------------------------------------------------------------------------ */

static const char *digest_text(Arena *arena, const Digest *digest) {
    unsigned char bytes[DIGEST_BYTES];
    char *hex = arena_alloc(arena, 2 * DIGEST_BYTES + 1);
    digest_bytes(digest, bytes);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    }
    return hex;
}

static const char *bound_text(Arena *arena, const Match *match, const Value *bound) {
    if (bound == NULL || !keeps_bounds(match)) {
        return NULL;
    }
    Buf text = {0};
    kept_bound_write(bound, match->key_count, &text);
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

static const char *counts_text(Arena *arena, const Match *match, const Counts *counts) {
    Buf text = {0};
    kept_counts_write(counts, match, &text);
    const char *copy = arena_copy(arena, text.bytes, text.length);
    buf_free(&text);
    return copy;
}

static bool range_insert(LedgerSink *self, const RangeReport *range, Arena *arena, Err *err) {
    static const char sql[] =
        "insert into twofold_range (run_id, number, attempt, task, state, parts, first_range,"
        " range_count, halved, rows_kind, key_from, key_to, error, counts, old_digest, new_digest,"
        " duration_us, finding_count, findings) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
        " $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    bool digests = range->state == RANGE_PROVED && (range->old.rows > 0 || range->new_.rows > 0);
    const char *params[] = {
        self->id,
        ledger_int(arena, self->next_number),
        ledger_int(arena, self->attempt),
        ledger_int(arena, (int64_t)range->task),
        range_state_name(range->state),
        ledger_int(arena, (int64_t)range->parts),
        ledger_int(arena, (int64_t)range->index),
        ledger_int(arena, (int64_t)range->count),
        ledger_int(arena, range->halved),
        range_rows_name(range->range->rows),
        bound_text(arena, self->match, range->range->from),
        bound_text(arena, self->match, range->range->to),
        range->state == RANGE_FAILED || range->state == RANGE_PART_FAILED ? range->err.text : NULL,
        counts_text(arena, self->match, &range->counts),
        digests ? digest_text(arena, &range->old) : NULL,
        digests ? digest_text(arena, &range->new_) : NULL,
        ledger_int(arena, range->duration_us),
        ledger_int(arena, self->finding_count),
        self->finding_count > 0 ? self->findings.text.bytes : NULL,
    };
    return ledger_db_write(self->ledger->db, sql, params, sizeof(params) / sizeof(params[0]), err);
}

/* `twofold history` shows how far a run is, or was when it was killed. */
static bool run_advance(LedgerSink *self, const RangeReport *range, Arena *arena, Err *err) {
    static const char sql[] = "update twofold_run set ranges_proved = ranges_proved + $2,"
                              " ranges_failed = ranges_failed + $3, old_rows = old_rows + $4,"
                              " new_rows = new_rows + $5, compared = compared + $6, duration_us = $7 where id = $1";
    int64_t whole = range->halved ? 0 : (int64_t)range->count;
    const char *params[] = {self->id,
                            ledger_int(arena, range->state == RANGE_PROVED ? whole : 0),
                            ledger_int(arena, range->state == RANGE_FAILED ? whole : 0),
                            ledger_int(arena, range->counts.old_rows),
                            ledger_int(arena, range->counts.new_rows),
                            ledger_int(arena, range->counts.compared),
                            ledger_int(arena, clock_wall_us() - self->started_us)};
    return ledger_db_write(self->ledger->db, sql, params, sizeof(params) / sizeof(params[0]), err);
}

static bool range_keep(LedgerSink *self, const RangeReport *range, Err *err) {
    Arena arena = {0};
    kept_lines_end(&self->findings);
    bool good = ledger_db_begin(self->ledger->db, err) &&
                ledger_db_end(self->ledger->db,
                              range_insert(self, range, &arena, err) && run_advance(self, range, &arena, err), err);
    self->next_number++;
    self->finding_count = 0;
    kept_lines_empty(&self->findings);
    arena_free(&arena);
    return good;
}

/* A range that nobody tried to read has nothing to tell: it is in the plan and not among the ranges. */
static bool sink_range(Sink *sink, const RangeReport *range, Err *err) {
    bool untried = range->state == RANGE_FAILED && range->duration_us == 0;
    return untried || range_keep((LedgerSink *)sink, range, err);
}

static bool sink_part(Sink *sink, const RangeReport *part, Err *err) {
    return range_keep((LedgerSink *)sink, part, err);
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

static bool is_complete(const Result *result) {
    return result->ranges_proved == result->ranges_planned && result->counts.in_flight == 0;
}

static bool run_finish(LedgerSink *self, const Result *result, Err *err) {
    Arena arena = {0};
    PastRun run = run_of_result(result, self->sources, &arena);
    run.id = self->id;
    run.resumed = self->attempt;
    run.started_us = self->started_us;
    run.duration_us = result->started_us + result->duration_us - self->started_us;
    const char *id = self->id;
    bool good = ledger_run_update(self->ledger, &run, err) &&
                (!is_complete(result) ||
                 ledger_db_write(self->ledger->db, "delete from twofold_plan where run_id = $1", &id, 1, err)) &&
                ledger_forget_old(self->ledger, run.check, err);
    arena_free(&arena);
    return good;
}

static bool sink_result(Sink *sink, const Result *result, Err *err) {
    LedgerSink *self = (LedgerSink *)sink;
    if (self->match == NULL) {
        return ledger_record(self->ledger, result, self->sources, err);
    }
    return ledger_db_begin(self->ledger->db, err) &&
           ledger_db_end(self->ledger->db, run_finish(self, result, err), err);
}

static void sink_close(Sink *sink) {
    LedgerSink *self = (LedgerSink *)sink;
    kept_lines_free(&self->findings);
    free(self);
}

Sink *ledger_sink_open(Ledger *ledger, LedgerSources sources) {
    LedgerSink *self = mem_alloc(sizeof(LedgerSink));
    *self = (LedgerSink){.sink = {.plan = sink_plan,
                                  .finding = sink_finding,
                                  .range = sink_range,
                                  .part = sink_part,
                                  .result = sink_result,
                                  .close = sink_close},
                         .ledger = ledger,
                         .sources = sources};
    return &self->sink;
}
