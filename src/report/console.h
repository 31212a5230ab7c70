/* The result for a person: rows that disagree first, then what was found out, so that the verdict stands where the
 * eye is when the program ends.
 *
 *     rows that disagree (2 of 2)
 *
 *       id  column    old      new
 *       17  (row)     present  missing
 *       42  status    paid     new
 *           breaks currency-present
 *           currency           null
 *
 *     orders-minor-units: INCONSISTENT - 2 rows disagree
 *
 *       old         public.orders     5,000,000 rows
 *       new         public.orders_v2  4,999,999 rows
 *       read        everything: 50 ranges by join in 1.2 s
 *       compared    4 pairs of columns, 2 invariants
 *       missing     1 in new
 *       different   1
 *       unequal     status            1 row
 *       broken      currency-present  1 row
 *       causes      missing 1, null 1
 *       next        twofold look orders.yaml 42
 *
 * Promises: lines fit `width` where names allow it; no control character of a value reaches the terminal.
 */
#ifndef REPORT_CONSOLE_H
#define REPORT_CONSOLE_H

#include "check/finding.h"

#include <stdio.h>

typedef struct ConsoleOptions {
    bool colour;
    size_t width;         /* 0: 80 */
    const char *findings; /* where all findings are written, or NULL; must outlive the sink */
} ConsoleOptions;

void console_write(const Result *result, const ConsoleOptions *options, Buf *out);
Sink *console_sink_open(FILE *stream, const ConsoleOptions *options);

#endif
