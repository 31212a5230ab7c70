/* Members and elements of documents, a column at a time. */
#include "base/json.h"
#include "expr/document_text.h"
#include "expr/eval.h"

/* A string's content; of any other value its text as jsonb has it. */
static Str unquoted(Arena *arena, Str raw, uint8_t *state) {
    Buf text = {0};
    raw = str_trim(raw);
    *state = json_unquote(raw, &text);
    if (*state && raw.bytes[0] != '"') {
        buf_empty(&text);
        document_print(arena, raw, &text);
    }
    Str copy = *state ? str_copy(arena, buf_view(&text)) : (Str){0};
    buf_free(&text);
    return copy;
}

static void keep(ProgramState *state, bool as_text, bool found, Str raw, Reg *out, size_t row) {
    out->state[row] = found;
    out->data.texts[row] = found && as_text ? unquoted(state->arena, raw, &out->state[row]) : raw;
}

void eval_member(ProgramState *state, const Step *step) {
    const Str *in = step_arg(state, step, 0)->data.texts;
    const Str *names = step_arg(state, step, 1)->data.texts;
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            Str raw = {0};
            bool found = json_member(in[i], names[i], &raw);
            keep(state, step->node->op == OP_MEMBER_TEXT, found, raw, out, i);
        }
    }
}

void eval_element(ProgramState *state, const Step *step) {
    const Str *in = step_arg(state, step, 0)->data.texts;
    const Reg *indexes = step_arg(state, step, 1);
    Reg *out = step_out(state, step);
    for (size_t i = 0; i < state->rows; i++) {
        if (out->state[i]) {
            Str raw = {0};
            int64_t index = 0;
            bool found =
                decimal_to_int(indexes->wide ? indexes->decimals[i]
                                             : (Decimal){.small = indexes->data.ints[i], .scale = indexes->scale},
                               &index) &&
                json_element(in[i], index, &raw);
            keep(state, step->node->op == OP_ELEMENT_TEXT, found, raw, out, i);
        }
    }
}
