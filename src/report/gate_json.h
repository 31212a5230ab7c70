/* The gate's answer as JSON.
 *
 *     {"check": "orders-minor-units", "gate": "closed", "reason": "2 of 9 conditions are not met",
 *      "asked_at": "2026-01-02T03:04:05Z",
 *      "policy": {"max_mismatch_ratio": 0.0, "consistent_runs": 3, "spanning_seconds": 86400,
 *                 "max_age_seconds": 21600, "coverage": 1.0},
 *      "conditions": [{"group": "runs", "name": "consistent-runs", "subject": null, "state": "not met",
 *                      "required": "...", "seen": "...", "since": "2026-01-01T00:00:00Z"}]}
 *
 * Times that are not known are null.
 */
#ifndef REPORT_GATE_JSON_H
#define REPORT_GATE_JSON_H

#include "gate/gate.h"

void gate_json_write(const Gate *gate, Buf *out);

#endif
