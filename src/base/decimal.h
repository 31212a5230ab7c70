/* Decimal: an exact number of any size, as SQL's numeric has it.
 *
 * value = coefficient * 10^-scale, with scale >= 0; or NaN, +infinity, -infinity.
 * The coefficient sits in 128 bits while it fits and in GMP limbs (in an arena) beyond. The same value
 * has many spellings (1.0, 1.00); decimal_compare and decimal_canonical see the value, never the spelling.
 * Order, PostgreSQL's: -infinity < numbers < infinity < NaN, and NaN equals NaN.
 *
 * A Decimal is copied by assignment; limbs live as long as the arena they were made in. Arithmetic is
 * exact; decimal_divide says when the quotient has no finite decimal form.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

typedef enum DecimalClass { DECIMAL_FINITE, DECIMAL_NAN, DECIMAL_INFINITE, DECIMAL_MINUS_INFINITE } DecimalClass;

typedef struct Decimal {
    i128 small;            /* the coefficient, where limbs is NULL */
    const uint64_t *limbs; /* magnitude, least significant first; NULL where small holds it */
    uint32_t limb_count;
    int32_t scale; /* digits after the point, 0 or more */
    uint8_t class_; /* DecimalClass */
    bool negative;  /* of limbs */
} Decimal;

/* Digits a Decimal may have on each side of the point: PostgreSQL's own limits for numeric. */
enum { DECIMAL_MAX_BEFORE = 131072, DECIMAL_MAX_SCALE = 16383 };

/* Puts GMP's own memory under the promise of base/arena.h. Process-wide: for programs, once, before any thread. */
void decimal_adopt_gmp(void);

Decimal decimal_of_int(int64_t value);
/* The number that the shortest text of this float that reads back as the same float stands for, where
 * |value| < 2^53 (0.1 gives 0.1); the exact binary value above. `single`: the float is a float4. */
Decimal decimal_of_double(Arena *arena, double value, bool single);
/* SQL's spellings: "12", "-1.50", ".5", "1e-7", "NaN", "Infinity", "-inf". False: not a number, or too long. */
bool decimal_parse(Arena *arena, Str text, Decimal *out);
/* numeric_send's bytes (big-endian int16 ndigits, weight, sign, dscale, then base-10000 digits). False: malformed. */
bool decimal_of_wire(Arena *arena, const unsigned char *bytes, size_t length, Decimal *out);
/* A number of few digits in its shortest spelling: 12.50 is 125 at scale 1. Scale -1: it is none, or malformed. */
typedef struct ShortDecimal {
    int64_t coefficient, scale;
} ShortDecimal;
ShortDecimal decimal_of_short_wire(const unsigned char *bytes, size_t length);

int decimal_compare(Decimal a, Decimal b);            /* -1, 0, 1 */
bool decimal_to_int(Decimal value, int64_t *out);     /* false: a fraction, or out of range */
double decimal_to_double(Decimal value);              /* nearest, ties to even */
Decimal decimal_normal(Arena *arena, Decimal value);  /* the spelling with the smallest scale */
void decimal_print(Decimal value, Buf *out);          /* PostgreSQL's text, scale kept: 1.50 */
/* The value's one canonical form: sign, scale, big-endian magnitude, trailing zeros gone. See source/canon.h. */
void decimal_canonical(Decimal value, Buf *out);
/* The same for hot loops, where value->limbs is NULL: how many bytes of `out` it took. */
enum { DECIMAL_CANONICAL_SMALL = 21 };
size_t decimal_canonical_small(const Decimal *value, unsigned char out[DECIMAL_CANONICAL_SMALL]);
size_t decimal_canonical_short(ShortDecimal value, unsigned char out[DECIMAL_CANONICAL_SMALL]);

Decimal decimal_add(Arena *arena, Decimal a, Decimal b);
Decimal decimal_subtract(Arena *arena, Decimal a, Decimal b);
Decimal decimal_multiply(Arena *arena, Decimal a, Decimal b);
Decimal decimal_negate(Arena *arena, Decimal a);
Decimal decimal_absolute(Arena *arena, Decimal a);
/* a mod b with the sign of a, as SQL has it. b must not be 0. */
Decimal decimal_modulo(Arena *arena, Decimal a, Decimal b);
/* a / b compared with c without rounding is expr's business (multiply instead); this gives the quotient rounded half
 * away from zero to `scale` digits and whether it is exact. b must not be 0. */
Decimal decimal_divide(Arena *arena, Decimal a, Decimal b, int32_t scale, bool *out_exact);
/* `digits` may be negative (hundreds). */
Decimal decimal_round(Arena *arena, Decimal a, int32_t digits); /* half away from zero, as numeric does */
Decimal decimal_truncate(Arena *arena, Decimal a, int32_t digits);
Decimal decimal_floor(Arena *arena, Decimal a);
Decimal decimal_ceil(Arena *arena, Decimal a);

#endif
