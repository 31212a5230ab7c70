/* A plan in words, as `twofold plan` prints it: sides, key, mode and why, what is compared with what, and the
 * statements of one range. */
#ifndef REPORT_PLAN_TEXT_H
#define REPORT_PLAN_TEXT_H

#include "check/check.h"

/* The check is planned, and its sources are still open. */
MUST_CHECK bool plan_text_write(const Check *check, Buf *out, Err *err);

#endif
