#include "base/dotted.h"

#include <string.h>

/* One part: quoted ("" is a quote), or everything up to the next dot. NULL: malformed. */
static const char *part_read(Arena *arena, const char **rest) {
    const char *from = *rest;
    if (*from != '"') {
        size_t length = strcspn(from, ".");
        *rest = from + length;
        return length == 0 ? NULL : arena_copy(arena, from, length);
    }
    char *part = arena_alloc(arena, strlen(from) + 1);
    size_t length = 0;
    for (from++; *from != '\0'; from++) {
        if (*from == '"' && *++from != '"') {
            part[length] = '\0';
            *rest = from;
            return length == 0 ? NULL : part;
        }
        part[length++] = *from;
    }
    return NULL;
}

size_t dotted_parts(Arena *arena, const char *text, const char **out, size_t room) {
    const char *rest = text;
    for (size_t count = 0; count < room; count++) {
        out[count] = part_read(arena, &rest);
        if (out[count] == NULL || (*rest != '\0' && *rest != '.')) {
            return 0;
        }
        if (*rest == '\0') {
            return count + 1;
        }
        rest++;
    }
    return 0;
}
