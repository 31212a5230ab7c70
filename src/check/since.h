/* When the rows of findings were last written, where the servers know it: an old gap, or a writer that still writes one
 * side only.
 *
 * In: findings with their own keys (not masked). Out: the same, with old_written_us and new_written_us where a server
 * keeps commit times (PostgreSQL: track_commit_timestamp) and the row is there. What cannot be learned stays 0: no
 * verdict depends on it, so nothing here fails.
 */
#ifndef CHECK_SINCE_H
#define CHECK_SINCE_H

#include "check/finding.h"
#include "check/stop.h"

/* Over connections of its own. `stop` may be NULL. */
void since_find(const Plan *plan, Finding *findings, size_t count, const RunStop *stop);

#endif
