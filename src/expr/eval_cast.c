/* Casts, a cell at a time: from its kind to the wanted one, or unknown. Zones are UTC. */
#include "base/json.h"
#include "expr/document_text.h"
#include "expr/eval_time.h"
#include "expr/shape.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* False: no such value. */
typedef bool CastFn(Arena *arena, TypeName type, Value in, Value *out);

static Decimal number_of(Value value) {
    return value.kind == KIND_INT ? decimal_of_int(value.as.integer) : value.as.decimal;
}

static bool is_finite(Decimal value) {
    return value.class_ == DECIMAL_FINITE;
}

/* ---- to integers ---------------------------------------------------------------------------------------- */

static bool fits_bits(int bits, int64_t value) {
    return bits == 64 || (value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1));
}

static bool number_to_int(Arena *arena, TypeName type, Value in, Value *out) {
    Decimal number = number_of(in);
    return is_finite(number) && decimal_to_int(decimal_round(arena, number, 0), &out->as.integer) &&
           fits_bits(type.bits, out->as.integer);
}

static bool float_to_int(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    double whole = rint(in.as.number);
    if (!(whole >= -9223372036854775808.0 && whole < 9223372036854775808.0)) {
        return false;
    }
    out->as.integer = (int64_t)whole;
    return fits_bits(type.bits, out->as.integer);
}

static bool bool_to_int(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    out->as.integer = in.as.integer;
    return true;
}

static bool text_to_int(Arena *arena, TypeName type, Value in, Value *out) {
    Str text;
    Decimal number;
    return shape_integer(in.as.text, &text) && decimal_parse(arena, text, &number) &&
           decimal_to_int(number, &out->as.integer) && fits_bits(type.bits, out->as.integer);
}

/* ---- to decimals ---------------------------------------------------------------------------------------- */

/* numeric(p,s): rounded to s digits, unknown where more than p - s stand before the point. */
static bool fit_precision(Arena *arena, TypeName type, Decimal number, Value *out) {
    out->as.decimal = number;
    if (!type.has_precision || number.class_ == DECIMAL_NAN) {
        return true;
    }
    if (!is_finite(number)) {
        return false;
    }
    out->as.decimal = decimal_round(arena, number, type.scale);
    Decimal limit = decimal_of_int(1);
    for (int i = type.scale; i < type.precision; i++) {
        limit = decimal_multiply(arena, limit, decimal_of_int(10));
    }
    return decimal_compare(decimal_absolute(arena, out->as.decimal), limit) < 0;
}

static bool number_to_decimal(Arena *arena, TypeName type, Value in, Value *out) {
    return fit_precision(arena, type, number_of(in), out);
}

/* What the float's shortest text says: 0.1 is 0.1. */
static bool float_to_decimal(Arena *arena, TypeName type, Value in, Value *out) {
    Buf text = {0};
    Decimal number;
    value_print(in, &text);
    bool good = isinf(in.as.number) == 0 && decimal_parse(arena, buf_view(&text), &number);
    buf_free(&text);
    return good && fit_precision(arena, type, number, out);
}

static bool text_to_decimal(Arena *arena, TypeName type, Value in, Value *out) {
    Str text;
    Decimal number;
    return shape_number(in.as.text, &text) && decimal_parse(arena, text, &number) &&
           fit_precision(arena, type, number, out);
}

/* ---- to floats ------------------------------------------------------------------------------------------ */

/* Whether the number lies where doubles do: 0, or between the least and the greatest one. */
static bool in_double_range(Arena *arena, Decimal number) {
    static const char least_text[] = "5e-324", most_text[] = "1.7976931348623157e308";
    if (!is_finite(number) || (number.limbs == NULL && (number.small == 0 || number.scale < 300))) {
        return true;
    }
    Decimal least, most, size = decimal_absolute(arena, number);
    bool read =
        decimal_parse(arena, STR_LITERAL(least_text), &least) && decimal_parse(arena, STR_LITERAL(most_text), &most);
    return read && decimal_compare(size, least) >= 0 && decimal_compare(size, most) <= 0;
}

