/* The map of the key space, as cells that can be read, reached by keyboard and told apart without colour. */
#ifndef REPORT_HTML_MAP_H
#define REPORT_HTML_MAP_H

#include "report/range_map.h"

/* One list element a cell. */
void html_map_cells(const RangeMap *map, Buf *out);
/* How many cells there are of each kind: the legend. */
void html_map_legend(const RangeMap *map, Buf *out);
/* The worst stretches of the key as rows of a table; how many were written. */
size_t html_map_worst(const RangeMap *map, Buf *out);

#endif
