/* Fuzzes numbers. The first byte picks what the others are: SQL text, or numeric_send's bytes. Whatever is accepted
 * must keep the laws of base/decimal.h; a broken one aborts. */
#include "base/decimal.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds) {
    if (!holds) {
        abort();
    }
}

static bool same(Decimal a, Decimal b) {
    return decimal_compare(a, b) == 0;
}

static void check_text(Arena *arena, Decimal value) {
    Buf text = {0}, again = {0};
    Decimal read = {0};
    decimal_print(value, &text);
    demand(decimal_parse(arena, buf_view(&text), &read) && same(value, read));
    decimal_print(read, &again);
    demand(str_equal(buf_view(&text), buf_view(&again)));
    buf_free(&text);
    buf_free(&again);
}

static void check_canonical(Arena *arena, Decimal value) {
    Buf first = {0}, second = {0};
    Decimal normal = decimal_normal(arena, value);
    demand(same(normal, value) && normal.scale <= value.scale);
    decimal_canonical(value, &first);
    decimal_canonical(normal, &second);
    demand(str_equal(buf_view(&first), buf_view(&second)));
    buf_free(&first);
    buf_free(&second);
}

static void check_rounding(Arena *arena, Decimal value) {
    Decimal floor = decimal_floor(arena, value), ceil = decimal_ceil(arena, value);
    demand(decimal_compare(floor, value) <= 0 && decimal_compare(value, ceil) <= 0);
    demand(same(floor, ceil) == (decimal_normal(arena, value).scale == 0 || value.class_ != DECIMAL_FINITE));
    int64_t whole;
    demand(!decimal_to_int(value, &whole) || same(value, decimal_of_int(whole)));
    demand(same(decimal_truncate(arena, value, value.scale), value));
    demand(same(decimal_negate(arena, decimal_negate(arena, value)), value));
    double number = decimal_to_double(value);
    demand(!isfinite(number) || decimal_to_double(decimal_of_double(arena, number, false)) == number);
}

static void check_arithmetic(Arena *arena, Decimal a, Decimal b) {
    Decimal sum = decimal_add(arena, a, b), product = decimal_multiply(arena, a, b);
    demand(same(sum, decimal_add(arena, b, a)) && same(product, decimal_multiply(arena, b, a)));
    demand(decimal_compare(a, b) == -decimal_compare(b, a));
    if (a.class_ != DECIMAL_FINITE || b.class_ != DECIMAL_FINITE) {
        return;
    }
    demand(same(decimal_subtract(arena, sum, b), a));
    if (decimal_compare(b, decimal_of_int(0)) != 0) {
        bool exact;
        Decimal rest = decimal_modulo(arena, a, b);
        demand(decimal_compare(decimal_absolute(arena, rest), decimal_absolute(arena, b)) < 0);
        demand(same(decimal_divide(arena, product, b, a.scale, &exact), a) && exact);
    }
}

static bool read_number(Arena *arena, bool wire, const uint8_t *data, size_t size, Decimal *out) {
    if (wire) {
        return decimal_of_wire(arena, data, size, out);
    }
    return decimal_parse(arena, (Str){(const char *)data, size}, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena arena = {0};
    Decimal a, b;
    if (size < 2) {
        return 0;
    }
    bool wire = data[0] % 2 == 0;
    size_t cut = 2 + (size - 2) * data[1] / 256;
    if (read_number(&arena, wire, data + 2, cut - 2, &a)) {
        check_text(&arena, a);
        check_canonical(&arena, a);
        check_rounding(&arena, a);
        if (read_number(&arena, wire, data + cut, size - cut, &b)) {
            check_arithmetic(&arena, a, b);
        }
    }
    arena_free(&arena);
    return 0;
}
