/* faults.c - preloaded into a program, lets its system calls fail: what a test can not ask of a
 * disk, a network file system, a clock or the memory.
 *
 *   LD_PRELOAD=libfaults.so MESASWEEP_FAULT="CALL VALUE FIRST COUNT [PATTERN]"
 *
 * The FIRST-th call (1: the first) of CALL (some with commas; "any": all below) on a path that fits
 * PATTERN fails, and COUNT in all (0: every one from then on), with errno VALUE (a number). VALUE
 * 0: it moves half of its bytes. VALUE below 0: it only begins so many milliseconds late. FIRST 0:
 * none fails, but each is told. Of EINTR only calls count that may be interrupted and that the
 * program makes itself, not a library. Each process counts for itself, or all together by the bytes
 * of the file MESASWEEP_FAULT_COUNTER. Each fault is a line "CALL PATH" in the file
 * MESASWEEP_FAULT_LOG, if that is set; where none fails "CALL PLACE PATH", PLACE a hash of the
 * functions of the program that called each other up to here.
 *
 * "clock" is no call: from the FIRST-th look at the wall clock on it is VALUE seconds ahead. With
 * MESASWEEP_FAULT_HASTE in the environment each look of an engine child at the clock that never
 * goes back is a second later than the one before: a checkpoint is due at each step.
 * "memory" is each allocation that the program itself asks for; VALUE is its place in the program
 * (0: any), PATTERN the name of the process, with "/rank" behind it below mpirun. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct fault {
    char calls[256], pattern[256];
    long value, first, count;
};

/* "a,b" has a and b. */
static bool lists(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || !at[length]))
            return true;
    return false;
}

/* Read anew at each call: a program may look at a clock before constructors have run. */
static bool asked_for(struct fault *fault, const char *call)
{
    const char *text = getenv("MESASWEEP_FAULT");
    *fault = (struct fault){.pattern = "*"};
    bool any = strcmp(call, "clock") != 0 && strcmp(call, "memory") != 0;
    return text &&
           sscanf(text, "%255s %ld %ld %ld %255s", fault->calls, &fault->value, &fault->first,
                  &fault->count, fault->pattern) >= 4 &&
           (lists(fault->calls, call) || (any && strcmp(fault->calls, "any") == 0));
}

/* The number of this call among those of all processes: each adds a byte to a file. -1: each
 * process counts for itself. */
static long shared_count(void)
{
    const char *path = getenv("MESASWEEP_FAULT_COUNTER");
    if (!path)
        return -1;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0 || syscall(SYS_write, fd, "", 1) != 1)
        abort();
    long count = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    syscall(SYS_close, fd);
    return count;
}

