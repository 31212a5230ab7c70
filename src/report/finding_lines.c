/* A finding as the lines of a table (form: finding_lines.h). */
#include "report/finding_lines.h"

#include "report/shown.h"

#include <string.h>

/* One finding at work: its cells, and which of them stand in a line already. */
typedef struct Lines {
    Arena *arena;
    const Match *match;
    const Finding *finding;
    const char *breaks;
    bool *old_shown, *new_shown;
    FindingLine *lines;
    size_t count;
} Lines;

static Str keep(Arena *arena, Buf *text) {
    Str kept = str_copy(arena, buf_view(text));
    buf_free(text);
    return kept;
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static bool begins_character(Str text, size_t at) {
    return at >= text.length || ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
}

Common common_ends(Str a, Str b) {
    size_t most = a.length < b.length ? a.length : b.length;
    Common common = {0, 0};
    while (common.begin < most && a.bytes[common.begin] == b.bytes[common.begin]) {
        common.begin++;
    }
    while (common.begin > 0 && !(begins_character(a, common.begin) && begins_character(b, common.begin))) {
        common.begin--;
    }
    most -= common.begin;
    while (common.end < most && a.bytes[a.length - 1 - common.end] == b.bytes[b.length - 1 - common.end]) {
        common.end++;
    }
    while (common.end > 0 && !begins_character(a, a.length - common.end)) {
        common.end--;
    }
    return common;
}

static size_t character_at(Str text, size_t at) {
    while (at > 0 && !begins_character(text, at)) {
        at--;
    }
    return at;
}

/* At most LINE_VALUE_BYTES from `begin` on, with dots where more is there. */
static Str text_cut(Arena *arena, Str text, size_t begin) {
    if (begin == 0 && text.length <= LINE_VALUE_BYTES) {
        return text;
    }
    size_t end = begin + LINE_VALUE_BYTES < text.length ? character_at(text, begin + LINE_VALUE_BYTES) : text.length;
    Buf cut = {0};
    buf_text(&cut, begin > 0 ? "\xE2\x80\xA6" : "");
    buf_str(&cut, (Str){text.bytes + begin, end - begin});
    buf_text(&cut, end < text.length ? "\xE2\x80\xA6" : "");
    return keep(arena, &cut);
}

/* An odd cell, a text where another kind belongs, stands in quotes. */
static LineSide side_of(Arena *arena, const Value *value) {
    if (value == NULL) {
        return (LineSide){.state = SIDE_NOTHING};
    }
    if (value->state == CELL_NULL) {
        return (LineSide){.state = SIDE_NULL};
    }
    Buf plain = {0}, shown = {0};
    const char *quote = value->state == CELL_ODD ? "'" : "";
    value_print(*value, &plain);
    buf_text(&shown, quote);
    shown_text(buf_view(&plain), &shown);
    buf_text(&shown, quote);
    buf_free(&plain);
    return (LineSide){.state = SIDE_VALUE, .text = keep(arena, &shown)};
}

static Str word_keep(Arena *arena, const char *before, const char *name) {
    Buf shown = {0};
    buf_text(&shown, before);
    shown_text(str_of(name), &shown);
    return keep(arena, &shown);
}

/* Where both begin to be shown: a little before they differ, if that would not be in sight. */
static size_t cut_begin(Str old, Str new_) {
    enum { BEFORE = LINE_VALUE_BYTES / 3 };
    bool fit = old.length <= LINE_VALUE_BYTES && new_.length <= LINE_VALUE_BYTES;
    size_t same = common_ends(old, new_).begin;
    return fit || same <= BEFORE ? 0 : character_at(old, same - BEFORE);
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static void line_add(Lines *lines, FindingLine line, const Value *old, const Value *new_) {
    line.old = side_of(lines->arena, old);
    line.new_ = side_of(lines->arena, new_);
    size_t begin = cut_begin(line.old.text, line.new_.text);
    line.old.text = text_cut(lines->arena, line.old.text, begin);
    line.new_.text = text_cut(lines->arena, line.new_.text, begin);
    lines->lines[lines->count++] = line;
}

static const Value *cell_take(const FindingCell *cells, size_t count, bool *shown, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cells[i].name, name) == 0) {
            shown[i] = true;
            return &cells[i].value;
        }
    }
    return NULL;
}

static const Value *old_cell(Lines *lines, const char *name) {
    return cell_take(lines->finding->old, lines->finding->old_count, lines->old_shown, name);
}

