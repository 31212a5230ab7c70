/* One side that is spread over several sources: `sources: [URL, URL]`.
 *
 * A Source like any other: its scan merges the scans of all shards by key, so that its readers need not know.
 * Promises: each row of each shard once, in key order. A key that two shards hold stands twice.
 * Refuses: shards whose relation is not the same (columns, types, key). Offers no snapshot and no join.
 */
#ifndef SOURCE_SHARDS_H
#define SOURCE_SHARDS_H

#include "source/source.h"

MUST_CHECK bool shards_open(const char *const *urls, size_t count, const char *application, Source **out, Err *err);

#endif
