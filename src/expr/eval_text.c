/* Text, a column at a time. Characters are UTF-8 code points; bytes that are no UTF-8 (another engine's doing) count
 * as characters of one byte, so that nothing is ever read beyond the end. Results are views of their arguments where
 * they can be. */
#include "expr/eval.h"

#include <limits.h>
#include <string.h>

/* ---- characters ----------------------------------------------------------------------------------------- */

static size_t char_bytes(Str text, size_t at) {
    unsigned char lead = (unsigned char)text.bytes[at];
    size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    size_t left = text.length - at;
    return bytes < left ? bytes : left;
}

static size_t ascii_before(Str text) {
    static const uint64_t HIGH = 0x8080808080808080;
    size_t at = 0;
    for (uint64_t eight; text.length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text.bytes + at, sizeof eight);
        if ((eight & HIGH) != 0) {
            break;
        }
    }
    return at;
}

static int64_t char_count(Str text) {
    size_t ascii = ascii_before(text);
    int64_t count = (int64_t)ascii;
    for (size_t at = ascii; at < text.length; at += char_bytes(text, at)) {
        count++;
    }
    return count;
}

/* The byte where character `index` begins (from 0); the end where there are fewer. */
static size_t char_offset(Str text, int64_t index) {
    size_t at = 0;
    while (index-- > 0 && at < text.length) {
        at += char_bytes(text, at);
    }
    return at;
}

static Str from_to(Str text, size_t from, size_t to) {
    return from < to ? (Str){text.bytes + from, to - from} : (Str){text.bytes, 0};
}

/* An integer argument, cut to what SQL's int holds. */
static int64_t int_arg(const Reg *reg, size_t row) {
    int64_t value = 0;
    if (!reg->wide && reg->scale == 0) {
        value = reg->data.ints[row];
    } else if (!decimal_to_int(reg->wide ? reg->decimals[row]
                                         : (Decimal){.small = reg->data.ints[row], .scale = reg->scale},
                               &value)) {
        value = decimal_compare(reg->decimals[row], decimal_of_int(0)) < 0 ? INT_MIN : INT_MAX;
    }
    return value > INT_MAX ? INT_MAX : value < -INT_MAX ? -INT_MAX : value;
}

static const Str *text_arg(const ProgramState *state, const Step *step, size_t i) {
    return step_arg(state, step, i)->data.texts;
}

/* ---- joining -------------------------------------------------------------------------------------------- */

static Str joined(Arena *arena, Str a, Str b) {
    if (a.length == 0 || b.length == 0) {
        return a.length == 0 ? b : a;
    }
    char *bytes = arena_alloc(arena, a.length + b.length);
    memcpy(bytes, a.bytes, a.length);
    memcpy(bytes + a.length, b.bytes, b.length);
    return (Str){bytes, a.length + b.length};
}

void eval_join(ProgramState *state, const Step *step) {
    const Str *a = text_arg(state, step, 0), *b = text_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            out->data.texts[i] = joined(state->arena, a[i], b[i]);
        }
    }
}

void eval_concat(ProgramState *state, const Step *step) {
    Reg *out = step_out(state, step);
    memset(out->state, CELL_VALUE, state->rows);
    for (size_t i = 0; i < state->rows; i++) {
        Str all = {0};
        for (size_t a = 0; a < step->count; a++) {
            const Reg *in = step_arg(state, step, a);
            all = in->state[i] ? joined(state->arena, all, in->data.texts[i]) : all;
        }
        out->data.texts[i] = all;
    }
}

/* ---- letters -------------------------------------------------------------------------------------------- */

static void shift_letters(ProgramState *state, const Step *step, char first, char last, int by) {
    const Str *in = text_arg(state, step, 0);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (!out->state[i]) {
            continue;
        }
        char *bytes = arena_copy(state->arena, in[i].bytes, in[i].length);
        for (size_t j = 0; j < in[i].length; j++) {
            bytes[j] = (char)(bytes[j] >= first && bytes[j] <= last ? bytes[j] + by : bytes[j]);
        }
        out->data.texts[i] = (Str){bytes, in[i].length};
    }
}

void eval_lower(ProgramState *state, const Step *step) {
    shift_letters(state, step, 'A', 'Z', 'a' - 'A');
}

void eval_upper(ProgramState *state, const Step *step) {
    shift_letters(state, step, 'a', 'z', 'A' - 'a');
}

static bool holds_char(Str set, Str text, size_t at) {
    size_t bytes = char_bytes(text, at);
    for (size_t i = 0; i < set.length; i += char_bytes(set, i)) {
        if (char_bytes(set, i) == bytes && memcmp(set.bytes + i, text.bytes + at, bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* Most texts end in what stays. A character of several bytes is none of ASCII's, whatever it ends in. */
static bool ends_in_other(Str text, Str set) {
    for (size_t i = 0; i < set.length; i++) {
        if ((unsigned char)set.bytes[i] >= 0x80 || set.bytes[i] == text.bytes[text.length - 1]) {
            return false;
        }
    }
    return true;
}

static Str trimmed(Str text, Str set, bool left, bool right) {
    size_t from = 0;
    right = right && text.length > 0 && !ends_in_other(text, set);
    while (left && from < text.length && holds_char(set, text, from)) {
        from += char_bytes(text, from);
    }
    size_t end = right ? from : text.length; /* after the last character that stays */
    for (size_t at = from; right && at < text.length; at += char_bytes(text, at)) {
        if (!holds_char(set, text, at)) {
            end = at + char_bytes(text, at);
        }
    }
    return from_to(text, from, end);
}

void eval_trim(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0), *set = text_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            out->data.texts[i] = trimmed(in[i], set[i], step->node->op != OP_RTRIM, step->node->op != OP_LTRIM);
        }
    }
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

void eval_length(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.ints[i] = out->state[i] ? char_count(in[i]) : 0;
    }
}

void eval_length_bytes(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.ints[i] = out->state[i] ? (int64_t)in[i].length : 0;
    }
}

