/* Fuzzes array and range text: the first byte picks the elements' kind. A refused text leaves nothing behind; an
 * accepted one is accepted as an element of a longer array of texts, and a cell of it equals itself. */
#include "source/canon.h"
#include "source/canon_array.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

/* {"<text, escaped>",NULL} of texts: whatever the text is, it is one element. */
static void check_quoted(Str text, Arena *arena) {
    Buf quoted = {0}, canonical = {0}, element = {0};
    buf_text(&quoted, "{\"");
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '"' || text.bytes[i] == '\\') {
            buf_char(&quoted, '\\');
        }
        buf_char(&quoted, text.bytes[i]);
    }
    buf_text(&quoted, "\",NULL}");
    demand(canon_array(buf_view(&quoted), KIND_TEXT, arena, &canonical));
    Value value = {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = text};
    canon_value(&value, &element);
    /* 01 00 10, the element, 00 11 */
    demand(canonical.length == element.length + 5);
    demand(str_equal((Str){canonical.bytes + 3, element.length}, buf_view(&element)));
    buf_free(&quoted);
    buf_free(&canonical);
    buf_free(&element);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) {
        return 0;
    }
    Arena arena = {0};
    Buf canonical = {0};
    Kind element = (Kind)(data[0] % KIND_COUNT);
    Str text = {(const char *)data + 1, size - 1};
    bool good = canon_array(text, element, &arena, &canonical);
    demand(good == (canonical.length > 0));
    check_quoted(text, &arena);
    buf_free(&canonical);
    arena_free(&arena);
    return 0;
}
