/* The ledger's tables (rules: ledger_schema.h). No input; tables out. */
#include "ledger/ledger_schema.h"

#include "check/past_run.h"

const char *const ledger_steps[] = {
    "create table twofold_run ("
    " id text primary key,"
    " check_name text not null,"
    " verdict text not null,"
    " reason text not null,"
    " error text,"
    " mode text not null,"
    " started_us bigint not null,"
    " duration_us bigint not null,"
    " spec_digest text,"
    " old_schema text,"
    " new_schema text,"
    " old_engine text,"
    " new_engine text,"
    " old_place text,"
    " new_place text,"
    " old_rows bigint not null,"
    " new_rows bigint not null,"
    " compared bigint not null,"
    " mismatched_rows bigint not null,"
    " missing_in_new bigint not null,"
    " missing_in_old bigint not null,"
    " different bigint not null,"
    " duplicate_key bigint not null,"
    " undecided bigint not null,"
    " in_flight bigint not null,"
    " ranges_planned bigint not null,"
    " ranges_proved bigint not null,"
    " ranges_failed bigint not null,"
    " coverage double precision not null,"
    " counts text not null);"
    "create index twofold_run_by_check on twofold_run (check_name, started_us);",

    /* plan: later in twofold_plan, and NULL here.
     * A range counts as proved where state is 'proved' and as many rows of its attempt and task are of state 'part' as
     * `parts` says. Digests are of canonical bytes: 24 bytes, big-endian, in hex. */
    "alter table twofold_run add column resumed bigint not null default 0;"
    "alter table twofold_run add column old_columns text;"
    "alter table twofold_run add column new_columns text;"
    "alter table twofold_run add column plan text;"
    "create table twofold_range ("
    " run_id text not null,"
    " number bigint not null,"
    " attempt bigint not null,"
    " task bigint not null,"
    " state text not null,"
    " parts bigint not null,"
    " first_range bigint not null,"
    " range_count bigint not null,"
    " halved bigint not null,"
    " rows_kind text not null,"
    " key_from text,"
    " key_to text,"
    " error text,"
    " counts text not null,"
    " old_digest text,"
    " new_digest text,"
    " duration_us bigint not null,"
    " finding_count bigint not null,"
    " findings text,"
    " primary key (run_id, number));",

    /* ordinal: 1, 2, ... of a check, in the order in which runs were begun or last resumed: clocks step back, and
     * those of two machines differ. Runs of older ledgers have 0, and are told apart by their times. */
    ("alter table twofold_run add column ordinal bigint not null default 0;"
     "create index twofold_run_by_ordinal on twofold_run (check_name, ordinal);"),

    /* which databases were read, by whatever names they were reached: SourceInfo */
    ("alter table twofold_run add column old_identity text;"
     "alter table twofold_run add column new_identity text;"),

    /* plan: the ranges of the latest attempt, a line each; the row goes once nothing is left of them. Apart from the
     * run's row, which is written with every range: SQLite writes a row anew with all that is in it. */
    ("create table twofold_plan (run_id text primary key, plan text not null);"
     "insert into twofold_plan (run_id, plan) select id, plan from twofold_run where plan is not null;"
     "update twofold_run set plan = null where plan is not null;"),
};

const size_t ledger_step_count = sizeof(ledger_steps) / sizeof(ledger_steps[0]);

#define TEXT_COLUMN(name)                                                                                              \
    { #name, RUN_TEXT, offsetof(PastRun, name) }
#define INTEGER_COLUMN(name)                                                                                           \
    { #name, RUN_INTEGER, offsetof(PastRun, name) }

const RunColumn ledger_run_columns[] = {
    TEXT_COLUMN(id),
    {"check_name", RUN_TEXT, offsetof(PastRun, check)}, /* CHECK is a word of SQL */
    TEXT_COLUMN(verdict),
    TEXT_COLUMN(reason),
    TEXT_COLUMN(error),
    TEXT_COLUMN(mode),
    INTEGER_COLUMN(started_us),
    INTEGER_COLUMN(duration_us),
    TEXT_COLUMN(spec_digest),
    INTEGER_COLUMN(resumed),
    TEXT_COLUMN(old_schema),
    TEXT_COLUMN(new_schema),
    TEXT_COLUMN(old_columns),
    TEXT_COLUMN(new_columns),
    TEXT_COLUMN(old_engine),
    TEXT_COLUMN(new_engine),
    TEXT_COLUMN(old_place),
    TEXT_COLUMN(new_place),
    TEXT_COLUMN(old_identity),
    TEXT_COLUMN(new_identity),
    INTEGER_COLUMN(old_rows),
    INTEGER_COLUMN(new_rows),
    INTEGER_COLUMN(compared),
    INTEGER_COLUMN(mismatched_rows),
    INTEGER_COLUMN(missing_in_new),
    INTEGER_COLUMN(missing_in_old),
    INTEGER_COLUMN(different),
    INTEGER_COLUMN(duplicate_key),
    INTEGER_COLUMN(undecided),
    INTEGER_COLUMN(in_flight),
    INTEGER_COLUMN(ranges_planned),
    INTEGER_COLUMN(ranges_proved),
    INTEGER_COLUMN(ranges_failed),
    {"coverage", RUN_REAL, offsetof(PastRun, coverage)},
    TEXT_COLUMN(counts),
};

const size_t ledger_run_column_count = sizeof(ledger_run_columns) / sizeof(ledger_run_columns[0]);
