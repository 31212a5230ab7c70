/* `contract:` of a spec: what is to be dropped, for the gate to ask about. See SpecContract in spec.h.
 *
 *     contract:
 *       drop: [orders.total_amount, orders.legacy_flag]
 *       replaced_by: {orders.legacy_flag: }          # nothing takes its place; of a table: {table.column: }
 */
#include "base/dotted.h"
#include "spec/spec_parts.h"

#include <string.h>

static SpecDrop *drop_find(SpecDrop *drops, size_t count, Str name) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(str_of(drops[i].name), name)) {
            return &drops[i];
        }
    }
    return NULL;
}

/* "orders.note" is column note of the dropped table "orders"; NULL: there is no such table in `drop`. */
static SpecDrop *column_find(SpecReader *reader, SpecDrop *drops, size_t count, Str name, const char **out_column) {
    const char *parts[4], *table[3];
    size_t part_count = dotted_parts(reader->arena, arena_copy(reader->arena, name.bytes, name.length), parts, 4);
    for (size_t i = 0; i < count; i++) {
        size_t same = 0, table_count = dotted_parts(reader->arena, drops[i].name, table, 3);
        while (table_count > 0 && table_count + 1 == part_count && same < table_count &&
               strcmp(parts[same], table[same]) == 0) {
            same++;
        }
        if (same > 0 && same == table_count) {
            *out_column = parts[same];
            return &drops[i];
        }
    }
    return NULL;
}

/* What `name` in replaced_by is about; `room`: how many there are at most. NULL: nothing of `drop`. */
static SpecDrop *replaced_find(SpecReader *reader, SpecDrop *drops, const SpecContract *contract, const YamlNode *key,
                               size_t room) {
    const char *column = NULL;
    Str name = key->text;
    SpecDrop *drop = drop_find(drops, contract->drop_count, name);
    SpecDrop *table = drop == NULL ? column_find(reader, drops, contract->drop_count, name, &column) : NULL;
    if (table == NULL) {
        return drop;
    }
    SpecDrop *columns = ARENA_MANY(reader->arena, room, SpecDrop);
    for (size_t i = 0; i < table->column_count; i++) {
        columns[i] = table->columns[i];
    }
    columns[table->column_count] = (SpecDrop){.name = column, .place = yaml_place(reader->file, key)};
    table->columns = columns;
    return &columns[table->column_count++];
}

static bool refuse_unknown(SpecReader *reader, const YamlNode *key, const SpecContract *contract) {
    const char **names = ARENA_MANY(reader->arena, contract->drop_count, const char *);
    for (size_t i = 0; i < contract->drop_count; i++) {
        names[i] = contract->drops[i].name;
    }
    spec_refuse(reader, key, "cannot replace \"%.*s\": it is not in \"drop\"", STR_ARG(key->text));
    return spec_suggest(reader, key->text, names, contract->drop_count);
}

static bool replaced_read(SpecReader *reader, const YamlNode *node, SpecDrop *drops, const SpecContract *contract) {
    for (size_t i = 0; node != NULL && i < node->count; i++) {
        SpecDrop *drop = replaced_find(reader, drops, contract, node->keys[i], node->count);
        const YamlNode *value = node->values[i];
        if (drop == NULL) {
            return refuse_unknown(reader, node->keys[i], contract);
        }
        drop->replaced_said = true;
        drop->replaced_place = yaml_place(reader->file, value);
        if (value->kind == YAML_NULL) {
            continue;
        }
        if (!spec_type_check(reader, SPEC_NAMES, "replaced_by", value) ||
            !spec_names_read(reader, "replaced_by", value, &drop->replaced_by, &drop->replaced_count)) {
            return false;
        }
    }
    return true;
}

static SpecDrop *drops_make(SpecReader *reader, const YamlNode *node, const char *const *names, size_t count) {
    SpecDrop *drops = ARENA_MANY(reader->arena, count, SpecDrop);
    for (size_t i = 0; i < count; i++) {
        drops[i] = (SpecDrop){
            .name = names[i],
            .place = yaml_place(reader->file, node->kind == YAML_LIST ? node->values[i] : node),
        };
    }
    return drops;
}

bool spec_contract_read(SpecReader *reader, const YamlNode *node, SpecContract *out) {
    SpecContract contract = {.window_us = -1};
    ContractDraft draft;
    const char *const *names;
    if (node == NULL) {
        *out = contract;
        return true;
    }
    if (!spec_mapping_read(reader, SPEC_CONTRACT, "contract", node, &draft) ||
        !spec_names_read(reader, "drop", draft.drop, &names, &contract.drop_count) ||
        !spec_period_read(reader, "window", draft.window, &contract.window_us) ||
        (draft.accept != NULL &&
         !spec_names_read(reader, "accept", draft.accept, &contract.accept, &contract.accept_count))) {
        return false;
    }
    SpecDrop *drops = drops_make(reader, draft.drop, names, contract.drop_count);
    contract.drops = drops;
    if (!replaced_read(reader, draft.replaced_by, drops, &contract)) {
        return false;
    }
    *out = contract;
    return true;
}
