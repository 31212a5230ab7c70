/* Findings held (promises: finding_list.h).
 *
 * A list of pieces. A piece is one whole finding, or many of one kind: then its steps are the differences of their
 * keys, each a zigzag number of seven bits a byte, the first from 0. Pieces of a run double up to STEPS_MOST, so that a
 * few that stand alone among others cost no more than they would whole.
 */
#include "check/finding_list.h"

#include <string.h>

enum { STEPS_LEAST = 32, STEPS_MOST = 3840, STEP_BYTES = 10 };

struct FindingPiece {
    FindingPiece *next;
    size_t count;
    Finding finding; /* packed: what they have in common */
    int64_t last;    /* the last one's key */
    unsigned char *steps; /* NULL: `finding` is whole */
    size_t used, room;
};

/* ---- steps ------------------------------------------------------------------------------------------------ */

static size_t step_write(unsigned char *at, uint64_t step) {
    uint64_t bits = (step << 1) ^ (0 - (step >> 63));
    size_t used = 0;
    for (; bits >= 0x80; bits >>= 7) {
        at[used++] = (unsigned char)(bits | 0x80);
    }
    at[used++] = (unsigned char)bits;
    return used;
}

static uint64_t step_read(const unsigned char *steps, size_t *at) {
    uint64_t bits = 0;
    int shift = 0;
    for (; steps[*at] >= 0x80; (*at)++, shift += 7) {
        bits |= (uint64_t)(steps[*at] & 0x7F) << shift;
    }
    bits |= (uint64_t)steps[(*at)++] << shift;
    return (bits >> 1) ^ (0 - (bits & 1));
}

/* ---- adding ----------------------------------------------------------------------------------------------- */

static FindingPiece *piece_add(FindingList *list, Arena *arena) {
    FindingPiece *piece = ARENA_NEW(arena, FindingPiece);
    if (list->last == NULL) {
        list->first = piece;
    } else {
        list->last->next = piece;
    }
    list->last = piece;
    return piece;
}

/* The piece that takes a packed finding: the last one, or its successor. */
static FindingPiece *piece_for(FindingList *list, Arena *arena, const Finding *finding) {
    FindingPiece *last = list->last;
    bool same = last != NULL && last->steps != NULL && last->finding.kind == finding->kind;
    if (same && last->used + STEP_BYTES <= last->room) {
        return last;
    }
    size_t room = !same ? STEPS_LEAST : last->room * 2 < STEPS_MOST ? last->room * 2 : STEPS_MOST;
    FindingPiece *piece = piece_add(list, arena);
    piece->finding = (Finding){.kind = finding->kind, .cause = finding->cause, .key_count = 1};
    piece->steps = arena_alloc(arena, room);
    piece->room = room;
    return piece;
}

static void add_packed(FindingList *list, Arena *arena, const Finding *finding) {
    FindingPiece *piece = piece_for(list, arena, finding);
    int64_t key = finding->key[0].as.integer;
    piece->used += step_write(piece->steps + piece->used, (uint64_t)key - (uint64_t)piece->last);
    piece->last = key;
    piece->count++;
    list->count++;
    list->packed++;
}

static void list_add(FindingList *list, Arena *arena, const Finding *finding, bool copied) {
    if (finding_is_plain(finding)) {
        add_packed(list, arena, finding);
        return;
    }
    FindingPiece *piece = piece_add(list, arena);
    piece->finding = copied ? finding_copy(arena, finding) : *finding;
    piece->count = 1;
    list->count++;
}

void finding_list_add(FindingList *list, Arena *arena, const Finding *finding) {
    list_add(list, arena, finding, true);
}

void finding_list_add_view(FindingList *list, Arena *arena, const Finding *finding) {
    list_add(list, arena, finding, false);
}

bool finding_list_is_run(const FindingList *list) {
    bool same = list->count > 0 && list->packed == list->count;
    for (const FindingPiece *piece = list->first; same && piece != NULL; piece = piece->next) {
        same = piece->finding.kind == list->first->finding.kind;
    }
    return same;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

FindingCursor finding_list_start(const FindingList *list) {
    return (FindingCursor){.piece = list->first};
}

static const Finding *next_packed(FindingCursor *cursor) {
    const FindingPiece *piece = cursor->piece;
    if (cursor->taken == 0) {
        cursor->finding = piece->finding;
        cursor->key = (Value){.kind = KIND_INT, .state = CELL_VALUE};
    }
    cursor->key.as.integer = (int64_t)((uint64_t)cursor->key.as.integer + step_read(piece->steps, &cursor->at));
    cursor->finding.key = &cursor->key;
    return &cursor->finding;
}

const Finding *finding_list_next(FindingCursor *cursor) {
    const FindingPiece *piece = cursor->piece;
    if (piece != NULL && cursor->taken == piece->count) {
        piece = cursor->piece = piece->next;
        cursor->taken = cursor->at = 0;
    }
    if (piece == NULL) {
        return NULL;
    }
    const Finding *finding = piece->steps == NULL ? &piece->finding : next_packed(cursor);
    cursor->taken++;
    return finding;
}

const Finding *finding_list_last(const FindingList *list, FindingCursor *place) {
    const FindingPiece *piece = list->last;
    if (piece->steps == NULL) {
        return &piece->finding;
    }
    place->finding = piece->finding;
    place->key = (Value){.kind = KIND_INT, .state = CELL_VALUE, .as.integer = piece->last};
    place->finding.key = &place->key;
    return &place->finding;
}
