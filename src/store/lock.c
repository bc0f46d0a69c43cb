#include "lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"

struct lock {
    char *path, *file; /* the result file, the lock file */
    int fd;
    double beaten; /* clock_monotonic of the last heartbeat */
};

/* "HOST PID JOB TIME RESTARTS\n", padded with blanks to LINE bytes so that it is replaced by one
 * write. */
enum { LINE = 256 };

struct heartbeat {
    char host[HOST_NAME_MAX + 1], job[32]; /* job "-": none */
    long pid, restarts;                    /* restarts: of the job by Slurm */
    double time;                           /* since 1970 */
};

static void own_heartbeat(struct heartbeat *beat)
{
    *beat = (struct heartbeat){.pid = (long)getpid(), .time = clock_wall()};
    const char *job = getenv("SLURM_JOB_ID"), *restarts = getenv("SLURM_RESTART_COUNT");
    snprintf(beat->job, sizeof beat->job, "%s", job && *job ? job : "-");
    beat->restarts = restarts ? strtol(restarts, NULL, 10) : 0;
    if (gethostname(beat->host, sizeof beat->host - 1) != 0 || !beat->host[0])
        strcpy(beat->host, "unknown");
}

/* False when there is none. */
static bool read_heartbeat(struct heartbeat *beat, int fd)
{
    char line[LINE + 1] = "";
    static_assert(HOST_NAME_MAX == 64, "width in the format below");
    *beat = (struct heartbeat){0};
    return files_read_at(fd, line, LINE, 0) > 0 &&
           sscanf(line, "%64s %ld %31s %lf %ld", beat->host, &beat->pid, beat->job, &beat->time,
                  &beat->restarts) >= 4;
}

static int write_heartbeat(int fd)
{
    struct heartbeat beat;
    char line[LINE + 1];
    own_heartbeat(&beat);
    snprintf(line, sizeof line, "%s %ld %s %.0f %ld", beat.host, beat.pid, beat.job, beat.time,
             beat.restarts);
    size_t length = strlen(line);
    memset(line + length, ' ', LINE - length);
    line[LINE - 1] = '\n';
    return files_write_at(fd, line, LINE, 0);
}

/* Whether the path still names the file that is open: not after someone broke the lock. If not,
 * errno says why it is not known, 0: another file has the name. */
