/* What a DROP would do (`contract:` of a spec) -> conditions, from the live database.
 *
 *     refused by      what the server would refuse it for: views, foreign keys, triggers, policies, ...
 *     silently lost   what would go with it: indexes, CHECKs, statistics, rights, ...
 *     never noticed   what would break later: bodies of functions, SQL made at run time, whole rows
 *     new column      whether what takes its place has what it had, and is whole; of a table: of each column
 *     traffic         statements that clients still send, as pg_stat_statements counted them
 *     replication     prepared transactions, publications, slots, subscriptions
 *
 * Promises: a condition for everything found, and one for every class that was looked at and is clean. What could not
 * be looked at, or not be told, is unknown: no permission, no pg_stat_statements, no libpg_query in this build, another
 * engine. Reads only, in short transactions on connections of its own.
 * Refuses names that the database does not have, and what is not the old side's (contract_drop.h).
 */
#ifndef GATE_CONTRACT_H
#define GATE_CONTRACT_H

#include "check/check.h"
#include "gate/condition.h"

/* Nothing without a contract. `check` was opened, and is not reading. */
MUST_CHECK bool contract_conditions(Check *check, Conditions *out, Err *err);
/* Where the sources could not be opened, for `why`. */
void contract_unknown(const Spec *spec, const char *why, Conditions *out);

#endif
