/* What a run left, and what it found (promises: ledger.h, check/resume.h).
 *
 * In: the rows of the newest run of a check. Out: a Resume, or why there is none. A range counts where its own row says
 * that it was proved, all its parts are there, and nothing in it was still changing; every other row is dropped when
 * the run goes on.
 */
#include "base/clock.h"
#include "check/kept_json.h"
#include "check/kept_lines.h"
#include "check/mask.h"
#include "ledger/ledger_parts.h"

#include <stdlib.h>
#include <string.h>

static const char ANEW[] = "Begin anew without --resume.";

/* The run's row. */
typedef struct Newest {
    Arena *arena;
    const char *id;
    const char *mode;
    int64_t started_us;
    const char *spec_digest, *old_schema, *new_schema, *old_columns, *new_columns;
    const char *old_place, *new_place, *old_identity, *new_identity;
    int64_t resumed;
    bool read_to_its_end;
    const char *plan;
} Newest;

/* A row of a range. */
typedef struct Row {
    int64_t number, attempt, task, parts, finding_count;
    RangeDone done;
    bool proved; /* its own report */
    bool part;
    Counts counts;
} Row;

typedef struct Rows {
    Arena *arena;
    const Match *match;
    Row *rows;
    size_t count, capacity;
    Err why; /* of a row that cannot be */
} Rows;

static bool refused(int64_t started_us, const char *why, Err *err) {
    char started[21];
    clock_format_utc(started_us, started);
    (void)err_set(err, TF_ERROR_USAGE, "cannot resume the run of %s: %s", started, why);
    return err_hint(err, "%s", ANEW);
}

static bool damaged(int64_t started_us, Err *err) {
    (void)refused(started_us, "what the ledger holds of it is damaged", err);
    err->code = TF_ERROR_IO;
    return false;
}

/* ---- what changed ------------------------------------------------------------------------------------------ */

/* The next line "name\ttype\n"; false at the end. */
static bool next_column(const char **at, Str *name, Str *type) {
    size_t name_length = strcspn(*at, "\t");
    size_t type_length = (*at)[name_length] == '\0' ? 0 : strcspn(*at + name_length + 1, "\n");
    if (**at == '\0' || (*at)[name_length] == '\0') {
        return false;
    }
    *name = (Str){*at, name_length};
    *type = (Str){*at + name_length + 1, type_length};
    *at = type->bytes + type_length;
    *at += **at == '\n';
    return true;
}

static bool find_column(const char *columns, Str name, Str *type) {
    Str found;
    while (next_column(&columns, &found, type)) {
        if (str_equal(found, name)) {
            return true;
        }
    }
    return false;
}

const char *ledger_schema_change(Arena *arena, const char *then, const Relation *relation) {
    const char *now = ledger_columns(arena, relation), *table = relation->name;
    Str name, type, other;
    for (const char *at = now; next_column(&at, &name, &type);) {
        if (!find_column(then, name, &other)) {
            return arena_printf(arena, "column \"%.*s\" of %s was added since", STR_ARG(name), table);
        }
        if (!str_equal(type, other)) {
            return arena_printf(arena, "column \"%.*s\" of %s is %.*s, and was %.*s", STR_ARG(name), table,
                                STR_ARG(type), STR_ARG(other));
        }
    }
    for (const char *at = then; next_column(&at, &name, &type);) {
        if (!find_column(now, name, &other)) {
            return arena_printf(arena, "column \"%.*s\" of %s was dropped since", STR_ARG(name), table);
        }
    }
    return arena_printf(arena, "the definition of %s has changed since", table);
}

static bool same_relation(const Newest *run, const char *then, const char *columns, const Relation *relation,
                          Err *err) {
    if (text_equal(then, relation->digest)) {
        return true;
    }
    const char *before = columns == NULL ? "" : columns;
    return refused(run->started_us, ledger_schema_change(run->arena, before, relation), err);
}

/* A service file or the environment may lead elsewhere by now, and halves of two databases prove nothing. */
static bool same_database(const Newest *run, const char *place, const char *identity, const SourceInfo *now, Err *err) {
    return now == NULL || source_may_be_same(identity, now->identity) ||
           refused(run->started_us,
                   arena_printf(run->arena, "it read %s, and this is %s", place == NULL ? "" : place, now->place), err);
}