static bool is_same_file(int fd, const char *path)
{
    struct stat open, named;
    errno = 0;
    return fstat(fd, &open) == 0 && stat(path, &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

/* What the line of a lock file says of its writer, when flock does not refuse. */
enum verdict { WRITER_GONE, WRITER_LIVES, WRITER_UNKNOWN };

static enum verdict judge(const struct heartbeat *beat, bool flock_works)
{
    struct heartbeat own;
    own_heartbeat(&own);
    if (strcmp(own.host, beat->host) != 0) {
        bool ours = own.job[0] != '-' && strcmp(own.job, beat->job) == 0;
        return ours && beat->restarts < own.restarts ? WRITER_GONE : WRITER_UNKNOWN;
    }
    bool lives = beat->pid != own.pid && (kill((pid_t)beat->pid, 0) == 0 || errno == EPERM);
    if (flock_works || !lives)
        return WRITER_GONE;
    bool old = fabs(own.time - beat->time) > LOCK_OLD; /* or a clock has jumped */
    return old ? WRITER_UNKNOWN : WRITER_LIVES;
}

/* Whether the line of a writer changes while one looks; then *beat is the new one.
 */
static bool is_beating(struct heartbeat *beat, int fd)
{
    static const struct timespec look = {0, 250000000};
    const struct heartbeat first = *beat;
    for (int looks = 0; looks < 4 * LOCK_WATCH; looks++) {
        nanosleep(&look, NULL);
        if (read_heartbeat(beat, fd) && (beat->time != first.time || beat->pid != first.pid))
            return true;
    }
    return false;
}

static enum status refuse(const char *path, const struct heartbeat *beat, bool known,
                          struct error *err)
{
    if (!known)
        return error_set(err, ERR_FILE,
                         "%s: another process writes it; wait until it has ended, or give "
                         "--break-lock if it is gone",
                         path);
    bool job = strcmp(beat->job, "-") != 0;
    return error_set(err, ERR_FILE,
                     "%s: process %ld on %s%s%s writes it (heartbeat %.0f s ago); wait until it "
                     "has ended, or give --break-lock if it is gone",
                     path, beat->pid, beat->host, job ? ", job " : "", job ? beat->job : "",
                     fmax(0, clock_wall() - beat->time));
}

/* Whether the open file may be written to: nobody has yet. In a folder of all, the name may be that
 * of anything. */
static bool is_lock_file(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink <= 1 &&
           info.st_size == 0;
}

/* The file can not be what a lock needs. */
static int fail(enum status *status, const struct lock *lock, const char *what, struct error *err)
{
    *status = error_set(err, ERR_IO, "%s: can not %s: %s", lock->file, what, strerror(errno));
    return 0;
}

/* Opens the lock file and asks for the lock. -1: try again, the file was removed meanwhile. */
static int try_take(struct lock *lock, bool break_lock, enum status *status, struct error *err)
{
    lock->fd = files_open(lock->file, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (lock->fd < 0)
        return fail(status, lock, "open", err);
    struct heartbeat beat;
    int result;
    UNINTERRUPTED(result, flock(lock->fd, LOCK_EX | LOCK_NB));
    bool taken = result == 0, works = taken || errno == EWOULDBLOCK;
    bool known = read_heartbeat(&beat, lock->fd), free = !works || taken;
    enum verdict verdict = known && free && !break_lock ? judge(&beat, works) : WRITER_GONE;
    if (verdict == WRITER_UNKNOWN)
        verdict = is_beating(&beat, lock->fd) ? WRITER_LIVES : WRITER_GONE;
    if (!is_same_file(lock->fd, lock->file))
        return errno == 0 || errno == ENOENT ? -1 : fail(status, lock, "read", err);
    bool refused = verdict == WRITER_LIVES || (!free && !break_lock);
    bool leave = !refused && (known || !free || !is_lock_file(lock->fd));
    if (leave) /* one that lives after all keeps a file without a name, and notices */
        return unlink(lock->file) == 0 || errno == ENOENT ? -1 : fail(status, lock, "remove", err);
    lock->beaten = clock_monotonic();
    if (refused) {
        *status = refuse(lock->path, &beat, known, err);
    } else if (write_heartbeat(lock->fd) != 0) {
        fail(status, lock, "write", err);
        unlink(lock->file);
    }
    return 0;
}

static void dispose(struct lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock->path);
    free(lock->file);
    free(lock);
}

enum status lock_take(struct lock **out, const char *path, bool break_lock, struct error *err)
{
    struct lock *lock = memory_zeroed(1, sizeof *lock);
    lock->fd = -1;
    lock->path = memory_text(path);
    struct text file = {0};
    text_print(&file, "%s.lock", path);
    lock->file = file.data;
    enum status status = OK;
    while (try_take(lock, break_lock, &status, err) != 0)
        close(lock->fd);
    if (status == OK)
        *out = lock;
    else
        dispose(lock);
    return status;
}

enum status lock_beat(struct lock *lock, struct error *err)
{
    double now = clock_monotonic();
    if (now - lock->beaten < LOCK_BEAT)
        return OK;
    lock->beaten = now;
    bool ours = is_same_file(lock->fd, lock->file);
    if (!ours && (errno == 0 || errno == ENOENT)) /* else a server is slow: the next beat tells */
        return error_set(err, ERR_IO, "%s: another process broke the lock; this one stops writing",
                         lock->path);
    (void)write_heartbeat(lock->fd); /* one that can not be written is no reason to stop */
    return OK;
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    if (is_same_file(lock->fd, lock->file))
        unlink(lock->file);
    dispose(lock);
}
