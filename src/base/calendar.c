/* Days, times and intervals: arithmetic of the calendar, and their texts both ways.
 *
 * In: counts since 2000-01-01, or text. Out: text as PostgreSQL prints it, or counts.
 * Promises: any count can be printed, also one that no server would send; what is printed reads back as the same count.
 * Refuses: days that the calendar does not have, and what PostgreSQL's types cannot hold (timestamps from
 * 4714-11-24 BC to 294276 AD, dates to 5874897 AD).
 */
#include "base/calendar.h"

#include "base/decimal.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static const int64_t SECOND_US = 1000000;
static const int64_t MINUTE_US = 60 * INT64_C(1000000);
static const int64_t HOUR_US = 3600 * INT64_C(1000000);

/* PostgreSQL's own limits: Julian day 0, and the first day and microsecond that are too late. */
static const int64_t FIRST_DAY = -2451545;
static const int64_t END_DAY = INT64_C(2147483494) - 2451545;
static const int64_t FIRST_TIMESTAMP_US = -INT64_C(211813488000000000);
static const int64_t END_TIMESTAMP_US = INT64_C(9223371331200000000);

/* ---- days and years ------------------------------------------------------------------------------------- */

/* The calendar repeats every 400 years. Counted from 2000-03-01, the leap day is the last of its year. */
enum { DAYS_400_YEARS = 146097, MARCH_FIRST = 60 };

static int64_t floor_divide(int64_t a, int64_t b, int64_t *out_rest) {
    int64_t quotient = a / b, rest = a % b;
    if (rest < 0) {
        rest += b;
        quotient--;
    }
    *out_rest = rest;
    return quotient;
}

int64_t calendar_days(int64_t year, int month, int day) {
    int64_t year_of_era, from_march = (month + 9) % 12;
    int64_t era = floor_divide(year - (month <= 2 ? 1 : 0) - 2000, 400, &year_of_era);
    int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_400_YEARS + day_of_era + MARCH_FIRST;
}

static Civil civil_of_days(int64_t days) {
    int64_t day_of_era;
    int64_t era = floor_divide(days, DAYS_400_YEARS, &day_of_era);
    day_of_era -= MARCH_FIRST;
    if (day_of_era < 0) {
        day_of_era += DAYS_400_YEARS;
        era--;
    }
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    Civil civil = {.day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1),
                   .month = (int)((from_march + 2) % 12 + 1)};
    civil.year = 2000 + 400 * era + year_of_era + (civil.month <= 2 ? 1 : 0);
    return civil;
}

Civil calendar_civil(int64_t us) {
    int64_t of_day;
    Civil civil = civil_of_days(floor_divide(us, CALENDAR_DAY_US, &of_day));
    civil.hour = (int)(of_day / HOUR_US);
    civil.minute = (int)(of_day / MINUTE_US % 60);
    civil.second = (int)(of_day / SECOND_US % 60);
    civil.microsecond = (int)(of_day % SECOND_US);
    return civil;
}

