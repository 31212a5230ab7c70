/* Inside of Decimal: see decimal_big.h. */
#include "base/decimal_big.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are stored as GMP has them");

enum { TEN_POWER_64_MAX = 19 };

static const uint64_t TEN_POWERS[TEN_POWER_64_MAX + 1] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    10000000000000000000ULL,
};

i128 ten_power(int32_t power) {
    if (power <= TEN_POWER_64_MAX) {
        return (i128)TEN_POWERS[power];
    }
    return (i128)((u128)TEN_POWERS[TEN_POWER_64_MAX] * TEN_POWERS[power - TEN_POWER_64_MAX]);
}

bool coefficient_scale(i128 coefficient, int64_t power, i128 *out) {
    if (power == 0 || coefficient == 0) {
        *out = coefficient;
        return true;
    }
    return power <= TEN_POWER_MAX && !__builtin_mul_overflow(coefficient, ten_power((int32_t)power), out) &&
           *out >= -COEFFICIENT_MAX;
}

u128 coefficient_magnitude(i128 coefficient) {
    return coefficient < 0 ? (u128)-coefficient : (u128)coefficient;
}

static uint64_t strip_64(uint64_t magnitude, int32_t *scale) {
    while (*scale > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        (*scale)--;
    }
    return magnitude;
}

i128 coefficient_strip(i128 coefficient, int32_t *scale) {
    if (*scale == 0) {
        return coefficient;
    }
    if (coefficient == 0) {
        *scale = 0;
        return 0;
    }
    u128 magnitude = coefficient_magnitude(coefficient);
    while (*scale > 0 && magnitude > UINT64_MAX) {
        if ((magnitude & 1) != 0 || magnitude % 10 != 0) {
            return coefficient < 0 ? -(i128)magnitude : (i128)magnitude;
        }
        magnitude /= 10;
        (*scale)--;
    }
    if (*scale > 0) {
        magnitude = strip_64((uint64_t)magnitude, scale);
    }
    return coefficient < 0 ? -(i128)magnitude : (i128)magnitude;
}

void big_set_magnitude(mpz_t out, u128 magnitude) {
    uint64_t limbs[2] = {(uint64_t)magnitude, (uint64_t)(magnitude >> 64)};
    mpz_import(out, 2, -1, sizeof limbs[0], 0, 0, limbs);
}

void big_set_decimal(mpz_t out, Decimal finite) {
    bool negative = finite.small < 0;
    if (finite.limbs != NULL) {
        negative = finite.negative;
        mpz_import(out, finite.limb_count, -1, sizeof finite.limbs[0], 0, 0, finite.limbs);
    } else {
        big_set_magnitude(out, coefficient_magnitude(finite.small));
    }
    if (negative) {
        mpz_neg(out, out);
    }
}

void big_ten_power(mpz_t out, uint64_t power) {
    mpz_ui_pow_ui(out, 10, power);
}

void big_scale(mpz_t number, uint64_t power) {
    if (power > 0) {
        mpz_t factor;
        mpz_init(factor);
        big_ten_power(factor, power);
        mpz_mul(number, number, factor);
        mpz_clear(factor);
    }
}

void big_strip(mpz_t number, int32_t *scale) {
    if (*scale == 0 || mpz_sgn(number) == 0) {
        *scale = 0;
        return;
    }
    mpz_t ten;
    mpz_init_set_ui(ten, 10);
    mp_bitcnt_t removed = mpz_remove(number, number, ten);
    mpz_clear(ten);
    if (removed > (mp_bitcnt_t)*scale) {
        big_scale(number, removed - (mp_bitcnt_t)*scale);
        *scale = 0;
    } else {
        *scale -= (int32_t)removed;
    }
}

Decimal decimal_of_small(i128 coefficient, int32_t scale) {
    return (Decimal){.small = coefficient, .scale = scale};
}

Decimal decimal_special(DecimalClass class_) {
    return (Decimal){.class_ = (uint8_t)class_};
}

static Decimal small_of_big(const mpz_t number, int32_t scale) {
    uint64_t limbs[2] = {0, 0};
    mpz_export(limbs, NULL, -1, sizeof limbs[0], 0, 0, number);
    i128 magnitude = (i128)(((u128)limbs[1] << 64) | limbs[0]);
    return decimal_of_small(mpz_sgn(number) < 0 ? -magnitude : magnitude, scale);
}

Decimal decimal_of_big(Arena *arena, const mpz_t number, int32_t scale) {
    if (mpz_sizeinbase(number, 2) <= 127) {
        return small_of_big(number, scale);
    }
    size_t count = mpz_size(number);
    uint64_t *limbs = ARENA_MANY(arena, count, uint64_t);
    memcpy(limbs, mpz_limbs_read(number), count * sizeof limbs[0]);
    return (Decimal){.limbs = limbs, .limb_count = (uint32_t)count, .scale = scale, .negative = mpz_sgn(number) < 0};
}

static void *gmp_resize(void *memory, size_t old_bytes, size_t bytes) {
    (void)old_bytes;
    return mem_resize(memory, bytes);
}

static void gmp_free(void *memory, size_t bytes) {
    (void)bytes;
    free(memory);
}

void decimal_adopt_gmp(void) {
    mp_set_memory_functions(mem_alloc, gmp_resize, gmp_free);
}

static Decimal big_of_digits(Arena *arena, const char *digits, size_t count, bool negative, int32_t scale) {
    char *text = mem_alloc(count + 1);
    memcpy(text, digits, count);
    text[count] = '\0';
    mpz_t number;
    mpz_init(number);
    (void)mpz_set_str(number, text, 10);
    free(text);
    if (negative) {
        mpz_neg(number, number);
    }
    Decimal value = decimal_of_big(arena, number, scale);
    mpz_clear(number);
    return value;
}

static uint64_t digits_64(const char *digits, size_t count) {
    uint64_t magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        magnitude = magnitude * 10 + (uint64_t)(digits[i] - '0');
    }
    return magnitude;
}

Decimal decimal_of_digits(Arena *arena, const char *digits, size_t count, bool negative, int32_t scale) {
    enum { HALF = TEN_POWER_MAX / 2 };
    if (count > TEN_POWER_MAX) {
        return big_of_digits(arena, digits, count, negative, scale);
    }
    size_t high = count > HALF ? count - HALF : 0;
    i128 magnitude = digits_64(digits + high, count - high);
    if (high > 0) {
        magnitude += (i128)digits_64(digits, high) * ten_power(HALF);
    }
    return decimal_of_small(negative ? -magnitude : magnitude, scale);
}
