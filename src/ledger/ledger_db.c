#include "ledger/ledger_db.h"

#include <inttypes.h>
#include <stdlib.h>

bool ledger_db_write(LedgerDb *db, const char *sql, const char *const *params, size_t param_count, Err *err) {
    return db->ops->run(db, sql, params, param_count, (LedgerRows){0}, err);
}

bool ledger_db_begin(LedgerDb *db, Err *err) {
    return ledger_db_write(db, db->ops->begin, NULL, 0, err);
}

bool ledger_db_end(LedgerDb *db, bool good, Err *err) {
    if (good && ledger_db_write(db, "commit", NULL, 0, err)) {
        return true;
    }
    Err ignored;
    (void)!ledger_db_write(db, "rollback", NULL, 0, &ignored); /* the first failure is the one to tell */
    return false;
}

bool ledger_db_busy(const char *check, const char *holder, Err *err) {
    (void)err_set(err, TF_ERROR_BUSY, "could not begin: another run of check \"%s\" is going on%s%s%s", check,
                  holder[0] == '\0' ? "" : " (", holder, holder[0] == '\0' ? "" : ")");
    return err_hint(err, "Wait until it has ended; `twofold history` shows how far it is.");
}

const char *ledger_int(Arena *arena, int64_t value) {
    return arena_printf(arena, "%" PRId64, value);
}

int64_t ledger_to_int(const char *text) {
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}
