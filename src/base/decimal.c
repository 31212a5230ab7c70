/* Decimal: comparing and calculating.
 *
 * In: finite numbers of any size, NaN, infinities. Out: exact results, with the scale that PostgreSQL's numeric would
 * show. Each operation tries 128 bits first and goes to GMP only where they end.
 * Text, wire and canonical forms: decimal_text.c. Floats: decimal_float.c.
 */
#include "base/decimal.h"
#include "base/decimal_big.h"

/* Zeros that rounding may add behind the point: as many as PostgreSQL's round() adds. */
enum { PADDED_SCALE_MAX = 2000 };

typedef enum Rounding { ROUND_HALF_AWAY, ROUND_TO_ZERO, ROUND_DOWN, ROUND_UP } Rounding;

Decimal decimal_of_int(int64_t value) {
    return decimal_of_small(value, 0);
}

static bool is_finite(const Decimal *a) {
    return a->class_ == DECIMAL_FINITE;
}

static bool is_small(const Decimal *a) {
    return a->limbs == NULL;
}

/* -1, 0, 1; NaN counts as positive. */
static int decimal_sign(const Decimal *a) {
    if (!is_finite(a)) {
        return a->class_ == DECIMAL_MINUS_INFINITE ? -1 : 1;
    }
    if (!is_small(a)) {
        return a->negative ? -1 : 1;
    }
    return (a->small > 0) - (a->small < 0);
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Both coefficients at the larger scale, if they stay small. */
static bool align_small(const Decimal *a, const Decimal *b, i128 *out_a, i128 *out_b) {
    int32_t scale = larger(a->scale, b->scale);
    return is_small(a) && is_small(b) && coefficient_scale(a->small, scale - a->scale, out_a) &&
           coefficient_scale(b->small, scale - b->scale, out_b);
}

/* The same where they do not. */
static void align_big(Decimal a, Decimal b, mpz_t out_a, mpz_t out_b) {
    int32_t scale = larger(a.scale, b.scale);
    big_set_decimal(out_a, a);
    big_set_decimal(out_b, b);
    big_scale(out_a, (uint64_t)(scale - a.scale));
    big_scale(out_b, (uint64_t)(scale - b.scale));
}

static int compare_big(Decimal a, Decimal b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    align_big(a, b, x, y);
    int order = mpz_cmp(x, y);
    mpz_clears(x, y, NULL);
    return (order > 0) - (order < 0);
}

int decimal_compare(Decimal a, Decimal b) {
    static const int RANK[] = {
        [DECIMAL_MINUS_INFINITE] = 0, [DECIMAL_FINITE] = 1, [DECIMAL_INFINITE] = 2, [DECIMAL_NAN] = 3};
    if (!is_finite(&a) || !is_finite(&b)) {
        return (RANK[a.class_] > RANK[b.class_]) - (RANK[a.class_] < RANK[b.class_]);
    }
    i128 x, y;
    if (align_small(&a, &b, &x, &y)) {
        return (x > y) - (x < y);
    }
    int sign = decimal_sign(&a), other = decimal_sign(&b);
    if (sign != other) {
        return sign > other ? 1 : -1;
    }
    return compare_big(a, b);
}

/* The small integer that `value` is, where it is one. */
static bool small_integer(const Decimal *value, i128 *out) {
    int32_t scale = value->scale;
    i128 whole = coefficient_strip(value->small, &scale);
    *out = whole;
    return scale == 0;
}

/* 1.000...0 with forty zeros is beyond 128 bits and still 1. */
static bool big_to_int(Decimal value, int64_t *out) {
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, value);
    int32_t scale = value.scale;
    big_strip(number, &scale);
    bool fits = scale == 0 && mpz_fits_slong_p(number) != 0;
    if (fits) {
        *out = mpz_get_si(number);
    }
    mpz_clear(number);
    return fits;
}

bool decimal_to_int(Decimal value, int64_t *out) {
    if (!is_finite(&value)) {
        return false;
    }
    if (!is_small(&value)) {
        return big_to_int(value, out);
    }
    i128 whole;
    if (!small_integer(&value, &whole) || whole > INT64_MAX || whole < INT64_MIN) {
        return false;
    }
    *out = (int64_t)whole;
    return true;
}

Decimal decimal_normal(Arena *arena, Decimal value) {
    if (!is_finite(&value) || value.scale == 0) {
        return value;
    }
    if (is_small(&value)) {
        value.small = coefficient_strip(value.small, &value.scale);
        return value;
    }
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, value);
    big_strip(number, &value.scale);
    Decimal normal = decimal_of_big(arena, number, value.scale);
    mpz_clear(number);
    return normal;
}

/* ---- adding and multiplying ------------------------------------------------------------------------------- */

static Decimal infinite(int sign) {
    return decimal_special(sign < 0 ? DECIMAL_MINUS_INFINITE : DECIMAL_INFINITE);
}

static bool either_nan(const Decimal *a, const Decimal *b) {
    return a->class_ == DECIMAL_NAN || b->class_ == DECIMAL_NAN;
}

