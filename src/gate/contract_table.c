#include "gate/contract_table.h"

#include "gate/contract_pair.h"

#include <string.h>

typedef struct Asking {
    Check *check;
    Source *source;
    const SpecDrop *drop;
    const Dependents *answer;
    const char *table; /* for the source */
    Arena *arena;
    Conditions *out;
} Asking;

static const SpecDrop *said_of(const SpecDrop *table, const char *column) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, column) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static bool column_ask(const Asking *asking, const char *column, Err *err) {
    const Dependents *answer = asking->answer;
    const SpecDrop *said = said_of(asking->drop, column), unsaid = {.name = column};
    const char *own = answer->same_columns ? column : NULL, *unknown = NULL;
    ContractPair pair;
    Dependents old = {.shown = arena_printf(asking->arena, "%s.%s", answer->shown, column), .column = column};
    if (!contract_pair_column(asking->check, said == NULL ? &unsaid : said, own, asking->arena, &pair, err) ||
        (pair.new_count > 0 &&
         !contract_column(asking->source, asking->table, column, asking->arena, &old, &unknown, err))) {
        return false;
    }
    if (unknown != NULL) {
        contract_replacement(old.shown, CONDITION_UNKNOWN, unknown, asking->out);
        return true;
    }
    return contract_parity(asking->check, &pair, &old, asking->arena, asking->out, err);
}

/* Rows that no run has looked at may be nowhere else. */
static void rows_ask(const Asking *asking) {
    const char *where = asking->check->spec.old.relation.where;
    const char *seen = where != NULL                  ? arena_printf(asking->arena, "only those where %s", where)
                       : asking->answer->same_columns ? "no where leaves any out"
                                                      : arena_printf(asking->arena, "only those that %s shows",
                                                                     asking->check->match.old.relation.name);
    bool all = where == NULL && asking->answer->same_columns;
    conditions_add(asking->out, &(Condition){.group = "new column",
                                             .name = "rows",
                                             .subject = asking->answer->shown,
                                             .state = all ? CONDITION_MET : CONDITION_UNKNOWN,
                                             .required = "every row of it is compared",
                                             .seen = seen});
}

bool contract_table(Check *check, Source *source, const SpecDrop *drop, const Dependents *answer, Arena *arena,
                    Conditions *out, Err *err) {
    Asking asking = {.check = check, .source = source, .drop = drop, .answer = answer, .arena = arena, .out = out};
    asking.table = arena_printf(arena, "%s.%s", contract_quoted(arena, answer->tables[0].schema),
                                contract_quoted(arena, answer->tables[0].name));
    rows_ask(&asking);
    for (size_t i = 0; i < answer->column_count; i++) {
        if (!column_ask(&asking, answer->columns[i], err)) {
            return false;
        }
    }
    return true;
}
