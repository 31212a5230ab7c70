/* Decimal: PostgreSQL's numeric_send, read.
 *
 *     0002 0000 4000 0002  0001 1388      count, weight, sign, scale; then groups: -(1 * 10000^0 + 5000 * 10000^-1)
 *
 * Refuses: bytes that are malformed, or a number larger than PostgreSQL's limits.
 */
#include "base/decimal.h"
#include "base/decimal_big.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_HEADER = 8, GROUP_DIGITS = 4, GROUP_BASE = 10000 };

/* Groups of four decimal digits; the first is worth 10000^weight. */
typedef struct WireNumber {
    const unsigned char *groups;
    int32_t count;
    int32_t weight;
    bool negative;
    int32_t scale; /* digits to show behind the point */
} WireNumber;

static uint32_t wire_16(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static int32_t wire_signed_16(const unsigned char *bytes) {
    return (int16_t)wire_16(bytes);
}

/* The digits behind the point that the groups themselves hold. */
static int32_t wire_fraction(const WireNumber *n) {
    int32_t groups = n->count - 1 - n->weight;
    return groups > 0 ? groups * GROUP_DIGITS : 0;
}

/* Zeros that follow the groups' digits: up to the point, and behind it up to the shown scale. */
static int32_t wire_zeros(const WireNumber *n) {
    int32_t before = n->weight >= n->count ? (n->weight + 1 - n->count) * GROUP_DIGITS : 0;
    int32_t behind = n->scale - wire_fraction(n);
    return before + (behind > 0 ? behind : 0);
}

/* groups[0 .. count - 1) in one number; false: a group is not one. */
static bool read_groups(const WireNumber *n, u128 *out) {
    u128 magnitude = 0;
    uint64_t part = 0, part_base = 1;
    for (int32_t i = 0; i < n->count - 1; i++) {
        uint32_t group = wire_16(n->groups + 2 * i);
        if (group >= GROUP_BASE) {
            return false;
        }
        part = part * GROUP_BASE + group;
        part_base *= GROUP_BASE;
        if (i % 4 == 3) {
            magnitude = magnitude * part_base + part;
            part = 0;
            part_base = 1;
        }
    }
    *out = magnitude * part_base + part;
    return true;
}

/* The common case, up to nine groups: 12.34 is [12][3400], scale 2, so the last group gives two of its digits;
 * 500.00 is [500], scale 2, so two zeros follow. */
static bool wire_small(const WireNumber *n, Decimal *out) {
    static const uint32_t CUT[GROUP_DIGITS] = {1, 10, 100, 1000}, KEPT[GROUP_DIGITS] = {10000, 1000, 100, 10};
    int32_t zeros = wire_zeros(n), hidden = wire_fraction(n) - n->scale;
    u128 magnitude;
    if (hidden >= GROUP_DIGITS || n->count * GROUP_DIGITS + zeros > TEN_POWER_MAX || !read_groups(n, &magnitude)) {
        return false;
    }
    hidden = hidden > 0 ? hidden : 0;
    uint32_t last = wire_16(n->groups + 2 * (n->count - 1)), cut = CUT[hidden];
    if (last >= GROUP_BASE || last % cut != 0) {
        return false;
    }
    magnitude = magnitude * KEPT[hidden] + last / cut;
    if (zeros > 0) {
        magnitude *= (u128)ten_power(zeros);
    }
    *out = decimal_of_small(n->negative ? -(i128)magnitude : (i128)magnitude, n->scale);
    return true;
}

static bool write_groups(const WireNumber *n, char *digits) {
    for (int32_t i = 0; i < n->count; i++) {
        uint32_t group = wire_16(n->groups + 2 * i);
        if (group >= GROUP_BASE) {
            return false;
        }
        for (int32_t k = GROUP_DIGITS - 1; k >= 0; k--, group /= 10) {
            digits[i * GROUP_DIGITS + k] = (char)('0' + group % 10);
        }
    }
    return true;
}

/* Any form, by way of the digits as text. A sender may hide digits behind the shown scale; the value keeps them. */
static bool wire_any(Arena *arena, const WireNumber *n, Decimal *out) {
    int32_t fraction = wire_fraction(n);
    int32_t scale = fraction > n->scale ? fraction : n->scale;
    size_t length = (size_t)(n->count * GROUP_DIGITS + wire_zeros(n));
    char *digits = mem_alloc(length + 1);
    memset(digits, '0', length);
    bool good = write_groups(n, digits);
    for (; scale > n->scale && length > 0 && digits[length - 1] == '0'; scale--) {
        length--;
    }
    good = good && scale <= DECIMAL_MAX_SCALE;
    if (good) {
        *out = decimal_of_digits(arena, digits, length, n->negative, scale);
    }
    free(digits);
    return good;
}

static bool wire_special(uint32_t sign, Decimal *out) {
    switch (sign) {
    case 0xC000:
        *out = decimal_special(DECIMAL_NAN);
        return true;
    case 0xD000:
        *out = decimal_special(DECIMAL_INFINITE);
        return true;
    case 0xF000:
        *out = decimal_special(DECIMAL_MINUS_INFINITE);
        return true;
    default:
        return false;
    }
}

bool decimal_of_wire(Arena *arena, const unsigned char *bytes, size_t length, Decimal *out) {
    if (length < WIRE_HEADER || length != WIRE_HEADER + 2 * (size_t)wire_16(bytes)) {
        return false;
    }
    uint32_t sign = wire_16(bytes + 4);
    if (sign != 0 && sign != 0x4000) {
        return wire_special(sign, out);
    }
    WireNumber n = {.groups = bytes + WIRE_HEADER,
                    .count = (int32_t)wire_16(bytes),
                    .weight = wire_signed_16(bytes + 2),
                    .negative = sign != 0,
                    .scale = (int32_t)wire_16(bytes + 6)};
    if (n.scale > DECIMAL_MAX_SCALE) {
        return false;
    }
    if (n.count == 0) {
        *out = decimal_of_small(0, n.scale);
        return true;
    }
    return (n.count <= 9 && wire_small(&n, out)) || wire_any(arena, &n, out);
}

/* ---- few digits ------------------------------------------------------------------------------------------- */

/* Up to four groups lie in one word, the last group lowest. */
enum { SHORT_GROUPS = 4, GROUP_BITS = 16 };

static const ShortDecimal NOT_SHORT = {.scale = -1};

static uint64_t load_64(const unsigned char *bytes) {
    uint64_t big_endian;
    memcpy(&big_endian, bytes, sizeof big_endian);
    return be64toh(big_endian);
}

/* Whether each group is below 10000: neither has its highest bit, nor gets it from what 10000 lacks of that bit. */
static bool are_groups(uint64_t groups) {
    static const uint64_t highest = UINT64_C(0x8000800080008000), lack = UINT64_C(0x58F058F058F058F0);
    return ((groups | (groups + lack)) & highest) == 0;
}

static int64_t group_at(uint64_t groups, int place) {
    return (int64_t)(groups >> (place * GROUP_BITS) & 0xFFFF);
}

/* Groups that end behind the point: the last one, which is not 0, loses its zeros. */
static ShortDecimal short_fraction(uint64_t groups, int64_t scale) {
    int64_t before = (group_at(groups, 3) * GROUP_BASE + group_at(groups, 2)) * GROUP_BASE + group_at(groups, 1);
    int64_t base = GROUP_BASE;
    uint32_t last = (uint32_t)group_at(groups, 0);
    if (last % 100 == 0) {
        last /= 100;
        base /= 100;
        scale -= 2;
    }
    if (last % 10 == 0) {
        last /= 10;
        base /= 10;
        scale--;
    }
    return (ShortDecimal){before * base + last, scale};
}

static ShortDecimal short_integer(uint64_t groups, int zero_groups) {
    int64_t magnitude = 0;
    for (int place = SHORT_GROUPS - 1; place >= 0; place--) {
        magnitude = magnitude * GROUP_BASE + group_at(groups, place);
    }
    for (; zero_groups > 0; zero_groups--) {
        magnitude *= GROUP_BASE;
    }
    return (ShortDecimal){magnitude, 0};
}

ShortDecimal decimal_of_short_wire(const unsigned char *bytes, size_t length) {
    if (length <= WIRE_HEADER || length > WIRE_HEADER + 2 * SHORT_GROUPS) {
        return NOT_SHORT;
    }
    uint64_t header = load_64(bytes); /* count, weight, sign, scale */
    int count = (int)(header >> 48), weight = (int16_t)(header >> 32);
    int behind = count - 1 - weight; /* groups behind the point */
    if (length != WIRE_HEADER + 2 * (size_t)count || (header & 0xBFFF0000) != 0 || weight >= SHORT_GROUPS ||
        behind > SHORT_GROUPS || (header & 0xFFFF) > DECIMAL_MAX_SCALE) {
        return NOT_SHORT;
    }
    uint64_t groups = load_64(bytes + length - sizeof groups) & UINT64_MAX >> (SHORT_GROUPS - count) * GROUP_BITS;
    if (!are_groups(groups) || (behind > 0 && group_at(groups, 0) == 0)) {
        return NOT_SHORT;
    }
    ShortDecimal number = behind > 0 ? short_fraction(groups, behind * GROUP_DIGITS) : short_integer(groups, -behind);
    number.coefficient = (header & 0x40000000) != 0 ? -number.coefficient : number.coefficient;
    return number;
}
