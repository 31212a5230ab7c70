/* A path in, a Spec out: reads the file, its parts, and what the parts must be to one another. See spec.h. */
#include "spec/spec.h"

#include "spec/spec_parts.h"

#include <string.h>

/* [a-z0-9][a-z0-9-]*: it becomes a label, a file name and a key of the ledger. */
static bool is_check_name(Str name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0);
        if (!good) {
            return false;
        }
    }
    return name.length > 0 && name.length <= SPEC_MAX_CHECK_BYTES;
}

static bool check_name_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    if (!is_check_name(node->text)) {
        spec_refuse(reader, node, "cannot use \"%.*s\" as the name of a check", STR_ARG(node->text));
        return err_hint(reader->err,
                        "A name has a-z, 0-9 and -, begins with a letter or digit, and is at most %d long.",
                        SPEC_MAX_CHECK_BYTES);
    }
    spec->check = node->text.bytes;
    return true;
}

/* Which sides there are: `rows` alone, or `old` and `new` together. */
static bool shape_check(SpecReader *reader, const TopDraft *draft, const YamlNode *root) {
    const YamlNode *side = draft->old != NULL ? draft->old : draft->new_;
    if (draft->rows != NULL && side != NULL) {
        return spec_refuse(reader, side, "cannot use \"%s\" beside \"rows\": rows is one table",
                           draft->old != NULL ? "old" : "new");
    }
    if (draft->rows != NULL || (draft->old != NULL && draft->new_ != NULL)) {
        return true;
    }
    if (side == NULL) {
        spec_refuse(reader, root, "cannot use the spec: \"old\" and \"new\" are missing");
        return err_hint(reader->err, "Say old: and new:, or rows: for parallel columns of one table.");
    }
    return spec_refuse(reader, root, "cannot use the spec: \"%s\" is missing", draft->old == NULL ? "old" : "new");
}

/* A side without a source reads from the other side's, as of what that is read. */
static bool sources_share(SpecReader *reader, const TopDraft *draft, Spec *spec) {
    SpecSide *lender = spec->old.source_count > 0 ? &spec->old : &spec->new_;
    if (lender->source_count == 0) {
        const YamlNode *side = spec->one_row ? draft->rows : draft->old;
        return spec_refuse(reader, side, "cannot use \"%s\": \"source\" is missing", spec->one_row ? "rows" : "old");
    }
    SpecSide *borrower = lender == &spec->old ? &spec->new_ : &spec->old;
    if (borrower->source_count == 0 && !spec->one_row) {
        borrower->sources = lender->sources;
        borrower->source_count = lender->source_count;
        borrower->source_place = lender->source_place;
        if (borrower->as_of == NULL) {
            borrower->as_of = lender->as_of;
            borrower->max_wait_us = lender->max_wait_us;
            borrower->as_of_place = lender->as_of_place;
        }
    }
    return true;
}

static bool sides_read(SpecReader *reader, const TopDraft *draft, Spec *spec) {
    spec->one_row = draft->rows != NULL;
    if (spec->one_row) {
        return spec_side_read(reader, "rows", draft->rows, &spec->old) && sources_share(reader, draft, spec);
    }
    if (!spec_side_read(reader, "old", draft->old, &spec->old) ||
        !spec_side_read(reader, "new", draft->new_, &spec->new_) || !sources_share(reader, draft, spec)) {
        return false;
    }
    const RelationRef *old = &spec->old.relation, *new_ = &spec->new_.relation;
    if (old->key_count > 0 && new_->key_count > 0 && old->key_count != new_->key_count) {
        spec_refuse(reader, draft->new_, "cannot pair a key of %zu columns with one of %zu", old->key_count,
                    new_->key_count);
        return err_hint(reader->err, "Keys pair by position: name as many columns on both sides.");
    }
    return true;
}

/* Keys alone are a check between two sides; within one row they are none. */
static bool something_check(SpecReader *reader, const TopDraft *draft, const Spec *spec) {
    if (spec->one_row && spec->equal_count == 0 && spec->invariant_count == 0) {
        spec_refuse(reader, draft->rows, "cannot use the spec: there is nothing to check");
        return err_hint(reader->err, "Add invariants: with an expression over the columns of \"%s\".",
                        spec->old.relation.table);
    }
    return true;
}

bool spec_time_read(SpecReader *reader, const YamlNode *node, const char *what, int64_t *out_us) {
    Interval time;
    if (!calendar_parse_interval(node->text, &time) || time.months != 0 || time.days != 0 || time.us < 0 ||
        time.us > CALENDAR_DAY_US) {
        spec_refuse(reader, node, "cannot use \"%.*s\" as %s", STR_ARG(node->text), what);
        return err_hint(reader->err, "Write a time such as \"10 s\", of at most a day.");
    }
    *out_us = time.us;
    return true;
}

static bool settle_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    spec->settle_us = -1;
    return node == NULL || spec_time_read(reader, node, "a time to settle", &spec->settle_us);
}

static bool mask_read(SpecReader *reader, const YamlNode *node, Spec *spec) {
    if (!spec_names_read(reader, "mask", node, &spec->mask, &spec->mask_count)) {
        return false;
    }
    SpecPlace *places = ARENA_MANY(reader->arena, spec->mask_count, SpecPlace);
    for (size_t i = 0; i < spec->mask_count; i++) {
        places[i] = yaml_place(reader->file, node->kind == YAML_LIST ? node->values[i] : node);
    }
    spec->mask_places = places;
    return true;
}

static bool spec_fill(SpecReader *reader, Spec *spec) {
    TopDraft draft;
    const YamlNode *root = reader->file->root;
    if (root == NULL || root->kind == YAML_NULL) {
        return err_set(reader->err, TF_ERROR_USAGE, "cannot use \"%s\": it is empty", reader->file->path);
    }
    if (!spec_mapping_read(reader, SPEC_TOP, "the spec", root, &draft) || !check_name_read(reader, draft.check, spec) ||
        !shape_check(reader, &draft, root) || !sides_read(reader, &draft, spec) ||
        !settle_read(reader, draft.settle, spec) || !spec_limits_read(reader, draft.limits, &spec->limits) ||
        !spec_gate_read(reader, draft.gate, &spec->gate) ||
        !spec_repair_read(reader, draft.repair, spec) ||
        !spec_contract_read(reader, draft.contract, &spec->contract)) {
        return false;
    }
    spec->equal_all = !spec->one_row && draft.equal == NULL && draft.invariants == NULL;
    return (draft.equal == NULL || spec_equal_read(reader, draft.equal, spec)) &&
           (draft.invariants == NULL || spec_invariants_read(reader, draft.invariants, spec)) &&
           (draft.mask == NULL || mask_read(reader, draft.mask, spec)) &&
           something_check(reader, &draft, spec);
}

bool spec_read(Arena *arena, const char *path, const SpecSearch *search, Spec *out, Err *err) {
    YamlFile *file = ARENA_NEW(arena, YamlFile);
    if (!yaml_read(arena, path, file, err)) {
        return false;
    }
    return spec_of_file(arena, file, search, out, err);
}

bool spec_of_file(Arena *arena, const YamlFile *file, const SpecSearch *search, Spec *out, Err *err) {
    SpecReader reader = {arena, file, search, err};
    Spec spec = {.path = file->path, .text = file->text.bytes};
    if (!spec_fill(&reader, &spec)) {
        return false;
    }
    spec.digest = spec_digest(arena, &spec);
    *out = spec;
    return true;
}
