/* PostgreSQL as a Source: the table of its operations. Facts that it relies on stand where they are used. */
#ifndef SOURCE_SOURCE_POSTGRES_H
#define SOURCE_SOURCE_POSTGRES_H

#include "source/source.h"

extern const SourceOps postgres_source_ops;

#endif
