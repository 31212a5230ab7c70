/* What time it is: monotonic microseconds to measure with, wall-clock microseconds to show. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_us(void);
int64_t clock_wall_us(void); /* since 1970-01-01 UTC */
void clock_sleep_us(int64_t us);
/* "2026-01-02T03:04:05Z"; out holds 21 bytes. */
void clock_format_utc(int64_t wall_us, char out[21]);

#endif
