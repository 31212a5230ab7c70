/* Text: Str is a view, Buf grows.
 *
 * Str: `length` bytes at `bytes`, not owned, not NUL-terminated, may hold any byte. {NULL, 0} is empty.
 * Buf: owned, always NUL-terminated after the first write; `length` excludes the NUL. {0} is ready;
 *      buf_free gives the memory back. Only buf_* change a Buf.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Str {
    const char *bytes;
    size_t length;
} Str;

typedef struct Buf {
    char *bytes;
    size_t length;
    size_t capacity;
} Buf;

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).length, (s).bytes
#define STR_LITERAL(literal) ((Str){(literal), sizeof(literal) - 1})

Str str_of(const char *text); /* NULL gives the empty Str */
bool str_equal(Str a, Str b);
bool text_equal(const char *a, const char *b); /* NULL equals NULL alone */
/* memcmp order, shorter first: negative, 0, positive. */
int str_compare(Str a, Str b);
Str str_copy(Arena *arena, Str text);
Str str_trim(Str text); /* without ASCII white space at both ends */
bool str_starts_with(Str text, const char *prefix);

/* Edit distance (Damerau-Levenshtein, ASCII case folded), for "did you mean". */
size_t str_distance(Str a, Str b);
/* The nearest of `count` candidates, or NULL where none is near enough to suggest. */
const char *str_nearest(Str text, const char *const *candidates, size_t count);

void buf_append(Buf *buf, const void *bytes, size_t length);
void buf_text(Buf *buf, const char *text);
void buf_str(Buf *buf, Str text);
void buf_char(Buf *buf, char c);
void buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For hot loops: room for `more` bytes behind the text, to be written there and then claimed. */
char *buf_room(Buf *buf, size_t more);
void buf_claim(Buf *buf, size_t length);
void buf_empty(Buf *buf);
void buf_free(Buf *buf);
Str buf_view(const Buf *buf); /* valid until the next write */

/* UTF-8: valid shortest-form scalar values only. */
bool utf8_valid(Str text);
/* Controls (C1, too), and what is invisible or turns the direction of the text around it. */
bool code_hidden(uint32_t code);
/* Code points of valid UTF-8. */
size_t utf8_length(Str text);
/* Bytes of the code point that begins at `text`; 1 to 4. */
size_t utf8_step(Str text);
uint32_t utf8_decode(Str text);
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
