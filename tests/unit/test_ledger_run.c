/* A run in the ledger, range by range: killed at every write and gone on with, and what is not the same run any more.
 */
#include "ledger/ledger.h"

#include "check/kept_json.h"
#include "ledger/ledger_schema.h"
#include "unit/report_fixture.h"
#include "unit/test.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RANGES = 7, STEP = 100, KILLED = 42 };

static char folder[] = "/tmp/twofold-ledger-run-XXXXXX";
static Arena arena;

static const char *url_of(const char *name) {
    return arena_printf(&arena, "sqlite:%s/%s", folder, name);
}

static Ledger *open_ledger(const char *name) {
    Ledger *ledger = NULL;
    Err err;
    CHECK(ledger_open(url_of(name), LEDGER_WRITE, &ledger, &err));
    return ledger;
}

/* ---- a made-up check: range i holds i findings, and 10 rows more ------------------------------------------------- */

static const Value *bound_of(int64_t integer) {
    Value *bound = ARENA_NEW(&arena, Value);
    *bound = value_int(integer);
    return bound;
}

static void fixture_plan(Fixture *f, Plan *plan, Range *ranges) {
    fixture_make(f);
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        f->old_columns[i].type = f->new_columns[i].type = "text";
    }
    const Value *from = NULL;
    for (size_t i = 0; i < RANGES; i++) {
        const Value *to = i + 1 == RANGES ? NULL : bound_of((int64_t)(i + 1) * STEP);
        ranges[i] = (Range){RANGE_BETWEEN, from, to};
        from = to;
    }
    *plan = (Plan){.match = &f->match, .mode = MODE_STREAM, .ranges = ranges, .range_count = RANGES, .workers = 1};
}

static void tell_finding(Sink *sink, const Fixture *f, int64_t key) {
    Err err;
    Value value = value_int(key);
    Finding finding = f->findings[1];
    finding.key = &value;
    CHECK(sink->finding(sink, &finding, &err));
}

static Counts counts_of(const Fixture *f, int64_t findings) {
    Counts counts = counts_make(&arena, &f->match);
    counts.old_rows = counts.new_rows = counts.compared = 10 + findings;
    counts.kinds[DIFFERENT] = findings;
    return counts;
}

/* Range 3 is told in two parts, one of them after its own report. */
static void tell_range(Sink *sink, const Fixture *f, Range range, size_t index, size_t task) {
    Err err;
    int64_t place = range.from == NULL ? 0 : range.from[0].as.integer / STEP;
    bool in_parts = place == 3;
    RangeReport report = {.range = &range, .index = index, .count = 1, .task = task, .duration_us = 5};
    report.parts = in_parts ? 2 : 0;
    report.old = report.new_ = (Digest){1, 2, 10};
    RangeReport part = report;
    part.state = RANGE_PART;
    part.parts = 0;
    part.counts = counts_make(&arena, &f->match);
    for (int64_t i = 0; i < place; i++) {
        tell_finding(sink, f, place * STEP + i);
        if (in_parts && i == 0) {
            CHECK(sink->part(sink, &part, &err));
        }
        if (in_parts && i == 1) {
            report.counts = counts_of(f, place);
            CHECK(sink->range(sink, &report, &err));
        }
    }
    report.counts = counts_of(f, place);
    CHECK(in_parts ? sink->part(sink, &part, &err) : sink->range(sink, &report, &err));
}

static const SourceInfo SHOP = {.engine = "PostgreSQL 15.20", .place = "shop on a:5432", .identity = "shop@7412"};
static const LedgerSources HERE = {&SHOP, &SHOP};

/* What a pipeline would count: told by the ledger or read anew. */
typedef struct Tally {
    int64_t rows, findings, keys;
} Tally;

static void take_finding(void *self, const Finding *finding) {
    Tally *tally = self;
    tally->findings++;
    tally->keys += finding->key[0].as.integer;
}

