/* Times, a column at a time. Months are added first, with the day cut to the month's end, then days, then time, as
 * PostgreSQL does. So that SQL can ask beforehand whether the server would refuse, arithmetic is for the years 1 to
 * 9999 and for intervals of bounded parts (eval_time.h has the bounds); beyond, the answer is unknown. Infinity plus
 * anything is infinity. */
#include "expr/eval_time.h"

#include <string.h>

bool time_is_finite(int64_t value) {
    return value != INT64_MAX && value != INT64_MIN;
}

/* Only called for literals of the calendar; cheap, but not per row. */
static int64_t first_safe_us(void) {
    return calendar_days(1, 1, 1) * CALENDAR_DAY_US;
}

static int64_t last_safe_us(void) {
    return calendar_days(10000, 1, 1) * CALENDAR_DAY_US - 1;
}

bool interval_is_safe(Interval value) {
    int64_t years = value.months / 12, hours = value.us / INT64_C(3600000000);
    return years >= -SAFE_YEARS && years <= SAFE_YEARS && value.days >= -SAFE_DAYS && value.days <= SAFE_DAYS &&
           hours >= -SAFE_HOURS && hours <= SAFE_HOURS;
}

static int64_t floor_divide(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

static int days_in_month(int64_t year, int month) {
    int64_t next = month == 12 ? calendar_days(year + 1, 1, 1) : calendar_days(year, month + 1, 1);
    return (int)(next - calendar_days(year, month, 1));
}

/* ---- shifts --------------------------------------------------------------------------------------------- */

static int64_t add_months(int64_t us, int32_t months) {
    if (months == 0) {
        return us;
    }
    Civil civil = calendar_civil(us);
    int64_t month = civil.year * 12 + (civil.month - 1) + months;
    civil.year = floor_divide(month, 12);
    civil.month = (int)(month - civil.year * 12) + 1;
    int last = days_in_month(civil.year, civil.month);
    civil.day = civil.day > last ? last : civil.day;
    return calendar_us(civil);
}

static int64_t shifted(int64_t us, Interval by) {
    return add_months(us, by.months) + by.days * CALENDAR_DAY_US + by.us;
}

static Interval backwards(Interval by) {
    return (Interval){.us = -by.us, .days = -by.days, .months = -by.months};
}

void eval_timestamp_shift(ProgramState *state, const Step *step) {
    const int64_t *times = step_arg(state, step, 0)->data.ints;
    const Interval *by = step_arg(state, step, 1)->data.intervals;
    bool minus = step->node->op == OP_TIMESTAMP_MINUS || step->node->op == OP_TIMESTAMPTZ_MINUS;
    int64_t first = first_safe_us(), last = last_safe_us();
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (!out->state[i]) {
            continue;
        }
        bool finite = time_is_finite(times[i]);
        out->state[i] = interval_is_safe(by[i]) && (!finite || (times[i] >= first && times[i] <= last));
        if (out->state[i]) {
            out->data.ints[i] = finite ? shifted(times[i], minus ? backwards(by[i]) : by[i]) : times[i];
        }
    }
}

/* The integer of a row where it is one that SQL's date arithmetic may see. */
static bool safe_day_count(const Reg *reg, size_t row, int64_t *out) {
    Decimal number = reg->wide ? reg->decimals[row] : (Decimal){.small = reg->data.ints[row], .scale = reg->scale};
    return decimal_to_int(number, out) && *out >= -SAFE_DAY_COUNT && *out <= SAFE_DAY_COUNT;
}

void eval_date_shift(ProgramState *state, const Step *step) {
    const int64_t *dates = step_arg(state, step, 0)->data.ints;
    const Reg *counts = step_arg(state, step, 1);
    bool minus = step->node->op == OP_DATE_MINUS;
    int64_t first = calendar_days(1, 1, 1), last = calendar_days(9999, 12, 31);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (!out->state[i]) {
            continue;
        }
        int64_t count = 0;
        bool finite = time_is_finite(dates[i]);
        out->state[i] = safe_day_count(counts, i, &count) && (!finite || (dates[i] >= first && dates[i] <= last));
        if (out->state[i]) {
            out->data.ints[i] = finite ? dates[i] + (minus ? -count : count) : dates[i];
        }
    }
}

