/* Where in the key space the damage is (promises: range_map.h). */
#include "report/range_map.h"

#include "check/mask.h"

#include <string.h>

/* Whether keys compare as the plan's ranges are ordered. */
static bool keys_place(const Plan *plan) {
    const Match *match = plan->match;
    bool places = !mask_hides_key(match);
    for (size_t i = 0; i < match->key_count; i++) {
        places = places && !(plan->order.native_collation && match->old.columns[i].kind == KIND_TEXT);
    }
    return places;
}

void range_map_begin(RangeMap *map, const Plan *plan) {
    size_t count = plan->range_count;
    size_t each = (count + MAP_CELLS - 1) / MAP_CELLS;
    *map = (RangeMap){.plan = plan, .places = keys_place(plan), .ranges_a_cell = each == 0 ? 1 : each};
    map->cell_count = (count + map->ranges_a_cell - 1) / map->ranges_a_cell;
    for (size_t i = 0; i < map->cell_count; i++) {
        size_t first = i * map->ranges_a_cell;
        size_t last = first + map->ranges_a_cell - 1;
        map->cells[i] = (MapCell){.first = first, .last = last < count ? last : count - 1};
    }
}

/* ---- placing keys ---------------------------------------------------------------------------------------------- */

static bool has_null(const Value *key, size_t count) {
    bool null = false;
    for (size_t i = 0; i < count; i++) {
        null = null || key[i].state == CELL_NULL;
    }
    return null;
}

/* Negative: a < b. *known false: values of kinds that have no common order. */
static int key_compare(const Value *a, const Value *b, size_t count, bool *known) {
    for (size_t i = 0; i < count; i++) {
        bool numbers = (a[i].kind == KIND_INT || a[i].kind == KIND_DECIMAL) &&
                       (b[i].kind == KIND_INT || b[i].kind == KIND_DECIMAL);
        *known = *known && (a[i].kind == b[i].kind || numbers);
        int order = *known ? value_compare(a[i], b[i]) : 0;
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static bool range_holds(const Range *range, const Value *key, size_t count) {
    if (range->rows != RANGE_BETWEEN) {
        return range->rows == RANGE_ALL || has_null(key, count);
    }
    bool known = !has_null(key, count);
    return known && (range->from == NULL || key_compare(range->from, key, count, &known) <= 0) &&
           (range->to == NULL || key_compare(key, range->to, count, &known) < 0) && known;
}

/* The last range that begins at or before the key, among those with bounds, which are in key order. */
static size_t range_search(const Plan *plan, const Value *key) {
    size_t low = 0, high = plan->range_count;
    bool known = true;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        const Range *range = &plan->ranges[middle];
        bool before = range->rows == RANGE_BETWEEN &&
                      (range->from == NULL || key_compare(range->from, key, plan->match->key_count, &known) <= 0);
        low = before ? middle : low;
        high = before ? high : middle;
    }
    return low;
}

/* range_count where the key is in no range of this plan: another run's, or none that compares. */
static size_t range_of(const Plan *plan, const Value *key) {
    size_t count = plan->match->key_count;
    size_t at[] = {has_null(key, count) ? 0 : range_search(plan, key), 0, plan->range_count - 1};
    for (size_t i = 0; plan->range_count > 0 && i < sizeof(at) / sizeof(at[0]); i++) {
        if (range_holds(&plan->ranges[at[i]], key, count)) {
            return at[i];
        }
    }
    return plan->range_count;
}

void range_map_finding(RangeMap *map, const Finding *finding) {
    size_t range = map->places ? range_of(map->plan, finding->key) : map->plan->range_count;
    if (range < map->plan->range_count) {
        map->cells[range / map->ranges_a_cell].mismatched++;
    }
}

/* ---- reads ----------------------------------------------------------------------------------------------------- */

static void spread_rows(RangeMap *map, const RangeReport *report, size_t first, size_t last) {
    const Counts *counts = &report->counts;
    double rows = (double)(counts->old_rows > counts->new_rows ? counts->old_rows : counts->new_rows);
    size_t end = report->index + report->count;
    for (size_t i = first; i <= last; i++) {
        size_t from = map->cells[i].first > report->index ? map->cells[i].first : report->index;
        size_t to = map->cells[i].last + 1 < end ? map->cells[i].last + 1 : end;
        map->cells[i].rows += rows * (double)(to - from) / (double)report->count;
    }
}

static int64_t kinds_sum(const Counts *counts) {
    int64_t sum = 0;
    for (FindingKind kind = 0; kind < FINDING_KINDS; kind++) {
        sum += counts->kinds[kind];
    }
    return sum;
}

void range_map_report(RangeMap *map, const RangeReport *report) {
    if (report->count == 0 || report->index + report->count > map->plan->range_count) {
        return;
    }
    size_t first = report->index / map->ranges_a_cell;
    size_t last = (report->index + report->count - 1) / map->ranges_a_cell;
    bool failed = report->state == RANGE_FAILED || report->state == RANGE_PART_FAILED;
    int64_t mismatched = map->places ? 0 : kinds_sum(&report->counts);
    bool somewhere = mismatched + report->counts.in_flight + report->counts.undecided > 0;
    map->cells[first].mismatched += mismatched;
    map->cells[first].in_flight += report->counts.in_flight;
    map->cells[first].undecided += report->counts.undecided;
    spread_rows(map, report, first, last);
    for (size_t i = first; i <= last; i++) {
        map->cells[i].failed += failed;
        map->cells[i].joined = map->cells[i].joined || (somewhere && i > first);
    }
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

void range_map_end(RangeMap *map) {
    size_t kept = 0;
    for (size_t i = 0; i < map->cell_count; i++) {
        MapCell cell = map->cells[i];
        if (!cell.joined || kept == 0) {
            map->cells[kept++] = cell;
            continue;
        }
        MapCell *into = &map->cells[kept - 1];
        into->last = cell.last;
        into->rows += cell.rows;
        into->mismatched += cell.mismatched;
        into->in_flight += cell.in_flight;
        into->undecided += cell.undecided;
        into->failed += cell.failed;
    }
    map->cell_count = kept;
}

size_t range_map_cell(const RangeMap *map, const Value *key) {
    if (!map->places) {
        return map->cell_count;
    }
    size_t range = range_of(map->plan, key);
    size_t cell = 0;
    while (cell < map->cell_count && map->cells[cell].last < range) {
        cell++;
    }
    return cell;
}
