/* Texts that a cast reads: narrower than what the server would take, so that SQL can ask by a regular expression. */
#ifndef EXPR_SHAPE_H
#define EXPR_SHAPE_H

#include "base/text.h"

/* White space around numbers and truth values is allowed and given back trimmed; times and uuids stand alone. */
bool shape_integer(Str text, Str *out_trimmed); /* up to 40 digits */
bool shape_number(Str text, Str *out_trimmed);  /* up to 1000 characters, exponent of up to 3 digits; or NaN */
bool shape_bool(Str text, bool *out);
bool shape_date(Str text);        /* 2026-01-31, years 0001 to 9999 */
bool shape_time(Str text);        /* 23:59, 23:59:59, 23:59:59.123456, 24:00:00 */
bool shape_timestamp(Str text);   /* date, or date and time with a space or T between */
bool shape_timestamptz(Str text); /* the same, after the time a zone: Z, +02, +02:30, -0800 */
bool shape_uuid(Str text);        /* with its four hyphens */

/* The same as regular expressions of PostgreSQL, without ^ and $. Dates are checked for their month's length too. */
extern const char shape_integer_regex[], shape_number_regex[], shape_date_regex[], shape_time_regex[],
    shape_timestamp_regex[], shape_zone_regex[], shape_uuid_regex[];

#endif
