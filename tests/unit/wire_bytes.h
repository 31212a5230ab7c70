/* Random values as a server might send them, honest and hostile, from a seed that is printed. */
#ifndef UNIT_WIRE_BYTES_H
#define UNIT_WIRE_BYTES_H

#include "source/postgres_type.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t wire_state;

/* From TEST_SEED, where it is set. */
static inline void wire_seed(void) {
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : UINT64_C(20260102);
    printf("seed %llu (set TEST_SEED for another)\n", (unsigned long long)seed);
    wire_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static inline uint64_t wire_below(uint64_t limit) {
    wire_state ^= wire_state << 13;
    wire_state ^= wire_state >> 7;
    wire_state ^= wire_state << 17;
    return wire_state % limit;
}

static inline void wire_put(Buf *out, uint64_t value, size_t bytes) {
    for (size_t i = bytes; i-- > 0;) {
        buf_char(out, (char)(i < sizeof value ? value >> (8 * i) : 0));
    }
}

static inline void wire_put_random(Buf *out, size_t length) {
    for (size_t i = 0; i < length; i++) {
        wire_put(out, wire_below(4) == 0 ? (wire_below(2) == 0 ? 0 : 0xff) : wire_below(256), 1);
    }
}

static inline void wire_put_numeric(Buf *out) {
    static const unsigned signs[] = {0, 0, 0, 0x4000, 0x4000, 0xC000, 0xD000, 0xF000, 0x4001, 1};
    static const unsigned groups[] = {0, 0, 1, 10, 100, 1000, 1200, 5000, 9999, 10000};
    uint64_t count = wire_below(wire_below(4) == 0 ? 20 : 6);
    wire_put(out, wire_below(50) == 0 ? count + 1 : count, 2);
    wire_put(out, (uint16_t)((int)wire_below(12) - 5), 2);
    wire_put(out, signs[wire_below(sizeof signs / sizeof *signs)], 2);
    wire_put(out, wire_below(10) == 0 ? wire_below(65536) : wire_below(20), 2);
    for (; count > 0; count--) {
        uint64_t known = groups[wire_below(sizeof groups / sizeof *groups - (wire_below(9) != 0))];
        wire_put(out, wire_below(2) == 0 ? known : wire_below(10000), 2);
    }
}

static inline void wire_put_text(Buf *out) {
    static const char *const texts[] = {"",
                                        "paid",
                                        "a note",
                                        "\xc3\xa4",
                                        "\xc3",
                                        "\xff",
                                        "a\xf0\x9f\x98\x80z",
                                        "{1,2.0,NULL}",
                                        "{\"b\": 1.50, \"a\": [true, null]}",
                                        "[1,5)",
                                        "{{1},{2}}",
                                        "{",
                                        "12.50",
                                        "  x  "};
    if (wire_below(3) == 0) {
        wire_put_random(out, wire_below(wire_below(20) == 0 ? 9000 : 40));
    } else {
        buf_text(out, texts[wire_below(sizeof texts / sizeof *texts)]);
    }
}

/* A value of this form; every eighth is any bytes. */
static inline void wire_put_value(Buf *out, PgWire wire) {
    static const size_t widths[PG_WIRE_COUNT] = {
        [PG_WIRE_BOOL] = 1,   [PG_WIRE_INT2] = 2, [PG_WIRE_INT4] = 4, [PG_WIRE_INT8] = 8,      [PG_WIRE_FLOAT4] = 4,
        [PG_WIRE_FLOAT8] = 8, [PG_WIRE_TIME] = 8, [PG_WIRE_DATE] = 4, [PG_WIRE_INTERVAL] = 16, [PG_WIRE_UUID] = 16};
    if (wire_below(8) == 0) {
        wire_put_random(out, wire_below(24));
    } else if (widths[wire] > 0 && wire_below(3) == 0) {
        wire_put(out, wire_below(3), widths[wire]); /* small, or what bool allows */
    } else if (widths[wire] > 0) {
        wire_put_random(out, widths[wire]);
    } else if (wire == PG_WIRE_NUMERIC) {
        wire_put_numeric(out);
    } else {
        if (wire == PG_WIRE_JSONB) {
            wire_put(out, wire_below(10) != 0, 1);
        }
        wire_put_text(out);
    }
}

#endif
