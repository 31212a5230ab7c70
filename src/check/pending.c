#include "check/pending.h"

#include "check/settle_times.h"

#include <stdlib.h>
#include <string.h>

/* ---- making one ------------------------------------------------------------------------------------------- */

static Counts counts_keep(Arena *arena, const Counts *counts, const Match *match) {
    Counts kept = counts_make(arena, match);
    counts_add(&kept, counts, match);
    return kept;
}

/* Before those that there are already. */
static void suspects_add(Pending *pending, const FindingList *findings) {
    FindingCursor at = finding_list_start(findings);
    Buf scratch = {0};
    Suspect *all = ARENA_MANY(&pending->memory, findings->count + pending->count, Suspect);
    for (size_t i = 0; i < findings->count; i++) {
        const Finding *finding = finding_list_next(&at);
        all[i] = (Suspect){.finding = finding_copy(&pending->memory, finding), .first = finding->kind, .open = true};
        all[i].image = finding_hash(finding, &scratch);
    }
    if (pending->count > 0) {
        memcpy(all + findings->count, pending->suspects, pending->count * sizeof(Suspect));
    }
    pending->suspects = all;
    pending->count += findings->count;
    pending->open += findings->count;
    buf_free(&scratch);
}

/* The last finding bounds the stretch: it is not in it, and is looked at by itself. */
static void suspects_add_last(Pending *pending, const FindingList *findings) {
    FindingCursor place;
    FindingList last = {0};
    finding_list_add_view(&last, &pending->memory, finding_list_last(findings, &place));
    suspects_add(pending, &last);
}

Pending *pending_make(const Plan *plan, const RangeTask *task, const RangeReport *report, Found found) {
    Pending *made = mem_alloc(sizeof *made);
    *made = (Pending){.match = plan->match, .task = *task, .report = *report, .looks_needed = SETTLE_LOOKS};
    made->report.range = &made->task.range;
    made->report.counts = counts_keep(&made->memory, &report->counts, plan->match);
    if (stretch_fits(plan, task, found)) {
        made->stretch = stretch_make(&made->memory, plan, found);
        suspects_add_last(made, found.findings);
    } else {
        suspects_add(made, found.findings);
    }
    return made;
}

void pending_free(Pending *pending) {
    arena_free(&pending->memory);
    free(pending);
}

bool pending_is_settled(const Pending *pending) {
    return pending->open == 0 && pending->stretch == NULL;
}

/* ---- suspects --------------------------------------------------------------------------------------------- */

void pending_see(Pending *pending, Suspect *suspect, const Finding *finding, RowHash image) {
    int look = pending->looks + 1;
    if (row_hash_equal(image, suspect->image)) {
        suspect->same_looks += suspect->look != look;
        suspect->look = look;
        return;
    }
    suspect->look = look;
    counts_finding(&pending->report.counts, &suspect->finding, -1);
    counts_finding(&pending->report.counts, finding, 1);
    suspect->finding = finding_copy(&pending->memory, finding);
    suspect->image = image;
    suspect->same_looks = 0;
}

/* A row that the first pass read alone, and whose difference is explained. */
static void traffic_add(Counts *counts, FindingKind first) {
    counts->traffic_old += first == MISSING_IN_NEW;
    counts->traffic_new += first == MISSING_IN_OLD;
}

static void suspect_forget(Pending *pending, Suspect *suspect) {
    counts_finding(&pending->report.counts, &suspect->finding, -1);
    traffic_add(&pending->report.counts, suspect->first);
    suspect->open = false;
    pending->open--;
}

void pending_settle(Pending *pending, Suspect *suspect, bool again) {
    if (!again) {
        suspect_forget(pending, suspect);
    } else if (suspect->same_looks >= SETTLE_LOOKS) {
        suspect->confirmed = true;
        suspect->open = false;
        pending->open--;
    }
}

/* ---- the stretch ------------------------------------------------------------------------------------------ */

static int64_t fewer(int64_t before, int64_t now) {
    return now < before ? before - now : 0;
}

/* What is there now takes the stretch's place: nothing (NULL), or findings to be looked at one by one. */
static void stretch_leave(Pending *pending, const StretchSeen *seen) {
    const Match *match = pending->match;
    Counts *counts = &pending->report.counts;
    const int64_t *before = pending->stretch->counts.kinds;
    static const int64_t none[FINDING_KINDS];
    const int64_t *now = seen == NULL ? none : seen->counts.kinds;
    counts_subtract(counts, &pending->stretch->counts, match);
    counts->traffic_old += fewer(before[MISSING_IN_NEW], now[MISSING_IN_NEW]);
    counts->traffic_new += fewer(before[MISSING_IN_OLD], now[MISSING_IN_OLD]);
    if (seen != NULL) {
        counts_add(counts, &seen->counts, match);
    }
    pending->stretch = NULL;
}

