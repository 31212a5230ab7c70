/* A document as PostgreSQL's jsonb writes it. */
#ifndef EXPR_DOCUMENT_TEXT_H
#define EXPR_DOCUMENT_TEXT_H

#include "base/text.h"

/* Members by length and bytes of their names, the last of equal names kept; ", " and ": " between; numbers without
 * exponent. `text` is one valid JSON value. What jsonb could not hold stands as it was. */
void document_print(Arena *scratch, Str text, Buf *out);

#endif
