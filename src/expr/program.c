/* In: a bound expression and where its columns sit. Out: steps over registers; run, a truth value a pair.
 *
 * A register is taken when its step comes and given back when the last step that reads it is done, so that a long
 * expression needs few. Constants keep theirs: they are filled once a state. Shared nodes are computed once. */
#include "expr/program.h"

#include "expr/eval.h"
#include "expr/lower.h"

#include <stdlib.h>
#include <string.h>

static EvalFn *const eval_table[] = {
#define OP(id, form, name, args, result, nulls, run, sql, sentence, example, answer) run,
#include "expr/ops.def"
#undef OP
};

/* Nobody comes here: lower.c leaves no operator of these. Unknown is the honest answer of one that it would forget. */
void eval_lowered(ProgramState *state, const Step *step) {
    memset(step_out(state, step)->state, CELL_NULL, state->rows);
}

EvalFn *eval_find(OpId op) {
    return eval_table[op];
}

/* ---- compiling ------------------------------------------------------------------------------------------ */

typedef struct Compiler {
    Arena *arena;
    Program *program;
    size_t *free_regs; /* given back */
    size_t free_count;
    const size_t *old_slots, *new_slots;
} Compiler;

/* What a walk over the core finds: how many nodes, and each column once. */
typedef struct Census {
    Arena *arena;
    Expr **columns;
    size_t column_count, column_room;
    size_t nodes;
} Census;

/* The node that stands for this column everywhere, so that it is loaded once. */
static Expr *one_of_column(Census *census, Expr *column) {
    for (size_t i = 0; i < census->column_count; i++) {
        if (census->columns[i]->side == column->side && census->columns[i]->column == column->column) {
            return census->columns[i];
        }
    }
    if (census->column_count == census->column_room) {
        census->column_room = census->column_room * 2 + 8;
        Expr **columns = ARENA_MANY(census->arena, census->column_room, Expr *);
        for (size_t i = 0; i < census->column_count; i++) {
            columns[i] = census->columns[i];
        }
        census->columns = columns;
    }
    census->columns[census->column_count++] = column;
    return column;
}

static void count_uses(Expr *expr, Census *census) {
    if (expr->uses++ > 0) {
        return;
    }
    census->nodes++;
    for (size_t i = 0; i < expr->count; i++) {
        if (expr->args[i]->node == EXPR_COLUMN) {
            expr->args[i] = one_of_column(census, expr->args[i]);
        }
        count_uses(expr->args[i], census);
    }
}

/* Registers are shared only between kinds of one layout; INT and DECIMAL are one. */
static Kind reg_class(Kind kind) {
    return kind == KIND_DECIMAL ? KIND_INT : kind;
}

static size_t take_reg(Compiler *compiler, Kind kind, bool for_good) {
    Program *program = compiler->program;
    for (size_t i = compiler->free_count; i-- > 0 && !for_good;) {
        size_t reg = compiler->free_regs[i];
        if (program->kinds[reg] == reg_class(kind)) {
            compiler->free_regs[i] = compiler->free_regs[--compiler->free_count];
            return reg;
        }
    }
    program->kinds[program->reg_count] = reg_class(kind);
    return program->reg_count++;
}

static void release(Compiler *compiler, Expr *expr) {
    if (--expr->uses == 0 && expr->node != EXPR_LITERAL) {
        compiler->free_regs[compiler->free_count++] = expr->mark - 1;
    }
}

static size_t slot_of(const Compiler *compiler, const Expr *column) {
    const size_t *slots = column->side == EXPR_NEW ? compiler->new_slots : compiler->old_slots;
    return slots == NULL ? SIZE_MAX : slots[column->column];
}

static void compile_literal(Compiler *compiler, Expr *expr) {
    Program *program = compiler->program;
    size_t reg = take_reg(compiler, expr->kind, true);
    program->constants[program->constant_count++] = (Constant){reg, value_copy(compiler->arena, expr->value)};
    expr->mark = reg + 1;
}

static int order_values(const void *a, const void *b) {
    return value_compare(*(const Value *)a, *(const Value *)b);
}

static const Value *sorted_list(Arena *arena, const Expr *in) {
    Value *values = ARENA_MANY(arena, in->count - 1, Value);
    for (size_t i = 1; i < in->count; i++) {
        values[i - 1] = value_copy(arena, in->args[i]->value);
    }
    qsort(values, in->count - 1, sizeof *values, order_values);
    return values;
}

static bool is_strict(const Expr *expr) {
    size_t count;
    return expr_ops(&count)[expr->op].nulls == OP_STRICT;
}

static void compile(Compiler *compiler, Expr *expr);

