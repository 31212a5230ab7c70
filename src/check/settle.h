/* Differences between two databases, looked at again: what is traffic and what is true.
 *
 * Two snapshots of two databases are never of the same moment, so a row that is being written looks different for a
 * while. A range's findings wait here (pending.h) and are looked at again (looker.h), with growing pauses, by the same
 * comparator:
 *
 *     equal now, or gone on both sides       traffic: forgotten
 *     the same images, SETTLE_LOOKS times in a row  confirmed: delivered with its range
 *     still changing when the time is up     in flight: counted, and called neither
 *
 * Where a side is a standby with an as_of, each look waits for a position that its primary had after the look before:
 * what a standby has not replayed yet is no finding, however long it takes.
 *
 * A range is delivered when all its findings have settled. No finding is dropped for want of room: workers wait while
 * too many are unsettled. A look that fails is tried again until the time is up; what it could not decide is in
 * flight, and the range has failed with the reason.
 */
#ifndef CHECK_SETTLE_H
#define CHECK_SETTLE_H

#include "check/guest.h"
#include "check/run.h"
#include "check/worker.h"

typedef struct Settle Settle;

/* Confirmed findings and finished ranges go on to `downstream`. */
Settle *settle_open(Arena *arena, const Plan *plan, Delivery downstream, Guest *guest, RunStop *stop);
/* What workers deliver to. */
Delivery settle_delivery(Settle *settle);
/* Waits until everything has settled (or the run is stopped), delivers it, and ends the settling. */
void settle_close(Settle *settle);

#endif
