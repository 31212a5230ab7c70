/* A range whose findings wait: what the first pass found in it, and what every look since has made of that.
 *
 * Findings are remembered by how many of the range's rows they are:
 *
 *     suspects            few: one by one, each with the image it had last; looked at by key
 *     stretch, list       nearly all rows stand alone on one side: their keys, packed to a byte or two each
 *     stretch, digest     most rows are findings: one digest of them all
 *
 * A stretch is bounded by its last finding, which is a suspect. A stretch that looks different gives up what changed,
 * or all of it, to the suspects; nothing goes the other way.
 *
 * In: what a look saw. Out: the findings that SETTLE_LOOKS looks in a row saw with the same image, and the range's
 * report, whose counts are at any time those of what is still believed. Knows no connections, threads or time: those
 * are looker.c's and settle.c's.
 */
#ifndef CHECK_PENDING_H
#define CHECK_PENDING_H

#include "check/stretch.h"

typedef struct Suspect {
    Finding finding;   /* as last seen */
    RowHash image;     /* of everything the finding shows */
    FindingKind first; /* what the first pass saw: whether it counted the row as read alone */
    int same_looks;
    int look;  /* the last that counted: one a round, however often a round had to begin anew */
    bool open; /* not settled yet */
    bool confirmed;
} Suspect;

typedef struct Pending {
    struct Pending *next; /* settle.c's */
    const Match *match;
    Arena memory; /* of everything below */
    RangeTask task;
    RangeReport report;
    Suspect *suspects;
    size_t count, open;
    Stretch *stretch;  /* findings before the suspects; NULL: there were none, or they have settled */
    int same_looks;    /* of the stretch */
    FindingList dense; /* findings of a stretch that was confirmed */
    int looks;         /* that are over, however they went; counted by settle.c */
    int looks_needed;  /* before its time can be up */

    /* settle.c's; times are monotonic */
    size_t held_bytes;           /* as the settle counts them */
    int64_t seen_us;             /* when its rows were read last */
    int64_t due_us, deadline_us; /* what a standby is waited for is not counted */
} Pending;

/* Copies everything it is given. For pending_free. */
Pending *pending_make(const Plan *plan, const RangeTask *task, const RangeReport *report, Found found);
void pending_free(Pending *pending);

bool pending_is_settled(const Pending *pending);

/* The row is still a finding; called once a look. */
void pending_see(Pending *pending, Suspect *suspect, const Finding *finding, RowHash image);
/* A look at the row has succeeded: it was seen (`again`), or it is gone and was traffic. */
void pending_settle(Pending *pending, Suspect *suspect, bool again);
/* A look at the stretch has succeeded, and counted these undecided rows. */
void pending_see_stretch(Pending *pending, const StretchSeen *seen, const Counts *undecided);

/* What has not settled is in flight, and nobody's finding. Gives the confirmed findings, valid until pending_free. */
const FindingList *pending_end(Pending *pending);

#endif