static bool fit_single(TypeName type, double number, Value *out) {
    double size = fabs(number);
    out->as.number = type.bits == 32 ? (double)(float)number : number;
    return type.bits == 64 || number == 0 || !isfinite(number) || (size >= 1.5e-45 && size <= FLT_MAX);
}

static bool number_to_float(Arena *arena, TypeName type, Value in, Value *out) {
    if (in.kind == KIND_INT) {
        return fit_single(type, (double)in.as.integer, out);
    }
    return in_double_range(arena, in.as.decimal) && fit_single(type, decimal_to_double(in.as.decimal), out);
}

static bool float_to_float(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    return fit_single(type, in.as.number, out);
}

static bool text_to_float(Arena *arena, TypeName type, Value in, Value *out) {
    Str text;
    Value number = {.kind = KIND_DECIMAL, .state = CELL_VALUE};
    if (!shape_number(in.as.text, &text) || !decimal_parse(arena, text, &number.as.decimal) ||
        !number_to_float(arena, type, number, out)) {
        return false;
    }
    bool minus_zero = out->as.number == 0 && text.bytes[0] == '-';
    out->as.number = minus_zero ? -0.0 : out->as.number;
    return true;
}

/* ---- to truth values ------------------------------------------------------------------------------------ */

static bool int_to_bool(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    out->as.integer = decimal_compare(number_of(in), decimal_of_int(0)) != 0;
    return true;
}

static bool text_to_bool(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    bool truth = false;
    bool good = shape_bool(in.as.text, &truth);
    out->as.integer = truth;
    return good;
}

/* ---- to text -------------------------------------------------------------------------------------------- */

static Str first_chars(Str text, int count) {
    size_t at = 0;
    while (count-- > 0 && at < text.length) {
        at += utf8_step((Str){text.bytes + at, text.length - at});
    }
    return (Str){text.bytes, at < text.length ? at : text.length};
}

static bool bool_to_text(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    out->as.text = first_chars(str_of(in.as.integer != 0 ? "true" : "false"), type.length > 0 ? type.length : 5);
    return true;
}

/* Without printf, which takes longer than all the rest. */
static Str int_text(Arena *arena, int64_t value) {
    char digits[20]; /* -9223372036854775808 */
    size_t at = sizeof digits;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    return str_copy(arena, (Str){digits + at, sizeof digits - at});
}

static bool any_to_text(Arena *arena, TypeName type, Value in, Value *out) {
    if (in.kind == KIND_INT) {
        Str digits = int_text(arena, in.as.integer);
        out->as.text = type.length > 0 ? first_chars(digits, type.length) : digits;
        return true;
    }
    Buf text = {0};
    if (in.kind == KIND_JSON) {
        document_print(arena, in.as.text, &text);
    } else {
        value_print(in, &text);
    }
    Str copy = str_copy(arena, buf_view(&text));
    buf_free(&text);
    out->as.text = type.length > 0 ? first_chars(copy, type.length) : copy;
    return true;
}

static bool text_to_text(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    out->as.text = first_chars(in.as.text, type.length);
    return true;
}

/* ---- times ---------------------------------------------------------------------------------------------- */

static bool date_to_timestamp(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    bool finite = time_is_finite(in.as.integer);
    if (finite && in.as.integer >= calendar_days(294277, 1, 1)) {
        return false;
    }
    out->as.integer = finite ? in.as.integer * CALENDAR_DAY_US : in.as.integer;
    return true;
}

static bool timestamp_to_date(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    int64_t us = in.as.integer;
    bool finite = time_is_finite(us);
    out->as.integer = finite ? us / CALENDAR_DAY_US - (us % CALENDAR_DAY_US < 0 ? 1 : 0) : us;
    return true;
}

static bool timestamp_to_time(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    int64_t rest = in.as.integer % CALENDAR_DAY_US;
    out->as.integer = rest < 0 ? rest + CALENDAR_DAY_US : rest;
    return time_is_finite(in.as.integer);
}

