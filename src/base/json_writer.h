/* JSON out: text appended to a Buf, commas and layout handled here.
 *
 *     JsonWriter json = json_writer(&buf, true);     // pretty: a member a line, two spaces a level
 *     json_begin_object(&json);
 *     json_name(&json, "rows");
 *     json_int(&json, 5);
 *     json_end_object(&json);                        // {\n  "rows": 5\n}
 *
 * Promises: valid JSON in valid UTF-8 whatever bytes come in, as long as begins and ends pair and each member has one
 * name and one value. Every value is written as soon as it is given; nothing is kept but the place.
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include "base/text.h"

typedef struct JsonWriter {
    Buf *out;
    bool pretty;
    bool comma; /* a value went before at this level */
    bool named; /* a name waits for its value */
    int depth;
} JsonWriter;

JsonWriter json_writer(Buf *out, bool pretty);

void json_begin_object(JsonWriter *json);
void json_end_object(JsonWriter *json);
void json_begin_array(JsonWriter *json);
void json_end_array(JsonWriter *json);
void json_name(JsonWriter *json, const char *name);

/* Bytes that are not UTF-8 become U+FFFD, one each. */
void json_string(JsonWriter *json, Str text);
void json_text(JsonWriter *json, const char *text); /* NULL gives null */
void json_int(JsonWriter *json, int64_t value);
/* The shortest text that reads back as the same double: 1.0, 6e-07. NaN and infinities, which JSON lacks, give null. */
void json_double(JsonWriter *json, double value);
void json_bool(JsonWriter *json, bool value);
void json_null(JsonWriter *json);
/* A name and its value. */
void json_member_text(JsonWriter *json, const char *name, const char *text);
void json_member_int(JsonWriter *json, const char *name, int64_t value);
void json_member_double(JsonWriter *json, const char *name, double value);
/* `text` is one JSON value already. */
void json_raw(JsonWriter *json, Str text);

/* The string alone, quoted and escaped: for places where no writer is at work. */
void json_quote(Str text, Buf *out);

#endif