static bool same_question(const Newest *run, const Match *match, LedgerSources sources, Err *err) {
    if (!text_equal(run->spec_digest, match->spec->digest)) {
        return refused(run->started_us, "the spec has changed since", err);
    }
    return same_database(run, run->old_place, run->old_identity, sources.old, err) &&
           (match->one_row || same_database(run, run->new_place, run->new_identity, sources.new_, err)) &&
           same_relation(run, run->old_schema, run->old_columns, &match->old.relation, err) &&
           (match->one_row || same_relation(run, run->new_schema, run->new_columns, &match->new_.relation, err));
}

/* ---- the run -------------------------------------------------------------------------------------------------- */

static bool take_newest(void *self, const char *const *cells, Err *err) {
    (void)err;
    Newest *run = self;
    run->id = arena_text(run->arena, cells[0]);
    run->mode = arena_text(run->arena, cells[1]);
    run->started_us = ledger_to_int(cells[2]);
    run->spec_digest = arena_text(run->arena, cells[3]);
    run->old_schema = arena_text(run->arena, cells[4]);
    run->new_schema = arena_text(run->arena, cells[5]);
    run->old_columns = arena_text(run->arena, cells[6]);
    run->new_columns = arena_text(run->arena, cells[7]);
    run->resumed = ledger_to_int(cells[8]);
    run->plan = arena_text(run->arena, cells[9]);
    run->read_to_its_end = strcmp(cells[10], VERDICT_UNFINISHED) != 0 && ledger_to_int(cells[11]) <= 0;
    run->old_place = arena_text(run->arena, cells[12]);
    run->new_place = arena_text(run->arena, cells[13]);
    run->old_identity = arena_text(run->arena, cells[14]);
    run->new_identity = arena_text(run->arena, cells[15]);
    return true;
}

static bool newest_read(Ledger *ledger, const char *check, Newest *run, Err *err) {
    static const char sql[] = "select id, mode, started_us, spec_digest, old_schema, new_schema, old_columns,"
                              " new_columns, resumed, (select plan from twofold_plan where run_id = twofold_run.id),"
                              " verdict, ranges_planned - ranges_proved + in_flight,"
                              " old_place, new_place, old_identity, new_identity"
                              " from twofold_run where check_name = $1 and ranges_planned > 0" NEWEST_FIRST " limit 1";
    return ledger->db->ops->run(ledger->db, sql, &check, 1, (LedgerRows){take_newest, run}, err);
}

/* ---- its plan ------------------------------------------------------------------------------------------------- */

static bool line_take(const char **at, Str *out) {
    size_t length = strcspn(*at, "\n");
    *out = (Str){*at, length};
    bool some = (*at)[length] == '\n';
    *at += length + some;
    return some;
}

static size_t line_count(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

/* Neighbours share their bound, so that the queue may join them. */
static void bound_share(const Range *before, Range *range, size_t key_count) {
    if (before->to == NULL || range->from == NULL) {
        return;
    }
    for (size_t i = 0; i < key_count; i++) {
        if (value_compare(before->to[i], range->from[i]) != 0) {
            return;
        }
    }
    range->from = before->to;
}

static bool plan_read(Arena *arena, const char *plan, size_t key_count, KeyOrder *order, Range **out, size_t *count) {
    Str line;
    *out = ARENA_MANY(arena, line_count(plan), Range);
    *count = 0;
    if (!line_take(&plan, &line)) {
        return false;
    }
    order->native_collation = str_equal(line, str_of(ledger_order_name((KeyOrder){true})));
    while (line_take(&plan, &line)) {
        Range *range = &(*out)[*count];
        if (!kept_range_read(arena, line, key_count, range)) {
            return false;
        }
        if (*count > 0) {
            bound_share(range - 1, range, key_count);
        }
        (*count)++;
    }
    return true;
}

/* ---- its rows ------------------------------------------------------------------------------------------------- */

static Row *rows_room(Rows *rows) {
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 64 : rows->capacity * 2;
        rows->rows = mem_resize(rows->rows, rows->capacity * sizeof(Row));
    }
    Row *row = &rows->rows[rows->count++];
    *row = (Row){0};
    return row;
}

