/* The words of findings, causes, verdicts and modes, each once: JSON, metrics, ledger and console all ask here. And
 * findings copied, and boiled down to hashes.
 */
#include "check/finding.h"

#include <xxhash.h>

const char *finding_kind_name(FindingKind kind) {
    static const char *const names[FINDING_KINDS] = {
        [MISSING_IN_NEW] = "missing_in_new",
        [MISSING_IN_OLD] = "missing_in_old",
        [DIFFERENT] = "different",
        [DUPLICATE_KEY] = "duplicate_key",
    };
    return names[kind];
}

const char *cause_name(Cause cause) {
    static const char *const names[CAUSES] = {
        [CAUSE_MISSING] = "missing",
        [CAUSE_NULL] = "null",
        [CAUSE_SCALE] = "scale",
        [CAUSE_SHIFT] = "shift",
        [CAUSE_TRUNCATION] = "truncation",
        [CAUSE_WHITE_SPACE] = "white space",
        [CAUSE_CASE] = "case",
        [CAUSE_SWAPPED] = "swapped columns",
        [CAUSE_OTHER] = "other",
    };
    return names[cause];
}

const char *range_state_name(RangeState state) {
    static const char *const names[] = {
        [RANGE_PROVED] = "proved",
        [RANGE_FAILED] = "failed",
        [RANGE_PART] = "part",
        [RANGE_PART_FAILED] = "part-failed",
    };
    return names[state];
}

const char *verdict_name(Verdict verdict) {
    static const char *const names[] = {
        [VERDICT_CONSISTENT] = "consistent",
        [VERDICT_INCONSISTENT] = "inconsistent",
        [VERDICT_CANNOT_TELL] = "cannot-tell",
    };
    return names[verdict];
}

const char *mode_name(Mode mode) {
    static const char *const names[] = {
        [MODE_AUTO] = "auto",
        [MODE_JOIN] = "join",
        [MODE_DIGEST] = "digest",
        [MODE_STREAM] = "stream",
    };
    return names[mode];
}

bool mode_parse(const char *name, Mode *out) {
    for (Mode mode = MODE_AUTO; mode <= MODE_STREAM; mode++) {
        if (text_equal(name, mode_name(mode))) {
            *out = mode;
            return true;
        }
    }
    return false;
}

static const Value *values_copy(Arena *arena, const Value *values, size_t count) {
    Value *copy = ARENA_MANY(arena, count, Value);
    for (size_t i = 0; i < count; i++) {
        copy[i] = value_copy(arena, values[i]);
    }
    return copy;
}

static const size_t *indexes_copy(Arena *arena, const size_t *indexes, size_t count) {
    size_t *copy = ARENA_MANY(arena, count, size_t);
    for (size_t i = 0; i < count; i++) {
        copy[i] = indexes[i];
    }
    return copy;
}

static const FindingCell *cells_copy(Arena *arena, const FindingCell *cells, size_t count) {
    FindingCell *copy = ARENA_MANY(arena, count, FindingCell);
    for (size_t i = 0; i < count; i++) {
        copy[i] = (FindingCell){.name = cells[i].name, .value = value_copy(arena, cells[i].value)};
    }
    return copy;
}

Finding finding_copy(Arena *arena, const Finding *finding) {
    Finding copy = *finding;
    copy.key = values_copy(arena, finding->key, finding->key_count);
    if (finding->pair_count + finding->invariant_count + finding->unknown_count + finding->old_count +
            finding->new_count ==
        0) {
        copy.pairs = copy.invariants = copy.unknown = NULL;
        copy.old = copy.new_ = NULL;
        return copy;
    }
    copy.pairs = indexes_copy(arena, finding->pairs, finding->pair_count);
    copy.invariants = indexes_copy(arena, finding->invariants, finding->invariant_count);
    copy.unknown = indexes_copy(arena, finding->unknown, finding->unknown_count);
    copy.old = cells_copy(arena, finding->old, finding->old_count);
    copy.new_ = cells_copy(arena, finding->new_, finding->new_count);
    return copy;
}

bool finding_is_plain(const Finding *finding) {
    return (finding->kind == MISSING_IN_NEW || finding->kind == MISSING_IN_OLD) && finding->cause == CAUSE_MISSING &&
           finding->key_count == 1 && finding->key[0].kind == KIND_INT && finding->key[0].state == CELL_VALUE &&
           finding->pair_count + finding->invariant_count + finding->old_count + finding->new_count == 0 &&
           finding->old_written_us == 0 && finding->new_written_us == 0;
}

int finding_compare(const Finding *a, const Finding *b) {
    int order = 0;
    for (size_t i = 0; order == 0 && i < a->key_count; i++) {
        order = value_compare(a->key[i], b->key[i]);
    }
    return order;
}

static void image_cells(const FindingCell *cells, size_t count, Buf *out) {
    for (size_t i = 0; i < count; i++) {
        canon_value(&cells[i].value, out);
    }
    buf_char(out, '|');
}

uint64_t finding_image(const Finding *finding) {
    Buf bytes = {0};
    buf_char(&bytes, (char)('0' + finding->kind));
    image_cells(finding->old, finding->old_count, &bytes);
    image_cells(finding->new_, finding->new_count, &bytes);
    buf_append(&bytes, finding->invariants, finding->invariant_count * sizeof(size_t));
    uint64_t image = XXH3_64bits(bytes.bytes, bytes.length);
    buf_free(&bytes);
    return image;
}

RowHash finding_hash(const Finding *finding, Buf *scratch) {
    buf_empty(scratch);
    buf_char(scratch, (char)('0' + finding->kind));
    for (size_t i = 0; i < finding->key_count; i++) {
        canon_value(&finding->key[i], scratch);
    }
    if (finding->old_count + finding->new_count + finding->invariant_count > 0) {
        image_cells(finding->old, finding->old_count, scratch);
        image_cells(finding->new_, finding->new_count, scratch);
        buf_append(scratch, finding->pairs, finding->pair_count * sizeof(size_t));
        buf_append(scratch, finding->invariants, finding->invariant_count * sizeof(size_t));
    }
    XXH128_hash_t hash = XXH3_128bits(scratch->bytes, scratch->length);
    return (RowHash){.low = hash.low64, .high = hash.high64};
}
