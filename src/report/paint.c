/* The few colours reports use, as ANSI sequences of the sixteen-colour set that every theme keeps readable. */
#include "report/paint.h"

static const char *const begins[] = {
    [PAINT_PLAIN] = "",          [PAINT_BOLD] = "\x1b[1m",   [PAINT_DIM] = "\x1b[2m",
    [PAINT_GOOD] = "\x1b[1;32m", [PAINT_BAD] = "\x1b[1;31m", [PAINT_DOUBT] = "\x1b[1;33m",
};

void paint_begin(bool colour, Paint paint, Buf *out) {
    buf_text(out, colour ? begins[paint] : "");
}

void paint_end(bool colour, Paint paint, Buf *out) {
    buf_text(out, colour && paint != PAINT_PLAIN ? "\x1b[0m" : "");
}

void paint_text(bool colour, Paint paint, const char *text, Buf *out) {
    paint_begin(colour, paint, out);
    buf_text(out, text);
    paint_end(colour, paint, out);
}
