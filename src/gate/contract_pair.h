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

/* Of a column of a table that is dropped whole. `said`: what replaced_by says of it, or nothing; `column`: its name as
 * the old side's, NULL where it is not known to be that. */
MUST_CHECK bool contract_pair_column(Check *check, const SpecDrop *said, const char *column, Arena *arena,
                                     ContractPair *out, Err *err);

/* "new column": `old` is what the source says of the dropped column. */
MUST_CHECK bool contract_parity(Check *check, const ContractPair *pair, const Dependents *old, Arena *arena,
                                Conditions *out, Err *err);

/* What `source` tells of one column, in a transaction of its own; *out_unknown: why it could not. */
MUST_CHECK bool contract_column(Source *source, const char *table, const char *column, Arena *arena, Dependents *out,
                                const char **out_unknown, Err *err);
/* The condition that says what takes the place of `subject`. */
void contract_replacement(const char *subject, ConditionState state, const char *seen, Conditions *out);
/* As in SQL. */
const char *contract_quoted(Arena *arena, const char *name);

/* A class as conditions: what was found, or that nothing was. Shared by all headings. */
void contract_class(const char *shown, const DependentClass *class_, Arena *arena, Conditions *out);

#endif
