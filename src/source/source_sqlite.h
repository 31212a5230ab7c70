/* SQLite as a Source: "sqlite:PATH", "sqlite:///absolute/path". */
#ifndef SOURCE_SOURCE_SQLITE_H
#define SOURCE_SOURCE_SQLITE_H

#include "source/source.h"

extern const SourceOps sqlite_source_ops;

#endif
