/* Loads, truth values, comparisons and choices, a column at a time.
 *
 * A truth value is state and bool: true 1 1, false 1 0, unknown 0 anything. */
#include "base/json.h"
#include "expr/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- loads ---------------------------------------------------------------------------------------------- */

static void load_state(const Column *column, const uint32_t *rows, size_t count, uint8_t *restrict to) {
    const uint8_t *restrict from = column->state;
    for (size_t i = 0; i < count; i++) {
        to[i] = from[rows[i]] == CELL_VALUE;
    }
}

static void load_ints(const Column *column, const uint32_t *rows, size_t count, Reg *out) {
    const uint8_t *restrict state = out->state;
    const int64_t *restrict from = column->data.ints;
    int64_t *restrict to = out->data.ints;
    for (size_t i = 0; i < count; i++) {
        to[i] = state[i] ? from[rows[i]] : 0;
    }
}

static void load_bools(const Column *column, const uint32_t *rows, size_t count, Reg *out) {
    for (size_t i = 0; i < count; i++) {
        out->data.bools[i] = out->state[i] == CELL_VALUE && column->data.ints[rows[i]] != 0;
    }
}

static void load_floats(const Column *column, const uint32_t *rows, size_t count, Reg *out) {
    for (size_t i = 0; i < count; i++) {
        out->data.floats[i] = out->state[i] == CELL_VALUE ? column->data.floats[rows[i]] : 0;
    }
}

static void load_intervals(const Column *column, const uint32_t *rows, size_t count, Reg *out) {
    for (size_t i = 0; i < count; i++) {
        out->data.intervals[i] = out->state[i] == CELL_VALUE ? column->data.intervals[rows[i]] : (Interval){0};
    }
}

static void load_texts(const Column *column, const uint32_t *rows, size_t count, Reg *out) {
    for (size_t i = 0; i < count; i++) {
        out->data.texts[i] = out->state[i] == CELL_VALUE ? column->data.texts[rows[i]] : (Str){0};
    }
}

static void load_decimals(ProgramState *state, const Column *column, const uint32_t *rows, Reg *out) {
    Decimal *values = ARENA_MANY(state->arena, state->rows, Decimal);
    for (size_t i = 0; i < state->rows; i++) {
        values[i] = out->state[i] == CELL_VALUE ? column->data.decimals[rows[i]] : (Decimal){0};
    }
    numbers_load(state, out, values);
}

static void load_data(ProgramState *state, Kind kind, const Column *column, const uint32_t *rows, Reg *out) {
    switch (kind) {
    case KIND_BOOL:
        load_bools(column, rows, state->rows, out);
        break;
    case KIND_INT:
    case KIND_TIMESTAMPTZ:
    case KIND_TIMESTAMP:
    case KIND_DATE:
    case KIND_TIME:
        load_ints(column, rows, state->rows, out);
        break;
    case KIND_DECIMAL:
        load_decimals(state, column, rows, out);
        break;
    case KIND_FLOAT:
        load_floats(column, rows, state->rows, out);
        break;
    case KIND_INTERVAL:
        load_intervals(column, rows, state->rows, out);
        break;
    case KIND_TEXT:
    case KIND_BYTES:
    case KIND_UUID:
    case KIND_JSON:
    case KIND_ARRAY:
    case KIND_OPAQUE:
        load_texts(column, rows, state->rows, out);
        break;
    case KIND_COUNT:
        break;
    }
}

/* An odd cell holds no value of its kind: unknown. So does a column that is not read, or read as something else. */
void eval_column(ProgramState *state, const Step *step) {
    const RowPairs *pairs = state->pairs;
    Reg *out = step_out(state, step);
    bool new_side = step->node->side == EXPR_NEW;
    const Batch *batch = new_side ? pairs->new_ : pairs->old;
    const uint32_t *rows = new_side ? pairs->new_rows : pairs->old_rows;
    const Column *column = batch != NULL && step->slot < batch->column_count ? &batch->columns[step->slot] : NULL;
    Kind kind = step->node->kind;
    if (column == NULL || (column->kind != kind && !(expr_is_number(column->kind) && expr_is_number(kind)))) {
        bool existence = column != NULL && kind == KIND_OPAQUE; /* is null works for every column */
        for (size_t i = 0; i < state->rows; i++) {
            out->state[i] = existence && column->state[rows[i]] == CELL_VALUE;
            out->data.texts[i] = existence ? (Str){0} : out->data.texts[i];
        }
        return;
    }
    load_state(column, rows, state->rows, out->state);
    load_data(state, column->kind, column, rows, out);
}

