/* Functions, views and statements that came as texts -> conditions, by what they do with the column (sql_use.h).
 *
 * A text that was read and does nothing with it is no condition; one that cannot be read is unknown.
 */
#ifndef GATE_CONTRACT_TEXT_H
#define GATE_CONTRACT_TEXT_H

#include "gate/condition.h"
#include "source/dependents.h"

typedef struct ContractTexts {
    const Dependents *answer;
    const char *const *replaced_by; /* columns of the same table that take its place */
    size_t replaced_count;
    int64_t window_us; /* how long statements must have been counted */
    int64_t now_us;    /* wall clock */
} ContractTexts;

void contract_texts(const ContractTexts *texts, Conditions *out);

#endif