static Decimal add_special(const Decimal *a, const Decimal *b) {
    bool cancel = !is_finite(a) && !is_finite(b) && a->class_ != b->class_;
    if (either_nan(a, b) || cancel) {
        return decimal_special(DECIMAL_NAN);
    }
    return is_finite(a) ? *b : *a;
}

static Decimal add_big(Arena *arena, Decimal a, Decimal b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    align_big(a, b, x, y);
    mpz_add(x, x, y);
    Decimal sum = decimal_of_big(arena, x, larger(a.scale, b.scale));
    mpz_clears(x, y, NULL);
    return sum;
}

Decimal decimal_add(Arena *arena, Decimal a, Decimal b) {
    if (!is_finite(&a) || !is_finite(&b)) {
        return add_special(&a, &b);
    }
    i128 x, y, sum;
    if (align_small(&a, &b, &x, &y) && !__builtin_add_overflow(x, y, &sum) && sum >= -COEFFICIENT_MAX) {
        return decimal_of_small(sum, larger(a.scale, b.scale));
    }
    return add_big(arena, a, b);
}

Decimal decimal_negate(Arena *arena, Decimal a) {
    (void)arena; /* limbs are never written, so both signs share them */
    if (!is_finite(&a)) {
        return a.class_ == DECIMAL_NAN ? a : infinite(-decimal_sign(&a));
    }
    a.small = -a.small;
    a.negative = !is_small(&a) && !a.negative;
    return a;
}

Decimal decimal_absolute(Arena *arena, Decimal a) {
    return decimal_sign(&a) < 0 ? decimal_negate(arena, a) : a;
}

Decimal decimal_subtract(Arena *arena, Decimal a, Decimal b) {
    return decimal_add(arena, a, decimal_negate(arena, b));
}

static Decimal multiply_special(const Decimal *a, const Decimal *b) {
    int sign = decimal_sign(a) * decimal_sign(b);
    return either_nan(a, b) || sign == 0 ? decimal_special(DECIMAL_NAN) : infinite(sign);
}

static Decimal multiply_big(Arena *arena, Decimal a, Decimal b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    big_set_decimal(x, a);
    big_set_decimal(y, b);
    mpz_mul(x, x, y);
    Decimal product = decimal_of_big(arena, x, a.scale + b.scale);
    mpz_clears(x, y, NULL);
    return product;
}

Decimal decimal_multiply(Arena *arena, Decimal a, Decimal b) {
    if (!is_finite(&a) || !is_finite(&b)) {
        return multiply_special(&a, &b);
    }
    i128 product;
    if (is_small(&a) && is_small(&b) && !__builtin_mul_overflow(a.small, b.small, &product) &&
        product >= -COEFFICIENT_MAX) {
        return decimal_of_small(product, a.scale + b.scale);
    }
    return multiply_big(arena, a, b);
}

/* ---- dividing ---------------------------------------------------------------------------------------------- */

static Decimal modulo_big(Arena *arena, Decimal a, Decimal b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    align_big(a, b, x, y);
    mpz_tdiv_r(x, x, y);
    Decimal rest = decimal_of_big(arena, x, larger(a.scale, b.scale));
    mpz_clears(x, y, NULL);
    return rest;
}

Decimal decimal_modulo(Arena *arena, Decimal a, Decimal b) {
    if (either_nan(&a, &b) || !is_finite(&a)) {
        return decimal_special(DECIMAL_NAN);
    }
    if (!is_finite(&b)) {
        return a;
    }
    i128 x, y;
    if (align_small(&a, &b, &x, &y)) {
        return decimal_of_small(x % y, larger(a.scale, b.scale));
    }
    return modulo_big(arena, a, b);
}

/* What rounding adds to the quotient of a truncating division: -1, 0, 1. `twice_reaches`: the rest is at least half
 * the divisor. */
static int round_step(Rounding rounding, int sign, bool twice_reaches, bool rest_is_zero) {
    if (rest_is_zero) {
        return 0;
    }
    switch (rounding) {
    case ROUND_HALF_AWAY:
        return twice_reaches ? sign : 0;
    case ROUND_DOWN:
        return sign < 0 ? -1 : 0;
    case ROUND_UP:
        return sign > 0 ? 1 : 0;
    case ROUND_TO_ZERO:
        break;
    }
    return 0;
}

static i128 quotient_small(i128 a, i128 b, Rounding rounding, bool *out_exact) {
    i128 rest = a % b;
    u128 rest_size = coefficient_magnitude(rest);
    bool twice_reaches = rest_size >= coefficient_magnitude(b) - rest_size;
    int sign = (a < 0) == (b < 0) ? 1 : -1;
    *out_exact = rest == 0;
    return a / b + round_step(rounding, sign, twice_reaches, rest == 0);
}

