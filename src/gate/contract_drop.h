/* What an entry of `drop` is: a column of the old side's table, that table, or what only the server can place.
 *
 * Refuses, at its place in the spec: what is not the old side's; a table that holds the new representation, too; a
 * column of the new representation, where both are in one table and `equal` or `repair` tell which it is. (Invariants
 * do not: minor == total * 100 has no direction.)
 */
#ifndef GATE_CONTRACT_DROP_H
#define GATE_CONTRACT_DROP_H

#include "check/check.h"

/* Where the new columns are. */
const Relation *drop_new_relation(const Check *check);
/* Both sides are one table of one database. */
bool drop_sides_share(const Check *check);
/* The column's name where `name` is a column of the check's own old table; NULL: it is another's, or a table. */
const char *drop_own_column(const Check *check, const char *name, Arena *arena);
bool drop_is_own_table(const Check *check, const char *name, Arena *arena);
/* A column of the table that both sides are; false where they are not one. */
bool drop_has(const Check *check, const char *column, Arena *arena);
/* The new side's name where it is in `source`; NULL: it is elsewhere. */
MUST_CHECK bool drop_kept(Check *check, Source *source, Arena *arena, const char **out, Err *err);

/* As far as names tell. `told`: the source will say whose the rest is. */
MUST_CHECK bool drop_named(Check *check, const SpecDrop *drop, bool told, Arena *arena, Err *err);
/* As the source found it. */
MUST_CHECK bool drop_found(Check *check, const SpecDrop *drop, const Dependents *answer, Err *err);

#endif
