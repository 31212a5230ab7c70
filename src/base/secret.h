/* Where a text that people wrote holds a password: a URL, or a setting of libpq.
 *
 *     "postgresql://ann:12/se@cret@db/shop"      12/se@cret
 *     "host=db password = 'se cret' ..."         all behind the =
 *
 * Promises: rather too much than too little, since it is only ever hidden.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/text.h"

/* The secret that the beginning of `rest` (":" or "pass...") announces, a view of it; empty where it announces none. */
Str secret_at(Str rest);
/* Lines with a * in the place of each byte of a secret. */
void secrets_hide(Str text, Buf *out);

#endif
