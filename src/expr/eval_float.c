/* Floats, a column at a time. What PostgreSQL would refuse for a row (overflow, underflow, division by zero) is
 * unknown; since SQL must be able to ask beforehand, the line is drawn by the operands and drawn early:
 *     + -   both within 1e300
 *     * /   both 0 or between 1e-150 and 1e150
 * NaN and infinities are values like others. */
#include "expr/eval.h"

#include <math.h>

static bool within(double value, double least, double most) {
    double size = fabs(value);
    return value == 0 || !isfinite(value) || (size >= least && size <= most);
}

static double apply2(OpId op, double a, double b, uint8_t *state) {
    bool sum = op == OP_ADD_FLOAT || op == OP_SUB_FLOAT;
    double least = sum ? 0 : 1e-150, most = sum ? 1e300 : 1e150;
    *state &= within(a, least, most) && within(b, least, most);
    switch ((int)op) {
    case OP_ADD_FLOAT:
        return a + b;
    case OP_SUB_FLOAT:
        return a - b;
    case OP_MUL_FLOAT:
        return a * b;
    default:
        *state &= b != 0;
        return b == 0 ? 0 : a / b;
    }
}

void eval_float2(ProgramState *state, const Step *step) {
    const double *a = step_arg(state, step, 0)->data.floats;
    const double *b = step_arg(state, step, 1)->data.floats;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.floats[i] = apply2(step->node->op, a[i], b[i], &out->state[i]);
    }
}

static double sign_of(double value) {
    return (double)((value > 0) - (value < 0));
}

static double negated(double value) {
    return -value;
}

/* rint rounds halves to even, as the server does for floats. */
static double (*const float_functions[OP_COUNT])(double) = {
    [OP_NEG_FLOAT] = negated, [OP_ABS_FLOAT] = fabs,    [OP_SIGN_FLOAT] = sign_of, [OP_ROUND_FLOAT] = rint,
    [OP_TRUNC_FLOAT] = trunc, [OP_FLOOR_FLOAT] = floor, [OP_CEIL_FLOAT] = ceil,
};

void eval_float1(ProgramState *state, const Step *step) {
    const double *in = step_arg(state, step, 0)->data.floats;
    Reg *out = step_out(state, step);
    double (*function)(double) = float_functions[step->node->op];
    for (size_t i = 0; i < state->rows; i++) {
        out->data.floats[i] = function(in[i]);
    }
}
