/* A result as one page (promises: html_page.h).
 *
 * In: what the sink gathered. Out: the page. A function a part of html/page.html; the table at the end names them.
 */
#include "report/html_page.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "report/finding_lines.h"
#include "report/html_assets.h"
#include "report/html_map.h"
#include "report/html_parts.h"
#include "report/html_rows.h"
#include "report/html_text.h"
#include "report/shown.h"
#include "report/template.h"

#include <string.h>

/* ---- the head --------------------------------------------------------------------------------------------------- */

static const Result *result_of(const void *page) {
    return ((const HtmlPage *)page)->result;
}

static const Match *match_of(const void *page) {
    return result_of(page)->match;
}

static bool has_match(const void *page) {
    return match_of(page) != NULL;
}

static void write_style(const void *page, Buf *out) {
    (void)page;
    buf_str(out, page_css);
}

static void write_script(const void *page, Buf *out) {
    (void)page;
    buf_str(out, page_js);
}

static void write_style_hash(const void *page, Buf *out) {
    (void)page;
    html_hash(page_css, out);
}

static void write_script_hash(const void *page, Buf *out) {
    (void)page;
    html_hash(page_js, out);
}

static void write_check(const void *page, Buf *out) {
    html_string(result_of(page)->check, out);
}

static void write_verdict(const void *page, Buf *out) {
    buf_text(out, verdict_name(result_of(page)->verdict));
}

static void write_verdict_word(const void *page, Buf *out) {
    static const char *const words[] = {[VERDICT_CONSISTENT] = "consistent",
                                        [VERDICT_INCONSISTENT] = "inconsistent",
                                        [VERDICT_CANNOT_TELL] = "cannot tell"};
    buf_text(out, words[result_of(page)->verdict]);
}

static void write_verdict_glyph(const void *page, Buf *out) {
    static const char *const glyphs[] = {
        [VERDICT_CONSISTENT] = "\xE2\x9C\x93", [VERDICT_INCONSISTENT] = "\xE2\x89\xA0", [VERDICT_CANNOT_TELL] = "?"};
    buf_text(out, glyphs[result_of(page)->verdict]);
}

static const char *reason_of(const Result *result) {
    return result->reason != NULL ? result->reason : result->err.text;
}

static void write_reason(const void *page, Buf *out) {
    html_string(reason_of(result_of(page)), out);
}

/* Unless the reason says it already. */
static bool has_error(const void *page) {
    const Result *result = result_of(page);
    return result->err.text[0] != '\0' && strstr(reason_of(result), result->err.text) == NULL;
}

static void write_error(const void *page, Buf *out) {
    html_string(result_of(page)->err.text, out);
}

static bool has_hint(const void *page) {
    return result_of(page)->err.text[0] != '\0' && result_of(page)->err.hint[0] != '\0';
}

static void write_hint(const void *page, Buf *out) {
    html_string(result_of(page)->err.hint, out);
}

/* ---- the map ----------------------------------------------------------------------------------------------------- */

static const RangeMap *map_of(const void *page) {
    return ((const HtmlPage *)page)->map;
}

static bool has_map(const void *page) {
    return map_of(page) != NULL && map_of(page)->cell_count > 0;
}

static void write_map_lead(const void *page, Buf *out) {
    const RangeMap *map = map_of(page);
    size_t ranges = map->plan->range_count;
    bool one_each = map->cell_count == ranges;
    shown_count((int64_t)ranges, out);
    buf_printf(out, " %s of the key%s", ranges == 1 ? "range" : "ranges",
               one_each ? ", a cell each." : ", some neighbours in one cell.");
    if (result_of(page)->resumed_us != 0) {
        buf_text(out, " What the run before had proved is not drawn.");
    }
}

static void write_map_cells(const void *page, Buf *out) {
    html_map_cells(map_of(page), out);
}

static void write_map_legend(const void *page, Buf *out) {
    html_map_legend(map_of(page), out);
}

static bool has_worst(const void *page) {
    Buf rows = {0};
    size_t count = html_map_worst(map_of(page), &rows);
    buf_free(&rows);
    return count > 0;
}

static void write_worst(const void *page, Buf *out) {
    (void)html_map_worst(map_of(page), out);
}

/* ---- rows -------------------------------------------------------------------------------------------------- */

static bool has_rows(const void *page) {
    return match_of(page) != NULL && ((const HtmlPage *)page)->finding_count > 0;
}

static size_t static_rows(const HtmlPage *page) {
    return page->finding_count < PAGE_ROWS ? page->finding_count : PAGE_ROWS;
}

