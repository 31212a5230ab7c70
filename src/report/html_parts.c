/* Parts of a page made of a result's figures (html_parts.h). */
#include "report/html_parts.h"

#include "base/clock.h"
#include "check/replica.h"
#include "report/finding_lines.h"
#include "report/html_page.h"
#include "report/html_rows.h"
#include "report/html_text.h"
#include "report/shown.h"

#include <stdlib.h>
#include <string.h>

enum { LISTED_MOST = 200 };

static const Result *result_of(const void *page) {
    return ((const HtmlPage *)page)->result;
}

static const Match *match_of(const void *page) {
    return result_of(page)->match;
}

/* ---- tiles: the figures ------------------------------------------------------------------------------------ */

static void tile_begin(const char *name, const char *tone, Buf *out) {
    buf_printf(out, "<div class=\"%s\"><dt>%s</dt><dd>", tone, name);
}

/* 0 is said quietly; more is good, bad or doubtful. */
static void tile(const char *name, int64_t count, const char *tone, Buf *out) {
    tile_begin(name, count == 0 ? "none" : tone, out);
    shown_count(count, out);
    buf_text(out, "</dd></div>\n");
}

void html_tiles(const void *page, Buf *out) {
    const Result *result = result_of(page);
    const Counts *counts = &result->counts;
    bool one_row = match_of(page)->one_row;
    tile("Rows disagree", result->mismatched_rows, "bad", out);
    if (!one_row) {
        tile("Different", counts->kinds[DIFFERENT], "bad", out);
        tile("Missing in new", counts->kinds[MISSING_IN_NEW], "bad", out);
        tile("Missing in old", counts->kinds[MISSING_IN_OLD], "bad", out);
    }
    tile("Duplicate keys", counts->kinds[DUPLICATE_KEY], "bad", out);
    tile("Undecided", counts->undecided, "doubt", out);
    tile("In flight", counts->in_flight, "doubt", out);
    tile_begin("Coverage", result->coverage < 1.0 ? "doubt" : "", out);
    shown_percent(result->coverage, out);
    buf_text(out, "</dd></div>\n");
    tile(one_row ? "Rows" : "Rows in old", counts->old_rows, "", out);
    if (!one_row) {
        tile("Rows in new", counts->new_rows, "", out);
    }
}

/* ---- facts: a name and a sentence ----------------------------------------------------------------------------- */

static void fact_begin(const char *name, Buf *out) {
    buf_printf(out, "<dt>%s</dt><dd>", name);
}

static void fact_end(Buf *out) {
    buf_text(out, "</dd>\n");
}

static void fact(const char *name, const char *text, Buf *out) {
    fact_begin(name, out);
    html_string(text, out);
    fact_end(out);
}

static void write_time(int64_t wall_us, Buf *out) {
    char at[21];
    clock_format_utc(wall_us, at);
    buf_printf(out, "%.10s %.8s UTC", at, at + 11);
}

static void write_counted(int64_t count, const char *one, const char *many, Buf *out) {
    shown_count(count, out);
    buf_printf(out, " %s", count == 1 ? one : many);
}

static void fact_side(const char *name, const MatchSide *side, const char *place, int64_t rows, Buf *out) {
    Buf relation = {0};
    shown_relation(side->relation.name, &relation);
    fact_begin(name, out);
    html_shown(buf_view(&relation), out);
    if (place != NULL) {
        buf_text(out, " in ");
        html_string(place, out);
    }
    buf_text(out, ", ");
    write_counted(rows, "row", "rows", out);
    fact_end(out);
    buf_free(&relation);
}

