/* A repair as JSON, for scripts: --json FILE.
 *
 *     {"check": "orders", "verdict": "inconsistent", "written": true, "trust": "old", "disagreed": 2,
 *      "mismatch_ratio": 2e-06, "stopped": null, "unknown": null, "interrupted": false, "journal": "...",
 *      "outcomes": {"proposed": 0, "repaired": 1, "already_equal": 0, ...},
 *      "rows": [{"key": ["42"], "outcome": "repaired", "reason": null, "sql": "UPDATE ..."}]}
 *
 * `rows` holds the first so many. Values of masked columns are masked.
 */
#ifndef REPORT_REPAIR_JSON_H
#define REPORT_REPAIR_JSON_H

#include "repair/campaign.h"

/* Appends one object to the rows that are told later. */
void repair_json_row(const Campaign *campaign, const RepairRow *row, Buf *rows);
/* `rows`: what repair_json_row gathered. */
void repair_json_write(const Campaign *campaign, const Buf *rows, const char *journal, Buf *out);

#endif