static int64_t clamp_i128(i128 value) {
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

static i128 civil_us(Civil civil) {
    int64_t of_day = civil.hour * HOUR_US + civil.minute * MINUTE_US + civil.second * SECOND_US + civil.microsecond;
    return (i128)calendar_days(civil.year, civil.month, civil.day) * CALENDAR_DAY_US + of_day;
}

/* A time beyond 64 bits is an infinity. */
int64_t calendar_us(Civil civil) {
    return clamp_i128(civil_us(civil));
}

static int days_in_month(int64_t year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* ---- printing ------------------------------------------------------------------------------------------- */

static bool print_infinity(int64_t count, Buf *out) {
    if (count != INT64_MAX && count != INT64_MIN) {
        return false;
    }
    buf_text(out, count == INT64_MAX ? "infinity" : "-infinity");
    return true;
}

/* "05", "05.678": without trailing zeros. */
static void print_seconds(int64_t us, Buf *out) {
    buf_printf(out, "%02d", (int)(us / SECOND_US));
    if (us % SECOND_US != 0) {
        buf_printf(out, ".%06d", (int)(us % SECOND_US));
        while (out->bytes[out->length - 1] == '0') {
            out->bytes[--out->length] = '\0';
        }
    }
}

static void print_clock(int64_t us, Buf *out) {
    buf_printf(out, "%02d:%02d:", (int)(us / HOUR_US), (int)(us / MINUTE_US % 60));
    print_seconds(us % MINUTE_US, out);
}

static void print_day(Civil civil, Buf *out) {
    int64_t shown = civil.year > 0 ? civil.year : 1 - civil.year;
    buf_printf(out, "%04lld-%02d-%02d", (long long)shown, civil.month, civil.day);
}

static void print_era(Civil civil, Buf *out) {
    if (civil.year <= 0) {
        buf_text(out, " BC");
    }
}

void calendar_print_date(int64_t days, Buf *out) {
    if (!print_infinity(days, out)) {
        Civil civil = civil_of_days(days);
        print_day(civil, out);
        print_era(civil, out);
    }
}

void calendar_print_time(int64_t us, Buf *out) {
    if (us < 0 || us > CALENDAR_DAY_US) { /* no server sends such a time; show it as it came */
        buf_printf(out, "%lld us", (long long)us);
    } else {
        print_clock(us, out);
    }
}

void calendar_print_timestamp(int64_t us, bool with_zone, Buf *out) {
    if (print_infinity(us, out)) {
        return;
    }
    int64_t of_day;
    Civil civil = civil_of_days(floor_divide(us, CALENDAR_DAY_US, &of_day));
    print_day(civil, out);
    buf_char(out, ' ');
    print_clock(of_day, out);
    if (with_zone) {
        buf_text(out, "+00");
    }
    print_era(civil, out);
}

/* What was printed of an interval so far: "-1 days" makes a following positive part say "+". */
typedef struct IntervalText {
    bool empty;
    bool negative;
} IntervalText;

static void print_interval_part(int32_t count, const char *unit, IntervalText *so_far, Buf *out) {
    if (count == 0) {
        return;
    }
    buf_printf(out, "%s%s%d %s%s", so_far->empty ? "" : " ", so_far->negative && count > 0 ? "+" : "", count, unit,
               count == 1 ? "" : "s");
    *so_far = (IntervalText){.empty = false, .negative = count < 0};
}

bool interval_is_infinite(Interval interval) {
    return (interval.us == INT64_MAX && interval.days == INT32_MAX && interval.months == INT32_MAX) ||
           (interval.us == INT64_MIN && interval.days == INT32_MIN && interval.months == INT32_MIN);
}

void calendar_print_interval(Interval interval, Buf *out) {
    if (interval_is_infinite(interval)) { /* since PostgreSQL 17 */
        print_infinity(interval.us, out);
        return;
    }
    IntervalText so_far = {.empty = true};
    print_interval_part(interval.months / 12, "year", &so_far, out);
    print_interval_part(interval.months % 12, "mon", &so_far, out);
    print_interval_part(interval.days, "day", &so_far, out);
    if (interval.us == 0 && !so_far.empty) {
        return;
    }
    uint64_t size = interval.us < 0 ? 0 - (uint64_t)interval.us : (uint64_t)interval.us;
    uint64_t hours = size / (uint64_t)HOUR_US, rest = size % (uint64_t)HOUR_US;
    buf_printf(out, "%s%s%02llu:%02d:", so_far.empty ? "" : " ",
               interval.us < 0   ? "-"
               : so_far.negative ? "+"
                                 : "",
               (unsigned long long)hours, (int)(rest / (uint64_t)MINUTE_US));
    print_seconds((int64_t)(rest % (uint64_t)MINUTE_US), out);
}

/* ---- reading: the pieces -------------------------------------------------------------------------------- */

typedef struct Reader {
    const char *at;
    const char *end;
} Reader;

static Reader reader_of(Str text) {
    Str trimmed = str_trim(text);
    return (Reader){trimmed.bytes, trimmed.bytes + trimmed.length};
}

static bool at_end(const Reader *reader) {
    return reader->at == reader->end;
}

static bool take_char(Reader *reader, char c) {
    bool found = !at_end(reader) && *reader->at == c;
    reader->at += found ? 1 : 0;
    return found;
}

static bool skip_space(Reader *reader) {
    const char *start = reader->at;
    while (take_char(reader, ' ') || take_char(reader, '\t')) {
    }
    return reader->at > start;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t digits_ahead(const Reader *reader) {
    size_t count = 0;
    while (reader->at + count < reader->end && is_digit(reader->at[count])) {
        count++;
    }
    return count;
}

static bool take_digits(Reader *reader, size_t count, int64_t *out) {
    if (count == 0 || count > 18 || digits_ahead(reader) < count) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (*reader->at++ - '0');
    }
    *out = value;
    return true;
}

/* All digits ahead, where they are `most` at most. */
static bool take_number(Reader *reader, size_t most, int *out) {
    int64_t value;
    size_t count = digits_ahead(reader);
    if (count > most || !take_digits(reader, count, &value)) {
        return false;
    }
    *out = (int)value;
    return true;
}

static bool take_word(Reader *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || strncasecmp(reader->at, word, length) != 0) {
        return false;
    }
    reader->at += length;
    return true;
}

/* ".678" as a fraction of one. Digits beyond the fifteenth are below what a double of this size tells apart. */
static double take_fraction(Reader *reader) {
    static const int most_digits = 15;
    double value = 0, scale = 1;
    for (int i = 0; !at_end(reader) && is_digit(*reader->at); i++, reader->at++) {
        if (i < most_digits) {
            value = value * 10 + (*reader->at - '0');
            scale *= 10;
        }
    }
    return value / scale;
}

/* "2026-01-02", "20260102" */
static bool take_day(Reader *reader, Civil *civil) {
    size_t count = digits_ahead(reader);
    int64_t compact;
    if (count == 8 && take_digits(reader, 8, &compact)) {
        civil->year = compact / 10000;
        civil->month = (int)(compact / 100 % 100);
        civil->day = (int)(compact % 100);
        return true;
    }
    return count >= 4 && count <= 7 && take_digits(reader, count, &civil->year) && take_char(reader, '-') &&
           take_number(reader, 2, &civil->month) && take_char(reader, '-') && take_number(reader, 2, &civil->day);
}

/* "03:04", "03:04:05.678". Second 60 is the next minute, and 24:00:00 the latest of all, as in PostgreSQL. */
static bool take_clock(Reader *reader, int64_t *out_us) {
    int hour, minute, second = 0;
    int64_t fraction_us = 0;
    if (!take_number(reader, 2, &hour) || !take_char(reader, ':') || !take_number(reader, 2, &minute)) {
        return false;
    }
    if (take_char(reader, ':')) {
        if (!take_number(reader, 2, &second)) {
            return false;
        }
        if (take_char(reader, '.')) {
            fraction_us = (int64_t)rint(take_fraction(reader) * 1e6);
        }
    }
    int64_t us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction_us;
    if (hour > 24 || minute > 59 || second > 60 || us > CALENDAR_DAY_US) {
        return false;
    }
    *out_us = us;
    return true;
}

/* "+02", "+0230", "+02:30", "+02:30:15": seconds east of Greenwich. */
static bool take_offset(Reader *reader, int *out_seconds) {
    bool east = take_char(reader, '+');
    if (!east && !take_char(reader, '-')) {
        return false;
    }
    int hour, minute = 0, second = 0;
    bool compact = digits_ahead(reader) == 4;
    if (!take_number(reader, compact ? 4 : 2, &hour)) {
        return false;
    }
    if (compact) {
        minute = hour % 100;
        hour /= 100;
    } else if (take_char(reader, ':')) {
        if (!take_number(reader, 2, &minute) || (take_char(reader, ':') && !take_number(reader, 2, &second))) {
            return false;
        }
    }
    int seconds = hour * 3600 + minute * 60 + second;
    *out_seconds = east ? seconds : -seconds;
    return hour <= 15 && minute <= 59 && second <= 59;
}

static bool letter_is_ahead(const Reader *reader) {
    return !at_end(reader) &&
           ((*reader->at >= 'a' && *reader->at <= 'z') || (*reader->at >= 'A' && *reader->at <= 'Z'));
}

/* No zone is UTC. */
static bool take_zone(Reader *reader, int *out_seconds) {
    *out_seconds = 0;
    if (at_end(reader)) {
        return true;
    }
    if (take_word(reader, "utc") || take_word(reader, "gmt") || take_word(reader, "z")) {
        return !letter_is_ahead(reader);
    }
    return (*reader->at != '+' && *reader->at != '-') || take_offset(reader, out_seconds);
}

/* " BC" and " AD", and the check that the day exists. Year 0 does not: 1 BC comes before 1 AD. */
static bool take_era(Reader *reader, Civil *civil) {
    skip_space(reader);
    bool before = take_word(reader, "bc");
    if (!before) {
        (void)take_word(reader, "ad");
    }
    if (civil->year == 0) {
        return false;
    }
    civil->year = before ? 1 - civil->year : civil->year;
    return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_in_month(civil->year, civil->month);
}

static bool read_infinity(Str text, int64_t *out) {
    Reader reader = reader_of(text);
    bool negative = take_char(&reader, '-');
    if (!negative) {
        (void)take_char(&reader, '+');
    }
    if (!take_word(&reader, "infinity") || !at_end(&reader)) {
        return false;
    }
    *out = negative ? INT64_MIN : INT64_MAX;
    return true;
}

typedef struct Moment {
    Civil day;
    int64_t of_day_us;
    int zone_seconds;
} Moment;

/* A day, and perhaps a clock time and a zone. */
static bool read_moment(Str text, Moment *out) {
    Reader reader = reader_of(text);
    Moment moment = {0};
    if (!take_day(&reader, &moment.day)) {
        return false;
    }
    bool parted = take_char(&reader, 'T') || take_char(&reader, 't');
    if (parted || (skip_space(&reader) && digits_ahead(&reader) > 0)) {
        if (!take_clock(&reader, &moment.of_day_us)) {
            return false;
        }
        skip_space(&reader);
        if (!take_zone(&reader, &moment.zone_seconds)) {
            return false;
        }
    }
    if (!take_era(&reader, &moment.day) || !at_end(&reader)) {
        return false;
    }
    *out = moment;
    return true;
}

/* ---- reading: the types --------------------------------------------------------------------------------- */

bool calendar_parse_date(Str text, int64_t *out_days) {
    Moment moment;
    if (read_infinity(text, out_days)) {
        return true;
    }
    if (!read_moment(text, &moment)) {
        return false;
    }
    int64_t days = calendar_days(moment.day.year, moment.day.month, moment.day.day);
    if (days < FIRST_DAY || days >= END_DAY) {
        return false;
    }
    *out_days = days;
    return true;
}

bool calendar_parse_time(Str text, int64_t *out_us) {
    Reader reader = reader_of(text);
    int64_t us;
    int zone;
    if (!take_clock(&reader, &us)) {
        return false;
    }
    skip_space(&reader);
    if (!take_zone(&reader, &zone) || !at_end(&reader)) {
        return false;
    }
    *out_us = us;
    return true;
}

static bool parse_timestamp(Str text, bool with_zone, int64_t *out_us) {
    Moment moment;
    if (read_infinity(text, out_us)) {
        return true;
    }
    if (!read_moment(text, &moment)) {
        return false;
    }
    i128 us = civil_us(moment.day) + moment.of_day_us - (with_zone ? moment.zone_seconds * SECOND_US : 0);
    if (us < FIRST_TIMESTAMP_US || us >= END_TIMESTAMP_US) {
        return false;
    }
    *out_us = (int64_t)us;
    return true;
}

bool calendar_parse_timestamp(Str text, int64_t *out_us) {
    return parse_timestamp(text, false, out_us);
}

bool calendar_parse_timestamptz(Str text, int64_t *out_us) {
    return parse_timestamp(text, true, out_us);
}

/* ---- intervals ------------------------------------------------------------------------------------------ */

/* A unit is so many months, days or microseconds; its fraction spills into the next smaller of the three. */
typedef struct Unit {
    const char *name;
    int32_t months;
    int32_t days;
    int64_t us;
} Unit;

/* Words may end in "s". */
static const Unit UNITS[] = {
    {"us", 0, 0, 1},
    {"usec", 0, 0, 1},
    {"microsecond", 0, 0, 1},
    {"ms", 0, 0, 1000},
    {"msec", 0, 0, 1000},
    {"millisecond", 0, 0, 1000},
    {"s", 0, 0, 1000000},
    {"sec", 0, 0, 1000000},
    {"second", 0, 0, 1000000},
    {"m", 0, 0, 60000000},
    {"min", 0, 0, 60000000},
    {"minute", 0, 0, 60000000},
    {"h", 0, 0, 3600000000},
    {"hr", 0, 0, 3600000000},
    {"hour", 0, 0, 3600000000},
    {"d", 0, 1, 0},
    {"day", 0, 1, 0},
    {"w", 0, 7, 0},
    {"week", 0, 7, 0},
    {"mon", 1, 0, 0},
    {"month", 1, 0, 0},
    {"y", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"year", 12, 0, 0},
    {"decade", 120, 0, 0},
    {"century", 1200, 0, 0},
    {"centurie", 1200, 0, 0},
    {"millennium", 12000, 0, 0},
    {"millennia", 12000, 0, 0},
};
static const Unit SECONDS = {"second", 0, 0, 1000000};

/* ISO 8601's letters, before and after the T. */
static const Unit ISO_DATE_UNITS[] = {{"Y", 12, 0, 0}, {"M", 1, 0, 0}, {"W", 0, 7, 0}, {"D", 0, 1, 0}};
static const Unit ISO_TIME_UNITS[] = {{"H", 0, 0, 3600000000}, {"M", 0, 0, 60000000}, {"S", 0, 0, 1000000}};

static const Unit *unit_find(const Unit *units, size_t count, Str word) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(units[i].name);
        if (length == word.length && strncasecmp(units[i].name, word.bytes, length) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

static const Unit *unit_of_word(Str word) {
    const Unit *unit = unit_find(UNITS, sizeof(UNITS) / sizeof(UNITS[0]), word);
    if (unit == NULL && word.length > 2 && (word.bytes[word.length - 1] == 's' || word.bytes[word.length - 1] == 'S')) {
        word.length--;
        unit = unit_find(UNITS, sizeof(UNITS) / sizeof(UNITS[0]), word);
    }
    return unit;
}

/* Sums that are checked once, when all parts are in. */
typedef struct IntervalSum {
    i128 months, days, us;
} IntervalSum;

/* "-1.5": -1 and -0.5. */
typedef struct Amount {
    int64_t whole;
    double fraction;
} Amount;

static bool take_amount(Reader *reader, Amount *out) {
    bool negative = take_char(reader, '-');
    if (!negative) {
        (void)take_char(reader, '+');
    }
    Amount amount = {0};
    size_t count = digits_ahead(reader);
    if (count > 0 && !take_digits(reader, count, &amount.whole)) {
        return false;
    }
    bool pointed = take_char(reader, '.');
    if ((count == 0 && !pointed) || (pointed && count == 0 && digits_ahead(reader) == 0)) {
        return false;
    }
    amount.fraction = pointed ? take_fraction(reader) : 0;
    *out = negative ? (Amount){-amount.whole, -amount.fraction} : amount;
    return true;
}

/* Half a microsecond is dropped, as PostgreSQL does in intervals: "0.0005 ms" is 0. */
static int64_t round_half_down(double us) {
    double whole = trunc(us), rest = us - whole;
    return (int64_t)whole + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0);
}

/* A fraction of a year is whole months, a fraction of a month or week days and then time: 30-day months. */
static void add_amount(IntervalSum *sum, Amount amount, const Unit *unit) {
    sum->months += (i128)amount.whole * unit->months;
    sum->days += (i128)amount.whole * unit->days;
    sum->us += (i128)amount.whole * unit->us;
    double days = 0;
    if (unit->months > 1) {
        sum->months += (int64_t)rint(amount.fraction * unit->months);
    } else if (unit->months == 1) {
        days = amount.fraction * 30;
    } else {
        days = amount.fraction * unit->days;
    }
    sum->days += (int64_t)days;
    sum->us += round_half_down((days - trunc(days)) * (double)CALENDAR_DAY_US);
    sum->us += round_half_down(amount.fraction * (double)unit->us);
}

static bool interval_of_sum(const IntervalSum *sum, bool negate, Interval *out) {
    i128 sign = negate ? -1 : 1, months = sum->months * sign, days = sum->days * sign, us = sum->us * sign;
    if (months < INT32_MIN || months > INT32_MAX || days < INT32_MIN || days > INT32_MAX || us < INT64_MIN ||
        us > INT64_MAX) {
        return false;
    }
    *out = (Interval){.us = (int64_t)us, .days = (int32_t)days, .months = (int32_t)months};
    return true;
}

/* "-03:04:05.5", hours without limit: 2562047788:00:54.775807. */
static bool take_interval_clock(Reader *reader, IntervalSum *sum) {
    bool negative = take_char(reader, '-');
    if (!negative) {
        (void)take_char(reader, '+');
    }
    int64_t hours;
    int minutes, seconds = 0;
    double fraction = 0;
    if (!take_digits(reader, digits_ahead(reader), &hours) || !take_char(reader, ':') ||
        !take_number(reader, 2, &minutes) || (take_char(reader, ':') && !take_number(reader, 2, &seconds))) {
        return false;
    }
    if (take_char(reader, '.')) {
        fraction = take_fraction(reader);
    }
    i128 us = (i128)hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US + (int64_t)rint(fraction * 1e6);
    sum->us += negative ? -us : us;
    return minutes <= 59 && seconds <= 59;
}

static bool clock_is_ahead(const Reader *reader) {
    const char *at = reader->at;
    at += at < reader->end && (*at == '-' || *at == '+') ? 1 : 0;
    while (at < reader->end && is_digit(*at)) {
        at++;
    }
    return at < reader->end && *at == ':';
}

static Str take_letters(Reader *reader) {
    const char *start = reader->at;
    while (letter_is_ahead(reader)) {
        reader->at++;
    }
    return (Str){start, (size_t)(reader->at - start)};
}

/* "2 days", "03:04:05", or at the end a bare number of seconds. */
static bool take_interval_part(Reader *reader, IntervalSum *sum) {
    if (clock_is_ahead(reader)) {
        return take_interval_clock(reader, sum);
    }
    Amount amount;
    if (!take_amount(reader, &amount)) {
        return false;
    }
    skip_space(reader);
    const Unit *unit = at_end(reader) ? &SECONDS : unit_of_word(take_letters(reader));
    if (unit == NULL) {
        return false;
    }
    add_amount(sum, amount, unit);
    return true;
}

/* "P1Y2M3DT4H5M6.5S" after its P. */
static bool read_iso_interval(Reader reader, Interval *out) {
    IntervalSum sum = {0};
    bool time = false, any = false;
    while (!at_end(&reader)) {
        if (!time && take_char(&reader, 'T')) {
            time = true;
            any = false;
        }
        Amount amount;
        if (!take_amount(&reader, &amount) || at_end(&reader)) {
            return false;
        }
        Str letter = {reader.at++, 1};
        const Unit *unit = time ? unit_find(ISO_TIME_UNITS, 3, letter) : unit_find(ISO_DATE_UNITS, 4, letter);
        if (unit == NULL) {
            return false;
        }
        add_amount(&sum, amount, unit);
        any = true;
    }
    return any && interval_of_sum(&sum, false, out);
}

static bool read_interval_infinity(Str text, Interval *out) {
    int64_t sign;
    if (!read_infinity(text, &sign)) {
        return false;
    }
    *out = sign > 0 ? (Interval){INT64_MAX, INT32_MAX, INT32_MAX} : (Interval){INT64_MIN, INT32_MIN, INT32_MIN};
    return true;
}

bool calendar_parse_interval(Str text, Interval *out) {
    if (read_interval_infinity(text, out)) {
        return true;
    }
    Reader reader = reader_of(text);
    if (take_char(&reader, 'P') || take_char(&reader, 'p')) {
        return read_iso_interval(reader, out);
    }
    (void)take_char(&reader, '@');
    skip_space(&reader);
    if (at_end(&reader)) {
        return false;
    }
    IntervalSum sum = {0};
    bool ago = false;
    while (!at_end(&reader) && !ago) {
        if (!take_interval_part(&reader, &sum)) {
            return false;
        }
        skip_space(&reader);
        ago = take_word(&reader, "ago");
    }
    return at_end(&reader) && interval_of_sum(&sum, ago, out);
}

int interval_compare(Interval a, Interval b) {
    i128 us_a = ((i128)a.months * 30 + a.days) * CALENDAR_DAY_US + a.us;
    i128 us_b = ((i128)b.months * 30 + b.days) * CALENDAR_DAY_US + b.us;
    return (us_a > us_b) - (us_a < us_b);
}