static bool is_due(const struct fault *fault)
{
    static atomic_long own;
    long shared = shared_count(), call = shared < 0 ? atomic_fetch_add(&own, 1) + 1 : shared;
    return fault->first == 0 ||
           (call >= fault->first && (fault->count == 0 || call < fault->first + fault->count));
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

/* Place of an address in the program itself, from its first byte; 0: it is in a library. */
static long place_in_program(const void *address)
{
    const ElfW(Phdr) *rows = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    const unsigned long count = getauxval(AT_PHNUM);
    uintptr_t base = 0, at = (uintptr_t)address;
    for (unsigned long i = 0; i < count; i++)
        if (rows[i].p_type == PT_PHDR)
            base = (uintptr_t)rows - rows[i].p_vaddr;
    for (unsigned long i = 0; i < count; i++)
        if (rows[i].p_type == PT_LOAD && at >= base + rows[i].p_vaddr &&
            at < base + rows[i].p_vaddr + rows[i].p_memsz)
            return (long)(at - base);
    return 0;
}

/* Of all callers in the program itself. */
static unsigned long place_of_callers(void)
{
    enum { DEEPEST = 64 };
    void *callers[DEEPEST];
    const int count = backtrace(callers, DEEPEST);
    unsigned long hash = 0;
    for (int i = 0; i < count; i++) {
        const long place = place_in_program(callers[i]);
        hash = place ? hash * 1000003 + (unsigned long)place : hash;
    }
    return hash;
}

/* ---- calls on files */

static bool is_interruptible(const char *call)
{
    static const char *const calls[] = {"open",  "read",  "write",     "pread",     "pwrite",
                                        "fsync", "flock", "fdatasync", "fallocate", "ftruncate"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(call, calls[i]) == 0)
            return true;
    return false;
}

static bool moves_bytes(const char *call)
{
    return strstr(call, "read") != NULL || strstr(call, "write") != NULL;
}

/* Whether something is to happen to this call. */
static bool is_chosen(struct fault *fault, const char *call, const char *path, const void *caller)
{
    if (!asked_for(fault, call) || fnmatch(fault->pattern, path, 0) != 0)
        return false;
    if (fault->value == 0 && fault->first > 0 && !moves_bytes(call))
        return false;
    if (fault->value == EINTR && (!is_interruptible(call) || !place_in_program(caller)))
        return false;
    if (!is_due(fault))
        return false;
    char what[PATH_MAX + 32];
    snprintf(what, sizeof what, "%lx %s", place_of_callers(), path);
    tell(call, fault->first > 0 ? path : what);
    if (fault->value < 0)
        poll(NULL, 0, (int)-fault->value);
    return fault->first > 0 && fault->value >= 0;
}

/* Whether this call is to fail; then errno is set. */
static bool fails(const char *call, const char *path, const void *caller)
{
    struct fault fault;
    if (!is_chosen(&fault, call, path, caller))
        return false;
    errno = (int)fault.value;
    return true;
}

static const char *path_of(char path[PATH_MAX], int fd)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, name, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

static bool fails_on(const char *call, int fd, const void *caller)
{
    char path[PATH_MAX];
    struct fault fault;
    return asked_for(&fault, call) && fails(call, path_of(path, fd), caller);
}

/* As fails_on; or fewer bytes are to be moved. */
static bool moves_badly(const char *call, int fd, size_t *size, const void *caller)
{
    char path[PATH_MAX];
    struct fault fault;
    if (!asked_for(&fault, call) || !is_chosen(&fault, call, path_of(path, fd), caller))
        return false;
    errno = (int)fault.value;
    *size = *size > 1 ? *size / 2 : *size;
    return errno != 0;
}

static void *next(const char *call)
{
    void *found = dlsym(RTLD_NEXT, call);
    if (!found)
        abort();
    return found;
}

#define CALLER __builtin_return_address(0)

/* The result type and that of a failure, the name, parameters and arguments; the last says on what.
 */
#define CALL(type, bad, call, parameters, arguments, condition)                                    \
    type call parameters;                                                                          \
    type call parameters                                                                           \
    {                                                                                              \
        return (condition) ? bad : (__extension__(type(*) parameters) next(#call))arguments;       \
    }
#define ON_FD(type, call, parameters, arguments, fd)                                               \
    CALL(type, -1, call, parameters, arguments, fails_on(#call, fd, CALLER))
#define ON_PATH(type, bad, call, parameters, arguments, path)                                      \
    CALL(type, bad, call, parameters, arguments, fails(#call, path, CALLER))
#define MOVES(type, call, parameters, arguments)                                                   \
    CALL(type, -1, call, parameters, arguments, moves_badly(#call, fd, &size, CALLER))

/* clang-format off */
ON_FD(int, fdatasync, (int fd), (fd), fd)
ON_FD(int, fsync, (int fd), (fd), fd)
ON_FD(int, flock, (int fd, int what), (fd, what), fd)
ON_FD(int, fstat, (int fd, struct stat *to), (fd, to), fd)
ON_FD(int, ftruncate, (int fd, off_t size), (fd, size), fd)
ON_FD(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), fd)
MOVES(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size))
MOVES(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
MOVES(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
MOVES(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
ON_PATH(int, -1, rename, (const char *from, const char *to), (from, to), to)
ON_PATH(int, -1, renameat2, (int a, const char *from, int b, const char *to, unsigned int flags), (a, from, b, to, flags), to)
ON_PATH(int, -1, link, (const char *from, const char *to), (from, to), to)
ON_PATH(int, -1, unlink, (const char *path), (path), path)
ON_PATH(int, -1, unlinkat, (int at, const char *path, int flags), (at, path, flags), path)
ON_PATH(int, -1, mkdir, (const char *path, mode_t mode), (path, mode), path)
ON_PATH(int, -1, rmdir, (const char *path), (path), path)
ON_PATH(int, -1, stat, (const char *path, struct stat *to), (path, to), path)
ON_PATH(int, -1, lstat, (const char *path, struct stat *to), (path, to), path)
ON_PATH(int, -1, statvfs, (const char *path, struct statvfs *to), (path, to), path)
ON_PATH(int, -1, access, (const char *path, int what), (path, what), path)
ON_PATH(void *, NULL, opendir, (const char *path), (path), path)
ON_PATH(char *, NULL, realpath, (const char *path, char *to), (path, to), path)
ON_PATH(FILE *, NULL, fopen, (const char *path, const char *how), (path, how), path)
/* clang-format on */

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (fails("open", path, CALLER))
        return -1;
    return (__extension__(int (*)(const char *, int, ...)) next("open"))(path, flags, mode);
}

/* ---- the clock */

static bool is_called(const char *name)
{
    char own[32] = "";
    prctl(PR_GET_NAME, own);
    return strcmp(own, name) == 0;
}

/* Seconds that this look at the wall clock is ahead. */
static long jump(void)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    struct fault fault;
    if (!asked_for(&fault, "clock") || !is_due(&fault))
        return 0;
    if (!atomic_flag_test_and_set(&told))
        tell("clock", "");
    return fault.value;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static atomic_long looks;
    long result = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += jump();
    else if (clock == CLOCK_MONOTONIC && getenv("MESASWEEP_FAULT_HASTE") &&
             is_called("mesasweep-run"))
        now->tv_sec += atomic_fetch_add(&looks, 1) + 1;
    return (int)result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    long result = syscall(SYS_gettimeofday, now, zone);
    now->tv_sec += jump();
    return (int)result;
}

time_t time(time_t *to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}

/* ---- memory */

static bool refused(const void *caller)
{
    char name[32] = "", place[32];
    struct fault fault;
    long at = place_in_program(caller);
    if (at == 0 || !asked_for(&fault, "memory") || (fault.value != 0 && fault.value != at))
        return false;
    prctl(PR_GET_NAME, name);
    if (getenv("OMPI_COMM_WORLD_RANK"))
        strcat(name, "/rank");
    if (fnmatch(fault.pattern, name, 0) != 0 || !is_due(&fault))
        return false;
    snprintf(place, sizeof place, "%ld %s", at, name);
    tell("memory", place);
    errno = ENOMEM;
    return fault.first > 0;
}

/* What glibc has for a malloc that stands in front of its own: dlsym itself asks for memory. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return refused(CALLER) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused(CALLER) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refused(CALLER) ? NULL : __libc_realloc(old, size);
}

char *strndup(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    char *copy = refused(CALLER) ? NULL : __libc_malloc(length + 1);
    if (!copy)
        return NULL;
    copy[length] = 0;
    return memcpy(copy, text, length);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = refused(CALLER) ? NULL : __libc_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

int asprintf(char **to, const char *format, ...)
{
    if (refused(CALLER))
        return -1;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(to, format, arguments);
    va_end(arguments);
    return length;
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t from)
{
    if (refused(CALLER))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, from);
}
