/* A repair for people: its writes as SQL that can be run, everything else as comments.
 *
 *     -- orders-minor-units: public.orders_v2 is written, old is trusted
 *     UPDATE "public"."orders_v2" SET "status" = 'paid' WHERE "id" = 42 AND "status" = 'new'; -- repaired
 *     -- 17: refused: nothing under `set` makes it keep "currency-present"
 *     -- 2 rows disagree: 1 repaired, 1 refused
 *
 * Values of masked columns are masked, so that statements with them are for reading only.
 */
#ifndef REPORT_REPAIR_TEXT_H
#define REPORT_REPAIR_TEXT_H

#include "repair/campaign.h"

void repair_text_head(const Campaign *campaign, Buf *out);
void repair_text_row(const Campaign *campaign, const RepairRow *row, Buf *out);
/* `journal`: its path; NULL: there is none. */
void repair_text_tail(const Campaign *campaign, const char *journal, Buf *out);

/* The write as SQL, masked where the spec masks; "" where there is none. */
void repair_sql(const Repair *repair, const RepairRow *row, Buf *out);

#endif
