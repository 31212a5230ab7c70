/* A Spec in, 32 hex digits out: equal for two spec files that ask the same, whatever their comments and layout.
 *
 * Promises: every part is length-prefixed and every list counted, so that no two meanings share bytes; sources go in
 * as they are shown, so that a changed password keeps the digest and the digest keeps no password.
 */
#include "spec/spec_parts.h"

#include <xxhash.h>

/* NULL is not "". */
static void put_text(Buf *out, const char *text) {
    if (text == NULL) {
        buf_text(out, "-;");
        return;
    }
    Str view = str_of(text);
    buf_printf(out, "%zu:", view.length);
    buf_str(out, view);
}

static void put_count(Buf *out, const char *what, size_t count) {
    buf_printf(out, "%s %zu;", what, count);
}

static void put_side(Arena *arena, Buf *out, const SpecSide *side) {
    const RelationRef *relation = &side->relation;
    put_count(out, "sources", side->source_count);
    for (size_t i = 0; i < side->source_count; i++) {
        put_text(out, source_url_shown(arena, side->sources[i]));
    }
    if (side->as_of != NULL) {
        put_text(out, "as of");
        put_text(out, source_url_shown(arena, side->as_of));
    }
    put_text(out, relation->table);
    put_text(out, relation->where);
    put_count(out, "key", relation->key_count);
    for (size_t i = 0; i < relation->key_count; i++) {
        put_text(out, relation->key[i]);
    }
    put_count(out, "computed", relation->computed_count);
    for (size_t i = 0; i < relation->computed_count; i++) {
        put_text(out, relation->computed[i].name);
        put_text(out, relation->computed[i].sql);
    }
}

static void put_equal(Buf *out, const Spec *spec) {
    put_count(out, spec->equal_all ? "all" : "equal", spec->equal_count);
    for (size_t i = 0; i < spec->equal_count; i++) {
        put_text(out, spec->equal[i].old);
        put_text(out, spec->equal[i].new_);
        put_text(out, spec->equal[i].within);
    }
}

static void put_invariants(Buf *out, const Spec *spec) {
    put_count(out, "invariants", spec->invariant_count);
    for (size_t i = 0; i < spec->invariant_count; i++) {
        Buf printed = {0};
        expr_print(spec->invariants[i].expr, &printed);
        put_text(out, spec->invariants[i].name);
        put_text(out, printed.length == 0 ? "" : printed.bytes);
        put_count(out, "null", (size_t)spec->invariants[i].null);
        buf_free(&printed);
    }
}

/* What one run kept in the clear and another masked are not one run's findings. */
static void put_mask(Buf *out, const Spec *spec) {
    for (size_t i = 0; i < spec->mask_count; i++) {
        put_text(out, "mask");
        put_text(out, spec->mask[i]);
    }
}

const char *spec_digest(Arena *arena, const Spec *spec) {
    Buf meaning = {0};
    buf_text(&meaning, "twofold spec 1;");
    put_text(&meaning, spec->check);
    put_count(&meaning, "rows", spec->one_row);
    put_side(arena, &meaning, &spec->old);
    put_side(arena, &meaning, &spec->new_);
    put_equal(&meaning, spec);
    put_invariants(&meaning, spec);
    put_mask(&meaning, spec);
    XXH128_hash_t hash = XXH3_128bits(meaning.bytes, meaning.length);
    buf_free(&meaning);
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}
