/* JSON out. In: values in document order. Out: text in the Buf, as json_writer.h promises. */
#include "base/json_writer.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

JsonWriter json_writer(Buf *out, bool pretty) {
    return (JsonWriter){.out = out, .pretty = pretty};
}

static void new_line(JsonWriter *json) {
    if (json->pretty) {
        buf_char(json->out, '\n');
        for (int i = 0; i < json->depth; i++) {
            buf_text(json->out, "  ");
        }
    }
}

/* What stands between the text so far and the next name or value. */
static void json_separate(JsonWriter *json) {
    if (json->named) {
        json->named = false;
        return;
    }
    if (json->comma) {
        buf_char(json->out, ',');
    }
    if (json->depth > 0) {
        new_line(json);
    }
}

static void json_begin(JsonWriter *json, char bracket) {
    json_separate(json);
    buf_char(json->out, bracket);
    json->depth++;
    json->comma = false;
}

static void json_end(JsonWriter *json, char bracket) {
    json->depth--;
    if (json->comma) {
        new_line(json);
    }
    buf_char(json->out, bracket);
    json->comma = true;
}

void json_begin_object(JsonWriter *json) {
    json_begin(json, '{');
}

void json_end_object(JsonWriter *json) {
    json_end(json, '}');
}

void json_begin_array(JsonWriter *json) {
    json_begin(json, '[');
}

void json_end_array(JsonWriter *json) {
    json_end(json, ']');
}

void json_name(JsonWriter *json, const char *name) {
    json_separate(json);
    json_quote(str_of(name), json->out);
    buf_text(json->out, json->pretty ? ": " : ":");
    json->named = true;
}

void json_raw(JsonWriter *json, Str text) {
    json_separate(json);
    buf_str(json->out, text);
    json->comma = true;
}

void json_string(JsonWriter *json, Str text) {
    json_separate(json);
    json_quote(text, json->out);
    json->comma = true;
}

void json_text(JsonWriter *json, const char *text) {
    if (text == NULL) {
        json_null(json);
    } else {
        json_string(json, str_of(text));
    }
}

void json_int(JsonWriter *json, int64_t value) {
    char text[24];
    int length = snprintf(text, sizeof text, "%lld", (long long)value);
    json_raw(json, (Str){text, (size_t)length});
}

/* The C library writes the decimal point of the process's locale, which may be any bytes; JSON wants a dot. */
static void append_with_dot(Buf *out, const char *text) {
    bool in_number = true, plain = true;
    for (const char *c = text; *c != '\0'; c++) {
        bool numeric = strchr("0123456789+-e", *c) != NULL;
        if (numeric || in_number) {
            buf_char(out, numeric ? *c : '.');
        }
        in_number = numeric;
        plain = plain && numeric && *c != 'e';
    }
    if (plain) {
        buf_text(out, ".0");
    }
}

void json_double(JsonWriter *json, double value) {
    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    char text[64];
    /* 15 digits always survive, except below DBL_MIN, where fewer bits are left; "%.15g" drops trailing zeros. */
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        double read = strtod(text, NULL);
        if (memcmp(&read, &value, sizeof value) == 0) {
            break;
        }
    }
    json_separate(json);
    append_with_dot(json->out, text);
    json->comma = true;
}

void json_bool(JsonWriter *json, bool value) {
    json_raw(json, str_of(value ? "true" : "false"));
}

void json_null(JsonWriter *json) {
    json_raw(json, str_of("null"));
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void append_escaped(Buf *out, unsigned char c) {
    static const char *const SHORT[128] = {['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
                                           ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t"};
    if (SHORT[c] != NULL) {
        buf_text(out, SHORT[c]);
    } else {
        buf_printf(out, "\\u%04x", (unsigned)c);
    }
}

/* Copies the code point at the start of `text`, or a replacement for its first byte; how many bytes it took. */
static size_t append_code_point(Buf *out, Str text) {
    size_t step = utf8_step(text);
    if (step <= text.length && utf8_valid((Str){text.bytes, step})) {
        buf_append(out, text.bytes, step);
        return step;
    }
    buf_text(out, "\xef\xbf\xbd");
    return 1;
}

void json_quote(Str text, Buf *out) {
    buf_char(out, '"');
    for (size_t i = 0; i < text.length;) {
        size_t start = i;
        while (i < text.length && is_plain((unsigned char)text.bytes[i])) {
            i++;
        }
        buf_append(out, text.bytes + start, i - start);
        if (i == text.length) {
            break;
        }
        unsigned char c = (unsigned char)text.bytes[i];
        if (c < 0x80) {
            append_escaped(out, c);
            i++;
        } else {
            i += append_code_point(out, (Str){text.bytes + i, text.length - i});
        }
    }
    buf_char(out, '"');
}

void json_member_text(JsonWriter *json, const char *name, const char *text) {
    json_name(json, name);
    json_text(json, text);
}

void json_member_int(JsonWriter *json, const char *name, int64_t value) {
    json_name(json, name);
    json_int(json, value);
}

void json_member_double(JsonWriter *json, const char *name, double value) {
    json_name(json, name);
    json_double(json, value);
}
