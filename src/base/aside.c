/* Calls done by threads of their own (promises: aside.h). */
#include "base/aside.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/wait.h"

#include <stdlib.h>

enum { NAP_US = 20000 };

/* Held by two: who asked, and the thread. */
typedef struct Task {
    Aside what;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, forgotten;
} Task;

static void task_free(Task *task) {
    pthread_cond_destroy(&task->changed);
    pthread_mutex_destroy(&task->lock);
    free(task);
}

static void *task_main(void *argument) {
    Task *task = argument;
    task->what.work(task->what.self);
    pthread_mutex_lock(&task->lock);
    task->done = true;
    bool forgotten = task->forgotten;
    pthread_cond_signal(&task->changed);
    pthread_mutex_unlock(&task->lock);
    if (forgotten) {
        task->what.forget(task->what.self);
        task_free(task);
    }
    return NULL;
}

static Task *task_make(Aside what) {
    Task *task = mem_alloc(sizeof *task);
    *task = (Task){.what = what};
    pthread_mutex_init(&task->lock, NULL);
    wait_init(&task->changed);
    return task;
}

/* A thread that is done is waited for to its very end, where libraries free what they kept for it. */
bool aside_do(Aside what, int64_t patience_us, const atomic_bool *unwanted) {
    int64_t start_us = clock_monotonic_us();
    Task *task = task_make(what);
    pthread_t thread;
    if (pthread_create(&thread, NULL, task_main, task) != 0) {
        task_free(task);
        what.work(what.self);
        return true;
    }
    pthread_mutex_lock(&task->lock);
    while (!task->done && clock_monotonic_us() - start_us < patience_us &&
           (unwanted == NULL || !atomic_load(unwanted))) {
        wait_for(&task->changed, &task->lock, NAP_US);
    }
    bool done = task->done;
    task->forgotten = !done;
    pthread_mutex_unlock(&task->lock);
    if (done) {
        pthread_join(thread, NULL);
        task_free(task);
    } else {
        pthread_detach(thread);
    }
    return done;
}
