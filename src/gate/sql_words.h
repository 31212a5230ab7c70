/* Texts that a statement holds as constants, and that somebody may run as SQL: judged by the words in them, since
 * nothing says where a statement begins. Whole words, in either case.
 */
#ifndef GATE_SQL_WORDS_H
#define GATE_SQL_WORDS_H

#include "gate/sql_use.h"

/* Whether the text names the subject's column or a table of it, or may: U&"..." spells any name. */
bool sql_words_name(const SqlSubject *subject, Str text);
/* Whether it has a word of a command: "select", "from", ... */
bool sql_words_command(Str text);

#endif
