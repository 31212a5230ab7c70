/* Values as people see them in a terminal.
 *
 * Promises: nothing that comes out moves the cursor, changes colours or hides: control characters, bytes that are not
 * UTF-8, and characters without a shape are written as escapes (\n, \x1b, \u200b). A NULL is `null`; a text that would
 * be mistaken for something else (empty, "null", white space at an end) stands in single quotes.
 */
#ifndef REPORT_SHOWN_H
#define REPORT_SHOWN_H

#include "base/figures.h"
#include "base/value.h"

void shown_text(Str text, Buf *out);
/* The same of a text in lines that is no value: line ends, tabs and backslashes stay what they are. */
void shown_lines(Str text, Buf *out);
void shown_value(Value value, Buf *out);
/* Two values side by side, each at most `width` columns. Quoted alike; where both begin alike and are too long, both
 * are cut so that the first difference stays in sight: "...tail". */
void shown_two(Value old, Value new_, size_t width, Buf *out_old, Buf *out_new);
/* A key, parts joined by ", ". */
void shown_key(const Value *key, size_t count, Buf *out);
/* One word of a shell command, quoted where it must be; not escaped otherwise. */
void shown_word(Str text, Buf *out);
/* Parts of a key as such words. */
void shown_key_words(const Value *key, size_t count, Buf *out);

/* Columns that a shown text takes on a terminal: wide characters count 2, combining ones 0. */
size_t shown_width(Str shown);
/* At most `width` columns, the end replaced by "..." where more is there. */
void shown_cut(Str shown, size_t width, Buf *out);
/* Cut, then filled up with spaces. */
void shown_field(Str shown, size_t width, Buf *out);
/* Words in lines of at most `width` columns; lines after the first begin with `indent` spaces. */
void shown_wrapped(Str shown, size_t width, size_t indent, Buf *out);

/* "public"."orders" as public.orders where no name needs its quotes. */
void shown_relation(const char *quoted, Buf *out);

#endif
