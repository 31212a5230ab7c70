/* Masks on findings and errors (promises: mask.h). */
#include "check/mask.h"

#include <string.h>

static bool is_masked(const Match *match, const MatchSide *side, size_t column) {
    return match->mask_key != NULL && side->masked[column];
}

/* canon_value knows no arrays' elements: a column of one row does. */
static void canon_of(Value value, Kind element, Buf *out) {
    Column column = {.kind = value.kind, .element = element, .state = &value.state};
    if (value.state == CELL_VALUE && value.kind == KIND_ARRAY) {
        column.data.texts = &value.as.text;
        canon_cell(&column, 0, out);
    } else {
        canon_value(&value, out);
    }
}

Value mask_value(const Match *match, const MatchSide *side, size_t column, Arena *arena, Value value) {
    if (!is_masked(match, side, column) || value.state == CELL_NULL) {
        return value;
    }
    Buf canonical = {0};
    canon_of(value, side->relation.columns[column].element, &canonical);
    uint64_t hash = keyed_hash(match->mask_key, buf_view(&canonical));
    buf_free(&canonical);
    const char *text = arena_printf(arena, "masked:%016llx", (unsigned long long)hash);
    return (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = str_of(text)};
}

/* ---- keys ------------------------------------------------------------------------------------------------- */

/* Partners in a key are masked together, so that the old side speaks for both. */
bool mask_hides_key(const Match *match) {
    for (size_t i = 0; i < match->key_count; i++) {
        if (is_masked(match, &match->old, match->old.columns[i].column)) {
            return true;
        }
    }
    return false;
}

const Value *mask_key(const Match *match, Arena *arena, const Value *key) {
    if (!mask_hides_key(match)) {
        return key;
    }
    Value *masked = ARENA_MANY(arena, match->key_count, Value);
    for (size_t i = 0; i < match->key_count; i++) {
        masked[i] = mask_value(match, &match->old, match->old.columns[i].column, arena, key[i]);
    }
    return masked;
}

/* ---- cells ------------------------------------------------------------------------------------------------ */

static FindingCell cell_mask(const Match *match, const MatchSide *side, Arena *arena, FindingCell cell) {
    for (size_t i = 0; i < side->relation.column_count; i++) {
        if (strcmp(side->relation.columns[i].name, cell.name) == 0) {
            cell.value = mask_value(match, side, i, arena, cell.value);
        }
    }
    return cell;
}

static const FindingCell *cells_mask(const Match *match, const MatchSide *side, Arena *arena, const FindingCell *cells,
                                     size_t count) {
    FindingCell *masked = ARENA_MANY(arena, count, FindingCell);
    for (size_t i = 0; i < count; i++) {
        masked[i] = cell_mask(match, side, arena, cells[i]);
    }
    return masked;
}

Finding mask_cells(const Match *match, Arena *arena, const Finding *finding) {
    Finding masked = *finding;
    if (match->mask_key != NULL) {
        masked.old = cells_mask(match, &match->old, arena, finding->old, finding->old_count);
        masked.new_ = cells_mask(match, &match->new_, arena, finding->new_, finding->new_count);
    }
    return masked;
}

/* ---- digests ---------------------------------------------------------------------------------------------- */

Digest mask_digest(const Match *match, Digest digest) {
    if (match->mask_key == NULL) {
        return digest;
    }
    char bytes[25];
    digest_bytes(&digest, (unsigned char *)bytes);
    Digest masked = {.rows = digest.rows};
    bytes[24] = 'l';
    masked.low = keyed_hash(match->mask_key, (Str){bytes, sizeof(bytes)});
    bytes[24] = 'h';
    masked.high = keyed_hash(match->mask_key, (Str){bytes, sizeof(bytes)});
    return masked;
}

/* ---- errors ----------------------------------------------------------------------------------------------- */

/* The codes of errors that are about rows: names in the others help, and hold no values. */
static bool hides_errors(const Match *match, const Err *err) {
    return match->masks && (err->code == TF_ERROR_DATA || err->code == TF_ERROR_CONFLICT);
}

/* "cannot read public.people: invalid input syntax for type integer: "ann"" -- the relation's name is quoted, too, and
 * stands before the first colon that a blank follows. */
void mask_error(const Match *match, Err *err) {
    static const char HIDDEN[] = "(masked)";
    char *cause = hides_errors(match, err) ? strstr(err->text, ": ") : NULL;
    char *quote = cause == NULL ? NULL : strpbrk(cause, "\"'(");
    size_t room = quote == NULL ? 0 : sizeof(err->text) - (size_t)(quote - err->text);
    if (room > sizeof(HIDDEN)) {
        memcpy(quote, HIDDEN, sizeof(HIDDEN));
    } else if (quote != NULL) {
        *quote = '\0';
    }
}

void mask_server_error(const Match *match, Err *err) {
    static const char HIDDEN[] = "(masked)";
    bool about_rows = err->code != TF_ERROR_CONNECTION && err->code != TF_ERROR_INTERRUPTED;
    char *cause = match->masks && about_rows ? strstr(err->text, ": ") : NULL;
    if (cause != NULL && (size_t)(cause + 2 - err->text) + sizeof(HIDDEN) <= sizeof(err->text)) {
        memcpy(cause + 2, HIDDEN, sizeof(HIDDEN));
    }
}
