/* What kind of place a stream leads to. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

bool terminal_is(FILE *stream);
/* A terminal that knows colours, and NO_COLOR is not set (https://no-color.org). */
bool terminal_wants_colour(FILE *stream);
/* Columns: of the terminal, from 60 to 160; 80 elsewhere. */
size_t terminal_width(FILE *stream);

#endif
