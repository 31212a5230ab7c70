#include "gate/sql_words.h"

#include <string.h>
#include <strings.h>

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Whether a name stands in a text as a whole word, in either case. */
static bool has_word(Str text, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; length > 0 && i + length <= text.length; i++) {
        bool begins = i == 0 || !is_word_byte(text.bytes[i - 1]);
        bool ends = i + length == text.length || !is_word_byte(text.bytes[i + length]);
        if (begins && ends && strncasecmp(text.bytes + i, name, length) == 0) {
            return true;
        }
    }
    return false;
}

bool sql_words_name(const SqlSubject *subject, Str text) {
    bool named = (subject->column != NULL && has_word(text, subject->column)) || has_word(text, "u&");
    for (size_t i = 0; !named && i < subject->table_count; i++) {
        named = has_word(text, subject->tables[i].name);
    }
    return named;
}

bool sql_words_command(Str text) {
    static const char *const KEYWORDS[] = {"select", "insert", "update",    "delete", "merge",   "from",    "where",
                                           "set",    "join",   "table",     "copy",   "call",    "values",  "into",
                                           "with",   "having", "returning", "alter",  "execute", "perform", "order"};
    for (size_t i = 0; i < sizeof KEYWORDS / sizeof *KEYWORDS; i++) {
        if (has_word(text, KEYWORDS[i])) {
            return true;
        }
    }
    return false;
}
