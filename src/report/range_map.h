/* Where in the key space the damage is: the ranges of a plan as at most MAP_CELLS cells, in key order.
 *
 *     RangeMap map;
 *     range_map_begin(&map, plan);
 *     range_map_finding(&map, finding);       each, as it comes
 *     range_map_report(&map, report);         each range or part
 *     range_map_end(&map);
 *     map.cells[0 .. map.cell_count]
 *
 * Neighbours share a cell where there are more ranges than cells. Findings are placed by their keys; where these cannot
 * be placed (masked, or in the order of a collation), and for rows that were not decided, the ranges that were read as
 * one are one cell, so that a cell never says more than is known.
 * Memory does not grow with the ranges. The plan must outlive the map.
 */
#ifndef REPORT_RANGE_MAP_H
#define REPORT_RANGE_MAP_H

#include "check/finding.h"

enum { MAP_CELLS = 480 };

typedef struct MapCell {
    size_t first, last; /* ranges of the plan */
    double rows;        /* of the side that has more; a guess where ranges were read as one */
    int64_t mismatched, in_flight, undecided;
    int64_t failed; /* reads that failed */
    bool joined;    /* to the cell before it; none is after range_map_end */
} MapCell;

typedef struct RangeMap {
    const Plan *plan;
    bool places; /* keys can be placed */
    size_t ranges_a_cell;
    size_t cell_count;
    MapCell cells[MAP_CELLS];
} RangeMap;

void range_map_begin(RangeMap *map, const Plan *plan);
void range_map_finding(RangeMap *map, const Finding *finding);
void range_map_report(RangeMap *map, const RangeReport *report);
void range_map_end(RangeMap *map);
/* After the end: the cell of a key; cell_count where it is not known. */
size_t range_map_cell(const RangeMap *map, const Value *key);

#endif
