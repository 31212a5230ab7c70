/* A list of conditions that grows. See condition.h. */
#include "gate/condition.h"

#include <string.h>

void conditions_add(Conditions *conditions, const Condition *condition) {
    if (conditions->count == conditions->room) {
        size_t room = conditions->room == 0 ? 16 : 2 * conditions->room;
        Condition *items = arena_alloc(conditions->arena, room * sizeof *items);
        if (conditions->count > 0) {
            memcpy(items, conditions->items, conditions->count * sizeof *items);
        }
        conditions->items = items;
        conditions->room = room;
    }
    Condition *item = &conditions->items[conditions->count++];
    *item = *condition;
    item->group = arena_text(conditions->arena, condition->group);
    item->name = arena_text(conditions->arena, condition->name);
    item->subject = arena_text(conditions->arena, condition->subject);
    item->required = arena_text(conditions->arena, condition->required);
    item->seen = arena_text(conditions->arena, condition->seen);
}

const char *condition_state_name(ConditionState state) {
    static const char *const NAMES[] = {"met", "not met", "unknown"};
    return NAMES[state];
}