static bool take_row(void *self, const char *const *cells, Err *err) {
    Rows *rows = self;
    Row *row = rows_room(rows);
    row->number = ledger_to_int(cells[0]);
    row->attempt = ledger_to_int(cells[1]);
    row->task = ledger_to_int(cells[2]);
    row->proved = text_equal(cells[3], range_state_name(RANGE_PROVED));
    row->part = text_equal(cells[3], range_state_name(RANGE_PART));
    row->parts = ledger_to_int(cells[4]);
    row->done.first = (size_t)ledger_to_int(cells[5]);
    row->done.count = (size_t)ledger_to_int(cells[6]);
    row->done.halved = ledger_to_int(cells[7]) != 0;
    row->finding_count = ledger_to_int(cells[12]);
    size_t key_count = rows->match->key_count;
    bool good = range_rows_read(str_of(cells[8]), &row->done.range.rows) &&
                kept_bound_read(rows->arena, str_of(cells[9]), key_count, &row->done.range.from) &&
                kept_bound_read(rows->arena, str_of(cells[10]), key_count, &row->done.range.to) &&
                kept_counts_read(rows->arena, str_of(cells[11]), rows->match, &row->counts);
    good = good && (!row->done.halved || (row->done.range.from != NULL && row->done.range.to != NULL));
    return good || err_set(err, TF_ERROR_DATA, "range %s", cells[0]);
}

static bool rows_read(Ledger *ledger, const Newest *run, Rows *rows, Err *err) {
    static const char sql[] = "select number, attempt, task, state, parts, first_range, range_count, halved, rows_kind,"
                              " key_from, key_to, counts, finding_count from twofold_range where run_id = $1"
                              " order by attempt, task, number";
    if (ledger->db->ops->run(ledger->db, sql, &run->id, 1, (LedgerRows){take_row, rows}, err)) {
        return true;
    }
    return err->code == TF_ERROR_DATA ? damaged(run->started_us, err) : false;
}

/* ---- which of them count -------------------------------------------------------------------------------------- */

/* The rows of one range: its own and its parts, in any order. */
typedef struct Group {
    const Row *rows;
    size_t count;
    const Row *own; /* NULL: it never came */
    bool done;
} Group;

static Group group_at(const Rows *rows, size_t at) {
    Group group = {.rows = &rows->rows[at]};
    int64_t parts = 0, in_flight = 0;
    while (at + group.count < rows->count && rows->rows[at + group.count].attempt == group.rows[0].attempt &&
           rows->rows[at + group.count].task == group.rows[0].task) {
        const Row *row = &group.rows[group.count++];
        parts += row->part;
        in_flight += row->counts.in_flight;
        group.own = row->proved ? row : group.own;
    }
    group.done = group.own != NULL && parts == group.own->parts && (size_t)parts + 1 == group.count && in_flight == 0;
    return group;
}