static void fact_read(const Result *result, Buf *out) {
    fact_begin("Read", out);
    if (result->ranges_planned == 0) {
        buf_text(out, "nothing");
        fact_end(out);
        return;
    }
    if (result->coverage >= 1.0) {
        buf_text(out, "everything: ");
    } else {
        shown_percent(result->coverage, out);
        buf_text(out, " of the rows: ");
        shown_count(result->ranges_proved, out);
        buf_text(out, " of ");
    }
    write_counted(result->ranges_planned, "range", "ranges", out);
    if (result->ranges_failed > 0) {
        buf_text(out, ", ");
        shown_count(result->ranges_failed, out);
        buf_text(out, " could not be read");
    }
    fact_end(out);
}

static void fact_when(const Result *result, Buf *out) {
    fact_begin("When", out);
    write_time(result->started_us, out);
    buf_text(out, ", for ");
    shown_duration(result->duration_us, out);
    if (result->paused_us > 0) {
        buf_text(out, ", of which ");
        shown_duration(result->paused_us, out);
        buf_text(out, " waiting for a busy server");
    }
    if (result->resumed_us != 0) {
        buf_text(out, "; goes on with the run of ");
        write_time(result->resumed_us, out);
        buf_text(out, ", so it is not of one moment");
    }
    fact_end(out);
}

static void fact_as_of(const HtmlPage *page, Buf *out) {
    const Result *result = page->result;
    bool one_row = result->match != NULL && result->match->one_row;
    Arena arena = {0};
    const char *words = as_of_words(&arena, &result->old_as_of, one_row ? &result->old_as_of : &result->new_as_of);
    if (words != NULL) {
        fact("As of", words, out);
    }
    arena_free(&arena);
}

static void write_left_out(const char *before, const MatchSide *side, Buf *out) {
    for (size_t i = 0; i < side->not_compared_count && i < LISTED_MOST; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", before);
        html_string(side->not_compared[i], out);
    }
}

static void fact_left_out(const Match *match, Buf *out) {
    size_t new_count = match->one_row ? 0 : match->new_.not_compared_count;
    fact_begin("Not compared", out);
    write_left_out(match->one_row ? "" : "old.", &match->old, out);
    buf_text(out, match->old.not_compared_count > 0 && new_count > 0 ? ", " : "");
    if (!match->one_row) {
        write_left_out("new.", &match->new_, out);
    }
    buf_text(out, match->old.not_compared_count + new_count == 0 ? "nothing: every column was" : "");
    fact_end(out);
}

static void fact_compared(const Match *match, Buf *out) {
    fact_begin("Compared", out);
    if (match->pair_count + match->invariant_count == 0) {
        buf_text(out, "keys alone");
    }
    if (match->pair_count > 0) {
        write_counted((int64_t)match->pair_count, "pair of columns", "pairs of columns", out);
        buf_text(out, match->invariant_count > 0 ? ", " : "");
    }
    if (match->invariant_count > 0) {
        write_counted((int64_t)match->invariant_count, "invariant", "invariants", out);
    }
    fact_end(out);
}

static void fact_mode(const Result *result, Buf *out) {
    fact_begin("Mode", out);
    buf_text(out, mode_name(result->mode));
    if (result->mode_reason != NULL) {
        buf_text(out, ": ");
        html_string(result->mode_reason, out);
    }
    fact_end(out);
}

void html_facts(const void *page, Buf *out) {
    const HtmlPage *self = page;
    const Result *result = self->result;
    const Match *match = result->match;
    if (match != NULL && match->one_row) {
        fact_side("Rows", &match->old, self->old_place, result->counts.old_rows, out);
    } else if (match != NULL) {
        fact_side("Old", &match->old, self->old_place, result->counts.old_rows, out);
        fact_side("New", &match->new_, self->new_place, result->counts.new_rows, out);
    }
    fact_read(result, out);
    if (match != NULL) {
        fact_mode(result, out);
    }
    fact_when(result, out);
    fact_as_of(self, out);
    if (match != NULL) {
        fact_compared(match, out);
        fact_left_out(match, out);
    }
}

/* ---- breakdowns ----------------------------------------------------------------------------------------------- */

/* A column, an invariant or a cause: its number, and in how many rows. */
typedef struct Share {
    size_t index;
    int64_t rows, undecided;
} Share;

