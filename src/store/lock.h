/* lock.h - one writer at a time: FILE.h5.lock with flock and a heartbeat.
 *
 * flock answers on one host, and on shared file systems that carry it between hosts: who can not
 * get it is refused. The heartbeat (host, process, Slurm job, time; every 10 s) answers where flock
 * does not reach: the line of another host is watched, and refuses as soon as it changes. After 30
 * s without a change its writer is gone; at once when it is of an earlier start of our own Slurm
 * job. Clocks of hosts may differ and jump, as only changes count: a line of this host that seems
 * old is watched, too, before a process that lives is no longer believed to be its writer. The
 * result file itself is never locked, as HDF5's readers would be refused.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

enum { LOCK_BEAT = 10, LOCK_WATCH = 30, LOCK_OLD = 600 }; /* seconds */

struct lock;

/* Takes the lock of the result file `path`; may wait for LOCK_WATCH. break_lock: whatever the
 * heartbeat says; a writer that was wrongly taken for dead finds out at its next beat. ERR_FILE
 * names host and process. */
enum status lock_take(struct lock **lock, const char *path, bool break_lock,
                      struct error *err) MUST_CHECK;

/* Called often; writes the heartbeat when 10 s have passed. ERR_IO when another process broke the
 * lock. */
enum status lock_beat(struct lock *lock, struct error *err) MUST_CHECK;

/* Removes the lock file, if it is still ours. Safe on NULL. */
void lock_release(struct lock *lock);

#endif
