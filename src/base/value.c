/* Cells alone and in columns: how they are stored, copied and put in order. Their texts: value_text.c. */
#include "base/value.h"

#include <math.h>
#include <string.h>

/* ---- kinds ---------------------------------------------------------------------------------------------- */

/* Which member of Column.data and of Value.as holds a kind. */
typedef enum Store { STORE_INTS, STORE_FLOATS, STORE_DECIMALS, STORE_INTERVALS, STORE_TEXTS } Store;

typedef struct KindRow {
    const char *name;
    Store store;
    size_t size;
} KindRow;

#define STORE_OF(type)                                                                                                 \
    _Generic((type){0}, int64_t                                                                                        \
             : STORE_INTS, double                                                                                      \
             : STORE_FLOATS, Decimal                                                                                   \
             : STORE_DECIMALS, Interval                                                                                \
             : STORE_INTERVALS, Str                                                                                    \
             : STORE_TEXTS)

static const KindRow KINDS[KIND_COUNT] = {
#define KIND_ROW(name, word, type) [KIND_##name] = {word, STORE_OF(type), sizeof(type)},
    KIND_LIST(KIND_ROW)
#undef KIND_ROW
};

const char *kind_name(Kind kind) {
    return KINDS[kind].name;
}

/* ---- columns -------------------------------------------------------------------------------------------- */

Batch batch_make(Arena *arena, size_t column_count, const Kind *kinds, size_t capacity) {
    Batch batch = {.column_count = column_count, .columns = ARENA_MANY(arena, column_count, Column)};
    for (size_t i = 0; i < column_count; i++) {
        Column *column = &batch.columns[i];
        *column = (Column){.kind = kinds[i], .state = arena_zeroed(arena, capacity)};
        column->data.ints = arena_array(arena, capacity, KINDS[kinds[i]].size);
    }
    return batch;
}

Value column_value(const Column *column, size_t row) {
    Value value = {.kind = column->kind, .state = column->state[row], .single = column->single};
    if (value.state == CELL_NULL) {
        return value;
    }
    if (value.state == CELL_ODD) {
        value.as.text = column->odd[row];
        return value;
    }
    switch (KINDS[column->kind].store) {
    case STORE_INTS:
        value.as.integer = column->data.ints[row];
        break;
    case STORE_FLOATS:
        value.as.number = column->data.floats[row];
        break;
    case STORE_DECIMALS:
        value.as.decimal = column->data.decimals[row];
        break;
    case STORE_INTERVALS:
        value.as.interval = column->data.intervals[row];
        break;
    case STORE_TEXTS:
        value.as.text = column->data.texts[row];
        break;
    }
    return value;
}

void column_set(Arena *arena, Column *column, size_t row, Value value) {
    column->state[row] = value.state;
    if (value.state == CELL_NULL) {
        return;
    }
    if (value.state == CELL_ODD) {
        if (column->odd == NULL) {
            column->odd = ARENA_MANY(arena, BATCH_ROWS, Str);
        }
        column->odd[row] = value.as.text;
        return;
    }
    switch (KINDS[column->kind].store) {
    case STORE_INTS:
        column->data.ints[row] = value.as.integer;
        break;
    case STORE_FLOATS:
        column->data.floats[row] = value.as.number;
        break;
    case STORE_DECIMALS:
        column->data.decimals[row] = value.as.decimal;
        break;
    case STORE_INTERVALS:
        column->data.intervals[row] = value.as.interval;
        break;
    case STORE_TEXTS:
        column->data.texts[row] = value.as.text;
        break;
    }
}

Value value_copy(Arena *arena, Value value) {
    if (value.state == CELL_NULL) {
        return value;
    }
    if (value.state == CELL_ODD || KINDS[value.kind].store == STORE_TEXTS) {
        value.as.text = str_copy(arena, value.as.text);
    } else if (value.kind == KIND_DECIMAL && value.as.decimal.limbs != NULL) {
        size_t bytes = value.as.decimal.limb_count * sizeof(uint64_t);
        uint64_t *limbs = arena_alloc(arena, bytes);
        memcpy(limbs, value.as.decimal.limbs, bytes);
        value.as.decimal.limbs = limbs;
    }
    return value;
}

Value value_single(Value value) {
    if (value.kind == KIND_FLOAT && value.state == CELL_VALUE) {
        value.as.number = (double)(float)value.as.number;
        value.single = true;
    }
    return value;
}

Batch batch_row(Arena *arena, const Batch *batch, size_t row) {
    Kind *kinds = ARENA_MANY(arena, batch->column_count, Kind);
    for (size_t i = 0; i < batch->column_count; i++) {
        kinds[i] = batch->columns[i].kind;
    }
    Batch copy = batch_make(arena, batch->column_count, kinds, 1);
    copy.rows = 1;
    for (size_t i = 0; i < batch->column_count; i++) {
        copy.columns[i].element = batch->columns[i].element;
        copy.columns[i].single = batch->columns[i].single;
        column_set(arena, &copy.columns[i], 0, value_copy(arena, column_value(&batch->columns[i], row)));
    }
    return copy;
}

/* ---- order ---------------------------------------------------------------------------------------------- */

static int int_compare(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

/* NaN is beyond infinity and equals itself. */
static int float_compare(double a, double b) {
    if (isnan(a) || isnan(b)) {
        return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
    }
    return (a > b) - (a < b);
}

static int text_compare(Str a, Str b) {
    int order = str_compare(a, b);
    return (order > 0) - (order < 0);
}

/* Values, then odd cells, then NULL: the order of keys. */
static int state_rank(uint8_t state) {
    return state == CELL_VALUE ? 0 : state == CELL_ODD ? 1 : 2;
}

static Decimal decimal_of(Value value) {
    return value.kind == KIND_INT ? decimal_of_int(value.as.integer) : value.as.decimal;
}

int value_compare(Value a, Value b) {
    if (a.state != CELL_VALUE || b.state != CELL_VALUE) {
        int order = state_rank(a.state) - state_rank(b.state);
        bool odd = order == 0 && a.state == CELL_ODD;
        return odd ? text_compare(a.as.text, b.as.text) : (order > 0) - (order < 0);
    }
    if (a.kind != b.kind) { /* an integer and a decimal */
        return decimal_compare(decimal_of(a), decimal_of(b));
    }
    switch (KINDS[a.kind].store) {
    case STORE_INTS:
        return int_compare(a.as.integer, b.as.integer);
    case STORE_FLOATS:
        return float_compare(a.as.number, b.as.number);
    case STORE_DECIMALS:
        return decimal_compare(a.as.decimal, b.as.decimal);
    case STORE_INTERVALS:
        return interval_compare(a.as.interval, b.as.interval);
    case STORE_TEXTS:
        return text_compare(a.as.text, b.as.text);
    }
    return 0;
}

/* Merging by key compares millions of these, nearly all integers or texts. */
int column_compare(const Column *a, size_t row_a, const Column *b, size_t row_b) {
    if (a->kind == b->kind && a->state[row_a] == CELL_VALUE && b->state[row_b] == CELL_VALUE) {
        Store store = KINDS[a->kind].store;
        if (store == STORE_INTS) {
            return int_compare(a->data.ints[row_a], b->data.ints[row_b]);
        }
        if (store == STORE_TEXTS) {
            return text_compare(a->data.texts[row_a], b->data.texts[row_b]);
        }
    }
    return value_compare(column_value(a, row_a), column_value(b, row_b));
}