static void compile_call(Compiler *compiler, Expr *expr, Step *step) {
    size_t *args = ARENA_MANY(compiler->arena, expr->count, size_t);
    step->count = expr->op == OP_IN ? 1 : expr->count; /* the list is prepared */
    for (size_t i = 0; i < step->count; i++) {
        compile(compiler, expr->args[i]);
        args[i] = expr->args[i]->mark - 1;
    }
    step->args = args;
    step->run = eval_find(expr->op);
    step->strict = is_strict(expr);
    if (expr->op == OP_IN) {
        step->prepared = sorted_list(compiler->arena, expr);
    }
    if (expr->op == OP_CAST && expr->kind == KIND_TEXT && expr_is_number(expr->args[0]->kind)) {
        compiler->program->keeps_spelling = true;
    }
}

static void compile(Compiler *compiler, Expr *expr) {
    if (expr->mark != 0) {
        return;
    }
    if (expr->node == EXPR_LITERAL) {
        compile_literal(compiler, expr);
        return;
    }
    Step step = {.node = expr, .run = eval_column};
    if (expr->node == EXPR_CALL) {
        compile_call(compiler, expr, &step);
    } else {
        step.slot = slot_of(compiler, expr);
    }
    step.out = take_reg(compiler, expr->kind, false);
    expr->mark = step.out + 1;
    for (size_t i = 0; i < step.count; i++) {
        release(compiler, expr->args[i]);
    }
    compiler->program->steps[compiler->program->step_count++] = step;
}

static Program *compile_core(Arena *arena, Expr *core, const size_t *old_slots, const size_t *new_slots) {
    Census census = {.arena = arena};
    count_uses(core, &census);
    size_t nodes = census.nodes;
    Program *program = ARENA_NEW(arena, Program);
    program->steps = ARENA_MANY(arena, nodes, Step);
    program->constants = ARENA_MANY(arena, nodes, Constant);
    program->kinds = ARENA_MANY(arena, nodes, Kind);
    Compiler compiler = {.arena = arena, .program = program, .old_slots = old_slots, .new_slots = new_slots};
    compiler.free_regs = ARENA_MANY(arena, nodes, size_t);
    compile(&compiler, core);
    program->result = core->mark - 1;
    return program;
}

Program *program_make(Arena *arena, const Expr *expr, const size_t *old_slots, const size_t *new_slots) {
    return compile_core(arena, expr_lower(arena, expr), old_slots, new_slots);
}

/* ---- state ---------------------------------------------------------------------------------------------- */

static size_t cell_size(Kind class_) {
    switch (class_) {
    case KIND_BOOL:
        return sizeof(uint8_t);
    case KIND_FLOAT:
        return sizeof(double);
    case KIND_INTERVAL:
        return sizeof(Interval);
    case KIND_TEXT:
    case KIND_BYTES:
    case KIND_UUID:
    case KIND_JSON:
    case KIND_ARRAY:
    case KIND_OPAQUE:
        return sizeof(Str);
    case KIND_INT:
    case KIND_DECIMAL:
    case KIND_TIMESTAMPTZ:
    case KIND_TIMESTAMP:
    case KIND_DATE:
    case KIND_TIME:
    case KIND_COUNT:
        break;
    }
    return sizeof(int64_t);
}

static void fill_number(ProgramState *state, Reg *reg, Value value) {
    Decimal number = value.kind == KIND_INT ? decimal_of_int(value.as.integer) : value.as.decimal;
    reg->wide =
        number.class_ != DECIMAL_FINITE || number.limbs != NULL || number.small > INT64_MAX || number.small < INT64_MIN;
    reg->scale = reg->wide ? 0 : number.scale;
    if (reg->wide) {
        reg->decimals = ARENA_MANY(state->arena, state->capacity, Decimal);
    }
    for (size_t i = 0; i < state->capacity; i++) {
        if (reg->wide) {
            reg->decimals[i] = number;
        } else {
            reg->data.ints[i] = (int64_t)number.small;
        }
    }
}

static void fill_constant(ProgramState *state, const Constant *constant) {
    Reg *reg = &state->regs[constant->reg];
    Value value = constant->value;
    Kind class_ = state->program->kinds[constant->reg];
    memset(reg->state, value.state, state->capacity);
    if (value.state != CELL_VALUE) {
        return;
    }
    if (class_ == KIND_INT) {
        fill_number(state, reg, value);
        return;
    }
    for (size_t i = 0; i < state->capacity; i++) {
        if (class_ == KIND_BOOL) {
            reg->data.bools[i] = (uint8_t)(value.as.integer != 0);
        } else if (class_ == KIND_FLOAT) {
            reg->data.floats[i] = value.as.number;
        } else if (class_ == KIND_INTERVAL) {
            reg->data.intervals[i] = value.as.interval;
        } else if (cell_size(class_) == sizeof(Str)) {
            reg->data.texts[i] = value.as.text;
        } else {
            reg->data.ints[i] = value.as.integer;
        }
    }
}

