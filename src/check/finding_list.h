/* Findings in the order they came, held until their range is done.
 *
 *     FindingCursor at = finding_list_start(&list);
 *     for (const Finding *finding; (finding = finding_list_next(&at)) != NULL;) { ... }
 *
 * Rows that stand alone come by the million where a side is empty, and say nothing but their key. Under one integer key
 * they take a byte or two each: the step from the key before. All others are kept whole.
 * Promises: what is given back equals what was added, in that order.
 */
#ifndef CHECK_FINDING_LIST_H
#define CHECK_FINDING_LIST_H

#include "check/finding.h"

typedef struct FindingPiece FindingPiece;

/* {0}: none. Everything lies in the arena that is given with each finding: always the same one. */
typedef struct FindingList {
    FindingPiece *first, *last;
    size_t count;
    size_t packed; /* of them, those that are packed */
} FindingList;

/* Copies the finding and what it points to. */
void finding_list_add(FindingList *list, Arena *arena, const Finding *finding);
/* Like it, but what the finding points to must outlive the list. */
void finding_list_add_view(FindingList *list, Arena *arena, const Finding *finding);

/* Every finding is packed, and of one kind. */
bool finding_list_is_run(const FindingList *list);

/* A place in a list, which must stay where it is and as it is. */
typedef struct FindingCursor {
    const FindingPiece *piece; /* of the next finding */
    size_t taken;              /* of the piece */
    size_t at;                 /* in its steps */
    Value key;
    Finding finding;
} FindingCursor;

FindingCursor finding_list_start(const FindingList *list);
/* The next finding, valid until the call after this one; NULL: there is none. */
const Finding *finding_list_next(FindingCursor *cursor);
/* The last finding of a list that is not empty, valid as long as `place`. */
const Finding *finding_list_last(const FindingList *list, FindingCursor *place);

#endif