static int most_first(const void *a, const void *b) {
    const Share *x = a, *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

typedef struct Breakdown {
    const Result *result;
    const char *filter; /* "column": of html/page.js */
    void (*name)(const Match *match, size_t index, Buf *out);
    size_t count;
    const int64_t *rows, *undecided; /* undecided may be NULL */
} Breakdown;

static bool breakdown_has(const Breakdown *breakdown) {
    bool some = false;
    for (size_t i = 0; i < breakdown->count; i++) {
        some = some || breakdown->rows[i] > 0 || (breakdown->undecided != NULL && breakdown->undecided[i] > 0);
    }
    return some;
}

static void write_bar(int64_t rows, int64_t most, Buf *out) {
    int percent = most == 0 ? 0 : (int)((double)rows / (double)most * 100);
    buf_printf(out,
               "<td><svg class=\"bar\" aria-hidden=\"true\"><rect class=\"rest\" width=\"100%%\" height=\"100%%\"/>"
               "<rect width=\"%d%%\" height=\"100%%\"/></svg></td>",
               rows > 0 && percent == 0 ? 1 : percent);
}

static void write_share(const Breakdown *breakdown, const Share *share, int64_t most, Buf *out) {
    buf_text(out, "<tr><th scope=\"row\">");
    if (share->rows > 0) {
        buf_printf(out, "<a href=\"#rows\" data-%s=\"%zu\">", breakdown->filter, share->index);
    }
    breakdown->name(breakdown->result->match, share->index, out);
    buf_text(out, share->rows > 0 ? "</a></th><td class=\"number\">" : "</th><td class=\"number\">");
    shown_count(share->rows, out);
    buf_text(out, "</td>");
    write_bar(share->rows, most, out);
    if (breakdown->undecided != NULL) {
        buf_text(out, "<td class=\"number\">");
        shown_count(share->undecided, out);
        buf_text(out, "</td>");
    }
    buf_text(out, "</tr>\n");
}

static void breakdown_write(const Breakdown *breakdown, Buf *out) {
    Share *shares = mem_alloc(breakdown->count * sizeof(Share));
    size_t count = 0;
    for (size_t i = 0; i < breakdown->count; i++) {
        Share share = {i, breakdown->rows[i], breakdown->undecided == NULL ? 0 : breakdown->undecided[i]};
        if (share.rows + share.undecided > 0) {
            shares[count++] = share;
        }
    }
    qsort(shares, count, sizeof(Share), most_first);
    for (size_t i = 0; i < count && i < LISTED_MOST; i++) {
        write_share(breakdown, &shares[i], shares[0].rows, out);
    }
    free(shares);
}

static void options_write(const Breakdown *breakdown, Buf *out) {
    for (size_t i = 0; i < breakdown->count; i++) {
        if (breakdown->rows[i] > 0) {
            buf_printf(out, "<option value=\"%zu\">", i);
            breakdown->name(breakdown->result->match, i, out);
            buf_text(out, "</option>");
        }
    }
}

static void name_pair(const Match *match, size_t index, Buf *out) {
    Arena arena = {0};
    html_shown(pair_label(&arena, match, index), out);
    arena_free(&arena);
}

static void name_invariant(const Match *match, size_t index, Buf *out) {
    html_string(match->invariants[index].spec->name, out);
}

static void name_cause(const Match *match, size_t index, Buf *out) {
    (void)match;
    buf_text(out, cause_name((Cause)index));
}

static void name_kind(const Match *match, size_t index, Buf *out) {
    (void)match;
    buf_text(out, html_kind_words((FindingKind)index));
}

static Breakdown by_column(const void *page) {
    const Result *result = result_of(page);
    size_t count = result->match == NULL ? 0 : result->match->pair_count;
    return (Breakdown){result, "column", name_pair, count, result->counts.pair_different, NULL};
}

static Breakdown by_invariant(const void *page) {
    const Result *result = result_of(page);
    size_t count = result->match == NULL ? 0 : result->match->invariant_count;
    const Counts *counts = &result->counts;
    return (Breakdown){
        result, "invariant", name_invariant, count, counts->invariant_violations, counts->invariant_undecided};
}

static Breakdown by_cause(const void *page) {
    const Result *result = result_of(page);
    return (Breakdown){result, "cause", name_cause, CAUSES, result->counts.causes, NULL};
}

static Breakdown by_kind(const void *page) {
    const Result *result = result_of(page);
    return (Breakdown){result, "kind", name_kind, FINDING_KINDS, result->counts.kinds, NULL};
}

bool html_has_columns(const void *page) {
    Breakdown columns = by_column(page);
    return breakdown_has(&columns);
}

void html_columns(const void *page, Buf *out) {
    Breakdown columns = by_column(page);
    breakdown_write(&columns, out);
}

bool html_has_invariants(const void *page) {
    Breakdown invariants = by_invariant(page);
    return breakdown_has(&invariants);
}

void html_invariants(const void *page, Buf *out) {
    Breakdown invariants = by_invariant(page);
    breakdown_write(&invariants, out);
}

bool html_has_causes(const void *page) {
    Breakdown causes = by_cause(page);
    return breakdown_has(&causes);
}

void html_causes(const void *page, Buf *out) {
    Breakdown causes = by_cause(page);
    breakdown_write(&causes, out);
}

bool html_has_damage(const void *page) {
    return html_has_columns(page) || html_has_invariants(page) || html_has_causes(page);
}

void html_kind_options(const void *page, Buf *out) {
    Breakdown kinds = by_kind(page);
    options_write(&kinds, out);
}

void html_column_options(const void *page, Buf *out) {
    Breakdown columns = by_column(page);
    options_write(&columns, out);
}

void html_invariant_options(const void *page, Buf *out) {
    Breakdown invariants = by_invariant(page);
    options_write(&invariants, out);
}

void html_cause_options(const void *page, Buf *out) {
    Breakdown causes = by_cause(page);
    options_write(&causes, out);
}

/* ---- how it was computed -------------------------------------------------------------------------------------- */

static void fact_digest(const char *name, const char *before, const char *digest, Buf *out) {
    fact_begin(name, out);
    html_string(before, out);
    buf_text(out, " <span class=\"mono\">");
    html_string(digest, out);
    buf_text(out, "</span>");
    fact_end(out);
}

void html_computed(const void *page, Buf *out) {
    const Match *match = match_of(page);
    fact_digest("Spec", match->spec->path, match->spec->digest, out);
    fact_digest(match->one_row ? "Schema" : "Old schema", match->old.relation.name, match->old.relation.digest, out);
    if (!match->one_row) {
        fact_digest("New schema", match->new_.relation.name, match->new_.relation.digest, out);
    }
    fact_begin("Key", out);
    for (size_t i = 0; i < match->key_count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        html_string(match->key_names[i], out);
    }
    fact_end(out);
    fact("Program", "twofold " TWOFOLD_VERSION, out);
}

bool html_has_invariant_texts(const void *page) {
    return match_of(page)->invariant_count > 0;
}

void html_invariant_texts(const void *page, Buf *out) {
    static const char *const policies[] = {
        [NULL_UNDECIDED] = "undecided", [NULL_HOLDS] = "holds", [NULL_FAILS] = "fails"};
    const Match *match = match_of(page);
    for (size_t i = 0; i < match->invariant_count; i++) {
        const SpecInvariant *invariant = match->invariants[i].spec;
        buf_text(out, "<tr><th scope=\"row\">");
        html_string(invariant->name, out);
        buf_text(out, "</th><td><code>");
        html_string(invariant->holds, out);
        buf_printf(out, "</code></td><td>%s</td></tr>\n", policies[invariant->null]);
    }
}
