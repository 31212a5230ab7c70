/* The sampled findings as a table (form: sample_table.h).
 *
 * Findings become lines first, since the widths of columns depend on all of them; then lines become text.
 */
#include "report/sample_table.h"

#include "base/clock.h"
#include "report/paint.h"
#include "report/shown.h"

#include <string.h>

enum { KEY_MOST = 20, LABEL_MOST = 28, GAP = 2, INDENT = 2 };

typedef struct Line {
    Str key;   /* shown; empty where the line goes on with the key above */
    Str label; /* shown: a column, or for a note the whole rest of the line */
    bool note;
    Str old, new_;                      /* shown */
    const Value *old_value, *new_value; /* what old and new_ are made of, or NULL */
} Line;

typedef struct Table {
    const Match *match;
    const char *invariants; /* "breaks" */
    Arena arena;
    Line *lines;
    size_t count, room;
    bool two_values; /* false: parallel columns with invariants alone, one value a line */
    size_t width, key_width, label_width, value_width, old_width;
} Table;

/* ---- findings to lines ------------------------------------------------------------------------------------ */

static Str keep(Table *table, Buf *text) {
    Str kept = str_copy(&table->arena, buf_view(text));
    buf_free(text);
    return kept;
}

static Str keep_name(Table *table, const char *name) {
    Buf shown = {0};
    shown_text(str_of(name), &shown);
    return keep(table, &shown);
}

static Line *line_add(Table *table) {
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 64 : table->room * 2;
        Line *lines = ARENA_MANY(&table->arena, room, Line);
        if (table->count > 0) {
            memcpy(lines, table->lines, table->count * sizeof(Line));
        }
        table->lines = lines;
        table->room = room;
    }
    Line *line = &table->lines[table->count++];
    *line = (Line){0};
    return line;
}

static const MatchSide *new_side(const Match *match) {
    return match->one_row ? &match->old : &match->new_;
}

static const char *column_name(const MatchSide *side, size_t slot) {
    return side->relation.columns[side->columns[slot].column].name;
}

