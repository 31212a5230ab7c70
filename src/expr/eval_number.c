/* Exact numbers, a column at a time: narrow while 64 bits and one scale hold them, wide beyond (see eval.h).
 *
 * Every loop comes twice: over integers, noting overflow, and over Decimals where the first could not. */
#include "expr/eval.h"

#include <math.h>
#include <string.h>

enum { INT64_DIGITS = 18 }; /* 10^18 < 2^63 */

static int64_t power_of_ten(int32_t power) {
    int64_t result = 1;
    while (power-- > 0) {
        result *= 10;
    }
    return result;
}

/* ---- the two forms -------------------------------------------------------------------------------------- */

Decimal *reg_make_wide(ProgramState *state, Reg *reg) {
    reg->wide = true;
    reg->scale = 0;
    reg->decimals = arena_zeroed(state->arena, state->rows * sizeof(Decimal));
    return reg->decimals;
}

const Decimal *reg_decimals(ProgramState *state, const Reg *reg) {
    if (reg->wide) {
        return reg->decimals;
    }
    Decimal *decimals = ARENA_MANY(state->arena, state->rows, Decimal);
    for (size_t i = 0; i < state->rows; i++) {
        decimals[i] = (Decimal){.small = reg->data.ints[i], .scale = reg->scale};
    }
    return decimals;
}

static bool fits_narrow(const Decimal *value) {
    return value->class_ == DECIMAL_FINITE && value->limbs == NULL && value->small <= INT64_MAX &&
           value->small >= INT64_MIN;
}

/* What the values of a column have in common: false where one is too wide. */
static bool common_scale(const ProgramState *state, const Reg *out, const Decimal *values, int32_t *out_scale) {
    int32_t scale = -1;
    for (size_t i = 0; i < state->rows; i++) {
        if (!out->state[i]) {
            continue;
        }
        if (!fits_narrow(&values[i]) || (scale >= 0 && scale != values[i].scale && state->program->keeps_spelling)) {
            return false;
        }
        scale = values[i].scale > scale ? values[i].scale : scale;
    }
    *out_scale = scale < 0 ? 0 : scale;
    return true;
}

static bool load_narrow(const ProgramState *state, Reg *out, const Decimal *values) {
    int32_t scale;
    if (!common_scale(state, out, values, &scale)) {
        return false;
    }
    bool overflow = false;
    for (size_t i = 0; i < state->rows; i++) {
        int64_t value = out->state[i] ? (int64_t)values[i].small : 0;
        if (out->state[i] && values[i].scale != scale) {
            int32_t up = scale - values[i].scale;
            overflow |=
                up > INT64_DIGITS || __builtin_mul_overflow(value, power_of_ten(up > INT64_DIGITS ? 0 : up), &value);
        }
        out->data.ints[i] = value;
    }
    out->scale = scale;
    return !overflow;
}

void numbers_load(ProgramState *state, Reg *out, const Decimal *values) {
    if (!load_narrow(state, out, values)) {
        memcpy(reg_make_wide(state, out), values, state->rows * sizeof *values);
    }
}

static int64_t *scaled_up(ProgramState *state, const Reg *reg, int32_t up) {
    if (up > INT64_DIGITS) {
        return NULL;
    }
    int64_t factor = power_of_ten(up);
    int64_t *ints = ARENA_MANY(state->arena, state->rows, int64_t);
    bool overflow = false;
    for (size_t i = 0; i < state->rows; i++) {
        overflow |= __builtin_mul_overflow(reg->data.ints[i], factor, &ints[i]);
    }
    return overflow ? NULL : ints;
}

/* All as integers of one scale; false: some are too wide for that, or the scales must be kept apart. */
bool numbers_align(ProgramState *state, const Reg *const *regs, size_t count, int64_t **out_ints, int32_t *out_scale) {
    int32_t scale = 0;
    bool mixed = false;
    for (size_t i = 0; i < count; i++) {
        if (regs[i]->wide) {
            return false;
        }
        mixed = mixed || regs[i]->scale != regs[0]->scale;
        scale = regs[i]->scale > scale ? regs[i]->scale : scale;
    }
    if (mixed && state->program->keeps_spelling) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool same = regs[i]->scale == scale;
        out_ints[i] = same ? regs[i]->data.ints : scaled_up(state, regs[i], scale - regs[i]->scale);
        if (out_ints[i] == NULL) {
            return false;
        }
    }
    *out_scale = scale;
    return true;
}

