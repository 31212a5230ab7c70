#include "cmd/arguments.h"

#include "source/source.h"

#include <string.h>

/* The URL in "URL" and in "--option=URL"; NULL where there is none. */
static char *url_in(char *word) {
    char *value = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    char *url = value == NULL ? word : value + 1;
    return strstr(url, "://") != NULL || strcasestr(url, "password") != NULL ? url : NULL;
}

/* What is shown may be longer than what was written ("PostgreSQL (...)"): it is cut then. */
static void overwrite(char *url) {
    Arena scratch = {0};
    const char *shown = source_url_shown(&scratch, url);
    size_t room = strlen(url), length = strlen(shown);
    length = length < room ? length : room;
    memcpy(url, shown, length);
    memset(url + length, '\0', room - length);
    arena_free(&scratch);
}

char **arguments_take(Arena *arena, int argc, char **argv) {
    char **words = ARENA_MANY(arena, (size_t)argc + 1, char *);
    for (int i = 0; i < argc; i++) {
        words[i] = arena_copy(arena, argv[i], strlen(argv[i]));
        char *url = i == 0 ? NULL : url_in(argv[i]);
        if (url != NULL) {
            overwrite(url);
        }
    }
    words[argc] = NULL;
    return words;
}
