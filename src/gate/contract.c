#include "gate/contract.h"

#include "base/clock.h"
#include "check/side.h"
#include "gate/contract_drop.h"
#include "gate/contract_pair.h"
#include "gate/contract_table.h"
#include "gate/contract_text.h"

#include <string.h>

/* ---- saying ------------------------------------------------------------------------------------------------------ */

static void unknown_say(const char *subject, const char *why, Conditions *out) {
    conditions_add(out, &(Condition){.group = "contract",
                                     .name = "catalog",
                                     .subject = subject,
                                     .state = CONDITION_UNKNOWN,
                                     .required = "what hangs on it can be asked for",
                                     .seen = why});
}

void contract_unknown(const Spec *spec, const char *why, Conditions *out) {
    for (size_t i = 0; i < spec->contract.drop_count; i++) {
        unknown_say(spec->contract.drops[i].name, why, out);
    }
}

/* ---- one name, one server ---------------------------------------------------------------------------------- */

typedef struct Asking {
    Check *check;
    const char *kept;  /* the new side's name, where it is on this server */
    const char *shown; /* the column that is dropped, as the last server has it */
    Conditions *out;
} Asking;

static bool is_wrong(const Err *err) {
    return err->code == TF_ERROR_USAGE;
}

/* A server that fails leaves its answer unknown; a wrong name, or somebody's wish to stop, ends all. */
static bool endure(Asking *asking, const SpecDrop *drop, Err *err) {
    if (is_wrong(err)) {
        return spec_error_at(&asking->check->spec, drop->place, err);
    }
    if (err->code == TF_ERROR_INTERRUPTED) {
        return false;
    }
    unknown_say(drop->name, err->text, asking->out);
    return true;
}

static bool dependents_read(Source *source, const DropRef *ref, Arena *arena, Dependents *out, Err *err) {
    Err ignored;
    if (!source->ops->begin(source, NULL, err)) {
        return false;
    }
    bool good = source->ops->dependents(source, ref, arena, out, err);
    return source->ops->end(source, good ? err : &ignored) && good;
}

static int64_t window_of(const Spec *spec) {
    return spec->contract.window_us >= 0 ? spec->contract.window_us : spec->gate.spanning_us;
}

static bool drop_ask(Asking *asking, Source *source, const SpecDrop *drop, Arena *arena, Err *err) {
    Check *check = asking->check;
    ContractPair pair;
    Dependents answer;
    if (!contract_pair(check, drop, arena, &pair, err)) {
        return false;
    }
    DropRef ref = {.name = pair.name, .old = check->match.old.relation.name, .kept = asking->kept};
    if (pair.same_table) {
        ref.replaced_by = pair.new_;
        ref.replaced_count = pair.new_count;
    }
    if (!dependents_read(source, &ref, arena, &answer, err)) {
        return endure(asking, drop, err);
    }
    if (!drop_found(check, drop, &answer, err)) {
        return false;
    }
    asking->shown = answer.shown;
    for (size_t i = 0; i < answer.class_count; i++) {
        contract_class(answer.shown, &answer.classes[i], arena, asking->out);
    }
    ContractTexts texts = {.answer = &answer,
                           .replaced_by = ref.replaced_by,
                           .replaced_count = ref.replaced_count,
                           .window_us = window_of(&check->spec),
                           .now_us = clock_wall_us()};
    contract_texts(&texts, asking->out);
    return answer.column == NULL ? contract_table(check, source, drop, &answer, arena, asking->out, err)
                                 : contract_parity(check, &pair, &answer, arena, asking->out, err);
}

/* ---- servers ----------------------------------------------------------------------------------------------- */

static bool names_check(Check *check, bool told, Err *err) {
    for (size_t i = 0; i < check->spec.contract.drop_count; i++) {
        if (!drop_named(check, &check->spec.contract.drops[i], told, &check->arena, err)) {
            return false;
        }
    }
    return true;
}

