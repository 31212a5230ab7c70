#include "check/side.h"

#include "source/shards.h"

const char *side_application(Arena *arena, const char *check) {
    return arena_printf(arena, "twofold/%.*s", SHOWN_CHECK_BYTES, check);
}

bool side_open(const Spec *spec, bool of_new, Source **out, Err *err) {
    const SpecSide *side = of_new ? &spec->new_ : &spec->old;
    Arena scratch = {0};
    const char *application = side_application(&scratch, spec->check);
    bool good = side->source_count == 1 ? source_open(side->sources[0], application, out, err)
                                        : shards_open(side->sources, side->source_count, application, out, err);
    arena_free(&scratch);
    return good || (err->code == TF_ERROR_USAGE && spec_error_at(spec, side->source_place, err));
}

bool side_open_by(SideOpener opener, const Spec *spec, bool of_new, Source **out, Err *err) {
    return opener.open == NULL ? side_open(spec, of_new, out, err) : opener.open(opener.self, spec, of_new, out, err);
}

/* ---- spares ----------------------------------------------------------------------------------------------- */

void side_spares_open(SideSpares *spares, Source *old, Source *new_) {
    pthread_mutex_init(&spares->lock, NULL);
    spares->sides[0] = old;
    spares->sides[1] = new_;
}

static bool spare_or_open(void *self, const Spec *spec, bool of_new, Source **out, Err *err) {
    SideSpares *spares = self;
    pthread_mutex_lock(&spares->lock);
    Source *spare = spares->sides[of_new];
    spares->sides[of_new] = NULL;
    pthread_mutex_unlock(&spares->lock);
    if (spare == NULL) {
        return side_open(spec, of_new, out, err);
    }
    *out = spare;
    return true;
}

SideOpener side_spares_opener(SideSpares *spares) {
    return (SideOpener){spare_or_open, spares};
}

void side_spares_close(SideSpares *spares) {
    source_close(spares->sides[0]);
    source_close(spares->sides[1]);
    pthread_mutex_destroy(&spares->lock);
}
