/* The map of the key space (form: html_map.h). */
#include "report/html_map.h"

#include "check/mask.h"
#include "report/html_text.h"
#include "report/shown.h"

#include <stdlib.h>

enum { WORST_MOST = 10 };

/* Worst last: a cell is of the worst kind that is in it. */
typedef enum CellKind { CELL_PROVED, CELL_UNDECIDED, CELL_FAILED, CELL_DIFFERENT, CELL_KINDS } CellKind;

typedef struct CellLook {
    const char *class_;
    const char *glyph;
    const char *words;
} CellLook;

static const CellLook looks[CELL_KINDS] = {
    [CELL_PROVED] = {"proved", "", "proved equal"},
    [CELL_UNDECIDED] = {"undecided", "?", "in flight or undecided"},
    [CELL_FAILED] = {"failed", "!", "not read"},
    [CELL_DIFFERENT] = {"different", "\xE2\x89\xA0", "rows disagree"},
};

static CellKind cell_kind(const MapCell *cell) {
    if (cell->mismatched > 0) {
        return CELL_DIFFERENT;
    }
    if (cell->failed > 0) {
        return CELL_FAILED;
    }
    return cell->in_flight + cell->undecided > 0 ? CELL_UNDECIDED : CELL_PROVED;
}

/* Below one in a thousand, below one in ten, above. */
static int damage_level(const MapCell *cell) {
    double share = (double)cell->mismatched / (cell->rows < 1 ? 1 : cell->rows);
    return share < 0.001 ? 1 : share < 0.1 ? 2 : 3;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static void write_bound(const Match *match, const char *before, const Value *bound, Buf *out) {
    Buf shown = {0};
    shown_key(bound, match->key_count, &shown);
    buf_printf(out, "%s%s", before, match->key_count > 1 ? "(" : "");
    html_shown(buf_view(&shown), out);
    buf_text(out, match->key_count > 1 ? ")" : "");
    buf_free(&shown);
}

/* "from 25,001 to below 50,001": the text form of keys, unquoted numbers. */
static void write_bounds(const RangeMap *map, const MapCell *cell, Buf *out) {
    const Plan *plan = map->plan;
    const Range *first = &plan->ranges[cell->first];
    const Range *last = &plan->ranges[cell->last];
    bool nulls = last->rows == RANGE_WITH_NULL;
    if (mask_hides_key(plan->match)) {
        buf_printf(out, "range %zu of %zu", cell->first + 1, plan->range_count);
    } else if (first->rows == RANGE_WITH_NULL) {
        buf_text(out, "rows with NULL in the key");
    } else if (first->from == NULL && (nulls || last->to == NULL)) {
        buf_text(out, "all keys");
    } else {
        if (first->from != NULL) {
            write_bound(plan->match, "from ", first->from, out);
        }
        if (!nulls && last->to != NULL) {
            write_bound(plan->match, first->from == NULL ? "below " : " to below ", last->to, out);
        }
        buf_text(out, nulls ? " and rows with NULL in the key" : "");
    }
}

static void write_count(int64_t count, const char *one, const char *many, Buf *out) {
    if (count > 0) {
        buf_text(out, ", ");
        shown_count(count, out);
        buf_printf(out, " %s", count == 1 ? one : many);
    }
}

static void write_findings(const MapCell *cell, Buf *out) {
    Buf words = {0};
    write_count(cell->mismatched, "row disagrees", "rows disagree", &words);
    write_count(cell->in_flight, "row in flight", "rows in flight", &words);
    write_count(cell->undecided, "row undecided", "rows undecided", &words);
    buf_text(&words, cell->failed > 0 ? ", not all read" : "");
    buf_text(out, words.length > 0 ? words.bytes + 2 : "proved equal");
    buf_free(&words);
}

static void write_label(const RangeMap *map, const MapCell *cell, Buf *out) {
    write_bounds(map, cell, out);
    buf_text(out, ": ");
    write_findings(cell, out);
}

/* ---- the parts ------------------------------------------------------------------------------------------------- */

void html_map_cells(const RangeMap *map, Buf *out) {
    Buf label = {0};
    for (size_t i = 0; i < map->cell_count; i++) {
        const MapCell *cell = &map->cells[i];
        CellKind kind = cell_kind(cell);
        buf_empty(&label);
        write_label(map, cell, &label);
        buf_printf(out, "<li><a class=\"cell %s", looks[kind].class_);
        if (kind == CELL_DIFFERENT) {
            buf_printf(out, " level-%d", damage_level(cell));
        }
        buf_printf(out, "\" href=\"#rows\" data-cell=\"%zu\" title=\"%s\" aria-label=\"%s\">%s</a></li>\n", i,
                   label.bytes, label.bytes, looks[kind].glyph);
    }
    buf_free(&label);
}

void html_map_legend(const RangeMap *map, Buf *out) {
    int64_t counts[CELL_KINDS] = {0};
    for (size_t i = 0; i < map->cell_count; i++) {
        counts[cell_kind(&map->cells[i])]++;
    }
    for (CellKind kind = CELL_PROVED; kind < CELL_KINDS; kind++) {
        if (counts[kind] > 0) {
            buf_printf(out, "<li><span class=\"cell %s%s\" aria-hidden=\"true\">%s</span> %s <b>", looks[kind].class_,
                       kind == CELL_DIFFERENT ? " level-3" : "", looks[kind].glyph, looks[kind].words);
            shown_count(counts[kind], out);
            buf_text(out, "</b></li>\n");
        }
    }
}

/* Neighbours of one kind as one cell. */
typedef struct Stretch {
    MapCell cell;
    size_t from, to; /* cells of the map */
} Stretch;

/* Proved ones are left out. How many there are. */
static size_t stretches(const RangeMap *map, Stretch *out) {
    size_t count = 0;
    for (size_t i = 0; i < map->cell_count; i++) {
        const MapCell *cell = &map->cells[i];
        CellKind kind = cell_kind(cell);
        bool goes_on = i > 0 && kind == cell_kind(&map->cells[i - 1]);
        if (kind == CELL_PROVED) {
            continue;
        }
        if (!goes_on) {
            out[count++] = (Stretch){*cell, i, i};
            continue;
        }
        MapCell *stretch = &out[count - 1].cell;
        out[count - 1].to = i;
        stretch->last = cell->last;
        stretch->mismatched += cell->mismatched;
        stretch->in_flight += cell->in_flight;
        stretch->undecided += cell->undecided;
        stretch->failed += cell->failed;
    }
    return count;
}

static int worse_first(const void *a, const void *b) {
    const MapCell *x = &((const Stretch *)a)->cell, *y = &((const Stretch *)b)->cell;
    if (cell_kind(x) != cell_kind(y)) {
        return cell_kind(x) > cell_kind(y) ? -1 : 1;
    }
    int64_t left = x->mismatched + x->in_flight + x->undecided, right = y->mismatched + y->in_flight + y->undecided;
    return left != right ? (left > right ? -1 : 1) : (x->first > y->first) - (x->first < y->first);
}

size_t html_map_worst(const RangeMap *map, Buf *out) {
    Stretch worst[MAP_CELLS];
    size_t count = stretches(map, worst);
    qsort(worst, count, sizeof(worst[0]), worse_first);
    count = count < WORST_MOST ? count : WORST_MOST;
    for (size_t i = 0; i < count; i++) {
        bool linked = map->places && cell_kind(&worst[i].cell) == CELL_DIFFERENT;
        buf_text(out, "<tr><th scope=\"row\">");
        if (linked) {
            buf_printf(out, "<a href=\"#rows\" data-cell=\"%zu-%zu\">", worst[i].from, worst[i].to);
        }
        write_bounds(map, &worst[i].cell, out);
        buf_text(out, linked ? "</a></th><td>" : "</th><td>");
        write_findings(&worst[i].cell, out);
        buf_text(out, "</td></tr>\n");
    }
    return count;
}