static bool drops_ask(Asking *asking, Source *source, Err *err) {
    Check *check = asking->check;
    Arena *arena = &check->arena;
    bool told = source->ops->dependents != NULL;
    if (!names_check(check, told, err)) {
        return false;
    }
    if (!told) {
        const char *why = arena_printf(arena, "%s tells nothing of it", source->ops->info(source)->engine);
        contract_unknown(&check->spec, why, asking->out);
        return true;
    }
    if (!drop_kept(check, source, arena, &asking->kept, err)) {
        contract_unknown(&check->spec, err->text, asking->out);
        return err->code != TF_ERROR_INTERRUPTED;
    }
    for (size_t i = 0; i < check->spec.contract.drop_count; i++) {
        if (!drop_ask(asking, source, &check->spec.contract.drops[i], arena, err)) {
            return false;
        }
    }
    return true;
}

static bool server_ask(Asking *asking, const char *url, Err *err) {
    Check *check = asking->check;
    Source *source = NULL;
    const char *application = side_application(&check->arena, check->spec.check);
    if (!source_open(url, application, &source, err)) {
        contract_unknown(&check->spec, err->text, asking->out);
        return err->code != TF_ERROR_INTERRUPTED;
    }
    bool good = drops_ask(asking, source, err);
    source_close(source);
    return good;
}

/* ---- conditions of all ------------------------------------------------------------------------------------- */

/* Two columns of one table have much in common: one trigger that is disabled is one condition. */
static bool said_before(const Conditions *said, const Condition *condition) {
    for (size_t i = 0; i < said->count; i++) {
        const Condition *other = &said->items[i];
        if (strcmp(other->group, condition->group) == 0 && strcmp(other->name, condition->name) == 0 &&
            text_equal(other->subject, condition->subject) && text_equal(other->seen, condition->seen)) {
            return true;
        }
    }
    return false;
}

/* accept: ["slot debezium"] is the condition's name and subject, as the gate shows them. */
static bool is_accepted(const SpecContract *contract, const Condition *condition, Arena *arena) {
    const char *label = condition->subject == NULL ? condition->name
                                                   : arena_printf(arena, "%s %s", condition->name, condition->subject);
    for (size_t i = 0; i < contract->accept_count; i++) {
        if (strcmp(contract->accept[i], label) == 0) {
            return true;
        }
    }
    return false;
}

/* Where there is one column, what is about no other thing is about that one. */
static void condition_take(const Asking *asking, const Condition *condition, Conditions *out) {
    const SpecContract *contract = &asking->check->spec.contract;
    Condition taken = *condition;
    if (contract->drop_count == 1 && text_equal(taken.subject, asking->shown)) {
        taken.subject = NULL;
    }
    if (said_before(out, &taken)) {
        return;
    }
    if (taken.state != CONDITION_MET && is_accepted(contract, &taken, out->arena)) {
        taken.state = CONDITION_MET;
        taken.seen = arena_printf(out->arena, "accepted by the spec: %s", condition->seen);
    }
    conditions_add(out, &taken);
}

static const char *const GROUPS[] = {"contract",   "refused by", "silently lost", "never noticed",
                                     "new column", "traffic",    "replication"};

bool contract_conditions(Check *check, Conditions *out, Err *err) {
    const SpecSide *old = &check->spec.old;
    Conditions found = {.arena = out->arena};
    Asking asking = {.check = check, .out = &found};
    size_t count = old->as_of != NULL ? 1 : old->source_count;
    for (size_t i = 0; i < count && check->spec.contract.drop_count > 0; i++) {
        if (!server_ask(&asking, old->as_of != NULL ? old->as_of : old->sources[i], err)) {
            return false;
        }
    }
    for (size_t g = 0; g < sizeof GROUPS / sizeof *GROUPS; g++) {
        for (size_t i = 0; i < found.count; i++) {
            if (strcmp(found.items[i].group, GROUPS[g]) == 0) {
                condition_take(&asking, &found.items[i], out);
            }
        }
    }
    return true;
}
