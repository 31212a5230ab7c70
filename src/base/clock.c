/* The system's clocks. In: nothing. Out: microseconds. Promises: clock_sleep_us sleeps in full, signals or not. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { US_A_SECOND = 1000000, NS_A_US = 1000 };

static int64_t clock_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_A_SECOND + now.tv_nsec / NS_A_US;
}

int64_t clock_monotonic_us(void) {
    return clock_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void) {
    return clock_us(CLOCK_REALTIME);
}

void clock_sleep_us(int64_t us) {
    if (us <= 0) {
        return;
    }
    struct timespec left = {.tv_sec = us / US_A_SECOND, .tv_nsec = us % US_A_SECOND * NS_A_US};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Out of years 0 to 9999 the text would not fit; no clock tells such a time. */
void clock_format_utc(int64_t wall_us, char out[21]) {
    int64_t seconds = wall_us / US_A_SECOND - (wall_us % US_A_SECOND < 0 ? 1 : 0);
    time_t when = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&when, &utc) == NULL || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc) != 20) {
        memcpy(out, "0000-00-00T00:00:00Z", 21);
    }
}
