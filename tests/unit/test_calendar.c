/* The calendar against vectors that PostgreSQL 15 gave, and every day there and back. */
#include "base/calendar.h"
#include "test.h"

typedef enum Type { DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL } Type;

typedef struct Vector {
    Type type;
    const char *text;
    const char *printed; /* NULL: refused */
} Vector;

static const Vector VECTORS[] = {
    {DATE, "2026-01-02", "2026-01-02"},
    {DATE, "20260102", "2026-01-02"},
    {DATE, " 2026-1-2 ", "2026-01-02"},
    {DATE, "2026-01-02T03:04:05Z", "2026-01-02"},
    {DATE, "2000-02-29", "2000-02-29"},
    {DATE, "1900-02-29", NULL},
    {DATE, "2023-02-29", NULL},
    {DATE, "0001-02-29 BC", "0001-02-29 BC"},
    {DATE, "0000-01-01", NULL},
    {DATE, "4714-11-24 BC", "4714-11-24 BC"},
    {DATE, "4714-11-23 BC", NULL},
    {DATE, "5874897-12-31", "5874897-12-31"},
    {DATE, "5874898-01-01", NULL},
    {DATE, "infinity", "infinity"},
    {DATE, "-Infinity", "-infinity"},
    {DATE, "2026-13-01", NULL},
    {DATE, "2026-00-01", NULL},
    {DATE, "2026-01-00", NULL},
    {DATE, "", NULL},
    {DATE, "26-01-02", NULL},
    {DATE, "2026-01-02x", NULL},
    {TIME, "03:04", "03:04:00"},
    {TIME, "03:04:05.678000", "03:04:05.678"},
    {TIME, "24:00:00", "24:00:00"},
    {TIME, "23:59:60", "24:00:00"},
    {TIME, "23:59:59.9999999", "24:00:00"},
    {TIME, "24:00:00.000001", NULL},
    {TIME, "23:59:60.5", NULL},
    {TIME, "25:00", NULL},
    {TIME, "03:60", NULL},
    {TIME, "03:04:05+02", "03:04:05"},
    {TIME, "03:04:05.0000005", "03:04:05"},
    {TIME, "03:04:05.0000015", "03:04:05.000002"},
    {TIMESTAMP, "2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678"},
    {TIMESTAMP, "2026-01-02T03:04:05+09:30", "2026-01-02 03:04:05"},
    {TIMESTAMP, "2026-01-02", "2026-01-02 00:00:00"},
    {TIMESTAMP, "2026-01-02T", NULL},
    {TIMESTAMP, "2026-12-31 24:00:00", "2027-01-01 00:00:00"},
    {TIMESTAMP, "2016-12-31 23:59:60", "2017-01-01 00:00:00"},
    {TIMESTAMP, "1999-12-31 23:59:59.999999", "1999-12-31 23:59:59.999999"},
    {TIMESTAMP, "0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC"},
    {TIMESTAMP, "4714-11-24 00:00:00 BC", "4714-11-24 00:00:00 BC"},
    {TIMESTAMP, "4714-11-23 23:59:59 BC", NULL},
    {TIMESTAMP, "294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"},
    {TIMESTAMP, "294277-01-01", NULL},
    {TIMESTAMP, "infinity", "infinity"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05.678+02", "2026-01-02 01:04:05.678+00"},
    {TIMESTAMPTZ, "2026-01-02T03:04:05Z", "2026-01-02 03:04:05+00"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05 utc", "2026-01-02 03:04:05+00"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05-0230", "2026-01-02 05:34:05+00"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05+05:45:30", "2026-01-01 21:18:35+00"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05+16", NULL},
    {TIMESTAMPTZ, "0001-01-01 00:00:00+01", "0001-12-31 23:00:00+00 BC"},
    {TIMESTAMPTZ, "4714-11-24 00:00:00+00 BC", "4714-11-24 00:00:00+00 BC"},
    {TIMESTAMPTZ, "4714-11-24 00:00:00+01 BC", NULL},
    {TIMESTAMPTZ, "-infinity", "-infinity"},
    {TIMESTAMPTZ, "2026-01-02 03:04:05ZBC", NULL},
    {INTERVAL, "1 us", "00:00:00.000001"},
    {INTERVAL, "0", "00:00:00"},
    {INTERVAL, "2 days 03:04:05", "2 days 03:04:05"},
    {INTERVAL, "1 mon 2 days 03:04:05.5", "1 mon 2 days 03:04:05.5"},
    {INTERVAL, "-1.5 hours", "-01:30:00"},
    {INTERVAL, "1 year 2 mons -3 days 04:05:06", "1 year 2 mons -3 days +04:05:06"},
    {INTERVAL, "-1 mon +2 days", "-1 mons +2 days"},
    {INTERVAL, "1.5 months", "1 mon 15 days"},
    {INTERVAL, "1.5 weeks", "10 days 12:00:00"},
    {INTERVAL, "2.5 years", "2 years 6 mons"},
    {INTERVAL, "3 days ago", "-3 days"},
    {INTERVAL, "P1DT2H", "1 day 02:00:00"},
    {INTERVAL, "P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"},
    {INTERVAL, "PT", NULL},
    {INTERVAL, "P", NULL},
    {INTERVAL, "2562047788:00:54.775807", "2562047788:00:54.775807"},
    {INTERVAL, "-2562047788:00:54.775808", "-2562047788:00:54.775808"},
    {INTERVAL, "2562047788:00:54.775808", NULL},
    {INTERVAL, "178956970 years 7 mons", "178956970 years 7 mons"},
    {INTERVAL, "178956970 years 8 mons", NULL},
    {INTERVAL, "3 parsecs", NULL},
    {INTERVAL, "-3.3475ms", "-00:00:00.003347"},
    {INTERVAL, "infinity", "infinity"},
    {INTERVAL, "", NULL},
};

static bool print_again(Type type, Str text, Buf *out) {
    int64_t count = 0;
    Interval interval = {0};
    bool good = false;
    switch (type) {
    case DATE:
        good = calendar_parse_date(text, &count);
        calendar_print_date(count, out);
        break;
    case TIME:
        good = calendar_parse_time(text, &count);
        calendar_print_time(count, out);
        break;
    case TIMESTAMP:
        good = calendar_parse_timestamp(text, &count);
        calendar_print_timestamp(count, false, out);
        break;
    case TIMESTAMPTZ:
        good = calendar_parse_timestamptz(text, &count);
        calendar_print_timestamp(count, true, out);
        break;
    case INTERVAL:
        good = calendar_parse_interval(text, &interval);
        calendar_print_interval(interval, out);
        break;
    }
    return good;
}

static void texts_mean_what_postgresql_says(void) {
    Buf out = {0};
    for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
        const Vector *vector = &VECTORS[i];
        buf_empty(&out);
        bool good = print_again(vector->type, str_of(vector->text), &out);
        if (!CHECK(good == (vector->printed != NULL))) {
            printf("    %s\n", vector->text);
        } else if (good) {
            CHECK_TEXT(out.bytes, vector->printed);
        }
    }
    buf_free(&out);
}

