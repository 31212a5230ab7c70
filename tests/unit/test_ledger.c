/* The ledger: runs kept and given back, and every way a file can be wrong. */
#include "ledger/ledger.h"

#include "unit/report_fixture.h"
#include "unit/test.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/twofold-ledger-XXXXXX";

static const char *in_folder(const char *name) {
    static char paths[4][160];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static const char *url_of(const char *name) {
    static char url[176];
    snprintf(url, sizeof(url), "sqlite:%s", in_folder(name));
    return url;
}

static mode_t mode_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 0777 : 0;
}

/* What history gave, as text. */
static void take_line(void *self, const PastRun *run) {
    buf_printf(self, "%s %s %s|", run->verdict, run->reason, run->old_engine == NULL ? "-" : run->old_engine);
}

static void check_history(Ledger *ledger, const char *check, size_t limit, const char *want) {
    Err err;
    Buf lines = {0};
    buf_text(&lines, "");
    CHECK(ledger_history(ledger, check, limit, (PastRunTaker){take_line, &lines}, &err));
    CHECK_TEXT(lines.bytes == NULL ? "" : lines.bytes, want);
    buf_free(&lines);
}

static void runs_are_kept(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    SourceInfo info = {.engine = "PostgreSQL 15.20", .place = "shop on localhost:5432"};
    int64_t last_us = -1;
    CHECK(ledger_open(url_of("a.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(mode_of(in_folder("a.db")) == 0600);
    CHECK(ledger_last_consistent_us(ledger, "orders-minor-units", &last_us, &err) && last_us == 0);
    fixture_consistent(&f);
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){&info, NULL}, &err));
    fixture_make(&f);
    f.result.started_us += 3600000000;
    Sink *sink = ledger_sink_open(ledger, (LedgerSources){&info, &info});
    CHECK(sink->result(sink, &f.result, &err));
    sink->close(sink);
    ledger_close(ledger);
    CHECK(ledger_open(url_of("a.db"), LEDGER_READ, &ledger, &err));
    CHECK(ledger_last_consistent_us(ledger, "orders-minor-units", &last_us, &err));
    CHECK(last_us == INT64_C(1767323046200000));
    check_history(ledger, "orders-minor-units", 0,
                  "inconsistent 3 rows disagree PostgreSQL 15.20|"
                  "consistent all 5,000,000 rows were read and agree PostgreSQL 15.20|");
    check_history(ledger, "orders-minor-units", 1, "inconsistent 3 rows disagree PostgreSQL 15.20|");
    check_history(ledger, "other", 0, "");
    ledger_close(ledger);
}

/* A clock that steps back must not hide the last run behind earlier ones. */
static void newest_is_what_ran_last(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    CHECK(ledger_open(url_of("back.db"), LEDGER_WRITE, &ledger, &err));
    fixture_consistent(&f);
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    fixture_make(&f);
    f.result.started_us -= 3 * INT64_C(3600000000);
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    check_history(ledger, "orders-minor-units", 0,
                  "inconsistent 3 rows disagree -|consistent all 5,000,000 rows were read and agree -|");
    ledger_close(ledger);
}

/* A writer that was killed in the middle of a transaction leaves pages of it in the file, and a journal beside it. */
static void half_done_writes_are_taken_back(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    CHECK(ledger_open(url_of("killed.db"), LEDGER_WRITE, &ledger, &err));
    fixture_make(&f);
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    ledger_close(ledger);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db;
        bool good = sqlite3_open(in_folder("killed.db"), &db) == SQLITE_OK &&
                    sqlite3_exec(db,
                                 "pragma cache_size = 1; begin immediate; update twofold_run set reason = 'half';"
                                 "create table filler (x); insert into filler values (zeroblob(1000000))",
                                 NULL, NULL, NULL) == SQLITE_OK;
        _exit(good ? 0 : 1);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(access(in_folder("killed.db-journal"), F_OK) == 0);
    CHECK(ledger_open(url_of("killed.db"), LEDGER_READ, &ledger, &err));
    check_history(ledger, "orders-minor-units", 0, "inconsistent 3 rows disagree -|");
    ledger_close(ledger);
}

static void take_copy(void *self, const PastRun *run) {
    PastRun *copy = self;
    *copy = *run;
    static char counts[512], id[64], digest[64];
    snprintf(counts, sizeof(counts), "%s", run->counts);
    snprintf(id, sizeof(id), "%s", run->id);
    snprintf(digest, sizeof(digest), "%s/%s/%s", run->spec_digest, run->old_schema, run->new_schema);
    copy->counts = counts;
    copy->id = id;
    copy->spec_digest = digest;
}

