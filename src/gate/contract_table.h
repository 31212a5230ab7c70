/* A whole table that is to be dropped: every column of it needs what takes its place, and every row.
 *
 * A column is replaced as one that is dropped alone (contract_pair.h), or by the key that the sides are joined by.
 */
#ifndef GATE_CONTRACT_TABLE_H
#define GATE_CONTRACT_TABLE_H

#include "check/check.h"
#include "gate/condition.h"

/* `answer` is what `source` says of the table. */
MUST_CHECK bool contract_table(Check *check, Source *source, const SpecDrop *drop, const Dependents *answer,
                               Arena *arena, Conditions *out, Err *err);

#endif