static void every_day_goes_there_and_back(void) {
    bool good = true;
    Civil before = calendar_civil(-2500000 * CALENDAR_DAY_US);
    for (int64_t day = -2500000 + 1; day < 3000000; day++) {
        Civil civil = calendar_civil(day * CALENDAR_DAY_US);
        bool follows = civil.day == before.day + 1 ? civil.month == before.month
                                                   : civil.day == 1 && civil.month == before.month % 12 + 1;
        good = good && follows && calendar_days(civil.year, civil.month, civil.day) == day;
        before = civil;
    }
    CHECK(good);
    CHECK(calendar_days(2000, 1, 1) == 0);
    CHECK(calendar_days(1970, 1, 1) * 86400 == -CALENDAR_EPOCH_UNIX);
    CHECK(calendar_days(-4713, 11, 24) == -2451545);
}

/* Numbers that no server sends must not break the printers. */
static void any_count_can_be_printed(void) {
    static const int64_t counts[] = {INT64_MIN + 1, INT64_MAX - 1, INT64_MIN, INT64_MAX, -1, 0, INT32_MIN, INT32_MAX};
    Buf out = {0};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        calendar_print_date(counts[i], &out);
        calendar_print_time(counts[i], &out);
        calendar_print_timestamp(counts[i], true, &out);
        calendar_print_interval((Interval){counts[i], INT32_MIN, INT32_MIN}, &out);
        Civil civil = calendar_civil(counts[i]);
        CHECK(calendar_us(civil) == counts[i]);
    }
    buf_empty(&out);
    calendar_print_timestamp(-1, false, &out);
    CHECK_TEXT(out.bytes, "1999-12-31 23:59:59.999999");
    buf_free(&out);
}

static void intervals_compare_by_length(void) {
    Interval month = {.months = 1}, days = {.days = 30}, hours = {.us = 30 * CALENDAR_DAY_US};
    Interval most = {INT64_MAX, INT32_MAX, INT32_MAX}, least = {INT64_MIN, INT32_MIN, INT32_MIN};
    CHECK(interval_compare(month, days) == 0 && interval_compare(days, hours) == 0);
    CHECK(interval_compare(month, (Interval){.days = 31}) < 0);
    CHECK(interval_compare(most, least) > 0);
}

int main(void) {
    TEST_RUN(texts_mean_what_postgresql_says);
    TEST_RUN(every_day_goes_there_and_back);
    TEST_RUN(any_count_can_be_printed);
    TEST_RUN(intervals_compare_by_length);
    return test_finish();
}