static bool same_instant(Arena *arena, TypeName type, Value in, Value *out) {
    (void)arena;
    (void)type;
    out->as.integer = in.as.integer;
    return true;
}

static bool text_to_time(Arena *arena, TypeName type, Value in, Value *out) {
    Str text = in.as.text;
    bool good = (type.kind == KIND_DATE && shape_date(text)) || (type.kind == KIND_TIME && shape_time(text)) ||
                (type.kind == KIND_TIMESTAMP && shape_timestamp(text)) ||
                (type.kind == KIND_TIMESTAMPTZ && shape_timestamptz(text)) || type.kind == KIND_INTERVAL;
    return good && value_parse(arena, type.kind, text, out) &&
           (type.kind != KIND_INTERVAL || !interval_is_infinite(out->as.interval));
}

/* ---- others --------------------------------------------------------------------------------------------- */

static bool text_to_uuid(Arena *arena, TypeName type, Value in, Value *out) {
    return shape_uuid(in.as.text) && value_parse(arena, type.kind, in.as.text, out);
}

static bool text_to_json(Arena *arena, TypeName type, Value in, Value *out) {
    (void)type;
    Buf canonical = {0};
    bool good = json_canonical(in.as.text, arena, &canonical);
    buf_free(&canonical);
    out->as.text = in.as.text;
    return good;
}

static CastFn *const casts[KIND_COUNT][KIND_COUNT] = {
#define CAST(from, to, run, sql) [KIND_##from][KIND_##to] = run,
#include "expr/casts.def"
#undef CAST
};

/* ---- a column ------------------------------------------------------------------------------------------- */

static void store(Reg *out, Decimal *numbers, Kind kind, size_t row, Value value) {
    if (kind == KIND_BOOL) {
        out->data.bools[row] = (uint8_t)(value.as.integer != 0);
    } else if (expr_is_number(kind)) {
        numbers[row] = kind == KIND_INT ? decimal_of_int(value.as.integer) : value.as.decimal;
    } else if (kind == KIND_FLOAT) {
        out->data.floats[row] = value.as.number;
    } else if (kind == KIND_INTERVAL) {
        out->data.intervals[row] = value.as.interval;
    } else if (kind == KIND_TEXT || kind == KIND_UUID || kind == KIND_JSON || kind == KIND_BYTES) {
        out->data.texts[row] = value.as.text;
    } else {
        out->data.ints[row] = value.as.integer;
    }
}

/* A whole narrow number that fits is its own cast: the usual id::bigint and amount::float. */
static bool cast_fast(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    TypeName type = step->node->type;
    if (!expr_is_number(step->node->args[0]->kind) || in->wide || in->scale != 0) {
        return false;
    }
    if (type.kind == KIND_FLOAT && type.bits == 64) {
        for (size_t i = 0; i < state->rows; i++) {
            out->data.floats[i] = (double)in->data.ints[i];
        }
        return true;
    }
    if (type.kind != KIND_INT) {
        return false;
    }
    for (size_t i = 0; i < state->rows; i++) {
        out->data.ints[i] = in->data.ints[i];
        out->state[i] &= fits_bits(type.bits, in->data.ints[i]);
    }
    return true;
}

void eval_cast(ProgramState *state, const Step *step) {
    if (cast_fast(state, step)) {
        return;
    }
    const Expr *node = step->node;
    Kind from = node->args[0]->kind;
    CastFn *cast = casts[from][node->type.kind];
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    Decimal *numbers = arena_zeroed(state->arena, state->rows * sizeof(Decimal));
    for (size_t i = 0; i < state->rows; i++) {
        Value value = {.kind = node->type.kind, .state = CELL_VALUE};
        if (out->state[i] && !cast(state->arena, node->type, reg_value(in, from, i), &value)) {
            out->state[i] = CELL_NULL;
        }
        if (out->state[i]) {
            store(out, numbers, node->type.kind, i, value);
        }
    }
    if (expr_is_number(node->type.kind)) {
        numbers_load(state, out, numbers);
    }
}