/* ---- truth ---------------------------------------------------------------------------------------------- */

/* Both keep bool 0 where the state is 0, so that true is simply bool. */
static void and_truths(const uint8_t *restrict in_state, const uint8_t *restrict in_bools, size_t rows,
                       uint8_t *restrict state, uint8_t *restrict bools) {
    for (size_t i = 0; i < rows; i++) {
        uint8_t both_true = bools[i] & in_state[i] & in_bools[i];
        uint8_t one_false = (in_state[i] & (in_bools[i] ^ 1)) | (state[i] & (bools[i] ^ 1));
        bools[i] = both_true;
        state[i] = both_true | one_false;
    }
}

static void or_truths(const uint8_t *restrict in_state, const uint8_t *restrict in_bools, size_t rows,
                      uint8_t *restrict state, uint8_t *restrict bools) {
    for (size_t i = 0; i < rows; i++) {
        uint8_t one_true = bools[i] | (in_state[i] & in_bools[i]);
        uint8_t both_false = in_state[i] & state[i] & (one_true ^ 1);
        bools[i] = one_true;
        state[i] = one_true | both_false;
    }
}

void eval_and(ProgramState *state, const Step *step) {
    Reg *out = step_out(state, step);
    memset(out->state, 1, state->rows);
    memset(out->data.bools, 1, state->rows);
    for (size_t a = 0; a < step->count; a++) {
        const Reg *in = step_arg(state, step, a);
        and_truths(in->state, in->data.bools, state->rows, out->state, out->data.bools);
    }
}

void eval_or(ProgramState *state, const Step *step) {
    Reg *out = step_out(state, step);
    memset(out->state, 1, state->rows);
    memset(out->data.bools, 0, state->rows);
    for (size_t a = 0; a < step->count; a++) {
        const Reg *in = step_arg(state, step, a);
        or_truths(in->state, in->data.bools, state->rows, out->state, out->data.bools);
    }
}

void eval_not(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = in->data.bools[i] ^ 1;
    }
}

void eval_is_null(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    memset(out->state, 1, state->rows);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = in->state[i] ^ 1;
    }
}

void eval_is_true(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    memset(out->state, 1, state->rows);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = in->state[i] & in->data.bools[i];
    }
}

void eval_is_false(ProgramState *state, const Step *step) {
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    memset(out->state, 1, state->rows);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = in->state[i] & (in->data.bools[i] ^ 1);
    }
}

void eval_is_unknown(ProgramState *state, const Step *step) {
    eval_is_null(state, step);
}

/* ---- order ---------------------------------------------------------------------------------------------- */

static void order_ints(const int64_t *a, const int64_t *b, size_t rows, int8_t *out) {
    for (size_t i = 0; i < rows; i++) {
        out[i] = (int8_t)((a[i] > b[i]) - (a[i] < b[i]));
    }
}

static void order_bools(const uint8_t *a, const uint8_t *b, size_t rows, int8_t *out) {
    for (size_t i = 0; i < rows; i++) {
        out[i] = (int8_t)(a[i] - b[i]);
    }
}

/* NaN is beyond infinity and equal to itself; -0 equals 0. */
static void order_floats(const double *a, const double *b, size_t rows, int8_t *out) {
    for (size_t i = 0; i < rows; i++) {
        bool nan_a = isnan(a[i]), nan_b = isnan(b[i]);
        out[i] = (int8_t)(nan_a || nan_b ? nan_a - nan_b : (a[i] > b[i]) - (a[i] < b[i]));
    }
}