static const Resume *resume_of(Ledger *ledger, const Fixture *f) {
    Err err;
    const Resume *resume = NULL;
    CHECK(ledger_resume(ledger, &arena, &f->match, HERE, &resume, &err));
    return resume;
}

static bool all_told(const Tally *tally) {
    Tally want = {0};
    for (int64_t i = 0; i < RANGES; i++) {
        want.rows += 10 + i;
        want.findings += i;
        for (int64_t j = 0; j < i; j++) {
            want.keys += i * STEP + j;
        }
    }
    return tally->rows == want.rows && tally->findings == want.findings && tally->keys == want.keys;
}

static Result result_of(const Fixture *f, int64_t planned, int64_t proved) {
    Result result = f->result;
    result.ranges_planned = planned;
    result.ranges_proved = proved;
    result.ranges_failed = planned - proved;
    return result;
}

/* As the run tells them to every sink. */
static void retell_finding(void *self, const Finding *finding) {
    Sink *sink = self;
    Err err;
    CHECK(sink->finding(sink, finding, &err));
}

/* Runs what is left, and ends well. Without a resume: everything. */
static void run_to_the_end(Ledger *ledger, Fixture *f, Plan *plan, const Resume *resume) {
    Err err;
    Sink *sink = ledger_sink_open(ledger, (LedgerSources){0});
    plan->resume = resume;
    if (resume != NULL) {
        plan->ranges = resume->left;
        plan->range_count = resume->left_count;
    }
    CHECK(sink->plan(sink, plan, &err));
    CHECK(resume == NULL || resume->findings(resume, (FindingTaker){retell_finding, sink}, &err));
    for (size_t i = 0; i < plan->range_count; i++) {
        tell_range(sink, f, plan->ranges[i], i, i);
    }
    int64_t planned = (int64_t)plan->range_count + (resume == NULL ? 0 : resume->proved);
    Result result = result_of(f, planned, planned);
    CHECK(sink->result(sink, &result, &err));
    sink->close(sink);
}

/* ---- killed at every write --------------------------------------------------------------------------------------- */

static int writes_left;

static void on_update(void *self, int operation, const char *database, const char *table, sqlite3_int64 row) {
    (void)self;
    (void)operation;
    (void)database;
    (void)table;
    (void)row;
    if (--writes_left == 0) {
        kill(getpid(), SIGKILL);
    }
}

static int on_commit(void *self) {
    on_update(self, 0, NULL, NULL, 0);
    return 0;
}

static int watch(sqlite3 *db, char **message, const void *api) {
    (void)message;
    (void)api;
    sqlite3_update_hook(db, on_update, NULL);
    sqlite3_commit_hook(db, on_commit, NULL);
    return SQLITE_OK;
}

/* True where the child died. */
static bool run_and_die(const char *name, int writes, bool resumed) {
    pid_t child = fork();
    if (child == 0) {
        Fixture f;
        Plan plan;
        Range ranges[RANGES];
        writes_left = writes;
        sqlite3_auto_extension((void (*)(void))watch);
        Ledger *ledger = open_ledger(name);
        fixture_plan(&f, &plan, ranges);
        run_to_the_end(ledger, &f, &plan, resumed ? resume_of(ledger, &f) : NULL);
        _exit(KILLED);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == KILLED);
    return WIFSIGNALED(status);
}

typedef struct Newest {
    int64_t runs, resumed;
    char id[40], verdict[32];
} Newest;

static void take_run(void *self, const PastRun *run) {
    Newest *newest = self;
    if (newest->runs++ == 0) {
        newest->resumed = run->resumed;
        snprintf(newest->id, sizeof(newest->id), "%s", run->id);
        snprintf(newest->verdict, sizeof(newest->verdict), "%s", run->verdict);
    }
}

static Newest newest_of(Ledger *ledger, const Fixture *f) {
    Err err;
    Newest newest = {0};
    CHECK(ledger_history(ledger, f->spec.check, 0, (PastRunTaker){take_run, &newest}, &err));
    return newest;
}

