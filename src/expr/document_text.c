/* In: a JSON value, known to be valid. Out: its text as jsonb has it, so that ->> and ::text of an object give the same
 * text whether the document came from jsonb, from another engine or from a literal. */
#include "expr/document_text.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/json_writer.h"

#include <stdlib.h>
#include <string.h>

typedef struct Member {
    Str name;
    Str value;
    size_t position;
} Member;

typedef struct Scan {
    Str text;
    size_t at;
} Scan;

static void skip_space(Scan *scan) {
    while (scan->at < scan->text.length && strchr(" \t\r\n", scan->text.bytes[scan->at]) != NULL) {
        scan->at++;
    }
}

static void skip_string(Scan *scan) {
    for (scan->at++; scan->at < scan->text.length && scan->text.bytes[scan->at] != '"'; scan->at++) {
        scan->at += scan->text.bytes[scan->at] == '\\';
    }
    scan->at++;
}

/* One value: up to the comma or bracket after it at its own depth. */
static Str take_value(Scan *scan) {
    skip_space(scan);
    size_t start = scan->at, depth = 0;
    while (scan->at < scan->text.length) {
        char c = scan->text.bytes[scan->at];
        bool closes = c == '}' || c == ']';
        if (depth == 0 && (closes || c == ',' || c == ':')) {
            break;
        }
        if (c == '"') {
            skip_string(scan);
        } else {
            depth += c == '{' || c == '[';
            depth -= closes;
            scan->at++;
        }
    }
    size_t end = scan->at < scan->text.length ? scan->at : scan->text.length;
    return str_trim((Str){scan->text.bytes + start, end - start});
}

static bool take(Scan *scan, char c) {
    skip_space(scan);
    bool found = scan->at < scan->text.length && scan->text.bytes[scan->at] == c;
    scan->at += found;
    return found;
}

static Str unquoted(Arena *scratch, Str raw) {
    Buf text = {0};
    bool good = json_unquote(raw, &text);
    Str copy = good ? str_copy(scratch, buf_view(&text)) : raw;
    buf_free(&text);
    return copy;
}

static int order_members(const void *a, const void *b) {
    const Member *x = a, *y = b;
    if (x->name.length != y->name.length) {
        return x->name.length < y->name.length ? -1 : 1;
    }
    int order = str_compare(x->name, y->name);
    return order != 0 ? order : (x->position > y->position) - (x->position < y->position);
}

static void print_object(Arena *scratch, Str text, Buf *out) {
    Scan scan = {text, 1};
    Member *members = ARENA_MANY(scratch, text.length / 4 + 1, Member); /* "":0 is the shortest */
    size_t count = 0;
    skip_space(&scan);
    while (scan.at < text.length && text.bytes[scan.at] == '"') {
        Str name = take_value(&scan);
        (void)take(&scan, ':');
        members[count] = (Member){unquoted(scratch, name), take_value(&scan), count};
        count++;
        (void)take(&scan, ',');
        skip_space(&scan);
    }
    qsort(members, count, sizeof *members, order_members);
    buf_char(out, '{');
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && str_equal(members[i].name, members[i + 1].name)) {
            continue;
        }
        buf_text(out, first ? "" : ", ");
        json_quote(members[i].name, out);
        buf_text(out, ": ");
        document_print(scratch, members[i].value, out);
        first = false;
    }
    buf_char(out, '}');
}

static void print_array(Arena *scratch, Str text, Buf *out) {
    Scan scan = {text, 1};
    buf_char(out, '[');
    while (!take(&scan, ']') && scan.at < text.length) {
        document_print(scratch, take_value(&scan), out);
        if (take(&scan, ',')) {
            buf_text(out, ", ");
        }
    }
    buf_char(out, ']');
}

static void print_number(Arena *scratch, Str text, Buf *out) {
    Decimal number;
    if (decimal_parse(scratch, text, &number)) {
        decimal_print(number, out);
    } else {
        buf_str(out, text);
    }
}

void document_print(Arena *scratch, Str text, Buf *out) {
    text = str_trim(text);
    char first = text.length == 0 ? '\0' : text.bytes[0];
    if (first == '{') {
        print_object(scratch, text, out);
    } else if (first == '[') {
        print_array(scratch, text, out);
    } else if (first == '"') {
        json_quote(unquoted(scratch, text), out);
    } else if (first == '-' || (first >= '0' && first <= '9')) {
        print_number(scratch, text, out);
    } else {
        buf_str(out, text);
    }
}