static void every_column_comes_back(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    PastRun run = {0};
    fixture_make(&f);
    f.undecided[1] = 7;
    f.result.counts.undecided = 7;
    f.result.counts.kinds[DUPLICATE_KEY] = 5;
    f.result.counts.in_flight = 6;
    f.result.ranges_failed = 8;
    f.result.coverage = 0.25;
    CHECK(ledger_open(url_of("b.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    CHECK(ledger_history(ledger, "orders-minor-units", 0, (PastRunTaker){take_copy, &run}, &err));
    CHECK(strncmp(run.id, "20260102T030405Z-", 17) == 0 && strlen(run.id) == 25);
    CHECK_TEXT(run.spec_digest, "0123456789abcdef0123456789abcdef/aa/bb");
    CHECK(run.started_us == f.result.started_us && run.duration_us == f.result.duration_us);
    CHECK(run.old_rows == 5000000 && run.new_rows == 5000000 && run.compared == 4999999);
    CHECK(run.mismatched_rows == 3 && run.missing_in_new == 1 && run.missing_in_old == 1 && run.different == 1);
    CHECK(run.duplicate_key == 5 && run.undecided == 7 && run.in_flight == 6);
    CHECK(run.ranges_planned == 50 && run.ranges_proved == 50 && run.ranges_failed == 8 && run.coverage == 0.25);
    CHECK(run.error == NULL && run.old_engine == NULL);
    CHECK_TEXT(run.counts, "{\"columns\":{\"status\":1},\"invariants\":{\"currency-present\":1},"
                           "\"undecided\":{\"minor-is-total\":7},\"causes\":{\"missing\":2,\"other\":1}}");
    ledger_close(ledger);
}

static void a_check_that_never_began(void) {
    Err err;
    Ledger *ledger;
    Result result = {.check = "orders", .verdict = VERDICT_CANNOT_TELL};
    (void)err_set(&result.err, TF_ERROR_CONNECTION, "could not connect");
    CHECK(ledger_open(url_of("c.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(ledger_record(ledger, &result, (LedgerSources){0}, &err));
    check_history(ledger, "orders", 0, "cannot-tell could not connect -|");
    ledger_close(ledger);
}

static void the_default_place(void) {
    Err err;
    Ledger *ledger;
    setenv("XDG_STATE_HOME", in_folder("state/deep"), 1);
    CHECK(!ledger_open(NULL, LEDGER_READ, &ledger, &err)); /* reading makes nothing */
    CHECK(access(in_folder("state"), F_OK) != 0);
    CHECK(ledger_open(NULL, LEDGER_WRITE, &ledger, &err));
    ledger_close(ledger);
    CHECK(mode_of(in_folder("state/deep/twofold")) == 0700);
    CHECK(mode_of(in_folder("state/deep/twofold/ledger.db")) == 0600);
    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", in_folder("home"), 1);
    CHECK(ledger_open(NULL, LEDGER_WRITE, &ledger, &err));
    ledger_close(ledger);
    CHECK(mode_of(in_folder("home/.local/state/twofold/ledger.db")) == 0600);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    CHECK(!ledger_open(NULL, LEDGER_WRITE, &ledger, &err) && err.code == TF_ERROR_IO && err.hint[0] != '\0');
}

/* ---- files that are wrong ------------------------------------------------------------------------------------ */

static void check_refused(const char *url, LedgerUse use, TfErrorCode code, const char *sentence) {
    Err err;
    Ledger *ledger;
    bool opened = ledger_open(url, use, &ledger, &err);
    CHECK(!opened);
    if (opened) {
        ledger_close(ledger);
        return;
    }
    CHECK(err.code == code && err.hint[0] != '\0');
    if (strstr(err.text, sentence) == NULL) {
        CHECK_TEXT(err.text, sentence);
    }
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    fputs(text, file);
    fclose(file);
}

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void other_urls(void) {
    check_refused("mysql://me:secret@host/db", LEDGER_WRITE, TF_ERROR_USAGE,
                  "cannot use this --ledger: only sqlite:PATH and postgresql:// URLs are known");
    check_refused("sqlite:", LEDGER_WRITE, TF_ERROR_USAGE, "only sqlite:PATH and postgresql:// URLs are known");
    check_refused("sqlite:/nowhere/x.db", LEDGER_WRITE, TF_ERROR_IO,
                  "could not open ledger \"/nowhere/x.db\": No such file or directory");
    check_refused(url_of("absent.db"), LEDGER_READ, TF_ERROR_IO, "No such file or directory");
}

static void something_else(void) {
    write_text(in_folder("text.db"),
               "this is a letter to my aunt, long enough to be no database header at all, and so on "
               "and so on until a hundred bytes are full");
    check_refused(url_of("text.db"), LEDGER_WRITE, TF_ERROR_IO, "the file is not a ledger, or it is damaged");
    run_sql(in_folder("music.db"), "create table songs (name text)");
    check_refused(url_of("music.db"), LEDGER_WRITE, TF_ERROR_IO, "it is a database of something else");
    check_refused(url_of("music.db"), LEDGER_READ, TF_ERROR_IO, "it is a database of something else");
}

static void a_pipe(void) {
    CHECK(mkfifo(in_folder("pipe"), 0600) == 0);
    check_refused(url_of("pipe"), LEDGER_WRITE, TF_ERROR_IO, "it is not a regular file");
    CHECK(access(in_folder("pipe-journal"), F_OK) != 0);
}

static void a_newer_one(void) {
    Err err;
    Ledger *ledger;
    CHECK(ledger_open(url_of("newer.db"), LEDGER_WRITE, &ledger, &err));
    ledger_close(ledger);
    run_sql(in_folder("newer.db"), "pragma user_version = 4000");
    check_refused(url_of("newer.db"), LEDGER_WRITE, TF_ERROR_IO,
                  "it is of version 4000, and this twofold knows versions");
}

static void a_damaged_one(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    fixture_make(&f);
    CHECK(ledger_open(url_of("damaged.db"), LEDGER_WRITE, &ledger, &err));
    for (int i = 0; i < 50; i++) {
        CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    }
    ledger_close(ledger);
    FILE *file = fopen(in_folder("damaged.db"), "r+b");
    fseek(file, 4096, SEEK_SET);
    for (int i = 0; i < 8000; i++) {
        fputc(0xA5, file);
    }
    fclose(file);
    bool opened = ledger_open(url_of("damaged.db"), LEDGER_WRITE, &ledger, &err);
    CHECK(!opened || !ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    CHECK(err.code == TF_ERROR_IO && strstr(err.text, "damaged") != NULL && strstr(err.hint, "Move the file") != NULL);
    if (opened) {
        ledger_close(ledger);
    }
}

/* A limit on the size of files stands in for the end of the disk. */
static void a_full_disk(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    struct stat status;
    struct rlimit before, limit;
    char reason[20000];
    fixture_make(&f);
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    CHECK(ledger_open(url_of("full.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(stat(in_folder("full.db"), &status) == 0 && getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = (struct rlimit){.rlim_cur = (rlim_t)status.st_size, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    f.result.reason = reason;
    CHECK(!ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(err.code == TF_ERROR_IO && strncmp(err.text, "could not write ledger", 22) == 0 && err.hint[0] != '\0');
    check_history(ledger, "orders-minor-units", 0, ""); /* whole or not at all */
    f.result.reason = "later";
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    check_history(ledger, "orders-minor-units", 0, "inconsistent later -|");
    ledger_close(ledger);
}

/* Rights mean nothing to root. */
static void a_read_only_folder(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    if (geteuid() == 0) {
        printf("run by root: rights of folders are left out\n");
        return;
    }
    fixture_make(&f);
    CHECK(mkdir(in_folder("fixed"), 0755) == 0);
    CHECK(ledger_open(url_of("fixed/a.db"), LEDGER_WRITE, &ledger, &err));
    ledger_close(ledger);
    CHECK(chmod(in_folder("fixed"), 0555) == 0);
    check_refused(url_of("fixed/b.db"), LEDGER_WRITE, TF_ERROR_IO, "Permission denied");
    CHECK(ledger_open(url_of("fixed/a.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(!ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    CHECK(err.code == TF_ERROR_IO && err.hint[0] != '\0');
    ledger_close(ledger);
    CHECK(chmod(in_folder("fixed"), 0755) == 0);
}

static void held_by_another(void) {
    Fixture f;
    Err err;
    Ledger *ledger;
    sqlite3 *other;
    fixture_make(&f);
    CHECK(ledger_open(url_of("held.db"), LEDGER_WRITE, &ledger, &err));
    CHECK(sqlite3_open(in_folder("held.db"), &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "begin exclusive", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(!ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    CHECK(err.code == TF_ERROR_BUSY && strstr(err.text, "another process is writing to it") != NULL);
    sqlite3_close(other);
    CHECK(ledger_record(ledger, &f.result, (LedgerSources){0}, &err));
    ledger_close(ledger);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    TEST_RUN(runs_are_kept);
    TEST_RUN(newest_is_what_ran_last);
    TEST_RUN(half_done_writes_are_taken_back);
    TEST_RUN(every_column_comes_back);
    TEST_RUN(a_check_that_never_began);
    TEST_RUN(the_default_place);
    TEST_RUN(other_urls);
    TEST_RUN(something_else);
    TEST_RUN(a_pipe);
    TEST_RUN(a_newer_one);
    TEST_RUN(a_damaged_one);
    TEST_RUN(a_full_disk);
    TEST_RUN(a_read_only_folder);
    TEST_RUN(held_by_another);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    CHECK(system(command) == 0);
    return test_finish();
}
