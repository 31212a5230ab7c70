/* What has been proved, kept (promises: ledger.h).
 *
 * In: a URL, past runs. Out: past runs. Here a URL becomes a database and a PastRun a row of it.
 */
#include "base/state_folder.h"
#include "ledger/ledger_parts.h"
#include "ledger/ledger_schema.h"

#include <stdlib.h>
#include <string.h>

static const char SQLITE_SCHEME[] = "sqlite:";
static const char *const POSTGRES_SCHEMES[] = {"postgresql://", "postgres://"};

/* ---- where it is ------------------------------------------------------------------------------------------- */

static bool default_path(LedgerUse use, Buf *out, Err *err) {
    if (!state_folder("the ledger", out, err) ||
        (use == LEDGER_WRITE && !state_folder_make("the ledger", out->bytes, err))) {
        return err_hint(err, "Name another place with --ledger sqlite:PATH.");
    }
    buf_text(out, "/ledger.db");
    return true;
}

static bool is_postgres(const char *url) {
    return str_starts_with(str_of(url), POSTGRES_SCHEMES[0]) || str_starts_with(str_of(url), POSTGRES_SCHEMES[1]);
}

static bool path_of(const char *url, LedgerUse use, Buf *out, Err *err) {
    if (url == NULL) {
        return default_path(use, out, err);
    }
    if (!str_starts_with(str_of(url), SQLITE_SCHEME) || url[strlen(SQLITE_SCHEME)] == '\0') {
        /* Not quoted: a URL of another kind may hold a password. */
        (void)err_set(err, TF_ERROR_USAGE,
                      "cannot use this --ledger: only sqlite:PATH and postgresql:// URLs are known");
        return err_hint(err, "For example --ledger sqlite:/var/lib/twofold/ledger.db.");
    }
    buf_text(out, url + strlen(SQLITE_SCHEME));
    return true;
}

const char *ledger_file(const char *url, Arena *arena) {
    Err ignored; /* ledger_open says it */
    Buf path = {0};
    bool found = (url == NULL || !is_postgres(url)) && path_of(url, LEDGER_READ, &path, &ignored);
    const char *kept = found ? arena_copy(arena, path.bytes, path.length) : NULL;
    buf_free(&path);
    return kept;
}

bool ledger_open(const char *url, LedgerUse use, Ledger **out, Err *err) {
    Buf path = {0};
    LedgerDb *db = NULL;
    bool good = url != NULL && is_postgres(url)
                    ? ledger_postgres_open(url, use, &db, err)
                    : path_of(url, use, &path, err) && ledger_sqlite_open(path.bytes, use, &db, err);
    if (good) {
        *out = mem_alloc(sizeof(Ledger));
        **out = (Ledger){.db = db};
    }
    buf_free(&path);
    return good;
}

void ledger_close(Ledger *ledger) {
    if (ledger != NULL) {
        ledger->db->ops->close(ledger->db);
        free(ledger);
    }
}

bool ledger_lock(Ledger *ledger, const char *check, Err *err) {
    return ledger->db->ops->lock(ledger->db, check, err);
}

void ledger_unlock(Ledger *ledger) {
    ledger->db->ops->unlock(ledger->db);
}

/* ---- a run as a row ---------------------------------------------------------------------------------------- */

static const char *member_text(Arena *arena, const RunColumn *column, const PastRun *run) {
    const char *member = (const char *)run + column->member;
    switch (column->type) {
    case RUN_TEXT:
        return *(const char *const *)(const void *)member;
    case RUN_INTEGER:
        return ledger_int(arena, *(const int64_t *)(const void *)member);
    case RUN_REAL:
        return arena_printf(arena, "%.17g", *(const double *)(const void *)member);
    }
    return NULL;
}

static void member_read(const char *cell, const RunColumn *column, PastRun *run) {
    char *member = (char *)run + column->member;
    switch (column->type) {
    case RUN_TEXT:
        *(const char **)(void *)member = cell;
        break;
    case RUN_INTEGER:
        *(int64_t *)(void *)member = ledger_to_int(cell);
        break;
    case RUN_REAL:
        *(double *)(void *)member = cell == NULL ? 0 : strtod(cell, NULL);
        break;
    }
}

static bool run_write(Ledger *ledger, const Buf *sql, const PastRun *run, Err *err) {
    Arena arena = {0};
    const char **params = ARENA_MANY(&arena, ledger_run_column_count, const char *);
    for (size_t i = 0; i < ledger_run_column_count; i++) {
        params[i] = member_text(&arena, &ledger_run_columns[i], run);
    }
    bool good = ledger_db_write(ledger->db, sql->bytes, params, ledger_run_column_count, err);
    arena_free(&arena);
    return good;
}