/* a becomes the quotient. */
static void quotient_big(mpz_t a, const mpz_t b, Rounding rounding, bool *out_exact) {
    mpz_t rest;
    mpz_init(rest);
    int sign = mpz_sgn(a) * mpz_sgn(b);
    mpz_tdiv_qr(a, rest, a, b);
    *out_exact = mpz_sgn(rest) == 0;
    mpz_mul_2exp(rest, rest, 1);
    int step = round_step(rounding, sign, mpz_cmpabs(rest, b) >= 0, *out_exact);
    mpz_set_si(rest, step);
    mpz_add(a, a, rest);
    mpz_clear(rest);
}

/* Where a * 10^power or b * 10^-power leaves 128 bits. */
static Decimal divide_big(Arena *arena, Decimal a, Decimal b, int32_t scale, bool *out_exact) {
    int64_t power = (int64_t)scale + b.scale - a.scale;
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    big_set_decimal(x, a);
    big_set_decimal(y, b);
    if (power >= 0) {
        big_scale(x, (uint64_t)power);
    } else {
        big_scale(y, (uint64_t)-power);
    }
    quotient_big(x, y, ROUND_HALF_AWAY, out_exact);
    Decimal quotient = decimal_of_big(arena, x, scale);
    mpz_clears(x, y, NULL);
    return quotient;
}

static Decimal divide_special(const Decimal *a, const Decimal *b, int32_t scale) {
    if (either_nan(a, b) || (!is_finite(a) && !is_finite(b))) {
        return decimal_special(DECIMAL_NAN);
    }
    return is_finite(a) ? decimal_of_small(0, scale) : infinite(decimal_sign(a) * decimal_sign(b));
}

Decimal decimal_divide(Arena *arena, Decimal a, Decimal b, int32_t scale, bool *out_exact) {
    *out_exact = true;
    if (!is_finite(&a) || !is_finite(&b)) {
        return divide_special(&a, &b, scale);
    }
    int64_t power = (int64_t)scale + b.scale - a.scale;
    i128 x, y;
    if (is_small(&a) && is_small(&b) && coefficient_scale(a.small, power > 0 ? power : 0, &x) &&
        coefficient_scale(b.small, power < 0 ? -power : 0, &y)) {
        return decimal_of_small(quotient_small(x, y, ROUND_HALF_AWAY, out_exact), scale);
    }
    return divide_big(arena, a, b, scale, out_exact);
}

/* ---- rounding ------------------------------------------------------------------------------------------------ */

static Decimal pad(Arena *arena, Decimal a, int32_t scale) {
    i128 padded;
    if (is_small(&a) && coefficient_scale(a.small, scale - a.scale, &padded)) {
        return decimal_of_small(padded, scale);
    }
    mpz_t number;
    mpz_init(number);
    big_set_decimal(number, a);
    big_scale(number, (uint64_t)(scale - a.scale));
    Decimal result = decimal_of_big(arena, number, scale);
    mpz_clear(number);
    return result;
}

static Decimal cut_big(Arena *arena, Decimal a, int32_t digits, Rounding rounding) {
    mpz_t number, unit;
    mpz_inits(number, unit, NULL);
    big_set_decimal(number, a);
    big_ten_power(unit, (uint64_t)(a.scale - digits));
    bool exact;
    quotient_big(number, unit, rounding, &exact);
    big_scale(number, (uint64_t)(digits < 0 ? -digits : 0));
    Decimal result = decimal_of_big(arena, number, digits < 0 ? 0 : digits);
    mpz_clears(number, unit, NULL);
    return result;
}

/* a at `digits` behind the point. */
static Decimal decimal_cut(Arena *arena, Decimal a, int32_t digits, Rounding rounding) {
    if (!is_finite(&a)) {
        return a;
    }
    if (digits >= a.scale) {
        int32_t scale = digits < PADDED_SCALE_MAX ? digits : PADDED_SCALE_MAX;
        return scale > a.scale ? pad(arena, a, scale) : a;
    }
    /* a unit larger than any number: the result is 0, or one unit for ROUND_UP and ROUND_DOWN, which come with 0 */
    digits = larger(digits, -(DECIMAL_MAX_BEFORE + 1));
    int32_t power = a.scale - digits;
    i128 result;
    bool exact;
    if (is_small(&a) && power <= TEN_POWER_MAX) {
        i128 quotient = quotient_small(a.small, ten_power(power), rounding, &exact);
        if (coefficient_scale(quotient, digits < 0 ? -digits : 0, &result)) {
            return decimal_of_small(result, digits < 0 ? 0 : digits);
        }
    }
    return cut_big(arena, a, digits, rounding);
}

Decimal decimal_round(Arena *arena, Decimal a, int32_t digits) {
    return decimal_cut(arena, a, digits, ROUND_HALF_AWAY);
}

Decimal decimal_truncate(Arena *arena, Decimal a, int32_t digits) {
    return decimal_cut(arena, a, digits, ROUND_TO_ZERO);
}

Decimal decimal_floor(Arena *arena, Decimal a) {
    return decimal_cut(arena, a, 0, ROUND_DOWN);
}

Decimal decimal_ceil(Arena *arena, Decimal a) {
    return decimal_cut(arena, a, 0, ROUND_UP);
}