/* The place of a name among cells; count where it is not there. */
static size_t cell_find(const FindingCell *cells, size_t count, const char *name) {
    size_t i = 0;
    while (i < count && strcmp(cells[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* One finding's cells, and which of them stand in a line already. */
typedef struct Cells {
    const Finding *finding;
    bool *old_shown, *new_shown;
} Cells;

static const Value *old_cell(Cells *cells, const char *name) {
    size_t i = cell_find(cells->finding->old, cells->finding->old_count, name);
    if (i == cells->finding->old_count) {
        return NULL;
    }
    cells->old_shown[i] = true;
    return &cells->finding->old[i].value;
}

static const Value *new_cell(Cells *cells, const char *name) {
    size_t i = cell_find(cells->finding->new_, cells->finding->new_count, name);
    if (i == cells->finding->new_count) {
        return NULL;
    }
    cells->new_shown[i] = true;
    return &cells->finding->new_[i].value;
}

static void add_pair(Table *table, Cells *cells, const MatchPair *pair) {
    const char *old_name = column_name(&table->match->old, pair->old_slot);
    const char *new_name = column_name(new_side(table->match), pair->new_slot);
    Line *line = line_add(table);
    Buf label = {0};
    shown_text(str_of(old_name), &label);
    if (strcmp(old_name, new_name) != 0) {
        buf_text(&label, " / ");
        shown_text(str_of(new_name), &label);
    }
    line->label = keep(table, &label);
    line->old_value = old_cell(cells, old_name);
    line->new_value = table->match->one_row ? old_cell(cells, new_name) : new_cell(cells, new_name);
}

static bool is_shown(const Cells *cells, bool is_new, const char *name) {
    const Finding *finding = cells->finding;
    size_t count = is_new ? finding->new_count : finding->old_count;
    size_t i = cell_find(is_new ? finding->new_ : finding->old, count, name);
    return i == count || (is_new ? cells->new_shown[i] : cells->old_shown[i]);
}

static void add_invariant(Table *table, Cells *cells, const MatchInvariant *invariant) {
    const Match *match = table->match;
    Line *note = line_add(table);
    Buf label = {0};
    buf_printf(&label, "%s ", table->invariants);
    shown_text(str_of(invariant->spec->name), &label);
    note->note = true;
    note->label = keep(table, &label);
    for (size_t u = 0; u < invariant->use_count; u++) {
        bool is_new = invariant->uses[u].side == EXPR_NEW;
        const MatchSide *side = is_new ? &match->new_ : &match->old;
        const char *name = side->relation.columns[invariant->uses[u].column].name;
        if (is_shown(cells, is_new, name)) {
            continue;
        }
        bool other_too = !is_shown(cells, !is_new, name);
        Line *line = line_add(table);
        line->label = keep_name(table, name);
        line->old_value = !is_new || other_too ? old_cell(cells, name) : NULL;
        line->new_value = is_new || other_too ? new_cell(cells, name) : NULL;
    }
}

static void add_different(Table *table, const Finding *finding) {
    Cells cells = {.finding = finding,
                   .old_shown = arena_zeroed(&table->arena, finding->old_count + 1),
                   .new_shown = arena_zeroed(&table->arena, finding->new_count + 1)};
    for (size_t i = 0; i < finding->pair_count; i++) {
        add_pair(table, &cells, &table->match->pairs[finding->pairs[i]]);
    }
    for (size_t i = 0; i < finding->invariant_count; i++) {
        add_invariant(table, &cells, &table->match->invariants[finding->invariants[i]]);
    }
    if (finding->pair_count + finding->invariant_count == 0) {
        line_add(table)->label = STR_LITERAL("(row)");
    }
}

/* A row that has no partner: words stand where values would. */
static void add_unpaired(Table *table, FindingKind kind) {
    static const char *const words[FINDING_KINDS][2] = {
        [MISSING_IN_NEW] = {"present", "missing"},
        [MISSING_IN_OLD] = {"missing", "present"},
    };
    Line *line = line_add(table);
    if (kind == DUPLICATE_KEY) {
        line->note = true;
        line->label = STR_LITERAL("key occurs more than once on a side");
        return;
    }
    line->label = STR_LITERAL("(row)");
    line->old = str_of(words[kind][0]);
    line->new_ = str_of(words[kind][1]);
}

/* "2026-01-02 03:04:05" */
static void show_time(int64_t wall_us, Buf *out) {
    char at[21];
    clock_format_utc(wall_us, at);
    buf_printf(out, "%.10s %.8s", at, at + 11);
}

/* Facts alone: what they mean is for whoever knows when the backfill ran. */
static void add_written(Table *table, const Finding *finding) {
    int64_t old_us = finding->old_written_us, new_us = finding->new_written_us;
    if (old_us == 0 && new_us == 0) {
        return;
    }
    Line *note = line_add(table);
    Buf label = {0};
    bool both = old_us != 0 && new_us != 0;
    bool new_first = old_us == 0 || (both && new_us < old_us);
    buf_printf(&label, "written: %s", table->match->one_row ? "" : new_first ? "new " : "old ");
    show_time(new_first ? new_us : old_us, &label);
    if (both && old_us == new_us) {
        buf_text(&label, ", new at the same time");
    } else if (both) {
        buf_printf(&label, ", %s ", new_first ? "old" : "new");
        shown_duration(new_first ? old_us - new_us : new_us - old_us, &label);
        buf_text(&label, " later");
    }
    note->note = true;
    note->label = keep(table, &label);
}

static void add_finding(Table *table, const Finding *finding) {
    size_t first = table->count;
    if (finding->kind == DIFFERENT) {
        add_different(table, finding);
    } else {
        add_unpaired(table, finding->kind);
    }
    add_written(table, finding);
    Buf key = {0};
    shown_key(finding->key, finding->key_count, &key);
    table->lines[first].key = keep(table, &key);
}

/* ---- widths ------------------------------------------------------------------------------------------------ */

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static Str key_heading(Table *table) {
    Buf heading = {0};
    for (size_t i = 0; i < table->match->key_count; i++) {
        buf_text(&heading, i > 0 ? ", " : "");
        shown_text(str_of(table->match->key_names[i]), &heading);
    }
    return keep(table, &heading);
}

static void measure(Table *table, Str heading) {
    table->key_width = shown_width(heading);
    table->label_width = strlen("column");
    for (size_t i = 0; i < table->count; i++) {
        size_t key = shown_width(table->lines[i].key);
        table->key_width = key <= KEY_MOST ? larger(table->key_width, key) : table->key_width;
        if (!table->lines[i].note) {
            table->label_width = larger(table->label_width, shown_width(table->lines[i].label));
        }
    }
    table->key_width = smaller(table->key_width, KEY_MOST);
    table->label_width = smaller(table->label_width, LABEL_MOST);
    size_t taken = INDENT + table->key_width + GAP + table->label_width + GAP;
    size_t rest = table->width > taken + 16 ? table->width - taken : 16;
    table->value_width = table->two_values ? (rest - GAP) / 2 : rest;
}

/* An absent side is a NULL here and an empty text in the end. */
static void show_values(Table *table, Line *line) {
    static const Value nothing = {.state = CELL_NULL};
    if (line->old_value == NULL && line->new_value == NULL) {
        return;
    }
    Buf old = {0}, new_ = {0};
    shown_two(line->old_value == NULL ? nothing : *line->old_value,
              line->new_value == NULL ? nothing : *line->new_value, table->value_width, &old, &new_);
    line->old = keep(table, &old);
    line->new_ = keep(table, &new_);
    line->old = line->old_value == NULL ? (Str){0} : line->old;
    line->new_ = line->new_value == NULL ? (Str){0} : line->new_;
}

static void show_all_values(Table *table) {
    table->old_width = strlen("old");
    for (size_t i = 0; i < table->count; i++) {
        show_values(table, &table->lines[i]);
        table->old_width = larger(table->old_width, shown_width(table->lines[i].old));
    }
}

/* ---- lines to text ------------------------------------------------------------------------------------------- */

static void write_spaces(size_t count, Buf *out) {
    buf_printf(out, "%*s", (int)count, "");
}

/* A column's text, then the gap to the next column. */
static void write_field(Str shown, size_t width, Buf *out) {
    shown_field(shown, width, out);
    write_spaces(GAP, out);
}

static void write_heading(const Table *table, Str heading, bool colour, Buf *out) {
    write_spaces(INDENT, out);
    paint_begin(colour, PAINT_DIM, out);
    write_field(heading, table->key_width, out);
    write_field(STR_LITERAL("column"), table->label_width, out);
    if (table->two_values) {
        write_field(STR_LITERAL("old"), table->old_width, out);
        buf_text(out, "new");
    } else {
        buf_text(out, "value");
    }
    paint_end(colour, PAINT_DIM, out);
    buf_char(out, '\n');
}

/* A key that is too long for its column stands above its lines. */
static void write_key(const Table *table, Str key, Buf *out) {
    if (shown_width(key) > table->key_width) {
        write_spaces(INDENT, out);
        shown_cut(key, table->width - INDENT, out);
        buf_char(out, '\n');
        key = (Str){0};
    }
    write_spaces(INDENT, out);
    write_field(key, table->key_width, out);
}

static void trim_end(Buf *out) {
    while (out->length > 0 && out->bytes[out->length - 1] == ' ') {
        out->bytes[--out->length] = '\0';
    }
}

static void write_line(const Table *table, const Line *line, bool colour, Buf *out) {
    write_key(table, line->key, out);
    if (line->note) {
        paint_begin(colour, PAINT_DOUBT, out);
        shown_cut(line->label, table->width - INDENT - table->key_width - GAP, out);
        paint_end(colour, PAINT_DOUBT, out);
    } else {
        write_field(line->label, table->label_width, out);
        write_field(line->old, table->old_width, out);
        buf_str(out, line->new_);
        trim_end(out);
    }
    buf_char(out, '\n');
}

void sample_table_write(const Match *match, const SampleRows *sample, size_t width, bool colour, Buf *out) {
    Table table = {.match = match, .invariants = sample->invariants, .width = width, .two_values = !match->one_row};
    for (size_t i = 0; i < sample->count; i++) {
        table.two_values = table.two_values || sample->rows[i].pair_count > 0;
        add_finding(&table, &sample->rows[i]);
    }
    Str heading = key_heading(&table);
    measure(&table, heading);
    show_all_values(&table);
    write_heading(&table, heading, colour, out);
    for (size_t i = 0; i < table.count; i++) {
        write_line(&table, &table.lines[i], colour, out);
    }
    arena_free(&table.arena);
}
