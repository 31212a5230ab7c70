/* Errors are made here and nowhere else, so that every text ends inside its array.
 *
 * In: a code and a sentence. Out: false, always, so that a failure is one line at its place.
 * Promises: a text that is too long is cut at a whole character and ends with "...".
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char CUT_MARK[] = "...";

/* A text was cut to fill `room`; the cut must not leave half a UTF-8 character before the mark. */
static void mark_cut(char *text, size_t room) {
    size_t end = room - sizeof(CUT_MARK);
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) {
        end--;
    }
    memcpy(text + end, CUT_MARK, sizeof(CUT_MARK));
}

TF_PRINTF(3, 0)
static void print_into(char *text, size_t room, const char *format, va_list arguments) {
    int length = vsnprintf(text, room, format, arguments);
    if (length < 0) {
        text[0] = '\0';
    } else if ((size_t)length >= room) {
        mark_cut(text, room);
    }
}

bool err_set(Err *err, TfErrorCode code, const char *format, ...) {
    /* The sentence may quote the error that it replaces. */
    char text[sizeof(err->text)];
    va_list arguments;
    va_start(arguments, format);
    print_into(text, sizeof(text), format, arguments);
    va_end(arguments);
    err->code = code;
    memcpy(err->text, text, sizeof(text));
    err->hint[0] = '\0';
    return false;
}

bool err_hint(Err *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_into(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
    return false;
}

bool err_prefix(Err *err, const char *format, ...) {
    char text[sizeof(err->text)];
    va_list arguments;
    va_start(arguments, format);
    print_into(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t length = strlen(text);
    int rest = snprintf(text + length, sizeof(text) - length, ": %s", err->text);
    if (rest < 0 || (size_t)rest >= sizeof(text) - length) {
        mark_cut(text, sizeof(text));
    }
    memcpy(err->text, text, sizeof(text));
    return false;
}

bool err_is_transient(const Err *err) {
    return err->code == TF_ERROR_CONNECTION || err->code == TF_ERROR_CONFLICT || err->code == TF_ERROR_BUSY;
}

bool err_is_usage(const Err *err) {
    return err->code == TF_ERROR_USAGE || err->code == TF_ERROR_SCHEMA;
}