/* What was seen in this look: all looks at it are yet to come. */
static void suspects_add_seen(Pending *pending, const FindingList *findings) {
    suspects_add(pending, findings);
    pending->looks_needed = pending->looks + 1 + SETTLE_LOOKS;
}

static void stretch_unfold(Pending *pending, const StretchSeen *seen) {
    stretch_leave(pending, seen);
    suspects_add_seen(pending, &seen->findings);
}

/* A finding of a stretch that is kept was not seen again: nothing is there now, or (`now`) something else. */
static void thin_out(Pending *pending, const Finding *before, const Finding *now) {
    Counts *counts = &pending->report.counts;
    counts_finding(counts, before, -1);
    counts_finding(&pending->stretch->counts, before, -1);
    if (now != NULL) {
        counts_finding(counts, now, 1);
    } else {
        traffic_add(counts, before->kind);
    }
}

/* The stretch goes on with the findings that were seen again. What has become of another is looked at by itself; what
 * was no finding before is of a later time than the range. */
static void stretch_thin(Pending *pending, const StretchSeen *seen) {
    Stretch *stretch = pending->stretch;
    FindingKind kind = FINDING_KINDS;
    FindingList again = {0}, changed = {0};
    FindingCursor at = finding_list_start(&stretch->alone), at_now = finding_list_start(&seen->findings);
    const Finding *now = finding_list_next(&at_now);
    for (const Finding *before; (before = finding_list_next(&at)) != NULL;) {
        while (now != NULL && finding_compare(now, before) < 0) {
            now = finding_list_next(&at_now);
        }
        bool there = now != NULL && finding_compare(now, before) == 0;
        kind = before->kind;
        if (there && now->kind == before->kind) {
            finding_list_add(&again, &pending->memory, before);
            continue;
        }
        thin_out(pending, before, there ? now : NULL);
        if (there) {
            finding_list_add_view(&changed, &pending->memory, now);
        }
    }
    stretch->alone = again;
    stretch->count = again.count;
    if (changed.count > 0) {
        suspects_add_seen(pending, &changed);
    }
    for (size_t i = 0; i < changed.count; i++) {
        pending->suspects[i].first = kind;
    }
    if (again.count == 0) {
        pending->stretch = NULL;
    }
}

static void stretch_change(Pending *pending, const StretchSeen *seen) {
    if (pending->stretch->alone.count > 0) {
        stretch_thin(pending, seen);
    } else {
        stretch_unfold(pending, seen);
    }
}

static void stretch_confirm(Pending *pending, const StretchSeen *seen) {
    bool kept = pending->stretch->alone.count > 0;
    FindingCursor at = finding_list_start(&seen->findings);
    pending->dense = pending->stretch->alone;
    for (const Finding *finding; !kept && (finding = finding_list_next(&at)) != NULL;) {
        finding_list_add(&pending->dense, &pending->memory, finding);
    }
    pending->stretch = NULL;
}

void pending_see_stretch(Pending *pending, const StretchSeen *seen, const Counts *undecided) {
    if (!seen->same) {
        counts_undecided(&pending->report.counts, &pending->stretch->undecided, undecided, pending->match);
        stretch_change(pending, seen);
    }
    if (pending->stretch != NULL && ++pending->same_looks >= SETTLE_LOOKS) {
        stretch_confirm(pending, seen);
    }
}

/* ---- the end ---------------------------------------------------------------------------------------------- */

static void open_end(Pending *pending) {
    Counts *counts = &pending->report.counts;
    if (pending->stretch != NULL) {
        counts->in_flight += (int64_t)pending->stretch->count;
        stretch_leave(pending, NULL);
    }
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->suspects[i].open) {
            suspect_forget(pending, &pending->suspects[i]);
            counts->in_flight++;
        }
    }
}

const FindingList *pending_end(Pending *pending) {
    open_end(pending);
    FindingList *confirmed = &pending->dense;
    for (size_t i = 0; i < pending->count; i++) {
        if (pending->suspects[i].confirmed) {
            finding_list_add_view(confirmed, &pending->memory, &pending->suspects[i].finding);
        }
    }
    return confirmed;
}
