/* faults.c - preloaded into a program, lets its system calls fail: what a test can not ask of a
 * disk, a network file system or a clock.
 *
 *   LD_PRELOAD=libfaults.so MESASWEEP_FAULT="CALL VALUE FIRST COUNT [PATH]"
 *
 * The FIRST-th call (1: the first) of CALL on a path that ends with PATH fails, and COUNT in all
 * (0: every one from then on), with errno VALUE (a number). "clock" is no call: from the FIRST-th
 * look at the wall clock on it is VALUE seconds ahead. Each process counts for itself. Each fault
 * is a line "CALL PATH" in the file MESASWEEP_FAULT_LOG, if that is set. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct fault {
    char call[32], path[256];
    long value, first, count;
};

/* Read anew at each call: a program may look at a clock before constructors have run. */
static bool asked_for(struct fault *fault, const char *call)
{
    const char *text = getenv("MESASWEEP_FAULT");
    *fault = (struct fault){.path = ""};
    return text &&
           sscanf(text, "%31s %ld %ld %ld %255s", fault->call, &fault->value, &fault->first,
                  &fault->count, fault->path) >= 4 &&
           strcmp(fault->call, call) == 0;
}

static bool is_due(const struct fault *fault)
{
    static atomic_long calls;
    long call = atomic_fetch_add(&calls, 1) + 1;
    return call >= fault->first && (fault->count == 0 || call < fault->first + fault->count);
}

static void tell(const char *call, const char *path)
{
    const char *log = getenv("MESASWEEP_FAULT_LOG");
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    int fd =
        log ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
    if (fd < 0)
        return;
    if (syscall(SYS_write, fd, line, (size_t)length) < 0)
        abort();
    syscall(SYS_close, fd);
}

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), most = strlen(end);
    return length >= most && strcmp(path + length - most, end) == 0;
}

/* Whether this call is to fail; then errno is set. */
static bool fails(const char *call, const char *path)
{
    struct fault fault;
    if (!asked_for(&fault, call) || !ends_with(path, fault.path) || !is_due(&fault))
        return false;
    tell(call, path);
    errno = (int)fault.value;
    return true;
}

static bool fails_on(const char *call, int fd)
{
    char name[64], path[PATH_MAX] = "";
    struct fault fault;
    if (!asked_for(&fault, call))
        return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (syscall(SYS_readlinkat, AT_FDCWD, name, path, sizeof path - 1) < 0)
        return false;
    return fails(call, path);
}

static void *next(const char *call)
{
    void *found = dlsym(RTLD_NEXT, call);
    if (!found)
        abort();
    return found;
}

/* ---- calls: the result type, the name, parameters and arguments; the first says on what */

#define ON_FD(type, call, parameters, arguments, fd)                                               \
    type call parameters;                                                                          \
    type call parameters                                                                           \
    {                                                                                              \
        return fails_on(#call, fd) ? -1 : ((type(*) parameters)next(#call))arguments;              \
    }

#define ON_PATH(type, call, parameters, arguments, path)                                           \
    type call parameters;                                                                          \
    type call parameters                                                                           \
    {                                                                                              \
        return fails(#call, path) ? -1 : ((type(*) parameters)next(#call))arguments;               \
    }

/* clang-format off */
ON_FD(int, fdatasync, (int fd), (fd), fd)
ON_FD(int, fsync, (int fd), (fd), fd)
ON_FD(int, flock, (int fd, int what), (fd, what), fd)
ON_FD(int, ftruncate, (int fd, off_t size), (fd, size), fd)
ON_FD(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), fd)
ON_FD(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), fd)
ON_FD(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), fd)
ON_FD(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), fd)
ON_FD(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), fd)
ON_PATH(int, rename, (const char *from, const char *to), (from, to), to)
ON_PATH(int, renameat2, (int a, const char *from, int b, const char *to, unsigned int flags), (a, from, b, to, flags), to)
ON_PATH(int, link, (const char *from, const char *to), (from, to), to)
ON_PATH(int, unlink, (const char *path), (path), path)
ON_PATH(int, mkdir, (const char *path, mode_t mode), (path, mode), path)
/* clang-format on */

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (fails("open", path))
        return -1;
    return ((int (*)(const char *, int, ...))next("open"))(path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    struct fault fault;
    long result = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME && asked_for(&fault, "clock") && is_due(&fault)) {
        static atomic_flag told = ATOMIC_FLAG_INIT;
        now->tv_sec += fault.value;
        if (!atomic_flag_test_and_set(&told))
            tell("clock", "");
    }
    return (int)result;
}