void eval_time_shift(ProgramState *state, const Step *step) {
    const int64_t *times = step_arg(state, step, 0)->data.ints;
    const Interval *by = step_arg(state, step, 1)->data.intervals;
    bool minus = step->node->op == OP_TIME_MINUS;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            int64_t us = by[i].us % CALENDAR_DAY_US;
            int64_t sum = (times[i] + (minus ? -us : us)) % CALENDAR_DAY_US;
            out->data.ints[i] = sum < 0 ? sum + CALENDAR_DAY_US : sum;
        }
    }
}

/* ---- differences ---------------------------------------------------------------------------------------- */

void eval_date_diff(ProgramState *state, const Step *step) {
    const int64_t *a = step_arg(state, step, 0)->data.ints, *b = step_arg(state, step, 1)->data.ints;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        bool finite = time_is_finite(a[i]) && time_is_finite(b[i]);
        out->state[i] &= finite;
        out->data.ints[i] = finite ? a[i] - b[i] : 0;
    }
}

void eval_timestamp_diff(ProgramState *state, const Step *step) {
    const int64_t *a = step_arg(state, step, 0)->data.ints, *b = step_arg(state, step, 1)->data.ints;
    int64_t first = first_safe_us(), last = last_safe_us();
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        bool safe = a[i] >= first && a[i] <= last && b[i] >= first && b[i] <= last;
        int64_t us = safe ? a[i] - b[i] : 0;
        out->state[i] &= safe;
        out->data.intervals[i] = (Interval){.us = us % CALENDAR_DAY_US, .days = (int32_t)(us / CALENDAR_DAY_US)};
    }
}

void eval_time_diff(ProgramState *state, const Step *step) {
    const int64_t *a = step_arg(state, step, 0)->data.ints, *b = step_arg(state, step, 1)->data.ints;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.intervals[i] = (Interval){.us = out->state[i] ? a[i] - b[i] : 0};
    }
}

/* ---- intervals ------------------------------------------------------------------------------------------ */

void eval_interval2(ProgramState *state, const Step *step) {
    const Interval *a = step_arg(state, step, 0)->data.intervals, *b = step_arg(state, step, 1)->data.intervals;
    bool minus = step->node->op == OP_INTERVAL_MINUS;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= out->state[i] && interval_is_safe(a[i]) && interval_is_safe(b[i]);
        if (out->state[i]) {
            Interval by = minus ? backwards(b[i]) : b[i];
            out->data.intervals[i] = (Interval){a[i].us + by.us, a[i].days + by.days, a[i].months + by.months};
        }
    }
}

void eval_interval_negate(ProgramState *state, const Step *step) {
    const Interval *in = step_arg(state, step, 0)->data.intervals;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= out->state[i] && interval_is_safe(in[i]);
        out->data.intervals[i] = out->state[i] ? backwards(in[i]) : (Interval){0};
    }
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

static int64_t day_of(int64_t us) {
    return floor_divide(us, CALENDAR_DAY_US);
}

/* 0 is Sunday; 2000-01-01 was a Saturday. */
static int64_t weekday(int64_t day) {
    int64_t rest = (day + 6) % 7;
    return rest < 0 ? rest + 7 : rest;
}

/* The week belongs to the year that has its Thursday. */
static int64_t iso_week(int64_t day) {
    int64_t thursday = day + 4 - (weekday(day) == 0 ? 7 : weekday(day));
    int64_t year = calendar_civil(thursday * CALENDAR_DAY_US).year;
    return (thursday - calendar_days(year, 1, 1)) / 7 + 1;
}

