/* How a program runs: registers that hold a column of up to BATCH_ROWS cells, and one function a kind of step.
 *
 * A step reads the registers of its arguments and writes its own; the program sees to it that they never are the
 * same. `state` is CELL_NULL or CELL_VALUE. What stands in a NULL row is defined but means nothing: integer loops may
 * run over it, text and decimal loops skip it.
 *
 * Numbers have two forms, chosen anew for every batch:
 *     narrow   ints[i] * 10^-scale, one scale for the register: nearly always
 *     wide     decimals[i], where something did not fit 64 bits, is not finite, or the scales must be kept apart
 */
#ifndef EXPR_EVAL_H
#define EXPR_EVAL_H

#include "expr/program.h"
#include "expr/tree.h"

typedef struct Reg {
    uint8_t *state;
    union {
        uint8_t *bools; /* 0, 1 */
        int64_t *ints;  /* narrow numbers and the times */
        double *floats;
        Str *texts;
        Interval *intervals;
    } data;
    Decimal *decimals; /* of wide numbers; made when needed, in scratch */
    int32_t scale;
    bool wide;
} Reg;

typedef struct Step Step;
typedef void EvalFn(ProgramState *state, const Step *step);

struct Step {
    EvalFn *run;
    const Expr *node;     /* for casts, columns and literals */
    const void *prepared; /* sorted lists of IN */
    size_t slot;          /* batch column of a load */
    size_t out;
    const size_t *args;
    size_t count;
    bool strict; /* the state is made before `run`, which may then only take values away */
};

typedef struct Constant {
    size_t reg;
    Value value;
} Constant;

struct Program {
    Step *steps;
    size_t step_count;
    Constant *constants;
    size_t constant_count;
    Kind *kinds; /* of registers */
    size_t reg_count;
    size_t result;
    bool keeps_spelling; /* a number is written as text somewhere: 1.0 and 1.00 are not the same there */
};

struct ProgramState {
    const Program *program;
    Arena *arena; /* scratch too: every call takes back what it allocated */
    Reg *regs;
    size_t capacity;
    size_t rows;
    const RowPairs *pairs;
};

/* The function of a core operator. */
EvalFn *eval_find(OpId op);

static inline Reg *step_out(ProgramState *state, const Step *step) {
    return &state->regs[step->out];
}

static inline const Reg *step_arg(const ProgramState *state, const Step *step, size_t i) {
    return &state->regs[step->args[i]];
}

/* One cell of a register. */
Value reg_value(const Reg *reg, Kind kind, size_t row);
/* -1, 0, 1 in `out` for every row; rows with a NULL get anything. Both of one kind. */
void regs_order(ProgramState *state, Kind kind, const Reg *a, const Reg *b, int8_t *out);
/* out row i = row i of branches[choice[i]]. */
void regs_pick(ProgramState *state, Kind kind, const Reg *const *branches, size_t count, const uint16_t *choice,
               Reg *out);

/* Numbers. */
const Decimal *reg_decimals(ProgramState *state, const Reg *reg);
Decimal *reg_make_wide(ProgramState *state, Reg *reg);
bool numbers_align(ProgramState *state, const Reg *const *regs, size_t count, int64_t **out_ints, int32_t *out_scale);
void numbers_load(ProgramState *state, Reg *out, const Decimal *values);

/* A core call over literals, in arena. Internal to lower.c. */
Value constant_value(Arena *arena, const Expr *call);

/* One function a core operator; several share one. */
#define OP(id, form, name, args, result, nulls, run, sql, sentence, example, answer) EvalFn run;
#include "expr/ops.def"
#undef OP
EvalFn eval_column;

#endif
