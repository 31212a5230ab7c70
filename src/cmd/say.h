/* Talking to people: errors and hints on standard error, results on standard output. */
#ifndef CMD_SAY_H
#define CMD_SAY_H

#include "cmd/options.h"
#include "spec/spec.h"

/* "twofold: sentence", then "hint: ..." where there is one. */
void say_error(const Err *err);
/* "twofold: sentence": talk, on standard error. */
void say_note(const char *sentence);
/* That a journal ends within an entry. */
void say_torn(int64_t bytes);
/* Says the error; the exit status it stands for: 3 where it was asked wrongly, else 2. */
Exit say_failure(const Err *err);
/* Standard output, checked: a full disk is an error, not a shorter answer. */
MUST_CHECK bool print_out(const Buf *text, Err *err);
/* Prints the text and returns `status`, or says what went wrong with the printing. Frees the text. */
Exit finish(Buf *text, Exit status);
/* The same of lines that may have names and texts of a database in them: what would not show is written as escapes. */
Exit finish_lines(Buf *text, Exit status);

/* At least `least` words are needed; says what is missing. */
MUST_CHECK bool words_enough(const Options *options, size_t least, const char *what, Err *err);
/* Folders of invariants: --invariants, then the installed library. Points into `folders`, which has room for 2. */
SpecSearch search_of(const Options *options, const char *folders[2]);
/* --color, and what terminal.h says, for standard output. */
bool color_wanted(const Options *options);

#endif
