#include "check/watch.h"

#include "base/wait.h"
#include "source/source.h"

enum { NAP_US = 50000 };

static void *watch_main(void *argument) {
    Watch *watch = argument;
    pthread_mutex_lock(&watch->lock);
    while (!watch->over) {
        if (stop_wanted(watch->stop)) {
            sources_cancel();
        }
        wait_for(&watch->changed, &watch->lock, NAP_US);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

void watch_open(Watch *watch, const RunStop *stop) {
    *watch = (Watch){.stop = stop};
    pthread_mutex_init(&watch->lock, NULL);
    wait_init(&watch->changed);
    watch->started = stop != NULL && pthread_create(&watch->thread, NULL, watch_main, watch) == 0;
}

void watch_close(Watch *watch) {
    pthread_mutex_lock(&watch->lock);
    watch->over = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    if (watch->started) {
        pthread_join(watch->thread, NULL);
    }
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
}
