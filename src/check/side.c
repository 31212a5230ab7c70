#include "check/side.h"

#include "source/shards.h"

bool side_open(const Spec *spec, bool of_new, Source **out, Err *err) {
    const SpecSide *side = of_new ? &spec->new_ : &spec->old;
    Arena scratch = {0};
    const char *application = arena_printf(&scratch, "twofold/%.*s", SHOWN_CHECK_BYTES, spec->check);
    bool good = side->source_count == 1 ? source_open(side->sources[0], application, out, err)
                                        : shards_open(side->sources, side->source_count, application, out, err);
    arena_free(&scratch);
    return good || (err->code == TF_ERROR_USAGE && spec_error_at(spec, side->source_place, err));
}

bool side_open_by(SideOpener opener, const Spec *spec, bool of_new, Source **out, Err *err) {
    return opener.open == NULL ? side_open(spec, of_new, out, err) : opener.open(opener.self, spec, of_new, out, err);
}
