/* Two live relations in, a first spec out: what `twofold init` prints.
 *
 * Promises: the text is a spec that spec_read accepts; every column is paired, turned into a question, or listed as
 * not compared; no password is in it. Guesses are made from names and kinds alone: no row is read.
 */
#ifndef SPEC_GUESS_H
#define SPEC_GUESS_H

#include "base/text.h"
#include "source/source.h"

typedef struct GuessSide {
    const char *url;   /* as the user gave it; written without its password */
    const char *table; /* as the user gave it */
    const Relation *relation;
} GuessSide;

void guess_spec(Arena *arena, const GuessSide *old, const GuessSide *new_, Buf *out);

#endif