/* ---- two operands --------------------------------------------------------------------------------------- */

typedef Decimal DecimalOp2(Arena *arena, Decimal a, Decimal b);

static void wide2(ProgramState *state, const Step *step, DecimalOp2 *op) {
    const Decimal *a = reg_decimals(state, step_arg(state, step, 0));
    const Decimal *b = reg_decimals(state, step_arg(state, step, 1));
    Reg *out = step_out(state, step);
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        decimals[i] = out->state[i] ? op(state->arena, a[i], b[i]) : (Decimal){0};
    }
}

static bool add_ints(const int64_t *a, const int64_t *b, size_t rows, int64_t *out) {
    bool overflow = false;
    for (size_t i = 0; i < rows; i++) {
        overflow |= __builtin_add_overflow(a[i], b[i], &out[i]);
    }
    return !overflow;
}

static bool subtract_ints(const int64_t *a, const int64_t *b, size_t rows, int64_t *out) {
    bool overflow = false;
    for (size_t i = 0; i < rows; i++) {
        overflow |= __builtin_sub_overflow(a[i], b[i], &out[i]);
    }
    return !overflow;
}

static bool multiply_ints(const int64_t *a, const int64_t *b, size_t rows, int64_t *out) {
    bool overflow = false;
    for (size_t i = 0; i < rows; i++) {
        overflow |= __builtin_mul_overflow(a[i], b[i], &out[i]);
    }
    return !overflow;
}

void eval_add(ProgramState *state, const Step *step) {
    bool plus = step->node->op == OP_ADD;
    const Reg *regs[2] = {step_arg(state, step, 0), step_arg(state, step, 1)};
    Reg *out = step_out(state, step);
    int64_t *ints[2];
    int32_t scale;
    bool narrow = numbers_align(state, regs, 2, ints, &scale) &&
                  (plus ? add_ints : subtract_ints)(ints[0], ints[1], state->rows, out->data.ints);
    if (narrow) {
        out->scale = scale;
    } else {
        wide2(state, step, plus ? decimal_add : decimal_subtract);
    }
}

void eval_multiply(ProgramState *state, const Step *step) {
    const Reg *a = step_arg(state, step, 0), *b = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    if (!a->wide && !b->wide && a->scale + b->scale <= INT64_DIGITS &&
        multiply_ints(a->data.ints, b->data.ints, state->rows, out->data.ints)) {
        out->scale = a->scale + b->scale;
    } else {
        wide2(state, step, decimal_multiply);
    }
}

static bool is_zero(Decimal value) {
    return value.class_ == DECIMAL_FINITE && value.limbs == NULL && value.small == 0;
}

static Decimal modulo_not_zero(Arena *arena, Decimal a, Decimal b) {
    return is_zero(b) ? (Decimal){0} : decimal_modulo(arena, a, b);
}

void eval_modulo(ProgramState *state, const Step *step) {
    const Reg *regs[2] = {step_arg(state, step, 0), step_arg(state, step, 1)};
    Reg *out = step_out(state, step);
    int64_t *ints[2];
    if (numbers_align(state, regs, 2, ints, &out->scale)) {
        for (size_t i = 0; i < state->rows; i++) {
            int64_t divisor = ints[1][i];
            out->state[i] &= divisor != 0;
            out->data.ints[i] = divisor == 0 || divisor == -1 ? 0 : ints[0][i] % divisor;
        }
        return;
    }
    const Decimal *divisors = reg_decimals(state, regs[1]);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= out->state[i] && !is_zero(divisors[i]);
    }
    wide2(state, step, modulo_not_zero);
}

/* ---- one operand ---------------------------------------------------------------------------------------- */

typedef Decimal DecimalOp1(Arena *arena, Decimal a);

static void wide1(ProgramState *state, const Step *step, DecimalOp1 *op) {
    const Decimal *a = reg_decimals(state, step_arg(state, step, 0));
    Reg *out = step_out(state, step);
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        decimals[i] = out->state[i] ? op(state->arena, a[i]) : (Decimal){0};
    }
}