static int64_t part_of(OpId op, int64_t us) {
    Civil civil = calendar_civil(us);
    switch ((int)op) {
    case OP_YEAR:
        return civil.year > 0 ? civil.year : civil.year - 1;
    case OP_QUARTER:
        return (civil.month + 2) / 3;
    case OP_MONTH:
        return civil.month;
    case OP_WEEK:
        return iso_week(day_of(us));
    case OP_DAY:
        return civil.day;
    case OP_DOW:
        return weekday(day_of(us));
    case OP_DOY:
        return day_of(us) - calendar_days(civil.year, 1, 1) + 1;
    case OP_HOUR:
        return civil.hour;
    case OP_MINUTE:
        return civil.minute;
    case OP_HOUR_TIME: /* 24:00 is a time */
        return us / INT64_C(3600000000);
    default:
        return us / 60000000 % 60;
    }
}

void eval_part(ProgramState *state, const Step *step) {
    const int64_t *in = step_arg(state, step, 0)->data.ints;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= time_is_finite(in[i]);
        out->data.ints[i] = out->state[i] ? part_of(step->node->op, in[i]) : 0;
    }
}

void eval_seconds(ProgramState *state, const Step *step) {
    const int64_t *in = step_arg(state, step, 0)->data.ints;
    Reg *out = step_out(state, step);
    out->scale = 6;
    for (size_t i = 0; i < state->rows; i++) {
        int64_t rest = in[i] % 60000000;
        out->state[i] &= time_is_finite(in[i]);
        out->data.ints[i] = rest < 0 ? rest + 60000000 : rest;
    }
}

void eval_epoch(ProgramState *state, const Step *step) {
    const int64_t *in = step_arg(state, step, 0)->data.ints;
    Reg *out = step_out(state, step);
    Decimal *decimals = ARENA_MANY(state->arena, state->rows, Decimal);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= time_is_finite(in[i]);
        decimals[i] = (Decimal){.small = (i128)in[i] + (i128)CALENDAR_EPOCH_UNIX * 1000000, .scale = 6};
    }
    numbers_load(state, out, decimals);
}

void eval_epoch_interval(ProgramState *state, const Step *step) {
    const Interval *in = step_arg(state, step, 0)->data.intervals;
    Reg *out = step_out(state, step);
    Decimal *decimals = ARENA_MANY(state->arena, state->rows, Decimal);
    for (size_t i = 0; i < state->rows; i++) {
        Interval value = out->state[i] ? in[i] : (Interval){0};
        i128 seconds =
            (i128)(value.months / 12) * 31557600 + (i128)(value.months % 12) * 2592000 + (i128)value.days * 86400;
        decimals[i] = (Decimal){.small = seconds * 1000000 + value.us, .scale = 6};
    }
    numbers_load(state, out, decimals);
}

/* ---- cutting -------------------------------------------------------------------------------------------- */

static int64_t cut_to(Str unit, int64_t us) {
    static const struct {
        const char *unit;
        int64_t us;
    } fixed[] = {{"second", 1000000}, {"minute", 60000000}, {"hour", INT64_C(3600000000)}, {"day", CALENDAR_DAY_US}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (str_equal(unit, str_of(fixed[i].unit))) {
            return floor_divide(us, fixed[i].us) * fixed[i].us;
        }
    }
    if (str_equal(unit, STR_LITERAL("week"))) {
        int64_t day = day_of(us);
        return (day - (weekday(day) + 6) % 7) * CALENDAR_DAY_US;
    }
    Civil civil = calendar_civil(us);
    bool quarter = str_equal(unit, STR_LITERAL("quarter"));
    int month = quarter ? (civil.month - 1) / 3 * 3 + 1 : str_equal(unit, STR_LITERAL("month")) ? civil.month : 1;
    return calendar_days(civil.year, month, 1) * CALENDAR_DAY_US;
}

void eval_date_trunc(ProgramState *state, const Step *step) {
    Str unit = step->node->args[0]->value.as.text;
    const int64_t *in = step_arg(state, step, 1)->data.ints;
    int64_t first = calendar_days(-4711, 1, 1) * CALENDAR_DAY_US;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        bool finite = time_is_finite(in[i]);
        out->state[i] &= !finite || in[i] >= first;
        out->data.ints[i] = out->state[i] && finite ? cut_to(unit, in[i]) : in[i];
    }
}