/* Everything that the ledger holds of the newest run, read as somebody else would. */
static Tally tally_of(Ledger *ledger, const Fixture *f, int64_t *out_runs) {
    Tally tally = {0};
    Newest newest = newest_of(ledger, f);
    sqlite3 *db;
    sqlite3_stmt *rows;
    const char *path = url_of("killed.db") + strlen("sqlite:");
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, "select counts, findings, state from twofold_range where run_id = ?", -1, &rows,
                             NULL) == SQLITE_OK);
    sqlite3_bind_text(rows, 1, newest.id, -1, SQLITE_STATIC);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        Counts counts;
        CHECK(kept_counts_read(&arena, str_of((const char *)sqlite3_column_text(rows, 0)), &f->match, &counts));
        tally.rows += counts.old_rows;
        const char *lines = (const char *)sqlite3_column_text(rows, 1);
        while (lines != NULL && *lines != '\0') {
            Finding finding;
            size_t length = strcspn(lines, "\n");
            CHECK(kept_finding_read(&arena, (Str){lines, length}, &f->match, &finding));
            take_finding(&tally, &finding);
            lines += length + 1;
        }
    }
    sqlite3_finalize(rows);
    sqlite3_close(db);
    *out_runs = newest.runs;
    return tally;
}

/* Killed once, or twice at the same count of writes, then run to the end: everything is there, each thing once. */
static bool killed_at(int writes, bool twice) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    char command[128];
    snprintf(command, sizeof(command), "rm -f %s/killed.db*", folder);
    CHECK(system(command) == 0);
    bool died = run_and_die("killed.db", writes, false);
    if (died && twice) {
        (void)run_and_die("killed.db", writes / 2 + 1, true);
    }
    Ledger *ledger = open_ledger("killed.db");
    fixture_plan(&f, &plan, ranges);
    const Resume *resume = resume_of(ledger, &f);
    Newest before = newest_of(ledger, &f);
    if (resume != NULL || before.runs == 0) {
        run_to_the_end(ledger, &f, &plan, resume);
    }
    int64_t runs;
    Tally tally = tally_of(ledger, &f, &runs);
    CHECK(all_told(&tally) && runs == 1);
    CHECK(resume_of(ledger, &f) == NULL);
    CHECK_TEXT(newest_of(ledger, &f).verdict, "inconsistent");
    ledger_close(ledger);
    arena_empty(&arena);
    return died;
}

static void killed_at_every_write(void) {
    int writes = 1;
    while (killed_at(writes, false) && writes < 1000) {
        writes++;
    }
    CHECK(writes > 20 && writes < 1000);
    printf("killed at each of %d writes\n", writes - 1);
    for (int again = 1; again < writes; again++) {
        (void)killed_at(again, true);
    }
}

/* ---- what counts ------------------------------------------------------------------------------------------------- */

static void only_whole_ranges_count(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err;
    Ledger *ledger = open_ledger("whole.db");
    fixture_plan(&f, &plan, ranges);
    Sink *sink = ledger_sink_open(ledger, (LedgerSources){0});
    CHECK(sink->plan(sink, &plan, &err));
    tell_range(sink, &f, ranges[1], 1, 0);
    RangeReport report = {.range = &ranges[2], .index = 2, .count = 1, .task = 1, .duration_us = 5};
    report.counts = counts_of(&f, 1);
    report.parts = 1; /* which never comes */
    tell_finding(sink, &f, 200);
    CHECK(sink->range(sink, &report, &err));
    report = (RangeReport){.range = &ranges[4], .index = 4, .count = 1, .task = 2, .duration_us = 5};
    report.counts = counts_of(&f, 0);
    report.counts.in_flight = 1; /* nobody knows yet */
    CHECK(sink->range(sink, &report, &err));
    report = (RangeReport){.range = &ranges[5], .index = 5, .count = 1, .task = 3, .duration_us = 5};
    report.state = RANGE_FAILED;
    report.counts = counts_of(&f, 0);
    err_set(&report.err, TF_ERROR_CONNECTION, "the line was cut");
    CHECK(sink->range(sink, &report, &err));
    sink->close(sink); /* and nothing more */
    const Resume *resume = resume_of(ledger, &f);
    Tally tally = {0};
    if (CHECK(resume != NULL)) {
        CHECK(resume->proved == 1 && resume->left_count == RANGES - 1 && resume->counts.old_rows == 11);
        CHECK(resume->left[0].to[0].as.integer == 100 && resume->left[1].from[0].as.integer == 200);
        CHECK(resume->left[1].to == resume->left[2].from); /* they still join */
        CHECK(resume->mode == MODE_STREAM && !resume->order.native_collation);
        CHECK(resume->findings(resume, (FindingTaker){take_finding, &tally}, &err));
        CHECK(tally.findings == 1 && tally.keys == 100);
    }
    ledger_close(ledger);
}

