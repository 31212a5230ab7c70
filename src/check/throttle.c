#include "check/throttle.h"

enum { US_A_SECOND = 1000000, CREDIT_US = US_A_SECOND };

void throttle_open(Throttle *throttle, int64_t rows_per_second) {
    *throttle = (Throttle){.rows_per_second = rows_per_second};
    pthread_mutex_init(&throttle->lock, NULL);
}

void throttle_close(Throttle *throttle) {
    pthread_mutex_destroy(&throttle->lock);
}

/* The first rows are paid for like all others: there is no credit to begin with. */
static void purse_fill(Throttle *throttle, int64_t now_us) {
    if (throttle->paid_until_us == 0) {
        throttle->paid_until_us = now_us;
    }
    if (throttle->paid_until_us < now_us - CREDIT_US) {
        throttle->paid_until_us = now_us - CREDIT_US;
    }
}

int64_t throttle_spend(Throttle *throttle, int64_t rows, int64_t now_us) {
    if (throttle->rows_per_second == 0) {
        return 0;
    }
    pthread_mutex_lock(&throttle->lock);
    purse_fill(throttle, now_us);
    double cost_us = (double)rows * US_A_SECOND / (double)throttle->rows_per_second;
    throttle->paid_until_us += (int64_t)cost_us;
    int64_t rest_us = throttle->paid_until_us - now_us;
    pthread_mutex_unlock(&throttle->lock);
    return rest_us > 0 ? rest_us : 0;
}
