/* Bytes through a file descriptor. */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include "base/err.h"
#include "base/text.h"

/* All of them, however many calls it takes; false with errno. */
MUST_CHECK bool descriptor_write(int file, Str bytes);

#endif
