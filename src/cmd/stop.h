/* SIGINT and SIGTERM end a run early: what was found so far is reported, and the verdict is "cannot tell".
 *
 * Before there is anything to report - a server that does not answer may hold a connection up for long - they end the
 * process at once, with the status of that verdict.
 */
#ifndef CMD_STOP_H
#define CMD_STOP_H

#include "check/run.h"

/* From now on a signal ends the process: nothing has been read. */
void stop_at_once_on_signals(void);
/* From now on the first signal asks the run to stop; a second one ends the process as usual. Static. */
RunStop *stop_on_signals(void);

#endif
