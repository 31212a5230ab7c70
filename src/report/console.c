/* The result for a person (form: console.h).
 *
 * In: a result, with or without a match. Out: text. Every fact is a row of the summary: a label, then words that wrap
 * under themselves; facts that are not there have no row.
 */
#include "report/console.h"

#include "base/clock.h"
#include "check/mask.h"
#include "report/paint.h"
#include "report/sample_table.h"
#include "report/shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_WIDTH = 80, INDENT = 2, LABEL_WIDTH = 12, LIST_MOST = 10, NAME_MOST = 40 };

typedef struct Page {
    const Result *result;
    const ConsoleOptions *options;
    size_t width;
    size_t name_width; /* of the columns and invariants that are listed */
    Buf *out;
} Page;

/* ---- rows of the summary ------------------------------------------------------------------------------------ */

static void write_label(const Page *page, const char *label) {
    buf_printf(page->out, "%*s", INDENT, "");
    paint_begin(page->options->colour, PAINT_DIM, page->out);
    shown_field(str_of(label), LABEL_WIDTH, page->out);
    paint_end(page->options->colour, PAINT_DIM, page->out);
}

static void row_of(const Page *page, const char *label, Buf *text) {
    write_label(page, label);
    shown_wrapped(buf_view(text), page->width - INDENT - LABEL_WIDTH, INDENT + LABEL_WIDTH, page->out);
    buf_char(page->out, '\n');
    buf_free(text);
}

/* Texts that come from servers and files: made safe first. */
static void row_of_text(const Page *page, const char *label, const char *text) {
    Buf shown = {0};
    shown_text(str_of(text), &shown);
    row_of(page, label, &shown);
}

static void count_of(int64_t count, const char *one, const char *many, Buf *out) {
    shown_count(count, out);
    buf_printf(out, " %s", count == 1 ? one : many);
}

/* "1 in new, 2 in old"; parts with 0 are left out. */
static void part_of(int64_t count, const char *words, Buf *out) {
    if (count > 0) {
        buf_text(out, out->length > 0 ? ", " : "");
        shown_count(count, out);
        buf_printf(out, "%s", words);
    }
}

/* ---- what was compared, and how much of it --------------------------------------------------------------- */

typedef struct SideRow {
    const char *label;
    const char *relation;
    int64_t rows;
    const char *source; /* NULL where both sides have one */
} SideRow;

static void write_side(const Page *page, const SideRow *side, size_t relation_width, size_t rows_width) {
    Buf relation = {0}, rows = {0}, source = {0};
    shown_relation(side->relation, &relation);
    count_of(side->rows, "row", "rows", &rows);
    write_label(page, side->label);
    shown_field(buf_view(&relation), relation_width, page->out);
    size_t blank = rows_width - shown_width(buf_view(&rows));
    buf_printf(page->out, "  %*s%s", (int)blank, "", rows.bytes);
    if (side->source != NULL) {
        shown_text(str_of(side->source), &source);
        size_t taken = INDENT + LABEL_WIDTH + relation_width + 2 + rows_width + 2;
        buf_text(page->out, "  ");
        shown_cut(buf_view(&source), page->width > taken + 10 ? page->width - taken : 10, page->out);
    }
    buf_char(page->out, '\n');
    buf_free(&relation);
    buf_free(&rows);
    buf_free(&source);
}

static size_t relation_columns(const char *relation) {
    Buf shown = {0};
    shown_relation(relation, &shown);
    size_t columns = shown_width(buf_view(&shown));
    buf_free(&shown);
    return columns < NAME_MOST ? columns : NAME_MOST;
}

static size_t rows_columns(int64_t rows) {
    Buf shown = {0};
    count_of(rows, "row", "rows", &shown);
    size_t columns = shown.length;
    buf_free(&shown);
    return columns;
}

static bool same_sources(const Spec *spec) {
    bool same = spec->old.source_count == spec->new_.source_count;
    for (size_t i = 0; same && i < spec->old.source_count; i++) {
        same = strcmp(spec->old.sources[i], spec->new_.sources[i]) == 0;
    }
    return same;
}

