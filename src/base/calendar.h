/* Days, times and their texts.
 *
 * Units: dates are days since 2000-01-01, times are microseconds since 2000-01-01 00:00 (UTC where the type
 * has a zone), as in PostgreSQL's binary formats; +-infinity are INT64_MAX and INT64_MIN. The calendar is
 * proleptic Gregorian; years before 1 print with " BC". Texts are PostgreSQL's ISO form, zone UTC:
 *     2026-01-02 03:04:05.678+00      timestamptz
 *     2026-01-02 03:04:05.678         timestamp
 *     2026-01-02                      date          03:04:05.678   time
 *     1 mon 2 days 03:04:05.5         interval (PostgreSQL's "postgres" style)
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Interval {
    int64_t us;
    int32_t days;
    int32_t months;
} Interval;

typedef struct Civil {
    int64_t year; /* astronomical: 0 is 1 BC */
    int month, day, hour, minute, second, microsecond;
} Civil;

#define CALENDAR_DAY_US INT64_C(86400000000)
/* Unix seconds of 2000-01-01 00:00 UTC. */
#define CALENDAR_EPOCH_UNIX INT64_C(946684800)

int64_t calendar_days(int64_t year, int month, int day);
Civil calendar_civil(int64_t us);
int64_t calendar_us(Civil civil);

/* Readers take PostgreSQL's and ISO 8601's usual spellings ("T", "Z", "+02", "+02:30", fraction, BC, infinity).
 * A timestamptz without a zone is UTC. False: not such a text, or out of range. */
bool calendar_parse_date(Str text, int64_t *out_days);
bool calendar_parse_time(Str text, int64_t *out_us);
bool calendar_parse_timestamp(Str text, int64_t *out_us);   /* a zone in the text is ignored, as PostgreSQL does */
bool calendar_parse_timestamptz(Str text, int64_t *out_us);
bool calendar_parse_interval(Str text, Interval *out);      /* "1 us", "2 days 03:04:05", "-1.5 hours", "P1DT2H" */

void calendar_print_date(int64_t days, Buf *out);
void calendar_print_time(int64_t us, Buf *out);
void calendar_print_timestamp(int64_t us, bool with_zone, Buf *out);
void calendar_print_interval(Interval interval, Buf *out);

/* Microseconds with 24-hour days and 30-day months: how PostgreSQL compares intervals. 128 bits are needed. */
int interval_compare(Interval a, Interval b);
/* Servers know such from 17 on. */
bool interval_is_infinite(Interval interval);

#endif
