#include "repair/row_mask.h"

#include <string.h>

static size_t column_of(const Relation *relation, const char *name) {
    size_t at = 0;
    while (at < relation->column_count && strcmp(relation->columns[at].name, name) != 0) {
        at++;
    }
    return at;
}

static RowCell cell_mask(const Match *match, const MatchSide *side, RowCell cell, Arena *arena) {
    size_t column = column_of(&side->relation, cell.name);
    if (cell.null || column == side->relation.column_count || !side->masked[column]) {
        return cell;
    }
    Value value = {.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = cell.text};
    if (!value_parse(arena, side->relation.columns[column].kind, cell.text, &value)) {
        value = (Value){.kind = KIND_TEXT, .state = CELL_VALUE, .as.text = cell.text};
    }
    cell.text = mask_value(match, side, column, arena, value).as.text;
    cell.type = "text";
    return cell;
}

RowImage row_mask(const Match *match, const MatchSide *side, RowImage row, Arena *arena) {
    if (!match->masks) {
        return row;
    }
    RowCell *cells = ARENA_MANY(arena, row.count, RowCell);
    for (size_t i = 0; i < row.count; i++) {
        cells[i] = cell_mask(match, side, row.cells[i], arena);
    }
    return (RowImage){cells, row.count};
}

RowWrite write_mask(const Match *match, const MatchSide *side, const RowWrite *write, Arena *arena) {
    RowWrite masked = *write;
    masked.key = row_mask(match, side, write->key, arena);
    masked.set = row_mask(match, side, write->set, arena);
    masked.guard = row_mask(match, side, write->guard, arena);
    return masked;
}
