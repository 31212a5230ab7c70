/* One finding as a JSON object: the same in the result, in --findings files and wherever else findings go.
 *
 *     {"kind": "different", "key": ["42"], "columns": ["status"], "invariants": [],
 *      "old": {"status": "paid"}, "new": {"status": null}}
 *
 * Every value is a string in PostgreSQL's text form, NULL is null. Only `different` has more than kind and key.
 */
#ifndef REPORT_FINDING_JSON_H
#define REPORT_FINDING_JSON_H

#include "base/json_writer.h"
#include "check/finding.h"

void finding_json_write(const Match *match, const Finding *finding, JsonWriter *json);

/* One undecided row: {"key": ..., "invariants": the unknown ones, "old": what they read, "new": ...} */
void undecided_json_write(const Match *match, const Finding *row, JsonWriter *json);

#endif
