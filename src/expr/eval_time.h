/* Bounds of time arithmetic, the same for rows and SQL. */
#ifndef EXPR_EVAL_TIME_H
#define EXPR_EVAL_TIME_H

#include "expr/eval.h"

enum {
    SAFE_YEARS = 1000,       /* of an interval's months */
    SAFE_DAYS = 400000,      /* of an interval */
    SAFE_HOURS = 10000000,   /* of an interval's time */
    SAFE_DAY_COUNT = 1000000 /* of date + n */
};

bool time_is_finite(int64_t value);
bool interval_is_safe(Interval value);

#endif
