/* Decimal from and to floats, without the C library's number texts where they depend on the locale.
 *
 * From: the decimal that a person would say the float is (0.1, not 0.1000000000000000055...). To: the nearest float,
 * ties to even, also for subnormal results; too large gives an infinity.
 */
#include "base/decimal.h"
#include "base/decimal_big.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* A binary format: bits of the significand, and the weight of the last bit that there is. */
typedef struct FloatFormat {
    int bits;
    int lowest;                    /* 2^lowest is the smallest positive number */
    int first_digits, last_digits; /* decimal digits that always survive, and that always suffice */
} FloatFormat;

static const FloatFormat DOUBLE_FORMAT = {53, -1074, 15, 17};
static const FloatFormat SINGLE_FORMAT = {24, -149, 6, 9};

/* ---- to float -------------------------------------------------------------------------------------------------- */

/* number * 2^exponent, nearest in the format; `rest`: a bit more than that. number has at least bits + 2 bits, or
 * its last bit weighs less than half of 2^lowest. */
static double round_to_format(mpz_t number, int64_t exponent, bool rest, const FloatFormat *format) {
    int64_t drop = (int64_t)mpz_sizeinbase(number, 2) - format->bits;
    if (drop < format->lowest - exponent) {
        drop = format->lowest - exponent;
    }
    mp_bitcnt_t half = (mp_bitcnt_t)(drop - 1);
    bool round_bit = mpz_tstbit(number, half) != 0;
    bool below = rest || (mpz_sgn(number) != 0 && mpz_scan1(number, 0) < half);
    mpz_tdiv_q_2exp(number, number, (mp_bitcnt_t)drop);
    if (round_bit && (below || mpz_odd_p(number) != 0)) {
        mpz_add_ui(number, number, 1);
    }
    int64_t power = exponent + drop;
    return ldexp(mpz_get_d(number), power > 5000 ? 5000 : (int)power);
}

/* |value|: coefficient / 10^scale, as an integer of enough bits and what is left over. */
static double big_to_float(Decimal value, const FloatFormat *format) {
    mpz_t number, divisor;
    mpz_inits(number, divisor, NULL);
    big_set_decimal(number, value);
    mpz_abs(number, number);
    big_ten_power(divisor, (uint64_t)value.scale);
    int64_t shift = format->bits + 3 + (int64_t)mpz_sizeinbase(divisor, 2) - (int64_t)mpz_sizeinbase(number, 2);
    if (shift > 2 - format->lowest) {
        shift = 2 - format->lowest;
    }
    if (shift >= 0) {
        mpz_mul_2exp(number, number, (mp_bitcnt_t)shift);
    } else {
        mpz_mul_2exp(divisor, divisor, (mp_bitcnt_t)-shift);
    }
    mpz_t rest;
    mpz_init(rest);
    mpz_tdiv_qr(number, rest, number, divisor);
    double result = round_to_format(number, -shift, mpz_sgn(rest) != 0, format);
    mpz_clears(number, divisor, rest, NULL);
    return result;
}

/* Both parts are exact doubles, so that the one division rounds once. */
static bool quick_double(const Decimal *value, double *out) {
    static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const i128 limit = (i128)1 << DBL_MANT_DIG;
    if (value->limbs == NULL && value->small == 0) {
        *out = 0.0;
        return true;
    }
    if (value->limbs != NULL || value->scale > 22 || value->small > limit || value->small < -limit) {
        return false;
    }
    *out = (double)(int64_t)value->small / POWERS[value->scale];
    return true;
}

static bool is_negative(const Decimal *value) {
    return value->limbs != NULL ? value->negative : value->small < 0;
}

static double to_float(Decimal value, const FloatFormat *format) {
    double size = big_to_float(value, format);
    return is_negative(&value) ? -size : size;
}

double decimal_to_double(Decimal value) {
    double quick;
    switch ((DecimalClass)value.class_) {
    case DECIMAL_NAN:
        return (double)NAN;
    case DECIMAL_INFINITE:
        return (double)INFINITY;
    case DECIMAL_MINUS_INFINITE:
        return -(double)INFINITY;
    case DECIMAL_FINITE:
        break;
    }
    return quick_double(&value, &quick) ? quick : to_float(value, &DOUBLE_FORMAT);
}

/* ---- from float ------------------------------------------------------------------------------------------------ */

static Decimal exact_integer(Arena *arena, double value) {
    if (fabs(value) < 0x1p63) {
        return decimal_of_int((int64_t)value);
    }
    mpz_t number;
    mpz_init_set_d(number, value);
    Decimal exact = decimal_of_big(arena, number, 0);
    mpz_clear(number);
    return exact;
}

/* Money and measurements: m / 10^k with few digits. A decimal of no more than 15 digits (6 of a float4) that reads
 * back as the same float is the only such one, hence the shortest. */
static bool few_digits(double value, bool single, Decimal *out) {
    static const double POWERS[] = {1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0, 1000000.0};
    double limit = single ? 1e6 : 1e15;
    for (int32_t k = 0; k < (int32_t)(sizeof POWERS / sizeof POWERS[0]); k++) {
        double m = nearbyint(value * POWERS[k]);
        if (fabs(m) >= limit) {
            return false;
        }
        double back = m / POWERS[k];
        if ((single ? (double)(float)back : back) == value) {
            *out = decimal_of_small((i128)m, k);
            return true;
        }
    }
    return false;
}

/* "-d.ddde-dd" with any decimal point. */
static Decimal decimal_of_scientific(Arena *arena, const char *text) {
    i128 digits = 0;
    int32_t scale = 0, exponent = 0;
    const char *c = text;
    for (; *c != 'e'; c++) {
        if (*c >= '0' && *c <= '9') {
            digits = digits * 10 + (*c - '0');
            scale++;
        }
    }
    bool small = *++c == '-';
    for (c++; *c != '\0'; c++) {
        exponent = exponent * 10 + (*c - '0');
    }
    scale = scale - 1 + (small ? exponent : -exponent);
    if (scale < 0) {
        digits *= ten_power(-scale); /* below 2^53 in all */
        scale = 0;
    }
    return decimal_normal(arena, decimal_of_small(text[0] == '-' ? -digits : digits, scale));
}

static Decimal shortest(Arena *arena, double value, const FloatFormat *format) {
    char text[64];
    Decimal candidate = {0};
    /* subnormals have fewer digits */
    int digits = fabs(value) < (format == &DOUBLE_FORMAT ? DBL_MIN : (double)FLT_MIN) ? 1 : format->first_digits;
    for (; digits <= format->last_digits; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, value);
        candidate = decimal_of_scientific(arena, text);
        double back = format == &DOUBLE_FORMAT ? decimal_to_double(candidate) : to_float(candidate, format);
        if (back == value) {
            break;
        }
    }
    return candidate;
}

Decimal decimal_of_double(Arena *arena, double value, bool single) {
    enum { WHOLE_LIMIT_SINGLE = 1 << FLT_MANT_DIG };
    Decimal quick;
    if (isnan(value)) {
        return decimal_special(DECIMAL_NAN);
    }
    if (isinf(value)) {
        return decimal_special(value < 0 ? DECIMAL_MINUS_INFINITE : DECIMAL_INFINITE);
    }
    if (fabs(value) >= 0x1p53 || (value == trunc(value) && (!single || fabs(value) <= WHOLE_LIMIT_SINGLE))) {
        return exact_integer(arena, value);
    }
    if (few_digits(value, single, &quick)) {
        return quick;
    }
    return shortest(arena, value, single ? &SINGLE_FORMAT : &DOUBLE_FORMAT);
}
