/* sync.h - a helper thread that does nothing but fdatasync, so that a slow disk stops nobody. */
#ifndef STORE_SYNC_H
#define STORE_SYNC_H

#include <stdbool.h>

#include "base/error.h"

struct sync;

/* The thread takes no signals. `fd` is borrowed. */
enum status sync_create(struct sync **sync, int fd, struct error *err) MUST_CHECK;

/* Starts one; none may be under way. */
void sync_begin(struct sync *sync);

/* True when the one that was begun has ended: *reason is 0 or its errno. */
bool sync_ended(struct sync *sync, int *reason);

/* Waits for the one that was begun; returns 0 or its errno. */
int sync_wait(struct sync *sync);

/* None may be under way. Safe on NULL. */
void sync_destroy(struct sync *sync);

#endif
