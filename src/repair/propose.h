/* One key as it stands on both sides -> the write that would make it agree, or why there is none.
 *
 * Nothing is asked of a server: what the row would be is made here and judged by the check's own comparator before
 * anybody writes it. A write that would leave the row unequal, broken or undecided is refused.
 */
#ifndef REPAIR_PROPOSE_H
#define REPAIR_PROPOSE_H

#include "repair/sight.h"

typedef enum ProposalKind {
    PROPOSE_NOTHING, /* it agrees */
    PROPOSE_WRITE,
    PROPOSE_REPORT, /* the spec leaves it to people */
    PROPOSE_REFUSAL /* nothing that could be written makes it agree */
} ProposalKind;

typedef struct Proposal {
    ProposalKind kind;
    RowWrite write;     /* its guard is what stands there now */
    const char *reason; /* of a report or refusal */
} Proposal;

/* `sight` is judged. The proposal is in the arena and points into the sight. */
Proposal propose(const Aim *aim, const Sight *sight, Arena *arena);

#endif