static void order_numbers(ProgramState *state, const Reg *a, const Reg *b, int8_t *out) {
    int64_t *ints[2];
    int32_t scale;
    if (numbers_align(state, (const Reg *[]){a, b}, 2, ints, &scale)) {
        order_ints(ints[0], ints[1], state->rows, out);
        return;
    }
    const Decimal *wide_a = reg_decimals(state, a);
    const Decimal *wide_b = reg_decimals(state, b);
    for (size_t i = 0; i < state->rows; i++) {
        out[i] = a->state[i] & b->state[i] ? (int8_t)decimal_compare(wide_a[i], wide_b[i]) : 0;
    }
}

static int order_of_texts(Str a, Str b) {
    int order = str_compare(a, b);
    return (order > 0) - (order < 0);
}

static int order_of_json(Arena *arena, Str a, Str b) {
    Buf canon_a = {0}, canon_b = {0};
    bool good = json_canonical(a, arena, &canon_a) && json_canonical(b, arena, &canon_b);
    int order = good ? order_of_texts(buf_view(&canon_a), buf_view(&canon_b)) : order_of_texts(a, b);
    buf_free(&canon_a);
    buf_free(&canon_b);
    return order;
}

void regs_order(ProgramState *state, Kind kind, const Reg *a, const Reg *b, int8_t *out) {
    if (expr_is_number(kind)) {
        order_numbers(state, a, b, out);
    } else if (kind == KIND_BOOL) {
        order_bools(a->data.bools, b->data.bools, state->rows, out);
    } else if (kind == KIND_FLOAT) {
        order_floats(a->data.floats, b->data.floats, state->rows, out);
    } else if (kind == KIND_DATE || kind == KIND_TIME || kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ) {
        order_ints(a->data.ints, b->data.ints, state->rows, out);
    } else {
        for (size_t i = 0; i < state->rows; i++) {
            if (!(a->state[i] & b->state[i])) {
                out[i] = 0;
            } else if (kind == KIND_INTERVAL) {
                out[i] = (int8_t)interval_compare(a->data.intervals[i], b->data.intervals[i]);
            } else if (kind == KIND_JSON) {
                out[i] = (int8_t)order_of_json(state->arena, a->data.texts[i], b->data.texts[i]);
            } else {
                out[i] = (int8_t)order_of_texts(a->data.texts[i], b->data.texts[i]);
            }
        }
    }
}

/* The answer for less, equal, greater. */
static const uint8_t answers[OP_COUNT][3] = {
    [OP_EQ] = {0, 1, 0}, [OP_NE] = {1, 0, 1}, [OP_LT] = {1, 0, 0},
    [OP_LE] = {1, 1, 0}, [OP_GT] = {0, 0, 1}, [OP_GE] = {0, 1, 1},
};

/* Texts are nearly always asked for equality: the lengths decide most. */
static void texts_equal(const ProgramState *state, const Reg *a, const Reg *b, bool wanted, Reg *out) {
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = out->state[i] && str_equal(a->data.texts[i], b->data.texts[i]) == wanted;
    }
}

static void ints_compare(const int64_t *restrict a, const int64_t *restrict b, size_t rows, const uint8_t *answer,
                         uint8_t *restrict out) {
    uint8_t less = answer[0], equal = answer[1], greater = answer[2];
    for (size_t i = 0; i < rows; i++) {
        uint8_t unequal = a[i] < b[i] ? less : greater;
        out[i] = a[i] == b[i] ? equal : unequal;
    }
}

/* Integers and times, and numbers while they are narrow: the usual case, in one loop. */
static bool compare_fast(ProgramState *state, const Step *step, Kind kind) {
    const Reg *regs[2] = {step_arg(state, step, 0), step_arg(state, step, 1)};
    int64_t *ints[2] = {regs[0]->data.ints, regs[1]->data.ints};
    int32_t scale;
    bool times = kind == KIND_DATE || kind == KIND_TIME || kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ;
    if (!times && (!expr_is_number(kind) || !numbers_align(state, regs, 2, ints, &scale))) {
        return false;
    }
    ints_compare(ints[0], ints[1], state->rows, answers[step->node->op], step_out(state, step)->data.bools);
    return true;
}

