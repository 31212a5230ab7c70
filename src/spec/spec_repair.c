/* `repair:` of a spec: which side is right, and what may be written on the other. See SpecRepair in spec.h.
 *
 * Refuses: words that are none, a share that is not between 0 and 1, policies for missing rows within one row.
 */
#include "spec/spec_parts.h"

#include <string.h>

static const SpecRepair NOTHING_SAID = {.insert_missing = true, .max_rows = 100000, .stop_above = 0.01};

/* Which of two words; *out is whether it is the second. `node` may be NULL: *out stays. */
static bool word_read(SpecReader *reader, const char *what, const YamlNode *node, const char *const words[2],
                      bool *out) {
    if (node == NULL) {
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        if (str_equal(node->text, str_of(words[i]))) {
            *out = i == 1;
            return true;
        }
    }
    spec_refuse(reader, node, "cannot use \"%.*s\" for \"%s\"", STR_ARG(node->text), what);
    return spec_suggest(reader, node->text, words, 2);
}

static bool trust_read(SpecReader *reader, const YamlNode *node, SpecTrust *out) {
    static const char *const WORDS[] = {"old", "new"};
    bool new_ = false;
    if (!word_read(reader, "trust", node, WORDS, &new_)) {
        return false;
    }
    *out = node == NULL ? TRUST_UNSAID : new_ ? TRUST_NEW : TRUST_OLD;
    return true;
}

/* Within one row no row is missing. */
static bool policies_read(SpecReader *reader, const RepairDraft *draft, const Spec *spec, SpecRepair *repair) {
    static const char *const MISSING[] = {"report", "insert"};
    static const char *const EXTRA[] = {"report", "delete"};
    const YamlNode *said = draft->missing != NULL ? draft->missing : draft->extra;
    if (spec->one_row && said != NULL) {
        return spec_refuse(reader, said, "cannot use \"%s\" beside \"rows\": there is only one row",
                           draft->missing != NULL ? "missing" : "extra");
    }
    return word_read(reader, "missing", draft->missing, MISSING, &repair->insert_missing) &&
           word_read(reader, "extra", draft->extra, EXTRA, &repair->delete_extra);
}

/* "1%" or 0.01. */
static bool share_read(SpecReader *reader, const YamlNode *node, double *out) {
    if (node == NULL) {
        return true;
    }
    Str text = str_trim(node->text);
    bool percent = text.length > 0 && text.bytes[text.length - 1] == '%';
    Decimal number;
    text.length -= percent;
    bool good = decimal_parse(reader->arena, str_trim(text), &number) && number.class_ == DECIMAL_FINITE;
    double share = good ? decimal_to_double(number) / (percent ? 100 : 1) : -1;
    if (share < 0 || share > 1) {
        spec_refuse(reader, node, "cannot use \"%.*s\" for \"stop_above\"", STR_ARG(node->text));
        return err_hint(reader->err, "Write a part of all rows such as 1%% or 0.01.");
    }
    *out = share;
    return true;
}

static bool set_read(SpecReader *reader, const YamlNode *node, SpecRepair *repair) {
    if (node == NULL) {
        return true;
    }
    SpecSet *sets = arena_zeroed(reader->arena, (node->count + 1) * sizeof(SpecSet));
    for (size_t i = 0; i < node->count; i++) {
        const YamlNode *column = node->keys[i], *value = node->values[i];
        if (!spec_type_check(reader, SPEC_NAME, "set", column) ||
            !spec_type_check(reader, SPEC_EXPRESSION, column->text.bytes, value) ||
            !spec_expression_read(reader, value, &sets[i].expr)) {
            return false;
        }
        Str shown = str_trim(value->text);
        sets[i].column = column->text.bytes;
        sets[i].text = arena_copy(reader->arena, shown.bytes, shown.length);
        sets[i].column_place = yaml_place(reader->file, column);
        sets[i].place = yaml_place(reader->file, value);
    }
    repair->sets = sets;
    repair->set_count = node->count;
    return true;
}

bool spec_repair_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    SpecRepair repair = NOTHING_SAID;
    RepairDraft draft;
    if (node != NULL &&
        (!spec_mapping_read(reader, SPEC_REPAIR, "repair", node, &draft) ||
         !trust_read(reader, draft.trust, &repair.trust) || !policies_read(reader, &draft, spec, &repair) ||
         !spec_count_read(reader, "max_rows", draft.max_rows, &repair.max_rows) ||
         !spec_count_read(reader, "rate", draft.rate, &repair.rows_per_second) ||
         !share_read(reader, draft.stop_above, &repair.stop_above) || !set_read(reader, draft.set, &repair))) {
        return false;
    }
    spec->repair = repair;
    return true;
}