static const Value *new_cell(Lines *lines, const char *name) {
    return lines->match->one_row ? old_cell(lines, name)
                                 : cell_take(lines->finding->new_, lines->finding->new_count, lines->new_shown, name);
}

static const char *column_name(const MatchSide *side, size_t slot) {
    return side->relation.columns[side->columns[slot].column].name;
}

static const char *old_name(const Match *match, size_t pair) {
    return column_name(&match->old, match->pairs[pair].old_slot);
}

static const char *new_name(const Match *match, size_t pair) {
    return column_name(match->one_row ? &match->old : &match->new_, match->pairs[pair].new_slot);
}

Str pair_label(Arena *arena, const Match *match, size_t pair) {
    Buf label = {0};
    shown_text(str_of(old_name(match, pair)), &label);
    if (strcmp(old_name(match, pair), new_name(match, pair)) != 0) {
        buf_text(&label, " / ");
        shown_text(str_of(new_name(match, pair)), &label);
    }
    return keep(arena, &label);
}

static void add_pair(Lines *lines, size_t pair) {
    FindingLine line = {.kind = LINE_PAIR, .index = pair, .label = pair_label(lines->arena, lines->match, pair)};
    const Value *old = old_cell(lines, old_name(lines->match, pair));
    line_add(lines, line, old, new_cell(lines, new_name(lines->match, pair)));
}

static bool is_shown(const FindingCell *cells, size_t count, const bool *shown, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cells[i].name, name) == 0) {
            return shown[i];
        }
    }
    return true;
}

/* Columns of one name on both sides share a line. */
static void add_read(Lines *lines, const char *name) {
    const Finding *finding = lines->finding;
    bool old_waits = !is_shown(finding->old, finding->old_count, lines->old_shown, name);
    bool new_waits = !is_shown(finding->new_, finding->new_count, lines->new_shown, name);
    if (old_waits || new_waits) {
        FindingLine line = {.kind = LINE_CELL, .label = word_keep(lines->arena, "", name)};
        const Value *old = old_waits ? old_cell(lines, name) : NULL;
        line_add(lines, line, old, new_waits ? new_cell(lines, name) : NULL);
    }
}

static void add_broken(Lines *lines, size_t index) {
    const Match *match = lines->match;
    const MatchInvariant *invariant = &match->invariants[index];
    FindingLine line = {.kind = LINE_BROKEN, .index = index};
    line.label = word_keep(lines->arena, lines->breaks, invariant->spec->name);
    line_add(lines, line, NULL, NULL);
    for (size_t i = 0; i < invariant->use_count; i++) {
        const MatchSide *side = invariant->uses[i].side == EXPR_NEW ? &match->new_ : &match->old;
        add_read(lines, side->relation.columns[invariant->uses[i].column].name);
    }
}

static LineSide word(const char *text) {
    return (LineSide){.state = SIDE_VALUE, .text = str_of(text)};
}

static void add_unpaired(Lines *lines) {
    static const char *const words[FINDING_KINDS][2] = {
        [MISSING_IN_NEW] = {"present", "missing"},
        [MISSING_IN_OLD] = {"missing", "present"},
        [DIFFERENT] = {"", ""},
        [DUPLICATE_KEY] = {"", ""},
    };
    FindingKind kind = lines->finding->kind;
    FindingLine line = {.kind = LINE_ROW, .label = STR_LITERAL("(row)")};
    if (kind == DUPLICATE_KEY) {
        line.label = STR_LITERAL("this key occurs more than once on a side");
    } else if (kind != DIFFERENT) {
        line.old = word(words[kind][0]);
        line.new_ = word(words[kind][1]);
    }
    lines->lines[lines->count++] = line;
}

const FindingLine *finding_lines(Arena *arena, const Match *match, const Finding *finding, const char *breaks,
                                 size_t *out_count) {
    size_t most = 1 + finding->pair_count + finding->invariant_count + finding->old_count + finding->new_count;
    Lines lines = {.arena = arena,
                   .match = match,
                   .finding = finding,
                   .breaks = breaks,
                   .old_shown = arena_zeroed(arena, finding->old_count + 1),
                   .new_shown = arena_zeroed(arena, finding->new_count + 1),
                   .lines = ARENA_MANY(arena, most, FindingLine)};
    for (size_t i = 0; i < finding->pair_count; i++) {
        add_pair(&lines, finding->pairs[i]);
    }
    for (size_t i = 0; i < finding->invariant_count; i++) {
        add_broken(&lines, finding->invariants[i]);
    }
    if (lines.count == 0) {
        add_unpaired(&lines);
    }
    *out_count = lines.count;
    return lines.lines;
}
