/* Waiting for another thread, for no longer than a while: by the clock that nobody sets. A condition variable's own
 * clock is the wall's, and one that is set back an hour makes a wait of 50 ms an hour longer.
 *
 *     pthread_cond_t changed;
 *     wait_init(&changed);                 // in place of pthread_cond_init
 *     wait_for(&changed, &lock, 50000);    // with the lock held; also returns for nothing
 */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>

void wait_init(pthread_cond_t *changed);
void wait_for(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t us);

#endif