static void write_sides(const Page *page) {
    const Match *match = page->result->match;
    const Counts *counts = &page->result->counts;
    Arena arena = {0};
    SideRow sides[] = {{"old", match->old.relation.name, counts->old_rows, NULL},
                       {"new", match->new_.relation.name, counts->new_rows, NULL}};
    size_t count = 2;
    if (match->one_row) {
        sides[0].label = "rows";
        count = 1;
    } else if (!same_sources(match->spec)) {
        sides[0].source = source_url_shown(&arena, match->spec->old.sources[0]);
        sides[1].source = source_url_shown(&arena, match->spec->new_.sources[0]);
    }
    size_t relation_width = 0, rows_width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t relation = relation_columns(sides[i].relation), rows = rows_columns(sides[i].rows);
        relation_width = relation > relation_width ? relation : relation_width;
        rows_width = rows > rows_width ? rows : rows_width;
    }
    for (size_t i = 0; i < count; i++) {
        write_side(page, &sides[i], relation_width, rows_width);
    }
    arena_free(&arena);
}

static void write_read(const Page *page) {
    const Result *result = page->result;
    Buf text = {0};
    bool everything = result->coverage >= 1.0;
    buf_text(&text, everything ? "everything: " : "");
    if (!everything) {
        shown_percent(result->coverage, &text);
        buf_text(&text, " of the rows: ");
        shown_count(result->ranges_proved, &text);
        buf_text(&text, " of ");
    }
    count_of(result->ranges_planned, "range", "ranges", &text);
    buf_printf(&text, " by %s in ", mode_name(result->mode));
    shown_duration(result->duration_us, &text);
    if (result->paused_us > 0) {
        buf_text(&text, ", of which ");
        shown_duration(result->paused_us, &text);
        buf_text(&text, " waiting for a busy server");
    }
    row_of(page, "read", &text);
}

static void write_compared(const Page *page) {
    const Match *match = page->result->match;
    Buf text = {0};
    if (match->pair_count > 0) {
        count_of((int64_t)match->pair_count, "pair of columns", "pairs of columns", &text);
    }
    if (match->invariant_count > 0) {
        buf_text(&text, text.length > 0 ? ", " : "");
        count_of((int64_t)match->invariant_count, "invariant", "invariants", &text);
    }
    row_of(page, "compared", &text);
}

static void add_left_out(const MatchSide *side, const char *which, Buf *out) {
    for (size_t i = 0; i < side->not_compared_count; i++) {
        if (i == LIST_MOST) {
            buf_printf(out, " and %zu more", side->not_compared_count - i);
            return;
        }
        buf_text(out, out->length > 0 ? ", " : "");
        buf_text(out, which);
        shown_text(str_of(side->not_compared[i]), out);
    }
}

static void write_left_out(const Page *page) {
    const Match *match = page->result->match;
    Buf text = {0};
    add_left_out(&match->old, match->one_row ? "" : "old.", &text);
    if (!match->one_row) {
        add_left_out(&match->new_, "new.", &text);
    }
    if (text.length > 0) {
        row_of(page, "left out", &text);
    }
}

/* ---- what disagrees ------------------------------------------------------------------------------------------ */

static void write_kinds(const Page *page) {
    const Counts *counts = &page->result->counts;
    Buf missing = {0}, different = {0}, duplicate = {0};
    part_of(counts->kinds[MISSING_IN_NEW], " in new", &missing);
    part_of(counts->kinds[MISSING_IN_OLD], " in old", &missing);
    part_of(counts->kinds[DIFFERENT], "", &different);
    part_of(counts->kinds[DUPLICATE_KEY], counts->kinds[DUPLICATE_KEY] == 1 ? " key" : " keys", &duplicate);
    if (missing.length > 0) {
        row_of(page, "missing", &missing);
    }
    if (different.length > 0) {
        row_of(page, "different", &different);
    }
    if (duplicate.length > 0) {
        row_of(page, "duplicate", &duplicate);
    }
}