static ProgramState *make_state(Arena *arena, const Program *program, size_t capacity) {
    ProgramState *state = ARENA_NEW(arena, ProgramState);
    state->program = program;
    state->arena = arena;
    state->capacity = capacity;
    state->regs = arena_zeroed(arena, program->reg_count * sizeof(Reg));
    for (size_t i = 0; i < program->reg_count; i++) {
        state->regs[i].state = arena_zeroed(arena, capacity);
        state->regs[i].data.ints = arena_zeroed(arena, capacity * cell_size(program->kinds[i]));
    }
    for (size_t i = 0; i < program->constant_count; i++) {
        fill_constant(state, &program->constants[i]);
    }
    return state;
}

ProgramState *program_state(Arena *arena, const Program *program) {
    return make_state(arena, program, BATCH_ROWS);
}

/* ---- running -------------------------------------------------------------------------------------------- */

static void merge_states(const ProgramState *state, const Step *step) {
    uint8_t *restrict out = state->regs[step->out].state;
    memcpy(out, step_arg(state, step, 0)->state, state->rows);
    for (size_t i = 1; i < step->count; i++) {
        const uint8_t *restrict other = step_arg(state, step, i)->state;
        for (size_t row = 0; row < state->rows; row++) {
            out[row] &= other[row];
        }
    }
}

static void run(ProgramState *state, const RowPairs *pairs, size_t rows) {
    state->pairs = pairs;
    state->rows = rows;
    for (size_t i = 0; i < state->program->step_count; i++) {
        const Step *step = &state->program->steps[i];
        Reg *out = step_out(state, step);
        out->wide = false;
        out->scale = 0;
        if (step->strict) {
            merge_states(state, step);
        }
        step->run(state, step);
    }
}

void program_truth(const Program *program, ProgramState *state, const RowPairs *pairs, uint8_t *out_truth) {
    ArenaMark mark = arena_mark(state->arena);
    run(state, pairs, pairs->count);
    const Reg *result = &state->regs[program->result];
    for (size_t i = 0; i < pairs->count; i++) {
        out_truth[i] = result->state[i] == CELL_VALUE ? result->data.bools[i] : TRUTH_UNKNOWN;
    }
    arena_rewind(state->arena, mark);
}

Value reg_value(const Reg *reg, Kind kind, size_t row) {
    Value value = {.kind = kind, .state = reg->state[row]};
    if (value.state != CELL_VALUE) {
        return value;
    }
    switch (cell_size(kind)) {
    case sizeof(uint8_t):
        value.as.integer = reg->data.bools[row];
        break;
    case sizeof(Str):
        if (kind == KIND_INTERVAL) {
            value.as.interval = reg->data.intervals[row];
        } else {
            value.as.text = reg->data.texts[row];
        }
        break;
    default:
        if (kind == KIND_FLOAT) {
            value.as.number = reg->data.floats[row];
        } else if (!expr_is_number(kind)) {
            value.as.integer = reg->data.ints[row];
        } else if (reg->wide) {
            value.kind = KIND_DECIMAL;
            value.as.decimal = reg->decimals[row];
        } else if (reg->scale == 0) {
            value.kind = KIND_INT;
            value.as.integer = reg->data.ints[row];
        } else {
            value.kind = KIND_DECIMAL;
            value.as.decimal = (Decimal){.small = reg->data.ints[row], .scale = reg->scale};
        }
        break;
    }
    return value;
}

/* What was allocated stays allocated: the value may lie in it, and `arena` may be the state's own. */
Value program_value(const Program *program, ProgramState *state, const RowPairs *pair, Arena *arena) {
    run(state, pair, 1);
    return value_copy(arena, reg_value(&state->regs[program->result], program->kinds[program->result], 0));
}

Value constant_value(Arena *arena, const Expr *call) {
    Arena scratch = {0};
    Expr core = *call;
    core.args = ARENA_MANY(&scratch, call->count, Expr *);
    for (size_t i = 0; i < call->count; i++) {
        core.args[i] = ARENA_NEW(&scratch, Expr);
        *core.args[i] = *call->args[i];
        core.args[i]->uses = core.args[i]->mark = 0;
    }
    core.uses = core.mark = 0;
    Program *program = compile_core(&scratch, &core, NULL, NULL);
    ProgramState *state = make_state(&scratch, program, 1);
    run(state, NULL, 1);
    Value value = value_copy(arena, reg_value(&state->regs[program->result], program->kinds[program->result], 0));
    arena_free(&scratch);
    return value;
}
