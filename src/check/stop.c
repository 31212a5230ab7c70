#include "check/stop.h"

#include "base/clock.h"

#include <stddef.h>

enum { NAP_US = 20000 };

bool stop_wanted(const RunStop *stop) {
    return stop != NULL && atomic_load(&stop->wanted);
}

bool stop_sleep(const RunStop *stop, int64_t us) {
    for (; us > 0 && !stop_wanted(stop); us -= NAP_US) {
        clock_sleep_us(us < NAP_US ? us : NAP_US);
    }
    return !stop_wanted(stop);
}
