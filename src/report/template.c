/* Text with parts to fill in (form: template.h). */
#include "report/template.h"

#include <string.h>

static Str str_from(Str text, size_t at) {
    return (Str){text.bytes + at, text.length - at};
}

/* Where `word` stands; the length where it does not. */
static size_t str_find(Str text, Str word) {
    const char *at = memmem(text.bytes, text.length, word.bytes, word.length);
    return at == NULL ? text.length : (size_t)(at - text.bytes);
}

static const TemplatePart *part_find(Str name, const TemplatePart *parts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(name, str_of(parts[i].name))) {
            return &parts[i];
        }
    }
    return NULL;
}

/* What follows {{/name}}. */
static Str skip_part(Str text, const char *name) {
    Buf end = {0};
    buf_printf(&end, "{{/%s}}", name);
    size_t at = str_find(text, buf_view(&end)) + end.length;
    buf_free(&end);
    return at < text.length ? str_from(text, at) : str_from(text, text.length);
}

void template_write(Str text, const TemplatePart *parts, size_t count, const void *page, Buf *out) {
    while (text.length > 0) {
        size_t open = str_find(text, STR_LITERAL("{{"));
        size_t close = str_find(text, STR_LITERAL("}}"));
        buf_str(out, (Str){text.bytes, open});
        if (close >= text.length || close < open + 3) {
            buf_str(out, str_from(text, open));
            return;
        }
        char sign = text.bytes[open + 2];
        size_t name_at = open + 2 + (sign == '?' || sign == '/');
        Str name = {text.bytes + name_at, close - name_at};
        Str whole = {text.bytes + open, close + 2 - open};
        const TemplatePart *part = part_find(name, parts, count);
        text = str_from(text, close + 2);
        if (part == NULL) {
            buf_str(out, whole);
        } else if (sign == '?' && part->is_there != NULL && !part->is_there(page)) {
            text = skip_part(text, part->name);
        } else if (sign != '?' && sign != '/') {
            part->write(page, out);
        }
    }
}