static void a_run_that_ended_is_not_gone_on_with(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err;
    Ledger *ledger = open_ledger("ended.db");
    fixture_plan(&f, &plan, ranges);
    CHECK(resume_of(ledger, &f) == NULL);
    run_to_the_end(ledger, &f, &plan, NULL);
    CHECK(resume_of(ledger, &f) == NULL);
    Result failure = {.check = f.spec.check, .verdict = VERDICT_CANNOT_TELL};
    CHECK(ledger_record(ledger, &failure, (LedgerSources){0}, &err)); /* it could not even connect */
    CHECK(resume_of(ledger, &f) == NULL);
    f.spec.check = "another";
    CHECK(resume_of(ledger, &f) == NULL);
    ledger_close(ledger);
}

/* ---- what changed ------------------------------------------------------------------------------------------ */

static void leave_unfinished(Ledger *ledger) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err;
    fixture_plan(&f, &plan, ranges);
    Sink *sink = ledger_sink_open(ledger, HERE);
    CHECK(sink->plan(sink, &plan, &err));
    tell_range(sink, &f, ranges[1], 1, 0);
    sink->close(sink);
}

static void check_refused(Ledger *ledger, const Fixture *f, TfErrorCode code, const char *sentence) {
    Err err = {0};
    const Resume *resume;
    CHECK(!ledger_resume(ledger, &arena, &f->match, HERE, &resume, &err));
    CHECK(err.code == code && err.hint[0] != '\0');
    if (strstr(err.text, sentence) == NULL) {
        CHECK_TEXT(err.text, sentence);
    }
}

static void what_changed_is_said(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Ledger *ledger = open_ledger("changed.db");
    leave_unfinished(ledger);
    fixture_plan(&f, &plan, ranges);
    f.spec.digest = "ffff";
    check_refused(ledger, &f, TF_ERROR_USAGE, "Z: the spec has changed since");
    fixture_plan(&f, &plan, ranges);
    f.match.new_.relation.digest = "cc";
    check_refused(ledger, &f, TF_ERROR_USAGE, "the definition of \"public\".\"orders_v2\" has changed since");
    f.new_columns[3].name = "money";
    check_refused(ledger, &f, TF_ERROR_USAGE, "column \"money\" of \"public\".\"orders_v2\" was added since");
    f.new_columns[3].name = "currency";
    f.new_columns[3].type = "numeric(10,2)";
    check_refused(ledger, &f, TF_ERROR_USAGE,
                  "column \"currency\" of \"public\".\"orders_v2\" is numeric(10,2), and was text");
    f.match.new_.relation.column_count--;
    check_refused(ledger, &f, TF_ERROR_USAGE, "column \"currency\" of \"public\".\"orders_v2\" was dropped since");
    ledger_close(ledger);
}