static void write_rows_static(const void *page, Buf *out) {
    shown_count((int64_t)static_rows(page), out);
    buf_text(out, static_rows(page) == 1 ? " row" : " rows");
}

static void write_rows_lead(const void *page, Buf *out) {
    int64_t held = (int64_t)((const HtmlPage *)page)->finding_count;
    int64_t all = result_of(page)->mismatched_rows;
    if (held < all) {
        shown_count(held, out);
        buf_text(out, " of ");
        shown_count(all, out);
        buf_text(out, " rows, drawn evenly over the key space. ");
    } else {
        buf_text(out, "All of them, in key order. ");
    }
    buf_text(out, "What differs within two values is underlined.");
}

/* Old and new columns of one row, of which no line shows two at a time. */
static bool has_one_value(const HtmlPage *page) {
    return page->result->match->one_row && page->result->match->pair_count == 0;
}

static void write_key_names(const void *page, Buf *out) {
    const Match *match = match_of(page);
    for (size_t i = 0; i < match->key_count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        html_string(match->key_names[i], out);
    }
}

static void write_value_headings(const void *page, Buf *out) {
    buf_text(out, has_one_value(page) ? "<th scope=\"col\">Value</th>"
                                      : "<th scope=\"col\">Old</th><th scope=\"col\">New</th>");
}

static void write_rows(const void *page, Buf *out) {
    const HtmlPage *self = page;
    for (size_t i = 0; i < static_rows(self); i++) {
        html_row_write(match_of(self), &self->findings[i], (RowLook){.one_value = has_one_value(self)}, out);
    }
}

static bool has_undecided(const void *page) {
    return match_of(page) != NULL && result_of(page)->undecided_count > 0;
}

static void write_undecided_lead(const void *page, Buf *out) {
    int64_t all = result_of(page)->counts.undecided;
    shown_count(all, out);
    buf_text(out, all == 1 ? " row leaves an invariant unknown: a NULL reached it."
                           : " rows leave an invariant unknown: a NULL reached it.");
    buf_text(out, all > (int64_t)result_of(page)->undecided_count ? " Some of them:" : "");
}

static void write_undecided(const void *page, Buf *out) {
    RowLook look = {.one_value = has_one_value(page), .undecided = true};
    for (size_t i = 0; i < result_of(page)->undecided_count; i++) {
        html_row_write(match_of(page), &result_of(page)->undecided[i], look, out);
    }
}

/* ---- what the script reads --------------------------------------------------------------------------------- */

static void begin_list(JsonWriter *json, const char *name) {
    json_name(json, name);
    json_begin_array(json);
}

static void about_names(const HtmlPage *page, JsonWriter *json) {
    const Match *match = page->result->match;
    Arena arena = {0};
    begin_list(json, "kinds");
    for (FindingKind kind = 0; kind < FINDING_KINDS; kind++) {
        json_text(json, html_kind_words(kind));
    }
    json_end_array(json);
    begin_list(json, "causes");
    for (Cause cause = 0; cause < CAUSES; cause++) {
        json_text(json, cause_name(cause));
    }
    json_end_array(json);
    begin_list(json, "pairs");
    for (size_t i = 0; i < match->pair_count; i++) {
        json_string(json, pair_label(&arena, match, i));
    }
    json_end_array(json);
    begin_list(json, "invariants");
    for (size_t i = 0; i < match->invariant_count; i++) {
        Buf name = {0};
        shown_text(str_of(match->invariants[i].spec->name), &name);
        json_string(json, buf_view(&name));
        buf_free(&name);
    }
    json_end_array(json);
    arena_free(&arena);
}

static void write_about(const void *page, Buf *out) {
    const HtmlPage *self = page;
    Buf text = {0};
    JsonWriter json = json_writer(&text, false);
    json_begin_object(&json);
    json_name(&json, "total");
    json_int(&json, (int64_t)self->finding_count);
    json_name(&json, "oneRow");
    json_bool(&json, match_of(self)->one_row);
    json_name(&json, "oneValue");
    json_bool(&json, has_one_value(self));
    json_name(&json, "places");
    json_bool(&json, self->map != NULL && self->map->places);
    about_names(self, &json);
    json_end_object(&json);
    html_json(buf_view(&text), out);
    buf_free(&text);
}

static void write_data(const void *page, Buf *out) {
    const HtmlPage *self = page;
    buf_char(out, '[');
    for (size_t i = 0; i < self->finding_count; i++) {
        buf_text(out, i > 0 ? ",\n" : "");
        html_row_json(match_of(self), &self->findings[i], self->map, out);
    }
    buf_char(out, ']');
}

