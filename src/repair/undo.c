/* A journal and a spec in, rows taken back out (promises: undo.h). */
#include "repair/undo.h"

#include "check/mask_key.h"
#include "check/side.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening ----------------------------------------------------------------------------------------------- */

static const SpecSide *spec_side(const Spec *spec, bool of_new) {
    return of_new ? &spec->new_ : &spec->old;
}

static bool spec_fits(const JournalHeader *header, const Spec *spec, Err *err) {
    if (strcmp(header->spec_digest, spec->digest) == 0) {
        return true;
    }
    err_set(err, TF_ERROR_USAGE, "cannot undo: \"%s\" is not the spec that \"%s\" was repaired by", spec->path,
            header->check);
    return err_hint(err, "Name that spec by --spec FILE, as it was: its digest is %s.", header->spec_digest);
}

static bool can_write(const UndoSide *side, Err *err) {
    const SourceOps *ops = side->source->ops;
    return ops->begin_write != NULL || err_set(err, TF_ERROR_USAGE, "cannot write to %s: %s does not offer it",
                                               side->table.relation.name, ops->info(side->source)->engine);
}

static bool side_describe(UndoSide *side, const RelationRef *ref, Arena *arena, Err *err) {
    Source *source = side->source;
    Relation *relation = &side->table.relation;
    side->identity = "";
    return source->ops->begin(source, NULL, err) && source->ops->describe(source, ref, arena, relation, err) &&
           (source->ops->identity == NULL || source->ops->identity(source, arena, &side->identity, err)) &&
           source->ops->end(source, err);
}

/* A service file, the environment or a host's name may lead elsewhere by now: what the repair wrote here, the undo must
 * not look for there. */
static bool place_fits(const UndoSide *side, const JournalHeader *header, bool of_new, Err *err) {
    if (source_may_be_same(of_new ? header->new_identity : header->old_identity, side->identity)) {
        return true;
    }
    const char *wrote = of_new ? header->new_place : header->old_place;
    const char *now = side->source->ops->info(side->source)->place;
    err_set(err, TF_ERROR_USAGE, "cannot undo: the repair wrote to %s, and the spec leads to %s now, another database",
            wrote, now);
    return err_hint(err, "Look at what the spec's source takes from service files and the environment.");
}

static bool side_ready(Undo *undo, bool of_new, Err *err) {
    UndoSide *side = &undo->sides[of_new];
    if (side->source != NULL) {
        return true;
    }
    if (of_new && undo->spec->one_row) {
        return err_set(err, TF_ERROR_DATA, "cannot undo: the journal is of two tables, and the spec has one");
    }
    side->match = &undo->match;
    return side_open(undo->spec, of_new, &side->source, err) &&
           side_describe(side, &spec_side(undo->spec, of_new)->relation, &undo->arena, err);
}

/* Needs both sides, even where one alone was written. */
static bool masks_ready(Undo *undo, Err *err) {
    const Spec *spec = undo->spec;
    if (spec->mask_count == 0) {
        return true;
    }
    if (!side_ready(undo, false, err) || (!spec->one_row && !side_ready(undo, true, err)) ||
        !match_make(&undo->arena, spec, undo->sides[0].source, undo->sides[1].source, &undo->match, err)) {
        return false;
    }
    HashKey *key = ARENA_NEW(&undo->arena, HashKey);
    undo->match.mask_key = key;
    undo->sides[0].table = undo->match.old;
    undo->sides[1].table = undo->match.new_;
    return mask_key_read(key, err);
}

/* ---- which rows -------------------------------------------------------------------------------------------- */

/* Grows by doubling; freed by undo_close. */
static void intent_add(Undo *undo, int64_t offset) {
    if ((undo->count & (undo->count - 1)) == 0) {
        undo->intents = mem_resize(undo->intents, (undo->count == 0 ? 1 : 2 * undo->count) * sizeof *undo->intents);
    }
    undo->intents[undo->count++] = (UndoIntent){offset, JOURNAL_UNKNOWN};
}

static bool entry_index(Undo *undo, const JournalEntry *entry, Err *err) {
    if (entry->kind == JOURNAL_OUTCOME) {
        undo->intents[undo->count - 1].end = entry->as.outcome.end;
    }
    if (entry->kind != JOURNAL_INTENT) {
        return true;
    }
    const JournalIntent *intent = &entry->as.intent;
    intent_add(undo, entry->offset);
    const UndoSide *side = &undo->sides[intent->of_new];
    return side_ready(undo, intent->of_new, err) &&
           place_fits(side, journal_reader_header(undo->reader), intent->of_new, err) && can_write(side, err) &&
           undo_row_fits(side, intent, err);
}

/* To the journal's end, before anything is written: a damaged one is refused as a whole. */
static bool journal_index(Undo *undo, Err *err) {
    JournalEntry entry;
    bool good = journal_next(undo->reader, &entry, err);
    while (good && entry.kind != JOURNAL_END) {
        good = entry_index(undo, &entry, err) && journal_next(undo->reader, &entry, err);
    }
    return good;
}

bool undo_open(Undo *undo, JournalReader *reader, const Spec *spec, Err *err) {
    *undo = (Undo){.spec = spec, .reader = reader};
    return spec_fits(journal_reader_header(reader), spec, err) && masks_ready(undo, err) && journal_index(undo, err);
}

/* ---- taking back ------------------------------------------------------------------------------------------- */

static bool intent_undo(Undo *undo, const UndoIntent *which, const UndoOptions *options, UndoTaker taker,
                        UndoCounts *counts, Err *err) {
    JournalEntry entry;
    UndoRow row;
    if (!journal_entry_at(undo->reader, which->offset, &entry, err)) {
        return false;
    }
    if (entry.kind != JOURNAL_INTENT) { /* somebody writes to the file */
        return err_set(err, TF_ERROR_DATA, "cannot undo: the journal has changed since it was read");
    }
    const JournalIntent *intent = &entry.as.intent;
    const UndoSide *side = &undo->sides[intent->of_new];
    arena_empty(&undo->scratch);
    bool good = undo_row(side, intent, which->end, options->journal, &undo->scratch, &row, err);
    counts->rows[row.outcome]++;
    taker.row(taker.self, &row);
    return good;
}

bool undo_run(Undo *undo, const UndoOptions *options, UndoTaker taker, UndoCounts *counts, Err *err) {
    *counts = (UndoCounts){0};
    for (size_t i = undo->count; i-- > 0;) {
        if (stop_wanted(options->stop)) {
            return err_set(err, TF_ERROR_INTERRUPTED, "could not undo the other %zu rows: asked to stop", i + 1);
        }
        if (!intent_undo(undo, &undo->intents[i], options, taker, counts, err)) {
            return false;
        }
    }
    return true;
}

void undo_close(Undo *undo) {
    source_close(undo->sides[0].source);
    source_close(undo->sides[1].source);
    free(undo->intents);
    arena_free(&undo->arena);
    arena_free(&undo->scratch);
}
