/* `equal:` in, the pairs of a Spec out.
 *
 *     equal: all
 *     equal: [status, {old: username, new: handle}, {old: price, new: price, within: 0.01}]
 *
 * Refuses: a new name that stands twice (reports and metrics are labelled by it), and in one row `all` and a column
 * against itself.
 */
#include "spec/spec_parts.h"

#include <string.h>

static bool all_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    if (!str_equal(node->text, STR_LITERAL("all"))) {
        return spec_refuse(reader, node, "cannot use \"%.*s\" for \"equal\": it takes a list, or \"all\"",
                           STR_ARG(node->text));
    }
    if (spec->one_row) {
        return spec_refuse(reader, node, "cannot use \"equal: all\" with \"rows\": there is only one side");
    }
    spec->equal_all = true;
    return true;
}

static SpecEqual same_name(SpecReader *reader, const YamlNode *node) {
    SpecPlace place = yaml_place(reader->file, node);
    const char *name = node->text.bytes;
    return (SpecEqual){name, name, NULL, place, place, place, place};
}

static bool renamed_read(SpecReader *reader, const YamlNode *node, SpecEqual *out) {
    EqualDraft draft;
    if (!spec_mapping_read(reader, SPEC_EQUAL, "an entry of equal", node, &draft)) {
        return false;
    }
    SpecPlace place = yaml_place(reader->file, node);
    *out = (SpecEqual){
        .old = draft.old->text.bytes,
        .new_ = draft.new_->text.bytes,
        .within = draft.within == NULL ? NULL : draft.within->text.bytes,
        .place = place,
        .old_place = yaml_place(reader->file, draft.old),
        .new_place = yaml_place(reader->file, draft.new_),
        .within_place = draft.within == NULL ? place : yaml_place(reader->file, draft.within),
    };
    return true;
}

static bool pair_check(SpecReader *reader, const YamlNode *node, const Spec *spec, const SpecEqual *pair,
                       size_t before) {
    if (spec->one_row && strcmp(pair->old, pair->new_) == 0) {
        spec_refuse(reader, node, "cannot compare \"%s\" with itself in one row", pair->old);
        return err_hint(reader->err, "Write {old: NAME, new: OTHER_NAME} for two parallel columns.");
    }
    for (size_t i = 0; i < before; i++) {
        if (strcmp(spec->equal[i].new_, pair->new_) == 0) {
            spec_refuse(reader, node, "cannot use new column \"%s\" twice in \"equal\"", pair->new_);
            return err_hint(reader->err, "Say the second as an invariant, such as %s%s == %s%s.",
                            spec->one_row ? "" : "new.", pair->new_, spec->one_row ? "" : "old.", pair->old);
        }
    }
    return true;
}

bool spec_equal_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    if (node->kind == YAML_TEXT) {
        return all_read(reader, node, spec);
    }
    if (node->count > YAML_MAX_KEYS) {
        return spec_refuse(reader, node, "cannot use more than %d entries in \"equal\"", YAML_MAX_KEYS);
    }
    SpecEqual *pairs = ARENA_MANY(reader->arena, node->count, SpecEqual);
    spec->equal = pairs;
    for (size_t i = 0; i < node->count; i++) {
        const YamlNode *item = node->values[i];
        if (item->kind == YAML_MAPPING) {
            if (!renamed_read(reader, item, &pairs[i])) {
                return false;
            }
        } else if (spec_type_check(reader, SPEC_NAME, "equal", item)) {
            pairs[i] = same_name(reader, item);
        } else {
            return false;
        }
        if (!pair_check(reader, item, spec, &pairs[i], i)) {
            return false;
        }
    }
    spec->equal_count = node->count;
    return true;
}
