#include "sync.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

enum state { IDLE, ASKED, ENDED, STOPPING };

struct sync {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum state state;
    int fd, reason;
};

static void *serve(void *argument)
{
    struct sync *sync = argument;
    pthread_mutex_lock(&sync->mutex);
    while (sync->state != STOPPING) {
        if (sync->state != ASKED) {
            pthread_cond_wait(&sync->changed, &sync->mutex);
            continue;
        }
        pthread_mutex_unlock(&sync->mutex);
        int result;
        UNINTERRUPTED(result, fdatasync(sync->fd));
        int reason = result == 0 ? 0 : errno;
        pthread_mutex_lock(&sync->mutex);
        sync->reason = reason;
        sync->state = ENDED;
        pthread_cond_broadcast(&sync->changed);
    }
    pthread_mutex_unlock(&sync->mutex);
    return NULL;
}

enum status sync_create(struct sync **out, int fd, struct error *err)
{
    struct sync *sync = memory_zeroed(1, sizeof *sync);
    sync->fd = fd;
    pthread_mutex_init(&sync->mutex, NULL);
    pthread_cond_init(&sync->changed, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread inherits it */
    int reason = pthread_create(&sync->thread, NULL, serve, sync);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason != 0) {
        free(sync);
        return error_set(err, ERR_IO, "can not start a thread: %s", strerror(reason));
    }
    *out = sync;
    return OK;
}

static void set_state(struct sync *sync, enum state state)
{
    pthread_mutex_lock(&sync->mutex);
    sync->state = state;
    pthread_cond_broadcast(&sync->changed);
    pthread_mutex_unlock(&sync->mutex);
}

void sync_begin(struct sync *sync)
{
    set_state(sync, ASKED);
}

bool sync_ended(struct sync *sync, int *reason)
{
    pthread_mutex_lock(&sync->mutex);
    bool ended = sync->state == ENDED;
    if (ended) {
        *reason = sync->reason;
        sync->state = IDLE;
    }
    pthread_mutex_unlock(&sync->mutex);
    return ended;
}

int sync_wait(struct sync *sync)
{
    pthread_mutex_lock(&sync->mutex);
    while (sync->state != ENDED)
        pthread_cond_wait(&sync->changed, &sync->mutex);
    sync->state = IDLE;
    int reason = sync->reason;
    pthread_mutex_unlock(&sync->mutex);
    return reason;
}

void sync_destroy(struct sync *sync)
{
    if (!sync)
        return;
    set_state(sync, STOPPING);
    pthread_join(sync->thread, NULL);
    pthread_cond_destroy(&sync->changed);
    pthread_mutex_destroy(&sync->mutex);
    free(sync);
}
