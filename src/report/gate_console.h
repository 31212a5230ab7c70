/* The gate's answer for a person.
 *
 *     orders-minor-units: CLOSED - 2 of 9 conditions are not met
 *
 *     runs
 *       met      ledger           12 runs (since 2026-01-02T03:04:05Z)
 *       not met  consistent-runs  2 in a row; before them the run of ... was inconsistent: 3 rows disagree
 *                                 required: 3 consistent runs in a row, up to the newest
 *
 * Where that is longer than a terminal is high, the answer stands at the end again, with what speaks against it:
 *
 *     orders-minor-units: CLOSED - 2 of 49 conditions are not met
 *       not met  consistent-runs, view public.orders_report
 *
 * Promises: lines fit `width` where names allow it; no control character of a name reaches the terminal.
 */
#ifndef REPORT_GATE_CONSOLE_H
#define REPORT_GATE_CONSOLE_H

#include "gate/gate.h"

/* `width` 0: 80. */
void gate_console_write(const Gate *gate, bool colour, size_t width, Buf *out);

#endif