/* By another name it is the same one; by the same name it may be another. */
static void another_database_is_said(void) {
    static const char *const SAME[] = {"shop@7412", "shop@", "", NULL};
    SourceInfo other = SHOP;
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err = {0};
    const Resume *resume = NULL;
    Ledger *ledger = open_ledger("elsewhere.db");
    leave_unfinished(ledger);
    fixture_plan(&f, &plan, ranges);
    other.identity = "shop@99";
    CHECK(!ledger_resume(ledger, &arena, &f.match, (LedgerSources){&SHOP, &other}, &resume, &err));
    CHECK(strstr(err.text, "it read shop on a:5432, and this is shop on a:5432") != NULL);
    CHECK(!ledger_resume(ledger, &arena, &f.match, (LedgerSources){&other, &SHOP}, &resume, &err));
    other.identity = "staging@7412";
    CHECK(!ledger_resume(ledger, &arena, &f.match, (LedgerSources){&other, &SHOP}, &resume, &err));
    other.place = "shop on b:5433";
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        other.identity = SAME[i];
        CHECK(ledger_resume(ledger, &arena, &f.match, (LedgerSources){&other, &other}, &resume, &err));
    }
    ledger_close(ledger);
}

static void run_sql(const char *name, const char *sql) {
    sqlite3 *db;
    CHECK(sqlite3_open(url_of(name) + strlen("sqlite:"), &db) == SQLITE_OK &&
          sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void damage_is_said(void) {
    static const char *const damages[] = {
        "update twofold_range set counts = '{}'",
        "update twofold_range set key_from = 'x'",
        "update twofold_range set rows_kind = 'some'",
        "update twofold_range set first_range = 77",
        "update twofold_range set range_count = 0",
        "update twofold_range set range_count = -1",
        "update twofold_range set halved = 1, key_to = null",
        "update twofold_plan set plan = 'value'",
        "update twofold_plan set plan = 'value' || char(10) || 'x' || char(10)",
        "update twofold_run set mode = 'by guess'",
    };
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    fixture_plan(&f, &plan, ranges);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        const char *name = arena_printf(&arena, "damage%zu.db", i);
        Ledger *ledger = open_ledger(name);
        leave_unfinished(ledger);
        run_sql(name, damages[i]);
        check_refused(ledger, &f, TF_ERROR_IO, "what the ledger holds of it is damaged");
        ledger_close(ledger);
    }
}

static void lost_findings_are_noticed(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err = {0};
    Tally tally = {0};
    Ledger *ledger = open_ledger("lost.db");
    leave_unfinished(ledger);
    run_sql("lost.db", "update twofold_range set findings = null");
    fixture_plan(&f, &plan, ranges);
    const Resume *resume = resume_of(ledger, &f);
    CHECK(resume != NULL && !resume->findings(resume, (FindingTaker){take_finding, &tally}, &err));
    CHECK(strstr(err.text, "damaged") != NULL && tally.findings == 0);
    ledger_close(ledger);
}

/* Bounds would show what the spec hides. */
static void masked_keys_leave_no_bounds(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err;
    static const bool masked[FIXTURE_COLUMNS] = {true};
    HashKey key = {0};
    Ledger *ledger = open_ledger("masked.db");
    fixture_plan(&f, &plan, ranges);
    f.match.masks = true;
    f.match.mask_key = &key;
    f.match.old.masked = f.match.new_.masked = masked;
    Sink *sink = ledger_sink_open(ledger, (LedgerSources){0});
    CHECK(sink->plan(sink, &plan, &err));
    tell_range(sink, &f, ranges[0], 0, 0);
    sink->close(sink);
    check_refused(ledger, &f, TF_ERROR_USAGE, "its key is masked, so where it stood was not kept");
    run_sql("masked.db", "insert into twofold_run (id) select 1 from twofold_range where key_to is not null");
    ledger_close(ledger);
}

/* ---- keeping and forgetting
 * ------------------------------------------------------------------------------------------- */

static int64_t number_of(const char *name, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *rows;
    CHECK(sqlite3_open(url_of(name) + strlen("sqlite:"), &db) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &rows, NULL) == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW);
    int64_t number = sqlite3_column_int64(rows, 0);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    return number;
}