void eval_compare(ProgramState *state, const Step *step) {
    OpId op = step->node->op;
    Kind kind = step->node->args[0]->kind;
    const Reg *a = step_arg(state, step, 0), *b = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    if ((op == OP_EQ || op == OP_NE) && (kind == KIND_TEXT || kind == KIND_BYTES || kind == KIND_UUID)) {
        texts_equal(state, a, b, op == OP_EQ, out);
        return;
    }
    if (compare_fast(state, step, kind)) {
        return;
    }
    int8_t order[BATCH_ROWS];
    const uint8_t *answer = answers[op];
    uint8_t less = answer[0], equal = answer[1], greater = answer[2];
    regs_order(state, kind, a, b, order);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = order[i] < 0 ? less : order[i] > 0 ? greater : equal;
    }
}

void eval_is_distinct(ProgramState *state, const Step *step) {
    int8_t order[BATCH_ROWS];
    const Reg *a = step_arg(state, step, 0), *b = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    regs_order(state, step->node->args[0]->kind, a, b, order);
    memset(out->state, 1, state->rows);
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = a->state[i] != b->state[i] || (a->state[i] && order[i] != 0);
    }
}

static int order_values(const void *a, const void *b) {
    return value_compare(*(const Value *)a, *(const Value *)b);
}

/* A few texts are compared one after the other: nearly all differ in length or in their first bytes. */
static bool text_among(Str text, const Value *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (list[i].state == CELL_VALUE && str_equal(text, list[i].as.text)) {
            return true;
        }
    }
    return false;
}

static void texts_in(const ProgramState *state, const Reg *in, const Value *list, size_t count, Reg *out) {
    for (size_t i = 0; i < state->rows; i++) {
        out->data.bools[i] = in->state[i] && text_among(in->data.texts[i], list, count);
    }
}

void eval_in(ProgramState *state, const Step *step) {
    enum { FEW = 8 };
    const Reg *in = step_arg(state, step, 0);
    Reg *out = step_out(state, step);
    Kind kind = step->node->args[0]->kind;
    memcpy(out->state, in->state, state->rows);
    if (kind == KIND_TEXT && step->node->count - 1 <= FEW) {
        texts_in(state, in, step->prepared, step->node->count - 1, out);
        return;
    }
    for (size_t i = 0; i < state->rows; i++) {
        if (in->state[i]) {
            Value value = reg_value(in, kind, i);
            out->data.bools[i] =
                bsearch(&value, step->prepared, step->node->count - 1, sizeof(Value), order_values) != NULL;
        } else {
            out->data.bools[i] = 0;
        }
    }
}

/* ---- choice --------------------------------------------------------------------------------------------- */

static void pick_numbers(ProgramState *state, const Reg *const *branches, size_t count, const uint16_t *choice,
                         Reg *out) {
    int64_t **ints = ARENA_MANY(state->arena, count, int64_t *);
    if (numbers_align(state, branches, count, ints, &out->scale)) {
        for (size_t i = 0; i < state->rows; i++) {
            out->data.ints[i] = ints[choice[i]][i];
        }
        return;
    }
    const Decimal **wide = ARENA_MANY(state->arena, count, const Decimal *);
    for (size_t b = 0; b < count; b++) {
        wide[b] = reg_decimals(state, branches[b]);
    }
    Decimal *decimals = reg_make_wide(state, out);
    for (size_t i = 0; i < state->rows; i++) {
        decimals[i] = wide[choice[i]][i];
    }
}

void regs_pick(ProgramState *state, Kind kind, const Reg *const *branches, size_t count, const uint16_t *choice,
               Reg *out) {
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] = branches[choice[i]]->state[i];
    }
    if (expr_is_number(kind)) {
        pick_numbers(state, branches, count, choice, out);
        return;
    }
    for (size_t i = 0; i < state->rows; i++) {
        const Reg *branch = branches[choice[i]];
        if (kind == KIND_BOOL) {
            out->data.bools[i] = branch->data.bools[i];
        } else if (kind == KIND_FLOAT) {
            out->data.floats[i] = branch->data.floats[i];
        } else if (kind == KIND_INTERVAL) {
            out->data.intervals[i] = branch->data.intervals[i];
        } else if (kind == KIND_DATE || kind == KIND_TIME || kind == KIND_TIMESTAMP || kind == KIND_TIMESTAMPTZ) {
            out->data.ints[i] = branch->data.ints[i];
        } else {
            out->data.texts[i] = branch->data.texts[i];
        }
    }
}

