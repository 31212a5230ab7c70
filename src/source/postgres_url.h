/* PostgreSQL's URLs and connection strings, as people may see them. */
#ifndef SOURCE_POSTGRES_URL_H
#define SOURCE_POSTGRES_URL_H

#include "base/arena.h"

/* "postgresql://localhost:5432/shop", or "host=localhost dbname=shop" as it was written: where it leads, and nothing
 * else. In arena, or static. */
const char *pg_url_shown(Arena *arena, const char *url);

#endif