static void write_names(Buf *sql) {
    for (size_t i = 0; i < ledger_run_column_count; i++) {
        buf_printf(sql, "%s%s", i > 0 ? ", " : "", ledger_run_columns[i].name);
    }
}

/* The first column is the id, the second the check. */
bool ledger_run_insert(Ledger *ledger, const PastRun *run, Err *err) {
    Buf sql = {0};
    buf_text(&sql, "insert into twofold_run (");
    write_names(&sql);
    buf_text(&sql, ", ordinal) values (");
    for (size_t i = 0; i < ledger_run_column_count; i++) {
        buf_printf(&sql, "$%zu, ", i + 1);
    }
    buf_text(&sql, NEXT_ORDINAL("$2") ")");
    bool good = run_write(ledger, &sql, run, err);
    buf_free(&sql);
    return good;
}

bool ledger_run_update(Ledger *ledger, const PastRun *run, Err *err) {
    Buf sql = {0};
    buf_text(&sql, "update twofold_run set ");
    for (size_t i = 1; i < ledger_run_column_count; i++) {
        buf_printf(&sql, "%s%s = $%zu", i > 1 ? ", " : "", ledger_run_columns[i].name, i + 1);
    }
    buf_printf(&sql, " where %s = $1", ledger_run_columns[0].name);
    bool good = run_write(ledger, &sql, run, err);
    buf_free(&sql);
    return good;
}

/* ---- questions ------------------------------------------------------------------------------------------------ */

static bool take_number(void *self, const char *const *cells, Err *err) {
    (void)err;
    *(int64_t *)self = ledger_to_int(cells[0]);
    return true;
}

bool ledger_last_consistent_us(Ledger *ledger, const char *check, int64_t *out_us, Err *err) {
    static const char sql[] = "select coalesce(max(started_us + duration_us), 0) from twofold_run"
                              " where check_name = $1 and verdict = 'consistent'";
    int64_t last_us = 0;
    bool good = ledger->db->ops->run(ledger->db, sql, &check, 1, (LedgerRows){take_number, &last_us}, err);
    *out_us = good ? last_us : *out_us;
    return good;
}

static bool take_run(void *self, const char *const *cells, Err *err) {
    (void)err;
    const PastRunTaker *taker = self;
    PastRun run = {0};
    for (size_t i = 0; i < ledger_run_column_count; i++) {
        member_read(cells[i], &ledger_run_columns[i], &run);
    }
    taker->take(taker->self, &run);
    return true;
}

bool ledger_history(Ledger *ledger, const char *check, size_t limit, PastRunTaker taker, Err *err) {
    Buf sql = {0};
    buf_text(&sql, "select ");
    write_names(&sql);
    buf_text(&sql, " from twofold_run where check_name = $1" NEWEST_FIRST);
    if (limit > 0) {
        buf_printf(&sql, " limit %zu", limit);
    }
    bool good = ledger->db->ops->run(ledger->db, sql.bytes, &check, 1, (LedgerRows){take_run, &taker}, err);
    buf_free(&sql);
    return good;
}

/* ---- forgetting ----------------------------------------------------------------------------------------------- */

/* A limit, because SQLite wants one before an offset. */
#define OLDER_THAN                                                                                                     \
    "(select id from twofold_run where check_name = $1 and ranges_planned > 0" NEWEST_FIRST " limit 1000000000 "       \
                                                                                            "offset "

bool ledger_forget_old(Ledger *ledger, const char *check, Err *err) {
    static const struct {
        const char *before, *after;
        int runs;
    } steps[] = {
        {"update twofold_range set findings = null where findings is not null and run_id in ", "", KEEP_FINDINGS_RUNS},
        {"delete from twofold_plan where run_id in ", "", KEEP_FINDINGS_RUNS},
        {"delete from twofold_range where run_id in ", "", KEEP_RANGES_RUNS},
        {"delete from twofold_run where id in ",
         " and id <> coalesce((select id from twofold_run where check_name = $1 and verdict = 'consistent'" NEWEST_FIRST
         " limit 1), '')",
         KEEP_RUNS},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        Buf sql = {0};
        buf_printf(&sql, "%s" OLDER_THAN "%d)%s", steps[i].before, steps[i].runs, steps[i].after);
        bool good = ledger_db_write(ledger->db, sql.bytes, &check, 1, err);
        buf_free(&sql);
        if (!good) {
            return false;
        }
    }
    return true;
}
