/* The man pages: twofold(1), one for each command, and twofold-spec(5). Made from the tables of commands, options, spec
 * keys and operators, so that they are never out of date.
 */
#ifndef CMD_MAN_H
#define CMD_MAN_H

#include "base/err.h"
#include "base/text.h"

/* Appends a page in roff: NULL for twofold(1), a command's name, or "spec". False where there is no such page. */
MUST_CHECK bool man_page(const char *name, Buf *out);

/* Appends text as roff would set it: a leading dot is no request, a backslash no escape. */
void man_text(const char *text, Buf *out);
/* The same for what is typed, such as options: its hyphens are those of the keyboard. */
void man_typed(const char *text, Buf *out);

#endif
