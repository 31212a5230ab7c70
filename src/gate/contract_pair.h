/* Which columns take the place of one that is to be dropped, and whether they are as good.
 *
 * A spec tells by replaced_by; else its equal pairs, else its invariants: the new columns of those that read the old
 * one. Nothing is guessed from names.
 */
#ifndef GATE_CONTRACT_PAIR_H
#define GATE_CONTRACT_PAIR_H

#include "check/check.h"
#include "gate/condition.h"

typedef struct ContractPair {
    const char *name;        /* what is dropped, for the source: qualified where it is the check's own table */
    bool known;              /* whether something, or nothing, takes its place; false: the spec does not tell */
    bool same_table;         /* it takes its place in the very table */
    const char *const *new_; /* columns of the new side */
    size_t new_count;
} ContractPair;

MUST_CHECK bool contract_pair(Check *check, const SpecDrop *drop, Arena *arena, ContractPair *out, Err *err);

/* "new column": `old` is what the source says of the dropped column. */
MUST_CHECK bool contract_parity(Check *check, const ContractPair *pair, const Dependents *old, Arena *arena,
                                Conditions *out, Err *err);

/* A class as conditions: what was found, or that nothing was. Shared by all headings. */
void contract_class(const char *shown, const DependentClass *class_, Arena *arena, Conditions *out);

#endif