/* ---- the last runs -------------------------------------------------------------------------------------------- */

static bool has_history(const void *page) {
    return ((const HtmlPage *)page)->run_count > 0;
}

typedef void (*PointsWrite)(const RunPoint *points, size_t count, Buf *out);

/* The runs before, and this one. */
static void with_points(const HtmlPage *page, PointsWrite write, Buf *out) {
    Arena arena = {0};
    RunPoint *points = ARENA_MANY(&arena, page->run_count + 1, RunPoint);
    memcpy(points, page->runs, page->run_count * sizeof(RunPoint));
    points[page->run_count] = run_point_now(page->result);
    write(points, page->run_count + 1, out);
    arena_free(&arena);
}

static void write_history_line(const void *page, Buf *out) {
    with_points(page, html_history_line, out);
}

static void write_history_summary(const void *page, Buf *out) {
    shown_count((int64_t)((const HtmlPage *)page)->run_count + 1, out);
    buf_text(out, " runs as a table");
}

static void write_history_rows(const void *page, Buf *out) {
    with_points(page, html_history_rows, out);
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

static bool has_plan(const void *page) {
    return ((const HtmlPage *)page)->plan != NULL;
}

/* Line by line: a statement's line ends are its own. */
static void write_plan(const void *page, Buf *out) {
    for (Str left = str_of(((const HtmlPage *)page)->plan); left.length > 0;) {
        const char *end = memchr(left.bytes, '\n', left.length);
        size_t length = end == NULL ? left.length : (size_t)(end - left.bytes);
        html_text((Str){left.bytes, length}, out);
        buf_char(out, '\n');
        length += end != NULL;
        left = (Str){left.bytes + length, left.length - length};
    }
}

static void write_footer(const void *page, Buf *out) {
    const Result *result = result_of(page);
    char at[21];
    clock_format_utc(result->started_us + result->duration_us, at);
    buf_printf(out,
               "twofold " TWOFOLD_VERSION ", %.10s %.8s UTC. This page holds rows of the tables compared: whoever "
               "may not read these may not read it.",
               at, at + 11);
}

/* ---- the page ------------------------------------------------------------------------------------------------- */

static const TemplatePart parts[] = {
    {"style", NULL, write_style},
    {"style-hash", NULL, write_style_hash},
    {"script", NULL, write_script},
    {"script-hash", NULL, write_script_hash},
    {"check", NULL, write_check},
    {"verdict", NULL, write_verdict},
    {"verdict-word", NULL, write_verdict_word},
    {"verdict-glyph", NULL, write_verdict_glyph},
    {"reason", NULL, write_reason},
    {"error", has_error, write_error},
    {"hint", has_hint, write_hint},
    {"tiles", has_match, html_tiles},
    {"facts", NULL, html_facts},
    {"map", has_map, NULL},
    {"map-lead", NULL, write_map_lead},
    {"map-cells", NULL, write_map_cells},
    {"map-legend", NULL, write_map_legend},
    {"worst", has_worst, write_worst},
    {"damage", html_has_damage, NULL},
    {"columns", html_has_columns, html_columns},
    {"invariants", html_has_invariants, html_invariants},
    {"causes", html_has_causes, html_causes},
    {"rows", has_rows, write_rows},
    {"rows-lead", NULL, write_rows_lead},
    {"rows-static", NULL, write_rows_static},
    {"key-names", NULL, write_key_names},
    {"value-headings", NULL, write_value_headings},
    {"kind-options", NULL, html_kind_options},
    {"column-options", NULL, html_column_options},
    {"invariant-options", NULL, html_invariant_options},
    {"cause-options", NULL, html_cause_options},
    {"undecided", has_undecided, write_undecided},
    {"undecided-lead", NULL, write_undecided_lead},
    {"about", NULL, write_about},
    {"data", NULL, write_data},
    {"history", has_history, NULL},
    {"history-line", NULL, write_history_line},
    {"history-summary", NULL, write_history_summary},
    {"history-rows", NULL, write_history_rows},
    {"computed", has_match, html_computed},
    {"invariant-texts", html_has_invariant_texts, html_invariant_texts},
    {"plan", has_plan, write_plan},
    {"footer", NULL, write_footer},
};

void html_page_write(const HtmlPage *page, Buf *out) {
    template_write(page_html, parts, sizeof(parts) / sizeof(parts[0]), page, out);
}