static const Reg **arg_regs(ProgramState *state, const Step *step, size_t from, size_t stride, size_t *out_count) {
    const Reg **regs = ARENA_MANY(state->arena, step->count, const Reg *);
    *out_count = 0;
    for (size_t i = from; i < step->count; i += stride) {
        regs[(*out_count)++] = step_arg(state, step, i);
    }
    return regs;
}

/* condition value condition value ... else */
void eval_case(ProgramState *state, const Step *step) {
    uint16_t choice[BATCH_ROWS];
    size_t count = step->count / 2;
    const Reg **branches = ARENA_MANY(state->arena, count + 1, const Reg *);
    for (size_t b = 0; b < count; b++) {
        branches[b] = step_arg(state, step, 2 * b + 1);
    }
    branches[count] = step_arg(state, step, step->count - 1);
    for (size_t i = 0; i < state->rows; i++) {
        choice[i] = (uint16_t)count;
    }
    for (size_t b = count; b-- > 0;) {
        const Reg *condition = step_arg(state, step, 2 * b);
        for (size_t i = 0; i < state->rows; i++) {
            choice[i] = condition->state[i] & condition->data.bools[i] ? (uint16_t)b : choice[i];
        }
    }
    regs_pick(state, step->node->kind, branches, count + 1, choice, step_out(state, step));
}

void eval_coalesce(ProgramState *state, const Step *step) {
    uint16_t choice[BATCH_ROWS] = {0};
    size_t count;
    const Reg **branches = arg_regs(state, step, 0, 1, &count);
    for (size_t b = count; b-- > 0;) {
        for (size_t i = 0; i < state->rows; i++) {
            choice[i] = branches[b]->state[i] ? (uint16_t)b : choice[i];
        }
    }
    regs_pick(state, step->node->kind, branches, count, choice, step_out(state, step));
}

void eval_nullif(ProgramState *state, const Step *step) {
    int8_t order[BATCH_ROWS];
    uint16_t choice[BATCH_ROWS] = {0};
    const Reg *a = step_arg(state, step, 0), *b = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    regs_order(state, step->node->args[0]->kind, a, b, order);
    regs_pick(state, step->node->kind, &a, 1, choice, out);
    for (size_t i = 0; i < state->rows; i++) {
        out->state[i] &= (uint8_t) !(b->state[i] && order[i] == 0);
    }
}

/* The better of what was best and the next, argument by argument; the first of two equal ones stays. */
void eval_extreme(ProgramState *state, const Step *step) {
    int8_t order[BATCH_ROWS];
    uint16_t choice[BATCH_ROWS];
    Kind kind = step->node->kind;
    int better = step->node->op == OP_GREATEST ? -1 : 1;
    Reg *out = step_out(state, step);
    uint16_t first[BATCH_ROWS] = {0};
    const Reg *start = step_arg(state, step, 0);
    regs_pick(state, kind, &start, 1, first, out);
    for (size_t a = 1; a < step->count; a++) {
        const Reg *next = step_arg(state, step, a);
        Reg best = *out;
        best.state = (uint8_t *)arena_copy(state->arena, out->state, state->rows);
        best.data.ints = arena_array(state->arena, state->rows, sizeof(Interval));
        memcpy(best.data.ints, out->data.ints, state->rows * (kind == KIND_BOOL ? 1 : sizeof(int64_t)));
        if (kind == KIND_INTERVAL || kind == KIND_TEXT || kind == KIND_BYTES || kind == KIND_UUID ||
            kind == KIND_JSON) {
            memcpy(best.data.texts, out->data.texts, state->rows * sizeof(Str));
        }
        regs_order(state, kind, &best, next, order);
        for (size_t i = 0; i < state->rows; i++) {
            choice[i] = next->state[i] && (!best.state[i] || order[i] == better);
        }
        out->wide = false;
        regs_pick(state, kind, (const Reg *[]){&best, next}, 2, choice, out);
    }
}