/* A name and in how many rows: of a column, or of an invariant. */
typedef struct Tally {
    const char *name;
    int64_t rows;
    size_t place;
} Tally;

/* Most rows first; as in the spec where they are as many. */
static int tally_order(const void *a, const void *b) {
    const Tally *x = a, *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

/* The widest name that a list will show, so that all lists align. */
static size_t listed_width(const Result *result) {
    const Match *match = result->match;
    const Counts *counts = &result->counts;
    size_t widest = 0;
    for (size_t i = 0; i < match->pair_count; i++) {
        size_t width = counts->pair_different[i] > 0 ? shown_width(str_of(match->pairs[i].name)) : 0;
        widest = width > widest ? width : widest;
    }
    for (size_t i = 0; i < match->invariant_count; i++) {
        bool listed = counts->invariant_violations[i] + counts->invariant_undecided[i] > 0;
        size_t width = listed ? shown_width(str_of(match->invariants[i].spec->name)) : 0;
        widest = width > widest ? width : widest;
    }
    return widest < NAME_MOST ? widest : NAME_MOST;
}

static void write_tally(const Page *page, const char *label, const Tally *tally) {
    Buf name = {0};
    shown_text(str_of(tally->name), &name);
    write_label(page, label);
    shown_field(buf_view(&name), page->name_width, page->out);
    buf_text(page->out, "  ");
    count_of(tally->rows, "row", "rows", page->out);
    buf_char(page->out, '\n');
    buf_free(&name);
}

static void write_tallies(const Page *page, const char *label, Tally *tallies, size_t count) {
    qsort(tallies, count, sizeof(Tally), tally_order);
    size_t some = 0;
    while (some < count && tallies[some].rows > 0) {
        some++;
    }
    for (size_t i = 0; i < some && i < LIST_MOST; i++) {
        write_tally(page, i == 0 ? label : "", &tallies[i]);
    }
    if (some > LIST_MOST) {
        Buf text = {0};
        buf_printf(&text, "and %zu more", some - LIST_MOST);
        row_of(page, "", &text);
    }
}

static void write_unequal(const Page *page) {
    const Match *match = page->result->match;
    Tally *tallies = mem_alloc(match->pair_count * sizeof(Tally));
    for (size_t i = 0; i < match->pair_count; i++) {
        tallies[i] = (Tally){match->pairs[i].name, page->result->counts.pair_different[i], i};
    }
    write_tallies(page, "unequal", tallies, match->pair_count);
    free(tallies);
}

static void write_invariants(const Page *page, const char *label, const int64_t *rows) {
    const Match *match = page->result->match;
    Tally *tallies = mem_alloc(match->invariant_count * sizeof(Tally));
    for (size_t i = 0; i < match->invariant_count; i++) {
        tallies[i] = (Tally){match->invariants[i].spec->name, rows[i], i};
    }
    write_tallies(page, label, tallies, match->invariant_count);
    free(tallies);
}

static void write_causes(const Page *page) {
    Buf text = {0};
    for (Cause cause = 0; cause < CAUSES; cause++) {
        int64_t rows = page->result->counts.causes[cause];
        if (rows > 0) {
            buf_printf(&text, "%s%s ", text.length > 0 ? ", " : "", cause_name(cause));
            shown_count(rows, &text);
        }
    }
    if (text.length > 0) {
        row_of(page, "causes", &text);
    }
}

static void write_in_flight(const Page *page) {
    int64_t rows = page->result->counts.in_flight;
    if (rows > 0) {
        Buf text = {0};
        count_of(rows, "row was still changing", "rows were still changing", &text);
        row_of(page, "in flight", &text);
    }
}

/* The oldest and the newest writing of the rows shown, and how long that was before the check. */
static void write_written(const Page *page) {
    const Result *result = page->result;
    int64_t first_us = 0, last_us = 0;
    for (size_t i = 0; i < result->sample_count; i++) {
        int64_t times[] = {result->sample[i].old_written_us, result->sample[i].new_written_us};
        for (size_t t = 0; t < 2; t++) {
            first_us = times[t] != 0 && (first_us == 0 || times[t] < first_us) ? times[t] : first_us;
            last_us = times[t] > last_us ? times[t] : last_us;
        }
    }
    if (last_us == 0) {
        return;
    }
    Buf text = {0};
    char first[21], last[21];
    clock_format_utc(first_us, first);
    clock_format_utc(last_us, last);
    buf_printf(&text, "the rows shown: from %.10s %.8s to %.10s %.8s UTC, the last ", first, first + 11, last,
               last + 11);
    int64_t before_us = result->started_us - last_us;
    shown_duration(before_us < 0 ? -before_us : before_us, &text);
    buf_text(&text, before_us < 0 ? " after this check began" : " before this check");
    row_of(page, "written", &text);
}

/* ---- what to do next ------------------------------------------------------------------------------------------ */

static bool has_null(const Finding *finding) {
    for (size_t i = 0; i < finding->key_count; i++) {
        if (finding->key[i].state != CELL_VALUE) {
            return true;
        }
    }
    return false;
}

/* The first row that can be named on a command line; one that is on both sides if there is one. */
static const Finding *worth_a_look(const Result *result) {
    const Finding *best = NULL;
    if (result->match == NULL || mask_hides_key(result->match)) {
        return NULL;
    }
    for (size_t i = 0; i < result->sample_count + result->undecided_count; i++) {
        bool found = i < result->sample_count;
        const Finding *row = found ? &result->sample[i] : &result->undecided[i - result->sample_count];
        bool better = best == NULL || (found && row->kind == DIFFERENT && best->kind != DIFFERENT);
        if (better && !has_null(row)) {
            best = row;
        }
    }
    return best;
}

/* A command stays on one line, so that it can be copied. */
static void write_command(const Page *page, const char *label, const char *verb, Str after) {
    Buf command = {0};
    buf_printf(&command, "twofold %s ", verb);
    shown_word(str_of(page->result->match->spec->path), &command);
    buf_str(&command, after);
    write_label(page, label);
    shown_text(buf_view(&command), page->out);
    buf_char(page->out, '\n');
    buf_free(&command);
}

/* A part that begins with a minus sign would be read as an option. */
static void write_look(const Page *page, const char *label, const Finding *finding) {
    Buf words = {0}, after = {0};
    shown_key_words(finding->key, finding->key_count, &words);
    bool like_option = words.bytes[0] == '-' || strstr(words.bytes, " -") != NULL;
    buf_printf(&after, "%s%s", like_option ? " -- " : " ", words.bytes);
    write_command(page, label, "look", buf_view(&after));
    buf_free(&words);
    buf_free(&after);
}

static void write_next(const Page *page) {
    const Result *result = page->result;
    const Finding *finding = worth_a_look(result);
    if (finding != NULL) {
        write_look(page, "next", finding);
    }
    if (page->options->findings == NULL && result->mismatched_rows > (int64_t)result->sample_count) {
        write_command(page, finding == NULL ? "next" : "", "check", STR_LITERAL(" --findings all.ndjson"));
    }
}

static void write_findings_place(const Page *page) {
    const char *path = page->options->findings;
    if (path != NULL && strcmp(path, "-") != 0 && page->result->mismatched_rows > 0) {
        Buf text = {0};
        buf_text(&text, "all in ");
        shown_text(str_of(path), &text);
        row_of(page, "findings", &text);
    }
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

static void write_rows(const Page *page, const char *heading, const SampleRows *sample, int64_t of) {
    Buf *out = page->out;
    if (sample->count == 0) {
        return;
    }
    paint_begin(page->options->colour, PAINT_BOLD, out);
    buf_printf(out, "%s (", heading);
    shown_count((int64_t)sample->count, out);
    buf_text(out, " of ");
    shown_count(of, out);
    buf_char(out, ')');
    paint_end(page->options->colour, PAINT_BOLD, out);
    buf_text(out, "\n\n");
    sample_table_write(page->result->match, sample, page->width, page->options->colour, out);
    buf_char(out, '\n');
}

static void write_sample(const Page *page) {
    const Result *result = page->result;
    SampleRows disagree = {result->sample, result->sample_count, "breaks"};
    SampleRows undecided = {result->undecided, result->undecided_count, "unknown"};
    write_rows(page, "rows that disagree", &disagree, result->mismatched_rows);
    write_rows(page, "rows that cannot be decided", &undecided, result->counts.undecided);
}

static const char *reason_of(const Result *result) {
    return result->reason != NULL ? result->reason : result->err.text;
}

static void write_headline(const Page *page) {
    static const struct {
        const char *word;
        Paint paint;
    } verdicts[] = {
        [VERDICT_CONSISTENT] = {"CONSISTENT", PAINT_GOOD},
        [VERDICT_INCONSISTENT] = {"INCONSISTENT", PAINT_BAD},
        [VERDICT_CANNOT_TELL] = {"CANNOT TELL", PAINT_DOUBT},
    };
    const Result *result = page->result;
    bool colour = page->options->colour;
    Buf reason = {0};
    paint_text(colour, PAINT_BOLD, result->check, page->out);
    buf_text(page->out, ": ");
    paint_text(colour, verdicts[result->verdict].paint, verdicts[result->verdict].word, page->out);
    buf_text(page->out, " -");
    size_t taken = strlen(result->check) + strlen(": ") + strlen(verdicts[result->verdict].word) + strlen(" - ");
    shown_text(str_of(reason_of(result)), &reason);
    if (taken + shown_width(buf_view(&reason)) <= page->width) {
        buf_char(page->out, ' ');
        buf_str(page->out, buf_view(&reason));
    } else {
        buf_text(page->out, "\n    ");
        shown_wrapped(buf_view(&reason), page->width - 4, 4, page->out);
    }
    buf_char(page->out, '\n');
    buf_free(&reason);
}

/* The first failure, unless the headline said it already. */
static void write_failure(const Page *page) {
    const Err *err = &page->result->err;
    if (err->text[0] == '\0') {
        return;
    }
    if (strstr(reason_of(page->result), err->text) == NULL) {
        row_of_text(page, "error", err->text);
    }
    if (err->hint[0] != '\0') {
        row_of_text(page, "hint", err->hint);
    }
}

void console_write(const Result *result, const ConsoleOptions *options, Buf *out) {
    Page page = {.result = result,
                 .options = options,
                 .width = options->width == 0 ? USUAL_WIDTH : options->width,
                 .name_width = result->match == NULL ? 0 : listed_width(result),
                 .out = out};
    if (result->match != NULL) {
        write_sample(&page);
    }
    write_headline(&page);
    if (result->match != NULL) {
        buf_char(out, '\n');
        write_sides(&page);
        write_read(&page);
        write_compared(&page);
        write_left_out(&page);
        write_kinds(&page);
        write_unequal(&page);
        write_invariants(&page, "broken", result->counts.invariant_violations);
        write_invariants(&page, "undecided", result->counts.invariant_undecided);
        write_in_flight(&page);
        write_causes(&page);
        write_written(&page);
    }
    write_failure(&page);
    if (result->match != NULL) {
        write_findings_place(&page);
        write_next(&page);
    }
}

typedef struct ConsoleSink {
    Sink sink;
    FILE *stream;
    ConsoleOptions options;
} ConsoleSink;

static bool console_result(Sink *sink, const Result *result, Err *err) {
    ConsoleSink *self = (ConsoleSink *)sink;
    Buf text = {0};
    console_write(result, &self->options, &text);
    bool good = fwrite(text.bytes, 1, text.length, self->stream) == text.length && fflush(self->stream) == 0;
    buf_free(&text);
    return good || err_set(err, TF_ERROR_IO, "could not write the result: %s", strerror(errno));
}

static void console_close(Sink *sink) {
    free(sink);
}

Sink *console_sink_open(FILE *stream, const ConsoleOptions *options) {
    ConsoleSink *self = mem_alloc(sizeof(ConsoleSink));
    *self = (ConsoleSink){
        .sink = {.result = console_result, .close = console_close}, .stream = stream, .options = *options};
    return &self->sink;
}