void eval_negate(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    bool overflow = in->wide;
    for (size_t i = 0; i < state->rows && !in->wide; i++) {
        overflow |= __builtin_sub_overflow((int64_t)0, in->data.ints[i], &out->data.ints[i]);
    }
    if (overflow) {
        wide1(state, step, decimal_negate);
    } else {
        out->scale = in->scale;
    }
}

void eval_abs(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    bool overflow = in->wide;
    for (size_t i = 0; i < state->rows && !overflow; i++) {
        int64_t value = in->data.ints[i];
        overflow = value == INT64_MIN;
        out->data.ints[i] = value < 0 && !overflow ? -value : value;
    }
    if (overflow) {
        wide1(state, step, decimal_absolute);
    } else {
        out->scale = in->scale;
    }
}

static Decimal decimal_sign(Arena *arena, Decimal value) {
    (void)arena;
    bool is_nan = value.class_ == DECIMAL_NAN;
    return is_nan ? value : decimal_of_int(decimal_compare(value, decimal_of_int(0)));
}

void eval_sign(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    if (in->wide) {
        wide1(state, step, decimal_sign);
        return;
    }
    for (size_t i = 0; i < state->rows; i++) {
        out->data.ints[i] = (in->data.ints[i] > 0) - (in->data.ints[i] < 0);
    }
}

/* ---- rounding ------------------------------------------------------------------------------------------- */

typedef enum Rounding { TO_NEAREST, TO_ZERO, TO_FLOOR, TO_CEIL } Rounding;

static int64_t divide_rounded(int64_t value, int64_t unit, Rounding rounding) {
    int64_t quotient = value / unit;
    int64_t rest = value % unit;
    bool step = (rounding == TO_NEAREST && (rest < 0 ? -rest : rest) >= unit - (rest < 0 ? -rest : rest)) ||
                (rounding == TO_FLOOR && rest < 0) || (rounding == TO_CEIL && rest > 0);
    return step ? quotient + (value < 0 ? -1 : 1) : quotient;
}

/* Digits beyond the scale change nothing but the spelling; negative digits are rare: both are left to Decimal. */
static bool round_narrow(const ProgramState *state, const Reg *in, int32_t digits, Rounding rounding, Reg *out) {
    if (in->wide || digits < 0 || in->scale - digits > INT64_DIGITS) {
        return false;
    }
    if (digits >= in->scale) {
        memcpy(out->data.ints, in->data.ints, state->rows * sizeof(int64_t));
        out->scale = in->scale;
        return digits == in->scale || !state->program->keeps_spelling;
    }
    int64_t unit = power_of_ten(in->scale - digits);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.ints[i] = divide_rounded(in->data.ints[i], unit, rounding);
    }
    out->scale = digits;
    return true;
}

static int32_t digits_of(const Step *step, size_t arg) {
    return (int32_t)step->node->args[arg]->value.as.integer;
}

void eval_round(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    bool nearest = step->node->op == OP_ROUND;
    int32_t digits = digits_of(step, 1);
    if (round_narrow(state, in, digits, nearest ? TO_NEAREST : TO_ZERO, out)) {
        return;
    }
    const Decimal *values = reg_decimals(state, in);
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            decimals[i] = (nearest ? decimal_round : decimal_truncate)(state->arena, values[i], digits);
        }
    }
}

void eval_floor(ProgramState *state, const Step *step) {
    bool floor_ = step->node->op == OP_FLOOR;
    if (!round_narrow(state, step_arg(state, step, 0), 0, floor_ ? TO_FLOOR : TO_CEIL, step_out(state, step))) {
        wide1(state, step, floor_ ? decimal_floor : decimal_ceil);
    }
}

/* ---- quotients: numerator, positive finite denominator -------------------------------------------------- */

void eval_is_finite(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = !in->wide || (out->state[i] && in->decimals[i].class_ == DECIMAL_FINITE);
    }
}

/* Only what is divided by NaN or infinity is looked at. */
static Decimal divided_by_special(Arena *arena, Decimal a, Decimal b) {
    (void)arena;
    bool to_zero = a.class_ == DECIMAL_FINITE && b.class_ != DECIMAL_NAN;
    return to_zero ? decimal_of_int(0) : (Decimal){.class_ = DECIMAL_NAN};
}