static void old_runs_are_forgotten(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Ledger *ledger = open_ledger("old.db");
    for (int i = 0; i < 105; i++) {
        fixture_plan(&f, &plan, ranges);
        run_to_the_end(ledger, &f, &plan, NULL);
    }
    CHECK(number_of("old.db", "select count(*) from twofold_run") == 105);
    CHECK(number_of("old.db", "select count(distinct run_id) from twofold_range") == 100);
    CHECK(number_of("old.db", "select count(distinct run_id) from twofold_range where findings is not null") == 10);
    run_sql("old.db",
            "insert into twofold_run (id, check_name, verdict, reason, mode, started_us, duration_us, old_rows,"
            " new_rows, compared, mismatched_rows, missing_in_new, missing_in_old, different, duplicate_key,"
            " undecided, in_flight, ranges_planned, ranges_proved, ranges_failed, coverage, counts)"
            " with recursive n(i) as (select 1 union all select i + 1 from n where i < 10050)"
            " select 'x' || i, 'orders-minor-units', case when i = 7 then 'consistent' else 'cannot-tell' end,"
            " '', 'join', i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, '{}' from n");
    run_to_the_end(ledger, &f, &plan, NULL);
    CHECK(number_of("old.db", "select count(*) from twofold_run") == 10001);
    CHECK(number_of("old.db", "select count(*) from twofold_run where id = 'x7'") == 1); /* the last consistent one */
    ledger_close(ledger);
}

static void an_older_ledger_is_brought_forward(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Err err;
    Ledger *ledger;
    run_sql("first.db", ledger_steps[0]);
    run_sql("first.db",
            "pragma application_id = 1953984358; pragma user_version = 1;"
            "insert into twofold_run values ('r', 'orders-minor-units', 'consistent', 'fine', null, 'join',"
            " 1000, 5, 'd', 'o', 'n', null, null, null, null, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0, 1, '{}')");
    CHECK(!ledger_open(url_of("first.db"), LEDGER_READ, &ledger, &err) && strstr(err.text, "older") != NULL);
    ledger = open_ledger("first.db");
    fixture_plan(&f, &plan, ranges);
    CHECK(newest_of(ledger, &f).runs == 1 && resume_of(ledger, &f) == NULL);
    run_to_the_end(ledger, &f, &plan, NULL);
    CHECK(newest_of(ledger, &f).runs == 2);
    ledger_close(ledger);
}

/* Where the run of an older twofold stood is not lost. */
static void an_older_plan_is_gone_on_with(void) {
    Fixture f;
    Plan plan;
    Range ranges[RANGES];
    Ledger *ledger = open_ledger("fourth.db");
    leave_unfinished(ledger);
    ledger_close(ledger);
    run_sql("fourth.db", "update twofold_run set plan = (select plan from twofold_plan where run_id = id);"
                         "drop table twofold_plan; pragma user_version = 4");
    ledger = open_ledger("fourth.db");
    fixture_plan(&f, &plan, ranges);
    const Resume *resume = resume_of(ledger, &f);
    if (CHECK(resume != NULL)) {
        CHECK(resume->proved == 1 && resume->left_count == RANGES - 1);
        run_to_the_end(ledger, &f, &plan, resume);
    }
    CHECK(number_of("fourth.db", "select count(plan) + (select count(*) from twofold_plan) from twofold_run") == 0);
    ledger_close(ledger);
}

/* ---- what a range costs ------------------------------------------------------------------------------------ */

static sqlite3 *last_opened;

static int remember(sqlite3 *db, char **message, const void *api) {
    (void)message;
    (void)api;
    last_opened = db;
    return SQLITE_OK;
}

static int pages_written(void) {
    int written = 0, most;
    CHECK(sqlite3_db_status(last_opened, SQLITE_DBSTATUS_CACHE_WRITE, &written, &most, 0) == SQLITE_OK);
    return written;
}

