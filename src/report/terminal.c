/* What kind of place a stream leads to. In: a stream and the environment. Out: an answer; nothing is changed. */
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_USUAL = 80, WIDTH_LEAST = 60, WIDTH_MOST = 160 };

bool terminal_is(FILE *stream) {
    return isatty(fileno(stream)) == 1;
}

bool terminal_wants_colour(FILE *stream) {
    const char *refused = getenv("NO_COLOR");
    const char *type = getenv("TERM");
    return terminal_is(stream) && (refused == NULL || refused[0] == '\0') && type != NULL && strcmp(type, "dumb") != 0;
}

size_t terminal_width(FILE *stream) {
    struct winsize size;
    if (!terminal_is(stream) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return WIDTH_USUAL;
    }
    return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}
