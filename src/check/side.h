/* Opening the sources that a side of a spec names: one, or one a shard. */
#ifndef CHECK_SIDE_H
#define CHECK_SIDE_H

#include "spec/spec.h"

#include <pthread.h>

enum { SHOWN_CHECK_BYTES = 36 }; /* of a check's name in application_name, whose 63 bytes have to hold a range, too */

/* As a server is told who reads: "twofold/orders-minor-units". In arena. */
const char *side_application(Arena *arena, const char *check);
MUST_CHECK bool side_open(const Spec *spec, bool of_new, Source **out, Err *err);

/* Who connects: side_open where `open` is NULL; tests put a script in its place. */
typedef struct SideOpener {
    bool (*open)(void *self, const Spec *spec, bool of_new, Source **out, Err *err);
    void *self;
} SideOpener;

MUST_CHECK bool side_open_by(SideOpener opener, const Spec *spec, bool of_new, Source **out, Err *err);

/* Sources that planning has opened, for whoever asks first; all who come later connect. Safe to use from many threads.
 */
typedef struct SideSpares {
    pthread_mutex_t lock;
    Source *sides[2]; /* old, new; NULL: there is none, or it was taken */
} SideSpares;

/* Takes the sources over. */
void side_spares_open(SideSpares *spares, Source *old, Source *new_);
SideOpener side_spares_opener(SideSpares *spares);
/* Closes what nobody took. */
void side_spares_close(SideSpares *spares);

#endif
