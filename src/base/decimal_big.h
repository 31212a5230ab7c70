/* Inside of Decimal: powers of ten, and coefficients as GMP numbers where 128 bits end. For decimal*.c only.
 *
 * Every mpz_t here is initialised and cleared by the caller. A coefficient is `small` exactly when its magnitude is
 * at most COEFFICIENT_MAX, so that negating never overflows and one value has one representation.
 */
#ifndef BASE_DECIMAL_BIG_H
#define BASE_DECIMAL_BIG_H

#include "base/decimal.h"

#include <gmp.h>

#define COEFFICIENT_MAX ((i128)(((u128)1 << 127) - 1))

enum { TEN_POWER_MAX = 38 }; /* 10^38 < 2^127 < 10^39 */

/* 10^power for power <= TEN_POWER_MAX. */
i128 ten_power(int32_t power);
/* coefficient * 10^power; false where that leaves the small range. */
bool coefficient_scale(i128 coefficient, int64_t power, i128 *out);
u128 coefficient_magnitude(i128 coefficient);

/* Takes away zeros at the end while scale is above 0; *scale follows. */
i128 coefficient_strip(i128 coefficient, int32_t *scale);

void big_set_decimal(mpz_t out, Decimal finite);
void big_set_magnitude(mpz_t out, u128 magnitude);
void big_ten_power(mpz_t out, uint64_t power);
void big_scale(mpz_t number, uint64_t power); /* number *= 10^power */
void big_strip(mpz_t number, int32_t *scale);
Decimal decimal_of_big(Arena *arena, const mpz_t number, int32_t scale);
Decimal decimal_of_small(i128 coefficient, int32_t scale);
Decimal decimal_special(DecimalClass class_);
/* Digits without sign and point: "150" at scale 2 is 1.50. */
Decimal decimal_of_digits(Arena *arena, const char *digits, size_t count, bool negative, int32_t scale);

#endif
