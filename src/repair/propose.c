#include "repair/propose.h"

#include "source/relation.h"

#include <string.h>

/* What a target is to be: as a value to judge by, and as the text to write. */
typedef struct Wanted {
    const Target *target;
    Value value;
    RowCell cell;
} Wanted;

/* ---- what a column is to be ------------------------------------------------------------------------------- */

/* As a double, since the column that it is written to may be one. */
static Str printed(Arena *arena, Value value) {
    Buf text = {0};
    value.single = false;
    value_print(value, &text);
    Str copy = str_copy(arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

/* The row that a side does not have: all NULL. */
static Batch row_of_nulls(Arena *arena, const MatchSide *side) {
    Batch batch = relation_batch(arena, &side->relation, side->columns, side->column_count, 1);
    batch.rows = 1;
    for (size_t i = 0; i < side->column_count; i++) {
        column_set(arena, &batch.columns[i], 0, (Value){.kind = side->columns[i].kind, .state = CELL_NULL});
    }
    return batch;
}

static Value value_of_expression(const Aim *aim, const Program *program, const Batch *trusted, Arena *arena) {
    static const uint32_t first = 0;
    Batch nothing = aim->match.one_row ? *trusted : row_of_nulls(arena, aim_written(aim));
    RowPairs pair = {.old = aim->write_new || aim->match.one_row ? trusted : &nothing, .old_rows = &first, .count = 1};
    if (!aim->match.one_row) {
        pair.new_ = aim->write_new ? &nothing : trusted;
        pair.new_rows = &first;
    }
    return program_value(program, program_state(arena, program), &pair, arena);
}

/* 2550.00 is an integer, but no server reads it as one. */
static Value value_for(const RelationColumn *column, Value value) {
    int64_t integer;
    bool whole = column->kind == KIND_INT && value.state == CELL_VALUE && value.kind == KIND_DECIMAL &&
                 decimal_to_int(value.as.decimal, &integer);
    return whole ? (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = integer} : value;
}

/* The server's own text wherever it means the same on both sides: it alone is the value bit for bit (-0, 1.00). */
static Wanted want(const Aim *aim, const Target *target, const Sight *sight, Arena *arena) {
    const RelationColumn *column = &aim_written(aim)->relation.columns[target->column];
    Wanted wanted = {.target = target, .cell = {.name = column->name, .type = column->type}};
    wanted.value = target->program != NULL ? value_of_expression(aim, target->program, &sight->trusted.batch, arena)
                                           : column_value(&sight->trusted.batch.columns[target->slot], 0);
    wanted.value = value_for(column, wanted.value);
    wanted.cell.null = wanted.value.state == CELL_NULL;
    if (!wanted.cell.null) {
        bool as_it_is = target->program == NULL && target->same_type && wanted.value.kind != KIND_TEXT;
        wanted.cell.text =
            as_it_is ? sight->trusted_texts.cells[target->trusted_text].text : printed(arena, wanted.value);
    }
    return wanted;
}

/* ---- what the row would be -------------------------------------------------------------------------------- */

/* A column may be read as several kinds: all its places get the value. False: some kind cannot hold it. */
static bool row_set(const Aim *aim, const Wanted *wanted, Batch *row, Arena *arena) {
    const MatchSide *side = aim_written(aim);
    Str text = wanted->cell.null ? (Str){0} : printed(arena, wanted->value);
    for (size_t i = 0; i < side->column_count; i++) {
        if (side->columns[i].column != wanted->target->column) {
            continue;
        }
        Value value = wanted->value;
        if (wanted->cell.null) {
            value = (Value){.kind = side->columns[i].kind, .state = CELL_NULL};
        } else if (value.kind != side->columns[i].kind && !value_parse(arena, side->columns[i].kind, text, &value)) {
            return false;
        }
        column_set(arena, &row->columns[i], 0, value);
    }
    return true;
}

static RowVerdict verdict_of(const Aim *aim, const Batch *trusted, const Batch *written, Arena *arena) {
    bool old_written = aim->match.one_row || !aim->write_new;
    return row_compare(&aim->match, arena, old_written ? written : trusted, old_written ? trusted : written);
}

/* ---- which columns ---------------------------------------------------------------------------------------- */

static size_t written_slot(const Aim *aim, const MatchPair *pair) {
    return aim->write_new ? pair->new_slot : pair->old_slot;
}

static bool reads_written(const Aim *aim, const MatchInvariant *invariant, size_t column) {
    ExprSide side = aim->write_new ? EXPR_NEW : EXPR_OLD;
    for (size_t i = 0; i < invariant->use_count; i++) {
        if (invariant->uses[i].column == column && (aim->match.one_row || invariant->uses[i].side == side)) {
            return true;
        }
    }
    return false;
}

/* Only what takes part in the difference is written: an unequal pair's column, or one that a broken invariant reads. */
static bool takes_part(const Aim *aim, const Target *target, const Finding *finding) {
    for (size_t i = 0; i < finding->pair_count; i++) {
        size_t slot = written_slot(aim, &aim->match.pairs[finding->pairs[i]]);
        if (aim_written(aim)->columns[slot].column == target->column) {
            return true;
        }
    }
    for (size_t i = 0; i < finding->invariant_count && target->program != NULL; i++) {
        if (reads_written(aim, &aim->match.invariants[finding->invariants[i]], target->column)) {
            return true;
        }
    }
    return false;
}

/* Whether the written row has it already, to the letter of what the check compares. */
static bool has_already(const Aim *aim, const Wanted *wanted, const Batch *now, const Batch *then) {
    const MatchSide *side = aim_written(aim);
    for (size_t i = 0; i < side->column_count; i++) {
        if (side->columns[i].column == wanted->target->column &&
            !canon_equal(&now->columns[i], 0, &then->columns[i], 0)) {
            return false;
        }
    }
    return true;
}

/* ---- proposals -------------------------------------------------------------------------------------------- */

static Proposal refuse(const char *reason) {
    return (Proposal){.kind = PROPOSE_REFUSAL, .reason = reason};
}

static Proposal refuse_value(const Aim *aim, const Wanted *wanted, Arena *arena) {
    const RelationColumn *column = &aim_written(aim)->relation.columns[wanted->target->column];
    return refuse(arena_printf(arena, "\"%s\" (%s) cannot hold what it is to be", column->name, column->type));
}

static Proposal refuse_broken(const MatchInvariant *broken, Arena *arena) {
    return refuse(arena_printf(arena, "nothing under `set` makes it keep \"%s\"", broken->spec->name));
}

/* What would still be wrong, named. */
static Proposal refuse_verdict(const Aim *aim, const RowVerdict *after, Arena *arena) {
    if (!after->differs) {
        return refuse("it would be undecided: a NULL is in the way");
    }
    if (after->finding.invariant_count > 0) {
        return refuse_broken(&aim->match.invariants[after->finding.invariants[0]], arena);
    }
    const char *name = aim->match.pairs[after->finding.pairs[0]].name;
    return refuse(arena_printf(arena, "nothing that can be written makes \"%s\" equal", name));
}

static RowImage key_of(const Aim *aim, const Sight *sight) {
    return (RowImage){sight->written_texts.cells, aim->match.key_count};
}

static Proposal propose_update(const Aim *aim, const Sight *sight, Arena *arena) {
    Batch then = batch_row(arena, &sight->written.batch, 0);
    RowCell *set = ARENA_MANY(arena, aim->target_count, RowCell);
    RowCell *guard = ARENA_MANY(arena, aim->target_count, RowCell);
    size_t count = 0;
    for (size_t i = 0; i < aim->target_count; i++) {
        if (!takes_part(aim, &aim->targets[i], &sight->verdict.finding)) {
            continue;
        }
        Wanted wanted = want(aim, &aim->targets[i], sight, arena);
        if (!row_set(aim, &wanted, &then, arena)) {
            return refuse_value(aim, &wanted, arena);
        }
        if (!has_already(aim, &wanted, &sight->written.batch, &then)) {
            guard[count] = sight->written_texts.cells[aim->targets[i].written_text];
            set[count++] = wanted.cell;
        }
    }
    RowVerdict after = verdict_of(aim, &sight->trusted.batch, &then, arena);
    if (after.differs || after.undecided) {
        return refuse_verdict(aim, &after, arena);
    }
    return (Proposal){.kind = PROPOSE_WRITE,
                      .write = {.kind = ROW_UPDATE,
                                .relation = aim_written(aim)->relation.name,
                                .key = key_of(aim, sight),
                                .set = {set, count},
                                .guard = {guard, count}}};
}

static bool is_target(const Aim *aim, size_t column) {
    for (size_t i = 0; i < aim->target_count; i++) {
        if (aim->targets[i].column == column) {
            return true;
        }
    }
    return false;
}

/* Whether an invariant reads a column that the server gives a default, which nobody knows yet. */
static bool reads_default(const Aim *aim, const MatchInvariant *invariant) {
    ExprSide side = aim->write_new ? EXPR_NEW : EXPR_OLD;
    for (size_t i = 0; i < invariant->use_count; i++) {
        size_t column = invariant->uses[i].column;
        bool theirs = invariant->uses[i].side == side && !is_target(aim, column);
        if (theirs && aim_written(aim)->relation.columns[column].defaulted) {
            return true;
        }
    }
    return false;
}

/* The row is judged when it is there; before, only what no default can mend is refused. */
static bool insert_refused(const Aim *aim, RowVerdict after, Arena *arena, Proposal *out) {
    for (size_t i = 0; after.differs && i < after.finding.invariant_count; i++) {
        const MatchInvariant *broken = &aim->match.invariants[after.finding.invariants[i]];
        if (!reads_default(aim, broken)) {
            *out = refuse_broken(broken, arena);
            return true;
        }
    }
    for (size_t i = 0; i < aim->match.invariant_count; i++) {
        if (reads_default(aim, &aim->match.invariants[i])) {
            return false;
        }
    }
    if (after.undecided && !after.differs) {
        *out = refuse_verdict(aim, &after, arena);
        return true;
    }
    return false;
}

/* Whether another repair, or a writer that is faster, could insert the same key: where there is no row, there is
 * nothing to lock, and only a unique index keeps a second one out. */
static bool may_come_twice(const Aim *aim, const Sight *sight) {
    const Relation *relation = &aim_written(aim)->relation;
    bool guarded = relation->key_unique || relation->key_guarded;
    for (size_t i = 0; guarded && !relation->key_unique && i < aim->match.key_count; i++) {
        guarded = sight->key[i].state != CELL_NULL;
    }
    return !guarded;
}

static Proposal refuse_unguarded(const Aim *aim, Arena *arena) {
    const MatchSide *written = aim_written(aim);
    const char *names = "";
    for (size_t i = 0; i < aim->match.key_count; i++) {
        const char *name = written->relation.columns[written->columns[i].column].name;
        names = arena_printf(arena, "%s%s%s", names, i == 0 ? "" : ", ", name);
    }
    return refuse(arena_printf(arena,
                               "nothing would keep out a second row of its key: %s has no unique index over (%s);"
                               " create one, or set repair: {missing: report}",
                               written->relation.name, names));
}

static Proposal propose_insert(const Aim *aim, const Sight *sight, Arena *arena) {
    Batch then = row_of_nulls(arena, aim_written(aim));
    const RelationColumn *columns = aim_written(aim)->relation.columns;
    bool overriding = false;
    if (may_come_twice(aim, sight)) {
        return refuse_unguarded(aim, arena);
    }
    RowCell *set = ARENA_MANY(arena, aim->target_count, RowCell);
    for (size_t i = 0; i < aim->target_count; i++) {
        Wanted wanted = want(aim, &aim->targets[i], sight, arena);
        if (!row_set(aim, &wanted, &then, arena)) {
            return refuse_value(aim, &wanted, arena);
        }
        set[i] = wanted.cell;
        overriding = overriding || columns[aim->targets[i].column].given == GIVEN_IN_INSERT;
    }
    Proposal refusal;
    if (insert_refused(aim, verdict_of(aim, &sight->trusted.batch, &then, arena), arena, &refusal)) {
        return refusal;
    }
    return (Proposal){.kind = PROPOSE_WRITE,
                      .write = {.kind = ROW_INSERT,
                                .relation = aim_written(aim)->relation.name,
                                .overriding = overriding,
                                .set = {set, aim->target_count}}};
}

static Proposal propose_delete(const Aim *aim, const Sight *sight) {
    return (Proposal){.kind = PROPOSE_WRITE,
                      .write = {.kind = ROW_DELETE,
                                .relation = aim_written(aim)->relation.name,
                                .key = key_of(aim, sight),
                                .guard = sight->written_texts}};
}

static Proposal report(const Aim *aim, Arena *arena, bool missing) {
    const char *reason =
        missing ? arena_printf(arena, "missing in %s; repair: {missing: insert} would insert it", aim_written_name(aim))
                : arena_printf(arena, "only in %s; repair: {extra: delete} would delete it", aim_written_name(aim));
    return (Proposal){.kind = PROPOSE_REPORT, .reason = reason};
}

Proposal propose(const Aim *aim, const Sight *sight, Arena *arena) {
    const SpecRepair *policy = &aim->match.spec->repair;
    if (!sight->verdict.differs) {
        return sight->verdict.undecided ? refuse("it is undecided: a NULL is in the way") : (Proposal){0};
    }
    switch (sight->verdict.finding.kind) {
    case DIFFERENT:
        return propose_update(aim, sight, arena);
    case DUPLICATE_KEY:
        return refuse(arena_printf(arena, "its key occurs more than once in %s",
                                   sight->trusted.found > 1 ? aim_trusted_name(aim) : aim_written_name(aim)));
    case MISSING_IN_NEW:
    case MISSING_IN_OLD:
        break;
    case FINDING_KINDS:
        return (Proposal){0};
    }
    bool missing = sight->written.found == 0;
    if (missing) {
        return policy->insert_missing ? propose_insert(aim, sight, arena) : report(aim, arena, true);
    }
    return policy->delete_extra ? propose_delete(aim, sight) : report(aim, arena, false);
}