static void group_count(const Group *group, LedgerResume *out) {
    for (size_t i = 0; i < group->count; i++) {
        const Row *row = &group->rows[i];
        if (group->done) {
            out->kept[out->kept_count++] = row->number;
            out->finding_count += row->finding_count;
            counts_add(&out->resume.counts, &row->counts, out->match);
        } else {
            out->dropped[out->dropped_count++] = row->number;
        }
        out->next_number = row->number >= out->next_number ? row->number + 1 : out->next_number;
    }
    out->resume.proved += group->done ? (int64_t)group->own->done.count : 0;
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* What earlier attempts proved was settled when they were resumed: their rows are no part of the latest plan. */
static bool rows_weigh(Arena *arena, const Rows *rows, const Range *ranges, size_t range_count, LedgerResume *out) {
    RangeDone *done = ARENA_MANY(arena, rows->count, RangeDone);
    size_t done_count = 0;
    out->kept = ARENA_MANY(arena, rows->count, int64_t);
    out->dropped = ARENA_MANY(arena, rows->count, int64_t);
    for (size_t at = 0; at < rows->count;) {
        Group group = group_at(rows, at);
        group_count(&group, out);
        if (group.done && group.own->attempt == out->attempt) {
            if (group.own->done.count == 0 || group.own->done.count > range_count) {
                return false;
            }
            done[done_count++] = group.own->done;
        }
        at += group.count;
    }
    if (out->kept_count > 0) {
        qsort(out->kept, out->kept_count, sizeof(int64_t), by_number);
    }
    return ranges_left(arena, ranges, range_count, done, done_count, &out->resume.left, &out->resume.left_count);
}

/* ---- its findings --------------------------------------------------------------------------------------------- */

typedef struct Retelling {
    const LedgerResume *from;
    FindingTaker taker;
    Arena arena; /* one finding at a time */
    int64_t told;
} Retelling;

static bool is_kept(const LedgerResume *from, int64_t number) {
    return from->kept_count > 0 && bsearch(&number, from->kept, from->kept_count, sizeof(int64_t), by_number) != NULL;
}

static void retell(void *self, const Finding *finding) {
    Retelling *retelling = self;
    retelling->taker.take(retelling->taker.self, finding);
    retelling->told++;
}

static bool take_findings(void *self, const char *const *cells, Err *err) {
    Retelling *retelling = self;
    if (!is_kept(retelling->from, ledger_to_int(cells[0]))) {
        return true;
    }
    Str line;
    for (const char *at = cells[1]; line_take(&at, &line);) {
        FindingTaker taker = {retell, retelling};
        int64_t rest = retelling->from->finding_count - retelling->told;
        if (rest < 1 || !kept_line_read(&retelling->arena, line, retelling->from->match, rest, taker)) {
            return damaged(retelling->from->resume.started_us, err);
        }
        arena_empty(&retelling->arena);
    }
    return true;
}

static bool findings_retell(const Resume *resume, FindingTaker taker, Err *err) {
    static const char sql[] = "select number, findings from twofold_range where run_id = $1 and findings is not null"
                              " order by number";
    const LedgerResume *from = (const LedgerResume *)resume;
    LedgerDb *db = from->ledger->db;
    Retelling retelling = {.from = from, .taker = taker};
    from->ledger->retelling = true;
    bool good = db->ops->run(db, sql, &from->id, 1, (LedgerRows){take_findings, &retelling}, err);
    from->ledger->retelling = false;
    arena_free(&retelling.arena);
    return good && (retelling.told == from->finding_count || damaged(resume->started_us, err));
}

/* ---- the answer ----------------------------------------------------------------------------------------------- */

static bool resume_make(Ledger *ledger, Arena *arena, const Newest *run, const Match *match, LedgerResume *out,
                        Err *err) {
    Rows rows = {.arena = arena, .match = match};
    Range *ranges;
    size_t range_count;
    *out = (LedgerResume){.ledger = ledger, .match = match, .id = run->id, .attempt = run->resumed};
    out->resume = (Resume){.started_us = run->started_us, .counts = counts_make(arena, match)};
    out->resume.findings = findings_retell;
    bool good = rows_read(ledger, run, &rows, err) &&
                ((mode_parse(run->mode, &out->resume.mode) &&
                  plan_read(arena, run->plan, match->key_count, &out->resume.order, &ranges, &range_count) &&
                  rows_weigh(arena, &rows, ranges, range_count, out)) ||
                 damaged(run->started_us, err));
    free(rows.rows);
    return good;
}

bool ledger_resume(Ledger *ledger, Arena *arena, const Match *match, LedgerSources sources, const Resume **out,
                   Err *err) {
    Newest run = {.arena = arena};
    *out = NULL;
    if (!newest_read(ledger, match->spec->check, &run, err)) {
        return false;
    }
    if (run.id == NULL || run.read_to_its_end) {
        return true;
    }
    if (!same_question(&run, match, sources, err)) {
        return false;
    }
    if (run.plan == NULL) {
        return refused(run.started_us,
                       mask_hides_key(match) ? "its key is masked, so where it stood was not kept"
                                             : "where it stood is no longer kept",
                       err);
    }
    LedgerResume *made = ARENA_NEW(arena, LedgerResume);
    if (!resume_make(ledger, arena, &run, match, made, err)) {
        return false;
    }
    *out = &made->resume;
    return true;
}
