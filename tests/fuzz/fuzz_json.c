/* Fuzzes documents: the canonical form does not depend on spaces around, its parts are documents themselves, and what
 * is found by walking is found in the whole. */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_spaces(Str text, const Buf *canonical, Arena *arena) {
    Buf padded = {0}, again = {0};
    buf_text(&padded, " \n");
    buf_str(&padded, text);
    buf_text(&padded, "\t ");
    demand(json_canonical(buf_view(&padded), arena, &again));
    demand(str_equal(buf_view(canonical), buf_view(&again)));
    buf_free(&padded);
    buf_free(&again);
}

/* [text, text] holds the document twice; {"a": text} holds it by name. */
static void check_parts(Str text, const Buf *canonical, Arena *arena) {
    Buf list = {0}, object = {0}, part = {0};
    Str raw;
    buf_printf(&list, "[%.*s,%.*s]", STR_ARG(text), STR_ARG(text));
    buf_printf(&object, "{\"b\":0,\"\\u0061\":%.*s}", STR_ARG(text));
    bool shallow = json_element(buf_view(&list), -1, &raw); /* unless it was as deep as may be */
    if (shallow) {
        demand(json_canonical(raw, arena, &part) && str_equal(buf_view(&part), buf_view(canonical)));
        buf_empty(&part);
        demand(json_member(buf_view(&object), STR_LITERAL("a"), &raw));
        demand(json_canonical(raw, arena, &part) && str_equal(buf_view(&part), buf_view(canonical)));
    }
    buf_free(&list);
    buf_free(&object);
    buf_free(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena arena = {0};
    Buf canonical = {0}, unquoted = {0};
    Str text = {(const char *)data, size}, raw;
    bool good = json_canonical(text, &arena, &canonical);
    demand(good || canonical.length == 0);
    if (good) {
        check_spaces(text, &canonical, &arena);
        check_parts(text, &canonical, &arena);
    }
    bool spoken = json_unquote(text, &unquoted);
    demand(!spoken || (good && utf8_valid(buf_view(&unquoted))));
    demand(!json_member(text, STR_LITERAL("a"), &raw) || good);
    demand(!json_element(text, 0, &raw) || good);
    buf_free(&canonical);
    buf_free(&unquoted);
    arena_free(&arena);
    return 0;
}
