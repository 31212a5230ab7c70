/* Carries a wish to stop to whatever waits for a server: a range's statement, a second look, a connection in the
 * making.
 *
 *     Watch watch;
 *     watch_open(&watch, stop);
 *     ... the same thread reads, or waits for those who do ...
 *     watch_close(&watch);
 *
 * Again and again until it is closed: what was cancelled may have sent another statement before it noticed.
 */
#ifndef CHECK_WATCH_H
#define CHECK_WATCH_H

#include "check/stop.h"

#include <pthread.h>

typedef struct Watch {
    const RunStop *stop;
    pthread_t thread;
    bool started; /* if not, a stop waits for what is running */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over; /* under lock */
} Watch;

/* A stop that nobody can want (NULL) needs no watch. */
void watch_open(Watch *watch, const RunStop *stop);
void watch_close(Watch *watch);

#endif