/* Pages that the first RANGES ranges of a plan of `range_count` write. */
static int pages_of_ranges(const char *name, size_t range_count) {
    Fixture f;
    Plan plan;
    Range few[RANGES];
    Err err;
    Ledger *ledger = open_ledger(name);
    fixture_plan(&f, &plan, few);
    Range *ranges = ARENA_MANY(&arena, range_count, Range);
    for (size_t i = 0; i < range_count; i++) {
        const Value *from = i == 0 ? NULL : ranges[i - 1].to;
        ranges[i] = (Range){RANGE_BETWEEN, from, i + 1 == range_count ? NULL : bound_of((int64_t)(i + 1) * STEP)};
    }
    plan.ranges = ranges;
    plan.range_count = range_count;
    Sink *sink = ledger_sink_open(ledger, HERE);
    CHECK(sink->plan(sink, &plan, &err));
    int before = pages_written();
    for (size_t i = 0; i < RANGES; i++) {
        tell_range(sink, &f, ranges[i], i, i);
    }
    int pages = pages_written() - before;
    sink->close(sink);
    ledger_close(ledger);
    return pages;
}

static void a_range_costs_the_same_in_every_plan(void) {
    sqlite3_auto_extension((void (*)(void))remember);
    int few = pages_of_ranges("few.db", RANGES);
    int many = pages_of_ranges("many.db", (size_t)RANGES * 1000);
    sqlite3_reset_auto_extension();
    printf("%d ranges write %d pages in a plan of %d, %d in a plan of %d\n", RANGES, few, RANGES, many, RANGES * 1000);
    CHECK(few > 0 && many <= 2 * few);
}

/* ---- locks ------------------------------------------------------------------------------------------------- */

static void one_run_at_a_time(void) {
    Err err = {0};
    Ledger *first = open_ledger("lock.db");
    Ledger *second = open_ledger("lock.db");
    const char *path = arena_printf(&arena, "%s/lock.db.orders.lock", folder);
    CHECK(ledger_lock(first, "orders", &err));
    CHECK(!ledger_lock(second, "orders", &err) && err.code == TF_ERROR_BUSY);
    char holder[40];
    snprintf(holder, sizeof(holder), "(process %ld)", (long)getpid());
    CHECK(strstr(err.text, holder) != NULL && access(path, F_OK) == 0);
    CHECK(ledger_lock(second, "customers", &err));
    ledger_unlock(second);
    ledger_unlock(first);
    CHECK(access(path, F_OK) != 0); /* nothing is left behind */
    CHECK(ledger_lock(second, "orders", &err));
    ledger_close(second);
    CHECK(ledger_lock(first, "orders", &err));
    ledger_close(first);
}

static void a_lock_dies_with_its_holder(void) {
    Err err;
    int pipes[2];
    char byte;
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        Ledger *ledger = open_ledger("lock.db");
        byte = ledger_lock(ledger, "orders", &err) ? 'y' : 'n';
        (void)!write(pipes[1], &byte, 1);
        pause();
        _exit(0);
    }
    CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'y');
    Ledger *ledger = open_ledger("lock.db");
    CHECK(!ledger_lock(ledger, "orders", &err));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK(ledger_lock(ledger, "orders", &err));
    ledger_close(ledger);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    TEST_RUN(killed_at_every_write);
    TEST_RUN(only_whole_ranges_count);
    TEST_RUN(a_run_that_ended_is_not_gone_on_with);
    TEST_RUN(what_changed_is_said);
    TEST_RUN(another_database_is_said);
    TEST_RUN(damage_is_said);
    TEST_RUN(lost_findings_are_noticed);
    TEST_RUN(masked_keys_leave_no_bounds);
    TEST_RUN(old_runs_are_forgotten);
    TEST_RUN(an_older_ledger_is_brought_forward);
    TEST_RUN(an_older_plan_is_gone_on_with);
    TEST_RUN(a_range_costs_the_same_in_every_plan);
    TEST_RUN(one_run_at_a_time);
    TEST_RUN(a_lock_dies_with_its_holder);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    CHECK(system(command) == 0);
    arena_free(&arena);
    return test_finish();
}