void eval_div_by_special(ProgramState *state, const Step *step) {
    wide2(state, step, divided_by_special);
}

static Decimal power_decimal(Arena *arena, int32_t power) {
    Decimal one = decimal_of_int(1);
    Decimal result = one;
    for (int32_t done = 0; done < power; done += INT64_DIGITS) {
        int32_t more = power - done < INT64_DIGITS ? power - done : INT64_DIGITS;
        result = decimal_multiply(arena, result, decimal_of_int(power_of_ten(more)));
    }
    return result;
}

/* The quotient cut or rounded to `digits`, exactly. */
static Decimal quotient_rounded(Arena *arena, Decimal num, Decimal den, int32_t digits, Rounding rounding) {
    if (num.class_ != DECIMAL_FINITE) {
        return num;
    }
    Decimal unit = digits < 0 ? power_decimal(arena, -digits) : decimal_of_int(1);
    int32_t scale = digits < 0 ? 0 : digits;
    Decimal divisor = decimal_multiply(arena, den, unit);
    bool exact;
    Decimal result = decimal_divide(arena, num, divisor, scale, &exact);
    if (rounding != TO_NEAREST && !exact) {
        Decimal one = {.small = 1, .scale = scale};
        Decimal zero = decimal_of_int(0);
        int over = decimal_compare(decimal_multiply(arena, result, divisor), num); /* 1: rounded up */
        bool down = rounding == TO_FLOOR || (rounding == TO_ZERO && decimal_compare(num, zero) > 0);
        if (down && over > 0) {
            result = decimal_subtract(arena, result, one);
        } else if (!down && over < 0) {
            result = decimal_add(arena, result, one);
        }
    }
    return digits < 0 ? decimal_multiply(arena, result, unit) : result;
}

static void round_quotients(ProgramState *state, const Step *step, int32_t digits, Rounding rounding) {
    const Decimal *nums = reg_decimals(state, step_arg(state, step, 0));
    const Decimal *dens = reg_decimals(state, step_arg(state, step, 1));
    Reg *out = step_out(state, step);
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            decimals[i] = quotient_rounded(state->arena, nums[i], dens[i], digits, rounding);
        }
    }
}

void eval_round_quotient(ProgramState *state, const Step *step) {
    round_quotients(state, step, digits_of(step, 2), step->node->op == OP_ROUND_QUOTIENT ? TO_NEAREST : TO_ZERO);
}

void eval_floor_quotient(ProgramState *state, const Step *step) {
    round_quotients(state, step, 0, step->node->op == OP_FLOOR_QUOTIENT ? TO_FLOOR : TO_CEIL);
}

/* Forty digits decide the nearest double but for ties no data has; SQL is not written for these. */
static double quotient_to_double(Arena *arena, Decimal num, Decimal den) {
    double about = fabs(decimal_to_double(num)) / decimal_to_double(den);
    if (num.class_ != DECIMAL_FINITE || about == 0 || !isfinite(about)) {
        return num.class_ != DECIMAL_FINITE ? decimal_to_double(num) : about;
    }
    int32_t scale = 40 - (int32_t)floor(log10(about));
    bool exact;
    return decimal_to_double(decimal_divide(arena, num, den, scale < 0 ? 0 : scale, &exact));
}

void eval_float_quotient(ProgramState *state, const Step *step) {
    const Decimal *nums = reg_decimals(state, step_arg(state, step, 0));
    const Decimal *dens = reg_decimals(state, step_arg(state, step, 1));
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.floats[i] = out->state[i] ? quotient_to_double(state->arena, nums[i], dens[i]) : 0;
    }
}

/* For people: exact where it ends within twenty digits. */
void eval_show_quotient(ProgramState *state, const Step *step) {
    const Decimal *nums = reg_decimals(state, step_arg(state, step, 0));
    const Decimal *dens = reg_decimals(state, step_arg(state, step, 1));
    Reg *out = step_out(state, step);
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            bool exact;
            decimals[i] = decimal_normal(state->arena, decimal_divide(state->arena, nums[i], dens[i], 20, &exact));
        }
    }
}