/* Positions before the text count too: substr('abc', -1, 3) is 'a'. */
static Str substring(Str text, int64_t start, int64_t count) {
    int64_t end = start + count;
    int64_t first = start < 1 ? 1 : start;
    if (end <= first) {
        return from_to(text, 0, 0);
    }
    size_t from = char_offset(text, first - 1);
    Str rest = from_to(text, from, text.length);
    return from_to(rest, 0, char_offset(rest, end - first));
}

void eval_substr(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0);
    const Reg *starts = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (!out->state[i]) {
            continue;
        }
        int64_t count = step->count == 3 ? int_arg(step_arg(state, step, 2), i) : (int64_t)INT_MAX * 2;
        out->state[i] = count >= 0;
        out->data.texts[i] = count >= 0 ? substring(in[i], int_arg(starts, i), count) : (Str){0};
    }
}

static Str side_of(Str text, int64_t count, bool left) {
    int64_t all = char_count(text);
    int64_t kept = count < 0 ? all + count : count;
    kept = kept < 0 ? 0 : kept > all ? all : kept;
    size_t cut = char_offset(text, left ? kept : all - kept);
    return left ? from_to(text, 0, cut) : from_to(text, cut, text.length);
}

void eval_left_right(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0);
    const Reg *counts = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            out->data.texts[i] = side_of(in[i], int_arg(counts, i), step->node->op == OP_LEFT);
        }
    }
}

/* The next occurrence at or after `at`; the length where there is none. `what` is not empty. */
static size_t find_text(Str text, Str what, size_t at) {
    const char *found = at < text.length ? memmem(text.bytes + at, text.length - at, what.bytes, what.length) : NULL;
    return found == NULL ? text.length : (size_t)(found - text.bytes);
}

static Str replaced(Arena *arena, Str text, Str what, Str by) {
    if (what.length == 0 || find_text(text, what, 0) == text.length) {
        return text;
    }
    Buf result = {0};
    for (size_t at = 0; at < text.length;) {
        size_t found = find_text(text, what, at);
        buf_append(&result, text.bytes + at, found - at);
        if (found < text.length) {
            buf_str(&result, by);
        }
        at = found + what.length;
    }
    Str copy = str_copy(arena, buf_view(&result));
    buf_free(&result);
    return copy;
}

void eval_replace(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0), *what = text_arg(state, step, 1), *by = text_arg(state, step, 2);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            out->data.texts[i] = replaced(state->arena, in[i], what[i], by[i]);
        }
    }
}

static Str part_of(Str text, Str separator, int64_t n) {
    if (separator.length == 0) {
        return n == 1 ? text : from_to(text, 0, 0);
    }
    size_t at = 0;
    for (; n > 1; n--) {
        size_t found = find_text(text, separator, at);
        if (found == text.length) {
            return from_to(text, 0, 0);
        }
        at = found + separator.length;
    }
    return from_to(text, at, find_text(text, separator, at));
}

void eval_split_part(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0), *separator = text_arg(state, step, 1);
    const Reg *numbers = step_arg(state, step, 2);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= out->state[i] && int_arg(numbers, i) >= 1;
        if (out->state[i]) {
            out->data.texts[i] = part_of(in[i], separator[i], int_arg(numbers, i));
        }
    }
}

/* ---- tests ---------------------------------------------------------------------------------------------- */

void eval_starts_with(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0), *prefix = text_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = out->state[i] && in[i].length >= prefix[i].length &&
                             (prefix[i].length == 0 || memcmp(in[i].bytes, prefix[i].bytes, prefix[i].length) == 0);
    }
}

static bool pattern_complete(Str pattern) {
    size_t escapes = 0;
    while (escapes < pattern.length && pattern.bytes[pattern.length - 1 - escapes] == '\\') {
        escapes++;
    }
    return escapes % 2 == 0;
}

/* Whether the text's character at t matches the pattern's element at p (no %); the lengths of both. */
static bool like_one(Str text, size_t t, Str pattern, size_t p, size_t *text_step, size_t *pattern_step) {
    *text_step = char_bytes(text, t);
    *pattern_step = 1;
    if (pattern.bytes[p] == '_') {
        return true;
    }
    if (pattern.bytes[p] == '\\') {
        p++;
        *pattern_step = 2;
    }
    *text_step = 1; /* bytes of one character match one after the other */
    return text.bytes[t] == pattern.bytes[p];
}

/* Runs forward; on a mismatch the last % takes one character more. */
static bool like(Str text, Str pattern) {
    size_t t = 0, p = 0;
    size_t star = SIZE_MAX, star_text = 0;
    while (t < text.length) {
        size_t text_step, pattern_step;
        if (p < pattern.length && pattern.bytes[p] == '%') {
            star = p++;
            star_text = t;
        } else if (p < pattern.length && like_one(text, t, pattern, p, &text_step, &pattern_step)) {
            t += text_step;
            p += pattern_step;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            star_text += char_bytes(text, star_text);
            t = star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.bytes[p] == '%') {
        p++;
    }
    return p == pattern.length;
}

void eval_like(ProgramState *state, const Step *step) {
    const Str *in = text_arg(state, step, 0), *pattern = text_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= out->state[i] && pattern_complete(pattern[i]);
        out->data.bools[i] = out->state[i] && like(in[i], pattern[i]);
    }
}
