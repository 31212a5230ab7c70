/* The findings of a page (form: html_rows.h). */
#include "report/html_rows.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "report/finding_lines.h"
#include "report/html_text.h"
#include "report/shown.h"

const char *html_kind_words(FindingKind kind) {
    static const char *const words[FINDING_KINDS] = {
        [MISSING_IN_NEW] = "missing in new",
        [MISSING_IN_OLD] = "missing in old",
        [DIFFERENT] = "different",
        [DUPLICATE_KEY] = "duplicate key",
    };
    return words[kind];
}

/* "2026-01-02 03:04:05" */
static void time_text(int64_t wall_us, Buf *out) {
    char at[21];
    clock_format_utc(wall_us, at);
    buf_printf(out, "%.10s %.8s", at, at + 11);
}

/* ---- rows of the table ----------------------------------------------------------------------------------------- */

/* What both have at their ends stands plain, what lies between is marked. Values that have nothing in common differ
 * without marks, too. */
static void write_marked(Str text, Common common, const char *tag, Buf *out) {
    Str begin = {text.bytes, common.begin};
    Str middle = {text.bytes + common.begin, text.length - common.begin - common.end};
    Str end = {text.bytes + text.length - common.end, common.end};
    html_shown(begin, out);
    if (middle.length > 0) {
        buf_printf(out, "<%s>", tag);
        html_shown(middle, out);
        buf_printf(out, "</%s>", tag);
    }
    html_shown(end, out);
}

static void write_side(const FindingLine *line, const LineSide *side, const char *tag, Buf *out) {
    const char *class_ = line->kind == LINE_ROW ? "word" : "value";
    buf_printf(out, "<td class=\"%s\">", class_);
    if (side->state == SIDE_NULL) {
        buf_text(out, "<span class=\"null\">NULL</span>");
    } else if (side->state == SIDE_VALUE && side->text.length == 0) {
        buf_text(out, "<span class=\"null\">empty</span>");
    } else if (side->state == SIDE_VALUE) {
        Common common = line->kind == LINE_PAIR ? common_ends(line->old.text, line->new_.text) : (Common){0, 0};
        Common all = {.begin = side->text.length};
        write_marked(side->text, common.begin + common.end > 0 ? common : all, tag, out);
    }
    buf_text(out, "</td>");
}

static void write_line(const FindingLine *line, bool one_value, Buf *out) {
    bool note = line->kind == LINE_BROKEN || (line->kind == LINE_ROW && line->old.state == SIDE_NOTHING);
    if (note) {
        buf_printf(out, "<td class=\"note\" colspan=\"%d\">", one_value ? 2 : 3);
        html_shown(line->label, out);
        buf_text(out, "</td>");
        return;
    }
    buf_text(out, "<td class=\"column\">");
    html_shown(line->label, out);
    buf_text(out, "</td>");
    write_side(line, &line->old, "del", out);
    if (!one_value) {
        write_side(line, &line->new_, "ins", out);
    }
}

static void write_key(const Finding *finding, Buf *out) {
    for (size_t i = 0; i < finding->key_count; i++) {
        Buf part = {0};
        shown_value(finding->key[i], &part);
        buf_text(out, i > 0 ? ", " : "");
        html_shown(buf_view(&part), out);
        buf_free(&part);
    }
}

static void write_written(const char *side, int64_t written_us, Buf *out) {
    if (written_us != 0) {
        buf_printf(out, "<span class=\"written\">%swritten ", side);
        time_text(written_us, out);
        buf_text(out, "</span>");
    }
}

static void write_kind(const Match *match, const Finding *finding, size_t lines, Buf *out) {
    buf_printf(out, "<td class=\"kind\" rowspan=\"%zu\">%s", lines, html_kind_words(finding->kind));
    write_written(match->one_row ? "" : "old ", finding->old_written_us, out);
    write_written("new ", finding->new_written_us, out);
    buf_printf(out, "</td><td class=\"cause\" rowspan=\"%zu\">%s</td>", lines, cause_name(finding->cause));
}

void html_row_write(const Match *match, const Finding *finding, RowLook look, Buf *out) {
    Arena arena = {0};
    size_t count;
    const FindingLine *lines = finding_lines(&arena, match, finding, look.undecided ? "unknown: " : "breaks ", &count);
    buf_printf(out, "<tbody><tr><th class=\"key\" scope=\"rowgroup\" rowspan=\"%zu\">", count);
    write_key(finding, out);
    buf_text(out, "</th>");
    if (!look.undecided) {
        write_kind(match, finding, count, out);
    }
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? "<tr>" : "");
        write_line(&lines[i], look.one_value, out);
        buf_text(out, "</tr>");
    }
    buf_text(out, "</tbody>\n");
    arena_free(&arena);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void json_side(const LineSide *side, JsonWriter *json) {
    if (side->state == SIDE_NOTHING) {
        json_int(json, 0);
    } else if (side->state == SIDE_NULL) {
        json_null(json);
    } else {
        json_string(json, side->text);
    }
}

static void json_line(const FindingLine *line, JsonWriter *json) {
    bool known = line->kind == LINE_PAIR || line->kind == LINE_BROKEN;
    json_begin_array(json);
    json_int(json, line->kind);
    if (known) {
        json_int(json, (int64_t)line->index);
    } else {
        json_string(json, line->label);
    }
    if (line->kind != LINE_BROKEN) {
        json_side(&line->old, json);
        json_side(&line->new_, json);
    }
    json_end_array(json);
}

static void json_key(const Finding *finding, JsonWriter *json) {
    json_begin_array(json);
    for (size_t i = 0; i < finding->key_count; i++) {
        Buf part = {0};
        shown_value(finding->key[i], &part);
        json_string(json, buf_view(&part));
        buf_free(&part);
    }
    json_end_array(json);
}

static void json_written(int64_t written_us, JsonWriter *json) {
    Buf at = {0};
    if (written_us != 0) {
        time_text(written_us, &at);
    }
    json_string(json, buf_view(&at));
    buf_free(&at);
}

void html_row_json(const Match *match, const Finding *finding, const RangeMap *map, Buf *out) {
    Arena arena = {0};
    Buf text = {0};
    JsonWriter json = json_writer(&text, false);
    size_t count, cell = range_map_cell(map, finding->key);
    const FindingLine *lines = finding_lines(&arena, match, finding, "", &count);
    json_begin_array(&json);
    json_int(&json, finding->kind);
    json_int(&json, finding->cause);
    json_int(&json, cell < map->cell_count ? (int64_t)cell : -1);
    json_key(finding, &json);
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_line(&lines[i], &json);
    }
    json_end_array(&json);
    if (finding->old_written_us != 0 || finding->new_written_us != 0) {
        json_written(finding->old_written_us, &json);
        json_written(finding->new_written_us, &json);
    }
    json_end_array(&json);
    html_json(buf_view(&text), out);
    buf_free(&text);
    arena_free(&arena);
}
