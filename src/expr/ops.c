/* In: ops.def. Out: its rows as a table, and their argument words as data. A misspelled word in ops.def is caught by
 * test_expr_rules, which reads every row. */
#include "expr/ops.h"

#include <string.h>

static const OpDoc op_table[] = {
#define OP(id, form, name, args, result, nulls, run, sql, sentence, example, answer)                                   \
    {OP_##id, OP_##form, name, args, result, OP_##nulls, sql, sentence, example, answer},
#include "expr/ops.def"
#undef OP
};

const OpDoc *expr_ops(size_t *count) {
    *count = OP_COUNT;
    return op_table;
}

typedef struct OpWord {
    const char *word;
    OpArgKind what;
    Kind kind;
} OpWord;

static const OpWord op_words[] = {
    {"number", OP_ARG_NUMBER, KIND_DECIMAL},
    {"same", OP_ARG_SAME, KIND_COUNT},
    {"ordered", OP_ARG_ORDERED, KIND_COUNT},
    {"moment", OP_ARG_MOMENT, KIND_TIMESTAMP},
    {"digits", OP_ARG_DIGITS, KIND_INT},
    {"unit", OP_ARG_UNIT, KIND_TEXT},
    {"any", OP_ARG_ANY, KIND_COUNT},
    {"integer", OP_ARG_KIND, KIND_INT},
    {"float", OP_ARG_KIND, KIND_FLOAT},
    {"text", OP_ARG_KIND, KIND_TEXT},
    {"bool", OP_ARG_KIND, KIND_BOOL},
    {"bytes", OP_ARG_KIND, KIND_BYTES},
    {"date", OP_ARG_KIND, KIND_DATE},
    {"time", OP_ARG_KIND, KIND_TIME},
    {"timestamp", OP_ARG_KIND, KIND_TIMESTAMP},
    {"timestamptz", OP_ARG_KIND, KIND_TIMESTAMPTZ},
    {"interval", OP_ARG_KIND, KIND_INTERVAL},
    {"json", OP_ARG_KIND, KIND_JSON},
};

static OpArg op_arg(const char *word, size_t length) {
    OpArg arg = {.what = OP_ARG_ANY, .kind = KIND_COUNT};
    if (length > 3 && memcmp(word + length - 3, "...", 3) == 0) {
        arg.repeated = true;
        length -= 3;
    } else if (word[length - 1] == '?') {
        arg.optional = true;
        length--;
    }
    for (size_t i = 0; i < sizeof op_words / sizeof op_words[0]; i++) {
        if (strlen(op_words[i].word) == length && memcmp(op_words[i].word, word, length) == 0) {
            arg.what = op_words[i].what;
            arg.kind = op_words[i].kind;
        }
    }
    return arg;
}

size_t op_args(OpId id, OpArg out[OP_MAX_ARGS]) {
    size_t count = 0;
    const char *at = op_table[id].arguments;
    while (*at != '\0' && count < OP_MAX_ARGS) {
        size_t length = strcspn(at, ",");
        out[count++] = op_arg(at, length);
        at += length;
        at += strspn(at, ", ");
    }
    return count;
}
