/* The few colours reports use. Without colour the words alone must say it all. */
#ifndef REPORT_PAINT_H
#define REPORT_PAINT_H

#include "base/text.h"

typedef enum Paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_GOOD, PAINT_BAD, PAINT_DOUBT } Paint;

void paint_begin(bool colour, Paint paint, Buf *out);
void paint_end(bool colour, Paint paint, Buf *out);
void paint_text(bool colour, Paint paint, const char *text, Buf *out);

#endif
